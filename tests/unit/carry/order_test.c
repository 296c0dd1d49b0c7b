/* The lines spoken with pamojad. */
#include "carry/order.h"

#include "base/json.h"
#include "carry_lab.h"

#define MAILBOX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RUN "\"" MAILBOX "\",1,\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\""

static enum pmj_code
read_text(struct order *out, const char *text, struct pmj_error *err)
{
	return order_read(out, text, strlen(text), err);
}

static void
orders_are_read(void **state)
{
	struct shape_place run = lab_place(1, 0xb2, 0);
	struct order order;
	struct pmj_error err;

	(void)state;
	check_ok(read_text(&order,
	             "{\"do\":\"remotes\",\"write\":2,\"remotes\":[{\"mailbox\":\"" MAILBOX
	             "\",\"url\":\"/m\"}]}",
	             &err),
	    &err);
	assert_int_equal(order.what, ORDER_REMOTES);
	assert_int_equal(order.write_lane, 2);
	assert_int_equal(order.remote_count, 1);
	assert_string_equal(order.remotes[0].url, "/m");
	assert_memory_equal(order.remotes[0].mailbox, run.mailbox, 16);
	order_close(&order);
	check_ok(read_text(&order,
	             "{\"do\":\"sync\",\"id\":7,\"url\":\"/x\",\"create\":true,\"later\":{},"
	             "\"have\":[[" RUN ",3],[" RUN ",5],[" RUN ",4]],\"ended\":[[" RUN ",9]]}",
	             &err),
	    &err);
	assert_int_equal(order.what, ORDER_SYNC);
	assert_int_equal(order.id, 7);
	assert_true(order.create);
	assert_string_equal(order.url, "/x");
	assert_int_equal(places_upto(&order.places, &run), 5);
	assert_int_equal(places_upto(&order.ended, &run), 9);
	order_close(&order);
	check_ok(read_text(&order, "{\"do\":\"parcel\",\"id\":1,\"dir\":\"/d\"}", &err), &err);
	assert_string_equal(order.dir, "/d");
	order_close(&order);
	check_ok(read_text(&order, "{\"do\":\"wake\",\"urgent\":true}", &err), &err);
	assert_true(order.urgent);
	assert_false(order.has_have);
	assert_false(order.locked);
	order_close(&order);
	check_ok(read_text(&order, "{\"do\":\"wake\",\"locked\":true,\"have\":[]}", &err), &err);
	assert_true(order.locked && order.has_have && !order.urgent);
	order_close(&order);
	check_ok(read_text(&order,
	             "{\"do\":\"remotes\",\"write\":1,\"remotes\":[],\"metered\":true,"
	             "\"no_sticks\":true}",
	             &err),
	    &err);
	assert_true(order.metered && order.no_sticks);
	order_close(&order);
	check_ok(read_text(&order, "{\"do\":\"acked\",\"upto\":[[" RUN ",9]]}", &err), &err);
	assert_int_equal(places_upto(&order.places, &run), 9);
	order_close(&order);
	check_ok(read_text(&order, "{\"do\":\"stop\",\"id\":7}", &err), &err);
	assert_int_equal(order.what, ORDER_STOP);
	assert_int_equal(order.id, 7);
	order_close(&order);
}

static void
wrong_orders_are_refused(void **state)
{
	static const char *const wrong[] = {"", "x", "[]", "{}", "{\"do\":1}", "{\"do\":\"dance\"}",
	    "{\"do\":\"remotes\"}", "{\"do\":\"remotes\",\"write\":1}",
	    "{\"do\":\"remotes\",\"write\":3,\"remotes\":[]}",
	    "{\"do\":\"remotes\",\"write\":1,\"remotes\":[{}]}",
	    "{\"do\":\"remotes\",\"write\":1,\"remotes\":[{\"mailbox\":\"aa\",\"url\":\"/\"}]}",
	    "{\"do\":\"remotes\",\"write\":1,\"remotes\":[7]}", "{\"do\":\"parcel\"}",
	    "{\"do\":\"acked\",\"upto\":[[]]}", "{\"do\":\"acked\",\"upto\":[{}]}",
	    "{\"do\":\"acked\",\"upto\":[[" RUN ",-1]]}", "{\"do\":\"acked\",\"upto\":[[" RUN "]]}",
	    "{\"do\":\"sync\",\"have\":[[" RUN ",1,1]]}", "{\"do\":\"wake\"} x",
	    "{\"do\":\"stop\"}", "{\"do\":\"wake\",\"do\":\"wake\"}"};
	struct order order;
	struct pmj_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (read_text(&order, wrong[i], &err) == PMJ_OK)
			fail_msg("taken as an order: %s", wrong[i]);
}

static void
events_are_lines(void **state)
{
	struct shape_place place = lab_place(1, 0xb2, 9);
	struct exchange ex = {.sent = 1, .got = 2};
	struct pmj_error err;
	struct buf line;

	(void)state;
	buf_init(&line, 0);
	order_put_hello(&line, true);
	order_put_event(&line, EXCHANGE_ARRIVED, NULL, 3);
	order_put_event(&line, EXCHANGE_CARRIED, &place, 0);
	order_put_event(&line, EXCHANGE_DELIVERED, &place, 0);
	order_put_event(&line, EXCHANGE_FOREIGN, &place, 0);
	order_put_chance(&line);
	order_put_waits(&line, "later", 45);
	order_put_stick(&line, "/media/\"n\"");
	order_put_stick(&line, "/media/\xff");
	order_put_done(&line, 4, PMJ_OK, &err, &ex);
	(void)pmj_fail(&err, PMJ_UNREACHED, "no \"way\"");
	pmj_hint(&err, "wait");
	order_put_done(&line, 5, PMJ_UNREACHED, &err, NULL);
	ex.up = 300;
	ex.step = 12288;
	order_put_done(&line, 6, PMJ_OK, &err, &ex);
	ex.stuck = place;
	ex.stuck_tries = 3;
	ex.up = 0;
	order_put_done(&line, 7, PMJ_UNREACHED, &err, &ex);
	order_put_done(&line, 8, PMJ_OK, &err, &ex); /* it went after all */
	assert_string_equal(buf_text(&line),
	    "{\"event\":\"hello\",\"version\":\"" PAMOJA_VERSION "\",\"folders_only\":true}\n"
	    "{\"event\":\"arrived\",\"count\":3}\n"
	    "{\"event\":\"carried\",\"segment\":[" RUN ",9]}\n"
	    "{\"event\":\"delivered\",\"segment\":[" RUN ",9]}\n"
	    "{\"event\":\"foreign\",\"mailbox\":\"" MAILBOX
	    "\",\"lane\":1,\"inc\":\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\",\"segno\":9}\n"
	    "{\"event\":\"chance\"}\n"
	    "{\"event\":\"waits\",\"for\":\"later\",\"s\":45}\n"
	    "{\"event\":\"stick\",\"dir\":\"/media/\\\"n\\\"\"}\n"
	    "{\"event\":\"done\",\"id\":4,\"code\":\"ok\",\"message\":\"\",\"hint\":\"\","
	    "\"sent\":1,\"got\":2}\n"
	    "{\"event\":\"done\",\"id\":5,\"code\":\"unreached\",\"message\":\"no \\\"way\\\"\","
	    "\"hint\":\"wait\",\"sent\":0,\"got\":0}\n"
	    "{\"event\":\"done\",\"id\":6,\"code\":\"ok\",\"message\":\"\",\"hint\":\"\","
	    "\"sent\":1,\"got\":2,\"up\":300,\"down\":0,\"step\":12288}\n"
	    "{\"event\":\"done\",\"id\":7,\"code\":\"unreached\",\"message\":\"no \\\"way\\\"\","
	    "\"hint\":\"wait\",\"sent\":1,\"got\":2,\"step\":12288,\"stuck\":[" RUN
	    ",9],\"tries\":3}\n"
	    "{\"event\":\"done\",\"id\":8,\"code\":\"ok\",\"message\":\"\",\"hint\":\"\","
	    "\"sent\":1,\"got\":2,\"step\":12288}\n");
	buf_close(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders_are_read),
	    cmocka_unit_test(wrong_orders_are_refused),
	    cmocka_unit_test(events_are_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
