"""The hub gets another address: laptops follow by themselves, by the old address or by a stick, and nobody who is late is lost."""
import base64
import importlib
import os
import signal
import subprocess
import sys

import lab as lab_module
from lab import check, run

sys.path.insert(0, os.path.join(lab_module.TOP, "tests", "lib"))
import sshd  # noqa: E402
import web  # noqa: E402

GATE = os.path.abspath(os.path.join(lab_module.BIN, "pamoja-gate"))


def state(hub):
    """Each laptop's name and how far it has followed."""
    return {item["name"]: item["state"] for item in hub.json("hub", "move")["items"]}


def a_dead_share(lab, hub, neema, new):
    """The folder before the last is on a share that gives no answer: everything else goes on."""
    share = importlib.import_module("53_courier").Stick(lab, "vfat")
    if not share.plug() or not share.drivers():
        share.unplug()
        print("     skipped: no file system of FUSE to stop", file=sys.stderr)
        return
    hub.run("hub", "move", share.dir)
    hub.run("hub", "move", new)
    for pid in share.drivers():
        os.kill(pid, signal.SIGSTOP)
    try:
        person = neema.add("person", name="Wema")
        neema.run("sync")
        hub.run("hub", "merge")
        check(person in hub.run("person", "list", json_out=True).out)
    finally:
        share.pull()


def story_another_folder(lab):
    """One hears it at the old place, one by a stick, one late; the old place is taken away under them."""
    lab.quiet()
    hub = lab.hub()
    workers = neema, juma, baraka = [lab.worker(name, hub) for name in ("Neema", "Juma", "Baraka")]
    lab.exchange(hub, *workers)  # what an enrolment asks for by itself, and may be late with
    new, stick = os.path.join(lab.dir, "new"), os.path.join(lab.dir, "stick")
    check("no place was named" in hub.refused(2, "hub", "move", "")["message"])
    error = hub.refused(3, "hub", "move", new)
    check("there is no folder" in error["message"] and "make it first" in error["hint"], error)
    os.mkdir(new, 0o700)
    os.mkdir(stick)
    person = baraka.add("person", name="Asha")
    baraka.run("sync")
    said = hub.run("hub", "move", new).out
    check(f"at {new}" in said and f"before: {lab.mailboxes}" in said and said.count("not told yet") == 3, said)
    error = hub.refused(5, "hub", "move", "--end")
    check("3 of the laptops" in error["message"] and "--sure" in error["hint"], error)
    hub.run("hub", "merge")
    check(person in hub.run("person", "list", json_out=True).out)  # it came by the old place
    # the old address tells it; from the next exchange on everything goes by the new one
    neema.run("sync")
    check(state(hub) == {name: "waits" for name in ("Neema", "Juma", "Baraka")}, state(hub))
    neema.add("person", name="Mosi")
    neema.run("sync")
    hub.run("hub", "merge")
    check(state(hub)["Neema"] == "followed", state(hub))
    check(len(os.listdir(new)) == 3, os.listdir(new))
    # by a stick, while the old place is gone
    os.rename(lab.mailboxes, lab.mailboxes + ".gone")
    hub.run("carry", stick)
    juma.run("carry", stick)
    juma.run("sync")
    juma.run("sync")
    answer = hub.run("hub", "merge")
    check(state(hub) == {"Neema": "followed", "Juma": "followed", "Baraka": "waits"}, state(hub), answer)
    # who knows only the old one reaches nothing, keeps everything, and says so
    late = baraka.add("person", name="Zuri")
    baraka.refused(6, "sync")
    os.rename(lab.mailboxes + ".gone", lab.mailboxes)
    baraka.run("sync")
    baraka.run("sync")
    hub.run("hub", "merge")
    baraka.run("sync")
    check(baraka.show(late)["sync"] == "merged", baraka.show(late))
    hub.run("hub", "merge")
    said = hub.run("hub", "move").out
    check(said.count("came by the new address") == 3 and "hub move --end" in said, said)
    hub.run("hub", "move", "--end")
    os.rename(lab.mailboxes, lab.mailboxes + ".gone")
    lab.exchange(hub, *workers)
    check("before:" not in hub.run("hub", "move").out)
    a_dead_share(lab, hub, neema, new)
    # the hub's next start knows it, too; and so does who is enrolled from now on
    hub.stop()
    hub.start().unlock()
    lab.exchange(hub, *workers)
    lab.worker("Amani", hub)
    check(not os.path.exists(lab.mailboxes) and len(os.listdir(new)) == 4, os.listdir(new))


def let_in(lab, server):
    """What a host's sshd would be told by `pamoja-gate --key`, for each key in the hub's folder."""
    lines = ""
    for name in sorted(os.listdir(os.path.join(lab.mailboxes, "keys"))):
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes.fromhex(name)
        lines += subprocess.run([GATE, "--key", base64.b64encode(blob).decode(), "--root", lab.mailboxes], capture_output=True, text=True, check=True).stdout
    server.let_in(lines)


def story_another_host(lab):
    """From a folder to a host, to one with another key, and by mistake to one that is not there."""
    lab.quiet()
    hub = lab.hub()
    neema = lab.worker("Neema", hub)
    servers = [sshd.Sshd(os.path.join(lab.dir, name)) for name in ("one", "two")]
    lab.daemons += [server.process for server in servers]
    hub.refused(2, "hub", "move", servers[0].url)  # without its pin
    for which, server in enumerate(servers):
        hub.run("hub", "move", server.url, "--pin", server.pin)
        hub.run("hub", "merge")
        let_in(lab, server)
        neema.run("sync")
        person = neema.add("person", name="Asha")
        check("instead" not in neema.json("sync"))
        check(server.logins() > 0, which, server.errors())
        hub.run("hub", "merge")
        check(state(hub) == {"Neema": "followed"}, state(hub))
        neema.run("sync")
        check(neema.show(person)["sync"] == "merged")
    hub.run("hub", "move", "--end")
    lab.exchange(hub, neema)
    servers[0].close()
    # an address where nobody answers: told, and everything goes on by the one before
    hub.run("hub", "move", f"https://localhost:{web.free_port()}/pamoja")
    lab.exchange(hub, neema)
    person = neema.add("person", name="Mosi")
    answer = neema.json("sync")
    check("does not answer" in answer["instead"] and answer["sent"] == 1, answer)
    check("old address" in neema.run("sync").out)
    hub.run("hub", "merge")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person))
    check(state(hub) == {"Neema": "told"}, state(hub))
    hub.refused(5, "hub", "move", "--end")
    # the mistake is mended by the right one
    hub.run("hub", "move", servers[1].url, "--pin", servers[1].pin)
    lab.exchange(hub, neema, rounds=2)
    check(state(hub) == {"Neema": "followed"}, state(hub))
    check("instead" not in neema.json("sync"))
    # without a place that answers: said as ever
    servers[1].close()
    error = neema.refused(6, "sync")
    check("does not answer" in error["message"], error)


if __name__ == "__main__":
    run(globals())
