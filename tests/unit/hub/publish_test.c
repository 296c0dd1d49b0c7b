/* publish_test.c - files of the office reach every laptop whole, or not at all. */
#include "base/mem.h"
#include "log/published.h"
#include "office_lab.h"

#define BIG 60000

struct got {
	const char *name;
	struct buf bytes;
	int files;
};

static void
keep(void *ctx, const struct published_got *file)
{
	struct got *got = ctx;

	got->files++;
	if (strcmp(file->name, got->name) == 0)
		buf_put(&got->bytes, file->bytes, file->len);
}

static void
check_file(const struct lab_end *end, bool is_hub, const char *name, const void *want, size_t len)
{
	struct got got = {.name = name};
	struct pmj_error err = {0};

	buf_init(&got.bytes, 0);
	if (is_hub)
		check_ok(hub_published_each(end->journal, "", keep, &got, &err), &err);
	else
		check_ok(device_published_each(end->journal, "", keep, &got, &err), &err);
	assert_int_equal(got.bytes.len, len);
	if (len > 0)
		assert_memory_equal(got.bytes.bytes, want, len);
	buf_close(&got.bytes);
}

static void
publish(struct lab *lab, const char *name, int64_t version, const void *bytes, size_t len)
{
	struct hub_file file = {.name = name, .version = version, .bytes = bytes, .len = len};
	struct pmj_error err = {0};

	check_ok(hub_publish(lab->hub, &file, 1, NULL, &err), &err);
}

/* Bytes that no compression makes small: six parts. */
static uint8_t *
noise(struct lab_end *end)
{
	uint8_t *bytes = malloc(BIG);

	assert_non_null(bytes);
	end->os.os.random(end->os.os.ctx, bytes, BIG);
	return bytes;
}

static void
test_in_parts(void **state)
{
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	uint8_t *big;

	(void)state;
	office_open(&lab, 2);
	big = noise(lab_hub(&lab));
	assert_int_equal(hub_published_mark(lab_hub(&lab)->journal), 0);
	publish(&lab, "kinds/big.ini", 1, big, BIG);
	publish(&lab, "kinds/small.ini", 1, "small", 5);
	office_exchange(a);
	office_exchange(a);
	check_file(a, false, "kinds/big.ini", big, BIG);
	check_file(a, false, "kinds/small.ini", "small", 5);
	check_file(&lab.ends[2], false, "kinds/big.ini", NULL, 0);
	check_file(lab_hub(&lab), true, "kinds/big.ini", big, BIG);
	/* the next of its name; who had neither gets only that */
	publish(&lab, "kinds/small.ini", 2, "larger", 6);
	check_file(a, false, "kinds/small.ini", "small", 5);
	for (int i = 1; i <= 2; i++) {
		office_exchange(&lab.ends[i]);
		office_exchange(&lab.ends[i]);
		check_file(&lab.ends[i], false, "kinds/small.ini", "larger", 6);
		check_file(&lab.ends[i], false, "kinds/big.ini", big, BIG);
		lab_restart(&lab.ends[i]);
		check_file(&lab.ends[i], false, "kinds/small.ini", "larger", 6);
	}
	/* enrolled later */
	office_enrol(lab_add(&lab));
	office_exchange(&lab.ends[3]);
	office_exchange(&lab.ends[3]);
	check_file(&lab.ends[3], false, "kinds/big.ini", big, BIG);
	check_file(&lab.ends[3], false, "kinds/small.ini", "larger", 6);
	lab_restart(lab_hub(&lab));
	check_file(lab_hub(&lab), true, "kinds/small.ini", "larger", 6);
	free(big);
	lab_close(&lab);
}

/* ---- lines by hand ---- */

struct said {
	struct published list;
	struct buf packed;
};

static void
said(struct said *say, const char *text)
{
	struct published_file *file = &say->list.files[0];
	struct pmj_error err = {0};

	memset(say, 0, sizeof(*say));
	buf_init(&say->packed, 0);
	say->list.count = 1;
	(void)snprintf(file->name, sizeof(file->name), "kinds/a.ini");
	file->version = 1;
	file->parts = 2;
	published_hash(file->hash, file->name, (const uint8_t *)text, strlen(text));
	check_ok(published_pack(&say->packed, (const uint8_t *)text, strlen(text), &err), &err);
}

static void
send_list(struct lab *lab, const struct said *say, struct ring *by)
{
	lab_control(lab_hub(lab), &lab->ends[1], "ctl.kinds",
	    json_pack("{s:o}", "statement", published_make(by, &say->list)), NULL);
}

static void
send_part(struct lab *lab, const struct said *say, size_t part)
{
	size_t half = say->packed.len / 2, from = part == 1 ? 0 : half;
	char text[4096];

	lab_control(lab_hub(lab), &lab->ends[1], "ctl.file",
	    json_pack("{s:o,s:I,s:i,s:s}", "hash", json_hex(say->list.files[0].hash, 32), "part",
	        (json_int_t)part, "parts", 2, "bytes",
	        text_base64(
	            text, say->packed.bytes + from, part == 1 ? half : say->packed.len - half)),
	    NULL);
}

static void
come(struct lab *lab)
{
	(void)lab_seal(lab_hub(lab));
	lab_carry(lab_hub(lab), &lab->ends[1], NULL, NULL);
	(void)lab_take(&lab->ends[1]);
}

static void
test_whole_or_not_at_all(void **state)
{
	struct ring *stranger = test_ring(5, 6, 7);
	struct said first, second;
	struct lab lab;
	struct lab_end *a = &lab.ends[1];
	struct ring *hub;

	(void)state;
	lab_open_with(&lab, 1);
	hub = lab_hub(&lab)->ring;
	said(&first, "the first text of it");
	said(&second, "the second text, which is another");
	/* no part is taken before the list that it belongs to, nor of a stranger's */
	send_list(&lab, &first, stranger);
	send_part(&lab, &first, 1);
	send_part(&lab, &first, 2);
	come(&lab);
	check_file(a, false, "kinds/a.ini", NULL, 0);
	send_list(&lab, &first, hub);
	send_part(&lab, &first, 2);
	come(&lab);
	check_file(a, false, "kinds/a.ini", NULL, 0);
	send_part(&lab, &first, 1);
	send_part(&lab, &first, 2); /* twice is once */
	come(&lab);
	check_file(a, false, "kinds/a.ini", "the first text of it", 20);
	/* the next: until it is whole, and what its hash says, the first stays */
	send_list(&lab, &second, hub);
	send_part(&lab, &second, 1);
	come(&lab);
	check_file(a, false, "kinds/a.ini", "the first text of it", 20);
	second.packed.bytes[second.packed.len - 1] ^= 1;
	send_part(&lab, &second, 2);
	come(&lab);
	check_file(a, false, "kinds/a.ini", "the first text of it", 20);
	second.packed.bytes[second.packed.len - 1] ^= 1;
	send_part(&lab, &second, 1);
	send_part(&lab, &second, 2);
	send_part(&lab, &second, 3); /* there is no third */
	come(&lab);
	check_file(a, false, "kinds/a.ini", "the second text, which is another", 33);
	buf_close(&first.packed);
	buf_close(&second.packed);
	ring_free(stranger);
	lab_close(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_in_parts),
	    cmocka_unit_test(test_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
