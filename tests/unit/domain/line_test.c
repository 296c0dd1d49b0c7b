/* The line of 5.1: what is written reads back; anything else is refused. And the clock of 8.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "domain/line.h"
#include "entries.h"

#define N "\"n\":\"AAECAwQFBgcICQoLDA0ODw\","
#define BY "\"by\":\"00112233445566778899aabbccddeeff\","
#define V32 "\"000102030405060708090a0b0c0d0e0f\""
#define GOOD                                                                                       \
	"{\"v\":1," N "\"kind\":\"note\",\"kv\":1," BY                                             \
	"\"at\":[1000,2],\"rv\":3,\"set\":{\"a\":\"x\"}}"

static const uint8_t e[PMJ_ENTRY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

static enum pmj_code
read_line(struct entry *entry, const char *text, struct pmj_error *err)
{
	memset(err, 0, sizeof(*err));
	return line_read(entry, text, strlen(text), e, err);
}

static void
reads_what_it_writes(void **state)
{
	struct line_draft draft = {
	    .kind = "goal", .kv = 4, .pt = 1234567890123, .counter = 7, .rv = 9, .verb = "reach"};
	json_t *set = test_json("{\"state\":\"reached\",\"text\":null,\"x\":[\"a\"],\"n\":-3}");
	json_t *was = test_json("{\"state\":[" V32 "]}");
	json_t *knows = test_json("[" V32 "]");
	uint8_t rec[PMJ_RECORD_BYTES] = {0xff, 0, 1}, by[PMJ_DEVICE_BYTES] = {0xab};
	struct entry entry;
	struct pmj_error err;
	struct buf text;

	(void)state;
	draft.rec = rec;
	draft.by = by;
	draft.set = set;
	draft.was = was;
	draft.knows = knows;
	buf_init(&text, 0);
	line_write(&text, &draft);
	if (read_line(&entry, buf_text(&text), &err) != PMJ_OK)
		fail_msg("%s: %s", buf_text(&text), err.message);
	assert_string_equal(entry.kind, "goal");
	assert_memory_equal(entry.rec, rec, sizeof(rec));
	assert_memory_equal(entry.by, by, sizeof(by));
	assert_false(entry.makes || entry.control || entry.stub);
	assert_int_equal(entry.pt, 1234567890123);
	assert_int_equal(entry.counter, 7);
	assert_int_equal(entry.rv, 9);
	assert_int_equal(entry.kv, 4);
	assert_string_equal(entry.verb, "reach");
	assert_true(json_equal(entry.set, set) && json_equal(entry.was, was));
	assert_true(json_equal(entry.knows, knows));
	entry_close(&entry);
	assert_non_null(strstr(buf_text(&text), "\"rec\":\"zw0020000000000"));
	buf_close(&text);
	json_decref(set);
	json_decref(was);
	json_decref(knows);
}

static void
an_entry_without_rec_makes_its_record(void **state)
{
	struct entry entry;
	struct pmj_error err;

	(void)state;
	assert_int_equal(read_line(&entry, GOOD, &err), PMJ_OK);
	assert_true(entry.makes && entry.has_rec);
	assert_memory_equal(entry.rec, e, PMJ_RECORD_BYTES);
	assert_null(entry.was);
	entry_close(&entry);
}

static void
control_lines(void **state)
{
	struct line_draft draft = {.kind = "ctl.hold", .rv = -1, .pt = 5};
	json_t *more = test_json("{\"e\":\"00\",\"reason\":\"move\"}");
	uint8_t by[PMJ_DEVICE_BYTES] = {1};
	struct entry entry;
	struct pmj_error err;
	struct buf text;

	(void)state;
	draft.by = by;
	draft.more = more;
	buf_init(&text, 0);
	line_write(&text, &draft);
	assert_null(strstr(buf_text(&text), "\"kv\""));
	assert_null(strstr(buf_text(&text), "\"rv\""));
	assert_int_equal(read_line(&entry, buf_text(&text), &err), PMJ_OK);
	assert_true(entry.control);
	assert_false(entry.makes || entry.has_rec);
	assert_string_equal(json_str(entry.json, "reason"), "move");
	entry_close(&entry);
	buf_close(&text);
	json_decref(more);
}

/* Each differs from GOOD in one thing. */
static void
refuses_what_is_not_exactly_a_line(void **state)
{
#define LINE(v, n, kind, kv, by, at, rv, rest) "{" v n kind kv by at rv rest "}"
#define V "\"v\":1,"
#define KIND "\"kind\":\"note\","
#define KV "\"kv\":1,"
#define AT "\"at\":[1000,2],"
#define RV "\"rv\":3,"
#define SET "\"set\":{\"a\":\"x\"}"
#define REC "\"rec\":\"0123456789abcdef\","
	static const struct {
		const char *text, *message;
	} bad[] = {
	    {"", "JSON"},
	    {"[]", "no JSON object"},
	    {"7", "no JSON object"},
	    {GOOD " ", NULL},
	    {GOOD "x", "JSON"},
	    {GOOD "\n", "line end"},
	    {LINE("", N, KIND, KV, BY, AT, RV, SET), "v must be 1"},
	    {LINE("\"v\":2,", N, KIND, KV, BY, AT, RV, SET), "v must be 1"},
	    {LINE("\"v\":\"1\",", N, KIND, KV, BY, AT, RV, SET), "v must be 1"},
	    {LINE("\"v\":1.0,", N, KIND, KV, BY, AT, RV, SET), "fraction"},
	    {LINE(V V, N, KIND, KV, BY, AT, RV, SET), "JSON"},
	    {LINE(V, "", KIND, KV, BY, AT, RV, SET), "n must be"},
	    {LINE(V, "\"n\":\"AAECAwQFBgcICQoLDA0O\",", KIND, KV, BY, AT, RV, SET), "n must be"},
	    {LINE(V, "\"n\":\"AAECAwQFBgcICQoLDA0ODw==\",", KIND, KV, BY, AT, RV, SET),
	        "n must be"},
	    {LINE(V, N, "", KV, BY, AT, RV, SET), "no kind"},
	    {LINE(V, N, "\"kind\":\"Note\",", KV, BY, AT, RV, SET), "no possible name"},
	    {LINE(V, N, "\"kind\":\"xyz.a\",", KV, BY, AT, RV, SET), "no possible name"},
	    {LINE(V, N, "\"kind\":\"ctl.\",", KV, BY, AT, RV, SET), "no possible name"},
	    {LINE(V, N, KIND, "", BY, AT, RV, SET), "kv must be"},
	    {LINE(V, N, KIND, "\"kv\":0,", BY, AT, RV, SET), "kv must be"},
	    {LINE(V, N, KIND, KV, "", AT, RV, SET), "by must be"},
	    {LINE(V, N, KIND, KV, "\"by\":\"00112233445566778899AABBCCDDEEFF\",", AT, RV, SET),
	        "by must be"},
	    {LINE(V, N, KIND, KV, "\"by\":\"0011\",", AT, RV, SET), "by must be"},
	    {LINE(V, N, KIND, KV, BY, "", RV, SET), "at must be"},
	    {LINE(V, N, KIND, KV, BY, "\"at\":[-1,0],", RV, SET), "at must be"},
	    {LINE(V, N, KIND, KV, BY, "\"at\":[281474976710656,0],", RV, SET), "at must be"},
	    {LINE(V, N, KIND, KV, BY, "\"at\":[1,65536],", RV, SET), "at must be"},
	    {LINE(V, N, KIND, KV, BY, "\"at\":[1,2,3],", RV, SET), "at must be"},
	    {LINE(V, N, KIND, KV, BY, AT, "", SET), "rv must be"},
	    {LINE(V, N, KIND, KV, BY, AT, "\"rv\":-1,", SET), "rv must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{}"), "set must hold"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":[]"), "set must hold"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"A\":1}"), "a field's name"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"_a\":1}"), "a field's name"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"a\":{\"b\":1}}"), "a value in set"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"a\":[1]}"), "a value in set"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"state\":null}"), "state must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"voided\":\"yes\"}"), "voided must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, SET ",\"extra\":1"), "no member extra"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC SET ",\"was\":[]"), "was must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC SET ",\"was\":{\"b\":[]}"), "not set"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC SET ",\"was\":{\"a\":\"x\"}"), "list versions"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC SET ",\"was\":{\"a\":[\"00\"]}"),
	        "list versions"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, SET ",\"was\":{\"a\":[" V32 "]}"), "record is made"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, SET ",\"knows\":{}"), "knows must"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC SET ",\"do\":\"send\""), "do must come with"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"set\":{\"state\":\"b\"},\"do\":\"send\""),
	        "do must come with"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, REC "\"set\":{\"state\":\"b\"},\"do\":\"Send\""),
	        "name of a move"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"rec\":\"0123\"," SET), "rec must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"rec\":\"0123456789ABCDEF\"," SET), "rec must be"},
	    {LINE(V, N, KIND, KV, BY, AT, RV, "\"rec\":null," SET), "rec must be"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct entry entry;
		struct pmj_error err;
		enum pmj_code rc = read_line(&entry, bad[i].text, &err);
		if (bad[i].message ==
		    NULL) { /* spaces are bytes like others: kept, hashed, harmless */
			assert_int_equal(rc, PMJ_OK);
			entry_close(&entry);
			continue;
		}
		if (rc == PMJ_OK || strstr(err.message, bad[i].message) == NULL)
			fail_msg("case %zu %s: %d %s", i, bad[i].text, rc, err.message);
		assert_null(entry.json);
	}
}

/* A line of so many bytes, by a value or by the wrapped line. */
static char *
long_line(const char *kind, const char *member, size_t len)
{
	char *text = mem_new(len + 1), *at;
	int head = snprintf(text, len,
	    "{\"v\":1," N "\"kind\":\"%s\",\"kv\":1,\"rv\":0," BY "\"at\":[1,0],\"set\":{%s", kind,
	    strncmp(kind, "ctl", 3) == 0 ? "}," : "");

	at = text + head;
	for (int i = 0; strncmp(kind, "ctl", 3) != 0 && len - (size_t)(at - text) > 16100; i++) {
		at += sprintf(at, "\"f%d\":\"", i);
		memset(at, 'x', 16000);
		at += 16000;
		at += sprintf(at, "\",");
	}
	at += sprintf(at, "\"%s\":\"", member);
	memset(at, 'x', len - (size_t)(at - text));
	memcpy(text + len - 3, strncmp(kind, "ctl", 3) == 0 ? "x\"}" : "\"}}", 3);
	return text;
}

static void
sizes(void **state)
{
	static const struct {
		const char *kind, *member;
		size_t len;
		bool fits;
	} cases[] = {
	    {"note", "a", PMJ_LINE_MAX, true},
	    {"note", "a", PMJ_LINE_MAX + 1, false},
	    {"ctl.fwd", "line", 120 * 1024, true},
	    {"ctl.return", "line", PMJ_LINE_WRAPPED_MAX, true},
	    {"ctl.fwd", "line", PMJ_LINE_WRAPPED_MAX + 1, false},
	    {"ctl.file", "line", PMJ_LINE_MAX + 1, false},
	    {"ctl.fwd", "other", 17 * 1024, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = long_line(cases[i].kind, cases[i].member, cases[i].len);
		struct entry entry;
		struct pmj_error err;
		assert_int_equal(strlen(text), cases[i].len);
		if ((read_line(&entry, text, &err) == PMJ_OK) != cases[i].fits)
			fail_msg("case %zu: %s", i, err.message);
		entry_close(&entry);
		free(text);
	}
}

static void
stubs(void **state)
{
	uint8_t rec[PMJ_RECORD_BYTES], by[PMJ_DEVICE_BYTES] = {3};
	struct entry entry;

	(void)state;
	memcpy(rec, e, sizeof(rec));
	entry_stub(&entry, e, "goal", rec, by, 5, 6, test_json("{\"text\":[]}"));
	assert_true(entry.stub && entry.makes && entry.has_rec);
	assert_null(entry.set);
	assert_non_null(json_object_get(entry.was, "text"));
	entry_close(&entry);
	rec[0] ^= 1;
	entry_stub(&entry, e, "goal", rec, by, 5, 6, json_object());
	assert_false(entry.makes);
	entry_close(&entry);
}

static void
the_clock_goes_forward_or_is_set_right(void **state)
{
	const int64_t hour = 3600 * 1000, late = INT64_C(4000000000000);
	struct hlc last = {0, 0};

	(void)state;
	hlc_next(&last, 1000 * hour, 0, late);
	assert_int_equal(last.pt, 1000 * hour);
	hlc_next(&last, 1000 * hour, 0, late);
	assert_int_equal(last.counter, 1);
	hlc_next(&last, 999 * hour, 0, late); /* a little behind: the own stamp stands */
	assert_int_equal(last.pt, 1000 * hour);
	assert_int_equal(last.counter, 2);
	last.counter = UINT16_MAX;
	hlc_next(&last, 999 * hour, 0, late); /* overflow adds a millisecond */
	assert_int_equal(last.pt, 1000 * hour + 1);
	assert_int_equal(last.counter, 0);
	hlc_next(&last, 999 * hour, 1005 * hour, late); /* the hub is ahead */
	assert_int_equal(last.pt, 1005 * hour);
	hlc_next(&last, 999 * hour, 2000 * hour, 1006 * hour); /* but not past its certificate */
	assert_int_equal(last.pt, 1006 * hour);
	last.pt = 5000 * hour;
	hlc_next(&last, 1007 * hour, 1006 * hour, late); /* a day and more behind: it was wrong */
	assert_int_equal(last.pt, 1007 * hour);
	last.pt = 5000 * hour;
	hlc_next(
	    &last, 1000 * hour, 1006 * hour, late); /* before the hub: the wall clock is wrong */
	assert_int_equal(last.pt, 5000 * hour);
	last.pt = 1031 * hour;
	hlc_next(&last, 1007 * hour, 0, late); /* exactly a day: not more */
	assert_int_equal(last.pt, 1031 * hour);
	last.pt = 0;
	hlc_next(&last, -5, 0, late);
	assert_int_equal(last.pt, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_it_writes),
	    cmocka_unit_test(an_entry_without_rec_makes_its_record),
	    cmocka_unit_test(control_lines),
	    cmocka_unit_test(refuses_what_is_not_exactly_a_line),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(stubs),
	    cmocka_unit_test(the_clock_goes_forward_or_is_set_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
