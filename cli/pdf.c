#include "cli/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/start.h"

#define PDF_IN_MAX (7u * 1024 * 1024) /* pamoja-pdf takes 8 */

enum pmj_code
pdf_there(struct pmj_error *err)
{
	char *path = start_beside("pamoja-pdf");
	bool there = path != NULL && access(path, X_OK) == 0;

	free(path);
	if (there)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_FAILED, "the program pamoja-pdf, which makes PDFs, is not here");
	pmj_hint(err, "install Pamoja anew, or take --format html and print that");
	return PMJ_FAILED;
}

/* In memory only: the text, the PDF and the complaint. */
struct pdf_files {
	int in, out, said;
};

static enum pmj_code
files_open(struct pdf_files *files, const struct buf *in, struct pmj_error *err)
{
	files->in = memfd_create("text", MFD_CLOEXEC);
	files->out = memfd_create("pdf", MFD_CLOEXEC);
	files->said = memfd_create("said", MFD_CLOEXEC);
	if (write(files->in, in->bytes, in->len) != (ssize_t)in->len ||
	    lseek(files->in, 0, SEEK_SET) != 0)
		return pmj_fail(err, PMJ_NO_MEMORY, "there is no memory for a PDF");
	return PMJ_OK;
}

static void
files_close(const struct pdf_files *files)
{
	(void)close(files->in);
	(void)close(files->out);
	(void)close(files->said);
}

static _Noreturn void
become_pdf(const char *path, char *option, const struct pdf_files *files)
{
	char *const argv[] = {"pamoja-pdf", option, NULL};

	(void)dup2(files->in, STDIN_FILENO);
	(void)dup2(files->out, STDOUT_FILENO);
	(void)dup2(files->said, STDERR_FILENO);
	(void)execv(path, argv);
	_exit(127);
}

static enum pmj_code
take_pdf(struct buf *out, int file, struct pmj_error *err)
{
	char bytes[16384];
	ssize_t len;
	off_t at = 0;

	while ((len = pread(file, bytes, sizeof(bytes), at)) > 0) {
		buf_put(out, bytes, (size_t)len);
		at += len;
	}
	mem_wipe(bytes, sizeof(bytes));
	return buf_check(out, err);
}

/* Its message and, on a second line, the hint; other lines are a library's. */
static enum pmj_code
said_why(int file, enum pmj_code code, const char *else_hint, struct pmj_error *err)
{
	char text[512], *rest = text, *message;
	ssize_t len = pread(file, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	message = strsep(&rest, "\n");
	(void)pmj_fail(
	    err, code, "%s", *message != '\0' ? message : "pamoja-pdf ended without a PDF");
	message = rest != NULL ? strsep(&rest, "\n") : "";
	pmj_hint(err, "%s", *message != '\0' ? message : else_hint);
	return code;
}

static enum pmj_code
run_pdf(struct buf *out, const struct buf *in, char *option, const char *else_hint,
    struct pmj_error *err)
{
	char *path = start_beside("pamoja-pdf");
	struct pdf_files files;
	int status = -1;
	enum pmj_code rc;
	pid_t pid;

	if ((rc = files_open(&files, in, err)) != PMJ_OK)
		goto out;
	pid = path != NULL ? fork() : -1;
	if (pid == 0)
		become_pdf(path, option, &files);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && status == 0)
		rc = take_pdf(out, files.out, err);
	else
		rc = said_why(files.said,
		    option != NULL && pid > 0 && WIFEXITED(status) &&
		            WEXITSTATUS(status) == pmj_code_exit(PMJ_INVALID)
		        ? PMJ_INVALID
		        : PMJ_FAILED,
		    else_hint, err);
out:
	files_close(&files);
	free(path);
	return rc;
}

enum pmj_code
pdf_make(struct buf *out, const struct pdf_text *text, struct pmj_error *err)
{
	struct buf in;
	enum pmj_code rc;

	buf_init(&in, 0);
	buf_putf(&in, "%s\n%s\n", text->words != NULL ? text->words : "", text->title);
	buf_put_text(&in, text->text);
	if ((rc = buf_check(&in, err)) == PMJ_OK)
		rc = run_pdf(out, &in, NULL, "take --format html and print that", err);
	buf_wipe(&in);
	return rc;
}

/* All of an open file, from its beginning. */
static enum pmj_code
read_file(struct buf *out, FILE *file, struct pmj_error *err)
{
	char bytes[16384];
	size_t len;

	rewind(file);
	while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_put(out, bytes, len);
	if (ferror(file))
		return pmj_fail_errno(err, errno, "reading", "the file");
	if (out->failed != PMJ_OK) {
		(void)pmj_fail(err, PMJ_TOO_BIG, "the PDF has more than %d MB",
		    (int)(PDF_IN_MAX / (1024 * 1024)));
		pmj_hint(err, "scan the paper in grey at 150 dpi, or take a photo of it");
		return PMJ_TOO_BIG;
	}
	return PMJ_OK;
}

bool
pdf_is(FILE *file)
{
	char first[5] = "";
	bool is = fread(first, 1, sizeof(first), file) == sizeof(first) &&
	          memcmp(first, "%PDF-", sizeof(first)) == 0;

	rewind(file);
	return is;
}

enum pmj_code
pdf_clean(struct buf *out, bool *less, FILE *file, struct pmj_error *err)
{
	struct buf in;
	enum pmj_code rc;

	buf_init(&in, PDF_IN_MAX);
	if ((rc = pdf_there(err)) != PMJ_OK)
		pmj_hint(err, "install Pamoja anew, or name the scan as a JPEG");
	else if ((rc = read_file(&in, file, err)) == PMJ_OK)
		rc = run_pdf(out, &in, "--clean", "name the scan as a JPEG, or a photo of it", err);
	*less = rc == PMJ_OK && (in.len != out->len || memcmp(in.bytes, out->bytes, in.len) != 0);
	buf_wipe(&in);
	return rc;
}
