/* journal_bump.c - journal_bump HOME PASSPHRASE_FILE VERSION: write another version into a stopped
 * home's journal, as a newer program would. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/text.h"
#include "crypto/keyfile.h"
#include "crypto/prim.h"
#include "crypto/ring.h"
#include "pamoja/pmjvfs.h"

static int
bump(const char *path, const char *version)
{
	char *pragma = mem_printf("PRAGMA user_version=%d", atoi(version));
	sqlite3 *db = NULL;
	int result =
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, "bump");

	if (result == SQLITE_OK)
		result = pmjvfs_prepare(db);
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, pragma, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = pmjvfs_checkpoint(db);
	(void)sqlite3_close(db);
	free(pragma);
	return result;
}

int
main(int argc, char **argv)
{
	char passphrase[256] = "", hex[2 * PMJVFS_FILE_ID_BYTES + 1];
	uint8_t dek[PMJVFS_KEY_BYTES];
	struct keyfile *keys = NULL;
	struct ring *ring = NULL;
	struct pmj_error err;
	char *path;
	FILE *file;
	int result;

	if (argc != 4 || (file = fopen(argv[2], "re")) == NULL ||
	    fgets(passphrase, sizeof(passphrase), file) == NULL)
		return 2;
	(void)fclose(file);
	passphrase[strcspn(passphrase, "\n")] = '\0';
	prim_start();
	path = mem_printf("%s/keys", argv[1]);
	if (keyfile_unlock(&keys, &ring, &os_real, path, passphrase, &err) != PMJ_OK) {
		(void)fprintf(stderr, "journal_bump: %s\n", err.message);
		return 1;
	}
	free(path);
	ring_dek(ring, dek);
	result = pmjvfs_register("bump", NULL, dek, ring_file_id(ring));
	path = mem_printf(
	    "%s/journal-%s.db", argv[1], text_hex(hex, ring_file_id(ring), PMJVFS_FILE_ID_BYTES));
	if (result == SQLITE_OK)
		result = bump(path, argv[3]);
	if (result != SQLITE_OK)
		(void)fprintf(stderr, "journal_bump: SQLite result %d\n", result);
	free(path);
	ring_free(ring);
	keyfile_free(keys);
	return result == SQLITE_OK ? 0 : 1;
}
