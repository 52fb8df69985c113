// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The users and groups of a root directory: passwd and group of /etc, then those of /usr/lib,
 * where image-based systems keep the ones that the system came with. Not by the C library: that
 * asks the running system, and loads plugins, which a static program cannot.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/report.h"
#include "base/root.h"
#include "node/syntax.h"
#include "udev/owners.h"

struct account {
	unsigned int id;
	char name[];
};

void owners_done(struct owners *owners)
{
	tdestroy(owners->names[OWNER_USER], free);
	tdestroy(owners->names[OWNER_GROUP], free);
}

static int compare_accounts(const void *a, const void *b)
{
	return strcmp(((const struct account *)a)->name, ((const struct account *)b)->name);
}

static struct account *account_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct account *account = calloc(1, sizeof(*account) + size);

	if (account)
		memcpy(account->name, name, size);
	return account;
}

/* The first of a name counts. */
static int add(void **names, const char *name, unsigned int id)
{
	struct account *account = account_new(name), **found;

	if (!account)
		return -ENOMEM;
	account->id = id;
	found = tsearch(account, names, compare_accounts);
	if (!found || *found != account)
		free(account);
	return found ? 0 : -ENOMEM;
}

/* A line is NAME:PASSWORD:ID:..., what is not is somebody else's business. */
static int read_line(void **names, char *line)
{
	char *password = strchr(line, ':'), *id, *end;
	unsigned int number;

	if (!password)
		return 0;
	*password++ = '\0';
	id = strchr(password, ':');
	end = id ? strchr(++id, ':') : NULL;
	if (!end)
		return 0;
	*end = '\0';
	if (!syntax_is_owner(line) || !syntax_parse_id(id, &number))
		return 0;
	return add(names, line, number);
}

/* A line may be of any length, and then the members of a group are what is cut off. */
static int read_stream(void **names, FILE *stream)
{
	struct lines lines;
	int status, r;

	lines_init(&lines, stream);
	while ((status = lines_next(&lines)) > 0) {
		r = read_line(names, lines.text);
		if (r < 0)
			return r;
	}
	return status;
}

static int read_file(const struct owners *owners, struct kmod_devname_report *report, void **names,
		     const char *file)
{
	const struct location location = { file, 0 };
	FILE *stream;
	int r = root_open_stream(owners->root_fd, file, &stream);

	if (r > 0) {
		r = read_stream(names, stream);
		(void)fclose(stream);
	}
	return r < 0 ? report_system(report, r, &location) : 0;
}

static int read_files(struct owners *owners, struct kmod_devname_report *report,
		      enum owner_kind kind)
{
	static const char *const files[][2] = {
		[OWNER_USER] = { "etc/passwd", "usr/lib/passwd" },
		[OWNER_GROUP] = { "etc/group", "usr/lib/group" },
	};
	int r;

	if (owners->is_read[kind])
		return 0;
	r = read_file(owners, report, &owners->names[kind], files[kind][0]);
	if (r == 0)
		r = read_file(owners, report, &owners->names[kind], files[kind][1]);
	owners->is_read[kind] = r == 0;
	return r;
}

static int find_name(struct owners *owners, struct kmod_devname_report *report,
		     enum owner_kind kind, const char *name, unsigned int *ret_id)
{
	struct account *key, *const *found;
	int r = read_files(owners, report, kind);

	if (r < 0)
		return r;
	key = account_new(name);
	if (!key)
		return -ENOMEM;
	found = tfind(key, &owners->names[kind], compare_accounts);
	free(key);
	if (!found)
		return 0;
	*ret_id = (*found)->id;
	return 1;
}

int owners_find(struct owners *owners, struct kmod_devname_report *report, enum owner_kind kind,
		const char *text, unsigned int *ret_id)
{
	if (syntax_is_digits(text))
		return syntax_parse_id(text, ret_id);
	/* an image may have no files yet, and root is the same everywhere */
	if (strcmp(text, "root") == 0) {
		*ret_id = 0;
		return 1;
	}
	return find_name(owners, report, kind, text, ret_id);
}
