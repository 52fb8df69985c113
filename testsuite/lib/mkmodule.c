// SPDX-License-Identifier: GPL-2.0-or-later
/* Builds images of kernel modules, sound ones and ones with a single defect. */

#include "lib/mkmodule.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define MANY 200

static const char *const defect_names[MKMODULE_DEFECTS] = {
	[MKMODULE_SOUND] = "sound",
	[MKMODULE_NO_MODINFO] = "no-modinfo",
	[MKMODULE_NO_SECTIONS] = "no-sections",
	[MKMODULE_EXTENDED_NUMBERS] = "extended-numbers",
	[MKMODULE_SECOND_MODINFO] = "second-modinfo",
	[MKMODULE_MODINFO_LAST] = "modinfo-last",
	[MKMODULE_UNTERMINATED] = "unterminated",
	[MKMODULE_LEADING_NULS] = "leading-nuls",
	[MKMODULE_MANY_SECTIONS] = "many-sections",
	[MKMODULE_NAMES_FAR] = "names-far",
	[MKMODULE_BAD_CLASS] = "bad-class",
	[MKMODULE_BAD_ENCODING] = "bad-encoding",
	[MKMODULE_BAD_VERSION] = "bad-version",
	[MKMODULE_NAMES_INDEX_ZERO] = "names-index-zero",
	[MKMODULE_NAMES_INDEX_BEYOND] = "names-index-beyond",
	[MKMODULE_NAMES_NO_STRTAB] = "names-no-strtab",
	[MKMODULE_NAMES_BEYOND] = "names-beyond",
	[MKMODULE_NAME_OFFSET_BEYOND] = "name-offset-beyond",
	[MKMODULE_TABLE_BEYOND] = "table-beyond",
	[MKMODULE_TABLE_OVERFLOW] = "table-overflow",
	[MKMODULE_ENTRY_SIZE] = "entry-size",
	[MKMODULE_MODINFO_BEYOND] = "modinfo-beyond",
	[MKMODULE_MODINFO_OVERFLOW] = "modinfo-overflow",
	[MKMODULE_MODINFO_NOBITS] = "modinfo-nobits",
	[MKMODULE_MODINFO_COMPRESSED] = "modinfo-compressed",
	[MKMODULE_MODINFO_HUGE] = "modinfo-huge",
};

const char *mkmodule_defect_name(enum mkmodule_defect defect)
{
	return (unsigned int)defect < MKMODULE_DEFECTS ? defect_names[defect] : NULL;
}

/* An image that grows. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

static size_t append(struct buffer *buffer, const void *data, size_t size)
{
	size_t offset = buffer->size;

	if (offset + size >= buffer->capacity) {
		buffer->capacity = 2 * (offset + size + 1);
		buffer->data = realloc(buffer->data, buffer->capacity);
	}
	if (!buffer->data)
		abort();
	if (size > 0)
		memcpy(buffer->data + offset, data, size);
	buffer->size += size;
	return offset;
}

static void append_number(struct buffer *buffer, const struct mkmodule *spec, uint64_t number,
			  size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[spec->big_endian ? size - 1 - i : i] = (uint8_t)(number >> (8 * i));
	append(buffer, bytes, size);
}

static size_t word(const struct mkmodule *spec)
{
	return spec->bits / 8;
}

static size_t header_size(const struct mkmodule *spec)
{
	return spec->bits == 32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

static size_t entry_size(const struct mkmodule *spec)
{
	return spec->bits == 32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
}

struct header {
	uint64_t table;
	unsigned int n_sections;
	unsigned int names_index;
	unsigned int entry_size;
};

static void append_header(struct buffer *buffer, const struct mkmodule *spec,
			  const struct header *header)
{
	uint8_t ident[EI_NIDENT] = ELFMAG;

	ident[EI_CLASS] = spec->bits == 32 ? ELFCLASS32 : ELFCLASS64;
	ident[EI_DATA] = spec->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	ident[EI_VERSION] = EV_CURRENT;
	if (spec->defect == MKMODULE_BAD_CLASS)
		ident[EI_CLASS] = 3;
	if (spec->defect == MKMODULE_BAD_ENCODING)
		ident[EI_DATA] = 0;
	if (spec->defect == MKMODULE_BAD_VERSION)
		ident[EI_VERSION] = 2;
	append(buffer, ident, sizeof(ident));
	append_number(buffer, spec, ET_REL, 2);
	append_number(buffer, spec, spec->big_endian ? EM_S390 : EM_X86_64, 2);
	append_number(buffer, spec, EV_CURRENT, 4);
	append_number(buffer, spec, 0, word(spec)); /* e_entry */
	append_number(buffer, spec, 0, word(spec)); /* e_phoff */
	append_number(buffer, spec, header->table, word(spec));
	append_number(buffer, spec, 0, 4); /* e_flags */
	append_number(buffer, spec, header_size(spec), 2);
	append_number(buffer, spec, 0, 2); /* e_phentsize */
	append_number(buffer, spec, 0, 2); /* e_phnum */
	append_number(buffer, spec, header->entry_size, 2);
	append_number(buffer, spec, header->n_sections, 2);
	append_number(buffer, spec, header->names_index, 2);
}

struct section {
	unsigned int name;
	unsigned int type;
	uint64_t flags;
	uint64_t offset;
	uint64_t size;
	unsigned int link;
};

static void append_section(struct buffer *buffer, const struct mkmodule *spec,
			   const struct section *section)
{
	append_number(buffer, spec, section->name, 4);
	append_number(buffer, spec, section->type, 4);
	append_number(buffer, spec, section->flags, word(spec));
	append_number(buffer, spec, 0, word(spec)); /* sh_addr */
	append_number(buffer, spec, section->offset, word(spec));
	append_number(buffer, spec, section->size, word(spec));
	append_number(buffer, spec, section->link, 4);
	append_number(buffer, spec, 0, 4); /* sh_info */
	append_number(buffer, spec, 1, word(spec)); /* sh_addralign */
	append_number(buffer, spec, 0, word(spec)); /* sh_entsize */
}

static struct section append_strings(struct buffer *buffer, const struct mkmodule *spec)
{
	struct section section = { 0, SHT_PROGBITS, SHF_ALLOC, buffer->size, 0, 0 };

	for (size_t i = 0; i < spec->n_strings; i++) {
		size_t size = strlen(spec->strings[i]) + 1;

		if (spec->defect == MKMODULE_LEADING_NULS)
			append(buffer, "\0\0", 2);
		if (spec->defect == MKMODULE_UNTERMINATED && i == spec->n_strings - 1)
			size--;
		append(buffer, spec->strings[i], size);
	}
	section.size = buffer->size - section.offset;
	return section;
}

static void spoil_modinfo(const struct mkmodule *spec, struct section *modinfo)
{
	uint64_t max = spec->bits == 32 ? UINT32_MAX : UINT64_MAX;

	switch (spec->defect) {
	case MKMODULE_MODINFO_BEYOND:
		modinfo->offset += 1 << 20;
		break;
	case MKMODULE_MODINFO_OVERFLOW:
		modinfo->offset = max - 4;
		break;
	case MKMODULE_MODINFO_NOBITS:
		modinfo->type = SHT_NOBITS;
		break;
	case MKMODULE_MODINFO_COMPRESSED:
		modinfo->flags |= SHF_COMPRESSED;
		break;
	case MKMODULE_MODINFO_HUGE:
		modinfo->size = 17 << 20;
		break;
	case MKMODULE_NAME_OFFSET_BEYOND:
		modinfo->name = 1 << 20;
		break;
	default:
		break;
	}
}

static const char section_names[] = "\0.text\0.modinfo\0.shstrtab";
#define NAME_TEXT 1
#define NAME_MODINFO 7
#define NAME_SHSTRTAB 16

static struct section append_names(struct buffer *buffer, const struct mkmodule *spec)
{
	struct section section = { NAME_SHSTRTAB,         SHT_STRTAB, 0, buffer->size,
				   sizeof(section_names), 0 };

	append(buffer, section_names, sizeof(section_names));
	if (spec->defect == MKMODULE_NAMES_NO_STRTAB)
		section.type = SHT_PROGBITS;
	if (spec->defect == MKMODULE_NAMES_BEYOND)
		section.offset += 1 << 20;
	return section;
}

/* The sections after the empty first one, which stands for what the header has no room for. */
static unsigned int append_table(struct buffer *buffer, const struct mkmodule *spec,
				 struct section modinfo, const struct section *names,
				 unsigned int *ret_names_index)
{
	static const struct section text = { NAME_TEXT, SHT_PROGBITS, 0, 0, 0, 0 };
	unsigned int n = 1, many = spec->defect == MKMODULE_MANY_SECTIONS ? MANY : 1;

	for (unsigned int i = 0; i < many; i++, n++)
		append_section(buffer, spec, &text);
	modinfo.name = NAME_MODINFO;
	spoil_modinfo(spec, &modinfo);
	if (spec->defect != MKMODULE_NO_MODINFO) {
		append_section(buffer, spec, &modinfo);
		n++;
	}
	if (spec->defect == MKMODULE_SECOND_MODINFO) {
		modinfo.size = 0;
		append_section(buffer, spec, &modinfo);
		n++;
	}
	append_section(buffer, spec, names);
	*ret_names_index = n;
	return n + 1;
}

static void append_all_sections(struct buffer *buffer, const struct mkmodule *spec,
				struct header *header, const struct section *modinfo,
				const struct section *names)
{
	struct section first = { 0 };
	struct buffer rest = { 0 };

	header->n_sections = append_table(&rest, spec, *modinfo, names, &header->names_index);
	if (spec->defect == MKMODULE_EXTENDED_NUMBERS) {
		first.size = header->n_sections;
		first.link = header->names_index;
		header->n_sections = 0;
		header->names_index = SHN_XINDEX;
	}
	header->table = buffer->size;
	append_section(buffer, spec, &first);
	append(buffer, rest.data, rest.size);
	free(rest.data);
}

static void spoil_header(const struct mkmodule *spec, struct header *header)
{
	switch (spec->defect) {
	case MKMODULE_NAMES_INDEX_ZERO:
		header->names_index = 0;
		break;
	case MKMODULE_NAMES_INDEX_BEYOND:
		header->names_index = header->n_sections;
		break;
	case MKMODULE_TABLE_BEYOND:
		header->table += 1 << 20;
		break;
	case MKMODULE_TABLE_OVERFLOW:
		header->table = spec->bits == 32 ? UINT32_MAX - 8 : UINT64_MAX - 8;
		break;
	case MKMODULE_ENTRY_SIZE:
		header->entry_size--;
		break;
	default:
		break;
	}
}

uint8_t *mkmodule(const struct mkmodule *spec, size_t *ret_size)
{
	struct header header = { .entry_size = (unsigned int)entry_size(spec) };
	struct section modinfo = { 0 }, names;
	struct buffer image = { 0 }, start = { 0 };

	append_header(&image, spec, &header);
	if (spec->defect == MKMODULE_NO_SECTIONS) {
		*ret_size = image.size;
		return image.data;
	}
	if (spec->defect == MKMODULE_NAMES_FAR)
		names = append_names(&image, spec);
	append(&image, "text of the module, some bytes", 30);
	if (spec->defect == MKMODULE_MODINFO_LAST)
		modinfo.offset = image.size + sizeof(section_names) + 4 * entry_size(spec);
	else
		modinfo = append_strings(&image, spec);
	if (spec->defect == MKMODULE_NAMES_FAR)
		for (int i = 0; i < 300; i++)
			append(&image, "more text of the module, some bytes", 35);
	else
		names = append_names(&image, spec);
	if (spec->defect == MKMODULE_MODINFO_LAST) {
		struct buffer strings = { 0 };

		modinfo.type = SHT_PROGBITS;
		modinfo.size = append_strings(&strings, spec).size;
		append_all_sections(&image, spec, &header, &modinfo, &names);
		append(&image, strings.data, strings.size);
		free(strings.data);
	} else {
		append_all_sections(&image, spec, &header, &modinfo, &names);
	}
	spoil_header(spec, &header);
	append_header(&start, spec, &header);
	memcpy(image.data, start.data, start.size);
	free(start.data);
	*ret_size = image.size;
	return image.data;
}
