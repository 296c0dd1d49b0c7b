"""A machine made ready to hold mailboxes, by one command as root; then laptops reach it by what that command made, and by nothing else.

All of it happens in mounts of this test's own: /etc, /opt, /srv, /run and the logs of the machine are not touched, and no account stays.
"""
import os
import pwd
import re
import shutil
import subprocess
import sys

import lab as lab_module
from lab import check, run

sys.path.insert(0, os.path.join(lab_module.TOP, "tests", "lib"))
import disks  # noqa: E402
import web  # noqa: E402
from segments import token_of  # noqa: E402

OWN = "PAMOJA_HOST_TEST"
BUILT = os.path.abspath(lab_module.BIN)
BIN = "/opt/pamoja/bin"


def own_machine():
    """Mounts that only this process sees, with a fresh copy of /etc and the programs where only root writes."""
    copy = "/mnt"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", copy], check=True)
    subprocess.run(["cp", "-a", "/etc/.", copy], check=True)
    subprocess.run(["mount", "--bind", copy, "/etc"], check=True)
    for spot in ("/opt", "/srv", "/run", "/var/log", "/var/cache"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", spot], check=True)
    for folder in ("/var/log/lighttpd", "/var/cache/lighttpd/uploads"):
        os.makedirs(folder)
        shutil.chown(folder, "www-data", "www-data")
    os.makedirs(BIN)
    for program in ("pamoja", "pamojad", "pamoja-carry", "pamoja-gate"):
        shutil.copy(os.path.join(BUILT, program), BIN)
    shutil.copytree(os.path.join(lab_module.TOP, "conf"), "/opt/pamoja/share/pamoja", ignore=shutil.ignore_patterns("man", "lang"))
    subprocess.run(["useradd", "--create-home", "--home-dir", "/srv/office", "--shell", "/bin/sh", "office"], check=True)
    os.chmod("/srv", 0o755)
    for name in os.listdir("/etc/lighttpd/conf-enabled"):
        os.unlink("/etc/lighttpd/conf-enabled/" + name)


def prepare(*options, status=0, prefix=(), words=None):
    answer = subprocess.run([*prefix, BIN + "/pamoja", "hub", "host", "prepare", *options], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            env={"PATH": os.environ["PATH"], "HOME": "/srv/office"}, cwd="/")
    check(answer.returncode == status, "wanted", status, answer)
    if words is not None:
        check(words in answer.stderr, words, answer)
    return answer.stdout


def as_user(name):
    user = pwd.getpwnam(name)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups")


def snapshot():
    found = {}
    for top in ("/etc", "/srv"):
        for folder, _, names in os.walk(top):
            for path in [folder] + [os.path.join(folder, name) for name in names]:
                state = os.lstat(path)
                found[path] = (state.st_mode, state.st_uid, state.st_gid, state.st_ino, state.st_mtime_ns)
    return found


def office(lab):
    """The hub, run by a person of its own who has no other right on this machine."""
    home = lab.home("hub")
    home.path = "/srv/office/hub"
    home.env["PAMOJA_HOME"] = home.path
    home.prefix = as_user("office")
    os.chmod(lab.dir, 0o755)
    shutil.chown(home.passphrase_file, "office")
    return home


def begin(home, text):
    home.settings(text)
    for path in (home.path, home.path + "/pamoja.ini"):
        shutil.chown(path, "office", "office")
    return home.start(prefix=home.prefix)


def reach(said, port, name):
    """What the command told to write into pamoja.ini, with this machine's name and port."""
    found = re.search(r"url = " + name + r"://\S+\n\s+pin = (\S.*)\n", said)
    url = {"https": f"https://localhost:{port}/pamoja", "ssh": f"ssh://pamoja@localhost:{port}"}[name]
    return f"[hub]\nlook_every_seconds = 3600\nurl = {url}\npin = {found.group(1)}\n"


def ssh_logins(lab):
    with open(os.path.join(lab.dir, "servers"), encoding="utf-8", errors="replace") as file:
        return sum("Accepted publickey for pamoja" in line for line in file)


def plain_git(lab, port, mailbox):
    """Plain git at such a host takes what the gate would take, and nothing else: the hook that the command installed says so."""
    token, known = token_of(1)
    path = f"/srv/pamoja/mailboxes/{mailbox}.git/tokens"
    with open(path, encoding="ascii") as file:
        before = file.read()
    with open(path, "a", encoding="ascii") as file:
        file.write(f"1 {known}\n")
    there = f"https://localhost:{port}/pamoja/{mailbox}.git"
    clone = os.path.join(lab.dir, "clone.git")

    def git(*words):
        return subprocess.run(["git", "-c", "http.sslVerify=false", "-c", "http.extraHeader=Authorization: Bearer " + token, *words], cwd=lab.dir,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": lab.dir, "LC_ALL": "C"})

    check(git("clone", "-q", "--bare", there, clone).returncode == 0)
    run = git("--git-dir", clone, "for-each-ref", "--format=%(refname)", "refs/heads/l1").stdout.split()[0]
    other = git("--git-dir", clone, "push", there, run + ":refs/heads/l1/" + "e" * 32)
    check(other.returncode == 1 and "remote: pamoja: " in other.stderr and "pre-receive hook declined" in other.stderr, other)
    check(not os.path.exists(f"/srv/pamoja/mailboxes/{mailbox}.git/refs/heads/l1/" + "e" * 32))
    # a run of its own goes: the very chain, put where it was taken away
    os.unlink(f"/srv/pamoja/mailboxes/{mailbox}.git/{run}")
    same = git("--git-dir", clone, "push", there, run)
    check(same.returncode == 0, same)
    with open(path, "w", encoding="ascii") as file:
        file.write(before)


def objects(box, loose):
    folder = f"/srv/pamoja/mailboxes/{box}/objects"
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
            if (len(os.path.basename(at)) == 2 if loose else name.endswith(".pack"))]


def swept(lab, hub, neema, box):
    """The weekly sweep that the command installed: packs, which grow, everybody may read, and the exchange goes on with."""
    sweep = ["/etc/pamoja-host/sweep", "/srv/pamoja/mailboxes"]
    subprocess.run(["systemd-analyze", "verify", "/etc/systemd/system/pamoja-sweep.timer"], check=True)
    git = ["git", "-c", "safe.directory=*", "--git-dir", f"/srv/pamoja/mailboxes/{box}"]
    tips = subprocess.run([*git, "for-each-ref"], capture_output=True, text=True, check=True).stdout
    there = len(objects(box, True))
    subprocess.run([*hub.prefix, *sweep], check=True)
    check(len(objects(box, True)) == there > 3, "few loose objects are left as they are", there)
    for _ in range(2):
        subprocess.run([*hub.prefix, *sweep, "3"], check=True)
        check(objects(box, True) == [] and len(objects(box, False)) == 1, objects(box, True), objects(box, False))
    check(tips == subprocess.run([*git, "for-each-ref"], capture_output=True, text=True, check=True).stdout)
    said = subprocess.run([*git, "fsck", "--strict", "--no-dangling"], capture_output=True, text=True)
    check(said.returncode == 0, said)
    # both go on with what is packed, and the gate's user reads it
    record = neema.add("person", name="Baraka")
    neema.run("sync")
    check(neema.show(record)["sync"] == "merged" and len(objects(box, True)) > 0, neema.show(record)["sync"])
    # half a year later what no branch holds is gone, and what came lately is not
    stray = subprocess.run([*git, "hash-object", "-w", "--stdin"], input="held by no branch", capture_output=True, text=True, check=True).stdout.strip()
    old = subprocess.run([*git, "hash-object", "-w", "--stdin"], input="nor is this", capture_output=True, text=True, check=True).stdout.strip()
    long_ago = 1600000000
    os.utime(f"/srv/pamoja/mailboxes/{box}/objects/{old[:2]}/{old[2:]}", (long_ago, long_ago))
    os.utime(objects(box, False)[0], (long_ago, long_ago))
    shutil.chown(f"/srv/pamoja/mailboxes/{box}/objects/{stray[:2]}", "office", "pamoja")
    shutil.chown(f"/srv/pamoja/mailboxes/{box}/objects/{old[:2]}", "office", "pamoja")
    subprocess.run([*hub.prefix, *sweep], check=True)
    known = [subprocess.run([*git, "cat-file", "-e", one], capture_output=True).returncode for one in (stray, old)]
    check(known[0] == 0 and known[1] != 0, known)
    check(len(objects(box, False)) == 1 and len(objects(box, True)) == 1, objects(box, False), objects(box, True))
    neema.add("contact", person=record, kind="phone")
    neema.run("sync")
    check(neema.status()["outbox"]["entries"] == 0, neema.status()["outbox"])


def story_a_host_in_one_command(lab):
    if not MAY:
        print("     not root, or no mounts of one's own: not tried")
        return
    port, ssh_port = web.free_port(), web.free_port()
    options = ("--for", "office", "--port", str(port))
    # what cannot be, each with its reason, and nothing done
    before = snapshot()
    prepare(*options, prefix=as_user("office"), status=5, words="only root can")
    prepare("--port", str(port), status=2, words="--for USER")
    prepare(*options, "--mailboxes", "mail", status=2, words="full path")
    prepare("--for", "office", "--port", "99999", status=2, words="--port takes a number")
    prepare("--for", "nobody-here", status=1, words="there is no user nobody-here")
    prepare(*options, "--mailboxes", "/srv/a b", status=1, words="characters that")
    os.chmod("/opt/pamoja", 0o777)
    prepare(*options, status=1, words="can be changed by others than root")
    os.chmod("/opt/pamoja", 0o755)
    check(snapshot() == before, set(snapshot().items()) ^ set(before.items()))
    # once; and again it finds everything as it should be
    said = prepare(*options)
    check("made the account pamoja" in said and "Left for you" in said and "--mailboxes /srv/pamoja/mailboxes" in said, said)
    made = snapshot()
    again = prepare(*options)
    check("Done:" not in again and "the account pamoja" in again, again)
    check(snapshot() == made, set(snapshot().items()) ^ set(made.items()))
    # what somebody spoiled is put right, and nothing else
    with open("/etc/ssh/sshd_config.d/pamoja.conf", "a", encoding="ascii") as file:
        file.write("# by hand\n")
    os.chmod("/srv/pamoja/mailboxes", 0o755)
    mended = prepare(*options)
    check(mended.count("wrote ") == 1 and mended.count("made ") == 1, mended)
    account = pwd.getpwnam("pamoja")
    check(account.pw_uid < 1000 and subprocess.run(["passwd", "-S", "pamoja"], capture_output=True, text=True).stdout.split()[1] == "L")

    # the two servers, with the settings of the machine
    says = open(os.path.join(lab.dir, "servers"), "ab")
    for command in (["/usr/sbin/lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"], ["/usr/sbin/sshd", "-D", "-e", "-p", str(ssh_port)]):
        os.makedirs("/run/sshd", exist_ok=True)
        lab.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=says, stderr=says))
    web.wait_for(port)
    web.wait_for(ssh_port)
    # over https
    hub = office(lab)
    begin(hub, reach(said, port, "https")).init(hub_mailboxes="/srv/pamoja/mailboxes", person="Office")
    neema = lab.worker("Neema", hub, role="ally")
    person = neema.add("person", name="Asha", phone="+254 700 000 001")
    neema.run("sync")
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])
    boxes = [name for name in os.listdir("/srv/pamoja/mailboxes") if name.endswith(".git")]
    config = subprocess.run(["git", "config", "--file", f"/srv/pamoja/mailboxes/{boxes[0]}/config", "--list"], capture_output=True, text=True).stdout
    for setting in ("core.fsync=committed", "receive.denydeletes=true", "receive.denynonfastforwards=true", "receive.maxinputsize=", "gc.auto=0"):
        check(setting in config, setting, config)
    plain_git(lab, port, boxes[0][:-4])
    swept(lab, hub, neema, boxes[0])
    # over ssh: the same machine, and a key that enrolment let in without root
    hub.stop()
    begin(hub, reach(said, ssh_port, "ssh")).unlock()
    # laptops enrolled before follow by themselves: once more over https, from then on over ssh
    logins = ssh_logins(lab)
    hub.run("hub", "merge")
    neema.run("sync")
    hub.run("hub", "merge")
    neema.add("contact", person=person, kind="phone")
    neema.run("sync")
    check(ssh_logins(lab) > logins)
    juma = lab.worker("Juma", hub)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    check(juma.show(person)["fields"]["name"] == "Asha")
    late = juma.add("contact", person=person, kind="phone")
    lab.exchange(hub, juma)
    check(juma.show(late)["sync"] == "merged", juma.show(late)["sync"])
    keys = os.listdir("/srv/pamoja/mailboxes/keys")
    check(len(keys) == 2, keys)
    # all have come by ssh, so that https counts no more
    lab.exchange(hub, neema, juma)
    hub.run("hub", "move", "--end")
    lab.exchange(hub, neema, juma)
    # shut out by whoever may write that folder; then let in again by the hub itself
    for key in keys:
        subprocess.run([*as_user("office"), "rm", "/srv/pamoja/mailboxes/keys/" + key], check=True)
    error = juma.refused(5, "sync")
    check("does not let this laptop in" in error["message"], error)
    hub.run("hub", "merge")
    juma.run("sync")
    # a revoked laptop reads that it is, and is shut out, also of the way it was told before
    for home in (juma, neema):
        hub.run("hub", "revoke", home.name, "--sure")
        hub.run("hub", "merge")
        for _ in range(3):
            home.run("sync", check_status=False)
            hub.run("hub", "merge")
    check(os.listdir("/srv/pamoja/mailboxes/keys") == [], os.listdir("/srv/pamoja/mailboxes/keys"))
    for box in boxes:
        check(os.path.getsize(f"/srv/pamoja/mailboxes/{box}/tokens") == 0, box)
    # nobody else comes in by that account, and nothing but the gate runs
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", lab.dir + "/other"], check=True)
    login = subprocess.run(["ssh", "-F", "none", "-i", lab.dir + "/other", "-p", str(ssh_port), "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null",
                            "-oBatchMode=yes", "-oIdentitiesOnly=yes", "pamoja@localhost", "id"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    check(login.returncode == 255 and "Permission denied" in login.stderr, login)


if __name__ == "__main__":
    MAY = False
    if os.geteuid() == 0 and disks.try_mount():
        if OWN not in os.environ:
            os.execvpe("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv], dict(os.environ, **{OWN: "1"}))
        own_machine()
        lab_module.BIN = BIN
        MAY = True
    run(globals())
