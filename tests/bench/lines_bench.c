/* lines_bench.c - the lines that a home wrote itself, one a line, as they travel: what the bytes of
 * an exchange are measured against, and what a dictionary is trained on; or, `marked`, as the
 * journal's compressor gets to see them. The daemon must be stopped.
 * Use: bench_lines HOME PASSPHRASE_FILE [marked] */
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/fs.h"
#include "bench.h"
#include "crypto/keyfile.h"
#include "crypto/prim.h"
#include "domain/line_pack.h"
#include "store/entries.h"
#include "sync/sync.h"

static void
print_line(const struct entry_row *row, bool marked)
{
	struct line_beside beside = {
	    .by = row->entry.by, .rec = row->entry.rec, .pt = row->entry.pt};
	struct buf text, raw;

	buf_init(&text, 0);
	buf_init(&raw, 0);
	if (!marked)
		(void)printf("%.*s\n", (int)row->len, row->line);
	else if (line_pack_mark(&text, &raw, row->line, row->len, &beside))
		(void)printf("%.*s\n", (int)text.len, buf_text(&text));
	buf_close(&raw);
	buf_close(&text);
}

static void
print_own(struct journal *journal, bool marked)
{
	uint64_t count;
	uint8_t j[32];

	journal_head(journal, &count, j);
	for (uint64_t n = 1; n <= count; n++) {
		struct entry_row row;

		must(entries_get(journal, &row, (int64_t)n, &err), "entry");
		if (row.origin == ENTRY_OWN && row.status != ENTRY_CONTROL && row.line != NULL)
			print_line(&row, marked);
		entry_row_close(&row);
	}
}

int
main(int argc, char **argv)
{
	char *folder = fs_join(conf_dir(), "kinds");
	struct journal_setup setup = {.os = &os_real, .schema = sync_schema};
	struct journal *journal;
	struct keyfile *keys;
	struct kinds kinds = {0};
	struct buf passphrase;
	char *path;

	if (argc < 3)
		return 2;
	prim_start();
	path = fs_join(argv[1], "keys");
	buf_init(&passphrase, 0);
	must(fs_read(&passphrase, &os_real, argv[2], 1024, &err), "passphrase");
	passphrase.bytes[strcspn(buf_text(&passphrase), "\n")] = '\0';
	must(kinds_read(&kinds, &os_real, folder, &err), "kinds");
	must(keyfile_unlock(&keys, &setup.ring, &os_real, path, buf_text(&passphrase), &err),
	    "unlock");
	setup.home = argv[1];
	setup.kinds = &kinds;
	setup.store_uuid = keyfile_store_uuid(keys);
	must(journal_open(&journal, &setup, &err), "open");
	print_own(journal, argc > 3);
	journal_close(journal);
	ring_free(setup.ring);
	keyfile_free(keys);
	kinds_close(&kinds);
	buf_wipe(&passphrase);
	free(path);
	free(folder);
	return 0;
}
