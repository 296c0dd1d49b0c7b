#include "cli/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/term.h"

/* JSON that a terminal may be shown: what would steer it stands as \\u escapes, which mean the
 * same. It can only stand inside a string. */
static void
put_document(FILE *stream, char *text)
{
	for (const char *at = text; *at != '\0';) {
		const unsigned char *c = (const unsigned char *)at;
		size_t steers = text_steers(at);

		if (steers == 1)
			(void)fprintf(stream, "\\u%04x", c[0]);
		else if (steers == 2)
			(void)fprintf(stream, "\\u%04x", (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu));
		else if (steers == 3)
			(void)fprintf(stream, "\\u%04x",
			    (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu));
		else
			(void)fputc(*at, stream);
		at += steers > 0 ? steers : 1;
	}
	(void)fputc('\n', stream);
	mem_wipe(text, strlen(text));
	free(text);
}

void
print_json(const json_t *document)
{
	put_document(stdout, json_text_indented(document));
}

static void
say_failure(const struct pmj_error *err)
{
	char *message = lang_message(err->message), *hint = lang_message(err->hint);

	term_put(stderr, PAINT_BAD, message);
	term_note("\n");
	if (*hint != '\0') {
		term_note("  "); /* by itself: a hint that begins with a command goes on as words */
		term_note("%s\n", hint);
	}
	free(message);
	free(hint);
}

void
print_failure(const struct pmj_error *err, bool json)
{
	json_t *document;

	(void)fflush(stdout);
	if (!json) {
		say_failure(err);
		return;
	}
	document = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", pmj_code_name(err->code),
	    "message", err->message, "hint", err->hint);
	if (document == NULL) /* a path with bytes that are no UTF-8 */
		document = json_pack("{s:{s:s, s:s, s:s}}", "error", "code",
		    pmj_code_name(err->code), "message", "the message cannot be shown", "hint", "");
	put_document(stderr, json_text(document));
	json_decref(document);
}

/* Word by word from `column` on, on a further line from `indent` on; without the line's end. */
static void
print_words(size_t indent, size_t column, size_t edge, const char *text, size_t len)
{
	char *copy = mem_printf("%.*s", (int)len, text), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		size_t columns = text_columns(word);

		if (word != copy && column + 1 + columns > edge) {
			term_say("\n%*s", (int)indent, "");
			column = indent;
		} else if (word != copy) {
			term_say(" ");
			column++;
		}
		term_say("%s", word);
		column += columns;
	}
	mem_free_wiped(copy);
}

/* At a terminal long texts go by its width; elsewhere a line is a line. */
void
print_pair(const char *label, const char *text, size_t width)
{
	size_t screen = term_columns(), indent = width + 4, columns, at;
	size_t edge = screen > indent + 20 ? screen : SIZE_MAX;

	if (text == NULL || *text == '\0')
		return;
	label = lang_text(label);
	columns = text_columns(label);
	at = columns < width ? indent : columns + 4;
	term_say("  ");
	term_put(stdout, PAINT_DIM, label);
	term_say("%*s", (int)(at - columns - 2), "");
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, at = indent) {
		print_words(indent, at, edge, text, (size_t)(end - text));
		term_say("\n%*s", (int)indent, "");
	}
	print_words(indent, at, edge, text, strlen(text));
	term_say("\n");
}

void
print_wrapped_after(size_t indent, const char *text)
{
	size_t screen = term_columns();

	print_words(indent, indent,
	    screen > indent + 20 ? screen
	    : indent < 40        ? 80
	                         : indent + 40,
	    text, strlen(text));
	term_say("\n");
}

void
print_wrapped(size_t indent, const char *text)
{
	term_say("%*s", (int)indent, "");
	print_wrapped_after(indent, text);
}

char *
print_when(char out[static PRINT_WHEN_MAX], const json_t *at)
{
	int64_t ms;

	out[0] = '\0';
	if (json_is_string(at))
		(void)snprintf(out, PRINT_WHEN_MAX, "%s", json_string_value(at));
	if (!json_is_integer(at) || (ms = json_integer_value(at)) <= 0)
		return out;
	return date_stamp(out, ms, os_real.offset_minutes(NULL, ms));
}

char *
print_ago(char out[static PRINT_WHEN_MAX], const json_t *at)
{
	int64_t minutes;

	if (!json_is_integer(at)) {
		(void)snprintf(out, PRINT_WHEN_MAX, "%s",
		    json_is_string(at) ? json_string_value(at) : lang_text("never"));
		return out;
	}
	minutes = (os_now(&os_real) - json_integer_value(at)) / MINUTE_MS;
	if (minutes >= 48 * 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld days ago"),
		    (long long)(minutes / (24 * 60)));
	else if (minutes >= 24 * 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld day ago"), (long long)(1));
	else if (minutes >= 120)
		(void)snprintf(
		    out, PRINT_WHEN_MAX, lang_text("%lld hours ago"), (long long)(minutes / 60));
	else if (minutes >= 60)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld hour ago"), (long long)(1));
	else if (minutes >= 2)
		(void)snprintf(
		    out, PRINT_WHEN_MAX, lang_text("%lld minutes ago"), (long long)(minutes));
	else if (minutes == 1)
		(void)snprintf(out, PRINT_WHEN_MAX, lang_text("%lld minute ago"), (long long)(1));
	else
		(void)snprintf(out, PRINT_WHEN_MAX, "%s", lang_text("just now"));
	return out;
}

char *
print_count(enum print_thing what, int64_t n)
{
	if (n == 1)
		return mem_strdup(
		    lang_text(what == PRINT_ENTRIES ? LANG_N("1 entry") : LANG_N("1 record")));
	return what == PRINT_ENTRIES ? mem_printf(lang_text("%lld entries"), (long long)n)
	                             : mem_printf(lang_text("%lld records"), (long long)n);
}

static void
put_value(struct buf *out, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		buf_put_text(out, json_string_value(value));
	else if (json_is_integer(value))
		buf_putf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		buf_put_text(out, lang_text(json_is_true(value) ? "yes" : "no"));
	else if (json_is_object(value))
		buf_put_text(
		    out, json_flag(value, "declined") ? lang_text("chose not to say") : "?");
	json_array_foreach(value, i, item)
	{
		if (i > 0)
			buf_put_text(out, ", ");
		put_value(out, item);
	}
}

char *
print_value(const json_t *value)
{
	struct buf out;

	buf_init(&out, 0);
	put_value(&out, value);
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}

const char *
print_sync(const char *sync)
{
	static const struct {
		const char *sync, *words;
	} table[] = {
	    {"saved", LANG_N("saved here, not sent yet")},
	    {"carried", LANG_N("on the way, on a carrier")},
	    {"delivered", LANG_N("at the hub's mailbox, not merged yet")},
	    {"deferred", LANG_N("waits at the hub for something that belongs to it")},
	    {"merged", LANG_N("merged at the hub")},
	    {"refused", LANG_N("held at the hub; `pamoja log` says why")},
	};

	for (size_t i = 0; sync != NULL && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(sync, table[i].sync) == 0)
			return lang_text(table[i].words);
	return sync != NULL ? sync : "";
}

void
print_said(const char *message)
{
	char *words = lang_message(message != NULL ? message : "");

	if (*words != '\0')
		term_say("  %s\n", words);
	free(words);
}

char *
print_conflicting(const json_t *one)
{
	const char *text = json_str(one, "text");

	return text != NULL ? mem_strdup(text) : print_value(json_object_get(one, "value"));
}
