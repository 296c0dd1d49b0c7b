#!/usr/bin/env python3
"""sync_bench.py - what an exchange costs: bytes each way above TCP, seconds, connections and round trips, over links of several sorts.

    PAMOJA_BIN=build/bin python3 tests/bench/sync_bench.py [--json] [--plain] [--links NAME[,NAME]] [--rows NAME[;NAME]]

The real pamojad and pamoja-carry, the gate behind a real web server with TLS (--plain: git's own http-backend there, without the gate), and between
them a link of ours (tests/lib/badlink.py). Each row stands beside the floor (zstd -19 of the same lines in one piece, with the dictionary that ships with the program or without, and one nonce, tag and
signature) and, where it sends many, beside a plain `git push` of the same lines over the same link.
"""
import argparse
import base64
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "scenario"), os.path.join(TOP, "tests", "lib")]
import lab as lab_module  # noqa: E402
import segments  # noqa: E402
import web  # noqa: E402
from badlink import BadLink, Profile  # noqa: E402
from lab import Lab  # noqa: E402

BIN = os.path.abspath(lab_module.BIN)
LINKS = {
    "clean": Profile(),
    "edge": Profile(60, 120, 0.4),
    "cut": Profile(60, 120, 0.4, cut_seconds=20, cut_bytes=100000),
    "short": Profile(60, 120, 0.4, cut_seconds=6),
}
FIRST = {"first 1,000": 1000, "first 10,000": 10000}
ROWS = ("check", "urgent", "one contact", "a day (20)", "a month (500)", *FIRST)
SEALED = 24 + 16 + 64  # a nonce, a tag, a signature
DICTIONARY = os.path.join(TOP, "conf", "dictionary", "lines-1.zdict")
TRIES = 40  # exchanges that broke off, one after the other
PUSHES = 3
HOPELESS = 400  # seconds


def records(path, count, seed):
    """So many made-up records."""
    made = subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", str(count), "--seed", str(seed)],
                          capture_output=True, text=True, check=True).stdout.splitlines()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(made[:count]) + "\n")


class Field:
    """A hub behind a web server, and a worker at the other end of a link."""

    def __init__(self, profile, plain):
        self.plain = plain
        self.lab = Lab(on_disk=True)
        self.lab.quiet()
        self.profile = profile
        gate = None if plain else os.path.join(BIN, "pamoja-gate")
        self.lab.web = self.web = web.Web(os.path.join(self.lab.dir, "web"), self.lab.mailboxes, gate)
        self.lab.daemons.append(self.web.process)
        self.link = BadLink(self.web.port)
        reach = f"[hub]\nurl = https://localhost:{self.link.port}/pamoja\npin = {self.web.pin}\nentries_a_day = 1000000\n"
        self.hub = self.lab.home("hub").settings(self.lab.ini.replace("[hub]\n", reach)).start().init(
            hub_mailboxes=self.lab.mailboxes, person="Office")
        self.rows = []

    def worker(self, name):
        self.link.set(Profile())
        worker = self.lab.worker(name, self.hub)
        for _ in range(3):
            self.hub.run("hub", "merge")
            worker.run("sync")
        self.link.set(self.profile)
        return worker

    def measured(self, name, worker):
        """`sync` until it is done; as a person would, who asks again when it broke off."""
        self.link.reset()
        began = time.monotonic()
        for tries in range(1, TRIES + 1):
            status = worker.run("sync", check_status=False, timeout=3600).status
            if status == 0:
                break
        took = time.monotonic() - began
        row = {"row": name, "seconds": round(took, 1), "exchanges": tries, "done": status == 0, **self.link.counted()}
        self.rows.append(row)
        return row

    def urgent(self, worker, person):
        """From its saving until its receipt is here. Nobody asks for an exchange, neither at the laptop nor at the hub."""
        self.link.reset()
        began = time.monotonic()
        record = worker.add("contact", person=person, kind="phone", minutes=20, crisis="yes", note="asked about the clinic. will call on Monday")
        done = False
        while not done and time.monotonic() < began + HOPELESS:
            time.sleep(0.02)
            done = worker.show(record)["sync"] == "merged"
        self.rows.append({"row": "urgent, with its receipt", "seconds": round(time.monotonic() - began, 1), "exchanges": 1, "done": done, **self.link.counted()})

    def settle(self, worker):
        """The receipt for what was sent; not measured."""
        self.link.set(Profile())
        self.hub.run("hub", "merge", timeout=3600)
        for _ in range(2):
            worker.run("sync", timeout=3600)
            self.hub.run("hub", "merge", timeout=3600)
        worker.run("sync")
        self.link.set(self.profile)

    def lines(self, worker):
        """All that it wrote, as it travels. Ends its daemon."""
        worker.stop()
        return subprocess.run([os.path.join(BIN, "bench_lines"), worker.path, worker.passphrase_file], capture_output=True,
                              check=True).stdout.splitlines(keepends=True)

    def floor(self, lines):
        return SEALED + min(len(subprocess.run(["zstd", "-19", "-c", "--no-progress", *more], input=b"".join(lines), capture_output=True,
                                               check=True).stdout) for more in ([], ["-D", DICTIONARY]))

    def token(self):
        """A second mailbox, and a token of its upper lane: for plain git, and for two requests on one connection."""
        if not os.path.exists(os.path.join(self.lab.mailboxes, segments.BOX + ".git")):
            segments.make_box(self.lab)
        return segments.token_of(1)[0]

    def git_push(self, lines):
        """The same lines in one commit, pushed to the plain git behind the same server."""
        token = self.token()
        folder = os.path.join(self.lab.dir, "plain")
        env = {"PATH": os.environ["PATH"], "HOME": self.lab.dir, "GIT_SSL_CAINFO": self.web.ca, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

        def git(*arguments, **more):
            return subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@invalid", "-c",
                                   "http.extraHeader=Authorization: Bearer " + token, *arguments], capture_output=True, env=env, **more)

        subprocess.run(["git", "init", "-q", folder], check=True)
        with open(os.path.join(folder, "lines"), "wb") as file:
            file.write(b"".join(lines))
        git("add", "lines", check=True)
        git("commit", "-q", "-m", "lines", check=True)
        self.link.reset()
        began = time.monotonic()
        done = False
        for tries in range(1, PUSHES + 1):
            try:
                there = f"https://localhost:{self.link.port}/pamoja/{segments.BOX}.git"
                done = git("push", "-q", there, "HEAD:refs/heads/l1/" + os.urandom(16).hex(), timeout=HOPELESS).returncode == 0
            except subprocess.TimeoutExpired:
                pass
            if done:
                break
        subprocess.run(["rm", "-rf", folder], check=True)
        return {"seconds": round(time.monotonic() - began, 1), "pushes": tries, "done": done, **self.link.counted()}

    def kept(self):
        """A check on a connection that is there: what a second mailbox adds to the exchange of one."""
        token = self.token()
        url = f"https://localhost:{self.link.port}/pamoja"
        for name, text in (("token", token), ("pin", self.web.pin)):
            with open(os.path.join(self.lab.dir, name), "w", encoding="utf-8") as file:
                file.write(text)
        seen = []
        for count in (1, 1, 2):
            self.link.reset()
            began = time.monotonic()
            command = [os.path.join(BIN, "pamoja-carry"), "--once", "--spool", self.lab.dir + "/k/spool", "--store", self.lab.dir + "/k/carry", "--write", "1"]
            for _ in range(count):
                command += ["--remote", f"{segments.BOX}={url}"]
            subprocess.run(command + ["--token-file", self.lab.dir + "/token", "--pin-file", self.lab.dir + "/pin"], check=True, capture_output=True)
            seen.append({"seconds": time.monotonic() - began, **self.link.counted()})
        one, two = seen[1:]
        self.rows.append({"row": "check, connection kept", "exchanges": 1, "done": True, "seconds": round(two["seconds"] - one["seconds"], 1),
                          **{key: two[key] - one[key] for key in ("up", "down", "connections", "cuts", "round_trips")}})

    def small_rows(self, wanted):
        worker = self.worker("Neema")
        numbers = {}
        if "check" in wanted:
            worker.stop()
            worker.start().unlock()
            self.measured("check, new connection", worker)
            self.measured("check, session resumed", worker)
            self.kept()
        person = worker.add("person", name="Asha", village="Kimana")
        self.settle(worker)
        before = 1
        if "urgent" in wanted and not self.plain:  # nobody rings there: the hub hears of it when it looks
            self.urgent(worker, person)
            before += 1
            self.settle(worker)
        for name, count, seed in (("one contact", 1, 0), ("a day (20)", 20, 7), ("a month (500)", 500, 8)):
            if name not in wanted:
                continue
            if count == 1:
                worker.add("contact", person=person, kind="phone", minutes=20, note="asked about the clinic. will call on Monday")
            else:
                path = os.path.join(self.lab.dir, "records.jsonl")
                records(path, count, seed)
                worker.run("import", path, timeout=600)
            self.measured(name, worker)
            self.settle(worker)
            numbers[name] = (before, before + count)
            before += count
        if numbers:
            lines = self.lines(worker)
            for row in self.rows:
                if row["row"] in numbers:
                    first, last = numbers[row["row"]]
                    row["floor"] = self.floor(lines[first:last])

    def first_row(self, name):
        worker = self.worker("Juma " + name[-6:].replace(",", "").strip())
        path = os.path.join(self.lab.dir, "records.jsonl")
        records(path, FIRST[name], 9)
        worker.run("import", path, timeout=600)
        row = self.measured(name, worker)
        self.link.set(Profile())
        self.hub.run("hub", "merge", timeout=3600)
        worker.run("sync", timeout=3600)
        row["arrived"] = worker.status()["outbox"]["entries"] == 0
        lines = self.lines(worker)
        row["floor"] = self.floor(lines)
        self.link.set(self.profile)
        row["git"] = self.git_push(lines)

    def close(self):
        self.link.close()
        self.lab.close()


def measure(links, wanted, plain):
    out = {}
    for name in links:
        field = Field(LINKS[name], plain)
        try:
            if any(row not in FIRST for row in wanted):
                field.small_rows(wanted)
            for row in FIRST:
                if row in wanted:
                    field.first_row(row)
        finally:
            field.close()
        out[name] = field.rows
    return out


def show(result, plain=False):
    if "failed" in result:
        print("The exchange over links: failed", *result["said"], sep="\n  ")
        return
    print(f"An exchange by https {'with plain git' if plain else 'through the gate'}; bytes above TCP, both ways; beside plain git of the same lines")
    print(f"{'link':6} {'row':24} {'up':>8} {'down':>7} {'both':>8} {'floor':>7} {'ratio':>6} {'sec':>6} {'conn':>5} {'trips':>6} {'cuts':>5} {'syncs':>6} |"
          f" {'git bytes':>9} {'sec':>6}")
    for link, rows in result.items():
        for row in rows:
            both = row["up"] + row["down"]
            floor = f"{row['floor']:7} {both / row['floor']:6.2f}" if "floor" in row else f"{'':7} {'':6}"
            git = row.get("git")
            beside = "" if git is None else f" {git['up'] + git['down']:9} {git['seconds']:6.1f}" + ("" if git["done"] else f" never ({git['pushes']} tried)")
            print(f"{link:6} {row['row']:24} {row['up']:8} {row['down']:7} {both:8} {floor} {row['seconds']:6.1f} {row['connections']:5} {row['round_trips']:6} "
                  f"{row['cuts']:5} {row['exchanges']:6} |{beside}{'' if row['done'] else ' NOT DONE'}{'' if row.get('arrived', True) else ' NOT ARRIVED'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plain", action="store_true", help="a host without pamoja-gate: git alone")
    parser.add_argument("--links", default=",".join(LINKS), help="of " + ", ".join(LINKS))
    parser.add_argument("--rows", default="", help="of " + "; ".join(ROWS) + ": any that begin so, separated by ;")
    args = parser.parse_args()
    wanted = [row for row in ROWS if not args.rows or any(row.startswith(word.strip()) for word in args.rows.split(";"))]
    result = measure(args.links.split(","), wanted, args.plain)
    if args.json:
        print(json.dumps(result))
    else:
        show(result, args.plain)


if __name__ == "__main__":
    main()
