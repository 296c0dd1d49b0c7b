#include "carry/order.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define WAIT_MAX_S 30

/* A hub says thousands of runs in one array; nothing here is kept but what is asked for. */
static const struct json_limits limits = {4, 4096, 4096, 4096};

static enum pmj_code
read_place(struct shape_place *out, const json_t *item, struct pmj_error *err)
{
	const char *mailbox = json_string_value(json_array_get(item, 0));
	const char *incarnation = json_string_value(json_array_get(item, 2));
	json_int_t lane = json_integer_value(json_array_get(item, 1));
	json_int_t segno = json_integer_value(json_array_get(item, 3));

	memset(out, 0, sizeof(*out));
	if (json_array_size(item) != 4 || mailbox == NULL || incarnation == NULL ||
	    !text_unhex(out->mailbox, sizeof(out->mailbox), mailbox) ||
	    !text_unhex(out->incarnation, sizeof(out->incarnation), incarnation))
		return pmj_fail(
		    err, PMJ_INVALID, "a place is not [mailbox, lane, incarnation, segno]");
	if (lane < 1 || lane > 5 || segno < 0)
		return pmj_fail(err, PMJ_INVALID, "lane or segno of a place is out of range");
	out->lane = (uint8_t)lane;
	out->segno = (uint64_t)segno;
	return PMJ_OK;
}

static enum pmj_code
read_places(struct places *out, const json_t *list, struct pmj_error *err)
{
	struct shape_place place;
	enum pmj_code rc;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if ((rc = read_place(&place, json_array_get(list, i), err)) != PMJ_OK)
			return rc;
		places_add(out, &place);
	}
	places_sort(out);
	return PMJ_OK;
}

static enum pmj_code
read_remotes(struct order *out, const json_t *line, struct pmj_error *err)
{
	static const struct {
		const char *key;
		size_t at;
	} texts[] = {
	    {"token", offsetof(struct job_remote, token)},
	    {"key", offsetof(struct job_remote, key)},
	    {"pin", offsetof(struct job_remote, pin)},
	    {"ca", offsetof(struct job_remote, ca)},
	    {"tokens", offsetof(struct job_remote, tokens)},
	    {"writers", offsetof(struct job_remote, writers)},
	    {"limit", offsetof(struct job_remote, limit)},
	    {"keys", offsetof(struct job_remote, keys)},
	    {"shut", offsetof(struct job_remote, shut)},
	};
	const json_t *list = json_arr(line, "remotes");
	int64_t write_lane = json_int(line, "write", 0);

	if (write_lane != SHAPE_LANE_UP && write_lane != SHAPE_LANE_DOWN)
		return pmj_fail(err, PMJ_INVALID, "remotes: write is not 1 or 2");
	if (list == NULL)
		return pmj_fail(err, PMJ_INVALID, "remotes: no list of remotes");
	out->write_lane = (uint8_t)write_lane;
	out->no_sticks = json_flag(line, "no_sticks");
	out->metered = json_flag(line, "metered");
	out->remotes = mem_array(json_array_size(list) + 1, sizeof(*out->remotes));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		struct job_remote *remote = &out->remotes[out->remote_count];
		const char *url = json_str(item, "url");

		if (url == NULL ||
		    !json_unhex(item, "mailbox", remote->mailbox, sizeof(remote->mailbox)))
			return pmj_fail(
			    err, PMJ_INVALID, "remotes: number %zu has no mailbox and url", i + 1);
		remote->url = mem_strdup(url);
		for (size_t k = 0; k < COUNT(texts); k++) {
			const char *text = json_str(item, texts[k].key);

			if (text != NULL)
				*(char **)(void *)((char *)remote + texts[k].at) = mem_strdup(text);
		}
		remote->old = json_flag(item, "old");
		out->remote_count++;
	}
	return PMJ_OK;
}

static enum pmj_code
read_sync(struct order *out, const json_t *line, struct pmj_error *err)
{
	const char *url = json_str(line, "url");
	int64_t wait = json_int(line, "wait", 0);

	out->url = url != NULL ? mem_strdup(url) : NULL;
	out->create = json_flag(line, "create");
	out->news = json_flag(line, "news");
	out->wait_s = (uint8_t)(wait >= 0 && wait <= WAIT_MAX_S ? wait : 0);
	if (read_places(&out->ended, json_arr(line, "ended"), err) != PMJ_OK)
		return err->code;
	return read_places(&out->places, json_arr(line, "have"), err);
}

static enum pmj_code
read_parcel(struct order *out, const json_t *line, struct pmj_error *err)
{
	const char *dir = json_str(line, "dir");

	if (dir == NULL)
		return pmj_fail(err, PMJ_INVALID, "parcel: no dir");
	out->dir = mem_strdup(dir);
	return read_places(&out->places, json_arr(line, "have"), err);
}

static enum pmj_code
read_wake(struct order *out, const json_t *line, struct pmj_error *err)
{
	out->urgent = json_flag(line, "urgent");
	out->locked = json_flag(line, "locked");
	return read_places(&out->places, json_arr(line, "have"), err);
}

static enum pmj_code
read_acked(struct order *out, const json_t *line, struct pmj_error *err)
{
	return read_places(&out->places, json_arr(line, "upto"), err);
}

static enum pmj_code
read_stop(struct order *out, const json_t *line, struct pmj_error *err)
{
	(void)line;
	return out->id != 0 ? PMJ_OK : pmj_fail(err, PMJ_INVALID, "stop: no id");
}

static const struct {
	const char *name;
	enum order_do what;
	enum pmj_code (*read)(struct order *out, const json_t *line, struct pmj_error *err);
} orders[] = {
    {"remotes", ORDER_REMOTES, read_remotes},
    {"sync", ORDER_SYNC, read_sync},
    {"parcel", ORDER_PARCEL, read_parcel},
    {"wake", ORDER_WAKE, read_wake},
    {"acked", ORDER_ACKED, read_acked},
    {"stop", ORDER_STOP, read_stop},
};

enum pmj_code
order_read(struct order *out, const char *bytes, size_t len, struct pmj_error *err)
{
	json_t *line = NULL;
	const char *what;
	enum pmj_code rc;

	memset(out, 0, sizeof(*out));
	if ((rc = json_read(&line, bytes, len, &limits, err)) != PMJ_OK)
		return rc;
	what = json_str(line, "do");
	rc = pmj_fail(err, PMJ_INVALID, "%.40s is nothing we can do", what != NULL ? what : "\"\"");
	for (size_t i = 0; what != NULL && i < sizeof(orders) / sizeof(*orders); i++) {
		if (strcmp(orders[i].name, what) != 0)
			continue;
		out->what = orders[i].what;
		out->id = json_int(line, "id", 0);
		out->has_have = json_arr(line, "have") != NULL;
		rc = orders[i].read(out, line, err);
		break;
	}
	json_decref(line);
	if (rc != PMJ_OK)
		order_close(out);
	return rc;
}

void
order_close(struct order *order)
{
	for (size_t i = 0; i < order->remote_count; i++)
		job_remote_close(&order->remotes[i]);
	free(order->remotes);
	free(order->url);
	free(order->dir);
	places_close(&order->places);
	places_close(&order->ended);
	memset(order, 0, sizeof(*order));
}

static void
put_line(struct buf *out, json_t *event)
{
	json_put(out, event);
	buf_put_text(out, "\n");
	json_decref(event);
}

static json_t *
place_json(const struct shape_place *place)
{
	json_t *out = json_array();

	(void)json_array_append_new(out, json_hex(place->mailbox, sizeof(place->mailbox)));
	(void)json_array_append_new(out, json_integer(place->lane));
	(void)json_array_append_new(out, json_hex(place->incarnation, sizeof(place->incarnation)));
	(void)json_array_append_new(out, json_integer((json_int_t)place->segno));
	return out;
}

void
order_put_event(
    struct buf *out, enum exchange_event what, const struct shape_place *place, size_t count)
{
	static const char *const names[] = {"arrived", "carried", "delivered", "foreign", "ended"};
	json_t *event = json_pack("{s:s}", "event", names[what]);

	if (what == EXCHANGE_ARRIVED) {
		(void)json_object_set_new(event, "count", json_integer((json_int_t)count));
	} else if (what == EXCHANGE_FOREIGN) {
		(void)json_object_set_new(
		    event, "mailbox", json_hex(place->mailbox, sizeof(place->mailbox)));
		(void)json_object_set_new(event, "lane", json_integer(place->lane));
		(void)json_object_set_new(
		    event, "inc", json_hex(place->incarnation, sizeof(place->incarnation)));
		(void)json_object_set_new(event, "segno", json_integer((json_int_t)place->segno));
	} else {
		(void)json_object_set_new(event, "segment", place_json(place));
	}
	put_line(out, event);
}

void
order_put_hello(struct buf *out, bool folders_only)
{
	put_line(out, json_pack("{s:s,s:s,s:b}", "event", "hello", "version", PAMOJA_VERSION,
	                  "folders_only", folders_only));
}

void
order_put_news(struct buf *out)
{
	put_line(out, json_pack("{s:s}", "event", "news"));
}

void
order_put_chance(struct buf *out)
{
	put_line(out, json_pack("{s:s}", "event", "chance"));
}

void
order_put_stick(struct buf *out, const char *dir)
{
	json_t *name = json_string(dir); /* one that is no UTF-8 is not to be told */

	if (name != NULL)
		put_line(out, json_pack("{s:s,s:o}", "event", "stick", "dir", name));
}

void
order_put_waits(struct buf *out, const char *why, int64_t seconds)
{
	put_line(out,
	    json_pack("{s:s,s:s,s:I}", "event", "waits", "for", why, "s", (json_int_t)seconds));
}

void
order_put_progress(struct buf *out, int64_t id, const struct exchange_count *count)
{
	put_line(
	    out, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "event", "progress", "id", (json_int_t)id,
	             "there", (json_int_t)count->there, "left", (json_int_t)count->left, "came",
	             (json_int_t)count->came, "moved", (json_int_t)count->moved));
}

void
order_put_done(struct buf *out, int64_t id, enum pmj_code rc, const struct pmj_error *err,
    const struct exchange *ex)
{
	json_t *event = json_pack("{s:s,s:I,s:s,s:s,s:s,s:I,s:I}", "event", "done", "id",
	    (json_int_t)id, "code", pmj_code_name(rc), "message", rc != PMJ_OK ? err->message : "",
	    "hint", rc != PMJ_OK ? err->hint : "", "sent", (json_int_t)(ex != NULL ? ex->sent : 0),
	    "got", (json_int_t)(ex != NULL ? ex->got : 0));

	if (ex != NULL && ex->instead.code != PMJ_OK)
		(void)json_object_set_new(event, "instead", json_string(ex->instead.message));
	if (ex != NULL && ex->up + ex->down > 0) {
		(void)json_object_set_new(event, "up", json_integer((json_int_t)ex->up));
		(void)json_object_set_new(event, "down", json_integer((json_int_t)ex->down));
	}
	if (ex != NULL && ex->step > 0)
		(void)json_object_set_new(event, "step", json_integer(ex->step));
	if (ex != NULL && ex->stuck_tries > 0 && rc != PMJ_OK) {
		(void)json_object_set_new(event, "stuck", place_json(&ex->stuck));
		(void)json_object_set_new(event, "tries", json_integer(ex->stuck_tries));
	}
	put_line(out, event);
}
