// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The aliases of one module -> what nodes it declares: modules.devname(5), "WHERE THE NODES
 * COME FROM". The rule must give the same for a list and for its reverse, since the compiler
 * decides which of them a module has.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "lib/harness.h"
#include "node/table.h"

/* --- one alias --------------------------------------------------------------------------- */

static const struct parse_row {
	const char *string;
	enum alias_kind kind;
	const char *text; /* NULL: the whole string */
	struct device_number number;
} parse_rows[] = {
	{ "devname:fuse", ALIAS_NAME, "fuse", { 0 } },
	{ "devname:net/tun", ALIAS_NAME, "net/tun", { 0 } },
	{ "devname:x=y", ALIAS_NAME, "x=y", { 0 } },
	/* names are judged when they enter a table */
	{ "devname:", ALIAS_NAME, "", { 0 } },
	{ "devname:a b\n", ALIAS_NAME, "a b\n", { 0 } },
	{ "devname:*", ALIAS_NAME, "*", { 0 } },
	{ "devname:devname:x", ALIAS_NAME, "devname:x", { 0 } },
	{ "devname:char-major-10-1", ALIAS_NAME, "char-major-10-1", { 0 } },
	{ "char-major-10-229", ALIAS_NUMBER, NULL, { S_IFCHR, 10, 229 } },
	{ "block-major-7-0", ALIAS_NUMBER, NULL, { S_IFBLK, 7, 0 } },
	{ "char-major-1-0", ALIAS_NUMBER, NULL, { S_IFCHR, 1, 0 } },
	{ "block-major-4095-1048575", ALIAS_NUMBER, NULL, { S_IFBLK, 4095, 1048575 } },
	{ "char-major-10-255", ALIAS_NUMBER, NULL, { S_IFCHR, 10, 255 } },
	/* patterns, and a major number alone: no exact number, and nothing wrong */
	{ "char-major-10-*", ALIAS_OTHER, NULL, { 0 } },
	{ "block-major-7-*", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-*", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-10-22?", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-10-[0-9]", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-10-1*", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-*-1", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major-10", ALIAS_OTHER, NULL, { 0 } },
	{ "block-major-7", ALIAS_OTHER, NULL, { 0 } },
	/* malformed; depmod takes most of these, as scanf does, and wraps what is too large */
	{ "char-major-10-229junk", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-207xyz", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major--1-+5", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major--1--2", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-+10-+218", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-99999999999-4294967296", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-99999999999-5000000000", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-010-0x7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-0x11", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-010-7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major- 10-7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-\t7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-7 ", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-0-7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-4096-7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-1048576", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "block-major-0-0", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major--7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10:7", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-7-3", ALIAS_BAD_NUMBER, NULL, { 0 } },
	/* what an undefined macro and an expression leave behind */
	{ "char-major-10-FOO_MINOR", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-FOO_MAJOR-0", ALIAS_BAD_NUMBER, NULL, { 0 } },
	{ "char-major-10-(200 + 1)", ALIAS_BAD_NUMBER, NULL, { 0 } },
	/* about something else */
	{ "", ALIAS_OTHER, NULL, { 0 } },
	{ "devname", ALIAS_OTHER, NULL, { 0 } },
	{ " devname:x", ALIAS_OTHER, NULL, { 0 } },
	{ "Devname:x", ALIAS_OTHER, NULL, { 0 } },
	{ "devnames:x", ALIAS_OTHER, NULL, { 0 } },
	{ "fs-fuse", ALIAS_OTHER, NULL, { 0 } },
	{ " char-major-10-217", ALIAS_OTHER, NULL, { 0 } },
	{ "CHAR-MAJOR-10-217", ALIAS_OTHER, NULL, { 0 } },
	{ "char_major_10_1", ALIAS_OTHER, NULL, { 0 } },
	{ "char-major", ALIAS_OTHER, NULL, { 0 } },
	{ "char-10-1", ALIAS_OTHER, NULL, { 0 } },
	{ "xchar-major-10-1", ALIAS_OTHER, NULL, { 0 } },
	{ "pci:v00008086d*sv*sd*bc*sc*i*", ALIAS_OTHER, NULL, { 0 } },
};

LOOP_TEST(the_beginning_of_an_alias_selects_its_kind, ARRAY_SIZE(parse_rows))
{
	const struct parse_row *row = &parse_rows[_i];
	struct alias alias;

	ck_assert_msg(alias_parse(row->string, &alias) == row->kind, "'%s'", row->string);
	ck_assert_msg(alias.kind == row->kind, "'%s'", row->string);
	if (row->kind == ALIAS_NUMBER)
		ck_assert_msg(syntax_same_number(&alias.number, &row->number), "'%s'", row->string);
	if (row->kind != ALIAS_OTHER)
		ck_assert_str_eq(alias.text, row->text ? row->text : row->string);
	ck_assert_msg(alias.text >= row->string && alias.text <= row->string + strlen(row->string),
		      "the text of '%s' is not in it", row->string);
}

/* --- lists ------------------------------------------------------------------------------- */

#define LIST_MAX 64

/* What a rule says about a list, in symbols instead of pointers. */
struct outcome {
	enum alias_pairing pairing;
	size_t n_claims;
	struct {
		const char *name, *number; /* the number as the alias has it */
	} claims[LIST_MAX / 2];
};

static struct outcome pair(const struct alias *aliases, size_t n)
{
	struct claim claims[LIST_MAX / 2] = { { 0 } };
	struct outcome outcome = { ALIAS_PAIRED, SIZE_MAX, { { 0 } } };

	outcome.pairing = alias_pair(aliases, n, claims, &outcome.n_claims);
	if (outcome.pairing != ALIAS_PAIRED)
		outcome.n_claims = 0;
	ck_assert_uint_le(outcome.n_claims, n / 2);
	for (size_t i = 0; i < outcome.n_claims; i++) {
		outcome.claims[i].name = claims[i].name;
		outcome.claims[i].number = claims[i].number->text;
	}
	return outcome;
}

/* "a 10-1, b block-7-0", or the name of the verdict. */
static const char *describe(const struct outcome *outcome, char *text, size_t size)
{
	static const char *const verdicts[] = { "", "missing-number", "ambiguous" };
	size_t n = 0;

	(void)snprintf(text, size, "%s", verdicts[outcome->pairing]);
	for (size_t i = 0; i < outcome->n_claims && n < size; i++) {
		const char *number = strstr(outcome->claims[i].number, "major-");

		n += (size_t)snprintf(
			text + n, size - n, "%s%s %s%s", i > 0 ? ", " : "", outcome->claims[i].name,
			outcome->claims[i].number[0] == 'b' ? "b" : "c", number + strlen("major-"));
	}
	return text;
}

static void reverse(const struct alias *aliases, size_t n, struct alias *reversed)
{
	for (size_t i = 0; i < n; i++)
		reversed[i] = aliases[n - 1 - i];
}

/*
 * Rows: the devname and number aliases of a module, as "NAME" and "cMAJOR-MINOR" or
 * "bMAJOR-MINOR", in order; and the claims, sorted by name, or the verdict. Other aliases are
 * sorted out before. Every row is tried reversed too.
 */
static const struct pair_row {
	const char *list, *outcome;
} pair_rows[] = {
	/* the examples of the manual */
	{ "a c10-1", "a c10-1" },
	{ "c10-1 a", "a c10-1" },
	{ "a c10-1 a", "a c10-1" },
	{ "a c10-1 b c10-2", "a c10-1, b c10-2" },
	{ "c10-2 b c10-1 a", "a c10-1, b c10-2" },
	{ "a c10-1 c10-2", "a c10-1" },
	{ "c10-1", "" },
	{ "a", "missing-number" },
	{ "c10-1 a c10-2", "ambiguous" },
	{ "a b c10-1 c10-2", "ambiguous" },
	{ "a c10-1 a c10-2", "ambiguous" },
	{ "a c10-255", "a c10-255" }, /* the table has the last word on it */
	/* nothing to say */
	{ "", "" },
	{ "c10-1 c10-2 b7-0", "" },
	{ "c10-1x", "" },
	/* one of each, however often and in whatever order: loop has wildcards besides */
	{ "a a c10-1", "a c10-1" },
	{ "c10-1 c10-1 a", "a c10-1" },
	{ "c10-1 a c10-1", "a c10-1" },
	{ "a a a c10-1 c10-1", "a c10-1" },
	{ "a b7-0", "a b7-0" },
	/* depmod keeps the latest of each and stops once it has both: "two c10:1" */
	{ "one two c10-1", "ambiguous" },
	{ "b1 b2 c10-203", "ambiguous" },
	/* ... "one c10:2" and "x b7:3"; reversed the strings give another node or none */
	{ "c10-1 c10-2 one", "one c10-2" },
	{ "c10-204 c10-205 c1", "c1 c10-205" },
	{ "c10-1 b7-3 x", "x b7-3" },
	/* ... of two full pairs it takes the first, so the compiler decides; here both count */
	{ "a1 c10-201 a2 c10-202", "a1 c10-201, a2 c10-202" },
	{ "one c10-1 two c10-2", "one c10-1, two c10-2" },
	/* ... names first, then numbers: "two c10:1", which is wrong either way */
	{ "one two c10-1 c10-2", "ambiguous" },
	/* pairs in several runs */
	{ "a c10-1 c10-2 b", "a c10-1, b c10-2" },
	{ "c10-1 a b c10-2", "a c10-1, b c10-2" },
	{ "c10-1 a b c10-2 c10-3", "a c10-1, b c10-2" },
	{ "c10-9 c10-1 a b c10-2", "a c10-1, b c10-2" },
	{ "a c10-1 b c10-2 c c10-3", "a c10-1, b c10-2, c c10-3" },
	{ "c c10-3 b c10-2 a c10-1", "a c10-1, b c10-2, c c10-3" },
	/* a name left over beside others, an odd run */
	{ "a b", "ambiguous" },
	{ "a a", "missing-number" },
	{ "a c10-1 b", "ambiguous" },
	{ "a c10-1 b c10-1 c", "ambiguous" },
	{ "c10-1 a c10-2 b c10-3", "ambiguous" },
	{ "a c10-1 c10-2 b c10-3", "ambiguous" },
	{ "a a c10-1 c10-2", "ambiguous" },
	{ "a c10-1 b b c10-2", "ambiguous" },
	/* equal pairs count once, contradicting ones not at all */
	{ "a c10-1 a c10-1", "a c10-1" },
	{ "a c10-1 a c10-1 b c10-2", "a c10-1, b c10-2" },
	{ "a c10-1 c10-1 a b c10-2", "a c10-1, b c10-2" },
	{ "a c10-1 a b10-1", "ambiguous" },
	{ "a c10-1 c10-2 a", "ambiguous" },
	{ "a c10-1 b c10-1", "a c10-1, b c10-1" }, /* one number with two names is legal */
	/* a name below another */
	{ "a c10-1 a/x c10-2", "ambiguous" },
	{ "a c10-1 a/x c10-1", "ambiguous" },
	{ "a/x c10-1 a/y c10-2", "a/x c10-1, a/y c10-2" },
	{ "a c10-1 b c10-3 a/x/y c10-2", "ambiguous" },
	{ "a c10-1 a-b c10-3 a/x c10-2", "ambiguous" },
	{ "a/x c10-1 ax c10-2", "a/x c10-1, ax c10-2" },
	/* a malformed number takes its place */
	{ "a c10-1x", "a c10-1x" },
	{ "a c10-1x b c10-2", "a c10-1x, b c10-2" },
	{ "a c10-1 c10-1x", "a c10-1" },
	{ "a c10-1x c10-2", "a c10-1x" },
	{ "c10-1x a c10-2", "ambiguous" },
	{ "a c10-1x a c10-1", "ambiguous" },
	{ "a c10-1x a c10-1x", "a c10-1x" },
	{ "a c10-1x a c10-1y", "ambiguous" },
	{ "a c10-1x c10-1x a", "a c10-1x" },
	{ "a b c10-1x", "ambiguous" },
};

/* Takes the words of a row apart, into memory that the aliases point into. */
static size_t make_list(const char *words, char text[LIST_MAX][64], struct alias *aliases)
{
	size_t n = 0, size;

	for (; *words != '\0'; words += size + (words[size] == ' ')) {
		bool is_number;

		size = strcspn(words, " ");
		is_number = words[1] >= '0' && words[1] <= '9' && memchr(words, '-', size);
		if (is_number)
			(void)snprintf(text[n], 64, "%s-major-%.*s",
				       words[0] == 'c' ? "char" : "block", (int)size - 1,
				       words + 1);
		else
			(void)snprintf(text[n], 64, "devname:%.*s", (int)size, words);
		ck_assert_int_ne(alias_parse(text[n], &aliases[n]), ALIAS_OTHER);
		n++;
	}
	return n;
}

LOOP_TEST(names_and_numbers_pair_by_the_rule, ARRAY_SIZE(pair_rows))
{
	const struct pair_row *row = &pair_rows[_i];
	struct alias aliases[LIST_MAX] = { 0 }, reversed[LIST_MAX];
	char strings[LIST_MAX][64], text[1024];
	size_t n = make_list(row->list, strings, aliases);
	struct outcome outcome = pair(aliases, n), other;

	ck_assert_msg(strcmp(describe(&outcome, text, sizeof(text)), row->outcome) == 0,
		      "'%s' gives '%s', not '%s'", row->list, text, row->outcome);
	reverse(aliases, n, reversed);
	other = pair(reversed, n);
	ck_assert_msg(strcmp(describe(&other, text, sizeof(text)), row->outcome) == 0,
		      "'%s' reversed gives '%s', not '%s'", row->list, text, row->outcome);
}

/* --- properties -------------------------------------------------------------------------- */

/* One name lies below another, one number is malformed, one pair differs in the type alone. */
static const char *const symbols[] = {
	"devname:a",
	"devname:b",
	"devname:a/x",
	"char-major-10-1",
	"block-major-10-1",
	"char-major-10-0x1",
	/* for the longer lists */
	"devname:c",
	"devname:d-e",
	"devname:d/e",
	"char-major-10-2",
	"char-major-1-10",
	"char-major-10-2z",
};

#define SMALL_ALPHABET 6

/*
 * The fuzz target works the rule out once more, without a thought to speed, and for the reverse of
 * the list, too; it ends the process where the library differs.
 */
static void check_list(const char *const *aliases, size_t n)
{
	uint8_t text[LIST_MAX * 32];
	size_t size = 0;

	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(aliases[i]);

		memcpy(text + size, aliases[i], length);
		text[size + length] = '\n';
		size += length + 1;
	}
	fuzz_target_alias(text, size);
}

LOOP_TEST(every_short_list_gives_the_same_as_its_reverse, 7)
{
	const char *aliases[LIST_MAX];
	size_t size = (size_t)_i, lists = 1;

	for (size_t i = 0; i < size; i++)
		lists *= SMALL_ALPHABET;
	for (size_t list = 0; list < lists; list += harness_step()) {
		for (size_t i = 0, rest = list; i < size; i++, rest /= SMALL_ALPHABET)
			aliases[i] = symbols[rest % SMALL_ALPHABET];
		check_list(aliases, size);
	}
}

static unsigned int random_below(unsigned int *seed, unsigned int limit)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % limit;
}

static const char *random_symbol(unsigned int *seed, bool name)
{
	unsigned int i = random_below(seed, 6);

	return symbols[i % 3 + (i >= 3 ? SMALL_ALPHABET : 0) + (name ? 0 : 3)];
}

/* Anything: nearly always ambiguous. */
static size_t make_noise(unsigned int *seed, const char **aliases)
{
	size_t n = 7 + random_below(seed, LIST_MAX - 7);

	for (size_t i = 0; i < n; i++)
		aliases[i] = random_symbol(seed, random_below(seed, 2) > 0);
	return n;
}

/* Pairs that agree with each other, either way round; now and then something in between. */
static size_t make_pairs(unsigned int *seed, const char **aliases)
{
	static const size_t names[] = { 1, 2, 6, 7, 8 }; /* none below another */
	size_t numbers[ARRAY_SIZE(names)], n = 0, pairs = 4 + random_below(seed, 17);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		numbers[i] = 3 + random_below(seed, 3) + 6 * random_below(seed, 2);
	for (size_t i = 0; i < pairs; i++) {
		unsigned int which = random_below(seed, ARRAY_SIZE(names));
		bool turned = i % 8 < random_below(seed, 3);

		aliases[n + turned] = symbols[names[which]];
		aliases[n + !turned] = symbols[numbers[which]];
		n += 2;
		if (random_below(seed, 20) == 0)
			aliases[n++] = random_symbol(seed, random_below(seed, 8) == 0);
	}
	return n;
}

/* Counts which side of the rule a list reaches. */
static void count_verdict(const char *const *texts, size_t n, unsigned int verdicts[3],
			  unsigned int *many)
{
	struct claim claims[LIST_MAX / 2];
	struct alias aliases[LIST_MAX];
	enum alias_pairing pairing;
	size_t n_claims;

	for (size_t i = 0; i < n; i++)
		(void)alias_parse(texts[i], &aliases[i]);
	pairing = alias_pair(aliases, n, claims, &n_claims);
	verdicts[pairing]++;
	*many += pairing == ALIAS_PAIRED && n_claims >= 3;
}

TEST(long_lists_give_the_same_as_their_reverse)
{
	unsigned int n_lists = 120000 / (unsigned int)harness_step();
	unsigned int seed = 20240229, verdicts[3] = { 0 }, many = 0;
	const char *aliases[LIST_MAX];

	for (unsigned int i = 0; i < n_lists; i++) {
		size_t n = i % 4 == 0 ? make_noise(&seed, aliases) : make_pairs(&seed, aliases);

		check_list(aliases, n);
		count_verdict(aliases, n, verdicts, &many);
	}
	/* the lists are of use only if both sides of the rule are reached */
	ck_assert_uint_gt(verdicts[ALIAS_AMBIGUOUS], n_lists / 12);
	ck_assert_uint_gt(verdicts[ALIAS_PAIRED], n_lists / 12);
	ck_assert_uint_gt(many, n_lists / 24);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
