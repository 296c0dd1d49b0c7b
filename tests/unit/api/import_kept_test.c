/* import_kept_test.c - an import that broke off in a program of before, which knew it by its file
 * alone, goes on; by another mapping it does not. */
#include "check.h"
#include <string.h>

#include "api/import_kept.h"
#include "fixture_store.h"

#define FILE_NAME "00ff-120-person"

static bool
is_saved(struct journal *journal, const char *name, int64_t row)
{
	struct import_kept kept;
	uint8_t rec[PMJ_RECORD_BYTES];
	struct pmj_error err;
	bool saved;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(import_kept_begin(&kept, journal, name, &err), &err);
	check_ok(import_kept_row(&kept, row, &saved, rec, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
	return saved;
}

static void
save_row_as(struct journal *journal, const char *name, int64_t row)
{
	static const uint8_t rec[PMJ_RECORD_BYTES] = {7};
	uint8_t before[PMJ_RECORD_BYTES];
	struct import_kept kept;
	struct pmj_error err;
	bool saved;

	check_ok(journal_begin(journal, &err), &err);
	check_ok(import_kept_begin(&kept, journal, name, &err), &err);
	check_ok(import_kept_row(&kept, row, &saved, before, &err), &err);
	import_kept_put(&kept, row, rec);
	check_ok(import_kept_save(&kept, &err), &err);
	check_ok(journal_commit(journal, &err), &err);
}

static void
test_of_a_program_before(void **state)
{
	struct store store;
	struct pmj_error err;
	bool more;

	(void)state;
	store_start(&store);
	save_row_as(store.journal, FILE_NAME, 3);
	assert_false(import_kept_otherwise(store.journal, FILE_NAME, FILE_NAME " aa"));
	check_ok(journal_begin(store.journal, &err), &err);
	check_ok(import_kept_forget(store.journal, FILE_NAME " aa", &more, &err), &err);
	check_ok(journal_commit(store.journal, &err), &err);
	assert_true(is_saved(store.journal, FILE_NAME " aa", 3));
	assert_false(is_saved(store.journal, FILE_NAME " aa", 4));
	/* From then on it is that mapping's. */
	assert_true(import_kept_otherwise(store.journal, FILE_NAME, FILE_NAME " bb"));
	assert_false(is_saved(store.journal, FILE_NAME " bb", 3));
	/* Another file that is called alike in its beginning is another. */
	save_row_as(store.journal, FILE_NAME, 3);
	assert_false(is_saved(store.journal, FILE_NAME "s aa", 3));
	store_end(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_of_a_program_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
