// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An index of depmod, modules.*.bin: one whose bounds are good does libkmod no harm, and has the
 * same keys here and there.
 */

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "fuzz.h"
#include "modprobe/modprobe.h"

/* As normalised by libkmod, which it does not change. */
static const char *const keys[] = {
	"char_major_10_229", "char_major_10_200", "char_major_4_64", "block_major_7_0", "a", "fuse",
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static struct kmod_ctx *new_context(const char *directory)
{
	const char *const none[] = { NULL };
	struct kmod_ctx *ctx;
	char *path;

	FUZZ_CHECK(asprintf(&path, "/proc/self/fd/%d/%s", fuzz_root(), directory) >= 0,
		   "no memory");
	ctx = kmod_new(path, none);
	FUZZ_CHECK(ctx, "no context");
	kmod_set_log_priority(ctx, LOG_EMERG);
	free(path);
	return ctx;
}

/* libkmod looks up whatever there is, and comes to an end: no name is too much for it. */
static void check_match(struct kmod_ctx *ctx, const struct binary_index *index, const char *key)
{
	struct kmod_list *list = NULL;

	(void)index;
	/* it fails if a name is long */
	(void)kmod_module_new_from_lookup(ctx, key, &list);
	kmod_module_unref_list(list);
}

/* Whether libkmod has a key, where the index is that of modules. */
static void check_find(struct kmod_ctx *ctx, const struct binary_index *index, const char *key)
{
	bool found = binary_index_find(index, key);
	struct kmod_list *list = NULL;
	int r = kmod_module_new_from_lookup(ctx, key, &list);

	FUZZ_CHECK(r == 0 && found == (list != NULL), "%s: %d, %s", key, r,
		   found ? "not found by libkmod" : "found by libkmod alone");
	kmod_module_unref_list(list);
}

static void check_keys(const char *directory, const struct binary_index *index,
		       void (*check)(struct kmod_ctx *, const struct binary_index *, const char *))
{
	struct kmod_ctx *ctx = new_context(directory);

	FUZZ_CHECK(kmod_load_resources(ctx) == 0, "libkmod does not take it");
	for (size_t i = 0; i < N_KEYS; i++)
		check(ctx, index, keys[i]);
	kmod_unref(ctx);
}

/* The indexes without which libkmod takes none: these are of no module. */
static void write_others(void)
{
	static const uint8_t none[] = { 0xb0, 7, 0xf4, 0x57, 0, 2, 0, 1, 0, 0, 0, 12 };
	static const char *const others[] = {
		"aliases/modules.dep.bin",     "aliases/modules.symbols.bin",
		"aliases/modules.builtin.bin", "names/modules.alias.bin",
		"names/modules.symbols.bin",   "names/modules.builtin.bin",
	};
	static bool done;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && !done; i++)
		fuzz_write(others[i], none, sizeof(none));
	done = true;
}

static int read_index(struct binary_index *index, const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size), r = binary_index_read(index, fd);

	FUZZ_CHECK(r >= 0, "%s", strerror(-r));
	return r;
}

void fuzz_target_lookup(const uint8_t *data, size_t size)
{
	struct binary_index index;

	if (read_index(&index, data, size) == 0 || size == 0)
		return;
	write_others();
	fuzz_write("aliases/modules.alias.bin", data, size);
	check_keys("aliases", &index, check_match);
	fuzz_write("names/modules.dep.bin", data, size);
	check_keys("names", &index, check_find);
	binary_index_done(&index);
}
