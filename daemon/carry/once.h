/* once.h - one exchange named on the command line: for tests, and for a look by hand. Events go to
 * standard output in the same lines that pamojad would get. */
#ifndef CARRY_ONCE_H
#define CARRY_ONCE_H
#include "pamoja/error.h"

PMJ_MUST_CHECK enum pmj_code once_run(int argc, char **argv, struct pmj_error *err);

#endif
