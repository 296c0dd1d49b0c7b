"""Kinds are data: private ones never leave, fields are added, half-written files change nothing, strange ones are held at the hub."""
import base64
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import threading

from backups import backup_of, code_of, restore
from lab import BIN, PATIENCE, TOP, Client, check, run
from sealed import PREV, SEGNO, mailbox_of

SWAHILI = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}
DIARY = """[kind]
name = diary
version = 1
scope = author
title.en = Diary
plural.en = Diaries
help.en = Nobody else ever reads this.
shows = text

[field text]
type = note
required = yes
privacy = clinical
searchable = yes
label.en = Text

[field person]
type = link
link = person
privacy = identity
label.en = Person

[field mood]
type = text
privacy = clinical
label.en = Mood
"""

BICYCLE = """[kind]
name = bicycle
version = 1
scope = person
title.en = Bicycle
plural.en = Bicycles
help.en = A bicycle that was lent.
shows = number

[field person]
type = link
link = person
required = yes
privacy = identity
label.en = Person

[field number]
type = text
required = yes
privacy = open
searchable = yes
label.en = Number

[rules]
subjects = person
"""

LOOK_AGAIN = """
[field hard]
type = yes-no
label.en = Hard

[reminder hard]
when = hard is yes
makes = followup
days = 1
text.en = look again

"""

COLOUR = """
[field colour]
type = choice
privacy = open
label.en = Colour
choices = red | blue
"""


class Conf:
    """A conf folder of one's own."""

    def __init__(self, lab, name, **kinds):
        self.path = os.path.join(lab.dir, "conf-" + name)
        shutil.copytree(os.path.join(TOP, "conf"), self.path)
        self.env = {"PAMOJA_CONF": self.path}
        for kind, text in kinds.items():
            self.put(kind, text)

    def file(self, kind):
        return os.path.join(self.path, "kinds", kind + ".ini")

    def put(self, kind, text):
        with open(self.file(kind), "w", encoding="utf-8") as file:
            file.write(text)


def worker_with(lab, hub, name, conf, role="peer"):
    worker = lab.home(name, env=conf.env).start().init(role=role)
    if hub is not None:
        lab.enrol(worker, hub, role)
    return worker


def again(home):
    home.stop()
    home.start().unlock()


def total(box):
    """Number and bytes of everything in the lane up."""
    chains = [box.chain(tip) for tip in box.branches(1).values()]
    return sum(len(chain) for chain in chains), sum(len(one.bytes) for chain in chains for one in chain)


def long_text():
    """About 12 KiB that no compression makes small."""
    return base64.b64encode(os.urandom(9000)).decode()


def story_a_private_kind_never_leaves(lab):
    lab.quiet()
    hub = lab.hub()
    neema = worker_with(lab, hub, "Neema", Conf(lab, "neema", diary=DIARY), "ally")
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema, rounds=2)
    box = mailbox_of(lab, neema)
    before, at_hub = total(box), hub.status()["journal"]["entries"]
    private = [neema.add("diary", text=long_text(), person=person, mood="tired"), neema.add("memo", text="ask about Tuesday " + long_text())]
    neema.run("edit", private[0], "mood=better")
    neema.run("note", "-", stdin="another memo\n")
    private += [item["id"] for item in neema.json("memo", "list")["items"] if item["id"] not in private]
    check(len(private) == 3, private)
    neema.run("void", neema.add("diary", text="a mistake"), "a mistake")
    check(neema.status()["outbox"]["entries"] == 0, neema.status()["outbox"])
    # no line of theirs is ever due: an exchange makes no segment at all
    lab.exchange(hub, neema, rounds=2)
    check(total(box) == before, before, total(box))
    check(os.listdir(os.path.join(neema.path, "spool", "out")) == [])
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick, 0o700)
    neema.run("carry", stick)
    check(not os.path.exists(os.path.join(stick, "PAMOJA")) or os.listdir(os.path.join(stick, "PAMOJA")) == [])
    check(hub.status()["journal"]["entries"] == at_hub, "the hub's journal grew")
    # beside others: the segment has the least size there is, the private text alone would need three of it
    other = neema.add("contact", person=person, kind="phone", note="short")
    neema.add("diary", text=long_text(), person=person)
    neema.run("sync")
    count, size = total(box)
    check((count, size) == (before[0] + 1, before[1] + 4376), before, (count, size))
    # nor when everything not acked is issued again under a new incarnation
    (inc, tip), = box.branches(1).items()
    last = box.segment(tip)
    forged = last.patched((SEGNO, struct.pack("<Q", last.segno + 1)), (PREV, last.id()))
    box.set(1, inc, box.commit(forged, [tip], last.segno + 1))
    neema.add("diary", text=long_text(), person=person)
    neema.run("edit", person, "village=Namanga")
    for _ in range(3):
        neema.run("sync", check_status=False)
    check(len(box.branches(1)) == 2, box.branches(1))
    check(all(len(one.bytes) == 4376 for tip in box.branches(1).values() for one in box.chain(tip)), "a segment grew")
    # and before locking, when what waits is sealed at once
    neema.add("diary", text=long_text(), person=person)
    neema.run("lock")
    check(os.listdir(os.path.join(neema.path, "spool", "out")) == [] or
          all(os.path.getsize(os.path.join(neema.path, "spool", "out", name)) == 4376 for name in os.listdir(os.path.join(neema.path, "spool", "out"))))
    neema.unlock()
    lab.exchange(hub, neema, rounds=2)
    check(hub.show(other)["fields"]["note"] == "short" and hub.show(person)["fields"]["village"] == "Namanga")
    for record in private:
        check(hub.refused(3, "show", record)["code"] == "not_found")
        check(neema.show(record)["id"] == record)
    check(hub.json("find", "Tuesday")["items"] == [] and hub.json("memo", "list")["items"] == [])
    check(hub.json("hub", "held")["items"] == [])
    check(hub.json("verify", person)["digest"] == neema.json("verify", person)["digest"], "private kinds are not in the digest")


def story_what_was_published_stays(lab):
    """`kinds check` refuses a new version of a kind in force that loses or changes what others may have used (security 8.3); an addition passes."""
    home = lab.home("neema").start().init()
    with open(os.path.join(TOP, "conf", "kinds", "person.ini"), encoding="utf-8") as file:
        old = file.read()
    path = os.path.join(lab.dir, "person.ini")

    def written(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    check(home.json("kinds", "check", written(old))["name"] == "person")
    check("type = phone" in old, "the story needs a field of this type")
    check("was published" in home.refused(5, "kinds", "check", written(old.replace("type = phone", "type = text", 1)))["message"])
    check(home.json("kinds", "check", written(old + "\n[field shoe_size]\ntype = integer\nprivacy = open\nlabel.en = Shoe size\n"))["name"] == "person")


def story_a_kind_gains_a_field(lab):
    lab.quiet()
    conf = Conf(lab, "both", bicycle=BICYCLE)
    hub = lab.home("hub", env=conf.env).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = worker_with(lab, hub, "Neema", conf, "ally")
    person = neema.add("person", name="Asha")
    old = neema.add("bicycle", person=person, number="K 17")
    lab.exchange(hub, neema)
    error = neema.refused(2, "bicycle", "add", f"person={person}", "number=K 18", "colour=red")
    check("colour" in error["message"], error)
    # the worker's laptop has the new field first; the hub keeps what it does not know yet, and shows it raw
    newer = Conf(lab, "newer", bicycle=BICYCLE.replace("version = 1", "version = 2").replace("[rules]", COLOUR + "\n[rules]"))
    neema.env.update(newer.env)
    again(neema)
    check(neema.show(old)["fields"]["number"] == "K 17" and "colour" not in neema.show(old)["texts"], neema.show(old))
    new = neema.add("bicycle", person=person, number="K 19", colour="blue")
    neema.run("edit", old, "colour=red")
    check([item["id"] for item in neema.json("bicycle", "list", "colour=red")["items"]] == [old])
    lab.exchange(hub, neema)
    check(hub.json("hub", "held")["items"] == [], hub.json("hub", "held"))
    check(hub.show(old)["fields"].get("colour") == "red", "a newer version's field is kept and shown raw", hub.show(old))
    hub.env.update(newer.env)
    again(hub)
    for home in (hub, neema):
        check(home.show(old)["fields"]["colour"] == "red" and home.show(new)["fields"]["colour"] == "blue", home.name)
        check(home.json("verify", "--rebuild")["ok"] is True)
        check([item["id"] for item in home.json("bicycle", "list", "colour=red")["items"]] == [old], home.name)
    check(hub.json("verify", person)["digest"] == neema.json("verify", person)["digest"])


PHONE = """[field not_by_phone]
type = yes-no
privacy = open
label.en = Not by phone
label.sw = Si kwa simu

"""


def newer_consent(version=30):
    """The program's consents, with something more that a person may not want."""
    with open(os.path.join(TOP, "conf", "kinds", "consent.ini"), encoding="utf-8") as file:
        text = re.sub(r"(?m)^version = .*$", f"version = {version}", file.read(), count=1)
    return text.replace("[state given]", PHONE + "[state given]")


def story_what_a_consent_says_that_is_not_understood(lab):
    """A newer laptop writes down what an older one's kinds do not know: kept and shown there, told to nobody under it; the copy that goes along has it."""
    lab.quiet()
    newer = Conf(lab, "newer", consent=newer_consent())
    hub = lab.home("hub").start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema, juma = worker_with(lab, hub, "Neema", newer, "ally"), lab.worker("Juma", hub)
    asha, clinic = neema.add("person", name="Asha"), neema.add("resource", name="Kimana Clinic")
    neema.add("need", person=asha, area="housing", text="a dry room")
    signed = ("recipient=Kimana Clinic", "purpose=referral", "information=needs", "expires=in 90 days", "how=written")
    given = neema.json("consent", "add", f"person={asha}", *signed, "not_by_phone=yes", "note=what the worker thinks")
    check("unusable" not in given, given)
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(given["id"])["fields"]["not_by_phone"] is True, juma.show(given["id"]))
    for home in (juma, hub):
        referral = home.add("referral", person=asha, resource=clinic, category="housing")
        for words in (("send", referral), ("packet", referral)):
            error = home.refused(5, "referral", *words)
            check("not understood here (not_by_phone)" in error["message"] and "pamoja sync" in error["hint"], home.name, error)
        check("halieleweki hapa (not_by_phone)" in home.run("referral", "send", referral, status=5, env=SWAHILI).err, home.run("referral", "send", referral, status=5, env=SWAHILI).err)
        check("not understood here" in home.show(referral)["uncovered"], home.show(referral))
    packet = neema.json("referral", "packet", neema.add("referral", person=asha, resource=clinic, category="housing"))
    lines = {line["label"]: line["text"] for line in packet["consent"]["lines"]}
    check(lines["Not by phone"] == "yes" and "what the worker thinks" not in lines.values(), lines)
    # what the person said before is as it was, and with the newer kinds the older laptop goes on
    juma.add("consent", person=asha, **dict(one.split("=") for one in signed))
    juma.run("referral", "send", juma.add("referral", person=asha, resource=clinic, category="housing"))
    hub.run("hub", "kinds", "publish", written(lab, "consent.ini", newer_consent()))
    lab.exchange(hub, juma, rounds=2)
    juma.run("referral", "send", referral_of(juma, asha))


def referral_of(home, person):
    """One that waits to be sent."""
    return [item["id"] for item in home.json("referral", "list", f"person={person}")["items"] if item["state"] == "draft"][0]


def story_rules_for_consents_that_are_not_in_force(lab):
    """What the office asks of a consent cannot be read on one laptop: nothing is told under any there, everything else goes on, and it says so."""
    lab.quiet()
    hub = lab.home("hub").start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = worker_with(lab, hub, "Neema", Conf(lab, "other", consent=newer_consent(40).replace("not_by_phone", "never_by_phone")), "ally")
    asha, clinic = neema.add("person", name="Asha"), neema.add("resource", name="Kimana Clinic")
    given = ("consent", "add", f"person={asha}", "recipient=Kimana Clinic", "purpose=referral", "information=needs", "expires=in 90 days", "how=written")
    neema.run(*given)
    first, second = (neema.add("referral", person=asha, resource=clinic) for _ in range(2))
    neema.run("referral", "send", first)
    hub.run("hub", "kinds", "publish", written(lab, "consent.ini", newer_consent()))
    lab.exchange(hub, neema, rounds=2)
    for _ in range(2):
        error = neema.refused(5, "referral", "send", second)
        check("rules for consents" in error["message"] and "doctor" in error["hint"], error)
        check("kanuni" in neema.run("referral", "send", second, status=5, env=SWAHILI).err)
        check(any("not in force" in one for one in neema.status()["warnings"]), neema.status()["warnings"])
        again(neema)
    neema.run(*given)
    neema.add("contact", person=asha, kind="visit")
    line = neema.add("disclosure", person=asha, recipient="the hospital", purpose="health")
    neema.run("disclosure", "emergency", line, "reason=found without breath")
    check(len(neema.json("disclosures", asha)["items"]) == 2)


def story_half_written_files(lab):
    lab.quiet()
    conf = Conf(lab, "neema", bicycle=BICYCLE)
    neema = worker_with(lab, None, "Neema", conf)
    person = neema.add("person", name="Asha")
    first = neema.add("bicycle", person=person, number="K 17")
    kept = os.path.join(neema.path, "kinds", "bicycle.ini")
    check(os.path.exists(kept), os.listdir(neema.path))
    spoiled = {"cut in a word": (BICYCLE[:BICYCLE.index("type = text") + 8], "bicycle.ini", "type"),
               "cut in a section": (BICYCLE + "\n[field col", "bicycle.ini", "line"),
               "an unknown key": (BICYCLE.replace("required = yes", "requird = yes", 1), "requird", "required"),
               "an unknown type": (BICYCLE.replace("type = text", "type = txt"), "txt", "text"),
               "empty": ("", "bicycle.ini", "kind")}
    for what, (text, *words) in spoiled.items():
        conf.put("bicycle", text)
        again(neema)
        warned = [one for one in neema.status()["warnings"] if "bicycle" in one]
        check(len(warned) == 1 and "last good set" in warned[0], what, neema.status()["warnings"])
        for word in words:
            check(word in warned[0], what, "misses", word, warned[0])
        if what != "empty":
            check("line" in warned[0], what, warned[0])
        check(neema.show(first)["fields"]["number"] == "K 17", what)
        check(neema.show(neema.add("bicycle", person=person, number=what))["fields"]["number"] == what)
        with open(kept, encoding="utf-8") as file:
            check(file.read() == BICYCLE, what, "the last good set was overwritten")
    check(any("bicycle" in line for line in (neema.run("status").out).splitlines()), "told to people too", neema.run("status"))
    # mended: no warning, and nothing to do
    conf.put("bicycle", BICYCLE)
    again(neema)
    check(not [one for one in neema.status()["warnings"] if "bicycle" in one], neema.status()["warnings"])
    check(len(neema.json("bicycle", "list")["items"]) == 1 + len(spoiled))
    # a home that has no good set yet: the daemon says what is wrong and does not start
    conf.put("bicycle", spoiled["an unknown key"][0])
    fresh = lab.home("Fresh", env=conf.env)
    process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", fresh.path, "--foreground"], env=fresh.env, capture_output=True, text=True,
                             timeout=PATIENCE)
    check(process.returncode == 2, process)
    for word in ("bicycle.ini", "line", "requird", "required"):
        check(word in process.stderr, word, process.stderr)


def story_nearest_names(lab):
    lab.quiet()
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    for typed, near in (("contcat", "contact"), ("persn", "person"), ("refferal", "referral")):
        error = neema.refused(2, typed, "add", "name=X")
        check(near in error["message"] + error["hint"], typed, error)
    for kind, typed, near in (("contact", "minuts", "minutes"), ("person", "birthyear", "birth_year"), ("person", "phne", "phone")):
        error = neema.refused(2, kind, "add", f"{typed}=1", *([f"person={person}", "kind=phone"] if kind == "contact" else ["name=X"]))
        check(typed in error["message"] and near in error["message"] + error["hint"], typed, error)
        error = neema.refused(2, "edit", person, f"{typed}=1") if kind == "person" else error
        check(near in error["message"] + error["hint"], typed, error)
    error = neema.refused(2, "followup", "dnoe", neema.add("followup", person=person, due="today", what="call"))
    check("done" in error["message"] + error["hint"], error)
    error = neema.refused(2, "followup", "add", f"person={person}", "due=today", "what=call", "priority=sameday")
    check("same day" in error["message"] + error["hint"], error)
    check(len(neema.json("person", "list")["items"]) == 1)


class Listener(threading.Thread):
    """Stands between the client and the daemon: a home of its own, whose socket passes on what is said and remembers what was asked for."""

    def __init__(self, lab, home):
        super().__init__(daemon=True)
        self.asked, self.home = [], home
        self.path = os.path.join(lab.dir, "heard")
        os.makedirs(os.path.join(self.path, "run"))
        shutil.copy(os.path.join(home.path, "run", "cookie"), os.path.join(self.path, "run", "cookie"))
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(os.path.join(self.path, "run", "api.sock"))
        self.socket.listen()
        self.start()

    def run(self):
        while True:
            client, _ = self.socket.accept()
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(os.path.join(self.home.path, "run", "api.sock"))
            ends = {client: daemon, daemon: client}
            while True:
                got = [(end, end.recv(65536)) for end in select.select(list(ends), [], [])[0]]
                if any(not data for _, data in got):
                    break
                for end, data in got:
                    if end is client:
                        self.asked += re.findall(r"^(?:GET|POST) (\S+) HTTP", data.decode(), re.M)
                    ends[end].sendall(data)
            client.close()
            daemon.close()

    def kinds(self, *words):
        """Which kinds a command asked for; None: all."""
        self.asked.clear()
        answer = self.home.run(*words, env={"PAMOJA_HOME": self.path})
        asked = [path.partition("name=")[2].replace("%2C", ",") or None for path in self.asked if path.startswith("/v1/kinds")]
        return asked, answer.out


def story_only_the_kinds_that_are_needed(lab):
    """All kinds are 170 KB and cost each command 6 ms of processor: it asks for those it has something to say about, at most in two requests."""
    lab.quiet()
    home = lab.worker("Neema")
    person = home.add("person", name="Asha", village="Kimana")
    contact = home.add("contact", person=person, kind="phone")
    home.add("followup", person=person, due="today", what="call")
    home.add("need", person=person, area="housing", text="a room")
    heard = Listener(lab, home)
    for words, wanted in ((("person", "list"), ["person"]), (("contact", "add", f"person={person}", "kind=phone"), ["contact"]),
                          (("person", "add", "name=Juma"), ["person"]), (("show", contact), ["contact", "person"]),
                          (("find", "asha"), []), (("contact", "--help"), ["contact"])):
        check(heard.kinds(*words)[0] == wanted, words, heard.asked)
    asked, out = heard.kinds("today")
    check(len(asked) == 1 and "followup" in asked[0].split(",") and "Asha" in out and "Follow-up" in out, asked, out)
    asked, out = heard.kinds("show", person)
    check(asked[0] == "person" and len(asked) == 2 and {"contact", "followup", "need"} <= set(asked[1].split(",")), asked)
    check(all(word in out for word in ("call", "a room", "Contacts, the last")), out)
    # What may follow a new record is told with its kind.
    out = heard.kinds("person", "add", "name=Neema")[1]
    check(re.search(r"Next:\n +pamoja \w+ add person=", out), out)
    check(heard.kinds("kinds")[0] == [None])
    some = Client(home)
    some.ask("GET", "/v1/kinds?name=person,nothing,contac,consent")
    check([kind["name"] for kind in some.answer()["kinds"]] == ["consent", "person"])
    for word in ("contcat", "nothing"):
        heard.asked.clear()
        answer = home.run(word, "list", status=2, env={"PAMOJA_HOME": heard.path})
        check(("contact" in answer.err) == (word == "contcat"), answer)


def written(lab, name, text):
    path = os.path.join(lab.dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


SECOND = BICYCLE.replace("version = 1", "version = 2").replace("[rules]", COLOUR + "\n[rules]")


def story_published_by_the_office(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    check(hub.json("hub", "kinds")["items"] == [])
    neema.refused(2, "bicycle", "add", f"person={asha}", "number=K 17")
    answer = hub.json("hub", "kinds", "publish", written(lab, "bicycle.ini", BICYCLE))
    check(answer == {"published": [{"name": "bicycle", "version": 1}], "unchanged": 0}, answer)
    check([item["name"] for item in hub.json("hub", "kinds")["items"]] == ["kinds/bicycle.ini"])
    lab.exchange(hub, neema, rounds=2)
    old = neema.add("bicycle", person=asha, number="K 17")
    check("bicycle" in neema.run("kinds").out and "A bicycle that was lent" in neema.run("bicycle", "add", "--help").out)
    lab.exchange(hub, neema, rounds=2)
    check(hub.json("hub", "held")["items"] == [] and hub.show(old)["fields"]["number"] == "K 17")
    # it is the office's word, in the journal: there after a start, as soon as it is unlocked
    again(neema)
    again(hub)
    check(neema.show(old)["fields"]["number"] == "K 17" and [item["id"] for item in hub.json("bicycle", "list")["items"]] == [old])
    # a laptop that was enrolled later, and one that had no exchange until now
    late = lab.worker("Late", hub)
    lab.exchange(hub, late, juma, rounds=2)
    for home in (late, juma):
        home.add("bicycle", person=home.add("person", name=home.name), number=home.name)
    # the next version; who has not heard of it works on, and keeps what it does not know
    hub.json("hub", "kinds", "publish", written(lab, "bicycle.ini", SECOND))
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, rounds=2)
    check(neema.show(old)["fields"]["number"] == "K 17")
    neema.run("edit", old, "colour=red")
    new = neema.add("bicycle", person=asha, number="K 19", colour="blue")
    lab.exchange(hub, neema, rounds=2)
    check([item["id"] for item in hub.json("bicycle", "list", "colour=red")["items"]] == [old])
    lab.exchange(hub, juma, rounds=2)
    check(juma.show(new)["fields"]["colour"] == "blue", juma.show(new))
    for home in (hub, neema, juma):
        check(home.json("verify", "--rebuild")["ok"] is True, home.name)
        check([item["id"] for item in home.json("bicycle", "list", "colour=red")["items"]] == [old], home.name)
    check(hub.json("verify", asha)["digest"] == neema.json("verify", asha)["digest"] == juma.json("verify", asha)["digest"])


def story_what_may_be_published(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    hub.run("hub", "kinds", "publish", written(lab, "bicycle.ini", SECOND))
    shipped = os.path.join(TOP, "conf", "kinds")
    check(hub.json("hub", "kinds", "publish", shipped)["published"] == [])
    check("Nothing is new" in hub.run("hub", "kinds", "publish", shipped, written(lab, "bicycle.ini", SECOND)).out)
    for status, text, words in (
            (5, SECOND.replace("A bicycle that", "The bicycle which"), ("version 2", "version = 3")),
            (5, BICYCLE.replace("version = 1", "version = 3"), ("colour", "published")),
            (5, SECOND.replace("version = 2", "version = 3").replace("red | blue", "red"), ("blue", "published")),
            (2, SECOND.replace("version = 2", "version = 3").replace("shows = number", "shows = number\nnext = persn"), ("persn", "person")),
            (2, SECOND.replace("version = 2", "version = 3").replace("required = yes", "requird = yes", 1), ("requird", "required"))):
        error = hub.refused(status, "hub", "kinds", "publish", written(lab, "bicycle.ini", text))
        for word in words:
            check(word in error["message"] + error["hint"], word, error)
    error = hub.refused(2, "hub", "kinds", "publish", written(lab, "boat.ini", SECOND.replace("version = 2", "version = 3")))
    check("bicycle.ini" in error["hint"], error)
    empty = os.path.join(lab.dir, "empty")
    os.mkdir(empty)
    hub.refused(3, "hub", "kinds", "publish", empty)
    hub.refused(3, "hub", "kinds", "publish", os.path.join(lab.dir, "nothing.ini"))
    hub.refused(2, "hub", "kinds", "publish")
    neema.refused(2, "hub", "kinds")
    # one bad file among good ones: nothing of it is published
    folder = os.path.join(lab.dir, "folder")
    os.mkdir(folder)
    for name, text in (("boat.ini", BICYCLE.replace("bicycle", "boat")), ("cart.ini", BICYCLE)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    hub.refused(2, "hub", "kinds", "publish", folder)
    check([item["version"] for item in hub.json("hub", "kinds")["items"]] == [2])


def story_published_kinds_outlive_a_restore(lab):
    """Both ends come back out of a backup: the hub knows what it published, and tells the laptop again."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    asha = neema.add("person", name="Asha")
    hub.run("hub", "kinds", "publish", written(lab, "bicycle.ini", BICYCLE))
    lab.exchange(hub, neema)
    old = neema.add("bicycle", person=asha, number="K 17")
    lab.exchange(hub, neema)
    backup, _ = backup_of(neema)
    code = code_of(neema)
    neema.kill()
    back, _ = restore(lab, backup, code, "neema2")
    lab.exchange(hub, back, rounds=3)
    check(back.show(back.add("bicycle", person=asha, number="K 18"))["fields"]["number"] == "K 18")
    lab.exchange(hub, back)
    backup, _ = backup_of(hub)
    code = code_of(hub)
    hub.kill()
    office, _ = restore(lab, backup, code, "hub2")
    check(office.show(old)["fields"]["number"] == "K 17" and len(office.json("bicycle", "list")["items"]) == 2)
    check([item["name"] for item in office.json("hub", "kinds")["items"]] == ["kinds/bicycle.ini"])


def story_what_the_office_sends_to_read(lab):
    """Materials reach every laptop as they are, and are withdrawn; a notice of the programme's takes the place of the draft."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    folder = os.path.join(lab.dir, "office")
    os.mkdir(folder)
    paths = {name: os.path.join(folder, name) for name in ("steps.txt", "course.pdf", "large.pdf", "Course.pdf", "empty.pdf")}
    wanted = {"steps.txt": "Hatua ya kwanza: sikiliza.\n".encode(), "course.pdf": os.urandom(300000), "large.pdf": os.urandom(600000),
              "Course.pdf": b"x", "empty.pdf": b""}
    for name, path in paths.items():
        with open(path, "wb") as file:
            file.write(wanted[name])
    check(neema.json("materials")["items"] == [] and "nothing to read" in neema.run("materials").out)
    for name in ("steps.txt", "course.pdf"):
        check(hub.json("hub", "materials", "publish", paths[name]) == {"name": name, "version": 1})
    check(hub.refused(2, "hub", "materials", "publish", paths["large.pdf"])["hint"])
    hub.refused(2, "hub", "materials", "publish", paths["Course.pdf"])
    hub.refused(2, "hub", "materials", "publish", paths["empty.pdf"])
    hub.refused(2, "hub", "materials", "send", paths["steps.txt"])
    asha = hub.add("person", name="Asha")
    hub.run("hub", "assign", asha, "Neema")
    lab.exchange(hub, neema, rounds=3)
    check(neema.show(asha)["fields"]["name"] == "Asha", "they go behind everything else")
    check([(item["name"], item["bytes"]) for item in neema.json("materials")["items"]] == [("course.pdf", 300000), ("steps.txt", 27)], neema.json("materials"))
    check(neema.run("materials", "steps.txt").out == wanted["steps.txt"].decode())
    got = os.path.join(lab.dir, "got.pdf")
    neema.run("materials", "course.pdf", got)
    with open(got, "rb") as file:
        check(file.read() == wanted["course.pdf"], "other bytes")
    neema.refused(5, "materials", "course.pdf", got)
    neema.refused(3, "materials", "no.pdf")
    again(neema)
    check(len(neema.json("materials")["items"]) == 2)
    hub.run("hub", "materials", "withdraw", "course.pdf")
    hub.refused(3, "hub", "materials", "withdraw", "course.pdf")
    lab.exchange(hub, neema, rounds=2)
    check([item["name"] for item in neema.json("materials")["items"]] == ["steps.txt"])
    # the notice: what goes with a packet is the office's now
    person = neema.add("person", name="Baraka")
    neema.add("consent", person=person, recipient="Kimana Clinic", purpose="treatment", information="contact details", how="written", expires="in 6 months")
    referral = neema.add("referral", person=person, resource="Kimana Clinic", category="treatment", purpose="treatment")
    neema.run("referral", "send", referral)
    check(neema.json("referral", "packet", referral)["notice"]["id"] == "redisclosure 1 draft")
    with open(os.path.join(TOP, "conf", "notices", "redisclosure.ini"), encoding="utf-8") as file:
        draft = file.read()
    path = os.path.join(folder, "redisclosure.ini")
    for text, status in ((draft.replace("title.en = Notice", "title.en = The notice"), 5), (draft.replace("version = 1", "version = two"), 2),
                         (draft.replace("version = 1", "version = 2").replace("draft = yes\n", ""), 0)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        answer = hub.refused(status, "hub", "kinds", "publish", path) if status else hub.json("hub", "kinds", "publish", path)
    check(answer["published"] == [{"name": "redisclosure", "version": 2}], answer)
    lab.exchange(hub, neema, rounds=2)
    check(neema.json("referral", "packet", referral)["notice"]["id"] == "redisclosure 2", "the office's")
    check("redisclosure 2" in json.dumps(neema.json("disclosures", person)))


def story_a_kind_that_the_hub_lacks(lab):
    lab.quiet()
    hub = lab.hub()
    neema = worker_with(lab, hub, "Neema", Conf(lab, "neema", bicycle=BICYCLE), "ally")
    person = neema.add("person", name="Asha")
    strange = neema.add("bicycle", person=person, number="K 17")
    after = neema.add("person", name="Baraka")
    neema.add("contact", person=person, kind="phone", note="behind it in the same segment")
    lab.exchange(hub, neema)
    held = hub.json("hub", "held")["items"]
    check(len(held) == 1 and held[0]["reason"] == "kind_unknown" and held[0]["kind"] == "bicycle", held)
    check(hub.show(after)["fields"]["name"] == "Baraka" and len(hub.json("contact", "list")["items"]) == 1, "the rest goes on")
    check(neema.show(strange)["sync"] == "refused" and neema.show(strange)["reason"] == "kind_unknown", neema.show(strange))
    check(neema.show(person)["sync"] == "merged")
    # the office installs the kind, and lets it in
    hub.env.update(Conf(lab, "hub", bicycle=BICYCLE).env)
    again(hub)
    hub.run("hub", "release", held[0]["id"])
    lab.exchange(hub, neema)
    check(hub.show(strange)["fields"]["number"] == "K 17" and neema.show(strange)["sync"] == "merged", neema.show(strange))
    check(hub.json("verify", person)["digest"] == neema.json("verify", person)["digest"])


def story_a_reminder_needs_its_person(lab):
    """Of a record that was handed over it is not known here whom it is about: nothing is to be done about anybody else."""
    lab.quiet()
    conf = Conf(lab, "all", bicycle=BICYCLE.replace("[rules]", LOOK_AGAIN + "[rules]"))
    hub = lab.home("hub", env=conf.env).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema, juma = worker_with(lab, hub, "Neema", conf, "ally"), worker_with(lab, hub, "Juma", conf)
    asha = neema.add("person", name="Asha")
    lent = neema.add("bicycle", person=asha, number="K 17")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma)
    (made,) = juma.json("edit", lent, "hard=yes")["reminders"]
    check(juma.show(made["id"])["fields"]["person"] == asha)
    juma.run("edit", lent, "hard=no")
    hub.run("hub", "unassign", asha, "Juma")
    lab.exchange(hub, juma, rounds=2)
    check(juma.show(lent)["handed_over"])
    check("reminders" not in juma.json("edit", lent, "hard=yes"), juma.json("followup", "list")["items"])


def story_rules_are_judged_at_the_hub(lab):
    """A laptop whose kinds lack a rule may write what it likes; the hub holds what its own kinds forbid."""
    lab.quiet()
    hub = lab.hub()
    conf = Conf(lab, "juma")
    for kind, rule in (("supervision", "by = another\n"), ("barc10", re.compile("^(total|adds) = .*\n", re.M))):
        with open(conf.file(kind), encoding="utf-8") as file:
            text = file.read()
        less = rule.sub("", text) if not isinstance(rule, str) else text.replace(rule, "")
        check(less != text, kind)
        conf.put(kind, less)
    juma = worker_with(lab, hub, "Juma", conf)
    session = juma.add("supervision", **{"with": "Office"}, minutes=60, topics="rest")
    juma.run("supervision", "sign", session)
    asha = juma.add("person", name="Asha")
    juma.add("barc10", person=asha, home=2, total=60)
    lab.exchange(hub, juma)
    held = {(item["kind"], item["reason"]) for item in hub.json("hub", "held")["items"]}
    check(held == {("supervision", "by"), ("barc10", "bad_value")}, held)
    check(hub.show(session)["state"] == "held" and juma.show(session)["state"] == "held", "signed by its author alone")
    check("a second person has to do this" in hub.run("hub", "held").out)
    # nor is what the office has signed changed by one who knows of it
    other = juma.add("supervision", **{"with": "Office"}, minutes=60, topics="the garden")
    lab.exchange(hub, juma)
    hub.run("supervision", "sign", other)
    lab.exchange(hub, juma)
    juma.run("edit", other, "topics=the office's money")
    lab.exchange(hub, juma)
    check(hub.show(other)["fields"]["topics"] == "the garden" and juma.show(other)["fields"]["topics"] == "the garden", hub.show(other))
    check(len(hub.json("hub", "held")["items"]) == 3)


run(globals())
