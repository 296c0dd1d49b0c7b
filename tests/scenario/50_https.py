"""The gate behind a real web server with TLS: what it lets through, and plain git beside it."""
import hashlib
import os
import subprocess
import sys

import lab as lab_module
from lab import check, run

sys.path.insert(0, os.path.join(lab_module.TOP, "tests", "lib"))
import web  # noqa: E402

GATE = os.path.abspath(os.path.join(lab_module.BIN, "pamoja-gate"))
CARRY = os.path.join(lab_module.BIN, "pamoja-carry")
BOX = "a" * 32


def token_of(number):
    """A token as text, and the line of `tokens` for it is LANE and this hash."""
    import base64
    raw = bytes([number]) * 16
    return base64.urlsafe_b64encode(raw).decode().rstrip("="), hashlib.blake2b(b"pmj gate tok v1\0" + raw, digest_size=32).hexdigest()


def make_box(lab, up=1, down=2):
    """A mailbox as the hub makes it, with a token for each lane. Returns its folder."""
    subprocess.run([CARRY, "--once", "--spool", lab.dir + "/h/spool", "--store", lab.dir + "/h/carry", "--write", "2", "--create", "--remote",
                    f"{BOX}={lab.mailboxes}"], check=True, capture_output=True)
    box = os.path.join(lab.mailboxes, BOX + ".git")
    with open(os.path.join(box, "tokens"), "w", encoding="utf-8") as file:
        file.write(f"1 {token_of(up)[1]}\n2 {token_of(down)[1]}\n")
    return box


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
    # hooks that somebody put into the mailbox are never run
    os.makedirs(box + "/hooks")
    with open(box + "/hooks/post-update", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ntouch {lab.dir}/ran\n")
    os.chmod(box + "/hooks/post-update", 0o755)
    git(lab, "-c", "user.name=a", "-c", "user.email=a@invalid", "commit", "-q", "--allow-empty", "-m", "t", cwd=work)
    git(lab, "push", there, "HEAD:refs/heads/l1/" + "b" * 32, cwd=work, token=up, status=1)
    check(not os.path.exists(lab.dir + "/ran"))


if __name__ == "__main__":
    run(globals())
