"""At random: three workers and a hub do what people do, in any order, with kills and locks between; in the end all agree and nothing is lost.

PAMOJA_ROUNDS (default 60) says how many steps, PAMOJA_SEED repeats the choices of a run (not the moments of its kills).
"""
import collections
import json
import os
import random
import shutil
import subprocess
import time

from lab import BIN, PATIENCE, TOP, Failed, check, run

ROUNDS = int(os.environ.get("PAMOJA_ROUNDS", "60"))
SEED = int(os.environ.get("PAMOJA_SEED", str(random.SystemRandom().randrange(1 << 32))))
NAMES = ("Neema", "Juma", "Zawadi")

# A record of two subjects goes to those who work with both.
PAIRING = """[kind]
name = pairing
version = 1
scope = person
title.en = Pairing
plural.en = Pairings
help.en = Two people who walk together.
shows = note

[field person]
type = link
link = person
required = yes
privacy = identity
label.en = Person

[field companion]
type = link
link = person
required = yes
privacy = identity
label.en = Companion

[field note]
type = note
privacy = clinical
searchable = yes
label.en = Note

[rules]
subjects = person | companion
"""

MOVES = {
    "person": ("pause", "resume", "close", "reopen"),
    "goal": ("start", "reach", "set-aside", "reopen"),
    "followup": ("done", "cancel", "reopen"),
    "referral": ("send", "receive", "accept", "decline", "attend", "retry", "withdraw", "close"),
    "consent": ("revoke", "refuse"),
    "resource": ("close", "reopen"),
}
# A field of each kind that takes any text.
TEXT = {"person": "village", "goal": "text", "followup": "what", "referral": "note", "consent": "note", "resource": "hours", "pairing": "note"}


class Fleet:
    def __init__(self, lab, chance):
        self.lab = lab
        self.chance = chance
        self.number = 0
        self.trace = []
        self.made = {}  # record -> (kind, home name)
        self.edits = []  # (home, record, field, value)
        self.done = collections.Counter()
        conf = os.path.join(lab.dir, "conf")
        shutil.copytree(os.path.join(TOP, "conf"), conf)
        with open(os.path.join(conf, "kinds", "pairing.ini"), "w", encoding="utf-8") as file:
            file.write(PAIRING)
        lab.ini = "[sync]\nevery_minutes = 1440\n[hub]\nlook_every_seconds = 3600\n[keys]\nunlock_ms = 200\n"
        env = {"PAMOJA_CONF": conf}
        self.hub = lab.home("hub", env=env).start().init(hub_mailboxes=lab.mailboxes, person="Office")
        self.workers = [lab.home(name, env=env).start().init(role="peer") for name in NAMES]
        for worker in self.workers:
            lab.enrol(worker, self.hub)
        self.homes = [self.hub, *self.workers]
        self.called = {home.name: home.name for home in self.workers} | {"hub": "Office"}
        self.stick = os.path.join(lab.dir, "a stick")
        os.mkdir(self.stick, 0o700)
        for home in self.homes[:2]:
            person = home.add("person", name=self.token())
            self.made[person] = ("person", home.name)
            lab.exchange(self.hub, *self.workers)
            for worker in self.workers:
                self.hub.run("hub", "assign", person, worker.name)
        lab.exchange(self.hub, *self.workers)

    def token(self):
        self.number += 1
        return f"t{self.number:05d}"

    def say(self, home, arguments, answer):
        error = "" if answer.status == 0 else " " + answer.err.strip()[-160:]
        self.trace.append(f"{home.name}: {' '.join(str(a) for a in arguments)} -> {answer.status}{error}")
        self.done[arguments[0] if arguments[0] != "hub" else "hub " + arguments[1], answer.status] += 1

    def ask(self, home, *arguments, may=(0,), stdin=None):
        answer = home.run(*arguments, check_status=False, json_out=True, stdin=stdin)
        self.say(home, arguments, answer)
        if answer.status not in may:
            raise Failed(f"{home.name}: pamoja {' '.join(str(a) for a in arguments)}: {answer!r}")
        return answer

    def known(self, home, *kinds):
        """A record of these kinds, nearly always one that is at this home."""
        some = [record for record, (kind, _) in self.made.items() if kind in kinds]
        for _ in range(8):
            if some and home.run("show", record := self.chance.choice(some), check_status=False).status == 0:
                return record
        return self.chance.choice(some) if some else None

    # what people do
    def add(self, home):
        kind = self.chance.choice(("person", "person", "contact", "goal", "goal", "followup", "consent", "referral", "resource", "pairing"))
        person = self.known(home, "person")
        if person is None or len([1 for k, _ in self.made.values() if k == "person"]) < 3:
            kind = "person"
        fields = {"person": {"name": self.token()}, "contact": {"kind": "phone", "note": self.token()}, "goal": {"text": self.token()},
                  "followup": {"due": "in 40 days", "what": self.token()}, "resource": {"name": self.token(), "category": "health"},
                  "pairing": {"note": self.token(), "companion": self.known(home, "person")},
                  "consent": {"purpose": "referral", "note": self.token()}, "referral": {"category": "health", "reason": self.token()}}[kind]
        if kind in ("consent", "referral"):
            resource = self.known(home, "resource")
            if resource is None:
                return
            fields |= {"recipient" if kind == "consent" else "resource": resource}
            if kind == "consent":
                fields |= {"information": "all", "from": "today", "expires": "in 200 days", "how": "written"}
        if kind not in ("person", "resource"):
            fields["person"] = person
        answer = self.ask(home, kind, "add", *[f"{name}={value}" for name, value in fields.items()], may=(0, 2, 3, 5))
        if answer.status == 0:
            self.made[answer.json["id"]] = (kind, home.name)

    def edit(self, home):
        record = self.known(home, *TEXT)
        if record is None:
            return
        field, value = TEXT[self.made[record][0]], self.token()
        if self.ask(home, "edit", record, f"{field}={value}", may=(0, 3, 5)).status == 0:
            self.edits.append((home.name, record, field, value))

    def relink(self, home):
        """A record never changes hands."""
        record, person = self.known(home, "goal", "followup", "pairing"), self.known(home, "person")
        if record is not None and person is not None:
            self.ask(home, "edit", record, f"person={person}", may=(2, 3, 5))  # 2: it is this one

    def move(self, home):
        record = self.known(home, *MOVES)
        if record is not None:
            kind = self.made[record][0]
            self.ask(home, kind, self.chance.choice(MOVES[kind]), record, may=(0, 2, 3, 5))

    def void(self, home):
        record = self.known(home, *TEXT, "contact")
        if record is not None and self.chance.random() < 0.3:
            self.ask(home, "void", record, "a mistake " + self.token(), may=(0, 3, 5))

    def team(self, _):
        person = self.known(self.hub, "person")
        if person is not None:
            verb = self.chance.choice(("assign", "assign", "assign", "unassign", "unassign"))
            self.ask(self.hub, "hub", verb, person, self.chance.choice(NAMES), may=(0, 3))

    def settle_one(self, _):
        items = self.ask(self.hub, "hub", "conflicts").json["items"]
        if items:
            item = self.chance.choice(items)
            text = item["field"] in TEXT.values()
            words = ("--value", self.token()) if text and self.chance.random() < 0.5 else ("--keep", self.chance.randint(1, len(item["values"])))
            self.ask(self.hub, "hub", "resolve", item["id"], *words, may=(0, 5))

    def let_in(self, _):
        items = self.ask(self.hub, "hub", "held").json["items"]
        if items:
            self.ask(self.hub, "hub", "release", self.chance.choice(items)["id"], may=(0, 5))

    def sync(self, home):
        self.ask(home, *(("hub", "merge") if home is self.hub else ("sync",)), may=(0, 6, 8))

    def carry(self, home):
        self.ask(home, "carry", self.stick, may=(0, 6, 8))

    def lock(self, home):
        self.ask(home, "lock")
        check(self.ask(home, "person", "list", may=(4,)).status == 4)
        home.unlock()

    def kill(self, home):
        """pamojad ends in the midst of something."""
        what = self.chance.choice((("sync",) if home is not self.hub else ("hub", "merge"), ("carry", self.stick), ("person", "add", "name=" + self.token())))
        client = subprocess.Popen([os.path.join(BIN, "pamoja"), "--json", *what], env=home.env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(self.chance.uniform(0, 0.25))
        home.kill()
        out, _ = client.communicate(timeout=PATIENCE)
        self.trace.append(f"{home.name}: killed in {' '.join(what)} -> {client.returncode}")
        if what[0] == "person" and client.returncode == 0:
            self.made[json.loads(out)["id"]] = ("person", home.name)
        home.start()
        home.unlock()

    def sweep(self, home):
        """The spool is a cache."""
        for folder in ("out", "in"):
            at = os.path.join(home.path, "spool", folder)
            for name in os.listdir(at):
                try:
                    os.unlink(os.path.join(at, name))
                except FileNotFoundError:
                    pass
        self.trace.append(f"{home.name}: spool swept")

    def step(self):
        acts = ((self.add, 9), (self.edit, 9), (self.move, 5), (self.void, 2), (self.relink, 1), (self.team, 7), (self.settle_one, 3), (self.let_in, 2),
                (self.sync, 14), (self.carry, 4), (self.lock, 1), (self.kill, 2), (self.sweep, 1))
        act = self.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
        act(self.hub if act == self.sync and self.chance.random() < 0.5 else self.chance.choice(self.homes))

    # what must hold
    def until_quiet(self):
        for _ in range(12):
            statuses = [self.ask(home, "sync", may=(0, 8)).status for home in self.workers]
            statuses.append(self.ask(self.hub, "hub", "merge", may=(0, 8)).status)
            left = {home.name: home.status()["outbox"]["entries"] for home in self.homes}
            if not any(statuses) and not any(left.values()):
                break
        else:
            raise Failed("not quiet: " + str(left))
        for home in self.workers:
            self.ask(home, "sync")

    def records_of(self, home, person):
        return {item["id"] for kind in ("contact", "goal", "followup", "consent", "referral", "pairing")
                for field in ("person", "companion") if field == "person" or kind == "pairing"
                for item in home.json(kind, "list", f"{field}={person}", "--all", "--limit", "1000")["items"]}

    def shown(self, home, record):
        answer = home.run("show", record, check_status=False, json_out=True)
        check(answer.status in (0, 3), answer)
        return answer.json if answer.status == 0 else None

    def same_view(self, record, one, other):
        for key in ("kind", "state", "fields", "voided"):
            check(one.get(key) == other.get(key), record, key, "differs:", one, other)
        seen = [sorted((c["field"], sorted(str(v["value"]) for v in c["values"])) for c in view["conflicts"]) for view in (one, other)]
        check(seen[0] == seen[1], record, "conflicts differ:", one, other)

    def written(self, home, author, record, field, value):
        """The entries by this author that set the value. The hub's decision may have set it again: only the first of the hub's counts."""
        found = [item for item in home.json("history", record)["items"] if item["set"].get(field) == value and item["by"] in (author, self.called[author])]
        return found[:1] if author == self.hub.name else found

    def must_agree(self):
        held = {item["record"] for item in self.ask(self.hub, "hub", "held").json["items"]}
        views = {record: self.shown(self.hub, record) for record in self.made}
        for record, (kind, name) in self.made.items():
            check(views[record] is not None or record in held, kind, record, "of", name, "is lost")
        persons = [record for record, (kind, _) in self.made.items() if kind == "person" and views[record] is not None]
        at_hub = {person: (self.hub.json("verify", person)["digest"], self.records_of(self.hub, person)) for person in persons}
        compared = 0
        for home in self.workers:
            team = set()
            for person in persons:
                view = self.shown(home, person)
                if view is None or view.get("handed_over"):
                    continue
                team.add(person)
                self.same_view(person, views[person], view)
                here = self.records_of(home, person)
                # one of a pairing may be another's by now: then the pairing is handed over, too
                if any(self.made[record][0] == "pairing" and self.shown(home, record)["handed_over"] for record in here):
                    continue
                if here == at_hub[person][1]:
                    digest = home.json("verify", person)["digest"]
                    check(digest == at_hub[person][0], home.name, "digest of", person, digest, at_hub[person])
                    compared += 1
                else:
                    odd = here ^ at_hub[person][1]
                    check(all(self.made[record][0] == "pairing" for record in odd), home.name, person, "holds", here - at_hub[person][1],
                          "lacks", at_hub[person][1] - here, {record: self.made.get(record) for record in odd})
        for name, record, field, value in self.edits:
            home = next(home for home in self.homes if home.name == name)
            own = self.written(home, name, record, field, value)
            check(len(own) == 1, name, "has the edit", value, "of", record, len(own), "times")
            # on a record that is held it waits there, and says so
            check(own[0]["sync"] in ("merged", "refused", *(["deferred"] if record in held else [])), own, "of", record)
            if own[0]["sync"] == "merged" and record not in held:
                there = self.written(self.hub, name, record, field, value)
                check(len(there) == 1, "the hub has the edit", value, "of", record, len(there), "times")
        for home in self.homes:
            rebuilt = home.json("verify", "--rebuild")
            check(rebuilt["ok"] and rebuilt["differed"] == 0, home.name, rebuilt)
            bad = [warning for warning in home.status()["warnings"] if "swap" not in warning]
            check(not bad, home.name, bad)
        return compared


def story_at_random(lab):
    print(f"     seed {SEED}, {ROUNDS} steps", flush=True)
    fleet = Fleet(lab, random.Random(SEED))
    compared = 0
    try:
        for number in range(1, ROUNDS + 1):
            fleet.step()
            if number % 150 == 0 or number == ROUNDS:
                fleet.until_quiet()
                compared += fleet.must_agree()
                print(f"     step {number}: {len(fleet.made)} records, {len(fleet.edits)} edits, {compared} digests compared", flush=True)
    except Exception:
        print("\n".join(fleet.trace[-2000:]) if os.environ.get("PAMOJA_TRACE") else "\n".join(fleet.trace[-40:]), flush=True)
        raise
    check(compared > 0, "nothing was compared")
    print("     " + str(dict(sorted(collections.Counter({f"{k[0]} {k[1]}": n for k, n in fleet.done.items()}).items()))))


run(globals())
