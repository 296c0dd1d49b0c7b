#!/usr/bin/env python3
"""large.py - a journal of a million entries: where its bytes lie, and how long a person waits for find, today, list, show and add.

    PAMOJA_BIN=build/bin python3 tests/bench/large.py [--json] [--entries N] [--rounds N] [--office] [--folder DIR] [--keep HOME | --home HOME]

A hub's journal is filled by `bench_large` through the store's own code, ten entries a person. Then the real daemon is started on it, and the real
command line asks, one process after the other, from its start to its end; beside each the bare sync of 4 KiB on the same disk, in the same minute.
Processor time is that of the command and of the daemon together: the rest waited for the disk, or for others on a busy machine. --keep leaves the
home to be measured again with --home.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lab import BIN, Client, Lab  # noqa: E402

KINDS = ("contact", "person", "consent", "referral", "followup", "resource")
NAMES = ("Asha", "Juma", "Neema", "Wanjiru", "Baraka", "Halima")
MORE = ("Mollel", "Kimani", "Njoroge", "Temu")
PLACES = ("Kimana", "Rombo", "Himo", "Illasit")
GROUPS = {"entries": ("pmj_entry", "pmj_short", "sqlite_autoindex_pmj_entry"), "records": ("pmj_record", "sqlite_autoindex_pmj_record"),
          "whom they are about": ("pmj_subject",), "words to be found by": ("pmj_search", "pmj_text"), "fields of the kinds": KINDS,
          "links between records": ("pmj_link_",)}


def group_of(table):
    return next((group for group, names in GROUPS.items() if any(table.startswith(name) for name in names)), "all else")


def bytes_of(text):
    """What bench_large printed: {table: bytes}."""
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines()}


def tell_bytes(tell, tables, entries):
    total = sum(tables.values())
    groups = {}
    for table, size in tables.items():
        groups[group_of(table)] = groups.get(group_of(table), 0) + size
    for group, size in sorted(groups.items(), key=lambda pair: -pair[1]):
        tell(f"{group:26} {size / 1e6:8.1f} MB {size / entries:7.1f} bytes an entry")
        for table, own in sorted(tables.items(), key=lambda pair: -pair[1]):
            if group_of(table) == group and own > total / 200:
                tell(f"    {table:36} {own / 1e6:8.1f} MB")
    tell(f"{'the journal':26} {total / 1e6:8.1f} MB {total / entries:7.1f} bytes an entry; to reach: 450 MB of a million")
    return {"bytes": total, "groups": groups, "tables": {table: size for table, size in tables.items() if size > 100000}}


def spread(times):
    times = sorted(times)
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1)  # noqa: E731
    return {"count": len(times), "median_ms": at(0.5), "p99_ms": at(0.99), "longest_ms": at(1)}


def processor(pid):
    """Seconds of all its threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


class Asker:
    def __init__(self, home, folder):
        self.home, self.folder = home, folder
        self.quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
                      (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]

    def ask(self, *words):
        """Wall time from start to end, and processor time of both programs."""
        program = os.path.join(BIN, "pamoja")
        before = processor(self.home.daemon.pid)
        began = time.monotonic()
        pid = os.posix_spawn(program, [program, *words], self.home.env, file_actions=self.quiet)
        _, status, used = os.wait4(pid, 0)
        took = time.monotonic() - began
        assert status == 0, (words, status, self.home.run(*words, check_status=False))
        return took, used.ru_utime + used.ru_stime + processor(self.home.daemon.pid) - before

    def sync(self):
        path = os.path.join(self.folder, "bare-sync")
        with open(path, "ab") as file:
            file.write(b"\0" * 4096)
            file.flush()
            began = time.monotonic()
            os.fdatasync(file.fileno())
            return time.monotonic() - began


def questions(home, rng):
    """{name: a function that makes up the words of one command}."""
    ids = {kind: [item["id"] for item in home.json(kind, "list", "--limit", "300")["items"]] for kind in ("person", "contact", "referral")}
    one = lambda kind: rng.choice(ids[kind])  # noqa: E731
    return {
        "find, a name of thousands": lambda: ("find", rng.choice(NAMES)),
        "find, two names": lambda: ("find", rng.choice(NAMES) + " " + rng.choice(MORE)),
        "find, two letters": lambda: ("find", rng.choice(("wa", "mo", "ki", "ne"))),
        "find, a word of notes": lambda: ("find", rng.choice(("pharmacy", "mkopo", "bridge", "uniforms"))),
        "find, a place of thousands": lambda: ("find", rng.choice(PLACES)),
        "find, a telephone": lambda: ("find", f"+2547{rng.randint(0, 9999):04d}"),
        "find, an id": lambda: ("find", one("person")[:8]),
        "today": lambda: ("today",),
        "list, latest of a kind": lambda: (rng.choice(("contact", "person", "referral")), "list"),
        "list, of a person": lambda: ("contact", "list", "person=" + one("person")),
        "list, by a choice": lambda: ("contact", "list", "kind=" + rng.choice(("phone", "visit", "group"))),
        "list, by a state": lambda: ("referral", "list", "state=" + rng.choice(("draft", "sent"))),
        "list, by a text": lambda: ("person", "list", "village=" + rng.choice(PLACES)),
        "list, nobody": lambda: ("person", "list", "village=Nowhere"),
        "show, a person": lambda: ("show", one("person")),
        "show, a contact": lambda: ("show", one("contact")),
        "add, a contact": lambda: ("contact", "add", "person=" + one("person"), "kind=phone", "minutes=15", "note=spoke of the savings group"),
        "add, a follow-up": lambda: ("followup", "add", "person=" + one("person"), "due=2026-12-24", "what=hear how it went"),
    }


def measure_waits(tell, home, folder, rounds):
    rng = random.Random(7)
    asker = Asker(home, folder)
    all_questions = questions(home, rng)
    waits = {name: [] for name in all_questions}
    used = {name: [] for name in all_questions}
    syncs = []
    for _ in range(rounds):
        for name, words in all_questions.items():
            took, processor_s = asker.ask(*words())
            waits[name].append(took)
            used[name].append(processor_s)
            time.sleep(0.002)
        syncs.append(asker.sync())
    out = {"bare sync of 4 KiB": spread(syncs)}
    tell(f"{'':28} {'median':>8} {'99th':>8} {'longest':>8}   of processor, median and 99th")
    tell(f"{'bare sync of 4 KiB':28} {out['bare sync of 4 KiB']['median_ms']:8} {out['bare sync of 4 KiB']['p99_ms']:8} ms")
    for name in waits:
        wall, cpu = spread(waits[name]), spread(used[name])
        out[name] = dict(wall, cpu_median_ms=cpu["median_ms"], cpu_p99_ms=cpu["p99_ms"])
        tell(f"{name:28} {wall['median_ms']:8} {wall['p99_ms']:8} {wall['longest_ms']:8}   {cpu['median_ms']:8} {cpu['p99_ms']:8} ms")
    return out


class Other(threading.Thread):
    """Another client, who asks for little every 10 ms: how long it waits while the office asks for much."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.client, self.waits, self.over = Client(home), [], False

    def run(self):
        while not self.over:
            began = time.monotonic()
            self.client.ask("GET", "/v1/kinds?name=memo")
            self.client.answer()
            self.waits.append(time.monotonic() - began)
            time.sleep(0.01)

    def end(self):
        self.over = True
        self.join()
        return spread(self.waits)


def office_questions(home, folder, rng):
    """{name: the words of one command} of what goes through much of the journal, or is asked at the end of a week."""
    person = rng.choice(home.json("person", "list", "--limit", "300")["items"])["id"]
    out = lambda name: os.path.join(folder, name)  # noqa: E731
    why = ("--internal", "the yearly check of our records")
    return {
        "status": ("status",),
        "week": ("week",),
        "disclosures of a person": ("disclosures", person),
        "plan of a person": ("person", "plan", person),
        "person's own copy": ("export", out("own.html"), "--person", person, "--own-copy"),
        "hub today": ("hub", "today"),
        "hub caseload": ("hub", "caseload"),
        "hub report": ("hub", "report", home.json("hub", "report")["items"][0]["period"], "--publish"),
        "export contacts, table": ("export", out("contacts.csv"), "--kind", "contact", *why),
        "export people, lines": ("export", out("people.jsonl"), "--kind", "person", *why),
    }


def measure_office(tell, home, folder):
    """Each once: by the clock, processor time of both programs, the waits of another client meanwhile, memory of the client."""
    asker, out = Asker(home, folder), {}
    tell(f"{'the office, each once':28} {'seconds':>8} {'of processor':>13}   another client waits, median, 99th, longest ms")
    for name, words in office_questions(home, folder, random.Random(9)).items():
        other = Other(home)
        other.start()
        took, processor_s = asker.ask(*words)
        waits = other.end()
        out[name] = {"s": round(took, 3), "cpu_s": round(processor_s, 3), "waits": waits}
        tell(f"{name:28} {took:8.2f} {processor_s:13.2f}   {waits['median_ms']:8} {waits['p99_ms']:8} {waits['longest_ms']:8}")
    return out


def measure(options, tell):
    lab = Lab(on_disk=True)
    out = {"entries": options.entries}
    try:
        lab.quiet()
        home = lab.home("hub")
        if options.home:
            shutil.copytree(options.home, home.path)
            entries = 0
        else:
            home.start().init(hub_mailboxes=lab.mailboxes, person="Office")
            home.stop()
            entries = options.entries
        began = time.monotonic()
        filled = subprocess.run([os.path.join(BIN, "bench_large"), home.path, home.passphrase_file, str(entries)], capture_output=True,
                                text=True, check=True)
        tell(filled.stderr.strip() or f"opened in {time.monotonic() - began:.1f} s")
        out["journal"] = tell_bytes(tell, bytes_of(filled.stdout), options.entries)
        if options.keep:
            shutil.copytree(home.path, options.keep)
        home.start()
        began = time.monotonic()
        home.unlock()
        home.run("status")
        out["unlocked_s"] = round(time.monotonic() - began, 2)
        while home.status()["checking"]:
            time.sleep(1)
        out["checked_s"] = round(time.monotonic() - began, 1)
        out["waits"] = measure_waits(tell, home, lab.dir, options.rounds)
        if options.office:
            out["office"] = measure_office(tell, home, lab.dir)
        now = home.status()
        out.update({name: now[name] for name in ("longest_step_ms", "longest_step_cpu_us", "longest_request_cpu_us")})
        tell(f"pamojad's longest step {now['longest_step_ms']} ms, {now['longest_step_cpu_us'] / 1000:.1f} of processor; "
             f"longest request {now['longest_request_cpu_us'] / 1000:.1f} of processor")
        with open(f"/proc/{home.daemon.pid}/status", encoding="ascii") as file:
            out["resident_kib"] = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        tell(f"unlocked and answered after {out['unlocked_s']} s, checked after {out['checked_s']} s; pamojad has {out['resident_kib'] / 1024:.1f} MiB")
    finally:
        lab.close()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=1000000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--office", action="store_true", help="also what the office asks that goes through much: seconds of each, and others' waits")
    parser.add_argument("--folder", help="where the home is made; a disk, for what syncs cost")
    parser.add_argument("--keep", help="leave a copy of the home there")
    parser.add_argument("--home", help="a home that --keep left")
    options = parser.parse_args()
    if options.folder:
        os.environ["TMPDIR"] = options.folder
    out = measure(options, (lambda line: None) if options.json else (lambda line: print(line, flush=True)))
    if options.json:
        print(json.dumps(out))


if __name__ == "__main__":
    main()
