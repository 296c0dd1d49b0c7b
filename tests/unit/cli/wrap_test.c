/* Lines as wide as the screen: broken between words, in the column where they went on; what fits
 * stays. */
#include "cli/wrap.h"

#include <string.h>

#include "base/text.h"
#include "check.h"

static void
fits(const char *text, size_t screen, const char *want)
{
	struct wrap wrap = {0};
	struct buf out;

	buf_init(&out, 0);
	wrap_put(&wrap, &out, text, screen);
	assert_string_equal(buf_text(&out), want);
	buf_close(&out);
}

static void
test_what_fits_stays(void **state)
{
	static const char text[] = "Kept sealed.\nGo on.\n\n  pamoja today    what is due\nName: ";

	(void)state;
	fits(text, 80, text);
	fits("12345 789\n", 9, "12345 789\n");
	fits("", 40, "");
	fits("\n\n", 40, "\n\n");
}

static void
test_between_words(void **state)
{
	(void)state;
	fits("12345 7890\n", 9, "12345\n7890\n");
	fits("  no consent covers this person\n", 24, "  no consent covers this\n  person\n");
	fits("a_word_that_no_screen_holds_stays_whole and on\n", 20,
	    "a_word_that_no_screen_holds_stays_whole\nand on\n");
	fits("f\xc3\xbcnf f\xc3\xbcnf\n", 9, "f\xc3\xbcnf f\xc3\xbcnf\n"); /* columns, not bytes */
}

/* One line that is too wide fills its whole paragraph anew, and no other. */
static void
test_paragraphs(void **state)
{
	(void)state;
	fits("one two three four\nfive\n\nshort\nlines\n", 15,
	    "one two three\nfour five\n\nshort\nlines\n");
	fits("one two three four\n  pamoja today\n", 15, "one two three\nfour\n  pamoja today\n");
	fits("one two three four\nfive", 15, "one two three\nfour five");
}

/* What stands behind a gap goes on below itself, or, where that is too far right, below the line.
 */
static void
test_beside(void **state)
{
	(void)state;
	fits("  pamoja sync     send it when there is a link\n", 44,
	    "  pamoja sync     send it when there is a\n                  link\n");
	fits("  pamoja restore /media/stick/backup --dry-run    does it open\n", 50,
	    "  pamoja restore /media/stick/backup --dry-run\n      does it open\n");
	fits("  pamoja restore /media/the-stick-of-the-office/backup --dry-run    does it open\n",
	    50,
	    "  pamoja restore \\\n      /media/the-stick-of-the-office/backup \\\n      "
	    "--dry-run\n      "
	    "does it open\n");
}

/* A command is broken where a shell takes it as one, and never inside quotation marks. */
static void
test_commands(void **state)
{
	(void)state;
	fits("  pamoja contact add person=Asha note=\"at her sister's, at noon\" kind=visit\n", 40,
	    "  pamoja contact add person=Asha \\\n      note=\"at her sister's, at noon\" \\\n     "
	    " "
	    "kind=visit\n");
	fits("  pamoja export juma.json --person Juma --for health\n", 44,
	    "  pamoja export juma.json --person Juma \\\n      --for health\n");
}

/* A line that comes in pieces goes on in the column where its words began. */
static void
test_pieces(void **state)
{
	static const char *const pieces[] = {
	    "  village         ", "Village or area", ", text", ", such as Kimana", "\n", "Done.\n"};
	struct wrap wrap = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		wrap_put(&wrap, &out, pieces[i], 44);
	assert_string_equal(buf_text(&out),
	    "  village         Village or area, text,\n                  such as Kimana\nDone.\n");
	buf_close(&out);
}

/* Whatever the text and the screen: nothing is lost but spaces, and only single words are wider. */
static void
test_any_text(void **state)
{
	static const char parts[][12] = {
	    " ", "  ", "\n", "a", "word", "pamoja ", "\"", "'", "    ", "longer-word"};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct wrap wrap = {0};
		struct buf text, out, plain[2];
		size_t screen = 10 + (seed >> 16) % 90;

		buf_init(&text, 0);
		buf_init(&out, 0);
		for (int i = 0; i < 40; i++) {
			seed = seed * 1664525u + 1013904223u;
			buf_put_text(&text, parts[(seed >> 16) % 10]);
		}
		wrap_put(&wrap, &out, buf_text(&text), screen);
		for (int which = 0; which < 2; which++) {
			buf_init(&plain[which], 0);
			for (const char *at = buf_text(which == 0 ? &text : &out); *at != '\0';
			     at++)
				if (strchr(" \n", *at) == NULL && !(*at == '\\' && at[1] == '\n'))
					buf_put(&plain[which], at, 1);
		}
		assert_string_equal(buf_text(&plain[0]), buf_text(&plain[1]));
		for (const char *at = buf_text(&out); *at != '\0'; at += *at == '\n') {
			size_t len = strcspn(at, "\n"), lead = strspn(at, " ");

			size_t end = len;

			while (end > 0 && at[end - 1] == ' ')
				end--;
			if (lead > end)
				lead = end;
			if (end > screen && strchr(at, '"') == NULL && strchr(at, '\'') == NULL)
				assert_true(
				    lead + strcspn(at + lead, " \n") >= end - 2 || lead >= screen);
			at += len;
		}
		buf_close(&text);
		buf_close(&out);
		buf_close(&plain[0]);
		buf_close(&plain[1]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_fits_stays),
	    cmocka_unit_test(test_between_words),
	    cmocka_unit_test(test_paragraphs),
	    cmocka_unit_test(test_beside),
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
