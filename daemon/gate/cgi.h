/* cgi.h - the gate behind a web server: who asks, for what, and the answer (RFC 3875). */
#ifndef GATE_CGI_H
#define GATE_CGI_H
#include <stdbool.h>
#include <stdint.h>

#include "pamoja/limits.h"

/* What a path asks for. */
enum cgi_door {
	CGI_NONE,
	CGI_GATE, /* /<mailbox> */
	CGI_GIT   /* /<mailbox>.git/ and one of git's own four paths */
};

/** Pure, strict. */
enum cgi_door cgi_path(uint8_t mailbox[static PMJ_MAILBOX_BYTES], const char *path_info);
/** A decimal length of at most `most`. */
bool cgi_length(uint32_t *out, const char *text, uint32_t most);

/** Answer the one request of this process. Returns its exit status. */
int cgi_run(void);

#endif
