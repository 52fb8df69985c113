/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NODE_STATUS_H
#define NODE_STATUS_H

#include "dev/devdir.h"
#include "kernels.h"
#include "text/print.h"
#include "udev/rules.h"

struct loading;

/* The sources of list beside modules.devname. */
struct node_status {
	const char *dev_path; /* for messages */
	struct devdir dev; /* .fd is -1 if no device directory belongs to the kernel */
	struct accounts accounts; /* names of the owners there */
	struct kmod_devname_permissions *permissions; /* by the rules of udev, instead; or NULL */
	struct loading *loading; /* NULL: what modprobe would load is not known */
	char owners[2][256]; /* the user and the group of the last node */
	struct common common; /* prints errors alone: check has the other findings */
	enum status worst; /* of what could not be found out */
};

/* The user's device directory, or that of the running system. */
enum status node_status_open(struct node_status *status, const char *dev,
			     const struct kernels *kernels, bool is_running,
			     const struct common *common);

/* Returns STATUS_FAILED if something could not be found out, after a message. */
enum status node_status_done(struct node_status *status);

/* Fills in the known values of a node. The texts are valid until the next call. */
void node_status_get(struct node_status *status, const struct kmod_devname_node *node,
		     struct printed_node *ret_node);

/*
 * The answers of modprobe for the nodes of a kernel. NULL in the static tool, which has no answer;
 * elsewhere loading_get() returns NULL for a node without one.
 */
struct loading *loading_open(const struct kernels *kernels, const struct kernel *kernel,
			     bool is_running, const struct common *common);
/* The sysctl that keeps the running kernel from loading modules, and what helps; or NULL. */
const char *loading_find_sysctl(void);
/* "loaded", "built-in", "loadable" or "blocked"; or NULL. */
const char *loading_get(struct loading *loading, const struct kmod_devname_node *node);
/* Returns STATUS_FAILED if an answer is missing, after a message. */
enum status loading_close(struct loading *loading);

#endif
