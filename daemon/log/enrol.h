/* enrol.h - the two texts of enrolment (10.1): request (device to hub) and invitation (hub to
 * device). Pure. */
#ifndef LOG_ENROL_H
#define LOG_ENROL_H
#include "log/cert.h"
#include "log/segment.h"

#define ENROL_REQUEST_BYTES 168
struct enrol_request {
	uint8_t nonce[32];
	uint8_t sign_pk[32];
	uint8_t seal_pk[32];
};
/** The 168 bytes, signed by the device key. */
void enrol_request_make(
    uint8_t out[static ENROL_REQUEST_BYTES], const uint8_t nonce[static 32], struct ring *ring);
PMJ_MUST_CHECK enum pmj_code enrol_request_read(
    struct enrol_request *out, const uint8_t *bytes, size_t len, struct pmj_error *err);
/** As text people can carry: base32 lines of 32 characters with 2 check characters each (and back:
 * PMJ_INVALID names the line). Also used for the invitation. */
void enrol_text_put(struct buf *out, const uint8_t *bytes, size_t len);
PMJ_MUST_CHECK enum pmj_code enrol_text_read(
    struct buf *out, const char *text, size_t len, struct pmj_error *err);
/** "PMJINV01" || le16 len || certificate || segment 1 of the down lane. */
void enrol_invitation_put(struct buf *out, const uint8_t *cert, size_t cert_len,
    const uint8_t *segment, size_t segment_len);
struct enrol_invitation { /* pointers into the bytes given */
	const uint8_t *cert;
	size_t cert_len;
	const uint8_t *segment;
	size_t segment_len;
};
PMJ_MUST_CHECK enum pmj_code enrol_invitation_read(
    struct enrol_invitation *out, const uint8_t *bytes, size_t len, struct pmj_error *err);

#endif
