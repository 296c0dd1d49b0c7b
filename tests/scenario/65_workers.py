"""The practice, row by row: the worker - boundaries, ethics, training, supervision, their own life, and volunteers.

The number in a story's name is the practice's in the list of tests/README.md, which says what of it is served.
"""
import datetime
import os
import shutil

from backups import backup_of, code_of, restore
from lab import check, run, set_clock, settle
from practice import ids, in_days

SW = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}


def story_24_boundaries(lab):
    """Who knows somebody in another way says so; only they and the office see it, and a second person decides."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = juma.add("person", name="Asha")
    boundary = juma.add("boundary", person=asha, relation="used together", note="we meet at my place no more")
    error = juma.refused(5, "boundary", "clear", boundary, "decision=fine")
    check("cannot clear" in error["message"] and error["hint"], error)
    lab.exchange(hub, juma)
    hub.run("hub", "assign", asha, "Neema")
    lab.exchange(hub, neema, juma)
    neema.refused(3, "show", boundary)
    check(neema.json("find", "place")["items"] == [])
    hub.run("boundary", "clear", boundary, "decision=both agree; looked at again in March")
    lab.exchange(hub, juma)
    check(juma.show(boundary)["state"] == "cleared" and juma.show(boundary)["by"][-1]["name"] == "Office", juma.show(boundary))


def story_24_a_boundary_blocks(lab):
    """Who declared to know a person in another way is not given them, unless a second person allowed it; others are."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    boundary = juma.add("boundary", person="asha", relation="family", note="my cousin")  # nobody he has: in words
    lab.exchange(hub, neema, juma)
    error = hub.refused(5, "hub", "assign", asha, "Juma")
    check("Juma knows Asha in another way" in error["message"] and boundary[:5] in error["hint"], error)
    for both in (("Neema", "Juma"), ("Juma",)):
        hub.refused(5, "hub", "assign", asha, *both)
    juma.refused(3, "show", asha)
    hub.run("hub", "assign", baraka, "Juma")
    hub.run("boundary", "keep-apart", boundary)
    check("not to be paired" in hub.refused(5, "hub", "assign", asha, "Juma")["message"])
    hub.run("boundary", "clear", boundary, "decision=the cousins both want it; looked at again in March")
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(asha)["fields"]["name"] == "Asha")
    # a lost laptop's people go to another worker in the same way
    chui = juma.add("person", name="Chui")
    lab.exchange(hub, juma)
    boundary = neema.add("boundary", person="Chui", relation="neighbour")
    lab.exchange(hub, neema)
    hub.run("hub", "revoke", "Juma", "--sure")
    check("Neema knows Chui" in hub.refused(5, "hub", "replace", "Juma", "Neema")["message"])
    hub.run("boundary", "clear", boundary, "decision=they greet each other, no more")
    hub.run("hub", "replace", "Juma", "Neema")
    lab.exchange(hub, neema)
    check(neema.show(chui)["fields"]["name"] == "Chui")


def story_25_ethics(lab):
    """The code of ethics acknowledged, and asked for again when its day comes; no form asks for a diagnosis."""
    neema = lab.worker("Neema")
    ethics = neema.add("training", kind="code of ethics", course="our code, version 3", renew_by="today")
    check(ethics in [item["id"] for item in neema.json("today")["items"]], "not due")
    neema.run("training", "renew", ethics)
    check(ethics not in [item["id"] for item in neema.json("today")["items"]], "still due")
    for kind in neema.json("kinds")["kinds"]:
        for field in kind["fields"]:
            check("diagnos" not in field["name"] + field["label"].lower(), kind["name"], field)


def story_27_training(lab):
    """A worker's courses, hours and certificates: the worker's own and the office's, and of no other worker."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    course = neema.add("training", course="families, 46 hours", hours="46", competencies="families,groups", number="C-117")
    lab.exchange(hub, neema, juma)
    check(hub.show(course)["fields"]["competencies"] == ["families", "groups"] and hub.show(course)["by"][0]["name"] == "Neema")
    check(neema.show(course)["sync"] == "merged")
    juma.refused(3, "show", course)
    check(ids(juma, "training", "list") == [])


def story_28_supervision(lab):
    """Who wrote it has signed it, and only somebody else can sign it, too."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    session = juma.add("supervision", **{"with": "Office"}, minutes=60, topics="saying no; keeping my own meetings", actions="a week off in May")
    check(juma.show(session)["state"] == "held")
    juma.refused(5, "supervision", "sign", session)
    lab.exchange(hub, juma, neema)
    hub.run("supervision", "sign", session)
    lab.exchange(hub, juma, neema)
    check(juma.show(session)["state"] == "signed" and [by["name"] for by in juma.show(session)["by"]][-1] == "Office")
    neema.refused(3, "show", session)
    # what both signed stays as it was signed
    for home in (juma, hub):
        check("void it" in home.refused(5, "edit", session, "topics=nothing at all")["hint"])
    check(juma.show(session)["fields"]["topics"] == "saying no; keeping my own meetings")
    # and where the author changed it before that was known there, both stand, and it is seen
    session = juma.add("supervision", **{"with": "Office"}, minutes=30, topics="resting")
    lab.exchange(hub, juma)
    juma.run("edit", session, "topics=working nights")
    hub.run("supervision", "sign", session)
    lab.exchange(hub, juma)
    (conflict,) = hub.json("hub", "conflicts")["items"]
    check(conflict["field"] == "topics" and {value["value"] for value in conflict["values"]} == {"resting", "working nights"}, conflict)
    # a conflict is told in words, not as a kind file names its states
    asha = juma.add("person", name="Asha")
    need = juma.add("need", person=asha, area="housing", text="a bed")
    lab.exchange(hub, juma)
    juma.run("need", "not-met", need, "outcome=none free")
    hub.run("need", "meet", need, "outcome=found one")
    lab.exchange(hub, juma)
    told = juma.run("show", need).out
    check("different things for State:" in told and "  not met  (" in told and "not_met" not in told, told)
    told = hub.run("hub", "conflicts").out
    check("  not met  (" in told and "not_met" not in told, told)


def story_28_hours_that_are_needed(lab):
    """Supervision of this month against four hours, and of a week against one session: at the worker's, and at the office for each."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    day = datetime.date.today()
    neema.add("supervision", **{"with": "Office"}, minutes=90, topics="sleep", on=in_days(0))
    if day.day > 1:
        neema.add("supervision", **{"with": "Office"}, minutes=30, topics="rest", on=day.replace(day=1).isoformat())
    neema.add("supervision", **{"with": "Office"}, minutes=45, topics="last month's", on=(day.replace(day=1) - datetime.timedelta(10)).isoformat())
    voided = neema.add("supervision", **{"with": "Office"}, minutes=500, topics="a mistake")
    neema.run("void", voided, "a", "mistake")
    minutes = 120 if day.day > 1 else 90
    (mine,) = neema.json("week")["expected"]
    check((mine["minutes"], mine["of"], mine["times_of"]) == (minutes, 240, 1) and mine["times"] >= 1, mine)
    check(f"{minutes // 60}:{minutes % 60:02d} of 4:00 hours" in neema.run("week").out and "expected" not in neema.json("today"))
    (none,) = juma.json("week")["expected"]
    check((none["minutes"], none["times"]) == (0, 0), none)
    # a supervisor's own note of a session is of whom it names
    lab.exchange(hub, neema, juma)
    hub.add("supervision", **{"with": "Juma"}, minutes=60, topics="first weeks")
    load = hub.json("hub", "caseload")
    check(load["expects"] == {"minutes": 240, "week": 1}, load)
    of = {item["name"]: item["supervision"] for item in load["items"]}
    check(of["Neema"]["minutes"] == minutes and of["Juma"] == {"minutes": 60, "times": 1, "week": 1}, of)
    said = hub.run("hub", "caseload").out
    check(f"{minutes // 60}:{minutes % 60:02d} of 4:00" in said and "1:00 of 4:00" in said, said)


def in_no_export(lab, home, kind, words):
    """Whatever the way and the format: a table of it is refused, and a file of everything does not have it."""
    file = os.path.join(lab.dir, f"{kind}.csv")
    for way in (("--internal", "moving house"), ()):
        error = home.refused(5, "export", file, "--kind", kind, *way)
        check("its author's alone" in error["message"] and not os.path.exists(file), error)
    person = home.add("person", name="Asha")
    for name, way in (("all.jsonl", ("--internal", "moving house")), ("all.fhir.json", ("--internal", "moving house")), ("asha.html", ("--person", person, "--own-copy"))):
        file = os.path.join(lab.dir, f"{kind}-{name}")
        home.run("export", file, *way)
        with open(file, encoding="utf-8") as written:
            text = written.read()
        check("Asha" in text and words not in text, name, text)


def story_29_for_oneself(lab):
    """How a worker is themselves stays on the laptop."""
    hub, neema = lab.office(ally="Neema")
    mine = neema.add("checkin", energy=2, recovery=2, helps="the sea", note="a hard week of my own")
    lab.exchange(hub, neema)
    check(neema.show(mine)["fields"]["recovery"] == 2 and neema.status()["outbox"]["entries"] == 0)
    hub.refused(3, "show", mine)
    check(hub.json("find", "week")["items"] == [])
    in_no_export(lab, neema, "checkin", "week of my own")


def story_29_nor_at_the_end(lab):
    """Nor when the laptop comes out of its backup and offers everything anew, nor when it is revoked and hands in what was not sent."""
    hub, neema = lab.office(ally="Neema")
    mine = [neema.add("checkin", energy=1, note="a hard week of my own"), neema.add("lived", text="I slept at the bus station")]
    sent = neema.add("person", name="Asha")
    path, _ = backup_of(neema)
    code = code_of(neema)
    neema.stop()
    new, _ = restore(lab, path, code, "new")
    new.add("checkin", energy=2, note="a worse week of my own")
    settle(hub, new)
    check(hub.show(sent)["fields"]["name"] == "Asha" and all(new.show(one)["id"] == one for one in mine), "what is not private came")
    new.stop()
    new.start("--no-carry").unlock()  # so that nothing goes by itself meanwhile
    late = new.add("contact", person=sent, kind="phone", note="not sent before the end")
    new.add("checkin", energy=3, note="one more week of my own")
    hub.run("hub", "revoke", "Neema", "--sure")
    hub.run("hub", "merge")
    new.stop()
    new.start().unlock()
    new.run("sync", check_status=False)
    hub.run("hub", "merge")
    check("revoked" in new.status(), new.status())
    held = hub.json("hub", "held")["items"]
    check([item["kind"] for item in held] == ["contact"], held, late)
    hub.run("hub", "release", held[0]["id"])
    check(hub.show(late)["fields"]["note"] == "not sent before the end")
    for one in mine:
        hub.refused(3, "show", one)
    check(hub.json("find", "week")["items"] == hub.json("find", "station")["items"] == hub.json("checkin", "list")["items"] == hub.json("lived", "list")["items"] == [])


def story_29_told_by_ones_own_word(lab):
    """Unless the worker chooses: then a copy goes to the office, without what was left out, and what stays at home stays as it was; a colleague has neither."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    mine = neema.add("checkin", energy=1, recovery=2, carried_home="a death", note="a hard week of my own")
    other = neema.add("checkin", energy=5, note="nobody's business")
    answer = neema.json("checkin", "send", mine, "note=", "energy=2")
    check(answer["state"] == "sent" and answer["copy"]["kind"] == "checkin_sent", answer)
    check((neema.show(mine)["fields"]["note"], neema.show(mine)["fields"]["energy"]) == ("a hard week of my own", 1), neema.show(mine))
    lab.exchange(hub, neema, juma)
    (told,) = hub.json("checkin_sent", "list")["items"]
    fields = hub.show(told["id"])["fields"]
    check(told["id"] == answer["copy"]["id"] and (fields["energy"], fields["recovery"], fields["carried_home"]) == (2, 2, "a death") and "note" not in fields, fields)
    check(hub.show(told["id"])["by"][0]["name"] == "Neema")
    for home in (hub, juma):
        for kept in (mine, other):
            home.refused(3, "show", kept)
    juma.refused(3, "show", told["id"])
    check("stays here alone" in neema.run("checkin", "send", other).out and neema.show(other)["state"] == "sent")
    # once more: nothing goes, and it says so
    for words in ((), ("note=", "energy=3")):
        error = neema.refused(5, "checkin", "send", mine, *words)
        check("sent already, on " + in_days(0) in error["message"] and "checkin add" in error["hint"], error)
    check("ilishatumwa" in neema.run("checkin", "send", mine, status=5, env=SW).err)
    lab.exchange(hub, neema)
    check(len(hub.json("checkin_sent", "list")["items"]) == 2 == len(neema.json("checkin_sent", "list")["items"]))


def story_29_workload(lab):
    """What each worker carries, for the coordinator: people, contacts, crises, what is overdue, what runs out, and whom nobody has."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    people = [neema.add("person", name=f"Asha {n}") for n in range(3)]
    neema.run("person", "close", people[2])
    for n in range(6):
        neema.add("contact", person=people[0], kind="phone", on=in_days(-n), crisis="yes" if n == 0 else "no")
    neema.add("contact", person=people[0], kind="phone", on=in_days(-40))
    neema.add("followup", person=people[0], due=in_days(-2), what="late")
    neema.add("followup", person=people[0], due=in_days(5), what="not yet")
    neema.add("training", course="first aid", kind="certificate", renew_by=in_days(20))
    neema.add("training", course="families", kind="certificate", renew_by=in_days(200))
    for days in (10, 90):
        neema.add("consent", person=people[1], recipient="the clinic", purpose="referral", information="needs", expires=in_days(days), how="written")
    lab.exchange(hub, neema, juma)
    nobodys = hub.add("person", name="Baraka")
    hub.run("hub", "assign", people[1], "Juma")
    neema.add("boundary", person=people[0], relation="friend")
    lab.exchange(hub, neema, juma)
    load = hub.json("hub", "caseload")
    by = {item["name"]: item for item in load["items"]}
    check({name: by["Neema"][name] for name in ("people", "contacts", "crises", "certificates", "consents", "boundaries")} ==
          {"people": 2, "contacts": 6, "crises": 1, "certificates": 1, "consents": 1, "boundaries": 1}, by["Neema"])
    check(by["Neema"]["overdue"] == 1 and (by["Juma"]["people"], by["Juma"]["contacts"], by["Juma"]["consents"]) == (1, 0, 1), by)
    check(load["nobodys"] == 1 and [(item["person"], item["expires"]) for item in load["consents"]] == [("Asha 1", in_days(10))], load)
    said = hub.run("hub", "caseload").out
    for words in ("1.5", "1 person has no worker", "Asha 1: the consent", "1 boundary", "Juma: no supervision"):
        check(words in said, words, said)
    neema.refused(2, "hub", "caseload")
    hub.run("hub", "revoke", "Neema", "--sure")
    load = hub.json("hub", "caseload")
    check([item["name"] for item in load["items"]] == ["Juma"] and load["nobodys"] == 2 and nobodys, load)


def story_30_of_ones_own_life(lab):
    """A worker's own lived experience stays on the laptop that wrote it, and is in no export."""
    hub, neema = lab.office(ally="Neema")
    mine = neema.add("lived", text="I slept at the bus station", since="2020-03-01", told="nobody")
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0)
    hub.refused(3, "show", mine)
    check(hub.json("find", "station")["items"] == [])
    in_no_export(lab, neema, "lived", "bus station")


def story_32_onboarded_by_a_supervisor(lab):
    """Far from any network: a supervisor carries the request and the invitation on a stick, and the volunteer's first records come back the same way."""
    hub = lab.hub()
    amina = lab.worker("Amina", hub, role="ally")
    juma = lab.home("Juma").start().init(role="volunteer")
    stick = os.path.join(lab.dir, "stick")
    os.makedirs(stick)
    request, invitation = os.path.join(stick, "juma.request"), os.path.join(stick, "juma.invitation")
    # on the volunteer's laptop; then at the office; then on the volunteer's laptop again, which never saw a network
    juma.run("enrol", "request", "--file", request)
    past = ("--role", "volunteer", "--name", "Juma", "--until", "2020-12-31", "--words-checked")  # would suspend a laptop at work: a slip of the year
    check("no day to come" in hub.refused(2, "hub", "enrol", "--file", request, *past, "--out", invitation)["message"] and not os.path.exists(invitation))
    hub.run("hub", "enrol", "--file", request, "--role", "volunteer", "--name", "Juma", "--until", in_days(90), "--words-checked", "--out", invitation)
    hub.run("hub", "merge")
    shutil.move(lab.mailboxes, lab.mailboxes + ".far")
    juma.run("enrol", "accept", "--file", invitation, "--words-checked")
    asha = juma.add("person", name="Asha")
    said = juma.run("sync", check_status=False)
    check("carry" in said.out + said.err + juma.run("status").out, "no word of the stick", said, juma.run("status").out)
    juma.run("carry", stick)
    shutil.move(lab.mailboxes + ".far", lab.mailboxes)
    hub.run("carry", stick)
    hub.run("hub", "merge")
    check(hub.show(asha)["by"][0]["name"] == "Juma" and hub.show(asha)["by"][0]["role"] == "volunteer", hub.show(asha))
    hub.run("carry", stick)
    shutil.move(lab.mailboxes, lab.mailboxes + ".far")
    juma.run("carry", stick)
    check(juma.show(asha)["sync"] == "merged" and amina.status()["enrolled"], juma.show(asha))


def story_32_until_a_day(lab):
    """A volunteer's access ends by itself after the last day: the laptop locks, what it sends waits; the office may give another day."""
    hub = lab.hub()
    juma = lab.home("Juma").start().init(role="volunteer")
    request = juma.json("enrol", "request")["request"]
    invited = hub.json("hub", "enrol", "-", "--role", "volunteer", "--name", "Juma", "--until", in_days(3), "--words-checked", stdin=request)
    hub.run("hub", "merge")
    juma.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
    asha = juma.add("person", name="Asha")
    lab.exchange(hub, juma)
    check(hub.json("hub", "roster")["items"][-1]["until"] == in_days(3))
    check( hub.show(asha)["fields"]["name"] == "Asha")
    warned = "".join(juma.json("status")["warnings"])
    check("access ends after " + in_days(3) in warned and "days left: 3" in warned, "not told beforehand", warned)
    check("access ends after " + in_days(3) in juma.run("today").out and "ruhusa yako" in juma.run("today", env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    check("ruhusa yako" in juma.run("status", env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    clock = set_clock(lab, hub)
    for days, state in ((3, "live"), (4, "suspended")):
        clock.set(days)
        hub.run("hub", "merge")
        item = hub.json("hub", "roster")["items"][-1]
        check(item["state"] == state, days, item)
    juma.add("person", name="Baraka")
    juma.run("sync", check_status=False)
    hub.run("hub", "merge")
    check(hub.json("find", "Baraka")["items"] == [], "what came after the last day counts")
    juma.refused(4, "show", asha)
    error = hub.refused(5, "hub", "suspend", "Juma", "--end")
    check("until " + in_days(3) in error["message"] and "--until" in error["hint"], error)
    hub.run("hub", "suspend", "Juma", "--end", "--until", in_days(10))
    hub.run("hub", "merge")
    item = hub.json("hub", "roster")["items"][-1]
    check((item["state"], item["until"]) == ("live", in_days(10)), item)
    check(len(hub.json("find", "Baraka")["items"]) == 1, "what waited is lost")
    if juma.json("status")["locked"]:
        juma.unlock()
    juma.run("sync", check_status=False)
    warned = "".join(juma.json("status")["warnings"])
    check("access ends after " + in_days(10) in warned, "the laptop does not hear of the other day", warned)


run(globals())
