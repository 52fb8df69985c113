/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libkmod-devname.h"

enum account_kind {
	ACCOUNT_USER,
	ACCOUNT_GROUP,
};
#define ACCOUNT_KINDS 2

/* The users and groups of a root directory, read when a name is first asked for. */
struct accounts {
	int root_fd;
	struct kmod_devname_report *report;
	bool is_read[ACCOUNT_KINDS];
	void *by_name[ACCOUNT_KINDS]; /* tsearch(3) trees */
	void *by_id[ACCOUNT_KINDS]; /* of the same accounts */
};

void accounts_done(struct accounts *accounts);

/*
 * Finds the ID of a user or group, given as a name or a number. A number without an entry counts up
 * to 999, as in udevd. Returns 1; 0 if there is none; or a negative errno, with a system finding
 * that names the file. A file that cannot be read, or has over 8 MiB, is an unknown-owner finding.
 */
int accounts_find(struct accounts *accounts, enum account_kind kind, const char *text,
		  unsigned int *ret_id);

/*
 * Finds the first name of an ID in the same files. *ret_name, to be freed, is NULL if there is
 * none. Returns 0 or a negative errno, also for a file that cannot be read, with a system finding.
 */
int accounts_find_name(struct accounts *accounts, enum account_kind kind, unsigned int id,
		       char **ret_name);

/* Starts as { 0 }; groups is to be freed. */
struct account_user {
	uid_t uid;
	gid_t *groups;
	size_t size;
	size_t capacity;
};

/*
 * Finds a user with all groups in the same files. Returns 1, 0 if there is none, or a negative
 * errno as accounts_find_name().
 */
int accounts_find_user(const struct accounts *accounts, const char *name,
		       struct account_user *user);

#endif
