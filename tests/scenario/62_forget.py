"""What needs more than one person (security 7.2): supervisors and coordinators are enrolled by two supervisors, by the root key while there
are fewer; what waits is listed, approved or refused on other people's laptops."""
import os

from lab import check, run


def root_file(lab, hub):
    path = os.path.join(lab.dir, "root.key")
    with open(path, "w", encoding="utf-8") as file:
        file.write(hub.made["root_key"])
    os.chmod(path, 0o600)
    return path


def request_of(worker):
    return worker.json("enrol", "request")["request"]


def join(lab, hub, worker, invitation):
    hub.run("hub", "merge")
    lab.mailbox_made()
    worker.run("enrol", "accept", "-", "--words-checked", stdin=invitation)
    worker.run("sync")


def enrol_by_root(lab, hub, name, role):
    worker = lab.home(name).start().init(role=role)
    invited = hub.json("hub", "enrol", "-", "--role", role, "--name", name, "--words-checked", "--root-key", root_file(lab, hub),
                       stdin=request_of(worker))
    join(lab, hub, worker, invited["invitation"])
    return worker


def pending(home):
    return home.json("hub", "pending")["items"]


def roles_at(hub):
    return {item["name"]: item["role"] for item in hub.json("hub", "roster")["items"] if item["name"] != "Office"}


def story_a_supervisor_is_enrolled(lab):
    lab.quiet()
    hub = lab.hub()
    amina = lab.home("Amina").start().init(role="supervisor")
    request = request_of(amina)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Amina", "--words-checked")
    # the first: by the root key and by nothing else
    error = hub.refused(5, *ask, stdin=request)
    check("root key" in error["message"] and "--root-key" in error["hint"], error)
    other = lab.home("other").start().init(hub_mailboxes=os.path.join(lab.dir, "elsewhere"), person="Other")
    error = hub.refused(5, *ask, "--root-key", root_file(lab, other), stdin=request)
    check("not the root key" in error["message"], error)
    check(roles_at(hub) == {} and pending(hub) == [], "nothing was done", hub.json("hub", "roster"))
    amina = enrol_by_root(lab, hub, "Amina 2", "supervisor")
    baraka = enrol_by_root(lab, hub, "Baraka", "supervisor")
    check(roles_at(hub) == {"Amina 2": "supervisor", "Baraka": "supervisor"}, roles_at(hub))
    # from now on two of them decide, and the root key does no more
    chausiku = lab.home("Chausiku").start().init(role="coordinator")
    request = request_of(chausiku)
    ask = ("hub", "enrol", "-", "--role", "coordinator", "--name", "Chausiku", "--words-checked")
    error = hub.refused(5, *ask, "--root-key", root_file(lab, hub), stdin=request)
    check("two of them" in error["message"], error)
    asked = hub.json(*ask, stdin=request)["pending"]
    check(asked["what"]["op"] == "enrol" and asked["what"]["name"] == "Chausiku" and asked["missing"] == 2, asked)
    check(hub.json(*ask, stdin=request)["pending"]["id"] == asked["id"] and len(pending(hub)) == 1, "asked twice")
    check(hub.status()["pending"] == 1)
    # the hub's own yes is in it, and is not another person's
    error = hub.refused(5, "approve", asked["id"], "--sure")
    check("asked for here" in error["message"], error)
    lab.exchange(hub, amina, baraka)
    for supervisor in (amina, baraka):
        check(supervisor.status()["pending"] == 1)
        mine = supervisor.json("approve")["items"]
        check(len(mine) == 1 and mine[0]["id"] == asked["id"] and mine[0]["what"]["role"] == "coordinator", mine)
    check("--sure" in amina.refused(2, "approve", asked["id"])["hint"], "nobody was asked")
    check(amina.refused(3, "approve", "zzzzzz", "--sure")["code"] == "not_found")
    amina.run("approve", asked["id"][:5], "--sure")
    amina.run("approve", asked["id"], "--sure")  # twice is no error, and no second person
    check(amina.status()["pending"] == 0)
    lab.exchange(hub, amina, baraka)
    check(pending(hub)[0]["missing"] == 1 and [one["name"] for one in pending(hub)[0]["signed"]] == ["Amina 2"], pending(hub))
    check("invitation" not in hub.json(*ask, stdin=request))
    baraka.run("approve", asked["id"], "--sure")
    lab.exchange(hub, baraka, amina)
    check(pending(hub) == [] and amina.json("approve")["items"] == [] and baraka.json("approve")["items"] == [])
    join(lab, hub, chausiku, hub.json(*ask, stdin=request)["invitation"])
    check(chausiku.status()["enrolled"])
    check(roles_at(hub)["Chausiku"] == "coordinator")


def story_one_no_is_enough(lab):
    lab.quiet()
    hub = lab.hub()
    amina, baraka = [enrol_by_root(lab, hub, name, "supervisor") for name in ("Amina", "Baraka")]
    neema = lab.worker("Neema", hub)
    dalila = lab.home("Dalila").start().init(role="supervisor")
    request = request_of(dalila)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Dalila", "--words-checked")
    first = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka, neema)
    check(neema.json("approve")["items"] == [], "a peer is asked nothing")
    check(neema.refused(3, "approve", first, "--sure"))
    amina.run("approve", first, "--sure")
    baraka.run("refuse", first)
    lab.exchange(hub, amina, baraka)
    check(pending(hub) == [] and "Dalila" not in roles_at(hub))
    check(amina.json("approve")["items"] == [], "she is told that it is over")
    # asked again, taken back at the hub: an approval that comes after that does nothing
    second = hub.json(*ask, stdin=request)["pending"]["id"]
    check(second != first)
    lab.exchange(hub, amina, baraka)
    for supervisor in (amina, baraka):
        supervisor.run("approve", second, "--sure")
    hub.run("refuse", second)
    lab.exchange(hub, amina, baraka)
    check("Dalila" not in roles_at(hub))
    # a third time; one of the two is revoked before the other says yes: she is no longer somebody
    third = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka)
    amina.run("approve", third, "--sure")
    lab.exchange(hub, amina)
    hub.json("hub", "revoke", "Amina", "--sure")
    baraka.run("approve", third, "--sure")
    lab.exchange(hub, baraka)
    waits = pending(hub)
    check(len(waits) == 1 and waits[0]["root"] and waits[0]["missing"] == 1, waits)
    check("Dalila" not in roles_at(hub))


def story_the_answer_survives(lab):
    """A crash between the yes and what follows from it loses neither; the hub's backup carries what waits."""
    lab.quiet()
    hub = lab.hub()
    amina, baraka = [enrol_by_root(lab, hub, name, "supervisor") for name in ("Amina", "Baraka")]
    dalila = lab.home("Dalila").start().init(role="supervisor")
    request = request_of(dalila)
    ask = ("hub", "enrol", "-", "--role", "supervisor", "--name", "Dalila", "--words-checked")
    asked = hub.json(*ask, stdin=request)["pending"]["id"]
    lab.exchange(hub, amina, baraka)
    amina.run("approve", asked, "--sure")
    lab.exchange(hub, amina)
    baraka.run("approve", asked, "--sure")
    baraka.kill()
    baraka.start().unlock()
    hub.kill()
    hub.start().unlock()
    lab.exchange(hub, baraka)
    check(pending(hub) == [])
    check(hub.json(*ask, stdin=request)["role"] == "supervisor")


if __name__ == "__main__":
    run(globals())
