"""Clocks that are wrong by years, jump, or go back: nothing orders by them, nothing is refused for them (security 8.1, 8.2)."""
import glob
import os
import shutil
import subprocess
import time

from lab import Client, Clock, check, run, set_clock
from sealed import mailbox_of

DAY_MS = 24 * 60 * 60 * 1000


def written_at(home, record):
    """How many days from now the last entry of a record says it was written."""
    return (home.json("history", record)["items"][-1]["at"] - time.time() * 1000) / DAY_MS


def marks(home, record):
    return [item.get("mark") for item in home.json("history", record)["items"]]


def same_everywhere(person, *homes):
    seen = {home.name: home.json("verify", person)["digest"] for home in homes}
    check(len(set(seen.values())) == 1, seen)


def nothing_refused(*homes):
    for home in homes:
        check(home.status()["refused_segments"] == [] and home.status()["held"] == 0, home.name, home.status())


def story_wrong_by_years_and_jumping(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    ahead, behind = set_clock(lab, neema), set_clock(lab, juma)
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, neema, juma)
    ahead.set(8 * 365)
    behind.set(-12 * 365)
    future = neema.add("contact", person=person, kind="phone", note="eight years ahead")
    past = juma.add("contact", person=person, kind="visit", note="twelve years behind")
    check(written_at(neema, future) > 7 * 365, "the clock was not moved", written_at(neema, future))
    check(written_at(juma, past) < 1, written_at(juma, past))
    neema.run("edit", person, "phone=+254 711 000 001")
    juma.run("edit", person, "phone=+254 722 000 002")
    lab.exchange(hub, neema, juma, rounds=2)
    nothing_refused(hub, neema, juma)
    same_everywhere(person, hub, neema, juma)
    conflicts = hub.json("hub", "conflicts")["items"]
    check(len(conflicts) == 1 and {value["by"] for value in conflicts[0]["values"]} == {"Neema", "Juma"}, "a late clock wins nothing", conflicts)
    check(marks(hub, future) == ["clock_suspect"], marks(hub, future))
    check(marks(hub, past) == [None], marks(hub, past))
    # jumping while they work, on a record that both change in turn
    for days_neema, days_juma, area in ((-3000, 9000, "health"), (2, -20, "housing"), (10000, 0, "food"), (-1, 4000, "family")):
        ahead.set(days_neema)
        behind.set(days_juma)
        goal = neema.add("goal", person=person, text=f"about {area}", area=area)
        neema.run("goal", "start", goal, "agreed=yes")
        lab.exchange(hub, neema, juma)
        juma.run("edit", goal, "steps=one at a time")
        juma.run("goal", "reach", goal)
        lab.exchange(hub, juma, neema)
        for home in (hub, neema, juma):
            shown = home.show(goal)
            check(shown["state"] == "reached" and shown["fields"]["steps"] == "one at a time" and not shown["conflicts"], home.name, shown)
        same_everywhere(person, hub, neema, juma)
    nothing_refused(hub, neema, juma)
    # what was seen is replaced, however wrong the clock of the one who replaces it
    ahead.set(-9 * 365)
    behind.set(0)
    hub.run("hub", "resolve", hub.json("hub", "conflicts")["items"][0]["id"], "--value", "+254 733 000 003")
    lab.exchange(hub, neema, juma)
    neema.run("edit", person, "village=Namanga")
    neema.run("edit", person, "phone=+254 744 000 004")
    lab.exchange(hub, neema, juma)
    for home in (hub, neema, juma):
        check(home.show(person)["fields"]["phone"] == "+254 744 000 004" and not home.show(person)["conflicts"], home.name, home.show(person))
    # set right again, it is no longer suspect; and no incarnation was begun for any of it
    ahead.set(0)
    right = neema.add("contact", person=person, kind="phone", note="set right")
    lab.exchange(hub, neema, juma)
    check(marks(hub, right) == [None] and abs(written_at(neema, right)) < 1, marks(hub, right), written_at(neema, right))
    same_everywhere(person, hub, neema, juma)
    for worker in (neema, juma):
        check(len(mailbox_of(lab, worker).branches(1)) == 1, worker.name, mailbox_of(lab, worker).branches(1))
    for home in (hub, neema, juma):
        check(home.run("verify", "--rebuild").status == 0)


def story_an_old_state_for_weeks(lab):
    """A mailbox that takes what is sent and goes on showing the hub's word of long ago: told from the second day on, by sync, status and doctor."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    at_hub, hers = set_clock(lab, hub), set_clock(lab, neema)
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = os.path.join(lab.mailboxes, next(name for name in os.listdir(lab.mailboxes) if name.endswith(".git")))
    shown = os.path.join(box, "refs", "heads", "l2")
    shutil.copytree(shown, lab.dir + "/old")

    def frozen(day, status):
        at_hub.set(day)
        hers.set(day)
        hub.run("hub", "merge")
        os.rename(shown, f"{lab.dir}/new-{day}")
        shutil.copytree(lab.dir + "/old", shown)
        neema.add("contact", person=person, kind="visit", note=f"day {day}")
        answer = neema.run("sync", json_out=True, status=status)
        return answer.error if status else answer.json, "".join(neema.status()["warnings"])

    words = "the newest of the hub that it shows is"
    for day in (8, 15):  # it may have been away: nothing is said on the first day of many
        said = frozen(day, 0)
        check(words not in said[1] and not neema.status()["beacon"]["stale"], said)
    error, warned = frozen(22, 8)
    check(error["code"] == "partial" and f"{words} 2" in error["message"] and "tell your coordinator" in error["hint"], error)
    check(words in warned and neema.status()["beacon"]["stale"], warned)
    finding = neema.run("doctor", check_status=False)
    check(words in " ".join(finding.out.split()), finding)
    check(neema.show(person)["sync"] == "merged" and len(hub.json("contact", "list")["items"]) == 2, "what was sent came all the same")
    # the hub's word comes through again
    hub.run("hub", "merge")
    said = neema.json("sync")
    check(words not in "".join(neema.status()["warnings"]) and not neema.status()["beacon"]["stale"], said, neema.status())
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0, neema.status())


def story_two_months_offline(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    at_hub, hers = set_clock(lab, hub), set_clock(lab, neema)
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    before = box.branches(1)
    away = lab.mailboxes + ".away"
    os.rename(lab.mailboxes, away)
    for day in range(4, 64, 4):
        hers.set(day)
        neema.add("contact", person=person, kind="visit", note=f"day {day}")
        if day % 16 == 0:
            neema.refused(6, "sync")
        if day == 32:
            neema.stop()
            neema.start(env=hers.env).unlock()
    check(written_at(neema, neema.json("contact", "list")["items"][0]["id"]) > 3, "the clock was not moved")
    check(neema.status()["outbox"]["entries"] == 15, neema.status()["outbox"])
    check(neema.status()["beacon"]["age_days"] >= 55 and neema.status()["beacon"]["level"] != "ok", neema.status()["beacon"])
    hers.set(62)
    at_hub.set(62)
    os.rename(away, lab.mailboxes)
    lab.exchange(hub, neema)
    check(len(hub.json("contact", "list")["items"]) == 15)
    check(set(box.branches(1)) == set(before), "a new incarnation", box.branches(1))
    check(neema.status()["outbox"]["entries"] == 0 and neema.show(person)["sync"] == "merged")
    check(neema.status()["beacon"]["age_days"] < 2, neema.status()["beacon"])
    check(not any("clock" in warning for warning in neema.status()["warnings"]), neema.status()["warnings"])
    hers.set(-400)
    check("the hub was 46" in "".join(neema.status()["warnings"]), neema.status()["warnings"])
    hers.set(62)
    same_everywhere(person, hub, neema)
    nothing_refused(hub, neema)


def story_a_hub_whose_clock_went_back(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    hub.run("hub", "unassign", person, "Juma")
    lab.exchange(hub, juma)
    clock = set_clock(lab, hub)
    clock.set(-5 * 365)
    check(any("clock" in warning for warning in hub.status()["warnings"]), hub.status()["warnings"])
    for command in (("hub", "assign", person, "Juma"), ("person", "add", "name=Eshe"), ("hub", "unassign", person, "Neema")):
        error = hub.refused(5, *command)
        check("clock" in error["message"] and "clock" in error["hint"], command, error)
    check(juma.show(person)["handed_over"] is True)
    # it keeps receiving, also what must be held, and sends its receipts
    fine = neema.add("person", name="Baraka")
    contact = neema.add("contact", person=person, kind="phone", note="while the hub's clock was wrong")
    stray = juma.add("contact", person=person, kind="phone", note="not on the team any more")
    other = juma.add("person", name="Daudi")
    lab.exchange(hub, neema, juma)
    check(hub.show(fine)["fields"]["name"] == "Baraka" and hub.show(contact)["fields"]["note"].startswith("while"))
    check(hub.show(other)["fields"]["name"] == "Daudi", "an entry to be held must not stop the lane")
    check(neema.show(fine)["sync"] == "merged" and juma.show(other)["sync"] == "merged", neema.show(fine), juma.show(other))
    held = hub.json("hub", "held")["items"]
    check(len(held) == 1 and held[0]["reason"] == "not_on_team", held)
    check(juma.show(stray)["sync"] == "refused", juma.show(stray))
    check(marks(hub, fine) == [None], "the worker's clock is not the one in doubt", marks(hub, fine))
    check("clock" in hub.refused(5, "hub", "release", held[0]["id"])["message"])
    # set right: decisions again
    clock.set(0)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    same_everywhere(person, hub, neema)
    # and a hub past the end of its certificate: the same words, and still nothing is lost
    clock.set(3 * 365)
    check("certificate" in hub.refused(5, "hub", "unassign", person, "Juma")["message"])
    late = neema.add("person", name="Faraja")
    lab.exchange(hub, neema)
    check(hub.show(late)["fields"]["name"] == "Faraja")
    # nor do the laptops learn that time from it
    after = neema.add("person", name="Gathoni")
    check(abs(written_at(neema, after)) < 1, written_at(neema, after))


def states_of(home, *numbers):
    """How it stands with these of the people, in the order they were recorded."""
    return [home.json("show", f"Person {number:03}")["sync"] for number in numbers]


def story_too_much_for_one_day(lab):
    """Above a day's share the hub takes in and puts off; the author is told; next day it is merged, a share at a time."""
    lab.quiet()
    hub = lab.home("hub").settings(lab.ini + "entries_a_day = 100\n")
    clock = Clock(lab, hub)
    hub.start(env=clock.env).init(hub_mailboxes=lab.mailboxes, person="Office")
    neema, juma = lab.worker("Neema", hub), lab.worker("Juma", hub)
    lab.exchange(hub, neema, juma)
    path = os.path.join(lab.dir, "people.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("name\n" + "".join(f"Person {number:03}\n" for number in range(330)))
    neema.run("import", path, "--kind", "person")
    neema.run("sync")
    juma.add("person", name="Asha")  # who sends little does not wait
    juma.run("sync")
    answer = hub.json("hub", "merge")
    check(answer["deferred"] == 230 and answer["held"] == 0, answer)
    check("hub merge --all" in hub.run("hub", "merge").out, "the coordinator is told")
    check(len(hub.json("person", "list", "--limit", "1000")["items"]) == 101, "a day's share, and Juma's")
    late = neema.json("find", "329")["items"][0]["id"]
    check(hub.show(late)["sync"] == "deferred" and hub.json("history", late)["items"][0]["sync"] == "deferred", hub.show(late))
    check("not merged yet" in hub.refused(5, "hub", "assign", late, "Juma")["message"])
    neema.run("sync")
    states = states_of(neema, 0, 99, 100, 329)
    check(states == ["merged", "merged", "deferred", "deferred"], states)
    check(neema.status()["outbox"]["entries"] == 0, "nothing of it is sent again")
    check(neema.status()["outbox"]["deferred"] == 230 and "Put off" in neema.run("status").out, neema.status()["outbox"])
    clock.set(1)
    check(hub.json("hub", "merge")["deferred"] == 130, "another share")
    check(hub.json("hub", "merge")["deferred"] == 130, "and no more that day")
    check(hub.json("hub", "merge", "--all")["deferred"] == 0, "the coordinator's word")
    check(len(hub.json("person", "list", "--limit", "1000")["items"]) == 331, "all are there")
    neema.run("sync")
    check(states_of(neema, 0, 100, 329) == ["merged"] * 3, "and their author is told")
    check(hub.json("verify")["ok"] and neema.json("verify")["ok"])


def epochs(home):
    return [(epoch["epoch"], epoch["state"]) for epoch in home.status()["seal_epochs"]]


def story_seal_keys_come_and_go(lab):
    """Each key is used for 90 days; the next is known before; an old secret is gone from the key file, and what comes late is sealed anew (7.4)."""
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    clocks = [set_clock(lab, home) for home in (hub, neema, juma)]
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    late = juma.add("person", name="Baraka")
    juma.run("lock")  # sealed, and on no carrier
    juma.stop()
    for day, wanted in ((62, [(1, "used"), (2, "next")]), (93, [(1, "ended"), (2, "used")]), (94, [(2, "used")]),
                        (155, [(2, "used"), (3, "next")])):
        for clock in clocks:
            clock.set(day)
        neema.add("contact", person=person, kind="phone", note=f"day {day}")
        lab.exchange(hub, neema, rounds=2)
        check(epochs(neema) == wanted, day, epochs(neema))
    check(epochs(hub) == [(2, "used"), (3, "next")], "60 days after its end it is gone, though Juma never moved on", epochs(hub))
    with open(os.path.join(hub.path, "keys"), "rb") as file:
        check(len(file.read()) == 16384)
    juma.start(env=clocks[2].env).unlock()
    for _ in range(3):
        juma.run("sync", check_status=False)
        hub.run("hub", "merge")
    juma.run("sync")
    check(hub.show(late)["fields"]["name"] == "Baraka" and juma.show(late)["sync"] == "merged", juma.show(late))
    check(hub.json("hub", "roster", "Juma")["arrived"], hub.json("hub", "roster", "Juma"))
    # and they open at the next start
    for home, clock in ((hub, clocks[0]), (neema, clocks[1])):
        home.stop()
        home.start(env=clock.env).unlock()
    neema.add("contact", person=person, kind="phone", note="after a start")
    lab.exchange(hub, neema)
    same_everywhere(person, hub, neema)
    # Half a year later nobody needs what was sealed to keys that are gone: its branches are dropped (11.6), and both go on.
    before = branches(lab)
    for day in (300, 301):
        for clock in clocks[:2]:
            clock.set(day)
        lab.exchange(hub, neema)
    after = branches(lab)
    gone = before - after
    check({name.split("/")[1] for name in gone} == {"l1", "l2"}, sorted(before), sorted(after))
    check(len(after & before) > 0, "what is younger stays", sorted(before), sorted(after))
    neema.add("contact", person=person, kind="phone", note="half a year later")
    lab.exchange(hub, neema)
    same_everywhere(person, hub, neema)
    check(branches(lab) & gone == set(), "nobody brings them back")


def branches(lab):
    """MAILBOX/LANE/INCARNATION of all mailboxes."""
    return {os.path.relpath(path, lab.mailboxes).replace(".git/refs/heads", "") for path in glob.glob(lab.mailboxes + "/*.git/refs/heads/l?/*")}


def story_a_certificate_is_renewed(lab):
    """Its end stops decisions; with the root key that was kept elsewhere it is renewed, and laptops follow by themselves (7.1)."""
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    clocks = [set_clock(lab, home) for home in (hub, neema)]
    for clock in clocks:
        clock.set(420)
    check("certificate" in hub.refused(5, "hub", "assign", person, "Juma")["message"])
    stick = os.path.join(lab.dir, "root.key")
    with open(stick, "w", encoding="ascii") as file:
        file.write(lab.home("other").start().init(hub_mailboxes=os.path.join(lab.dir, "elsewhere"), person="Other").made["root_key"])
    check("root key" in hub.refused(5, "hub", "renew", "--root-key", stick)["message"])
    check("--root-key" in hub.refused(2, "hub", "renew")["message"])
    with open(stick, "w", encoding="ascii") as file:
        file.write(hub.made["root_key"])
    # what the doctor says, typed, with the stick where it is here
    found = hub.run("doctor", json_out=True, check_status=False, env=clocks[0].env).json["items"]
    item = next(item for item in found if item["check"] == "certificate")
    check(item["state"] == "fail" and "ended" in item["message"] and "hub renew --root-key /media/stick/root.key" in item["mend"], item)
    done = subprocess.run(["sh", "-c", item["mend"].replace("/media/stick/root.key", stick)], env={**hub.env, **clocks[0].env}, text=True, capture_output=True, check=False)
    check(done.returncode == 0 and "Take the root key off" in done.stdout, item, done)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, neema)
    for home, clock in ((hub, clocks[0]), (neema, clocks[1])):
        home.stop()
        home.start(env=clock.env).unlock()
        client = Client(home)
        client.ask("GET", "/v1/doctor")
        end = client.answer()["certificate_end"]
        check(360 < (end - time.time() * 1000) / DAY_MS - 420 <= 401, home.name, end)


run(globals())
