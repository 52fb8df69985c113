/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODULES_H
#define MODULES_H

#include "kernels.h"

static inline void unref_config(struct kmod_devname_config *const *config)
{
	kmod_devname_config_unref(*config);
}

#define _cleanup_config_ __attribute__((cleanup(unref_config)))

/*
 * Reads depmod.d(5) of the root directory of a kernel, or instead the files and directories of the
 * host that --config names, in their order. Findings name these as they were given. 0, or a
 * negative errno without a message. Also then the caller releases the configuration.
 */
int make_depmod_config(const struct kernel *kernel, struct kmod_devname_report *report,
		       struct kmod_devname_config **ret_config);

/* The same with messages. */
enum status read_depmod_config(const struct kernel *kernel,
			       struct kmod_devname_config **ret_config);

enum modules_source {
	SOURCE_MODULES,
	SOURCE_INDEX, /* modules.dep and modules.alias, which depmod has just written */
	SOURCE_AUTO, /* the same files, as far as nothing has changed since */
	N_SOURCES,
};

#define LACKS_LISTED "none of the modules in " ORDER_NAME " exists"

struct modules_options {
	unsigned int threads; /* 0: as many as are good */
	enum modules_source source; /* tells which modules need not be read */
	/* modules that cannot be read keep the lines that the kernel's file has of them */
	bool keeps_lines;
	bool is_silent; /* a terminal shows no progress */
	/* for SOURCE_INDEX: */
	int index_dir_fd; /* the directory of the index; -1: that of the kernel */
	bool needs_index; /* or else all modules are read */
	bool is_of_part; /* the index need not have each module */
	const struct kmod_devname_table
		*list; /* from before depmod ran: it is kept, too; or NULL */
};

struct modules_result {
	size_t n_modules;
	const char *bad_index; /* which is needed and cannot be used: STATUS_FAILED; or NULL */
	bool lacks_listed; /* modules.order names modules and none of them is there */
	bool may_keep; /* something could not be read */
	bool has_unreadable_order;
	bool is_undecodable; /* this build decompresses none of the modules */
};

/*
 * Reads the nodes of the built-in modules of a kernel. Their bad aliases do no harm, since they
 * need no modules.devname. 0 or a negative errno.
 */
int read_builtin_nodes(const struct kernel *kernel, struct kmod_devname_table *table);

/*
 * Reads the modules of a kernel. Findings go to the report; a failure that the report does not name
 * is printed. The configuration may be NULL.
 */
enum status modules_read(const struct kernel *kernel, struct kmod_devname_config *config,
			 const struct modules_options *options, struct kmod_devname_table *table,
			 struct kmod_devname_report *report, struct modules_result *ret_result);

#endif
