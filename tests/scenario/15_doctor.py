"""The doctor: each trouble is really made, is found by its check, and what is printed as the mend is typed into a shell and mends it."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from disks import disk, empty, fill, may_mount, remount
from lab import BIN, PATIENCE, Clock, Failed, check, run

STATES = {"ok", "warn", "fail"}


def doctor(home, env=None):
    """{check: (worst state, messages, mends)}; the exit status must fit."""
    answer = home.run("doctor", json_out=True, check_status=False, env=env, timeout=PATIENCE)
    document = answer.json
    check(set(document) == {"items", "ok"}, document)
    found = {}
    for item in document["items"]:
        check(set(item) == {"check", "state", "message", "mend"} and item["state"] in STATES and item["message"], item)
        worst, messages, mends = found.get(item["check"], ("ok", [], []))
        found[item["check"]] = (max(worst, item["state"], key=["ok", "warn", "fail"].index), messages + [item["message"]], mends + [item["mend"]])
        check(item["state"] == "ok" or item["mend"] or item["check"] in ("keys", "space", "hardening"), "no mend", item)
    failed = any(state == "fail" for state, _, _ in found.values())
    check(document["ok"] == (not failed) and answer.status == (8 if failed else 0), answer.status, document)
    if failed:
        check(answer.error["code"] == "partial", answer.error)
    return found


def state(home, name, wanted, words="", **options):
    """The check is in this state, and says these words; its mends."""
    found = doctor(home, **options)
    check(name in found, name, "was not looked at", found)
    got, messages, mends = found[name]
    check(got == wanted and words in " ".join(messages), name, "wanted", wanted, words, "got", got, messages)
    return mends


def typed(home, mend):
    """What a person does: copies the line into a shell."""
    env = dict(home.env, PATH=BIN + os.pathsep + os.environ["PATH"])
    done = subprocess.run(["sh", "-c", mend.replace("sudo ", "") if os.geteuid() == 0 else mend], env=env, text=True, capture_output=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL)
    check(done.returncode == 0, mend, done.returncode, done.stdout, done.stderr)


def mended(home, name, wanted, words=""):
    """Found, its mend typed, and in order after it."""
    mends = state(home, name, wanted, words)
    typed(home, mends[0])
    return state(home, name, "ok")


def until(words, condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise Failed("it never came: " + words)


def carried(home):
    until("the carrier", lambda: home.status()["carrier"])
    return home


def child_of(pid, name):
    for path in glob.glob("/proc/[0-9]*/status"):
        with contextlib.suppress(OSError):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            if re.search(rf"^PPid:\t{pid}$", text, re.M) and re.search(rf"^Name:\t{name}", text, re.M):
                return int(path.split("/")[2])
    return None


def end_strays(home):
    """A daemon that a mend started is no child of ours."""
    with contextlib.suppress(OSError, ValueError, ProcessLookupError):
        with open(os.path.join(home.path, "lock"), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            mine = file.read().strip() == "pamojad"
        if mine:
            os.kill(pid, signal.SIGTERM)
            until("its end", lambda: not os.path.exists(f"/proc/{pid}"))


# ---- nothing wrong ----

def story_in_order(lab):
    hub, neema = lab.office(peer="Neema")
    person = neema.add("person", name="Asha Mwangi", village="Loitokitok")
    neema.run("sync")
    hub.run("hub", "merge")
    neema.run("sync")
    for home in (carried(neema), carried(hub)):
        found = doctor(home)
        fine = {"home", "permissions", "settings", "daemon", "carrier", "keys", "journal", "inside", "spool", "space", "writing", "reserve", "clock",
                "kinds", "mailbox", "exchange", "certificate", "version", "synced-folder"}
        for name in fine:
            check(name in found and found[name][0] == "ok", name, found.get(name))
        check(all(worst != "fail" or name == "filesystem" for name, (worst, _, _) in found.items()), found)
        check("libsodium" in " ".join(found["packages"][1]), found["packages"])
        text = home.run("doctor", check_status=False)
        check(text.status in (0, 8) and "ok" in text.out and "pamojad answers" in text.out, text)
        for said in (text.out, str(found)):
            for secret in ("Asha", "Mwangi", "Loitokitok", person):
                check(secret not in said, secret, said)
    check(doctor(neema)["hub"][0] == "ok" and "open" in " ".join(doctor(neema)["keys"][1]))
    # locked it sees less, says so, and changes nothing
    neema.run("lock")
    found = doctor(neema)
    check(found["inside"][0] == "ok" and "unlock" in found["inside"][2][0] and "mailbox" not in found, found)
    check(neema.status()["locked"])
    # not a sign of a person, so it does not keep a laptop unlocked
    status = neema.status()
    check(status["hardening"]["folders_only"] is True and status["libraries"]["sqlite"] and status["libraries"]["sodium"], status)


def story_nothing_there(lab):
    home = lab.home("Empty")
    mends = state(home, "home", "warn", "no records")
    check(mends[0].endswith("init") and "--home" not in mends[0], mends)
    check(not os.path.exists(home.path), "a doctor makes nothing")
    other = lab.home("it's a home")
    found = home.run("--home", other.path, "doctor", json_out=True).json["items"]
    mend = next(item["mend"] for item in found if item["check"] == "home")
    check(mend.endswith(" --home '" + other.path.replace("'", "'\\''") + "' init"), mend)
    check(not os.path.exists(other.path))
    open(home.path, "w", encoding="ascii").close()
    state(home, "home", "fail", "not a folder")


# ---- who may open it ----

def story_modes(lab):
    neema = lab.quick("Neema").start().init()
    os.chmod(neema.path, 0o755)
    check(mended(neema, "permissions", "fail", "755"))
    os.chmod(os.path.join(neema.path, "keys"), 0o640)
    mended(neema, "permissions", "fail", "keys (mode 640)")
    for name in ("run/cookie", "run/api.sock", "spool/out", "log"):
        os.chmod(os.path.join(neema.path, name), 0o644 if "/out" not in name else 0o750)
        mended(neema, "permissions", "warn", name)
    check(os.stat(os.path.join(neema.path, "run/api.sock")).st_mode & 0o77 == 0)
    neema.run("person", "add", "name=Asha")  # still works after all of it
    ini = os.path.join(neema.path, "pamoja.ini")
    os.chmod(ini, 0o620)
    mended(neema, "settings", "fail", "pamoja.ini")
    with open(ini, "a", encoding="utf-8") as file:
        file.write("no equals sign here\n")
    state(neema, "settings", "fail", "line 3")
    if os.geteuid() == 0 and "PAMOJA_OWN_MOUNTS" not in os.environ:  # a namespace of our own has no other user
        os.chown(os.path.join(neema.path, "log"), 12345, 12345)
        mended(neema, "permissions", "fail", "belongs to another user")


# ---- programs ----

def story_dead_daemon(lab):
    neema = lab.quick("Neema").start().init()
    neema.stop()
    check(state(neema, "daemon", "warn", "not running")[0].startswith("pamojad --home ") or BIN in state(neema, "daemon", "warn")[0])
    neema.start()
    neema.kill()  # leaves socket, cookie and lock behind
    check(os.path.exists(os.path.join(neema.path, "run/api.sock")))
    before = set(os.listdir("/proc"))
    found = doctor(neema)
    check(found["daemon"][0] == "warn" and "did not end by itself" in found["daemon"][1][0], found)
    check(found["keys"][0] == "ok" and found["journal"][0] == "ok" and "carrier" not in found, found)
    check(not [p for p in set(os.listdir("/proc")) - before if p.isdigit() and os.path.exists(f"/proc/{p}/comm") and
               open(f"/proc/{p}/comm", encoding="ascii").read().strip() == "pamojad" and
               neema.path in open(f"/proc/{p}/cmdline", encoding="utf-8").read()], "the doctor started a daemon")
    mended(neema, "daemon", "warn")
    check(neema.status()["locked"])
    end_strays(neema)


def story_silent_daemon(lab):
    """Stopped in its tracks: the doctor does not wait for it, and a queue before its door does not stop the doctor either."""
    neema = lab.quick("Neema").start().init()
    os.kill(neema.daemon.pid, signal.SIGSTOP)
    began = time.monotonic()
    mends = state(neema, "daemon", "fail", "stopped")
    print(f"     a silent daemon costs {time.monotonic() - began:.1f} s")
    check(mends == [f"kill -CONT {neema.daemon.pid}"], mends)
    waiting = [subprocess.Popen([os.path.join(BIN, "pamoja"), "status"], env=neema.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for _ in range(6)]
    crowd = []
    for _ in range(300):  # until the door takes nobody
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        try:
            one.connect(os.path.join(neema.path, "run/api.sock"))
        except BlockingIOError:
            break
        crowd.append(one)
    else:
        raise Failed("the queue before the socket has no end")
    mends = state(neema, "daemon", "fail", "stopped")  # 60 s are the limit of doctor()
    for one in crowd:
        one.close()
    typed(neema, mends[0])
    for process in waiting:
        process.wait(PATIENCE)
    until("an answer", lambda: doctor(neema)["daemon"][0] == "ok")


def story_lock_of_another(lab):
    neema = lab.quick("Neema").start().init()
    neema.stop()
    holder = subprocess.Popen(["flock", "-n", "-F", os.path.join(neema.path, "lock"), "sleep", "300"])
    until("the lock", lambda: doctor(neema)["daemon"][0] == "fail")
    mends = state(neema, "daemon", "fail", "another program (sleep")
    typed(neema, mends[0])
    holder.wait(PATIENCE)
    state(neema, "daemon", "warn", "not running")
    # the number of a process that has gone, now another's: nobody holds the lock
    with open(os.path.join(neema.path, "lock"), "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    state(neema, "daemon", "warn", "not running")
    neema.start()


def story_carrier(lab):
    hub = lab.hub()
    neema = carried(lab.worker("Neema", hub))
    starter = child_of(neema.daemon.pid, "pamoja-starter")
    carrier = child_of(starter, "pamoja-carry")
    os.kill(carrier, signal.SIGSTOP)
    until("its stop", lambda: open(f"/proc/{carrier}/stat", encoding="utf-8").read().rpartition(")")[2].split()[0] == "T")
    mended(neema, "carrier", "fail", "stopped")
    os.kill(starter, signal.SIGSTOP)
    os.kill(carrier, signal.SIGKILL)
    until("its loss", lambda: not neema.status()["carrier"])
    state(neema, "carrier", "warn", "not connected")  # the starter brings it back
    os.kill(starter, signal.SIGKILL)
    until("its end", lambda: child_of(neema.daemon.pid, "pamoja-starter") is None or
          open(f"/proc/{starter}/stat", encoding="ascii").read().split(")")[-1].split()[0] == "Z")
    mends = state(neema, "carrier", "fail", "nothing is exchanged")
    check("pamoja-carry --home" in mends[0], mends)
    typed(neema, mends[0])
    carried(neema)
    state(neema, "carrier", "ok")
    neema.run("sync")
    for pid, words in lab.processes().items():
        if f"pamoja-carry --home {neema.path} " in words:
            with contextlib.suppress(ProcessLookupError):  # a session ends with its carrier
                os.kill(pid, signal.SIGTERM)


def story_older_daemon(lab):
    """Programs put over one that runs: the doctor sees which one answers."""
    own = os.path.join(lab.dir, "bin")
    os.mkdir(own)
    for name in ("pamoja", "pamojad", "pamoja-carry"):
        shutil.copy(os.path.join(BIN, name), own)
    neema = lab.quick("Neema")
    pamojad = subprocess.Popen([os.path.join(own, "pamojad"), "--home", neema.path, "--foreground"], env=neema.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.daemons.append(pamojad)
    until("an answer", lambda: neema.run("status", check_status=False).status == 0)

    def version():
        done = subprocess.run([os.path.join(own, "pamoja"), "--json", "doctor"], env=neema.env, text=True, capture_output=True, timeout=PATIENCE)
        return next(item for item in json.loads(done.stdout)["items"] if item["check"] == "version")

    check(version()["state"] == "ok", version())
    time.sleep(4)  # ctime is of whole seconds against the start's
    os.unlink(os.path.join(own, "pamojad"))
    shutil.copy(os.path.join(BIN, "pamojad"), own)
    check(version()["state"] == "warn" and version()["mend"] == f"kill {pamojad.pid}", version())
    typed(neema, version()["mend"])
    pamojad.wait(PATIENCE)
    neema.start()
    check(version()["state"] == "ok", version())


# ---- keys, journal, spool ----

def story_damaged_keys(lab):
    neema = lab.quick("Neema").start().init()
    keys = os.path.join(neema.path, "keys")
    with open(keys, "rb") as file:
        whole = file.read()

    def write(data):
        with open(keys, "wb") as file:
            file.write(data)

    # in the ring, where only the key can tell: found while it is still in memory, and mended by writing it anew
    write(whole[:2200] + bytes([whole[2200] ^ 1]) + whole[2201:])
    mends = state(neema, "keys", "fail", "still in memory")
    check(mends[0].endswith("passphrase"), mends)
    new = os.path.join(lab.dir, "new.pass")
    with open(new, "w", encoding="utf-8") as file:
        file.write("eleven grey donkeys on a ferry\n")
    os.chmod(new, 0o600)
    typed(neema, mends[0].replace("passphrase", f"--passphrase-file {neema.passphrase_file} passphrase --new-passphrase-file {new}"))
    state(neema, "keys", "ok", "they open")
    # gone altogether, the same
    os.unlink(keys)
    mends = state(neema, "keys", "fail", "gone")
    typed(neema, mends[0].replace("passphrase", f"--passphrase-file {new} passphrase --new-passphrase-file {neema.passphrase_file}"))
    state(neema, "keys", "ok")
    neema.run("lock")
    neema.unlock()
    neema.stop()
    with open(keys, "rb") as file:
        whole = file.read()
    # from outside, with no daemon
    for bad, words in ((whole[:9000], "16384 bytes"), (b"X" + whole[1:], "PMJKEYS1"), (whole[:65] + b"\x07" + whole[66:], "algorithm")):
        write(bad)
        mends = state(neema, "keys", "fail", words)
        check(mends[0].endswith("recover"), mends)
    write(whole[:8] + b"\x02" + whole[9:])
    mends = state(neema, "keys", "fail", "newer program")
    check("newer" in mends[0], mends)
    write(whole)
    state(neema, "keys", "ok")


def story_cut_journal(lab):
    neema = lab.quick("Neema").start().init()
    neema.add("person", name="Asha")
    neema.run("lock")
    neema.stop()
    path, = glob.glob(os.path.join(neema.path, "journal-*.db"))
    with open(path, "rb") as file:
        whole = file.read()
    state(neema, "journal", "ok")
    for size in (len(whole) - 100, 0):
        with open(path, "wb") as file:
            file.write(whole[:size])
        mends = state(neema, "journal", "fail", "no whole pages")
        check("restore" in mends[0], mends)
    os.rename(path, path + ".away")
    state(neema, "journal", "fail", "gone")
    os.unlink(path + ".away")
    with open(path, "wb") as file:
        file.write(whole)
    other = path.replace("journal-", "journal-00")
    shutil.copy(path, other)
    os.utime(other, (1, 1))
    mends = state(neema, "journal", "warn", "older journal")
    neema.start()
    typed(neema, mends[0].replace("unlock", f"--passphrase-file {neema.passphrase_file} unlock"))
    state(neema, "journal", "ok")


def story_spool(lab):
    hub, neema = lab.office(peer="Neema")
    neema.add("person", name="Asha")
    out = os.path.join(neema.path, "spool/out")
    sealed = [name for name in os.listdir(out) if name.endswith(".seg")]
    for name, folder in (("readme.txt", "out"), ("a b 'c'\n.seg", "in"), ("dir", "in")):
        path = os.path.join(neema.path, "spool", folder, name)
        if name == "dir":
            os.makedirs(os.path.join(path, "deeper"))
        else:
            open(path, "w", encoding="ascii").close()
    os.symlink("/etc/passwd", os.path.join(neema.path, "spool/in", "link"))
    open(os.path.join(out, "fresh.seg.part"), "w", encoding="ascii").close()  # under way: left alone
    mended(neema, "spool", "warn", "4 files")
    check(os.path.exists("/etc/passwd") and os.path.exists(os.path.join(out, "fresh.seg.part")))
    check(set(sealed) <= set(os.listdir(out)), "what is ours stays")
    # what waits too long
    name = os.path.join(out, "aa" * 16 + "-1-" + "bb" * 16 + "-7.seg")
    with open(name, "wb") as file:
        file.write(b"x" * 5000)
    os.utime(name, (time.time() - 20 * 86400,) * 2)
    state(neema, "spool", "warn", "20 days")
    os.unlink(name)
    state(neema, "spool", "ok")


# ---- disks ----

def story_full_disk(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        state(neema, "writing", "ok")
        state(neema, "filesystem", "fail", "memory")
        fill(spot)
        found = doctor(neema)
        check(found["space"][0] == "fail" and found["writing"][0] == "fail" and "full" in found["writing"][1][0], found)
        neema.kill()  # and with no daemon
        os.unlink(os.path.join(neema.path, "reserve"))
        fill(spot)
        found = doctor(neema)
        check(found["space"][0] == "fail" and found["reserve"][0] == "warn" and found["keys"][0] == "ok", found)
        empty(spot)
        state(neema, "writing", "ok")
        neema.start().unlock()
        until("the reserve", lambda: os.path.exists(os.path.join(neema.path, "reserve")), 60)
        state(neema, "reserve", "ok")


def story_no_more_files(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "200m,nr_inodes=400"):
        neema = lab.quick("Neema").start().init()
        names = [os.path.join(neema.path, f"filler-{i}") for i in range(400)]
        with contextlib.suppress(OSError):
            for name in names:
                open(name, "w", encoding="ascii").close()
        state(neema, "space", "fail", "takes no more files")


def story_read_only_disk(lab):
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "64m") as spot:
        neema = lab.quick("Neema").start().init()
        neema.stop()
        remount(spot, "ro")
        mends = state(neema, "writing", "fail", "read-only")
        check(mends[0].endswith("mount -o remount,rw " + spot), mends)
        typed(neema, mends[0].replace("remount,rw", "remount,bind,rw"))  # as the test made it so
        state(neema, "writing", "ok")


def story_limits_of_a_user(lab):
    """A limit on file sizes, as a quota would be: said, and the doctor lives."""
    neema = lab.quick("Neema").start().init()
    answer = subprocess.run(["sh", "-c", f"ulimit -f 100; exec '{BIN}/pamoja' --json doctor"], env=neema.env, text=True, capture_output=True, timeout=PATIENCE)
    check(answer.returncode == 8 and "not allowed to you" in answer.stdout, answer)


def story_copied_elsewhere(lab):
    for name, mark in (("Nextcloud", None), ("Shared", ".stfolder")):
        os.mkdir(os.path.join(lab.dir, name))
        if mark:
            os.mkdir(os.path.join(lab.dir, name, mark))
        home = lab.quick(os.path.join(name, "pamoja"))
        state(home, "synced-folder", "fail", mark or name)
    # reached through a link
    os.symlink(os.path.join(lab.dir, "Shared", "pamoja"), os.path.join(lab.dir, "link"))
    home = lab.home("link")
    state(home, "synced-folder", "fail", ".stfolder")


# ---- clock ----

def faked(days):
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    check(found, "libfaketime is missing: apt-get install libfaketime")
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{days * 86400:+d}", "NO_FAKE_STAT": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1"}


def story_clock(lab):
    hub, neema = lab.office(peer="Neema")
    lab.exchange(hub, neema)
    state(neema, "clock", "ok")
    mends = state(neema, "clock", "fail", "cannot be", env=faked(-3650))
    check("date -s" in mends[0], mends)
    state(neema, "clock", "fail", "cannot be", env=faked(40000))
    state(neema, "clock", "fail", "the hub was", env=faked(-30))
    state(neema, "clock", "warn", "nothing was written", env=faked(600))
    neema.run("lock")  # without the hub's word, the files still tell
    state(neema, "clock", "warn", "days later", env=faked(-30))
    state(neema, "time-zone", "warn", "Nowhere/Land", env={"TZ": "Nowhere/Land"})
    check(state(neema, "time-zone", "ok", env={"TZ": "EAT-3"}) == [""])


def story_age_of_the_hub(lab):
    hub, neema = lab.office(peer="Neema")
    lab.exchange(hub, neema)
    for days, wanted, words in ((5, "ok", "two weeks"), (20, "warn", "20 days"), (60, "warn", "after 90"), (100, "fail", "revoked")):
        neema.stop()
        env = faked(days)
        neema.start("--no-carry", env=env).unlock(env=env)
        mends = state(neema, "hub", wanted, words, env=env)
        check(wanted == "ok" or "sync" in mends[0] or "coordinator" in mends[0], mends)
    neema.stop()
    env = faked(390)
    neema.start("--no-carry", env=env).unlock(env=env)
    state(neema, "certificate", "warn", "ends on", env=env)
    hub.stop()
    env = faked(500)
    hub.start("--no-carry", env=env).unlock(env=env)
    found = doctor(hub, env=env)
    check(found["certificate"][0] == "fail" and "ended" in found["certificate"][1][0], found)
    check(found["clock"][0] == "fail" and "certificate" in found["clock"][1][0], found)


# ---- the way to the hub ----

def story_mailbox_away(lab):
    lab.quiet()  # or the hub makes the mailboxes anew before it is asked,
    hub, neema = lab.office(peer="Neema")
    hub.run("hub", "merge")  # which it does by itself too when it has just started: this is its first look
    os.rename(lab.mailboxes, lab.mailboxes + ".away")
    check("carry" in state(neema, "mailbox", "warn", "not there")[0])
    state(hub, "mailbox", "fail", "not there")
    neema.add("person", name="Asha")
    neema.run("sync", check_status=False)
    check(state(neema, "exchange", "warn", "did not work")[0].endswith("sync"))
    # an empty folder in its place: the hub makes the mailboxes anew
    os.mkdir(lab.mailboxes, 0o700)
    check("coordinator" in state(neema, "mailbox", "warn", "not in")[0])
    mended(hub, "mailbox", "warn", "not every worker")
    shutil.rmtree(lab.mailboxes)
    os.rename(lab.mailboxes + ".away", lab.mailboxes)
    state(neema, "mailbox", "ok")
    mended(neema, "exchange", "warn")
    stick = os.path.join(lab.dir, "no stick")
    neema.run("carry", stick, check_status=False)
    check(state(neema, "exchange", "warn", f"with {stick}, did not work")[0].endswith(f"carry '{stick}'"))
    if os.geteuid() != 0:
        os.chmod(lab.mailboxes, 0o500)
        mended(neema, "mailbox", "warn", "may not write")


def story_what_waits(lab):
    hub, neema = lab.office(peer="Neema")
    state(neema, "queues", "ok")
    neema.run("lock")
    neema.run("note", "--locked", "-", stdin="call the clinic\n")
    neema.unlock()
    mends = state(neema, "queues", "warn", "1 written while locked")
    typed(neema, mends[0])
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub_person = hub.show(person)["id"]
    neema.run("edit", person, "village=Kimana")
    hub.run("edit", hub_person, "village=Rombo")
    lab.exchange(hub, neema)
    mends = state(hub, "queues", "warn", "1 in conflict")
    typed(hub, mends[0])


def story_conf_away(lab):
    neema = lab.quick("Neema").start().init()
    conf = os.path.join(lab.dir, "conf")
    state(neema, "kinds", "fail", "no kinds", env={"PAMOJA_CONF": conf})
    shutil.copytree(os.path.join(os.path.dirname(BIN), "..", "conf") if os.path.isdir(os.path.join(os.path.dirname(BIN), "..", "conf"))
                    else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf"), conf)
    state(neema, "kinds", "ok", env={"PAMOJA_CONF": conf})
    os.unlink(os.path.join(conf, "words", "sw.txt"))
    state(neema, "kinds", "fail", "sw.txt", env={"PAMOJA_CONF": conf})
    with open(os.path.join(conf, "kinds", "goal.ini"), "a", encoding="utf-8") as file:
        file.write("\n[broken\n")
    state(neema, "kinds", "warn", "goal.ini line", env={"PAMOJA_CONF": conf})
    # and with no dpkg at all, the libraries are asked of the daemon
    bare = os.path.join(lab.dir, "empty")
    os.mkdir(bare)
    found = doctor(neema, env={"PATH": bare})
    check("sqlite3" in " ".join(found["packages"][1]) and "libsodium" in " ".join(found["packages"][1]), found["packages"])
    # packages that are too old, as an unpatched laptop's dpkg would list them
    with open(os.path.join(bare, "dpkg-query"), "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nprintf 'ii  libgit2-1.5 1.5.1+ds-1+deb12u1\\nii  libsodium23 1.0.18-1+deb12u1\\nrc  libssh2-1 0.1\\n'\n")
    os.chmod(os.path.join(bare, "dpkg-query"), 0o755)
    found = doctor(neema, env={"PATH": bare + ":/usr/bin:/bin"})
    check(found["packages"][0] == "fail" and "libgit2 1.5.1+ds-1+deb12u1 is too old" in found["packages"][1][0] and
          "apt-get" in found["packages"][2][0], found["packages"])
    # one that hangs does not hold the doctor up
    with open(os.path.join(bare, "dpkg-query"), "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexec sleep 1000\n")
    check("sqlite3" in " ".join(doctor(neema, env={"PATH": bare + ":/usr/bin:/bin"})["packages"][1]))


def story_a_backup_a_month(lab):
    """None yet, one of today, one of a month and some days, one of a clock that was ahead."""
    neema = lab.home("Neema")
    clock = Clock(lab, neema)
    neema.start(env=clock.env).init()
    neema.add("person", name="Asha")
    path = os.path.join(lab.dir, "neema.backup")
    mends = state(neema, "backup", "warn", "no backup was made yet", env=clock.env)
    check(mends[0].endswith("backup FILE"), mends)
    typed(neema, mends[0].replace("FILE", path))
    state(neema, "backup", "ok", "made 0 days ago", env=clock.env)
    for days, wanted, words in ((1, "ok", "made 1 day ago"), (35, "ok", "made 35 days ago"), (36, "warn", "the last backup is 36 days old"),
                                (400, "warn", "the last backup is 400 days old")):
        clock.set(days)
        mends = state(neema, "backup", wanted, words, env=clock.env)
    check("Last backup" in neema.run("status", env=clock.env).out, neema.run("status", env=clock.env))
    typed(neema, mends[0].replace("FILE", path))
    state(neema, "backup", "ok", "made 0 days ago", env=clock.env)
    clock.set(0)  # it was made in a future that was none: that must not silence the question for 400 days
    mends = state(neema, "backup", "warn", "a date to come", env=clock.env)
    check("Last backup" in neema.run("status", env=clock.env).out, neema.run("status", env=clock.env))
    typed(neema, mends[0].replace("FILE", path))
    state(neema, "backup", "ok", "made 0 days ago", env=clock.env)
    neema.run("lock")
    found = doctor(neema, env=clock.env)
    check("backup" not in found and "backup-key" not in found, found.get("backup"))


run(globals(), on_disk=True)
