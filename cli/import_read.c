/* import_read.c - a file to import, read as what it is: a table, lines, a form server's document, a
 * directory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "cli/forms.h"
#include "cli/import_inner.h"
#include "cli/kinds.h"
#include "cli/term.h"
#include "cli/unzip.h"

#define IMPORT_FILE_MAX (256u * 1024 * 1024)
#define PACKED_MAX (128u * 1024 * 1024) /* of all its tables together */

static enum pmj_code
need_kind(const json_t **out, struct cli *cli, const char *kind, struct pmj_error *err)
{
	*out = NULL;
	if (kind == NULL) {
		(void)pmj_fail(err, PMJ_USAGE, "say what the rows of this table are");
		pmj_hint(err, "add --kind, for example --kind person");
		return PMJ_USAGE;
	}
	if ((*out = kinds_named(cli, kind)) == NULL) {
		(void)pmj_fail(err, PMJ_NOT_FOUND, "there is no kind \"%.40s\"", kind);
		pmj_hint(err, "`pamoja kinds` lists them");
		return PMJ_NOT_FOUND;
	}
	return PMJ_OK;
}

/* One table of an older directory: of a folder, or of a packed one. Empty where it is not there. */
static enum pmj_code
read_part(
    struct buf *out, struct unzip *packed, const char *dir, const char *name, struct pmj_error *err)
{
	char *path = fs_join(dir, name);
	enum pmj_code rc = PMJ_OK;
	bool found;

	if (packed != NULL) {
		if ((rc = unzip_file(packed, out, &found, name, err)) != PMJ_OK)
			pmj_context(err, "%s", name);
	} else if (fs_exists(&os_real, path)) {
		rc = term_slurp(out, path, IMPORT_FILE_MAX, err);
	}
	free(path);
	return rc;
}

/* The tables of an older directory, made into one. packed: NULL for a folder. */
static enum pmj_code
read_package(struct buf *table, json_t *refused, struct unzip *packed, const char *dir,
    struct pmj_error *err)
{
	struct buf files[HSDS_PACKAGE_FILES];
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++) {
		buf_init(&files[i], 0);
		if (rc == PMJ_OK)
			rc = read_part(&files[i], packed, dir, hsds_package_names[i], err);
	}
	if (rc == PMJ_OK)
		rc = hsds_package_to_table(table, refused, files, err);
	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++)
		buf_wipe(&files[i]);
	return rc;
}

/* The same as the folder would be, also to be known again. */
static enum pmj_code
read_packed(struct buf *file, json_t *refused, struct pmj_error *err)
{
	struct unzip packed;
	struct buf table;
	enum pmj_code rc;

	buf_init(&table, IMPORT_FILE_MAX);
	if ((rc = unzip_open(&packed, file->bytes, file->len, PACKED_MAX, err)) == PMJ_OK)
		rc = read_package(&table, refused, &packed, "", err);
	buf_wipe(file);
	*file = table;
	return rc;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What stands around a form's repeats is in its main table. */
static enum pmj_code
read_main(struct rows *rows, const struct reading *as, struct pmj_error *err)
{
	struct buf file;
	enum pmj_code rc;

	buf_init(&file, 0);
	if ((rc = term_slurp(&file, as->main, IMPORT_FILE_MAX, err)) == PMJ_OK)
		rc = rows_use_main(rows, &as->map, buf_text(&file), file.len, err);
	if (rc != PMJ_OK)
		pmj_context(err, "%s", as->main);
	buf_wipe(&file);
	return rc;
}

static enum pmj_code
read_table(struct rows *rows, const struct buf *file, const json_t *kind, struct reading *as,
    struct pmj_error *err)
{
	enum pmj_code rc;

	if (mapping_says(&as->map, "repeat") != NULL) {
		(void)pmj_fail(err, PMJ_INVALID,
		    "this is a table, and repeat = of the mapping is for JSON alone");
		pmj_hint(err, "name the table of what is repeated, and leave repeat = out");
		return PMJ_INVALID;
	}
	if (as->main != NULL && (rc = read_main(rows, as, err)) != PMJ_OK)
		return rc;
	return rows_read_csv(
	    rows, buf_text(file), file->len, kind, as->mapped ? &as->map : NULL, as->package, err);
}

/* A table, or what is made into one. */
static enum pmj_code
read_rows(struct cli *cli, struct rows *rows, const struct buf *file, struct reading *as,
    struct pmj_error *err)
{
	bool made = as->hsds || (as->mapped && forms_is_json(buf_text(file), file->len));
	struct forms_wanted wanted = {
	    mapping_says(&as->map, "repeat"), mapping_says(&as->map, "source")};
	const json_t *kind;
	struct buf table;
	enum pmj_code rc;

	if ((rc = need_kind(&kind, cli, as->hsds ? "resource" : as->kind, err)) != PMJ_OK)
		return rc;
	if (!made || as->package)
		return read_table(rows, file, kind, as, err);
	buf_init(&table, IMPORT_FILE_MAX);
	rc = as->hsds ? hsds_to_table(&table, rows->refused, buf_text(file), file->len, err)
	              : forms_to_table(&table, rows->refused, rows->repeats, &wanted,
	                    buf_text(file), file->len, err);
	if (rc == PMJ_OK)
		rc = rows_read_csv(rows, buf_text(&table), table.len, kind,
		    as->mapped ? &as->map : NULL, true, err);
	buf_wipe(&table);
	return rc;
}

/* FNV-1a */
static void
sum_bytes(uint64_t *sum, const void *from, size_t len)
{
	const uint8_t *bytes = from;

	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ bytes[i]) * 0x100000001b3u;
}

/* Names the import to the daemon, which keeps what is saved of one until all of it is: the same for
 * the same file. A mistaken likeness would need the same 64 bits (FNV-1a) and the same size, by
 * chance, of the import that broke off last or one of the few that are remembered as over. */
static char *
import_name(const struct buf *file, const char *kind)
{
	uint64_t sum = 0xcbf29ce484222325u;

	sum_bytes(&sum, file->bytes, file->len);
	return mem_printf(
	    "%016llx-%zu-%s", (unsigned long long)sum, file->len, kind != NULL ? kind : "");
}

/* How the file is read: by what its mapping says, not by what else stands in it. */
static void
mark_mapping(struct reading *as)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < as->map.conf.count; i++) {
		const struct conf_item *item = &as->map.conf.items[i];

		sum_bytes(&sum, item->section, strlen(item->section) + 1);
		sum_bytes(&sum, item->key, strlen(item->key) + 1);
		sum_bytes(&sum, item->value, strlen(item->value) + 1);
	}
	(void)snprintf(as->mark, sizeof(as->mark), "%016llx", (unsigned long long)sum);
}

/* Does it hold JSON lines? A document of a form server begins alike, but comes with a mapping. */
static bool
is_lines(const struct buf *file, const struct reading *as)
{
	size_t start = strncmp(buf_text(file), "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	start += strspn(buf_text(file) + start, " \t\r\n");
	return buf_text(file)[start] == '{' && !as->mapped && !as->hsds;
}

/* Only a directory of services is unpacked here: of other packed files nobody knows which file is
 * meant. */
static enum pmj_code
fail_packed(struct pmj_error *err)
{
	(void)pmj_fail(
	    err, PMJ_INVALID, "this is a packed file: a .zip, or a spreadsheet such as .xlsx");
	pmj_hint(err, "unpack it and name the file inside (an HSDS package: add --hsds); save a "
	              "spreadsheet as \"CSV UTF-8\"");
	return PMJ_INVALID;
}

static enum pmj_code
check_is_file(const struct reading *as, const char *path, struct pmj_error *err)
{
	if (as->hsds || !is_folder(path))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "this is a folder");
	pmj_hint(
	    err, "name a file in it; of an unpacked HSDS directory: pamoja import FOLDER --hsds");
	return PMJ_INVALID;
}

enum pmj_code
import_read(struct cli *cli, struct rows *rows, char **name, const char *path, struct reading *as,
    struct pmj_error *err)
{
	const json_t *kinds = NULL, *kind = NULL;
	enum pmj_code rc;
	struct buf file;

	buf_init(&file, IMPORT_FILE_MAX);
	if ((rc = kinds_load(cli, &kinds, err)) != PMJ_OK)
		goto out;
	as->package = as->hsds && is_folder(path);
	if ((rc = check_is_file(as, path, err)) != PMJ_OK)
		goto out;
	rc = as->package ? read_package(&file, rows->refused, NULL, path, err)
	                 : term_slurp(&file, path, IMPORT_FILE_MAX, err);
	if (rc != PMJ_OK)
		goto out;
	if (!as->package && unzip_is(file.bytes, file.len)) {
		as->package = as->hsds;
		rc = as->hsds ? read_packed(&file, rows->refused, err) : fail_packed(err);
	}
	if (rc != PMJ_OK) {
		pmj_context(err, "%s", path);
		goto out;
	}
	rows->kinds = kinds;
	if (!is_lines(&file, as))
		rc = read_rows(cli, rows, &file, as, err);
	else if (as->kind == NULL || (rc = need_kind(&kind, cli, as->kind, err)) == PMJ_OK)
		rc = rows_read_lines(rows, buf_text(&file), file.len, kind, err);
	*name = import_name(&file, as->kind);
	if (rc != PMJ_OK)
		pmj_context(err, "%s", path);
out:
	buf_wipe(&file);
	return rc;
}

/* The option and the mapping's word go together. */
static enum pmj_code
check_main(const struct reading *as, struct pmj_error *err)
{
	bool said = mapping_says(&as->map, "main") != NULL;

	if ((as->main != NULL) == said)
		return PMJ_OK;
	if (said) {
		(void)pmj_fail(
		    err, PMJ_USAGE, "the mapping says main =, but no main table is named");
		pmj_hint(err, "add --main FILE, exported together with this one");
	} else {
		(void)pmj_fail(
		    err, PMJ_USAGE, "--main needs a mapping that says main = COLUMN is COLUMN");
		pmj_hint(err, "see man pamoja-import, \"What a form repeats\"");
	}
	return PMJ_USAGE;
}

static enum pmj_code
check_alike(const struct reading *as, struct pmj_error *err)
{
	static const char *const ways[] = {"take", "skip", "refuse"};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(as->alike, ways[i]) == 0)
			return PMJ_OK;
	(void)pmj_fail(err, PMJ_USAGE, "--alike is take, skip or refuse, not \"%.20s\"", as->alike);
	pmj_hint(err, "take saves people who may be here already and says so, skip leaves them "
	              "out, refuse lists them as rows that failed");
	return PMJ_USAGE;
}

enum pmj_code
import_choose(struct reading *as, const struct args *args, struct pmj_error *err)
{
	const char *named = NULL;
	enum pmj_code rc = PMJ_OK;

	as->hsds = args_has(args, "hsds");
	as->mapped = args_has(args, "map");
	if (as->hsds && as->mapped)
		return pmj_fail(err, PMJ_USAGE, "--hsds and --map do not go together");
	if (as->mapped)
		rc = mapping_read(&as->map, &named, args_value(args, "map"), err);
	if (as->mapped && rc == PMJ_OK)
		mark_mapping(as);
	as->main = args_value(args, "main");
	as->alike = args_has(args, "alike") ? args_value(args, "alike") : "take";
	if (rc == PMJ_OK)
		rc = check_main(as, err);
	if (rc == PMJ_OK)
		rc = check_alike(as, err);
	as->kind = args_has(args, "kind") ? args_value(args, "kind") : named;
	return rc;
}
