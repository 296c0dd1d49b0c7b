/* Registers, states and rules of 8.2, one case each; the property over random histories has a
 * program of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "domain/merge.h"
#include "entries.h"

static const char kind_text[] =
    "[kind]\nname = thing\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\nhelp.en = "
    "H\n"
    "shows = a\n[field a]\ntype = text\nlabel.en = A\n[field b]\ntype = text\nlabel.en = B\n"
    "[state draft]\nlabel.en = D\n[state sent]\nlabel.en = S\n[state taken]\nlabel.en = T\n"
    "[state refused]\nrefusing = yes\nlabel.en = R\n"
    "[move send]\nfrom = draft\nto = sent\nlabel.en = S\n"
    "[move take]\nfrom = sent\nto = taken\nlabel.en = T\n"
    "[move refuse]\nfrom = sent\nto = refused\nlabel.en = R\n"
    "[move undo]\nfrom = sent | taken | refused\nto = draft\nlabel.en = U\n";
static struct kind *kind;

#define FUTURE INT64_C(9000000000000)

static struct entry *
make(uint8_t device, int64_t pt, const char *set)
{
	return test_entry(
	    &(struct test_line){.kind = "thing", .device = device, .pt = pt, .set = set});
}

static struct entry *
later(const struct entry *of, uint8_t device, int64_t pt, const char *set, json_t *was)
{
	return test_entry(&(struct test_line){
	    .kind = "thing", .of = of, .device = device, .pt = pt, .set = set, .was = was});
}

static struct entry *
move(const struct entry *of, const char *verb, const char *set, json_t *was)
{
	return test_entry(&(struct test_line){
	    .kind = "thing", .of = of, .device = 1, .pt = 5, .set = set, .was = was, .verb = verb});
}

static const char *
shown(const struct merge_record *record, const char *field)
{
	return json_string_value(merge_shown(record, field));
}

static void
what_was_seen_is_gone_whatever_the_clocks(void **state)
{
	struct entry *a = make(1, FUTURE, "{\"a\":\"old\",\"b\":\"kept\"}");
	struct entry *b = later(a, 2, 5, "{\"a\":\"new\"}", test_was("a", a, NULL));
	const struct entry *both[] = {b, a, b};
	struct merge_record record;

	(void)state;
	merge_record(&record, kind, both, 3);
	assert_ptr_equal(record.maker, a);
	assert_string_equal(record.kind, "thing");
	assert_memory_equal(record.rec, a->rec, PMJ_RECORD_BYTES);
	assert_int_equal(record.field_count, 2);
	assert_string_equal(record.fields[0].name, "a");
	assert_int_equal(record.fields[0].count, 1);
	assert_string_equal(shown(&record, "a"), "new");
	assert_string_equal(shown(&record, "b"), "kept");
	assert_false(record.conflict || record.voided);
	assert_null(merge_field(&record, "c"));
	assert_null(merge_shown(&record, "c"));
	merge_record_close(&record);
	/* also when the one that is named is not here */
	merge_record(&record, kind, both, 1);
	assert_null(record.maker);
	assert_string_equal(shown(&record, "a"), "new");
	merge_record_close(&record);
	test_entry_free(a);
	test_entry_free(b);
}

static void
concurrent_values_are_kept_and_conflict(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"old\"}");
	struct entry *b = later(a, 2, FUTURE, "{\"a\":\"two\"}", test_was("a", a, NULL));
	struct entry *c = later(a, 3, 7, "{\"a\":\"three\"}", test_was("a", a, NULL));
	struct entry *d = later(a, 4, 9, "{\"a\":\"two\"}", test_was("a", a, NULL));
	struct entry *settled;
	const struct entry *all[] = {a, b, c, d, NULL};
	const struct entry *same[] = {a, b, d};
	struct merge_record record;
	json_t *set = test_json("{\"a\":\"four\",\"b\":\"x\"}"), *was;

	(void)state;
	merge_record(&record, kind, all, 4);
	assert_int_equal(merge_field(&record, "a")->count, 3);
	assert_true(record.conflict && merge_field(&record, "a")->conflict);
	assert_string_equal(shown(&record, "a"), "two"); /* the greatest stamp */
	was = merge_was(&record, set);
	assert_int_equal(json_array_size(json_object_get(was, "a")), 3);
	assert_null(json_object_get(was, "b"));
	merge_record_close(&record);
	settled = later(a, 5, 2, "{\"a\":\"three\"}", was);
	all[4] = settled;
	merge_record(&record, kind, all, 5);
	assert_int_equal(merge_field(&record, "a")->count, 1);
	assert_string_equal(shown(&record, "a"), "three");
	assert_false(record.conflict);
	merge_record_close(&record);
	/* two that agree are both kept, and are no conflict */
	merge_record(&record, kind, same, 3);
	assert_int_equal(merge_field(&record, "a")->count, 2);
	assert_false(record.conflict);
	merge_record_close(&record);
	json_decref(set);
	for (size_t i = 0; i < 5; i++)
		test_entry_free((struct entry *)all[i]);
}

static void
equal_stamps_are_told_apart_by_hash(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"old\"}");
	struct entry *b = later(a, 2, 7, "{\"a\":\"b\"}", test_was("a", a, NULL));
	struct entry *c = later(a, 3, 7, "{\"a\":\"c\"}", test_was("a", a, NULL));
	const struct entry *one[] = {a, b, c}, *other[] = {c, b, a};
	bool b_wins = memcmp(b->e, c->e, PMJ_ENTRY_BYTES) > 0;
	struct merge_record record;

	(void)state;
	merge_record(&record, kind, one, 3);
	assert_string_equal(shown(&record, "a"), b_wins ? "b" : "c");
	merge_record_close(&record);
	merge_record(&record, NULL, other, 3);
	assert_string_equal(shown(&record, "a"), b_wins ? "b" : "c");
	merge_record_close(&record);
	test_entry_free(a);
	test_entry_free(b);
	test_entry_free(c);
}

static void
a_refusing_state_is_shown_first(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"x\",\"state\":\"draft\"}");
	struct entry *b = later(a, 1, 2, "{\"state\":\"sent\"}", test_was("state", a, NULL));
	struct entry *c = later(a, 2, 3, "{\"state\":\"refused\"}", test_was("state", b, NULL));
	struct entry *d = later(a, 3, FUTURE, "{\"state\":\"taken\"}", test_was("state", b, NULL));
	const struct entry *all[] = {a, b, c, d};
	struct merge_record record;

	(void)state;
	merge_record(&record, kind, all, 4);
	assert_string_equal(shown(&record, "state"), "refused");
	assert_true(record.conflict);
	merge_record_close(&record);
	merge_record(&record, NULL, all, 4); /* unknown kind: nothing tells which refuses */
	assert_string_equal(shown(&record, "state"), "taken");
	merge_record_close(&record);
	for (size_t i = 0; i < 4; i++)
		test_entry_free((struct entry *)all[i]);
}

static void
voiding(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"x\"}");
	struct entry *b = later(a, 1, 2, "{\"voided\":true,\"void_reason\":\"twice\"}", NULL);
	struct entry *c = later(a, 2, 3, "{\"voided\":false}", test_was("voided", b, NULL));
	struct entry *d = later(a, 3, 1, "{\"voided\":true}", test_was("voided", b, NULL));
	const struct entry *all[] = {a, b, c, d};
	struct merge_record record;

	(void)state;
	merge_record(&record, kind, all, 2);
	assert_true(record.voided);
	merge_record_close(&record);
	merge_record(&record, kind, all, 3);
	assert_false(record.voided);
	merge_record_close(&record);
	merge_record(&record, kind, all, 4); /* concurrent: the void is shown */
	assert_true(record.voided && record.conflict);
	merge_record_close(&record);
	for (size_t i = 0; i < 4; i++)
		test_entry_free((struct entry *)all[i]);
}

static void
a_stub_still_replaces_and_is_still_named(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"one\"}");
	struct entry *b = later(a, 2, 9, "{\"a\":\"two\"}", test_was("a", a, NULL));
	struct entry *c = later(a, 3, 3, "{\"a\":\"three\"}", test_was("a", a, NULL));
	struct entry stub;
	const struct entry *with_stub[] = {a, &stub, c}, *full[] = {a, b, c},
	                   *both[] = {&stub, a, c, b};
	struct buf one, two, three;
	struct merge_record record;

	(void)state;
	entry_stub(&stub, b->e, "thing", b->rec, b->by, b->pt, b->counter, json_deep_copy(b->was));
	buf_init(&one, 0);
	buf_init(&two, 0);
	buf_init(&three, 0);
	merge_record(&record, kind, with_stub, 3);
	assert_int_equal(merge_field(&record, "a")->count, 2);
	assert_null(merge_shown(&record, "a")); /* handed over: it is the greatest */
	assert_false(record.conflict);
	merge_digest_bytes(&one, &record);
	merge_record_close(&record);
	merge_record(&record, kind, full, 3);
	merge_digest_bytes(&two, &record);
	merge_record_close(&record);
	merge_record(&record, kind, both, 4); /* the full line takes the stub's place */
	assert_string_equal(shown(&record, "a"), "two");
	assert_true(record.conflict);
	merge_digest_bytes(&three, &record);
	merge_record_close(&record);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.bytes, two.bytes, two.len);
	assert_memory_equal(three.bytes, two.bytes, two.len);
	buf_close(&one);
	buf_close(&two);
	buf_close(&three);
	entry_close(&stub);
	test_entry_free(a);
	test_entry_free(b);
	test_entry_free(c);
}

/* 8.6, byte by byte. */
static void
digest_bytes(void **state)
{
	struct entry *a = make(1, 1, "{\"b\":\"x\",\"a\":null}");
	const struct entry *one[] = {a};
	struct merge_record record;
	struct buf got, wanted;

	(void)state;
	buf_init(&got, 0);
	buf_init(&wanted, 0);
	merge_record(&record, kind, one, 1);
	merge_digest_bytes(&got, &record);
	buf_put(&wanted, a->e, 10);
	buf_put(&wanted, "\5\0thing\1\0a\1\0", 12);
	buf_put(&wanted, a->e, 16);
	buf_put(&wanted, "\1\0b\1\0", 5);
	buf_put(&wanted, a->e, 16);
	assert_int_equal(got.len, wanted.len);
	assert_memory_equal(got.bytes, wanted.bytes, wanted.len);
	merge_record_close(&record);
	buf_close(&got);
	buf_close(&wanted);
	test_entry_free(a);
}

static void
own_entries_are_named_with_what_they_named(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"x\"}");
	struct entry *held = later(a, 2, 2, "{\"a\":\"y\"}", test_was("a", a, NULL));
	const struct entry *admitted[] = {a}, *own[] = {held};
	struct merge_record record;
	json_t *set = test_json("{\"a\":\"z\",\"b\":\"w\"}"), *was;

	(void)state;
	merge_record(&record, kind, admitted, 1);
	was = merge_was_own(&record, set, own, 1);
	assert_int_equal(json_array_size(json_object_get(was, "a")), 2);
	assert_null(json_object_get(was, "b"));
	json_decref(was);
	json_decref(set);
	merge_record_close(&record);
	test_entry_free(a);
	test_entry_free(held);
}

static void
moves_are_judged_from_what_they_name(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"x\",\"state\":\"draft\"}");
	struct entry *wrong = make(1, 1, "{\"a\":\"x\",\"state\":\"sent\"}");
	struct entry *sent = move(a, "send", "{\"state\":\"sent\"}", test_was("state", a, NULL));
	struct entry *taken = move(a, "take", "{\"state\":\"taken\"}", test_was("state", sent, a));
	struct entry *leap = move(a, "take", "{\"state\":\"taken\"}", test_was("state", a, NULL));
	struct entry *other = move(a, "send", "{\"state\":\"taken\"}", test_was("state", a, NULL));
	struct entry *unknown = move(a, "fly", "{\"state\":\"sent\"}", test_was("state", a, NULL));
	struct entry *nowhere = move(a, "send", "{\"state\":\"gone\"}", test_was("state", a, NULL));
	struct entry *nothing = move(a, "send", "{\"state\":\"sent\"}", NULL);
	struct entry *bare = later(a, 1, 5, "{\"state\":\"sent\"}", test_was("state", a, NULL));
	const struct entry *all[] = {a, sent, taken};

	(void)state;
	assert_int_equal(merge_judge(kind, a, NULL, 0), MERGE_OK);
	assert_int_equal(merge_judge(kind, wrong, NULL, 0), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, sent, all, 3), MERGE_OK);
	assert_int_equal(
	    merge_judge(kind, taken, all, 3), MERGE_OK); /* names its chain's older link */
	assert_int_equal(merge_judge(kind, leap, all, 3), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, other, all, 3), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, unknown, all, 3), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, nowhere, all, 3), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, nothing, all, 3), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, bare, all, 3), MERGE_MOVE);
	/* `was` names a version that is not here: it waits, and is judged when that comes */
	assert_int_equal(merge_judge(kind, taken, all, 1), MERGE_WAITING);
	assert_int_equal(merge_judge(kind, sent, NULL, 0), MERGE_WAITING);
	assert_int_equal(merge_judge(kind, nothing, NULL, 0), MERGE_WAITING);
	assert_int_equal(merge_judge(NULL, leap, all, 3), MERGE_OK);
	for (size_t i = 0; i < 3; i++)
		test_entry_free((struct entry *)all[i]);
	test_entry_free(wrong);
	test_entry_free(leap);
	test_entry_free(other);
	test_entry_free(unknown);
	test_entry_free(nowhere);
	test_entry_free(nothing);
	test_entry_free(bare);
}

static void
made_in_a_state_that_may_be_a_start(void **state)
{
	struct kind *starts = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n"
	    "[state given]\nlabel.en = G\n[state refused]\nstart = yes\nlabel.en = R\n"
	    "[state gone]\nlabel.en = G\n"
	    "[move refuse]\nfrom = given\nto = refused\nlabel.en = R\n"
	    "[move go]\nfrom = given\nto = gone\nlabel.en = G\n");
	struct entry *refused = make(1, 1, "{\"a\":\"x\",\"state\":\"refused\"}");
	struct entry *gone = make(1, 1, "{\"a\":\"x\",\"state\":\"gone\"}");

	(void)state;
	assert_int_equal(merge_judge(starts, refused, NULL, 0), MERGE_OK);
	assert_int_equal(merge_judge(starts, gone, NULL, 0), MERGE_MOVE);
	assert_int_equal(merge_judge(kind, refused, NULL, 0), MERGE_MOVE);
	test_entry_free(refused);
	test_entry_free(gone);
	kind_free(starts);
}

static void
moves_out_of_a_conflict(void **state)
{
	struct entry *a = make(1, 1, "{\"state\":\"draft\"}");
	struct entry *sent = move(a, "send", "{\"state\":\"sent\"}", test_was("state", a, NULL));
	struct entry *taken =
	    move(a, "take", "{\"state\":\"taken\"}", test_was("state", sent, NULL));
	struct entry *undone =
	    move(a, "undo", "{\"state\":\"draft\"}", test_was("state", sent, NULL));
	struct entry *resent =
	    move(a, "send", "{\"state\":\"sent\"}", test_was("state", undone, NULL));
	/* taken and resent stand side by side */
	struct entry *undo =
	    move(a, "undo", "{\"state\":\"draft\"}", test_was("state", taken, resent));
	struct entry *take =
	    move(a, "take", "{\"state\":\"taken\"}", test_was("state", taken, resent));
	struct entry *refuse =
	    move(a, "refuse", "{\"state\":\"refused\"}", test_was("state", taken, resent));
	struct entry *settle =
	    later(a, 4, 5, "{\"state\":\"taken\"}", test_was("state", taken, resent));
	struct entry *invent =
	    later(a, 4, 5, "{\"state\":\"draft\"}", test_was("state", taken, resent));
	const struct entry *all[] = {a, sent, taken, undone, resent};
	struct entry *judged[] = {undo, take, refuse, settle, invent};

	(void)state;
	assert_int_equal(merge_judge(kind, undo, all, 5), MERGE_OK);   /* declared from both */
	assert_int_equal(merge_judge(kind, take, all, 5), MERGE_MOVE); /* from one only */
	assert_int_equal(
	    merge_judge(kind, refuse, all, 5), MERGE_OK); /* a refusal is never blocked */
	assert_int_equal(merge_judge(kind, settle, all, 5), MERGE_OK);
	assert_int_equal(merge_judge(kind, invent, all, 5), MERGE_MOVE);
	for (size_t i = 0; i < 5; i++) {
		test_entry_free((struct entry *)all[i]);
		test_entry_free(judged[i]);
	}
}

static void
a_kind_that_got_its_states_later(void **state)
{
	struct entry *a = make(1, 1, "{\"a\":\"x\"}");
	struct entry *sent = move(a, "send", "{\"state\":\"sent\"}", NULL);
	struct entry *taken = move(a, "take", "{\"state\":\"taken\"}", NULL);
	const struct entry *all[] = {a};

	(void)state;
	assert_int_equal(merge_judge(kind, sent, all, 1), MERGE_OK);
	assert_int_equal(merge_judge(kind, taken, all, 1), MERGE_MOVE);
	test_entry_free(a);
	test_entry_free(sent);
	test_entry_free(taken);
}

/* Whom a record is about stays as it was made; naming the same person again is no change. */
static void
subjects_stay(void **state)
{
	struct kind *about = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = person\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n[field who]\ntype = "
	    "link\n"
	    "link = person\nrequired = yes\nlabel.en = W\n[rules]\nsubjects = who\n");
	struct entry *a = make(1, 1, "{\"who\":\"0123456789abcdef\"}");
	struct entry *other =
	    later(a, 1, 2, "{\"who\":\"fedcba9876543210\"}", test_was("who", a, NULL));
	struct entry *same =
	    later(a, 2, 2, "{\"who\":\"0123456789abcdef\"}", test_was("who", a, NULL));
	struct entry *edit = later(a, 2, 2, "{\"a\":\"y\"}", NULL);
	const struct entry *all[] = {a};

	(void)state;
	assert_int_equal(merge_judge(about, a, NULL, 0), MERGE_OK);
	assert_int_equal(merge_judge(about, other, all, 1), MERGE_SUBJECT);
	assert_int_equal(merge_judge(about, other, NULL, 0), MERGE_WAITING);
	assert_int_equal(merge_judge(about, same, all, 1), MERGE_OK);
	assert_int_equal(merge_judge(about, edit, all, 1), MERGE_OK);
	assert_int_equal(merge_judge(NULL, other, all, 1), MERGE_OK);
	a->stub = true; /* the hub has judged */
	assert_int_equal(merge_judge(about, other, all, 1), MERGE_OK);
	test_entry_free(a);
	test_entry_free(other);
	test_entry_free(same);
	test_entry_free(edit);
	kind_free(about);
}

static struct entry *
moved(const struct entry *of, uint8_t device, const char *verb, const char *to)
{
	char set[64];

	(void)snprintf(set, sizeof(set), "{\"state\":\"%s\"}", to);
	return test_entry(&(struct test_line){.kind = "thing",
	    .of = of,
	    .device = device,
	    .pt = 2,
	    .set = set,
	    .was = test_was("state", of, NULL),
	    .verb = verb});
}

static void
rules_of_the_kind(void **state)
{
	struct kind *once = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n[rules]\nappend_only = "
	    "yes\n");
	struct kind *mine = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = author\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n[rules]\nauthor_only = "
	    "yes\n");
	struct entry *a = make(1, 1, "{\"a\":\"x\"}");
	struct entry *edit = later(a, 2, 2, "{\"a\":\"y\"}", test_was("a", a, NULL));
	struct entry *own = later(a, 1, 2, "{\"a\":\"y\"}", test_was("a", a, NULL));
	struct entry *gone = later(a, 1, 2, "{\"voided\":true,\"void_reason\":\"wrong\"}", NULL);
	struct entry *foreign = test_entry(
	    &(struct test_line){.kind = "goal", .of = a, .device = 1, .set = "{\"a\":\"y\"}"});
	const struct entry *all[] = {a};
	struct kind *seen = test_kind(
	    "[kind]\nname = thing\nversion = 1\nscope = office\ntitle.en = T\nplural.en = T\n"
	    "help.en = H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n[state held]\n"
	    "label.en = H\n[state signed]\nlabel.en = S\n[state back]\nlabel.en = B\n[move sign]\n"
	    "from = held\nto = signed\nby = another\nlabel.en = S\n[move take]\nfrom = held\n"
	    "to = back\nby = author\nlabel.en = B\n");
	struct entry *held = make(1, 1, "{\"a\":\"x\",\"state\":\"held\"}");
	struct entry *signs = moved(held, 2, "sign", "signed");
	struct entry *self = moved(held, 1, "sign", "signed");
	struct entry *backs = moved(held, 2, "take", "back");
	struct entry *takes = moved(held, 1, "take", "back");
	const struct entry *open[] = {held};
	struct entry *agreed = test_entry(&(struct test_line){.kind = "thing",
	    .of = held,
	    .device = 2,
	    .pt = 2,
	    .set = "{\"a\":\"x\",\"state\":\"signed\"}",
	    .was = test_was("state", held, NULL),
	    .verb = "sign"});
	struct entry *knew = later(held, 1, 3, "{\"a\":\"y\"}", test_was("a", agreed, NULL));
	struct entry *unaware = later(held, 1, 3, "{\"a\":\"y\"}", test_was("a", held, NULL));
	const struct entry *both[] = {held, agreed};

	(void)state;
	assert_int_equal(merge_judge(once, a, NULL, 0), MERGE_OK);
	assert_int_equal(merge_judge(once, edit, all, 1), MERGE_APPEND_ONLY);
	assert_int_equal(merge_judge(once, gone, all, 1), MERGE_OK);
	assert_int_equal(merge_judge(mine, edit, all, 1), MERGE_AUTHOR_ONLY);
	assert_int_equal(merge_judge(mine, own, all, 1), MERGE_OK);
	assert_int_equal(merge_judge(mine, own, NULL, 0), MERGE_WAITING);
	assert_int_equal(merge_judge(seen, signs, open, 1), MERGE_OK);
	assert_int_equal(merge_judge(seen, self, open, 1), MERGE_BY);
	assert_int_equal(merge_judge(seen, backs, open, 1), MERGE_BY);
	assert_int_equal(merge_judge(seen, takes, open, 1), MERGE_OK);
	assert_int_equal(merge_judge(seen, signs, NULL, 0), MERGE_WAITING);
	assert_int_equal(merge_judge(seen, knew, both, 2), MERGE_BY);
	assert_int_equal(merge_judge(seen, unaware, both, 2), MERGE_OK);
	assert_int_equal(merge_judge(kind, foreign, all, 1), MERGE_KIND);
	assert_int_equal(merge_judge(NULL, foreign, all, 1), MERGE_KIND);
	test_entry_free(a);
	test_entry_free(edit);
	test_entry_free(own);
	test_entry_free(gone);
	test_entry_free(foreign);
	test_entry_free(held);
	test_entry_free(signs);
	test_entry_free(self);
	test_entry_free(backs);
	test_entry_free(takes);
	test_entry_free(agreed);
	test_entry_free(knew);
	test_entry_free(unaware);
	kind_free(once);
	kind_free(seen);
	kind_free(mine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_seen_is_gone_whatever_the_clocks),
	    cmocka_unit_test(concurrent_values_are_kept_and_conflict),
	    cmocka_unit_test(equal_stamps_are_told_apart_by_hash),
	    cmocka_unit_test(a_refusing_state_is_shown_first),
	    cmocka_unit_test(voiding),
	    cmocka_unit_test(a_stub_still_replaces_and_is_still_named),
	    cmocka_unit_test(digest_bytes),
	    cmocka_unit_test(own_entries_are_named_with_what_they_named),
	    cmocka_unit_test(moves_are_judged_from_what_they_name),
	    cmocka_unit_test(made_in_a_state_that_may_be_a_start),
	    cmocka_unit_test(moves_out_of_a_conflict),
	    cmocka_unit_test(a_kind_that_got_its_states_later),
	    cmocka_unit_test(subjects_stay),
	    cmocka_unit_test(rules_of_the_kind),
	};
	int failed;

	kind = test_kind(kind_text);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kind_free(kind);
	return failed;
}
