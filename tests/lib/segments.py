"""segments.py - a mailbox and segments in their outer shape, for exchanges by hand with `pamoja-carry --once`."""
import base64
import hashlib
import os
import struct
import subprocess

from lab import BIN, check

CARRY = os.path.join(BIN, "pamoja-carry")
BOX = "a" * 32
# who writes: a worker, and the hub
INC = {"w": "b2" * 16, "h": "c3" * 16}
LANE = {"w": 1, "h": 2}


def token_of(number):
    """A token as text, and the line of `tokens` for it is LANE and this hash."""
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


def segment(lane, inc, segno, size=1024, seed=1):
    body = hashlib.shake_128(f"{lane} {inc} {segno} {seed}".encode()).digest(size)
    return (b"PMJSEG01" + bytes([1, lane]) + bytes(6) + struct.pack("<Q", segno) + bytes.fromhex(BOX) + bytes.fromhex(inc) + bytes(136)
            + struct.pack("<II", size, 0) + body + bytes(64))


def fill(lab, who, first, last, size=1024, seed=1):
    """What waits to be sent, from one number to another."""
    folder = os.path.join(lab.dir, who, "spool", "out")
    os.makedirs(folder, exist_ok=True)
    for n in range(first, last + 1):
        with open(os.path.join(folder, f"{BOX}-{LANE[who]}-{INC[who]}-{n}.seg"), "wb") as file:
            file.write(segment(LANE[who], INC[who], n, size, seed))


def same(lab, sender, reader):
    """Everything that one sent came to the other, byte for byte."""
    out, came = f"{lab.dir}/{sender}/spool/out", f"{lab.dir}/{reader}/spool/in"
    check(sorted(os.listdir(out)) == sorted(os.listdir(came)), sorted(os.listdir(out)), sorted(os.listdir(came)))
    for name in os.listdir(out):
        with open(os.path.join(out, name), "rb") as one, open(os.path.join(came, name), "rb") as two:
            check(one.read() == two.read(), name)
