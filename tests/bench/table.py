#!/usr/bin/env python3
"""table.py - a long table imported at a worker's laptop, one line of it bad: rows a second, beside the floor of the same run.

    PAMOJA_BIN=build/bin python3 tests/bench/table.py [--json] [--rows N] [--all-or-nothing] [--folder DIR]

The floor is what two of the parts cost alone: sqlite3's own .import of the same file into a plain table, in one transaction; and a client that
asks for the status all the while waits as long as is told. Rates are by the clock and, since others use the machine too, by processor time of the
daemon and of the client. Without --all-or-nothing the bad line is told and the rest is saved; with it nothing is.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lab import BIN, Lab  # noqa: E402
from way import Probe, bare_sync  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def write_table(path, rows):
    bad = rows * 3 // 4
    with open(path, "w", encoding="utf-8") as file:
        file.write("name;birth_year;village\r\n")
        for i in range(rows):
            file.write(f"Person {i} of the place;{'19x4' if i == bad else 1950 + i % 50};Kimana\r\n")
    return bad + 2  # its line


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        parts = file.read().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / TICK


def most_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def floor(path, folder):
    """sqlite3's own .import of the same file."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sqlite3", os.path.join(folder, "floor.db")], check=True, text=True, capture_output=True,
                   input=f'.mode csv\n.separator ; "\\r\\n"\nPRAGMA journal_mode=WAL;\n.import {path} people\n')
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def measure(rows, nothing, folder):
    lab = Lab(on_disk=True) if folder is None else Lab()
    out = {"rows": rows, "all_or_nothing": nothing}
    try:
        home = lab.home("Neema").start().init()
        path = os.path.join(lab.dir, "table.csv")
        out["bad_line"] = write_table(path, rows)
        out["bare_sync"] = bare_sync(lab.dir)
        if shutil.which("sqlite3"):
            took, used = floor(path, lab.dir)
            out["floor"] = {"rows_s": round(rows / took), "rows_cpu_s": round(rows / used)}
        before, began, asking = processor_s(home.daemon.pid), time.monotonic(), Probe(home)
        asking.start()
        command = [os.path.join(BIN, "pamoja"), "import", path, "--kind", "person", *(["--all-or-nothing"] if nothing else [])]
        with tempfile.TemporaryFile("w+", dir=lab.dir) as said:
            client = subprocess.Popen(command, env=home.env, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            while client.poll() is None:
                try:
                    out["client_kib"], out["client_cpu_s"] = most_kib(client.pid), processor_s(client.pid)
                except (StopIteration, OSError):
                    pass
                time.sleep(0.2)
            said.seek(0)
            text = said.read()
        took, used = time.monotonic() - began, processor_s(home.daemon.pid) - before
        out.update(seconds=round(took, 1), rows_s=round(rows / took), rows_cpu_s=round(rows / (used + out.get("client_cpu_s", 0))),
                   daemon_kib=most_kib(home.daemon.pid), status_meanwhile=asking.result(), status=client.returncode)
        now = home.status()
        out.update(longest_step_ms=now["longest_step_ms"], longest_step_cpu_us=now["longest_step_cpu_us"], entries=now["journal"]["entries"])
        assert f"line {out['bad_line']}, column 2 (birth_year)" in text, text
        assert now["journal"]["entries"] == (0 if nothing else rows - 1), now["journal"]
    finally:
        lab.close()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=50000)
    parser.add_argument("--all-or-nothing", action="store_true")
    parser.add_argument("--folder")
    args = parser.parse_args()
    if args.folder:
        os.environ["TMPDIR"] = args.folder
    out = measure(args.rows, args.all_or_nothing, args.folder)
    if args.json:
        print(json.dumps(out, indent=1))
        return
    for name, value in out.items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
