#include "cli/hub_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "base/conf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "cli/print.h"
#include "cli/start.h"
#include "cli/term.h"

#define MAILBOXES "/srv/pamoja/mailboxes"

const struct option hub_host_options[] = {
    {"for", "USER", "whose hub writes into the mailboxes (usually who typed sudo)"},
    {"mailboxes", "DIR", "the folder of mailboxes (usually " MAILBOXES ")"},
    {"port", "N", "where https is served (usually 443)"},
    {NULL, NULL, NULL},
};

static enum pmj_code
check(const char *user, const char *mailboxes, const char *port, struct pmj_error *err)
{
	struct address at;
	char *url;
	enum pmj_code rc = PMJ_OK;

	if (geteuid() != 0) {
		(void)pmj_fail(err, PMJ_REFUSED, "only root can make a machine a host");
		pmj_hint(err, "sudo pamoja hub host prepare");
		return PMJ_REFUSED;
	}
	if (user == NULL) {
		(void)pmj_fail(err, PMJ_USAGE, "whose hub writes into the mailboxes?");
		pmj_hint(err, "pamoja hub host prepare --for USER");
		return PMJ_USAGE;
	}
	if (mailboxes[0] != '/' || mailboxes[1] == '\0') {
		(void)pmj_fail(err, PMJ_USAGE, "--mailboxes takes a folder's full path");
		pmj_hint(err, "for example " MAILBOXES);
		return PMJ_USAGE;
	}
	/* A port is what an address may end with. */
	url = mem_printf("ssh://a@b:%s", port);
	if (address_read(&at, url, NULL) != PMJ_OK) {
		rc = pmj_fail(err, PMJ_USAGE, "--port takes a number from 1 to 65535");
		pmj_hint(err, "443 is where every network lets https through");
	}
	free(url);
	return rc;
}

/* One line of what it says: the word in front tells where it belongs. */
static void
take_line(json_t *out, char *line)
{
	static const char *const lists[] = {"did", "kept", "next"};
	char *rest = line + strcspn(line, " ");
	char *value;

	if (*rest == '\0')
		return;
	*rest++ = '\0';
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (strcmp(line, lists[i]) == 0)
			(void)json_array_append_new(
			    json_object_get(out, lists[i]), json_string(rest));
	if (strcmp(line, "set") != 0)
		return;
	value = rest + strcspn(rest, " ");
	if (*value == '\0')
		return;
	*value++ = '\0';
	(void)json_object_set_new(out, rest, json_string(value));
}

/* Its complaints go to standard error as they are; the last of them is ours, too. */
static enum pmj_code
run(json_t *out, char **argv, struct pmj_error *err)
{
	char *line = NULL;
	size_t room = 0;
	FILE *said;
	int ends[2], status = 0;
	pid_t pid;

	if (pipe(ends) != 0)
		return pmj_fail_errno(err, errno, "cannot make", "a pipe");
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		(void)execv("/bin/sh", argv);
		_exit(127);
	}
	(void)close(ends[1]);
	said = fdopen(ends[0], "r");
	while (said != NULL && getline(&line, &room, said) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take_line(out, line);
	}
	free(line);
	if (said != NULL)
		(void)fclose(said);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return PMJ_OK;
	(void)pmj_fail(err, PMJ_FAILED, "this machine is not ready yet");
	pmj_hint(err, "the reason stands above; mend it and run the same again");
	return PMJ_FAILED;
}

static void
say_list(const json_t *answer, const char *key, const char *head)
{
	const json_t *item;
	size_t i;

	if (json_array_size(json_arr(answer, key)) > 0)
		term_say("%s\n", head);
	json_array_foreach(json_arr(answer, key), i, item)(void)
	    term_say("  %s\n", json_string_value(item));
}

static void
say(const json_t *answer, const char *mailboxes, const char *port)
{
	bool usual = strcmp(port, "443") == 0;

	say_list(answer, "did", "Done:");
	say_list(answer, "kept", "As it should be:");
	say_list(answer, "next", "Left for you:");
	(void)printf(
	    "  make the hub: pamoja init --hub --mailboxes %s\n"
	    "  say in its pamoja.ini how laptops reach this machine, either\n"
	    "    [hub]\n"
	    "    url = https://NAME%s%s/pamoja\n"
	    "    pin = %s\n"
	    "  or, where only ssh is open,\n"
	    "    [hub]\n"
	    "    url = ssh://pamoja@NAME\n"
	    "    pin = %s\n"
	    "  with this machine's name in the internet as NAME, and open that port to it\n",
	    mailboxes, usual ? "" : ":", usual ? "" : port, json_str(answer, "pin-https"),
	    json_str(answer, "pin-ssh"));
}

enum pmj_code
hub_host(struct cli *cli, const struct args *args, struct pmj_error *err)
{
	const char *user = args_value(args, "for"), *mailboxes = args_value(args, "mailboxes");
	const char *port = args_value(args, "port");
	json_t *answer = NULL;
	char *script, *gate;
	enum pmj_code rc;

	if (strcmp(args->words[0], "prepare") != 0) {
		(void)pmj_fail(err, PMJ_USAGE, "there is no `hub host %.40s`", args->words[0]);
		pmj_hint(err, "pamoja hub host prepare");
		return PMJ_USAGE;
	}
	user = user != NULL ? user : getenv("SUDO_USER");
	mailboxes = mailboxes != NULL ? mailboxes : MAILBOXES;
	port = port != NULL ? port : "443";
	if ((rc = check(user, mailboxes, port, err)) != PMJ_OK)
		return rc;
	script = fs_join(conf_dir(), "host/prepare");
	gate = start_beside("pamoja-gate");
	answer = json_pack("{s:[],s:[],s:[]}", "did", "kept", "next");
	rc = run(answer,
	    (char *[]){(char *)"sh", script, gate, (char *)(uintptr_t)user,
	        (char *)(uintptr_t)mailboxes, (char *)(uintptr_t)port, NULL},
	    err);
	if (rc == PMJ_OK && cli->json)
		print_json(answer);
	else if (rc == PMJ_OK)
		say(answer, mailboxes, port);
	json_decref(answer);
	free(script);
	free(gate);
	return rc;
}
