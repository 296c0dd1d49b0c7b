"""A week of a worker's use: locks, suspends, two exchanges, one restore. Memory, descriptors and files at the end as at the start.

PAMOJA_WEEK (default 30) says how many commands, PAMOJA_SEED repeats their choice. The programs may be built with sanitizers, or run under a
tool named by PAMOJA_TOOL, such as "valgrind --trace-children=yes --leak-check=full": whatever it says of either daemon is a failure.
"""
import collections
import os
import random
import re
import shlex
import subprocess
import time

from lab import BIN, PASSPHRASE, PATIENCE, check, run

COMMANDS = int(os.environ.get("PAMOJA_WEEK", "30"))
SEED = int(os.environ.get("PAMOJA_SEED", str(random.SystemRandom().randrange(1 << 32))))
TOOL = shlex.split(os.environ.get("PAMOJA_TOOL", ""))
RSS_GROWTH_MAX_KIB = 6 * 1024  # one page cache's worth; the cache itself is locked at the start
FAULT = re.compile(r"Sanitizer|runtime error:|ERROR SUMMARY: [1-9]|(definitely|indirectly) lost: [1-9]|Invalid (read|write|free)|uninitialised")
TEXTS = ("asked about the clinic", "stronger than last week", "tulizungumza kuhusu kazi", "worried about the landlord", "wants to try again")


def sanitized():
    with open(os.path.join(BIN, "pamojad"), "rb") as file:
        return b"__asan_init" in file.read()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Worker:
    """Neema, her laptop and what she did."""

    def __init__(self, lab, hub, chance):
        self.lab, self.hub, self.chance = lab, hub, chance
        self.done = collections.Counter()
        self.made = collections.defaultdict(list)
        self.boot_shim = os.path.join(lab.dir, "bootjump.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootjump.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", self.boot_shim, source, "-ldl"], check=True)
        self.home = lab.home("Neema")
        self.jump = os.path.join(self.home.path, "run", "jump")
        self.start(self.home)
        self.home.init(role="peer")

    def start(self, home):
        preload = self.boot_shim
        if sanitized():  # its runtime must come before any other
            preload = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip() + " " + preload
        home.start(prefix=TOOL, wait=False, env={"LD_PRELOAD": preload, "BOOTJUMP": self.jump})
        home.wait()

    def run(self, *words, **options):
        self.done[words[0]] += 1
        answer = self.home.run(*words, json_out=True, timeout=600, **options)
        check(not FAULT.search(answer.err), answer)
        return answer.json if answer.out else None

    def add(self, kind, /, **fields):
        record = self.run(kind, "add", *[f"{name}={value}" for name, value in fields.items()])["id"]
        self.made[kind].append(record)
        return record

    # what fills a day
    def some_person(self):
        return self.chance.choice(self.made["person"])

    def person(self):
        self.add("person", name=f"Asha {len(self.made['person'])}", village="Kimana")

    def contact(self):
        self.add("contact", person=self.some_person(), kind="phone", minutes=10, note=self.chance.choice(TEXTS))

    def edit(self):
        self.run("edit", self.some_person(), f"village=Rombo {sum(self.done.values())}")

    def look(self):
        self.run(*self.chance.choice((("today",), ("status",), ("person", "list"), ("contact", "list", "--limit", "5"), ("log",), ("kinds",),
                                      ("find", self.chance.choice(("clinic", "kazi", "Asha"))), ("show", self.some_person()), ("history", self.some_person()))))

    def plan(self):
        self.add("followup", person=self.some_person(), due="in 3 days", what=self.chance.choice(TEXTS))

    def tick_off(self):
        if self.made["followup"]:
            self.run("followup", "done", self.made["followup"].pop())

    def mistake(self):
        self.run("void", self.add("contact", person=self.some_person(), kind="visit", note="of somebody else"), "of somebody else")

    def at_lunch(self):
        """Locked, a thought on the way, opened, kept."""
        self.run("lock")
        self.home.refused(4, "person", "list")
        self.run("note", "--locked", "-", stdin="she waved at the market\n")
        self.open()
        self.run("note", "--keep", self.run("note", "--waiting")["items"][0]["file"])

    def open(self):
        self.run("--passphrase-file", self.home.passphrase_file, "unlock")

    def suspend(self):
        """The lid is shut; the clock that counts sleep runs ahead."""
        with open(self.jump, "w", encoding="ascii"):
            pass
        until = time.monotonic() + PATIENCE
        while not self.home.status()["locked"] and time.monotonic() < until:
            time.sleep(0.5)
        check(self.home.status()["locked"], "still open after a suspend")
        os.unlink(self.jump)
        self.open()

    def exchange(self):
        self.run("sync")
        self.hub.run("hub", "merge", timeout=600)
        self.run("sync")
        self.hub.run("hub", "merge", timeout=600)

    def restore(self):
        """The laptop is lost; the backup of yesterday goes on on another."""
        backup, code = os.path.join(self.lab.dir, "backup"), os.path.join(self.lab.dir, "code")
        self.run("backup", backup)
        self.add("person", name="Asha after the backup")
        self.exchange()
        self.end()
        with open(code, "w", encoding="ascii") as file:
            file.write(self.home.made["recovery_code"] + "\n")
        os.chmod(code, 0o600)
        self.home.retired = True
        made, self.home = self.home.made, self.lab.home("Neema-again")
        self.home.made = made
        self.home.set_passphrase(PASSPHRASE)
        self.jump = os.path.join(self.home.path, "run", "jump")
        self.start(self.home)
        self.run("restore", backup, "--recovery-code-file", code, "--new-passphrase-file", self.home.passphrase_file)
        self.exchange()
        self.exchange()
        check(self.run("show", self.made["person"][-1])["fields"]["name"] == "Asha after the backup", "what the hub had comes back")

    def end(self):
        self.home.daemon.terminate()
        self.home.daemon.wait(PATIENCE)
        check(self.home.daemon.returncode == 0, "pamojad ended with", self.home.daemon.returncode, self.home.messages())

    # what it costs
    def measure(self):
        """Resident memory and descriptors of both daemons, files of the home but for the carrier's git objects, when all is quiet."""
        self.run("lock")
        self.open()
        self.run("verify")
        time.sleep(0.5)
        found = {"files": 0, "git": 0}
        for folder, _, names in os.walk(self.home.path):
            found["git" if ".git" in folder else "files"] += len(names)
        daemon = self.home.daemon.pid
        carry = [child for starter in children(daemon) for child in children(starter)]
        check(len(carry) == 1, "one carrier", carry)
        for name, pid in (("pamojad", daemon), ("carry", carry[0])):
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                status = file.read()
            found[name + " kib"] = int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
            try:
                found[name + " fds"] = len(os.listdir(f"/proc/{pid}/fd"))
            except PermissionError:  # not dumpable: only root may count them; how many there is room for is everybody's to read
                found[name + " fds"] = int(re.search(r"FDSize:\s+(\d+)", status).group(1))
        return found


def clean(lab):
    """No sanitizer and no tool had anything to say."""
    for name in os.listdir(lab.dir):
        if name.endswith(".err"):
            with open(os.path.join(lab.dir, name), encoding="utf-8", errors="replace") as file:
                text = file.read()
            found = FAULT.search(text)
            check(not found, name, text[max(0, found.start() - 1500):found.end() + 1500] if found else "")


def the_same(first, last):
    """Nothing stays behind. A sanitizer and a tool keep what was freed: then memory says nothing."""
    for name in ("pamojad fds", "carry fds", "files"):
        check(last[name] == first[name], name, "at the start", first, "at the end", last)
    for name in ("pamojad kib", "carry kib"):
        check(TOOL or sanitized() or last[name] - first[name] <= RSS_GROWTH_MAX_KIB, name, "at the start", first, "at the end", last)


def week(worker):
    acts = [worker.person] + [worker.contact] * 4 + [worker.edit] * 3 + [worker.look] * 7 + [worker.plan, worker.tick_off, worker.mistake]
    whole = {worker.exchange: 2, worker.at_lunch: max(1, COMMANDS // 30), worker.suspend: max(1, COMMANDS // 60)}
    special = sorted((at, number, act) for number, (act, times) in enumerate(whole.items()) for at in worker.chance.sample(range(COMMANDS), times))
    first = worker.measure()
    while sum(worker.done.values()) < COMMANDS or special:
        if special and sum(worker.done.values()) >= special[0][0]:
            special.pop(0)[2]()
        else:
            worker.chance.choice(acts)()
    worker.exchange()
    last = worker.measure()
    print(f"     {sum(worker.done.values())} commands; at the start {first}, at the end {last}")
    the_same(first, last)


def story_a_week(lab):
    print(f"     seed {SEED}, {COMMANDS} commands", flush=True)
    lab.quiet()
    hub = lab.home("hub")
    hub.start(prefix=TOOL, wait=False)
    hub.wait()
    hub.init(hub_mailboxes=lab.mailboxes, person="Office")
    worker = Worker(lab, hub, random.Random(SEED))
    lab.enrol(worker.home, hub)
    worker.person()
    worker.contact()
    worker.at_lunch()
    worker.exchange()
    week(worker)
    if "restore FILE" in worker.home.run("help").out:
        worker.restore()
    check(worker.run("verify", "--rebuild")["differed"] == 0)
    for person in worker.made["person"]:
        check(worker.run("verify", person)["digest"] == hub.json("verify", person, timeout=600)["digest"], "the digests of", person, "differ")
    worker.end()
    hub.daemon.terminate()
    hub.daemon.wait(PATIENCE)
    clean(lab)


run(globals())
