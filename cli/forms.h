/* forms.h - what form servers and directories give out as JSON, made into a table. Pure. */
#ifndef CLI_FORMS_H
#define CLI_FORMS_H
#include "base/buf.h"
#include "base/json.h"

/** Does it begin as a JSON document of several lines or a list? Not JSON lines. */
bool forms_is_json(const char *text, size_t len);
#define FORMS_KEY "KEY"
#define FORMS_PARENT_KEY "PARENT_KEY"

struct forms_wanted {       /* as the mapping says */
	const char *repeat; /* the rows are what the form repeats there, "group/repeat"; or NULL */
	const char *source; /* the column of a submission's key; or NULL */
};
/**
 * Submissions as a CSV table, one a row: a list, or an object with the list under "value" (ODK
 * Central), "results" (Kobo) or "objects" (CommCare). What is nested becomes a column
 * "group/question"; lists of words are parted by spaces. Each entry of the list has its row: an
 * empty one where it is not taken. With a repeat each time that it was repeated has one, with all
 * that stands around it, KEY ("uuid:1/group/repeat[2]") and PARENT_KEY, of what it is repeated in.
 *
 * refused  {"3":{"message","hint"}}: put in for what cannot be taken, by its row from 1.
 * repeats  {"group/repeat":12}: put in for what is repeated and in no row.
 * Errors  PMJ_INVALID: no JSON (with the byte), nested too deep, no list of submissions in it;
 * nothing repeated there; PMJ_TOO_BIG past the limit of out.
 */
PMJ_MUST_CHECK enum pmj_code forms_to_table(struct buf *out, json_t *refused, json_t *repeats,
    const struct forms_wanted *wanted, const char *text, size_t len, struct pmj_error *err);
/** The same of an Open Referral HSDS 3.0 document (services, with what belongs to them): a table of
 * the kind resource, with the service's id as `id`. A service that is no more is an empty row. */
PMJ_MUST_CHECK enum pmj_code hsds_to_table(
    struct buf *out, json_t *refused, const char *text, size_t len, struct pmj_error *err);
/** The same of an older HSDS package: files, in the order of these names (NULL ends them), empty
 * where one is not there. */
extern const char *const hsds_package_names[];
#define HSDS_PACKAGE_FILES 7
PMJ_MUST_CHECK enum pmj_code hsds_package_to_table(
    struct buf *out, json_t *refused, const struct buf *files, struct pmj_error *err);
#define HSDS_HEADER                                                                                \
	"id,name,category,place,phone,contact_name,hours,eligibility,cost,transport,note\r\n"

#endif
