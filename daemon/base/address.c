#include "base/address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define HTTPS "https://"
#define SSH "ssh://"
#define HTTPS_PIN "sha256//"
#define HTTPS_PIN_CHARS 52 /* with the base64 of 32 bytes */
#define SSH_PIN "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"
#define SSH_PIN_CHARS 80

static bool
take_letters(char *out, size_t most, const char *from, size_t count, const char *good)
{
	if (count == 0 || count > most || from[0] == '-' || from[0] == '.' ||
	    strspn(from, good) < count)
		return false;
	memcpy(out, from, count);
	out[count] = '\0';
	return true;
}

static enum pmj_code
read_https(struct address *out, const char *text, struct pmj_error *err)
{
	const char *host = text + strlen(HTTPS);

	if (take_letters(out->host, ADDRESS_HOST_MAX, host, strcspn(host, "/"), LETTERS ".-:_") &&
	    host[0] != ':' && strspn(host, LETTERS "._/:-") == strlen(host))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "%.80s is not the address of a host", text);
	pmj_hint(err, "it is like https://hub.example.org/pamoja");
	return PMJ_INVALID;
}

/* From / on, without an end that is empty, and no way up. */
static bool
read_path(struct address *out, const char *text)
{
	size_t count = strlen(text);

	if (count == 0)
		return true;
	if (count > ADDRESS_PATH_MAX || text[count - 1] == '/' ||
	    strspn(text, LETTERS "._/-") != count || strstr(text, "/.") != NULL ||
	    strstr(text, "//") != NULL || strstr(text, "/-") != NULL)
		return false;
	memcpy(out->path, text, count + 1);
	return true;
}

static bool
read_port(struct address *out, const char *text, size_t count)
{

	if (count == 0) {
		memcpy(out->port, "22", sizeof("22"));
		return true;
	}
	return text[0] == ':' && text[1] != '0' &&
	       take_letters(out->port, sizeof(out->port) - 1, text + 1, count - 1, "0123456789") &&
	       strtol(out->port, NULL, 10) <= 65535;
}

static enum pmj_code
read_ssh(struct address *out, const char *text, struct pmj_error *err)
{
	const char *user = text + strlen(SSH);
	size_t user_chars = strcspn(user, "@");
	const char *host = user + user_chars + (user[user_chars] != '\0');
	size_t host_chars = strcspn(host, ":/");
	size_t port_chars = strcspn(host + host_chars, "/");

	if (user[user_chars] == '@' &&
	    take_letters(out->user, ADDRESS_USER_MAX, user, user_chars, LETTERS "._-") &&
	    take_letters(out->host, ADDRESS_HOST_MAX, host, host_chars, LETTERS ".-") &&
	    read_port(out, host + host_chars, port_chars) &&
	    read_path(out, host + host_chars + port_chars))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "%.80s is not the address of a host", text);
	pmj_hint(err, "it is like ssh://pamoja@hub.example.org, with :PORT behind it if not 22");
	return PMJ_INVALID;
}

enum pmj_code
address_read(struct address *out, const char *text, struct pmj_error *err)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(text, HTTPS, strlen(HTTPS)) == 0) {
		out->way = ADDRESS_HTTPS;
		return read_https(out, text, err);
	}
	if (strncmp(text, SSH, strlen(SSH)) == 0) {
		out->way = ADDRESS_SSH;
		return read_ssh(out, text, err);
	}
	if (text[0] == '/')
		return PMJ_OK;
	if (strstr(text, "://") != NULL) {
		(void)pmj_fail(
		    err, PMJ_INVALID, "%.80s: only folders, https and ssh are served", text);
		pmj_hint(err,
		    "name the folder that holds the mailboxes, such as /media/office/mail, "
		    "or an address that begins with https:// or ssh://");
		return PMJ_INVALID;
	}
	(void)pmj_fail(err, PMJ_INVALID, "%.80s is not a folder's full path", text);
	pmj_hint(err, "begin it with /");
	return PMJ_INVALID;
}

enum pmj_code
address_pin(enum address_way way, const char *pin, struct pmj_error *err)
{
	static const char base64[] = LETTERS "+/=";

	if (way == ADDRESS_HTTPS) {
		if (strncmp(pin, HTTPS_PIN, strlen(HTTPS_PIN)) == 0 &&
		    strlen(pin) == HTTPS_PIN_CHARS && pin[HTTPS_PIN_CHARS - 1] == '=')
			return PMJ_OK;
		(void)pmj_fail(err, PMJ_INVALID, "pin is not sha256// and 44 characters");
		pmj_hint(err, "pamoja.ini(5) tells how it is made from the host's key");
		return PMJ_INVALID;
	}
	if (strncmp(pin, SSH_PIN, strlen(SSH_PIN)) == 0 && strlen(pin) == SSH_PIN_CHARS &&
	    strspn(pin + strlen("ssh-ed25519 "), base64) == SSH_PIN_CHARS - strlen("ssh-ed25519 "))
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_INVALID, "pin is not ssh-ed25519 and 68 characters");
	pmj_hint(err, "the first two words of /etc/ssh/ssh_host_ed25519_key.pub at the host");
	return PMJ_INVALID;
}
