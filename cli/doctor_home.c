/* doctor_home.c - the home: is it there, whose is it, who may open it, its settings and keys. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/fs.h"
#include "base/keyshape.h"
#include "base/mem.h"
#include "cli/doctor_inner.h"

/* HOME/revoked is what such a home has left (daemon/api/revoked.c). */
static bool
was_revoked(const struct doctor *d)
{
	char *path = mem_printf("%s/revoked", d->home);
	struct stat st;
	bool there = stat(path, &st) == 0;

	free(path);
	return there;
}

void
doctor_home(struct doctor *d)
{
	struct stat st;

	if (d->made) {
		doctor_say(d, DOCTOR_OK, "", "%s", d->home);
	} else if (stat(d->home, &st) != 0 && errno != ENOENT && errno != ENOTDIR) {
		doctor_say(d, DOCTOR_FAIL, "use your own account, or your own home: --home DIR",
		    "%s cannot be looked at: %s", d->home, strerror(errno));
	} else if (stat(d->home, &st) == 0 && !d->there) {
		doctor_say(d, DOCTOR_FAIL, "choose another place: --home DIR",
		    "%s is a file, not a folder", d->home);
	} else if (was_revoked(d)) {
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s status", d->command),
		    mem_printf("this laptop was taken off your programme's roster"));
	} else {
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s init", d->command),
		    mem_printf("there are no records in %s yet", d->home));
	}
}

/* ---- who may open it ---- */

struct modes {
	bool home_open;  /* the home itself: the daemon refuses */
	bool keys_open;  /* the key file: no unlock */
	size_t open;     /* others */
	size_t foreign;  /* not ours */
	char first[256]; /* of those others may open */
	char stranger[256];
};

static void
look_at(struct modes *modes, const struct doctor *d, const char *name)
{
	char *path = *name != '\0' ? doctor_path(d, name) : mem_strdup(d->home);
	struct stat st;
	int rc = *name != '\0' ? lstat(path, &st) : stat(path, &st);

	if (rc == 0 && st.st_uid != geteuid() && modes->foreign++ == 0)
		(void)snprintf(modes->stranger, sizeof(modes->stranger), "%.255s", path);
	if (rc == 0 && !S_ISLNK(st.st_mode) && (st.st_mode & 077) != 0) {
		if (modes->open++ == 0)
			(void)snprintf(modes->first, sizeof(modes->first), "%.240s (mode %03o)",
			    path, (unsigned)(st.st_mode & 0777));
		modes->home_open = modes->home_open || *name == '\0';
		modes->keys_open = modes->keys_open || strcmp(name, "keys") == 0;
	}
	free(path);
}

/* The home, what lies in it, and what lies in the folders of it that others must not see into. */
static void
look_at_all(struct modes *modes, const struct doctor *d)
{
	static const char *const folders[] = {"", "run", "spool", "locked"};
	char **names, *dir, *name;
	size_t count;

	look_at(modes, d, "");
	for (size_t f = 0; f < sizeof(folders) / sizeof(*folders); f++) {
		dir = doctor_path(d, folders[f]);
		if (fs_list(&names, &count, dir, NULL) == PMJ_OK)
			for (size_t i = 0; i < count; i++) {
				name = *folders[f] != '\0' ? fs_join(folders[f], names[i])
				                           : mem_strdup(names[i]);
				look_at(modes, d, name);
				free(name);
			}
		fs_list_free(names, count);
		free(dir);
	}
}

void
doctor_permissions(struct doctor *d)
{
	char *quoted = doctor_quoted(d->home);
	struct modes modes = {0};
	bool refused;

	look_at_all(&modes, d);
	refused = modes.home_open || modes.keys_open;
	if (modes.foreign > 0)
		doctor_tell(d, DOCTOR_FAIL,
		    mem_printf(
		        "sudo chown -R %u:%u %s", (unsigned)geteuid(), (unsigned)getegid(), quoted),
		    mem_printf("%s belongs to another user", modes.stranger));
	if (modes.open > 0)
		doctor_tell(d, refused ? DOCTOR_FAIL : DOCTOR_WARN,
		    mem_printf("chmod -R go= %s", quoted),
		    mem_printf("other users may open %s%s", modes.first,
		        modes.open > 1 ? ", and more" : ""));
	if (modes.foreign == 0 && modes.open == 0)
		doctor_say(d, DOCTOR_OK, "", "only you may open it");
	free(quoted);
}

void
doctor_settings(struct doctor *d)
{
	char *path = doctor_path(d, "pamoja.ini"), *quoted = doctor_quoted(path);
	struct pmj_error err = {0};
	struct conf conf;
	struct stat st;

	if (lstat(path, &st) != 0) {
		doctor_say(d, DOCTOR_OK, "", "none of your own");
	} else if (conf_read(&conf, &os_real, path, &err) != PMJ_OK) {
		doctor_say(d, DOCTOR_FAIL,
		    err.hint[0] != '\0' ? err.hint : "correct that line in pamoja.ini", "%s",
		    err.message);
	} else {
		conf_close(&conf);
		if ((st.st_mode & 022) != 0)
			doctor_tell(d, DOCTOR_FAIL, mem_printf("chmod 600 %s", quoted),
			    mem_printf("other users may change %s", path));
		else
			doctor_say(d, DOCTOR_OK, "", "%s can be read", path);
	}
	free(quoted);
	free(path);
}

/* ---- keys ---- */

/* What mends keys that do not open: while unlocked they are still in memory. */
static void
say_damaged(struct doctor *d, const char *what)
{
	if (doctor_open(d))
		doctor_tell(d, DOCTOR_FAIL, mem_printf("%s passphrase", d->command),
		    mem_printf("%s. They are still in memory: do not lock or switch off before "
		               "they are written anew with a new passphrase",
		        what));
	else
		doctor_tell(d, DOCTOR_FAIL, mem_printf("%s recover", d->command),
		    mem_printf("%s. The paper code may still open it; else a backup does, with "
		               "`pamoja restore FILE`",
		        what));
}

static void
say_shape(struct doctor *d, const struct buf *file)
{
	bool newer;
	const char *fault = keyshape_fault(file->bytes, file->len, &newer);
	const json_t *tried = json_obj(d->inner, "keys");
	char text[400];

	if (newer) {
		doctor_say(d, DOCTOR_FAIL, "install the newer Pamoja that was here before",
		    "the key file was written by a newer program");
	} else if (fault != NULL) {
		(void)snprintf(text, sizeof(text), "the key file is damaged: %s", fault);
		say_damaged(d, text);
	} else if (tried != NULL && !json_flag(tried, "ok")) {
		say_damaged(d, json_str(tried, "message"));
	} else if (!keyshape_has(file->bytes, SLOT_RECOVERY)) {
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s passphrase", d->command),
		    mem_strdup("there is no recovery code for these keys"));
	} else {
		doctor_say(d, DOCTOR_OK, "", "whole from outside, rewritten %u times%s",
		    get_le32(file->bytes + KEYSHAPE_AT_GENERATION),
		    json_flag(tried, "ok") ? ", and they open" : "");
	}
}

void
doctor_keys(struct doctor *d)
{
	char *path = doctor_path(d, "keys");
	struct pmj_error err = {0};
	struct buf file;

	buf_init(&file, 0);
	switch (fs_read(&file, &os_real, path, 4 * KEYSHAPE_BYTES, &err)) {
	case PMJ_OK:
		say_shape(d, &file);
		break;
	case PMJ_NOT_FOUND:
		say_damaged(d, "the key file is gone");
		break;
	case PMJ_PERMISSION:
		/* `permissions` says how. */
		doctor_say(d, DOCTOR_WARN, "", "the key file cannot be read from here");
		break;
	default:
		say_damaged(d, err.message);
	}
	buf_close(&file);
	free(path);
}
