/* export_page.c - everything held about a person as one page for themself: opens in any browser,
 * prints on paper, holds no script and nothing from elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/export_inner.h"
#include "cli/kinds.h"
#include "cli/lang.h"
#include "cli/print.h"

static void
put_html(struct buf *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		static const char special[] = "&<>\"\n";
		static const char *const as[] = {"&amp;", "&lt;", "&gt;", "&quot;", "<br>"};
		const char *hit = strchr(special, *text);

		if (hit != NULL)
			buf_put_text(out, as[hit - special]);
		else if ((unsigned char)*text >= ' ')
			buf_put_u8(out, (uint8_t)*text);
	}
}

static void
page_begin(struct export *e)
{
	buf_putf(&e->bytes,
	    "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>\n<style>"
	    "body{font:16px/1.5 sans-serif;max-width:44em;margin:1em auto;padding:0 1em}"
	    "section{border-top:1px solid #999;margin-top:1em;break-inside:avoid}"
	    "dt{font-weight:bold}dd{margin:0 0 "
	    ".4em}h2{margin-top:2em}.small{font-size:85%%}img{max-width:100%%}"
	    "</style></head><body>\n",
	    e->lang, lang_text("What is written about me"));
	buf_putf(&e->bytes, "<h1>%s</h1>\n<p>", lang_text("What is written about me"));
	put_html(&e->bytes,
	    lang_text("This is a copy of everything that is kept about you. It is yours: keep it "
	              "where nobody reads it whom you would not show it to. What is wrong you can "
	              "have put right, and you may ask who was told about you."));
	buf_put_text(&e->bytes, "</p>\n");
}

static void
page_pair(struct buf *out, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_put_text(out, "<dt>");
	put_html(out, label);
	buf_put_text(out, "</dt><dd>");
	put_html(out, text);
	buf_put_text(out, "</dd>\n");
}

static void
page_record(struct export *e, const json_t *kind, const json_t *item)
{
	const json_t *texts = json_obj(item, "texts"), *others = json_obj(item, "others"), *field,
	             *value;
	char when[PRINT_WHEN_MAX];
	const char *name;
	size_t i;

	buf_put_text(&e->bytes, "<section><dl>\n");
	json_array_foreach(json_arr(kind, "fields"), i, field)
	{
		name = json_str(field, "name");
		if (json_object_get(others, name) != NULL)
			page_pair(&e->bytes, kinds_label(field), lang_text("somebody else"));
		else if (!kinds_lists(json_arr(kind, "subjects"), name))
			page_pair(&e->bytes, kinds_label(field), json_str(texts, name));
	}
	json_object_foreach((json_t *)texts, name, value) if (kinds_field(kind, name) == NULL)
	    page_pair(&e->bytes, name, json_string_value(value));
	page_pair(&e->bytes, lang_text("State"),
	    json_flag(item, "voided") ? lang_text("a mistake: it does not count any more")
	                              : json_str(item, "state_label"));
	buf_put_text(&e->bytes, "</dl>\n");
	export_photo(e, item);
	buf_put_text(&e->bytes, "<p class=\"small\">");
	put_html(&e->bytes, lang_text("Written by"));
	buf_put_u8(&e->bytes, ' ');
	put_html(&e->bytes, json_str(item, "by"));
	buf_put_text(&e->bytes, ", ");
	put_html(&e->bytes, print_when(when, json_object_get(item, "made_at")));
	buf_put_text(&e->bytes, "</p></section>\n");
}

/* Kind by kind, themselves first. */
static void
page_person(struct export *e, const json_t *about, const json_t *items)
{
	const json_t *kind, *item;
	bool said;
	size_t i, j;

	(void)about;
	for (int pass = 0; pass < 2; pass++)
		json_array_foreach(e->kinds, i, kind)
		{
			if (json_flag(kind, "person") == (pass == 1))
				continue;
			said = false;
			json_array_foreach(items, j, item)
			{
				if (strcmp(json_str(item, "kind"), json_str(kind, "name")) != 0)
					continue;
				if (!said) {
					buf_put_text(&e->bytes, "<h2>");
					put_html(&e->bytes, json_str(kind, "plural"));
					buf_put_text(&e->bytes, "</h2>\n");
				}
				said = true;
				page_record(e, kind, item);
			}
		}
}

static void
page_end(struct export *e)
{
	/* No notice: that one forbids whoever receives it under a consent to pass it on, and this
	 * is theirs. */
	buf_put_text(&e->bytes, "</body></html>\n");
}

const struct export_writer export_page = {page_begin, page_person, page_end};
