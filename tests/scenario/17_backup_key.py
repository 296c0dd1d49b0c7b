"""The monthly backup key of a hub: two people, two papers, 100 days (security 11.5)."""
import json
import os
import re

from backups import backup_of, code_of, notes, refused, restore
from lab import Client, Clock, check, files, run, same, set_clock, settle
from terminal import Terminal

SUFFIX = ".two-halves"


def make_key(hub, name, **options):
    """A new key, its halves in two files."""
    halves = tuple(os.path.join(hub.lab.dir, f"{name}.half{which}") for which in (1, 2))
    return halves, hub.json("hub", "backup-key", "--half-file", halves[0], "--other-half-file", halves[1], **options)


def words_of(path):
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if not line.startswith("#")][0].split()


def repeats(text, words):
    """Do two words that stand beside each other on a paper stand so in the text? One alone may be any word of a sentence."""
    told = " " + re.sub(r"[^a-z]+", " ", text.lower()) + " "
    return [pair for pair in zip(words, words[1:]) if f" {pair[0]} {pair[1]} " in told]


def swapped(words):
    """Two neighbours change places, of which by chance the first ones may be the same word."""
    at = next(at for at in range(len(words) - 1) if words[at] != words[at + 1])
    return [*words[:at], words[at + 1], words[at], *words[at + 2:]]


def state(hub):
    return hub.status()["backup_key"]["state"]


def check_needs(home, words, level="warn", **options):
    """The doctor asks for it."""
    found = [item for item in home.run("doctor", json_out=True, check_status=False, **options).json["items"] if item["check"] == "backup-key"]
    check(any(words in item["message"] and item["state"] == level for item in found), words, found)
    return [item["mend"] for item in found]


def story_a_lost_hub_and_its_paper(lab):
    """Hub and recovery code burn together: two people bring their papers, and the hub goes on on a new machine; its laptops heal it."""
    lab.quiet()
    hub = lab.hub()
    neema, juma = lab.worker("Neema", hub, role="ally"), lab.worker("Juma", hub)
    asha = neema.add("person", name="Asha")
    neema.add("contact", person=asha, kind="phone", note="before")
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)

    # without a key there is one file, and the way to the second is shown
    check(state(hub) == "none" and "hub backup-key" in hub.run("status").out, hub.run("status"))
    check(check_needs(hub, "no backup key") == ["pamoja hub backup-key"] or check_needs(hub, "no backup key")[0].endswith("hub backup-key"))
    path, kept = backup_of(hub)
    check(len(kept["files"]) == 1 and not os.path.exists(path + SUFFIX), kept)
    check("hub backup-key" in hub.run("backup", path).out)

    halves, key = make_key(hub, "first")
    check(key["number"] == 1 and key["until"] - key["made"] == 100 * 86400000 and "halves" not in key, key)
    check(state(hub) == "good" and "ackup key" not in hub.run("status").out, hub.run("status"))
    check_needs(hub, "key 1, made 0 days ago", "ok")
    for half in halves:
        check(os.stat(half).st_mode & 0o777 == 0o600 and len(words_of(half)) == 15, half)
    check(words_of(halves[0]) != words_of(halves[1]))
    path, kept = backup_of(hub)
    check([os.path.basename(one["file"]) for one in kept["files"]] == ["hub.backup", "hub.backup" + SUFFIX], kept)
    for name, magic in ((path, b"PMJBAK01"), (path + SUFFIX, b"PMJBAK02")):
        with open(name, "rb") as file:
            content = file.read()
        check(content.startswith(magic) and os.stat(name).st_mode & 0o777 == 0o600, name, content[:8])
        check(b"Asha" not in content and words_of(halves[0])[0].encode() + b" " not in content)
    # the proof of every month: each file opens with what its people hold, and nothing is touched
    hub.run("lock")  # a checkpoint that was due would change the journal's files
    hub.unlock()
    before = files(hub)
    for name, secret in ((path, ["--recovery-code-file", code_of(hub)]), (path + SUFFIX, ["--half-file", halves[0], "--other-half-file", halves[1]])):
        said = hub.json("restore", name, "--dry-run", *secret)
        check(said["entries"] == kept["entries"] and "recovery_code" not in said, said)
    check(files(hub) == before and state(hub) == "good", "a trial changed something")

    neema.add("contact", person=asha, kind="phone", note="after the backup")
    lab.exchange(hub, neema, juma)
    hub.stop()

    # whichever paper is typed first
    new, said = restore(lab, path + SUFFIX, (halves[1], halves[0]), "Hub2")
    check(said["hub"] and said["recovery_code"] != hub.made["recovery_code"], said)
    new.made = said
    new.run("hub", "merge")
    settle(new, neema, juma, rounds=4)
    check(notes(new) == ["after the backup", "before"], notes(new))
    same(asha, 3, new, neema, juma)
    # the old code is of the old machine, the new one of this; the key is known to a machine since, and written to no more
    new.run("lock")
    check(new.refused(4, "recover", "--code-file", code_of(hub), "--new-passphrase-file", new.passphrase_file)["code"] == "wrong_passphrase")
    new.run("recover", "--code-file", code_of(new), "--new-passphrase-file", new.passphrase_file)
    check(state(new) == "used", new.status())
    check_needs(new, "typed into a machine")
    again, kept = backup_of(new, "again")
    check(len(kept["files"]) == 1, kept)
    new.json("restore", again, "--dry-run", "--recovery-code-file", code_of(new))
    check(new.refused(4, "restore", again, "--dry-run", "--recovery-code-file", code_of(hub))["code"] == "wrong_passphrase")
    halves, key = make_key(new, "second")
    check(key["number"] == 2 and len(backup_of(new, "again")[1]["files"]) == 2, key)
    check([item["state"] for item in new.json("hub", "backup-key", "--list")["items"]] == ["kept", "in_use"])


def story_typed_halves_are_compared_by_the_daemon(lab):
    """A key comes into force by the words of its own papers only, whatever the client says."""
    lab.quiet()
    hub = lab.hub()
    old, _ = make_key(hub, "old")
    client = Client(hub)

    def ask(path, **body):
        client.ask("POST", "/v1/hub/backup-key" + path, json.dumps(body))
        return client.answer()

    drawn = ask("")
    first, second = (half.split() for half in drawn["halves"])
    for halves, words in (([" ".join(words_of(path)) for path in old], "not the halves that were just shown"),
                          ([" ".join(words_of(old[0])), drawn["halves"][1]], "of two keys"),
                          ([drawn["halves"][0]] * 2, "half 1 twice"),
                          ([" ".join(swapped(first)), drawn["halves"][1]], "mistyped"),
                          ([drawn["halves"][0], " ".join(second[:-1])], "14 words")):
        error = ask("/kept", halves=halves)["error"]
        check(words in error["message"], words, error)
        check([key["number"] for key in hub.json("hub", "backup-key", "--list")["items"]] == [1], "it came into force by other words")
    check("error" not in ask("/kept", halves=[drawn["halves"][1].upper(), "  " + drawn["halves"][0]]), "either paper may be typed first")
    check([key["number"] for key in hub.json("hub", "backup-key", "--list")["items"] if key["state"] == "in_use"] == [2], "the new one is in force")
    check("given up" in ask("/kept", halves=drawn["halves"])["error"]["message"], "and once is enough")


def story_misused(lab):
    """One half twice, a half of another month, a mistyped word, the wrong file: each says what to take, and nothing is changed."""
    lab.quiet()
    hub = lab.hub()
    clock = set_clock(lab, hub)
    hub.add("resource", name="Kimana Clinic", category="clinic", place="Kimana")
    old, _ = make_key(hub, "old")
    old_path, _ = backup_of(hub, "old.backup")
    clock.set(31)
    check(state(hub) == "due" and "hub backup-key" in hub.run("status").out, hub.status())
    check_needs(hub, "is 31 days old: make the next", env=clock.env)
    check(len(backup_of(hub, "due")[1]["files"]) == 2, "a key is written to until the next is made, or 100 days")
    new, _ = make_key(hub, "new")
    path, kept = backup_of(hub)
    code = code_of(hub)

    def bad(name, words):
        with open(os.path.join(lab.dir, name), "w", encoding="utf-8") as file:
            file.write(words + "\n")
        return os.path.join(lab.dir, name)

    first, second = words_of(new[0]), words_of(new[1])
    for number, (secret, status, code_wanted, words) in enumerate((
            ((new[0], new[0]), 2, "invalid", "half 1 twice; half 2 is on the other"),
            ((new[0], old[1]), 2, "invalid", "these halves are of two keys: one was made"),
            (old, 4, "wrong_passphrase", "this file is for backup key 2, made"),
            ((bad("a", " ".join(first[:-1])), new[1]), 2, "invalid", "the first paper has 14 words; it should have 15"),
            ((new[0], bad("b", " ".join(second[:6] + ["pamoja"] + second[7:]))), 2, "invalid", "word 7 of the second paper is not in the list"),
            ((bad("c", " ".join(swapped(first))), new[1]), 2, "invalid", "a word of the first paper was mistyped"),
            ((bad("d", "   "), new[1]), 2, "invalid", "the first paper has 0 words"),
            (code, 2, "usage", "opens with two papers, not with a recovery code"))):
        error = refused(lab, status, path + SUFFIX, secret, f"E{number}")
        check(error["code"] == code_wanted and words in error["message"], secret, error)
        check(not repeats(error["message"] + " " + error["hint"], first) + repeats(error["message"] + " " + error["hint"], second), "words of a half are repeated", error)
    error = refused(lab, 2, path, new, "E8")
    check("opens with the recovery code, not with two papers" in error["message"] and SUFFIX in error["hint"], error)
    # the file of another hub, whose key has the same number and day
    other = lab.home("Other")
    theirs_clock = Clock(lab, other)
    theirs_clock.set(31)
    other.start(env=theirs_clock.env).init(hub_mailboxes=os.path.join(lab.dir, "others"), person="Other")
    make_key(other, "other.old")
    theirs, _ = make_key(other, "other.new")
    error = refused(lab, 4, path + SUFFIX, theirs, "E9")
    check("not of the backup key that this file is sealed to" in error["message"], error)
    # damage is told as ever; the outside of the file too
    with open(path + SUFFIX, "rb") as file:
        whole = file.read()
    for name, content, words in (("cut", whole[:60], "damaged in its first 64"), ("flip", whole[:300] + bytes([whole[300] ^ 1]) + whole[301:], "part 1,"),
                                 ("day", whole[:60] + b"\x01\x00\x00\x00" + whole[64:], "1970-01-02"), ("later", whole[:7] + b"9" + whole[8:], "format 09")):
        with open(os.path.join(lab.dir, name), "wb") as file:
            file.write(content)
        error = hub.run("restore", os.path.join(lab.dir, name), "--dry-run", "--half-file", new[0], "--other-half-file", new[1], json_out=True,
                        check_status=False).error if name != "later" else hub.refused(1, "restore", os.path.join(lab.dir, name), "--dry-run",
                                                                                      "--recovery-code-file", code)
        check(words in error["message"], name, error)
    # one file alone, a file that is there, no terminal, no hub, no such key
    check("two halves" in hub.refused(2, "hub", "backup-key", "--half-file", "x")["message"])
    error = hub.refused(2, "hub", "backup-key", "--half-file", os.path.join(lab.dir, "fresh"), "--other-half-file", new[1])
    check("there already" in error["message"] and not os.path.exists(os.path.join(lab.dir, "fresh")), error)
    check("terminal" in hub.refused(2, "hub", "backup-key")["message"])
    check("two people" in hub.refused(2, "hub", "backup-key")["message"])
    check(hub.json("hub", "backup-key", "--list")["items"][-1]["number"] == 2, "a key that was not kept counts")
    neema = lab.worker("Neema")
    check("not a hub" in neema.refused(2, "hub", "backup-key", "--list")["message"])
    check(neema.status().get("backup_key") is None and len(backup_of(neema)[1]["files"]) == 1)
    check("no backup key 7" in hub.refused(3, "hub", "backup-key", "--destroyed", "7")["message"])
    hub.refused(2, "hub", "backup-key", "--destroyed", "two")
    # what the older papers open, they still open
    said = hub.json("restore", old_path + SUFFIX, "--dry-run", "--half-file", old[0], "--other-half-file", old[1])
    check(said["entries"] <= kept["entries"], said)


def story_a_hundred_days(lab):
    """A key that is too old is written to no more, its papers are asked for until somebody says that they are destroyed."""
    lab.quiet()
    hub = lab.hub()
    clock = set_clock(lab, hub)
    hub.add("resource", name="Kimana Clinic", category="clinic", place="Kimana")
    make_key(hub, "one")
    path, kept = backup_of(hub)
    check(len(kept["files"]) == 2, kept)
    clock.set(99)
    check(state(hub) == "due" and hub.status()["backup_key"]["destroy"] == [] and len(backup_of(hub)[1]["files"]) == 2, hub.status())
    with open(path + SUFFIX, "rb") as file:
        before = file.read()
    clock.set(101)
    check(state(hub) == "old" and hub.status()["backup_key"]["destroy"] == [1], hub.status())
    out = hub.run("status", env=clock.env).out
    check("100 days" in out and "--destroyed 1" in out, out)
    mends = check_needs(hub, "is 101 days old: backups are not sealed to it", env=clock.env)
    check(any(mend.endswith("hub backup-key --destroyed 1") for mend in mends) and any(mend.endswith("hub backup-key") for mend in mends), mends)
    answer = hub.run("backup", path)
    check("no backup key in force" in answer.out and "100 days" in answer.out, answer)
    check(open(path + SUFFIX, "rb").read() == before, "a key of 101 days was written to")
    make_key(hub, "two")
    check(state(hub) == "good" and hub.status()["backup_key"]["destroy"] == [1])
    check("Noted" in hub.run("hub", "backup-key", "--destroyed", "1").out)
    check(hub.status()["backup_key"]["destroy"] == [])
    check("already" in hub.refused(2, "hub", "backup-key", "--destroyed", "1")["message"])
    check([item["state"] for item in hub.json("hub", "backup-key", "--list")["items"]] == ["destroyed", "in_use"])
    check("destroyed" in hub.run("hub", "backup-key", "--list").out)
    # a stolen paper: at once, whatever its age
    hub.run("hub", "backup-key", "--destroyed", "2")
    check(state(hub) == "destroyed" and len(backup_of(hub)[1]["files"]) == 1, hub.status())
    # what was kept and destroyed travels in the backup
    new, _ = restore(lab, path, code_of(hub), "New")
    check([item["state"] for item in new.json("hub", "backup-key", "--list")["items"]][0] == "destroyed")
    check("the papers of a backup key were destroyed" in str(hub.json("log")), hub.json("log"))


def shown(text):
    """The words on a paper, as its numbers say."""
    found = dict(re.findall(r" (\d+) ([a-z]{3,8})", text))
    return [found[str(number)] for number in range(1, 16)]


def outside(text):
    """What stays on the terminal when its second screen was left."""
    return re.sub(r"\x1b\[\?1049h.*?\x1b\[\?1049l", "", text, flags=re.S)


def story_two_people_at_a_terminal(lab):
    """Each sees an own half alone, types it back from paper, and leaves nothing on the screen; then both open the backup."""
    hub = lab.hub()
    hub.add("resource", name="Kimana Clinic", category="clinic", place="Kimana")
    at, papers = Terminal(hub, "hub", "backup-key"), []
    for who in ("first", "second"):
        at.until(f"{who} person")
        at.type("")
        papers.append(shown(at.until("Then press Enter")))
        at.type("")
        if who == "first":  # a word was written wrongly: it is shown again
            at.until("Words 1 to 15")
            at.type(" ".join(papers[0][:4] + ["mango" if papers[0][4] != "mango" else "maize"] + papers[0][5:]))
            at.until("Word 5 is another one")
            at.type("")
            check(shown(at.until("Then press Enter")) == papers[0])
            at.type("")
        at.until("Words 1 to 15")
        at.type(" ".join(papers[-1][:7]))  # in two lines
        at.until("Words 8 to 15")
        at.type(" ".join(papers[-1][7:]).upper())
    check(at.end() == 0 and "Backup key 1 is in force" in at.seen, ascii(at.seen))
    left = outside(at.seen)
    check(repeats(at.seen, papers[0]) and not repeats(left, papers[0]) + repeats(left, papers[1]), left)
    check(papers[0] != papers[1] and state(hub) == "good")

    path, _ = backup_of(hub)
    at = Terminal(hub, "restore", path + SUFFIX, "--dry-run")
    for paper in reversed(papers):
        at.until("Words 1 to 15")
        at.type(" ".join(paper))
    check(at.end() == 0 and "opens with these two papers" in at.seen, ascii(at.seen))
    check(papers[0][0] + " " + papers[0][1] not in outside(at.seen))

    # given up in the middle: nothing is in force that is on no paper
    at = Terminal(hub, "hub", "backup-key")
    at.until("first person")
    at.type("")
    at.until("Then press Enter")
    os.write(at.fd, b"\x04")
    check(at.end() == 2 and "no new backup key" in at.seen, ascii(at.seen))
    at = Terminal(hub, "hub", "backup-key")
    at.until("first person")
    at.type("")
    at.until("Then press Enter")
    os.write(at.fd, b"\x03")
    check(at.end() != 0 and at.seen.rstrip("^C\n").endswith("\x1b[?1049l"), "Ctrl-C leaves the paper on the screen", ascii(at.seen[-60:]))
    check([item["number"] for item in hub.json("hub", "backup-key", "--list")["items"]] == [1])


run(globals())
