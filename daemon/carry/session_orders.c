/* session_orders.c - what pamojad says, line by line, and what follows at once. */
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "carry/launch.h"
#include "carry/session_inner.h"

static int
ask_for_bell(void *ctx, const char *folder)
{
	return launch_bell(((struct session *)ctx)->errand.launcher, folder);
}

/* Where a hub has its mailboxes, if laptops come there by the network. */
static void
hang_bell(struct session *s)
{
	const struct job_remote *first = s->remote_count > 0 ? &s->remotes[0] : NULL;
	bool wanted =
	    first != NULL && first->url[0] == '/' && (first->tokens != NULL || first->keys != NULL);

	if (!wanted)
		bell_close(&s->bell);
	else
		bell_hang(&s->bell, first->url, ask_for_bell, s);
}

static void
on_remotes(struct session *s, struct order *order)
{
	bool same = s->remote_count == order->remote_count, near = order->remote_count == 0;

	for (size_t i = 0; i < s->remote_count; i++) {
		same = same && job_remote_same(&s->remotes[i], &order->remotes[i]);
		job_remote_close(&s->remotes[i]);
	}
	for (size_t i = 0; i < order->remote_count; i++)
		near = near || job_remote_near(&order->remotes[i]);
	free(s->remotes);
	s->remotes = order->remotes;
	s->remote_count = order->remote_count;
	s->write_lane = order->write_lane;
	order->remotes = NULL;
	order->remote_count = 0;
	s->locked = false;
	s->no_sticks = order->no_sticks;
	s->chance.metered = order->metered;
	hang_bell(s);
	s->near = near;
	/* New addresses: what failed before says nothing about them. */
	if (!same)
		chance_anew(&s->chance, session_now(), 0);
	order_close(order);
}

void
session_queue(struct session *s, struct order *order)
{
	struct pmj_error err;

	if (s->queued < QUEUE_MAX) {
		s->queue[s->queued++] = *order;
		return;
	}
	(void)pmj_fail(&err, PMJ_BUSY, "too many exchanges are waiting");
	pmj_hint(&err, "try again in a minute");
	order_put_done(&s->sock.out, order->id, PMJ_BUSY, &err, NULL);
	order_close(order);
}

static bool
is_any_out(const struct session *s)
{
	char *dir = mem_printf("%s/spool/out", s->home);
	struct spool_list out = {0};
	bool any = spool_scan(&out, dir, NULL) == PMJ_OK && out.count > 0;

	spool_list_close(&out);
	free(dir);
	return any;
}

static void
on_wake(struct session *s, struct order *order)
{
	if (order->has_have) {
		struct places old = s->have;

		s->have = order->places;
		order->places = old;
	}
	s->locked = order->locked;
	if (s->locked)
		bell_close(&s->bell); /* nobody answers whoever rings */
	if (!s->locked || is_any_out(s))
		chance_wanted(&s->chance, order->urgent, session_now());
	order_close(order);
}

static void
on_acked(struct session *s, struct order *order)
{
	for (size_t i = 0; i < order->places.count; i++)
		places_add(&s->acked, &order->places.items[i]);
	places_sort(&s->acked);
	order_close(order);
}

/* It is ended like one whose link was cut: what it did stands, and the next goes on from there. One
 * that has not begun is over before it does. */
static void
on_stop(struct session *s, struct order *order)
{
	struct pmj_error err;

	if (s->errand.pid != 0 && s->errand.id == order->id)
		errand_stop(&s->errand);
	for (size_t i = 0; i < s->queued; i++) {
		if (s->queue[i].id != order->id)
			continue;
		(void)pmj_fail(&err, PMJ_UNREACHED, "the exchange was stopped");
		order_put_done(&s->sock.out, order->id, PMJ_UNREACHED, &err, NULL);
		order_close(&s->queue[i]);
		s->queued--;
		memmove(s->queue + i, s->queue + i + 1, (s->queued - i) * sizeof(*s->queue));
		break;
	}
	order_close(order);
}

void
session_obey(void *ctx, const char *bytes, size_t len)
{
	static void (*const on[])(struct session *, struct order *) = {
	    [ORDER_REMOTES] = on_remotes,
	    [ORDER_SYNC] = session_queue,
	    [ORDER_PARCEL] = session_queue,
	    [ORDER_WAKE] = on_wake,
	    [ORDER_ACKED] = on_acked,
	    [ORDER_STOP] = on_stop,
	};
	struct order order;
	struct pmj_error err;

	if (order_read(&order, bytes, len, &err) != PMJ_OK) {
		diag_error("a line from pamojad", &err);
		return;
	}
	on[order.what](ctx, &order);
}
