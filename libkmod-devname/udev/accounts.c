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
#include "node/syntax.h"
#include "udev/rules.h"

/* 100,000 users. The C library reads lines of any length, and a file need not have an end. */
#define ACCOUNTS_FILE_MAX ((size_t)8 << 20)

/* SYS_UID_MAX and SYS_GID_MAX of login.defs(5), and of udevd. */
#define SYSTEM_ID_MAX 999

struct account {
	const char *name;
	unsigned int id;
	unsigned int gid; /* of a user */
	char **members; /* of a group; NULL-terminated */
};

/* An ID by the name or the number that a rule can have. */
struct account_id {
	const char *text;
	unsigned int id;
};

/* Gets each account of a file. Returns 0 to go on, 1 to stop, or -ENOMEM. */
typedef int (*account_visit)(void *data, const struct account *entry);

void accounts_done(struct accounts *accounts)
{
	for (size_t i = 0; i < ACCOUNT_KINDS; i++)
		tdestroy(accounts->by_text[i], free);
}

static int compare_account_ids(const void *a, const void *b)
{
	return strcmp(((const struct account_id *)a)->text, ((const struct account_id *)b)->text);
}

/* The first account of a name counts. */
static int add_account_id(void **by_text, const char *text, unsigned int id)
{
	size_t size = strlen(text) + 1;
	struct account_id *account = malloc(sizeof(*account) + size), **found;

	if (!account)
		return -ENOMEM;
	account->id = id;
	account->text = memcpy(account + 1, text, size);
	found = tsearch(account, by_text, compare_account_ids);
	if (!found || *found != account)
		free(account);
	return found ? 0 : -ENOMEM;
}

/* "+" and "-" at the beginning are for NIS, and no names; digits alone are an ID. */
static int add_account(void *data, const struct account *entry)
{
	char number[16];
	int r = 0;

	if (!syntax_is_owner(entry->name) || !syntax_is_id(entry->id))
		return 0;
	if (!syntax_is_digits(entry->name))
		r = add_account_id(data, entry->name, entry->id);
	(void)snprintf(number, sizeof(number), "%u", entry->id);
	return r < 0 ? r : add_account_id(data, number, entry->id);
}

/* The texts lie in the buffer. Returns 0, ENOENT at the end, or another errno. */
static int read_account(FILE *stream, enum account_kind kind, char *buffer, size_t size,
			struct account *ret_account)
{
	struct passwd *user = NULL;
	struct group *group = NULL;
	int error;
#ifdef HAVE_FGETPWENT_R
	struct passwd user_entry;
	struct group group_entry;

	error = kind == ACCOUNT_USER ? fgetpwent_r(stream, &user_entry, buffer, size, &user)
				     : fgetgrent_r(stream, &group_entry, buffer, size, &group);
#else
	/* musl has only the older functions, whose result lies in memory of the C library. */
	(void)buffer, (void)size;
	errno = 0;
	if (kind == ACCOUNT_USER)
		user = fgetpwent(stream);
	else
		group = fgetgrent(stream);
	error = user || group ? 0 : errno > 0 ? errno : ENOENT;
#endif
	if (error != 0)
		return error;
	if (user)
		*ret_account = (struct account){ user->pw_name, user->pw_uid, user->pw_gid, NULL };
	else if (group)
		*ret_account = (struct account){ group->gr_name, group->gr_gid, 0, group->gr_mem };
	return user || group ? 0 : ENOENT;
}

/* Reads a file into memory, because the C library reads without a limit. */
static int read_account_file(int root_fd, const char *file, enum account_kind kind,
			     account_visit visit, void *data)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *buffer = NULL;
	ssize_t size = root_read_file(root_fd, file, ACCOUNTS_FILE_MAX, &text);
	struct account account;
	size_t capacity;
	FILE *memory;
	int r = 0, error = 0;

	if (size <= 0)
		return (int)size;
	/* a line, and a pointer to each member: none is shorter than two bytes */
	capacity = (size_t)size + ((size_t)size / 2 + 8) * sizeof(char *);
	buffer = malloc(capacity);
	memory = buffer ? fmemopen(text, (size_t)size, "r") : NULL;
	if (!memory)
		return -ENOMEM;
	while (r == 0 && error == 0) {
		error = read_account(memory, kind, buffer, capacity, &account);
		if (error == 0)
			r = visit(data, &account);
	}
	(void)fclose(memory);
	return error == 0 || error == ENOENT ? r : -error;
}

/*
 * An unreadable file is a finding if names may stay unknown. Returns 1 to stop, because the file
 * can have another ID for a name of the next file.
 */
static int report_unreadable_accounts(const struct accounts *accounts, int error, const char *file,
				      bool may_fail)
{
	const struct location location = { file, 0 };
	int r;

	if (!may_fail || is_fatal(error))
		return report_system(accounts->report, error, &location);
	r = report_add(
		accounts->report, KMOD_DEVNAME_CODE_UNKNOWN_OWNER, KMOD_DEVNAME_SEVERITY_ERROR,
		&location,
		"cannot read users or groups: %s: those of this and later files are unknown; "
		"make it readable",
		report_describe_error(error));
	return r < 0 ? r : 1;
}

static int read_account_files(const struct accounts *accounts, enum account_kind kind,
			      bool may_fail, account_visit visit, void *data)
{
	static const char *const files[ACCOUNT_KINDS][2] = {
		[ACCOUNT_USER] = { "/etc/passwd", "/usr/lib/passwd" },
		[ACCOUNT_GROUP] = { "/etc/group", "/usr/lib/group" },
	};

	for (size_t i = 0; i < 2; i++) {
		const char *file = files[kind][i];
		int r = read_account_file(accounts->root_fd, file, kind, visit, data);

		if (r < 0)
			r = report_unreadable_accounts(accounts, r, file, may_fail);
		if (r != 0)
			return r;
	}
	return 0;
}

int accounts_find(struct accounts *accounts, enum account_kind kind, const char *text,
		  unsigned int *ret_id)
{
	const struct account_id key = { .text = text };
	struct account_id *const *found;
	unsigned int id;

	/* an image may have no files yet, and root is the same everywhere */
	if (strcmp(text, "root") == 0 || strcmp(text, "0") == 0) {
		*ret_id = 0;
		return 1;
	}
	if (!accounts->is_read[kind]) {
		int r = read_account_files(accounts, kind, true, add_account,
					   &accounts->by_text[kind]);

		if (r < 0)
			return r;
		accounts->is_read[kind] = true;
	}
	found = tfind(&key, &accounts->by_text[kind], compare_account_ids);
	if (found)
		id = (*found)->id;
	/* udevd takes a number without an entry if it is one of the system's */
	else if (!syntax_parse_id(text, &id) || id > SYSTEM_ID_MAX)
		return 0;
	*ret_id = id;
	return 1;
}

struct name_search {
	unsigned int id;
	char *name;
};

/* Invalid names are shown too, except those of NIS, which stand for others. */
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
	int r = read_account_files(accounts, kind, false, match_account, &search);

	if (r < 0)
		return r;
	*ret_name = search.name;
	return 0;
}

/* 0 or -ENOMEM. */
static int add_account_group(struct account_user *user, unsigned int gid)
{
	gid_t *groups = array_grow(user->groups, &user->capacity, sizeof(*groups), user->size + 1);

	if (!groups)
		return -ENOMEM;
	user->groups = groups;
	groups[user->size++] = gid;
	return 0;
}

static int match_user(void *data, const struct account *entry)
{
	struct account_user *user = data;

	if (strcmp(entry->name, user->name) != 0)
		return 0;
	user->uid = entry->id;
	return add_account_group(user, entry->gid) < 0 ? -ENOMEM : 1;
}

static int match_member(void *data, const struct account *entry)
{
	struct account_user *user = data;

	for (char **member = entry->members; *member; member++)
		if (strcmp(*member, user->name) == 0)
			return add_account_group(user, entry->id);
	return 0;
}

int accounts_find_user(const struct accounts *accounts, const char *name, struct account_user *user)
{
	int r;

	user->name = name;
	r = read_account_files(accounts, ACCOUNT_USER, false, match_user, user);
	if (r <= 0)
		return r;
	r = read_account_files(accounts, ACCOUNT_GROUP, false, match_member, user);
	return r < 0 ? r : 1;
}
