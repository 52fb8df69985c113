// SPDX-License-Identifier: GPL-2.0-or-later
/* System calls of another process that fail, by ptrace(2). */

#include "system/faults-calls.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)

#if defined(__x86_64__)
#define BREAKPOINT 0xccUL
#define BREAKPOINT_MASK 0xffUL
#elif defined(__aarch64__)
#define BREAKPOINT 0xd4200000UL
#define BREAKPOINT_MASK 0xffffffffUL
#endif

#ifdef BREAKPOINT

typedef struct user_regs_struct registers;

static bool get_registers(pid_t pid, registers *regs)
{
	struct iovec io = { regs, sizeof(*regs) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) == 0;
}

static bool set_registers(pid_t pid, registers *regs)
{
	struct iovec io = { regs, sizeof(*regs) };

	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io) == 0;
}

#if defined(__x86_64__)

static long call_of(const registers *regs)
{
	return (long)regs->orig_rax;
}

static int fd_of(const registers *regs)
{
	return (int)regs->rdi;
}

static unsigned long size_of(const registers *regs)
{
	return regs->rdx;
}

static void set_size(registers *regs, unsigned long size)
{
	regs->rdx = size;
}

static void set_result(registers *regs, int error)
{
	regs->rax = (unsigned long)-(long)error;
}

static bool skip_call(pid_t pid, registers *regs)
{
	regs->orig_rax = (unsigned long)-1L;
	return set_registers(pid, regs);
}

static void set_position(registers *regs, unsigned long address)
{
	regs->rip = address;
}

#else

static long call_of(const registers *regs)
{
	return (long)regs->regs[8];
}

static int fd_of(const registers *regs)
{
	return (int)regs->regs[0];
}

static unsigned long size_of(const registers *regs)
{
	return regs->regs[2];
}

static void set_size(registers *regs, unsigned long size)
{
	regs->regs[2] = size;
}

static void set_result(registers *regs, int error)
{
	regs->regs[0] = (unsigned long)-(long)error;
}

static bool skip_call(pid_t pid, registers *regs)
{
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	(void)regs;
	return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io) == 0;
}

static void set_position(registers *regs, unsigned long address)
{
	regs->pc = address;
}

#endif

void calls_trace_me(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(126);
	(void)raise(SIGSTOP);
}

/* Returns the signal that it has stopped by, or 0. */
static int wait_for_stop(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return WIFSTOPPED(*ret_status) ? WSTOPSIG(*ret_status) : 0;
}

/* SIGCHLD, of what the process has run itself, is passed on. */
static bool go_on_until(pid_t pid, int request, int signal, int *ret_status)
{
	int stopped_by = 0;

	do {
		if (ptrace(request, pid, NULL, stopped_by) < 0)
			return false;
		stopped_by = wait_for_stop(pid, ret_status);
	} while (stopped_by == SIGCHLD);
	return stopped_by == signal;
}

static bool go_on(pid_t pid, int request, int signal)
{
	int status;

	return go_on_until(pid, request, signal, &status);
}

/* Where the program begins, behind the dynamic loader and what libraries do first. */
static unsigned long get_entry(pid_t pid)
{
	unsigned long pairs[64][2] = { { 0 } };
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/auxv", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, pairs, sizeof(pairs)) < 0)
		return 0;
	(void)close(fd);
	for (size_t i = 0; i < 64; i++)
		if (pairs[i][0] == AT_ENTRY)
			return pairs[i][1];
	return 0;
}

static bool run_to_entry(pid_t pid)
{
	unsigned long entry = get_entry(pid);
	registers regs;
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, entry, NULL);
	if (entry == 0 || errno != 0)
		return false;
	if (ptrace(PTRACE_POKETEXT, pid, entry,
		   ((unsigned long)word & ~BREAKPOINT_MASK) | BREAKPOINT) < 0 ||
	    !go_on(pid, PTRACE_CONT, SIGTRAP) || !get_registers(pid, &regs))
		return false;
	set_position(&regs, entry);
	return set_registers(pid, &regs) && ptrace(PTRACE_POKETEXT, pid, entry, word) == 0;
}

/* The kernel closes it whatever it says. */
static bool happens_anyway(long call)
{
	return call == SYS_close;
}

static bool inject(pid_t pid, const struct fault *fault, registers *regs)
{
	long call = call_of(regs);

	if (fault->error == 0) {
		set_size(regs, fault->divisor > 0 ? size_of(regs) / fault->divisor : 1);
		return set_registers(pid, regs);
	}
	if (!happens_anyway(call) && !skip_call(pid, regs))
		return false;
	if (!go_on(pid, PTRACE_SYSCALL, SYSCALL_STOP) || !get_registers(pid, regs))
		return false;
	set_result(regs, fault->error);
	return set_registers(pid, regs);
}

static bool start(pid_t pid)
{
	int status;

	if (wait_for_stop(pid, &status) != SIGSTOP ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		return false;
	return go_on(pid, PTRACE_CONT, SIGTRAP) && run_to_entry(pid);
}

/* Runs to the beginning of the n-th system call; false if the process ends before. */
static bool run_to_call(pid_t pid, unsigned long n, int *ret_status)
{
	for (unsigned long i = 1; i < 2 * n; i++)
		if (!go_on_until(pid, PTRACE_SYSCALL, SYSCALL_STOP, ret_status))
			return false;
	return true;
}

bool calls_inject(pid_t pid, unsigned long n, const struct fault *fault,
		  struct fault_place *ret_place)
{
	registers regs;

	*ret_place = (struct fault_place){ 0 };
	if (!start(pid))
		return false;
	if (!run_to_call(pid, n, &ret_place->status))
		return true;
	if (!get_registers(pid, &regs))
		return false;
	ret_place->reached = true;
	ret_place->call = call_of(&regs);
	ret_place->fd = fd_of(&regs);
	if (fault && calls_can_have(ret_place->call, fault) &&
	    (fault->error != 0 || size_of(&regs) > 1)) {
		ret_place->done = true;
		if (!inject(pid, fault, &regs))
			return false;
	}
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0;
}

#else

void calls_trace_me(void)
{
	_exit(126);
}

bool calls_inject(pid_t pid, unsigned long n, const struct fault *fault,
		  struct fault_place *ret_place)
{
	(void)pid;
	(void)n;
	(void)fault;
	*ret_place = (struct fault_place){ 0 };
	return false;
}

#endif

enum kind {
	ANY, /* fails in any way */
	IO, /* reads or writes; may do so in part */
	OPENS,
	UNLINKS,
	WAITS, /* nothing but a signal can come in between */
	CLOSES, /* there is nothing that it could lack */
	MAPS, /* of what has no file: there is memory or not */
	STARTS, /* a process: likewise */
	NEVER, /* cannot fail, or tells the program of it in another way */
};

static const struct {
	long call;
	const char *name;
	enum kind kind;
} calls[] = {
	{ SYS_read, "read", IO },
	{ SYS_pread64, "pread64", IO },
	{ SYS_write, "write", IO },
	{ SYS_pwrite64, "pwrite64", IO },
	{ SYS_openat, "openat", OPENS },
	{ __NR_openat2, "openat2", OPENS },
	{ SYS_close, "close", CLOSES },
#ifdef SYS_mmap
	{ SYS_mmap, "mmap", MAPS },
#endif
	{ SYS_unlinkat, "unlinkat", UNLINKS },
	{ SYS_renameat, "renameat", ANY },
	{ SYS_renameat2, "renameat2", ANY },
	{ SYS_linkat, "linkat", ANY },
	{ SYS_mkdirat, "mkdirat", ANY },
	{ SYS_mknodat, "mknodat", ANY },
	{ SYS_fchmod, "fchmod", ANY },
	{ SYS_fchmodat, "fchmodat", ANY },
	{ SYS_fchownat, "fchownat", ANY },
	{ SYS_fsync, "fsync", ANY },
	{ SYS_fstat, "fstat", ANY },
#ifdef SYS_newfstatat
	{ SYS_newfstatat, "newfstatat", ANY },
#endif
	{ SYS_statx, "statx", ANY },
	{ SYS_fstatfs, "fstatfs", ANY },
	{ SYS_readlinkat, "readlinkat", ANY },
	{ SYS_getdents64, "getdents64", ANY },
	{ SYS_lseek, "lseek", ANY },
	{ SYS_ioctl, "ioctl", ANY },
	{ SYS_fcntl, "fcntl", ANY },
	{ SYS_faccessat, "faccessat", ANY },
	{ SYS_getrandom, "getrandom", ANY },
	{ SYS_clone, "clone", STARTS },
#ifdef SYS_clone3
	{ SYS_clone3, "clone3", STARTS },
#endif
	{ SYS_rt_sigtimedwait, "rt_sigtimedwait", WAITS },
#ifdef SYS_access
	{ SYS_open, "open", OPENS },
	{ SYS_access, "access", ANY },
	{ SYS_stat, "stat", ANY },
	{ SYS_lstat, "lstat", ANY },
	{ SYS_readlink, "readlink", ANY },
	{ SYS_mkdir, "mkdir", ANY },
	{ SYS_mknod, "mknod", ANY },
	{ SYS_rename, "rename", ANY },
	{ SYS_unlink, "unlink", UNLINKS },
#endif
	/* returns where the heap ends, which is no error number; memory has a sweep of its own */
	{ SYS_brk, "brk", NEVER },
	/* what is given back, or asked for with room that is there */
	{ SYS_munmap, "munmap", NEVER },
	{ SYS_mprotect, "mprotect", NEVER },
	/* about the process itself */
	{ SYS_exit_group, "exit_group", NEVER },
	{ SYS_getpid, "getpid", NEVER },
	{ SYS_gettid, "gettid", NEVER },
	{ SYS_getuid, "getuid", NEVER },
	{ SYS_geteuid, "geteuid", NEVER },
	{ SYS_umask, "umask", NEVER },
	{ SYS_futex, "futex", NEVER },
	{ SYS_wait4, "wait4", NEVER }, /* for its own child, and not until it ends */
	{ SYS_rt_sigaction, "rt_sigaction", NEVER },
	{ SYS_rt_sigprocmask, "rt_sigprocmask", NEVER },
	{ SYS_prlimit64, "prlimit64", NEVER },
	{ SYS_uname, "uname", NEVER },
	/* a timer that nothing interrupts */
	{ SYS_clock_nanosleep, "clock_nanosleep", NEVER },
};

static enum kind kind_of(long call)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].call == call)
			return calls[i].kind;
	return ANY;
}

const char *calls_name(long call)
{
	static char number[32];

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].call == call)
			return calls[i].name;
	(void)snprintf(number, sizeof(number), "system call %ld", call);
	return number;
}

bool calls_can_have(long call, const struct fault *fault)
{
	int error = fault->error;

	switch (kind_of(call)) {
	case IO:
		return true;
	case CLOSES:
		return error == EIO || error == ENOSPC || error == EDQUOT || error == EINTR;
	case MAPS:
	case STARTS:
		return error == ENOMEM;
	case WAITS:
		return error == EINTR;
	case NEVER:
		return false;
	default:
		return error != 0;
	}
}

bool calls_is_io(long call)
{
	enum kind kind = kind_of(call);

	return kind == IO || kind == OPENS || kind == WAITS;
}

bool calls_is_unlink(long call)
{
	return kind_of(call) == UNLINKS;
}

bool calls_is_stat(long call)
{
	if (call == SYS_fstat)
		return true;
#ifdef SYS_newfstatat
	if (call == SYS_newfstatat)
		return true;
#endif
	return false;
}

bool calls_is_write(long call)
{
	return call == SYS_write;
}
