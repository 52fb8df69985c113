// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The .modinfo of an image, read here and by libelf: the same bytes, and the same aliases in them.
 * What libelf refuses is refused here too; what is refused here and not by libelf must have a
 * reason that is looked for here once more.
 */

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "module/modinfo.h"

#define MODINFO_MAX ((uint64_t)16 << 20)
#define SECTIONS_MAX ((size_t)1 << 20)

/* What libelf says of an image. */
struct reading {
	bool good;
	bool found;
	GElf_Shdr section; /* .modinfo */
	const void *strings;
	size_t size;
};

static bool take_section(struct reading *reading, Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);

	reading->found = true;
	if (reading->section.sh_type == SHT_NOBITS)
		return true;
	if (!data || (!data->d_buf && data->d_size > 0))
		return false;
	reading->strings = data->d_buf;
	reading->size = data->d_size;
	return true;
}

/* Looks for the first .modinfo. False: libelf refuses the image. */
static bool find_modinfo(Elf *elf, struct reading *reading)
{
	Elf_Scn *section = NULL;
	size_t names, n;
	const char *name;

	if (elf_kind(elf) != ELF_K_ELF || elf_getshdrnum(elf, &n) != 0)
		return false;
	if (n == 0)
		return true;
	if (elf_getshdrstrndx(elf, &names) != 0)
		return false;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &reading->section))
			return false;
		name = elf_strptr(elf, names, reading->section.sh_name);
		if (!name)
			return false;
		if (strcmp(name, ".modinfo") == 0)
			return take_section(reading, section);
	}
	return true;
}

/* Is the section of names none of strings, or do these not begin and end with a NUL? */
static bool are_names_bad(Elf *elf, size_t names, const uint8_t *data, size_t size)
{
	Elf_Scn *section = names != SHN_UNDEF ? elf_getscn(elf, names) : NULL;
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type != SHT_STRTAB ||
	    (header.sh_flags & SHF_COMPRESSED) || header.sh_size == 0 || header.sh_offset >= size ||
	    header.sh_size > size - header.sh_offset)
		return true;
	data += header.sh_offset;
	return data[0] != '\0' || data[header.sh_size - 1] != '\0';
}

/* Is the table of another shape, or not all there? */
static bool is_table_bad(Elf *elf, const uint8_t *data, size_t size)
{
	GElf_Ehdr header;
	size_t n = 0, names = 0, entry = gelf_fsize(elf, ELF_T_SHDR, 1, EV_CURRENT);

	if (!gelf_getehdr(elf, &header) || elf_getshdrnum(elf, &n) != 0 ||
	    elf_getshdrstrndx(elf, &names) != 0)
		return true;
	if (header.e_shentsize != entry || (header.e_shoff == 0) != (n == 0) || n > SECTIONS_MAX ||
	    header.e_shoff > size || n * entry > size - header.e_shoff)
		return true;
	return are_names_bad(elf, names, data, size);
}

static bool is_modinfo_bad(const struct reading *reading, size_t size)
{
	const GElf_Shdr *section = &reading->section;

	return reading->found &&
	       (section->sh_type == SHT_NOBITS || (section->sh_flags & SHF_COMPRESSED) ||
		section->sh_size > MODINFO_MAX || section->sh_offset > size ||
		section->sh_size > size - section->sh_offset);
}

/* The strings, split byte by byte: those that begin so, in the same order, and no others. */
static void compare_aliases(const struct modinfo *modinfo, const struct reading *reading)
{
	const char *bytes = reading->strings, *alias;
	size_t position = 0, start = 0;

	for (size_t i = 0; i <= reading->size; i++) {
		if (i < reading->size && bytes[i] != '\0')
			continue;
		if (i - start >= 6 && memcmp(bytes + start, "alias=", 6) == 0) {
			alias = modinfo_next_alias(modinfo, &position);
			FUZZ_CHECK(alias && strlen(alias) == i - start - 6 &&
					   memcmp(alias, bytes + start + 6, i - start - 6) == 0,
				   "the alias at %zu is '%s'", start, alias ? alias : "none");
		}
		start = i + 1;
	}
	alias = modinfo_next_alias(modinfo, &position);
	FUZZ_CHECK(!alias, "one alias too many: '%s'", alias);
}

/* Of sections of some types libelf wants whole entries; the kernel goes by the name alone. */
static bool is_libelf_strict(const struct reading *reading)
{
	return reading->found && reading->section.sh_type != SHT_PROGBITS;
}

static void compare(const struct modinfo *modinfo, int fault, Elf *elf, const uint8_t *data,
		    size_t size)
{
	struct reading reading = { 0 };

	reading.good = find_modinfo(elf, &reading);
	if (!reading.good) {
		FUZZ_CHECK(fault != 0 || is_libelf_strict(&reading), "libelf refuses it");
		return;
	}
	if (fault != 0) {
		FUZZ_CHECK(is_table_bad(elf, data, size) || is_modinfo_bad(&reading, size),
			   "fault %d, and libelf reads %zu bytes", fault, reading.size);
		return;
	}
	FUZZ_CHECK(reading.size == modinfo->size, "%zu bytes, and libelf reads %zu", modinfo->size,
		   reading.size);
	FUZZ_CHECK(reading.size == 0 ||
			   memcmp(reading.strings, modinfo->strings, reading.size) == 0,
		   "libelf reads other bytes");
	compare_aliases(modinfo, &reading);
}

void fuzz_target_libelf(const uint8_t *data, size_t size)
{
	static struct modinfo modinfo;
	struct module_bytes bytes;
	Elf *elf;
	int fault;

	bytes = (struct module_bytes){ .fd = -1, .data = data, .size = size };
	fault = modinfo_read(&modinfo, &bytes);
	FUZZ_CHECK(fault >= 0, "errno %d", -fault);
	FUZZ_CHECK(elf_version(EV_CURRENT) != EV_NONE, "libelf is too old");
	elf = elf_begin(fuzz_file(data, size), ELF_C_READ, NULL);
	FUZZ_CHECK(elf || fault != 0, "libelf refuses it");
	if (elf)
		compare(&modinfo, fault, elf, data, size);
	(void)elf_end(elf);
}
