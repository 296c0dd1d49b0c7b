#include "crypto/token_ssh.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TYPE "ssh-ed25519"
#define PEM_COLUMNS 70
#define BLOCK 8 /* what the private part is padded to where no cipher is used */

struct pair {
	uint8_t pk[PRIM_SIGN_PK_BYTES];
	uint8_t sk[PRIM_SIGN_SK_BYTES];
};

static void
make_pair(struct pair *out, const uint8_t token[static TOKEN_BYTES])
{
	uint8_t seed[PRIM_HASH_BYTES];

	prim_hash(seed, "pmj gate ssh v1", PRIM_PARTS({token, TOKEN_BYTES}));
	prim_sign_pair(out->pk, out->sk, seed);
	prim_wipe(seed, sizeof(seed));
}

/* Big-endian, as all of ssh. */
static void
put_u32(struct buf *out, uint32_t value)
{
	const uint8_t bytes[] = {
	    (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	buf_put(out, bytes, sizeof(bytes));
}

static void
put_string(struct buf *out, const void *bytes, size_t len)
{
	put_u32(out, (uint32_t)len);
	buf_put(out, bytes, len);
}

static void
put_public(struct buf *out, const uint8_t pk[static PRIM_SIGN_PK_BYTES])
{
	put_string(out, TYPE, strlen(TYPE));
	put_string(out, pk, PRIM_SIGN_PK_BYTES);
}

/* Base64 of the first alphabet, padded, in lines of so many characters; 0: in one. */
static void
put_base64(struct buf *out, const struct buf *bytes, size_t columns)
{
	size_t chars = (bytes->len * 4 + 2) / 3;
	char *text = mem_array(chars + 4, 1);

	text_base64(text, bytes->bytes, bytes->len);
	for (size_t i = 0; i < chars; i++)
		text[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	while (chars % 4 != 0)
		text[chars++] = '=';
	for (size_t i = 0; i < chars; i++) {
		buf_put(out, text + i, 1);
		if (columns != 0 && (i + 1) % columns == 0 && i + 1 < chars)
			buf_put_text(out, "\n");
	}
	mem_wipe(text, chars);
	free(text);
}

void
token_ssh_public(struct buf *out, const uint8_t token[static TOKEN_BYTES])
{
	struct pair pair;
	struct buf blob;

	make_pair(&pair, token);
	buf_init(&blob, 0);
	put_public(&blob, pair.pk);
	buf_put_text(out, TYPE " ");
	put_base64(out, &blob, 0);
	buf_close(&blob);
	prim_wipe(&pair, sizeof(pair));
}

/* The part that a passphrase would hide. Two equal numbers in front show that it was opened
 * rightly; nothing is hidden here, so any will do. */
static void
put_private(struct buf *out, const struct pair *pair)
{
	struct buf part;

	buf_init(&part, 0);
	put_u32(&part, 0);
	put_u32(&part, 0);
	put_public(&part, pair->pk);
	put_string(&part, pair->sk, sizeof(pair->sk));
	put_string(&part, "", 0);
	for (uint8_t i = 1; part.len % BLOCK != 0; i++)
		buf_put_u8(&part, i);
	put_string(out, part.bytes, part.len);
	buf_wipe(&part);
}

void
token_ssh_private(struct buf *out, const uint8_t token[static TOKEN_BYTES])
{
	struct buf blob, public;
	struct pair pair;

	make_pair(&pair, token);
	buf_init(&blob, 0);
	buf_init(&public, 0);
	put_public(&public, pair.pk);
	buf_put(&blob, "openssh-key-v1", sizeof("openssh-key-v1"));
	put_string(&blob, "none", strlen("none")); /* cipher */
	put_string(&blob, "none", strlen("none")); /* and how its key is made */
	put_string(&blob, "", 0);
	put_u32(&blob, 1);
	put_string(&blob, public.bytes, public.len);
	put_private(&blob, &pair);
	buf_put_text(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	put_base64(out, &blob, PEM_COLUMNS);
	buf_put_text(out, "\n-----END OPENSSH PRIVATE KEY-----\n");
	buf_wipe(&blob);
	buf_close(&public);
	prim_wipe(&pair, sizeof(pair));
}
