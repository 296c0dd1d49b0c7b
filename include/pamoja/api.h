/* api.h - names both ends of HOME/run/api.sock share. The routes with their documents:
 * daemon/api/DESIGN.md. */
#ifndef PAMOJA_API_H
#define PAMOJA_API_H

#define PMJ_API_SOCKET "run/api.sock"
/* 32 random bytes, sent as 64 hex digits in the header below. */
#define PMJ_API_COOKIE_FILE "run/cookie"
#define PMJ_API_COOKIE_HEADER "X-Pamoja-Cookie"
#define PMJ_CARRY_SOCKET "run/carry.sock"
#define PMJ_ENV_HOME "PAMOJA_HOME"
#define PMJ_ENV_NO_AUTOSTART "PAMOJA_NO_AUTOSTART"
#define PMJ_ENV_PASSPHRASE_FILE "PAMOJA_PASSPHRASE_FILE"
#define PMJ_ENV_CONF "PAMOJA_CONF" /* the folder of kinds/ and words/ */

#endif
