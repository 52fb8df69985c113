/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MKMODULE_H
#define MKMODULE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Builds the image of a kernel module: an ELF file laid out as the kernel's build does it,
 * header, .modinfo, .shstrtab, section headers; and then with at most one thing wrong.
 */
enum mkmodule_defect {
	MKMODULE_SOUND,
	MKMODULE_NO_MODINFO,
	MKMODULE_NO_SECTIONS,
	MKMODULE_EXTENDED_NUMBERS, /* section count and index of names in section 0: legal */
	MKMODULE_SECOND_MODINFO, /* another .modinfo after the first: the first counts */
	MKMODULE_MODINFO_LAST, /* .modinfo are the last bytes of the file: legal */
	MKMODULE_UNTERMINATED, /* the last string has no NUL: legal */
	MKMODULE_LEADING_NULS, /* NULs before and between the strings: legal */
	MKMODULE_MANY_SECTIONS, /* 200 empty ones before .modinfo: legal */
	MKMODULE_NAMES_FAR, /* .shstrtab stands at the beginning: legal */
	MKMODULE_BAD_CLASS,
	MKMODULE_BAD_ENCODING,
	MKMODULE_BAD_VERSION,
	MKMODULE_NAMES_INDEX_ZERO,
	MKMODULE_NAMES_INDEX_BEYOND,
	MKMODULE_NAMES_NO_STRTAB,
	MKMODULE_NAMES_BEYOND,
	MKMODULE_NAME_OFFSET_BEYOND,
	MKMODULE_TABLE_BEYOND,
	MKMODULE_TABLE_OVERFLOW,
	MKMODULE_ENTRY_SIZE,
	MKMODULE_MODINFO_BEYOND,
	MKMODULE_MODINFO_OVERFLOW,
	MKMODULE_MODINFO_NOBITS,
	MKMODULE_MODINFO_COMPRESSED,
	MKMODULE_MODINFO_HUGE, /* its header says 17 MiB */
	MKMODULE_DEFECTS,
};

/* The name of a defect, "sound", "no-modinfo" and so on; NULL if it is none. */
const char *mkmodule_defect_name(enum mkmodule_defect defect);

struct mkmodule {
	unsigned int bits; /* 32 or 64 */
	unsigned int big_endian; /* 0 or 1 */
	enum mkmodule_defect defect;
	const char *const *strings; /* of .modinfo: "alias=devname:fuse", ... */
	size_t n_strings;
};

/* The image, to be freed; its size in *ret_size. Aborts if there is no memory. */
uint8_t *mkmodule(const struct mkmodule *spec, size_t *ret_size);

#endif
