/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_H
#define CHECK_H

#include "kernels.h"
#include "modules.h"
#include "sheet.h"

/* Counts of examined nodes and modules, and of findings by severity. */
struct check_counts {
	size_t kernels;
	size_t nodes;
	size_t modules;
	size_t findings[KMOD_DEVNAME_SEVERITY_ERROR + 1];
};

struct check {
	struct common common;
	bool is_default_dev; /* .dev is /dev of the running system, and no option names it */
	bool lists_codes;
	bool ignored[KMOD_DEVNAME_CODE_SYSTEM]; /* by the codes of findings */
	struct sheet sheet; /* of findings, for JSON */
	bool has_result; /* a kernel or file was checked */
	struct check_counts counts; /* of this kernel or file */
	struct check_counts total; /* of all kernels that were checked */
};

/* Checks the modules of a kernel, its modules.devname, and the configuration of its root. */
enum status check_kernel(struct check *check, const struct kernel *kernel);

/* The values of --ignore, see look_up_value(): a failure of the system is none of them. */
const char *get_ignorable_code(int i);

/* Parses a list of findings such as "absent,same-number". Prints why it is invalid. */
bool parse_ignored(struct check *check, const char *list);

/*
 * Ends a step of the check, and releases its report. Prints the findings that are wanted, or keeps
 * all of them for JSON. error is 0, or the errno that ended the step. Files are below the
 * directory, see finding_path(). The version is that of the kernel, or "".
 */
enum status finish_check(struct check *check, struct kmod_devname_report *report, int error,
			 const char *directory, const char *version);

/*
 * Ends the check of a kernel or a file: prints "NAME: 18 nodes of 4022 modules, no findings" by
 * the counts, on a terminal or with --verbose. Clears the counts.
 */
void finish_counts(struct check *check, const char *name);

/* Prints the same for all kernels, if there are several. */
void say_total(struct check *check);

/* Prints each code with its severities and its meaning. */
void print_codes(void);

void check_init(struct check *check);
void check_done(struct check *check);

#endif
