#!/usr/bin/env python3
"""A home that an earlier version wrote is made new by today's programs, wherever they are killed on the way, and nothing of it is lost."""
import glob
import os
import shutil
import subprocess

from lab import BIN, TOP, Client, check, run

HOME_3 = os.path.join(TOP, "tests", "scenario", "home_3")  # locked by the program as it was before journal version 4: its key file and journal


def put_back(home):
    """What such a laptop has, as it was."""
    shutil.rmtree(home.path, ignore_errors=True)
    os.makedirs(home.path, mode=0o700)
    for path in [os.path.join(HOME_3, "keys"), *glob.glob(os.path.join(HOME_3, "journal-*"))]:
        os.chmod(shutil.copy(path, home.path), 0o600)


def killed_amid(home, beyond):
    """Unlock, and kill the daemon as soon as it says that it is further than that, or is through. How far it was; None: through."""
    home.start("--no-carry")
    asks = Client(home)
    unlock = subprocess.Popen([os.path.join(BIN, "pamoja"), "--passphrase-file", home.passphrase_file, "unlock"], env=home.env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while (status := asks.status())["locked"] and status.get("renewing", {"done": -1})["done"] <= beyond:
        pass
    home.kill()
    unlock.wait(60)
    return status.get("renewing")


def story_a_home_of_version_3(lab):
    """Killed amid being made new, again and again from where it was; then all is there, it is enrolled, and the office has all of it."""
    lab.quiet()
    hub = lab.hub()
    neema = lab.home("Neema")
    with open(os.path.join(HOME_3, "said"), encoding="ascii") as file:
        entries, digest = file.read().split()
    entries, amid, tries = int(entries), [], 0
    while not any(amid):  # whoever is kept from asking by a busy machine finds it through: once more, then
        check((tries := tries + 1) < 50, "it was never seen at it")
        put_back(neema)
        amid = []
        while len(amid) < 4 and (at := killed_amid(neema, amid[-1] if amid else -1)) is not None:
            check(at["done"] <= entries, at)
            amid.append(at["done"])
    print(f"     killed at {amid} of {entries} entries")
    neema.start().unlock()
    journal = neema.status()["journal"]
    check(journal["entries"] == entries and journal["digest"] == digest, journal, entries, digest)
    check(neema.json("verify")["ok"])
    check(neema.json("find", "a")["items"] and neema.json("person", "list")["items"])
    lab.enrol(neema, hub)
    neema.run("sync")
    hub.run("hub", "merge")
    neema.run("sync")
    person = neema.json("person", "list")["items"][0]["id"]
    check(hub.json("verify", person) == neema.json("verify", person), "the office has the same")
    outbox = neema.status()["outbox"]
    check(outbox["saved"] == outbox["carried"] == outbox["delivered"] == 0 and outbox["merged"] >= entries, outbox, entries)


run(globals())
