/* address.h - where mailboxes are: a folder, or a host that is spoken to over https or ssh. Pure.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H
#include "pamoja/error.h"

#define ADDRESS_HOST_MAX 100
#define ADDRESS_USER_MAX 32
#define ADDRESS_PATH_MAX 100

enum address_way { ADDRESS_FOLDER, ADDRESS_HTTPS, ADDRESS_SSH };

struct address {
	enum address_way way;
	char user[ADDRESS_USER_MAX + 1]; /* ssh */
	char host[ADDRESS_HOST_MAX + 1]; /* https: with its port, as people are told it */
	char port[6];                    /* ssh; "22" where none is named */
	char path[ADDRESS_PATH_MAX + 1]; /* ssh: of the folder of mailboxes, from / on, for a host
	                                    without pamoja-gate; "": where one comes to */
};

/**
 * Read a folder's full path, https://HOST[:PORT][/PATH] or ssh://USER@HOST[:PORT][/PATH].
 *
 * Nothing in user, host, port and path can be taken for an option or by a shell.
 * Errors   PMJ_INVALID, with what would be right.
 */
PMJ_MUST_CHECK enum pmj_code address_read(
    struct address *out, const char *text, struct pmj_error *err);

/** Is this how the key of such a host is told? https: sha256//HASH; ssh: ssh-ed25519 KEY. */
PMJ_MUST_CHECK enum pmj_code address_pin(
    enum address_way way, const char *pin, struct pmj_error *err);

#endif
