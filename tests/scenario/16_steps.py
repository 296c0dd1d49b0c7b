#!/usr/bin/env python3
"""Long work never makes the person wait: it goes in steps, and between two steps whoever asks is answered."""
import json
import os
import signal
import subprocess
import sys

from lab import TOP, Client, check, gives_way, held_still, run


def people_file(lab, people):
    path = os.path.join(lab.dir, "records.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", str(people)], stdout=file, check=True)
    return path


def both_ask(home, work, known):
    """In the middle of work a client that is known asks, and one that has just come. The number of the step before each answer."""
    held_still(home)
    try:
        check(not work.answered(), "the work was over too soon to say anything")
        known.ask("GET", "/v1/status")
        new = Client(home)
        new.ask("GET", "/v1/status")
    finally:
        home.daemon.send_signal(signal.SIGCONT)
    return known.answer()["steps"], new.answer()["steps"]


def answered_between_steps(home, method, path, body=""):
    """Begin long work; both who ask in the middle of it are answered before the next step, and the work goes on after them. Returns the
    answer of the work. Who was known is read at once; who has just come must be let in and read: no step may come between. But work that
    has waited for some milliseconds has a turn after each (loop.c), and it has where the machine was busy just then: so that is at most
    two, and when it was, they ask again."""
    gives_way(home)
    work, known = Client(home), Client(home)
    before = known.status()["steps"]
    work.ask(method, path, body)
    while known.status()["steps"] < before + 4:
        pass
    between = None
    while between != 0:
        first, second = both_ask(home, work, known)
        between = second - first
        check(between <= 2, "steps came before an answer", first, second)
    answer = work.answer()
    check("error" not in answer, answer)
    last = known.status()["steps"]
    check(last > second + 3, "the work went on after the answers", last, second)
    return answer


def story_requests_are_answered_between_the_steps(lab):
    """While a hub merges, while it verifies, and while a laptop seals what is unsent because it is being locked."""
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    neema.run("import", people_file(lab, 200))
    answered_between_steps(neema, "POST", "/v1/sync", "{}")
    answered_between_steps(hub, "POST", "/v1/hub/merge", "{}")
    answer = answered_between_steps(hub, "GET", "/v1/verify")
    check(answer["ok"] and answer["digest"] == neema.json("verify")["digest"], answer)


def story_an_import_in_steps(lab):
    """Five hundred rows come in one request. Others are answered between its pieces; what they save meanwhile is kept; a lock in its midst
    answers it, and the same rows given again are saved once; one line that is bad takes no other along; a dry run leaves nothing."""
    home = lab.home("neema").start().init()
    note = lambda i: " ".join(f"word{i * 7 + n * 13}" for n in range(150))  # a row is work  # noqa: E731
    rows = [{"kind": "person", "row": i, "fields": {"name": f"Person {i}", "note": note(i), "birth_year": "19x4" if i == 321 else 1950}}
            for i in range(500)]
    gives_way(home)
    work, other = Client(home), Client(home)
    work.ask("POST", "/v1/import", json.dumps({"import": "a", "rows": rows}))
    seen = set()
    while not work.answered():
        seen.add(other.status()["journal"]["entries"])
    check(len(seen - {0, 499}) > 2, "others see it grow, piece by piece", sorted(seen))
    items = work.answer()["items"]
    check([i for i, item in enumerate(items) if "error" in item] == [321] and items[321]["error"]["field"] == "birth_year", items[321])
    check(home.status()["journal"]["entries"] == 499)

    # somebody's own record in the midst of the pieces is saved with those before it
    gives_way(home)
    work, other = Client(home), Client(home)
    before = home.status()["journal"]["entries"]
    work.ask("POST", "/v1/import", json.dumps({"import": "b", "rows": rows}))
    while other.status()["journal"]["entries"] == before:
        pass
    other.ask("POST", "/v1/records/person", json.dumps({"fields": {"name": "Zawadi in between"}}))
    saved = other.answer()
    check("id" in saved and not work.answered(), saved)
    home.kill()
    home.start().unlock()
    entries = home.status()["journal"]["entries"]
    check(500 < entries < 999 and home.json("find", "zawadi")["items"][0]["id"] == saved["id"], entries)
    again = home.post("/v1/import", {"import": "b", "rows": rows})["items"]
    there = sum(item.get("before", False) for item in again)
    check(there == entries - 500 and len({item["id"] for item in again if "id" in item}) == 499, there, entries)
    check(home.status()["journal"]["entries"] == 499 + 1 + 499)

    # a lock in the midst
    gives_way(home)
    work, other = Client(home), Client(home)
    before = home.status()["journal"]["entries"]
    work.ask("POST", "/v1/import", json.dumps({"import": "c", "rows": rows}))
    while other.status()["journal"]["entries"] == before:
        pass
    other.ask("POST", "/v1/lock", "{}")
    check(work.answer()["error"]["code"] == "locked")
    other.answer()
    home.unlock()
    part = home.status()["journal"]["entries"] - 999
    again = home.post("/v1/import", {"import": "c", "rows": rows})["items"]
    check(0 < part == sum(item.get("before", False) for item in again), part)
    check(home.status()["journal"]["entries"] == 999 + 499 and home.json("verify")["ok"])

    check("at most 50" in home.post("/v1/import", {"dry_run": True, "rows": rows})["error"]["message"])
    check(len(home.post("/v1/import", {"dry_run": True, "rows": rows[:50]})["items"]) == 50 and home.status()["journal"]["entries"] == 999 + 499)


def mark_of(path, kind):
    """As the client names an import: FNV-1a of the file, its size, the kind."""
    total, data = 0xcbf29ce484222325, open(path, "rb").read()
    for byte in data:
        total = (total ^ byte) * 0x100000001b3 % 2**64
    return f"{total:016x}-{len(data)}-{kind}"


def story_an_import_that_is_over(lab):
    """Killed after the last row was committed, before what is kept of it is all forgotten or its answer came, the same command doubles
    nothing; meant as a new one it can break off as well, and is gone on with. The last 64 are known."""
    home = lab.home("neema").start().init()
    count, path = 6801, os.path.join(lab.dir, "people.csv")  # more than is forgotten in one request
    with open(path, "w", encoding="utf-8") as file:
        file.write("name\n" + "".join(f"Person {i}\n" for i in range(count)))
    name, command = mark_of(path, "person"), ("import", path, "--kind", "person")
    rows = [{"kind": "person", "row": i, "fields": {"name": f"Person {i}"}} for i in range(count)]
    entries = lambda: home.status()["journal"]["entries"]  # noqa: E731
    for at in range(0, count, 500):
        home.post("/v1/import", {"import": name, "rows": rows[at:at + 500]})
    check(home.post("/v1/import", {"import": name, "rows": [], "done": True, "saved": count, "of": count})["more"])
    home.kill()
    home.start().unlock()
    error = home.refused(2, *command)
    check("all of this file is in" in error["message"] and f"{count} rows" in error["message"] and "--again" in error["hint"], error)
    check(entries() == count, entries())

    # meant: nothing of the old one stands for its rows; when it breaks off, it is no longer over
    while home.post("/v1/import", {"import": name, "rows": [], "begin": True, "again": True})["more"]:
        pass
    items = home.post("/v1/import", {"import": name, "rows": rows[:500]})["items"]
    check(not any("before" in item for item in items), items[:3])
    home.kill()
    home.start().unlock()
    check("500 of them there already" in home.run(*command).out and entries() == 2 * count, entries())
    home.refused(2, *command)

    for i in range(63):
        home.post("/v1/import", {"import": f"other {i}", "rows": [], "done": True, "saved": 1, "of": 1})
    home.refused(2, *command)
    home.post("/v1/import", {"import": "one more", "rows": [], "done": True, "saved": 1, "of": 1})
    check("more" in home.post("/v1/import", {"import": name, "rows": [], "begin": True}))


def story_locking_in_steps(lab):
    """A lock seals what is unsent. Whoever locks waits for it; others are answered meanwhile, and find it locked."""
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    neema.run("import", people_file(lab, 200))
    entries = neema.status()["outbox"]["entries"]
    gives_way(neema)
    locks, known = Client(neema), Client(neema)
    before = known.status()["steps"]
    locks.ask("POST", "/v1/lock", "{}")
    while known.status()["steps"] < before + 2:
        pass
    held_still(neema)
    try:
        check(not locks.answered(), "the lock was over too soon to say anything")
        known.ask("GET", "/v1/status")
        new = Client(neema)
        new.ask("GET", "/v1/today")
    finally:
        neema.daemon.send_signal(signal.SIGCONT)
    status, today = known.answer(), new.answer()
    check(status["locked"], "from its beginning nobody is let in", status)
    check(today["error"]["code"] == "locked", today)
    check(locks.answer() == {"locked": True})
    check(known.status()["steps"] > status["steps"] + 1, "the lock went on after the answers")
    spool = os.path.join(neema.path, "spool", "out")
    check(len(os.listdir(spool)) > 1, "what is unsent lies with the carrier", os.listdir(spool))
    neema.unlock()
    check(neema.status()["outbox"]["entries"] == entries, "and none of it is lost")
    # an unlock, or the end of the daemon, that comes while it locks finds it finished
    neema.add("person", name="Baraka")
    locks.ask("POST", "/v1/lock", "{}")
    neema.unlock()
    check(locks.answer() == {"locked": True} and neema.json("find", "baraka")["items"])
    neema.add("person", name="Chausiku")
    locks.ask("POST", "/v1/lock", "{}")
    neema.stop()
    neema.start()
    neema.unlock()
    check(neema.json("find", "chausiku")["items"])
    lab.exchange(hub, neema)
    check(hub.json("verify")["digest"] == neema.json("verify")["digest"])


def person_with_history(home, contacts):
    """A person and so many contacts with them, recorded here. Their id."""
    path = os.path.join(home.lab.dir, home.name + "-history.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "person", "ref": "p", "fields": {"name": "Zawadi wa Milima"}}) + "\n")
        for number in range(contacts):
            file.write(json.dumps({"kind": "contact", "fields": {"person": "@p", "kind": "phone", "minutes": number % 90 + 1}}) + "\n")
    home.run("import", path, timeout=3600)
    return home.json("find", "zawadi")["items"][0]["id"]


def cut_off_amid(hub, path, body):
    """A decision of the coordinator, answered; what follows from it is still going on when the power goes. What its status said then."""
    gives_way(hub)
    decides, known = Client(hub), Client(hub)
    decides.ask("POST", path, json.dumps(body))
    answer = decides.answer()
    held_still(hub)
    try:
        check("error" not in answer, answer)
        known.ask("GET", "/v1/status")
    finally:
        hub.daemon.send_signal(signal.SIGCONT)
    status = known.answer()
    hub.kill()
    hub.start().unlock()
    return status


def story_a_long_history_is_assigned_in_steps(lab):
    """Assigning a person is answered at once, and their history follows in steps. Cut off between two, it goes on by itself."""
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    person = person_with_history(hub, 3000)
    team = {"person": person, "workers": ["Neema"]}
    status = cut_off_amid(hub, "/v1/hub/assign", team)
    check(status["outbox"]["entries"] < 3000, "all of it was queued before anybody was answered", status["outbox"])
    hub.run("hub", "merge")
    neema.run("sync")
    check(neema.json("verify", person) == hub.json("verify", person) and neema.json("verify", person)["entries"] == 3001)
    # What is withdrawn, and given again before all of it is forgotten as sent, is sent again, all of it.
    cut_off_amid(hub, "/v1/hub/unassign", team)
    cut_off_amid(hub, "/v1/hub/assign", team)
    hub.run("hub", "merge")
    neema.run("sync")
    check(not neema.show(person)["handed_over"] and neema.json("verify", person)["entries"] == 3001)
    check(neema.json("verify", person)["digest"] == hub.json("verify", person)["digest"])
    # A lock lets it be finished: the carrier has everything.
    hub.run("hub", "unassign", person, "Neema")
    lab.exchange(hub, neema)
    check(neema.show(person)["handed_over"])
    hub.run("hub", "assign", person, "Neema")
    hub.run("lock")
    hub.unlock()
    check(hub.status()["outbox"]["entries"] > 3000, hub.status()["outbox"])
    lab.exchange(hub, neema)
    check(neema.json("verify", person) == hub.json("verify", person))


def story_what_waited_is_let_in_in_steps(lab):
    """What is urgent goes first, so it comes to the hub before what it speaks of, waits for that, and is let in when it has come."""
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    path = os.path.join(lab.dir, "rows.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for number in range(60):
            file.write(json.dumps({"kind": "person", "ref": f"p{number}", "fields": {"name": f"Person {number}"}}) + "\n")
        for number in range(600):
            fields = {"person": f"@p{number % 60}", "kind": "phone", "crisis": True}
            file.write(json.dumps({"kind": "contact", "fields": fields}) + "\n")
    neema.run("import", path)
    neema.run("sync")
    answer = hub.json("hub", "merge")
    check(answer["held"] == 0, answer)
    check(hub.status()["waiting"] == 0, hub.status()["waiting"])
    check(hub.json("verify")["digest"] == neema.json("verify")["digest"])


def story_find_in_steps(lab):
    """Hundreds of records are found in steps, and whoever asks meanwhile is answered before the next. A lock ends it, and says so."""
    lab.quiet()
    home = lab.home("Neema").start().init()
    home.run("import", people_file(lab, 100))
    # several at once, one after the other: a quick machine needs but two steps for one
    finds, asks = [Client(home) for _ in range(5)], Client(home)
    for asked, wanted in (("GET", "/v1/status", ""), 300), (("POST", "/v1/lock", "{}"), None):
        check(all(client.status() for client in [*finds, asks]))  # all are let in
        held_still(home)
        try:
            for client in finds:
                client.ask("GET", "/v1/find?q=a&limit=300")
            asks.ask(*asked)
        finally:
            home.daemon.send_signal(signal.SIGCONT)
        meanwhile, found = asks.answer(), [client.answer() for client in finds]
        if wanted:
            check(home.status()["steps"] > meanwhile["steps"] + 2, "all of it was done before anybody else was answered", meanwhile["steps"])
            check(all(len(one["items"]) == wanted and one["more"] is True for one in found), [len(one["items"]) for one in found])
        else:
            check(meanwhile == {"locked": True}, meanwhile)
            check(all(one["error"]["message"] == "Pamoja was locked meanwhile" for one in found[1:]), found)


def story_nothing_looks_through_everything(lab):
    """What is asked for often is found by an index; a statement that goes through a whole table of entries or records says so in the log."""
    hub, neema = lab.office(peer="Neema")
    neema.run("import", people_file(lab, 700))
    neema.run("sync")
    hub.run("hub", "merge")
    person = neema.json("person", "list", "--limit", "1")["items"][0]["id"]
    for home in (neema, hub):
        for words in (("status",), ("today",), ("find", "person"), ("person", "list"), ("show", person), ("history", person), ("verify", person)):
            home.run(*words)
        home.run("edit", person, "village=Kimana")
    for words in (("hub", "roster"), ("hub", "held"), ("hub", "conflicts"), ("hub", "assign", person, "Neema"), ("hub", "unassign", person, "Neema")):
        hub.run(*words)
    neema.run("sync")
    hub.run("hub", "merge")
    for home in (neema, hub):
        gone_through = [line for line in home.messages(0).splitlines() if "gone through" in line]
        check(not gone_through, home.name, *gone_through)


if __name__ == "__main__":
    run(globals())
