// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long libFuzzer runs: its own limit is one of wall clock time, and on a busy machine that
 * says little. FUZZ_CPU_SECONDS in the environment is a limit of CPU time.
 */

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* On SIGUSR1 libFuzzer finishes the input that it is at, says how many there were, and exits. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *seconds = getenv("FUZZ_CPU_SECONDS");
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec limit = { .it_value = { 0 } };
	timer_t timer;

	(void)argc;
	(void)argv;
	if (!seconds)
		return 0;
	limit.it_value.tv_sec = strtol(seconds, NULL, 10);
	FUZZ_CHECK(limit.it_value.tv_sec > 0, "FUZZ_CPU_SECONDS is no number of seconds");
	FUZZ_CHECK(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0 &&
			   timer_settime(timer, 0, &limit, NULL) == 0,
		   "no timer of CPU time");
	return 0;
}
