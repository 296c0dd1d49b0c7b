/* handlers.h - one function a route (daemon/api/DESIGN.md). Those that answer at once fill *out (a
 * new reference; NULL: {}); those that answer later take the request. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H
#include "api/core.h"
#include "crypto/restored.h"

struct call {
	struct core *core;
	const char *part[4]; /* what stood for {} in the path */
	const json_t *query;
	const json_t *body;
	enum lang lang;
};
typedef enum pmj_code handler_now(const struct call *call, json_t **out, struct pmj_error *err);
typedef void handler_later(const struct call *call, struct request *request);

handler_now status_get, status_log, doctor_get, kinds_list, kinds_check;
handler_later status_verify;
handler_now words_offer, keys_seen, keys_may_be_typed;
handler_later keys_init, keys_unlock, keys_lock, keys_passphrase, keys_recover;
handler_now record_add, record_who_is_alike, record_list, record_show, record_edit, record_move,
    record_void, record_history, record_disclosures, record_plan, record_packet, record_packet_part,
    record_slip, record_paper, record_photo, record_photo_part, record_code, record_disclose,
    record_everything, record_around;
handler_now record_today;
handler_later record_find, record_import;
handler_now notes_list, notes_add, notes_settle;
handler_now enrol_ask, enrol_take, office_enrol, office_conflicts, office_resolve, office_assign,
    office_unassign, office_revoke, office_suspend, office_role, office_replace, office_roster,
    office_arrived, office_renew, office_move, office_moving, office_held, office_release,
    office_publish, office_published;
handler_now notice_show, materials_list, materials_get, materials_publish, materials_withdraw;
handler_now pending_list, pending_approve, pending_refuse;
handler_now report_list, report_kept;
handler_later report_publish, office_caseload, office_match;
handler_now erase_ask, erase_list;
handler_now end_ask, end_state, end_finish;
handler_now backup_key_make, backup_key_kept, backup_key_list, backup_key_destroyed;
handler_now backup_begin, backup_part, backup_kept, restore_begin, restore_part;
handler_later restore_finish;
handler_now exchange_stop;
handler_later exchange_sync, exchange_carry, exchange_merge;

/** A string member of the body, or PMJ_USAGE naming it. */
PMJ_MUST_CHECK enum pmj_code call_text(
    const struct call *call, const char **out, const char *name, struct pmj_error *err);
/** What a path part or body value names. */
PMJ_MUST_CHECK enum pmj_code call_record(const struct call *call,
    uint8_t rec[static PMJ_RECORD_BYTES], const char *typed, struct pmj_error *err);
json_t *call_id(
    const struct call *call, const uint8_t rec[static PMJ_RECORD_BYTES]); /* {"id","short"} */
int64_t call_limit(const struct call *call, int64_t otherwise);
/** "since" of the query as YYYY-MM-DD; "" without one. */
PMJ_MUST_CHECK enum pmj_code call_since(
    const struct call *call, char out[static 11], struct pmj_error *err);

/* The comparing of words (10.2). */
/** PMJ_OK: compared. Else PMJ_NOT_CONFIRMED: *out is {"ask":[i,j]} when words may still be typed.
 * key: the bytes the words are made of. */
PMJ_MUST_CHECK enum pmj_code words_compare(const struct call *call, const uint8_t *key, size_t len,
    json_t **out, bool *asked, struct pmj_error *err);
/** Six words of these bytes in the user's language. Caller frees. NULL with err. */
char *words_text(
    struct core *core, enum lang lang, const uint8_t *key, size_t len, struct pmj_error *err);
/** The list of words of this language; NULL with err. */
struct words *words_in(const struct core *core, enum lang lang, struct pmj_error *err);

struct typed_halves { /* of a backup key; points into the body */
	struct restored_halves halves;
	struct words *words[2];
	const struct words *lists[2];
};
/** "halves" of the body, as typed from two papers. Close it also on failure. */
PMJ_MUST_CHECK enum pmj_code typed_halves_read(
    struct typed_halves *out, const struct call *call, struct pmj_error *err);
void typed_halves_close(struct typed_halves *typed);

#endif
