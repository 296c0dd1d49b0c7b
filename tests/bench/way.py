#!/usr/bin/env python3
"""way.py - the whole way measured with the real programs: import at a worker, exchange by a folder, merge at the hub.

    PAMOJA_BIN=build/bin python3 tests/bench/way.py [PEOPLE]

Prints one line a figure. Rates depend on the machine; the longest step is what another request may have to wait for.
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from lab import Lab, TOP  # noqa: E402


def resident_kib(home):
    with open(f"/proc/{home.daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def main():
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    lab = Lab()
    try:
        hub = lab.hub()
        neema = lab.worker("Neema", hub)
        path = os.path.join(lab.dir, "records.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", str(people)], stdout=file, check=True)
        with open(path, "rb") as file:
            lines = file.read()
        packed = len(subprocess.run(["zstd", "-19", "-c", path], capture_output=True, check=True).stdout)
        count = lines.count(b"\n")

        def timed(name, home, *command):
            began = time.monotonic()
            home.run(*command, timeout=600)
            took = time.monotonic() - began
            print(f"{name:34} {took:7.2f} s   {count / took:8.0f} entries/s")

        timed("import at the worker", neema, "import", path)
        timed("sync (seal, spool, folder)", neema, "sync")
        timed("hub merge (fetch, open, project)", hub, "hub", "merge")
        timed("sync (receipt)", neema, "sync")
        sent = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(lab.mailboxes) for name in names)
        print(f"{'entries':34} {count:7d}")
        print(f"{'import file, bytes':34} {len(lines):7d}   zstd -19 of it: {packed}")
        print(f"{'mailbox folder, bytes':34} {sent:7d}   {sent / packed:.2f} times that")
        for home in (neema, hub):
            print(f"{home.name + ': longest step, resident':34} {home.status()['longest_step_ms']:7d} ms  {resident_kib(home):8d} KiB")
        assert neema.json("verify")["digest"] == hub.json("verify")["digest"]
    finally:
        lab.close()


if __name__ == "__main__":
    main()
