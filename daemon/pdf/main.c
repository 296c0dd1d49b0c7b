/* main.c - pamoja-pdf: plain text on standard input becomes a PDF on standard output, locked with a
 * passphrase where one is given. A process of its own, started by `pamoja` for one paper: what
 * draws and locks PDFs is loaded by nothing else. It opens no file of the person's and no network.
 *
 * --clean: a PDF on standard input, by others, becomes one that is its pages and nothing else.
 *
 * In   the words of the passphrase, or nothing, and a line end; the title and a line end; the text.
 * Out  the PDF, status 0. Else, on standard error, what is wrong and on a second line what to do.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sandbox.h"
#include "pdf/clean.h"
#include "pdf/lock.h"
#include "pdf/page.h"

#define TEXT_MAX (8u * 1024 * 1024)
#define MEMORY_MAX (512u * 1024 * 1024)
#define SECONDS_MAX 30

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

/* What comes in was made by others: nothing can be opened, sent or started from here on, and a file
 * that would take all memory or all day ends this process and nothing else. */
static enum pmj_code
shut_in(struct pmj_error *err)
{
	static const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX},
	                           time = {SECONDS_MAX, SECONDS_MAX};
	bool in_force;
	enum pmj_code rc;

	sandbox_basics();
	(void)setrlimit(RLIMIT_AS, &memory);
	(void)setrlimit(RLIMIT_CPU, &time);
	if ((rc = sandbox_folders(&in_force, NULL, 0, NULL, 0, err)) != PMJ_OK)
		return rc;
	return sandbox_no_network(err);
}

static enum pmj_code
clean(const struct buf *in, struct pmj_error *err)
{
	struct buf out;
	enum pmj_code rc;

	buf_init(&out, 0);
	if ((rc = shut_in(err)) == PMJ_OK &&
	    (rc = clean_pdf(&out, in->bytes, in->len - 1, err)) == PMJ_OK)
		rc = write_all(&out, err);
	buf_wipe(&out);
	return rc;
}

int
main(int argc, char **argv)
{
	bool cleans = argc == 2 && strcmp(argv[1], "--clean") == 0;
	struct pmj_error err = {PMJ_OK, "", ""};
	struct buf in;
	enum pmj_code rc;

	(void)prctl(PR_SET_DUMPABLE, 0);
	buf_init(&in, TEXT_MAX);
	if ((rc = read_all(&in, &err)) == PMJ_OK)
		rc = cleans ? clean(&in, &err) : make((char *)in.bytes, &err);
	buf_wipe(&in);
	if (rc != PMJ_OK)
		(void)fprintf(stderr, "%s\n%s\n", err.message, err.hint);
	return pmj_code_exit(rc);
}
