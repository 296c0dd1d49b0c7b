"""village.py - three machines on one made-up power line: they start with diskshim.so preloaded, the power is cut, and they start again with what
their disks could have kept. Also what each of them must have kept: `facts`, as far as it was acknowledged.
"""
import collections
import copy
import os
import random
import shutil
import signal
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path += [os.path.join(TOP, "tests", "scenario"), os.path.join(TOP, "tests", "lib")]

from disklog import Disk, Log  # noqa: E402
from lab import BIN, PASSPHRASE, Lab, check  # noqa: E402

NAMES = ("hub", "Neema", "Juma")
TEXT = {"person": "name", "contact": "note", "goal": "text", "followup": "what", "referral": "reason", "consent": "note", "resource": "name", "memo": "text"}


def ignored(path):
    """Not on the disk of the model: sockets and what a start makes anew, and messages."""
    return os.path.basename(path) in ("log", "log.1") or "/run" in path


class Village:
    """Three machines on one made-up power line, and what they must have kept."""

    def __init__(self, seed, lose_syncs=False):
        self.chance = random.Random(seed)
        self.lab = Lab()
        self.lab.quiet()
        self.top = os.path.join(self.lab.dir, "disks")
        os.mkdir(self.top, 0o700)
        self.lab.mailboxes = os.path.join(self.top, "mailboxes")
        self.stick = os.path.join(self.top, "stick")
        self.log = Log(os.path.join(self.lab.dir, "calls"))
        self.homes = {}
        self.lose_syncs = lose_syncs
        self.cuts = collections.Counter()
        self.trace = []
        self.begin_anew()

    def begin_anew(self):
        shutil.rmtree(self.top)
        self.log["dead"] = self.log["cut_at"] = 0
        os.mkdir(self.top, 0o700)
        os.mkdir(self.lab.mailboxes, 0o700)
        os.mkdir(self.stick, 0o700)
        self.facts = {"ids": {}, "records": {name: {} for name in NAMES}, "may": {name: {} for name in NAMES}, "on": [], "codes": {},
                      "passphrases": {name: [PASSPHRASE] for name in NAMES}, "locked": [], "notes": {}, "texts": {}}
        for name in NAMES:
            self.homes[name] = self.lab.home(name)
            self.homes[name].path = os.path.join(self.top, name)
            self.homes[name].env["PAMOJA_HOME"] = self.homes[name].path
            self.homes[name].settings(self.lab.ini)
        self.disk = Disk(self.top, self.log, ignored, self.lose_syncs)

    # the machines
    def start(self, name):
        home = self.homes[name]
        # Its own session: one process group to kill. What a daemon of this home left behind is gone by now.
        home.start(prefix=("setsid",), env={"LD_PRELOAD": os.path.join(BIN, "diskshim.so"), "DISKSHIM_LOG": self.log.path,
                                            "DISKSHIM_ROOT": self.top, "DISKSHIM_ID": str(NAMES.index(name))})
        if name not in self.facts["on"]:
            self.facts["on"].append(name)

    def end(self, name):
        """It and all that it started."""
        home = self.homes[name]
        try:
            os.killpg(home.daemon.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        home.daemon.wait(300)
        if home.daemon in self.lab.daemons:
            self.lab.daemons.remove(home.daemon)

    def off(self):
        for name in self.facts["on"]:
            self.end(name)

    def quiet(self, longest=2.0, still=0.03):
        """Wait until no program writes."""
        until = time.monotonic() + longest
        calls, since = self.log["calls"], time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < still:
            time.sleep(0.005)
            if self.log["calls"] != calls:
                calls, since = self.log["calls"], time.monotonic()

    def open(self, name):
        """Unlock with the passphrase in force: one of those that may be, and exactly one."""
        home, opened = self.homes[name], []
        for passphrase in self.facts["passphrases"][name]:
            home.set_passphrase(passphrase)
            answer = home.unlock(check_status=False, json_out=True)
            if answer.status == 0:
                opened.append(passphrase)
                break
            check(answer.error["code"] == "wrong_passphrase", name, answer)
        check(opened, name, "opens with none of the passphrases that may be in force")
        self.facts["passphrases"][name] = opened

    # the power
    def cut_at(self, number, all_of_them):
        for index in range(len(NAMES)):
            self.log[f"dies{index}"] = (1 << len(NAMES)) - 1 if all_of_them else 1 << index
        self.log["cut_by"] = 0
        self.log["calls"] = 0
        self.log["cut_at"] = number

    def was_cut(self, late):
        """Was it? A call may come after the answer, too: then wait for it."""
        if late and not self.log["cut_by"]:
            self.quiet()
        self.log["cut_at"] = 0
        return bool(self.log["cut_by"])

    def recover(self, mode):
        """What the disks kept; then everything starts again."""
        dead = [name for index, name in enumerate(NAMES) if self.log["dead"] >> index & 1 and name in self.facts["on"]]
        for name in dead:
            self.end(name)
        self.quiet()
        tops = [os.path.join(self.top, name) for name in dead] + ([self.lab.mailboxes] if "hub" in dead else []) + [self.stick]
        self.disk.follow()
        self.disk.settle(mode, self.chance, tops)
        self.disk.write_back(tops)
        self.log["dead"] = 0
        for name in dead:
            self.start(name)
            if self.homes[name].status()["initialised"] and name in self.facts["codes"]:
                self.open(name)
        return dead

    # what must hold
    def must_hold(self, name):
        """Each acknowledged record is here once with what was acknowledged last, and nothing is here twice."""
        home = self.homes[name]
        whole = home.json("verify")
        check(whole["ok"], name, whole)
        wanted = self.facts["records"][name]
        for kind in sorted({record["kind"] for record in [*wanted.values(), *self.facts["may"][name].values()]}):
            answer = home.json(kind, "list", "--all", "--limit", "1000")
            check(not answer["more"], "not all were listed")
            here = {item["id"]: item for item in answer["items"]}
            texts = collections.Counter(str(item["fields"].get(TEXT[kind])) for item in answer["items"])
            check(all(count == 1 for count in texts.values()), name, "has doubled", kind, texts)
            for record, was in wanted.items():
                if was["kind"] == kind:
                    self.is_as_acknowledged(name, record, was, here)

    def is_as_acknowledged(self, name, record, was, here):
        check(record in here, name, "lost", was["kind"], record, was)
        found = here[record]
        for field, values in was["fields"].items():
            check(found["fields"].get(field) in values, name, record, field, "is", found["fields"].get(field), "of", values)
        check(was["state"] is None or found["state"] in was["state"], name, record, "is", found["state"], "of", was["state"])

    def close(self):
        self.off()
        self.lab.close()
        if os.path.exists(self.log.path):
            self.log.close()

    # a moment to come back to
    def keep(self, where):
        while True:
            self.quiet()
            calls = self.log["calls"]
            try:
                shutil.copytree(self.top, where, ignore=lambda folder, names: [n for n in names if n == "run"])
            except shutil.Error:  # a file went meanwhile
                calls = -1
            if self.log["calls"] == calls:
                return copy.deepcopy(self.facts), where
            shutil.rmtree(where)

    def go_back(self, kept):
        facts, where = kept
        self.off()
        shutil.rmtree(self.top)
        shutil.copytree(where, self.top)
        self.facts = copy.deepcopy(facts)
        self.log["dead"] = 0
        self.log["cut_at"] = 0
        self.disk = Disk(self.top, self.log, ignored, self.lose_syncs)
        for name in list(self.facts["on"]):
            self.start(name)
            if name in self.facts["codes"]:
                self.open(name)
                if name in self.facts["locked"]:
                    self.homes[name].run("lock")
