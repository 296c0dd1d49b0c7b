/* The key file and what is in it. The first byte chooses: 0 the file's bytes (zeros to its end), 1
 * the ring's records, 2 edits of a good key file, 3 a recovery code as typed. */
#include <stdlib.h>
#include <string.h>

#include "crypto/image.h"
#include "crypto/recovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

static struct image_work work;
static uint8_t good[IMAGE_BYTES], packed[14224];
static size_t packed_len;

static void
make_good(void)
{
	static const uint8_t uuid[16] = {0xc3};
	struct ring *ring;
	uint8_t *slot = good + IMAGE_AT_SLOTS;

	prim_start();
	MUST(ring_new(&ring, true, 5, NULL) == PMJ_OK);
	image_begin(good, uuid);
	slot_begin(slot, SLOT_PASSPHRASE, 3, 65536);
	memset(&work, 0, sizeof(work));
	slot_keys(&work.slot, uuid, 0, slot);
	memcpy(slot + SLOT_AT_COMMIT, work.slot.kek_commit + 32, 32);
	slot_seal(slot, uuid, work.slot.kek_commit, work.mk);
	MUST(image_seal(good, ring, &work, NULL) == PMJ_OK);
	MUST(ring_pack(packed, sizeof(packed), &packed_len, ring, NULL) == PMJ_OK);
	ring_free(ring);
}

/* A checked image opens through x = 0 only to the ring of make_good. */
static void
open_image(const uint8_t *image, size_t len)
{
	static uint8_t out[sizeof(packed)];
	struct ring *ring;
	size_t out_len;

	if (image_check(image, len, NULL) != PMJ_OK)
		return;
	memset(&work.slot, 0, sizeof(work.slot));
	if (image_open(&ring, image, (unsigned)image_find(image, SLOT_PASSPHRASE), &work, NULL) !=
	    PMJ_OK)
		return;
	MUST(ring_pack(out, sizeof(out), &out_len, ring, NULL) == PMJ_OK);
	MUST(out_len == packed_len && memcmp(out, packed, out_len) == 0);
	ring_free(ring);
}

static void
whole_file(const uint8_t *bytes, size_t len)
{
	static uint8_t image[IMAGE_BYTES];

	open_image(bytes, len);
	memset(image, 0, sizeof(image));
	memcpy(image, bytes, len < sizeof(image) ? len : sizeof(image));
	open_image(image, sizeof(image));
}

/* What decodes packs, and packs the same again. */
static void
ring_records(const uint8_t *bytes, size_t len)
{
	static uint8_t one[sizeof(packed)], two[sizeof(packed)];
	struct ring *ring, *again;
	size_t one_len, two_len;

	if (ring_decode(&ring, bytes, len, NULL) != PMJ_OK)
		return;
	if (ring_pack(one, sizeof(one), &one_len, ring, NULL) == PMJ_OK) {
		MUST(ring_decode(&again, one, one_len, NULL) == PMJ_OK);
		MUST(ring_pack(two, sizeof(two), &two_len, again, NULL) == PMJ_OK);
		MUST(one_len == two_len && memcmp(one, two, one_len) == 0);
		ring_free(again);
	}
	ring_free(ring);
}

static void
edits(const uint8_t *bytes, size_t len)
{
	static uint8_t image[IMAGE_BYTES];

	memcpy(image, good, sizeof(image));
	for (; len >= 3; bytes += 3, len -= 3)
		image[get_le16(bytes) % IMAGE_BYTES] = bytes[2];
	open_image(image, sizeof(image));
}

static void
recovery_code(const uint8_t *bytes, size_t len)
{
	uint8_t code[RECOVERY_BYTES], again[RECOVERY_BYTES];
	char printed[RECOVERY_CHARS + 1];
	char *text = malloc(len + 1);

	MUST(text != NULL);
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (recovery_parse(code, text, NULL) == PMJ_OK) {
		recovery_text(printed, code);
		MUST(recovery_parse(again, printed, NULL) == PMJ_OK);
		MUST(memcmp(code, again, sizeof(code)) == 0);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const targets[])(const uint8_t *, size_t) = {
	    whole_file, ring_records, edits, recovery_code};

	if (packed_len == 0)
		make_good();
	if (len > 0)
		targets[bytes[0] % 4](bytes + 1, len - 1);
	return 0;
}
