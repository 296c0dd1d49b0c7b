"""Mailboxes over https: a real web server with TLS, the gate behind it, plain git beside it, and hosts that are not what they should be."""
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

import lab as lab_module
from lab import PATIENCE, check, run

sys.path.insert(0, os.path.join(lab_module.TOP, "tests", "lib"))
import disks  # noqa: E402
import web  # noqa: E402
from badlink import BadLink, Profile  # noqa: E402
from terminal import stopped  # noqa: E402
from segments import BOX, INC, LANE, fill, make_box, same, segment, token_of  # noqa: E402

GATE = os.path.abspath(os.path.join(lab_module.BIN, "pamoja-gate"))
CARRY = os.path.join(lab_module.BIN, "pamoja-carry")


def git(lab, *arguments, token=None, status=0, cwd=None):
    command = ["git"]
    if token is not None:
        command += ["-c", "http.extraHeader=Authorization: Bearer " + token]
    answer = subprocess.run(command + list(arguments), cwd=cwd or lab.dir, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env={"PATH": os.environ["PATH"], "HOME": lab.dir, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_SSL_CAINFO": lab.web.ca})
    check(answer.returncode == status or (status != 0 and answer.returncode != 0), arguments, answer.stdout, answer.stderr, lab.web.errors())
    return answer.stdout + answer.stderr


def serve(lab, **options):
    lab.web = web.Web(os.path.join(lab.dir, "web"), lab.mailboxes, GATE, **options)
    lab.daemons.append(lab.web.process)
    return lab.web


def story_plain_git_beside_the_gate(lab):
    """With a good token git fetches everything and pushes its own lane; without one it learns nothing."""
    box = make_box(lab)
    serve(lab)
    up, down = token_of(1)[0], token_of(2)[0]
    there = f"{lab.web.url}/{BOX}.git"
    git(lab, "init", "-q", "work")
    work = os.path.join(lab.dir, "work")
    git(lab, "-c", "user.name=a", "-c", "user.email=a@invalid", "commit", "-q", "--allow-empty", "-m", "s", cwd=work)
    said = git(lab, "push", there, "HEAD:refs/heads/l1/" + "b" * 32, cwd=work, token=up)
    check("new branch" in said, said)
    check(os.path.exists(os.path.join(box, "refs/heads/l1", "b" * 32)))
    said = git(lab, "push", there, "HEAD:refs/heads/l2/" + "c" * 32, cwd=work, token=up, status=1)
    check("hidden ref" in said, said)
    git(lab, "push", there, "HEAD:refs/heads/l2/" + "c" * 32, cwd=work, token=down)
    git(lab, "push", there, "HEAD:refs/heads/main", cwd=work, token=up, status=1)
    said = git(lab, "ls-remote", there, token=up)
    check("l1/" in said and "l2/" in said, said)
    wrong = [git(lab, "ls-remote", there, token=token_of(9)[0], status=128),
             git(lab, "ls-remote", there.replace("a" * 32, "d" * 32), token=up, status=128).replace("d" * 32, "a" * 32)]
    check(wrong[0] == wrong[1], wrong)
    # no push into a full mailbox; it can still be read
    with open(box + "/limit", "w", encoding="ascii") as file:
        file.write("1\n")
    git(lab, "-c", "user.name=a", "-c", "user.email=a@invalid", "commit", "-q", "--allow-empty", "-m", "u", cwd=work)
    said = git(lab, "push", there, "HEAD:refs/heads/l1/" + "b" * 32, cwd=work, token=up, status=1)
    check("507" in said, said)
    check("l1/" in git(lab, "ls-remote", there, token=up))
    os.unlink(box + "/limit")
    # hooks that somebody put into the mailbox are never run
    os.makedirs(box + "/hooks")
    with open(box + "/hooks/post-update", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ntouch {lab.dir}/ran\n")
    os.chmod(box + "/hooks/post-update", 0o755)
    git(lab, "-c", "user.name=a", "-c", "user.email=a@invalid", "commit", "-q", "--allow-empty", "-m", "t", cwd=work)
    git(lab, "push", there, "HEAD:refs/heads/l1/" + "b" * 32, cwd=work, token=up, status=1)
    check(not os.path.exists(lab.dir + "/ran"))


# --- one exchange by hand ---

def once(lab, who, url=None, token=None, ca=None, pin=None, have=None, more=(), patience=None, status=0):
    """`pamoja-carry --once` over https. Returns its events; the last one is `done`."""
    command = [CARRY, "--once", "--spool", f"{lab.dir}/{who}/spool", "--store", f"{lab.dir}/{who}/carry", "--write", str(LANE[who]),
               "--remote", f"{BOX}={url or lab.web.url}"]
    for remote in more:
        command += ["--remote", remote]
    for name, text in (("token", token or token_of(LANE[who])[0]), ("ca", ca), ("pin", pin)):
        if text is not None:
            path = os.path.join(lab.dir, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            command += [f"--{name}-file", path]
    for place in [have] if isinstance(have, str) else have or []:
        command += ["--have", place]
    if patience is not None:
        command += ["--patience", str(patience)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=dict(os.environ, https_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1"))
    check(answer.returncode in (status if isinstance(status, tuple) else (status,)), "wanted", status, "got", answer.returncode, answer.stdout[-600:], answer.stderr, lab.web.errors() if hasattr(lab, "web") else "")
    return [json.loads(line) for line in answer.stdout.splitlines()]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def events(said, name):
    return [event for event in said if event["event"] == name]


def wait_for(what, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not what():
        check(time.monotonic() < until, "waited in vain")
        time.sleep(0.05)


def story_both_ways_in_one_round_trip(lab):
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 3)
    fill(lab, "h", 1, 2)
    first = once(lab, "h", ca=ca)
    check(first[-1]["sent"] == 2 and events(first, "delivered")[0]["segment"][3] == 2, first)
    said = once(lab, "w", ca=ca)
    check(said[-1]["sent"] == 3 and said[-1]["got"] == 2 and said[-1]["up"] > 3 * 1288, said)
    said = once(lab, "h", ca=ca)
    check(said[-1]["got"] == 3 and said[-1]["sent"] == 0, said)
    same(lab, "w", "h")
    same(lab, "h", "w")
    # from now on a record goes, and what waits comes, with one request: seen on the wire
    fill(lab, "w", 4, 4)
    fill(lab, "h", 3, 3)
    once(lab, "h", ca=ca)
    requests = len(lab.web.log())
    said = once(lab, "w", ca=ca, have=f"{BOX}:2:{INC['h']}:2")
    check(said[-1]["sent"] == 1 and said[-1]["got"] == 1, said)
    check(len(lab.web.log()) == requests + 1, lab.web.log()[requests:])
    # and nothing new is one short answer
    said = once(lab, "w", ca=ca, have=f"{BOX}:2:{INC['h']}:3")
    check(said[-1]["sent"] == 0 and said[-1]["got"] == 0, said)
    check(len(lab.web.log()) == requests + 2, lab.web.log()[requests:])
    check(not events(said, "foreign"), said)
    # what lies in the spool and was not taken in yet does not come over the air again
    said = once(lab, "w", ca=ca)
    check(said[-1]["got"] == 0 and said[-1]["down"] < 3000, said)
    # the pin alone is enough, and so is plain git for the other end
    said = once(lab, "w", pin=lab.web.pin)
    check(said[-1]["code"] == "ok", said)
    answer = subprocess.run(["git", "-C", os.path.join(lab.mailboxes, BOX + ".git"), "fsck", "--strict"], capture_output=True, text=True)
    check(answer.returncode == 0, answer)


def story_a_wire_that_is_cut(lab):
    """Every connection dies after so many bytes: all of it arrives, once, and little is sent twice."""
    make_box(lab)
    serve(lab)
    fill(lab, "w", 1, 120, size=2048)
    fill(lab, "h", 1, 60, size=2048)
    once(lab, "h", ca=read(lab.web.ca))
    wire = web.Cutter(lab.web.port, 30000)
    url = f"https://localhost:{wire.port}/pamoja"
    for tries in range(40):
        said = once(lab, "w", url=url, ca=read(lab.web.ca), status=(0, 6))
        if said[-1]["code"] == "ok":
            break
        check(said[-1]["code"] == "unreached", said[-1])
    check(said[-1]["code"] == "ok", said[-1])
    check(wire.cuts >= 10, "it was cut only", wire.cuts)
    # a cut costs one new connection and no other
    check(wire.connections <= wire.cuts + tries + 1, wire.connections, wire.cuts, tries)
    payload = 120 * 2312 + 60 * 2312
    print(f"     {wire.cuts} cuts, {wire.connections} connections, {tries + 1} exchanges: {wire.up + wire.down} bytes for {payload}")
    check(wire.up + wire.down < 1.6 * payload, wire.up, wire.down, payload)
    once(lab, "h", ca=read(lab.web.ca))
    same(lab, "w", "h")
    same(lab, "h", "w")


def story_what_came_before_a_cut_stands(lab):
    """Of an answer that broke off what is whole counts, and is not asked for again."""
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "h", 1, 1)
    once(lab, "h", ca=ca)
    once(lab, "w", ca=ca)
    wire = web.Cutter(lab.web.port, once=True)
    url = f"https://localhost:{wire.port}/pamoja"
    # ten segments come in one answer, which is cut within the eighth
    fill(lab, "h", 2, 11, size=2048)
    once(lab, "h", ca=ca)
    wire.after = 2300 + 15 * 2312 // 2
    said = once(lab, "w", url=url, ca=ca, have=f"{BOX}:2:{INC['h']}:1")
    check(said[-1]["code"] == "ok" and said[-1]["got"] == 10 and wire.cuts == 1, said[-1], wire.cuts)
    came = wire.down - 10 * 2312
    print(f"     an answer cut once: {came} bytes more than its segments")
    check(came < 2312 + 2 * 1500 + 3000, "what was whole came again:", came)
    same(lab, "h", "w")


def story_steps_are_remembered(lab):
    """What a network let through last is where the next exchange in it begins; a file that somebody spoiled is as good as none."""
    box = make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 60, size=2048)
    wire = web.Cutter(lab.web.port, 30000)
    url = f"https://localhost:{wire.port}/pamoja"
    once(lab, "w", url=url, ca=ca)
    steps = os.path.join(lab.dir, "w", "carry", "steps")
    if not os.path.exists(steps):  # this machine has no way out, so no network to remember
        with open("/proc/net/route", encoding="ascii") as file:
            check(not any(line.split()[1] == "00000000" for line in file), "it was not kept")
        print("     no default route here: not tried")
        return
    network, step, ceiling, share = read(steps).split()
    check(re.fullmatch("[0-9a-f]{4}", network) and 4096 <= int(step) <= int(ceiling) <= 262144 and 4096 <= int(share) <= 8192, read(steps))

    def say(text):
        with open(steps, "w", encoding="ascii") as file:
            file.write(text)

    for spoiled in ("nonsense", f"{network} 0 0\n", f"{network} 9 4\n", f"{network} 9999999 9999999\n", "ffff 4096 4096\n" * 500):
        say(spoiled)
        once(lab, "w", ca=ca)
        check(read(steps).startswith(f"{network} 32768 262144 262144\n"), read(steps)[:40])

    def arrived():
        return int(git(lab, "--git-dir", box, "rev-list", "--count", "--all"))

    for last, began in ((90, 262144), (120, 4096)):
        say(f"{network} {began} {began}\n")
        fill(lab, "w", last - 29, last, size=2048)
        before, there = arrived(), []
        wire.at_cut = lambda: there.append(arrived())
        once(lab, "w", url=url, ca=ca)
        print(f"     30 segments, begun with steps of {began}: {len(there)} cuts, {there[0] - before} had arrived at the first")
        check(arrived() == before + 30 and (there[0] > before) == (began == 4096), before, there, began)
    wire.at_cut = None
    # other networks stay, this one comes first; no more than 64
    say("".join(f"{n:04x} 4096 4096\n" for n in range(1, 65)))
    once(lab, "w", ca=ca)
    lines = read(steps).splitlines()
    check(lines[0].startswith(network) and len(lines) == 64, lines[:2], len(lines))
    # a host that cannot be reached says nothing about the network
    say(f"{network} 65536 262144 8192\n")
    once(lab, "w", ca=ca, url=f"https://localhost:{web.free_port()}/pamoja", status=6)
    check(read(steps) == f"{network} 65536 262144 8192\n", read(steps))


def story_hosts_that_are_not_what_they_should_be(lab):
    """Each its own message and status; what waits still waits, and goes with the next good exchange."""
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 1)

    def refused(status, words, **options):
        done = once(lab, "w", status=status, **options)[-1]
        check(words in done["message"] and done["hint"] and done["sent"] == 0, done)

    refused(7, "another key than the hub told us", pin="sha256//" + "A" * 43 + "=")
    refused(7, "does not vouch for")  # signed by nobody the system trusts
    refused(6, "does not answer", url=f"https://localhost:{web.free_port()}/pamoja", ca=ca)
    refused(6, "is not found", url="https://no-such-host.invalid/pamoja", ca=ca)
    refused(5, "does not let this laptop in", ca=ca, token=token_of(9)[0])
    refused(5, "does not let this laptop in", ca=ca, url=lab.web.url + "/nowhere")
    refused(2, "not the address of a host", url="https://user@localhost/", ca=ca)
    refused(2, "only folders, https and ssh", url="http://localhost/pamoja", ca=ca)
    old = web.Web(os.path.join(lab.dir, "old"), lab.mailboxes, GATE, expired=True)
    lab.daemons.append(old.process)
    refused(6, "has expired", url=old.url, ca=read(old.ca))
    check(once(lab, "w", url=old.url, pin=old.pin)[-1]["code"] == "ok", "a pin needs no date")
    fill(lab, "w", 2, 2)
    for answer, status, words in (
            ("HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n", 6, "sends us elsewhere (302)"),
            ("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n", 1, "asks for a length"),
            ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 1, "answers 502"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>sign in</", 7, "is not the gate's"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nPMA1\x10\0\0\0\x13\1\0\0", 7, "is not the gate's"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPMA1", 7, "is not the gate's"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + "fffff\r\n" + "x" * 0xfffff + "\r\n", 7, "more than was asked for"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nPMA1", 6, "broke off"),
            ("", 6, "broke off")):
        host = web.Liar(lab.web.dir, answer, forever="chunked" in answer)
        said = once(lab, "w", url=host.url, ca=ca, status=status)
        host.close()
        check(words in said[-1]["message"] and said[-1]["sent"] == 0 and not events(said, "foreign"), answer[:80], said)
    check(once(lab, "w", ca=ca)[-1]["sent"] == 1)


def story_a_host_that_does_not_answer(lab):
    """Tried once in an exchange, however many mailboxes are there, and said; where another place is, that one is used. A cut costs one connection."""
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 1)

    def others(url):
        return [f"{letter * 32}={url}" for letter in "de"]

    def refused(status, words, count, host, url, **options):
        done = once(lab, "w", url=url, more=others(url), patience=2, status=status, **options)[-1]
        check(words in done["message"] and done["hint"] and done["sent"] == 0, done)
        check(count == host(), "connections for three mailboxes:", host())

    mute = web.Mute()
    refused(6, "does not answer", 1, lambda: len(mute.held), mute.url, ca=ca)
    # a folder beside it is used all the same, and the sum says what is missing
    fill(lab, "w", 2, 2)
    said = once(lab, "w", url=lab.mailboxes, more=others(mute.url), patience=2, ca=ca, status=8)
    check(said[-1]["sent"] == 2 and "2 of 3 mailboxes" in said[-1]["message"] and "does not answer" in said[-1]["message"], said[-1])
    check(len(mute.held) == 2, "connections:", len(mute.held))
    mute.close()
    fill(lab, "w", 3, 3)
    # who shook hands may have been cut off without a word: once more, and no third time
    mute = web.Mute(lab.web.dir)
    refused(6, "does not answer", 2, lambda: len(mute.held), mute.url, ca=ca)
    mute.close()
    wire = web.Cutter(lab.web.port)
    refused(7, "another key than the hub told us", 1, lambda: wire.connections, f"https://localhost:{wire.port}/pamoja", pin="sha256//" + "A" * 43 + "=")
    # one cut, one connection more
    fill(lab, "w", 4, 40, size=2048)
    wire = web.Cutter(lab.web.port, 30000, once=True)
    said = once(lab, "w", url=f"https://localhost:{wire.port}/pamoja", ca=ca)
    check(said[-1]["sent"] == 38 and wire.cuts == 1 and wire.connections == 2, said[-1], wire.cuts, wire.connections)


def story_a_mailbox_that_is_put_back(lab):
    """It is noticed, told once, and what it lacks of ours is sent again."""
    box = make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 2)
    fill(lab, "h", 1, 1)
    once(lab, "h", ca=ca)
    once(lab, "w", ca=ca)
    shutil.copytree(box, lab.dir + "/before")
    fill(lab, "w", 3, 4)
    fill(lab, "h", 2, 2)
    once(lab, "w", ca=ca)
    once(lab, "h", ca=ca)
    once(lab, "w", ca=ca)
    shutil.rmtree(box)
    shutil.copytree(lab.dir + "/before", box)
    said = once(lab, "w", ca=ca, status=7)
    check("shows less than it did" in said[-1]["message"] and "Tell your coordinator" in said[-1]["hint"], said)
    check(said[-1]["sent"] == 2 and events(said, "delivered")[-1]["segment"][3] == 4, said)
    said = once(lab, "w", ca=ca)
    check(said[-1]["code"] == "ok", said)


def story_a_full_mailbox(lab):
    """What came before stands; what waits still waits, and goes when there is room."""
    if not MOUNTS:
        print("     no disk of one's own can be mounted here: not tried")
        return
    with disks.disk(lab, "mailboxes", "2m") as spot:
        make_box(lab)
        serve(lab)
        ca = read(lab.web.ca)
        fill(lab, "w", 1, 60, size=3000)
        filler = disks.fill(spot, 300000)
        said = once(lab, "w", ca=ca, status=1)
        check(said[-1]["code"] == "disk_full" and "disk is full" in said[-1]["message"] and "make room" in said[-1]["hint"], said[-1], lab.web.errors())
        os.unlink(filler)
        once(lab, "w", ca=ca)
        once(lab, "h", ca=ca)
        same(lab, "w", "h")
        lab.web.close()


def boxes_of(hub):
    return next((item["state"], item["message"]) for item in hub.run("doctor", json_out=True, check_status=False).json["items"] if item["check"] == "mailbox")


def story_a_mailbox_that_may_hold_no_more(lab):
    """A hub lets a mailbox hold so much: its laptop hears that by whatever way, its coordinator by `doctor`; what fitted is merged, the rest goes when it may hold more."""
    lab.quiet()
    serve(lab)
    reach = f"[hub]\nmailbox_mb = 1\nurl = https://localhost:{lab.web.port}/pamoja\npin = {lab.web.pin}\n"
    settings = lab.ini.replace("[hub]\n", reach)
    hub = lab.home("hub").settings(settings).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub, role="ally")
    box = next(os.path.join(lab.mailboxes, name) for name in os.listdir(lab.mailboxes) if name.endswith(".git"))
    check(read(box + "/limit") == "1000000\n", read(box + "/limit"))
    path = os.path.join(lab.dir, "many.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"kind": "person", "ref": "p", "fields": {"name": "Asha"}}) + "\n")
        for _ in range(600):
            file.write(json.dumps({"kind": "contact", "fields": {"person": "@p", "kind": "phone", "note": os.urandom(1500).hex()}}) + "\n")
    neema.run("import", path)
    error = neema.refused(5, "sync")
    check("the mailbox is full" in error["message"] and "nothing is lost" in error["hint"], error)
    # in the folder itself, too
    error = neema.refused(5, "sync", "--to", lab.mailboxes)
    check("the mailbox is full" in error["message"], error)
    merged = hub.json("hub", "merge")["merged"]
    check(0 < merged < 600, merged)
    check(boxes_of(hub) == ("warn", "the mailbox of Neema is full, and takes nothing more"), boxes_of(hub))
    waiting = neema.status()["outbox"]["entries"]
    hub.stop()
    hub.settings(settings.replace("mailbox_mb = 1", "mailbox_mb = 10")).start().unlock()
    hub.run("hub", "merge")
    lab.exchange(hub, neema)
    check(waiting > 0 and neema.status()["outbox"]["entries"] == 0, waiting, neema.status()["outbox"])
    check(boxes_of(hub)[0] == "ok", boxes_of(hub))
    check(neema.json("verify")["digest"] == hub.json("verify")["digest"])


def story_little_goes_over_the_wire(lab):
    """Bytes above TCP, both ways together, as the kernel counted them and a wire of ours: a check, one on a kept connection, a record."""
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 1)
    fill(lab, "h", 1, 1)
    once(lab, "h", ca=ca)
    once(lab, "w", ca=ca)
    wire = web.Cutter(lab.web.port)
    url = f"https://localhost:{wire.port}/pamoja"
    have = f"{BOX}:2:{INC['h']}:1"

    def exchange(*known):
        wire.up = wire.down = 0
        done = once(lab, "w", ca=ca, url=url, have=[have, *known])[-1]
        check(abs(done["up"] + done["down"] - wire.up - wire.down) < 100, done, wire.up, wire.down)
        return done["up"] + done["down"]

    exchange()
    new = exchange()
    fill(lab, "w", 2, 2, size=4112)  # a padded segment of the smallest size
    record = exchange()
    other = "d" * 32
    shutil.copytree(os.path.join(lab.mailboxes, BOX + ".git"), os.path.join(lab.mailboxes, other + ".git"))
    shutil.rmtree(os.path.join(lab.mailboxes, other + ".git", "refs", "heads"))
    os.mkdir(os.path.join(lab.mailboxes, other + ".git", "refs", "heads"))
    both = 0
    for _ in range(2):
        wire.up = wire.down = 0
        once(lab, "w", ca=ca, url=f"{url}", have=have, more=[f"{other}={url}"])
        both = wire.up + wire.down
    # the hash of what we know stands for the list of tips: so many runs cost nothing
    more = [f"{n:02x}" * 16 for n in range(1, 41)]
    for inc in more:
        with open(f"{lab.dir}/h/spool/out/{BOX}-2-{inc}-1.seg", "wb") as file:
            file.write(segment(2, inc, 1))
    once(lab, "h", ca=ca)
    known = [f"{BOX}:2:{inc}:1" for inc in more]
    exchange(*known)
    many = exchange(*known)
    check(many < new + 100, "a check of 42 runs", many, "of two", new)
    print(f"     a check {new}, of 42 runs {many}, on a kept connection {both - new}, a record {record - new} more, of which its segment 4376")
    check(new <= 3000 and both - new <= 400 and record - new <= 4376 + 300, new, both, record)


def story_a_session_is_resumed(lab):
    """The next connection takes up the session of the last: a ticket that is on no disk, and the same pin."""
    lab.quiet()
    serve(lab)
    wire = web.Cutter(lab.web.port)
    reach = f"[hub]\nurl = https://localhost:{wire.port}/pamoja\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    lab.exchange(hub, neema)
    # where it is not known which network this is, a ticket is shown once, and this server gives none for one that it took
    known = os.path.exists(os.path.join(neema.path, "carry", "steps"))
    for tries in range(2):
        wire.up = wire.down = 0
        wire.hellos.clear()
        neema.run("sync")
        check(len(wire.hellos) == 1, "connections:", len(wire.hellos))
        mine, answer = (web.extensions(wire.hellos[0][end]) for end in (True, False))
        check(web.EARLY_DATA not in mine, "what is said before the handshake can be said again by others")
        resumed = web.PRE_SHARED_KEY in mine and web.PRE_SHARED_KEY in answer
        check(resumed or not known, "not resumed", mine.keys(), answer.keys())
        if resumed and (tries == 1 or not known):
            break
    check(resumed, "never resumed")
    print(f"     a check on a new connection: {wire.up} up, {wire.down} down")
    check(wire.up + wire.down <= 1500, wire.up, wire.down)
    ticket = mine[web.PRE_SHARED_KEY][4:]
    for folder, _, names in os.walk(neema.path):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    check(ticket[:32] not in file.read(), "a ticket in", path)
    # another host in its place, which has not the key that the pin says: refused, with a ticket in the hand
    other = web.Web(os.path.join(lab.dir, "other"), lab.mailboxes, GATE)
    lab.daemons.append(other.process)
    wire.to, good = other.port, wire.to
    wire.hellos.clear()
    error = neema.refused(7, "sync")
    check("another key than the hub told us" in error["message"], error)
    neema.refused(7, "sync")
    for hello in wire.hellos if known else ():  # the second time the same: none that this host may have given
        check(web.extensions(hello[True])[web.PRE_SHARED_KEY][4:36] == ticket[:32], "another ticket was shown, or none")
    wire.to = good
    neema.run("sync")
    other.close()


def story_a_copy_of_the_laptop(lab):
    """Two that write the same run: the second is shown what is not its own, and nothing is overwritten."""
    make_box(lab)
    serve(lab)
    ca = read(lab.web.ca)
    fill(lab, "w", 1, 2)
    once(lab, "w", ca=ca)
    shutil.copytree(lab.dir + "/w", lab.dir + "/kept")
    fill(lab, "w", 3, 4)
    once(lab, "w", ca=ca)
    shutil.rmtree(lab.dir + "/w")
    shutil.copytree(lab.dir + "/kept", lab.dir + "/w")
    fill(lab, "w", 3, 3, seed=2)  # and writes another third
    said = once(lab, "w", ca=ca, status=8)
    check(events(said, "foreign") and events(said, "foreign")[0]["segno"] == 4, said)
    check(sorted(name.split("-")[3] for name in os.listdir(lab.dir + "/w/spool/in")) == ["3.seg", "4.seg"], os.listdir(lab.dir + "/w/spool/in"))
    # a laptop put back that wrote nothing since goes on where the far chain stands
    shutil.rmtree(lab.dir + "/w")
    shutil.copytree(lab.dir + "/kept", lab.dir + "/w")
    said = once(lab, "w", ca=ca)
    check(events(said, "foreign"), said)
    fill(lab, "w", 5, 5)
    check(once(lab, "w", ca=ca)[-1]["sent"] == 1)


def box_of(lab, boxes, home):
    """Which of the mailboxes has what this home wrote: the segments of its present lane."""
    lane = f"refs/heads/l1/{home.status()['place']['incarnation']}"
    return next(box for box in boxes if lane in git(lab, "--git-dir", os.path.join(lab.mailboxes, box), "for-each-ref", "--format=%(refname)"))


def story_hub_and_workers_through_it(lab):
    """The hub tells its address with the invitation; the rest goes by itself: no folder is known to the worker."""
    lab.quiet()
    serve(lab)
    link = BadLink(lab.web.port)
    wire = web.Cutter(link.port)
    reach = f"[hub]\nurl = https://localhost:{wire.port}/pamoja\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema, juma = lab.worker("Neema", hub, role="ally"), lab.worker("Juma", hub)
    boxes = [name for name in os.listdir(lab.mailboxes) if name.endswith(".git")]
    check(len(boxes) == 2 and all(os.path.exists(os.path.join(lab.mailboxes, box, name)) for box in boxes for name in ("tokens", "writers")), boxes)
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    hub.run("hub", "assign", person, "Juma")
    for n in range(60):
        neema.add("contact", person=person, kind="phone", minutes=n + 1, note=os.urandom(800).hex())
    wire.after = 24000  # also of what goes by itself, before anybody asks
    neema.run("lock")  # seals what waits in small segments, which a wire that is cut lets through
    neema.unlock()
    neema.run("sync")
    wire.after = None
    check(wire.cuts > 0, "the wire was never cut")
    lab.exchange(hub, neema, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    check(len(juma.json("contact", "list", "--limit", "100")["items"]) == 60)
    check(len({home.json("verify", person)["digest"] for home in (hub, neema, juma)}) == 1)
    print(f"     {wire.cuts} cuts, {wire.connections} connections")
    # how far it is, and no more than that; stopped, the next one goes on from there
    path = os.path.join(lab.dir, "more.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for n in range(60):
            file.write(json.dumps({"kind": "contact", "fields": {"person": person, "kind": "phone", "note": os.urandom(800).hex()}}) + "\n")
    neema.run("import", path)
    before = neema.status()["place"]["segno"]
    link.set(Profile(up=80, down=80))
    shown, said = stopped(neema, "sync")
    link.set(Profile())
    box = git(lab, "--git-dir", os.path.join(lab.mailboxes, box_of(lab, boxes, neema)), "log", "--all", "--format=%ct", "--", "s")
    there = len([number for number in box.split() if int(number) > before])
    check(0 < shown[-1][0] <= there < shown[-1][1], shown, there, said)
    check(neema.status()["outbox"]["saved"] > 0, neema.status())
    lab.exchange(hub, neema)
    check(len(hub.json("contact", "list", "--limit", "200")["items"]) == 120)
    # no link: nothing is lost, and the message says it
    lab.web.close()
    neema.add("contact", person=person, kind="phone")
    error = neema.refused(6, "sync")
    check("localhost" in error["message"] and "nothing is lost" in error["hint"], error)
    error = neema.refused(6, "sync", "--to", f"https://localhost:{lab.web.port}/elsewhere")
    check("gave this laptop no key" in error["message"], error)


def story_what_a_person_is_told(lab):
    """`sync` at a laptop whose host is not what it should be, one thing after the other: each its own words and exit status; then all of it goes."""
    lab.quiet()
    serve(lab)
    wire = web.Cutter(lab.web.port)
    reach = f"[hub]\nurl = https://localhost:{wire.port}/pamoja\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = os.path.join(lab.mailboxes, next(name for name in os.listdir(lab.mailboxes) if name.endswith(".git")))
    shutil.copytree(box, lab.dir + "/before")
    neema.add("contact", person=person, kind="phone")
    lab.exchange(hub, neema)
    count, told = 1, set()

    def refused(status, words):
        nonlocal count
        neema.add("contact", person=person, kind="phone")
        count += 1
        error = neema.refused(status, "sync")
        check(words in error["message"] and error["hint"] and error["message"] not in told, error)
        told.add(error["message"])
        last = neema.status()["last_sync"]
        check(not last["ok"] and last["message"] == error["message"], last)
        check(neema.status()["outbox"]["entries"] == count - 1, neema.status()["outbox"])

    other = web.Web(os.path.join(lab.dir, "other"), lab.mailboxes, GATE)
    lab.daemons.append(other.process)
    wire.to = other.port
    refused(7, "another key than the hub told us")
    for answer, status, words in (
            ("HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n", 6, "sends us elsewhere"),
            ("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n", 1, "asks for a length"),
            ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 5, "does not let this laptop in"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>sign in</", 7, "is not the gate's"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nPMA1", 6, "broke off")):
        liar = web.Liar(lab.web.dir, answer)
        wire.to = int(liar.url.rsplit(":", 1)[1].split("/")[0])
        refused(status, words)
        liar.close()
    wire.to = lab.web.port
    # nothing of it lasted: all goes with the next one; then the mailbox is put back
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0 and len(hub.json("contact", "list")["items"]) == count, neema.status())
    shutil.rmtree(box)
    shutil.copytree(lab.dir + "/before", box)
    neema.add("contact", person=person, kind="phone")
    error = neema.refused(7, "sync")
    check("shows less than it did" in error["message"] and "sent again" in error["hint"], error)
    lab.exchange(hub, neema, rounds=2)
    check(neema.status()["outbox"]["entries"] == 0 and len(hub.json("contact", "list")["items"]) == count + 1, neema.status())


def story_a_certificate_that_expired(lab):
    """A host that is known by who signed for it, as a hub says without a pin: the person hears that its time is over, what to do, and loses nothing."""
    if not disks.may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    lab.quiet()
    serve(lab)
    old = web.Web(os.path.join(lab.dir, "old"), lab.mailboxes, GATE, expired=True)
    lab.daemons.append(old.process)
    wire = web.Cutter(lab.web.port)
    reach = f"[hub]\nurl = https://localhost:{wire.port}/pamoja\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    trusted = os.path.join(lab.dir, "trusted.pem")  # a machine that trusts who signed for both
    with open(trusted, "w", encoding="utf-8") as file:
        file.write(read(lab.web.ca) + read(old.ca))
    bind = f'mount --bind "{trusted}" /etc/ssl/certs/ca-certificates.crt && exec "$@"'
    neema = lab.home("Neema").start(prefix=("unshare", "-m", "sh", "-c", bind, "sh")).init(role="peer")
    lab.enrol(neema, hub)
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0, neema.status()["outbox"])
    neema.add("contact", person=person, kind="phone")
    wire.to = old.port
    error = neema.refused(6, "sync")
    check(error["message"] == f"the certificate of localhost:{wire.port} has expired", error)
    check("date of this laptop" in error["hint"] and "coordinator" in error["hint"] and "othing is lost" in error["hint"], error)
    said = neema.run("sync", check_status=False)
    check(said.status == 6 and "has expired" in said.err and "date of this laptop" in said.err, said)
    last = neema.status()["last_sync"]
    check(not last["ok"] and last["message"] == error["message"] and neema.status()["outbox"]["entries"] == 1, neema.status())
    wire.to = lab.web.port
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0 and len(hub.json("contact", "list")["items"]) == 1, neema.status())


def blobs(box, lane=1):
    """Sizes of the segments of a lane in a mailbox, the newest first of each run."""
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}

    def git(*arguments, **more):
        return subprocess.run(["git", "-C", box, *arguments], capture_output=True, text=True, check=True, env=env, **more).stdout.splitlines()

    runs = git("for-each-ref", "--format=%(refname)", f"refs/heads/l{lane}/")
    return [[int(size) for size in git("cat-file", "--batch-check=%(objectsize)", input="".join(f"{commit}:s\n" for commit in git("rev-list", run)))]
            for run in runs]


def many_records(lab, home, count, seed=9):
    made = subprocess.run([sys.executable, os.path.join(lab_module.TOP, "tests", "lib", "records.py"), "--people", str(count), "--seed", str(seed)],
                          capture_output=True, text=True, check=True).stdout
    path = os.path.join(lab.dir, "records.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(made.splitlines()[:count]) + "\n")
    home.run("import", path, timeout=600)


def story_the_first_of_very_much(lab):
    """A laptop's first thousands of records, on a network that is never cut: the first 128 KiB go in small segments, what is learned by them makes the
    rest big, and one `sync` does all of it."""
    lab.quiet()
    serve(lab)
    reach = f"[hub]\nurl = {lab.web.url}\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    many_records(lab, neema, 5000)
    neema.run("sync", timeout=600)
    check(neema.status()["outbox"]["saved"] == 0, neema.status()["outbox"])
    box = os.path.join(lab.mailboxes, next(name for name in os.listdir(lab.mailboxes) if name.endswith(".git")))
    (sizes,) = blobs(box)
    check(max(sizes) > 40000 and max(sizes) <= 256 * 1024 and sum(size > 16384 for size in sizes) <= 3, sizes)
    check(sum(size for size in sizes if size <= 16384) > 100000, "the first were small", sizes)
    hub.run("hub", "merge", timeout=600)
    neema.run("sync", timeout=600)
    check(neema.status()["outbox"]["entries"] == 0 and neema.status()["outbox"]["merged"] >= 5000, neema.status()["outbox"])


def too_big_for(lab, port):
    """A laptop of a hub behind this server, over a link that is cut from then on; what was sealed on a good day goes in smaller ones."""
    link = BadLink(port)
    reach = f"[hub]\nurl = https://localhost:{link.port}/pamoja\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    lab.exchange(hub, neema)
    box = os.path.join(lab.mailboxes, next(name for name in os.listdir(lab.mailboxes) if name.endswith(".git")))
    many_records(lab, neema, 1500)
    (before,) = blobs(box)
    link.set(Profile(cut_bytes=11000))
    ended = []
    while not ended or (ended[-1] != 0 and len(ended) < 12):
        ended.append(neema.run("sync", check_status=False, timeout=PATIENCE).status)
    check(ended[0] == 6 and ended[-1] == 0, "it never went", ended, blobs(box), neema.status()["outbox"])
    runs = blobs(box)
    check(len(runs) == 2 and before in runs, "nothing of the run that was given up comes any more", runs)
    (small,) = [sizes for sizes in runs if sizes != before]
    check(max(small) < 10000 and len(small) > 8, small)
    link.set(Profile())
    lab.exchange(hub, neema, rounds=2)
    outbox = neema.status()["outbox"]
    check(outbox["entries"] == 0 and outbox["merged"] >= 1500, outbox)
    said = [event for event in neema.json("log")["items"] if event["event"] == "incarnation"]
    check([event["code"] for event in said] == ["size"], said)


def story_too_big_for_the_link(lab):
    """What was sealed on a good day is too big for a connection that dies after 11 KB, smaller ones are made of it in a new run, and these go; what
    had arrived before is not sent again, and each entry is at the hub once."""
    lab.quiet()
    serve(lab)
    too_big_for(lab, lab.web.port)


def story_too_big_for_the_link_by_plain_git(lab):
    """The same where no program of ours is at the host: each push is one request, and what came of one that is cut is nothing."""
    lab.quiet()
    lab.web = web.Web(os.path.join(lab.dir, "web"), lab.mailboxes)
    lab.daemons.append(lab.web.process)
    too_big_for(lab, lab.web.port)


def directory(lab, hub, count, first=0):
    """So many places that help, at the hub: they go to everyone."""
    path = os.path.join(lab.dir, "places.jsonl")
    chance = random.Random(first)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(first, first + count):
            village, hours = chance.choice(("Kimana", "Rombo", "Mwika", "Loitokitok")), chance.randrange(6, 22)
            file.write(json.dumps({"kind": "resource", "fields": {
                "name": f"House {number} of {village}", "category": chance.choice(("housing", "food", "health")), "place": village,
                "hours": f"opens at {hours}, {chance.randrange(10 ** 12)}"}}) + "\n")
    hub.run("import", path, timeout=600)


def story_too_big_for_the_laptop(lab):
    """The hub seals a directory for a laptop as big as that laptop's network bore on a good day; then each connection dies after 25 KB. The laptop says
    so, the hub makes smaller ones of it, and all of it arrives."""
    lab.quiet()
    serve(lab)
    link = BadLink(lab.web.port)
    reach = f"[hub]\nurl = https://localhost:{link.port}/pamoja\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    box = os.path.join(lab.mailboxes, next(name for name in os.listdir(lab.mailboxes) if name.endswith(".git")))
    directory(lab, hub, 3000)
    for _ in range(3):
        lab.exchange(hub, neema)
        neema.add("person", name="Somebody")
    lab.exchange(hub, neema)
    directory(lab, hub, 3000, 3000)
    hub.run("hub", "merge", timeout=600)
    before = blobs(box, 2)
    check(len(before) == 1 and max(before[0]) > 60000, before)
    link.set(Profile(cut_bytes=25000))
    ended = []
    while neema.json("verify")["digest"] != hub.json("verify")["digest"]:
        check(len(ended) < 60, "it never came", ended, blobs(box, 2))
        ended.append(neema.run("sync", check_status=False, timeout=PATIENCE).status)
        hub.run("hub", "merge", timeout=600)
    runs = blobs(box, 2)
    (small,) = [sizes for sizes in runs if sizes not in before]
    print("    ", len(ended), "exchanges, of", max(small), "bytes at most")
    check(ended[0] == 6 and len(runs) == 2 and max(small) < 25000, ended, runs)


def story_a_hub_hears_at_once(lab):
    """What a laptop sends is merged and its receipt is back in the same request, though the hub looks but once an hour and nobody asks."""
    lab.quiet()
    serve(lab)
    reach = f"[hub]\nurl = {lab.web.url}\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema = lab.worker("Neema", hub)
    person = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    requests = len(lab.web.log())
    contact = neema.add("contact", person=person, kind="phone", crisis="yes", note="needs somebody today")
    wait_for(lambda: neema.show(contact)["sync"] == "merged")
    check(hub.show(contact)["fields"]["crisis"])
    # one request: the laptop did not have to ask again, and went once more for nothing
    wait_for(lambda: neema.json("status")["outbox"]["bytes"] == 0)
    check(len(lab.web.log()) == requests + 1, lab.web.log()[requests:])
    # where nobody listens nobody waits, and the hub's own look finds it
    hub.stop()
    neema.add("contact", person=person, kind="phone")
    neema.run("sync")
    hub.start().unlock()
    hub.run("hub", "merge")
    neema.run("sync")
    check(neema.json("status")["outbox"]["entries"] == 0, neema.json("status")["outbox"])


def story_a_host_without_a_gate(lab):
    """Plain git behind a web server: found by itself and remembered; each bad thing has its own words, and what waits goes with the next."""
    box = make_box(lab)
    users = os.path.join(lab.dir, "users")
    with open(users, "w", encoding="utf-8") as file:
        file.write("".join(f"{BOX}:{token_of(LANE[who])[0]}\n" for who in "w"))
    lab.web = host = web.Web(os.path.join(lab.dir, "web"), lab.mailboxes, users=users)
    lab.daemons.append(host.process)
    ca, pin = read(host.ca), host.pin
    hub = [CARRY, "--once", "--spool", lab.dir + "/h/spool", "--store", lab.dir + "/h/carry", "--write", "2", "--remote", f"{BOX}={lab.mailboxes}"]

    def office():
        subprocess.run(hub, check=True, capture_output=True)

    fill(lab, "w", 1, 30)
    fill(lab, "h", 1, 20)
    office()
    said = once(lab, "w", pin=pin)
    check(said[-1]["sent"] == 30 and said[-1]["got"] == 20 and events(said, "delivered")[-1]["segment"][3] == 30, said)
    check(said[-1]["up"] > 30 * 1288 and said[-1]["down"] > 20 * 1288, said[-1])
    office()
    same(lab, "w", "h")
    same(lab, "h", "w")
    # remembered: nothing new is one request, and that is git's
    requests = len(host.log())
    said = once(lab, "w", pin=pin)
    check(said[-1]["sent"] == 0 and said[-1]["got"] == 0 and said[-1]["code"] == "ok", said)
    check(len(host.log()) == requests + 1 and "info/refs" in host.log()[-1], host.log()[requests:])
    # the wire is cut every few kilobytes: all of it arrives, both ways
    fill(lab, "w", 31, 70, size=2048)
    fill(lab, "h", 21, 40, size=2048)
    office()
    wire = web.Cutter(host.port, 40000)
    for tries in range(10):
        said = once(lab, "w", url=f"https://localhost:{wire.port}/pamoja", pin=pin, have=f"{BOX}:2:{INC['h']}:20", status=(0, 6))
        if said[-1]["code"] == "ok":
            break
    payload = 60 * 2312
    print(f"     {wire.cuts} cuts, {wire.connections} connections, {tries + 1} exchanges: {wire.up + wire.down} bytes for {payload}")
    check(said[-1]["code"] == "ok" and wire.cuts >= 3 and wire.up + wire.down < 2.2 * payload, said[-1], wire.cuts, wire.up, wire.down)
    office()
    same(lab, "w", "h")
    same(lab, "h", "w")

    def refused(status, words, **options):
        done = once(lab, "w", status=status, **options)[-1]
        check(words in done["message"] and done["hint"] and done["sent"] == 0, done)

    fill(lab, "w", 71, 71)
    refused(7, "another key than the hub told us", pin="sha256//" + "A" * 43 + "=")
    refused(5, "does not let this laptop in", ca=ca, token=token_of(9)[0])
    for answer, status, words in (
            ("HTTP/1.1 302 Found\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n", 6, "sends us elsewhere (302)"),
            ("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n", 1, "asks for a length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>sign in</", 7, "is not git's"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n001e# service", 6, "broke off")):
        liar = web.Liar(host.dir, answer)
        subprocess.run(["cp", "-r", lab.dir + "/w/carry", lab.dir + "/kept"], check=True)
        tips = os.path.join(lab.dir, "w", "carry", BOX + ".tips")
        with open(tips, "rb") as file:
            known = file.read()
        with open(tips, "wb") as file:  # as if it had been git's at that address
            file.write(hashlib.sha1(b"blob %d\0git " % (len(liar.url) + 4) + liar.url.encode()).digest() + known[20:])
        said = once(lab, "w", url=liar.url, ca=ca, status=status)
        liar.close()
        check(words in said[-1]["message"] and said[-1]["sent"] == 0 and not events(said, "foreign"), answer[:80], said)
    # put back: noticed, told once, and it gets again what it lacks of ours
    shutil.copytree(box, lab.dir + "/before")
    check(once(lab, "w", ca=ca)[-1]["sent"] == 1)
    shutil.rmtree(box)
    shutil.copytree(lab.dir + "/before", box)
    said = once(lab, "w", ca=ca, status=7)
    check("shows less than it did" in said[-1]["message"] and said[-1]["sent"] == 1, said)
    check(once(lab, "w", ca=ca)[-1]["code"] == "ok")
    # the host gets a gate: found by itself, too, for git is not open any more to who has no token there
    host.close()
    serve(lab, port=host.port)
    fill(lab, "w", 72, 72)
    said = once(lab, "w", ca=read(lab.web.ca))
    check(said[-1]["sent"] == 1 and "POST /pamoja/" + BOX + " " in lab.web.log()[-1], said, lab.web.log()[-3:])


def story_hub_and_workers_by_plain_git(lab):
    """No program of ours at the host: records, receipts and something urgent go both ways, and the hub's folder is what the server shows."""
    lab.quiet()
    lab.web = web.Web(os.path.join(lab.dir, "web"), lab.mailboxes)
    lab.daemons.append(lab.web.process)
    reach = f"[hub]\nurl = {lab.web.url}\npin = {lab.web.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    neema, juma = lab.worker("Neema", hub, role="ally"), lab.worker("Juma", hub)
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    neema.run("sync")
    hub.run("hub", "merge")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    # urgent: it goes at once, though nobody asks
    contact = juma.add("contact", person=person, kind="phone", crisis="yes", note="needs somebody today")
    wait_for(lambda: juma.show(contact)["sync"] == "delivered")
    hub.run("hub", "merge")
    lab.exchange(hub, neema, juma)
    check(len({home.json("verify", person)["digest"] for home in (hub, neema, juma)}) == 1)
    check(not any(line.startswith("POST /pamoja/") and ".git/" not in line for line in lab.web.log()[-6:]), lab.web.log()[-6:])
    # no link: told, nothing lost, and the next one goes on
    neema.add("contact", person=person, kind="phone")
    lab.web.close()
    error = neema.refused(6, "sync")
    check("does not answer" in error["message"] and "nothing is lost" in error["hint"], error)


def story_settings_of_a_host(lab):
    home = lab.home("hub")
    for text, words in (("url = http://localhost/pamoja", "url is not the address"), ("url = https://-x/", "url is not the address"),
                        ("url = https://localhost/p\npin = sha256//AAAA", "pin is not sha256//"),
                        ("pin = sha256//" + "A" * 43 + "=", "pin stands without url")):
        home.settings("[hub]\n" + text + "\n")
        answer = subprocess.run([os.path.join(lab_module.BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
        check(answer.returncode == 2 and words in answer.stderr and "line" in answer.stderr, answer)


if __name__ == "__main__":
    MOUNTS = disks.may_mount()
    run(globals())
