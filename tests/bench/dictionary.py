#!/usr/bin/env python3
"""dictionary.py - trains the zstd dictionary that ships with the program, on made-up records as they travel.

    PAMOJA_BIN=build/bin python3 tests/bench/dictionary.py OUT [ID]              # of lines as they travel
    PAMOJA_BIN=build/bin python3 tests/bench/dictionary.py --journal OUT [ID]    # as a journal keeps them: records only, marked

Its lines come out of the real programs: a worker's records, edits and moves, the hub's lines of its own, and a worker's lines as the hub sends
them on. A dictionary that has shipped never changes: a better one gets another number and stands beside it (conf/dictionary/README.md).
"""
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "scenario"))
from lab import BIN, Lab  # noqa: E402

BYTES = 32 * 1024
PEOPLE = 900
SEEDS = (21, 22)
EDITS = 250


def lines_of(home, *how):
    home.stop()
    return subprocess.run([os.path.join(BIN, "bench_lines"), home.path, home.passphrase_file, *how], capture_output=True, check=True).stdout.splitlines()


def work_on(home, rng):
    """What happens to records after they were made: texts put right, follow-ups done, referrals sent, consents given and taken back."""
    def some(kind):
        items = home.json(kind, "list", "--limit", "500")["items"]
        return rng.sample([item["id"] for item in items], min(len(items), EDITS // 5))

    people = some("person")
    for one in some("contact"):
        home.run("void", one, "entered twice")
    for one in people:
        home.run("edit", one, "village=Kimana", "phone=+254 700 000 001")
    for one in some("followup"):
        home.run("followup", "done", one, check_status=False)
    resource = home.json("resource", "list")["items"][0]["id"]
    for one in people:
        home.run("consent", "add", f"person={one}", f"recipient={resource}", "purpose=referral", "information=name", "information=phone",
                 "expires=2027-11-30", "how=in person", check_status=False)
        home.run("referral", "add", f"person={one}", f"resource={resource}", "category=health", "reason=asked for it", check_status=False)
    for one in some("referral"):
        home.run("referral", "send", one, check_status=False)


def sent_on(line, rng):
    """As the hub wraps it."""
    return json.dumps({"v": 1, "n": os.urandom(16).hex()[:22], "kind": "ctl.fwd", "by": rng.randbytes(16).hex(), "at": [rng.getrandbits(40), 0],
                       "line": line.decode(), "recv": [rng.getrandbits(40), 0]}, separators=(",", ":"), ensure_ascii=False).encode()


def control(rng):
    """Acks and beacons, which no journal keeps."""
    def own(kind, **more):
        return json.dumps({"v": 1, "n": rng.randbytes(16).hex()[:22], "kind": kind, "by": rng.randbytes(16).hex(), "at": [rng.getrandbits(40), 0],
                           **more}, separators=(",", ":")).encode()

    lanes = [{"inc": rng.randbytes(16).hex(), "seq": rng.randint(1, 5000), "chain": rng.randbytes(32).hex()}]
    key = {"epoch": rng.randint(1, 9), "pk": rng.randbytes(32).hex(), "from": rng.getrandbits(40)}
    yield own("ctl.ack", lanes=lanes, beacon=rng.randbytes(32).hex(), rv=rng.randint(1, 90), head=rng.randbytes(32).hex())
    yield own("ctl.ack", lanes=lanes)
    yield own("ctl.beacon", hub_time=rng.getrandbits(40), serial=1, cert=rng.randbytes(32).hex(), rv=rng.randint(1, 90), head=rng.randbytes(32).hex(),
              min_epoch=0, epochs=[])
    yield own("ctl.hello", name="Neema", role="peer", version="0.1.0", epochs=[key])
    yield own("ctl.incarnate", earlier=[{"inc": rng.randbytes(16).hex(), "segno": rng.randint(1, 90)}], cause="size")
    yield own("ctl.hold", e=rng.randbytes(32).hex(), reason="not_assigned")
    yield own("ctl.withdraw", record="drx08xpfertgyg42", reason="unassigned", to="Juma")


def main():
    marked = ["marked"] if "--journal" in sys.argv else []
    words = [word for word in sys.argv[1:] if word != "--journal"]
    out, number = words[0], words[1] if len(words) > 1 else "40002" if marked else "40001"
    rng = random.Random(1)
    lab = Lab(on_disk=True)
    lines = []
    try:
        for seed in SEEDS:
            home = lab.home(f"w{seed}").start().init(role="peer", person="Worker")
            path = os.path.join(lab.dir, "records.jsonl")
            with open(path, "w", encoding="utf-8") as file:
                subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", str(PEOPLE), "--seed", str(seed)],
                               stdout=file, check=True)
            home.run("import", path, timeout=600)
            work_on(home, rng)
            lines += lines_of(home, *marked)
        folder = os.path.join(lab.dir, "samples")
        os.mkdir(folder)
        samples = lines if marked else lines + [sent_on(line, rng) for line in lines[::4]] + [line for _ in range(200) for line in control(rng)]
        names = []
        for at, line in enumerate(samples):
            names.append(os.path.join(folder, f"{at:06}"))
            with open(names[-1], "wb") as file:
                file.write(line + b"\n")
        with open(folder + ".list", "w", encoding="utf-8") as file:
            file.write("\n".join(names) + "\n")
        subprocess.run(["zstd", "-q", "-f", "--train", "--filelist", folder + ".list", f"--maxdict={BYTES}", f"--dictID={number}", "-o", out], check=True)
        print(f"{len(samples)} lines, {sum(map(len, samples))} bytes: {out}, {os.path.getsize(out)} bytes")
    finally:
        lab.close()


if __name__ == "__main__":
    main()
