"""The end of a programme (practice 2.4): two people agree, every laptop that hears of it hands in what is unsent and destroys its keys, and at last the
hub is destroyed; where a law keeps the records, a sealed file and its label are made first."""
import configparser
import importlib
import json
import os
import random
import threading
import time

from backups import code_of, opened_by
from lab import PATIENCE, check, run
from practice import in_days

forget = importlib.import_module("62_forget")


class Case:
    def __init__(self, lab):
        lab.quiet()
        self.lab = lab
        self.hub = lab.hub()
        self.amina = forget.enrol_by_root(lab, self.hub, "Amina", "supervisor")
        self.neema, self.juma = [lab.worker(name, self.hub, role="ally") for name in ("Neema", "Juma")]
        self.words = [forget.word() for _ in range(4)]
        self.asha = self.neema.add("person", name="Asha " + self.words[0])
        self.baraka = self.juma.add("person", name="Baraka " + self.words[1])
        lab.exchange(self.hub, self.neema, self.juma, self.amina)
        self.neema.add("contact", person=self.asha, kind="phone", note=self.words[2])
        self.juma.add("contact", person=self.baraka, kind="phone", note=self.words[3])  # away, and unsent

    def agree(self, *more):
        asked = self.hub.json("programme", "end", "--sure", *more)["pending"]
        self.lab.exchange(self.hub, self.amina)
        self.amina.run("approve", asked["id"], "--sure")
        self.amina.run("sync")
        self.hub.run("hub", "merge")
        return asked

    def state(self):
        return self.hub.json("programme", "end", "--status")

    def confirmed(self):
        return sorted(one["name"] for one in self.state()["laptops"] if one["confirmed"])

    def leaves(self, worker):
        error = worker.refused(5, "sync")
        check("programme ended" in error["message"], error)
        self.hub.run("hub", "merge")


def is_gone(home):
    names = os.listdir(home.path)
    check("revoked" in names and not [name for name in names if name.startswith(("keys", "journal-", "reserve"))], names)
    for folder in ("aside", "locked", os.path.join("spool", "in")):
        path = os.path.join(home.path, folder)
        check(not os.path.isdir(path) or os.listdir(path) == [], path)
    check("programme ended" in home.refused(5, "find", "asha")["message"])
    check("rogramme ended" in home.run("status").out)


def killed_while_it_ends(hub):
    """The daemon, at any moment of it: nothing is marked yet, and it is asked for again; or a start goes on by itself."""
    rolls = random.Random(5)
    for _ in range(5):
        asks = threading.Thread(target=lambda: hub.run("programme", "end", "--finish", "--sure", check_status=False))
        asks.start()
        time.sleep(0.02 + rolls.random() * 0.08)
        hub.kill()
        asks.join()
        hub.start()
        if "revoked" in os.listdir(hub.path):
            check("keys" not in os.listdir(hub.path), os.listdir(hub.path))
            return
        hub.unlock()


def story_all_is_destroyed(lab):
    case = Case(lab)
    hub, amina, neema, juma = case.hub, case.amina, case.neema, case.juma
    check("add --sure" in hub.refused(2, "programme", "end")["hint"])
    check("not agreed" in hub.refused(5, "programme", "end", "--finish", "--sure")["message"])
    check("hub" in neema.refused(2, "programme", "end", "--sure")["message"])
    asked = hub.json("programme", "end", "--sure")["pending"]
    check(asked["what"]["op"] == "end" and asked["missing"] == 1, asked)
    hub.run("refuse", asked["id"])
    check(case.state() == {"ending": False} and "not agreed" in hub.refused(5, "programme", "end", "--finish", "--sure")["message"])
    case.agree()
    check(case.state()["missing"] == 3 and case.confirmed() == [], case.state())
    check("ending" in hub.refused(5, "programme", "end", "--sure")["message"])
    other = lab.home("Other").start().init(role="ally")
    check("ending" in hub.refused(5, "hub", "enrol", "-", "--role", "ally", "--name", "Other", "--words-checked", stdin=forget.request_of(other))["message"])
    # killed between hearing of it and the end of it, it goes on after a start
    neema.run("sync", check_status=False)
    for _ in range(3):
        neema.kill()
        neema.start()
        if neema.status()["initialised"]:
            neema.unlock(check_status=False)
    end = time.monotonic() + PATIENCE
    while "keys" in os.listdir(neema.path) or neema.status().get("revoked", {}).get("left", 1):
        check(time.monotonic() < end, os.listdir(neema.path), neema.messages())
        neema.run("sync", check_status=False)
    hub.run("hub", "merge")
    case.leaves(amina)
    check(case.confirmed() == ["Amina", "Neema"], case.state())
    for home in (amina, neema):
        is_gone(home)
    check(hub.json("find", case.words[2])["items"] and hub.json("hub", "held")["items"] == [], "what was unsent is in, and not held")
    error = hub.refused(5, "programme", "end", "--finish", "--sure")
    check("1 laptops have not" in error["message"] and "--without-them" in error["hint"], error)
    check("Juma" in hub.run("programme", "end", "--status").out)
    # it comes months later, by a stick
    case.leaves(juma)
    is_gone(juma)
    check(case.state()["missing"] == 0 and hub.json("find", case.words[3])["items"], case.state())
    said = case.state()
    check(said["missing"] == 0 and {one["name"] for one in said["laptops"]} == {"Amina", "Neema", "Juma"}, said)
    killed_while_it_ends(hub)
    if "revoked" not in os.listdir(hub.path):
        check("The records and keys at the hub were destroyed" in hub.run("programme", "end", "--finish", "--sure").out)
    is_gone(hub)
    with open(os.path.join(hub.path, "ended"), encoding="utf-8") as file:
        kept = json.load(file)
    check(kept["destroyed_at"] >= said["at"] and len(kept["laptops"]) == 3 and not [one for one in kept["laptops"] if "name" in one], kept)
    check(forget.in_the_open(lab.dir, case.words) == [], forget.in_the_open(lab.dir, case.words))
    for home in (hub, neema):
        check(home.unlock(check_status=False).status != 0)
        home.refused(5, "recover")


def story_sealed_until_a_date(lab):
    case = Case(lab)
    hub = case.hub
    check("who may open it" in hub.refused(2, "programme", "end", "--sure", "--until", "2090-06-30")["message"])
    rules = os.path.join(hub.path, "retention.ini")
    with open(rules, "w", encoding="utf-8") as file:
        file.write("[keep person]\nyears = 6\n")
    error = hub.refused(5, "programme", "end", "--sure")
    check("person" in error["message"] and "must be kept until 20" in error["message"] and "--until" in error["hint"], error)
    check("must be kept" in hub.refused(5, "programme", "end", "--sure", "--until", in_days(30), "--opened-by", "archive")["message"])
    check("no day to come" in hub.refused(2, "programme", "end", "--sure", "--until", "2001-01-01", "--opened-by", "archive")["message"])
    asked = case.agree("--until", "2090-06-30", "--opened-by", "county archive")
    check(asked["what"]["until"] == "2090-06-30" and asked["what"]["opener"] == "county archive", asked)
    for worker in (case.amina, case.neema):
        case.leaves(worker)
    error = hub.refused(5, "programme", "end", "--finish", "--sure", "--without-them")
    check("2090-06-30" in error["message"] and "--sealed" in error["hint"], error)
    code = code_of(hub)
    path = os.path.join(lab.dir, "sealed.pamoja")
    said = hub.json("programme", "end", "--finish", "--sure", "--without-them", "--sealed", path)
    check([one["name"] for one in said["laptops"] if not one["confirmed"]] == ["Juma"], said)
    is_gone(hub)
    label = configparser.ConfigParser()
    label.read(path + ".label.ini")
    check(label["sealed"]["keep_until"] == "2090-06-30" and label["sealed"]["opened_by"] == "county archive", dict(label["sealed"]))
    check(label["sealed"]["file"] == "sealed.pamoja")
    check(forget.in_the_open(lab.dir, case.words) == [], forget.in_the_open(lab.dir, case.words))
    # whoever may open it finds it as it was
    reader = lab.home("Reader").start()
    reader.run("--passphrase-file", reader.passphrase_file, "restore", path, *opened_by(code))
    check(reader.json("find", case.words[2])["items"] and reader.json("verify")["ok"])


if __name__ == "__main__":
    run(globals())
