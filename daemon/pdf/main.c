/* main.c - pamoja-pdf: plain text on standard input becomes a PDF on standard output, locked with a
 * passphrase where one is given. A process of its own, started by `pamoja` for one paper: what
 * draws and locks PDFs is loaded by nothing else. It opens no file of the person's and no network.
 *
 * In   the words of the passphrase, or nothing, and a line end; the title and a line end; the text.
 * Out  the PDF, status 0. Else, on standard error, what is wrong and on a second line what to do.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "pdf/lock.h"
#include "pdf/page.h"

#define TEXT_MAX (8u * 1024 * 1024)

static enum pmj_code
read_all(struct buf *out, struct pmj_error *err)
{
	char bytes[16384];
	ssize_t len;

	while ((len = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		buf_put(out, bytes, (size_t)len);
	mem_wipe(bytes, sizeof(bytes));
	buf_put(out, "", 1);
	return len < 0 ? pmj_fail(err, PMJ_IO, "the text could not be read") : buf_check(out, err);
}

static enum pmj_code
write_all(const struct buf *pdf, struct pmj_error *err)
{
	size_t at = 0;

	while (at < pdf->len) {
		ssize_t put = write(STDOUT_FILENO, pdf->bytes + at, pdf->len - at);

		if (put <= 0)
			return pmj_fail(err, PMJ_IO, "the PDF could not be handed back");
		at += (size_t)put;
	}
	return PMJ_OK;
}

static enum pmj_code
make(char *in, struct pmj_error *err)
{
	const char *words = strsep(&in, "\n"), *title = in != NULL ? strsep(&in, "\n") : NULL;
	struct buf plain, locked;
	enum pmj_code rc;

	if (in == NULL || title == NULL)
		return pmj_fail(err, PMJ_USAGE, "pamoja-pdf is started by pamoja");
	buf_init(&plain, 0);
	buf_init(&locked, 0);
	rc = page_make(&plain, title, in, err);
	if (rc == PMJ_OK && *words != '\0')
		rc = lock_pdf(&locked, &plain, words, err);
	if (rc == PMJ_OK)
		rc = write_all(*words != '\0' ? &locked : &plain, err);
	buf_wipe(&plain);
	buf_wipe(&locked);
	return rc;
}

int
main(void)
{
	struct pmj_error err = {PMJ_OK, "", ""};
	struct buf in;
	enum pmj_code rc;

	(void)prctl(PR_SET_DUMPABLE, 0);
	buf_init(&in, TEXT_MAX);
	if ((rc = read_all(&in, &err)) == PMJ_OK)
		rc = make((char *)in.bytes, &err);
	buf_wipe(&in);
	if (rc != PMJ_OK)
		(void)fprintf(stderr, "%s\n%s\n", err.message, err.hint);
	return pmj_code_exit(rc);
}
