// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generate: the modules of a kernel -> its modules.devname.
 *
 * For each kernel the target directory is opened and locked, so that no other run replaces the file
 * meanwhile. The modules are read into a table, and the table is written to the file, atomically
 * and only if it changes, or to standard output. An invalid module is a finding and gives no nodes;
 * an unreadable module keeps its lines. Nothing is written if reading fails, or if the result
 * cannot be complete: the directory belongs to no kernel, none of the listed modules exists, or
 * this build can decompress none of them.
 */

#include <string.h>

#include "modules.h"
#include "node/syntax.h"
#include "output.h"

#define THREADS_MAX 1024

enum {
	KEY_OUTPUT = 256,
	KEY_PASS_OVER,
	KEY_SOURCE,
	KEY_THREADS,
};

static const char *get_source(int i)
{
	static const char *const names[N_SOURCES + 1] = { "modules", "index", "auto" };

	return names[i];
}

static const struct option_spec generate_options[] = {
	{ 'C', "config", "PATH", "read this file or directory instead of depmod.d" },
	{ 'o', "outdir", "DIR", "write below this second root directory" },
	{ 'n', "dry-run", NULL, "print the text, and write nothing" },
	{ KEY_OUTPUT, "output", "FILE", "write to this file instead; - is standard output" },
	{ KEY_PASS_OVER, "pass-over", NULL, "skip a path that --all would skip" },
	{ KEY_SOURCE, "source", "SOURCE", "modules to read (default: modules)" },
	{ KEY_THREADS, "threads", "N", "threads that read modules (default: the CPUs)" },
	{ 0 },
};

struct generate {
	struct common common;
	const char *outdir;
	const char *output;
	bool dry_run;
	bool has_headings; /* several kernels are printed */
	bool pass_over; /* skip named kernels that --all would skip */
	unsigned int threads;
	enum modules_source source;
	size_t n_done; /* kernels that were not skipped */
};

static bool parse_threads(struct generate *generate, const char *value)
{
	unsigned long n = strtoul(value, NULL, 10); /* which takes blanks and signs, too */

	if (!syntax_is_digits(value) || n < 1 || n > THREADS_MAX) {
		say("--threads: '%s' is not a number from 1 to %d", value, THREADS_MAX);
		return false;
	}
	generate->threads = (unsigned int)n;
	return true;
}

static bool parse_source(struct generate *generate, const char *value)
{
	int i = find_value("--source", get_source, value, strlen(value));

	if (i >= 0)
		generate->source = (enum modules_source)i;
	return i >= 0;
}

static bool parse_generate_option(void *data, int key)
{
	struct generate *generate = data;

	switch (key) {
	case 'o':
		generate->outdir = optarg;
		return true;
	case 'n':
		generate->dry_run = true;
		return true;
	case KEY_OUTPUT:
		generate->output = optarg;
		return true;
	case KEY_PASS_OVER:
		generate->pass_over = true;
		return true;
	case KEY_SOURCE:
		return parse_source(generate, optarg);
	default:
		return parse_threads(generate, optarg);
	}
}

static enum status read_modules_of(const struct generate *generate, const struct kernel *kernel,
				   struct kmod_devname_table *table,
				   struct kmod_devname_report *report, struct modules_result *ret)
{
	const struct modules_options how = {
		.threads = generate->threads,
		.source = generate->source,
		/* elsewhere the result depends on the modules alone */
		.keeps_lines = !generate->output && !generate->outdir,
		.is_silent = generate->common.is_hook || generate->pass_over,
		.index_dir_fd = -1,
		.needs_index = true,
	};
	_cleanup_config_ struct kmod_devname_config *config = NULL;
	enum status status = read_depmod_config(kernel, &config);

	if (status == STATUS_FAILED)
		return status;
	return worse(status, modules_read(kernel, config, &how, table, report, ret));
}

/* The library returns 1 if it has written, and 0 if the file was right already. */
static enum status write_generated(const struct generate *generate, const struct kernel *kernel,
				   struct target *target, const struct kmod_devname_table *table,
				   size_t modules)
{
	int r;

	/* not before there is something to write: a kernel that is refused leaves no directory */
	if (target->dir_fd == TARGET_ABSENT) {
		enum status status = target_outdir(generate->outdir, kernel, true, target);

		if (status != STATUS_CLEAN)
			return status;
		target_lock(target, &generate->common);
	}
	if (target->dir_fd < 0) {
		_cleanup_free_ char *path = escape(kernel->path);

		/* a comment of modules.devname */
		if (generate->has_headings)
			printf("# %s/" FILE_NAME "\n", path);
		r = kmod_devname_table_write(table, stdout);
		return r < 0 ? say_failure("standard output", r) : STATUS_CLEAN;
	}
	r = target_write(target, table);
	if (r < 0)
		return STATUS_FAILED;
	if (generate->common.verbose)
		say("%s: %zu nodes from %zu modules of %s, %s", target->path,
		    kmod_devname_table_size(table), modules, kernel->version,
		    r > 0 ? "written" : "unchanged");
	return STATUS_CLEAN;
}

static enum status refuse_kernel(const struct generate *generate, const struct kernel *kernel,
				 const char *why)
{
	return kernel_refuse(kernel, generate->common.all || generate->pass_over, why);
}

static enum status generate_into(struct generate *generate, const struct kernel *kernel,
				 struct target *target)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct modules_result result = { 0 };
	enum status status = read_modules_of(generate, kernel, table, report, &result);

	if (status != STATUS_FAILED && result.lacks_listed)
		return refuse_kernel(generate, kernel, LACKS_LISTED);
	generate->n_done++;
	status = worse(status, print_report(report, kernel->path, &generate->common));
	if (result.bad_index)
		say("%s/%s: unusable index; run depmod", kernel->path, result.bad_index);
	if (status == STATUS_FAILED)
		return status;
	/* by name alone, another module may win a conflict */
	if (result.has_unreadable_order) {
		say("%s: cannot order the nodes without " ORDER_NAME, kernel->path);
		return STATUS_FAILED;
	}
	if (result.is_undecodable) {
		say("%s: cannot decompress any of the modules with this build", kernel->path);
		return STATUS_FAILED;
	}
	return worse(status, write_generated(generate, kernel, target, table, result.n_modules));
}

/* With --dry-run no file is written, also with --output. */
static enum status open_target(const struct generate *generate, const struct kernel *kernel,
			       struct target *ret_target)
{
	if (generate->dry_run || (generate->output && strcmp(generate->output, "-") == 0))
		return target_stdout(ret_target);
	if (generate->output)
		return target_file(generate->output, false, ret_target);
	if (generate->outdir)
		return target_outdir(generate->outdir, kernel, false, ret_target);
	return target_kernel(kernel, ret_target);
}

static enum status generate_kernel(struct generate *generate, const struct kernel *kernel)
{
	int kind = kernel_classify(kernel);
	struct target target;
	enum status status;

	if (kind < 0)
		return say_failure(kernel->path, kind);
	if (kind == DIRECTORY_ROOT)
		return say_root_directory(kernel->path);
	if (kind == DIRECTORY_PLAIN)
		return refuse_kernel(generate, kernel, NOT_OF_KERNEL);
	status = open_target(generate, kernel, &target);
	if (status != STATUS_CLEAN)
		return status;
	/* before the modules are read, so the later of two runs writes the newer list */
	target_lock(&target, &generate->common);
	status = generate_into(generate, kernel, &target);
	target_done(&target);
	return status;
}

static enum status generate_kernels(struct generate *generate, char **names, int n_names)
{
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	enum status status = kernels_find(&kernels, &generate->common, names, n_names, false);

	if (status != STATUS_CLEAN)
		return status;
	if (generate->output && kernels.size != 1) {
		say("--output is for one kernel");
		return STATUS_FAILED;
	}
	status = kernels.found;
	generate->has_headings = kernels.size > 1;
	for (size_t i = 0; i < kernels.size; i++)
		status = worse(status, generate_kernel(generate, &kernels.items[i]));
	if (status == STATUS_CLEAN && generate->common.all && generate->n_done == 0)
		return kernels_say_none(&kernels);
	return status;
}

static int run_generate(const struct command *command, int argc, char **argv)
{
	struct generate generate = { 0 };
	enum status status;

	if (parse_options(command, argc, argv, &generate.common, parse_generate_option, &generate,
			  &status)) {
		if (generate.outdir && generate.output) {
			say("--outdir cannot be combined with --output");
			status = STATUS_FAILED;
		} else {
			status = finish_output(
				generate_kernels(&generate, argv + optind, argc - optind));
		}
	}
	list_free(&generate.common.configs);
	return status;
}

const struct command cmd_generate = {
	.name = "generate",
	.summary = "write modules.devname from the modules of a kernel",
	.description = "Read the modules of each kernel, and write modules.devname to its module\n"
		       "directory, atomically and only if it changes.",
	.options = generate_options,
	.value_key = KEY_SOURCE,
	.get_value = get_source,
	.run = run_generate,
};
