/* conf.c - inih, fed line by line by a reader of ours that refuses what inih would cut or skip
 * without a word. */
#include "base/conf.h"

#include <ctype.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/api.h"
#include "pamoja/limits.h"

struct parser {
	struct conf *conf;
	const char *at; /* the next line begins here */
	size_t left;
	int line;            /* of the line inih has now, from 1 */
	size_t section_from; /* first item of the present section */
	bool failed;
	struct pmj_error *err;
};

/* PREFIX/bin/PROGRAM has its kinds in PREFIX/share/pamoja, wherever PREFIX was put. NULL when that
 * is not there: a program in its build tree. */
static char *
installed_dir(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *bin, *prefix, *dir, *kinds;

	if (len <= 0)
		return NULL;
	self[len] = '\0';
	bin = fs_dirname(self);
	prefix = fs_dirname(bin);
	dir = fs_join(prefix, "share/pamoja");
	kinds = fs_join(dir, "kinds");
	if (!fs_exists(&os_real, kinds)) {
		free(dir);
		dir = NULL;
	}
	free(bin);
	free(prefix);
	free(kinds);
	return dir;
}

const char *
conf_dir(void)
{
	static char *installed; /* looked for once, before there is a second thread */
	static bool looked;
	const char *dir = getenv(PMJ_ENV_CONF);

	if (dir != NULL && dir[0] != '\0')
		return dir;
	if (!looked)
		installed = installed_dir();
	looked = true;
	return installed != NULL ? installed : PAMOJA_CONF_DIR;
}

enum pmj_code
conf_fail(struct pmj_error *err, const struct conf *conf, int line, const char *fmt, ...)
{
	char what[sizeof(err->message)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line > 0)
		return pmj_fail(err, PMJ_INVALID, "%.120s line %d: %.180s", conf->path, line, what);
	return pmj_fail(err, PMJ_INVALID, "%.120s: %.190s", conf->path, what);
}

static bool
refuse(struct parser *p, const char *what, const char *hint)
{
	(void)conf_fail(p->err, p->conf, p->line, "%s", what);
	pmj_hint(p->err, "%s", hint);
	p->failed = true;
	return false;
}

/* A section's line is checked and noted here: inih tells its handler only of keys. */
static bool
take_section(struct parser *p, const char *line)
{
	struct conf *conf = p->conf;
	const char *end = strchr(line, ']');
	size_t bytes;

	if (end == NULL)
		return refuse(p, "the section's name has no closing ]", "write [section]");
	bytes = (size_t)(end - line) - 1;
	for (const char *after = end + 1; *after != '\0'; after++)
		if (!isspace((unsigned char)*after))
			return refuse(p, "there is text after the section's ]",
			    "put it on a line of its own");
	if (bytes == 0 || bytes > CONF_SECTION_MAX)
		return refuse(p, "the section's name is empty or too long", "use 1 to 49 bytes");
	if (isspace((unsigned char)line[1]) || isspace((unsigned char)end[-1]))
		return refuse(p, "the section's name begins or ends with a space",
		    "write [section] without spaces inside the brackets' edges");
	if (conf->section_count >= CONF_SECTIONS_MAX)
		return refuse(p, "the file has too many sections", "use at most 500");
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct conf_section *old = &conf->sections[i];
		if (strlen(old->name) == bytes && memcmp(old->name, line + 1, bytes) == 0) {
			(void)conf_fail(p->err, conf, p->line,
			    "section [%s] stands here a second time", old->name);
			pmj_hint(
			    p->err, "it first stands on line %d: bring both together", old->line);
			p->failed = true;
			return false;
		}
	}
	conf->sections = mem_grow(conf->sections, conf->section_count + 1, sizeof(*conf->sections));
	conf->sections[conf->section_count].name = mem_strndup(line + 1, bytes);
	conf->sections[conf->section_count].line = p->line;
	conf->section_count++;
	p->section_from = conf->count;
	return true;
}

static bool
line_is_whole(struct parser *p, const char *line, size_t bytes, size_t room)
{
	const char *first = line;

	if (bytes > CONF_LINE_MAX || bytes + 2 > room) {
		(void)conf_fail(p->err, p->conf, p->line, "the line is %zu bytes long", bytes);
		pmj_hint(p->err, "use at most %d bytes a line", CONF_LINE_MAX);
		p->failed = true;
		return false;
	}
	if (memchr(line, '\0', bytes) != NULL || !text_is_utf8(line, bytes))
		return refuse(p, "the line is not UTF-8 text", "save the file as UTF-8");
	while (first < line + bytes && isspace((unsigned char)*first))
		first++;
	if (first == line + bytes || *first == ';' || *first == '#')
		return true;
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return refuse(p, "there is a control character in the line", "remove it");
	for (size_t i = 0; i + 1 < bytes; i++)
		if (isspace((unsigned char)line[i]) && line[i + 1] == ';')
			return refuse(p, "there is a comment after a value",
			    "put the comment on a line of its own; \" ;\" cannot stand in a value");
	return true;
}

/* fgets for inih: one whole line, or NULL at the end and after the first failure. */
static char *
next_line(char *out, int room, void *stream)
{
	struct parser *p = stream;
	const char *end;
	size_t bytes, skip;
	char *first;

	if (p->failed || p->left == 0 || room < 3)
		return NULL;
	p->line++;
	end = memchr(p->at, '\n', p->left);
	bytes = end != NULL ? (size_t)(end - p->at) : p->left;
	skip = end != NULL ? bytes + 1 : bytes;
	if (bytes > 0 && p->at[bytes - 1] == '\r')
		bytes--;
	if (!line_is_whole(p, p->at, bytes, (size_t)room))
		return NULL;
	memcpy(out, p->at, bytes);
	out[bytes] = '\0';
	p->at += skip;
	p->left -= skip;
	for (first = out; isspace((unsigned char)*first);)
		first++;
	if (*first == '[' && !take_section(p, first))
		return NULL;
	out[bytes] = '\n';
	out[bytes + 1] = '\0';
	return out;
}

static int
take_item(void *user, const char *section, const char *key, const char *value)
{
	struct parser *p = user;
	struct conf *conf = p->conf;
	struct conf_item *item;

	if (p->failed)
		return 0;
	if (key == NULL || *key == '\0' || value == NULL)
		return refuse(p, "there is no name before the =", "write NAME = VALUE");
	for (size_t i = p->section_from; i < conf->count; i++)
		if (strcmp(conf->items[i].key, key) == 0) {
			(void)conf_fail(
			    p->err, conf, p->line, "%.60s has a second value here", key);
			pmj_hint(p->err, "it is first set on line %d: keep one of the two",
			    conf->items[i].line);
			p->failed = true;
			return 0;
		}
	if (conf->count - p->section_from >= CONF_SECTION_KEYS_MAX)
		return refuse(p, "the section has too many names", "use at most 500");
	if ((conf->count & (conf->count - 1)) == 0) /* 0, 1, 2, 4, 8 ...: full */
		conf->items = mem_grow(
		    conf->items, conf->count > 0 ? 2 * conf->count : 1, sizeof(*conf->items));
	item = &conf->items[conf->count++];
	item->section = mem_strdup(section);
	item->key = mem_strdup(key);
	item->value = mem_strdup(value);
	item->line = p->line;
	return 1;
}

enum pmj_code
conf_read_text(
    struct conf *conf, const char *name, const char *text, size_t len, struct pmj_error *err)
{
	struct parser p = {conf, text, len, 0, 0, false, err};
	int result;

	memset(conf, 0, sizeof(*conf));
	conf->path = mem_strdup(name);
	if (len > PMJ_CONF_FILE_MAX) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "%.120s has %zu bytes", name, len);
		pmj_hint(err, "use at most %u KiB", PMJ_CONF_FILE_MAX / 1024);
		conf_close(conf);
		return PMJ_TOO_BIG;
	}
	/* A byte order mark goes first of all, so that we and inih see the same first line. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		p.at += 3;
		p.left -= 3;
	}
	/* Debian's libinih has these as variables; next_line holds even where they are fixed. */
	ini_use_stack = false;
	ini_max_line = CONF_LINE_MAX + 3;
	ini_initial_alloc = CONF_LINE_MAX + 3;
	ini_allow_bom = false;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_stop_on_first_error = true;
	result = ini_parse_stream(next_line, &p, take_item, &p);
	if (p.failed) {
		conf_close(conf);
		return PMJ_INVALID;
	}
	if (result < 0) {
		conf_close(conf);
		return pmj_fail(err, PMJ_NO_MEMORY, "no memory left while reading %.120s", name);
	}
	if (result > 0) {
		(void)conf_fail(err, conf, result, "this is not a setting");
		pmj_hint(err, "write [section], NAME = VALUE, or a comment that begins with ;");
		conf_close(conf);
		return PMJ_INVALID;
	}
	return PMJ_OK;
}

enum pmj_code
conf_read(struct conf *conf, const struct os *os, const char *path, struct pmj_error *err)
{
	struct buf text;
	enum pmj_code rc;

	memset(conf, 0, sizeof(*conf));
	buf_init(&text, 0);
	if ((rc = fs_read(&text, os, path, PMJ_CONF_FILE_MAX, err)) == PMJ_OK)
		rc = conf_read_text(conf, path, buf_text(&text), text.len, err);
	buf_close(&text);
	return rc;
}

void
conf_close(struct conf *conf)
{
	for (size_t i = 0; i < conf->count; i++) {
		free((void *)conf->items[i].section);
		free((void *)conf->items[i].key);
		free((void *)conf->items[i].value);
	}
	for (size_t i = 0; i < conf->section_count; i++)
		free((void *)conf->sections[i].name);
	free(conf->items);
	free(conf->sections);
	free(conf->path);
	memset(conf, 0, sizeof(*conf));
}

const struct conf_item *
conf_get(const struct conf *conf, const char *section, const char *key)
{
	for (size_t i = 0; i < conf->count; i++)
		if (strcmp(conf->items[i].key, key) == 0 &&
		    strcmp(conf->items[i].section, section) == 0)
			return &conf->items[i];
	return NULL;
}
