/* carry_lab.h - a worker, a hub, a folder of mailboxes and a stick under one temporary folder; the
 * real program code in processes of its own; the real git as the judge. Header only. */
#ifndef TESTS_CARRY_LAB_H
#define TESTS_CARRY_LAB_H
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "carry/chain.h"
#include "carry/once.h"
#include "carry/spool.h"
#include "check.h"
#include "place.h"

#define LAB_SEGMENT_BYTES 1024

struct lab {
	char dir[64];
	char out[96]; /* what the last run said */
	char mailbox[33];
};

static inline void
lab_open(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	(void)snprintf(lab->dir, sizeof(lab->dir), "%s/carry-lab.XXXXXX", place_for_tests());
	assert_non_null(mkdtemp(lab->dir));
	(void)snprintf(lab->out, sizeof(lab->out), "%s/said", lab->dir);
	memset(lab->mailbox, 'a', 32);
}

/** Run a command with the shell; its first line of output (without end) into said, which may be
 *  NULL. Returns its exit status. */
static inline int
lab_shell(char *said, size_t room, const char *fmt, ...)
{
	char *command = NULL;
	FILE *pipe;
	va_list args;
	int status;

	va_start(args, fmt);
	assert_true(vasprintf(&command, fmt, args) >= 0);
	va_end(args);
	pipe = popen(command, "re"); /* NOLINT(cert-env33-c): the oracle is git's command line */
	assert_non_null(pipe);
	free(command);
	if (said != NULL) {
		said[0] = '\0';
		if (fgets(said, (int)room, pipe) != NULL)
			said[strcspn(said, "\n")] = '\0';
	}
	/* Read to the end, so that it is not ended by a closed pipe. */
	while (fgetc(pipe) != EOF)
		;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define lab_sh(...) assert_int_equal(lab_shell(NULL, 0, __VA_ARGS__), 0)

static inline void
lab_close(struct lab *lab)
{
	lab_sh("chmod -R u+rwX %s 2>/dev/null; rm -rf %s", lab->dir, lab->dir);
}

/** Of a cmocka test: a lab with a folder of mailboxes and one as on a stick. */
static inline int
lab_setup(void **state)
{
	struct lab *lab = mem_new(sizeof(*lab));

	lab_open(lab);
	lab_sh("mkdir %s/mail %s/stick", lab->dir, lab->dir);
	*state = lab;
	return 0;
}

static inline int
lab_teardown(void **state)
{
	lab_close(*state);
	free(*state);
	return 0;
}

/** Any place of the lab's one mailbox; the incarnation is 16 times a byte. */
static inline struct shape_place
lab_place(int lane, uint8_t incarnation, uint64_t segno)
{
	struct shape_place place = {.lane = (uint8_t)lane, .segno = segno};

	memset(place.mailbox, 0xaa, sizeof(place.mailbox));
	memset(place.incarnation, incarnation, sizeof(place.incarnation));
	return place;
}

/** A segment in its outer shape; what is inside is told apart by seed. */
static inline void
lab_segment(struct buf *out, const struct shape_place *place, unsigned seed)
{
	buf_clear(out);
	buf_put_text(out, "PMJSEG01");
	buf_put_u8(out, 1);
	buf_put_u8(out, place->lane);
	buf_put_zeros(out, 6);
	buf_put_u64(out, place->segno);
	buf_put(out, place->mailbox, sizeof(place->mailbox));
	buf_put(out, place->incarnation, sizeof(place->incarnation));
	buf_put_zeros(out, 192 - 56);
	buf_put_u32(out, LAB_SEGMENT_BYTES);
	buf_put_u32(out, 0);
	for (unsigned i = 0; i < LAB_SEGMENT_BYTES / 4; i++)
		buf_put_u32(out, (seed + (unsigned)place->segno) * 2654435761u ^ i * 40503u);
	buf_put_zeros(out, 64);
}

/** Segments from..to of a run into WHO/spool/out, as its pamojad would. */
static inline void
lab_fill(const struct lab *lab, const char *who, int lane, uint8_t incarnation, uint64_t from,
    uint64_t to, unsigned seed)
{
	char *dir = mem_printf("%s/%s/spool/out", lab->dir, who);
	struct pmj_error err;
	struct buf bytes;
	bool fresh;

	buf_init(&bytes, 0);
	check_ok(fs_make_dir(&os_real, dir, &err), &err);
	for (uint64_t n = from; n <= to; n++) {
		struct shape_place place = lab_place(lane, incarnation, n);

		assert_true(text_unhex(place.mailbox, sizeof(place.mailbox), lab->mailbox));
		lab_segment(&bytes, &place, seed);
		check_ok(spool_put(&fresh, &os_real, dir, &place, &bytes, &err), &err);
	}
	buf_close(&bytes);
	free(dir);
}

/** Start `pamoja-carry --once` for WHO (w writes lane 1, h writes 2 and makes mailboxes). more is
 *  further arguments, NULL ended. */
static inline pid_t
lab_start(const struct lab *lab, const char *who, const char *const *more)
{
	pid_t pid = fork();

	if (pid == 0) {
		bool hub = who[0] == 'h';
		char *args[40] = {mem_strdup("--spool"), mem_printf("%s/%s/spool", lab->dir, who),
		    mem_strdup("--store"), mem_printf("%s/%s/carry", lab->dir, who),
		    mem_strdup("--write"), mem_strdup(hub ? "2" : "1")};
		struct pmj_error err = {0};
		int count = 6;
		int fd = open(lab->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		(void)dup2(fd, 1);
		if (hub)
			args[count++] = mem_strdup("--create");
		if (more == NULL) {
			args[count++] = mem_strdup("--remote");
			args[count++] = mem_printf("%s=%s/mail", lab->mailbox, lab->dir);
		}
		for (; more != NULL && *more != NULL; more++)
			args[count++] = mem_strdup(*more);
		sandbox_basics();
		_exit(pmj_code_exit(once_run(count, args, &err)));
	}
	assert_true(pid > 0);
	return pid;
}

static inline int
lab_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int
lab_once(const struct lab *lab, const char *who, const char *const *more)
{
	return lab_wait(lab_start(lab, who, more));
}

/** Exchange WHO with the folder of mailboxes. Returns the exit status. */
static inline int
lab_exchange(const struct lab *lab, const char *who)
{
	return lab_once(lab, who, NULL);
}

/** Did the last run say this? */
static inline bool
lab_said(const struct lab *lab, const char *words)
{
	struct buf said;
	bool found;

	buf_init(&said, 0);
	assert_int_equal(fs_read(&said, &os_real, lab->out, 1u << 24, NULL), PMJ_OK);
	found = strstr(buf_text(&said), words) != NULL;
	buf_close(&said);
	return found;
}

/** The two spools hold the same segments: what FROM sends, TO has. */
static inline void
lab_same(const struct lab *lab, const char *from, const char *to)
{
	lab_sh("diff -r %s/%s/spool/out %s/%s/spool/in >&2", lab->dir, from, lab->dir, to);
}

/** git itself finds nothing wrong with the mailbox. */
static inline void
lab_fsck(const struct lab *lab)
{
	lab_sh("git -c safe.directory='*' -C %s/mail/%s.git fsck --strict --no-dangling 2>&1 | "
	       "grep -v '^notice: ' | if grep -q .; then exit 1; fi",
	    lab->dir, lab->mailbox);
}

static inline bool
lab_has(const char *tool)
{
	return lab_shell(NULL, 0, "command -v %s >/dev/null", tool) == 0;
}

#endif
