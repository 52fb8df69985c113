// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bytes of an ELF module -> its alias strings.
 *
 * A module costs three reads. The first one, of the head, has the ELF header, which tells where the
 * section headers are. The second read begins a little before them, so that the section names come
 * along: linkers put .shstrtab there. In other layouts the names are read into a window of their
 * own. A window is moved only to bytes that it does not have. The third read copies .modinfo.
 *
 * libelf knows the layouts and byte orders: elf32_xlatetom(3) and elf64_xlatetom(3) convert the
 * headers. elf_begin(3), elf_strptr(3) and elf_rawdata(3) would make six system calls and several
 * allocations for the same.
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
#define WINDOW_SIZE 8192
/* Converting one header at a time is slow. */
#define HEADERS_CONVERTED 64

/* A piece of the module, so that small reads nearby cost no system call each. */
struct window {
	uint64_t offset; /* in the module */
	size_t size;
	uint8_t bytes[WINDOW_SIZE];
};

struct elf_file {
	const struct module_bytes *module;
	unsigned int class; /* ELFCLASS32 or ELFCLASS64 */
	unsigned int encoding; /* ELFDATA2LSB or ELFDATA2MSB */
	uint64_t section_table; /* offset of the section headers; 0: there are none */
	uint64_t n_sections;
	uint64_t names_index; /* of the section with the names of the sections */
	struct window headers;
	struct window names;
	/* Section headers in the layout of this machine, from the index first on. */
	uint64_t first_converted;
	uint64_t n_converted;
	union {
		Elf32_Shdr of32[HEADERS_CONVERTED];
		Elf64_Shdr of64[HEADERS_CONVERTED];
	} converted;
};

/* The relevant fields of a section header of either class. */
struct elf_section {
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

ssize_t module_bytes_read(const struct module_bytes *bytes, uint64_t offset, void *buffer,
			  size_t size)
{
	const uint8_t *data = bytes->fd < 0 ? bytes->data : bytes->head;
	size_t data_size = bytes->fd < 0 ? bytes->size : bytes->head_size;

	if (bytes->fd >= 0 && (offset >= data_size || size > data_size - offset))
		return read_at(bytes->fd, offset, buffer, size);
	if (offset >= data_size)
		return 0;
	if (size > data_size - offset)
		size = data_size - (size_t)offset;
	if (size > 0)
		memcpy(buffer, data + offset, size);
	return (ssize_t)size;
}

/* Points to size bytes at the offset in the module; NULL: the window does not have them. */
static const uint8_t *window_find(const struct window *window, uint64_t offset, size_t size)
{
	if (offset < window->offset || offset - window->offset > window->size ||
	    size > window->size - (offset - window->offset))
		return NULL;
	return window->bytes + (offset - window->offset);
}

/*
 * Like window_get(), but moves a window without these bytes to start, and fills it up to end. The
 * bytes are then missing only if the module ends before. Returns MODULE_OK, MODULE_TRUNCATED, or a
 * negative errno.
 */
static int window_get(struct window *window, const struct module_bytes *module, uint64_t start,
		      uint64_t end, uint64_t offset, size_t size, const uint8_t **ret_bytes)
{
	const uint8_t *bytes = window_find(window, offset, size);

	if (!bytes) {
		size_t wanted = end - start < WINDOW_SIZE ? (size_t)(end - start) : WINDOW_SIZE;
		ssize_t n = module_bytes_read(module, start, window->bytes, wanted);

		window->offset = start;
		window->size = n < 0 ? 0 : (size_t)n;
		if (n < 0)
			return (int)n;
		bytes = window_find(window, offset, size);
	}
	*ret_bytes = bytes;
	return bytes ? MODULE_OK : MODULE_TRUNCATED;
}

/* Converts headers of either class to the layout of this machine. */
static bool elf_convert(const struct elf_file *elf, Elf_Type type, const uint8_t *bytes,
			size_t size, void *ret_headers, size_t room)
{
	Elf_Data from = { .d_buf = (void *)(uintptr_t)bytes,
			  .d_type = type,
			  .d_version = EV_CURRENT,
			  .d_size = size };
	Elf_Data to = {
		.d_buf = ret_headers, .d_type = type, .d_version = EV_CURRENT, .d_size = room
	};

	if (elf->class == ELFCLASS32)
		return elf32_xlatetom(&to, &from, elf->encoding) != NULL;
	return elf64_xlatetom(&to, &from, elf->encoding) != NULL;
}

static size_t elf_section_header_size(const struct elf_file *elf)
{
	return elf->class == ELFCLASS32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
}

/* Converts the section header of the index, and those behind it that are in the window. */
static int elf_convert_section_headers(struct elf_file *elf, uint64_t index)
{
	size_t size = elf_section_header_size(elf);
	uint64_t n = elf->n_sections > index ? elf->n_sections : index + 1;
	uint64_t offset, start;
	const uint8_t *bytes;
	int r;

	if (elf->section_table > UINT64_MAX - n * size)
		return MODULE_TRUNCATED;
	offset = elf->section_table + index * size;
	start = elf->section_table > NAMES_GUESS ? elf->section_table - NAMES_GUESS : 0;
	if (offset + size > start + WINDOW_SIZE)
		start = offset;
	elf->n_converted = 0;
	r = window_get(&elf->headers, elf->module, start, elf->section_table + n * size, offset,
		       size, &bytes);
	if (r != MODULE_OK)
		return r;
	n = (elf->headers.offset + elf->headers.size - offset) / size;
	if (n > HEADERS_CONVERTED)
		n = HEADERS_CONVERTED;
	if (!elf_convert(elf, ELF_T_SHDR, bytes, (size_t)n * size, &elf->converted,
			 sizeof(elf->converted)))
		return MODULE_BAD_SECTION;
	elf->first_converted = index;
	elf->n_converted = n;
	return MODULE_OK;
}

static int elf_read_section(struct elf_file *elf, uint64_t index, struct elf_section *ret_section)
{
	const Elf32_Shdr *of32;
	const Elf64_Shdr *of64;

	if (index < elf->first_converted || index - elf->first_converted >= elf->n_converted) {
		int r = elf_convert_section_headers(elf, index);

		if (r != MODULE_OK)
			return r;
	}
	of32 = &elf->converted.of32[index - elf->first_converted];
	of64 = &elf->converted.of64[index - elf->first_converted];
	if (elf->class == ELFCLASS32)
		*ret_section =
			(struct elf_section){ of32->sh_name,   of32->sh_type, of32->sh_flags,
					      of32->sh_offset, of32->sh_size, of32->sh_link };
	else
		*ret_section =
			(struct elf_section){ of64->sh_name,   of64->sh_type, of64->sh_flags,
					      of64->sh_offset, of64->sh_size, of64->sh_link };
	return MODULE_OK;
}

/* Reads class and byte order, and from these where the section headers are. */
static int elf_parse_header(struct elf_file *elf, const uint8_t *head, size_t size)
{
	union {
		Elf32_Ehdr of32;
		Elf64_Ehdr of64;
	} h;
	unsigned int entry_size;
	size_t header_size;
	bool is32;

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
	is32 = elf->class == ELFCLASS32;
	header_size = is32 ? sizeof(h.of32) : sizeof(h.of64);
	if (size < header_size)
		return MODULE_TRUNCATED;
	if (!elf_convert(elf, ELF_T_EHDR, head, header_size, &h, sizeof(h)))
		return MODULE_BAD_HEADER;
	elf->section_table = is32 ? h.of32.e_shoff : h.of64.e_shoff;
	elf->n_sections = is32 ? h.of32.e_shnum : h.of64.e_shnum;
	elf->names_index = is32 ? h.of32.e_shstrndx : h.of64.e_shstrndx;
	entry_size = is32 ? h.of32.e_shentsize : h.of64.e_shentsize;
	if (elf->section_table == 0)
		return elf->n_sections == 0 ? MODULE_OK : MODULE_BAD_HEADER;
	return entry_size == elf_section_header_size(elf) ? MODULE_OK : MODULE_BAD_HEADER;
}

static int elf_open(struct elf_file *elf, const struct module_bytes *module)
{
	uint8_t head[sizeof(Elf64_Ehdr)];
	ssize_t n = module_bytes_read(module, 0, head, sizeof(head));
	struct elf_section section;
	int r;

	if (n < 0)
		return (int)n;
	/* the bytes of the windows are not cleared: that would take as long as reading them */
	elf->module = module;
	elf->headers.offset = elf->names.offset = 0;
	elf->headers.size = elf->names.size = 0;
	elf->section_table = 0;
	elf->first_converted = elf->n_converted = 0;
	r = elf_parse_header(elf, head, (size_t)n);
	if (r != MODULE_OK || elf->section_table == 0)
		return r;
	if (elf->n_sections != 0 && elf->names_index != SHN_XINDEX)
		return MODULE_OK;
	/* elf(5): numbers that do not fit the 16 bits of the header are in section 0 */
	r = elf_read_section(elf, 0, &section);
	if (r != MODULE_OK)
		return r;
	if (elf->n_sections == 0)
		elf->n_sections = section.size;
	if (elf->names_index == SHN_XINDEX)
		elf->names_index = section.link;
	return elf->n_sections > SECTIONS_MAX ? MODULE_BAD_SECTION : MODULE_OK;
}

/* Points to bytes of the section of names, in whichever window has them. */
static int elf_get_name(struct elf_file *elf, const struct elf_section *names, uint64_t index,
			size_t size, const uint8_t **ret_bytes)
{
	uint64_t offset = names->offset + index;
	uint64_t start = names->size <= WINDOW_SIZE ? names->offset : offset;

	*ret_bytes = window_find(&elf->headers, offset, size);
	if (*ret_bytes)
		return MODULE_OK;
	return window_get(&elf->names, elf->module, start, names->offset + names->size, offset,
			  size, ret_bytes);
}

/* elf(5): the section of names, which is one of strings, begins and ends with a NUL. */
static int elf_read_names(struct elf_file *elf, struct elf_section *names)
{
	const uint8_t *byte;
	int r;

	r = elf_read_section(elf, elf->names_index, names);
	if (r != MODULE_OK)
		return r;
	if (names->type != SHT_STRTAB || (names->flags & SHF_COMPRESSED) || names->size == 0)
		return MODULE_BAD_SECTION;
	if (names->offset > UINT64_MAX - names->size)
		return MODULE_TRUNCATED;
	r = elf_get_name(elf, names, names->size - 1, 1, &byte);
	if (r != MODULE_OK)
		return r;
	if (*byte != '\0')
		return MODULE_BAD_SECTION;
	r = elf_get_name(elf, names, 0, 1, &byte);
	if (r != MODULE_OK)
		return r;
	return *byte == '\0' ? MODULE_OK : MODULE_BAD_SECTION;
}

/* Finds the first .modinfo. MODULE_OK with *ret_found false: there is none. */
static int elf_find_modinfo(struct elf_file *elf, struct elf_section *ret_section, bool *ret_found)
{
	static const char name[] = ".modinfo";
	struct elf_section names, *section = ret_section;
	const uint8_t *bytes;
	int r;

	*ret_found = false;
	if (elf->n_sections == 0)
		return elf->names_index == SHN_UNDEF ? MODULE_OK : MODULE_BAD_SECTION;
	if (elf->names_index == SHN_UNDEF || elf->names_index >= elf->n_sections)
		return MODULE_BAD_SECTION;
	/* the last one first: all of the table must be there, wherever .modinfo is */
	r = elf_read_section(elf, elf->n_sections - 1, section);
	if (r != MODULE_OK)
		return r;
	r = elf_read_names(elf, &names);
	if (r != MODULE_OK)
		return r;
	for (uint64_t i = 1; i < elf->n_sections; i++) {
		r = elf_read_section(elf, i, section);
		if (r != MODULE_OK)
			return r;
		if (section->name >= names.size)
			return MODULE_BAD_SECTION;
		if (names.size - section->name < sizeof(name))
			continue;
		r = elf_get_name(elf, &names, section->name, sizeof(name), &bytes);
		if (r != MODULE_OK)
			return r;
		if (memcmp(bytes, name, sizeof(name)) == 0) {
			*ret_found = true;
			break;
		}
	}
	return MODULE_OK;
}

/* Copies the section, with a NUL behind it. */
static int modinfo_read_strings(struct modinfo *modinfo, const struct module_bytes *module,
				const struct elf_section *section)
{
	size_t size;
	ssize_t n;

	if (section->type == SHT_NOBITS || (section->flags & SHF_COMPRESSED))
		return MODULE_BAD_SECTION;
	if (section->size > MODINFO_SIZE_MAX)
		return MODULE_MODINFO_TOO_LARGE;
	size = (size_t)section->size;
	if (size + 1 > modinfo->capacity) {
		char *strings;

		if (modinfo->before_growth)
			modinfo->before_growth(modinfo->data, size + 1);
		strings = realloc(modinfo->strings, size + 1);
		if (!strings)
			return -ENOMEM;
		modinfo->strings = strings;
		modinfo->capacity = size + 1;
	}
	n = module_bytes_read(module, section->offset, modinfo->strings, size);
	if (n < 0)
		return (int)n;
	if ((size_t)n < size)
		return MODULE_TRUNCATED;
	modinfo->strings[size] = '\0';
	modinfo->size = size;
	return MODULE_OK;
}

int modinfo_read(struct modinfo *modinfo, const struct module_bytes *module)
{
	struct elf_section section;
	struct elf_file elf;
	bool found;
	int r;

	modinfo->size = 0;
	r = elf_open(&elf, module);
	if (r != MODULE_OK)
		return r;
	r = elf_find_modinfo(&elf, &section, &found);
	if (r != MODULE_OK || !found)
		return r;
	return modinfo_read_strings(modinfo, module, &section);
}

uint64_t modinfo_expected_size(const uint8_t *data, size_t size)
{
	const struct module_bytes module = { .fd = -1, .data = data, .size = size };
	struct elf_section section;
	struct elf_file elf;
	uint64_t table_size, end;
	int r = elf_open(&elf, &module);

	/* the number of sections is in section 0, which is still to come: at least up to there */
	if (r == MODULE_TRUNCATED && size > sizeof(Elf64_Ehdr))
		return elf.section_table;
	if (r != MODULE_OK)
		return 0;
	table_size = elf.n_sections * elf_section_header_size(&elf);
	if (elf.section_table > UINT64_MAX - table_size)
		return UINT64_MAX;
	end = elf.section_table + table_size;
	for (uint64_t i = 1; i < elf.n_sections; i++) {
		if (elf_read_section(&elf, i, &section) != MODULE_OK)
			break;
		if (section.type == SHT_NOBITS)
			continue;
		if (section.offset > UINT64_MAX - section.size)
			return UINT64_MAX;
		if (section.offset + section.size > end)
			end = section.offset + section.size;
	}
	return end;
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

void modinfo_done(struct modinfo *modinfo)
{
	free(modinfo->strings);
	modinfo->strings = NULL;
	modinfo->size = modinfo->capacity = 0;
}
