/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEPMOD_H
#define DEPMOD_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "options.h"

/* --- depmod-line.c: what a command line of depmod says ------------------------------------ */

/* The option tables of depmod differ: up to kmod 33 -m is a flag, from 34 on it takes a value. */
enum dialect {
	DIALECT_34,
	DIALECT_30,
	N_DIALECTS,
};

struct line {
	const char *basedir; /* NULL: not given, as with the next two */
	const char *outdir;
	const char *moduledir;
	const char *version; /* NULL: that of the running kernel */
	const char **configs; /* of --config, which may be given several times */
	size_t n_configs;
	bool has_files; /* only modules that are named one by one count */
	bool is_all; /* all do, named or not */
	bool is_quick; /* nothing is to be done if no module is new */
	bool writes_nothing;
};

/*
 * Reads a command line with the option table of one dialect. Returns 1, 0 if it has an option that
 * is not in the table, or -ENOMEM. Release it with line_done(), whatever was returned.
 */
int line_read(struct line *line, enum dialect dialect, int argc, char *const *argv);
void line_done(struct line *line);

/* --- depmod-real.c: the depmod behind the front end --------------------------------------- */

/* Its path, to be freed; or NULL, and why has been said. */
char *real_find(void);

/*
 * Runs it with the words after the first of a command line. Returns its exit status, or that of a
 * failure, which has been said. If a signal ends it, the same signal ends this process.
 */
int real_run(const char *path, char *const *argv);

/* --- depmod-place.c: where depmod works ----------------------------------------------------- */

/* Where depmod may write, if it understands the line in one way. */
struct depmod_place {
	const struct line *line;
	char *from; /* the module directory that is read */
	char *to; /* the one that is written, which is the same without --outdir */
	struct stamp {
		dev_t device;
		ino_t inode;
		struct timespec changed;
		off_t size;
		bool is_hidden; /* this user may not see it */
	} before; /* modules.alias before depmod ran */
};

#define PLACES_MAX 4

/* Is a negative errno what is said of a file that is not there? */
bool is_absent(int error);

struct places {
	struct line lines[N_DIALECTS];
	struct depmod_place items[PLACES_MAX];
	int n_lines, size;
};

/* To be called before depmod runs. Says why it fails. Release it with places_done(). */
enum status places_find(struct places *places, int argc, char *const *argv);

void places_done(struct places *places);

enum todo {
	TODO_NOTHING,
	TODO_FROM_INDEX, /* which depmod has just written */
	TODO_FROM_MODULES,
	TODO_FAILED, /* and why has been said */
};

/* To be called when depmod has succeeded: what is left to be done, and where. */
enum todo places_choose(const struct places *places, const struct depmod_place **ret_place);

/* --- depmod-refresh.c: modules.devname, when depmod is done ------------------------------- */

/* is_new: the index is depmod's. Returns whether all is well; if not, why has been said. */
bool refresh(const struct depmod_place *place, bool is_new);

#endif
