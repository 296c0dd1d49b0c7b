"""hour.py - the commands of the hour, each a step that can be given again after a cut without doing anything twice."""
import copy
import json
import os
import time

from village import NAMES, TEXT
from lab import PASSPHRASE, Failed, check

NEXT_PASSPHRASE = "a test only: nine weavers by the well"
LAST_PASSPHRASE = "a test only: four kettles on the stove"


class Step:
    """One command. `go` gives it and says whether it was acknowledged; `again` gives it once more after a cut, if it is not done yet."""

    name = ""
    home = "Neema"

    def go(self, v):
        raise NotImplementedError

    def again(self, v):
        check(self.go(v), self.name, "fails after a cut")

    def ask(self, v, *arguments, **options):
        answer = v.homes[self.home].run(*arguments, check_status=False, json_out=True, **options)
        v.trace.append(f"{self.home}: {' '.join(str(a) for a in arguments)} -> {answer.status} {answer.err.strip()[-200:] if answer.status else ''}")
        self.answer = answer
        return answer.status == 0


class Boot(Step):
    def __init__(self, home):
        self.home, self.name = home, f"{home} boots"

    def go(self, v):
        if self.home in v.facts["on"]:
            v.quiet()
            v.end(self.home)
        if v.log["dead"] & 1 << NAMES.index(self.home):
            return False
        try:
            v.start(self.home)
        except Failed:
            v.facts["on"] += [self.home] if self.home not in v.facts["on"] else []
            return False
        return True

    def again(self, v):
        pass  # it was started again after the cut


class Init(Step):
    def __init__(self, home):
        self.home, self.name = home, f"{home} init"

    def go(self, v):
        home = v.homes[self.home]
        home.set_passphrase(PASSPHRASE)
        words = ("--hub", "--name", "Office", "--mailboxes", v.lab.mailboxes) if self.home == "hub" else ("--name", self.home, "--role", "peer")
        done = self.ask(v, "--passphrase-file", home.passphrase_file, "init", *words)
        self.code = self.answer.json["recovery_code"] if self.answer.out else None
        if done:
            v.facts["codes"][self.home] = self.code
        return done

    def again(self, v):
        """Cut off, it holds nothing: the same command once more is enough. Only what was shown may count already."""
        if not v.homes[self.home].status()["initialised"]:
            check(self.go(v), self.home, "cannot be made after a cut:", self.answer)
        else:
            check(self.code, self.home, "has a recovery code that nobody saw")
            v.facts["codes"][self.home] = self.code
            v.open(self.home)


class Unlock(Step):
    def __init__(self, home):
        self.home, self.name = home, f"{home} unlocks"

    def go(self, v):
        done = self.ask(v, "--passphrase-file", v.homes[self.home].passphrase_file, "unlock")
        if done and self.home in v.facts["locked"]:
            v.facts["locked"].remove(self.home)
        return done

    def again(self, v):
        if self.home in v.facts["locked"]:
            v.facts["locked"].remove(self.home)


class Lock(Unlock):
    def __init__(self, home):
        self.home, self.name = home, f"{home} locks"

    def go(self, v):
        done = self.ask(v, "lock")
        if done:
            v.facts["locked"].append(self.home)
        return done

    def again(self, v):
        check(self.go(v), "cannot lock")


class Add(Step):
    def __init__(self, home, ref, kind, /, **fields):
        self.home, self.ref, self.kind, self.fields = home, ref, kind, fields
        self.name = f"{home} {kind} add {ref}"

    def given(self, v):
        return {field: v.facts["ids"].get(value[1:], value) if str(value).startswith("@") else value for field, value in self.fields.items()}

    def known(self, v, record):
        given = self.given(v)
        v.facts["ids"][self.ref] = record
        v.facts["records"][self.home][record] = {"kind": self.kind, "fields": {TEXT[self.kind]: [given[TEXT[self.kind]]]}, "state": None}

    def go(self, v):
        v.facts["may"][self.home][self.ref] = {"kind": self.kind}
        if not self.ask(v, self.kind, "add", *[f"{field}={value}" for field, value in self.given(v).items()]):
            return False
        self.known(v, self.answer.json["id"])
        return True

    def again(self, v):
        text = TEXT[self.kind]
        items = v.homes[self.home].json(self.kind, "list", "--all", "--limit", "1000")["items"]
        found = [item["id"] for item in items if item["fields"].get(text) == self.fields[text]]
        if found:
            self.known(v, found[0])
        else:
            super().again(v)


class Import(Step):
    COUNT = 12

    def __init__(self, home):
        self.home, self.name = home, f"{home} imports {self.COUNT}"

    def lines(self):
        return "".join(json.dumps({"kind": "memo", "fields": {"text": f"imported {n}"}}) + "\n" for n in range(self.COUNT))

    def here(self, v):
        items = v.homes[self.home].json("memo", "list", "--all", "--limit", "1000")["items"]
        return {item["id"]: item["fields"]["text"] for item in items if item["fields"]["text"].startswith("imported ")}

    def go(self, v):
        v.facts["may"][self.home]["imported"] = {"kind": "memo"}
        path = os.path.join(v.lab.dir, "lines")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.lines())
        return self.ask(v, "import", path)

    def again(self, v):
        """All or nothing."""
        here = self.here(v)
        check(len(here) in (0, self.COUNT), self.home, "has", len(here), "of an import of", self.COUNT)
        if not here:
            super().again(v)


class Change(Step):
    """An edit, a move or a void."""

    def __init__(self, home, ref, *words, field=None, value=None, state=None, others=()):
        self.home, self.ref, self.words, self.field, self.value, self.state, self.others = home, ref, words, field, value, state, others
        self.name = f"{home} {' '.join(words)} {ref}"

    def go(self, v):
        record = v.facts["records"][self.home].setdefault(v.facts["ids"][self.ref], {"kind": self.ref.split(" ")[0], "fields": {}, "state": None})
        before = copy.deepcopy(record)
        words = [v.facts["ids"][self.ref] if word == "@" else word for word in self.words]
        if self.field:  # either value may stand until it is acknowledged
            record["fields"][self.field] = [*record["fields"].get(self.field, [None]), self.value] if self.field in record["fields"] else None
            if record["fields"][self.field] is None:
                del record["fields"][self.field]
        elif self.state:
            record["state"] = None
        done = self.ask(v, *words)
        if done and self.field:
            record["fields"][self.field] = [self.value, *self.others]
        if done and self.state:
            record["state"] = [self.state]
        if not done and not self.field and not self.state:
            v.facts["records"][self.home][v.facts["ids"][self.ref]] = before
        return done

    def again(self, v):
        shown = v.homes[self.home].show(v.facts["ids"][self.ref])
        record = v.facts["records"][self.home][v.facts["ids"][self.ref]]
        if self.state and shown["state"] == self.state:
            record["state"] = [self.state]
        elif self.words[0] == "void" and shown.get("voided"):
            pass
        elif self.field and shown["fields"].get(self.field) == self.value:
            record["fields"][self.field] = [self.value, *self.others]
        else:
            super().again(v)


class Run(Step):
    """A command that may simply be given again."""

    def __init__(self, home, *words, unless=None):
        self.home, self.words, self.unless = home, words, unless
        self.name = f"{home} {' '.join(words)}"

    def go(self, v):
        return self.ask(v, *[v.facts["ids"].get(word[1:], word) if word.startswith("@") else v.stick if word == "STICK" else word for word in self.words])

    def again(self, v):
        if self.unless is None or not self.unless(v.homes[self.home]):
            super().again(v)


class Reach(Run):
    """An exchange. The carrier may still be on its way up after a cut."""

    def again(self, v):
        until = time.monotonic() + 300
        while not self.go(v):
            check(self.answer.status in (6, 8) and time.monotonic() < until, self.name, self.answer)
            time.sleep(0.2)


class Note(Step):
    def __init__(self, home, text):
        self.home, self.text, self.name = home, text, f"{home} note --locked"

    def go(self, v):
        done = self.ask(v, "note", "--locked", "-", stdin=self.text + "\n")
        if done:
            v.facts["notes"][self.home] = self.text
        return done

    def again(self, v):
        if self.text not in v.homes[self.home].run("note", "--waiting").out:
            super().again(v)


class Keep(Step):
    def __init__(self, home, ref, text):
        self.home, self.ref, self.text, self.name = home, ref, text, f"{home} note --keep"

    def go(self, v):
        waiting = v.homes[self.home].json("note", "--waiting")["items"]
        check([note for note in waiting if note["text"].strip() == self.text], self.home, "lost a note that was written while locked", waiting)
        v.facts["may"][self.home][self.ref] = {"kind": "memo"}
        return self.ask(v, "note", "--keep", waiting[0]["file"])

    def again(self, v):
        home = v.homes[self.home]
        kept = [item for item in home.json("memo", "list", "--all", "--limit", "1000")["items"] if item["fields"]["text"].strip() == self.text]
        waiting = home.json("note", "--waiting")["items"]
        check(len(kept) <= 1 and (kept or waiting), self.home, "kept", kept, "waiting", waiting)
        if not kept:
            super().again(v)


class Passphrase(Step):
    def __init__(self, home, text, recover=False):
        self.home, self.text, self.recover = home, text, recover
        self.name = f"{home} {'recover' if recover else 'passphrase'}"

    def go(self, v):
        home = v.homes[self.home]
        files = {}
        for name, text in (("next", self.text), ("code", v.facts["codes"][self.home])):
            files[name] = os.path.join(v.lab.dir, name)
            with open(files[name], "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.chmod(files[name], 0o600)
        v.facts["passphrases"][self.home] = [self.text, *v.facts["passphrases"][self.home]]
        words = ("recover", "--code-file", files["code"]) if self.recover else ("passphrase",)
        done = self.ask(v, "--passphrase-file", home.passphrase_file, *words, "--new-passphrase-file", files["next"])
        if done:
            v.facts["passphrases"][self.home] = [self.text]
            home.set_passphrase(self.text)
            if self.recover and self.home in v.facts["locked"]:
                v.facts["locked"].remove(self.home)
        return done

    def again(self, v):
        if self.home in v.facts["locked"]:
            v.facts["locked"].remove(self.home)
        if v.facts["passphrases"][self.home] != [self.text]:
            if self.recover:
                v.homes[self.home].run("lock")
            super().again(v)


class Enrol(Step):
    """The three texts of joining: asked, answered, accepted."""

    def __init__(self, who, part):
        self.who, self.part = who, part
        self.home = "hub" if part == "answer" else who
        self.name = f"{who} enrol {part}"

    def go(self, v):
        texts = v.facts["texts"]
        if self.part == "ask":
            done = self.ask(v, "enrol", "request")
            if done:
                texts[self.who] = self.answer.json["request"]
        elif self.part == "answer":
            done = self.ask(v, "hub", "enrol", "-", "--role", "peer", "--name", self.who, "--words-checked", stdin=texts[self.who])
            if done:
                texts["for " + self.who] = self.answer.json["invitation"]
        else:
            done = self.ask(v, "enrol", "accept", "-", "--words-checked", stdin=texts["for " + self.who])
        return done

    def again(self, v):
        if self.part != "accept" or not v.homes[self.who].status()["enrolled"]:
            super().again(v)


class Resolve(Step):
    home, name = "hub", "hub resolve"

    def go(self, v):
        items = v.homes["hub"].json("hub", "conflicts")["items"]
        check(len(items) == 1, "one conflict was made", items)
        for name in ("Neema", "Juma"):
            v.facts["records"][name][v.facts["ids"]["person asha"]]["fields"]["phone"].append("+254 733 000 003")
        return self.ask(v, "hub", "resolve", items[0]["id"], "--value", "+254 733 000 003")

    def again(self, v):
        if v.homes["hub"].json("hub", "conflicts")["items"]:
            super().again(v)


class Withdraw(Run):
    def __init__(self):
        super().__init__("hub", "hub", "unassign", "@person asha", "Juma")

    def go(self, v):
        v.facts["records"]["Juma"].pop(v.facts["ids"]["person asha"], None)  # handed over: its fields go
        return super().go(v) or self.answer.status == 3  # 3: he does not work with this person now


def sync_round(*workers):
    return [Reach(name, "sync") for name in workers] + [Reach("hub", "hub", "merge")] + [Reach(name, "sync") for name in workers] + [Reach("hub", "hub", "merge")]


def hour():
    clinic = dict(purpose="referral", information="name,phone", expires="in 90 days", how="written")
    joined = []
    for name in ("Neema", "Juma"):
        joined += [Enrol(name, "ask"), Enrol(name, "answer"), Reach("hub", "hub", "merge"), Enrol(name, "accept"), Reach(name, "sync")]
    return [
        Boot("hub"), Init("hub"), Boot("Neema"), Init("Neema"),
        Add("Neema", "person asha", "person", name="Asha", phone="+254 700 000 001"),
        Add("Neema", "person baraka", "person", name="Baraka"),
        Add("Neema", "contact first", "contact", person="@person asha", kind="phone", minutes=10, note="first call"),
        Add("Neema", "resource clinic", "resource", name="Loitokitok Clinic", category="clinic"),
        Add("Neema", "referral", "referral", person="@person asha", resource="@resource clinic", category="health", reason="wants treatment"),
        Add("Neema", "consent", "consent", person="@person asha", recipient="@resource clinic", note="on paper", **clinic),
        Change("Neema", "referral", "referral", "send", "@", state="sent"),
        Boot("Juma"), Init("Juma"), *joined, *sync_round("Neema"),
        Run("hub", "hub", "assign", "@person asha", "Juma"), Reach("hub", "hub", "merge"), Reach("Juma", "sync"),
        Add("Juma", "goal", "goal", person="@person asha", text="the workshop again", agreed="yes"),
        Change("Juma", "goal", "goal", "start", "@", state="started"),
        Change("Neema", "person asha", "edit", "@", "phone=+254 711 000 001", field="phone", value="+254 711 000 001",
               others=["+254 722 000 002"]),
        Change("Juma", "person asha", "edit", "@", "phone=+254 722 000 002", field="phone", value="+254 722 000 002",
               others=["+254 711 000 001"]),
        *sync_round("Neema", "Juma"), Resolve(), *sync_round("Neema", "Juma"),
        Add("Neema", "followup", "followup", person="@person asha", due="2027-01-02", what="call about the clinic"),
        Lock("Neema"), Note("Neema", "she waved at the market"), Unlock("Neema"), Keep("Neema", "memo", "she waved at the market"),
        Passphrase("Neema", NEXT_PASSPHRASE), Lock("Neema"), Passphrase("Neema", LAST_PASSPHRASE, recover=True),
        Import("Juma"), Change("Neema", "consent", "consent", "revoke", "@", state="revoked"),
        Reach("Neema", "carry", "STICK"), Reach("hub", "carry", "STICK"), Reach("Neema", "carry", "STICK"),
        Add("Neema", "contact wrong", "contact", person="@person baraka", kind="phone", note="of somebody else"),
        Change("Neema", "contact wrong", "void", "@", "of somebody else"),
        Boot("Neema"), Unlock("Neema"), Run("Neema", "verify", "--rebuild"),
        Withdraw(), *sync_round("Juma"),
        Boot("hub"), Unlock("hub"), *sync_round("Neema", "Juma"),
    ]
