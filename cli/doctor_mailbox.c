/* doctor_mailbox.c - is the folder of the mailboxes there, and does every mailbox take more? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/within.h"
#include "cli/doctor_inner.h"

enum found { FOUND_ALL, FOUND_NO_FOLDER, FOUND_NOT_OURS, FOUND_NO_BOX, FOUND_FULL };

struct look {
	const char *url;
	const json_t *names;
};

#define FULL_MAX 65536 /* bytes of their places in the list */
#define NUMBER_CHARS 64
#define LEAST_ROOM (256 * 1024) /* that a sealed file may take, where the link is good */

/* A number that the hub's carrier keeps in a mailbox; -1: none is there. */
static long long
number_in(const char *box, const char *name)
{
	char *path = mem_printf("%s/%s", box, name);
	long long number = -1;
	struct buf text;

	buf_init(&text, NUMBER_CHARS);
	if (fs_read(&text, &os_real, path, NUMBER_CHARS, NULL) == PMJ_OK && text.len > 0 &&
	    buf_text(&text)[0] >= '0' && buf_text(&text)[0] <= '9')
		number = strtoll(buf_text(&text), NULL, 10);
	buf_close(&text);
	free(path);
	return number;
}

/* Does it hold as much as its hub lets it hold? */
static bool
is_full(const char *box)
{
	long long limit = number_in(box, "limit"), used = number_in(box, "used");

	return limit > 0 && used > limit - LEAST_ROOM;
}

/* In a child: a folder of a share that has gone may never answer. Those that are full it prints. */
static int
look_there(void *ctx)
{
	const struct look *look = ctx;
	const json_t *name;
	size_t missing = 0, full = 0, i;
	struct stat st;

	if (stat(look->url, &st) != 0 || !S_ISDIR(st.st_mode))
		return FOUND_NO_FOLDER;
	if (access(look->url, R_OK | W_OK | X_OK) != 0)
		return FOUND_NOT_OURS;
	json_array_foreach(look->names, i, name)
	{
		char *box = mem_printf("%s/%s.git", look->url, json_string_value(name));
		char *head = mem_printf("%s/HEAD", box);

		missing += stat(head, &st) != 0;
		if (is_full(box) && ++full > 0)
			(void)printf("%zu\n", i);
		free(head);
		free(box);
	}
	(void)fflush(stdout);
	return missing > 0 ? FOUND_NO_BOX : full > 0 ? FOUND_FULL : FOUND_ALL;
}

static void
say_full(struct doctor *d, const json_t *whose, const char *which)
{
	const char *owner = json_string_value(json_array_get(whose, strtoul(which, NULL, 10)));
	size_t count = 0;

	for (const char *at = which; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	if (!doctor_is_hub(d))
		doctor_say(d, DOCTOR_WARN,
		    "tell your coordinator, who can let it hold more; a stick goes meanwhile: "
		    "pamoja carry DIR",
		    "your mailbox is full, and takes nothing more");
	else
		doctor_tell(d, DOCTOR_WARN,
		    mem_printf("raise mailbox_mb under [hub] in %s/pamoja.ini, and start pamojad "
		               "again; a stick goes meanwhile",
		        d->home),
		    count > 1
		        ? mem_printf("%zu mailboxes are full and take nothing more, the first "
		                     "that of %s",
		              count, owner != NULL ? owner : "a worker")
		        : mem_printf("the mailbox of %s is full, and takes nothing more",
		              owner != NULL ? owner : "a worker"));
}

static void
say_found(struct doctor *d, const char *url, int found)
{
	char *quoted = doctor_quoted(url);
	/* A laptop in the field is often away from its mailbox; a hub never should be. */
	enum doctor_state away = doctor_is_hub(d) ? DOCTOR_FAIL : DOCTOR_WARN;

	if (found == FOUND_ALL)
		doctor_say(d, DOCTOR_OK, "", "%s", url);
	else if (found == FOUND_NO_FOLDER)
		doctor_say(d, away,
		    doctor_is_hub(d)
		        ? "connect the disk or share that holds it, or put the folder back"
		        : "connect the disk or share that holds it, or exchange by stick: "
		          "pamoja carry DIR",
		    "the folder of mailboxes is not there: %s", url);
	else if (found == FOUND_NOT_OURS)
		doctor_tell(d, away, mem_printf("chmod u+rwx %s", quoted),
		    mem_printf("you may not write in %s", url));
	else if (found == FOUND_NO_BOX && doctor_is_hub(d))
		doctor_tell(d, DOCTOR_WARN, mem_printf("%s hub merge", d->command),
		    mem_printf("not every worker's mailbox is in %s; merging makes them", url));
	else if (found == FOUND_NO_BOX)
		doctor_say(d, DOCTOR_WARN, "ask your coordinator to type: pamoja hub merge",
		    "your mailbox is not in %s yet", url);
	else
		doctor_say(d, away, "look after the disk or share that holds it",
		    "%s gives no answer", url);
	free(quoted);
}

void
doctor_mailbox(struct doctor *d)
{
	const json_t *boxes = json_obj(d->inner, "mailboxes");
	struct look look = {.url = json_str(boxes, "url"), .names = json_arr(boxes, "names")};
	struct buf full;
	int found;

	if (look.url == NULL || *look.url == '\0')
		return;
	if (strstr(look.url, "://") != NULL) {
		doctor_say(d, DOCTOR_OK, "", "%s; the next exchange tells whether it is reached",
		    look.url);
		return;
	}
	buf_init(&full, FULL_MAX);
	found = within(&full, DOCTOR_WAIT_MS, look_there, &look);
	if (found == FOUND_FULL)
		say_full(d, json_arr(boxes, "whose"), buf_text(&full));
	else
		say_found(d, look.url, found);
	buf_close(&full);
}
