/* pamoja-carry as pamojad sees it: orders and events over carry.sock, errands that hang or are
 * stopped, a pamojad that goes and comes. */
#include "carry/session.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/json.h"
#include "carry_lab.h"

#define MAILBOX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct fix {
	struct lab lab;
	pid_t carry;
	int listener;
	int fd;
	struct buf in;
};

static void
serve(struct fix *fix)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/w/run/carry.sock", fix->lab.dir);
	(void)unlink(address.sun_path);
	fix->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(fix->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fix->listener, 1), 0);
}

/* The next line; fails the test when none comes for 60 s. */
static const char *
hear(struct fix *fix, char *line, size_t room)
{
	for (;;) {
		const uint8_t *end =
		    fix->in.len > 0 ? memchr(fix->in.bytes, '\n', fix->in.len) : NULL;
		struct pollfd wait = {fix->fd, POLLIN, 0};
		char bytes[4096];
		ssize_t n;

		if (end != NULL) {
			size_t len = (size_t)(end - fix->in.bytes);

			(void)snprintf(line, room, "%.*s", (int)len, (const char *)fix->in.bytes);
			memmove(fix->in.bytes, fix->in.bytes + len + 1, fix->in.len - len - 1);
			fix->in.len -= len + 1;
			return line;
		}
		assert_int_equal(poll(&wait, 1, 60000), 1);
		n = read(fix->fd, bytes, sizeof(bytes));
		assert_true(n > 0);
		buf_put(&fix->in, bytes, (size_t)n);
	}
}

static bool
fences_are_there(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct pmj_error err;
		bool in_force = false;

		_exit(sandbox_folders(&in_force, NULL, 0, NULL, 0, &err) == PMJ_OK && in_force ? 0
		                                                                               : 1);
	}
	return lab_wait(pid) == 0;
}

static void
answer(struct fix *fix)
{
	struct pollfd wait = {fix->listener, POLLIN, 0};
	char line[4096];

	assert_int_equal(poll(&wait, 1, 60000), 1);
	fix->fd = accept4(fix->listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fix->fd >= 0);
	buf_clear(&fix->in);
	assert_string_equal(hear(fix, line, sizeof(line)),
	    fences_are_there() ? "{\"event\":\"hello\",\"version\":\"" PAMOJA_VERSION
	                         "\",\"folders_only\":true}"
	                       : "{\"event\":\"hello\",\"version\":\"" PAMOJA_VERSION
	                         "\",\"folders_only\":false}");
}

static void
say(struct fix *fix, const char *fmt, ...)
{
	char *line = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	assert_true(n > 0);
	assert_int_equal(write(fix->fd, line, (size_t)n), n);
	free(line);
}

/* All lines up to the done with this id; how many held `words` into *found. Returns the code. */
static enum pmj_code
until_done(struct fix *fix, int id, const char *words, int *found)
{
	char want[64];
	char line[4096];

	*found = 0;
	(void)snprintf(want, sizeof(want), "{\"event\":\"done\",\"id\":%d,", id);
	for (;;) {
		(void)hear(fix, line, sizeof(line));
		if (strstr(line, words) != NULL)
			(*found)++;
		if (strncmp(line, want, strlen(want)) == 0) {
			const char *code = strstr(line, "\"code\":\"") + 8;
			char name[32];

			(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(code, "\""), code);
			return pmj_code_from_name(name);
		}
	}
}

static int
open_fix(void **state)
{
	struct fix *fix = mem_new(sizeof(*fix));
	char home[96];
	struct pmj_error err;

	lab_open(&fix->lab);
	buf_init(&fix->in, 0);
	lab_sh("mkdir -p %s/w/run %s/mail %s/stick", fix->lab.dir, fix->lab.dir, fix->lab.dir);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	serve(fix);
	(void)snprintf(home, sizeof(home), "%s/w", fix->lab.dir);
	fix->carry = fork();
	if (fix->carry == 0) {
		(void)close(fix->listener);
		sandbox_basics();
		_exit((int)session_run(home, &err));
	}
	answer(fix);
	*state = fix;
	return 0;
}

static int
close_fix(void **state)
{
	struct fix *fix = *state;

	(void)close(fix->fd);
	(void)close(fix->listener);
	if (fix->carry > 0) {
		(void)kill(fix->carry, SIGTERM);
		assert_int_equal(lab_wait(fix->carry), 0);
	}
	buf_close(&fix->in);
	lab_close(&fix->lab);
	free(fix);
	return 0;
}

static void
say_remotes(struct fix *fix)
{
	say(fix,
	    "{\"do\":\"remotes\",\"write\":1,\"remotes\":[{\"mailbox\":\"" MAILBOX
	    "\",\"url\":\"%s/mail\"}]}\n",
	    fix->lab.dir);
}

static void
syncs_and_carries(void **state)
{
	struct fix *fix = *state;
	int found;

	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 1, "x", &found), PMJ_UNREACHED); /* no remotes yet */
	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 5, 1);
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 2, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	say(fix, "{\"do\":\"sync\",\"id\":2,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 2, "\"arrived\",\"count\":2", &found), PMJ_OK);
	assert_int_equal(found, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_same(&fix->lab, "w", "h");
	lab_same(&fix->lab, "h", "w");
	say(fix, "{\"do\":\"parcel\",\"id\":3,\"dir\":\"%s/stick\",\"have\":[]}\n", fix->lab.dir);
	assert_int_equal(until_done(fix, 3, "\"carried\"", &found), PMJ_OK);
	assert_int_equal(found, 5);
	say(fix, "{\"do\":\"acked\",\"upto\":[[\"" MAILBOX
	         "\",1,\"b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2\",4]]}\n");
	say(fix, "{\"do\":\"parcel\",\"id\":4,\"dir\":\"%s/stick\",\"have\":[]}\n", fix->lab.dir);
	assert_int_equal(until_done(fix, 4, "\"carried\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 1", fix->lab.dir);
	say(fix, "{\"do\":\"sync\",\"id\":5,\"url\":\"%s/none\",\"have\":[]}\n", fix->lab.dir);
	assert_int_equal(until_done(fix, 5, "plug in", &found), PMJ_UNREACHED);
	assert_int_equal(found, 1);
}

static void
orders_wait_their_turn(void **state)
{
	struct fix *fix = *state;
	char *all = mem_strdup("");
	int found;

	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 5, 1);
	for (int id = 1; id <= 10; id++) {
		char *more = mem_printf("%s{\"do\":\"sync\",\"id\":%d,\"have\":[]}\n", all, id);

		free(all);
		all = more;
	}
	say(fix, "%s", all);
	for (int id = 1; id <= 10; id++)
		assert_int_equal(until_done(fix, id, "\"delivered\"", &found), PMJ_OK);
	free(all);
}

static void
a_wake_is_done_and_tried_again(void **state)
{
	struct fix *fix = *state;
	int found;

	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 3, 1);
	say(fix, "{\"do\":\"wake\",\"urgent\":false,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
	/* Where nothing is reached the next try is a minute away, but an urgent one comes now. */
	lab_sh("mv %s/mail %s/gone", fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"wake\",\"urgent\":false,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "x", &found), PMJ_UNREACHED);
	lab_sh("mv %s/gone %s/mail", fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"wake\",\"urgent\":false,\"have\":[]}\n{\"do\":\"sync\",\"id\":9,"
	         "\"url\":\"/none\",\"have\":[]}\n");
	/* The routine one waits: the sync's answer is the first. */
	{
		char line[4096];

		assert_non_null(strstr(hear(fix, line, sizeof(line)), "\"id\":9"));
	}
	/* New remotes are a new chance for what still waits. */
	say_remotes(fix);
	assert_int_equal(until_done(fix, 0, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
	say(fix, "{\"do\":\"wake\",\"urgent\":true,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
}

static void
pamojad_may_go_and_come(void **state)
{
	struct fix *fix = *state;
	int found;

	for (int round = 0; round < 3; round++) {
		(void)close(fix->fd);
		(void)close(fix->listener);
		if (round == 1)
			lab_sh("rm -r %s/w/run", fix->lab.dir); /* the folder, too */
		(void)usleep(100000);
		lab_sh("mkdir -p %s/w/run", fix->lab.dir);
		serve(fix);
		answer(fix);
		say_remotes(fix);
		say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
		assert_int_equal(until_done(fix, 1, "x", &found), PMJ_OK);
	}
}

static void
nonsense_is_passed_over(void **state)
{
	struct fix *fix = *state;
	int found;

	say(fix, "\n\nhello\n{\"do\":\"dance\"}\n{\"do\":\"remotes\",\"write\":9}\n[[[[[[[\n");
	say_remotes(fix);
	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 1, "x", &found), PMJ_OK);
}

/* The process that serves the socket, and the errand (0: none) are children of the launcher. */
static pid_t
child_of(pid_t launcher, bool errand)
{
	char line[64] = "";
	long session = 0, second = 0;

	(void)lab_shell(
	    line, sizeof(line), "cat /proc/%d/task/%d/children", (int)launcher, (int)launcher);
	(void)sscanf(line, "%ld %ld", &session, &second);
	return (pid_t)(errand ? second : session);
}

/* The errand's process is stopped in its tracks: its order is answered, the next is done. */
static void
a_stopped_errand_is_answered(void **state)
{
	struct fix *fix = *state;
	pid_t errand = 0;
	int found;

	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 400, 1);
	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	for (int tries = 0; tries < 500 && errand == 0; tries++) {
		errand = child_of(fix->carry, true);
		(void)usleep(1000);
	}
	assert_true(errand > 0);
	(void)kill(errand, SIGKILL);
	assert_int_equal(until_done(fix, 1, "broke off", &found), PMJ_UNREACHED);
	say(fix, "{\"do\":\"sync\",\"id\":2,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 2, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_same(&fix->lab, "w", "h");
}

/* The fence: an errand for one folder cannot reach another, not even what its own user may write.
 * Here the mailbox's folders for objects are links out of it. */
static void
an_errand_sees_only_its_folders(void **state)
{
	struct fix *fix = *state;
	int found;

	if (!fences_are_there()) {
		print_message("not run: this kernel has no Landlock of version 2\n");
		skip();
	}
	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 2, 1);
	lab_sh("mkdir %s/else && cd %s/mail/" MAILBOX ".git/objects && for i in $(seq 0 255); do "
	       "ln -s %s/else $(printf %%02x $i); done",
	    fix->lab.dir, fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	assert_int_not_equal(until_done(fix, 1, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 0);
	lab_sh("test -z \"$(ls %s/else)\"", fix->lab.dir);
}

#define WAKINGS "echo $(grep -h ^voluntary /proc/%d/status /proc/%d/status)"

static long
ticks(pid_t pid)
{
	char line[1024];
	long user = -1;
	long kernel = 0;

	(void)lab_shell(line, sizeof(line), "cut -d' ' -f14,15 /proc/%d/stat", (int)pid);
	assert_int_equal(sscanf(line, "%ld %ld", &user, &kernel), 2);
	return user + kernel;
}

static void
idle_costs_nothing(void **state)
{
	struct fix *fix = *state;
	long before;
	pid_t session;
	int found;
	char line[256];
	char again[256];

	say_remotes(fix);
	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 1, "x", &found), PMJ_OK);
	session = child_of(fix->carry, false);
	assert_true(session > 0);
	before = ticks(fix->carry) + ticks(session);
	(void)lab_shell(line, sizeof(line), WAKINGS, (int)fix->carry, (int)session);
	(void)usleep(700000);
	(void)lab_shell(again, sizeof(again), WAKINGS, (int)fix->carry, (int)session);
	assert_int_equal(ticks(fix->carry) + ticks(session), before);
	assert_string_equal(line, again); /* neither woke once */
}

static void
goes_when_the_home_is_gone(void **state)
{
	struct fix *fix = *state;

	(void)close(fix->fd);
	(void)close(fix->listener);
	lab_sh("rm -r %s/w", fix->lab.dir);
	fix->fd = -1;
	fix->listener = -1;
	assert_int_equal(lab_wait(fix->carry), 0);
	fix->carry = 0;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_fix, close_fix)
	const struct CMUnitTest tests[] = {
	    T(syncs_and_carries),
	    T(orders_wait_their_turn),
	    T(a_wake_is_done_and_tried_again),
	    T(pamojad_may_go_and_come),
	    T(nonsense_is_passed_over),
	    T(a_stopped_errand_is_answered),
	    T(an_errand_sees_only_its_folders),
	    T(idle_costs_nothing),
	    T(goes_when_the_home_is_gone),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
