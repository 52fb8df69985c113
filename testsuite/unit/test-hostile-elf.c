// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modules whose ELF headers lie. A row names a field, what is put into it, and what must come of
 * that by elf(5): the node all the same, nothing, or a fault. Each row is tried in 32 and 64 bits
 * and both byte orders, from a file by the public verb, and from memory that ends where the image
 * does, with a page behind it that must not be touched.
 */

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/hostile.h"
#include "lib/mkmodule.h"
#include "module/modinfo.h"

#define MEMORY (192 * MIB)

static const struct layout {
	const char *name;
	unsigned int bits;
	unsigned int big_endian;
} layouts[] = {
	{ "32-bit little-endian", 32, 0 },
	{ "32-bit big-endian", 32, 1 },
	{ "64-bit little-endian", 64, 0 },
	{ "64-bit big-endian", 64, 1 },
};

static const char *const strings[] = { "license=GPL", "alias=devname:fuse",
				       "alias=char-major-10-229", "depends=" };

/* --- fields ------------------------------------------------------------------------------ */

/* The header, or one of the sections of mkmodule's images, in their order. */
enum part { HEADER, ZERO, TEXT, INFO, NAMES };

/* Where a number comes from: itself, the layout, or the field as it was. */
enum base {
	ABS, /* 0 */
	TOP, /* the highest bit of the field alone */
	OWN, /* what was there */
	OTHER, /* what was there, negative */
	END, /* the size of the file */
	TABLE, /* where the section headers are */
	INFO_AT, /* where .modinfo is */
	INFO_SIZE,
	INFO_REST, /* from there to the end of the file */
	END_INFO, /* as many bytes before the end as it has */
	MINUS_INFO, /* as many before the end of all numbers */
	NAMES_AT, /* where .shstrtab is */
	NAMES_REST,
};

struct field {
	enum part part;
	size_t at32, size32;
	size_t at64, size64;
};

struct patch {
	struct field field;
	enum base base;
	int64_t delta;
};

#define SIZE_OF(type, member) sizeof(((type *)NULL)->member)
#define IDENT(i) \
	{ \
		HEADER, (i), 1, (i), 1 \
	}
#define EH(member) \
	{ \
		HEADER, offsetof(Elf32_Ehdr, member), SIZE_OF(Elf32_Ehdr, member), \
			offsetof(Elf64_Ehdr, member), SIZE_OF(Elf64_Ehdr, member) \
	}
#define SH(part, member) \
	{ \
		part, offsetof(Elf32_Shdr, member), SIZE_OF(Elf32_Shdr, member), \
			offsetof(Elf64_Shdr, member), SIZE_OF(Elf64_Shdr, member) \
	}

#define PLAIN MKMODULE_SOUND
#define EXTENDED MKMODULE_EXTENDED_NUMBERS
#define LAST MKMODULE_MODINFO_LAST

#define PATCHES_MAX 4
#define GOOD "m fuse c10:229"
#define NOTHING ""
#define MALFORMED "malformed"
#define TOO_LARGE "too-large"

struct row {
	const char *what;
	enum mkmodule_defect base;
	struct patch patches[PATCHES_MAX];
	const char *expected;
};

/* clang-format off */
static const struct row rows[] = {
	{ "the other byte order", PLAIN, { { IDENT(EI_DATA), OTHER, 3 } }, MALFORMED },
	{ "e_shoff 0, but there are sections", PLAIN, { { EH(e_shoff), ABS, 0 } }, MALFORMED },
	{ "e_shoff 0 and e_shnum 0, but an index of names", PLAIN,
	  { { EH(e_shoff), ABS, 0 }, { EH(e_shnum), ABS, 0 } }, MALFORMED },
	{ "no sections at all: no .modinfo", PLAIN,
	  { { EH(e_shoff), ABS, 0 },
	    { EH(e_shnum), ABS, 0 },
	    { EH(e_shstrndx), ABS, 0 } },
	  NOTHING },
	{ "e_shoff: in the magic", PLAIN, { { EH(e_shoff), ABS, 1 } }, MALFORMED },
	{ "e_shoff: right after the ident", PLAIN, { { EH(e_shoff), ABS, 16 } }, MALFORMED },
	{ "e_shoff: the header again", PLAIN, { { EH(e_shoff), ABS, 64 } }, MALFORMED },
	{ "e_shoff: one byte early", PLAIN, { { EH(e_shoff), TABLE, -1 } }, MALFORMED },
	{ "e_shoff: one byte late", PLAIN, { { EH(e_shoff), TABLE, 1 } }, MALFORMED },
	{ "e_shoff: the end of the file", PLAIN, { { EH(e_shoff), END, 0 } }, MALFORMED },
	{ "e_shoff: the last byte", PLAIN, { { EH(e_shoff), END, -1 } }, MALFORMED },
	{ "e_shoff: beyond the end", PLAIN, { { EH(e_shoff), END, 1 } }, MALFORMED },
	{ "e_shoff: 1 MiB beyond", PLAIN, { { EH(e_shoff), END, 1048576 } }, MALFORMED },
	{ "e_shoff: the last of all", PLAIN, { { EH(e_shoff), ABS, -1 } }, MALFORMED },
	{ "e_shoff: 64 before the last of all", PLAIN, { { EH(e_shoff), ABS, -64 } }, MALFORMED },
	{ "e_shoff: so that the table ends at the end of all (64)", PLAIN,
	  { { EH(e_shoff), ABS, -256 } }, MALFORMED },
	{ "e_shoff: so that it ends there (32)", PLAIN, { { EH(e_shoff), ABS, -160 } }, MALFORMED },
	{ "e_shoff: the middle of all", PLAIN, { { EH(e_shoff), TOP, 0 } }, MALFORMED },
	{ "e_shoff: before the middle of all", PLAIN, { { EH(e_shoff), TOP, -1 } }, MALFORMED },
	{ "e_shentsize: 0", PLAIN, { { EH(e_shentsize), ABS, 0 } }, MALFORMED },
	{ "e_shentsize: 1", PLAIN, { { EH(e_shentsize), ABS, 1 } }, MALFORMED },
	{ "e_shentsize: one less", PLAIN, { { EH(e_shentsize), OWN, -1 } }, MALFORMED },
	{ "e_shentsize: one more", PLAIN, { { EH(e_shentsize), OWN, 1 } }, MALFORMED },
	{ "e_shentsize: that of the other class, from above", PLAIN,
	  { { EH(e_shentsize), OWN, -24 } }, MALFORMED },
	{ "e_shentsize: that of the other class, from below", PLAIN,
	  { { EH(e_shentsize), OWN, 24 } }, MALFORMED },
	{ "e_shentsize: 256 times", PLAIN, { { EH(e_shentsize), OWN, 0x2800 } }, MALFORMED },
	{ "e_shentsize: the largest", PLAIN, { { EH(e_shentsize), ABS, -1 } }, MALFORMED },
	{ "e_shnum 0, and none in section 0 either", PLAIN,
	  { { EH(e_shnum), ABS, 0 } }, MALFORMED },
	{ "e_shnum 1: the names are beyond", PLAIN, { { EH(e_shnum), ABS, 1 } }, MALFORMED },
	{ "e_shnum 2: the names are beyond", PLAIN, { { EH(e_shnum), ABS, 2 } }, MALFORMED },
	{ "e_shnum 3: the names are beyond", PLAIN, { { EH(e_shnum), ABS, 3 } }, MALFORMED },
	{ "e_shnum 0x5: more than there are", PLAIN, { { EH(e_shnum), ABS, 5 } }, MALFORMED },
	{ "e_shnum 0x6: more than there are", PLAIN, { { EH(e_shnum), ABS, 6 } }, MALFORMED },
	{ "e_shnum 0xff: more than there are", PLAIN, { { EH(e_shnum), ABS, 255 } }, MALFORMED },
	{ "e_shnum 0xfeff: more than there are", PLAIN,
	  { { EH(e_shnum), ABS, 0xfeff } }, MALFORMED },
	{ "e_shnum 0xff00: more than there are", PLAIN,
	  { { EH(e_shnum), ABS, 0xff00 } }, MALFORMED },
	{ "e_shnum 0xffff: more than there are", PLAIN,
	  { { EH(e_shnum), ABS, 0xffff } }, MALFORMED },
	{ "e_shstrndx 0: no names", PLAIN, { { EH(e_shstrndx), ABS, 0 } }, MALFORMED },
	{ "e_shstrndx 1: .text is no section of strings", PLAIN,
	  { { EH(e_shstrndx), ABS, 1 } }, MALFORMED },
	{ "e_shstrndx 2: .modinfo is no section of strings", PLAIN,
	  { { EH(e_shstrndx), ABS, 2 } }, MALFORMED },
	{ "e_shstrndx 0x4: no such section", PLAIN, { { EH(e_shstrndx), ABS, 4 } }, MALFORMED },
	{ "e_shstrndx 0x5: no such section", PLAIN, { { EH(e_shstrndx), ABS, 5 } }, MALFORMED },
	{ "e_shstrndx 0xfeff: no such section", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xfeff } }, MALFORMED },
	{ "e_shstrndx 0xff00: no such section", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xff00 } }, MALFORMED },
	{ "e_shstrndx 0xfff1: no such section", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xfff1 } }, MALFORMED },
	{ "e_shstrndx 0xfff2: no such section", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xfff2 } }, MALFORMED },
	{ "e_shstrndx 0xfffe: no such section", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xfffe } }, MALFORMED },
	{ "e_shstrndx in section 0, which has none", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff } }, MALFORMED },
	{ "e_shstrndx in section 0, e_shnum not", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, 3 } }, GOOD },
	{ "e_shstrndx in section 0: 0x1", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, 1 } }, MALFORMED },
	{ "e_shstrndx in section 0: 0x2", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, 2 } }, MALFORMED },
	{ "e_shstrndx in section 0: 0x4", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, 4 } }, MALFORMED },
	{ "e_shstrndx in section 0: 0xff00", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, 0xff00 } }, MALFORMED },
	{ "e_shstrndx in section 0: the largest", PLAIN,
	  { { EH(e_shstrndx), ABS, 0xffff }, { SH(ZERO, sh_link), ABS, -1 } }, MALFORMED },
	{ "extension: e_shnum in the header after all", EXTENDED,
	  { { EH(e_shnum), ABS, 4 } }, GOOD },
	{ "extension: e_shstrndx in the header after all", EXTENDED,
	  { { EH(e_shstrndx), ABS, 3 } }, GOOD },
	{ "extension: section 0 of another type", EXTENDED,
	  { { SH(ZERO, sh_type), ABS, 1 } }, GOOD },
	{ "extension, but no table", EXTENDED, { { EH(e_shoff), ABS, 0 } }, MALFORMED },
	{ "extension: number of sections 0", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 0 } }, MALFORMED },
	{ "extension: number of sections 1", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 1 } }, MALFORMED },
	{ "extension: number of sections one less", EXTENDED,
	  { { SH(ZERO, sh_size), OWN, -1 } }, MALFORMED },
	{ "extension: number of sections one more", EXTENDED,
	  { { SH(ZERO, sh_size), OWN, 1 } }, MALFORMED },
	{ "extension: number of sections 65536", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 0x10000 } }, MALFORMED },
	{ "extension: number of sections 2^20, the most", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 1048576 } }, MALFORMED },
	{ "extension: number of sections 2^20 and one", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 1048577 } }, MALFORMED },
	{ "extension: number of sections 2^26, whose size is 2^32", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, 67108864 } }, MALFORMED },
	{ "extension: number of sections all", EXTENDED,
	  { { SH(ZERO, sh_size), ABS, -1 } }, MALFORMED },
	{ "extension: number of sections half of all", EXTENDED,
	  { { SH(ZERO, sh_size), TOP, 0 } }, MALFORMED },
	{ "extension: index of names 0", EXTENDED, { { SH(ZERO, sh_link), ABS, 0 } }, MALFORMED },
	{ "extension: index of names 1", EXTENDED, { { SH(ZERO, sh_link), ABS, 1 } }, MALFORMED },
	{ "extension: index of names the section before", EXTENDED,
	  { { SH(ZERO, sh_link), OWN, -1 } }, MALFORMED },
	{ "extension: index of names the section after", EXTENDED,
	  { { SH(ZERO, sh_link), OWN, 1 } }, MALFORMED },
	{ "extension: index of names the last of all", EXTENDED,
	  { { SH(ZERO, sh_link), ABS, -1 } }, MALFORMED },
	{ "extension: section 0 beyond the end", EXTENDED, { { EH(e_shoff), END, 0 } }, MALFORMED },
	{ "extension: half of section 0", EXTENDED, { { EH(e_shoff), END, -20 } }, MALFORMED },
	{ "name of .modinfo: the empty one", PLAIN, { { SH(INFO, sh_name), ABS, 0 } }, NOTHING },
	{ "name of .modinfo: .text", PLAIN, { { SH(INFO, sh_name), ABS, 1 } }, NOTHING },
	{ "name of .modinfo: without its dot", PLAIN, { { SH(INFO, sh_name), OWN, 1 } }, NOTHING },
	{ "name of .modinfo: of .shstrtab", PLAIN, { { SH(INFO, sh_name), ABS, 16 } }, NOTHING },
	{ "name of .modinfo: the end of the names", PLAIN,
	  { { SH(INFO, sh_name), ABS, 25 } }, NOTHING },
	{ "name of .modinfo: beyond the names", PLAIN,
	  { { SH(INFO, sh_name), ABS, 26 } }, MALFORMED },
	{ "name of .modinfo: well beyond the names", PLAIN,
	  { { SH(INFO, sh_name), ABS, 0x3e8 } }, MALFORMED },
	{ "name of .modinfo: beyond the file", PLAIN,
	  { { SH(INFO, sh_name), END, 0 } }, MALFORMED },
	{ "name of .modinfo: the last of all", PLAIN,
	  { { SH(INFO, sh_name), ABS, -1 } }, MALFORMED },
	{ "name of .modinfo: the middle of all", PLAIN,
	  { { SH(INFO, sh_name), TOP, 0 } }, MALFORMED },
	{ ".modinfo of type 0x0: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 0 } }, GOOD },
	{ ".modinfo of type 0x2: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 2 } }, GOOD },
	{ ".modinfo of type 0x3: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 3 } }, GOOD },
	{ ".modinfo of type 0x4: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 4 } }, GOOD },
	{ ".modinfo of type 0x7: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 7 } }, GOOD },
	{ ".modinfo of type 0x9: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 9 } }, GOOD },
	{ ".modinfo of type 0xb: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 11 } }, GOOD },
	{ ".modinfo of type 0xe: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 14 } }, GOOD },
	{ ".modinfo of type 0x60000000: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 1610612736 } }, GOOD },
	{ ".modinfo of type 0x6fffffff: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 1879048191 } }, GOOD },
	{ ".modinfo of type 0x70000000: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, 1879048192 } }, GOOD },
	{ ".modinfo of type 0xffffffff: its bytes are there", PLAIN,
	  { { SH(INFO, sh_type), ABS, -1 } }, GOOD },
	{ ".modinfo of type NOBITS: it has no bytes", PLAIN,
	  { { SH(INFO, sh_type), ABS, 8 } }, MALFORMED },
	{ ".modinfo with flags 0x0", PLAIN, { { SH(INFO, sh_flags), ABS, 0 } }, GOOD },
	{ ".modinfo with flags 0x1", PLAIN, { { SH(INFO, sh_flags), ABS, 1 } }, GOOD },
	{ ".modinfo with flags 0x7", PLAIN, { { SH(INFO, sh_flags), ABS, 7 } }, GOOD },
	{ ".modinfo with flags 0x800: compressed", PLAIN,
	  { { SH(INFO, sh_flags), ABS, 0x800 } }, MALFORMED },
	{ ".modinfo with flags 0x802: compressed", PLAIN,
	  { { SH(INFO, sh_flags), ABS, 0x802 } }, MALFORMED },
	{ ".modinfo with all flags: one says compressed", PLAIN,
	  { { SH(INFO, sh_flags), ABS, -1 } }, MALFORMED },
	{ ".modinfo with all flags but that", PLAIN, { { SH(INFO, sh_flags), ABS, -2049 } }, GOOD },
	{ ".modinfo at 0: the header has no strings", PLAIN,
	  { { SH(INFO, sh_offset), ABS, 0 } }, NOTHING },
	{ ".modinfo at one byte early", PLAIN, { { SH(INFO, sh_offset), OWN, -1 } }, GOOD },
	{ ".modinfo at one byte late", PLAIN, { { SH(INFO, sh_offset), OWN, 1 } }, GOOD },
	{ ".modinfo at in the names", PLAIN, { { SH(INFO, sh_offset), NAMES_AT, 0 } }, NOTHING },
	{ ".modinfo at the end of the file", PLAIN,
	  { { SH(INFO, sh_offset), END, 0 } }, MALFORMED },
	{ ".modinfo at the last byte", PLAIN, { { SH(INFO, sh_offset), END, -1 } }, MALFORMED },
	{ ".modinfo at beyond the end", PLAIN, { { SH(INFO, sh_offset), END, 1 } }, MALFORMED },
	{ ".modinfo at the last of all", PLAIN, { { SH(INFO, sh_offset), ABS, -1 } }, MALFORMED },
	{ ".modinfo at the middle of all", PLAIN, { { SH(INFO, sh_offset), TOP, 0 } }, MALFORMED },
	{ ".modinfo at before the middle of all", PLAIN,
	  { { SH(INFO, sh_offset), TOP, -1 } }, MALFORMED },
	{ ".modinfo at 2^31", PLAIN, { { SH(INFO, sh_offset), ABS, 0x80000000LL } }, MALFORMED },
	{ ".modinfo at the last bytes: no strings", PLAIN,
	  { { SH(INFO, sh_offset), END_INFO, 0 } }, NOTHING },
	{ ".modinfo at one byte too far", PLAIN,
	  { { SH(INFO, sh_offset), END_INFO, 1 } }, MALFORMED },
	{ ".modinfo at so that it ends at the end of all", PLAIN,
	  { { SH(INFO, sh_offset), MINUS_INFO, 0 } }, MALFORMED },
	{ ".modinfo at so that it ends after the end of all", PLAIN,
	  { { SH(INFO, sh_offset), MINUS_INFO, 1 } }, MALFORMED },
	{ ".modinfo of size 0: nothing", PLAIN, { { SH(INFO, sh_size), ABS, 0 } }, NOTHING },
	{ ".modinfo of size 1", PLAIN, { { SH(INFO, sh_size), ABS, 1 } }, NOTHING },
	{ ".modinfo of size without its last NUL", PLAIN,
	  { { SH(INFO, sh_size), OWN, -1 } }, GOOD },
	{ ".modinfo of size without its last string", PLAIN,
	  { { SH(INFO, sh_size), OWN, -9 } }, GOOD },
	{ ".modinfo of size whose last number has no NUL", PLAIN,
	  { { SH(INFO, sh_size), OWN, -10 } }, GOOD },
	{ ".modinfo of size whose last number has lost a digit", PLAIN,
	  { { SH(INFO, sh_size), OWN, -11 } }, "m fuse c10:22" },
	{ ".modinfo of size whose last number has lost all digits", PLAIN,
	  { { SH(INFO, sh_size), OWN, -13 } }, "bad-number" },
	{ ".modinfo of size that ends in the word alias", PLAIN,
	  { { SH(INFO, sh_size), OWN, -29 } }, "missing-number" },
	{ ".modinfo of size one byte more", PLAIN, { { SH(INFO, sh_size), OWN, 1 } }, GOOD },
	{ ".modinfo of size to the end of the file", PLAIN,
	  { { SH(INFO, sh_size), INFO_REST, 0 } }, GOOD },
	{ ".modinfo of size beyond it", PLAIN, { { SH(INFO, sh_size), INFO_REST, 1 } }, MALFORMED },
	{ ".modinfo of size 16 MiB", PLAIN, { { SH(INFO, sh_size), ABS, 16777216 } }, MALFORMED },
	{ ".modinfo of size 16 MiB and one", PLAIN,
	  { { SH(INFO, sh_size), ABS, 16777217 } }, TOO_LARGE },
	{ ".modinfo of size 1 GiB", PLAIN, { { SH(INFO, sh_size), ABS, 1073741824 } }, TOO_LARGE },
	{ ".modinfo of size half of all", PLAIN, { { SH(INFO, sh_size), TOP, 0 } }, TOO_LARGE },
	{ ".modinfo of size all", PLAIN, { { SH(INFO, sh_size), ABS, -1 } }, TOO_LARGE },
	{ ".modinfo of size 0 at the end of the file", PLAIN,
	  { { SH(INFO, sh_offset), END, 0 }, { SH(INFO, sh_size), ABS, 0 } }, NOTHING },
	{ ".modinfo of size 0 at the end of all: it has no bytes to be missed", PLAIN,
	  { { SH(INFO, sh_offset), ABS, -1 }, { SH(INFO, sh_size), ABS, 0 } }, NOTHING },
	{ ".modinfo whose offset and size add up to 0", PLAIN,
	  { { SH(INFO, sh_offset), ABS, -4096 }, { SH(INFO, sh_size), ABS, 0x1000 } }, MALFORMED },
	{ ".modinfo from the first byte to the last", PLAIN,
	  { { SH(INFO, sh_offset), ABS, 0 }, { SH(INFO, sh_size), END, 0 } }, GOOD },
	{ "names of type 0x0: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 0 } }, MALFORMED },
	{ "names of type 0x1: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 1 } }, MALFORMED },
	{ "names of type 0x2: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 2 } }, MALFORMED },
	{ "names of type 0x6: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 6 } }, MALFORMED },
	{ "names of type 0x8: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 8 } }, MALFORMED },
	{ "names of type 0xb: not strings", PLAIN, { { SH(NAMES, sh_type), ABS, 11 } }, MALFORMED },
	{ "names of type 0x6fffffff: not strings", PLAIN,
	  { { SH(NAMES, sh_type), ABS, 1879048191 } }, MALFORMED },
	{ "names of type 0xffffffff: not strings", PLAIN,
	  { { SH(NAMES, sh_type), ABS, -1 } }, MALFORMED },
	{ "names with flags 0x2", PLAIN, { { SH(NAMES, sh_flags), ABS, 2 } }, GOOD },
	{ "names with flags 0x30", PLAIN, { { SH(NAMES, sh_flags), ABS, 48 } }, GOOD },
	{ "names with flags 0x800: compressed", PLAIN,
	  { { SH(NAMES, sh_flags), ABS, 0x800 } }, MALFORMED },
	{ "the name of the names is beyond them, but comes after .modinfo", PLAIN,
	  { { SH(NAMES, sh_name), ABS, -1 } }, GOOD },
	{ "names at 0: they begin with no NUL", PLAIN,
	  { { SH(NAMES, sh_offset), ABS, 0 } }, MALFORMED },
	{ "names at .modinfo: likewise", PLAIN,
	  { { SH(NAMES, sh_offset), INFO_AT, 0 } }, MALFORMED },
	{ "names at one byte early: they end with no NUL", PLAIN,
	  { { SH(NAMES, sh_offset), OWN, -1 } }, MALFORMED },
	{ "names at one byte late", PLAIN, { { SH(NAMES, sh_offset), OWN, 1 } }, MALFORMED },
	{ "names at the end of the file", PLAIN, { { SH(NAMES, sh_offset), END, 0 } }, MALFORMED },
	{ "names at the last byte", PLAIN, { { SH(NAMES, sh_offset), END, -1 } }, MALFORMED },
	{ "names at beyond the end", PLAIN, { { SH(NAMES, sh_offset), END, 1 } }, MALFORMED },
	{ "names at the last of all", PLAIN, { { SH(NAMES, sh_offset), ABS, -1 } }, MALFORMED },
	{ "names at the middle of all", PLAIN, { { SH(NAMES, sh_offset), TOP, 0 } }, MALFORMED },
	{ "names at 26 before the end of all", PLAIN,
	  { { SH(NAMES, sh_offset), ABS, -26 } }, MALFORMED },
	{ "names at 25 before the end of all", PLAIN,
	  { { SH(NAMES, sh_offset), ABS, -25 } }, MALFORMED },
	{ "names of size 0", PLAIN, { { SH(NAMES, sh_size), ABS, 0 } }, MALFORMED },
	{ "names of size 0, and none has a name", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 0 },
	    { SH(NAMES, sh_name), ABS, 0 },
	    { SH(INFO, sh_name), ABS, 0 },
	    { SH(TEXT, sh_name), ABS, 0 } },
	  MALFORMED },
	{ "names of size 1: no name but the empty one", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 1 } }, MALFORMED },
	{ "names of size 7", PLAIN, { { SH(NAMES, sh_size), ABS, 7 } }, MALFORMED },
	{ "names of size 8: .modinfo is cut", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 8 } }, MALFORMED },
	{ "names of size 15: .modinfo has no NUL", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 15 } }, MALFORMED },
	{ "names of size 16: .modinfo is the last", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 16 } }, GOOD },
	{ "names of size 17: they end with a dot", PLAIN,
	  { { SH(NAMES, sh_size), ABS, 17 } }, MALFORMED },
	{ "names of size without the last NUL", PLAIN,
	  { { SH(NAMES, sh_size), OWN, -1 } }, MALFORMED },
	{ "names of size one byte more, which is a NUL", PLAIN,
	  { { SH(NAMES, sh_size), OWN, 1 } }, GOOD },
	{ "names of size to the end of the file", PLAIN,
	  { { SH(NAMES, sh_size), NAMES_REST, 0 } }, GOOD },
	{ "names of size beyond it", PLAIN, { { SH(NAMES, sh_size), NAMES_REST, 1 } }, MALFORMED },
	{ "names of size 1 GiB", PLAIN, { { SH(NAMES, sh_size), ABS, 1073741824 } }, MALFORMED },
	{ "names of size half of all", PLAIN, { { SH(NAMES, sh_size), TOP, 0 } }, MALFORMED },
	{ "names of size all", PLAIN, { { SH(NAMES, sh_size), ABS, -1 } }, MALFORMED },
	{ "two .modinfo, the first empty: the first counts", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 } }, NOTHING },
	{ "two .modinfo of the same bytes: read once", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 },
	    { SH(TEXT, sh_offset), INFO_AT, 0 },
	    { SH(TEXT, sh_size), INFO_SIZE, 0 } },
	  GOOD },
	{ "two .modinfo, the second beyond the end: the first counts", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 },
	    { SH(TEXT, sh_offset), INFO_AT, 0 },
	    { SH(TEXT, sh_size), INFO_SIZE, 0 },
	    { SH(INFO, sh_offset), END, 0 } },
	  GOOD },
	{ "two .modinfo, the second of no type", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 },
	    { SH(TEXT, sh_offset), INFO_AT, 0 },
	    { SH(TEXT, sh_size), INFO_SIZE, 0 },
	    { SH(INFO, sh_type), ABS, 8 } },
	  GOOD },
	{ "two .modinfo, the first beyond the end", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 },
	    { SH(TEXT, sh_offset), END, 0 },
	    { SH(TEXT, sh_size), ABS, 1 } },
	  MALFORMED },
	{ "two .modinfo, the first of NOBITS", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 }, { SH(TEXT, sh_type), ABS, 8 } }, MALFORMED },
	{ "three .modinfo, the names being the third", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 7 },
	    { SH(TEXT, sh_offset), INFO_AT, 0 },
	    { SH(TEXT, sh_size), INFO_SIZE, 0 },
	    { SH(NAMES, sh_name), ABS, 7 } },
	  GOOD },
	{ "the names are called .modinfo, and nothing else is", PLAIN,
	  { { SH(INFO, sh_name), ABS, 0 }, { SH(NAMES, sh_name), ABS, 7 } }, NOTHING },
	{ ".text beyond the end of the file", PLAIN,
	  { { SH(TEXT, sh_offset), END, 0 }, { SH(TEXT, sh_size), ABS, 0x1000 } }, GOOD },
	{ ".text over the whole file", PLAIN,
	  { { SH(TEXT, sh_offset), ABS, 0 }, { SH(TEXT, sh_size), END, 0 } }, GOOD },
	{ "name of .text: beyond the names", PLAIN, { { SH(TEXT, sh_name), ABS, 26 } }, MALFORMED },
	{ "name of .text: the last of all", PLAIN, { { SH(TEXT, sh_name), ABS, -1 } }, MALFORMED },
	{ ".modinfo is the only section with a name", PLAIN,
	  { { SH(TEXT, sh_name), ABS, 0 }, { SH(NAMES, sh_name), ABS, 0 } }, GOOD },
	{ ".modinfo at the end of the file, as it is", LAST,
	  { { SH(INFO, sh_size), OWN, 0 } }, GOOD },
	{ ".modinfo at the end of the file, one byte too long", LAST,
	  { { SH(INFO, sh_size), OWN, 1 } }, MALFORMED },
	{ ".modinfo at the end of the file, 4096 too long", LAST,
	  { { SH(INFO, sh_size), OWN, 0x1000 } }, MALFORMED },
	{ ".modinfo at the end of the file, one byte late", LAST,
	  { { SH(INFO, sh_offset), OWN, 1 } }, MALFORMED },
	{ ".modinfo at the end of the file, late and short", LAST,
	  { { SH(INFO, sh_offset), OWN, 1 }, { SH(INFO, sh_size), OWN, -1 } }, GOOD },
};
/* clang-format on */

/* --- images ------------------------------------------------------------------------------ */

struct image_of {
	const struct layout *layout;
	uint8_t *data;
	size_t size;
};

static uint64_t get_number(const struct image_of *image, size_t at, size_t size)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 |
			 image->data[at + (image->layout->big_endian ? i : size - 1 - i)];
	return number;
}

static void put_number(struct image_of *image, size_t at, size_t size, uint64_t number)
{
	for (size_t i = 0; i < size; i++, number >>= 8)
		image->data[at + (image->layout->big_endian ? size - 1 - i : i)] = (uint8_t)number;
}

static size_t width(const struct image_of *image, const struct field *field)
{
	return image->layout->bits == 32 ? field->size32 : field->size64;
}

static uint64_t table_of(const struct image_of *image)
{
	return image->layout->bits == 32 ? get_number(image, offsetof(Elf32_Ehdr, e_shoff), 4)
					 : get_number(image, offsetof(Elf64_Ehdr, e_shoff), 8);
}

static size_t location(const struct image_of *image, const struct field *field)
{
	bool is32 = image->layout->bits == 32;
	size_t at = is32 ? field->at32 : field->at64;

	if (field->part == HEADER)
		return at;
	return (size_t)table_of(image) + at +
	       (field->part - ZERO) * (is32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr));
}

static uint64_t field_of(const struct image_of *image, const struct field field)
{
	return get_number(image, location(image, &field), width(image, &field));
}

static uint64_t base_of(const struct image_of *image, const struct patch *patch)
{
	uint64_t info = field_of(image, (struct field)SH(INFO, sh_offset));
	uint64_t info_size = field_of(image, (struct field)SH(INFO, sh_size));
	uint64_t names = field_of(image, (struct field)SH(NAMES, sh_offset));

	switch (patch->base) {
	case TOP:
		return 1ULL << (8 * width(image, &patch->field) - 1);
	case OWN:
		return field_of(image, patch->field);
	case OTHER:
		return -field_of(image, patch->field);
	case END:
		return image->size;
	case TABLE:
		return table_of(image);
	case INFO_AT:
		return info;
	case INFO_SIZE:
		return info_size;
	case INFO_REST:
		return image->size - info;
	case END_INFO:
		return image->size - info_size;
	case MINUS_INFO:
		return -info_size;
	case NAMES_AT:
		return names;
	case NAMES_REST:
		return image->size - names;
	default:
		return 0;
	}
}

/* All patches look at the image as it was. */
static void apply(struct image_of *image, const struct patch *patches)
{
	size_t places[PATCHES_MAX];
	uint64_t numbers[PATCHES_MAX];
	size_t n = 0;

	for (; n < PATCHES_MAX && patches[n].field.size64 > 0; n++) {
		places[n] = location(image, &patches[n].field);
		numbers[n] = base_of(image, &patches[n]) + (uint64_t)patches[n].delta;
	}
	for (size_t i = 0; i < n; i++)
		put_number(image, places[i], width(image, &patches[i].field), numbers[i]);
}

static struct image_of build(const struct layout *layout, enum mkmodule_defect base,
			     const char *const *texts, size_t n)
{
	struct mkmodule spec = { layout->bits, layout->big_endian, base, texts, n };
	struct image_of image = { .layout = layout };

	image.data = mkmodule(&spec, &image.size);
	return image;
}

/* --- readings ---------------------------------------------------------------------------- */

/* modinfo_read() in memory that ends with the image; what is behind it kills the test. */
static int read_before_a_wall(struct modinfo *modinfo, const uint8_t *data, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
	uint8_t *memory =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct module_bytes bytes;
	int r;

	CHECK(memory != MAP_FAILED && mprotect(memory + room, page, PROT_NONE) == 0, "mmap: %s",
	      strerror(errno));
	memcpy(memory + room - size, data, size);
	bytes = (struct module_bytes){ .fd = -1, .data = memory + room - size, .size = size };
	r = modinfo_read(modinfo, &bytes);
	CHECK(munmap(memory, room + page) == 0, "munmap: %s", strerror(errno));
	return r;
}

/* What is expected of the verb, of the reader of .modinfo alone. */
static bool agrees(int r, const struct modinfo *modinfo, const char *expected)
{
	if (strcmp(expected, MALFORMED) == 0)
		return r > 0 &&
		       module_error_code((enum module_error)r) == KMOD_DEVNAME_CODE_MALFORMED;
	if (strcmp(expected, TOO_LARGE) == 0)
		return r > 0 &&
		       module_error_code((enum module_error)r) == KMOD_DEVNAME_CODE_TOO_LARGE;
	return r == 0 && (strcmp(expected, GOOD) != 0 || modinfo->size > 0);
}

static void check_image(const struct image_of *image, const char *expected, const char *what)
{
	struct modinfo modinfo = { 0 };
	const char *got = hostile_judge(image->data, image->size);
	int r = read_before_a_wall(&modinfo, image->data, image->size);

	CHECK(strcmp(got, expected) == 0, "%s, %s: '%s' instead of '%s'", image->layout->name, what,
	      got, expected);
	CHECK(agrees(r, &modinfo, expected), "%s, %s: in memory %d instead of '%s'",
	      image->layout->name, what, r, expected);
	modinfo_done(&modinfo);
}

LOOP_TEST(a_wrong_field_is_malformed_or_does_no_harm, ARRAY_SIZE(rows))
{
	const struct row *row = &rows[_i];

	hostile_bounds(MEMORY);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct image_of image = build(&layouts[i], row->base, strings, ARRAY_SIZE(strings));

		apply(&image, row->patches);
		check_image(&image, row->expected, row->what);
		free(image.data);
	}
}

/* --- the end of a page --------------------------------------------------------------------- */

static const struct {
	size_t size;
	enum { TERMINATED, UNTERMINATED, MANY_NULS } last;
} page_rows[] = {
	{ 4096, TERMINATED },    { 4096, UNTERMINATED },  { 4096, MANY_NULS },
	{ 8192, TERMINATED },    { 8192, UNTERMINATED },  { 8192, MANY_NULS },
	{ 12288, TERMINATED },   { 12288, UNTERMINATED }, { 16384, TERMINATED },
	{ 16384, UNTERMINATED }, { 65536, TERMINATED },   { 65536, UNTERMINATED },
};

/* Takes away the last NUL, or turns the last string into NULs. */
static void set_end(struct image_of *image, int last)
{
	static const char end[] = "depends=";
	const struct field size_field = SH(INFO, sh_size);
	uint64_t size = field_of(image, size_field);

	if (last == MANY_NULS)
		memset(image->data + image->size - sizeof(end), 0, sizeof(end));
	if (last != UNTERMINATED)
		return;
	/* the bytes before move up to the end of the page */
	memmove(image->data + image->size - size + 1, image->data + image->size - size, size - 1);
	put_number(image, location(image, &size_field), width(image, &size_field), size - 1);
	put_number(image, location(image, &(struct field)SH(INFO, sh_offset)),
		   width(image, &size_field), image->size - size + 1);
}

LOOP_TEST(modinfo_may_be_the_last_bytes_of_a_page, ARRAY_SIZE(page_rows))
{
	size_t wanted = page_rows[_i].size;

	hostile_bounds(MEMORY);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		char *padding = calloc(1, wanted + 1);
		const char *const texts[] = { padding, strings[1], strings[2], strings[3] };
		struct image_of image;

		ck_assert_ptr_nonnull(padding);
		image = build(&layouts[i], MKMODULE_MODINFO_LAST, texts, ARRAY_SIZE(texts));
		memset(padding, 'x', wanted - image.size);
		free(image.data);
		image = build(&layouts[i], MKMODULE_MODINFO_LAST, texts, ARRAY_SIZE(texts));
		ck_assert_uint_eq(image.size, wanted);
		set_end(&image, page_rows[_i].last);
		check_image(&image, GOOD, "page");
		free(image.data);
		free(padding);
	}
}

/* --- many sections ------------------------------------------------------------------------- */

/* A file with so many empty sections between the first ones and the last two. */
static const struct {
	uint64_t n;
	bool extended; /* their number is in section 0, elf(5): where it is SHN_LORESERVE or more */
	const char *expected;
} section_rows[] = {
	{ 0xfeff, false, GOOD },
	{ 0xff00, false, GOOD },
	{ 0xffff, false, GOOD },
	{ 0xff00, true, GOOD },
	{ 0xffff, true, GOOD },
	{ 0x10000, true, GOOD },
	{ 0x10001, true, GOOD },
	{ 200000, true, GOOD },
	{ (1 << 20) - 1, true, GOOD },
	{ 1 << 20, true, GOOD },
	{ (1 << 20) + 1, true, MALFORMED },
	{ 3 << 20, true, MALFORMED },
};

/* Moves the last two section headers up, and leaves a hole of sections without a name. */
static int file_of_sections(struct image_of *image, uint64_t n, bool extended)
{
	bool is32 = image->layout->bits == 32;
	size_t entry = is32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	size_t word = image->layout->bits / 8, kept = image->size - 2 * entry;
	uint64_t table = table_of(image);
	struct field number = EH(e_shnum), index = EH(e_shstrndx);
	int fd;

	put_number(image, location(image, &number), 2, extended ? 0 : n);
	put_number(image, location(image, &index), 2, n > SHN_LORESERVE ? SHN_XINDEX : n - 1);
	number = (struct field)SH(ZERO, sh_size);
	index = (struct field)SH(ZERO, sh_link);
	put_number(image, location(image, &number), word, extended ? n : 0);
	put_number(image, location(image, &index), 4, n - 1);
	fd = bytes_file(image->data, kept);
	CHECK(pwrite(fd, image->data + kept, 2 * entry, (off_t)(table + (n - 2) * entry)) ==
		      (ssize_t)(2 * entry),
	      "pwrite: %s", strerror(errno));
	return fd;
}

LOOP_TEST(at_most_2_to_the_20_sections_are_read, ARRAY_SIZE(section_rows))
{
	const uint64_t n = section_rows[_i].n;

	if (n > 70000 && hostile_is_too_much())
		return;
	hostile_bounds(MEMORY);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct image_of image =
			build(&layouts[i], MKMODULE_SOUND, strings, ARRAY_SIZE(strings));
		int fd = file_of_sections(&image, n, section_rows[_i].extended);
		const char *got = hostile_judge_fd(fd);

		CHECK(strcmp(got, section_rows[_i].expected) == 0,
		      "%s, %ju sections: '%s' instead of '%s'", layouts[i].name, (uintmax_t)n, got,
		      section_rows[_i].expected);
		free(image.data);
	}
}

/* Sections whose names are now at the beginning of 64 KiB of names, now at the end. */
TEST(scattered_section_names_take_linear_time)
{
	enum { SECTIONS = 1 << 20, NAMES_SIZE = 64 << 10 };
	Elf64_Ehdr header = { .e_ident = ELFMAG, .e_shentsize = sizeof(Elf64_Shdr) };
	Elf64_Shdr *table;
	_cleanup_bytes_ struct bytes file = { 0 };

	if (hostile_is_too_much() || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return; /* the structures are written as they are */
	table = calloc(SECTIONS, sizeof(*table));
	ck_assert_ptr_nonnull(table);
	hostile_bounds(512 * MIB);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_ident[EI_VERSION] = EV_CURRENT;
	header.e_shoff = sizeof(header) + NAMES_SIZE;
	header.e_shstrndx = SHN_XINDEX;
	table[0].sh_size = SECTIONS;
	table[0].sh_link = SECTIONS - 1;
	for (Elf64_Word i = 1; i < SECTIONS; i++)
		table[i].sh_name = i % 2 ? 0 : NAMES_SIZE - 20 - i % 1024;
	table[SECTIONS - 1].sh_type = SHT_STRTAB;
	table[SECTIONS - 1].sh_offset = sizeof(header);
	table[SECTIONS - 1].sh_size = NAMES_SIZE;
	bytes_add(&file, &header, sizeof(header));
	bytes_fill(&file, 0, NAMES_SIZE);
	bytes_add(&file, table, SECTIONS * sizeof(*table));
	ck_assert_str_eq(hostile_judge(file.data, file.size), NOTHING);
	free(table);
}

int main(void)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "ELF files: %zu cases in %zu layouts",
		       ARRAY_SIZE(rows) + ARRAY_SIZE(page_rows) + ARRAY_SIZE(section_rows),
		       ARRAY_SIZE(layouts));
	return hostile_run(what, NULL, NULL);
}
