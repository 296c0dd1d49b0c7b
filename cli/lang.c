#include "cli/lang.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define PLACES_MAX 8
#define DEPTH_MAX 4 /* messages in front of messages: "reading X: Y: Z" */

static const struct {
	const char *english, *swahili;
} catalogue[] = {
#include "cli/lang_sw.h"
};
#define CATALOGUE_COUNT (sizeof(catalogue) / sizeof(*catalogue))

static bool translates;

/* What stood in the places of a format. */
struct places {
	const char *at[PLACES_MAX];
	size_t len[PLACES_MAX];
	size_t count;
};

void
lang_use(const char *language)
{
	translates = strncmp(language, "sw", 2) == 0;
}

const char *
lang_text(const char *text)
{
	for (size_t i = 0; translates && i < CATALOGUE_COUNT; i++)
		if (strcmp(catalogue[i].english, text) == 0)
			return catalogue[i].swahili;
	return text;
}

/* The bytes of the directive that begins here: "%s", "%.60s", "%lld", "%03o". 0: none; "%%" is no
 * place. */
static size_t
directive(const char *at)
{
	size_t len;

	if (at[0] != '%' || at[1] == '%')
		return 0;
	len = 1 + strspn(at + 1, "0123456789.lhzj-");
	return isalpha((unsigned char)at[len]) ? len + 1 : 0;
}

/* Does the message have the shape of this format? The shortest that fits goes into each place. one:
 * no place may reach over a "; ", behind which another message begins. */
static bool
fits(const char *format, const char *message, struct places *places, bool one)
{
	size_t len = 0;

	while (*format != '\0' && (len = directive(format)) == 0) {
		if (format[0] == '%' && format[1] == '%')
			format++;
		if (*format++ != *message++)
			return false;
	}
	if (*format == '\0')
		return *message == '\0';
	if (places->count == PLACES_MAX)
		return false;
	places->at[places->count++] = message;
	for (size_t taken = 0;; taken++) {
		size_t mine = places->count;

		places->len[mine - 1] = taken;
		if (fits(format + len, message + taken, places, one))
			return true;
		places->count = mine;
		if (message[taken] == '\0' || (one && strncmp(message + taken, "; ", 2) == 0))
			break;
	}
	places->count--;
	return false;
}

/* How much of a format is its own words: of several that fit, the one with most is meant. */
static size_t
own_words(const char *format)
{
	size_t own = 0, len;

	while (*format != '\0') {
		len = directive(format);
		own += len == 0 && isalpha((unsigned char)*format);
		format += len > 0 ? len : 1;
	}
	return own;
}

static void put_message(struct buf *out, const char *message, int depth);

/* A place that ends "words: %s" holds words of its own. */
static void
fill(struct buf *out, const char *format, const struct places *places, int depth)
{
	const char *begin = format;
	size_t next = 0, len;

	while (*format != '\0') {
		len = directive(format);
		if (len > 0 && next < places->count) {
			char *at = mem_strndup(places->at[next], places->len[next]);

			if (depth > 0 && format[len] == '\0' && format - begin > 2 &&
			    strncmp(format - 2, ": ", 2) == 0)
				put_message(out, at, depth - 1);
			else
				buf_put_text(out, at);
			free(at);
			next++;
		} else {
			len = format[0] == '%' && format[1] == '%' ? 2 : 1;
			buf_put(out, format + len - 1, 1);
		}
		format += len;
	}
}

/* "words: message": each for itself. False: nothing to part. */
static bool
put_parted(struct buf *out, const char *message, int depth)
{
	const char *colon = strstr(message, ": ");
	char *front;

	if (colon == NULL || depth == 0)
		return false;
	front = mem_strndup(message, (size_t)(colon - message));
	put_message(out, front, 0);
	buf_put_text(out, ": ");
	put_message(out, colon + 2, depth - 1);
	free(front);
	return true;
}

/* The format that is meant; CATALOGUE_COUNT: none. */
static size_t
best_format(struct places *best, const char *message, bool one)
{
	size_t most = 0, found = CATALOGUE_COUNT;

	for (size_t i = 0; i < CATALOGUE_COUNT; i++) {
		struct places places = {.count = 0};
		size_t own = own_words(catalogue[i].english);

		if (own <= most || own < 3 || !fits(catalogue[i].english, message, &places, one))
			continue;
		most = own;
		found = i;
		*best = places;
	}
	return found;
}

/* "message; message": several reasons, each for itself. False: nothing to part, or the first is
 * none of ours. */
static bool
put_listed(struct buf *out, const char *message, int depth)
{
	const char *end = strstr(message, "; ");
	struct places places = {.count = 0};
	size_t found;
	char *front;

	if (end == NULL)
		return false;
	front = mem_strndup(message, (size_t)(end - message));
	if ((found = best_format(&places, front, true)) < CATALOGUE_COUNT) {
		fill(out, catalogue[found].swahili, &places, depth);
		buf_put_text(out, "; ");
		put_message(out, end + 2, depth);
	}
	free(front);
	return found < CATALOGUE_COUNT;
}

static void
put_message(struct buf *out, const char *message, int depth)
{
	struct places best = {.count = 0};
	size_t found = best_format(&best, message, true);

	if (found == CATALOGUE_COUNT && put_listed(out, message, depth))
		return;
	if (found == CATALOGUE_COUNT)
		found = best_format(&best, message, false);
	if (found < CATALOGUE_COUNT)
		fill(out, catalogue[found].swahili, &best, depth);
	else if (!put_parted(out, message, depth))
		buf_put_text(out, message);
}

char *
lang_message(const char *message)
{
	struct buf out;

	if (!translates)
		return mem_strdup(message);
	buf_init(&out, 0);
	put_message(&out, message, DEPTH_MAX);
	return out.bytes != NULL ? (char *)out.bytes : mem_strdup("");
}
