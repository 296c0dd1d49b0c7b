/* segment_bench.c - what a segment costs: bytes against zstd -19 of the same lines, and time to
 * seal and to open. */
#include <stdio.h>
#include <time.h>
#include <zstd.h>

#include "test_segment.h"

static double
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t
zstd_19(const struct segment_line *lines, size_t count, size_t *raw_len)
{
	struct buf raw;
	struct buf packed;
	size_t len;

	buf_init(&raw, 0);
	buf_init(&packed, 0);
	for (size_t i = 0; i < count; i++) {
		buf_put(&raw, lines[i].bytes, lines[i].len);
		buf_put_u8(&raw, '\n');
	}
	buf_put_zeros(&packed, ZSTD_compressBound(raw.len));
	if (packed.failed != PMJ_OK)
		abort();
	len = ZSTD_compress(packed.bytes, packed.len, raw.bytes, raw.len, 19);
	*raw_len = raw.len;
	buf_close(&raw);
	buf_close(&packed);
	return len;
}

/* The longest piece of an opening, best of three: what the daemon cannot be shorter than. */
static double
longest_piece(const struct buf *file, const struct segment_expect *expect, struct ring *reader)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		struct segment_opening *opening =
		    segment_opening_new(file->bytes, file->len, expect, reader);
		enum segment_fault fault = SEGMENT_OK;
		struct segment_open opened;
		double longest = 0, start;
		bool over = false;

		while (!over) {
			start = now_ms();
			over = segment_opening_step(opening, &opened, &fault);
			if (now_ms() - start > longest)
				longest = now_ms() - start;
		}
		start = now_ms();
		segment_opening_free(opening);
		segment_open_close(&opened);
		if (now_ms() - start > longest)
			longest = now_ms() - start;
		if (fault != SEGMENT_OK)
			abort();
		best = longest < best ? longest : best;
	}
	return best;
}

static void
measure(struct test_lane *lane, const struct segment_line *lines, size_t count)
{
	struct segment_draft draft = test_lane_draft(lane, lines, count);
	struct segment_expect expect = test_lane_expect(lane);
	struct segment_open opened;
	uint8_t chain[32];
	uint8_t id[32];
	size_t raw_len;
	size_t best = zstd_19(lines, count, &raw_len);
	struct buf file;
	double start;
	double seal_ms;
	const int rounds = count <= 400 ? 20 : 3;

	buf_init(&file, 0);
	start = now_ms();
	for (int i = 0; i < rounds; i++) {
		buf_clear(&file);
		if (segment_seal(&file, chain, id, &draft, lane->writer, NULL) != PMJ_OK)
			abort();
	}
	seal_ms = (now_ms() - start) / rounds;
	start = now_ms();
	for (int i = 0; i < rounds; i++) {
		if (segment_open(&opened, file.bytes, file.len, &expect, lane->reader) !=
		    SEGMENT_OK)
			abort();
		segment_open_close(&opened);
	}
	printf("%5zu lines %8zu bytes | zstd -19 %7zu | segment %7zu | seal %7.2f ms | open %6.2f "
	       "ms, longest piece %5.2f ms\n",
	    count, raw_len, best, file.len, seal_ms, (now_ms() - start) / rounds,
	    longest_piece(&file, &expect, lane->reader));
	buf_close(&file);
}

/* As long as lines may be that make a segment of 4 MiB and 16 of lines. */
static void
long_lines(struct segment_line *lines, size_t count)
{
	static const char *const words[] = {"clinic", "market", "sister", "Tuesday", "sober",
	    "shelter", "bed", "phone", "walked", "together", "missed", "date", "again", "chief",
	    "group", "river"};
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < count; i++) {
		char *line = malloc(4100);
		int len = 0;

		if (line == NULL)
			abort();
		while (len < 4060) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			len += snprintf(
			    line + len, 20, "%s%u ", words[x & 15], (unsigned)(x >> 4) & 63);
		}
		lines[i] = (struct segment_line){.bytes = line, .len = (size_t)len};
	}
}

int
main(void)
{
	static const size_t counts[] = {1, 5, 10, 20, 50, 100, 180, 400, 1000, 4096};
	struct segment_line *lines = calloc(4096, sizeof(*lines));
	struct test_lane lane;

	if (lines == NULL)
		return 1;
	test_lane_open(&lane);
	test_lines(lines, 4096, 3);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		measure(&lane, lines, counts[i]);
	test_lines_free(lines, 4096);
	long_lines(lines, 4096);
	measure(&lane, lines, 4096);
	test_lines_free(lines, 4096);
	free(lines);
	test_lane_close(&lane);
	return 0;
}
