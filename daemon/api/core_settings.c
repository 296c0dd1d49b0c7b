/* core_settings.c - HOME/pamoja.ini: what may be set, within which bounds. */
#include "api/core_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/conf.h"
#include "base/fs.h"
#include "domain/small.h"

static const struct setting settings_table[] = {
    {"keys", "unlock_ms", SETTING_INT, offsetof(struct core_settings, unlock_ms), 200, 3000,
        "milliseconds"},
    {"lock", "idle_minutes", SETTING_INT, offsetof(struct core_settings, idle_minutes), 0, 600,
        "minutes"},
    {"sync", "every_minutes", SETTING_INT, offsetof(struct core_settings, sync_minutes), 1, 1440,
        "minutes"},
    {"sync", "metered", SETTING_FLAG, offsetof(struct core_settings, metered), 0, 0, NULL},
    {"sync", "photos", SETTING_FLAG, offsetof(struct core_settings, photos), 0, 0, NULL},
    {"sync", "sticks", SETTING_FLAG, offsetof(struct core_settings, sticks), 0, 0, NULL},
    {"hub", "look_every_seconds", SETTING_INT, offsetof(struct core_settings, look_seconds), 2,
        3600, "seconds"},
    {"hub", "entries_a_day", SETTING_INT, offsetof(struct core_settings, intake), 100, 1000000,
        "entries"},
    {"hub", "mailbox_mb", SETTING_INT, offsetof(struct core_settings, room_mb), 1, 1000000, "MB"},
    {"report", "months", SETTING_INT, offsetof(struct core_settings, report_months), 1, 12,
        "months"},
    /* Never below what the rule asks: a programme may only be stricter. */
    {"report", "least", SETTING_INT, offsetof(struct core_settings, report_least), 11, 1000,
        "people"},
    {"programme", "country", SETTING_TEXT, offsetof(struct core_settings, country), 0, 32, "bytes"},
    {"hub", "url", SETTING_TEXT, offsetof(struct core_settings, url), 0, 200, "bytes"},
    {"hub", "pin", SETTING_TEXT, offsetof(struct core_settings, pin), 0, 100, "bytes"},
};

/* What laptops are told for years must be right before the first is told. */
static enum pmj_code
check_reach(const struct conf *conf, const struct core_settings *settings, struct pmj_error *err)
{
	const struct conf_item *url = conf_get(conf, "hub", "url");
	const struct conf_item *pin = conf_get(conf, "hub", "pin");
	struct pmj_error why = {0};
	struct address at = {0};
	int line = url != NULL ? url->line : pin != NULL ? pin->line : 0;

	if (url != NULL && address_read(&at, settings->url, &why) == PMJ_OK &&
	    at.way == ADDRESS_FOLDER)
		(void)pmj_fail(&why, PMJ_INVALID, "url is a folder");
	if (why.code != PMJ_OK) {
		(void)conf_fail(err, conf, line, "url is not the address of a host");
		pmj_hint(err, "it is like https://hub.example.org/pamoja or "
		              "ssh://pamoja@hub.example.org");
	} else if (pin != NULL && url == NULL) {
		(void)conf_fail(err, conf, line, "pin stands without url");
		pmj_hint(err, "say the address of the host, too: url = https://HOST/PATH");
	} else if (pin != NULL && address_pin(at.way, settings->pin, &why) != PMJ_OK) {
		(void)conf_fail(err, conf, pin->line, "%s", why.message);
		pmj_hint(err, "%s", why.hint);
	} else if (url != NULL && at.way == ADDRESS_SSH && pin == NULL) {
		(void)conf_fail(err, conf, line, "an ssh:// host needs its pin");
		pmj_hint(err, "pin = the first two words of /etc/ssh/ssh_host_ed25519_key.pub "
		              "at the host");
	} else {
		return PMJ_OK;
	}
	return PMJ_INVALID;
}

static enum pmj_code
check_country(const struct core *core, const struct conf *conf, struct pmj_error *err)
{
	const struct conf_item *item = conf_get(conf, "programme", "country");

	if (item == NULL || kind_is_name(core->settings.country))
		return PMJ_OK;
	(void)conf_fail(err, conf, item->line, "country = %.40s is no country's short name",
	    core->settings.country);
	pmj_hint(err, "write the name of a file in profiles: country = ke");
	return PMJ_INVALID;
}

static enum pmj_code
check_report(const struct conf *conf, const struct core_settings *settings, struct pmj_error *err)
{
	int64_t months = settings->report_months;

	if (months == 1 || months == 3 || months == 12)
		return PMJ_OK;
	(void)conf_fail(err, conf, conf_get(conf, "report", "months")->line,
	    "months = %lld is no length of a report", (long long)months);
	pmj_hint(err, "write 1 (each month), 3 (each quarter) or 12 (each year)");
	return PMJ_INVALID;
}

enum pmj_code
core_read_settings(struct core *core, struct pmj_error *err)
{
	struct conf conf = {.path = NULL};
	char *path = core_path(core, "pamoja.ini");
	enum pmj_code rc = PMJ_OK;

	core->settings = (struct core_settings){.unlock_ms = 1000,
	    .idle_minutes = -1,
	    .sync_minutes = 15,
	    .photos = true,
	    .sticks = true,
	    .look_seconds = 20,
	    .intake = 20000,
	    .room_mb = 1000,
	    .report_months = 3,
	    .report_least = SMALL_LEAST};
	if (fs_exists(core->os, path)) {
		rc = fs_check_private(core->os, path, err);
		if (rc == PMJ_OK)
			rc = conf_read(&conf, core->os, path, err);
		if (rc == PMJ_OK)
			rc = conf_settings(&core->settings, &conf, settings_table,
			    sizeof(settings_table) / sizeof(*settings_table), err);
		if (rc == PMJ_OK)
			rc = check_country(core, &conf, err);
		if (rc == PMJ_OK)
			rc = check_report(&conf, &core->settings, err);
		if (rc == PMJ_OK)
			rc = check_reach(&conf, &core->settings, err);
		conf_close(&conf);
	}
	free(path);
	return rc;
}
