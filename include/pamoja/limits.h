/* limits.h - sizes of the contract (the format specification, section 13). Refuse above. */
#ifndef PAMOJA_LIMITS_H
#define PAMOJA_LIMITS_H

#define PMJ_DEVICE_BYTES 16
#define PMJ_MAILBOX_BYTES 16
#define PMJ_INCARNATION_BYTES 16
#define PMJ_RECORD_BYTES 10
#define PMJ_RECORD_CHARS 16 /* Crockford base32 of a record id */
#define PMJ_RECORD_PREFIX_MIN 5
#define PMJ_ENTRY_BYTES 32   /* e, the hash of a line */
#define PMJ_VERSION_BYTES 16 /* first half of e */

#define PMJ_SEGMENT_FILE_MAX (4u * 1024 * 1024)
#define PMJ_SEGMENT_RAW_MAX (16u * 1024 * 1024)
#define PMJ_SEGMENT_EXPANSION_MAX 200u
#define PMJ_SEGMENT_ENTRIES_MAX 4096u
#define PMJ_LINE_MAX (64u * 1024)
#define PMJ_LINE_WRAPPED_MAX (130u * 1024)
#define PMJ_JSON_DEPTH_MAX 8
#define PMJ_JSON_KEYS_MAX 128
#define PMJ_JSON_STRING_MAX (16u * 1024)
#define PMJ_JSON_INT_MAX 9007199254740991LL
#define PMJ_STATEMENT_MAX (16u * 1024)
#define PMJ_CERT_MAX 1024u
#define PMJ_LIVE_INCARNATIONS_MAX 64u
#define PMJ_OUT_OF_ORDER_MAX 256u
#define PMJ_SET_ASIDE_MAX 64u
#define PMJ_CONF_FILE_MAX (64u * 1024)

/* The API on HOME/run/api.sock (section 12). */
#define PMJ_HTTP_REQUEST_LINE_MAX (4u * 1024)
#define PMJ_HTTP_HEADERS_MAX (16u * 1024)
#define PMJ_HTTP_HEADER_LINES_MAX 64u
#define PMJ_HTTP_BODY_MAX (1024u * 1024)
#define PMJ_HTTP_HEADER_SECONDS 5
#define PMJ_HTTP_CONNECTIONS_MAX 64u
#define PMJ_STEP_MS 20 /* long work yields to requests at least this often */

#endif
