/* backup_settings.c - the values kept by name, as they stand in a backup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/backup_tables.h"
#include "api/import_kept.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/limits.h"

#define LONG_TEXT 8000

/* Steals the value: JSON's numbers end at 2^53. */
static json_t *
big_number(json_t *value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
	json_decref(value);
	return json_pack("{s:s}", "i", text);
}

/* Made by the file itself, or by one life of it. */
static bool
stays_here(const char *key)
{
	static const char *const own[] = {"schema: ", "kind: ", "journal sums", "sync.", "rekey.",
	    "device.nonce", "backup.", IMPORT_KEPT};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strncmp(key, own[i], strlen(own[i])) == 0)
			return true;
	return false;
}

enum pmj_code
backup_settings(struct journal *journal, json_t **out, struct pmj_error *err)
{
	struct sql *sql =
	    sql_get(journal, "SELECT key, value, typeof(value) FROM pmj_meta ORDER BY key");
	enum pmj_code rc;
	bool row = false;

	*out = json_object();
	while ((rc = sql_row(sql, &row, err)) == PMJ_OK && row) {
		const char *key = sql_col_text(sql, 0), *type = sql_col_text(sql, 2);
		json_t *value;

		if (stays_here(key))
			continue;
		value = backup_value(sql, 1, type[0]);
		if (strcmp(type, "blob") == 0)
			value = json_pack("{s:o}", "x", value);
		else if (json_string_length(value) > LONG_TEXT) /* see json_limits_entry */
			value = json_pack("{s:o}", "line", value);
		else if (llabs(json_integer_value(value)) > PMJ_JSON_INT_MAX)
			value = big_number(value);
		(void)json_object_set_new(*out, key, value);
	}
	if (rc != PMJ_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum pmj_code
backup_settings_put(struct journal *journal, const json_t *settings, struct pmj_error *err)
{
	const char *key;
	json_t *value;
	enum pmj_code rc = PMJ_OK;

	json_object_foreach((json_t *)settings, key, value)
	{
		const char *hex = json_str(value, "x"), *text = json_str(value, "line");
		size_t len = hex != NULL ? strlen(hex) / 2 : 0;
		uint8_t *bytes;

		if (stays_here(key))
			continue;
		if (json_is_integer(value)) {
			rc = journal_put_int(journal, key, (int64_t)json_integer_value(value), err);
		} else if (json_str(value, "i") != NULL) {
			rc = journal_put_int(
			    journal, key, strtoll(json_str(value, "i"), NULL, 10), err);
		} else if (json_is_string(value) || text != NULL) {
			rc = journal_put_text(
			    journal, key, text != NULL ? text : json_string_value(value), err);
		} else if (hex != NULL) {
			bytes = mem_new(len + 1);
			rc = text_unhex(bytes, len, hex)
			         ? journal_put_blob(journal, key, bytes, len, err)
			         : pmj_fail(err, PMJ_INTEGRITY,
			               "a setting in the backup cannot be read");
			free(bytes);
		}
		if (rc != PMJ_OK)
			return rc;
	}
	return PMJ_OK;
}
