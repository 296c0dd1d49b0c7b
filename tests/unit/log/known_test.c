/* The known answers of section 14 that concern the log. */
#include "base/text.h"
#include "check.h"
#include "log/cert.h"
#include "test_segment.h"

static void
expect_hex(const uint8_t *bytes, size_t count, const char *hex)
{
	char text[129];

	assert_string_equal(text_hex(text, bytes, count), hex);
}

static void
section_14(void **state)
{
	static const char entry[] = "{\"v\":1,\"kind\":\"note\"}";
	const struct segment_line line = {entry, sizeof(entry) - 1};
	struct test_lane lane;
	struct segment_draft draft;
	struct segment_expect expect;
	struct segment_open opened;
	uint8_t esk[32];
	uint8_t nonce[24];
	uint8_t e[32];
	uint8_t chain[32];
	uint8_t id[32];
	struct buf file;

	(void)state;
	test_lane_open(&lane);
	memset(esk, 3, sizeof(esk));
	memset(nonce, 4, sizeof(nonce));
	draft = test_lane_draft(&lane, &line, 1);
	draft.test_esk = esk;
	draft.test_nonce = nonce;
	draft.test_store = true;
	buf_init(&file, 0);
	assert_int_equal(segment_seal(&file, chain, id, &draft, lane.writer, NULL), PMJ_OK);

	expect_hex(ring_device_id(lane.writer), 16, "45cc9abb896d0db41b97e68fe1596a13");
	assert_int_equal(file.len, 4376);
	expect_hex(file.bytes + 104, 32,
	    "5f0b7c974f1b183e5cb3808ff10a6b703d58d48f54b16f51685d86412c3742aa");
	chain_entry(e, line.bytes, line.len);
	expect_hex(e, 32, "256f0a6a290c1bbafd743219bd37cd3430a49481db872cf49aec193402474d9a");
	expect_hex(chain, 32, "b84205f26b5528dfa749f0b7dde3bc7a6b6ea97fdc7c70c5ec76f47274943e66");
	expect_hex(file.bytes + 136, 32,
	    "c49bc031be27954ebf6d35cca70bcc831261c35101df5d6efe2fc25a13fbb76e");
	expect_hex(file.bytes + file.len - 80, 16, "56a0a34b608bd1ce991976a87295818f");
	expect_hex(file.bytes + file.len - 64, 16, "c74967f9c1bf4390d405299f102eb266");
	expect_hex(id, 32, "150468c215bb269d559b37704245976d388b330c41c290321d35240f4c58d575");

	expect = test_lane_expect(&lane);
	assert_int_equal(
	    segment_open(&opened, file.bytes, file.len, &expect, lane.reader), SEGMENT_OK);
	assert_int_equal(opened.count, 1);
	assert_memory_equal(opened.lines[0].bytes, entry, line.len);
	assert_memory_equal(opened.e[0], e, 32);
	segment_open_close(&opened);
	buf_close(&file);
	test_lane_close(&lane);
}

/* The other hashes of 5.3, 8.6 and 9 against H written out. */
static void
hashes(void **state)
{
	uint8_t uuid[16];
	uint8_t j[32];
	uint8_t next[32];
	uint8_t hash[32];
	uint8_t both[64];

	(void)state;
	prim_start();
	memset(uuid, 0xc3, sizeof(uuid));
	chain_journal_start(j, uuid);
	prim_hash(hash, "pmj jrnl 0 v1", PRIM_PARTS({uuid, 16}));
	assert_memory_equal(j, hash, 32);
	memcpy(both, j, 32);
	memset(both + 32, 5, 32);
	memcpy(next, j, 32);
	chain_journal_next(next, both + 32);
	prim_hash(hash, "pmj jrnl v1", PRIM_PARTS({both, 64}));
	assert_memory_equal(next, hash, 32);
	chain_fork(hash, uuid, both + 32);
	prim_hash(next, "pmj fork v1", PRIM_PARTS({uuid, 16}, {both + 32, 32}));
	assert_memory_equal(hash, next, 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(section_14),
	    cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
