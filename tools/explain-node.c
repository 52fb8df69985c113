// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the node in the device directory, and other nodes of its number. A part of the device
 * directory that this user cannot see is left out rather than a failure, since the verdict depends
 * on the number alone.
 */

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/io.h"
#include "explain.h"
#include "udev/accounts.h"

#define DEPTH_MAX 16 /* deeper than any device directory; each level takes a descriptor */

static struct device_number stat_number(const struct stat *st)
{
	return (struct device_number){ st->st_mode & S_IFMT, major(st->st_rdev),
				       minor(st->st_rdev) };
}

/* An entry that is missing, or hidden from this user, is left out: 0; or the error. */
static int pass_over(int error)
{
	return is_missing(error) || error == -EACCES || error == -EPERM ? 0 : error;
}

enum status open_device_directory(struct explain *explain)
{
	int r;

	if (explain->dev) {
		explain->dev_path = xstrdup(explain->dev);
		explain->dev_fd = open_path(explain->dev, O_PATH | O_DIRECTORY);
		return explain->dev_fd < 0 ? say_failure(explain->dev, explain->dev_fd)
					   : STATUS_CLEAN;
	}
	explain->dev_path = join_path(base_directory(&explain->common), "dev");
	explain->dev_fd =
		kmod_devname_open_in_root(explain->kernels.root_fd, "dev", O_PATH | O_DIRECTORY);
	r = explain->dev_fd < 0 ? pass_over(explain->dev_fd) : 0;
	return r < 0 ? say_failure("dev", r) : STATUS_CLEAN;
}

/* Links of ROOT/dev may lead anywhere below the root, those of --dev only below that. */
static int open_node(const struct explain *explain, const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (explain->dev)
		return kmod_devname_open_in_root(explain->dev_fd, name, O_PATH);
	path = join_path("dev", name);
	return kmod_devname_open_in_root(explain->kernels.root_fd, path, O_PATH);
}

int find_node(const struct explain *explain, const char *name, struct found_node *ret_node)
{
	_cleanup_close_ int fd = open_node(explain, name);
	struct statvfs fs;
	struct stat st;

	*ret_node = (struct found_node){ .state = NODE_ABSENT };
	if (fd < 0)
		return is_missing(fd) ? 0 : fd;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return -errno;
	*ret_node = (struct found_node){
		.state = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? NODE_PRESENT : NODE_NO_DEVICE,
		.number = stat_number(&st),
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.is_nodev = fs.f_flag & ST_NODEV,
	};
	return 0;
}

/*
 * The name of a user or group, or else the number. The files of the root directory count: the host
 * may have other names for the same IDs. 0 or a negative errno; a file that failed is named.
 */
static int get_account_name(const struct explain *explain, enum account_kind kind, unsigned int id,
			    char **ret_name)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct accounts accounts = { .root_fd = explain->kernels.root_fd, .report = report };
	char *name = NULL;
	int r = accounts_find_name(&accounts, kind, id, &name);

	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		say_failure(kmod_devname_finding_get_file(kmod_devname_report_get(report, i)), r);
	if (r < 0)
		return r;
	*ret_name = name ? name : xasprintf("%u", id);
	return 0;
}

static const char *access_text(mode_t bits)
{
	static const char *const words[] = { "may not open it",    "may not open it",   "may write",
					     "may write",          "may read",          "may read",
					     "may read and write", "may read and write" };

	return words[bits & 7];
}

int print_found_node(struct explain *explain, const struct found_node *node)
{
	struct explain_row row = { .step = "node", .subject = explain->subject };
	_cleanup_free_ char *user = NULL, *group = NULL;
	char number[SYNTAX_NUMBER_SIZE];
	int r;

	if (node->state != NODE_PRESENT) {
		row.result = node->state == NODE_ABSENT ? "absent" : "no-device";
		explain_print(explain, &row, "%s %s", explain->subject,
			      node->state == NODE_ABSENT ? "does not exist"
							 : "is not a device node");
		return 0;
	}
	r = get_account_name(explain, ACCOUNT_USER, node->uid, &user);
	if (r < 0)
		return r;
	r = get_account_name(explain, ACCOUNT_GROUP, node->gid, &group);
	if (r < 0)
		return r;
	row.result = "present";
	explain_print(explain, &row, "%s is %s, mode %04o: user %s %s, group %s %s, others %s",
		      explain->subject, syntax_format_number(&node->number, number), node->mode,
		      user, access_text(node->mode >> 6), group, access_text(node->mode >> 3),
		      access_text(node->mode));
	return 0;
}

/* A search for nodes of a number; names are below the device directory. */
struct node_search {
	struct explain *explain;
	const struct device_number *number;
	dev_t device; /* other file systems are left alone: /dev/shm is not for nodes */
	unsigned int depth;
};

static int search_directory(struct node_search *search, int fd, const char *prefix);

/* Links are left out: they have no number of their own, and may lead in circles. */
static int search_entry(struct node_search *search, int dir_fd, const char *prefix,
			const char *entry)
{
	_cleanup_free_ char *name = NULL;
	struct device_number number;
	struct stat st;
	int fd;

	if (fstatat(dir_fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return pass_over(-errno);
	name = *prefix != '\0' ? join_path(prefix, entry) : xstrdup(entry);
	number = stat_number(&st);
	if (S_ISDIR(st.st_mode) && st.st_dev == search->device && search->depth < DEPTH_MAX) {
		fd = open_at(dir_fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		return fd < 0 ? pass_over(-errno) : search_directory(search, fd, name);
	}
	if (syntax_same_number(&number, search->number)) {
		const struct explain_row row = { .step = "node",
						 .subject = name,
						 .result = "present" };

		explain_print(search->explain, &row, "%s/%s has this number",
			      search->explain->dev_path, name);
	}
	return 0;
}

/* Closes the file descriptor. */
static int search_directory(struct node_search *search, int fd, const char *prefix)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	search->depth++;
	while (r == 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = search_entry(search, dirfd(dir), prefix, entry->d_name);
	if (r == 0)
		r = -errno;
	search->depth--;
	(void)closedir(dir);
	return r;
}

int print_names_of_number(struct explain *explain, const struct device_number *number)
{
	struct node_search search = { .explain = explain, .number = number };
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (explain->dev_fd < 0)
		return 0;
	fd = open_at(explain->dev_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return pass_over(-errno);
	if (fstat(fd, &st) < 0)
		return -errno;
	search.device = st.st_dev;
	return search_directory(&search, steal_fd(&fd), "");
}
