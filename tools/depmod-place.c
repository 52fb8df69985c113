// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where depmod works. That depends on how it understands its command line and how it was built,
 * so all ways are looked at before, and the one whose modules.alias has changed is the right one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "depmod.h"
#include "read-index.h"
#include "tool.h"

/* All zero if there is no such file. */
static struct stamp get_stamp(const char *directory)
{
	struct stamp stamp = { 0 };
	struct stat st;
	char *path;

	if (asprintf(&path, "%s/%s", directory, INDEX_NAME) < 0)
		return stamp;
	if (stat(path, &st) == 0)
		stamp = (struct stamp){ st.st_dev, st.st_ino, st.st_ctim, st.st_size };
	free(path);
	return stamp;
}

static bool has_changed(const struct depmod_place *place)
{
	const struct stamp *before = &place->before, now = get_stamp(place->to);

	return now.device != before->device || now.inode != before->inode ||
	       now.changed.tv_sec != before->changed.tv_sec ||
	       now.changed.tv_nsec != before->changed.tv_nsec || now.size != before->size;
}

static char *get_directory(const char *root, const char *moduledir, const char *version)
{
	char *path;

	/* depmod puts the working directory before what does not begin with a slash */
	if (root && *root == '\0')
		root = ".";
	return asprintf(&path, "%s/%s/%s", root ? root : "", moduledir, version) < 0 ? NULL : path;
}

static int add_place(struct places *places, const struct line *line, const char *moduledir,
		     const char *version)
{
	const char *outdir = line->outdir ? line->outdir : line->basedir;
	struct depmod_place *place = &places->items[places->size++];

	place->line = line;
	place->from = get_directory(line->basedir, moduledir, version);
	place->to = get_directory(outdir, moduledir, version);
	if (!place->from || !place->to)
		return -ENOMEM;
	place->before = get_stamp(place->to);
	return 0;
}

/* Where nothing is said, it depends on how depmod was built. */
static int add_places(struct places *places, const struct line *line, const char *running)
{
	const char *version = line->version ? line->version : running;
	int r;

	if (line->moduledir)
		return add_place(places, line, line->moduledir, version);
	r = add_place(places, line, "lib/modules", version);
	return r < 0 ? r : add_place(places, line, "usr/lib/modules", version);
}

int places_find(struct places *places, int argc, char *const *argv)
{
	struct utsname system;
	int r = uname(&system) < 0 ? -errno : 0;

	*places = (struct places){ 0 };
	for (int i = 0; i < N_DIALECTS && r >= 0; i++) {
		struct line *line = &places->lines[places->n_lines];

		r = line_read(line, (enum dialect)i, argc, argv);
		if (r > 0) {
			places->n_lines++;
			r = add_places(places, line, system.release);
		} else {
			line_done(line);
		}
	}
	return r < 0 ? r : 0;
}

void places_done(struct places *places)
{
	for (int i = 0; i < places->size; i++) {
		free(places->items[i].from);
		free(places->items[i].to);
	}
	for (int i = 0; i < places->n_lines; i++)
		line_done(&places->lines[i]);
}

static bool is_there(const char *directory, const char *name)
{
	struct stat st;
	char *path;
	bool there;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return false;
	there = stat(path, &st) == 0;
	free(path);
	return there;
}

static bool writes_nothing(const struct places *places)
{
	for (int i = 0; i < places->n_lines; i++)
		if (places->lines[i].writes_nothing)
			return true;
	return false;
}

static const struct depmod_place *find_written(const struct places *places)
{
	for (int i = 0; i < places->size; i++)
		if (has_changed(&places->items[i]))
			return &places->items[i];
	return NULL;
}

static const struct depmod_place *find_there(const struct places *places)
{
	for (int i = 0; i < places->size; i++)
		if (is_there(places->items[i].to, "."))
			return &places->items[i];
	return NULL;
}

enum todo places_choose(const struct places *places, const struct depmod_place **ret_place)
{
	const struct depmod_place *written, *place;

	if (places->n_lines == 0) {
		say("warning: this depmod has an option that is not known here, so %s is as it "
		    "left it",
		    FILE_NAME);
		return TODO_NOTHING;
	}
	if (writes_nothing(places))
		return TODO_NOTHING;
	written = find_written(places);
	place = written ? written : find_there(places);
	if (!place) {
		say("%s: the module directory is not there", places->items[0].to);
		return TODO_FAILED;
	}
	*ret_place = place;
	if (written)
		return TODO_FROM_INDEX;
	/* nothing was new for depmod */
	if (place->line->is_quick && is_there(place->to, FILE_NAME))
		return TODO_NOTHING;
	return TODO_FROM_MODULES;
}
