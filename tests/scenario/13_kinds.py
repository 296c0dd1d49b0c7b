"""Kinds are data: private ones never leave, fields are added, half-written files change nothing, strange ones are held at the hub."""
import base64
import os
import re
import shutil
import struct
import subprocess

from lab import BIN, TOP, check, run
from sealed import PREV, SEGNO, mailbox_of

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
                             timeout=20)
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
