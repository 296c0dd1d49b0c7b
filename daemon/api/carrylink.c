/* carrylink.c - HOME/run/carry.sock: one carrier at a time, lines of JSON both ways. What it says
 * is believed of places only (carried, delivered), never of content. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/core.h"
#include "api/listen.h"
#include "base/diag.h"
#include "base/mem.h"
#include "base/text.h"
#include "pamoja/api.h"

#define LINE_MAX_BYTES (1024 * 1024)

struct carrylink {
	struct core *core;
	int listen_fd;
	struct loop_io *listen_io;
	char *path;
	int fd; /* -1: no carrier */
	struct loop_io *io;
	struct buf in;
	struct buf out;
	size_t sent;
};

static void
hang_up(struct carrylink *link)
{
	if (link->fd < 0)
		return;
	loop_io_free(link->io);
	(void)close(link->fd);
	link->io = NULL;
	link->fd = -1;
	link->sent = 0;
	buf_close(&link->in);
	buf_close(&link->out);
	exchange_broken(link->core);
}

static bool
flush(struct carrylink *link)
{
	while (link->sent < link->out.len) {
		ssize_t put = send(link->fd, link->out.bytes + link->sent,
		    link->out.len - link->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
			loop_io_set(link->io, LOOP_READ | LOOP_WRITE);
			return true;
		}
		if (put < 0) {
			hang_up(link);
			return false;
		}
		link->sent += (size_t)put;
	}
	link->sent = 0;
	buf_close(&link->out);
	loop_io_set(link->io, LOOP_READ);
	return true;
}

bool
carrylink_up(const struct carrylink *link)
{
	return link != NULL && link->fd >= 0;
}

bool
carrylink_send(struct carrylink *link, json_t *line)
{
	if (carrylink_up(link)) {
		json_put(&link->out, line);
		buf_put_u8(&link->out, '\n');
	}
	json_decref(line);
	return carrylink_up(link) && flush(link);
}

void
carrylink_remotes(struct core *core)
{
	json_t *remotes = NULL;
	int lane = core->is_hub ? LANE_DOWN : LANE_UP;

	if (core->journal == NULL && core->revoked == 0)
		return;
	if (core->hub != NULL) {
		if (hub_remotes(core->hub, &remotes, NULL) != PMJ_OK)
			return;
	} else {
		json_t *mark = core->journal == NULL ? core_revoked_mark(core) : NULL;

		remotes = mark != NULL ? json_incref(json_object_get(mark, "remotes"))
		                       : device_remote_lines(core->journal);
		json_decref(mark);
		if (remotes == NULL)
			return;
	}
	(void)carrylink_send(core->carry,
	    json_pack("{s:s,s:i,s:o,s:b,s:b}", "do", "remotes", "write", lane, "remotes", remotes,
	        "metered", (int)core->settings.metered, "no_sticks", (int)!core->settings.sticks));
}

/* [mailbox, lane, incarnation, segno] */
static void
mark_segment(struct core *core, const json_t *event, enum sync_place place)
{
	const json_t *at = json_arr(event, "segment");
	uint8_t mailbox[PMJ_MAILBOX_BYTES], incarnation[PMJ_INCARNATION_BYTES];
	const char *mailbox_hex = json_string_value(json_array_get(at, 0));
	const char *incarnation_hex = json_string_value(json_array_get(at, 2));
	struct pmj_error err;

	if (mailbox_hex == NULL || incarnation_hex == NULL ||
	    !text_unhex(mailbox, sizeof(mailbox), mailbox_hex) ||
	    !text_unhex(incarnation, sizeof(incarnation), incarnation_hex))
		return;
	if (core->sync == NULL && core->revoked != 0 && place == SYNC_DELIVERED)
		sync_leave_delivered(core->os, core->home, mailbox,
		    (int)json_integer_value(json_array_get(at, 1)), incarnation,
		    (uint64_t)json_integer_value(json_array_get(at, 3)));
	if (core->sync == NULL)
		return;
	if (journal_begin_more(core->journal, &err) != PMJ_OK) {
		diag_error("noting what the carrier did", &err);
		return;
	}
	if (sync_mark(core->sync, place, mailbox, (int)json_integer_value(json_array_get(at, 1)),
	        incarnation, (uint64_t)json_integer_value(json_array_get(at, 3)), &err) != PMJ_OK) {
		journal_rollback(core->journal); /* it is said again by the next exchange */
		diag_error("noting what the carrier did", &err);
		return;
	}
	(void)journal_rest(core->journal);
	core->marks_rest = true;
}

/* The far branch of a lane we write is no chain of segments. */
static void
note_spoiled(struct core *core, const json_t *event)
{
	uint8_t mailbox[PMJ_MAILBOX_BYTES], incarnation[PMJ_INCARNATION_BYTES];
	struct pmj_error err;

	if (core->sync != NULL && json_int(event, "segno", -1) == 0 &&
	    json_unhex(event, "mailbox", mailbox, sizeof(mailbox)) &&
	    json_unhex(event, "inc", incarnation, sizeof(incarnation)) &&
	    sync_spoiled(core->sync, mailbox, incarnation, &err) != PMJ_OK)
		diag_error("beginning a new run of segments", &err);
}

static void
take_event(struct core *core, const json_t *event)
{
	const char *what = json_str(event, "event");

	if (what == NULL)
		return;
	if (strcmp(what, "arrived") == 0 || strcmp(what, "foreign") == 0)
		core_wake(core);
	if (strcmp(what, "news") == 0)
		core_news(core);
	if (strcmp(what, "chance") == 0)
		core_chance(core);
	if (strcmp(what, "stick") == 0 && json_str(event, "dir") != NULL)
		core_stick(core, json_str(event, "dir"));
	if (strcmp(what, "waits") == 0)
		core_waits(core, event);
	if (strcmp(what, "hello") == 0) {
		core->carrier_fenced = json_flag(event, "folders_only");
		carrylink_remotes(core);
		core_carrier_up(core);
	} else if (strcmp(what, "foreign") == 0)
		note_spoiled(core, event);
	else if (strcmp(what, "carried") == 0)
		mark_segment(core, event, SYNC_CARRIED);
	else if (strcmp(what, "delivered") == 0)
		mark_segment(core, event, SYNC_DELIVERED);
	else if (strcmp(what, "ended") == 0)
		mark_segment(core, event, SYNC_ENDED);
	else if (strcmp(what, "progress") == 0)
		exchange_progress(core, event);
	else if (strcmp(what, "done") == 0)
		exchange_carried(core, json_int(event, "id", 0), event);
}

/* What was noted of all that came at once is one commit: thousands of mailboxes may be told of. The
 * checkpoint has its turn before more is read. */
static void
settle_marks(struct core *core)
{
	struct pmj_error err;

	if (!core->marks_rest || core->journal == NULL)
		return;
	core->marks_rest = false;
	if (journal_settle(core->journal, &err) != PMJ_OK)
		diag_error("noting what the carrier did", &err);
	if (core_owes_checkpoint(core))
		core_wake(core);
}

static void
take_lines(struct carrylink *link)
{
	size_t from = 0;

	for (;;) {
		const char *start = buf_text(&link->in) + from;
		const char *end = memchr(start, '\n', link->in.len - from);
		struct pmj_error err;
		json_t *event;

		if (end == NULL)
			break;
		if (json_read(&event, start, (size_t)(end - start), &json_limits_api, &err) ==
		    PMJ_OK) {
			take_event(link->core, event);
			json_decref(event);
		} else {
			diag_error("a line of the carrier", &err);
		}
		if (link->fd < 0)
			return;
		from += (size_t)(end - start) + 1;
	}
	if (from > 0) {
		memmove(link->in.bytes, link->in.bytes + from, link->in.len - from);
		link->in.len -= from;
	}
}

static void
link_ready(void *ctx, int what)
{
	struct carrylink *link = ctx;
	struct core_step step;
	char chunk[16384];
	ssize_t got;

	if ((what & LOOP_WRITE) && !flush(link))
		return;
	if (!(what & LOOP_READ))
		return;
	got = recv(link->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buf_put(&link->in, chunk, (size_t)got);
	if (got <= 0 || link->in.failed != PMJ_OK) {
		hang_up(link);
		return;
	}
	core_step_begin(link->core, &step, "what the carrier says");
	take_lines(link);
	settle_marks(link->core);
	core_step_end(link->core, &step);
}

static void
link_accept(void *ctx, int what)
{
	struct carrylink *link = ctx;
	int fd = accept4(link->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0)
		return;
	if (!listen_peer_is_us(fd)) {
		(void)close(fd);
		return;
	}
	hang_up(link); /* a new carrier replaces a dead one */
	link->fd = fd;
	buf_init(&link->in, LINE_MAX_BYTES);
	buf_init(&link->out, 0);
	link->io = loop_io_new(link->core->loop, fd, LOOP_READ, link_ready, link);
}

enum pmj_code
carrylink_new(struct carrylink **out, struct core *core, struct pmj_error *err)
{
	struct carrylink *link = mem_new(sizeof(*link));

	link->core = core;
	link->fd = -1;
	link->path = core_path(core, PMJ_CARRY_SOCKET);
	link->listen_fd = listen_unix(link->path, err);
	*out = link;
	if (link->listen_fd < 0) {
		carrylink_free(link);
		*out = NULL;
		return err->code;
	}
	link->listen_io = loop_io_new(core->loop, link->listen_fd, LOOP_READ, link_accept, link);
	return PMJ_OK;
}

void
carrylink_free(struct carrylink *link)
{
	if (link == NULL)
		return;
	if (link->fd >= 0) {
		loop_io_free(link->io);
		(void)close(link->fd);
		buf_close(&link->in);
		buf_close(&link->out);
	}
	loop_io_free(link->listen_io);
	if (link->listen_fd >= 0) {
		(void)close(link->listen_fd);
		(void)unlink(link->path);
	}
	free(link->path);
	free(link);
}
