/* What somebody types from a paper of a backup key: what is taken is written, and read, the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/halves.h"
#include "crypto/prim.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_again(const struct words *const lists[static 2], const struct half *half)
{
	char text[HALF_TEXT_MAX];
	struct half again;

	for (int i = 0; i < 2; i++) {
		half_text(lists[i], text, half);
		if (half_read(&again, lists, 2, text, true, NULL) != PMJ_OK ||
		    memcmp(again.share, half->share, HALF_BYTES) != 0 ||
		    again.which != half->which || again.day != half->day ||
		    again.number != half->number)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const paths[] = {
	    PAMOJA_CONF_DIR "/words/en.txt", PAMOJA_CONF_DIR "/words/sw.txt"};
	static struct words *words[2];
	char *text = mem_new(len + 1);
	struct half half;

	prim_start();
	for (int i = 0; i < 2; i++)
		if (words[i] == NULL && words_read(&words[i], &os_real, paths[i], NULL) != PMJ_OK)
			abort();
	if (len > 0)
		memcpy(text, bytes, len);
	if (half_read(&half, (const struct words *const *)words, 2, text, false, NULL) == PMJ_OK)
		check_again((const struct words *const *)words, &half);
	free(text);
	return 0;
}
