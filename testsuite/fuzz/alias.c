// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The aliases of a module, one in each line -> nodes. The list reversed gives the same, what is
 * added again changes nothing, and the result is what libkmod-devname.h and modules.devname(5)
 * say: that is worked out here once more, without a thought to speed.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define ALIASES_MAX 4096 /* names and numbers of a module */
#define MODULE "module"

/* --- what the rules say ------------------------------------------------------------------ */

struct word {
	bool is_name;
	bool is_bad; /* a number against the rules */
	const char *text; /* of a number all of the alias: there is one spelling of each */
};

struct pair {
	const char *name;
	const struct word *number;
};

struct verdict {
	struct word words[ALIASES_MAX];
	size_t n_words;
	struct pair pairs[ALIASES_MAX / 2 + 1];
	size_t n_pairs;
	struct fuzz_bytes text; /* "NAME ALIAS" for each node, sorted */
	unsigned int found[KMOD_DEVNAME_CODE_SYSTEM]; /* how many findings of each code */
};

/* 0 to max in plain decimal; *p goes behind it. */
static bool is_decimal(const char **p, unsigned long max)
{
	size_t n = strspn(*p, "0123456789");
	const char *digits = *p;

	*p += n;
	if (n == 0 || n > 9 || (n > 1 && digits[0] == '0'))
		return false;
	return strtoul(digits, NULL, 10) <= max;
}

static bool is_number(const char *p)
{
	if (*p == '0' || !is_decimal(&p, KMOD_DEVNAME_MAJOR_MAX) || *p++ != '-')
		return false;
	return is_decimal(&p, KMOD_DEVNAME_MINOR_MAX) && *p == '\0';
}

/* False: neither a name nor meant as a number. */
static bool make_word(const char *alias, struct word *ret_word)
{
	const char *rest;

	if (strncmp(alias, "devname:", 8) == 0) {
		*ret_word = (struct word){ true, false, alias + 8 };
		return true;
	}
	if (strncmp(alias, "char-major-", 11) == 0)
		rest = alias + 11;
	else if (strncmp(alias, "block-major-", 12) == 0)
		rest = alias + 12;
	else
		return false;
	*ret_word = (struct word){ false, !is_number(rest), alias };
	if (!ret_word->is_bad)
		return true;
	if (strpbrk(rest, "*?["))
		return false;
	return *rest == '\0' || rest[strspn(rest, "0123456789")] != '\0';
}

/* How many different ones there are; 2 stands for more than one. */
static int count_distinct(const struct verdict *verdict, bool names)
{
	const char *first = NULL;
	int n = 0;

	for (size_t i = 0; i < verdict->n_words && n < 2; i++) {
		const struct word *word = &verdict->words[i];

		if (word->is_name != names || (first && strcmp(first, word->text) == 0))
			continue;
		first = word->text;
		n++;
	}
	return n;
}

static void add_pair(struct verdict *verdict, const struct word *a, const struct word *b)
{
	const struct pair pair = { a->is_name ? a->text : b->text, a->is_name ? b : a };

	verdict->pairs[verdict->n_pairs++] = pair;
}

/* False: ambiguous. */
static bool pair_neighbours(struct verdict *verdict)
{
	const struct word *words = verdict->words;
	size_t end;

	for (size_t start = 0; start < verdict->n_words; start = end) {
		for (end = start + 1; end < verdict->n_words; end++)
			if (words[end].is_name == words[end - 1].is_name)
				break;
		if (end - start == 1 && !words[start].is_name)
			continue;
		if ((end - start) % 2 != 0)
			return false;
		for (size_t i = start; i < end; i += 2)
			add_pair(verdict, &words[i], &words[i + 1]);
	}
	return true;
}

static bool is_below(const char *name, const char *other)
{
	size_t size = strlen(other);

	return strncmp(name, other, size) == 0 && name[size] == '/';
}

/* Two pairs that cannot both be: one name with two numbers, or one name below the other. */
static bool is_contradiction(const struct pair *a, const struct pair *b)
{
	if (strcmp(a->name, b->name) == 0)
		return strcmp(a->number->text, b->number->text) != 0;
	return is_below(a->name, b->name) || is_below(b->name, a->name);
}

/* Sorts component by component, which is as if the slash came before all other bytes. */
static int compare_names(const char *a, const char *b)
{
	for (; *a != '\0' && *a == *b; a++)
		b++;
	if (*a == *b || *a == '\0' || *b == '\0')
		return (*a != '\0') - (*b != '\0');
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a - (unsigned char)*b;
}

static int compare_pairs(const void *a, const void *b)
{
	return compare_names(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static bool is_component(const char *p, size_t size)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.+:@,=#!-";

	if (size == 0 || size > 255 || strspn(p, allowed) < size || *p == '-' || *p == '#')
		return false;
	return !(size == 1 && *p == '.') && !(size == 2 && memcmp(p, "..", 2) == 0);
}

static bool is_device_name(const char *name)
{
	const char *p = name;

	for (;; p++) {
		size_t size = strcspn(p, "/");

		if (!is_component(p, size))
			return false;
		p += size;
		if (*p == '\0')
			return strlen(name) <= KMOD_DEVNAME_NAME_MAX;
	}
}

static void judge_pairs(struct verdict *verdict, FILE *stream)
{
	qsort(verdict->pairs, verdict->n_pairs, sizeof(verdict->pairs[0]), compare_pairs);
	for (size_t i = 0; i < verdict->n_pairs; i++) {
		const struct pair *pair = &verdict->pairs[i];

		if (pair->number->is_bad ||
		    (i > 0 && strcmp(pair->name, verdict->pairs[i - 1].name) == 0))
			continue;
		if (!is_device_name(pair->name))
			verdict->found[KMOD_DEVNAME_CODE_BAD_NAME]++;
		else if (strcmp(pair->number->text, "char-major-10-255") == 0)
			verdict->found[KMOD_DEVNAME_CODE_DYNAMIC_MINOR]++;
		else
			(void)fprintf(stream, "%s %s\n", pair->name, pair->number->text);
	}
}

/* Pairs names and numbers. 0, or the finding that there are no pairs. */
static int make_pairs(struct verdict *verdict)
{
	int names = count_distinct(verdict, true), numbers = count_distinct(verdict, false);
	const struct word *words = verdict->words;
	size_t name = 0, number = 0;

	if (numbers == 0)
		return names == 1 ? KMOD_DEVNAME_CODE_MISSING_NUMBER : KMOD_DEVNAME_CODE_AMBIGUOUS;
	if (names > 1 || numbers > 1)
		return pair_neighbours(verdict) ? 0 : KMOD_DEVNAME_CODE_AMBIGUOUS;
	while (!words[name].is_name)
		name++;
	while (words[number].is_name)
		number++;
	add_pair(verdict, &words[name], &words[number]);
	return 0;
}

static void judge(struct verdict *verdict, FILE *stream)
{
	int code;

	for (size_t i = 0; i < verdict->n_words; i++)
		verdict->found[KMOD_DEVNAME_CODE_BAD_NUMBER] += verdict->words[i].is_bad;
	code = make_pairs(verdict);
	for (size_t i = 0; i < verdict->n_pairs && code == 0; i++)
		for (size_t j = 0; j < i && code == 0; j++)
			if (is_contradiction(&verdict->pairs[i], &verdict->pairs[j]))
				code = KMOD_DEVNAME_CODE_AMBIGUOUS;
	if (code == 0)
		judge_pairs(verdict, stream);
	else
		verdict->found[code]++;
}

static void make_verdict(const char *const *aliases, size_t n, struct verdict *verdict)
{
	FILE *stream = open_memstream(&verdict->text.data, &verdict->text.size);
	bool has_name = false, too_many = false;
	struct word word;

	FUZZ_CHECK(stream, "no memory");
	verdict->n_words = verdict->n_pairs = 0;
	memset(verdict->found, 0, sizeof(verdict->found));
	for (size_t i = 0; i < n; i++) {
		if (!make_word(aliases[i], &word))
			continue;
		has_name = has_name || word.is_name;
		too_many = too_many || verdict->n_words == ALIASES_MAX;
		if (!too_many)
			verdict->words[verdict->n_words++] = word;
	}
	if (has_name && too_many)
		verdict->found[KMOD_DEVNAME_CODE_TOO_MANY_ALIASES]++;
	else if (has_name)
		judge(verdict, stream);
	(void)fclose(stream);
}

/* --- what comes out ---------------------------------------------------------------------- */

/* The nodes as a verdict has them. */
static struct fuzz_bytes describe(const struct kmod_devname_table *table)
{
	struct fuzz_bytes text = { 0 };
	FILE *stream = open_memstream(&text.data, &text.size);

	FUZZ_CHECK(stream, "no memory");
	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		FUZZ_CHECK(strcmp(kmod_devname_node_get_module(node), MODULE) == 0, "other module");
		(void)fprintf(stream, "%s %s-major-%u-%u\n", kmod_devname_node_get_name(node),
			      S_ISBLK(kmod_devname_node_get_type(node)) ? "block" : "char",
			      kmod_devname_node_get_major(node), kmod_devname_node_get_minor(node));
	}
	(void)fclose(stream);
	return text;
}

static void check_findings(const struct verdict *verdict, const struct kmod_devname_report *report)
{
	unsigned int found[KMOD_DEVNAME_CODE_SYSTEM + 1] = { 0 };

	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		found[kmod_devname_finding_get_code(kmod_devname_report_get(report, i))]++;
	for (int code = 0; code < KMOD_DEVNAME_CODE_SYSTEM; code++)
		FUZZ_CHECK(found[code] == verdict->found[code], "%u findings %s, instead of %u",
			   found[code], kmod_devname_code_to_string((enum kmod_devname_code)code),
			   verdict->found[code]);
}

static void add(const struct fuzz_result *result, const char *const *aliases, size_t n)
{
	FUZZ_CHECK(kmod_devname_table_add_module(result->table, result->report, MODULE, NULL,
						 aliases, n) == 0,
		   "no memory");
}

static void check(const struct verdict *verdict, const char *const *aliases, size_t n,
		  const char *what)
{
	struct fuzz_result result = fuzz_result_new();

	add(&result, aliases, n);
	check_findings(verdict, result.report);
	for (int i = 0; i < 2; i++) {
		struct fuzz_bytes text = describe(result.table);

		FUZZ_CHECK(text.size == verdict->text.size &&
				   memcmp(text.data, verdict->text.data, text.size) == 0,
			   "%s:\n%sinstead of\n%s", what, text.data, verdict->text.data);
		free(text.data);
		add(&result, aliases, n);
	}
	fuzz_result_done(&result);
}

static size_t split(char *text, const char **ret_lines)
{
	size_t n = 0;

	for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
		ret_lines[n++] = line;
	return n;
}

void fuzz_target_alias(const uint8_t *data, size_t size)
{
	static struct verdict verdict;
	struct fuzz_bytes copy = fuzz_copy(data, size);
	const char **aliases = calloc(size + 1, sizeof(*aliases));
	size_t n;

	FUZZ_CHECK(aliases, "no memory");
	n = split(copy.data, aliases);
	make_verdict(aliases, n, &verdict);
	check(&verdict, aliases, n, "as they are");
	for (size_t i = 0; i < n / 2; i++) {
		const char *alias = aliases[i];

		aliases[i] = aliases[n - 1 - i];
		aliases[n - 1 - i] = alias;
	}
	check(&verdict, aliases, n, "reversed");
	free(verdict.text.data);
	free(aliases);
	free(copy.data);
}
