// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of depmod.d(5) -> which copy of a module counts. The order of copies is one that can
 * be sorted by, and what is excluded or external stands in the text.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tree/scan.h"

static const char *const paths[] = {
	"kernel/fs/fuse/fuse.ko", "updates/fuse.ko", "updates/dkms/fuse.ko.xz", "extra/fuse.ko.gz",
	"weak-updates/a/fuse.ko", "/opt/x/fuse.ko",  "/opt/y/z/fuse.ko",        "fuse.ko",
};
#define N_PATHS (sizeof(paths) / sizeof(paths[0]))

#define DIRECTORY "lib/modules/6.1.0-50-amd64"

static void check_order(const struct kmod_devname_config *config)
{
	struct copy_rank ranks[N_PATHS];
	int order[N_PATHS][N_PATHS];

	for (size_t i = 0; i < N_PATHS; i++)
		FUZZ_CHECK(depmod_conf_rank(config, DIRECTORY, paths[i], &ranks[i]) == 0,
			   "no memory");
	for (size_t i = 0; i < N_PATHS; i++)
		for (size_t j = 0; j < N_PATHS; j++)
			order[i][j] = copy_rank_compare(&ranks[i], &ranks[j]);
	for (size_t i = 0; i < N_PATHS; i++)
		for (size_t j = 0; j < N_PATHS; j++) {
			FUZZ_CHECK(order[i][j] == -order[j][i], "%s and %s", paths[i], paths[j]);
			for (size_t k = 0; k < N_PATHS; k++)
				FUZZ_CHECK(order[i][j] > 0 || order[j][k] > 0 || order[i][k] <= 0,
					   "%s, %s and %s", paths[i], paths[j], paths[k]);
		}
}

static void check_names(const struct kmod_devname_config *config, const struct fuzz_bytes *text)
{
	const char *directory;

	for (size_t i = 0; (directory = depmod_conf_external(config, i)); i++) {
		FUZZ_CHECK(directory[0] == '/', "external '%s'", directory);
		FUZZ_CHECK(directory[1] == '\0' || directory[strlen(directory) - 1] != '/',
			   "external '%s'", directory);
	}
	if (depmod_conf_excludes(config, "fuse.ko"))
		FUZZ_CHECK(memmem(text->data, text->size, "exclude", 7) ||
				   memmem(text->data, text->size, "\\\n", 2),
			   "excluded by nothing");
}

void fuzz_target_depmod(const uint8_t *data, size_t size)
{
	static const char *const file = "depmod.conf";
	const struct fuzz_bytes text = { (char *)(uintptr_t)data, size };
	struct fuzz_result result = fuzz_result_new();
	struct kmod_devname_config *config;

	fuzz_write(file, data, size);
	FUZZ_CHECK(kmod_devname_config_new("6.1.0-50-amd64", &config) == 0, "no memory");
	FUZZ_CHECK(kmod_devname_config_read(config, result.report, fuzz_root(), &file, 1) == 0,
		   "the text cannot be read");
	FUZZ_CHECK(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_ERROR) == 0,
		   "an error");
	check_order(config);
	check_names(config, &text);
	kmod_devname_config_unref(config);
	fuzz_result_done(&result);
}
