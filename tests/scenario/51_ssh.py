"""Mailboxes over ssh: a real sshd with the gate as forced command, one key a device, and hosts and links that are not what they should be."""
import base64
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import lab as lab_module
from lab import PATIENCE, check, run

sys.path.insert(0, os.path.join(lab_module.TOP, "tests", "lib"))
import segments  # noqa: E402
import sshd  # noqa: E402
import web  # noqa: E402
from badlink import BadLink, Profile  # noqa: E402
from terminal import stopped  # noqa: E402

GATE = os.path.abspath(os.path.join(lab_module.BIN, "pamoja-gate"))
CARRY = os.path.join(lab_module.BIN, "pamoja-carry")
BOX, INC, LANE = segments.BOX, segments.INC, segments.LANE


def line_for(lab, key, lane=1):
    return f'restrict,command="{GATE} --mailbox {BOX} --root {lab.mailboxes} --lane {lane}" {key}\n'


def git_shell(key):
    """A key that may use git there, and nothing else: no program of ours."""
    return f'restrict,command="GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=* exec git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"" {key}\n'


def begin(lab):
    """A mailbox, a server, and a key for either end of it."""
    segments.make_box(lab)
    lab.sshd = sshd.Sshd(os.path.join(lab.dir, "sshd"))
    lab.daemons.append(lab.sshd.process)
    keys = {who: sshd.keygen(os.path.join(lab.dir, who + ".key")) for who in LANE}
    lab.all = "".join(line_for(lab, keys[who], LANE[who]) for who in LANE)
    lab.sshd.let_in(lab.all)


def once(lab, who, url=None, key=None, pin=None, have=None, patience=None, others=0, status=0):
    """`pamoja-carry --once` over ssh. Returns its events; the last one is `done`."""
    pin_file = os.path.join(lab.dir, "pin")
    with open(pin_file, "w", encoding="utf-8") as file:
        file.write(pin or lab.sshd.pin)
    more = [word for letter in "de"[:others] for word in ("--remote", f"{letter * 32}={url}")]
    command = [CARRY, "--once", "--spool", f"{lab.dir}/{who}/spool", "--store", f"{lab.dir}/{who}/carry", "--write", str(LANE[who]),
               "--remote", f"{BOX}={url or lab.sshd.url}", *more, "--key-file", key or f"{lab.dir}/{who}.key", "--pin-file", pin_file]
    for name, value in (("--have", have), ("--patience", patience)):
        if value is not None:
            command += [name, str(value)]
    # neither an agent nor the person's own settings may matter
    answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=dict(os.environ, SSH_AUTH_SOCK="/nowhere", HOME=lab.dir))
    wanted = status if isinstance(status, tuple) else (status,)
    check(answer.returncode in wanted, "wanted", status, "got", answer.returncode, answer.stdout[-600:], answer.stderr, lab.sshd.errors())
    return [json.loads(line) for line in answer.stdout.splitlines()]


def events(said, name):
    return [event for event in said if event["event"] == name]


def story_both_ways_over_one_connection(lab):
    """What waits goes and comes with one login; nothing of a key is on any disk; nobody can do anything else with it."""
    begin(lab)
    segments.fill(lab, "w", 1, 3)
    segments.fill(lab, "h", 1, 2)
    said = once(lab, "h")
    check(said[-1]["sent"] == 2 and events(said, "delivered")[0]["segment"][3] == 2, said)
    logins = lab.sshd.logins()
    said = once(lab, "w")
    check(said[-1]["sent"] == 3 and said[-1]["got"] == 2 and said[-1]["up"] > 3 * 1288, said)
    check(lab.sshd.logins() == logins + 1, lab.sshd.errors())
    check(once(lab, "h")[-1]["got"] == 3)
    segments.same(lab, "w", "h")
    segments.same(lab, "h", "w")
    wire = web.Cutter(lab.sshd.port)
    done = once(lab, "w", url=f"ssh://{lab.sshd.user}@localhost:{wire.port}", have=f"{BOX}:2:{INC['h']}:2")[-1]
    check(done["sent"] == 0 and done["got"] == 0, done)
    print(f"     a check over ssh {wire.up} bytes up, {wire.down} down; it says {done['up']} and {done['down']}")
    # ssh does not count its first line and the checks of its packets
    check(0 < wire.up - done["up"] < 400 and 0 < wire.down - done["down"] < 400, wire.up, wire.down, done)
    # the key opens the gate and nothing else
    shell = subprocess.run(["ssh", "-F", "none", "-i", lab.dir + "/w.key", "-p", str(lab.sshd.port), "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
                            "-oBatchMode=yes", f"{lab.sshd.user}@localhost", "id"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    check(shell.returncode == 5 and "may only run pamoja-gate" in shell.stderr, shell)


def story_a_link_that_is_cut(lab):
    """Every connection dies after so many bytes: all of it arrives, once."""
    begin(lab)
    segments.fill(lab, "w", 1, 40, size=2048)
    segments.fill(lab, "h", 1, 20, size=2048)
    once(lab, "h")
    wire = web.Cutter(lab.sshd.port, 40000)
    url = f"ssh://{lab.sshd.user}@localhost:{wire.port}"
    for tries in range(40):
        said = once(lab, "w", url=url, status=(0, 6))
        if said[-1]["code"] == "ok":
            break
        check(said[-1]["code"] == "unreached", said[-1])
    check(said[-1]["code"] == "ok" and wire.cuts >= 3, said[-1], wire.cuts)
    payload = 40 * 2312 + 20 * 2312
    print(f"     {wire.cuts} cuts, {wire.connections} connections, {tries + 1} exchanges: {wire.up + wire.down} bytes for {payload}")
    check(wire.up + wire.down < 2.5 * payload, wire.up, wire.down, payload)
    once(lab, "h")
    segments.same(lab, "w", "h")
    segments.same(lab, "h", "w")
    # one that is cut each time before anything came through: told, and left for another time
    segments.fill(lab, "w", 41, 41)
    wire.after = 4500
    said = once(lab, "w", url=url, status=6)
    check("broke off" in said[-1]["message"] and "nothing is lost" in said[-1]["hint"] and said[-1]["sent"] == 0, said)
    check(once(lab, "w")[-1]["sent"] == 1)


class Mute:
    """A server that takes a connection, says something, and then nothing any more."""

    def __init__(self, says=b""):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.says = says
        self.ends = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                end, _ = self.listener.accept()
                end.sendall(self.says)
            except OSError:
                return
            self.ends.append(end)

    def close(self):
        self.listener.close()
        for end in self.ends:
            end.close()


def story_hosts_that_are_not_what_they_should_be(lab):
    """Each its own message and status; what waits still waits, and goes with the next good exchange."""
    begin(lab)
    segments.fill(lab, "w", 1, 1)
    at = lab.sshd.user + "@localhost"
    other = sshd.keygen(os.path.join(lab.dir, "other.key"))

    def refused(status, words, **options):
        done = once(lab, "w", status=status, **options)[-1]
        check(words in done["message"] and done["hint"] and done["sent"] == 0, done)
        wait_until(lambda: "pamoja" not in str(children()))

    refused(7, "another key than the hub told us", pin=other)
    check("Accepted" not in lab.sshd.errors(), lab.sshd.errors())
    refused(5, "does not let this laptop in", key=os.path.join(lab.dir, "other.key"))
    refused(6, "does not answer", url=f"ssh://{at}:{web.free_port()}")
    refused(6, "is not found", url="ssh://pamoja@no-such-host.invalid")
    refused(2, "not the address of a host", url="ssh://localhost")
    refused(2, "not the address of a host", url="ssh://-oProxyCommand=x@localhost")
    refused(2, "not the address of a host", url="ssh://pamoja@-oProxyCommand=x")
    refused(2, "not the address of a host", url="ssh://pamoja@localhost:0")
    refused(2, "pin is not ssh-ed25519", pin="sha256//" + "A" * 43 + "=")
    for says in (b"", b"SSH-2.0-mute\r\n"):
        mute = Mute(says)
        refused(6, "went silent", url=f"ssh://{at}:{mute.port}", patience=1, others=2)
        check(len(mute.ends) == 1, "connections for three mailboxes:", len(mute.ends))
        mute.close()
    page = Mute(b"HTTP/1.1 200 OK\r\n\r\n" + b"<html>sign in</html>\r\n" * 2000)
    refused(6, "broke off", url=f"ssh://{at}:{page.port}", patience=5)
    page.close()
    with open(os.path.join(lab.dir, "w.key.pub"), encoding="ascii") as file:
        key = " ".join(file.read().split()[:2])
    for command, status, words in (
            ("sleep 1000", 6, "went silent"),
            ("/nowhere/pamoja-gate", 1, "has no pamoja-gate"),
            (f"{GATE} --mailbox {'d' * 32} --root {lab.mailboxes}", 1, "the gate at localhost says: "),
            ("yes", 7, "more than was asked for"),
            ("cat /dev/zero", 7, "is not the gate's"),
            ("true", 6, "broke off")):
        lab.sshd.let_in(f'restrict,command="{command}" {key}\n')
        refused(status, words, patience=2 if "sleep" in command else 60)
    lab.sshd.let_in("")  # revoked
    refused(5, "does not let this laptop in")
    lab.sshd.let_in(lab.all)
    check(once(lab, "w")[-1]["sent"] == 1)


def children():
    """The ssh processes that pamoja-carry started and that still run."""
    found = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout.splitlines()
    return [line for line in found if "UserKnownHostsFile=/proc/" in line]


def wait_until(condition, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < until, "it never came about")
        time.sleep(0.05)


def story_a_carrier_that_is_killed(lab):
    """Killed in the middle, it leaves no ssh behind; the next one finishes."""
    begin(lab)
    segments.fill(lab, "w", 1, 2)
    with open(os.path.join(lab.dir, "w.key.pub"), encoding="ascii") as file:
        lab.sshd.let_in(f'restrict,command="sleep 100" {" ".join(file.read().split()[:2])}\n')
    with open(os.path.join(lab.dir, "pin"), "w", encoding="utf-8") as file:
        file.write(lab.sshd.pin)
    before = len(children())
    carry = subprocess.Popen([CARRY, "--once", "--spool", lab.dir + "/w/spool", "--store", lab.dir + "/w/carry", "--write", "1", "--remote",
                              f"{BOX}={lab.sshd.url}", "--key-file", lab.dir + "/w.key", "--pin-file", lab.dir + "/pin"])
    wait_until(lambda: len(children()) > before)
    carry.send_signal(signal.SIGKILL)
    carry.wait()
    wait_until(lambda: len(children()) == before)
    lab.sshd.let_in(lab.all)
    check(once(lab, "w")[-1]["sent"] == 2)


def keys_of_the_hub(lab):
    names = sorted(os.listdir(os.path.join(lab.mailboxes, "keys")))
    return [base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes.fromhex(name)).decode() for name in names]


def let_in_by_folder(lab):
    """What sshd would be told by `pamoja-gate --key`, for each key that the hub put into its folder."""
    lines = ""
    for key in keys_of_the_hub(lab):
        lines += subprocess.run([GATE, "--key", key, "--root", lab.mailboxes], capture_output=True, text=True, check=True).stdout
    lab.sshd.let_in(lines)
    return lines


def story_hub_and_workers_through_it(lab):
    """The hub tells address, pin and a key of its own to each; the carrier runs behind its fence."""
    lab.quiet()
    lab.sshd = sshd.Sshd(os.path.join(lab.dir, "sshd"))
    lab.daemons.append(lab.sshd.process)
    link = BadLink(lab.sshd.port)
    reach = f"[hub]\nurl = ssh://{lab.sshd.user}@localhost:{link.port}\npin = {lab.sshd.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")
    lab.mailbox_made = lambda: let_in_by_folder(lab)
    neema, juma = lab.worker("Neema", hub, role="ally"), lab.worker("Juma", hub)
    lines = let_in_by_folder(lab)
    check(lines.count("restrict,command=") == 2 and lines.count("--lane 1") == 2, lines)
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    # the transport's key never touches a disk
    found = subprocess.run(["grep", "-rlaE", "OPENSSH PRIVATE|b3BlbnNzaC1rZXktdjE", hub.path, neema.path, juma.path], capture_output=True, text=True)
    check(found.returncode == 1, found)
    # a key that is not known any more: told, nothing lost
    box = next(line for line in lines.splitlines())
    lab.sshd.let_in(box + "\n")
    late = {home.name: home.add("contact", person=person, kind="phone") for home in (neema, juma)}
    statuses = sorted(home.run("sync", check_status=False).status for home in (neema, juma))
    check(statuses == [0, 5], statuses)
    lab.sshd.let_in(lines)
    lab.exchange(hub, neema, juma)
    for home in (neema, juma):
        check(home.show(late[home.name])["sync"] == "merged", home.name)
    # how far it is, and no more than that; stopped, the next one goes on from there, and no ssh is left
    for _ in range(60):
        neema.add("contact", person=person, kind="phone", note=os.urandom(800).hex())
    link.set(Profile(up=80, down=80))
    stopped(neema, "sync")
    wait_until(lambda: not children())
    check(neema.status()["outbox"]["saved"] > 0, neema.status()["outbox"])
    link.set(Profile())
    lab.exchange(hub, neema)
    check(len(hub.json("contact", "list", "--limit", "100")["items"]) == 62)
    # no server at all
    link.close()
    lab.sshd.close()
    error = neema.refused(6, "sync")
    check("localhost does not answer" in error["message"] and "nothing is lost" in error["hint"], error)


def story_a_hub_that_gets_an_address(lab):
    """Laptops enrolled while there was only a folder follow by themselves, with their next exchange."""
    lab.quiet()
    hub = lab.hub()
    neema = lab.worker("Neema", hub, role="ally")
    lab.sshd = sshd.Sshd(os.path.join(lab.dir, "sshd"))
    lab.daemons.append(lab.sshd.process)
    hub.stop()
    hub.settings(lab.ini.replace("[hub]\n", f"[hub]\nurl = {lab.sshd.url}\npin = {lab.sshd.pin}\n")).start().unlock()
    hub.run("hub", "merge")
    let_in_by_folder(lab)
    neema.run("sync")
    person = neema.add("person", name="Asha")
    neema.run("sync")
    check(lab.sshd.logins() > 0, lab.sshd.errors())
    lab.exchange(hub, neema)
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    # started again, it has nothing to tell
    before = hub.status()["journal"]["entries"]
    hub.stop()
    hub.start().unlock()
    check(hub.status()["journal"]["entries"] == before, hub.status()["journal"], before)


def story_keys_that_sshd_asks_for(lab):
    """A key is looked up by its bytes; whatever is no key, or is not let in, gets no line."""
    segments.make_box(lab)
    folder = os.path.join(lab.mailboxes, "keys")
    os.makedirs(folder)
    key = sshd.keygen(os.path.join(lab.dir, "k"))
    blob = base64.b64decode(key.split()[1])

    def ask(text, status=0):
        answer = subprocess.run([GATE, "--key", text, "--root", lab.mailboxes], capture_output=True, text=True)
        check(answer.returncode == status, answer)
        return answer.stdout

    check(ask(key.split()[1]) == "")
    with open(os.path.join(folder, blob[19:].hex()), "w", encoding="ascii") as file:
        file.write(f"1 {BOX}\n")
    check(ask(key.split()[1]) == line_for(lab, key), ask(key.split()[1]))
    for wrong in ("", "AAAA", key.split()[1][:-1], key.split()[1] + "A", "../" + key.split()[1][3:], key.split()[1].replace("AAAAI", "AAAAJ"), "x" * 68):
        check(ask(wrong, 2) == "", wrong)
    for text in ("", "1 " + BOX, "3 " + BOX + "\n", "1 " + "g" * 32 + "\n", "1 " + BOX + "\n\n"):
        with open(os.path.join(folder, blob[19:].hex()), "w", encoding="ascii") as file:
            file.write(text)
        check(ask(key.split()[1], 2) == "", text)


def story_a_host_without_a_gate(lab):
    """Plain git behind git-shell: found by itself and remembered; where nothing is to be sent one login is all."""
    segments.make_box(lab)
    lab.sshd = sshd.Sshd(os.path.join(lab.dir, "sshd"))
    lab.daemons.append(lab.sshd.process)
    key = sshd.keygen(os.path.join(lab.dir, "w.key"))
    shell = git_shell(key)
    lab.sshd.let_in(shell)
    url = lab.sshd.url + lab.mailboxes
    hub = [CARRY, "--once", "--spool", lab.dir + "/h/spool", "--store", lab.dir + "/h/carry", "--write", "2", "--remote", f"{BOX}={lab.mailboxes}"]
    segments.fill(lab, "w", 1, 20)
    segments.fill(lab, "h", 1, 10)
    subprocess.run(hub, check=True, capture_output=True)
    said = once(lab, "w", url=url)
    check(said[-1]["sent"] == 20 and said[-1]["got"] == 10 and events(said, "delivered")[-1]["segment"][3] == 20, said)
    subprocess.run(hub, check=True, capture_output=True)
    segments.same(lab, "w", "h")
    segments.same(lab, "h", "w")
    have = f"{BOX}:2:{INC['h']}:10"
    logins = lab.sshd.logins()
    said = once(lab, "w", url=url, have=have)
    check(said[-1]["code"] == "ok" and said[-1]["got"] == 0 and 0 < said[-1]["up"] + said[-1]["down"] < 9000, said)
    # spool/out has what is there already, so it is looked for by what would take more; one login in any case
    check(lab.sshd.logins() == logins + 1, lab.sshd.errors())
    # a record and its answer: one login to send, one to read back and fetch
    segments.fill(lab, "w", 21, 21)
    segments.fill(lab, "h", 11, 11)
    subprocess.run(hub, check=True, capture_output=True)
    logins = lab.sshd.logins()
    said = once(lab, "w", url=url, have=have)
    check(said[-1]["sent"] == 1 and said[-1]["got"] == 1 and lab.sshd.logins() == logins + 2, said, lab.sshd.errors())
    # cut again and again
    segments.fill(lab, "w", 22, 42, size=2048)
    wire = web.Cutter(lab.sshd.port, 30000)
    cut = f"ssh://{lab.sshd.user}@localhost:{wire.port}{lab.mailboxes}"
    for tries in range(40):
        said = once(lab, "w", url=cut, have=f"{BOX}:2:{INC['h']}:11", status=(0, 6))
        if said[-1]["code"] == "ok":
            break
    print(f"     {wire.cuts} cuts, {wire.connections} connections, {tries + 1} exchanges: {wire.up + wire.down} bytes for {21 * 2312}")
    check(said[-1]["code"] == "ok" and wire.cuts > 0, said[-1], wire.cuts)
    subprocess.run(hub, check=True, capture_output=True)
    segments.same(lab, "w", "h")
    # what is not git's: what waits still waits, and goes with the next good one
    once(lab, "w", url=url)
    segments.fill(lab, "w", 43, 43)
    for command, status, words in (
            ("echo '<html>'", 7, "is not git's"),
            ("true", 6, "broke off"),
            ("printf 00aaabcdef", 6, "broke off"),
            ("git-receive-pack /nowhere", 6, "broke off"),
            ("sleep 1000", 6, "went silent")):
        lab.sshd.let_in(f'restrict,command="{command}" {key}\n')
        done = once(lab, "w", url=url, patience=2 if "sleep" in command else 60, status=status)[-1]
        check(words in done["message"] and done["hint"] and done["sent"] == 0, command, done)
    lab.sshd.let_in("")
    check("does not let this laptop in" in once(lab, "w", url=url, status=5)[-1]["message"])
    lab.sshd.let_in(shell)
    check(once(lab, "w", url=url)[-1]["sent"] == 1)
    # the host gets a gate
    lab.sshd.let_in(line_for(lab, key))
    segments.fill(lab, "w", 44, 44)
    check(once(lab, "w", url=url)[-1]["sent"] == 1)


def story_hub_and_workers_by_plain_git(lab):
    """No program of ours at the host: who runs it lets in the keys that the hub made, and git-shell does the rest."""
    lab.quiet()
    lab.sshd = sshd.Sshd(os.path.join(lab.dir, "sshd"))
    lab.daemons.append(lab.sshd.process)
    wire = web.Cutter(lab.sshd.port)
    reach = f"[hub]\nurl = ssh://{lab.sshd.user}@localhost:{wire.port}{lab.mailboxes}\npin = {lab.sshd.pin}\n"
    hub = lab.home("hub").settings(lab.ini.replace("[hub]\n", reach)).start().init(hub_mailboxes=lab.mailboxes, person="Office")

    lab.mailbox_made = lambda: lab.sshd.let_in("".join(git_shell("ssh-ed25519 " + key) for key in keys_of_the_hub(lab)))
    neema, juma = lab.worker("Neema", hub, role="ally"), lab.worker("Juma", hub)
    check(len(keys_of_the_hub(lab)) == 2)
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    neema.run("sync")
    check(neema.show(person)["sync"] == "delivered", neema.show(person)["sync"])
    hub.run("hub", "merge")
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(person)["fields"]["name"] == "Asha" and neema.show(person)["sync"] == "merged")
    # cut while much goes: never said to be there before it is; the next one goes on from there
    for _ in range(30):
        juma.add("contact", person=person, kind="phone", note=os.urandom(1500).hex())
    wire.after = 30000
    tries = 1
    while juma.run("sync", check_status=False).status != 0:
        tries += 1
        check(tries < 40)
    wire.after = None
    check(wire.cuts > 0 and juma.status()["outbox"]["delivered"] == 30, wire.cuts, juma.status()["outbox"])
    hub.run("hub", "merge")
    lab.exchange(hub, neema, juma)
    check(len({home.json("verify", person)["digest"] for home in (hub, neema, juma)}) == 1)
    print(f"     {wire.cuts} cuts, {tries} exchanges")


def story_settings_of_a_host(lab):
    home = lab.home("hub")
    pin = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    for text, words in (("url = ssh://pamoja@localhost", "needs its pin"), ("url = ssh://localhost\npin = " + pin, "url is not the address"),
                        ("url = ssh://pamoja@localhost:70000\npin = " + pin, "url is not the address"), ("url = ssh://pamoja@localhost/a/../b\npin = " + pin, "url is not the address"), ("url = /srv/mail", "url is not the address"),
                        ("url = ssh://pamoja@localhost\npin = " + pin[:-1], "pin is not ssh-ed25519"),
                        ("url = https://localhost/p\npin = " + pin, "pin is not sha256//")):
        home.settings("[hub]\n" + text + "\n")
        answer = subprocess.run([os.path.join(lab_module.BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
        check(answer.returncode == 2 and words in answer.stderr and "line" in answer.stderr, text, answer)


if __name__ == "__main__":
    run(globals())
