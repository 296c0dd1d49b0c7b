#include "cli/halves.h"

#include <string.h>

#include "cli/lang.h"
#include "cli/term.h"

void
halves_init(struct halves *halves)
{
	for (int i = 0; i < 2; i++)
		buf_init(&halves->text[i], HALVES_TEXT_MAX);
}

void
halves_wipe(struct halves *halves)
{
	for (int i = 0; i < 2; i++)
		buf_wipe(&halves->text[i]);
}

void
halves_put(json_t *body, const struct halves *halves)
{
	(void)json_object_set_new(body, "halves",
	    json_pack("[s,s]", buf_text(&halves->text[0]), buf_text(&halves->text[1])));
}

static size_t
count_words(const char *text)
{
	size_t count = 0;

	while (*(text += strspn(text, " \t\r\n")) != '\0') {
		count++;
		text += strcspn(text, " \t\r\n");
	}
	return count;
}

bool
halves_ask_words(struct buf *out)
{
	struct buf line;
	bool got = true;
	size_t have = 0;

	buf_wipe(out);
	buf_init(&line, HALVES_TEXT_MAX);
	while (have < HALVES_WORDS) {
		got = term_ask(&line, "Words %zu to %d: ", have + 1, HALVES_WORDS);
		if (!got || line.len == 0)
			break;
		buf_put(out, line.bytes, line.len);
		buf_put_text(out, " ");
		have = count_words(buf_text(out));
	}
	buf_wipe(&line);
	return got;
}

enum pmj_code
halves_files(
    const char *files[static 2], bool *named, const struct args *args, struct pmj_error *err)
{
	files[0] = args_value(args, "half-file");
	files[1] = args_value(args, "other-half-file");
	*named = files[0] != NULL && files[1] != NULL;
	if (*named || (files[0] == NULL && files[1] == NULL))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "a backup key has two halves, in two files");
	pmj_hint(err, "name both: --half-file FILE --other-half-file FILE");
	return PMJ_USAGE;
}

enum pmj_code
halves_read(struct halves *halves, const struct args *args, struct pmj_error *err)
{
	const char *files[2];
	enum pmj_code rc;
	bool named;

	if ((rc = halves_files(files, &named, args, err)) != PMJ_OK)
		return rc;
	for (int i = 0; i < 2 && named && rc == PMJ_OK; i++)
		rc = term_slurp(&halves->text[i], files[i], HALVES_TEXT_MAX, err);
	if (rc != PMJ_OK || named)
		return rc;
	if (!term_can_ask()) {
		(void)pmj_fail(err, PMJ_USAGE, "there is no terminal to ask on");
		pmj_hint(err, "give two files: --half-file FILE --other-half-file FILE");
		return PMJ_USAGE;
	}
	for (int i = 0; i < 2; i++) {
		bool got;

		term_private(true);
		term_note(i == 0
		              ? LANG_N("The first person: type the words of your paper. They are "
		                       "taken off the screen after.\n")
		              : LANG_N("Now the second person: type the words of your paper.\n"));
		got = halves_ask_words(&halves->text[i]);
		term_private(false);
		if (!got)
			return pmj_fail(err, PMJ_USAGE, "stopped; nothing was changed");
	}
	return PMJ_OK;
}
