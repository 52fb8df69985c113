// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where depmod works. That depends on how it understands its command line and how it was built,
 * so all ways are looked at before, and the one whose modules.alias has changed is the right one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "depmod/depmod.h"
#include "read-index.h"

bool is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENAMETOOLONG;
}

static int get_status(const char *directory, const char *name, struct stat *st)
{
	char *path = join_path(directory, name);
	int r;

	if (!path)
		return -ENOMEM;
	r = stat(path, st) < 0 ? -errno : 0;
	free(path);
	return r;
}

static int get_stamp(const char *directory, struct stamp *ret_stamp)
{
	struct stat st = { 0 };
	int r = get_status(directory, INDEX_NAME, &st);

	if (r < 0 && r != -EACCES && !is_absent(r))
		return r;
	*ret_stamp = (struct stamp){ st.st_dev, st.st_ino, st.st_ctim, st.st_size, r == -EACCES };
	return 0;
}

/* 1 or 0, or a negative errno. What cannot be seen may be as it was: then the modules are read. */
static int has_changed(const struct depmod_place *place)
{
	const struct stamp *before = &place->before;
	struct stamp now;
	int r = get_stamp(place->to, &now);

	if (r < 0)
		return r;
	if (before->is_hidden || now.is_hidden)
		return 0;
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

static enum status add_place(struct places *places, const struct line *line, const char *moduledir,
			     const char *version)
{
	const char *outdir = line->outdir ? line->outdir : line->basedir;
	struct depmod_place *place = &places->items[places->size++];
	int r;

	place->line = line;
	place->from = get_directory(line->basedir, moduledir, version);
	place->to = get_directory(outdir, moduledir, version);
	if (!place->from || !place->to)
		return say_failure(moduledir, -ENOMEM);
	r = get_stamp(place->to, &place->before);
	return r < 0 ? say_failure(place->to, r) : STATUS_CLEAN;
}

/* Where nothing is said, it depends on how depmod was built. */
static enum status add_places(struct places *places, const struct line *line, const char *running)
{
	const char *version = line->version ? line->version : running;
	enum status status;

	if (line->moduledir)
		return add_place(places, line, line->moduledir, version);
	status = add_place(places, line, "lib/modules", version);
	return status != STATUS_CLEAN ? status
				      : add_place(places, line, "usr/lib/modules", version);
}

enum status places_find(struct places *places, int argc, char *const *argv)
{
	struct utsname system;
	enum status status = STATUS_CLEAN;

	*places = (struct places){ 0 };
	if (uname(&system) < 0)
		return say_failure("uname", -errno);
	for (int i = 0; i < N_DIALECTS && status == STATUS_CLEAN; i++) {
		struct line *line = &places->lines[places->n_lines];
		int r = line_read(line, (enum dialect)i, argc, argv);

		if (r > 0) {
			places->n_lines++;
			status = add_places(places, line, system.release);
		} else {
			line_done(line);
		}
		if (r < 0)
			status = say_failure("command line", r);
	}
	return status;
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

/* 1 or 0, or a negative errno. */
static int is_there(const char *directory, const char *name)
{
	struct stat st;
	int r = get_status(directory, name, &st);

	if (r == 0)
		return 1;
	return is_absent(r) ? 0 : r;
}

/* In how many of the ways to understand the command line depmod writes nothing. */
static int count_without_writing(const struct places *places)
{
	int n = 0;

	for (int i = 0; i < places->n_lines; i++)
		n += places->lines[i].writes_nothing;
	return n;
}

static int is_place_there(const struct depmod_place *place)
{
	return is_there(place->to, ".");
}

/* The first of which that is so: 1; 0 if it is so of none; or a negative errno, which is said. */
static int find_place(const struct places *places, int (*is_so)(const struct depmod_place *place),
		      const struct depmod_place **ret_place)
{
	int r = 0;

	for (int i = 0; i < places->size && r == 0; i++) {
		r = is_so(&places->items[i]);
		if (r < 0)
			say_failure(places->items[i].to, r);
		else if (r > 0)
			*ret_place = &places->items[i];
	}
	return r;
}

/* Where nothing was new for depmod. */
static enum todo choose_unchanged(const struct places *places,
				  const struct depmod_place **ret_place)
{
	const struct depmod_place *place;
	int r = find_place(places, is_place_there, ret_place);

	if (r == 0)
		say("%s: the module directory is not there", places->items[0].to);
	if (r <= 0)
		return TODO_FAILED;
	place = *ret_place;
	r = place->line->is_quick ? is_there(place->to, FILE_NAME) : 0;
	if (r < 0)
		say_failure(place->to, r);
	if (r != 0)
		return r < 0 ? TODO_FAILED : TODO_NOTHING;
	return TODO_FROM_MODULES;
}

enum todo places_choose(const struct places *places, const struct depmod_place **ret_place)
{
	int n = count_without_writing(places), r;

	if (places->n_lines == 0) {
		say("warning: this depmod has an option that is not known here, so %s is as it "
		    "left it",
		    FILE_NAME);
		return TODO_NOTHING;
	}
	if (n == places->n_lines)
		return TODO_NOTHING;
	r = find_place(places, has_changed, ret_place);
	if (r != 0)
		return r < 0 ? TODO_FAILED : TODO_FROM_INDEX;
	return n > 0 ? TODO_NOTHING : choose_unchanged(places, ret_place);
}
