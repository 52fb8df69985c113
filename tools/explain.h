/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/array.h"
#include "kernels.h"
#include "modprobe/modprobe.h"
#include "node/syntax.h"

enum explained_state {
	EXPLAINED_NUMBER, /* no name was given */
	EXPLAINED_ABSENT,
	EXPLAINED_OBSTRUCTED, /* a file has the name of its directory */
	EXPLAINED_HIDDEN, /* its directory may not be searched */
	EXPLAINED_OTHER, /* a file of another type has its name */
	EXPLAINED_DEVICE,
};

/* A name in the device directory. */
struct explained_node {
	enum explained_state state;
	struct device_number number;
	mode_t mode; /* and the type */
	uid_t uid;
	gid_t gid;
	char *user; /* their names */
	char *group;
	char *link; /* the target, if it is a symbolic link */
	char *acl; /* the extended attribute, or NULL */
	size_t acl_size;
	bool is_nodev; /* its file system is mounted nodev */
	char *rules; /* mode and owner that udev's rules give, "0660 root:kvm", or NULL */
	bool differs; /* mode or owner are others than those */
	bool may_gain; /* those give a user or group more than the mode does */
	bool is_judged; /* whether the user may read and write is known */
	bool may_read;
	bool may_write;
	int error; /* errno of open(2), if it fails by the node; or 0 */
};

/* A reason why open(2) does not reach the driver. */
struct explained_obstacle {
	const char *kind; /* see kmod-devname-explain(8) */
	const char *file; /* of the resolution, below the root directory; or NULL */
	size_t line;
	char *text; /* "problem; hint" */
};

/* What becomes of the modules of a number. */
struct explained_modules {
	enum resolution_verdict value; /* the best one */
	char *names; /* of the modules that are loaded, or are there: "a, b"; or NULL */
	const char *missing; /* that modules.devname declares, and none of these will be there */
};

struct explain {
	struct common common;
	const char *user; /* NULL: who asks */
	struct kernels kernels;
	const struct kernel *kernel;
	bool is_host; /* the root directory is that of the running system */
	bool is_running; /* the kernel is the running one */
	int dev_fd; /* of --dev */
	const char *name; /* below the device directory; NULL: a number was given */
	char *subject; /* "/dev/fuse" or "c10:229" */
	char *where; /* the options by which a command in a hint is about the same nodes */
	struct kmod_devname_table *table; /* modules.devname */
	struct kmod_devname_table *builtin; /* of modules that are built in */
	const struct kmod_devname_node *declared; /* of either, with the name; or NULL */
	struct explained_node node;
	bool has_number;
	struct device_number number; /* that counts: of the node, or else declared */
	char *driver; /* of the running kernel, that has the number; or NULL */
	char *major_driver; /* that has the major number, and not this device; or NULL */
	bool is_unregistered; /* no driver has this device, as far as /sys and /proc tell */
	struct resolution *resolution; /* NULL: nothing was asked */
	struct explained_modules modules;
	bool is_hindered; /* the modules that the kernel asks for do not become available */
	struct list obstacles;
	int error; /* errno of open(2), by the first of these; or 0 */
	const char *result; /* "loads", "loaded", "built-in", "driver", or the first obstacle */
	char *verdict;
	enum status findings;
};

/* True for the nodes of another kernel, and of an image. */
static inline bool explain_is_made_at_boot(const struct explain *explain)
{
	return explain->has_number && !explain->is_running && !explain->common.dev;
}

/* Adds an obstacle. */
struct explained_obstacle *explain_hinder(struct explain *explain, const char *kind,
					  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Looks at the node, and at what the user may do. */
enum status explain_examine_node(struct explain *explain);
void explain_node_done(struct explained_node *node);

/* Adds the obstacles of the node. 0 or a negative errno. */
int explain_judge_node(struct explain *explain);

/* Finds the driver of the number, or asks for its modules and adds their obstacles. As above. */
int explain_judge_kernel(struct explain *explain);

/* True if an obstacle tells what is wrong with the module of a step. */
bool explain_is_obstacle(const struct explain *explain, const struct resolution_step *step);

void explain_print_text(const struct explain *explain);
void explain_print_json(const struct explain *explain);

#endif
