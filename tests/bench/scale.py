#!/usr/bin/env python3
"""scale.py - a hub with thousands of mailboxes: how soon it finds and merges what a few of them brought, what it costs when nothing comes,
and what a million entries cost.

    PAMOJA_BIN=build/bin python3 tests/bench/scale.py [--json] [--mailboxes 5000] [--bring 50] [--idle SECONDS]
                                                      [--entries 1000000 --writers 1000] [--folder DIR] [--only find|entries]

The hub is the real one (pamojad, pamoja-carry, a folder of mailboxes); the laptops are bench_devices: real keys, roster, segments and
mailboxes, without a passphrase each.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lab import BIN, QUICK, Lab  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
# Merged in one go, however many: what a day takes is not the question here. While it is measured the hub looks when it is told to.
SETTINGS = QUICK + "[hub]\nentries_a_day = 1000000\nlook_every_seconds = %d\n"


def read_stat(pid):
    """Its parent, and the processor seconds of it and of the children that it waited for."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(int(value) for value in fields[11:15]) / TICK


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("VmRSS")), 0)


class Programs:
    """The processes of one home: what they are, what they used, how big they became."""

    def __init__(self, lab, home):
        self.lab, self.home, self.peak = lab, home, {}
        self.running = True
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.find()
        self.thread.start()

    def find(self):
        """pamojad and its starter; the carrier's two processes. An errand of the carrier is none of them: it comes and goes."""
        found = {pid: words for pid, words in self.lab.processes().items() if words.split(" ")[0].rpartition("/")[2].startswith("pamoja")}
        carriers = [pid for pid, words in found.items() if "pamoja-carry" in words]
        self.launcher = next(pid for pid in carriers if read_stat(pid)[0] not in carriers)
        self.session = min(pid for pid in carriers if read_stat(pid)[0] == self.launcher)
        self.starter = next((pid for pid in found if pid not in carriers and pid != self.home.daemon.pid), None)

    def names(self):
        return {"pamojad": self.home.daemon.pid, "pamoja-carry": self.session, "its launcher": self.launcher}

    def watch(self):
        while self.running:
            for name, pid in [*self.names().items(), *(("its errand", pid) for pid in self.errands())]:
                try:
                    self.peak[name] = max(self.peak.get(name, 0), resident(pid))
                except OSError:
                    pass  # it ended
            time.sleep(0.02)

    def errands(self):
        try:
            with open(f"/proc/{self.launcher}/task/{self.launcher}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split() if int(pid) != self.session]
        except OSError:
            return []

    def used(self):
        """Processor seconds of all of them so far, errands that ended included."""
        return {name: read_stat(pid)[1] for name, pid in self.names().items()}

    def now(self):
        return {name: resident(pid) for name, pid in self.names().items()}

    def close(self):
        self.running = False
        self.thread.join()


class Laptops:
    """bench_devices: enrolled once, told who brings how much."""

    def __init__(self, hub, mailboxes, count):
        self.process = subprocess.Popen([os.path.join(BIN, "bench_devices"), hub.path, hub.passphrase_file, mailboxes, str(count)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count = count
        self.enrolling = self.answer("ready")

    def answer(self, word):
        words = self.process.stdout.readline().split()
        if not words or words[0] != word:
            raise SystemExit(f"bench_devices: wanted {word}, got {words}")
        return float(words[1])

    def put(self, first, step, some, entries):
        self.process.stdin.write(f"put {first} {step} {some} {entries}\n")
        self.process.stdin.flush()
        return self.answer("done")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def disk(path):
    """Bytes and blocks of a folder, in MB."""
    size = blocks = 0
    for root, _, names in os.walk(path):
        for name in names:
            about = os.lstat(os.path.join(root, name))
            size += about.st_size
            blocks += about.st_blocks * 512
    return {"mb": round(size / 1e6, 1), "mb_of_blocks": round(blocks / 1e6, 1)}


class Office:
    def __init__(self, args, mailboxes, tell):
        if args.folder:
            os.environ["TMPDIR"] = args.folder
        self.tell = tell
        self.lab = Lab(on_disk=bool(args.folder))
        self.hub = self.lab.home("hub").settings(SETTINGS % 3600).start().init(hub_mailboxes=self.lab.mailboxes, person="Office")
        self.hub.stop()
        self.laptops = Laptops(self.hub, self.lab.mailboxes, mailboxes)
        self.hub.start().unlock()
        self.programs = Programs(self.lab, self.hub)

    def looks_by_itself(self):
        """From now on every 20 s, as it does unless it is told otherwise."""
        self.programs.close()
        self.hub.stop()
        self.hub.settings(SETTINGS % 20).start().unlock()
        peak = self.programs.peak
        self.programs = Programs(self.lab, self.hub)
        self.programs.peak = peak

    def merge(self):
        """One `hub merge`: its seconds, processor seconds of each program, what it merged."""
        before, began = self.programs.used(), time.monotonic()
        merged = self.hub.json("hub", "merge", timeout=7200)
        took, after = time.monotonic() - began, self.programs.used()
        if merged["held"] or merged["deferred"]:
            raise SystemExit(f"not merged: {merged}")
        return {"seconds": round(took, 2), "cpu": {name: round(after[name] - before[name], 2) for name in after}, "merged": merged["merged"]}

    def say(self, what, done):
        cpu = ", ".join(f"{name} {seconds:.2f}" for name, seconds in done["cpu"].items())
        self.tell(f"{what:44} {done['seconds']:8.2f} s   of processor: {cpu}   ({done['merged']} lines)")
        return done

    def close(self):
        self.laptops.close()
        self.programs.close()
        self.lab.close()


def find_and_merge(args, tell):
    """So many mailboxes, a few of which bring something."""
    out = {"mailboxes": args.mailboxes, "bring": args.bring}
    office = Office(args, args.mailboxes, tell)
    try:
        out["enrolling_s"] = office.laptops.enrolling
        tell(f"{args.mailboxes} laptops enrolled in {office.laptops.enrolling:.1f} s")
        out["made"] = office.say("mailboxes made, invitations sent", office.merge())
        office.laptops.put(0, 1, args.mailboxes, 5)
        out["first"] = office.say("first segment of each merged and answered", office.merge())
        out["nothing"] = office.say("nothing new", office.merge())
        # What a look was not sure of is looked into once more.
        time.sleep(4)
        out["nothing_again"] = office.say("nothing new, again", office.merge())
        rounds = []
        step = args.mailboxes // args.bring
        for number in range(5):
            office.laptops.put(number % step, step, args.bring, 20)
            rounds.append(office.say(f"what {args.bring} of them brought, merged and answered", office.merge()))
            time.sleep(4)
        out["brought"] = rounds
        out["brought_median_s"] = statistics.median(one["seconds"] for one in rounds)
        office.merge()
        out["resident_kib"] = {"now": office.programs.now()}
        office.looks_by_itself()
        out["started"] = office.say("nothing new, the first time since its start", office.merge())
        time.sleep(25)  # what the first looks were not sure of
        before = office.programs.used()
        time.sleep(args.idle)
        after = office.programs.used()
        out["idle"] = {"seconds": args.idle, "cpu": {name: round(after[name] - before[name], 2) for name in after}}
        tell(f"idle for {args.idle} s, looking each 20: of processor "
             + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in out["idle"]["cpu"].items()))
        out["resident_kib"]["peak"] = dict(office.programs.peak)
        for when, sizes in out["resident_kib"].items():
            tell(f"resident, {when}: " + ", ".join(f"{name} {size / 1024:.1f} MiB" for name, size in sizes.items()))
        status = office.hub.status()
        out["longest_step_ms"], out["longest_step_cpu_us"] = status["longest_step_ms"], status["longest_step_cpu_us"]
        tell(f"longest step of pamojad {status['longest_step_ms']} ms, {status['longest_step_cpu_us'] / 1000:.1f} of processor")
        tell_steps(office, tell)
    finally:
        office.close()
    return out


def tell_steps(office, tell):
    with open(os.path.join(office.hub.path, "log"), encoding="utf-8") as file:
        for line in [line for line in file if "a step (" in line][-8:]:
            tell("  log: " + line.strip())


def many_entries(args, tell):
    """Entries until there are so many: rate, disk and memory as they grow."""
    out = {"writers": args.writers, "rows": []}
    office = Office(args, args.writers, tell)
    each = 100
    try:
        office.merge()
        tell(f"{'entries':>9} {'merged/s':>9} {'of cpu':>9} {'carrier s':>9} {'journal':>9} {'mailboxes':>10} {'spool, carry':>12} {'resident':>9}")
        done = seconds = cpu = carrier = last = 0
        while done < args.entries:
            office.laptops.put(0, 1, args.writers, each)
            merged = office.merge()
            done += args.writers * each
            seconds += merged["seconds"]
            cpu += merged["cpu"]["pamojad"]
            carrier += sum(merged["cpu"].values()) - merged["cpu"]["pamojad"]
            row = {"entries": done, "merged_per_second": round(args.writers * each / merged["seconds"]),
                   "merged_per_cpu_second": round(args.writers * each / merged["cpu"]["pamojad"]),
                   "journal": disk(office.hub.path)["mb"] - disk(os.path.join(office.hub.path, "spool"))["mb"]
                   - disk(os.path.join(office.hub.path, "carry"))["mb"],
                   "mailboxes": disk(office.lab.mailboxes), "carry": disk(os.path.join(office.hub.path, "carry")),
                   "resident_kib": office.programs.now()["pamojad"]}
            out["rows"].append(row)
            if done - last >= args.entries / 20 or done >= args.entries:
                last = done
                tell(f"{done:9} {row['merged_per_second']:9} {row['merged_per_cpu_second']:9} {carrier:9.1f} {row['journal']:7.0f}MB "
                     f"{row['mailboxes']['mb']:8.0f}MB {row['carry']['mb']:10.0f}MB {row['resident_kib'] / 1024:6.1f}MiB")
        out.update(entries=done, seconds=round(seconds, 1), cpu_pamojad=round(cpu, 1), cpu_carrier=round(carrier, 1),
                   peak_kib=dict(office.programs.peak))
        tell(f"{done} entries of {args.writers} mailboxes: {seconds:.0f} s, {done / seconds:.0f} a second; of pamojad's processor time "
             f"{done / cpu:.0f} a second; carrier {carrier:.0f} s")
        tell("resident at most: " + ", ".join(f"{name} {size / 1024:.1f} MiB" for name, size in office.programs.peak.items()))
        status = office.hub.status()
        out["longest_step_ms"], out["longest_step_cpu_us"] = status["longest_step_ms"], status["longest_step_cpu_us"]
        tell(f"longest step of pamojad {status['longest_step_ms']} ms, {status['longest_step_cpu_us'] / 1000:.1f} of processor; "
             f"journal's entries {status['journal']['entries']}")
        tell_steps(office, tell)
    finally:
        office.close()
    return out


def show(result):
    """For bench.py: what was told while it was measured."""
    for line in result.get("told", result.get("said", [])):
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mailboxes", type=int, default=5000)
    parser.add_argument("--bring", type=int, default=50)
    parser.add_argument("--idle", type=int, default=65)
    parser.add_argument("--entries", type=int, default=1000000)
    parser.add_argument("--writers", type=int, default=1000)
    parser.add_argument("--folder", help="where all of it lies (default: in memory)")
    parser.add_argument("--only", choices=("find", "entries"))
    args = parser.parse_args()
    told = []

    def tell(line):
        told.append(line)
        if not args.json:
            print(line, flush=True)

    out = {"told": told}
    if args.only != "entries":
        out["find"] = find_and_merge(args, tell)
    if args.only != "find":
        out["entries"] = many_entries(args, tell)
    if args.json:
        print(json.dumps(out))


if __name__ == "__main__":
    main()
