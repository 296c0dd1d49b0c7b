/* export_rows.c - records as a table that spreadsheets read, and as JSON lines; what `import` reads
 * back. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/csv.h"
#include "cli/export.h"
#include "cli/kinds.h"
#include "cli/print.h"

/* Security 12: what a spreadsheet would take for a formula gets a leading '. One after spaces is
 * none to a spreadsheet, but is cut to one by some; it gets it, too, and so does what begins with
 * such a ' already, so that reading it takes off no more than was put on. */
void
export_cell(struct buf *out, const char *text)
{
	buf_put_u8(out, '"');
	if (csv_is_formula(text))
		buf_put_u8(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_put_u8(out, '"');
		buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_u8(out, '"');
}

static bool
is_subject_of(const json_t *kind, const json_t *field)
{
	return kinds_lists(json_arr(kind, "subjects"), json_str(field, "name"));
}

/* A field's value as `import` takes it back. Caller frees. */
static char *
csv_cell_text(const json_t *value)
{
	struct buf out;
	const json_t *one;
	size_t i;
	char *text;

	if (json_is_boolean(value))
		return mem_strdup(json_is_true(value) ? "yes" : "no");
	if (json_is_integer(value))
		return mem_printf("%lld", (long long)json_integer_value(value));
	if (json_is_object(value))
		return mem_strdup(json_flag(value, "declined") ? "chose not to say" : "");
	if (!json_is_array(value))
		return mem_strdup(json_string_value(value) != NULL ? json_string_value(value) : "");
	buf_init(&out, 0);
	json_array_foreach(value, i, one)
	    buf_putf(&out, "%s%s", i > 0 ? "; " : "", json_string_value(one));
	text = mem_strdup(buf_text(&out));
	buf_wipe(&out);
	return text;
}

static void
put_csv_cell(struct buf *out, bool first, const char *text)
{
	if (!first)
		buf_put_u8(out, ',');
	export_cell(out, text != NULL ? text : "");
}

static void
csv_begin(struct export *e)
{
	const json_t *field;
	size_t i;

	put_csv_cell(&e->bytes, true, e->notice.text);
	buf_put_text(&e->bytes, "\r\n");
	put_csv_cell(&e->bytes, true, "id");
	put_csv_cell(&e->bytes, false, "state");
	json_array_foreach(json_arr(e->kind, "fields"), i, field)
	{
		put_csv_cell(&e->bytes, false, json_str(field, "name"));
		if (is_subject_of(e->kind, field)) {
			char *head = mem_printf("%s_name", json_str(field, "name"));

			put_csv_cell(&e->bytes, false, head);
			free(head);
		}
	}
	put_csv_cell(&e->bytes, false, "told_under");
	buf_put_text(&e->bytes, "\r\n");
}

/* "consent 7k3f9 until 2027-06-30: goals": what goes along of the consent in a table. Caller frees.
 */
static char *
told_under(const json_t *about)
{
	const json_t *consent = json_obj(about, "consent"), *texts = json_obj(consent, "texts");
	const char *until = json_str(texts, "expires"), *words = json_str(texts, "information");

	if (consent == NULL)
		return mem_strdup("");
	return mem_printf("consent %s until %s: %s", json_str(consent, "short"),
	    until != NULL ? until : "", words != NULL ? words : "");
}

static void
csv_person(struct export *e, const json_t *about, const json_t *items)
{
	char *under = told_under(about), *text;
	const json_t *item, *field;
	size_t i, j;

	json_array_foreach(items, i, item)
	{
		put_csv_cell(&e->bytes, true, json_str(item, "id"));
		put_csv_cell(&e->bytes, false,
		    json_flag(item, "voided") ? "voided" : json_str(item, "state"));
		json_array_foreach(json_arr(e->kind, "fields"), j, field)
		{
			const char *name = json_str(field, "name");

			text = csv_cell_text(json_object_get(json_obj(item, "fields"), name));
			put_csv_cell(&e->bytes, false, text);
			mem_free_wiped(text);
			if (is_subject_of(e->kind, field))
				put_csv_cell(
				    &e->bytes, false, json_str(json_obj(item, "texts"), name));
		}
		put_csv_cell(&e->bytes, false, under);
		buf_put_text(&e->bytes, "\r\n");
	}
	mem_free_wiped(under);
}

static void
put_json_line(struct export *e, json_t *line)
{
	json_put(&e->bytes, line);
	buf_put_u8(&e->bytes, '\n');
	json_decref(line);
}

static void
lines_begin(struct export *e)
{
	put_json_line(
	    e, json_pack("{s:s,s:s}", "notice", e->notice.text, "version", e->notice.version));
}

static void
lines_person(struct export *e, const json_t *about, const json_t *items)
{
	static const char *const names[] = {"kind", "id", "state", "fields", "by", "made_at"};
	const json_t *item, *consent = json_obj(about, "consent");
	size_t i;

	if (consent != NULL)
		put_json_line(
		    e, json_pack("{s:{s:O,s:O}}", "consent", "id", json_object_get(consent, "id"),
		           "texts", json_object_get(consent, "texts")));
	json_array_foreach(items, i, item)
	{
		json_t *line = json_object();

		for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
			if (json_object_get(item, names[n]) != NULL)
				(void)json_object_set(
				    line, names[n], json_object_get(item, names[n]));
		if (json_flag(item, "voided"))
			(void)json_object_set_new(line, "voided", json_true());
		put_json_line(e, line);
	}
}

static void
nothing_more(struct export *e)
{
	(void)e;
}

const struct export_writer export_csv = {csv_begin, csv_person, nothing_more};
const struct export_writer export_lines = {lines_begin, lines_person, nothing_more};
