/* command_table.c - every command but those of kinds: its words, options and help. */
#include <string.h>

#include "cli/backup.h"
#include "cli/backup_key.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/enrol.h"
#include "cli/export.h"
#include "cli/forget.h"
#include "cli/help.h"
#include "cli/home.h"
#include "cli/hub.h"
#include "cli/hub_host.h"
#include "cli/import.h"
#include "cli/init.h"
#include "cli/kinds.h"
#include "cli/note.h"
#include "cli/pending.h"
#include "cli/programme.h"
#include "cli/record.h"
#include "cli/restore.h"
#include "cli/sheet.h"
#include "cli/status.h"
#include "cli/sync.h"

const struct option command_global[] = {
    {"home", "DIR", "where the records are (usually ~/.local/share/pamoja)"},
    {"json", NULL, "one JSON document instead of text"},
    {"no-input", NULL, "ask nothing"},
    {"passphrase-file", "FILE", "the passphrase, where there is no terminal"},
    {"help", NULL, "this help"},
    {"version", NULL, "which version this is"},
    {NULL, NULL, NULL},
};

static const struct option none[] = {{NULL, NULL, NULL}};
static const struct option disclosures_options[] = {
    {"since", "DATE", "from this day on (usually three years back)"},
    SHEET_OPTIONS,
    {NULL, NULL, NULL},
};
static const struct option find_options[] = {
    {"limit", "N", "at most N (usually 50)"},
    {NULL, NULL, NULL},
};
static const struct option today_options[] = {
    {"print", NULL, "a sheet of paper, with initials for names"},
    {"names", NULL, "with --print: with the names"},
    {"limit", "N", "at most N (usually 50), of each kind its share"},
    SHEET_OPTIONS,
    {NULL, NULL, NULL},
};
static const struct option week_options[] = {
    {"limit", "N", "at most N (usually 50), of each kind its share"},
    {NULL, NULL, NULL},
};
static const struct option slip_options[] = {
    SHEET_OPTIONS,
    {NULL, NULL, NULL},
};
static const struct option list_options[] = {
    {"since", "DATE", "list: from this day on"},
    {"limit", "N", "list: at most N (usually 100)"},
    {"all", NULL, "list: voided ones too"},
    {"new", NULL, "add: it is nobody who is there already; nothing is asked or said of that"},
    {"stale", NULL, "list: only what is to be checked again"},
    {"check", NULL, "paper: only say whether the file is it"},
    {"locked", NULL, "packet: a PDF that six words open, told by phone"},
    SHEET_OPTIONS,
    {NULL, NULL, NULL},
};

#define RECORD_HELP "A record is meant by its short id, the beginning of it, or its title.\n"

const struct command command_table[] = {
    {"init", GROUP_START, init_run, 0, 0, "", "make a home for your records", init_options,
        "Without options it asks. Examples:\n"
        "  pamoja init\n"
        "  pamoja init --name \"Amina\" --role peer\n"
        "  pamoja init --practice\n"
        "  pamoja init --hub --name \"Office\" --mailboxes /srv/mailboxes --root-key "
        "/media/stick/root-key.txt\n"},
    {"unlock", GROUP_START, home_unlock, 0, 0, "", "open the records with your passphrase", none,
        NULL},
    {"lock", GROUP_START, home_lock, 0, 0, "", "close them", none, NULL},
    {"passphrase", GROUP_START, home_passphrase, 0, 0, "", "choose a new passphrase",
        home_new_options, NULL},
    {"recover", GROUP_START, home_recover, 0, 0, "", "open with the recovery code instead",
        home_recover_options, NULL},
    {"status", GROUP_START, status_run, 0, 0, "", "how things stand, and what to do next", none,
        "Its exit status is 0 also when locked or when there is nothing yet.\n"},
    {"doctor", GROUP_START, doctor_run, 0, 0, "",
        "is everything in order here, and what mends what is not", none,
        "It changes nothing, starts nothing and needs no passphrase; unlocked, it sees more.\n"
        "Under each finding stands what to do: a command to copy, or a sentence. Exit status: 0\n"
        "all in order, or warnings only; 8 a check failed, and what mends it is listed.\n"},
    {"backup", GROUP_START, backup_run, 1, 1, "FILE",
        "keep a copy of everything in one sealed file", none,
        "It is made while you work, and holds everything saved before you typed it. Only the\n"
        "recovery code opens it. An older backup of these records under the same name is\n"
        "replaced when the new one is whole. A hub that has a backup key writes a second file,\n"
        "FILE.two-halves, which opens with the two papers of that key. Examples:\n"
        "  pamoja backup /media/stick/neema.backup\n"},
    {"restore", GROUP_START, restore_run, 1, 1, "FILE", "a lost laptop: go on from its backup",
        restore_options,
        "Into an empty home, with the recovery code and a new passphrase. What the hub has and\n"
        "the backup lacks comes with the next exchange. A file FILE.two-halves of a hub opens\n"
        "with both papers of its backup key instead. --dry-run proves, without touching\n"
        "anything, that a file opens with what you hold: do that once a month. Examples:\n"
        "  pamoja restore /media/stick/neema.backup\n"
        "  pamoja restore /media/stick/neema.backup --dry-run\n"},
    {"log", GROUP_START, status_log, 0, 0, "", "what happened, newest last", status_log_options,
        NULL},
    {"verify", GROUP_START, status_verify, 0, COMMAND_MANY, "[PERSON]",
        "check that nothing was changed or lost", status_verify_options,
        "With a person, the digest of everything recorded about them: the same digest on\n"
        "two laptops means the same records. Examples:\n"
        "  pamoja verify\n"
        "  pamoja verify \"Juma K.\"\n"},
    {"show", GROUP_RECORDS, record_show, 1, COMMAND_MANY, "ID",
        "one record; of a person also what is promised, agreed and open", none, RECORD_HELP},
    {"edit", GROUP_RECORDS, record_edit, 1, COMMAND_MANY, "ID [FIELD=VALUE …]",
        "change fields of a record", none,
        RECORD_HELP "Without fields it asks; - reads them from standard input. FIELD= clears a "
                    "field. Examples:\n"
                    "  pamoja edit 7k2m9\n"
                    "  pamoja edit 7k2m9 phone=0712000000\n"},
    {"void", GROUP_RECORDS, record_void, 1, COMMAND_MANY, "ID REASON",
        "a mistake: let a record no longer count", none, RECORD_HELP},
    {"history", GROUP_RECORDS, record_history, 1, COMMAND_MANY, "ID",
        "who wrote what in a record, and when", none, RECORD_HELP},
    {"disclosures", GROUP_RECORDS, record_disclosures, 1, COMMAND_MANY, "PERSON",
        "what was told about a person, to whom and what for", disclosures_options,
        "The accounting a person may ask for: each time something left the programme under\n"
        "their consent. Examples:\n"
        "  pamoja disclosures \"Juma K.\"\n"
        "  pamoja disclosures 7k3f9 --since 2026-01-01\n"},
    {"slip", GROUP_RECORDS, record_slip, 1, COMMAND_MANY, "ID",
        "what a person carries to where they were sent", slip_options,
        "Where and when, and a code; nothing on it says why, or who sent them. Whoever hears the\n"
        "code from the service records what it answered, also another worker, or the office.\n"
        "Examples:\n"
        "  pamoja slip r4d7q\n"
        "  pamoja slip r4d7q --out slip.html\n"
        "  pamoja referral answer k7qm2-xp9a4 accept\n"},
    {"find", GROUP_RECORDS, record_find, 1, COMMAND_MANY, "WORDS",
        "search everything; beginnings of words are enough", find_options, NULL},
    {"today", GROUP_RECORDS, record_today, 0, 0, "", "what is due", today_options,
        "With --print it is a sheet of paper for a day without the laptop: what is due, with room\n"
        "to write, and empty lines. Examples:\n"
        "  pamoja today\n"
        "  pamoja today --print --out day.html\n"},
    {"week", GROUP_RECORDS, record_week, 0, 0, "", "what is due today and in the six days after it",
        week_options, NULL},
    {"note", GROUP_RECORDS, note_run, 0, COMMAND_MANY, "[TEXT]",
        "keep a thought, even while locked", note_options,
        "Without text it asks; - reads it from standard input. Examples:\n"
        "  pamoja note\n"
        "  pamoja note --locked\n"},
    {"import", GROUP_RECORDS, import_run, 1, 1, "FILE", "many records from JSON lines or a table",
        import_options,
        "JSON lines: {\"kind\":\"person\",\"ref\":\"p1\",\"fields\":{\"name\":\"Juma K.\"}} and "
        "then\n"
        "\"@p1\" in a link field of a later line. CSV: the first row names the fields.\n"
        "A bad row is told with its line, column and mend; the others are saved. FILE may be -\n"
        "for standard input. Forms of ODK, Kobo and CommCare, and lists of elsewhere: --map, see\n"
        "`man pamoja-import`. Examples:\n"
        "  pamoja import people.csv --kind person --dry-run\n"
        "  pamoja import visits.json --map visits.ini\n"
        "  pamoja import services.json --hsds\n"},
    {"export", GROUP_RECORDS, export_run, 1, 1, "FILE",
        "records into a file: for a partner, for a person, for the office", export_options,
        "Of people only who consented to this recipient and purpose is in it, and only what the\n"
        "consent names; the others are listed, exit status 8. Each one's `disclosures` has it.\n"
        "The form is the file's ending: .csv (with --kind), .jsonl, .fhir.json. Examples:\n"
        "  pamoja export needs.csv --kind need --to \"Kimana Clinic\" --for referral\n"
        "  pamoja export juma.fhir.json --person \"Juma K.\" --to \"Kimana Clinic\" --for health\n"
        "  pamoja export juma.html --person \"Juma K.\" --own-copy\n"
        "  pamoja export services.csv --kind resource\n"
        "  pamoja export check.jsonl --internal \"the monthly check of our papers\"\n"},
    {"materials", GROUP_RECORDS, materials_run, 0, 2, "[NAME [FILE]]",
        "what the office sends to read: sheets and training packets", none,
        "A text is shown, anything else becomes a file of its name here; with FILE, that one.\n"
        "Examples:\n"
        "  pamoja materials\n"
        "  pamoja materials first-steps.txt\n"
        "  pamoja materials first-steps.pdf /media/stick/first-steps.pdf\n"},
    {"kinds", GROUP_RECORDS, kinds_list, 0, 0, "", "the kinds of records there are", none, NULL},
    {"kinds check", GROUP_RECORDS, kinds_check, 1, 1, "FILE",
        "is this declaration of a kind in order?", none, NULL},
    {"sync", GROUP_EXCHANGE, sync_run, 0, 0, "", "exchange with the hub now", sync_options,
        "What you record is safe on this laptop before it is sent. Exit status 6: nothing was\n"
        "reached; nothing is lost.\n"},
    {"carry", GROUP_EXCHANGE, sync_carry, 1, 1, "DIR", "exchange by a stick or a shared folder",
        none, NULL},
    {"enrol request", GROUP_EXCHANGE, enrol_request, 0, 0, "", "ask to join your programme's hub",
        enrol_request_options, NULL},
    {"enrol accept", GROUP_EXCHANGE, enrol_accept, 0, 1, "INVITATION", "join with the answer",
        enrol_accept_options, NULL},
    {"hub today", GROUP_HUB, hub_desk, 0, 0, "", "what the office has to look after, in one place",
        none,
        "What waits to be settled, let in or agreed to; people without a worker; consents that "
        "run\n"
        "out; laptops that are silent or in doubt; and what to type for each.\n"},
    {"hub enrol", GROUP_HUB, hub_enrol, 0, 1, "REQUEST", "take in a worker's laptop",
        hub_enrol_options,
        "A supervisor or coordinator is enrolled by two supervisors, who approve it on their\n"
        "laptops; by the root key while there are fewer. Examples:\n"
        "  pamoja hub enrol --file request.txt --role ally --name \"Baraka\"\n"
        "  pamoja hub enrol --file request.txt --role supervisor --name \"Amina\" --root-key\n"
        "      /media/stick/root.key\n"},
    {"hub roster", GROUP_HUB, hub_roster, 0, 1, "[WORKER]",
        "who is enrolled, and what of them has arrived", none,
        "With a WORKER it answers whether everything of that laptop has arrived, with the proof.\n"
        "Examples:\n"
        "  pamoja hub roster\n"
        "  pamoja hub roster Neema\n"},
    {"hub assign", GROUP_HUB, hub_assign, 2, COMMAND_MANY, "PERSON WORKER …",
        "share a person with workers", none, NULL},
    {"hub unassign", GROUP_HUB, hub_unassign, 2, COMMAND_MANY, "PERSON WORKER …", "withdraw it",
        none, NULL},
    {"hub caseload", GROUP_HUB, hub_caseload, 0, 0, "", "how much each worker carries", none,
        "People, contacts, crises, what is overdue, supervision against what is needed, and what\n"
        "runs out within 30 days; and the people whom nobody has.\n"},
    {"hub match", GROUP_HUB, hub_match, 1, COMMAND_MANY, "PERSON", "which worker fits a person",
        hub_match_options,
        "The best first: who knows what is needed, speaks the language, and has the fewest\n"
        "people. Examples:\n"
        "  pamoja hub match \"Juma K.\"\n"
        "  pamoja hub match 7k3f9 --tag families\n"},
    {"hub role", GROUP_HUB, hub_role, 2, 2, "WORKER ROLE", "give somebody another role",
        hub_role_options,
        "Roles: peer, ally, volunteer, supervisor, coordinator. Two supervisors approve it.\n"
        "Examples:\n"
        "  pamoja hub role Juma ally\n"
        "  pamoja hub role Neema supervisor --root-key /media/stick/root.txt\n"},
    {"hub suspend", GROUP_HUB, hub_suspend, 1, 1, "WORKER", "lock a mislaid laptop for a while",
        hub_suspend_options,
        "It locks with its next exchange; what it sends waits until the suspension ends.\n"
        "Examples:\n"
        "  pamoja hub suspend Neema\n"
        "  pamoja hub suspend Neema --end\n"},
    {"hub revoke", GROUP_HUB, hub_revoke, 1, 1, "WORKER", "take a lost laptop off the roster",
        hub_revoke_options,
        "With its next exchange it seals what it has not sent for the hub, and destroys its\n"
        "keys. What it still sends is held: `pamoja hub held`. A worker of whom two laptops\n"
        "are known is named by the device: `pamoja hub roster`. Example:\n"
        "  pamoja hub revoke \"Neema\"\n"},
    {"hub replace", GROUP_HUB, hub_replace, 1, 2, "WORKER [NEW]",
        "hand the people of a revoked laptop to another", hub_replace_options,
        "Without NEW to the new laptop of the same name. What the worker wrote for the office\n"
        "alone (training, supervision, incidents) goes to nobody, unless you say that both\n"
        "laptops are of the same worker. A laptop may also be named by its device, the first\n"
        "6 digits or more: `pamoja hub roster`. Examples:\n"
        "  pamoja hub replace Neema --same-worker\n"
        "  pamoja hub replace Neema Juma\n"},
    {"hub merge", GROUP_HUB, hub_merge, 0, 0, "", "merge what is in the mailboxes now",
        hub_merge_options, NULL},
    {"hub conflicts", GROUP_HUB, hub_conflicts, 0, 0, "", "what two people wrote differently", none,
        NULL},
    {"hub resolve", GROUP_HUB, hub_resolve, 1, 1, "ID", "decide a conflict", hub_resolve_options,
        "Without options it shows the values and asks. Examples:\n"
        "  pamoja hub resolve 3f9a --keep 2\n"
        "  pamoja hub resolve 3f9a --value 0712000000\n"},
    {"forget", GROUP_HUB, forget_run, 0, COMMAND_MANY, "PERSON",
        "erase everything about a person, for good", forget_options,
        "A supervisor approves it first; where there is none, it is done a day later. It goes\n"
        "from the hub, and from each laptop with its next exchange. What the programme must\n"
        "keep stands in retention.ini. With --certificate: who has confirmed, without names\n"
        "of those who were forgotten. Examples:\n"
        "  pamoja forget \"Juma K.\"\n"
        "  pamoja forget --certificate\n"},
    {"programme end", GROUP_HUB, programme_end, 0, 0, "",
        "the programme is over: its records are destroyed, or sealed until a date",
        programme_options,
        "A second person approves it. Then every laptop that hears of it hands in what is unsent\n"
        "and destroys its keys, and at last the hub does. Where a law keeps the records, a sealed\n"
        "file of them and its label are made first. Examples:\n"
        "  pamoja programme end --until 2032-06-30 --opened-by \"county archive\"\n"
        "  pamoja programme end --status\n"
        "  pamoja programme end --finish --sealed /media/stick/sealed.pamoja\n"},
    {"hub pending", GROUP_HUB, pending_list, 0, 0, "", "what waits for a second person", none,
        NULL},
    {"approve", GROUP_HUB, pending_approve, 0, 1, "[ID]",
        "a second person's yes, on a laptop of their own", pending_answer_options,
        "For coordinators and supervisors, whom the office asks. Without ID: what waits for\n"
        "you. Examples:\n"
        "  pamoja approve\n"
        "  pamoja approve 4k7qz2mw\n"},
    {"refuse", GROUP_HUB, pending_refuse, 1, 1, "ID",
        "a second person's no; at the hub: taken back", none,
        "One no is enough. Example:\n  pamoja refuse 4k7qz2mw\n"},
    {"hub held", GROUP_HUB, hub_held, 0, 0, "", "what was not admitted, and why", none, NULL},
    {"hub release", GROUP_HUB, hub_release, 0, 1, "[ID]", "admit it after all", hub_release_options,
        "Examples:\n"
        "  pamoja hub release f12e612bb719\n"
        "  pamoja hub release --by Neema\n"},
    {"hub report", GROUP_HUB, hub_report, 0, 1, "[PERIOD]",
        "counts of a whole quarter, and no names", hub_report_options,
        "No count of 1 to 10 is in it, and none from which one could be worked out. What is\n"
        "published stays as it is, so that no two reports can be subtracted. Months or years\n"
        "instead, or a larger smallest count: [report] in pamoja.ini. Examples:\n"
        "  pamoja hub report\n"
        "  pamoja hub report 2026-Q3 --publish\n"
        "  pamoja hub report 2026-Q3 --csv\n"},
    {"hub move", GROUP_HUB, hub_move, 0, 1, "[ADDRESS]",
        "the hub gets another address; who has followed", hub_move_options,
        "ADDRESS is https://HOST/PATH, ssh://USER@HOST or a folder. Each laptop learns it with "
        "its\n"
        "next exchange at the old address, or by a stick, and comes by the old one for as long\n"
        "as the new one does not answer. Without ADDRESS: who has followed. Examples:\n"
        "  pamoja hub move https://hub.example.org/pamoja\n"
        "  pamoja hub move\n"
        "  pamoja hub move --end\n"},
    {"hub materials", GROUP_HUB, hub_materials, 0, 2, "[publish FILE]",
        "what workers are to read: publish it, withdraw it", none,
        "A sheet, a training packet: at most 512 KB, for it goes over every worker's link, behind\n"
        "everything else. Examples:\n"
        "  pamoja hub materials publish first-steps.pdf\n"
        "  pamoja hub materials withdraw first-steps.pdf\n"
        "  pamoja hub materials\n"},
    {"hub kinds", GROUP_HUB, hub_kinds, 0, COMMAND_MANY, "[publish FILE…]",
        "kinds of the programme's own, published to every laptop", none,
        "FILE is a kind's file, such as bicycle.ini, or the folder it is in; a notice goes the\n"
        "same way. It is checked with\n"
        "all that is in force: fields and choices that were published never go, and each change\n"
        "has a new version. Laptops take it up with their next exchange; records stay readable.\n"
        "Without anything: what is published. Examples:\n"
        "  pamoja kinds check bicycle.ini\n"
        "  pamoja hub kinds publish bicycle.ini\n"
        "  pamoja hub kinds\n"},
    {"hub renew", GROUP_HUB, hub_renew, 0, 0, "", "renew the hub's certificate, about once a year",
        hub_renew_options,
        "It takes the root key, which is kept off this machine, and is valid for 400 days then.\n"
        "Laptops follow by themselves. Example:\n"
        "  pamoja hub renew --root-key /media/stick/root.key\n"},
    {"hub host", GROUP_HUB, hub_host, 1, 1, "prepare",
        "once, as root: make this machine one that laptops reach", hub_host_options,
        "It makes an account, the folder of mailboxes, and what lighttpd and sshd need to let\n"
        "laptops in; enrolling a laptop needs no root after that. It may be run again: what is\n"
        "as it should be is left alone. Example:\n"
        "  pamoja hub host prepare --for amina\n"},
    {"hub backup-key", GROUP_HUB, backup_key_run, 0, 0, "",
        "each month: a key on two papers that opens the hub's backup", backup_key_options,
        "Two people each write one half on paper: 15 words. With both papers, and the backup's\n"
        "second file, a lost hub can be had again without its recovery code; with one paper\n"
        "nothing can. A key is written to for at most 100 days; then destroy both papers, and\n"
        "say so with --destroyed. Examples:\n"
        "  pamoja hub backup-key\n"
        "  pamoja hub backup-key --list\n"
        "  pamoja hub backup-key --destroyed 3\n"},
    {"guide", GROUP_START, guide_run, 0, 1, "[NUMBER]",
        "a first hour in a practice home, lesson by lesson", none,
        "What is done is seen from the records, so do it in your own words and order. Examples:\n"
        "  pamoja --home ~/practice init --practice\n"
        "  pamoja guide\n"
        "  pamoja guide 3\n"},
    {"completion", GROUP_START, completion_run, 1, 1, "bash|zsh|fish",
        "a script that lets the shell complete what you type", none,
        "It is made from the kinds and offers no record, so that no name stands on the screen\n"
        "by pressing TAB. Examples:\n"
        "  pamoja completion bash > ~/.local/share/bash-completion/completions/pamoja\n"
        "  pamoja completion zsh > ~/.zfunc/_pamoja\n"
        "  pamoja completion fish > ~/.config/fish/completions/pamoja.fish\n"},
    {"help", GROUP_START, help_run, 0, 2, "[COMMAND]", "what can be typed", none, NULL},
    {NULL, GROUP_START, NULL, 0, 0, NULL, NULL, NULL, NULL},
};

const struct command command_kind = {"KIND", GROUP_KIND, kinds_command, 1, COMMAND_MANY,
    "add|list|VERB …", "the commands of every kind of record", list_options, NULL};

const struct command *
command_find(const char *first, const char *second)
{
	size_t len = strlen(first);

	for (const struct command *c = command_table; second != NULL && c->name != NULL; c++)
		if (strncmp(c->name, first, len) == 0 && c->name[len] == ' ' &&
		    strcmp(c->name + len + 1, second) == 0)
			return c;
	for (const struct command *c = command_table; c->name != NULL; c++)
		if (strcmp(c->name, first) == 0)
			return c;
	return NULL;
}

bool
command_is_group(const char *first)
{
	size_t len = strlen(first);

	for (const struct command *c = command_table; c->name != NULL; c++)
		if (strncmp(c->name, first, len) == 0 && c->name[len] == ' ')
			return true;
	return false;
}
