/* conf.h - INI files, read strictly: what inih would silently cut (long lines, long names, text
 * after " ;") is an error that names file and line; so is a second value for a key. Used for
 * settings and for kinds. */
#ifndef BASE_CONF_H
#define BASE_CONF_H
#include <stddef.h>

#include "base/buf.h"
#include "base/os.h"

struct conf_item {
	const char *section; /* "" before the first */
	const char *key;
	const char *value;
	int line;
};
struct conf_section {
	const char *name;
	int line;
};
struct conf {
	char *path;
	struct conf_item *items; /* in file order */
	size_t count;
	struct conf_section *sections; /* in file order; also those without a key; no name twice */
	size_t section_count;
};
#define CONF_LINE_MAX 1000  /* bytes of one line */
#define CONF_SECTION_MAX 49 /* bytes of a section's name; inih cuts above */
#define CONF_SECTION_KEYS_MAX 500
#define CONF_SECTIONS_MAX 500 /* both are looked up one by one, so neither may be many */

/** Read a file of at most 64 KiB. err: "FILE line N: what is wrong", hint: what would be right.
 * Left empty on failure. */
PMJ_MUST_CHECK enum pmj_code conf_read(
    struct conf *conf, const struct os *os, const char *path, struct pmj_error *err);
/** The same from memory; name is used in errors. */
PMJ_MUST_CHECK enum pmj_code conf_read_text(
    struct conf *conf, const char *name, const char *text, size_t len, struct pmj_error *err);
void conf_close(struct conf *conf);
/** NULL when absent. */
const struct conf_item *conf_get(const struct conf *conf, const char *section, const char *key);
/** err = "FILE line N: ...", PMJ_INVALID. */
enum pmj_code conf_fail(struct pmj_error *err, const struct conf *conf, int line, const char *fmt,
    ...) PMJ_PRINTF(4, 5);

/** The folder of kinds/ and words/: the one named by PAMOJA_CONF, else share/pamoja beside the bin
 * this program stands in, else the one it was built with. Asked first before threads are made. */
const char *conf_dir(void);

/* A table of settings into a struct (style: settings are read once, through a table). */
enum setting_type { SETTING_INT, SETTING_FLAG, SETTING_TEXT };
struct setting {
	const char *section;
	const char *key;
	enum setting_type type;
	size_t offset; /* of int64_t, bool or char * in the struct */
	int64_t least;
	int64_t most;     /* for SETTING_TEXT the most bytes */
	const char *unit; /* "seconds", "minutes", ... for messages */
};
/** Unknown names are errors with the line and the nearest name; values out of range say the range.
 * A SETTING_TEXT is a copy that replaces (and does not free) what stood there; the caller frees it.
 * `to` may be half written on failure. */
PMJ_MUST_CHECK enum pmj_code conf_settings(void *to, const struct conf *conf,
    const struct setting *table, size_t count, struct pmj_error *err);

#endif
