#include "cli/term.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/lang.h"
#include "cli/wrap.h"

#define YES_DEFAULT LANG_N("Y/n")
#define NO_DEFAULT LANG_N("y/N")

static struct {
	bool can_ask;
	bool colour_out, colour_err;
	size_t out_columns, err_columns; /* 0: no terminal, nothing is broken into lines */
	struct wrap out, err;
} term;

static size_t
columns_at(int fd)
{
	struct winsize size = {0};

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void
term_init(bool no_input)
{
	const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
	bool colour =
	    (no_color == NULL || *no_color == '\0') && (name == NULL || strcmp(name, "dumb") != 0);

	term.can_ask = !no_input && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	term.colour_out = colour && isatty(STDOUT_FILENO);
	term.colour_err = colour && isatty(STDERR_FILENO);
	term.out_columns = columns_at(STDOUT_FILENO);
	term.err_columns = columns_at(STDERR_FILENO);
	(void)setlocale(LC_ALL, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

bool
term_can_ask(void)
{
	return term.can_ask;
}

size_t
term_columns(void)
{
	return columns_at(STDOUT_FILENO);
}

const char *
term_paint(FILE *stream, enum paint paint)
{
	static const char *const escapes[] = {
	    "\033[0m", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m"};

	if (stream == stdout ? !term.colour_out : !term.colour_err)
		return "";
	return escapes[paint];
}

/* What others wrote must not steer this terminal, nor be shown in another order than it is kept:
 * such a character is shown as '?'. */
char *
term_harmless(const char *text)
{
	char *copy = mem_strdup(text), *to = copy;

	while (*text != '\0') {
		size_t steers = text_steers(text);

		*to++ = steers > 0 ? '?' : *text;
		text += steers > 0 ? steers : 1;
	}
	*to = '\0';
	return copy;
}

static void
put_harmless(FILE *stream, const char *text)
{
	size_t columns = stream == stdout ? term.out_columns : term.err_columns;
	char *shown = term_harmless(text);
	struct buf lines;

	buf_init(&lines, 0);
	if (columns > 0)
		wrap_put(stream == stdout ? &term.out : &term.err, &lines, shown, columns);
	(void)fputs(columns > 0 ? buf_text(&lines) : shown, stream);
	buf_wipe(&lines);
	mem_free_wiped(shown);
}

void
term_put(FILE *stream, enum paint paint, const char *text)
{
	(void)fputs(paint == PAINT_PLAIN ? "" : term_paint(stream, paint), stream);
	put_harmless(stream, text);
	(void)fputs(paint == PAINT_PLAIN ? "" : term_paint(stream, PAINT_PLAIN), stream);
}

static void put_formatted(FILE *stream, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
put_formatted(FILE *stream, const char *fmt, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, lang_text(fmt), args) < 0)
		return;
	put_harmless(stream, text);
	mem_free_wiped(text);
}

void
term_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(stdout, fmt, args);
	va_end(args);
}

void
term_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_formatted(stderr, fmt, args);
	va_end(args);
}

void
term_progress(const char *fmt, ...)
{
	va_list args;

	(void)fputs("\r\033[K", stderr); /* the line is empty again */
	term.err = (struct wrap){0};
	va_start(args, fmt);
	put_formatted(stderr, fmt, args);
	va_end(args);
}

/* Byte by byte: nothing may be read ahead, another prompt or program comes after us. */
static bool
read_typed(struct buf *out)
{
	bool any = false;
	ssize_t n;
	char c;

	buf_wipe(out);
	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && out->len < TERM_LINE_MAX) {
		buf_put(out, &c, 1);
		any = true;
	}
	term.err = (struct wrap){0}; /* Enter ended the question's line */
	return n == 1 || any;
}

static void
trim(struct buf *line)
{
	size_t start = 0;

	while (line->len > 0 && isspace(line->bytes[line->len - 1]))
		line->bytes[--line->len] = '\0';
	while (start < line->len && isspace(line->bytes[start]))
		start++;
	if (start > 0) {
		memmove(line->bytes, line->bytes + start, line->len - start + 1);
		line->len -= start;
	}
}

bool
term_ask(struct buf *out, const char *fmt, ...)
{
	va_list args;
	bool got;

	(void)fflush(stdout);
	(void)fputs(term_paint(stderr, PAINT_BOLD), stderr);
	va_start(args, fmt);
	put_formatted(stderr, fmt, args);
	va_end(args);
	(void)fputs(term_paint(stderr, PAINT_PLAIN), stderr);
	(void)fflush(stderr);
	got = read_typed(out);
	if (!got)
		(void)fputc('\n', stderr);
	trim(out);
	return got;
}

static struct termios shown;

/* Ctrl-C at a hidden prompt must not leave the terminal blind. */
static void
restore_and_end(int signum)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)signal(signum, SIG_DFL);
	(void)raise(signum);
}

bool
term_ask_hidden(struct buf *out, const char *prompt)
{
	struct sigaction restore = {.sa_handler = restore_and_end}, old_int, old_term;
	struct termios hidden;
	bool got;

	(void)fflush(stdout);
	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)sigaction(SIGINT, &restore, &old_int);
	(void)sigaction(SIGTERM, &restore, &old_term);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	/* Asked only now: what answers the question is neither shown nor flushed away. */
	term_note("%s", lang_text(prompt));
	(void)fflush(stderr);
	got = read_typed(out);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)sigaction(SIGINT, &old_int, NULL);
	(void)sigaction(SIGTERM, &old_term, NULL);
	(void)fputc('\n', stderr);
	return got;
}

/* A terminal that knows no second screen, or none at all, is filled with empty lines instead. */
static bool
is_dumb(void)
{
	const char *name = getenv("TERM");

	return name == NULL || *name == '\0' || strcmp(name, "dumb") == 0;
}

void
term_clear(void)
{
	if (is_dumb())
		for (int i = 0; i < 100; i++)
			(void)fputc('\n', stderr);
	else
		(void)fputs("\033[H\033[2J", stderr);
	(void)fflush(stderr);
}

#define LEAVE_SCREEN "\033[2J\033[?1049l"

static void
leave_and_end(int signum)
{
	(void)!write(STDERR_FILENO, LEAVE_SCREEN, sizeof(LEAVE_SCREEN) - 1);
	(void)signal(signum, SIG_DFL);
	(void)raise(signum);
}

void
term_private(bool begin)
{
	struct sigaction leave = {.sa_handler = begin && !is_dumb() ? leave_and_end : SIG_DFL};

	(void)sigaction(SIGINT, &leave, NULL);
	(void)sigaction(SIGTERM, &leave, NULL);
	if (is_dumb())
		term_clear();
	else
		(void)fputs(begin ? "\033[?1049h\033[H\033[2J" : LEAVE_SCREEN, stderr);
	(void)fflush(stderr);
}

static volatile sig_atomic_t stop_signal;

static void
remember_stop(int signum)
{
	stop_signal = signum;
}

void
term_hold_stop(void)
{
	const struct sigaction hold = {.sa_handler = remember_stop, .sa_flags = (int)SA_RESETHAND};

	(void)sigaction(SIGINT, &hold, NULL);
	(void)sigaction(SIGTERM, &hold, NULL);
	(void)sigaction(SIGHUP, &hold, NULL);
}

bool
term_stopped(void)
{
	return stop_signal != 0;
}

void
term_obey_stop(void)
{
	if (stop_signal == 0)
		return;
	(void)signal(stop_signal, SIG_DFL);
	(void)raise(stop_signal);
}

enum said { SAID_NO, SAID_YES, SAID_UNCLEAR };

/* English: y or n. Swahili: ndiyo or hapana, also yes and no; a lone n could be either, so it is
 * neither. */
static enum said
yes_or_no(const char *typed, bool otherwise)
{
	bool english = strcmp(lang_text(YES_DEFAULT), YES_DEFAULT) == 0;

	if (typed[0] == '\0')
		return otherwise ? SAID_YES : SAID_NO;
	if (strncasecmp(typed, "y", 1) == 0 || (!english && strncasecmp(typed, "nd", 2) == 0))
		return SAID_YES;
	if (strncasecmp(typed, "no", 2) == 0 || (!english && strncasecmp(typed, "h", 1) == 0) ||
	    (english && strncasecmp(typed, "n", 1) == 0))
		return SAID_NO;
	return english ? (otherwise ? SAID_YES : SAID_NO) : SAID_UNCLEAR;
}

bool
term_yes(bool otherwise, const char *fmt, ...)
{
	char question[512];
	struct buf answer;
	enum said said = SAID_UNCLEAR;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(question, sizeof(question), lang_text(fmt), args);
	va_end(args);
	buf_init(&answer, 0);
	while (said == SAID_UNCLEAR)
		said = term_ask(&answer, "%s [%s] ", question,
		           lang_text(otherwise ? YES_DEFAULT : NO_DEFAULT))
		           ? yes_or_no(buf_text(&answer), otherwise)
		           : SAID_NO;
	buf_wipe(&answer);
	return said == SAID_YES;
}

enum pmj_code
term_slurp(struct buf *out, const char *path, size_t limit, struct pmj_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum pmj_code rc = PMJ_OK;
	uint8_t chunk[16384];
	ssize_t n;

	if (fd < 0)
		return pmj_fail_errno(err, errno, "cannot read", path);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = pmj_fail_errno(err, errno, "cannot read", path);
			break;
		}
		if (out->len + (size_t)n > limit) {
			rc = pmj_fail(
			    err, PMJ_TOO_BIG, "%s is larger than %zu KiB", path, limit / 1024);
			break;
		}
		buf_put(out, chunk, (size_t)n);
	}
	mem_wipe(chunk, sizeof(chunk));
	if (!standard)
		(void)close(fd);
	return rc != PMJ_OK ? rc : buf_check(out, err);
}
