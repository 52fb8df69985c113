// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The targets for libFuzzer: the program is called through a link NAME.fuzz, which says the target.
 *
 * libFuzzer's own limit of how long it runs is one of wall clock time, and on a busy machine that
 * says little. FUZZ_CPU_SECONDS in the environment is a limit of CPU time.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On SIGUSR1 libFuzzer finishes the input that it is at, says how many there were, and exits. */
static void limit_cpu_time(const char *seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec limit = { .it_value = { .tv_sec = strtol(seconds, NULL, 10) } };
	timer_t timer;

	FUZZ_CHECK(limit.it_value.tv_sec > 0, "FUZZ_CPU_SECONDS is no number of seconds");
	FUZZ_CHECK(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0 &&
			   timer_settime(timer, 0, &limit, NULL) == 0,
		   "no timer of CPU time");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = program_invocation_short_name, *seconds = getenv("FUZZ_CPU_SECONDS");

	(void)argc;
	(void)argv;
	target = fuzz_find_target(name, strcspn(name, "."));
	if (seconds)
		limit_cpu_time(seconds);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run(data, size);
	return 0;
}
