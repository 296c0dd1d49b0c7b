/* A form server's or a directory's document of any bytes: what is made of it is a table. */
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_table(const struct buf *table)
{
	struct csv_reader in;
	struct csv_row row;
	struct pmj_error err;
	bool more = true;

	if (csv_open(&in, &row, buf_text(table), table->len, &err) != PMJ_OK)
		return; /* a cell may be too long */
	for (;;) {
		csv_row_close(&row);
		if (csv_next(&in, &row, &more, &err) != PMJ_OK && err.code != PMJ_TOO_BIG)
			abort();
		if (!more)
			break;
	}
	csv_close(&in);
}

/* The tables of a package, one behind the other, a NUL between them. */
static void
check_package(const uint8_t *bytes, size_t len)
{
	struct buf files[HSDS_PACKAGE_FILES], table;
	json_t *refused = json_object();
	struct pmj_error err;
	size_t at = 0;

	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++) {
		const uint8_t *nul = at < len ? memchr(bytes + at, '\0', len - at) : NULL;
		size_t end = nul != NULL ? (size_t)(nul - bytes) : len;

		buf_init(&files[i], 0);
		if (at < end)
			buf_put(&files[i], bytes + at, end - at);
		at = end + 1;
	}
	buf_init(&table, 0);
	if (hsds_package_to_table(&table, refused, files, &err) == PMJ_OK)
		check_table(&table);
	buf_close(&table);
	json_decref(refused);
	for (size_t i = 0; i < HSDS_PACKAGE_FILES; i++)
		buf_close(&files[i]);
}

/* The way to what is repeated is the first line, where there is one; else an outer and an inner. */
static void
check_forms(const struct buf *text, bool repeated)
{
	const char *newline = strchr(buf_text(text), '\n');
	char way[64] = "a/b";
	struct forms_wanted wanted = {repeated ? way : NULL, "id"};
	json_t *refused = json_object(), *repeats = json_object();
	size_t skip = 0;
	struct pmj_error err;
	struct buf table;

	if (repeated && newline != NULL && newline - buf_text(text) < (long)sizeof(way)) {
		skip = (size_t)(newline - buf_text(text));
		memcpy(way, buf_text(text), skip);
		way[skip] = '\0';
	}
	buf_init(&table, 1u << 20);
	if (forms_to_table(&table, refused, repeats, &wanted, buf_text(text) + skip,
	        text->len - skip, &err) == PMJ_OK)
		check_table(&table);
	buf_close(&table);
	json_decref(refused);
	json_decref(repeats);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct pmj_error err;
	struct buf table, text;
	json_t *refused = json_object();

	buf_init(&text, 0);
	buf_put(&text, bytes, len);
	buf_init(&table, 0);
	if (hsds_to_table(&table, refused, buf_text(&text), len, &err) == PMJ_OK)
		check_table(&table);
	buf_close(&table);
	check_forms(&text, false);
	check_forms(&text, true);
	buf_close(&text);
	json_decref(refused);
	check_package(bytes, len);
	return 0;
}
