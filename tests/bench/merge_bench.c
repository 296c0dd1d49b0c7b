/* merge_bench.c - lines merged per second at the hub: segments of 500 lines, sealed as a worker's
 * device seals them, lie in spool/in; what is timed is everything from there to durable
 * projections, the hub's own steps with their checkpoints and syncs.
 * Use: bench_merge [--json|--steady] [LINES] [FOLDER]; a new folder below FOLDER (default /tmp). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/pace.h"
#include "base/text.h"
#include "bench.h"
#include "hub/hub.h"
#include "log/chain.h"
#include "log/enrol.h"
#include "made_lines.h"
#include "sync/files.h"

#define SEGMENT_LINES 500
#define WORKERS 5

/* ---- the hub ---- */

/* A clock that is read, not run: each look is a tenth of a millisecond later. With it the steps are
 * cut after as many lines in every run, under valgrind too, and instructions can be compared. */
static int64_t
steady_ms(void *ctx)
{
	static int64_t looks;

	(void)ctx;
	return ++looks / 10;
}

static struct os bench_os;

struct office {
	char home[80];
	struct kinds kinds;
	struct ring *ring;
	struct journal *journal;
	struct hub *hub;
};

static void
office_setup(struct office *office, struct journal_setup *setup)
{
	static const uint8_t uuid[16] = {0xc3};
	static const char *all[64];
	size_t count = 0;

	for (const char *const *at = sync_schema; *at != NULL; at++)
		all[count++] = *at;
	for (const char *const *at = hub_schema; *at != NULL; at++)
		all[count++] = *at;
	*setup = (struct journal_setup){.os = &bench_os,
	    .home = office->home,
	    .ring = office->ring,
	    .store_uuid = uuid,
	    .kinds = &office->kinds,
	    .schema = all};
}

static void
office_open(struct office *office, const char *folder)
{
	char *kinds = fs_join(conf_dir(), "kinds");
	struct journal_setup setup;
	struct buf root;

	(void)snprintf(office->home, sizeof(office->home), "%.50s/merge-bench.XXXXXX", folder);
	if (mkdtemp(office->home) == NULL)
		abort();
	must(kinds_read(&office->kinds, &os_real, kinds, &err), "kinds");
	must(ring_new(&office->ring, true, (uint64_t)os_now(&os_real), &err), "ring");
	office_setup(office, &setup);
	must(journal_create(&office->journal, &setup, &err), "journal");
	buf_init(&root, 0);
	must(hub_init(office->journal, "Office", "/nowhere", &root, &err), "hub");
	must(hub_new(&office->hub, office->journal, office->home, &err), "hub");
	buf_wipe(&root);
	free(kinds);
}

static void
office_close(struct office *office)
{
	char *command = mem_printf("rm -rf %s", office->home);

	hub_free(office->hub);
	journal_close(office->journal);
	ring_free(office->ring);
	kinds_close(&office->kinds);
	if (system(command) != 0) /* NOLINT(cert-env33-c): its own folder */
		(void)fprintf(stderr, "%s stays\n", office->home);
	free(command);
}

/* ---- a worker's device: what it writes and how it is sealed ---- */

static void
worker_enrol(struct worker *worker, struct office *office, int number)
{
	uint8_t request[ENROL_REQUEST_BYTES], nonce[32] = {7}, device[PMJ_DEVICE_BYTES];
	struct hub_enrol enrol = {.role = "peer"};
	struct ring_epoch epoch;
	struct buf text, invitation;
	char name[32];
	struct sql *sql;
	bool row;

	memset(worker, 0, sizeof(*worker));
	must(ring_new(&worker->ring, false, (uint64_t)os_now(&os_real), &err), "ring");
	enrol_request_make(request, nonce, worker->ring);
	buf_init(&text, 0);
	buf_init(&invitation, 0);
	enrol_text_put(&text, request, sizeof(request));
	(void)snprintf(name, sizeof(name), "Worker %d", number);
	enrol.request = buf_text(&text);
	enrol.name = name;
	must(hub_enrol(office->hub, &enrol, &invitation, device, &err), "enrol");
	sql = sql_get(office->journal, "SELECT mailbox FROM pmj_device WHERE device = ?1");
	must(sql_row(sql_blob(sql, 1, device, sizeof(device)), &row, &err), "mailbox");
	(void)sql_col_copy(sql, 0, worker->mailbox, sizeof(worker->mailbox));
	sql_done(sql);
	ring_epoch_current(office->ring, &epoch);
	memcpy(worker->reader_pk, epoch.pk, 32);
	memcpy(worker->incarnation, ring_incarnation(worker->ring), 16);
	chain_segment_start(worker->prev, worker->mailbox, worker->incarnation);
	chain_lane_start(worker->chain, worker->mailbox, worker->incarnation);
	worker->segno = worker->seq = 1;
	worker->pt = os_now(&os_real) - 3600 * 1000;
	buf_close(&text);
	buf_close(&invitation);
}

/* One segment file in spool/in; returns its bytes. */
static size_t
put_segment(struct worker *worker, const struct office *office, long from, size_t *raw)
{
	struct segment_line lines[SEGMENT_LINES];
	struct segment_draft draft = {.lane = LANE_UP,
	    .segno = worker->segno,
	    .mailbox = worker->mailbox,
	    .incarnation = worker->incarnation,
	    .prev = worker->prev,
	    .reader_pk = worker->reader_pk,
	    .first_seq = worker->seq,
	    .chain_before = worker->chain,
	    .lines = lines,
	    .count = SEGMENT_LINES,
	    .writer = RING_KEY_DEVICE};
	char name[FILES_NAME_MAX];
	uint8_t chain[32], id[32];
	size_t bytes;
	struct buf file;
	char *path;

	buf_init(&file, PMJ_SEGMENT_FILE_MAX);
	for (long i = 0; i < SEGMENT_LINES; i++) {
		struct made made = next_line(worker, from + i);

		lines[i] = (struct segment_line){made.line, made.len};
		*raw += made.len + 1;
	}
	must(segment_seal(&file, chain, id, &draft, worker->ring, &err), "seal");
	files_name(name, worker->mailbox, LANE_UP, worker->incarnation, worker->segno);
	path = mem_printf("%s/spool/in/%s", office->home, name);
	must(fs_write(&os_real, path, file.bytes, file.len, &err), "spool");
	memcpy(worker->prev, id, 32);
	memcpy(worker->chain, chain, 32);
	worker->segno++;
	worker->seq += SEGMENT_LINES;
	for (size_t i = 0; i < SEGMENT_LINES; i++)
		free((char *)(uintptr_t)lines[i].bytes);
	bytes = file.len;
	buf_close(&file);
	free(path);
	return bytes;
}

/* ---- what is measured ---- */

/* What a step may be. One in which no line is taken commits what was, or opens a segment. */
enum step { STEP_TAKE, STEP_COMMIT, STEP_CHECKPOINT, STEP_SEARCH, STEP_KINDS };
static const char *const step_names[] = {"take", "commit", "checkpoint", "search"};

#define STRETCH 5000 /* lines: the rate of each such stretch tells whether it falls with size */
#define STRETCHES_MAX 64

struct figures {
	long lines, steps, held;
	long merged;
	size_t stretches;
	double stretch_cpu[STRETCHES_MAX + 1];             /* when each began, in processor time */
	int64_t frames, stretch_frames[STRETCHES_MAX + 1]; /* of the WAL: pages sealed by commits */
	size_t raw, sealed;
	double wall, cpu, longest;
	double longest_of[STEP_KINDS],
	    longest_cpu_of[STEP_KINDS]; /* its own: no disk, nobody else */
};

static void
count_step(struct figures *out, enum step step, double took, double took_cpu)
{
	out->steps++;
	if (took > out->longest)
		out->longest = took;
	if (took > out->longest_of[step])
		out->longest_of[step] = took;
	if (took_cpu > out->longest_cpu_of[step])
		out->longest_cpu_of[step] = took_cpu;
}

static void
count_merged(struct figures *out, int64_t taken)
{
	out->merged += (long)taken;
	while (
	    out->stretches < STRETCHES_MAX && out->merged >= (long)(out->stretches + 1) * STRETCH) {
		out->stretch_cpu[++out->stretches] = clock_now(CLOCK_PROCESS_CPUTIME_ID);
		out->stretch_frames[out->stretches] = out->frames;
	}
}

static __attribute__((noinline)) void
merge_all(struct office *office, struct figures *out)
{
	double wall = clock_now(CLOCK_MONOTONIC), cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	struct pace checkpoint = {150, 60, 1000, 7}; /* these as core_start has them */
	struct pace search = {64, 16, 256, 8};
	bool more = true;

	out->stretch_cpu[0] = cpu;
	while (more) {
		int64_t frames = journal_wal_frames(office->journal);
		double began = clock_now(CLOCK_MONOTONIC), took;
		double began_cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
		int64_t began_ms = bench_os.mono_ms(bench_os.ctx), took_ms, taken = 0;

		enum step step;
		bool again;

		if (frames >= checkpoint.amount) {
			step = STEP_CHECKPOINT;
			must(journal_checkpoint(office->journal, &err), "checkpoint");
		} else if (journal_search_owes(office->journal)) {
			step = STEP_SEARCH;
			must(journal_search_merge(office->journal, search.amount, &again, &err),
			    "search");
		} else {
			must(sync_take_step(hub_sync(office->hub), &more, &taken, &err), "take");
			step = taken == 0 ? STEP_COMMIT : STEP_TAKE;
		}
		took = clock_now(CLOCK_MONOTONIC) - began;
		if (journal_wal_frames(office->journal) > frames)
			out->frames += journal_wal_frames(office->journal) - frames;
		count_merged(out, taken);
		count_step(out, step, took, clock_now(CLOCK_PROCESS_CPUTIME_ID) - began_cpu);
		took_ms = bench_os.mono_ms(bench_os.ctx) - began_ms;
		if (step == STEP_CHECKPOINT)
			pace_learn(&checkpoint, frames, took_ms);
		if (step == STEP_SEARCH)
			pace_learn(&search, search.amount, took_ms);
	}
	for (more = true; more;)
		must(hub_rejudge_step(office->hub, INT64_MAX, &more, &err), "waiting entries");
	must(journal_checkpoint(office->journal, &err), "checkpoint");
	out->wall = clock_now(CLOCK_MONOTONIC) - wall;
	out->cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	out->held = (long)(hub_count(office->hub, "held") + hub_count(office->hub, "waiting"));
}

static void
print_figures(const struct figures *f, bool json)
{
	if (json) {
		(void)printf("{\"lines\":%ld,\"segment_lines\":%d,\"raw_bytes\":%zu,"
		             "\"sealed_bytes\":%zu,\"steps\":%ld,\"longest_step_ms\":%.2f,"
		             "\"lines_per_cpu_second\":%.0f,\"lines_per_second\":%.0f,"
		             "\"cpu_us_a_line\":%.2f,\"longest_ms\":{",
		    f->lines, SEGMENT_LINES, f->raw, f->sealed, f->steps, f->longest * 1e3,
		    (double)f->lines / f->cpu, (double)f->lines / f->wall,
		    f->cpu / (double)f->lines * 1e6);
		for (int i = 0; i < STEP_KINDS; i++)
			(void)printf("%s\"%s\":{\"wall\":%.2f,\"cpu\":%.2f}", i > 0 ? "," : "",
			    step_names[i], f->longest_of[i] * 1e3, f->longest_cpu_of[i] * 1e3);
		(void)printf("},\"each_%d_lines\":[", STRETCH);
		for (size_t i = 0; i < f->stretches; i++)
			(void)printf("%s{\"lines_per_cpu_second\":%.0f,\"pages_a_line\":%.2f}",
			    i > 0 ? "," : "", STRETCH / (f->stretch_cpu[i + 1] - f->stretch_cpu[i]),
			    (double)(f->stretch_frames[i + 1] - f->stretch_frames[i]) / STRETCH);
		(void)printf("]}\n");
		return;
	}
	(void)printf("%ld lines in segments of %d, %zu bytes, sealed %zu\n", f->lines,
	    SEGMENT_LINES, f->raw, f->sealed);
	(void)printf("merged, of processor time  %8.0f lines/s   %7.2f us a line\n",
	    (double)f->lines / f->cpu, f->cpu / (double)f->lines * 1e6);
	(void)printf("merged, of wall time       %8.0f lines/s   in %ld steps, longest %.1f ms\n",
	    (double)f->lines / f->wall, f->steps, f->longest * 1e3);
	for (size_t i = 0; i < f->stretches; i++)
		(void)printf("  %6zu to %6zu lines %8.0f lines/s, %.2f pages a line\n", i * STRETCH,
		    (i + 1) * STRETCH, STRETCH / (f->stretch_cpu[i + 1] - f->stretch_cpu[i]),
		    (double)(f->stretch_frames[i + 1] - f->stretch_frames[i]) / STRETCH);
	for (int i = 0; i < STEP_KINDS; i++)
		(void)printf("  longest %-10s %6.1f ms, of processor time %6.1f ms\n",
		    step_names[i], f->longest_of[i] * 1e3, f->longest_cpu_of[i] * 1e3);
}

int
main(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	bool steady = argc > 1 && strcmp(argv[1], "--steady") == 0;
	int at = json || steady ? 2 : 1;
	long count = argc > at ? strtol(argv[at], NULL, 10) : 20000;
	const char *folder = argc > at + 1 ? argv[at + 1] : "/tmp";
	struct worker workers[WORKERS];
	struct figures figures = {0};
	struct office office = {.journal = NULL};

	bench_os = os_real;
	if (steady)
		bench_os.mono_ms = steady_ms;
	office_open(&office, folder);
	for (int i = 0; i < WORKERS; i++)
		worker_enrol(&workers[i], &office, i + 1);
	for (; figures.lines < count; figures.lines += SEGMENT_LINES)
		figures.sealed += put_segment(&workers[figures.lines / SEGMENT_LINES % WORKERS],
		    &office, figures.lines / SEGMENT_LINES / WORKERS * SEGMENT_LINES, &figures.raw);
	must(journal_checkpoint(office.journal, &err), "checkpoint");
	merge_all(&office, &figures);
	for (int i = 0; i < WORKERS; i++)
		ring_free(workers[i].ring);
	print_figures(&figures, json);
	office_close(&office);
	if (figures.held != 0)
		(void)fprintf(stderr, "%ld lines were not admitted\n", figures.held);
	return figures.held == 0 ? 0 : 1;
}
