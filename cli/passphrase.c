#include "cli/passphrase.h"

#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/http.h"
#include "cli/lang.h"
#include "cli/print.h"
#include "cli/term.h"

/* A warning and no more: the person may have reasons, such as a pipe or a stick without modes. */
static void
warn_if_shared(const char *file)
{
	struct stat st;

	if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		term_note("Careful: others can read %s. Mend it with: chmod 600 %s\n", file, file);
}

enum pmj_code
passphrase_read(struct buf *out, const char *file, const char *prompt, struct pmj_error *err)
{
	enum pmj_code rc;
	size_t len;

	if (file == NULL && !term_can_ask()) {
		(void)pmj_fail(err, PMJ_USAGE, "there is no terminal to ask on");
		pmj_hint(err, "give a file: --passphrase-file FILE (see --help for the others)");
		return PMJ_USAGE;
	}
	if (file == NULL && !term_ask_hidden(out, prompt))
		return pmj_fail(err, PMJ_USAGE, "stopped; nothing was changed");
	if (file != NULL) {
		warn_if_shared(file);
		if ((rc = term_slurp(out, file, PASSPHRASE_FILE_MAX, err)) != PMJ_OK)
			return rc == PMJ_NOT_FOUND
			           ? pmj_fail(err, PMJ_USAGE, "there is no file %s", file)
			           : rc;
	}
	len = strcspn(buf_text(out), "\r\n");
	if (len == 0)
		return pmj_fail(err, PMJ_INVALID, "an empty passphrase cannot be taken");
	out->len = len;
	out->bytes[len] = '\0';
	if (strlen((const char *)out->bytes) != len || !text_is_utf8((const char *)out->bytes, len))
		return pmj_fail(err, PMJ_INVALID, "a passphrase must be UTF-8 text");
	return PMJ_OK;
}

/* Own choice, typed twice. Strength is the daemon's to judge. */
static enum pmj_code
choose_own(struct buf *out, struct pmj_error *err)
{
	struct buf again;
	enum pmj_code rc;
	bool same = false;

	buf_init(&again, 0);
	while (!same) {
		rc = passphrase_read(out, NULL, LANG_N("Your passphrase (not shown): "), err);
		if (rc == PMJ_INVALID) {
			print_failure(err, false);
			continue;
		}
		if (rc != PMJ_OK || !term_ask_hidden(&again, "The same once more: "))
			break;
		same = again.len == out->len && memcmp(again.bytes, out->bytes, out->len) == 0;
		if (!same)
			term_note("  These were different. Let us try again.\n");
	}
	buf_wipe(&again);
	return same ? PMJ_OK : pmj_fail(err, PMJ_USAGE, "stopped; nothing was changed");
}

enum pmj_code
passphrase_choose(
    struct cli *cli, struct buf *out, const char *file, const char *name, struct pmj_error *err)
{
	json_t *offer = NULL;
	struct buf path;
	const char *words;
	enum pmj_code rc;

	if (file != NULL || !term_can_ask())
		return passphrase_read(out, file, "", err);
	buf_init(&path, 0);
	buf_put_text(&path, "/v1/passphrase/offer");
	if (name != NULL) {
		buf_put_text(&path, "?name=");
		http_escape(&path, name);
	}
	rc = client_get(&cli->client, &offer, buf_text(&path), err);
	buf_close(&path);
	if (rc != PMJ_OK)
		return rc;
	words = json_str(offer, "passphrase");
	if (words == NULL) {
		json_decref(offer);
		return choose_own(out, err);
	}
	term_note("\nA passphrase locks your records. These six words make a strong one:\n\n    ");
	term_put(stderr, PAINT_BOLD, words);
	term_note("\n\nWrite them on paper, keep it away from this laptop, and learn them.\n");
	for (;;) {
		if (!term_ask(out, "Type the words once, or Enter to choose your own: ")) {
			rc = pmj_fail(err, PMJ_USAGE, "stopped; nothing was changed");
			break;
		}
		if (out->len == 0) {
			rc = choose_own(out, err);
			break;
		}
		if (text_same(buf_text(out), words)) {
			buf_clear(out);
			buf_put_text(out, words);
			rc = PMJ_OK;
			break;
		}
		term_note("  That is not the same as the six words above. Try again.\n");
	}
	json_decref(offer);
	return rc;
}
