// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of modules.devname, with lines "#! NAME MODE USER UID GROUP GID" among the comments
 * -> all output formats. JSON and tmpfiles are read back, by RFC 8259 and tmpfiles.d(5), and must
 * say what the table and the permissions do.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "json.h"
#include "node/syntax.h"
#include "node/table.h"

/* --- input ------------------------------------------------------------------------------- */

/* "-": no rule gives one. False: nothing that a rule can give. */
static bool make_owner(const char *text, const char *id, struct owner *ret_owner)
{
	if (strcmp(text, "-") == 0)
		return true;
	ret_owner->text = text;
	return syntax_is_owner(text) && syntax_parse_id(id, &ret_owner->id);
}

static void add_permission(struct kmod_devname_permissions *permissions, char *line)
{
	struct owner user = { 0 }, group = { 0 };
	const char *words[6];
	mode_t mode;

	for (int i = 0; i < 6; i++) {
		words[i] = strsep(&line, " ");
		if (!words[i])
			return;
	}
	if (syntax_is_device_name(words[0]) && syntax_parse_mode(words[1], &mode) &&
	    make_owner(words[2], words[3], &user) && make_owner(words[4], words[5], &group))
		FUZZ_CHECK(permissions_add(permissions, words[0], mode, &user, &group) == 0,
			   "no memory");
}

static struct kmod_devname_permissions *read_permissions(char *text)
{
	struct kmod_devname_permissions *permissions;
	char *line;

	FUZZ_CHECK(kmod_devname_permissions_new(0600, &permissions) == 0, "no memory");
	while ((line = strsep(&text, "\n")))
		if (strncmp(line, "#! ", 3) == 0)
			add_permission(permissions, line + 3);
	return permissions;
}

static struct fuzz_bytes write_format(const struct kmod_devname_table *table, int format,
				      const struct kmod_devname_permissions *permissions,
				      unsigned int flags)
{
	struct fuzz_bytes text = { 0 };
	FILE *stream = open_memstream(&text.data, &text.size);

	FUZZ_CHECK(stream, "no memory");
	FUZZ_CHECK(kmod_devname_table_print(table, (enum kmod_devname_format)format, permissions,
					    flags, stream) == 0,
		   "format %d cannot be written", format);
	(void)fclose(stream);
	FUZZ_CHECK(strlen(text.data) == text.size, "format %d has a NUL byte", format);
	return text;
}

static void check_same(struct fuzz_bytes *got, struct fuzz_bytes *wanted, const char *what)
{
	FUZZ_CHECK(got->size == wanted->size && memcmp(got->data, wanted->data, got->size) == 0,
		   "%s:\n%sinstead of\n%s", what, got->data, wanted->data);
	free(got->data);
	free(wanted->data);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void describe_owner(FILE *stream, size_t i, const char *key, const char *name)
{
	(void)fprintf(stream, "/nodes/%zu/%s s %s\n", i, key, name ? name : "root");
}

static void describe_node(FILE *stream, size_t i, const struct kmod_devname_node *node,
			  const struct kmod_devname_permission *permission)
{
	const char *name = kmod_devname_node_get_name(node);
	unsigned int major = kmod_devname_node_get_major(node);
	unsigned int minor = kmod_devname_node_get_minor(node);

	(void)fprintf(stream, "/nodes/%zu/name s %s\n", i, name);
	(void)fprintf(stream, "/nodes/%zu/type s %s\n", i,
		      S_ISBLK(kmod_devname_node_get_type(node)) ? "block" : "char");
	(void)fprintf(stream, "/nodes/%zu/maj:min s %u:%u\n", i, major, minor);
	(void)fprintf(stream, "/nodes/%zu/module s %s\n", i, kmod_devname_node_get_module(node));
	(void)fprintf(stream, "/nodes/%zu/state 0\n", i);
	(void)fprintf(stream, "/nodes/%zu/mode s %04o\n", i,
		      kmod_devname_permission_get_mode(permission));
	describe_owner(stream, i, "user", kmod_devname_permission_get_user(permission));
	describe_owner(stream, i, "group", kmod_devname_permission_get_group(permission));
	(void)fprintf(stream, "/nodes/%zu/loaded 0\n", i);
	(void)fprintf(stream, "/nodes/%zu/path s /dev/%s\n", i, name);
	(void)fprintf(stream, "/nodes/%zu/major n %u\n", i, major);
	(void)fprintf(stream, "/nodes/%zu/minor n %u\n", i, minor);
	(void)fprintf(stream, "/nodes/%zu/uid n %u\n", i,
		      kmod_devname_permission_get_uid(permission));
	(void)fprintf(stream, "/nodes/%zu/gid n %u\n", i,
		      kmod_devname_permission_get_gid(permission));
	(void)fprintf(stream, "/nodes/%zu/kernel 0\n", i);
}

static void check_json(const struct kmod_devname_table *table,
		       const struct kmod_devname_permissions *permissions)
{
	struct fuzz_bytes text = write_format(table, KMOD_DEVNAME_FORMAT_JSON, permissions, 0);
	struct fuzz_bytes wanted = { 0 }, got = { 0 };
	FILE *stream = open_memstream(&wanted.data, &wanted.size);

	FUZZ_CHECK(stream, "no memory");
	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		describe_node(stream, i, node,
			      kmod_devname_permissions_get(permissions,
							   kmod_devname_node_get_name(node)));
	}
	(void)fclose(stream);
	stream = open_memstream(&got.data, &got.size);
	FUZZ_CHECK(stream, "no memory");
	json_flatten(text.data, stream);
	(void)fclose(stream);
	check_same(&got, &wanted, "JSON says");
	free(text.data);
}

/* --- tmpfiles ---------------------------------------------------------------------------- */

/* A line of tmpfiles.d(5): type, path, mode, user, group, age, argument. */
struct line {
	const char *fields[7];
	int n;
};

/* No byte that tmpfiles.d(5) would take for a quote, an escape or a specifier may stand there. */
static struct line parse_line(char *text)
{
	struct line line = { 0 };
	char *word;

	FUZZ_CHECK(*text != '#' && !strpbrk(text, "\"'\\%"), "'%s'", text);
	while ((word = strsep(&text, " \t"))) {
		FUZZ_CHECK(*word != '\0' && line.n < 7, "an empty field, or too many");
		line.fields[line.n++] = word;
	}
	FUZZ_CHECK(line.n >= 5, "only %d fields", line.n);
	return line;
}

/* "d PATH 0755 - - -": a directory, which may not have been there before. */
static void take_directory(const struct line *line, const char *prefix, FILE *made)
{
	FUZZ_CHECK(line->n == 6 && strncmp(line->fields[2], prefix, strlen(prefix)) == 0 &&
			   strcmp(line->fields[2] + strlen(prefix), "0755") == 0 &&
			   *line->fields[3] == '-' && *line->fields[4] == '-' &&
			   *line->fields[5] == '-',
		   "directory %s", line->fields[1]);
	(void)fprintf(made, "%s\n", line->fields[1]);
}

/* Is this a line of the text? */
static bool has_line(const char *text, const char *line, size_t size)
{
	for (; *text != '\0'; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") == size && memcmp(text, line, size) == 0)
			return true;
	return false;
}

/* All directories on the way must have been made before. */
static void check_way(const char *path, const char *made)
{
	static const char dev[] = "/dev/";
	const char *slash = path + sizeof(dev) - 1;

	FUZZ_CHECK(strncmp(path, dev, sizeof(dev) - 1) == 0, "'%s' is not below /dev", path);
	while ((slash = strchr(slash, '/'))) {
		FUZZ_CHECK(has_line(made, path, (size_t)(slash - path)), "no directory for %s",
			   path);
		slash++;
	}
}

static void check_owner(const char *field, const char *owner, const char *prefix)
{
	if (!owner) {
		FUZZ_CHECK(strcmp(field, "-") == 0, "owner '%s' instead of none", field);
		return;
	}
	FUZZ_CHECK(strncmp(field, prefix, strlen(prefix)) == 0 &&
			   strcmp(field + strlen(prefix), owner) == 0,
		   "owner '%s' instead of '%s'", field, owner);
}

static void check_node(const struct line *line, const struct kmod_devname_node *node,
		       const struct kmod_devname_permission *permission, const char *prefix)
{
	char device[64], mode[16];
	bool block = S_ISBLK(kmod_devname_node_get_type(node));

	(void)snprintf(device, sizeof(device), "%u:%u", kmod_devname_node_get_major(node),
		       kmod_devname_node_get_minor(node));
	(void)snprintf(mode, sizeof(mode), "%s%04o", prefix,
		       kmod_devname_permission_get_mode(permission));
	FUZZ_CHECK(line->n == 7 && strcmp(line->fields[0], block ? "b!" : "c!") == 0 &&
			   strcmp(line->fields[1] + 5, kmod_devname_node_get_name(node)) == 0 &&
			   strcmp(line->fields[2], mode) == 0 &&
			   strcmp(line->fields[5], "-") == 0 &&
			   strcmp(line->fields[6], device) == 0,
		   "node %s", line->fields[1]);
	check_owner(line->fields[3], kmod_devname_permission_get_user(permission), prefix);
	check_owner(line->fields[4], kmod_devname_permission_get_group(permission), prefix);
}

static void check_tmpfiles(const struct kmod_devname_table *table,
			   const struct kmod_devname_permissions *permissions, unsigned int flags)
{
	const char *prefix = flags == KMOD_DEVNAME_PRINT_CREATE_ONLY ? ":" : "";
	struct fuzz_bytes text =
		write_format(table, KMOD_DEVNAME_FORMAT_TMPFILES, permissions, flags);
	struct fuzz_bytes directories = { 0 };
	FILE *made = open_memstream(&directories.data, &directories.size);
	size_t n = 0;
	char *rest = text.data, *next;

	FUZZ_CHECK(made, "no memory");
	while (*rest != '\0' && (next = strsep(&rest, "\n"))) {
		const struct line line = parse_line(next);

		FUZZ_CHECK(rest, "the last line has no end");
		(void)fflush(made);
		check_way(line.fields[1], directories.data);
		if (strcmp(line.fields[0], "d") == 0) {
			FUZZ_CHECK(
				!has_line(directories.data, line.fields[1], strlen(line.fields[1])),
				"%s twice", line.fields[1]);
			take_directory(&line, prefix, made);
			continue;
		}
		FUZZ_CHECK(n < kmod_devname_table_size(table), "more lines than nodes");
		check_node(&line, kmod_devname_table_get(table, n++),
			   kmod_devname_permissions_get(permissions, line.fields[1] + 5), prefix);
	}
	FUZZ_CHECK(n == kmod_devname_table_size(table), "fewer lines than nodes");
	(void)fclose(made);
	free(directories.data);
	free(text.data);
}

/* --- the others -------------------------------------------------------------------------- */

/* The lines of modules.devname without its first one. */
static void check_devname(const struct kmod_devname_table *table)
{
	struct fuzz_bytes got = write_format(table, KMOD_DEVNAME_FORMAT_DEVNAME, NULL, 0);
	struct fuzz_bytes text = fuzz_text(table);
	const char *nodes = text.data + strcspn(text.data, "\n");
	struct fuzz_bytes wanted =
		fuzz_copy(nodes + (*nodes != '\0'), strlen(nodes + (*nodes != '\0')));

	free(text.data);
	check_same(&got, &wanted, "devname has");
}

static void check_others(const struct kmod_devname_table *table,
			 const struct kmod_devname_permissions *permissions)
{
	for (int format = 0; kmod_devname_format_to_string((enum kmod_devname_format)format);
	     format++) {
		struct fuzz_bytes text = write_format(table, format, permissions, 0);

		FUZZ_CHECK(text.size == 0 || text.data[text.size - 1] == '\n',
			   "the last line of format %d has no end", format);
		free(text.data);
	}
}

void fuzz_target_format(const uint8_t *data, size_t size)
{
	struct fuzz_bytes copy = fuzz_copy(data, size);
	struct kmod_devname_permissions *permissions = read_permissions(copy.data);
	struct fuzz_result result = fuzz_result_new();
	FILE *stream = fuzz_open(data, size);

	FUZZ_CHECK(kmod_devname_table_read(result.table, NULL, stream, NULL) == 0, "cannot read");
	(void)fclose(stream);
	check_json(result.table, permissions);
	check_tmpfiles(result.table, permissions, 0);
	check_tmpfiles(result.table, permissions, KMOD_DEVNAME_PRINT_CREATE_ONLY);
	check_devname(result.table);
	check_others(result.table, permissions);
	kmod_devname_permissions_unref(permissions);
	fuzz_result_done(&result);
	free(copy.data);
}
