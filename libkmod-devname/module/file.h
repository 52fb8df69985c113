/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_FILE_H
#define MODULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "module/codec.h"
#include "module/image.h"

#define MODULE_FILE_CODECS 3

/* Memory and codecs for reading one module after the other. One for each thread. */
struct module_file {
	struct input input;
	struct output output;
	void *contexts[MODULE_FILE_CODECS];
};

/* A module may have size_max bytes when decompressed. */
void module_file_init(struct module_file *file, size_t size_max);

/*
 * Much more than an image has by what its own headers say is a fault too, once there are more
 * bytes than any module is known to have. Without this only size_max counts.
 */
void module_file_set_extent(struct module_file *file,
			    uint64_t (*extent)(const uint8_t *data, size_t size));

void module_file_done(struct module_file *file);

/* Does the image of a file need module_file_decompress()? Told by its first bytes. */
bool module_file_is_compressed(const struct image *image);

/*
 * Decompresses the file that the image reads from. The new image is good until the next call.
 * Returns 0, a fault, or a negative errno.
 */
int module_file_decompress(struct module_file *file, const struct image *image,
			   struct image *ret_image);

#endif
