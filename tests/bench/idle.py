#!/usr/bin/env python3
"""idle.py - what a laptop costs that nobody touches: processor time, wake-ups, disk writes and memory of pamojad and pamoja-carry.

    PAMOJA_BIN=build/bin python3 tests/bench/idle.py [--json] [--seconds N]

Three workers with a hub each, behind a real web server with TLS, unlocked and left alone at the same time: `reachable`, where nothing waits;
`unreachable`, whose hub has gone and with whom a record waits; `silent`, the same where the host takes connections and says nothing. They are
left until nothing is done any more about how they came there, and then measured for so long (60 s; 3600 for the recorded run).
"""
import argparse
import json
import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "scenario"), os.path.join(TOP, "tests", "lib")]
import lab as lab_module  # noqa: E402
import web  # noqa: E402
from lab import Lab  # noqa: E402

lab_module.SLOW_MACHINE = ""  # as hard a passphrase as this machine can bear, and nothing preloaded
GATE = os.path.join(os.path.abspath(lab_module.BIN), "pamoja-gate")
TICK = os.sysconf("SC_CLK_TCK")
QUIET_SECONDS = 15  # so long without a step: it is at rest


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def of_home(home):
    """Its pamojad and carrier by number, and what they are called: an errand is counted by who started it, once it has ended."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
    found, fresh = {}, [home.daemon.pid]
    while fresh:
        pid = fresh.pop()
        found[pid] = read(f"/proc/{pid}/comm").strip()
        fresh += [child for child, parent in parents.items() if parent == pid]
    return found


def process(pid):
    """What a process has used since it began, with the children that it waited for."""
    stat = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    io = dict(line.split(": ") for line in read(f"/proc/{pid}/io").splitlines())
    switches = own = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        own += int(read(f"/proc/{pid}/task/{task}/schedstat").split()[0])
        switches += int(next(line for line in read(f"/proc/{pid}/task/{task}/status").splitlines() if line.startswith("voluntary")).split()[1])
    return {"cpu_ms": own / 1e6 + (int(stat[13]) + int(stat[14])) * 1000 / TICK, "wake_ups": switches,
            "disk_bytes": int(io["write_bytes"]), "written_bytes": int(io["wchar"])}


def pss_kib(pid):
    return next(int(line.split()[1]) for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:"))


def files(home):
    """When each file of the home was last written, and how long it is."""
    found = {}
    for folder, _, names in os.walk(home.path):
        for name in names:
            about = os.lstat(os.path.join(folder, name))
            found[os.path.relpath(os.path.join(folder, name), home.path)] = (about.st_mtime_ns, about.st_size)
    return found


class Laptop:
    """A worker with a hub of its own."""

    def __init__(self, name):
        self.name = name
        self.lab = Lab(on_disk=True)

    def settle_in(self):
        self.web = web.Web(os.path.join(self.lab.dir, "web"), self.lab.mailboxes, GATE)
        self.lab.daemons.append(self.web.process)
        self.hub = self.lab.home("hub").settings(f"[hub]\nurl = {self.web.url}\npin = {self.web.pin}\n").start()
        self.hub.init(hub_mailboxes=self.lab.mailboxes, person="Office")
        # As it ships, but that it does not lock itself after ten minutes.
        self.home = self.lab.home("worker").settings("[lock]\nidle_minutes = 0\n").start().init(role="peer")
        self.lab.enrol(self.home, self.hub)
        person = self.home.add("person", name="Asha", phone="+254 700 000 001")
        for n in range(20):
            self.home.add("contact", person=person, kind="phone", minutes=n + 1)
        self.lab.exchange(self.hub, self.home)

    def lose_the_hub(self, silent):
        self.hub.stop()
        self.web.close()
        if silent:
            self.listener = socket.create_server(("127.0.0.1", self.web.port))
        self.home.add("contact", person=self.home.json("person", "list")["items"][0]["id"], kind="phone")
        self.home.run("sync", check_status=False, timeout=600)

    def rest(self):
        """Until it is left alone in truth: no step, no errand, its log written back."""
        steps, since = -1, time.monotonic()
        while time.monotonic() < since + QUIET_SECONDS:
            now = (self.home.status()["steps"], len(of_home(self.home)))
            if now != steps:
                steps, since = now, time.monotonic()
            time.sleep(1)

    def begin(self):
        self.programs = of_home(self.home)
        self.before = {pid: process(pid) for pid in self.programs}
        self.files = files(self.home)

    def end(self, seconds):
        used = {pid: process(pid) for pid in self.programs}
        now = files(self.home)
        out = {"programs": {}}
        for pid, name in self.programs.items():
            # The carrier has two processes, the launcher and the session; which is which does not matter here.
            told = out["programs"].setdefault(f"{name} {pid}", {"pss_kib": pss_kib(pid)})
            for key, value in used[pid].items():
                told[key] = round(value - self.before[pid][key], 3)
        for key in ("cpu_ms", "wake_ups", "disk_bytes", "written_bytes", "pss_kib"):
            out[key] = round(sum(told[key] for told in out["programs"].values()), 3)
        out["cpu_s_an_hour"] = round(out["cpu_ms"] / 1000 * 3600 / seconds, 3)
        out["files_written"] = sorted(name for name in now if now[name] != self.files.get(name))
        return out


def measure(seconds, tell):
    laptops = []
    try:
        for name in ("reachable", "unreachable", "silent"):
            laptops.append(Laptop(name))
            laptops[-1].settle_in()
        for laptop in laptops[1:]:
            laptop.lose_the_hub(laptop.name == "silent")
        for laptop in laptops:
            laptop.rest()
        for laptop in laptops:
            laptop.begin()
        time.sleep(seconds)
        out = {"seconds": seconds}
        for laptop in laptops:
            got = out[laptop.name] = laptop.end(seconds)
            tell(f"{laptop.name:12} {got['cpu_ms']:8.1f} ms of processor ({got['cpu_s_an_hour']:.3f} s an hour), {got['wake_ups']} wake-ups, "
                 f"{got['disk_bytes']} bytes to the disk, {got['pss_kib']} KiB; files written: {', '.join(got['files_written']) or 'none'}")
            for name, used in got["programs"].items():
                tell(f"    {name:22} {used['cpu_ms']:8.1f} ms, {used['wake_ups']} wake-ups, {used['disk_bytes']} to the disk, "
                     f"{used['written_bytes']} written, {used['pss_kib']} KiB")
        return out
    finally:
        for laptop in laptops:
            laptop.lab.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    out = measure(args.seconds, (lambda line: None) if args.json else (lambda line: print(line, flush=True)))
    if args.json:
        print(json.dumps(out))


if __name__ == "__main__":
    main()
