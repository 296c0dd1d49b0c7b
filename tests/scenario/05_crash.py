"""Killed at any moment: `kill -9` of pamojad and pamoja-carry under load. Every acknowledged write is still there, once.

PAMOJA_KILLS (default 25) says how many kills, PAMOJA_SEED repeats the choices of a run (not its timing).
"""
import collections
import os
import random
import signal
import socket
import threading
import time

from lab import PATIENCE, Failed, check, run

KILLS = int(os.environ.get("PAMOJA_KILLS", "25"))
SEED = int(os.environ.get("PAMOJA_SEED", str(random.SystemRandom().randrange(1 << 32))))
BUCKET = 300  # records that are listed together
PAUSE = 0.05  # of each who adds: eight clients keep the daemons at work without taking the machine from other tests


class Load:
    """Client processes at work until told to stop; keeps what was acknowledged, by a token of its own."""

    def __init__(self, shared):
        self.shared = shared
        self.stopping = threading.Event()
        self.threads = []
        self.acked = collections.defaultdict(dict)  # home name -> token -> record id
        self.buckets = collections.defaultdict(set)  # home name -> where its records say they were made
        self.edits = collections.defaultdict(list)  # home name -> acknowledged values of the shared person
        self.tried = collections.Counter()
        self.broken = []

    def begin(self, work, home):
        def loop():
            number = 0
            while not self.stopping.is_set():
                number += 1
                try:
                    work(home, number)
                except Exception as error:  # told at the end, by the story
                    self.broken.append(f"{home.name}: {error!r}")
                    return

        thread = threading.Thread(target=loop, daemon=True)
        self.threads.append(thread)
        thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        check(not any(thread.is_alive() for thread in self.threads), "a client hangs")
        check(not self.broken, self.broken)

    def one(self, home, *arguments):
        """One command. It may fail since its daemon died or is locked, and in no other way."""
        answer = home.run(*arguments, check_status=False, json_out=True)
        self.tried[home.name, arguments[0] if arguments[0] != "hub" else "hub merge", answer.status] += 1
        if answer.status not in (0, 1, 4, 6):
            raise Failed(f"pamoja {' '.join(arguments)}: {answer!r}")
        return answer

    def adding(self, home, number):
        token = f"{home.name}-{number}"
        bucket = f"{home.name}-{number // BUCKET}"
        self.buckets[home.name].add(bucket)
        if number % 3:
            answer = self.one(home, "contact", "add", "person=" + self.shared, "kind=phone", "note=" + token, "place=" + bucket)
        else:
            answer = self.one(home, "person", "add", "name=" + token, "village=" + bucket)
        if answer.status == 0:
            self.acked[home.name][token] = answer.json["id"]
        time.sleep(PAUSE if answer.status == 0 else 0.2)

    def editing(self, home, number):
        value = f"{home.name}-village-{number}"
        if self.one(home, "edit", self.shared, "village=" + value).status == 0:
            self.edits[home.name].append(value)
        time.sleep(0.3)

    def moving(self, home, number):
        if number % 4 == 0:
            self.one(home, "carry", self.stick)
        else:
            self.one(home, "sync")
        time.sleep(0.1)

    def merging(self, home, number):
        self.one(home, "hub", "merge")
        time.sleep(0.3)


def children(parent):
    """Processes whose parent is this one."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    if int(file.read().rpartition(")")[2].split()[1]) == parent:
                        found.append(int(name))
            except OSError:
                pass  # it ended meanwhile
    return found


def carriers(home):
    """pamoja-carry of a home: a child of the starter, which is a child of pamojad."""
    return [pid for starter in children(home.daemon.pid) for pid in children(starter)]


def shoot(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def start_again(home):
    home.start()
    home.unlock()


def kill_one(chance, homes, counts):
    home = chance.choice(homes)
    what = chance.choice(("pamojad", "pamojad", "pamoja-carry", "both"))
    gone = [shoot(pid) for pid in carriers(home)] if what != "pamojad" else []
    counts[home.name, what] += 1
    if what == "pamoja-carry":
        return any(gone)
    home.kill()
    start_again(home)
    return True


def settle(hub, workers):
    """Exchange until nothing waits anywhere."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done = True
        for home, words in [(worker, ("sync",)) for worker in workers] + [(hub, ("hub", "merge"))]:
            answer = home.run(*words, check_status=False)
            check(answer.status in (0, 6), answer)
            done = done and answer.status == 0
            if answer.status == 6:  # its carrier was killed a moment ago and waits to be started again
                time.sleep(1)
        # The hub may have answered one worker and not yet the other: it has receipts for what it sends, too.
        if done and all(home.status()["outbox"]["entries"] == 0 for home in (hub, *workers)):
            return
    raise Failed("not settled: " + str([home.status()["outbox"] for home in (hub, *workers)]))


def listed(home, kind, text_field, bucket_field, buckets):
    """Text and id of each record that was made in these buckets."""
    found = []
    for bucket in sorted(buckets):
        answer = home.json(kind, "list", f"{bucket_field}={bucket}", "--limit", 2 * BUCKET)
        check(answer["more"] is False, "not all were listed")
        found += [(item["fields"][text_field], item["id"]) for item in answer["items"]]
    return found


def must_hold(home, acked, buckets):
    """Each acknowledged record is here once, under the id that was answered; and nothing is here twice."""
    found = listed(home, "person", "name", "village", buckets) + listed(home, "contact", "note", "place", buckets)
    times = collections.Counter(token for token, _ in found)
    for token, record in acked.items():
        check((token, record) in found, home.name, "lost", token, record)
    check(set(times.values()) == {1}, home.name, "has doubled", [token for token in times if times[token] > 1])


def must_notice(hub, load):
    """The check itself: a record that nobody ever saved is missed."""
    try:
        must_hold(hub, {"never saved": "0" * 16}, load.buckets["hub"])
    except Failed:
        return
    raise Failed("a lost record is not noticed")


class Waiting:
    """A command under way, and how it ends."""

    def __init__(self, home, *arguments):
        self.thread = threading.Thread(target=self._run, args=(home, arguments), daemon=True)
        self.answer = None
        self.thread.start()

    def _run(self, home, arguments):
        self.answer = home.run(*arguments, check_status=False)

    def end(self, seconds):
        self.thread.join(seconds)
        check(self.answer is not None, "it waits for ever")
        return self.answer


def without_carrier(home):
    """Its starter sleeps and its carrier is dead, with all its processes: none comes back until the starter is woken."""
    for starter in children(home.daemon.pid):
        os.kill(starter, signal.SIGSTOP)
        for carrier in children(starter):
            for session in children(carrier):  # which would be back once more before it hears that its carrier is no more
                shoot(session)
            shoot(carrier)


def story_a_carrier_that_reads_no_more(lab):
    """Found dead only when it is written to, in the middle of asking it: the exchange breaks off and says so."""
    lab.quiet()
    worker = lab.worker("Neema", lab.hub())
    without_carrier(worker)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as carrier:
        carrier.connect(os.path.join(worker.path, "run", "carry.sock"))
        worker.json("status")  # it was taken on by now
        carrier.shutdown(socket.SHUT_RD)
        answer = Waiting(worker, "sync").end(60)
    check(answer.status == 6 and "broke off" in answer.err, answer)
    check(worker.run("sync", check_status=False).status == 6, "and the next one is not stuck behind it")


def story_no_carrier_while_records_are_added(lab):
    """An exchange that waits for the carrier to come up gives up in time, also when each record sets the timer of the next exchange."""
    lab.quiet()
    worker = lab.worker("Neema", lab.hub())
    without_carrier(worker)
    waiting = Waiting(worker, "sync")
    for number in range(3):
        worker.add("person", name=f"Asha {number}")
    check(waiting.end(60).status == 6, waiting.answer)


def story_back_between_two_questions(lab):
    """A daemon that dies at the client's first question and is back at the next: a kind it has is never called unknown."""
    worker = lab.home("Neema").start("--no-carry").init(role="peer")
    path = os.path.join(worker.path, "run", "api.sock")
    real = path + ".real"
    os.rename(path, real)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as front:
        front.bind(path)
        os.chmod(path, 0o600)
        front.listen(8)

        def serve():
            front.accept()[0].close()
            while True:
                client = front.accept()[0]
                server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                server.connect(real)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=pass_on, args=(source, sink), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        error = worker.run("person", "list", check_status=False, json_out=True)
        check(error.status == 1 and error.error["code"] != "usage", error)
        check(worker.run("person", "list", check_status=False).status == 0, "and the next command goes through")
    os.rename(real, path)


def pass_on(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.close()


def story_killed_under_load(lab):
    print(f"     seed {SEED}, {KILLS} kills", flush=True)
    chance = random.Random(SEED)
    hub = lab.quick("hub", "[hub]\nlook_every_seconds = 3\n").start().init(hub_mailboxes=lab.mailboxes, person="Office")
    workers = [lab.quick(name).start().init(role="peer") for name in ("Neema", "Juma")]
    for worker in workers:
        lab.enrol(worker, hub)
    shared = workers[0].add("person", name="Asha", village="at first")
    lab.exchange(hub, workers[0])
    hub.run("hub", "assign", shared, "Juma")
    lab.exchange(hub, workers[1])

    load = Load(shared)
    load.stick = os.path.join(lab.dir, "stick")
    os.mkdir(load.stick, 0o700)
    for worker in workers:
        for work in (load.adding, load.editing, load.moving):
            load.begin(work, worker)
    load.begin(load.adding, hub)
    load.begin(load.merging, hub)
    counts = collections.Counter()
    done = 0
    while done < KILLS and not load.broken:
        time.sleep(chance.uniform(0.02, 0.9))
        done += kill_one(chance, [hub, *workers], counts)
    load.stop()

    # before any exchange: what a laptop acknowledged is on that laptop
    for home in (hub, *workers):
        must_hold(home, load.acked[home.name], load.buckets[home.name])
        check(home.json("verify")["ok"])
    settle(hub, workers)
    everything = {token: record for acked in load.acked.values() for token, record in acked.items()}
    must_hold(hub, everything, set.union(*load.buckets.values()))
    for home in workers:
        must_hold(home, load.acked[home.name], load.buckets[home.name])
    must_notice(hub, load)
    for home in (hub, *workers):
        edits = collections.Counter(item["set"].get("village") for item in home.json("history", shared)["items"])
        for value in [value for values in load.edits.values() for value in values]:
            check(edits[value] == 1, home.name, "has the edit", value, edits[value], "times")
        rebuilt = home.json("verify", "--rebuild")
        check(rebuilt["ok"] and rebuilt["differed"] == 0, home.name, rebuilt)
        check(not [warning for warning in home.status()["warnings"] if "swap" not in warning], home.status()["warnings"])
    check(len({home.json("verify", shared)["digest"] for home in (hub, *workers)}) == 1, "the shared person differs")
    check(hub.json("hub", "held")["items"] == [], "nothing was held")
    check(all(len(load.acked[home.name]) > KILLS // 4 for home in (hub, *workers)), "there was too little load")
    print(f"     {done} kills {dict((' '.join(k), n) for k, n in counts.items())}; acknowledged: {len(everything)} records, "
          f"{sum(len(values) for values in load.edits.values())} edits")


run(globals())
