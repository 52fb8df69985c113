// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The users and groups of a root directory: passwd and group of etc, then those of usr/lib, where
 * image-based systems keep the accounts that they ship. The C library parses the lines, but opens
 * no file and asks no name service: these answer for the running system, and getpwnam(3) loads
 * plugins, which a static program cannot.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "base/root.h"
#include "node/syntax.h"
#include "udev/accounts.h"

/* 100,000 users. The C library reads lines of any length, and a file need not have an end. */
#define ACCOUNTS_FILE_MAX ((size_t)8 << 20)

struct account {
	const char *name;
	unsigned int id;
};

/* Gets each account of a file. Returns 0 to go on, 1 to stop, or -ENOMEM. */
typedef int (*account_visit)(void *data, const struct account *entry);

void accounts_done(struct accounts *accounts)
{
	for (size_t i = 0; i < ACCOUNT_KINDS; i++)
		tdestroy(accounts->by_name[i], free);
}

static int compare_accounts(const void *a, const void *b)
{
	return strcmp(((const struct account *)a)->name, ((const struct account *)b)->name);
}

/* The first account of a name counts. "+" and "-" at the beginning are for NIS, and no names. */
static int add_account(void *by_name, const struct account *entry)
{
	size_t size = strlen(entry->name) + 1;
	struct account *account, **found;

	if (!syntax_is_owner(entry->name) || !syntax_is_id(entry->id))
		return 0;
	account = malloc(sizeof(*account) + size);
	if (!account)
		return -ENOMEM;
	account->id = entry->id;
	account->name = memcpy(account + 1, entry->name, size);
	found = tsearch(account, by_name, compare_accounts);
	if (!found || *found != account)
		free(account);
	return found ? 0 : -ENOMEM;
}

#ifdef HAVE_FGETPWENT_R
/* The name lies in the buffer. Returns 0, ERANGE if that is too small, or ENOENT at the end. */
static int read_account(FILE *stream, enum account_kind kind, char *buffer, size_t size,
			struct account *ret_account)
{
	struct passwd user, *next_user;
	struct group group, *next_group;
	int error;

	if (kind == ACCOUNT_USER) {
		error = fgetpwent_r(stream, &user, buffer, size, &next_user);
		if (error == 0)
			*ret_account = (struct account){ user.pw_name, user.pw_uid };
	} else {
		error = fgetgrent_r(stream, &group, buffer, size, &next_group);
		if (error == 0)
			*ret_account = (struct account){ group.gr_name, group.gr_gid };
	}
	return error;
}
#else
/* musl has only the older functions, whose result lies in memory of the C library. */
static int read_account(FILE *stream, enum account_kind kind, char *buffer, size_t size,
			struct account *ret_account)
{
	const struct passwd *user;
	const struct group *group;

	(void)buffer, (void)size;
	errno = 0;
	if (kind == ACCOUNT_USER && (user = fgetpwent(stream)))
		*ret_account = (struct account){ user->pw_name, user->pw_uid };
	else if (kind == ACCOUNT_GROUP && (group = fgetgrent(stream)))
		*ret_account = (struct account){ group->gr_name, group->gr_gid };
	else
		return errno > 0 ? errno : ENOENT;
	return 0;
}
#endif

static int read_accounts(FILE *stream, enum account_kind kind, account_visit visit, void *data)
{
	_cleanup_free_ char *buffer = NULL;
	size_t capacity = 0;
	struct account account;

	for (;;) {
		long start = ftell(stream);
		int r, error = buffer ? read_account(stream, kind, buffer, capacity, &account)
				      : ERANGE;

		if (error == ERANGE) {
			char *grown = array_grow(buffer, &capacity, 1, capacity + 1024);

			if (!grown)
				return -ENOMEM;
			buffer = grown;
			/* glibc before 2.32 does not go back to the start of the line */
			if (fseek(stream, start, SEEK_SET) < 0)
				return -errno;
			continue;
		}
		if (error != 0)
			return error == ENOENT ? 0 : -error;
		r = visit(data, &account);
		if (r != 0)
			return r;
	}
}

/* Reads a file into memory, so that what the C library reads has an end. */
static int read_account_file(int root_fd, const char *file, enum account_kind kind,
			     account_visit visit, void *data)
{
	_cleanup_free_ char *text = NULL;
	FILE *stream, *memory;
	ssize_t size;
	int r = root_open_stream(root_fd, file, &stream);

	if (r <= 0)
		return r;
	text = malloc(ACCOUNTS_FILE_MAX + 1);
	size = text ? read_at(fileno(stream), 0, text, ACCOUNTS_FILE_MAX + 1) : -ENOMEM;
	(void)fclose(stream);
	if (size <= 0)
		return (int)size;
	if ((size_t)size > ACCOUNTS_FILE_MAX)
		return -EFBIG;
	memory = fmemopen(text, (size_t)size, "r");
	if (!memory)
		return -ENOMEM;
	r = read_accounts(memory, kind, visit, data);
	(void)fclose(memory);
	return r;
}

static int read_account_files(const struct accounts *accounts, enum account_kind kind,
			      account_visit visit, void *data)
{
	static const char *const files[ACCOUNT_KINDS][2] = {
		[ACCOUNT_USER] = { "etc/passwd", "usr/lib/passwd" },
		[ACCOUNT_GROUP] = { "etc/group", "usr/lib/group" },
	};

	for (size_t i = 0; i < 2; i++) {
		const struct location location = { files[kind][i], 0 };
		int r = read_account_file(accounts->root_fd, location.file, kind, visit, data);

		if (r < 0)
			return report_system(accounts->report, r, &location);
		if (r > 0)
			return r;
	}
	return 0;
}

int accounts_find(struct accounts *accounts, enum account_kind kind, const char *text,
		  unsigned int *ret_id)
{
	const struct account key = { .name = text };
	struct account *const *found;
	int r;

	if (syntax_is_digits(text))
		return syntax_parse_id(text, ret_id);
	/* an image may have no files yet, and root is the same everywhere */
	if (strcmp(text, "root") == 0) {
		*ret_id = 0;
		return 1;
	}
	if (!accounts->is_read[kind]) {
		r = read_account_files(accounts, kind, add_account, &accounts->by_name[kind]);
		if (r < 0)
			return r;
		accounts->is_read[kind] = true;
	}
	found = tfind(&key, &accounts->by_name[kind], compare_accounts);
	if (!found)
		return 0;
	*ret_id = (*found)->id;
	return 1;
}

struct name_search {
	unsigned int id;
	char *name;
};

/* Any name will do, since it is shown and not looked up; but those of NIS stand for others. */
static int match_account(void *data, const struct account *entry)
{
	struct name_search *search = data;

	if (entry->id != search->id || strchr("+-", entry->name[0]))
		return 0;
	search->name = strdup(entry->name);
	return search->name ? 1 : -ENOMEM;
}

int accounts_find_name(struct accounts *accounts, enum account_kind kind, unsigned int id,
		       char **ret_name)
{
	struct name_search search = { .id = id };
	int r = read_account_files(accounts, kind, match_account, &search);

	if (r < 0)
		return r;
	*ret_name = search.name;
	return 0;
}
