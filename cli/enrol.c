#include "cli/enrol.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

const struct option enrol_request_options[] = {
    {"file", "FILE", "write the request to this file"},
    {NULL, NULL, NULL},
};
const struct option enrol_accept_options[] = {
    {"file", "FILE", "read the invitation from a file"},
    {"words-checked", NULL, "you compared the hub's words elsewhere"},
    {NULL, NULL, NULL},
};

enum pmj_code
enrol_text(struct buf *out, const struct args *args, const char *key, struct pmj_error *err)
{
	const char *file = args_value(args, "file"), *text;
	json_t *document = NULL;
	enum pmj_code rc;
	size_t start = 0;

	if (file == NULL && args->count > 0 && strcmp(args->words[0], "-") == 0)
		file = "-";
	if (file == NULL && args->count == 0) {
		(void)pmj_fail(err, PMJ_USAGE, "the %s is missing", key);
		pmj_hint(err, "paste it after the command, or give --file FILE");
		return PMJ_USAGE;
	}
	if (file == NULL)
		buf_put_text(out, args->words[0]);
	else if ((rc = term_slurp(out, file, ENROL_TEXT_MAX, err)) != PMJ_OK)
		return rc;
	if (out->len == 0)
		return pmj_fail(err, PMJ_INVALID, "this is no %s: it is empty", key);
	while (out->len > 0 && isspace(out->bytes[out->len - 1]))
		out->bytes[--out->len] = '\0';
	while (start < out->len && isspace(out->bytes[start]))
		start++;
	memmove(out->bytes, out->bytes + start, out->len - start + 1);
	out->len -= start;
	if (out->len > 0 && out->bytes[0] == '{' &&
	    json_read(&document, buf_text(out), out->len, &json_limits_api, NULL) == PMJ_OK &&
	    (text = json_str(document, key)) != NULL) {
		buf_clear(out);
		buf_put_text(out, text);
	}
	json_decref(document);
	if (out->len == 0 || !text_is_utf8(buf_text(out), out->len))
		return pmj_fail(err, PMJ_INVALID, "this is no %s", key);
	return PMJ_OK;
}

/* The two words the daemon asks for. False: the person stopped. */
static bool
type_words(json_t *body, const json_t *ask, const char *where)
{
	json_t *typed = json_array();
	const json_t *number;
	struct buf word;
	bool got = true;
	size_t i;

	buf_init(&word, 0);
	json_array_foreach(ask, i, number)
	{
		got = got && term_ask(&word,
		                 "Word number %lld %s: ", (long long)json_integer_value(number),
		                 lang_text(where));
		(void)json_array_append_new(typed, json_string(buf_text(&word)));
	}
	(void)json_object_set_new(body, "typed", typed);
	buf_close(&word);
	return got;
}

enum pmj_code
enrol_compare(struct cli *cli, json_t **out, const char *path, json_t *body,
    const struct args *args, const char *where, struct pmj_error *err)
{
	enum pmj_code rc;

	if (args_has(args, "words-checked"))
		(void)json_object_set_new(body, "words_checked", json_true());
	for (;;) {
		rc = client_post(&cli->client, out, path, body, err);
		if (rc == PMJ_NOT_CONFIRMED && json_object_get(body, "typed") != NULL &&
		    term_can_ask()) {
			print_failure(err, false);
			if (!term_yes(true, "Compare again?"))
				return rc;
			(void)json_object_del(body, "typed");
			continue;
		}
		if (rc != PMJ_OK || json_arr(*out, "ask") == NULL)
			return rc;
		if (!term_can_ask()) {
			(void)pmj_fail(err, PMJ_NOT_CONFIRMED, "the six words were not compared");
			pmj_hint(
			    err, "compare them with the other person, then add --words-checked");
			return PMJ_NOT_CONFIRMED;
		}
		if (!type_words(body, json_arr(*out, "ask"), where))
			return pmj_fail(
			    err, PMJ_NOT_CONFIRMED, "stopped; the words were not compared");
		json_decref(*out);
		*out = NULL;
	}
}

enum pmj_code
enrol_hand_over(const char *file, const char *text, struct pmj_error *err)
{
	enum pmj_code rc;
	struct buf line;

	if (text == NULL)
		return pmj_fail(err, PMJ_FAILED, "the answer holds no text");
	if (file == NULL) {
		term_say("%s\n", text);
		(void)fflush(stdout);
		return PMJ_OK;
	}
	buf_init(&line, 0);
	buf_putf(&line, "%s\n", text);
	rc = fs_write(&os_real, file, line.bytes, line.len, err);
	buf_close(&line);
	if (rc == PMJ_OK)
		term_note("Written to %s.\n", file);
	return rc;
}

enum pmj_code
enrol_request(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *file = args_value(args, "file");
	json_t *body = json_object(), *answer = NULL;
	enum pmj_code rc;

	rc = client_post(&cli->client, &answer, "/v1/enrol/request", body, err);
	if (rc == PMJ_OK && cli->json && file != NULL)
		rc = enrol_hand_over(file, json_str(answer, "request"), err);
	if (rc == PMJ_OK && cli->json) {
		print_json(answer);
	} else if (rc == PMJ_OK) {
		if (file == NULL)
			term_note("This is your request. Send it to your coordinator:\n\n");
		rc = enrol_hand_over(file, json_str(answer, "request"), err);
		term_note("\nTell the coordinator these six words, by voice:\n\n    ");
		term_put(stderr, PAINT_BOLD, json_str(answer, "words"));
		term_note(
		    "\n\nYou get an invitation back. Then: pamoja enrol accept --file FILE\n");
	}
	json_decref(body);
	json_decref(answer);
	return rc;
}

enum pmj_code
enrol_accept(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	json_t *body = NULL, *answer = NULL;
	enum pmj_code rc;
	struct buf text;

	buf_init(&text, 0);
	if ((rc = enrol_text(&text, args, "invitation", err)) != PMJ_OK)
		goto out;
	body = json_pack("{s:s}", "invitation", buf_text(&text));
	rc = enrol_compare(cli, &answer, "/v1/enrol/accept", body, args,
	    LANG_N("on the card your coordinator gave you"), err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		term_say(
		    "Welcome: you have joined the hub. What you recorded is sent with the next "
		    "exchange.\n\nNext:\n  pamoja sync         exchange when there is a link\n"
		    "  pamoja carry DIR    or by a stick\n");
out:
	json_decref(body);
	json_decref(answer);
	buf_close(&text);
	return rc;
}
