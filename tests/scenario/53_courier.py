"""Couriers: three laptops, a hub and sticks that go from hand to hand. What lies on one goes on to the next, whoever carries it; what a courier
drops is missed and sent again; an old stick puts nothing back; one that is pulled out leaves both sides whole."""
import contextlib
import glob
import os
import re
import shutil
import subprocess
import threading
import time

from disks import disk, empty, fill, may_mount, remount
from lab import BIN, check, run, same
from terminal import stopped


def begin(lab, *names):
    """A hub and laptops that have no way to each other but sticks."""
    lab.quiet()
    hub = lab.hub()
    workers = [lab.worker(name, hub) for name in names]
    os.rename(lab.mailboxes, lab.mailboxes + ".gone")
    return hub, *workers


def stick_of(lab, name):
    path = os.path.join(lab.dir, name)
    os.mkdir(path)
    return path


def on(stick):
    """Name and inode of each file: one that was written anew has another."""
    return {os.path.basename(path): os.stat(path).st_ino for path in glob.glob(os.path.join(stick, "PAMOJA", "*"))}


def story_from_hand_to_hand(lab):
    """Neema and Baraka never meet the hub; Juma goes between, with another stick each time."""
    hub, neema, juma, baraka = begin(lab, "Neema", "Juma", "Baraka")
    first, second, third = (stick_of(lab, name) for name in ("first", "second", "third"))
    person = neema.add("person", name="Asha")
    neema.run("carry", first)
    check(neema.show(person)["sync"] == "carried")
    own = juma.add("person", name="Mosi")
    juma.run("carry", first)
    check(juma.run("show", person, check_status=False).status == 3, "what is carried for others can be read")
    shutil.rmtree(first)  # lost on the bus: what was on it is on Juma's laptop, too
    juma.run("carry", second)
    check(len({name.split('-')[0] for name in on(second)}) == 2, on(second))
    # what is there already is known, and not written again
    before = on(second)
    for home in (juma, baraka, juma):
        home.run("carry", second)
    check({name: on(second)[name] for name in before} == before, before, on(second))
    hub.run("carry", second)
    check([hub.show(one)["fields"]["name"] for one in (person, own)] == ["Asha", "Mosi"])
    hub.run("hub", "assign", person, "Baraka")
    hub.run("carry", second)
    # back the other way round: from the hub by Juma to both, who have the third stick only
    juma.run("carry", second)
    check(juma.show(own)["sync"] == "merged", juma.show(own)["sync"])
    juma.run("carry", third)
    for home in (baraka, neema):
        home.run("carry", third)
    check(baraka.show(person)["fields"]["name"] == "Asha")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    # an answer goes back over the same hands; in any order, and twice
    contact = baraka.add("contact", person=person, kind="phone")
    for home in (baraka, juma, neema, juma):
        home.run("carry", third)
    juma.run("carry", second)
    for _ in range(2):
        for stick in (third, second):
            hub.run("carry", stick)
            for home in (neema, baraka, juma):
                home.run("carry", stick)
    check(neema.show(contact)["fields"]["kind"] == "phone")
    check(baraka.show(contact)["sync"] == "merged", baraka.show(contact)["sync"])
    same(person, 2, hub, neema, baraka)
    arrived = {item["name"]: item.get("arrived") for item in hub.json("hub", "roster")["items"]}
    check(arrived == {"Office": None, "Neema": True, "Juma": True, "Baraka": True}, arrived)


BAD_STICK = os.path.abspath(os.path.join(BIN, "badstick.so"))


def with_bad_stick(home, folder):
    """The same home again, whose carrier finds this folder as bad as `badly` says."""
    home.stop()
    home.start(env={"PAMOJA_STICK": folder, "LD_PRELOAD": f"{home.preload.get('LD_PRELOAD', '')}:{BAD_STICK}"}).unlock()


def badly(folder, keeps=-1, sync_ms=0):
    with open(os.path.join(folder, ".badly.new"), "w", encoding="ascii") as file:
        file.write(f"{keeps} {sync_ms}")
    os.rename(os.path.join(folder, ".badly.new"), os.path.join(folder, ".badly"))  # it is read at every sync


def many(home, count=60):
    """So much that it takes many files; a lock seals it."""
    person = home.add("person", name="Asha")
    for _ in range(count):
        home.add("contact", person=person, kind="phone", note=os.urandom(1600).hex())
    home.run("lock")
    home.unlock()
    return person


def litter(folder):
    """What is neither whole nor a sealed file: on a stick, or among the mailboxes."""
    return [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names
            if name.endswith((".part", ".lock")) or name.startswith("tmp_")]


def finished(stick):
    return {name: inode for name, inode in on(stick).items() if name.endswith(".seg")}


def story_how_far_it_is_and_stopped(lab):
    """To a stick and to a folder, both slow: how far it is, and no more than that. After Ctrl-C at most the file at hand is unfinished: it has
    two seconds, which a busy machine may use up, and where the folder says nothing at all it always is. Nobody takes it, the next one goes on,
    and the hub sweeps it away."""
    if not os.path.exists(BAD_STICK):
        print("     no badstick.so in this build: not tried")
        return
    hub, neema = lab.office(peer="Neema")
    stick = stick_of(lab, "stick")
    with_bad_stick(neema, stick)
    os.rename(lab.mailboxes, lab.mailboxes + ".gone")
    person = many(neema)
    badly(stick, sync_ms=300)
    shown, said = stopped(neema, "carry", stick)
    before = finished(stick)
    check(0 < shown[-1][0] <= len(before) < shown[-1][1], shown, on(stick))
    check(re.search(r"[1-9]\d*\.\d KB/s", said), "no speed", said)
    check(len(litter(stick)) <= 1, litter(stick))
    os.remove(os.path.join(stick, ".badly"))
    neema.run("carry", stick)
    check({name: on(stick)[name] for name in before} == before, "what was there was written again")
    check(not litter(stick), litter(stick))
    hub.run("carry", stick)
    check(len(hub.json("contact", "list", "--limit", "100")["items"]) == 60)
    # a folder of mailboxes
    os.rename(lab.mailboxes + ".gone", lab.mailboxes)
    with_bad_stick(neema, lab.mailboxes)
    for _ in range(60):
        neema.add("contact", person=person, kind="phone", note=os.urandom(1600).hex())
    badly(lab.mailboxes, sync_ms=40)  # a file has some ten of them
    stopped(neema, "sync", when=r"K\d+ of [1-9]", first=lambda: badly(lab.mailboxes, sync_ms=3600000))
    left = litter(lab.mailboxes)
    check(len(left) <= 1, left)  # none where it hangs between one and the next
    os.remove(os.path.join(lab.mailboxes, ".badly"))
    lab.exchange(hub, neema)
    check(litter(lab.mailboxes) == left, "swept while another may be writing it", left, litter(lab.mailboxes))
    for path in left:
        os.utime(path, (0, 0))
    lab.exchange(hub, neema)
    check(not litter(lab.mailboxes), litter(lab.mailboxes))
    check(len(hub.json("contact", "list", "--limit", "200")["items"]) == 120)
    check(neema.status()["outbox"]["entries"] == 0, neema.status()["outbox"])


def story_sticks_that_fail(lab):
    """Less room than it says, full, read-only, not there: each its own words and status. What is lost on one goes with the next, and so does all else."""
    hub, neema = begin(lab, "Neema")
    with contextlib.ExitStack() as disks:
        if os.path.exists(BAD_STICK):
            liar = stick_of(lab, "liar")
            with_bad_stick(neema, liar)
            person = many(neema)
            badly(liar, keeps=20000)
            error = neema.refused(7, "carry", liar)
            damaged, of = map(int, re.search(r"(\d+) of (\d+) files came back damaged", error["message"]).groups())
            check("does not keep what is written on it" in error["message"] and "take another one" in error["hint"] and 0 < damaged < of, error)
            states = [neema.show(one["id"])["sync"] for one in neema.json("contact", "list", "--limit", "100")["items"]]
            check(set(states) == {"saved", "carried"} and len(on(liar)) == of - damaged, states, on(liar), error)
            os.remove(os.path.join(liar, ".badly"))
            hub.run("carry", liar)  # what is said to be carried is there
            check(len(hub.json("contact", "list", "--limit", "100")["items"]) == states.count("carried"), states)
        else:
            person = many(neema)
        if may_mount():
            small = disks.enter_context(disk(lab, "small", "1m"))
            fill(small)
            error = neema.refused(1, "carry", small)
            check(error["code"] == "disk_full" and "free some space on the stick" in error["hint"], error)
            empty(small)
            remount(small, "ro")
            error = neema.refused(1, "carry", small)
            check(error["code"] == "read_only" and "unlock its switch" in error["hint"], error)
        error = neema.refused(6, "carry", os.path.join(lab.dir, "not there"))
        check(error["code"] == "unreached" and "there is no folder" in error["message"] and "plug in the stick" in error["hint"], error)
        good = stick_of(lab, "good")
        neema.run("carry", good)
        hub.run("carry", good)
        neema.run("carry", good)
        check(len(hub.json("contact", "list", "--limit", "100")["items"]) == 60)
        check(neema.show(person)["sync"] == "merged" and neema.status()["outbox"]["entries"] == 0, neema.status())


def story_carry_while_locked(lab):
    """What goes without the passphrase and what does not: after a lock, and before the first unlock of the day. Nothing is put on the stick."""
    hub, neema = begin(lab, "Neema")
    stick = stick_of(lab, "stick")
    person = neema.add("person", name="Asha")
    neema.run("lock")
    for command in (("carry", stick), ("sync",)):
        error = neema.refused(4, *command)
        check(error["code"] == "locked" and "what is sealed goes by itself" in error["message"] and "to seal what is new" in error["hint"], error)
    neema.stop()
    neema.start()
    for command in (("carry", stick), ("sync",)):
        error = neema.refused(4, *command)
        check("was not unlocked since it started" in error["message"] and "nothing is lost" in error["hint"], error)
    check(neema.refused(4, "person", "list")["message"] == "Pamoja is locked")
    check(not os.listdir(stick), os.listdir(stick))
    neema.unlock()
    neema.run("carry", stick)
    hub.run("carry", stick)
    check(hub.show(person)["fields"]["name"] == "Asha")


def story_a_courier_that_drops_a_file(lab):
    hub, neema = begin(lab, "Neema")
    stick, another = stick_of(lab, "stick"), stick_of(lab, "another")
    people = []
    seen = []
    for name in ("Asha", "Mosi", "Zuri"):
        people.append(neema.add("person", name=name))
        neema.run("carry", stick)
        seen.append(set(on(stick)))
    lost, = seen[1] - seen[0]
    os.unlink(os.path.join(stick, "PAMOJA", lost))
    hub.run("carry", stick)
    check([hub.run("show", one, check_status=False).status for one in people] == [0, 3, 3])
    item = next(item for item in hub.json("hub", "roster")["items"] if item["name"] == "Neema")
    check(item["missing"] == 1 and not item["arrived"], item)
    check("missing" in hub.run("hub", "roster").out)
    check("look for a stick or a courier" in " ".join(hub.run("hub", "roster", "Neema").out.split()))
    # no receipt covers it, so it is on the next stick
    neema.run("carry", another)
    check(lost in on(another), lost, on(another))
    hub.run("carry", another)
    check([hub.run("show", one, check_status=False).status for one in people] == [0, 0, 0])
    item = next(item for item in hub.json("hub", "roster")["items"] if item["name"] == "Neema")
    check(item["missing"] == 0 and item["arrived"], item)
    neema.run("carry", another)
    check([neema.show(one)["sync"] for one in people] == ["merged"] * 3)


def story_a_stick_with_an_old_state(lab):
    """It was forgotten in a drawer, with what stood on it then, of both lanes; half a file, and one that is no segment, lie on it, too."""
    hub, neema, juma = begin(lab, "Neema", "Juma")
    stick, drawer = stick_of(lab, "stick"), os.path.join(lab.dir, "drawer")
    person = neema.add("person", name="Asha")

    def rounds(count):
        for _ in range(count):
            for home in (neema, juma, hub):
                home.run("carry", stick)

    rounds(1)
    hub.run("hub", "assign", person, "Juma")
    rounds(1)
    shutil.copytree(stick, drawer)
    rounds(1)
    check(juma.show(person)["fields"]["name"] == "Asha")
    neema.run("edit", person, "name=Asha M.")
    rounds(2)
    hub.run("hub", "unassign", person, "Juma")
    rounds(2)
    check(juma.show(person)["handed_over"])
    digests = [home.status()["journal"]["digest"] for home in (hub, neema, juma)]
    folder = os.path.join(drawer, "PAMOJA")
    some = sorted(os.listdir(folder))[0]
    with open(os.path.join(folder, some), "rb") as file:
        whole = file.read()
    with open(os.path.join(folder, "f" + some[1:]), "wb") as file:
        file.write(whole[:len(whole) // 2])
    with open(os.path.join(folder, "README.txt"), "w", encoding="ascii") as file:
        file.write("bus to Loitokitok, Tuesday\n")
    for home in (juma, neema, hub, juma, neema):
        home.run("carry", drawer)
    check([home.status()["journal"]["digest"] for home in (hub, neema, juma)] == digests)
    check(juma.show(person)["handed_over"] and hub.show(person)["fields"]["name"] == "Asha M.")
    # and what is new goes on over it as over any stick
    new = juma.add("person", name="Mosi")
    for home in (juma, hub, juma):
        home.run("carry", drawer)
    check(juma.show(new)["sync"] == "merged", juma.show(new)["sync"])


class Stick:
    """A real file system of this sort in a file, by the kernel's driver or by FUSE."""

    SORTS = {"exfat": (["mkfs.exfat"], "mount.exfat-fuse"), "vfat": (["mkfs.vfat"], "fusefat")}

    def __init__(self, lab, sort):
        self.sort, self.dir = sort, os.path.join(lab.dir, sort)
        self.image = self.dir + ".img"
        self.loop = None
        self.survives = True  # being pulled out: its driver leaves an image that can be mounted and written again
        os.mkdir(self.dir)
        with open(self.image, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run([*self.SORTS[sort][0], self.image], check=True, capture_output=True)

    def plug(self):
        """False where this machine cannot: no driver, no loop device, no FUSE."""
        program = self.SORTS[self.sort][1]
        shutil.rmtree(os.path.join(self.dir, "PAMOJA"), ignore_errors=True)  # what an exchange left in the bare folder after it was pulled
        if subprocess.run(["mount", "-t", self.sort, "-o", "loop", self.image, self.dir], capture_output=True).returncode == 0:
            return True
        if shutil.which(program) is None:
            return False
        what = self.image
        if self.sort == "exfat":  # its driver takes no plain file
            found = subprocess.run(["losetup", "--show", "-f", self.image], capture_output=True, text=True)
            self.loop = what = found.stdout.strip()
            if found.returncode != 0:
                return False
        options = ["-o", "rw+"] if self.sort == "vfat" else []
        self.survives = program != "fusefat"  # which its makers call an experiment: ended in the middle, it leaves names that lead nowhere
        subprocess.run([program, *options, what, self.dir], capture_output=True)
        return os.path.ismount(self.dir)

    def pull(self):
        """As by hand: from one moment to the next every access fails."""
        for pid in self.drivers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.unplug()

    def drivers(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
                if words[0].decode().endswith(self.SORTS[self.sort][1]) and self.dir.encode() in words:
                    found.append(int(pid))
        return found

    def unplug(self):
        subprocess.run(["umount", "-l", self.dir], capture_output=True)
        if self.loop is not None:
            subprocess.run(["losetup", "-d", self.loop], capture_output=True)
            self.loop = None


def pulled_when(stick, files):
    """Pull it as soon as so many files lie in its folder, finished or not."""
    def watch():
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if len(os.listdir(os.path.join(stick.dir, "PAMOJA"))) >= files:
                    break
        stick.pull()
    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def pulled_out(lab, hub, neema, sort):
    stick = Stick(lab, sort)
    try:
        if not stick.plug():
            print(f"     skipped: this machine mounts no {sort} (neither a driver of the kernel nor FUSE with a loop device)")
            return
        people = []
        for n in range(3):  # each is a segment of its own
            people.append(neema.add("person", name=f"Asha {sort} {n}"))
            neema.run("carry", stick_of(lab, f"{sort}-{n}"))
        if not stick.survives:
            print(f"     {sort} by {stick.SORTS[sort][1]}: both ways, not pulled out")
        for files in range(1, 4) if stick.survives else ():
            watcher = pulled_when(stick, files)
            answer = neema.run("carry", stick.dir, json_out=True, check_status=False)
            watcher.join()
            check(answer.status in (0, 6, 8), answer)
            if answer.status:
                check("nothing is lost" in answer.error["hint"] or "stick" in answer.error["hint"], answer)
            check(neema.run("status").status == 0)
            check(stick.plug(), "it cannot be plugged in again")
            for name in glob.glob(os.path.join(stick.dir, "PAMOJA", "*.seg")):
                check(os.path.getsize(name) > 4000, "half a segment under its name", name, os.path.getsize(name))
        neema.run("carry", stick.dir)
        if stick.survives:  # the same at the hub, while it reads and leaves
            watcher = pulled_when(stick, 4)
            answer = hub.run("carry", stick.dir, json_out=True, check_status=False)
            watcher.join()
            check(answer.status in (0, 6, 8), answer)
            check(stick.plug(), "it cannot be plugged in again")
            neema.run("carry", stick.dir)
        stick.unplug()
        check(stick.plug(), "it cannot be plugged in again")
        hub.run("carry", stick.dir)
        neema.run("carry", stick.dir)
        check([hub.show(one)["id"] for one in people] == people)
        check([neema.show(one)["sync"] for one in people] == ["merged"] * 3, [neema.show(one)["sync"] for one in people])
    finally:
        stick.unplug()


def story_pulled_out(lab):
    """From exFAT and FAT, at every number of files: both sides stay whole, and the next time all of it goes."""
    if os.geteuid() != 0 or not may_mount():
        print("     skipped: only root mounts an image here")
        return
    hub, neema = begin(lab, "Neema")
    for sort in Stick.SORTS:
        if shutil.which(Stick.SORTS[sort][0][0]) is None:
            print(f"     skipped: {Stick.SORTS[sort][0][0]} is not there")
        else:
            pulled_out(lab, hub, neema, sort)


if __name__ == "__main__":
    run(globals())
