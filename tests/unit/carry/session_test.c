/* pamoja-carry as pamojad sees it: orders and events over carry.sock, errands that hang or are
 * stopped, a pamojad that goes and comes. */
#include "carry/session.h"

#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/json.h"
#include "carry_lab.h"

#define PATIENCE_MS 300000
#define MAILBOX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct fix {
	struct lab lab;
	pid_t carry;
	int listener;
	int fd;
	int helper; /* "+" makes a way out of the carrier's network, "-" takes it away; "m" puts
	               the stick at /mnt, "n" also at /media/stick */
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

/* The next line; fails the test when none comes. */
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
		assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
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

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
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

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	(void)close(fd);
	return good;
}

/* A network of its own, with nothing in it, and mounts of its own. */
static bool
leave_the_machine(void)
{
	char map[64];

	(void)snprintf(map, sizeof(map), "%d %d 1", (int)getuid(), (int)getuid());
	return (unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 ||
	           (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0 &&
	               write_text("/proc/self/uid_map", map))) &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Its only interface is lo, so that is what the way leads by. */
static bool
obey(int fd, char order, const char *stick)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct rtentry way = {.rt_flags = RTF_UP, .rt_dev = (char[]){"lo"}};

	memcpy(&way.rt_dst, &any, sizeof(any));
	memcpy(&way.rt_genmask, &any, sizeof(any));
	if (order == 'm')
		return mount(stick, "/mnt", NULL, MS_BIND, NULL) == 0;
	if (order == 'n')
		return mount("none", "/media", "tmpfs", 0, NULL) == 0 &&
		       mkdir("/media/stick", 0700) == 0 &&
		       mount(stick, "/media/stick", NULL, MS_BIND, NULL) == 0;
	return ioctl(fd, order == '+' ? SIOCADDRT : SIOCDELRT, &way) == 0;
}

static _Noreturn void
help(int orders, const char *stick)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char order;

	(void)ioctl(fd, SIOCSIFFLAGS, &lo);
	while (
	    read(orders, &order, 1) == 1 && obey(fd, order, stick) && write(orders, &order, 1) == 1)
		;
	_exit(0);
}

static bool
can_leave_the_machine(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(leave_the_machine() ? 0 : 1);
	return lab_wait(pid) == 0;
}

static void
start(struct fix *fix, bool alone)
{
	struct pmj_error err;
	char home[96], stick[96];
	int ends[2];

	(void)snprintf(home, sizeof(home), "%s/w", fix->lab.dir);
	(void)snprintf(stick, sizeof(stick), "%s/stick", fix->lab.dir);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fix->carry = fork();
	if (fix->carry == 0) {
		(void)close(fix->listener);
		(void)close(ends[1]);
		if (alone && !leave_the_machine())
			_exit(77);
		if (alone && fork() == 0)
			help(ends[0], stick);
		(void)close(ends[0]);
		sandbox_basics();
		_exit((int)session_run(home, &err));
	}
	(void)close(ends[0]);
	fix->helper = ends[1];
}

static int
open_in(void **state, bool alone)
{
	struct fix *fix = mem_new(sizeof(*fix));

	lab_open(&fix->lab);
	buf_init(&fix->in, 0);
	lab_sh("mkdir -p %s/w/run %s/mail %s/stick", fix->lab.dir, fix->lab.dir, fix->lab.dir);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	serve(fix);
	start(fix, alone);
	answer(fix);
	*state = fix;
	return 0;
}

static int
open_fix(void **state)
{
	return open_in(state, false);
}

static int
open_alone(void **state)
{
	*state = NULL;
	return can_leave_the_machine() ? open_in(state, true) : 0;
}

static int
close_fix(void **state)
{
	struct fix *fix = *state;

	if (fix == NULL)
		return 0;
	(void)close(fix->helper);
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
hears(struct fix *fix, const char *beginning)
{
	char line[4096];

	if (strncmp(hear(fix, line, sizeof(line)), beginning, strlen(beginning)) != 0)
		fail_msg("not %s but %s", beginning, line);
}

static void
hears_a_chance(struct fix *fix)
{
	hears(fix, "{\"event\":\"chance\"}");
}

static void
hears_that_it_waits(struct fix *fix, const char *why)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "{\"event\":\"waits\",\"for\":\"%s\"", why);
	hears(fix, line);
}

/* The chance of another network is seconds away, not the minute after a failure. */
static void
hears_a_chance_soon(struct fix *fix)
{
	char line[4096];

	while (strstr(hear(fix, line, sizeof(line)), "\"chance\"") == NULL) {
		const char *seconds = strstr(line, "\"s\":");

		assert_non_null(seconds);
		assert_in_range(strtol(seconds + 4, NULL, 10), 0, 10);
	}
}

/* While pamojad is open the exchange is its to begin: it hears when there is a chance. */
static void
a_wake_waits_for_its_chance(void **state)
{
	struct fix *fix = *state;
	int found;

	say_remotes(fix);
	say(fix, "{\"do\":\"wake\"}\n");
	hears_a_chance(fix);
	/* Where nothing is reached the next one is a minute away, but an urgent one comes now. */
	lab_sh("mv %s/mail %s/gone", fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"sync\",\"id\":1}\n");
	assert_int_equal(until_done(fix, 1, "x", &found), PMJ_UNREACHED);
	hears_that_it_waits(fix, "later");
	say(fix, "{\"do\":\"wake\"}\n{\"do\":\"wake\",\"urgent\":true}\n");
	hears_a_chance(fix);
	hears_that_it_waits(fix, "");
	say(fix, "{\"do\":\"sync\",\"id\":2}\n");
	assert_int_equal(until_done(fix, 2, "x", &found), PMJ_UNREACHED);
	hears_that_it_waits(fix, "later");
	/* The same addresses again say nothing new; others do. */
	say_remotes(fix);
	say(fix, "{\"do\":\"parcel\",\"id\":9,\"dir\":\"/none\"}\n");
	hears(fix, "{\"event\":\"done\",\"id\":9");
	say(fix,
	    "{\"do\":\"remotes\",\"write\":1,\"remotes\":[{\"mailbox\":\"" MAILBOX
	    "\",\"url\":\"%s/gone\"}]}\n",
	    fix->lab.dir);
	hears_a_chance(fix);
	hears_that_it_waits(fix, "");
	say_remotes(fix);
	hears_a_chance(fix);
	/* That a stick works is a reason to try again, too. */
	say(fix, "{\"do\":\"sync\",\"id\":3}\n");
	assert_int_equal(until_done(fix, 3, "x", &found), PMJ_UNREACHED);
	hears_that_it_waits(fix, "later");
	say(fix, "{\"do\":\"parcel\",\"id\":4,\"dir\":\"%s/stick\"}\n", fix->lab.dir);
	assert_int_equal(until_done(fix, 4, "x", &found), PMJ_OK);
	hears_a_chance(fix);
}

/* What pamojad left in the spool when it was locked goes without it. */
static void
a_locked_pamojad_is_carried_for(void **state)
{
	struct fix *fix = *state;
	int found;

	say_remotes(fix);
	say(fix, "{\"do\":\"wake\",\"locked\":true,\"have\":[]}\n"); /* nothing to bring */
	say(fix, "{\"do\":\"parcel\",\"id\":9,\"dir\":\"/none\"}\n");
	assert_int_equal(until_done(fix, 9, "\"id\":0", &found), PMJ_UNREACHED);
	assert_int_equal(found, 0);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 3, 1);
	lab_fill(&fix->lab, "h", 2, 0xc3, 1, 2, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	say(fix, "{\"do\":\"wake\",\"locked\":true,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
	assert_int_equal(lab_exchange(&fix->lab, "h"), 0);
	lab_same(&fix->lab, "w", "h");
	lab_same(&fix->lab, "h", "w");
	/* What failed is tried again at the next chance. */
	lab_sh("mv %s/mail %s/gone", fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"wake\",\"locked\":true,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "x", &found), PMJ_UNREACHED);
	lab_sh("mv %s/gone %s/mail", fix->lab.dir, fix->lab.dir);
	say(fix, "{\"do\":\"parcel\",\"id\":4,\"dir\":\"%s/stick\"}\n", fix->lab.dir);
	assert_int_equal(until_done(fix, 4, "x", &found), PMJ_OK);
	assert_int_equal(until_done(fix, 0, "\"delivered\"", &found), PMJ_OK);
	assert_int_equal(found, 1);
}

static void
needs(const struct fix *fix)
{
	if (fix != NULL)
		return;
	print_message("not run: this machine gives us no network and no mounts of our own\n");
	skip();
}

static void
tell(struct fix *fix, const char *order)
{
	char done;

	assert_int_equal(write(fix->helper, order, 1), 1);
	assert_int_equal(read(fix->helper, &done, 1), 1);
}

/* Nothing is tried where there is no network, and soon where one came. */
static void
a_network_is_a_chance(void **state)
{
	struct fix *fix = *state;
	char line[4096];
	int found;

	needs(fix);
	say(fix, "{\"do\":\"remotes\",\"write\":1,\"remotes\":[{\"mailbox\":\"" MAILBOX
	         "\",\"url\":\"https://192.0.2.1/pamoja\",\"token\":\"none\"}]}\n"
	         "{\"do\":\"wake\"}\n");
	hears_that_it_waits(fix, "network");
	tell(fix, "+");
	hears_a_chance_soon(fix);
	tell(fix, "-");
	do { /* until it has seen that */
		(void)usleep(20000);
		say(fix, "{\"do\":\"wake\"}\n");
	} while (strstr(hear(fix, line, sizeof(line)), "\"network\"") == NULL);
	say(fix, "{\"do\":\"sync\",\"id\":2}\n");
	assert_int_equal(until_done(fix, 2, "x", &found), PMJ_UNREACHED);
	hears_that_it_waits(fix, "network");
	tell(fix, "+");
	hears_a_chance_soon(fix);
}

/* A stick that somebody used for parcels before is used as soon as it is there, also for a pamojad
 * that is locked. */
static void
a_stick_is_used(void **state)
{
	struct fix *fix = *state;
	int found;

	needs(fix);
	lab_sh("mkdir %s/stick/PAMOJA", fix->lab.dir);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 5, 1);
	tell(fix, "m");
	say(fix, "{\"do\":\"wake\"}\n"); /* not before the mailboxes are known */
	hears_a_chance(fix);
	say(fix, "{\"do\":\"remotes\",\"write\":1,\"remotes\":[],\"no_sticks\":true}\n"
	         "{\"do\":\"wake\"}\n"); /* nor where the person wants none of this */
	hears_a_chance(fix);
	say_remotes(fix);
	hears(fix, "{\"event\":\"stick\",\"dir\":\"/mnt\"}");
	hears_a_chance(fix); /* by new addresses */
	say(fix, "{\"do\":\"wake\"}\n");
	hears_a_chance(fix);
	say(fix, "{\"do\":\"wake\",\"locked\":true,\"have\":[]}\n");
	assert_int_equal(until_done(fix, 0, "\"carried\"", &found), PMJ_OK); /* of the mailboxes */
	assert_int_equal(found, 0);
	tell(fix, "n");
	assert_int_equal(until_done(fix, 0, "\"carried\"", &found), PMJ_OK);
	assert_int_equal(found, 5);
	lab_sh("test $(ls %s/stick/PAMOJA | wc -l) = 5", fix->lab.dir);
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
	char path[160];
	pid_t errand;
	int found, mailbox;

	say_remotes(fix);
	lab_fill(&fix->lab, "w", 1, 0xb2, 1, 400, 1);
	/* It waits for our lock on the mailbox (bare_lock), so it is met at work. */
	(void)snprintf(path, sizeof(path), "%s/mail/" MAILBOX ".git", fix->lab.dir);
	mailbox = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(mailbox, LOCK_EX), 0);
	say(fix, "{\"do\":\"sync\",\"id\":1,\"have\":[]}\n");
	while ((errand = child_of(fix->carry, true)) == 0)
		(void)usleep(1000);
	(void)kill(errand, SIGKILL);
	(void)close(mailbox);
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
	bool quiet = false;
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
	/* What others mount or change of the network wakes it, too: it is asked a few times. */
	for (int i = 0; i < 100 && !quiet; i++) {
		before = ticks(fix->carry) + ticks(session);
		(void)lab_shell(line, sizeof(line), WAKINGS, (int)fix->carry, (int)session);
		(void)usleep(700000);
		(void)lab_shell(again, sizeof(again), WAKINGS, (int)fix->carry, (int)session);
		quiet = ticks(fix->carry) + ticks(session) == before && strcmp(line, again) == 0;
	}
	assert_true(quiet); /* neither woke once */
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
	    T(a_wake_waits_for_its_chance),
	    T(a_locked_pamojad_is_carried_for),
	    cmocka_unit_test_setup_teardown(a_network_is_a_chance, open_alone, close_fix),
	    cmocka_unit_test_setup_teardown(a_stick_is_used, open_alone, close_fix),
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
