/* entries.h - lines made for tests: written by line_write, hashed by a stand-in (domain knows no
 * real hash). */
#ifndef TESTS_ENTRIES_H
#define TESTS_ENTRIES_H
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "domain/kind.h"
#include "domain/line.h"

/* splitmix64: small, and the same on every machine for one seed. */
static inline uint64_t
test_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline size_t
test_below(uint64_t *seed, size_t n)
{
	return (size_t)(test_random(seed) % n);
}

/* 32 bytes that depend on every byte of the text; no cryptographic claim. */
static inline void
test_hash(uint8_t out[static PMJ_ENTRY_BYTES], const char *bytes, size_t len)
{
	uint64_t seed = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < PMJ_ENTRY_BYTES; i += 8) {
		uint64_t word = test_random(&seed);
		memcpy(out + i, &word, 8);
	}
}

struct test_line {
	const char *kind;
	const struct entry *of; /* an entry of the record; NULL makes one */
	uint8_t device;
	int64_t pt;
	const char *set; /* JSON */
	json_t *was;     /* stolen; or NULL */
	const char *verb;
	json_t *knows; /* stolen; or NULL */
};

static inline json_t *
test_json(const char *text)
{
	json_t *value = NULL;
	struct pmj_error err = {0};

	if (json_read(&value, text, strlen(text), &json_limits_entry, &err) != PMJ_OK) {
		fprintf(stderr, "test JSON %s: %s\n", text, err.message);
		abort();
	}
	return value;
}

/* A new entry through line_write and line_read; free with test_entry_free. */
static inline struct entry *
test_entry(const struct test_line *line)
{
	static uint64_t nonce = 1;
	struct line_draft draft = {.kind = line->kind, .kv = 1, .pt = line->pt, .verb = line->verb};
	struct entry *entry = mem_new(sizeof(*entry));
	uint8_t by[PMJ_DEVICE_BYTES], e[PMJ_ENTRY_BYTES];
	json_t *set = line->set != NULL ? test_json(line->set) : NULL;
	struct pmj_error err = {0};
	struct buf text;

	memset(by, line->device, sizeof(by));
	for (size_t i = 0; i < sizeof(draft.n); i += 8) {
		uint64_t word = test_random(&nonce);
		memcpy(draft.n + i, &word, 8);
	}
	draft.by = by;
	draft.rec = line->of != NULL ? line->of->rec : NULL;
	draft.set = set;
	draft.was = line->was;
	draft.knows = line->knows;
	buf_init(&text, 0);
	line_write(&text, &draft);
	test_hash(e, buf_text(&text), text.len);
	if (line_read(entry, buf_text(&text), text.len, e, &err) != PMJ_OK) {
		fprintf(stderr, "test line %s: %s\n", buf_text(&text), err.message);
		abort();
	}
	buf_close(&text);
	json_decref(set);
	json_decref(line->was);
	json_decref(line->knows);
	return entry;
}

static inline void
test_entry_free(struct entry *entry)
{
	entry_close(entry);
	free(entry);
}

/* {"FIELD": [versions of these entries]} for one field. */
static inline json_t *
test_was(const char *field, const struct entry *a, const struct entry *b)
{
	const struct entry *both[] = {a, b};
	json_t *was = json_object(), *list = json_array();
	char hex[2 * PMJ_VERSION_BYTES + 1];

	for (size_t i = 0; i < 2; i++)
		if (both[i] != NULL)
			(void)json_array_append_new(
			    list, json_string(text_hex(hex, both[i]->e, PMJ_VERSION_BYTES)));
	(void)json_object_set_new(was, field, list);
	return was;
}

static inline json_t *
test_knows(const struct entry *a)
{
	char hex[2 * PMJ_VERSION_BYTES + 1];

	return json_pack("[s]", text_hex(hex, a->e, PMJ_VERSION_BYTES));
}

static inline struct kind *
test_kind(const char *text)
{
	struct kind *kind = NULL;
	struct pmj_error err = {0};

	if (kind_read_text(&kind, "test.ini", text, strlen(text), &err) != PMJ_OK) {
		fprintf(stderr, "test kind: %s (%s)\n", err.message, err.hint);
		abort();
	}
	return kind;
}

#endif
