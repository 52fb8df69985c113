/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>

/*
 * Reads one text of JSON by the grammar of RFC 8259, and writes each value that is no array or
 * object as a line "/KEY/INDEX/KEY TYPE VALUE"; TYPE is one of the letters s n t f 0 (null).
 * Fails as FUZZ_CHECK() does if the text is not JSON.
 */
void json_flatten(const char *text, FILE *stream);

#endif
