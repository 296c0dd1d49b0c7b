#!/usr/bin/env python3
"""way.py - the whole way measured with the real programs: import at a worker, exchange by a folder, merge at the hub, verify.

    PAMOJA_BIN=build/bin python3 tests/bench/way.py [--json] [PEOPLE]

About 5.3 entries a person: 500 people (as given by default) are 2,657 entries, 9,500 people about 50,000. During each long command a second
client asks for its status, one request after the other: what it waits is what a person at the keyboard waits. The bare sync of 4 KiB on the
same disk, in the same run, is the floor under every step that makes something durable. The same is asked while a person with a history 40
times as long as PEOPLE (at most 20,000 entries) is assigned and withdrawn, and while both are locked with a log as long as it gets.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
import lab as lab_module  # noqa: E402
from lab import Lab, TOP  # noqa: E402

lab_module.SLOW_MACHINE = ""  # as hard a passphrase as this machine can bear


def resident_kib(home):
    with open(f"/proc/{home.daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def spread(times):
    """Median, 99th percentile and longest, in milliseconds."""
    times = sorted(times)
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 2)  # noqa: E731
    return {"count": len(times), "median_ms": at(0.5), "p99_ms": at(0.99), "longest_ms": at(1)}


def bare_sync(folder, count=100):
    times = []
    with open(os.path.join(folder, "bare-sync"), "wb") as file:
        for _ in range(count):
            file.write(b"\0" * 4096)
            file.flush()
            began = time.monotonic()
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - began)
    os.unlink(file.name)
    return spread(times)


class Probe(threading.Thread):
    """Asks for the status over one kept connection until it is stopped."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.times = []
        self.running = True
        with open(os.path.join(home.path, "run", "cookie"), "rb") as file:
            cookie = file.read().hex()
        self.ask = f"GET /v1/status HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: {cookie}\r\n\r\n".encode()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(home.path, "run", "api.sock"))

    def once(self):
        self.socket.sendall(self.ask)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        while len(body) < length:
            body += self.socket.recv(65536)
        assert head.split(b" ")[1] == b"200", head

    def run(self):
        while self.running:
            began = time.monotonic()
            self.once()
            self.times.append(time.monotonic() - began)
            time.sleep(0.002)

    def result(self):
        self.running = False
        self.join()
        return spread(self.times)


def long_history(lab, home, count):
    """A person and so many contacts, recorded at the hub by import."""
    path = os.path.join(lab.dir, "history.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "person", "ref": "p", "fields": {"name": "Zawadi wa Milima"}}) + "\n")
        for number in range(count):
            file.write(json.dumps({"kind": "contact", "fields": {"person": "@p", "kind": "phone", "minutes": number % 90 + 1}}) + "\n")
    home.run("import", path, timeout=3600)
    return home.json("find", "zawadi")["items"][0]["id"]


def until_at_rest(home):
    """No step any more: what a command left to be done in steps is done."""
    steps = -1
    while steps != (now := home.status()["steps"]):
        steps = now
        time.sleep(0.05)


def waits(out, tell, home, name, *command, after=None):
    """How long a second client waits for its status while a command runs, and what it leaves to be done is done."""
    asking = Probe(home)
    asking.start()
    began = time.monotonic()
    home.run(*command, timeout=3600)
    answered = time.monotonic() - began
    if after:
        after(home)
    took = time.monotonic() - began
    got = out.setdefault("waits", {})[name] = dict(asking.result(), answered_ms=round(answered * 1000, 1), seconds=round(took, 2))
    tell(f"{'a status during ' + name:34} median {got['median_ms']} ms, 99 of 100 {got['p99_ms']} ms, longest {got['longest_ms']} ms; "
         f"answered after {got['answered_ms']} ms")


def long_waits(out, tell, lab, hub, neema, people):
    for name, command in (("find", ("find", "a", "--limit", "1000")), ("list of 50", ("person", "list")),
                          ("list of 1,000", ("contact", "list", "--limit", "1000")), ("today", ("today",)), ("log", ("log", "--limit", "1000")),
                          ("verify --rebuild", ("verify", "--rebuild")), ("backup", ("backup", os.path.join(lab.dir, "hub.backup")))):
        waits(out, tell, hub, name, *command)
    person = long_history(lab, hub, min(people * 40, 20000))
    waits(out, tell, hub, "hub assign", "hub", "assign", person, "Neema", after=until_at_rest)
    waits(out, tell, hub, "hub unassign", "hub", "unassign", person, "Neema", after=until_at_rest)
    hub.run("hub", "assign", person, "Neema")
    waits(out, tell, hub, "lock", "lock")
    hub.unlock()
    hub.run("hub", "merge", timeout=3600)
    waits(out, tell, neema, "sync of the history", "sync")


def measure(people, tell):
    out = {"people": people}
    lab = Lab(on_disk=True)
    try:
        # Merged in one go, however many: what a day takes is not the question here.
        hub = lab.home("hub").settings(lab.ini + "[hub]\nentries_a_day = 1000000\n").start().init(hub_mailboxes=lab.mailboxes, person="Office")
        neema = lab.worker("Neema", hub)
        path = os.path.join(lab.dir, "records.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", str(people)], stdout=file, check=True)
        with open(path, "rb") as file:
            lines = file.read()
        packed = len(subprocess.run(["zstd", "-19", "-c", path], capture_output=True, check=True).stdout)
        count = out["entries"] = lines.count(b"\n")

        def timed(name, words, home, *command, probe=False):
            asking = Probe(home) if probe else None
            if asking:
                asking.start()
            began = time.monotonic()
            home.run(*command, timeout=3600)
            took = time.monotonic() - began
            out[name] = {"seconds": round(took, 2), "entries_per_second": round(count / took)}
            tell(f"{words:34} {took:7.2f} s   {count / took:8.0f} entries/s")
            if asking:
                waits = out[name]["status_meanwhile"] = asking.result()
                tell(f"{'  a status meanwhile':34} median {waits['median_ms']} ms, 99 of 100 {waits['p99_ms']} ms, "
                     f"longest {waits['longest_ms']} ms, of {waits['count']}")

        out["bare_sync"] = bare_sync(lab.dir)
        tell(f"{'bare sync of 4 KiB':34} median {out['bare_sync']['median_ms']} ms, longest {out['bare_sync']['longest_ms']} ms")
        timed("import", "import at the worker", neema, "import", path, probe=True)
        timed("sync", "sync (seal, spool, folder)", neema, "sync", probe=True)
        timed("merge", "hub merge (fetch, open, project)", hub, "hub", "merge", probe=True)
        timed("receipt", "sync (receipt)", neema, "sync")
        timed("verify", "verify at the hub", hub, "verify", probe=True)
        out["bare_sync_after"] = bare_sync(lab.dir)
        tell(f"{'bare sync of 4 KiB, afterwards':34} median {out['bare_sync_after']['median_ms']} ms, "
             f"longest {out['bare_sync_after']['longest_ms']} ms")
        sent = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(lab.mailboxes) for name in names)
        out["bytes"] = {"import": len(lines), "zstd_19": packed, "mailboxes": sent}
        tell(f"{'entries':34} {count:7d}")
        tell(f"{'import file, bytes':34} {len(lines):7d}   zstd -19 of it: {packed}")
        tell(f"{'mailbox folder, bytes':34} {sent:7d}   {sent / packed:.2f} times that")
        for home in (neema, hub):
            status, size = home.status(), resident_kib(home)
            step, cpu = status["longest_step_ms"], status["longest_step_cpu_us"] / 1000
            out[home.name] = {"longest_step_ms": step, "longest_step_cpu_ms": cpu, "resident_kib": size}
            tell(f"{home.name + ': longest step, resident':34} {step:7d} ms ({cpu:.1f} of processor time)  {size:8d} KiB")
        assert neema.json("verify")["digest"] == hub.json("verify")["digest"]
        long_waits(out, tell, lab, hub, neema, people)
        for home in (neema, hub):
            with open(os.path.join(home.path, "log"), encoding="utf-8") as file:
                for line in file:
                    if "a step (" in line:
                        tell(f"{home.name + ', log:':34} {line.strip()}")
        when_idle(out, hub, tell)
    finally:
        lab.close()
    return out


def when_idle(out, hub, tell):
    """Start to end of `pamoja status`, and from the request to unlock to the first answer with the journal's figures."""
    times = []
    for _ in range(50):
        began = time.monotonic()
        hub.run("status")
        times.append(time.monotonic() - began)
    out["status"] = spread(times)
    tell(f"{'pamoja status, start to end':34} median {out['status']['median_ms']} ms, 99 of 100 {out['status']['p99_ms']} ms")
    times = []
    for stretching in (True, False) * 2:
        hub.run("lock")
        began = time.monotonic()
        if stretching:  # a wrong passphrase costs the stretching alone
            with open(hub.passphrase_file + ".wrong", "w", encoding="utf-8") as file:
                file.write("seven other herons on another lake\n")
            os.chmod(hub.passphrase_file + ".wrong", 0o600)
            hub.run("--passphrase-file", hub.passphrase_file + ".wrong", "unlock", check_status=False)
            alone = time.monotonic() - began
            hub.unlock()
        else:
            hub.unlock()
            hub.run("status")
            times.append(max(0, time.monotonic() - began - alone))
        time.sleep(13)  # at most five tries a minute
    out["unlock_without_stretching"] = spread(times)
    tell(f"{'unlock and status, less stretching':34} median {out['unlock_without_stretching']['median_ms']} ms")
    time.sleep(3)
    out["resident_idle_kib"] = resident_kib(hub)
    tell(f"{'resident, unlocked and idle':34} {out['resident_idle_kib']:7d} KiB")


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    as_json = "--json" in sys.argv[1:]
    out = measure(int(words[0]) if words else 500, (lambda line: None) if as_json else (lambda line: print(line, flush=True)))
    if as_json:
        print(json.dumps(out))


if __name__ == "__main__":
    main()
