"""Disks that are full, read-only, pulled out, damaged or put back: said plainly, nothing changed, nothing acknowledged lost."""
import contextlib
import os
import random
import shutil
import subprocess
import sys
import time

from lab import BIN, check, run

PAGE = 4096
FRAME = 4208
WAL_HEADER = 72


# ---- disks of our own ----

def may_mount():
    """Root may; another user gets a mount namespace of their own, if the kernel lets them."""
    if os.geteuid() == 0 and try_mount():
        return True
    if os.environ.get("PAMOJA_OWN_MOUNTS") is None and \
            subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0:
        os.execvpe("unshare", ["unshare", "-rm", sys.executable, *sys.argv], dict(os.environ, PAMOJA_OWN_MOUNTS="1"))
    return False


def try_mount():
    spot = "/tmp/pamoja-mount-test-%d" % os.getpid()
    os.mkdir(spot)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", spot], capture_output=True).returncode == 0
    if done:
        subprocess.run(["umount", spot], check=True)
    os.rmdir(spot)
    return done


@contextlib.contextmanager
def disk(lab, name, size="16m"):
    """A small disk at DIR/name; a daemon that has its home there ends with it."""
    spot = os.path.join(lab.dir, name)
    os.makedirs(spot, mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", spot], check=True)
    try:
        yield spot
    finally:
        for daemon in lab.daemons:
            if daemon.poll() is None and any(argument.startswith(spot) for argument in daemon.args):
                daemon.terminate()
                daemon.wait(20)
        subprocess.run(["umount", "-l", spot], check=True)


def remount(spot, how):
    subprocess.run(["mount", "-o", "remount," + how, spot], check=True)


def fill(spot, leave=0):
    """Take all that is free but `leave` bytes."""
    path = os.path.join(spot, "filler-%d" % random.randrange(1 << 40))
    with open(path, "wb", buffering=0) as file:
        free = os.statvfs(spot).f_bavail * os.statvfs(spot).f_frsize - leave
        with contextlib.suppress(OSError):
            while free > 0:
                free -= file.write(b"\xa5" * min(free, 1 << 16))
    return path


def empty(spot):
    for name in os.listdir(spot):
        if name.startswith("filler-"):
            os.unlink(os.path.join(spot, name))


def files(home):
    """What stands in a home, byte for byte; not the log and the sockets, which each start touches."""
    found = {}
    for folder, _, names in os.walk(home.path):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and "/run" not in path and name not in ("log", "lock") and not name.startswith("filler-"):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, home.path)] = file.read()
    return found


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
        neema = lab.worker("Neema")
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
        neema = lab.worker("Neema")
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
        neema = lab.worker("Neema")
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
        until = time.monotonic() + 60
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
        neema = lab.worker("Neema")
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
        neema = lab.home("Neema").start()
        fill(spot)
        error = neema.refused(1, "--passphrase-file", neema.passphrase_file, "init", "--name", "Neema", "--role", "peer")
        check(error["code"] == "disk_full", error)
        check(neema.status()["initialised"] is False, "a refused init leaves nothing behind")
        empty(spot)
        neema.init()
        neema.add("person", name="Asha")


def start_fails(home):
    process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=20,
                             env=home.env)
    check(process.returncode == 1, process)
    return process.stderr


def story_read_only_home(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema") as spot:
        neema = lab.worker("Neema")
        neema.add("person", name="Asha")
        neema.stop()
        before = files(neema)
        remount(spot, "ro")
        said = start_fails(neema)
        check("read-only" in said.lower() and neema.path in said, said)
        # the command line, which starts the daemon by itself, says the same
        env = dict(neema.env)
        del env["PAMOJA_NO_AUTOSTART"]
        process = subprocess.run([os.path.join(BIN, "pamoja"), "--json", "person", "list"], env=env, capture_output=True, text=True, timeout=30,
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
    hub = lab.hub()
    neema = lab.worker("Neema", hub)
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
    hub = lab.hub()
    neema = lab.worker("Neema", hub)
    ids = [neema.add("person", name=f"Person {i}") for i in range(20)]
    stick = os.path.join(lab.dir, "stick")
    for pause in (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1):
        os.mkdir(stick)
        process = subprocess.Popen([os.path.join(BIN, "pamoja"), "carry", stick], env=neema.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(pause)
        os.rename(stick, stick + ".away")
        check(process.wait(60) in (0, 6, 8), "carry ended with", process.returncode)
        shutil.rmtree(stick + ".away")
        shutil.rmtree(stick, ignore_errors=True)  # it may have been made anew
    os.mkdir(stick)
    neema.run("carry", stick)
    hub.run("carry", stick)
    for record in ids:
        check(hub.show(record)["fields"]["name"].startswith("Person"))


# ---- damaged, put back, too new ----

def journal_of(home):
    names = [name for name in os.listdir(home.path) if name.startswith("journal-") and name.endswith(".db")]
    check(len(names) == 1, names)
    return os.path.join(home.path, names[0])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def with_records(lab, count=30):
    neema = lab.home("Neema")
    os.mkdir(neema.path, 0o700)
    write(os.path.join(neema.path, "pamoja.ini"), b"[keys]\nunlock_ms = 200\n")
    os.chmod(os.path.join(neema.path, "pamoja.ini"), 0o600)
    neema.start().init()
    neema.ids = [neema.add("person", name=f"Person {i}", village="Kimana " * 20) for i in range(count)]
    return neema


def damage_is_found(home, what):
    """Unlocking or `verify` says so with status 7."""
    home.start()
    answer = home.run("--passphrase-file", home.passphrase_file, "unlock", json_out=True, check_status=False)
    if answer.status == 0:
        answer = home.run("verify", json_out=True, check_status=False)
        check(answer.status == 7, what, answer)
        home.kill()
        return
    check(answer.status == 7 and answer.error["code"] == "integrity" and answer.error["hint"], what, answer)
    home.stop()


def story_damaged_journal(lab):
    neema = with_records(lab)
    neema.stop()
    path = journal_of(neema)
    good = read(path)
    keys = read(os.path.join(neema.path, "keys"))
    pages = len(good) // PAGE
    chance = random.Random(7)
    for page in [0, 1, pages - 1] + chance.sample(range(2, pages - 1), 5):
        bad = bytearray(good)
        bad[page * PAGE + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
        write(path, bad)
        damage_is_found(neema, f"a bit of page {page + 1} of {pages}")
        write(os.path.join(neema.path, "keys"), keys)
    for size in (0, 100, PAGE, (pages // 2) * PAGE, (pages // 2) * PAGE + 7, len(good) - 1, len(good) - PAGE):
        write(path, good[:size])
        damage_is_found(neema, f"cut to {size} of {len(good)} bytes")
        check(len(read(path)) == size, "a damaged journal is left as it is")
        write(os.path.join(neema.path, "keys"), keys)
    swapped = bytearray(good)
    swapped[PAGE:2 * PAGE], swapped[2 * PAGE:3 * PAGE] = good[2 * PAGE:3 * PAGE], good[PAGE:2 * PAGE]
    write(path, swapped)
    damage_is_found(neema, "two pages exchanged")
    write(path, good)
    write(os.path.join(neema.path, "keys"), keys)
    neema.start().unlock()
    check(neema.json("verify")["ok"] and neema.json("person", "list", "--limit", 100)["items"])


def warned(home, word):
    until = time.monotonic() + 20
    while home.status().get("checking") and time.monotonic() < until:
        time.sleep(0.1)
    said = home.status()["warnings"]
    check(any(word in line for line in said), word, "is missing in", said)


def story_wal_damaged_deleted_or_put_back(lab):
    hub = lab.hub()
    neema = with_records(lab, 3)
    lab.enrol(neema, hub)
    early = neema.add("person", name="Early")
    neema.run("sync")
    late = neema.add("person", name="Late")
    neema.run("sync")  # after an exchange the keys know how far the journal went
    check(neema.show(late)["sync"] == "delivered")
    neema.kill()
    path = journal_of(neema)
    wal = path + "-wal"
    keys_path = os.path.join(neema.path, "keys")
    good, good_wal, keys = read(path), read(wal), read(keys_path)
    frames = (len(good_wal) - WAL_HEADER) // FRAME
    check(frames > 3, "too little in the WAL:", frames)

    def set_back(journal=good, wal_bytes=good_wal):
        write(path, journal)
        write(wal, wal_bytes)
        write(keys_path, keys)

    # a bit in its middle: damage, not a torn tail
    bad = bytearray(good_wal)
    bad[WAL_HEADER + (frames // 2) * FRAME + 2000] ^= 4
    set_back(wal_bytes=bytes(bad))
    damage_is_found(neema, "a bit in the middle of the WAL")
    # a bit in its header
    bad = bytearray(good_wal)
    bad[30] ^= 1
    set_back(wal_bytes=bytes(bad))
    damage_is_found(neema, "a bit in the header of the WAL")
    # gone, or cut short: the journal is older than the keys, and that is said
    for shorter in (b"", good_wal[:WAL_HEADER + FRAME * 2]):
        set_back(wal_bytes=shorter)
        if not shorter:
            os.unlink(wal)
        neema.start().unlock()
        warned(neema, "older than the keys")
        neema.kill()
    # whole again: nothing to say
    set_back()
    neema.start().unlock()
    check(neema.status()["warnings"] == [], neema.status()["warnings"])
    check(neema.show(early)["fields"]["name"] == "Early" and neema.show(late)["fields"]["name"] == "Late")


def story_rolled_back(lab):
    neema = with_records(lab, 5)
    neema.run("lock")
    keys_path = os.path.join(neema.path, "keys")
    path = journal_of(neema)
    neema.stop()
    old, old_keys = read(path), read(keys_path)
    neema.start().unlock()
    later = neema.add("person", name="Later")
    neema.run("lock")
    neema.stop()
    new, new_keys = read(path), read(keys_path)
    # an old journal under new keys is noticed
    write(path, old)
    neema.start().unlock()
    warned(neema, "older than the keys")
    neema.kill()
    # a new journal under old keys is what a crash before the keys were written leaves: all is there
    for name in os.listdir(neema.path):
        if name.endswith("-wal"):
            os.unlink(os.path.join(neema.path, name))
    write(path, new)
    write(keys_path, old_keys)
    neema.start().unlock()
    check(neema.status()["warnings"] == [] and neema.show(later)["fields"]["name"] == "Later", neema.status()["warnings"])
    neema.kill()
    # single old pages among new ones
    count = 0
    for page in range(1, min(len(old), len(new)) // PAGE):
        at = slice(page * PAGE, (page + 1) * PAGE)
        if old[at] == new[at]:
            continue
        mixed = bytearray(new)
        mixed[at] = old[at]
        for name in os.listdir(neema.path):
            if name.endswith("-wal"):
                os.unlink(os.path.join(neema.path, name))
        write(path, mixed)
        write(keys_path, new_keys)
        neema.start()
        answer = neema.run("--passphrase-file", neema.passphrase_file, "unlock", json_out=True, check_status=False)
        if answer.status == 0:
            answer = neema.run("verify", json_out=True, check_status=False)
            shown = neema.run("show", later, check_status=False)
            check(answer.status == 7 or neema.status()["warnings"] or (shown.status == 0 and neema.json("verify")["ok"]), "old page", page + 1, answer)
        check(answer.status in (0, 7), "old page", page + 1, answer)
        neema.kill()
        count += 1
        if count == 12:
            break
    check(count > 3, "too few pages differ:", count)


def story_old_rows_put_back(lab):
    """An old page among new ones shows old values: the sums notice after unlocking, and the rows are made anew from the entries."""
    neema = with_records(lab, 5)
    neema.run("lock")
    neema.stop()
    path, keys_path = journal_of(neema), os.path.join(neema.path, "keys")
    old = read(path)
    neema.start().unlock()
    neema.run("edit", neema.ids[0], "village=Rombo")
    neema.run("lock")
    neema.stop()
    new, keys = read(path), read(keys_path)
    mended = 0
    for page in range(1, min(len(old), len(new)) // PAGE):
        at = slice(page * PAGE, (page + 1) * PAGE)
        if old[at] == new[at]:
            continue
        for name in os.listdir(neema.path):
            if name.endswith("-wal"):
                os.unlink(os.path.join(neema.path, name))
        write(path, new[:at.start] + old[at] + new[at.stop:])
        write(keys_path, keys)
        neema.start()
        if neema.unlock(check_status=False).status == 0:
            until = time.monotonic() + 20
            while neema.status()["checking"] and time.monotonic() < until:
                time.sleep(0.05)
            if any("made anew" in warning for warning in neema.status()["warnings"]):
                mended += 1
                check(neema.show(neema.ids[0])["fields"]["village"] == "Rombo", "page", page + 1)
                check(neema.json("verify")["ok"], "page", page + 1)
        neema.kill()
    check(mended > 0, "no old row was noticed")


def story_newer_journal(lab):
    bump = os.path.join(BIN, "journal_bump")
    check(os.path.exists(bump), "build the target journal_bump")
    neema = with_records(lab, 3)
    neema.run("lock")
    neema.stop()
    subprocess.run([bump, neema.path, neema.passphrase_file, "99"], check=True)
    before = files(neema)
    neema.start()
    for _ in range(2):
        error = neema.refused(1, "--passphrase-file", neema.passphrase_file, "unlock")
        check(error["code"] == "too_new" and "99" in error["message"] and error["hint"], error)
    check(neema.status()["locked"] is True)
    neema.refused(4, "person", "list")
    neema.stop()
    after = {name: data for name, data in files(neema).items() if data or not name.endswith("-wal")}
    check(after == before, [name for name in {*before, *after} if after.get(name) != before.get(name)])
    subprocess.run([bump, neema.path, neema.passphrase_file, "1"], check=True)
    neema.start().unlock()
    check(neema.show(neema.ids[0])["fields"]["name"] == "Person 0")


run(globals())
