// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls that fail: seccomp(2) asks another thread of this process what to make of each.
 */

#include "lib/refuse.h"

#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/harness.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define REFUSALS_MAX 32

static struct {
	pthread_mutex_t lock;
	struct refusal refusals[REFUSALS_MAX];
	unsigned int seen[REFUSALS_MAX];
	size_t n;
	bool met;
	void (*meanwhile)(void *data);
	void *data;
	int fd; /* where the questions come from, or -1 */
	sem_t installed;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

/* Is a refusal about this call? Then *ret_error is what it is to fail with, or 0. */
static bool judge(long call, int *ret_error)
{
	bool found = false;

	*ret_error = 0;
	pthread_mutex_lock(&state.lock);
	for (size_t i = 0; i < state.n; i++) {
		const struct refusal *refusal = &state.refusals[i];

		if (refusal->call != call)
			continue;
		if (state.seen[i] >= refusal->done &&
		    state.seen[i] - refusal->done < refusal->fail) {
			found = true;
			*ret_error = refusal->error;
		}
		state.seen[i]++;
	}
	state.met = state.met || found;
	pthread_mutex_unlock(&state.lock);
	return found;
}

static void *answer(void *unused)
{
	struct seccomp_notif question = { 0 };

	(void)unused;
	(void)sem_wait(&state.installed);
	while (ioctl(state.fd, SECCOMP_IOCTL_NOTIF_RECV, &question) == 0 || errno == EINTR) {
		struct seccomp_notif_resp reply = { .id = question.id };

		int error;

		if (judge(question.data.nr, &error) && state.meanwhile)
			state.meanwhile(state.data);
		reply.error = -error;
		if (error == 0)
			reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		(void)ioctl(state.fd, SECCOMP_IOCTL_NOTIF_SEND, &reply);
		memset(&question, 0, sizeof(question));
	}
	return NULL;
}

/* Returns the descriptor of the questions, or -1. */
static int install(void)
{
	struct sock_filter filter[REFUSALS_MAX + 3];
	struct sock_fprog program = { .filter = filter };
	unsigned short n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < state.n; i++)
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (unsigned int)state.refusals[i].call,
							   (unsigned char)(state.n - i), 0);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void set(const struct refusal *refusals, size_t n)
{
	pthread_mutex_lock(&state.lock);
	if (n > 0)
		memcpy(state.refusals, refusals, n * sizeof(*refusals));
	memset(state.seen, 0, sizeof(state.seen));
	state.n = n;
	state.met = false;
	pthread_mutex_unlock(&state.lock);
}

/* The thread comes before the filter, which it would have too. */
static bool start(void)
{
	pthread_t thread;

	ck_assert_int_eq(sem_init(&state.installed, 0, 0), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, answer, NULL), 0);
	(void)pthread_detach(thread);
	state.fd = install();
	(void)sem_post(&state.installed);
	return state.fd >= 0;
}

bool refuse(const struct refusal *refusals, size_t n)
{
	ck_assert_uint_le(n, REFUSALS_MAX);
	set(refusals, n);
	if (state.fd >= 0)
		return true;
	if (harness_under_valgrind()) {
		harness_leave("the system calls of valgrind would fail too");
		return false;
	}
	if (!start())
		harness_skip("there is no SECCOMP_RET_USER_NOTIF, or it is used already");
	return state.fd >= 0;
}

const long refuse_calls[REFUSE_CALLS] = {
	SYS_openat,    SYS_openat2, SYS_newfstatat, SYS_fstat,   SYS_fstatfs,  SYS_getdents64,
	SYS_pread64,   SYS_read,    SYS_readlinkat, SYS_mkdirat, SYS_mknodat,  SYS_renameat,
	SYS_renameat2, SYS_linkat,  SYS_unlinkat,   SYS_fchmod,  SYS_fchmodat, SYS_fchmodat2,
	SYS_fchownat,  SYS_fsync,   SYS_write,      SYS_statx,
};

bool refuse_nth(size_t which, unsigned int n, int error)
{
	struct refusal refusals[REFUSE_CALLS];

	for (size_t i = 0; i < REFUSE_CALLS; i++)
		refusals[i] = (struct refusal){ refuse_calls[i], n, i == which, error };
	return refuse(refusals, REFUSE_CALLS);
}

bool refuse_next(long call, int error)
{
	return refuse(&(struct refusal){ call, 0, 1, error }, 1);
}

/* The leak checker stops all threads, and then calls what one of them would have to answer. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return state.fd >= 0;
}

bool refuse_met(void)
{
	bool met;

	pthread_mutex_lock(&state.lock);
	met = state.met;
	pthread_mutex_unlock(&state.lock);
	return met;
}

void refuse_meanwhile(void (*meanwhile)(void *data), void *data)
{
	state.data = data;
	state.meanwhile = meanwhile;
}
