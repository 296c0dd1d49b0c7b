"""Forgetting a person (security 11), and what needs more than one person (7.2): supervisors and coordinators are enrolled by two supervisors, by the root key while there
are fewer; what waits is listed, approved or refused on other people's laptops."""
import os
import random
import shutil
import time

from backups import code_of, opened_by
from lab import PATIENCE, Clock, check, run


def root_file(lab, hub):
    path = os.path.join(lab.dir, "root.key")
    with open(path, "w", encoding="utf-8") as file:
        file.write(hub.made["root_key"])
    os.chmod(path, 0o600)
    return path


def request_of(worker):
    return worker.json("enrol", "request")["request"]


def join(lab, hub, worker, invitation):
    hub.run("hub", "merge")
    lab.mailbox_made()
    worker.run("enrol", "accept", "-", "--words-checked", stdin=invitation)
    worker.run("sync")


def enrol_by_root(lab, hub, name, role):
    worker = lab.home(name).start().init(role=role)
    invited = hub.json("hub", "enrol", "-", "--role", role, "--name", name, "--words-checked", "--root-key", root_file(lab, hub),
                       stdin=request_of(worker))
    join(lab, hub, worker, invited["invitation"])
    return worker


def pending(home):
    return home.json("hub", "pending")["items"]


def roles_at(hub):
    return {item["name"]: item["role"] for item in hub.json("hub", "roster")["items"] if item["name"] != "Office"}


def story_a_supervisor_is_enrolled(lab):
    lab.quiet()
    hub = lab.hub()
    amina = lab.home("Amina").start().init(role="supervisor")
    request = request_of(amina)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Amina", "--words-checked")
    # the first: by the root key and by nothing else
    error = hub.refused(5, *ask, stdin=request)
    check("root key" in error["message"] and "--root-key" in error["hint"], error)
    other = lab.home("other").start().init(hub_mailboxes=os.path.join(lab.dir, "elsewhere"), person="Other")
    error = hub.refused(5, *ask, "--root-key", root_file(lab, other), stdin=request)
    check("not the root key" in error["message"], error)
    check(roles_at(hub) == {} and pending(hub) == [], "nothing was done", hub.json("hub", "roster"))
    amina = enrol_by_root(lab, hub, "Amina 2", "supervisor")
    baraka = enrol_by_root(lab, hub, "Baraka", "supervisor")
    check(roles_at(hub) == {"Amina 2": "supervisor", "Baraka": "supervisor"}, roles_at(hub))
    # from now on two of them decide, and the root key does no more
    chausiku = lab.home("Chausiku").start().init(role="coordinator")
    request = request_of(chausiku)
    ask = ("hub", "enrol", "-", "--role", "coordinator", "--name", "Chausiku", "--words-checked")
    error = hub.refused(5, *ask, "--root-key", root_file(lab, hub), stdin=request)
    check("two of them" in error["message"], error)
    asked = hub.json(*ask, stdin=request)["pending"]
    check(asked["what"]["op"] == "enrol" and asked["what"]["name"] == "Chausiku" and asked["missing"] == 2, asked)
    check(hub.json(*ask, stdin=request)["pending"]["id"] == asked["id"] and len(pending(hub)) == 1, "asked twice")
    check(hub.status()["pending"] == 1)
    said = hub.run("status").out
    check("second person (pamoja hub pending)" in said and "your word" not in said, said)
    # the hub's own yes is in it, and is not another person's
    error = hub.refused(5, "approve", asked["id"], "--sure")
    check("asked for here" in error["message"], error)
    lab.exchange(hub, amina, baraka)
    for supervisor in (amina, baraka):
        check(supervisor.status()["pending"] == 1)
        said = supervisor.run("status").out
        check("waiting for your word (pamoja approve)" in said and "second person" not in said, said)
        mine = supervisor.json("approve")["items"]
        check(len(mine) == 1 and mine[0]["id"] == asked["id"] and mine[0]["what"]["role"] == "coordinator", mine)
    check("--sure" in amina.refused(2, "approve", asked["id"])["hint"], "nobody was asked")
    check(amina.refused(3, "approve", "zzzzzz", "--sure")["code"] == "not_found")
    amina.run("approve", asked["id"][:5], "--sure")
    amina.run("approve", asked["id"], "--sure")  # twice is no error, and no second person
    check(amina.status()["pending"] == 0)
    lab.exchange(hub, amina, baraka)
    check(pending(hub)[0]["missing"] == 1 and [one["name"] for one in pending(hub)[0]["signed"]] == ["Amina 2"], pending(hub))
    check("invitation" not in hub.json(*ask, stdin=request))
    baraka.run("approve", asked["id"], "--sure")
    lab.exchange(hub, baraka, amina)
    check(pending(hub) == [] and amina.json("approve")["items"] == [] and baraka.json("approve")["items"] == [])
    join(lab, hub, chausiku, hub.json(*ask, stdin=request)["invitation"])
    check(chausiku.status()["enrolled"])
    check(roles_at(hub)["Chausiku"] == "coordinator")


def story_one_no_is_enough(lab):
    lab.quiet()
    hub = lab.hub()
    amina, baraka = [enrol_by_root(lab, hub, name, "supervisor") for name in ("Amina", "Baraka")]
    neema = lab.worker("Neema", hub)
    dalila = lab.home("Dalila").start().init(role="supervisor")
    request = request_of(dalila)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Dalila", "--words-checked")
    first = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka, neema)
    check(neema.json("approve")["items"] == [], "a peer is asked nothing")
    check(neema.refused(3, "approve", first, "--sure"))
    amina.run("approve", first, "--sure")
    baraka.run("refuse", first)
    lab.exchange(hub, amina, baraka)
    check(pending(hub) == [] and "Dalila" not in roles_at(hub))
    check(amina.json("approve")["items"] == [], "she is told that it is over")
    # asked again, taken back at the hub: an approval that comes after that does nothing
    second = hub.json(*ask, stdin=request)["pending"]["id"]
    check(second != first)
    lab.exchange(hub, amina, baraka)
    for supervisor in (amina, baraka):
        supervisor.run("approve", second, "--sure")
    hub.run("refuse", second)
    lab.exchange(hub, amina, baraka)
    check("Dalila" not in roles_at(hub))
    # a third time; one of the two is revoked before the other says yes: she is no longer somebody
    third = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka)
    amina.run("approve", third, "--sure")
    lab.exchange(hub, amina)
    hub.json("hub", "revoke", "Amina", "--sure")
    baraka.run("approve", third, "--sure")
    lab.exchange(hub, baraka)
    waits = pending(hub)
    check(len(waits) == 1 and waits[0]["root"] and waits[0]["missing"] == 1, waits)
    check("Dalila" not in roles_at(hub))


def laptop_of(lab, hub, name, home):
    worker = lab.home(home).start().init(role="ally")
    invited = hub.json("hub", "enrol", "-", "--role", "ally", "--name", name, "--words-checked", stdin=request_of(worker))
    join(lab, hub, worker, invited["invitation"])
    return worker, invited["device"][:12]


def story_somebody_has_another_role(lab):
    """By the root key while there are fewer than two supervisors, then by two of them; what a new supervisor may see comes, readers hear it, and whoever
    saw what others may not is enrolled anew."""
    lab.quiet()
    hub = lab.hub()
    amina, baraka = lab.worker("Amina", hub), lab.worker("Baraka", hub, "ally")
    juma, neema = lab.worker("Juma", hub), lab.worker("Neema", hub)
    asha = juma.add("person", name="Asha")
    boundary = juma.add("boundary", person=asha, relation="friend")
    lab.exchange(hub, juma, neema)
    hub.run("hub", "assign", asha, "Neema")
    lab.exchange(hub, neema)
    amina.refused(3, "show", boundary)
    # the root key, and nothing else
    error = hub.refused(5, "hub", "role", "Amina", "supervisor")
    check("root key" in error["message"] and "--root-key" in error["hint"], error)
    for name in ("Amina", "Baraka"):
        answer = hub.json("hub", "role", name, "supervisor", "--root-key", root_file(lab, hub))
        check((answer["name"], answer["role"]) == (name, "supervisor"), answer)
    lab.exchange(hub, amina, baraka, rounds=2)
    check(amina.status()["role"] == "supervisor" and amina.show(boundary)["kind"] == "boundary", amina.status())
    # from now on two of them
    error = hub.refused(5, "hub", "role", "Juma", "ally", "--root-key", root_file(lab, hub))
    check("two of them decide" in error["message"], error)
    for status, words, near in ((2, ("Juma", "boss"), "not a role"), (2, ("Juma", "volunteer"), "until a date"), (5, ("Juma", "peer"), "already"), (2, ("Juma", "ally", "--until", "2099-01-01"), "only a volunteer"),
                                (5, ("Amina", "peer"), "would keep it"), (3, ("Nobody", "peer"), "")):
        error = hub.refused(status, "hub", "role", *words)
        check(near in error["message"] and (error["hint"] or near == "already"), words, error)
    asked = hub.json("hub", "role", "Juma", "ally")["pending"]
    check(asked["what"]["role"] == "ally" and asked["missing"] == 2 and hub.json("hub", "role", "Juma", "ally")["pending"]["id"] == asked["id"], asked)
    check("Juma is to have the role ally" in hub.run("hub", "pending").out, hub.run("hub", "pending").out)
    lab.exchange(hub, amina, baraka)
    check("Juma" in amina.run("approve").out)
    amina.run("approve", asked["id"], "--sure")
    lab.exchange(hub, amina, juma)
    check(roles_at(hub)["Juma"] == "peer" == juma.status()["role"])
    baraka.run("approve", asked["id"], "--sure")
    lab.exchange(hub, baraka, juma, neema, rounds=2)
    check(pending(hub) == [] and roles_at(hub)["Juma"] == "ally" == juma.status()["role"], roles_at(hub))
    check([by["role"] for by in neema.show(asha)["by"] if by["name"] == "Juma"] == ["ally"], neema.show(asha)["by"])
    # one no is enough, and a kill between the last yes and what follows loses nothing
    asked = hub.json("hub", "role", "Juma", "supervisor")["pending"]["id"]
    lab.exchange(hub, amina)
    amina.run("refuse", asked)
    lab.exchange(hub, amina)
    check(pending(hub) == [] and roles_at(hub)["Juma"] == "ally")
    # a day that is past would lock the laptop; one that is suspended is told of first, and a suspension on the way does not undo what was agreed
    check("no day to come" in hub.refused(2, "hub", "role", "Juma", "volunteer", "--until", "2020-12-31")["message"])
    hub.run("hub", "suspend", "Juma")
    error = hub.refused(5, "hub", "role", "Juma", "peer")
    check("is suspended" in error["message"] and 'hub suspend "Juma" --end' in error["hint"], error)
    hub.run("hub", "suspend", "Juma", "--end")
    asked = hub.json("hub", "role", "Juma", "volunteer", "--until", "2099-12-31")["pending"]["id"]
    lab.exchange(hub, amina, baraka)
    hub.run("hub", "suspend", "Juma")
    for home in (amina, baraka):
        home.run("approve", asked, "--sure")
        home.run("sync")
    hub.run("hub", "merge")
    check(pending(hub) == [] and roles_at(hub)["Juma"] == "volunteer", roles_at(hub))
    hub.run("hub", "suspend", "Juma", "--end")
    hub.kill()
    hub.start().unlock()
    hub.run("hub", "merge")
    for _ in range(2):  # it hears that it is suspended, and that it is not
        juma.run("sync", check_status=False)
    juma.unlock()
    lab.exchange(hub, juma, rounds=2)
    check(juma.status()["role"] == "volunteer" and pending(hub) == [] and hub.json("verify", "--rebuild")["ok"] is True, juma.status())


def story_one_by_one_is_counted(lab):
    """Who lets in held entries one after the other is let do so with 100 a day; the rest needs a second person, also asked for by the worker's name."""
    lab.quiet()
    hub = lab.hub()
    amina = enrol_by_root(lab, hub, "Amina", "supervisor")
    neema, device = laptop_of(lab, hub, "Neema", "first")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    path = os.path.join(lab.dir, "many.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for at in range(103):
            file.write('{"kind": "contact", "fields": {"person": "%s", "kind": "phone", "on": "2026-03-01", "note": "%d"}}\n' % (asha, at))
    neema.json("import", path)
    hub.json("hub", "revoke", device, "--sure")
    hub.run("hub", "merge")
    neema.refused(5, "sync")
    hub.run("hub", "merge")
    held = [item["id"] for item in hub.json("hub", "held")["items"]]
    check(len(held) == 103 and hub.json("hub", "held")["alone"] == 100)
    for at, one in enumerate(held[:100]):
        hub.json("hub", "release", one)
        if at == 50:  # it is counted over a start, too
            hub.kill()
            hub.start().unlock()
    check(hub.json("hub", "held")["alone"] == 0)
    error = hub.refused(5, "hub", "release", held[100])
    check("100 held entries since yesterday" in error["message"] and "--by" in error["hint"], error)
    asked = hub.json("hub", "release", "--by", "Neema")["pending"]
    check(asked["what"]["count"] == 3 and len(hub.json("hub", "held")["items"]) == 3, asked)
    lab.exchange(hub, amina)
    amina.run("approve", asked["id"], "--sure")
    lab.exchange(hub, amina)
    end = time.monotonic() + PATIENCE
    while hub.json("hub", "held")["items"]:
        check(time.monotonic() < end, pending(hub), hub.json("hub", "held"), hub.messages())
        time.sleep(0.05)


def story_many_are_let_in_by_two(lab):
    """More than 100 held entries of a worker: by a second person's word, those that were held when it was asked for, and no others; kill -9 on the way."""
    lab.quiet()
    hub = lab.hub()
    amina = enrol_by_root(lab, hub, "Amina", "supervisor")

    def has_unsent(home, count):
        worker, device = laptop_of(lab, hub, "Neema", home)
        asha = worker.add("person", name="Asha " + home)
        lab.exchange(hub, worker)
        for i in range(count):
            worker.add("contact", person=asha, kind="phone", note=f"unsent {i}")
        return worker, device

    def comes_in(worker, device):
        hub.json("hub", "revoke", device, "--sure")
        hub.run("hub", "merge")
        worker.refused(5, "sync")
        hub.run("hub", "merge")

    def held():
        return hub.json("hub", "held")["items"]

    comes_in(*has_unsent("first", 120))
    before = {item["id"] for item in held()}
    check(len(before) == 120, len(before))
    said = hub.run("hub", "release", "--by", "neema").out
    check("second person" in said and "held of Neema: 120 entries" in said and "supervisor's approval" in said, said)
    asked = hub.json("hub", "release", "--by", "Neema")["pending"]
    check(asked["what"] == {"op": "release", "worker": "Neema", "count": 120} and len(pending(hub)) == 1, asked, pending(hub))
    comes_in(*has_unsent("second", 3))
    later = {item["id"] for item in held()} - before
    check(len(later) == 3 and len(held()) == 123, held())
    lab.exchange(hub, amina)
    check("held of Neema: 120 entries" in amina.run("approve").out, amina.run("approve").out)
    amina.run("approve", asked["id"], "--sure")
    amina.run("sync")
    rolls, end = random.Random(3), time.monotonic() + PATIENCE
    hub.run("hub", "merge")
    for _ in range(4):
        time.sleep(rolls.random() * 0.03)
        hub.kill()
        hub.start().unlock()
    while {item["id"] for item in held()} != later:
        check(time.monotonic() < end, len(held()), pending(hub), hub.messages())
        time.sleep(0.05)
    check(pending(hub) == [] and amina.run("sync") and hub.json("verify", "--rebuild")["differed"] == 0)
    check(len(hub.json("contact", "list", "--limit", "200")["items"]) == 120)
    check(hub.json("hub", "release", "--by", "Neema") == {"released": 3} and held() == [])


def story_the_answer_survives(lab):
    """A crash between the yes and what follows from it loses neither; the hub's backup carries what waits."""
    lab.quiet()
    hub = lab.hub()
    amina, baraka = [enrol_by_root(lab, hub, name, "supervisor") for name in ("Amina", "Baraka")]
    dalila = lab.home("Dalila").start().init(role="supervisor")
    request = request_of(dalila)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Dalila", "--words-checked")
    asked = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka)
    amina.run("approve", asked, "--sure")
    lab.exchange(hub, amina)
    baraka.run("approve", asked, "--sure")
    baraka.kill()
    baraka.start().unlock()
    hub.kill()
    hub.start().unlock()
    lab.exchange(hub, baraka)
    check(pending(hub) == [])
    check(hub.json(*ask, stdin=request)["role"] == "supervisor")


# ---- a person is forgotten ----

def word():
    """Not to be found by chance."""
    return "".join(random.SystemRandom().choice("bdfghjklmnprstvz") for _ in range(9)) + "wort"


def journal_of(home):
    """The one file that its records are in."""
    found = [name for name in os.listdir(home.path) if name.startswith("journal-") and name.endswith(".db")]
    check(len(found) == 1, home.name, found)
    return found[0]


def in_the_open(folder, words):
    """Where a word stands in a file as it is; how `06_needles` looks, without its dresses."""
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    data = file.read()
                found += [(path, each) for each in words if each.encode() in data]
    return found


class Case:
    """An office with a supervisor, two laptops that know a person, one that does not; the person's records bear words of their own."""

    def __init__(self, lab, **more):
        lab.quiet()
        self.lab = lab
        self.hub = lab.hub(**more)
        self.amina = enrol_by_root(lab, self.hub, "Amina", "supervisor")
        self.neema, self.juma, self.zuri = [lab.worker(name, self.hub, role="ally") for name in ("Neema", "Juma", "Zuri")]
        self.homes = (self.hub, self.amina, self.neema, self.juma, self.zuri)
        self.words = {name: word() for name in ("name", "note", "goal", "held", "unsent", "incident", "relation")}
        w = self.words
        self.asha = self.neema.add("person", name=f"Asha {w['name']}", phone="+254 722 000 111")
        self.baraka = self.neema.add("person", name="Baraka M.")
        self.contact = self.neema.add("contact", person=self.asha, kind="phone", note=w["note"])
        self.neema.add("goal", person=self.asha, text=w["goal"])
        self.neema.add("contact", person=self.baraka, kind="phone", note="went well")
        self.neema.add("relation", supporter=self.asha, person=self.baraka, what="sister")
        self.incident = self.neema.add("incident", kind="accident", person=self.asha, what=w["incident"])
        lab.exchange(self.hub, self.neema, self.juma)
        self.hub.run("hub", "assign", self.asha, "Juma")
        lab.exchange(self.hub, self.neema, self.juma, self.zuri, self.amina)
        for worker, number in ((self.neema, "1"), (self.juma, "2")):  # a conflict
            worker.run("edit", self.asha, f"phone=+254 722 000 11{number}")
        lab.exchange(self.hub, self.neema, self.juma)
        self.juma.add("contact", person=self.asha, kind="phone", note=w["unsent"])

    def ask(self, *more):
        return self.hub.json("forget", self.asha, "--sure", *more)["pending"]["id"]

    def agree(self, asked):
        self.lab.exchange(self.hub, self.amina)
        self.amina.run("approve", asked, "--sure")
        self.lab.exchange(self.hub, self.amina)

    def knows(self, home):
        """Does anything that can be asked there still speak of her?"""
        said = [home.run("show", self.asha, check_status=False).status == 0]
        said += [bool(home.json("find", each)["items"]) for each in self.words.values()]
        said += [self.asha in home.run(*words, json_out=True).out
                 for words in (("person", "list"), ("contact", "list"), ("goal", "list"), ("relation", "list"), ("today",), ("incident", "list"))]
        return any(said)

    def whole(self, home):
        answer = home.json("verify", "--rebuild")
        check(answer["ok"], home.name, answer)
        return answer["digest"]


def certificate(hub):
    items = hub.json("forget", "--certificate")["items"]
    check(len(items) == 1, items)
    return items[0]


def of_stage(item, part):
    return sorted(one["name"] for one in item["removed"][part])


def until_forgotten(case, home):
    """Its background work is soon done."""
    end = time.monotonic() + PATIENCE
    while case.knows(home):
        check(time.monotonic() < end, home.name, "still knows her:", home.messages())
        time.sleep(0.05)


def story_a_person_is_forgotten(lab):
    case = Case(lab)
    hub, amina, neema, juma, zuri = case.homes
    check(case.knows(hub) and case.knows(neema) and case.knows(juma) and not case.knows(zuri))
    check("hub" in neema.refused(2, "forget", case.asha, "--sure")["message"], "only at the hub")
    check(hub.refused(2, "forget", case.asha)["hint"] == "add --sure")
    check("asked" in hub.refused(2, "forget", case.asha, "--sure", "--cause", "because")["hint"])
    asked = case.ask()
    check(case.ask() == asked and pending(hub)[0]["missing"] == 1, pending(hub))
    check(hub.json("forget", "--certificate")["items"] == [] and case.knows(hub), "nothing is done before somebody agreed")
    before = hub.json("verify", case.baraka)["digest"]
    case.agree(asked)
    until_forgotten(case, hub)
    check(pending(hub) == [])
    first = certificate(hub)
    check(first["id"] == asked and first["cause"] == "asked" and not first["removed"]["whole"], first)
    check(of_stage(first, "confirmed") == ["Office"] and of_stage(first, "missing") == ["Juma", "Neema"], first)
    # the laptops hear of it; Juma has written meanwhile, and not sent it
    juma.run("sync")
    until_forgotten(case, juma)
    lab.exchange(hub, neema, juma, zuri, amina)
    until_forgotten(case, neema)
    lab.exchange(hub, neema, juma, zuri, amina)
    second = certificate(hub)
    check(second["removed"]["whole"] and of_stage(second, "confirmed") == ["Juma", "Neema", "Office"], second)
    check(not second["unreadable"]["whole"] and second["unreadable"]["at"] is None and second["unreadable"]["waits"], second)
    said = hub.run("forget", "--certificate").out + hub.run("forget", "--certificate", asked[:4]).out
    check(not any(each in said for each in case.words.values()) and case.asha not in said, said)
    check(hub.refused(3, "forget", "--certificate", "zzzz"))
    for home in case.homes:
        case.whole(home)
        check(not case.knows(home), home.name)
    check(hub.json("verify", case.baraka)["digest"] == neema.json("verify", case.baraka)["digest"] != before, "what is left is the same")
    neema.add("contact", person=case.baraka, kind="phone", note="and work goes on")
    lab.exchange(hub, neema)
    check({item["reason"] for item in hub.json("hub", "held")["items"]} <= {"erased"}, "what Juma had sent before he heard")
    for home in case.homes:
        before = journal_of(home)
        home.stop()
        check(journal_of(home) != before, home.name, "the file and its key are still the old ones")
        now = journal_of(home)
        home.start().unlock()
        case.whole(home)
        check(not case.knows(home), home.name)
        home.run("lock")
        check(journal_of(home) == now, "once is enough")
        home.unlock()
    check(in_the_open(os.path.join(lab.dir, "hub"), ["unlock_ms"]), "the search finds")
    check(in_the_open(lab.dir, case.words.values()) == [], in_the_open(lab.dir, case.words.values()))


def story_what_comes_late_is_refused(lab):
    """A laptop that was away, and wrote of her: what it sends is refused with its reason, and nothing of it is kept."""
    case = Case(lab)
    hub, amina, neema, juma, zuri = case.homes
    asked = case.ask()
    case.agree(asked)
    until_forgotten(case, hub)
    late = word()
    neema.add("contact", person=case.asha, kind="phone", note=late)
    neema.run("edit", case.incident, "what=" + late)
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick)
    neema.run("carry", stick)  # sealed before it has heard
    hub.run("carry", stick)
    held = hub.json("hub", "held")["items"]
    check(held and {item["reason"] for item in held} == {"erased"} and {item["by"] for item in held} == {"Neema"}, held)
    check("forgotten" in hub.run("hub", "held").out)
    error = hub.refused(5, "hub", "release", held[0]["id"])
    check("erased" in error["message"], error)
    check(hub.json("find", late)["items"] == [] and not case.knows(hub))
    lab.exchange(hub, neema)
    until_forgotten(case, neema)
    check(neema.json("find", late)["items"] == [])
    for home in (hub, neema):
        case.whole(home)
    # assigned again, or written about by her id, she does not come back
    check(hub.refused(3, "hub", "assign", case.asha, "Zuri"))
    check(neema.run("contact", "add", "person=" + case.asha, "kind=phone", "note=" + late, check_status=False).status != 0)


def story_one_no_keeps_her(lab):
    case = Case(lab)
    asked = case.ask()
    lab.exchange(case.hub, case.amina)
    case.amina.run("refuse", asked)
    lab.exchange(case.hub, case.amina, case.neema)
    check(case.knows(case.hub) and case.knows(case.neema) and case.hub.json("forget", "--certificate")["items"] == [])
    second = case.ask()
    check(second != asked)
    case.hub.run("refuse", second)
    case.amina.run("sync")
    case.lab.exchange(case.hub, case.amina)
    check(case.knows(case.hub) and pending(case.hub) == [])


def story_nobody_else_can_agree(lab):
    """A programme of one person: it is done a day later, and can be taken back until then."""
    lab.quiet()
    home = lab.home("hub")
    clock = Clock(lab, home)
    hub = home.start(env=clock.env).init(hub_mailboxes=lab.mailboxes, person="Office")
    asha = hub.add("person", name="Asha")
    asked = hub.json("forget", asha, "--sure")["pending"]
    check(asked["missing"] == 0 and asked["not_before"] - asked["asked_at"] == 86400000 and asked["all"], asked)
    hub.run("refuse", asked["id"])
    asked = hub.json("forget", asha, "--sure")["pending"]["id"]
    check("by itself" in hub.refused(5, "approve", asked, "--sure")["hint"])
    pending(hub)
    check(hub.show(asha)["id"] == asha and len(pending(hub)) == 1)
    clock.set(1)
    check(len(pending(hub)) == 1, "it looks, and answers")
    end = time.monotonic() + PATIENCE
    while hub.run("show", asha, check_status=False).status == 0:
        check(time.monotonic() < end, "it was not done", pending(hub), hub.messages())
        time.sleep(0.05)
    check(pending(hub) == [] and of_stage(certificate(hub), "confirmed") == ["Office"], certificate(hub))


def story_unreadable_in_the_end(lab):
    """The second stage: months later the keys are gone that open what was sealed before, and the papers that open a backup."""
    lab.quiet()
    homes = [lab.home(name) for name in ("hub", "Neema")]
    clocks = [Clock(lab, home) for home in homes]
    hub, neema = homes
    hub.start(env=clocks[0].env).init(hub_mailboxes=lab.mailboxes, person="Office")
    neema.start(env=clocks[1].env).init(role="ally")
    lab.enrol(neema, hub, role="ally")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.json("forget", asha, "--sure")

    def passes(days):
        for clock in clocks:
            clock.set(days)
        lab.exchange(hub, neema, rounds=3)
        return certificate(hub)["unreadable"] if hub.json("forget", "--certificate")["items"] else None

    check(passes(2) is not None)
    end = time.monotonic() + PATIENCE
    while neema.run("show", asha, check_status=False).status == 0:
        check(time.monotonic() < end)
        lab.exchange(hub, neema)
    for home in homes:  # they are closed in the evening
        home.run("lock")
        home.unlock()
    waits = passes(3)["waits"]
    check(sorted(one["of"] for one in waits) == ["Neema", "Office"] and {one["what"] for one in waits} == {"seal_key"}, waits)
    check(not passes(30)["whole"], "the next keys are not in use yet")
    for day in range(34, 110, 4):
        if (state := passes(day))["whole"]:
            break
    check(state["whole"] and state["waits"] == [] and state["at"], state)
    check(day < 95, "early", day)
    said = hub.run("forget", "--certificate").out
    check("no key is left" in said and "recovery code" in said, said)


def story_what_must_be_kept(lab):
    case = Case(lab)
    hub = case.hub
    rules = os.path.join(hub.path, "retention.ini")

    def write(text):
        with open(rules, "w", encoding="utf-8") as file:
            file.write(text)

    write("[keep contact]\nyears = 6\nfrom = changed\nbut = mistake | law\n[forget]\ncauses = done | mistake | law\n")
    error = hub.refused(5, "forget", case.asha, "--sure")
    check("contact" in error["message"] and "must be kept until 20" in error["message"] and "mistake" in error["hint"], error)
    check(pending(hub) == [])
    write("[keep consent]\nyears = 6\n[keep milestone]\ndays = 9\n")  # of which there are none
    hub.run("refuse", case.ask())
    write("[keep incident]\nyears = 7\n")
    check("incident" in hub.refused(5, "forget", case.asha, "--sure")["message"])
    for text, line, what in (("[keep contact]\nyears = six\n", 2, "whole number"), ("[keep nothing]\nyears = 6\n", 1, "no kind"),
                             ("[keep contact]\nyeers = 6\n", 2, "yeers"), ("[kept]\n", 1, "section"), ("[keep contact]\n", 1, "years and days"),
                             ("[keep contact]\ndays = 0\n", 2, "1 to"), ("[keep contact]\ndays = 5\nfrom = then\n", 3, "made or changed")):
        write(text)
        error = hub.refused(2, "forget", case.asha, "--sure")
        check(f"line {line}" in error["message"] and what in error["message"] and "retention.ini" in error["message"], text, error)
    # what must be kept is looked at again when it is agreed to
    os.remove(rules)
    asked = case.ask()
    write("[keep contact]\nyears = 6\n")
    case.agree(asked)
    check(case.knows(hub) and len(pending(hub)) == 1, pending(hub))
    os.remove(rules)
    hub.stop()
    hub.start().unlock()
    until_forgotten(case, hub)


def story_an_old_backup_forgets_again(lab):
    case = Case(lab)
    hub, amina, neema, juma, zuri = case.homes
    old = {home.name: os.path.join(lab.dir, home.name + ".backup") for home in (hub, neema)}
    for home in (hub, neema):
        home.run("backup", old[home.name])
    case.agree(case.ask())
    until_forgotten(case, hub)
    lab.exchange(hub, neema, juma, zuri, amina)
    until_forgotten(case, neema)
    lab.exchange(hub, neema, juma, zuri, amina)
    new = os.path.join(lab.dir, "new.backup")
    hub.run("backup", new)

    def restored(home, path):
        home.stop()
        shutil.rmtree(home.path)
        code = code_of(home)
        home.start()
        home.run("--passphrase-file", home.passphrase_file, "restore", path, *opened_by(code))

    # a laptop put back from before: it is told once more
    restored(neema, old["Neema"])
    check(case.knows(neema))
    lab.exchange(hub, neema, rounds=2)
    until_forgotten(case, neema)
    case.whole(neema)
    check(not case.knows(hub))
    # the hub put back from after: it knows; and who had confirmed
    restored(hub, new)
    check(not case.knows(hub) and certificate(hub)["removed"]["whole"], certificate(hub))
    case.whole(hub)
    # the hub put back from before: any laptop gives the order back
    restored(hub, old["hub"])
    check(case.knows(hub) and hub.json("forget", "--certificate")["items"] == [])
    lab.exchange(hub, zuri, rounds=2)
    until_forgotten(case, hub)
    case.whole(hub)
    lab.exchange(hub, neema, juma, zuri, amina, rounds=2)
    for home in case.homes:
        check(not case.knows(home), home.name)
        case.whole(home)


def story_killed_on_the_way(lab):
    """However often it is killed, it is finished by a later run."""
    case = Case(lab)
    hub, amina, neema, juma, zuri = case.homes
    for i in range(60):
        case.neema.add("contact", person=case.asha, kind="phone", note=f"{case.words['note']} {i}")
    lab.exchange(hub, neema, juma)
    case.agree(case.ask())
    rolls = random.Random(7)
    for home in (hub, neema):
        if home is neema:
            neema.run("sync", check_status=False)
        for _ in range(6):
            time.sleep(rolls.random() * 0.05)
            home.kill()
            home.start().unlock()
        if home is neema:
            lab.exchange(hub, neema)
        until_forgotten(case, home)
        case.whole(home)
    lab.exchange(hub, neema, juma, rounds=2)
    check(certificate(hub)["removed"]["whole"], certificate(hub))
    # and while the journal gets its new key: the old file counts, or the new one
    before = journal_of(hub)
    for i in range(12):
        hub.daemon.terminate()
        time.sleep(rolls.random() * 0.12)
        hub.kill()
        hub.start().unlock()
        case.whole(hub)
        check(not case.knows(hub) and hub.show(case.baraka)["id"] == case.baraka)
        journal_of(hub)
    hub.stop()
    check(journal_of(hub) != before)
    hub.start().unlock()
    case.whole(hub)


if __name__ == "__main__":
    run(globals())
