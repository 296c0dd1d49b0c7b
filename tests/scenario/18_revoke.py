"""A laptop that is taken off the roster (security 10.3): it seals for the office what is unsent, destroys its keys, and can be read by nobody
after that; the office goes on with its people on another laptop."""
import os
import random
import signal
import subprocess
import time

from backups import backup_of, code_of, restore
from lab import BIN, PATIENCE, check, run, settle
from sealed import mailbox_of


def a_hub_and(lab, *names):
    lab.quiet()
    hub = lab.hub()
    return hub, *[lab.worker(name, hub, role="ally") for name in names]


def revoke(hub, worker):
    return hub.json("hub", "revoke", worker, "--sure")


def of_roster(hub, name, state):
    found = [item for item in hub.json("hub", "roster")["items"] if item["name"] == name and item["state"] == state]
    check(len(found) == 1, name, state, hub.json("hub", "roster"))
    return found[0]


def left_in(home):
    out = os.path.join(home.path, "spool", "out")
    return sorted(os.listdir(out)) if os.path.isdir(out) else []


def is_destroyed(home):
    """No key, no journal, nothing taken in or set aside; and no command gives anything of it."""
    names = os.listdir(home.path)
    check("revoked" in names, names)
    check(not [name for name in names if name.startswith(("keys", "journal-", "reserve"))], names)
    for folder in ("aside", "locked", os.path.join("spool", "in")):
        path = os.path.join(home.path, folder)
        check(not os.path.isdir(path) or os.listdir(path) == [], path)
    for words in (("find", "asha"), ("person", "list"), ("person", "add", "name=New"), ("note", "--locked", "a thought"), ("today",)):
        error = home.refused(5, *words)
        check("roster" in error["message"] and "coordinator" in error["hint"], words, error)
    error = home.unlock(check_status=False)
    check(error.status == 5, error)
    home.refused(5, "recover")  # before it asks for the code, or says that it cannot ask
    said = home.run("status").out
    check("taken off" in said, said)
    found = next(item for item in home.run("doctor", json_out=True, check_status=False).json["items"] if item["check"] == "home")
    check("taken off" in found["message"] if "message" in found else "taken off" in str(found), found)


def the_unsent_is_held(hub, count):
    held = hub.json("hub", "held")["items"]
    check(len(held) == count and {item["reason"] for item in held} == {"revoked"}, held)
    return held


def story_by_the_network(lab):
    hub, neema = a_hub_and(lab, "Neema")
    asha = neema.add("person", name="Asha")
    baraka = neema.add("person", name="Baraka")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    before = box.count(2)
    # it is asked for twice: by its name, and whether it is meant
    check(hub.refused(3, "hub", "revoke", "Nema", "--sure")["hint"].find("Neema") >= 0)
    check("--sure" in hub.refused(2, "hub", "revoke", "Neema")["hint"])
    check(of_roster(hub, "Neema", "live"))
    neema.add("contact", person=baraka, kind="phone", note="sent, and not merged yet, when it was decided")
    neema.run("sync")
    last = neema.add("contact", person=asha, kind="phone", note="the last of all")
    answer = revoke(hub, "Neema")
    check(answer["people"] == 2 and answer["name"] == "Neema", answer)
    check(revoke(hub, "Neema") == answer)
    check(of_roster(hub, "Neema", "revoked")["told"] is False)
    hub.run("hub", "merge")
    error = neema.refused(5, "sync")
    check("taken off" in error["message"], error)
    is_destroyed(neema)
    check(left_in(neema) == [], left_in(neema))
    hub.run("hub", "merge")
    check(of_roster(hub, "Neema", "revoked")["told"] is True)
    the_unsent_is_held(hub, 1)
    check(hub.refused(3, "hub", "release", "--by", "Juma")["hint"].find("held") >= 0)
    check(hub.refused(2, "hub", "release"))
    check(hub.json("hub", "release", "--by", "neema") == {"released": 1})
    hub.run("hub", "merge")
    # the receipt of what was merged before it was decided, and the revocation
    check(box.count(2) == before + 2, "more was sealed to a laptop that is gone:", before, box.count(2))
    check(hub.show(last)["fields"]["note"] == "the last of all", hub.show(last))
    # the same worker, a new home on the same laptop
    neema.init(role="ally")
    check("revoked" not in os.listdir(neema.path) and "revoked" not in neema.status())
    check(hub.refused(3, "hub", "replace", "Neema")["message"].find("Neema") >= 0)  # not enrolled yet
    lab.enrol(neema, hub, role="ally")
    gone, new = of_roster(hub, "Neema", "revoked")["device"], of_roster(hub, "Neema", "live")["device"]
    check("first 6 digits" in hub.refused(3, "hub", "replace", gone[:4])["hint"])
    check(hub.json("hub", "replace", gone[:8]) == {"name": "Neema", "moved": 2}, "a device is named by its first digits")
    check(hub.json("hub", "replace", "Neema", new[:6])["moved"] == 0)
    lab.exchange(hub, neema)
    for person in (asha, baraka):
        seen = [home.json("verify", person) for home in (hub, neema)]
        check(seen[0]["digest"] == seen[1]["digest"] and seen[0]["entries"] == seen[1]["entries"], seen)
    check(of_roster(hub, "Neema", "revoked")["people"] == 0 and of_roster(hub, "Neema", "live")["people"] == 2)
    neema.add("contact", person=asha, kind="phone", note="after the new laptop came")
    lab.exchange(hub, neema)
    check(hub.json("hub", "held")["items"] == [])


def files_of(home):
    return {kind: sorted((item["id"], item.get("state")) for item in home.json(kind, "list")["items"]) for kind in ("training", "supervision", "incident")}


def another_laptop(lab, hub, worker):
    """Its laptop is lost, and it gets a new one: the devices of both."""
    revoke(hub, worker.name)
    hub.run("hub", "merge")
    worker.refused(5, "sync")
    hub.run("hub", "merge")
    gone = {item["device"] for item in hub.json("hub", "roster")["items"] if item["state"] == "revoked"}
    worker.init(role="ally")
    lab.enrol(worker, hub, role="ally")
    lab.exchange(hub, worker)
    return gone, of_roster(hub, worker.name, "live")["device"]


def story_the_same_worker(lab):
    """What a worker wrote for the office alone comes to their own next laptop when the coordinator says that it is theirs, and to no colleague's."""
    hub, juma, neema = a_hub_and(lab, "Juma", "Neema")
    asha = juma.add("person", name="Asha")
    juma.add("training", course="First aid", kind="certificate", on="yesterday")
    signed = juma.add("supervision", **{"with": "Office"}, minutes=60, topics="saying no")
    unsigned = juma.add("supervision", **{"with": "Office"}, minutes=30, topics="listening")
    incident = juma.add("incident", kind="threat", what="at the gate")
    lab.exchange(hub, juma)
    hub.run("supervision", "sign", signed)
    lab.exchange(hub, juma)
    whole = files_of(juma)
    check(len(whole["supervision"]) == 2 and len(whole["training"]) == len(whole["incident"]) == 1, whole)
    nothing = {kind: [] for kind in whole}
    gone, _ = another_laptop(lab, hub, juma)
    path, _ = backup_of(hub)
    # people only, as for a colleague, and what to do if it is not one
    said = hub.run("hub", "replace", "Juma").out
    check("stayed here" in said and 'hub replace "Juma" --same-worker' in said, said)
    error = hub.refused(5, "hub", "replace", "Juma", "Neema", "--same-worker")
    check("two names" in error["message"] and "--sure" in error["hint"], error)
    check("stayed" not in hub.run("hub", "replace", "Juma", "Neema").out)
    lab.exchange(hub, juma, neema)
    check(files_of(juma) == nothing == files_of(neema), files_of(juma), files_of(neema))
    # it is theirs
    check("comes along" in hub.run("hub", "replace", "Juma", "--same-worker").out)
    check(hub.json("hub", "replace", "Juma", "--same-worker") == {"name": "Juma", "moved": 0})
    lab.exchange(hub, juma, neema)
    check(files_of(juma) == whole and files_of(neema) == nothing, files_of(juma), files_of(neema))
    shown = juma.show(signed)
    check([by["name"] for by in shown["by"]] == ["Juma", "Office"], shown)
    # they go on with it, and are still the one who may not sign it
    juma.run("edit", incident, "what=told the guard")
    juma.run("supervision", "sign", unsigned, check_status=False)
    lab.exchange(hub, juma)
    check(hub.show(incident)["fields"]["what"] == "told the guard" and hub.show(unsigned)["state"] != "signed", hub.show(unsigned))
    check([item["reason"] for item in hub.json("hub", "held")["items"]] == ["by"], hub.json("hub", "held"))
    hub.run("supervision", "sign", unsigned)
    lab.exchange(hub, juma)
    whole = files_of(juma)

    # the hub is lost, and its backup does not know of it: the new laptop does
    hub.stop()
    new, _ = restore(lab, path, code_of(hub), "Hub2")
    settle(new, juma, neema, rounds=4)
    juma.run("edit", incident, "what=told the guard and his chief")
    settle(new, juma, neema, rounds=2)
    check(new.show(incident)["fields"]["what"] == "told the guard and his chief", new.json("hub", "held"))
    check([item["reason"] for item in new.json("hub", "held")["items"]] == ["by"], new.json("hub", "held"))
    check(files_of(juma) == whole == files_of(new) and files_of(neema) == nothing, files_of(juma), files_of(new))

    # and the next one, of whose name two are gone
    first = gone
    both, _ = another_laptop(lab, new, juma)
    (second,) = both - first
    check(new.json("hub", "replace", second[:8], "--same-worker")["name"] == "Juma")
    lab.exchange(new, juma, neema)
    check(files_of(juma) == whole and files_of(neema) == nothing, files_of(juma), files_of(neema))
    check(asha and new.json("verify", "--rebuild")["differed"] == 0)


def story_by_a_stick(lab):
    hub, neema, juma = a_hub_and(lab, "Neema", "Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    neema.add("contact", person=asha, kind="phone", note="on the road")
    revoke(hub, "Neema")
    stick, other = os.path.join(lab.dir, "stick"), os.path.join(lab.dir, "other")
    os.mkdir(stick)
    os.mkdir(other)
    hub.run("carry", stick)
    neema.refused(5, "carry", stick)
    is_destroyed(neema)
    check(left_in(neema), "nothing was left for a courier")
    check(neema.status()["revoked"]["left"] == len(left_in(neema)))
    # nothing new is begun over what is left; and a daemon that starts again knows
    error = neema.refused(5, "--passphrase-file", neema.passphrase_file, "init", "--name", "Neema", "--role", "ally")
    check("carry" in error["hint"], error)
    neema.stop()
    neema.start()
    is_destroyed(neema)
    neema.run("carry", other)
    hub.run("carry", other)
    the_unsent_is_held(hub, 1)
    # the stick of before has the same: it is known already
    hub.run("carry", stick)
    the_unsent_is_held(hub, 1)
    # at a link it goes by itself, and then there is room for a new home
    neema.run("sync")
    check(left_in(neema) == [], left_in(neema))
    neema.init(role="ally")
    # to a worker who takes over
    check("hub revoke" in hub.refused(5, "hub", "replace", "Juma", "Juma")["hint"])
    check(hub.json("hub", "replace", "Neema", "Juma") == {"name": "Juma", "moved": 1})
    lab.exchange(hub, juma)
    check(juma.json("verify", asha)["digest"] == hub.json("verify", asha)["digest"])


def story_nothing_more_is_made_ready(lab):
    hub, neema, juma = a_hub_and(lab, "Neema", "Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma)
    box = mailbox_of(lab, neema)
    before = box.count(2)
    revoke(hub, "Neema")
    for turn in range(3):
        juma.add("contact", person=asha, kind="phone", note=f"not for a lost laptop {turn}")
        lab.exchange(hub, juma)
        check(box.count(2) == before + 1, turn, before, box.count(2))
    steps = hub.status()["steps"]
    time.sleep(0.5)
    check(hub.status()["steps"] - steps < 5, "the hub is busy with a laptop that is gone")
    # who is not on the roster is given nobody
    check("Juma" in hub.refused(3, "hub", "assign", asha, "Neema")["hint"])
    # and whoever would take it back is told what leads on instead
    for words in (("Neema", "--end"), ("Neema",)):
        error = hub.refused(5, "hub", "suspend", *words)
        check("cannot be taken back" in error["message"] and 'hub replace "Neema"' in error["hint"], error)


def counts(hub, contact):
    return contact in [item["id"] for item in hub.json("contact", "list")["items"]]


def a_suspended(lab):
    """Two workers with a person; Neema is suspended and knows it; one contact of hers waits at the hub, one of Juma's for her."""
    hub, neema, juma = a_hub_and(lab, "Neema", "Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)
    contact = neema.add("contact", person=asha, kind="phone", note="written before it knew")
    hub.json("hub", "suspend", "neema")
    hub.run("hub", "merge")
    error = neema.refused(5, "sync")
    check("suspended" in error["message"] and "coordinator" in error["hint"], error)
    until = time.monotonic() + PATIENCE
    while not neema.status()["locked"] and time.monotonic() < until:
        time.sleep(0.05)
    check(neema.status()["locked"])
    hub.run("hub", "merge")
    check(not counts(hub, contact) and hub.json("hub", "held")["items"] == [], "it counts, though its laptop is suspended")
    juma.add("contact", person=asha, kind="phone", note="while Neema's laptop was away")
    lab.exchange(hub, juma)
    hub.run("hub", "merge", "--all")  # what was put off because it was much; not this
    check(not counts(hub, contact))
    return hub, neema, juma, asha, contact


def story_suspended(lab):
    hub, neema, juma, asha, contact = a_suspended(lab)
    neema.unlock()
    for words in (("find", "asha"), ("person", "list"), ("contact", "add", "person=" + asha, "kind=phone"), ("backup", os.path.join(lab.dir, "b"))):
        check("suspended" in neema.refused(5, *words)["message"], words)
    check("suspended" in neema.run("status").out and neema.status()["suspended"] > 0)
    neema.refused(5, "sync")
    check(of_roster(hub, "Neema", "suspended"))
    hub.json("hub", "suspend", "Neema", "--end")
    hub.run("hub", "merge")
    if neema.status()["locked"]:
        neema.unlock()
    lab.exchange(hub, neema, juma, rounds=2)
    check("suspended" not in neema.status())
    check(counts(hub, contact))
    seen = [home.json("verify", asha) for home in (hub, neema, juma)]
    check(len({one["digest"] for one in seen}) == 1 and {one["entries"] for one in seen} == {3}, seen)
    check(hub.json("hub", "suspend", "Neema", "--end")["name"] == "Neema")


def story_suspended_then_revoked(lab):
    hub, neema, juma, asha, contact = a_suspended(lab)
    revoke(hub, "Neema")
    hub.run("hub", "merge")
    held = the_unsent_is_held(hub, 1)
    check(held[0]["by"] == "Neema", held)
    neema.unlock()
    neema.run("sync", check_status=False)
    until = time.monotonic() + PATIENCE
    while os.path.exists(os.path.join(neema.path, "keys")) and time.monotonic() < until:
        neema.run("sync", check_status=False)
    is_destroyed(neema)


def restored(lab, home, name):
    """Another laptop out of the backup of this one, enrolled as it."""
    backup, code = os.path.join(lab.dir, home.name + ".backup"), os.path.join(lab.dir, home.name + ".code")
    if not os.path.exists(backup):
        home.run("backup", backup)
        with open(code, "w", encoding="utf-8") as file:
            file.write(home.made["recovery_code"] + "\n")
        os.chmod(code, 0o600)
    if name is None:
        return None
    twin = lab.home(name).start()
    twin.run("restore", backup, "--recovery-code-file", code, "--new-passphrase-file", twin.passphrase_file)
    return twin


def hears_of_it(lab, hub, home):
    for _ in range(6):
        home.run("sync", check_status=False)
        if not os.path.exists(os.path.join(home.path, "keys")):
            return is_destroyed(home)
        hub.run("hub", "merge")
    check(False, home.name, "never heard that it is off the roster")


def story_a_copy_that_comes_later(lab):
    """The roster says that it knows it; then a backup of before is restored. That copy hears so, too."""
    hub, neema = a_hub_and(lab, "Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    restored(lab, neema, None)
    revoke(hub, "Neema")
    hub.run("hub", "merge")
    neema.refused(5, "sync")
    hub.run("hub", "merge")
    check(of_roster(hub, "Neema", "revoked")["told"] is True)
    hears_of_it(lab, hub, restored(lab, neema, "Twin"))


def story_the_stolen_one_and_its_copy(lab):
    """One was stolen, the other works on out of a backup; both are one device to the office, and both hear."""
    hub, neema = a_hub_and(lab, "Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    restored(lab, neema, None)
    neema.stop()
    twin = restored(lab, neema, "Twin")
    lab.exchange(hub, twin, rounds=2)
    revoke(hub, "Neema")
    hub.run("hub", "merge")
    hears_of_it(lab, hub, twin)
    hub.run("hub", "merge")
    neema.start().unlock()
    hears_of_it(lab, hub, neema)


def story_killed_on_the_way(lab):
    """Killed at any moment: either nothing was destroyed yet, or the rest is at the next start; what was unsent is at the office, once."""
    hub, neema = a_hub_and(lab, "Neema")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    for number in range(20):
        neema.add("contact", person=asha, kind="phone", note=f"unsent {number}")
    revoke(hub, "Neema")
    hub.run("hub", "merge")
    kills = 0
    while os.path.exists(os.path.join(neema.path, "keys")) and kills < 40:
        asked = subprocess.Popen([os.path.join(BIN, "pamoja"), "sync"], env=neema.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        time.sleep(random.random() * (0.05 + 0.01 * kills))
        neema.daemon.send_signal(signal.SIGKILL)
        neema.daemon.wait(PATIENCE)
        asked.wait(PATIENCE)
        kills += 1
        neema.start()
        if os.path.exists(os.path.join(neema.path, "keys")):
            neema.unlock(check_status=False)
    until = time.monotonic() + PATIENCE
    while os.path.exists(os.path.join(neema.path, "keys")) and time.monotonic() < until:
        neema.run("sync", check_status=False)
    is_destroyed(neema)
    neema.run("sync", check_status=False)
    hub.run("hub", "merge")
    print(f"     {kills} kills")
    check(left_in(neema) == [], left_in(neema))
    the_unsent_is_held(hub, 20)


run(globals())
