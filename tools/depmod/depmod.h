/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEPMOD_H
#define DEPMOD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "options.h"

/* --- command-line.c: what a command line makes depmod do, and where ------------------------ */

/* The option tables of depmod differ: up to kmod 33 -m is a flag, from 34 on it takes a value. */
enum depmod_version {
	DEPMOD_34,
	DEPMOD_30,
	N_DEPMOD_VERSIONS,
};

/* A command line as one version of depmod reads it. */
struct depmod_line {
	const char *basedir; /* NULL: not given, as with the next two */
	const char *outdir;
	const char *moduledir;
	const char *version; /* NULL: that of the running kernel */
	struct list configs; /* the paths of --config, which may be given several times */
	bool has_files; /* only modules that are named one by one count */
	bool is_all; /* all modules count, whether named or not */
	bool is_quick; /* depmod does nothing if no module is new */
	bool writes_nothing;
};

/* A directory where depmod may write, if it understands the line in one way. */
struct depmod_place {
	const struct depmod_line *line;
	char *from; /* the module directory that is read */
	char *to; /* the one that is written, which is the same without --outdir */
	struct stat before; /* of modules.alias before depmod ran; all 0 if it was not there */
	bool is_hidden; /* this cannot be had */
	/* modules.devname before depmod ran; NULL: none, or not the same place */
	struct kmod_devname_table *list;
	int list_error; /* a negative errno if the list was there and could not be read */
};

#define PLACES_MAX 4

struct places {
	struct depmod_line lines[N_DEPMOD_VERSIONS];
	struct depmod_place items[PLACES_MAX];
	int n_lines, size;
};

/* To be called before depmod runs. Release it with places_done(). */
void places_find(struct places *places, int argc, char *const *argv);

void places_done(struct places *places);

enum refresh_action {
	REFRESH_NOTHING,
	REFRESH_FROM_INDEX, /* which depmod has just written */
	REFRESH_FROM_MODULES,
	REFRESH_FAILED, /* with a message */
};

/* Finds the remaining work and its place. Call it after depmod has succeeded. */
enum refresh_action places_choose(const struct places *places,
				  const struct depmod_place **ret_place);

/* --- real.c: the depmod behind the front end ---------------------------------------------- */

/* Its path, to be freed; or NULL after a message. */
char *real_find(void);

/*
 * Runs it with the words after the first of a command line. Returns its exit status, or that of a
 * failure, after a message. If a signal ends it, the same signal ends this process.
 */
int real_run(const char *path, char *const *argv);

#endif
