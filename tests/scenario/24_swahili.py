"""Swahili for what workers read: the catalogue is whole, agrees with the source, and a worker's first hour shows no English."""
import glob
import os
import pty
import re
import select
import shutil
import subprocess
import time

from catalogue import PO, catalogue, texts
from lab import BIN, PASSPHRASE, PATIENCE, TOP, check, run

SWAHILI = {"LC_ALL": "sw_KE.UTF-8"}
# What the commands of workers and coordinators are made of; the rest of cli is the installer's.
FILES = ("hub", "pending", "hub_roster", "hub_settle", "hub_leave", "hub_renew", "backup", "restore", "import", "import_read", "import_say", "import_alike", "export", "export_people", "export_page", "outfile", "rows", "rows_batch", "rows_main", "csv", "home", "init", "halves", "backup_key", "command_table", "passphrase", "note", "status", "sync", "enrol", "record", "paper", "photo", "kinds", "kinds_next", "form", "print", "client", "start", "help", "command", "args", "fields", "term", "sheet", "packet", "disclosures", "mapping", "mapping_file", "mapping_row", "forms", "hsds", "hsds_package", "slip", "unzip", "export_fhir", "fhir", "fhir_parts", "fhir_resources")
KEYWORDS = ("term_say:1", "term_note:1", "term_ask:2", "term_yes:2", "term_ask_hidden:2", "print_pair:1", "lang_text:1", "LANG_N:1", "pmj_fail:3", "pmj_hint:2",
            "pmj_context:2")
PLACE = re.compile(r"%[-0-9.*]*(?:ll|l|h|z|j)?[a-zA-Z]")


def said_in(paths, keywords):
    pot = subprocess.run(["xgettext", "--from-code=UTF-8", "-L", "C", "-o", "-", "-k", *["-k" + word for word in keywords], *paths], capture_output=True, text=True, check=True, cwd=TOP)
    return texts(pot.stdout)


def is_words(text):
    """Is there something to translate? Places, line ends and what is typed are not."""
    rest = PLACE.sub("", text).replace("\\n", " ").replace("\\", "")
    return re.search(r"[A-Za-z]{2}", re.sub(r"pamoja[ a-zA-Z=-]*(\"[^\"]*\")?|on=yesterday|FIELD=VALUE", "", rest)) is not None


def c_text(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def story_catalogue_is_whole(lab):
    known = catalogue()
    said = said_in([f"cli/{name}.c" for name in FILES], KEYWORDS)
    said = {**said, **said_in(["daemon/domain/consent.c", "daemon/domain/consent_whole.c", "daemon/domain/consent_revoke.c"], ("consent_doubt:3", "consent_doubt:4", "snprintf:3"))}
    check(len(said) > 250, len(said))
    missing = [text for text in said if is_words(text) and text not in known]
    check(not missing, "these have no Swahili in conf/lang/sw.po:", *missing)
    tables = lab.home("neema").start().json("help")
    said_by_tables = {option["help"] for option in tables["options"] + tables["kind_options"]}
    for command in tables["commands"]:
        said_by_tables |= {command["summary"], command.get("more") or ""} | {option["help"] for option in command["options"]}
    missing = [text for text in said_by_tables if c_text(text) not in known and is_words(c_text(text))]
    check(not missing, "these of the tables have no Swahili:", *missing)




def story_catalogue_agrees(lab):
    """msgfmt is content, the places are the same in the same order, the edges too, and no entry is of a text that is no longer said."""
    done = subprocess.run(["msgfmt", "-c", "-o", "/dev/null", PO], capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, done.stderr)
    known = catalogue()
    for english, swahili in known.items():
        check(PLACE.findall(english) == PLACE.findall(swahili), "the places differ:", english, "/", swahili)
        for edge in (r"^(\\n| )*", r"(\\n| )*$"):
            check(re.search(edge, english).group(0) == re.search(edge, swahili).group(0), "begins or ends with other spaces:", english, "/", swahili)
    sources = glob.glob(os.path.join(TOP, "cli", "*.[ch]")) + glob.glob(os.path.join(TOP, "daemon", "**", "*.c"), recursive=True)
    whole = re.sub(r'(?<!\\)"\s*"', "", "\n".join(open(path, encoding="utf-8").read() for path in sources).replace('" MAILBOXES "', "/srv/pamoja/mailboxes").replace('RECORD_HELP "', '"A record is meant by its short id, the beginning of it, or its title.\\n'))
    # A value's fault is put together in the daemon: "%s = %s " and what is wrong.
    stale = [english for english in known if f'{english}"' not in whole and f'"{english.removeprefix("%s = %s ")}"' not in whole]
    check(not stale, "nothing says this any more:", *stale)


# English words that a worker's line in Swahili never holds, unless they are typed or a kind's.
ENGLISH = re.compile(r"\b(the|is|are|was|not|your|with|this|that|there|what|have|and|of|to|it|you|Saved|Done|Next|nothing|none|locked|saved|here)\b")


def no_english(answer):
    for line in (answer.out + answer.err).splitlines():
        plain = re.sub(r"`[^`]*`|pamoja( [a-z-]+)*|--[a-z-]+|/\S+", "", line)
        if ENGLISH.search(plain):
            FOUND.append(line)
    return answer


FOUND = []


def story_first_hour(lab):
    hub = lab.hub()
    neema = lab.home("neema", env=SWAHILI).start()

    def types(*words, **options):
        return no_english(neema.run(*words, **options))

    secret = ("--passphrase-file", neema.passphrase_file)
    types("status")
    types("init", "--role", "pear", status=2)
    types(*secret, "init", "--name", "Neema", "--role", "ally")
    types("status")
    person = re.search(r"pamoja show (\w+)", types("person", "add", "name=Baraka M.").out).group(1)
    types("contact", "add", "person=baraka", "kind=phone")
    types("contact", "add", "person=baraka", "kind=phone", "minutes=many", status=2)
    due = re.search(r"pamoja show (\w+)", types("followup", "add", "person=baraka", "due=leo", "what=kliniki").out).group(1)
    types("today")
    types("followup", "done", due)
    types("today")
    types("find", "kli")
    types("find", "zzzz")
    types("show", "baraka")
    types("show", "nobodyknown", status=3)
    types("edit", person, "village=Kimana")
    types("edit", person, status=2)
    types("history", person)
    types("void", due, "mara mbili")
    types("void", due, status=2)
    session = types("session", "add", "topic=mapumziko", json_out=True).json["id"]
    told = types("attendance", "add", "person=baraka", "session=" + session, status=5).err
    check("recipient=programme purpose=attendance" in told, told)
    for more in ((), ("expires=2099-01-01", "how=spoken"), ("recipient=Zahanati", "revocation_told=no"), ("recipient=Hospitali", "information=needs", "how=spoken")):
        types("consent", "add", "person=baraka", "purpose=rufaa", *more)
    types("consent", "add", "person=baraka", "recipient=Hospitali", "purpose=referral", "information=needs", "expires=in 9 days", "how=written")
    referral = types("referral", "add", "person=baraka", "resource=Hospitali", json_out=True).json["id"]
    types("referral", "packet", referral)
    types("disclosures", "baraka")
    types("consent", "refuse", "person=baraka", "recipient=Hospitali", "purpose=referral")
    types("referral", "send", referral, status=5)
    types("referral", "packet", referral, status=5)
    types("barc10", "add", "person=baraka", "total=99", status=2)
    types("barc10", "add", "person=baraka", "home=2", "total=40", status=2)
    types("disclosures", session, status=2)
    types("relation", "add", "person=baraka", "supporter=baraka", "what=parent", status=2)
    done = types("supervision", "add", "with=Asha", "minutes=30", "topics=kazi").out
    check("supervision sign" not in done, "its author cannot sign it", done)
    types("supervision", "sign", re.search(r"pamoja show (\w+)", done).group(1), status=5)
    types("note", "dokezo la leo")
    types("goal", "list")
    types("sync", status=2)
    request = no_english(neema.run("enrol", "request")).out.strip()
    invitation = hub.json("hub", "enrol", "-", "--role", "ally", "--name", "Neema", "--words-checked", stdin=request)["invitation"]
    hub.run("hub", "merge")
    types("enrol", "accept", "-", "--words-checked", stdin=invitation)
    types("enrol", "accept", "-", "--words-checked", stdin=invitation, status=5)
    types("sync")
    os.mkdir(os.path.join(lab.dir, "stick"), 0o700)
    types("carry", os.path.join(lab.dir, "stick"))
    lines = types("status").out.split("\n\n")[0].splitlines()
    check(len({re.match(r"  \S.*?  +", line).end() for line in lines}) == 1, "what the lines say does not begin in one column:", lines)
    types("show", "baraka")
    types("verify", "baraka")
    types("lock")
    types("show", "baraka", status=4)
    types("status")
    types("note", "--locked", "wazo")
    neema.set_passphrase("this is not the one at all")
    types(*secret, "unlock", status=4)
    check("Hatua za kwanza" in neema.run("help").out, "help")
    for command in (item["name"] for item in neema.json("help")["commands"]):
        if command not in ("log", "verify"):
            types(*command.split(), "--help")
    check(not FOUND, "English in Swahili:", "\n".join(FOUND))
    check(neema.run("show", "baraka", json_out=True, status=4).error["message"] == "Pamoja is locked", "scripts are answered in English")
    check("Next" in neema.run("status", env={"LC_ALL": "en_GB.UTF-8"}).out, "English is what it was")


def story_coordinators_hour(lab):
    FOUND.clear()
    hub = lab.home("hub", env=SWAHILI).start()
    neema, juma = lab.worker("Neema"), lab.worker("Juma")

    def types(*words, **options):
        return no_english(hub.run(*words, **options))

    secret = ("--passphrase-file", hub.passphrase_file)
    types(*secret, "init", "--hub", "--name", "Ofisi", "--mailboxes", lab.mailboxes)
    types("hub", "roster")
    types("hub", "conflicts")
    types("hub", "held")
    for worker in (neema, juma):
        request = worker.json("enrol", "request")["request"]
        invitation = types("hub", "enrol", "-", "--role", "peer", "--name", worker.name, "--words-checked", stdin=request).out.strip()
        types("hub", "merge")
        worker.run("enrol", "accept", "-", "--words-checked", stdin=invitation)
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    types("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma)
    neema.run("edit", asha, "village=Kimana")
    juma.run("edit", asha, "village=Rombo")
    lab.exchange(hub, neema, juma)
    types("hub", "conflicts")
    conflict = hub.json("hub", "conflicts")["items"][0]["id"]
    types("hub", "resolve", conflict, "--keep", "1")
    types("hub", "resolve", "zzzz", "--keep", "1", status=3)
    types("hub", "unassign", asha, "Juma")
    types("hub", "release", "zzzz", status=3)
    types("hub", "roster")
    halves = [os.path.join(lab.dir, f"half{which}") for which in (1, 2)]
    types("hub", "backup-key", "--half-file", halves[0], "--other-half-file", halves[1])
    types("hub", "backup-key", "--list")
    backup = os.path.join(lab.dir, "hub.backup")
    types("backup", backup)
    types("restore", backup + ".two-halves", "--dry-run", "--half-file", halves[0], "--other-half-file", halves[1])
    types("restore", backup, status=5, check_status=False)
    types("import", "-", stdin='{"kind":"person","fields":{"name":"Baraka"}}\n')
    types("import", "-", stdin="nothing of that sort\n", status=2, check_status=False)
    types("hub", "backup-key", "--destroyed", "1")
    types("hub", "revoke", "Juma", "--sure")
    checked = hub.run("doctor", check_status=False)
    check("Yaliyo sawa:" in checked.out and "wewe tu unaweza kuifungua" in checked.out, checked)
    check("only you may open it" in [item["message"] for item in hub.run("doctor", check_status=False, json_out=True).json["items"]], "scripts read English")
    types("status")
    for command in ("enrol", "merge", "assign", "conflicts", "resolve", "revoke", "backup-key"):
        types("hub", command, "--help")
    check(not FOUND, "English in Swahili:", "\n".join(FOUND))


def on_a_terminal(home, words, answers):
    """What a terminal shows when these answers are typed, each once a question stands there."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *words], home.env)
    screen, asked, waiting = "", 0, list(answers)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if select.select([fd], [], [], 0.3)[0]:
            try:
                screen += os.read(fd, 4096).decode("utf-8", "replace")
            except OSError:
                break
        elif waiting and len(screen) > asked and re.search(r"[:?>\])] $", screen):
            asked = len(screen) + 1
            os.write(fd, waiting.pop(0).encode() + b"\n")
    os.close(fd)
    os.waitpid(pid, 0)
    check(not waiting, "never asked for", waiting, screen)
    return screen.replace("\r", "")


def story_questions(lab):
    """Asked and answered in Swahili; a lone n is neither ndiyo nor no."""
    neema = lab.home("neema", env=SWAHILI).start().init()
    screen = on_a_terminal(neema, ["person", "add"], ["?", "", "Baraka M.", "n", "hapana"])
    check("(lazima)" in screen and "hakutaka kusema" in screen and "hili linahitajika" in screen and "Imehifadhiwa" in screen, screen)
    check(screen.count("[ndiyo/HAPANA]") == 2, screen)
    screen = on_a_terminal(neema, ["contact", "add"], ["baraka", "9999", "visit", "nyuma", "2", "bado", "jana", "ndiyo"] + ["hakutaka kusema"] * 10)
    check("Imehifadhiwa" in screen, screen)
    contact = neema.show(re.search(r"pamoja show (\w+)", screen).group(1))
    check(contact["fields"]["kind"] == "phone" and contact["fields"]["minutes"] == {"declined": True}, contact)
    screen = on_a_terminal(neema, ["contact", "add"], ["baraka", "vist", "", "jana", "hapana"])
    check('"vist" si neno la orodha. Ulimaanisha visit? [NDIYO/hapana]' in screen, screen)
    check(neema.show(re.search(r"pamoja show (\w+)", screen).group(1))["fields"]["kind"] == "visit", screen)
    screen = on_a_terminal(neema, ["contact", "add"], ["baraka", "vist", "hapana", "jana", "hapana"])
    check(neema.show(re.search(r"pamoja show (\w+)", screen).group(1))["fields"]["kind"] == "vist", screen)
    neema.run("lock")
    check("Nywila" in on_a_terminal(neema, ["unlock"], [PASSPHRASE]), "the question for the passphrase")


def story_page(lab):
    """`man pamoja` of an installation is in Swahili for who speaks it, and in English for others."""
    man, locales = os.path.join(lab.dir, "man"), os.path.join(lab.dir, "locales")
    for source, folder in (("pamoja.1", "man1"), ("sw/pamoja.1", "sw/man1")):
        os.makedirs(os.path.join(man, folder))
        shutil.copy(os.path.join(TOP, "conf", "man", source), os.path.join(man, folder))
    os.mkdir(locales)  # man looks at a language only where its locale is installed
    subprocess.run(["localedef", "-i", "sw_KE", "-f", "UTF-8", os.path.join(locales, "sw_KE.UTF-8")], check=True)
    for language, words in (("sw_KE.UTF-8", "Kinacholindwa na kisicholindwa"), ("C.UTF-8", "What is protected")):
        env = {**os.environ, "LANG": language, "LOCPATH": locales, "MANPATH": man, "MANPAGER": "cat", "PAGER": "cat"}
        for name in ("LC_ALL", "LANGUAGE", "LC_MESSAGES"):
            env.pop(name, None)
        shown = subprocess.run(["man", "pamoja"], capture_output=True, text=True, check=False, env=env)
        check(words in shown.stdout, language, shown.stdout[:800], shown.stderr)


run(globals())
