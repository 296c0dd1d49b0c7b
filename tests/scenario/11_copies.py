"""Copies of one laptop, lost receipts, late segments: nothing lost, nothing doubled, the same digest everywhere (security section 9)."""
import os
import shutil
import struct
import subprocess

from lab import Home, check, run, same, settle
from sealed import PREV, SEGNO, mailbox_of


def copy_of(lab, home, name):
    """The whole state of a stopped home, as `cp -a` takes it."""
    twin = Home(lab, name)
    subprocess.run(["cp", "-a", home.path, twin.path], check=True)
    return twin


def wake(*homes):
    for home in homes:
        home.start().unlock()


def block(box):
    """The host puts a segment that nobody signed on the worker's branch: its lane goes on under a new incarnation."""
    for inc, tip in box.branches(1).items():
        last = box.segment(tip)
        forged = last.patched((SEGNO, struct.pack("<Q", last.segno + 1)), (PREV, last.id()))
        box.set(1, inc, box.commit(forged, [tip], last.segno + 1))


def story_a_copy_whose_later_self_went_on(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    before = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    neema.add("contact", person=before, kind="phone", note="unsent when the copy was taken")
    neema.stop()
    twin = copy_of(lab, neema, "Twin")
    # the later self goes on, and is merged
    wake(neema)
    later = neema.add("person", name="Baraka")
    neema.run("edit", before, "village=Namanga")
    lab.exchange(hub, neema)
    # the copy wakes up with records of its own, made offline
    wake(twin)
    check(twin.refused(3, "show", later)["code"] == "not_found")
    lone = twin.add("person", name="Chausiku")
    twin.add("contact", person=before, kind="visit", note="by the copy")
    settle(hub, twin, neema, rounds=5)
    same(before, 4, hub, neema, twin)
    for person in (later, lone):
        same(person, 1, hub, neema, twin)
    # and both go on: the hub has all of it; whichever has the newest incarnation is sent the other's too
    last = neema.add("person", name="Daudi")
    late = twin.add("person", name="Eshe")
    settle(hub, twin, neema, rounds=3)
    newest = neema if neema.run("show", late, check_status=False).status == 0 else twin
    for person in (later, lone, last, late):
        same(person, 1, hub, newest)
    check(sorted(item["title"] for item in hub.json("person", "list")["items"]) == ["Asha", "Baraka", "Chausiku", "Daudi", "Eshe"])
    check(len(hub.json("contact", "list")["items"]) == 2)
    for home, own in ((neema, last), (twin, late)):
        for person in (before, later, lone, own):
            check(home.show(person)["sync"] == "merged", home.name, home.show(person))
        check(home.status()["outbox"]["entries"] == 0, home.name, home.status()["outbox"])
    check(hub.json("hub", "held")["items"] == [] and not hub.json("hub", "conflicts")["items"])
    check(any(event["event"] == "copy" for event in twin.json("log")["items"]), twin.json("log"))


def story_a_copy_whose_later_self_had_changed_incarnation(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    before = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    neema.stop()
    twin = copy_of(lab, neema, "Twin")
    wake(neema)
    first = neema.add("person", name="Baraka")
    lab.exchange(hub, neema)
    block(box)
    second = neema.add("person", name="Chausiku")
    settle(hub, neema, rounds=3)
    check(len(box.branches(1)) == 2, box.branches(1))
    third = neema.add("person", name="Daudi")
    lab.exchange(hub, neema)
    # the copy knows of none of this, not even of the incarnation
    neema.stop()
    wake(twin)
    lone = twin.add("person", name="Eshe")
    settle(hub, twin)
    for person in (before, first, second, third, lone):
        same(person, 1, hub, twin)
        check(twin.show(person)["sync"] == "merged", twin.show(person))
    wake(neema)
    last = neema.add("person", name="Faraja")
    settle(hub, neema, twin)
    for person in (before, first, second, third, lone, last):
        same(person, 1, hub, neema, twin)
    check(len(hub.json("person", "list")["items"]) == 6)
    check(hub.json("hub", "held")["items"] == [])


def story_two_that_wrote_the_same_numbers(lab):
    """Both seal the same segno of one incarnation; one goes by the mailbox, the other by a stick."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    neema.stop()
    twin = copy_of(lab, neema, "Twin")
    wake(neema, twin)
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick, 0o700)
    mine = neema.add("person", name="Baraka")
    theirs = twin.add("person", name="Chausiku")
    lab.exchange(hub, neema)
    twin.run("carry", stick)
    files = sorted(os.listdir(os.path.join(stick, "PAMOJA")))
    # the receipt that the first one has covers its own segment of that number, not the copy's
    neema.run("carry", stick)
    check(set(files) <= set(os.listdir(os.path.join(stick, "PAMOJA"))), "the copy's segments were deleted on the stick")
    check(any(event["event"] == "copy" for event in neema.json("log")["items"]), neema.json("log"))
    # the copy itself is never seen again: what is on the stick is all there is
    twin.stop()
    hub.run("carry", stick)
    check(hub.show(mine)["fields"]["name"] == "Baraka" and hub.show(theirs)["fields"]["name"] == "Chausiku", "both suffixes are in")
    check(any("two copies" in event["message"] for event in hub.json("log")["items"]), hub.json("log"))
    settle(hub, neema, rounds=4)
    more = neema.add("person", name="Daudi")
    settle(hub, neema, rounds=2)
    for what, person in (("mine", mine), ("theirs", theirs), ("more", more)):
        check(neema.run("show", person, check_status=False).status == 0, what, "is missing", neema.json("log")["items"], hub.json("log")["items"])
        same(person, 1, hub, neema)
    check(len(hub.json("person", "list")["items"]) == 4)


def story_late_segments_after_a_withdraw(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    lab.exchange(hub, neema, juma)
    box = mailbox_of(lab, juma)
    juma.stop()
    early = copy_of(lab, juma, "Early")
    wake(juma)
    own = juma.add("person", name="Daudi")
    juma.run("sync")
    (down_inc, start), = box.branches(2).items()
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    held_back = box.chain(box.branches(2)[down_inc])[box.segment(start).segno:]
    check(held_back, "segments that the copy has not read")
    hub.run("hub", "unassign", person, "Juma")
    # the laptop is lost; its copy is unpacked, and the host shows an old state of the lane down
    juma.stop()
    hub.run("hub", "merge")
    box.set(2, down_inc, start)
    wake(early)
    settle(hub, early, rounds=1)
    for inc in box.branches(2):
        if inc == down_inc:
            box.set(2, inc, start)
    settle(hub, early, rounds=1)
    for _ in range(3):
        if down_inc in box.branches(2):
            box.set(2, down_inc, start)
        settle(hub, early, rounds=1)
    check(len(box.branches(2)) >= 2, "a new incarnation down", box.branches(2))
    check(early.show(own)["fields"]["name"] == "Daudi", "the whole state came down")

    def withdrawn():
        answer = early.run("show", person, check_status=False, json_out=True)
        return answer.status == 3 or (answer.status == 0 and answer.json["fields"].get("name") is None)

    check(withdrawn(), early.run("show", person, check_status=False, json_out=True))
    # now the late segments come, by the spool as by a stick
    stick = os.path.join(lab.dir, "stick")
    os.makedirs(os.path.join(stick, "PAMOJA"), 0o700)
    for one in held_back:
        for folder in (os.path.join(early.path, "spool", "in"), os.path.join(stick, "PAMOJA")):
            with open(os.path.join(folder, one.name), "wb") as file:
                file.write(one.bytes)
    early.run("carry", stick)
    early.run("sync")
    check(withdrawn(), "a late segment of a closed incarnation was read")
    check(not early.json("find", "Asha")["items"])
    check(not os.listdir(os.path.join(early.path, "spool", "in")), "they are not kept for ever", os.listdir(os.path.join(early.path, "spool", "in")))
    # shared anew, it is there again
    hub.run("hub", "assign", person, "Juma")
    settle(hub, early, rounds=2)
    same(person, 1, hub, neema, early)


def story_re_issued_after_a_lost_receipt(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    # merged at the hub, but the worker never hears of it: the host keeps the answers back
    person = neema.add("person", name="Baraka")
    neema.add("contact", person=person, kind="phone", note="once is enough")
    old = box.path + ".old"
    shutil.copytree(box.path, old)
    neema.run("sync")
    hub.run("hub", "merge")
    check(hub.show(person)["fields"]["name"] == "Baraka")
    entries = hub.json("verify", person)["entries"]
    answers = sum(box.segment(tip).segno for tip in box.branches(2).values())
    shutil.rmtree(box.path)
    os.rename(old, box.path)
    check(answers > sum(box.segment(tip).segno for tip in box.branches(2).values()), "the answers are gone")
    # noticed; sent again as they are: the same commits, known at the hub
    check("shows less than it did" in neema.refused(7, "sync")["message"])
    check(neema.show(person)["sync"] == "delivered", neema.show(person)["sync"])
    # and again under a new incarnation, since the host spoils the branch: the same lines in other segments
    block(box)
    neema.run("sync", check_status=False)
    check(neema.show(person)["sync"] in ("saved", "delivered"), neema.show(person)["sync"])
    neema.run("sync")
    check(len(box.branches(1)) == 2, box.branches(1))
    lab.exchange(hub, neema, rounds=2)
    check(neema.show(person)["sync"] == "merged" and neema.status()["outbox"]["entries"] == 0, neema.status()["outbox"])
    check(hub.json("verify", person) == neema.json("verify", person) and hub.json("verify", person)["entries"] == entries)
    check(len(hub.json("history", person)["items"]) == 1 and len(hub.json("contact", "list")["items"]) == 1)
    last = neema.add("person", name="Chausiku")
    lab.exchange(hub, neema)
    check(neema.show(last)["sync"] == "merged", "the own lane goes on")


run(globals())
