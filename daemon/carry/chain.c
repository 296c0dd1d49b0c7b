#include "carry/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "carry/object.h"

#define CHAIN_WHO "pamoja <pamoja@invalid>"
#define COMMIT_BYTES_MAX 512
#define MIB ((size_t)1024 * 1024)

/* The tree's bytes: one entry named s, then the blob's id. */
static const uint8_t tree_head[9] = "100644 s";

/* errno is often that of libgit2's tidying up afterwards; its message keeps the reason. */
static bool
says_full(const git_error *last)
{
	return last != NULL && last->klass == GIT_ERROR_OS &&
	       (errno == ENOSPC || strstr(last->message, strerror(ENOSPC)) != NULL ||
	           strstr(last->message, strerror(EDQUOT)) != NULL);
}

enum pmj_code
chain_fail(struct pmj_error *err, int git_code, const char *doing)
{
	const git_error *last = git_error_last();
	enum pmj_code code = PMJ_IO;

	if (says_full(last))
		code = PMJ_FULL;
	else if (git_code == GIT_ENOTFOUND || git_code == GIT_EMISMATCH ||
	         (last != NULL && (last->klass == GIT_ERROR_ZLIB ||
	                              (last->klass == GIT_ERROR_ODB && git_code != GIT_ELOCKED))))
		code = PMJ_INTEGRITY;
	return pmj_fail(
	    err, code, "%s: %s", doing, last != NULL ? last->message : "git gave no reason");
}

/*
 * Starting, libgit2 has mbedTLS read every certificate the machine trusts: 8 of the 21 ms that a
 * carrier and each request to a gate would spend before their first line, for a TLS of libgit2's
 * that nothing here uses (https.c pins its own). The program's function is found before the
 * library's, and reads none. A libgit2 with another TLS never asks.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

int
mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}

/* Nothing of the machine's or user's git settings may steer us. */
static int
forget_settings(void)
{
	int rc = 0;

	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
		if (rc == 0)
			rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
	return rc;
}

enum pmj_code
chain_setup(struct pmj_error *err)
{
	int rc = git_libgit2_init() < 0 ? -1 : forget_settings();

	/* A link that dies while libgit2 writes would kill us. */
	(void)signal(SIGPIPE, SIG_IGN);

	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	/* Mailboxes in a shared folder belong to another user; bare_open reads their settings
	 * before libgit2 does, and nothing in them is ever run. */
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, 8 * MIB);
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 64 * MIB);
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)(8 * MIB));
	if (rc == 0)
		rc = git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)20000);
	return rc == 0 ? PMJ_OK : chain_fail(err, rc, "cannot start libgit2");
}

enum pmj_code
chain_setup_anew(struct pmj_error *err)
{
	while (git_libgit2_shutdown() > 0)
		;
	return chain_setup(err);
}

void
chain_teardown(void)
{
	(void)git_libgit2_shutdown();
}

void
chain_blob_id(git_oid *out, const uint8_t *bytes, size_t len)
{
	/* Fails only for a type that is none. */
	if (git_odb_hash(out, bytes, len, GIT_OBJECT_BLOB) < 0)
		abort();
}

void
chain_blob_tag(char out[static SHAPE_TAG_CHARS + 1], const uint8_t *bytes, size_t len)
{
	git_oid id;

	chain_blob_id(&id, bytes, len);
	(void)git_oid_tostr(out, SHAPE_TAG_CHARS + 1, &id);
}

/* The bytes of the commit object (5.5). parent is NULL for segno 1. */
static void
commit_text(struct buf *out, const git_oid *tree, const git_oid *parent, uint64_t segno)
{
	char hex[GIT_OID_HEXSZ + 1];

	buf_putf(out, "tree %s\n", git_oid_tostr(hex, sizeof(hex), tree));
	if (parent != NULL)
		buf_putf(out, "parent %s\n", git_oid_tostr(hex, sizeof(hex), parent));
	buf_putf(out, "author " CHAIN_WHO " %" PRIu64 " +0000\n", segno);
	buf_putf(out, "committer " CHAIN_WHO " %" PRIu64 " +0000\n\ns", segno);
}

/* "KEY <40 hex>\n" at *at. */
static bool
read_id(git_oid *out, const char **at, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(*at, key, n) != 0 || git_oid_fromstrn(out, *at + n, GIT_OID_HEXSZ) != 0)
		return false;
	*at += n + GIT_OID_HEXSZ + 1;
	return true;
}

bool
chain_commit_read(struct chain_link *out, const uint8_t *bytes, size_t len)
{
	static const char author[] = "author " CHAIN_WHO " ";
	char text[COMMIT_BYTES_MAX + 1];
	struct buf again;
	const char *at = text;
	bool same;

	memset(out, 0, sizeof(*out));
	/* The longest is 260 bytes; the shortest still holds a tree line, so the reads below stay
	 * inside text, which is zero behind the copy. */
	if (len > COMMIT_BYTES_MAX - 2 * GIT_OID_HEXSZ || memchr(bytes, 0, len) != NULL)
		return false;
	memset(text, 0, sizeof(text));
	memcpy(text, bytes, len);
	if (len < GIT_OID_HEXSZ + 6 || !read_id(&out->tree, &at, "tree "))
		return false;
	if (strncmp(at, "parent ", 7) == 0 && !read_id(&out->parent, &at, "parent "))
		return false;
	if (strncmp(at, author, sizeof(author) - 1) != 0)
		return false;
	at += sizeof(author) - 1;
	for (size_t i = 0; i < 16 && at[i] >= '0' && at[i] <= '9'; i++)
		out->segno = out->segno * 10 + (uint64_t)(at[i] - '0');
	if (out->segno == 0)
		return false;
	/* Whatever reading was lax about: it must be the very bytes that we would write. */
	buf_init(&again, 0);
	commit_text(&again, &out->tree, out->segno == 1 ? NULL : &out->parent, out->segno);
	same = again.failed == PMJ_OK && again.len == len && memcmp(again.bytes, bytes, len) == 0;
	buf_close(&again);
	return same;
}

enum pmj_code
chain_add(git_repository *repo, struct chain_link *out, const git_oid *parent, uint64_t segno,
    const struct buf *segment, struct pmj_error *err)
{
	uint8_t tree[sizeof(tree_head) + GIT_OID_RAWSZ];
	struct buf text;
	enum pmj_code rc;

	buf_init(&text, 0);
	memset(out, 0, sizeof(*out));
	out->segno = segno;
	if (parent != NULL)
		git_oid_cpy(&out->parent, parent);
	rc = object_put(repo, &out->blob, segment->bytes, segment->len, GIT_OBJECT_BLOB, err);
	if (rc != PMJ_OK)
		goto out;
	memcpy(tree, tree_head, sizeof(tree_head));
	memcpy(tree + sizeof(tree_head), out->blob.id, GIT_OID_RAWSZ);
	rc = object_put(repo, &out->tree, tree, sizeof(tree), GIT_OBJECT_TREE, err);
	if (rc != PMJ_OK)
		goto out;
	commit_text(&text, &out->tree, parent, segno);
	if ((rc = buf_check(&text, err)) != PMJ_OK)
		goto out;
	rc = object_put(repo, &out->commit, text.bytes, text.len, GIT_OBJECT_COMMIT, err);
out:
	buf_close(&text);
	return rc;
}

enum pmj_code
chain_look(
    git_repository *repo, struct chain_link *out, const git_oid *commit, struct pmj_error *err)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_odb_object *object = NULL;
	enum pmj_code rc;
	const uint8_t *tree;

	(void)git_oid_tostr(hex, sizeof(hex), commit);
	rc = object_read(repo, &object, commit, GIT_OBJECT_COMMIT, err);
	if (rc != PMJ_OK)
		return rc;
	if (!chain_commit_read(out, git_odb_object_data(object), git_odb_object_size(object))) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "commit %s is not one that a segment makes", hex);
		goto out;
	}
	git_oid_cpy(&out->commit, commit);
	git_odb_object_free(object);
	rc = object_read(repo, &object, &out->tree, GIT_OBJECT_TREE, err);
	if (rc != PMJ_OK)
		goto out;
	tree = git_odb_object_data(object);
	if (git_odb_object_size(object) != sizeof(tree_head) + GIT_OID_RAWSZ ||
	    memcmp(tree, tree_head, sizeof(tree_head)) != 0) {
		rc = pmj_fail(err, PMJ_INTEGRITY, "the tree of commit %s is not one file s", hex);
		goto out;
	}
	git_oid_fromraw(&out->blob, tree + sizeof(tree_head));
out:
	git_odb_object_free(object);
	return rc;
}

enum pmj_code
chain_walk(git_repository *repo, struct chain_links *out, const git_oid *tip, uint64_t above,
    struct pmj_error *err)
{
	struct chain_link link;
	git_oid at = *tip;
	uint64_t expected = 0;
	size_t room = 0;
	enum pmj_code rc = PMJ_OK;

	memset(out, 0, sizeof(*out));
	while (!git_oid_is_zero(&at)) {
		if ((rc = chain_look(repo, &link, &at, err)) != PMJ_OK)
			break;
		if (expected != 0 && link.segno != expected) {
			rc = pmj_fail(err, PMJ_INTEGRITY,
			    "segment %" PRIu64 " follows %" PRIu64 " in the branch", expected + 1,
			    link.segno);
			break;
		}
		if (link.segno <= above)
			break;
		if (out->count == room) {
			room = room == 0 ? 64 : room * 2;
			out->items = mem_grow(out->items, room, sizeof(*out->items));
		}
		out->items[out->count++] = link;
		at = link.parent;
		expected = link.segno - 1;
		if (expected == above) /* what is there is known; its commit may be gone */
			break;
	}
	if (rc != PMJ_OK) {
		chain_links_close(out);
		return rc;
	}
	for (size_t i = 0; i < out->count / 2; i++) {
		link = out->items[i];
		out->items[i] = out->items[out->count - 1 - i];
		out->items[out->count - 1 - i] = link;
	}
	return PMJ_OK;
}

void
chain_links_close(struct chain_links *links)
{
	free(links->items);
	memset(links, 0, sizeof(*links));
}

enum pmj_code
chain_segment(git_repository *repo, struct buf *out, const struct shape_place *run,
    const struct chain_link *link, struct pmj_error *err)
{
	git_odb_object *object = NULL;
	struct shape_place inside;
	struct shape_place place = *run;
	size_t size = 0;
	git_object_t type;
	git_odb *odb = NULL;
	enum pmj_code rc;
	int n;

	buf_clear(out);
	place.segno = link->segno;
	/* Ask for the size first: a host could offer gigabytes under one id. */
	errno = 0;
	n = git_repository_odb(&odb, repo);
	if (n == 0)
		n = git_odb_read_header(&size, &type, odb, &link->blob);
	git_odb_free(odb);
	if (n < 0)
		return chain_fail(err, n, "cannot read a segment");
	if (size > PMJ_SEGMENT_FILE_MAX)
		return pmj_fail(
		    err, PMJ_INTEGRITY, "segment %" PRIu64 " has %zu bytes", link->segno, size);
	rc = object_read(repo, &object, &link->blob, GIT_OBJECT_BLOB, err);
	if (rc != PMJ_OK)
		return rc;
	buf_put(out, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	if ((rc = buf_check(out, err)) != PMJ_OK)
		return rc;
	rc = shape_read(&inside, out->bytes, out->len, err);
	if (rc == PMJ_OK && shape_compare(&inside, &place) != 0)
		rc = pmj_fail(err, PMJ_INTEGRITY, "is of another place");
	if (rc != PMJ_OK) {
		if (err != NULL)
			err->code = PMJ_INTEGRITY;
		pmj_context(err, "segment %" PRIu64 " of a branch", link->segno);
		return PMJ_INTEGRITY;
	}
	return PMJ_OK;
}

enum pmj_code
chain_copy(
    git_repository *to, git_repository *from, const struct chain_link *link, struct pmj_error *err)
{
	const struct {
		const git_oid *id;
		git_object_t type;
	} parts[] = {
	    {&link->blob, GIT_OBJECT_BLOB},
	    {&link->tree, GIT_OBJECT_TREE},
	    {&link->commit, GIT_OBJECT_COMMIT},
	};
	enum pmj_code rc = PMJ_OK;

	for (size_t i = 0; i < 3 && rc == PMJ_OK; i++) {
		git_odb_object *object = NULL;
		git_oid made;

		rc = object_read(from, &object, parts[i].id, parts[i].type, err);
		if (rc == PMJ_OK)
			rc = object_put(to, &made, git_odb_object_data(object),
			    git_odb_object_size(object), parts[i].type, err);
		git_odb_object_free(object);
	}
	return rc;
}
