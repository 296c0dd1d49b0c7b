/* A hub certificate against a pin. An odd first byte: as it came. An even one: signed by roots the
 * pin knows. */
#include <stdlib.h>
#include <string.h>

#include "log/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
sign(uint8_t *sig, uint8_t seed_byte, const uint8_t *body)
{
	uint8_t seed[32];
	uint8_t pk[32];
	uint8_t sk[64];

	memset(seed, seed_byte, sizeof(seed));
	prim_sign_pair(pk, sk, seed);
	prim_sign(sig, "pmj hub cert v1", sk, PRIM_PARTS({body, 156}));
}

static void
pin_make(struct ring_pin *pin)
{
	struct cert_root root;
	struct cert cert;
	struct buf b;

	prim_start();
	memset(root.seed, 0x11, 32);
	memset(root.next_seed, 0x22, 32);
	buf_init(&b, 0);
	cert_make(&b, &root, 5, 1000, 2000, root.seed, root.seed);
	if (cert_read(&cert, b.bytes, b.len, NULL) != PMJ_OK)
		abort();
	*pin = (struct ring_pin){.set = true, .serial = 5};
	memcpy(pin->root_pk, cert.root_pk, 32);
	memcpy(pin->next_root_hash, cert.next_root_hash, 32);
	memcpy(pin->cert_hash, cert.hash, 32);
	buf_close(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct ring_pin pin;
	struct cert_root root;
	struct pmj_error err;
	struct cert cert;
	uint8_t *copy;

	if (!pin.set)
		pin_make(&pin);
	if (len < 1)
		return 0;
	copy = malloc(len);
	if (copy == NULL)
		return 0;
	memcpy(copy, bytes + 1, len - 1);
	len--;
	if (bytes[0] % 2 == 0 && len == CERT_BYTES)
		sign(copy + 156, bytes[0] & 2 ? 0x11 : 0x22, copy);
	if (bytes[0] % 2 == 0 && len == CERT_BYTES_ROOT_CHANGE) {
		sign(copy + 156, 0x11, copy);
		sign(copy + 220, bytes[0] & 2 ? 0x11 : 0x22, copy);
	}
	if (cert_read(&cert, copy, len, &err) == PMJ_OK &&
	    cert_accept(&cert, copy, len, &pin, &err) == PMJ_OK && cert.serial < pin.serial)
		abort();
	if (cert_root_read(&root, (const char *)copy, len, &err) == PMJ_OK) {
		struct buf b;

		buf_init(&b, 0);
		cert_root_put(&b, &root);
		if (b.failed != PMJ_OK)
			abort();
		buf_wipe(&b);
	}
	free(copy);
	return 0;
}
