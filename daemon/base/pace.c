#include "base/pace.h"

void
pace_learn(struct pace *pace, int64_t did, int64_t took_ms)
{
	int64_t next;

	if (took_ms > pace->target_ms)
		next = did * pace->target_ms / took_ms;
	else if (did >= pace->amount)
		next = pace->amount + pace->amount / 4 + 1;
	else
		return; /* it was cut short: that says nothing about more */
	pace->amount = next < pace->least ? pace->least : next > pace->most ? pace->most : next;
}
