/* token_ssh.h - the key pair for ssh that a device's token stands for, so that one credential opens
 * its mailbox whichever way is open. */
#ifndef CRYPTO_TOKEN_SSH_H
#define CRYPTO_TOKEN_SSH_H
#include "base/buf.h"
#include "crypto/token.h"

/** Ed25519, seed = H("pmj gate ssh v1", token). "ssh-ed25519 BASE64". */
void token_ssh_public(struct buf *out, const uint8_t token[static TOKEN_BYTES]);
/** As OpenSSH writes a private key without passphrase; buf_wipe it after use. */
void token_ssh_private(struct buf *out, const uint8_t token[static TOKEN_BYTES]);

#endif
