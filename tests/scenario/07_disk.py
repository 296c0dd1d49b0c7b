"""Disks and sticks that are full, read-only or pulled out: said plainly, nothing changed, nothing acknowledged lost."""
import os
import shutil
import subprocess
import time

from disks import disk, empty, fill, may_mount, remount
from lab import BIN, PATIENCE, check, files, run


def journal_state(home):
    return home.status()["journal"]


def until_full(home, person):
    """Add until it is refused; the error and how many were saved."""
    for count in range(20000):
        answer = home.run("contact", "add", "person=" + person, "kind=phone", "note=" + "n" * 6000, json_out=True, check_status=False)
        if answer.status != 0:
            return answer, count
    raise AssertionError("the disk never fills")


# ---- full and read-only ----

def story_full_while_working(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        person = neema.add("person", name="Asha")
        reserve = os.path.join(neema.path, "reserve")
        check(os.path.getsize(reserve) == 4 << 20, "the reserve is there from the beginning")
        check(not neema.status()["warnings"], neema.status()["warnings"])
        fill(spot)
        # the record that is open is saved from the reserve, and it is said
        saved, number = [], 0
        while os.path.exists(reserve):
            number += 1
            saved.append(neema.add("contact", person=person, kind="phone", note=f"while full {number} " + "x" * 2000))
            check(number < 5000, "the reserve is never used")
        check(any("disk" in warning for warning in neema.status()["warnings"]), neema.status()["warnings"])
        # what is freed goes elsewhere: now it is refused, and nothing is changed
        fill(spot)
        refused, more = until_full(neema, person)
        check(refused.status == 1 and refused.error["code"] == "disk_full" and refused.error["hint"], refused)
        before = journal_state(neema)
        for words in (("edit", person, "village=" + "k" * 900), ("contact", "add", "person=" + person, "kind=phone", "note=" + "v" * 7000),
                      ("void", saved[0], "r" * 900)):
            error = neema.run(*words, check_status=False, json_out=True)
            check(error.status == 1 and error.error["code"] == "disk_full", words[:2], error)
        check(journal_state(neema) == before, before, journal_state(neema))
        check(neema.show(person)["fields"].get("village") is None)
        # reading goes on, and a crash here loses nothing
        check(neema.json("find", "asha")["items"])
        neema.kill()
        said = start_fails(neema)
        check("No space" in said and "free some space" in said, said)
        empty(spot)
        neema.start().unlock()
        check(journal_state(neema) == before, before, journal_state(neema))
        for record in saved:
            check(neema.show(record)["fields"]["note"].startswith("while full"))
        check(os.path.getsize(reserve) == 4 << 20, "the reserve is made again")
        neema.add("person", name="Daudi")
        check(neema.json("verify")["ok"] and not neema.status()["warnings"], neema.status()["warnings"])


def story_full_at_start(lab):
    """After a crash on a full disk the reserve lets the daemon start and the next record be saved."""
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        person = neema.add("person", name="Asha")
        neema.kill()
        fill(spot)
        neema.start().unlock()
        contact = neema.add("contact", person=person, kind="phone", note="written on a full disk")
        check(any("disk" in warning for warning in neema.status()["warnings"]), neema.status()["warnings"])
        neema.kill()
        empty(spot)
        neema.start().unlock()
        check(neema.show(contact)["fields"]["note"] == "written on a full disk" and not neema.status()["warnings"])


def story_full_and_freed_without_a_restart(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        person = neema.add("person", name="Asha")
        fill(spot)
        while os.path.exists(os.path.join(neema.path, "reserve")):
            neema.add("contact", person=person, kind="phone", note="x" * 2000)
        fill(spot)
        until_full(neema, person)
        before = journal_state(neema)
        empty(spot)
        neema.add("person", name="Daudi")
        check(journal_state(neema)["entries"] == before["entries"] + 1)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and neema.status()["warnings"]:
            time.sleep(8)  # nobody is at the keyboard
        check(not neema.status()["warnings"] and os.path.getsize(os.path.join(neema.path, "reserve")) == 4 << 20,
              "the reserve comes back by itself", neema.status()["warnings"])


def story_full_at_lock_and_unlock(lab):
    """Locking and unlocking on a full disk lose nothing; what cannot be done is said."""
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        person = neema.add("person", name="Asha")
        fill(spot)
        neema.run("lock")
        check(neema.status()["locked"])
        neema.unlock()
        check(neema.show(person)["fields"]["name"] == "Asha")
        neema.run("lock")
        new = os.path.join(lab.dir, "new.pass")
        with open(new, "w", encoding="utf-8") as file:
            file.write("eleven grey donkeys on a ferry\n")
        neema.unlock()
        answer = neema.run("--passphrase-file", neema.passphrase_file, "passphrase", "--new-passphrase-file", new, json_out=True, check_status=False)
        check(answer.status == 0 or answer.error["code"] == "disk_full", answer)
        empty(spot)
        neema.run("lock")
        neema.run("--passphrase-file", new if answer.status == 0 else neema.passphrase_file, "unlock")
        check(neema.show(person)["fields"]["name"] == "Asha")


def story_full_at_init(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "4m") as spot:
        neema = lab.quick("Neema").start()
        fill(spot)
        error = neema.refused(1, "--passphrase-file", neema.passphrase_file, "init", "--name", "Neema", "--role", "peer")
        check(error["code"] == "disk_full", error)
        check(neema.status()["initialised"] is False, "a refused init leaves nothing behind")
        empty(spot)
        neema.init()
        neema.add("person", name="Asha")


def start_fails(home):
    process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE,
                             env=home.env)
    check(process.returncode == 1, process)
    return process.stderr


def story_read_only_home(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema") as spot:
        neema = lab.quick("Neema").start().init()
        neema.add("person", name="Asha")
        neema.stop()
        before = files(neema)
        remount(spot, "ro")
        said = start_fails(neema)
        check("read-only" in said.lower() and neema.path in said, said)
        # the command line, which starts the daemon by itself, says the same
        env = dict(neema.env)
        del env["PAMOJA_NO_AUTOSTART"]
        process = subprocess.run([os.path.join(BIN, "pamoja"), "--json", "person", "list"], env=env, capture_output=True, text=True, timeout=PATIENCE,
                                 stdin=subprocess.DEVNULL)
        check(process.returncode == 1 and "read-only" in process.stderr, process)
        check(files(neema) == before, "something changed")
        remount(spot, "rw")
        neema.start().unlock()
        check(neema.json("find", "asha")["items"])


def story_read_only_empty_home(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "ro") as spot:
        neema = lab.home("ro/Neema")
        remount(spot, "ro")
        said = start_fails(neema)
        check("read-only" in said.lower(), said)
        remount(spot, "rw")


# ---- sticks ----

def story_sticks_that_fail(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    hub, neema = lab.office(peer="Neema")
    person = neema.add("person", name="Asha")
    with disk(lab, "stick", "1m") as stick:
        fill(stick)
        answer = neema.run("carry", stick, json_out=True, check_status=False)
        error = answer.error
        check(answer.status in (1, 6) and error["code"] in ("disk_full", "unreached") and "stick" in error["hint"], answer)
        check("full" in (error["message"] + error["hint"]).lower() or "space" in (error["message"] + error["hint"]).lower(), error)
        check(neema.show(person)["sync"] == "saved", neema.show(person)["sync"])
        check(not [n for _, _, names in os.walk(os.path.join(stick, "PAMOJA")) for n in names if n.endswith(".seg") and
                   os.path.getsize(os.path.join(stick, "PAMOJA", n)) < 4000], "half a segment under its name")
        empty(stick)
        neema.run("carry", stick)
        check(neema.show(person)["sync"] == "carried")
        # read-only at the hub: what is on it is taken in; that nothing could be left on it is said
        remount(stick, "ro")
        answer = hub.run("carry", stick, json_out=True, check_status=False)
        check(answer.status in (6, 8), answer)
        check("read-only" in answer.err.lower() or "read_only" in answer.err, answer)
        check(hub.show(person)["fields"]["name"] == "Asha", "what is on it can be taken")
        remount(stick, "rw")
        hub.run("carry", stick)
        neema.run("carry", stick)
        check(neema.show(person)["sync"] == "merged")
        daudi = neema.add("person", name="Daudi")
    # pulled out: the folder is empty or gone
    for gone in (False, True):
        if gone:
            os.rmdir(stick)
            error = neema.refused(6, "carry", stick)
            check(stick in error["message"] + error["hint"] or "stick" in error["message"] + error["hint"], error)
    check(hub.run("status").status == 0 and neema.show(daudi)["sync"] == "saved")


def story_pulled_out_meanwhile(lab):
    """The stick goes away while parcels are written."""
    hub, neema = lab.office(peer="Neema")
    ids = [neema.add("person", name=f"Person {i}") for i in range(20)]
    stick = os.path.join(lab.dir, "stick")
    for pause in (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1):
        os.mkdir(stick)
        process = subprocess.Popen([os.path.join(BIN, "pamoja"), "carry", stick], env=neema.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(pause)
        os.rename(stick, stick + ".away")
        check(process.wait(PATIENCE) in (0, 6, 8), "carry ended with", process.returncode)
        shutil.rmtree(stick + ".away")
        shutil.rmtree(stick, ignore_errors=True)  # it may have been made anew
    os.mkdir(stick)
    neema.run("carry", stick)
    hub.run("carry", stick)
    for record in ids:
        check(hub.show(record)["fields"]["name"].startswith("Person"))


def story_a_limit_on_file_sizes(lab):
    """A limit on file sizes is a full disk: said, nothing lost, and the daemon goes on."""
    neema = lab.home("Neema").start("--no-carry", prefix=("prlimit", "--fsize=800000")).init()
    kept = []
    for number in range(400):
        answer = neema.run("person", "add", f"name=Person {number}", check_status=False, json_out=True)
        if answer.status != 0:
            break
        kept.append(answer.json["id"])
    check(answer.status == 1 and "full" in answer.error["message"], answer)
    check(neema.daemon.poll() is None and neema.status()["locked"] is False, "it goes on")
    neema.stop()
    neema.start("--no-carry").unlock()
    check({item["id"] for item in neema.json("person", "list", "--limit", 1000)["items"]} == set(kept), "what was acknowledged")
    neema.add("person", name="Asha")


run(globals(), on_disk=True)
