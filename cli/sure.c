#include "cli/sure.h"

#include "cli/args.h"
#include "cli/term.h"

enum pmj_code
sure_begin(bool *ask, const struct args *args, struct pmj_error *err)
{
	*ask = !args_has(args, "sure");
	if (!*ask || term_can_ask())
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_NOT_CONFIRMED, "nobody was asked whether this is meant");
	pmj_hint(err, "add --sure");
	return PMJ_NOT_CONFIRMED;
}
