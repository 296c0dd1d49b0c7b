#include "cli/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define NARROW 20 /* columns that a further line has at least, wherever the first one began */
#define FURTHER 4 /* a further line of a command stands so much behind its beginning */

static size_t
columns_of(const char *text, size_t len)
{
	char *copy = mem_printf("%.*s", (int)len, text);
	size_t columns = text_columns(copy);

	mem_free_wiped(copy);
	return columns;
}

static bool
is_command(const char *line, size_t len)
{
	size_t lead = strspn(line, " ");

	return lead >= 2 && len > lead + 7 && strncmp(line + lead, "pamoja ", 7) == 0;
}

/* Where the first gap of two spaces or more begins, in bytes; 0: there is none. */
static size_t
gap_of(const char *line, size_t len)
{
	for (size_t i = strspn(line, " ") + 1; i + 1 < len; i++)
		if (line[i] == ' ' && line[i + 1] == ' ')
			return i;
	return 0;
}

/* ---- a paragraph ---- */

/* A line that only goes on with the one before it. */
static bool
goes_on(const char *line, size_t len, size_t lead)
{
	return len > 0 && strspn(line, " ") == lead && len > lead && gap_of(line, len) == 0 &&
	       !is_command(line, len);
}

/* Bytes of the lines from here on that are to be filled anew, without the last one's end; 0: this
 * line stands by itself, or all of them fit. */
static size_t
paragraph_of(const char *text, size_t screen)
{
	size_t lead = strspn(text, " "), end = 0;
	bool wide = false;

	for (;;) {
		size_t len = strcspn(text + end, "\n");

		if (!goes_on(text + end, len, lead))
			break;
		wide = wide || columns_of(text + end, len) > screen;
		end += len;
		if (text[end] == '\0')
			return wide ? end : 0;
		end++;
	}
	return wide && end > 0 ? end - 1 : 0;
}

static char *
one_line(const char *text, size_t len)
{
	char *line = mem_printf("%.*s", (int)len, text), *to = line;

	for (const char *at = line; *at != '\0'; at++) {
		*to++ = *at == '\n' ? ' ' : *at;
		if (*at == '\n')
			at += strspn(at + 1, " ");
	}
	*to = '\0';
	return line;
}

/* ---- a line ---- */

/* What kind of line begins here. Returns where in it the text is to go onto a line of its own; 0:
 * nowhere. */
static size_t
begin_line(struct wrap *w, const char *line, size_t len, size_t screen)
{
	size_t lead = strspn(line, " "), gap = gap_of(line, len), beside;

	*w = (struct wrap){.hang = lead};
	if (gap == 0) {
		w->command =
		    is_command(line, len) && (line[len] != '\n' || columns_of(line, len) > screen);
		w->hang += w->command ? FURTHER : 0;
		return 0;
	}
	beside = gap + strspn(line + gap, " ");
	w->hang = columns_of(line, beside < len ? beside : len);
	if (w->hang <= screen / 2 || columns_of(line, len) <= screen)
		return 0;
	w->hang = lead + FURTHER;
	w->command = is_command(line, len) && columns_of(line, gap) > screen;
	return gap;
}

/* Bytes of the next word; in a command, quoted spaces belong to it. */
static size_t
word_of(struct wrap *w, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && (text[i] != ' ' || w->quote != '\0'); i++) {
		if (!w->command || (text[i] != '"' && text[i] != '\''))
			continue;
		if (w->quote == '\0')
			w->quote = text[i];
		else if (w->quote == text[i])
			w->quote = '\0';
	}
	return i;
}

/* The same with what an option takes: the two are read as one. */
static size_t
typed_together(struct wrap *w, const char *text, size_t len)
{
	size_t word = word_of(w, text, len);

	if (!w->command || strncmp(text, "--", 2) != 0 || word + 1 >= len ||
	    strchr(" -", text[word + 1]) != NULL)
		return word;
	return word + 1 + word_of(w, text + word + 1, len - word - 1);
}

static void
put_line(struct wrap *w, struct buf *out, const char *text, size_t len, size_t screen)
{
	size_t apart = w->column == 0 ? begin_line(w, text, len, screen) : 0;
	size_t hang = w->hang + NARROW < screen ? w->hang : 0;

	for (size_t at = 0; at < len;) {
		bool here = apart > 0 && at == apart;
		size_t spaces = w->quote == '\0' ? strspn(text + at, " ") : 0, word, columns;

		if (spaces > len - at)
			spaces = len - at;
		word = typed_together(w, text + at + spaces, len - at - spaces);
		columns = columns_of(text + at + spaces, word);
		if (spaces > 0 && word > 0 && w->column > hang &&
		    (here || w->column + spaces + columns > screen - (w->command ? 2 : 0))) {
			w->command = w->command && !here;
			buf_putf(out, "%s\n%*s", w->command ? " \\" : "", (int)hang, "");
			w->column = hang;
		} else {
			buf_put(out, text + at, spaces);
			w->column += spaces;
		}
		buf_put(out, text + at + spaces, word);
		w->column += columns;
		at += spaces + word;
	}
}

void
wrap_put(struct wrap *w, struct buf *out, const char *text, size_t screen)
{
	while (*text != '\0') {
		size_t len = w->column == 0 ? paragraph_of(text, screen) : 0;

		if (len > 0) {
			char *line = one_line(text, len);

			put_line(w, out, line, strlen(line), screen);
			mem_free_wiped(line);
		} else {
			len = strcspn(text, "\n");
			put_line(w, out, text, len, screen);
		}
		text += len;
		if (*text == '\n') {
			buf_put(out, "\n", 1);
			*w = (struct wrap){0};
			text++;
		}
	}
}
