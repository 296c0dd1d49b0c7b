/* work_test.c - the order of background steps: nobody waits for what nobody waits for. */
#include "check.h"
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "api/core_inner.h"
#include "api/handlers.h"
#include "base/loop.h"
#include "base/text.h"
#include "fixture_store.h"
#include "pamoja/api.h"

/* Each look at the clock takes a second: whatever goes in pieces is in many. */
static int64_t
hurried_ms(void *ctx)
{
	static int64_t now = 1000000;

	(void)ctx;
	return now += 1000;
}

struct desk {
	struct store store;
	struct os os;
	struct core core;
	struct server *server;
	int client;
};

/* The daemon's own handler; the loop is left, so that the steps are the test's to make. */
static void
take_find(void *ctx, struct request *request)
{
	struct desk *desk = ctx;
	struct call call = {.core = &desk->core, .query = request_query(request)};

	record_find(&call, request);
	loop_stop(desk->core.loop);
}

static void
desk_start(struct desk *desk)
{
	struct server_setup setup;
	struct pmj_error err;

	memset(desk, 0, sizeof(*desk));
	store_start(&desk->store);
	desk->os = os_real;
	desk->os.mono_ms = hurried_ms;
	desk->store.setup.os = &desk->os;
	store_reopen(&desk->store);
	desk->core = (struct core){.os = &desk->os,
	    .loop = loop_new(),
	    .state = CORE_OPEN,
	    .journal = desk->store.journal,
	    .checkpoint_pace = {100000, 100000, 100000, 8},
	    .search_pace = {16, 16, 256, 8}};
	desk->core.work = loop_work_new(desk->core.loop, core_work, &desk->core);
	setup = (struct server_setup){.loop = desk->core.loop,
	    .home = desk->store.dir,
	    .os = &desk->os,
	    .handle = take_find,
	    .ctx = desk};
	check_ok(server_new(&desk->server, &setup, &err), &err);
}

static void
desk_end(struct desk *desk)
{
	(void)close(desk->client);
	core_find_drop(&desk->core, &(struct pmj_error){.code = PMJ_LOCKED});
	server_free(desk->server);
	loop_work_free(desk->core.work);
	loop_free(desk->core.loop);
	store_end(&desk->store);
}

/* Each saved alone: so many segments of the full-text table, which are to be merged. */
static void
save_people(struct desk *desk, uint8_t count)
{
	for (uint8_t i = 1; i <= count; i++) {
		struct store_line line;

		store_line(&line, "person", NULL, 1, 1000 + i, json_pack("{s:s}", "name", "Asha"),
		    NULL, NULL);
		(void)store_append(desk->store.journal, &line);
		store_line_close(&line);
	}
}

static void
ask_for(struct desk *desk, const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char hex[65], *text, *file = fs_join(desk->store.dir, PMJ_API_COOKIE_FILE);
	struct pmj_error err;
	struct buf cookie;

	buf_init(&cookie, 0);
	check_ok(fs_read(&cookie, &os_real, file, 64, &err), &err);
	assert_int_equal(cookie.len, 32);
	free(file);
	(void)snprintf(
	    to.sun_path, sizeof(to.sun_path), "%.60s/%s", desk->store.dir, PMJ_API_SOCKET);
	desk->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(desk->client, (struct sockaddr *)&to, sizeof(to)), 0);
	text =
	    mem_printf("GET %s HTTP/1.1\r\nHost: pamoja\r\n" PMJ_API_COOKIE_HEADER ": %s\r\n\r\n",
	        path, text_hex(hex, cookie.bytes, 32));
	assert_int_equal(send(desk->client, text, strlen(text), 0), strlen(text));
	free(text);
	buf_wipe(&cookie);
	loop_run(desk->core.loop);
}

/* A merge of the full-text table is seconds of steps where there are a million entries; who looks
 * for somebody had waited for all of them, once in some hundred times. */
static void
test_find_before_the_merge(void **state)
{
	struct desk desk;
	int steps = 0;

	(void)state;
	desk_start(&desk);
	save_people(&desk, 40);
	ask_for(&desk, "/v1/find?q=asha");
	assert_non_null(desk.core.finds);
	while (desk.core.finds != NULL) {
		assert_true(journal_search_owes(desk.core.journal));
		assert_true(core_work(&desk.core));
		assert_string_equal(desk.core.step_name, "find");
		steps++;
	}
	assert_true(steps > 1);
	assert_true(core_work(&desk.core));
	assert_string_equal(desk.core.step_name, "merge the search");
	desk_end(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find_before_the_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
