// SPDX-License-Identifier: LGPL-2.1-or-later
/* The regular expression by which a statement of depmod.d(5) is for some kernels only. */

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <string.h>

#include "tree/kernel-pattern.h"

#define PATTERN_BYTES_MAX 256

/* Moves from the bracket at the beginning of a set of bytes to that at its end. */
static const char *skip_bracket(const char *p)
{
	p++;
	p += *p == '^';
	p += *p == ']';
	while (*p != '\0' && *p != ']') {
		/* [:alpha:] and the like end with the same byte and a bracket */
		const char end[] = { p[1], ']', '\0' };
		bool is_named = *p == '[' && p[1] != '\0' && strchr(".:=", p[1]);
		const char *named = is_named ? strstr(p + 2, end) : NULL;

		p = named ? named + 2 : p + 1;
	}
	return *p == ']' ? p : p - 1;
}

/*
 * How many copies of an atom the operator behind it makes: "x+" becomes "xx*"; of "x{N,M}" the
 * larger number counts, and of "x{N,}" the only one. Moves to the end of the operator.
 */
static size_t count_copies(const char **p)
{
	const char *end = *p + 1 + strspn(*p + 1, "0123456789,");
	size_t copies = 1, number = 0;

	if (**p == '+')
		return 2;
	if (*end != '}')
		return 1;
	for (++*p; *p < end; ++*p) {
		if (**p == ',')
			number = 0;
		else if (number < KERNEL_PATTERN_MAX)
			number = number * 10 + (size_t)(**p - '0');
		copies = number > copies ? number : copies;
	}
	return copies;
}

size_t kernel_pattern_size(const char *pattern)
{
	size_t sums[PATTERN_BYTES_MAX + 1] = { 0 }, depth = 0, last = 0;

	if (strlen(pattern) > PATTERN_BYTES_MAX)
		return KERNEL_PATTERN_MAX;
	for (const char *p = pattern; *p != '\0' && sums[depth] < KERNEL_PATTERN_MAX; p++) {
		size_t before = last;

		if (*p == '(') {
			sums[++depth] = last = 1;
			continue;
		}
		if (*p == '*' || *p == '?')
			continue;
		last = 1;
		if (*p == ')' && depth > 0) {
			last = sums[depth--];
		} else if (*p == '+' || *p == '{') {
			last = before * count_copies(&p);
			sums[depth] -= before;
		} else if (*p == '[') {
			p = skip_bracket(p);
		} else if (*p == '\\' && isdigit((unsigned char)p[1])) {
			return KERNEL_PATTERN_MAX;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
		}
		sums[depth] += last;
	}
	for (; depth > 0; depth--)
		sums[depth - 1] += sums[depth];
	return sums[0];
}

int kernel_pattern_match(const char *pattern, const char *kernel)
{
	regex_t regex;
	int r = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0)
		return r == REG_ESPACE ? -ENOMEM : -EINVAL;
	/* without memory glibc finds no match */
	errno = 0;
	r = regexec(&regex, kernel, 0, NULL, 0) == 0;
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	regfree(&regex);
	return r;
}
