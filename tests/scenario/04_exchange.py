"""From two keyboards, offline, to one merged journal at the hub, and back: folder mailboxes and parcels."""
import os
import time

from lab import PATIENCE, check, run


def digests(person, *homes):
    return {home.json("verify", person)["digest"] for home in homes}


def story_one_record_all_the_way(lab):
    hub, neema = lab.office(ally="Neema")
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    contact = neema.add("contact", person=person, kind="phone", minutes=10, note="first call")
    check(neema.show(person)["sync"] == "saved")
    neema.run("sync")
    check(neema.show(person)["sync"] == "delivered", neema.show(person)["sync"])
    hub.run("hub", "merge")
    check(hub.show(contact)["fields"]["note"] == "first call")
    check(hub.show(person)["by"][0]["name"] == "Neema")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    box = neema.status()["outbox"]
    check((box["entries"], box["saved"], box["deferred"], box["refused"], box["merged"]) == (0, 0, 0, 0, 2), box)
    check("Merged         2 entries" in neema.run("status").out, neema.run("status").out)
    check(hub.status()["outbox"]["merged"] == 2, hub.status()["outbox"])
    check(len(digests(person, hub, neema)) == 1)


def story_shared_and_withdrawn(lab):
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    neema.add("goal", person=person, text="the workshop again")
    lab.exchange(hub, neema, juma)
    check(juma.refused(3, "show", person)["code"] == "not_found")
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    check(juma.show(person)["by"][0] == {"name": "Neema", "role": "ally", "device": neema.made["device"]}, juma.show(person)["by"])
    check(len(digests(person, hub, neema, juma)) == 1)
    contact = juma.add("contact", person=person, kind="visit", note="met at home")
    lab.exchange(hub, juma, neema)
    check(neema.show(contact)["fields"]["note"] == "met at home")
    hub.run("hub", "unassign", person, "Juma")
    lab.exchange(hub, juma)
    shown = juma.show(person)
    check(shown["handed_over"] is True and shown["fields"].get("name") is None, shown)
    check(shown["handed_to"] == "Neema" and shown["handed_at"], shown)
    check("Handed over to Neema on " in juma.run("show", person).out, juma.run("show", person))
    check(juma.show(contact)["fields"]["note"] == "met at home", "own records stay readable")
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    check(juma.show(person)["handed_over"] is False and "handed_to" not in juma.show(person))
    check(len(digests(person, hub, neema, juma)) == 1)
    # a maker, too, is told, though nothing of the own record goes
    hub.run("hub", "unassign", person, "Neema")
    lab.exchange(hub, neema)
    shown = neema.show(person)
    check(shown["handed_over"] is True and shown["handed_to"] == "Juma" and shown["fields"]["name"] == "Asha", shown)


def story_whom_a_record_is_about_stays(lab):
    """Else what was sent to one person's team, or under one person's consent, would become another's."""
    hub, neema = lab.office(ally="Neema")
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    goal = neema.add("goal", person=asha, text="the workshop again")
    for words in (("edit", goal), ("goal", "start", goal)):
        error = neema.refused(5, *words, f"person={baraka}")
        check("never changed" in error["message"] and "void" in error["hint"], error)
    neema.run("edit", goal, f"person={asha}", "text=the same person named again is no change")
    lab.exchange(hub, neema)
    check(hub.refused(5, "edit", goal, f"person={baraka}")["code"] == "refused")
    check(hub.show(goal)["fields"]["person"] == asha)


def story_no_folder_named(lab):
    neema = lab.worker("Neema")
    check(neema.refused(2, "carry", "")["code"] == "usage")
    check(neema.refused(2, "sync", "--to", "")["code"] == "usage")


def story_conflict_settled_for_both(lab):
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    neema.run("edit", person, "phone=+254 711 000 001")
    juma.run("edit", person, "phone=+254 722 000 002")
    lab.exchange(hub, neema, juma)
    conflicts = hub.json("hub", "conflicts")["items"]
    check(len(conflicts) == 1 and conflicts[0]["field"] == "phone", conflicts)
    check({value["by"] for value in conflicts[0]["values"]} == {"Neema", "Juma"}, conflicts)
    lab.exchange(hub, neema, juma)
    check(len(neema.show(person)["conflicts"][0]["values"]) == 2)
    hub.run("hub", "resolve", conflicts[0]["id"], "--value", "+254 733 000 003")
    lab.exchange(hub, neema, juma)
    for home in (hub, neema, juma):
        check(home.show(person)["fields"]["phone"] == "+254 733 000 003" and not home.show(person)["conflicts"])
    check(hub.json("hub", "conflicts")["items"] == [])
    check(len(digests(person, hub, neema, juma)) == 1)


def story_what_waits_for_a_held_record_is_not_called_merged(lab):
    lab.quiet()
    hub, juma = lab.office(peer="Juma")
    person = juma.add("person", name="Asha")
    lab.exchange(hub, juma)
    hub.run("hub", "unassign", person, "Juma")
    lab.exchange(hub, juma)
    late = juma.add("followup", person=person, due="today", what="call")
    hub.run("hub", "assign", person, "Juma")
    hub.run("hub", "merge")
    juma.run("sync")  # that one goes, and the assignment comes
    juma.run("edit", late, "what=call again")
    lab.exchange(hub, juma)
    held = hub.json("hub", "held")["items"]
    check(len(held) == 1 and held[0]["reason"] == "not_on_team", held)
    check([item["sync"] for item in juma.json("history", late)["items"]] == ["refused", "deferred"], juma.json("history", late))
    check("waits at the hub" in juma.run("history", late).out, juma.run("history", late).out)
    hub.run("hub", "release", held[0]["id"])
    lab.exchange(hub, juma)
    check([item["sync"] for item in juma.json("history", late)["items"]] == ["merged", "merged"], juma.json("history", late))
    check(hub.show(late)["fields"]["what"] == "call again", hub.show(late))


def story_held_and_released(lab):
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    hub.run("hub", "unassign", person, "Juma")
    lab.exchange(hub, juma)
    late = juma.add("contact", person=person, kind="phone", note="written after the hand-over was known")
    fine = juma.add("person", name="Daudi")
    lab.exchange(hub, juma)
    held = hub.json("hub", "held")["items"]
    check(len(held) == 1 and held[0]["reason"] == "not_on_team" and held[0]["by"] == "Juma", held)
    check(juma.show(late)["sync"] == "refused" and juma.show(late)["reason"] == "not_on_team", juma.show(late))
    check(hub.show(fine)["fields"]["name"] == "Daudi", "the rest goes on")
    # nothing can be built on what is not admitted, at neither end
    for home in (juma, hub):
        for words in (("edit", late, "note=another"), ("void", late, "a mistake")):
            check("admitted" in home.refused(5, *words)["message"], home.name, words)
        check(home.json("history", late)["items"][0]["sync"] == "refused", home.name)
    hub.run("hub", "release", held[0]["id"])
    lab.exchange(hub, juma, neema)
    check(hub.json("hub", "held")["items"] == [])
    check(juma.show(late)["sync"] == "merged")
    check(neema.show(late)["fields"]["note"].startswith("written after"))


def story_written_before_sealed_after_a_hand_over(lab):
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    contact = juma.add("contact", person=person, kind="phone", note="before the hand-over")
    hub.run("hub", "unassign", person, "Juma")
    lab.exchange(hub, juma, neema)
    check(hub.json("hub", "held")["items"] == [])
    check(hub.show(contact)["fields"]["note"] == "before the hand-over")
    check(neema.show(contact)["fields"]["note"] == "before the hand-over")
    marks = [item.get("mark") for item in hub.json("history", contact)["items"]]
    check(marks == ["after_handover"], marks)


def story_by_parcel(lab):
    hub, neema = lab.office(peer="Neema")
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick, 0o700)
    person = neema.add("person", name="Asha")
    neema.run("carry", stick)
    check(neema.show(person)["sync"] == "carried", neema.show(person)["sync"])
    check(os.listdir(os.path.join(stick, "PAMOJA")), "files on the stick")
    hub.run("carry", stick)
    check(hub.show(person)["fields"]["name"] == "Asha")
    neema.run("carry", stick)
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    # the same by the folder afterwards: nothing doubled
    lab.exchange(hub, neema)
    check(len(hub.json("history", person)["items"]) == 1)
    check(len(digests(person, hub, neema)) == 1)


def story_hub_merges_by_itself(lab):
    hub = lab.home("hub")
    os.mkdir(hub.path, 0o700)
    with open(os.path.join(hub.path, "pamoja.ini"), "w", encoding="utf-8") as file:
        file.write("[hub]\nlook_every_seconds = 2\n")
    os.chmod(os.path.join(hub.path, "pamoja.ini"), 0o600)
    hub.start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    person = neema.add("person", name="Asha")
    neema.run("sync")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and hub.run("show", person, check_status=False).status != 0:
        time.sleep(0.5)
    check(hub.show(person)["fields"]["name"] == "Asha")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and neema.show(person)["sync"] != "merged":
        neema.run("sync")
        time.sleep(0.5)
    check(neema.show(person)["sync"] == "merged")
    # Once its carrier is sure of the mailbox it looks at it from outside only, and still finds what comes.
    seen = os.path.join(hub.path, "carry", "seen")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not surely_seen(seen):
        time.sleep(0.2)
    check(surely_seen(seen), "the carrier was never sure of the mailbox")
    person = neema.add("person", name="Zawadi")
    neema.run("sync")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and hub.run("show", person, check_status=False).status != 0:
        time.sleep(0.5)
    check(hub.show(person)["fields"]["name"] == "Zawadi")


def surely_seen(path):
    """The one mailbox in the file is not looked into while nothing changes."""
    try:
        with open(path, "rb") as file:
            return file.read()[-1:] == b"\1"
    except FileNotFoundError:
        return False


def story_a_worker_asks_by_itself(lab):
    """Who has nothing to send still gets what waits for them, also after a new start."""
    hub = lab.hub()
    asha = hub.add("person", name="Asha")
    zawadi = hub.add("person", name="Zawadi")
    neema = lab.home("Neema").settings("[sync]\nevery_minutes = 45\n[lock]\nidle_minutes = 0\n")
    jump = os.path.join(neema.path, "jump")
    neema.start(env={"LD_PRELOAD": lab.clock_shim(), "TIMEJUMP": jump}).init(role="peer")
    lab.enrol(neema, hub)
    lab.exchange(hub, neema)

    def an_hour_later(record):
        hub.run("hub", "assign", record, "Neema")
        hub.run("hub", "merge")
        with open(jump, "w", encoding="utf-8"):
            pass
        until = time.monotonic() + PATIENCE
        while neema.run("show", record, check_status=False).status != 0:
            check(time.monotonic() < until, "it did not come by itself")
            time.sleep(0.2)

    an_hour_later(asha)
    neema.stop()
    os.remove(jump)
    neema.start(env={"LD_PRELOAD": lab.clock_shim(), "TIMEJUMP": jump})
    neema.unlock()
    an_hour_later(zawadi)


def arrives(hub, record):
    """Without anybody asking the laptop for it."""
    until = time.monotonic() + PATIENCE
    while hub.run("show", record, check_status=False).status != 0:
        check(time.monotonic() < until, "it did not come by itself")
        hub.run("hub", "merge")


def story_unreached(lab):
    """What failed waits for its chance, and says so; what is urgent goes at once all the same, and a locked laptop is emptied too."""
    hub, neema = lab.office(peer="Neema")
    person = neema.add("person", name="Asha")
    os.rename(lab.mailboxes, lab.mailboxes + ".away")
    error = neema.refused(6, "sync")
    check(error["hint"], error)
    check(neema.refused(6, "carry", os.path.join(lab.dir, "no such stick"))["code"] == "unreached")
    waits = neema.status()["waits"]
    check(waits["for"] == "later" and 0 < waits["s"] <= 75, waits)
    check("Next exchange  in " in neema.run("status").out)
    # what is urgent is tried once and then waits, too; what fails by itself as before is no news, and wakes no disk

    def failures():
        return [one for one in neema.json("log")["items"] if one["event"] == "exchange"]

    def urgent_fails():
        last, steps = neema.status()["last_sync"]["at"], -1
        neema.add("contact", person=person, kind="phone", crisis="yes")
        until = time.monotonic() + PATIENCE
        while neema.status()["last_sync"]["at"] == last or neema.status()["steps"] != steps:
            check(time.monotonic() < until, "it was not tried, or without an end")
            steps = neema.status()["steps"]
            time.sleep(0.5)
        check(neema.status()["waits"]["for"] == "later", neema.status()["waits"])

    urgent_fails()
    known = failures()
    urgent_fails()
    check(failures() == known, failures())
    os.rename(lab.mailboxes + ".away", lab.mailboxes)
    crisis = neema.add("contact", person=person, kind="phone", crisis="yes")
    arrives(hub, crisis)
    check(neema.status()["waits"] is None)
    later = neema.add("person", name="Zawadi")
    neema.run("lock")
    arrives(hub, later)
    check(neema.status()["locked"])
    neema.unlock()
    neema.run("sync")
    check(neema.show(later)["sync"] == "merged")


def story_a_mailbox_that_cannot_be_written(lab):
    hub, neema = lab.office(peer="Neema")
    if os.geteuid() == 0:
        print("     skipped: root may write anywhere")
        return
    neema.add("person", name="Asha")
    box = os.path.join(lab.mailboxes, os.listdir(lab.mailboxes)[0])
    for root, folders, _ in os.walk(box):
        for folder in folders:
            os.chmod(os.path.join(root, folder), 0o500)
    os.chmod(box, 0o500)
    error = neema.refused(6, "sync")
    check(error["hint"], error)


def story_not_enrolled(lab):
    neema = lab.worker("Neema")
    check(neema.refused(2, "sync")["code"] == "not_enrolled")
    hub = lab.hub()
    request = neema.json("enrol", "request")["request"]
    check(hub.refused(2, "hub", "enrol", "-", "--role", "peer", "--name", "Neema", stdin=request)["code"] == "not_confirmed")
    check(hub.refused(5, "hub", "enrol", "-", "--role", "coordinator", "--name", "Neema", "--words-checked", stdin=request)["code"] == "refused")
    broken = request[:40] + ("a" if request[40] != "a" else "b") + request[41:]
    error = hub.refused(2, "hub", "enrol", "-", "--role", "peer", "--name", "Neema", "--words-checked", stdin=broken)
    check("line" in error["message"], error)


def story_words_are_compared_on_both_sides(lab):
    """Who is asked types two of the six words the other reads out; other words, and the other side's own, are refused, and nothing is joined."""
    hub, neema = lab.hub(), lab.worker("Neema", role="ally")
    asked = neema.json("enrol", "request")
    other = lab.worker("Juma").json("enrol", "request")["words"].split()
    words = asked["words"].split()
    enrol = {"request": asked["request"], "role": "ally", "name": "Neema"}
    place = hub.post("/v1/hub/enrol", enrol)["ask"]
    right = [words[at - 1] for at in place]
    check(len(words) == 6 and len(place) == 2 and all(1 <= at <= 6 for at in place), place)
    wrong = ([other[at - 1] for at in place], right[::-1], [right[0], "zebra"], ["", ""], right[:1])
    for typed in (one for one in wrong if one != right):  # the six are by chance: two may be the same, or another's
        answer = hub.post("/v1/hub/enrol", {**enrol, "typed": typed})
        check(answer["error"]["code"] == "not_confirmed" and "together" in answer["error"]["hint"], typed, answer)
    # without a terminal somebody must say that it was done
    error = hub.refused(2, "hub", "enrol", "-", "--role", "ally", "--name", "Neema", stdin=asked["request"])
    check(error["code"] == "not_confirmed" and "--words-checked" in error["hint"], error)
    check(len(hub.json("hub", "roster")["items"]) == 1, "somebody was enrolled")
    accept = {"invitation": hub.post("/v1/hub/enrol", {**enrol, "typed": right})["invitation"]}
    # the other way: the hub's words, from the coordinator's card
    place = neema.post("/v1/enrol/accept", accept)["ask"]
    own, card = ([of[at - 1] for at in place] for of in (words, hub.made["words"].split()))
    if own != card:
        answer = neema.post("/v1/enrol/accept", {**accept, "typed": own})
        check(answer["error"]["code"] == "not_confirmed", "the worker's own words are not the hub's", answer)
    check(neema.refused(2, "enrol", "accept", "-", stdin=accept["invitation"])["code"] == "not_confirmed")
    check(neema.refused(2, "sync")["code"] == "not_enrolled")
    check(neema.post("/v1/enrol/accept", {**accept, "typed": card})["enrolled"] == 1)
    lab.exchange(hub, neema)


def story_an_invitation_lost_on_its_way(lab):
    hub = lab.hub()
    neema = lab.worker("Neema")
    request = neema.json("enrol", "request")["request"]
    ask = ("hub", "enrol", "-", "--role", "peer", "--name", "Neema", "--words-checked")
    first = hub.json(*ask, stdin=request)
    hub.run("hub", "merge")
    again = hub.json(*ask, stdin=request)
    check(again["invitation"] == first["invitation"] and again["device"] == neema.made["device"])
    check([item["name"] for item in hub.json("hub", "roster")["items"]] == ["Office", "Neema"])
    neema.run("enrol", "accept", "-", "--words-checked", stdin=again["invitation"])
    check(neema.refused(5, "enrol", "accept", "-", "--words-checked", stdin=again["invitation"])["code"] == "refused")
    lab.exchange(hub, neema)
    error = hub.refused(5, *ask, stdin=request)
    check("already enrolled, as Neema" in error["message"], error)
    other = lab.worker("Asha").json("enrol", "request")["request"]
    error = hub.refused(5, *ask, stdin=other)
    check("already a worker called Neema" in error["message"] and '--name "Neema 2"' in error["hint"], error)


def story_enrolled_without_a_name(lab):
    """It gets one from its role, and its invitation all the same."""
    hub = lab.hub()
    neema = lab.home("Neema").start().init()
    answer = hub.json("hub", "enrol", "-", "--role", "peer", "--words-checked", stdin=neema.json("enrol", "request")["request"])
    check(answer["name"] == "peer-" + neema.made["device"][:6] and answer["role"] == "peer", answer)
    neema.run("enrol", "accept", "-", "--words-checked", stdin=answer["invitation"])


def story_spool_is_a_cache(lab):
    hub, neema = lab.office(peer="Neema")
    person = neema.add("person", name="Asha")
    neema.run("sync")
    for home in (neema, hub):
        for folder in ("out", "in"):
            at = os.path.join(home.path, "spool", folder)
            for name in os.listdir(at):
                os.unlink(os.path.join(at, name))
    lab.exchange(hub, neema)
    check(hub.show(person)["fields"]["name"] == "Asha" and neema.show(person)["sync"] == "merged")


run(globals())
