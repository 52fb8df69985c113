// SPDX-License-Identifier: GPL-2.0-or-later
/* explain: numbers, and what is in the device directory. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/io.h"
#include "explain.h"
#include "node-text.h"

#define DEPTH_MAX 16

char *number_text(const struct number *number)
{
	return node_text(number->type, number->major, number->minor);
}

bool number_equal(const struct number *a, const struct number *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* Plain decimal digits; moves on behind them. */
static bool parse_digits(const char **text, unsigned int max, unsigned int *ret_value)
{
	unsigned int value = 0;
	const char *p = *text;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = 10 * value + (unsigned int)(*p - '0');
		if (value > max)
			return false;
	}
	*text = p;
	*ret_value = value;
	return true;
}

bool number_parse(const char *text, struct number *ret_number)
{
	struct number number = { .type = *text == 'b' ? S_IFBLK : S_IFCHR };

	if (*text != 'b' && *text != 'c')
		return false;
	text++;
	if (!parse_digits(&text, KMOD_DEVNAME_MAJOR_MAX, &number.major) || number.major == 0 ||
	    *text++ != ':' || !parse_digits(&text, KMOD_DEVNAME_MINOR_MAX, &number.minor) ||
	    *text != '\0')
		return false;
	*ret_number = number;
	return true;
}

struct number number_of(const struct kmod_devname_node *node)
{
	return (struct number){ kmod_devname_node_get_type(node), kmod_devname_node_get_major(node),
				kmod_devname_node_get_minor(node) };
}

static struct number number_of_stat(const struct stat *st)
{
	return (struct number){ st->st_mode & S_IFMT, major(st->st_rdev), minor(st->st_rdev) };
}

/* Not there, or not for this user to see: then there is nothing to be told of it. */
static int pass_over(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
		return 0;
	default:
		return -error;
	}
}

enum status device_directory_open(struct explain *explain)
{
	const char *root = explain->common.basedir ? explain->common.basedir : "/";

	if (explain->dev) {
		explain->dev_path = strdup(explain->dev);
		explain->dev_fd = open_path(explain->dev, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (explain->dev_fd < 0)
			return say_failure(explain->dev, explain->dev_fd);
	} else {
		explain->dev_path = join_path(root, "dev");
		explain->dev_fd = kmod_devname_open_in_root(explain->kernels.root_fd, "dev",
							    O_PATH | O_DIRECTORY);
		if (explain->dev_fd < 0 && pass_over(-explain->dev_fd) < 0)
			return say_failure("dev", explain->dev_fd);
	}
	return explain->dev_path ? STATUS_CLEAN : say_failure("device directory", -ENOMEM);
}

/* Links of ROOT/dev may lead anywhere below the root, those of --dev only below that. */
static int open_node(const struct explain *explain, const char *name)
{
	char *path;
	int fd;

	if (explain->dev)
		return kmod_devname_open_in_root(explain->dev_fd, name, O_PATH);
	path = join_path("dev", name);
	if (!path)
		return -ENOMEM;
	fd = kmod_devname_open_in_root(explain->kernels.root_fd, path, O_PATH);
	free(path);
	return fd;
}

int node_look(const struct explain *explain, const char *name, struct node *ret_node)
{
	int fd = open_node(explain, name), r;
	struct statvfs fs;
	struct stat st;

	*ret_node = (struct node){ .state = NODE_ABSENT };
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	(void)close(fd);
	*ret_node = (struct node){
		.state = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? NODE_PRESENT : NODE_NO_DEVICE,
		.number = number_of_stat(&st),
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.no_devices = fs.f_flag & ST_NODEV,
	};
	return 0;
}

static const char *may(mode_t bits)
{
	static const char *const words[] = { "may not open it",    "may not open it",   "may write",
					     "may write",          "may read",          "may read",
					     "may read and write", "may read and write" };

	return words[bits & 7];
}

int node_print(struct explain *explain, const struct node *node)
{
	struct link link = { .step = "node", .subject = explain->subject };
	char *number, *user = NULL, *group = NULL;
	int r;

	if (node->state != NODE_PRESENT) {
		link.result = node->state == NODE_ABSENT ? "absent" : "no-device";
		return explain_print(explain, &link, "%s %s", explain->subject,
				     node->state == NODE_ABSENT ? "does not exist"
								: "is not a device node");
	}
	number = number_text(&node->number);
	r = number ? user_text(explain, node->uid, &user) : -ENOMEM;
	if (r == 0)
		r = group_text(explain, node->gid, &group);
	link.result = "present";
	if (r == 0)
		r = explain_print(explain, &link,
				  "%s is %s, mode %04o: user %s %s, group %s %s, others %s",
				  explain->subject, number, node->mode, user, may(node->mode >> 6),
				  group, may(node->mode >> 3), may(node->mode));
	free(group);
	free(user);
	free(number);
	return r;
}

static int print_name(struct explain *explain, const char *name)
{
	const struct link link = { .step = "node", .subject = name, .result = "present" };

	return explain_print(explain, &link, "%s/%s has this number", explain->dev_path, name);
}

/* A directory that is being gone through; names are below the device directory. */
struct walk {
	struct explain *explain;
	const struct number *number;
	dev_t device; /* other file systems are left alone: /dev/shm is no place for nodes */
	unsigned int depth;
};

static int walk_directory(struct walk *walk, int fd, const char *prefix);

static int walk_entry(struct walk *walk, int dir_fd, const char *prefix, const char *entry)
{
	struct number number;
	struct stat st;
	char *name;
	int fd, r = 0;

	if (fstatat(dir_fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return pass_over(errno);
	if (asprintf(&name, "%s%s%s", prefix, *prefix != '\0' ? "/" : "", entry) < 0)
		return -ENOMEM;
	number = number_of_stat(&st);
	if (S_ISDIR(st.st_mode) && st.st_dev == walk->device && walk->depth < DEPTH_MAX) {
		fd = open_at(dir_fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		r = fd < 0 ? pass_over(errno) : walk_directory(walk, fd, name);
	} else if (number_equal(&number, walk->number)) {
		r = print_name(walk->explain, name);
	}
	free(name);
	return r;
}

/* Closes fd. */
static int walk_directory(struct walk *walk, int fd, const char *prefix)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	walk->depth++;
	while (r == 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = walk_entry(walk, dirfd(dir), prefix, entry->d_name);
	if (r == 0)
		r = -errno;
	walk->depth--;
	(void)closedir(dir);
	return r;
}

int node_print_names(struct explain *explain, const struct number *number)
{
	struct walk walk = { .explain = explain, .number = number };
	struct stat st;
	int fd;

	if (explain->dev_fd < 0)
		return 0;
	fd = open_at(explain->dev_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return pass_over(errno);
	if (fstat(fd, &st) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	walk.device = st.st_dev;
	return walk_directory(&walk, fd, "");
}
