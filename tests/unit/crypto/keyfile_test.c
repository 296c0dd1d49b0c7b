/* The key file on a disk: made, opened, recovered, rotated, and whole whatever fails. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "check.h"
#include "crypto/image.h"
#include "crypto/keyfile.h"
#include "crypto/recovery.h"
#include "faulty.h"

#define PASS "a herd of goats at noon"
#define PASS2 "seven kites over Loitokitok"

static const struct keyfile_cost cheap = {
    .ops = 3, .mem_kib = 65536}; /* the floor: nothing less opens */
static struct pmj_error err;
static char dir[64], path[96], old_path[96];
static char code[KEYFILE_RECOVERY_CHARS + 1];

/* ---- help ---- */

static struct buf
file_bytes(const char *name)
{
	struct buf b;

	buf_init(&b, 0);
	check_ok(fs_read(&b, &os_real, name, 1 << 20, &err), &err);
	return b;
}

/* x of the passphrases met so far, by salt: stretched once each. */
static const uint8_t *
x_of(const uint8_t *slot, const char *pass)
{
	static struct {
		uint8_t salt[16], x[32];
		const char *pass;
	} known[64];
	size_t i = 0;

	while (known[i].pass != NULL && (strcmp(known[i].pass, pass) != 0 ||
	                                    memcmp(known[i].salt, slot + SLOT_AT_SALT, 16) != 0))
		i++;
	assert_true(i < 63);
	if (known[i].pass == NULL) {
		check_ok(slot_stretch(known[i].x, slot, pass, &err), &err);
		memcpy(known[i].salt, slot + SLOT_AT_SALT, 16);
		known[i].pass = pass;
	}
	return known[i].x;
}

/* What keyfile_unlock does after stretching, with the x kept. */
static enum pmj_code
opens(const char *name, const char *pass, struct ring **ring)
{
	static struct image_work work;
	struct buf b = file_bytes(name);
	enum pmj_code rc = image_check(b.bytes, b.len, &err);

	*ring = NULL;
	if (rc == PMJ_OK) {
		memcpy(work.slot.x, x_of(image_slot_at(b.bytes, 0), pass), 32);
		rc = image_open(ring, b.bytes, 0, &work, &err);
	}
	buf_close(&b);
	return rc;
}

static uint64_t
hub_time_in(const char *pass)
{
	struct ring *ring;
	uint64_t time;

	check_ok(opens(path, pass, &ring), &err);
	time = ring_hub_time(ring);
	ring_free(ring);
	return time;
}

static uint32_t
generation(void)
{
	struct buf b = file_bytes(path);
	uint32_t g = get_le32(b.bytes + IMAGE_AT_GENERATION);

	buf_close(&b);
	return g;
}

static int
fresh_dir(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/pamoja-keys-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/keys", dir);
	(void)snprintf(old_path, sizeof(old_path), "%s/old", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	char **names;
	size_t count;

	(void)state;
	check_ok(fs_list(&names, &count, dir, &err), &err);
	for (size_t i = 0; i < count; i++) {
		char *name = fs_join(dir, names[i]);

		assert_int_equal(unlink(name), 0);
		free(name);
	}
	fs_list_free(names, count);
	return rmdir(dir);
}

struct pair {
	struct keyfile *keys;
	struct ring *ring;
};

static struct pair
make(const struct os *os)
{
	struct pair p;

	check_ok(ring_new(&p.ring, false, 5, &err), &err);
	check_ok(keyfile_create(&p.keys, os, path, p.ring, PASS, &cheap, code, &err), &err);
	return p;
}

static void
drop(struct pair *p)
{
	keyfile_free(p->keys);
	ring_free(p->ring);
	p->keys = NULL;
	p->ring = NULL;
}

/* ---- tests ---- */

static void
test_create_and_unlock(void **state)
{
	struct pair p = make(&os_real), q;
	struct buf before = file_bytes(path), after;
	struct stat st;

	(void)state;
	assert_int_equal(before.len, 16384);
	assert_memory_equal(before.bytes, "PMJKEYS1\1\0\0\0\1\0\0\0", 16);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	check_ok(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), &err);
	assert_memory_equal(ring_device_id(q.ring), ring_device_id(p.ring), 16);
	assert_memory_equal(keyfile_store_uuid(q.keys), before.bytes + 16, 16);
	drop(&q);
	check_code(
	    keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS "x", &err), PMJ_WRONG_PASSPHRASE);
	assert_null(q.keys);
	assert_null(q.ring);
	assert_null(strstr(err.message, "goats"));
	/* Made only once, and never over another. */
	check_code(
	    keyfile_create(&q.keys, &os_real, path, p.ring, PASS, &cheap, code, &err), PMJ_BUSY);
	after = file_bytes(path);
	assert_memory_equal(before.bytes, after.bytes, 16384);
	buf_close(&before);
	buf_close(&after);
	keyfile_free(NULL);
	drop(&p);
}

/* As hard as this machine can within the time; what was tried for that is what opens it. */
static void
test_create_to_fit(void **state)
{
	static const struct keyfile_cost fit = {.unlock_ms = 200};
	struct pair p = {NULL, NULL}, q;
	struct buf b;

	(void)state;
	check_ok(ring_new(&p.ring, false, 5, &err), &err);
	check_ok(keyfile_create(&p.keys, &os_real, path, p.ring, PASS, &fit, code, &err), &err);
	b = file_bytes(path);
	check_ok(image_check(b.bytes, b.len, &err), &err);
	buf_close(&b);
	drop(&p);
	check_ok(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), &err);
	check_ok(keyfile_set_passphrase(q.keys, q.ring, PASS2, &fit, &err), &err);
	drop(&q);
	check_ok(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS2, &err), &err);
	drop(&q);
}

static void
test_recovery(void **state)
{
	struct pair p = make(&os_real), q;
	char other[RECOVERY_CHARS + 1], typed[RECOVERY_CHARS + 1];
	uint8_t wrong[RECOVERY_BYTES] = {1};
	struct ring *ring;

	(void)state;
	ring_set_hub_time(p.ring, 11);
	check_ok(keyfile_save(p.keys, p.ring, true, &err), &err); /* the code outlives a rotation */
	for (size_t i = 0; i <= RECOVERY_CHARS; i++)
		typed[i] = code[i] == '-'   ? ' '
		           : code[i] == '1' ? 'l'
		           : code[i] == '0' ? 'o'
		                            : code[i];
	check_ok(keyfile_recover(&q.keys, &q.ring, &os_real, path, typed, &err), &err);
	assert_int_equal(ring_hub_time(q.ring), 11);
	/* Before a passphrase is set there is no KEK to wrap with. */
	check_code(keyfile_save(q.keys, q.ring, false, &err), PMJ_REFUSED);
	check_code(keyfile_new_recovery(q.keys, q.ring, other, &err), PMJ_REFUSED);
	check_ok(keyfile_set_passphrase(q.keys, q.ring, PASS2, NULL, &err), &err);
	check_ok(keyfile_save(q.keys, q.ring, false, &err), &err);
	drop(&q);
	drop(&p);
	check_ok(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS2, &err), &err);
	drop(&q);
	check_code(opens(path, PASS, &ring), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_recover(&q.keys, &q.ring, &os_real, path, code, &err), &err);
	drop(&q);
	typed[0] = typed[0] == '2' ? '3' : '2';
	check_code(keyfile_recover(&q.keys, &q.ring, &os_real, path, typed, &err), PMJ_INVALID);
	recovery_text(other, wrong);
	check_code(
	    keyfile_recover(&q.keys, &q.ring, &os_real, path, other, &err), PMJ_WRONG_PASSPHRASE);
}

static void
test_new_recovery(void **state)
{
	struct pair p = make(&os_real), q;
	char first[KEYFILE_RECOVERY_CHARS + 1];

	(void)state;
	memcpy(first, code, sizeof(first));
	check_ok(keyfile_new_recovery(p.keys, p.ring, code, &err), &err);
	assert_string_not_equal(first, code);
	check_code(
	    keyfile_recover(&q.keys, &q.ring, &os_real, path, first, &err), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_recover(&q.keys, &q.ring, &os_real, path, code, &err), &err);
	drop(&q);
	drop(&p);
}

/* MK as the file has it. */
static void
mk_of(uint8_t *mk)
{
	static struct image_work work;
	struct buf b = file_bytes(path);

	memcpy(work.slot.x, x_of(image_slot_at(b.bytes, 0), PASS), 32);
	slot_keys(&work.slot, b.bytes + IMAGE_AT_UUID, 0, image_slot_at(b.bytes, 0));
	assert_int_equal(
	    slot_open(mk, image_slot_at(b.bytes, 0), b.bytes + IMAGE_AT_UUID, work.slot.kek_commit),
	    0);
	buf_close(&b);
}

static void
test_save_and_rotate(void **state)
{
	struct pair p = make(&os_real);
	uint8_t first[32], second[32], third[32];

	(void)state;
	mk_of(first);
	ring_set_hub_time(p.ring, 21);
	check_ok(keyfile_save(p.keys, p.ring, false, &err), &err);
	assert_int_equal(generation(), 2);
	assert_int_equal(hub_time_in(PASS), 21);
	mk_of(second);
	assert_memory_equal(first, second, 32);
	ring_set_hub_time(p.ring, 22);
	check_ok(keyfile_save(p.keys, p.ring, true, &err), &err);
	assert_int_equal(generation(), 3);
	assert_int_equal(hub_time_in(PASS), 22);
	mk_of(third);
	assert_memory_not_equal(first, third, 32);
	check_ok(keyfile_check_file(p.keys, &err), &err);
	assert_int_equal(unlink(path), 0);
	check_code(keyfile_check_file(p.keys, &err), PMJ_NOT_FOUND);
	check_ok(keyfile_save(p.keys, p.ring, false, &err), &err); /* mends it */
	check_ok(keyfile_check_file(p.keys, &err), &err);
	drop(&p);
}

static void
test_passphrase_change(void **state)
{
	static const struct keyfile_cost weak = {.ops = 2, .mem_kib = 65536},
	                                 other = {.ops = 4, .mem_kib = 65536};
	struct pair p = make(&os_real);
	struct ring *ring;
	struct buf b;

	(void)state;
	check_code(keyfile_set_passphrase(p.keys, p.ring, PASS2, &weak, &err), PMJ_INVALID);
	assert_int_equal(hub_time_in(PASS), 0);
	check_ok(keyfile_set_passphrase(p.keys, p.ring, PASS2, &other, &err), &err);
	b = file_bytes(path);
	assert_int_equal(get_le32(image_slot_at(b.bytes, 0) + SLOT_AT_OPS), 4);
	buf_close(&b);
	check_code(opens(path, PASS, &ring), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_save(p.keys, p.ring, true, &err), &err); /* the new KEK is the kept one */
	assert_int_equal(hub_time_in(PASS2), 0);
	drop(&p);
}

/* While a passphrase is stretched in its thread, the keys go on being used: saved, or locked. */
static void
test_change_beside_use(void **state)
{
	static const struct keyfile_cost other = {.ops = 4, .mem_kib = 65536};
	struct pair p = make(&os_real);
	struct keyfile_change *change;
	struct ring *ring;

	(void)state;
	check_ok(keyfile_change_new(&change, p.keys, &err), &err);
	check_code(
	    keyfile_change_stretch(change, PASS2, PASS2, &other, &err), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_change_stretch(change, PASS, PASS2, &other, &err), &err);
	ring_set_hub_time(p.ring, 12);
	check_ok(keyfile_save(p.keys, p.ring, true, &err), &err);
	assert_int_equal(hub_time_in(PASS), 12);
	check_ok(keyfile_change_put(change, p.keys, p.ring, &err), &err);
	keyfile_change_free(change);
	assert_int_equal(hub_time_in(PASS2), 12);
	check_code(opens(path, PASS, &ring), PMJ_WRONG_PASSPHRASE);
	check_ok(keyfile_save(p.keys, p.ring, false, &err), &err);
	check_ok(keyfile_change_new(&change, p.keys, &err), &err);
	drop(&p); /* locked meanwhile */
	check_ok(keyfile_change_stretch(change, PASS2, PASS, &other, &err), &err);
	keyfile_change_free(change);
	assert_int_equal(hub_time_in(PASS2), 12);
}

/* A second name keeps the old inode in sight. */
static void
test_old_inode_is_shredded(void **state)
{
	struct pair p = make(&os_real);
	struct buf before = file_bytes(path), after;
	size_t same = 0;

	(void)state;
	assert_int_equal(link(path, old_path), 0);
	check_ok(keyfile_save(p.keys, p.ring, false, &err), &err);
	after = file_bytes(old_path);
	assert_memory_equal(before.bytes, after.bytes, 16384); /* the same MK: nothing to hide */
	buf_close(&before);
	buf_close(&after);
	assert_int_equal(unlink(old_path), 0);
	before = file_bytes(path);
	assert_int_equal(link(path, old_path), 0);
	check_ok(keyfile_save(p.keys, p.ring, true, &err), &err);
	after = file_bytes(old_path);
	assert_int_equal(after.len, 16384);
	for (size_t i = 0; i < 16384; i++)
		same += before.bytes[i] == after.bytes[i];
	assert_in_range(same, 0, 200); /* 64 by chance */
	assert_int_equal(hub_time_in(PASS), 0);
	buf_close(&before);
	buf_close(&after);
	drop(&p);
}

static void
test_escrow(void **state)
{
	static struct image_work work;
	struct pair p = make(&os_real);
	uint8_t holder[16] = {7}, sk[32], pk[32], low[32] = {0};
	struct ring *ring;
	struct buf b;

	(void)state;
	prim_random(sk, sizeof(sk));
	prim_dh_public(pk, sk);
	check_code(keyfile_remove_escrow(p.keys, p.ring, holder, &err), PMJ_NOT_FOUND);
	check_code(keyfile_add_escrow(p.keys, p.ring, holder, low, &err), PMJ_INVALID);
	check_ok(keyfile_add_escrow(p.keys, p.ring, holder, pk, &err), &err);
	b = file_bytes(path);
	assert_int_equal(image_find(b.bytes, SLOT_ESCROW), 2);
	assert_memory_equal(image_slot_at(b.bytes, 2) + SLOT_AT_HOLDER, holder, 16);
	assert_int_equal(slot_x_public(&work.slot, image_slot_at(b.bytes, 2), sk), 0);
	check_ok(image_open(&ring, b.bytes, 2, &work, &err), &err);
	ring_free(ring);
	/* Removed: the slot is gone, and the MK that the holder knew opens nothing any more. */
	mk_of(work.mk);
	check_ok(keyfile_remove_escrow(p.keys, p.ring, holder, &err), &err);
	buf_close(&b);
	b = file_bytes(path);
	assert_int_equal(image_find(b.bytes, SLOT_ESCROW), -1);
	mk_of(work.ring_key);
	assert_memory_not_equal(work.mk, work.ring_key, 32);
	for (uint8_t i = 0; i < 6; i++) {
		holder[0] = i;
		check_ok(keyfile_add_escrow(p.keys, p.ring, holder, pk, &err), &err);
	}
	holder[0] = 99;
	check_code(keyfile_add_escrow(p.keys, p.ring, holder, pk, &err), PMJ_TOO_BIG);
	buf_close(&b);
	drop(&p);
}

static void
test_others_may_read(void **state)
{
	struct pair p = make(&os_real), q;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	check_code(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), PMJ_PERMISSION);
	assert_non_null(strstr(err.hint, "chmod 600"));
	assert_non_null(strstr(err.hint, path));
	check_code(keyfile_recover(&q.keys, &q.ring, &os_real, path, code, &err), PMJ_PERMISSION);
	drop(&p);
}

static void
put_bytes(const uint8_t *bytes, size_t count)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	assert_int_equal(close(fd), 0);
}

/* One flip in each field, through the whole way; image_test flips every bit. The file stays as it
 * was found. */
static void
test_damage(void **state)
{
	static const struct {
		size_t at;
		uint8_t flip;
		enum pmj_code want;
	} flips[] = {{0, 1, PMJ_DAMAGED_KEYS}, {8, 1, PMJ_DAMAGED_KEYS}, {12, 1, PMJ_DAMAGED_KEYS},
	    {16, 1, PMJ_WRONG_PASSPHRASE}, {64, 1, PMJ_DAMAGED_KEYS}, {68, 1, PMJ_DAMAGED_KEYS},
	    {68, 4, PMJ_WRONG_PASSPHRASE}, {72, 1, PMJ_WRONG_PASSPHRASE},
	    {80, 1, PMJ_WRONG_PASSPHRASE}, {160, 1, PMJ_WRONG_PASSPHRASE},
	    {192, 1, PMJ_DAMAGED_KEYS}, {216, 1, PMJ_DAMAGED_KEYS}, {400, 1, PMJ_DAMAGED_KEYS},
	    {2112, 1, PMJ_DAMAGED_KEYS}, {2120, 1, PMJ_DAMAGED_KEYS}, {2200, 1, PMJ_DAMAGED_KEYS},
	    {16383, 1, PMJ_OK}};
	struct pair p = make(&os_real), q;
	struct buf good = file_bytes(path), after;

	(void)state;
	for (size_t i = 0; i < sizeof(flips) / sizeof(flips[0]); i++) {
		good.bytes[flips[i].at] ^= flips[i].flip;
		put_bytes(good.bytes, good.len);
		check_code(
		    keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), flips[i].want);
		/* Whoever is still unlocked can tell, and by the key that it is damage. */
		check_code(keyfile_check_file(p.keys, &err),
		    flips[i].want == PMJ_OK ? PMJ_OK : PMJ_DAMAGED_KEYS);
		after = file_bytes(path);
		assert_memory_equal(good.bytes, after.bytes, good.len);
		buf_close(&after);
		drop(&q);
		good.bytes[flips[i].at] ^= flips[i].flip;
	}
	for (size_t len = 0; len < 16384; len += 4095) {
		put_bytes(good.bytes, len);
		check_code(
		    keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), PMJ_DAMAGED_KEYS);
	}
	buf_put_u8(&good, 0);
	put_bytes(good.bytes, good.len);
	check_code(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), PMJ_DAMAGED_KEYS);
	assert_int_equal(unlink(path), 0);
	check_code(keyfile_unlock(&q.keys, &q.ring, &os_real, path, PASS, &err), PMJ_NOT_FOUND);
	buf_close(&good);
	drop(&p);
}

/* ---- whatever fails ---- */

enum act { SAVE, ROTATE, CHANGE, ACTS };

static enum pmj_code
act(enum act which, struct pair *p)
{
	if (which == CHANGE)
		return keyfile_set_passphrase(p->keys, p->ring, PASS2, NULL, &err);
	return keyfile_save(p->keys, p->ring, which == ROTATE, &err);
}

/* The file is whole and holds the old ring or the new. Returns: does the new passphrase open it? */
static bool
check_whole(enum act which, bool done)
{
	struct ring *ring;
	uint64_t time;
	bool changed;

	changed = opens(path, PASS, &ring) != PMJ_OK;
	if (changed) {
		assert_int_equal(which, CHANGE);
		check_ok(opens(path, PASS2, &ring), &err);
	}
	time = ring_hub_time(ring);
	ring_free(ring);
	if (done)
		assert_int_equal(time, 2);
	else
		assert_in_range(time, 1, 2);
	return changed;
}

static void
fail_each_call(enum act which, bool for_good)
{
	struct faulty f;
	struct pair p;
	int n = 0;

	faulty_init(&f, -1, false, ENOSPC);
	p = make(&f.os);
	for (;; n++) {
		enum pmj_code rc;
		bool changed;

		faulty_init(&f, -1, false, 0);
		ring_set_hub_time(p.ring, 1);
		check_ok(keyfile_save(p.keys, p.ring, false, &err), &err);
		ring_set_hub_time(p.ring, 2);
		faulty_init(&f, n, for_good, n % 2 ? ENOSPC : EIO);
		rc = act(which, &p);
		changed = check_whole(which, rc == PMJ_OK);
		if (f.hits == 0)
			break;
		if (which == CHANGE && n > 9)
			break; /* each costs a stretching: the rest is as ROTATE */
		/* A new passphrase may be in force or not: memory goes on with the one on the disk.
		 */
		faulty_init(&f, -1, false, 0);
		check_ok(keyfile_save(p.keys, p.ring, false, &err), &err);
		assert_int_equal(check_whole(which, true), changed);
		if (which == CHANGE) {
			drop(&p);
			assert_int_equal(unlink(path), 0);
			p = make(&f.os);
		}
	}
	assert_true(n > 5);
	drop(&p);
}

static void
test_failing_save(void **state)
{
	(void)state;
	fail_each_call(SAVE, false);
}

static void
test_failing_save_for_good(void **state)
{
	(void)state;
	fail_each_call(SAVE, true);
}

static void
test_failing_rotation(void **state)
{
	(void)state;
	fail_each_call(ROTATE, false);
}

static void
test_failing_rotation_for_good(void **state)
{
	(void)state;
	fail_each_call(ROTATE, true);
}

static void
test_failing_change(void **state)
{
	(void)state;
	fail_each_call(CHANGE, false);
}

/* Making: either the file and its code are there, or neither. */
static void
test_failing_create(void **state)
{
	struct keyfile *keys;
	struct ring *ring;
	struct faulty f;
	int n = 0;

	(void)state;
	check_ok(ring_new(&ring, false, 5, &err), &err);
	for (;; n++) {
		faulty_init(&f, n, false, EIO);
		if (keyfile_create(&keys, &f.os, path, ring, PASS, &cheap, code, &err) == PMJ_OK) {
			assert_int_equal(strlen(code), KEYFILE_RECOVERY_CHARS);
			assert_int_equal(unlink(path), 0);
			keyfile_free(keys);
			if (f.hits == 0)
				break;
			continue;
		}
		assert_null(keys);
		assert_int_equal(code[0], 0);
		assert_false(fs_exists(&os_real, path));
	}
	assert_true(n > 5);
	ring_free(ring);
}

/* ---- tries ---- */

static int64_t fake_ms, fake_step;

static int64_t
fake_clock(void *ctx)
{
	(void)ctx;
	fake_ms += fake_step;
	return fake_ms;
}

static void
test_tries(void **state)
{
	struct keyfile_tries tries = {0};
	struct os os = os_real;

	(void)state;
	os.boot_ms = fake_clock;
	fake_ms = 100;
	fake_step = 1000;
	for (int i = 0; i < 5; i++)
		check_ok(keyfile_tries_take(&tries, &os, &err), &err);
	check_code(keyfile_tries_take(&tries, &os, &err), PMJ_BUSY);
	assert_non_null(strstr(err.hint, "55 seconds"));
	fake_ms = 61099 - 1000;
	check_code(keyfile_tries_take(&tries, &os, &err), PMJ_BUSY);
	check_ok(keyfile_tries_take(&tries, &os, &err), &err);
	fake_step = 0; /* the second of the five is 59,999 ms old */
	check_code(keyfile_tries_take(&tries, &os, &err), PMJ_BUSY);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fresh_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_DIR(test_create_and_unlock),
	    IN_DIR(test_create_to_fit),
	    IN_DIR(test_recovery),
	    IN_DIR(test_new_recovery),
	    IN_DIR(test_save_and_rotate),
	    IN_DIR(test_passphrase_change),
	    IN_DIR(test_change_beside_use),
	    IN_DIR(test_old_inode_is_shredded),
	    IN_DIR(test_escrow),
	    IN_DIR(test_others_may_read),
	    IN_DIR(test_damage),
	    IN_DIR(test_failing_save),
	    IN_DIR(test_failing_save_for_good),
	    IN_DIR(test_failing_rotation),
	    IN_DIR(test_failing_rotation_for_good),
	    IN_DIR(test_failing_change),
	    IN_DIR(test_failing_create),
	    cmocka_unit_test(test_tries),
	};

	prim_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
