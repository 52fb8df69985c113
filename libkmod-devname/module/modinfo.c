// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A module image -> its alias strings.
 *
 * libelf knows the layouts and byte orders (elf32_xlatetom(3) and elf64_xlatetom(3)); which
 * bytes are read is decided here: the header, the section headers with the names that
 * usually stand right before them, and .modinfo. That is three reads a module; elf_begin(3),
 * elf_strptr(3) and elf_rawdata(3) make six system calls and several allocations for the same.
 */

#include <elf.h>
#include <errno.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "module/modinfo.h"

#define MODINFO_SIZE_MAX ((size_t)16 << 20)
/* The kernel takes 16 bits of section count from the header; this leaves room for more. */
#define SECTIONS_MAX ((uint64_t)1 << 20)
/* How far before the section headers .shstrtab starts in every module known. */
#define NAMES_GUESS 1024

/* A piece of the image, so that small reads nearby cost no system call each. */
struct window {
	const struct module_bytes *file;
	uint64_t offset;
	size_t size;
	uint8_t bytes[8192];
};

/* Section headers in the layout of this machine: converting one at a time is slow. */
#define HEADERS_CONVERTED 64
union headers {
	Elf32_Shdr of32[HEADERS_CONVERTED];
	Elf64_Shdr of64[HEADERS_CONVERTED];
};

struct elf {
	unsigned int class; /* ELFCLASS32 or ELFCLASS64 */
	unsigned int encoding; /* ELFDATA2LSB or ELFDATA2MSB */
	uint64_t section_table;
	uint64_t n_sections;
	uint64_t names_index;
	struct window headers;
	struct window names;
	uint64_t first; /* of the headers that are converted */
	uint64_t n_converted;
	union headers converted;
};

struct section {
	uint64_t name; /* offset in the section of names */
	uint64_t type;
	uint64_t flags;
	uint64_t offset;
	uint64_t size;
	uint64_t link;
};

int module_bytes_from_file(int fd, struct module_bytes *ret_bytes)
{
	ssize_t n = read_at(fd, 0, ret_bytes->head, sizeof(ret_bytes->head));

	if (n < 0)
		return (int)n;
	ret_bytes->fd = fd;
	ret_bytes->head_size = (size_t)n;
	return 0;
}

static ssize_t copy_part(const uint8_t *data, size_t data_size, uint64_t offset, void *buffer,
			 size_t size)
{
	if (offset >= data_size)
		return 0;
	if (size > data_size - offset)
		size = data_size - (size_t)offset;
	if (size > 0)
		memcpy(buffer, data + offset, size);
	return (ssize_t)size;
}

ssize_t module_bytes_read(const struct module_bytes *bytes, uint64_t offset, void *buffer,
			  size_t size)
{
	if (bytes->fd < 0)
		return copy_part(bytes->data, bytes->size, offset, buffer, size);
	if (offset < bytes->head_size && size <= bytes->head_size - offset)
		return copy_part(bytes->head, bytes->head_size, offset, buffer, size);
	return read_at(bytes->fd, offset, buffer, size);
}

void modinfo_done(struct modinfo *modinfo)
{
	free(modinfo->strings);
	*modinfo = (struct modinfo){ 0 };
}

static bool window_has(const struct window *window, uint64_t offset, size_t size)
{
	if (window->size == 0)
		return false;
	return offset >= window->offset && offset - window->offset <= window->size &&
	       size <= window->size - (offset - window->offset);
}

static const uint8_t *window_bytes(const struct window *window, uint64_t offset)
{
	return window->bytes + (offset - window->offset);
}

/*
 * Points to size bytes at offset. If they are not in the window it is moved to start, and
 * filled as far as end, so that a read stops short only where the image does. Returns 0,
 * MODULE_TRUNCATED, or a negative errno.
 */
static int window_get(struct window *window, uint64_t start, uint64_t end, uint64_t offset,
		      size_t size, const uint8_t **ret_bytes)
{
	size_t room = sizeof(window->bytes);
	ssize_t n;

	if (!window_has(window, offset, size)) {
		n = module_bytes_read(window->file, start, window->bytes,
				      end - start < room ? (size_t)(end - start) : room);
		window->offset = start;
		window->size = n < 0 ? 0 : (size_t)n;
		if (n < 0)
			return (int)n;
		if (!window_has(window, offset, size))
			return MODULE_TRUNCATED;
	}
	*ret_bytes = window_bytes(window, offset);
	return 0;
}

/* Converts one header of either class to the layout of this machine. */
static bool translate(const struct elf *elf, Elf_Type type, const uint8_t *bytes, size_t size,
		      void *ret_header, size_t header_size)
{
	Elf_Data from = { .d_buf = (void *)(uintptr_t)bytes,
			  .d_type = type,
			  .d_version = EV_CURRENT,
			  .d_size = size };
	Elf_Data to = {
		.d_buf = ret_header, .d_type = type, .d_version = EV_CURRENT, .d_size = header_size
	};

	if (elf->class == ELFCLASS32)
		return elf32_xlatetom(&to, &from, elf->encoding) != NULL;
	return elf64_xlatetom(&to, &from, elf->encoding) != NULL;
}

static size_t section_header_size(const struct elf *elf)
{
	return elf->class == ELFCLASS32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
}

static int parse_ident(struct elf *elf, const uint8_t *head, size_t size)
{
	if (size < SELFMAG || memcmp(head, ELFMAG, SELFMAG) != 0)
		return MODULE_NOT_ELF;
	if (size < EI_NIDENT)
		return MODULE_TRUNCATED;
	elf->class = head[EI_CLASS];
	elf->encoding = head[EI_DATA];
	if ((elf->class != ELFCLASS32 && elf->class != ELFCLASS64) ||
	    (elf->encoding != ELFDATA2LSB && elf->encoding != ELFDATA2MSB) ||
	    head[EI_VERSION] != EV_CURRENT)
		return MODULE_BAD_HEADER;
	return size < (elf->class == ELFCLASS32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr))
		       ? MODULE_TRUNCATED
		       : MODULE_OK;
}

static int parse_header(struct elf *elf, const uint8_t *head)
{
	union {
		Elf32_Ehdr of32;
		Elf64_Ehdr of64;
	} h;
	bool is32 = elf->class == ELFCLASS32;
	size_t size = is32 ? sizeof(h.of32) : sizeof(h.of64);
	unsigned int section_header;

	if (!translate(elf, ELF_T_EHDR, head, size, &h, sizeof(h)))
		return MODULE_BAD_HEADER;
	elf->section_table = is32 ? h.of32.e_shoff : h.of64.e_shoff;
	elf->n_sections = is32 ? h.of32.e_shnum : h.of64.e_shnum;
	elf->names_index = is32 ? h.of32.e_shstrndx : h.of64.e_shstrndx;
	section_header = is32 ? h.of32.e_shentsize : h.of64.e_shentsize;
	if (elf->section_table == 0)
		return elf->n_sections == 0 ? MODULE_OK : MODULE_BAD_HEADER;
	return section_header == section_header_size(elf) ? MODULE_OK : MODULE_BAD_HEADER;
}

/*
 * Converts the header of a section, and those behind it that are in the window. That is laid so
 * that the names come along with the headers, if there is room.
 */
static int convert_headers(struct elf *elf, uint64_t index)
{
	size_t size = section_header_size(elf);
	uint64_t n = elf->n_sections > index ? elf->n_sections : index + 1;
	uint64_t offset, start, end;
	const uint8_t *bytes;
	int r;

	if (elf->section_table > UINT64_MAX - n * size)
		return MODULE_TRUNCATED;
	offset = elf->section_table + index * size;
	end = elf->section_table + n * size;
	start = elf->section_table -
		(elf->section_table < NAMES_GUESS ? elf->section_table : NAMES_GUESS);
	if (offset + size > start + sizeof(elf->headers.bytes))
		start = offset;
	elf->n_converted = 0;
	r = window_get(&elf->headers, start, end, offset, size, &bytes);
	if (r != 0)
		return r;
	n = (elf->headers.offset + elf->headers.size - offset) / size;
	n = n < HEADERS_CONVERTED ? n : HEADERS_CONVERTED;
	if (!translate(elf, ELF_T_SHDR, bytes, n * size, &elf->converted, sizeof(elf->converted)))
		return MODULE_BAD_SECTION;
	elf->first = index;
	elf->n_converted = n;
	return 0;
}

static int read_section(struct elf *elf, uint64_t index, struct section *ret_section)
{
	const Elf32_Shdr *of32;
	const Elf64_Shdr *of64;
	int r = 0;

	if (index < elf->first || index - elf->first >= elf->n_converted)
		r = convert_headers(elf, index);
	if (r != 0)
		return r;
	of32 = &elf->converted.of32[index - elf->first];
	of64 = &elf->converted.of64[index - elf->first];
	if (elf->class == ELFCLASS32)
		*ret_section = (struct section){ of32->sh_name,   of32->sh_type, of32->sh_flags,
						 of32->sh_offset, of32->sh_size, of32->sh_link };
	else
		*ret_section = (struct section){ of64->sh_name,   of64->sh_type, of64->sh_flags,
						 of64->sh_offset, of64->sh_size, of64->sh_link };
	return 0;
}

/* Numbers that do not fit the header's 16 bits stand in section 0, see elf(5). */
static int resolve_extended_numbers(struct elf *elf)
{
	struct section section;
	int r;

	if (elf->section_table == 0 || (elf->n_sections != 0 && elf->names_index != SHN_XINDEX))
		return 0;
	r = read_section(elf, 0, &section);
	if (r != 0)
		return r;
	if (elf->n_sections == 0)
		elf->n_sections = section.size;
	if (elf->names_index == SHN_XINDEX)
		elf->names_index = section.link;
	return elf->n_sections > SECTIONS_MAX ? MODULE_BAD_SECTION : MODULE_OK;
}

static int open_elf(struct elf *elf, const struct module_bytes *file)
{
	uint8_t head[sizeof(Elf64_Ehdr)];
	ssize_t n = module_bytes_read(file, 0, head, sizeof(head));
	int r;

	if (n < 0)
		return (int)n;
	elf->headers.file = elf->names.file = file;
	/* what bytes they have is only looked at below that */
	elf->headers.offset = elf->names.offset = 0;
	elf->headers.size = elf->names.size = 0;
	elf->section_table = 0;
	elf->first = elf->n_converted = 0;
	r = parse_ident(elf, head, (size_t)n);
	if (r == 0)
		r = parse_header(elf, head);
	if (r == 0)
		r = resolve_extended_numbers(elf);
	return r;
}

/* Is the section's name, in the section of names, ".modinfo"? 0 or 1, a fault, or an errno. */
static int is_modinfo(struct elf *elf, const struct section *names, const struct section *section,
		      bool *ret_is)
{
	static const char name[] = ".modinfo";
	const uint8_t *bytes;
	uint64_t offset, end;
	int r = 0;

	*ret_is = false;
	if (section->name >= names->size)
		return MODULE_BAD_SECTION;
	if (names->size - section->name < sizeof(name))
		return MODULE_OK;
	offset = names->offset + section->name;
	end = names->offset + names->size;
	if (window_has(&elf->headers, offset, sizeof(name)))
		bytes = window_bytes(&elf->headers, offset);
	else
		r = window_get(&elf->names, offset, end, offset, sizeof(name), &bytes);
	if (r == 0)
		*ret_is = memcmp(bytes, name, sizeof(name)) == 0;
	return r;
}

/* Reads a byte of the section of names. 0, MODULE_TRUNCATED, or a negative errno. */
static int read_name_byte(struct elf *elf, const struct section *names, uint64_t index,
			  uint8_t *ret_byte)
{
	uint64_t offset = names->offset + index, end = names->offset + names->size;
	size_t room = sizeof(elf->names.bytes);
	const uint8_t *byte;
	int r = 0;

	if (window_has(&elf->headers, offset, 1))
		byte = window_bytes(&elf->headers, offset);
	else
		r = window_get(&elf->names, index < room ? names->offset : end - room, end, offset,
			       1, &byte);
	if (r == 0)
		*ret_byte = *byte;
	return r;
}

/* A section of strings begins and ends with a NUL, or else it is none: elf(5). */
static int check_names(struct elf *elf, const struct section *names)
{
	uint8_t first = 0, last = 0;
	int r;

	if (names->type != SHT_STRTAB || (names->flags & SHF_COMPRESSED) || names->size == 0)
		return MODULE_BAD_SECTION;
	if (names->offset > UINT64_MAX - names->size)
		return MODULE_TRUNCATED;
	r = read_name_byte(elf, names, names->size - 1, &last);
	if (r == 0)
		r = read_name_byte(elf, names, 0, &first);
	if (r == 0 && (first != '\0' || last != '\0'))
		r = MODULE_BAD_SECTION;
	return r;
}

static int find_modinfo(struct elf *elf, struct section *ret_section, bool *ret_found)
{
	struct section names, section;
	bool found = false;
	int r;

	*ret_found = false;
	if (elf->n_sections == 0)
		return elf->names_index == SHN_UNDEF ? MODULE_OK : MODULE_BAD_SECTION;
	if (elf->names_index == SHN_UNDEF || elf->names_index >= elf->n_sections)
		return MODULE_BAD_SECTION;
	/* the last one first: all of the table must be there, wherever .modinfo is */
	r = read_section(elf, elf->n_sections - 1, &section);
	if (r == 0)
		r = read_section(elf, elf->names_index, &names);
	if (r == 0)
		r = check_names(elf, &names);
	for (uint64_t i = 1; i < elf->n_sections && r == 0 && !found; i++) {
		r = read_section(elf, i, &section);
		if (r == 0)
			r = is_modinfo(elf, &names, &section, &found);
	}
	if (r != 0 || !found)
		return r;
	*ret_section = section;
	*ret_found = true;
	return 0;
}

static int reserve(struct modinfo *modinfo, size_t size)
{
	char *strings;

	if (size <= modinfo->capacity)
		return 0;
	strings = realloc(modinfo->strings, size);
	if (!strings)
		return -ENOMEM;
	modinfo->strings = strings;
	modinfo->capacity = size;
	return 0;
}

static int read_strings(struct modinfo *modinfo, const struct module_bytes *file,
			const struct section *section)
{
	size_t size;
	ssize_t n;
	int r;

	if (section->type == SHT_NOBITS || (section->flags & SHF_COMPRESSED))
		return MODULE_BAD_SECTION;
	if (section->size > MODINFO_SIZE_MAX)
		return MODULE_MODINFO_TOO_LARGE;
	size = (size_t)section->size;
	r = reserve(modinfo, size + 1);
	if (r < 0)
		return r;
	n = module_bytes_read(file, section->offset, modinfo->strings, size);
	if (n < 0)
		return (int)n;
	if ((size_t)n < size)
		return MODULE_TRUNCATED;
	modinfo->strings[size] = '\0';
	modinfo->size = size;
	return 0;
}

int modinfo_read(struct modinfo *modinfo, const struct module_bytes *file)
{
	struct section section;
	struct elf elf;
	bool found;
	int r;

	modinfo->size = 0;
	r = open_elf(&elf, file);
	if (r != 0)
		return r;
	r = find_modinfo(&elf, &section, &found);
	if (r != 0 || !found)
		return r;
	return read_strings(modinfo, file, &section);
}

/* Where the section headers end, or whatever they speak of. */
static uint64_t end_of_sections(struct elf *elf)
{
	uint64_t size = elf->n_sections * section_header_size(elf), end;
	struct section section;

	if (elf->section_table > UINT64_MAX - size)
		return UINT64_MAX;
	end = elf->section_table + size;
	for (uint64_t i = 1; i < elf->n_sections && read_section(elf, i, &section) == 0; i++) {
		if (section.type == SHT_NOBITS)
			continue;
		if (section.offset > UINT64_MAX - section.size)
			return UINT64_MAX;
		if (section.offset + section.size > end)
			end = section.offset + section.size;
	}
	return end;
}

uint64_t modinfo_expected_size(const uint8_t *data, size_t size)
{
	struct module_bytes file = { .fd = -1, .data = data, .size = size };
	struct elf elf;
	int r = open_elf(&elf, &file);

	/* their number may stand in the first of them, and that is still to come */
	if (r == MODULE_TRUNCATED && size > sizeof(Elf64_Ehdr))
		return elf.section_table;
	return r == 0 ? end_of_sections(&elf) : 0;
}

const char *modinfo_next_alias(const struct modinfo *modinfo, size_t *position)
{
	static const char key[] = "alias=";

	while (*position < modinfo->size) {
		const char *string = modinfo->strings + *position;

		*position += strlen(string) + 1;
		if (*string == *key && strncmp(string, key, sizeof(key) - 1) == 0)
			return string + sizeof(key) - 1;
	}
	return NULL;
}
