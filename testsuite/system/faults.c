// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * faults [-a] [-l LIBRARY] [-s STATUS] DIRECTORY COMMAND...: runs a command again and again, each
 * time with one fault, and judges each run: what it leaves in a directory and what it says. What
 * the command runs itself has no faults, but belongs to the run.
 *
 * Without -l the faults are those of system calls: -a tries all at each, otherwise they take turns.
 * With -l they are of memory, and LIBRARY is faults-memory, to be preloaded. STATUS is what the
 * command ends with if it has failed, 2 if nothing is said.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/faults-calls.h"
#include "system/faults-memory.h"
#include "system/faults-tree.h"

#define SECONDS_MAX 600 /* only a hang takes longer */
#define SHOWN_MAX 20

struct text {
	char *bytes;
	size_t size;
};

struct outcome {
	int status; /* of waitpid(2) */
	bool timed_out;
	struct text out;
	struct text err;
	struct tree tree;
};

/* What is done to one run. */
struct attempt {
	unsigned long n; /* which allocation or system call; 0: nothing */
	const struct fault *fault; /* NULL: of memory */
	bool from_then_on;
	struct fault_place location;
};

static const struct fault all_faults[] = {
	{ "EINTR", EINTR, 0 },   { "one byte", 0, 0 },    { "half", 0, 2 },
	{ "EIO", EIO, 0 },       { "ENOSPC", ENOSPC, 0 }, { "EDQUOT", EDQUOT, 0 },
	{ "EMFILE", EMFILE, 0 }, { "ENOMEM", ENOMEM, 0 }, { "EACCES", EACCES, 0 },
};
#define N_FAULTS (sizeof(all_faults) / sizeof(all_faults[0]))
#define N_SURVIVED 3 /* the first of them: what reading and writing has to cope with */

static const char *directory;
static char **command;
static const char *program; /* what it calls itself */
static int failed = 2; /* its exit status then */
static struct tree before;
static struct outcome undisturbed;
static struct faults_memory *memory; /* NULL: the faults are of system calls */
static int memory_fd = -1;
static bool try_all;
static unsigned long points, wrong;
static volatile pid_t running;
static volatile sig_atomic_t timed_out;

static void die(const char *what)
{
	(void)fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void on_alarm(int signal)
{
	(void)signal;
	timed_out = 1;
	if (running > 0)
		(void)kill(-running, SIGKILL);
}

/* --- one run ------------------------------------------------------------------------------- */

static int open_memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		die(name);
	return fd;
}

static void take_text(int fd, struct text *text)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		die("output");
	text->size = (size_t)st.st_size;
	text->bytes = calloc(1, text->size + 1);
	if (!text->bytes || pread(fd, text->bytes, text->size, 0) != (ssize_t)text->size)
		die("output");
	(void)close(fd);
}

/* As many threads as CPUs would not do the same each time. */
static void stay_on_one_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void execute(int out_fd, int err_fd, const struct attempt *attempt)
{
	const struct rlimit none = { 0 };

	if (dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0)
		_exit(125);
	(void)setpgid(0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	stay_on_one_cpu();
	if (attempt->n > 0 && attempt->fault)
		calls_trace_me();
	(void)execvp(command[0], command);
	_exit(127);
}

/* A process that was let go of is judged by how it ends. */
static void follow(struct attempt *attempt)
{
	if (!calls_inject(running, attempt->n, attempt->fault, &attempt->location)) {
		(void)kill(running, SIGKILL);
		puts("cannot trace");
		exit(points > 0 ? 3 : 77);
	}
	if (!attempt->location.reached || !attempt->location.done)
		(void)kill(running, SIGKILL);
}

/* What it has run itself may outlive it, and would write into the next run. */
static void wait_for_all(int *ret_status)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
		if (pid == running)
			*ret_status = status;
}

static void run(struct attempt *attempt, struct outcome *ret_outcome)
{
	int out_fd = open_memory("stdout"), err_fd = open_memory("stderr");

	timed_out = 0;
	running = fork();
	if (running < 0)
		die("fork");
	if (running == 0)
		execute(out_fd, err_fd, attempt);
	(void)alarm(SECONDS_MAX);
	if (attempt->n > 0 && attempt->fault)
		follow(attempt);
	wait_for_all(&ret_outcome->status);
	(void)alarm(0);
	ret_outcome->timed_out = timed_out;
	take_text(out_fd, &ret_outcome->out);
	take_text(err_fd, &ret_outcome->err);
	tree_take(&ret_outcome->tree, directory);
}

static void outcome_done(struct outcome *outcome)
{
	free(outcome->out.bytes);
	free(outcome->err.bytes);
	tree_done(&outcome->tree);
}

/* --- judgement ----------------------------------------------------------------------------- */

static bool is_same_text(const struct text *a, const struct text *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/*
 * Is each line of the one in the other? A summary counts the files that were read, also copies that
 * do not count, about which nothing else is said.
 */
static bool has_lines(const struct text *text, const struct text *wanted)
{
	const char *line = wanted->bytes;

	while (*line != '\0') {
		size_t size = strcspn(line, "\n") + 1;

		if (!memmem(line, size, " nodes from ", 12) &&
		    !memmem(text->bytes, text->size, line, size))
			return false;
		line += size;
	}
	return true;
}

/* "PROGRAM: FILE: WHAT", the last line at least. */
static bool names_something(const struct text *text)
{
	const char *line = text->bytes, *next;
	size_t size = strlen(program);

	while ((next = strchr(line, '\n')) && next[1] != '\0')
		line = next + 1;
	return strncmp(line, program, size) == 0 && strncmp(line + size, ": ", 2) == 0 &&
	       strstr(line + size + 2, ": ");
}

static bool hits_stderr(const struct attempt *attempt)
{
	return attempt->fault && attempt->location.fd == 2 &&
	       calls_is_write(attempt->location.call);
}

/* But for EINTR of standard output: stdio drops what it had to write. Nothing handles signals. */
static bool must_survive(const struct attempt *attempt)
{
	if (!attempt->fault || attempt->fault >= all_faults + N_SURVIVED)
		return false;
	if (attempt->fault->error == EINTR && attempt->location.fd == 1 &&
	    calls_is_write(attempt->location.call))
		return false;
	return calls_is_io(attempt->location.call);
}

/* A file is not removed if that fails, nor if its name may be another file's: the next run uses it.
 */
static bool may_leave_temporary(const struct attempt *attempt)
{
	return attempt->fault &&
	       (calls_is_unlink(attempt->location.call) || calls_is_stat(attempt->location.call));
}

/* NULL, or a sentence that begins with what the command does. */
static const char *judge_tree(const struct attempt *attempt, const struct outcome *outcome,
			      enum tree_rule rule, const char *does, const char *is_wrong)
{
	static char text[4096];
	const char *path = tree_judge(&before, &undisturbed.tree, &outcome->tree, rule,
				      may_leave_temporary(attempt));

	if (!path)
		return NULL;
	(void)snprintf(text, sizeof(text), "%s, and %s is %s", does, path, is_wrong);
	return text;
}

static const char *judge_success(const struct attempt *attempt, const struct outcome *outcome)
{
	if (!is_same_text(&outcome->out, &undisturbed.out))
		return "says that all is done, and its output is another one";
	if (!hits_stderr(attempt) && !has_lines(&outcome->err, &undisturbed.err))
		return "says that all is done, and one of its messages is missing";
	return judge_tree(attempt, outcome, TREE_LATTER, "says that all is done",
			  "not as it should be");
}

/* A finding about the one file, directory or node that the fault was met at; the others are done.
 */
static bool tells_of_one_entry(const struct outcome *outcome)
{
	static const char *const codes[] = { "unreadable", "system", "bad-rule", "unknown-owner" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char text[32], json[32];

		(void)snprintf(text, sizeof(text), "[%s]\n", codes[i]);
		(void)snprintf(json, sizeof(json), "\"%s\"", codes[i]);
		if (strstr(outcome->err.bytes, text) || strstr(outcome->out.bytes, json) ||
		    strstr(outcome->out.bytes, text))
			return true;
	}
	return false;
}

/* What could not be read is missing, or is as before. */
static const char *judge_findings(const struct attempt *attempt, const struct outcome *outcome)
{
	if (must_survive(attempt))
		return "has a finding, where it should go on";
	return judge_tree(attempt, outcome, TREE_PARTS, "has findings", "not of old and new lines");
}

static const char *judge_failure(const struct attempt *attempt, const struct outcome *outcome)
{
	if (must_survive(attempt))
		return "fails, where it should go on";
	if (!hits_stderr(attempt) && !names_something(&outcome->err))
		return "fails, and does not say what";
	return judge_tree(attempt, outcome, TREE_EITHER, "fails", "neither old nor new");
}

/* Returns what is wrong, or NULL. */
static const char *judge(const struct attempt *attempt, const struct outcome *outcome)
{
	const char *what;

	if (outcome->timed_out)
		return "does not end";
	if (!WIFEXITED(outcome->status))
		return "is killed by a signal";
	if (outcome->status == undisturbed.status) {
		what = judge_success(attempt, outcome);
		return what && WEXITSTATUS(outcome->status) == 1 && tells_of_one_entry(outcome)
			       ? judge_findings(attempt, outcome)
			       : what;
	}
	if (WEXITSTATUS(outcome->status) == 1 && tells_of_one_entry(outcome))
		return judge_findings(attempt, outcome);
	if (WEXITSTATUS(outcome->status) == failed)
		return judge_failure(attempt, outcome);
	return "ends with another exit status";
}

static void show(const struct attempt *attempt, const struct outcome *outcome, const char *what)
{
	if (++wrong > SHOWN_MAX)
		return;
	if (attempt->fault)
		(void)printf("system call %lu (%s, %d): %s", attempt->n,
			     calls_name(attempt->location.call), attempt->location.fd,
			     attempt->fault->name);
	else
		(void)printf("allocation %lu%s", attempt->n,
			     attempt->from_then_on ? " and all after it" : "");
	(void)printf(": %s\n  status %#x, it said: %s\n", what, (unsigned int)outcome->status,
		     outcome->err.bytes);
}

/* What was left behind is gone, and the work is done, after the next run. */
static void judge_next(const struct attempt *attempt)
{
	struct attempt none = { 0 };
	struct outcome outcome;

	run(&none, &outcome);
	if (outcome.status != undisturbed.status ||
	    tree_judge(&before, &undisturbed.tree, &outcome.tree, TREE_LATTER, false))
		show(attempt, &outcome, "leaves something that the next run does not mend");
	outcome_done(&outcome);
}

/* --- all runs ------------------------------------------------------------------------------ */

/* Returns whether the process came so far. */
static bool try(struct attempt *attempt)
{
	struct outcome outcome;
	const char *what;
	bool reached;

	tree_restore(&before, directory);
	if (memory) {
		memory->fail_at = attempt->n;
		memory->fail_end = attempt->from_then_on ? ULONG_MAX : attempt->n + 1;
		memory->allocations = 0;
	}
	run(attempt, &outcome);
	reached = memory ? memory->allocations >= attempt->n : attempt->location.reached;
	if (memory ? reached : attempt->location.done) {
		points++;
		what = judge(attempt, &outcome);
		if (what)
			show(attempt, &outcome, what);
		if (may_leave_temporary(attempt) &&
		    tree_judge(&before, &undisturbed.tree, &outcome.tree, TREE_PARTS, false))
			judge_next(attempt);
	}
	outcome_done(&outcome);
	return reached;
}

static void try_memory(void)
{
	struct attempt attempt = { 0 };
	bool reached;

	do {
		attempt.n++;
		attempt.from_then_on = false;
		reached = try(&attempt);
		attempt.from_then_on = true;
	} while (reached && try(&attempt));
}

/* Of those that may make it fail, two at each system call, unless all are wanted. */
static bool has_its_turn(unsigned long n, size_t fault)
{
	size_t turns = N_FAULTS - N_SURVIVED;

	return try_all || fault < N_SURVIVED || (fault + 2 * n) % turns < 2;
}

/* There are no more calls if the command has done its work, and not if it was stopped on the way.
 */
static void check_end(const struct attempt *attempt)
{
	if (attempt->location.status == undisturbed.status && points > 0)
		return;
	(void)printf("system call %lu: the sweep ends early: %lu points, status %#x\n", attempt->n,
		     points, (unsigned int)attempt->location.status);
	exit(3);
}

static void try_calls(void)
{
	struct attempt attempt = { 0 };
	bool reached = true;

	while (reached) {
		attempt.n++;
		for (size_t i = 0; i < N_FAULTS && reached; i++) {
			attempt.fault = &all_faults[i];
			/* whether it applies is known when one run has been there */
			if (i > 0 && !calls_can_have(attempt.location.call, attempt.fault))
				continue;
			if (i == 0 || has_its_turn(attempt.n, i))
				reached = try(&attempt);
		}
	}
	check_end(&attempt);
}

static void share_memory(const char *library)
{
	char number[32];

	memory_fd = memfd_create("memory", 0);
	if (memory_fd < 0 || ftruncate(memory_fd, sizeof(*memory)) < 0)
		die("memory");
	memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	(void)snprintf(number, sizeof(number), "%d", memory_fd);
	if (memory == MAP_FAILED || setenv(FAULTS_MEMORY_FD, number, 1) < 0 ||
	    setenv("LD_PRELOAD", library, 1) < 0)
		die("memory");
}

/* How it is without a fault, and that it is so again. */
static void try_none(void)
{
	struct attempt none = { 0 };
	struct outcome again;

	run(&none, &undisturbed);
	tree_restore(&before, directory);
	run(&none, &again);
	if (!WIFEXITED(again.status) || WEXITSTATUS(again.status) == failed ||
	    judge(&none, &again) || (memory && memory->allocations == 0)) {
		(void)printf("without a fault: status %#x, it said: %s\n",
			     (unsigned int)again.status, again.err.bytes);
		exit(1);
	}
	outcome_done(&again);
}

static void parse(int argc, char **argv)
{
	const char *slash;
	int c;

	while ((c = getopt(argc, argv, "+al:s:")) != -1) {
		if (c == 'a')
			try_all = true;
		else if (c == 'l')
			share_memory(optarg);
		else if (c == 's')
			failed = atoi(optarg);
		else
			exit(3);
	}
	if (argc - optind < 2) {
		(void)fputs("usage: faults [-a] [-l LIBRARY] [-s STATUS] DIRECTORY COMMAND...\n",
			    stderr);
		exit(3);
	}
	directory = argv[optind];
	command = argv + optind + 1;
	slash = strrchr(command[0], '/');
	program = slash ? slash + 1 : command[0];
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_alarm };

	parse(argc, argv);
	(void)sigaction(SIGALRM, &action, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("subreaper");
	tree_take(&before, directory);
	try_none();
	if (memory)
		try_memory();
	else
		try_calls();
	tree_restore(&before, directory);
	tree_done(&before);
	outcome_done(&undisturbed);
	(void)printf("%lu points\n", points);
	if (wrong > 0)
		(void)printf("%lu of them wrong\n", wrong);
	return wrong > 0 ? 1 : 0;
}
