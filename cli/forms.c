#include "cli/forms_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/csv.h"
#include "cli/mapping.h"

bool
forms_is_json(const char *text, size_t len)
{
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	at += strspn(text + at, " \t\r\n");
	return at < len && (text[at] == '[' || text[at] == '{');
}

void
forms_put_cell(struct buf *out, bool first, const char *text)
{
	if (!first)
		buf_put_u8(out, ',');
	buf_put_u8(out, '"');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_put_u8(out, '"');
		buf_put_u8(out, (uint8_t)*text);
	}
	buf_put_u8(out, '"');
}

char *
forms_answer(const json_t *value)
{
	const json_t *one;
	struct buf all;
	char *text;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return mem_strdup(json_string_value(value));
	case JSON_INTEGER:
		return mem_printf("%lld", (long long)json_integer_value(value));
	case JSON_REAL:
		return mem_printf("%.10g", json_real_value(value));
	case JSON_TRUE:
		return mem_strdup("yes");
	case JSON_FALSE:
		return mem_strdup("no");
	case JSON_ARRAY:
		buf_init(&all, CSV_CELL_MAX);
		json_array_foreach(value, i, one)
		{
			char *part = json_is_array(one) ? NULL : forms_answer(one);

			if (part != NULL)
				buf_putf(&all, "%s%s", all.len > 0 ? " " : "", part);
			free(part);
		}
		text = all.len > 0 && all.failed == PMJ_OK ? mem_strdup(buf_text(&all)) : NULL;
		buf_close(&all);
		return text;
	default:
		return NULL;
	}
}

static const json_t *
find_list(const json_t *document)
{
	static const char *const under[] = {"value", "results", "objects", "data", "services"};

	if (json_is_array(document))
		return document;
	for (size_t i = 0; i < sizeof(under) / sizeof(*under); i++)
		if (json_arr(document, under[i]) != NULL)
			return json_arr(document, under[i]);
	return NULL;
}

enum pmj_code
forms_list(json_t **document, const json_t **list, const char *text, size_t len, bool services,
    struct pmj_error *err)
{
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	enum pmj_code rc = json_read_foreign(document, text + at, len - at, err);

	if (rc != PMJ_OK)
		return rc;
	if ((*list = find_list(*document)) != NULL && json_array_size(*list) > 0)
		return PMJ_OK;
	json_decref(*document);
	*document = NULL;
	if (services) {
		(void)pmj_fail(err, PMJ_INVALID, "there is no list of services in it");
		pmj_hint(err, "HSDS 3.0 is a list of services, or {\"services\":[...]}; the older "
		              "sort a folder of tables");
		return PMJ_INVALID;
	}
	(void)pmj_fail(err, PMJ_INVALID, "there is no list of submissions in it");
	pmj_hint(err, "export the form's submissions as JSON or CSV, not the form itself");
	return PMJ_INVALID;
}

void
forms_refuse(json_t *refused, size_t at, const struct pmj_error *why)
{
	char *number = mem_printf("%zu", at + 1);

	(void)json_object_set_new(
	    refused, number, json_pack("{s:s, s:s}", "message", why->message, "hint", why->hint));
	free(number);
}

/* ---- submissions, with what is repeated in them ---- */

/* The document is gone through twice: for the columns, then for the rows, of which none is kept. */
struct forms_walk {
	const struct forms_wanted *wanted;
	json_t *heads;   /* {column: true} */
	json_t *repeats; /* {path: times} of what is in no row */
	json_t *refused;
	struct buf *out; /* NULL: the columns are looked for */
	size_t rows;
	bool keyed; /* a submission has the column of the key */
};

static void
put_row_of(struct buf *out, const json_t *heads, const json_t *row)
{
	const char *name;
	json_t *ignored;
	bool first = true;

	json_object_foreach((json_t *)heads, name, ignored)
	{
		forms_put_cell(out, first, row != NULL ? json_str(row, name) : name);
		first = false;
	}
	buf_put_text(out, "\r\n");
}

static void
walk_row(struct forms_walk *w, const json_t *cells)
{
	w->rows++;
	if (w->out != NULL)
		put_row_of(w->out, w->heads, cells);
	else
		(void)json_object_update((json_t *)w->heads, (json_t *)cells);
}

/* Is it what the form repeats? Where there is but one time, CommCare writes no list. */
static bool
is_repeat(const struct forms_walk *w, const char *path, const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one) if (json_is_object(one)) return true;
	return w->wanted->repeat != NULL && json_is_object(value) &&
	       mapping_same_column(path, w->wanted->repeat);
}

/* path/name -> text into cells, for everything below the object but what is repeated: that goes
 * into later, by its path. Kobo writes the whole path before each name already. */
static void
walk_group(const struct forms_walk *w, json_t *cells, json_t *later, const char *path,
    const json_t *object)
{
	size_t len = strlen(path);
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		bool whole = len > 0 && strncmp(name, path, len) == 0 && name[len] == '/';
		char *at = whole     ? mem_strdup(name)
		           : len > 0 ? mem_printf("%s/%s", path, name)
		                     : mem_strdup(name),
		     *text;

		if (is_repeat(w, at, value))
			(void)json_object_set(later, at, value);
		else if (json_is_object(value))
			walk_group(w, cells, later, at, value);
		else if ((text = forms_answer(value)) != NULL) {
			(void)json_object_set_new(cells, at, json_string(text));
			free(text);
		}
		free(at);
	}
}

/* Does the way to the wanted repeat lead through this one? */
static bool
leads_there(const char *wanted, const char *path)
{
	char *part = mem_strndup(wanted, strlen(path));
	bool there = strlen(wanted) > strlen(path) &&
	             strchr("-/.:", wanted[strlen(path)]) != NULL &&
	             mapping_same_column(part, path);

	free(part);
	return there;
}

static void walk_repeats(struct forms_walk *w, const json_t *cells, const json_t *later,
    const char *path, const char *key);

/* One time that something is repeated: what stands around it is in its row, too. */
static void
walk_entry(struct forms_walk *w, const json_t *cells, const json_t *entry, const char *path,
    const char *key, const char *parent_key)
{
	json_t *own = json_copy((json_t *)cells), *later = json_object();

	walk_group(w, own, later, path, entry);
	if (mapping_same_column(path, w->wanted->repeat)) {
		(void)json_object_set_new(own, FORMS_KEY, json_string(key));
		(void)json_object_set_new(own, FORMS_PARENT_KEY, json_string(parent_key));
		walk_row(w, own);
	} else {
		walk_repeats(w, own, later, path, key);
	}
	json_decref(own);
	json_decref(later);
}

/* "uuid:1/visit/need[2]", as ODK names them; nothing where the submission has no key. */
static void
walk_list(struct forms_walk *w, const json_t *cells, const json_t *list, const char *path,
    const char *outer, const char *key)
{
	const char *below = path + strlen(outer) + (*outer != '\0');
	size_t i, count = json_is_array(list) ? json_array_size(list) : 1;

	for (i = 0; i < count; i++) {
		const json_t *entry = json_is_array(list) ? json_array_get(list, i) : list;
		char *own =
		    *key != '\0' ? mem_printf("%s/%s[%zu]", key, below, i + 1) : mem_strdup("");

		if (json_is_object(entry))
			walk_entry(w, cells, entry, path, own, key);
		free(own);
	}
}

static void
walk_repeats(struct forms_walk *w, const json_t *cells, const json_t *later, const char *path,
    const char *key)
{
	const char *wanted = w->wanted->repeat, *at;
	json_t *list;

	json_object_foreach((json_t *)later, at, list)
	{
		if (wanted != NULL && (mapping_same_column(at, wanted) || leads_there(wanted, at)))
			walk_list(w, cells, list, at, path, key);
		else if (w->out != NULL)
			(void)json_object_set_new(w->repeats, at,
			    json_integer((json_int_t)json_int(w->repeats, at, 0) +
			                 (json_int_t)json_array_size(list)));
	}
}

/* What the submission's column of this name holds. */
static const char *
key_of(struct forms_walk *w, const json_t *cells)
{
	const char *source = w->wanted->source, *name;
	json_t *value;

	json_object_foreach((json_t *)cells, name, value)
	{
		if (source == NULL || !mapping_same_column(name, source))
			continue;
		w->keyed = true;
		return json_string_value(value);
	}
	return "";
}

static void
walk_submission(struct forms_walk *w, const json_t *row)
{
	json_t *cells = json_object(), *later = json_object();
	struct pmj_error why = {0};

	walk_group(w, cells, later, "", row);
	if (!json_is_object(row) && w->out != NULL) {
		(void)pmj_fail(&why, PMJ_INVALID, "there is no submission in this place");
		pmj_hint(&why, "take it out of the file, or export the form again");
		forms_refuse(w->refused, w->rows, &why);
	}
	if (w->wanted->repeat == NULL || !json_is_object(row))
		walk_row(w, cells);
	walk_repeats(w, cells, later, "", key_of(w, cells));
	json_decref(cells);
	json_decref(later);
}

static enum pmj_code
check_heads(const struct forms_walk *w, struct pmj_error *err)
{
	size_t count = json_object_size(w->heads);

	if (w->wanted->repeat != NULL && json_object_get(w->heads, FORMS_KEY) == NULL) {
		(void)pmj_fail(err, PMJ_INVALID, "nothing is repeated in it under \"%.60s\"",
		    w->wanted->repeat);
		pmj_hint(err, "repeat = is the way to it, as GROUP/REPEAT; importing without it "
		              "says what is repeated");
		return PMJ_INVALID;
	}
	/* Without keys all of it would be saved once more from the next export. */
	if (w->wanted->repeat != NULL && w->wanted->source != NULL && !w->keyed) {
		(void)pmj_fail(
		    err, PMJ_INVALID, "no submission has a column \"%.80s\"", w->wanted->source);
		pmj_hint(err, "source = names one column of the submission, around what is "
		              "repeated; its key is made of that and the place");
		return PMJ_INVALID;
	}
	if (count > 0 && count <= CSV_COLUMNS_MAX)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "the submissions have %zu questions", count);
	pmj_hint(err, "1 to %u can be read", CSV_COLUMNS_MAX);
	return PMJ_INVALID;
}

enum pmj_code
forms_to_table(struct buf *out, json_t *refused, json_t *repeats, const struct forms_wanted *wanted,
    const char *text, size_t len, struct pmj_error *err)
{
	struct forms_walk w = {
	    .wanted = wanted, .heads = json_object(), .repeats = repeats, .refused = refused};
	json_t *document = NULL;
	const json_t *list = NULL, *row;
	enum pmj_code rc = forms_list(&document, &list, text, len, false, err);
	size_t i;

	json_array_foreach(list, i, row)
	{
		if (json_object_size(w.heads) <= CSV_COLUMNS_MAX)
			walk_submission(&w, row);
	}
	if (rc == PMJ_OK)
		rc = check_heads(&w, err);
	if (rc == PMJ_OK) {
		w.out = out;
		w.rows = 0;
		put_row_of(out, w.heads, NULL);
		json_array_foreach(list, i, row)
		{
			if (out->failed == PMJ_OK)
				walk_submission(&w, row);
		}
		rc = buf_check(out, err);
	}
	json_decref(w.heads);
	json_decref(document);
	return rc;
}
