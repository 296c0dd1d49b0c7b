"""sealed.py - segment files as a carrier sees them: their outer 200 bytes, their names, and the commits that they make in a mailbox.

What a liar between worker and hub can do, it can do with these: no key is used here.
"""
import hashlib
import os
import re
import struct
import subprocess

NAME = re.compile(r"^([0-9a-f]{32})-([1-5])-([0-9a-f]{32})-([1-9][0-9]*)(\.[0-9a-f]{8})?\.seg$")
SEGNO, MAILBOX, INC, WRITER, READER, EPK, PREV, COMMIT, NONCE, CT_LEN, SPARE, BODY = 16, 24, 40, 56, 64, 72, 104, 136, 168, 192, 196, 200


class Segment:
    """A copy of a segment file; the methods give changed copies of the bytes."""

    def __init__(self, data):
        self.bytes = bytes(data)
        self.lane = data[9]
        self.segno = struct.unpack_from("<Q", data, SEGNO)[0]
        self.mailbox = data[MAILBOX:MAILBOX + 16].hex()
        self.inc = data[INC:INC + 16].hex()

    @property
    def name(self):
        return place_name(self.mailbox, self.lane, self.inc, self.segno)

    def flipped(self, at, bit=0):
        data = bytearray(self.bytes)
        data[at] ^= 1 << bit
        return bytes(data)

    def patched(self, *pairs):
        """(offset, bytes) pairs written over a copy."""
        data = bytearray(self.bytes)
        for at, what in pairs:
            data[at:at + len(what)] = what
        return bytes(data)

    def id(self):
        return hashlib.blake2b(b"pmj seg id v1".ljust(16, b"\0") + self.bytes, digest_size=32).digest()


def place_name(mailbox, lane, inc, segno, tag=None):
    return f"{mailbox}-{lane}-{inc}-{segno}{'.' + tag if tag else ''}.seg"


def segments(folder, lane=None):
    """The segment files of a folder, in order of lane, incarnation and number."""
    found = []
    for name in os.listdir(folder):
        match = NAME.match(name)
        if match and (lane is None or match[2] == str(lane)):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            if len(data) >= BODY:
                found.append(Segment(data))
    return sorted(found, key=lambda one: (one.lane, one.inc, one.segno))


class Mailbox:
    """A mailbox as its host sees it: a bare repository and plain git."""

    def __init__(self, path):
        self.path = path

    def git(self, *arguments, stdin=None, env=None):
        process = subprocess.run(["git", "-c", "safe.directory=*", "--git-dir", self.path, *arguments], input=stdin, capture_output=True, check=True,
                                 env=dict(os.environ, GIT_CONFIG_NOSYSTEM="1", HOME="/nonexistent", **(env or {})))
        return process.stdout

    def branches(self, lane=1):
        """{incarnation: commit}"""
        text = self.git("for-each-ref", "--format=%(refname) %(objectname)", f"refs/heads/l{lane}/").decode()
        return {line.split()[0].rsplit("/", 1)[1]: line.split()[1] for line in text.splitlines()}

    def count(self, lane=1):
        """How many segments lie in a lane's branches."""
        return sum(int(self.git("rev-list", "--count", tip)) for tip in self.branches(lane).values())

    def segment(self, commit):
        return Segment(self.git("cat-file", "blob", commit + ":s"))

    def chain(self, commit):
        """The segments up to a commit, oldest first."""
        return [self.segment(one) for one in self.git("rev-list", "--reverse", commit).decode().split()]

    def commit(self, data, parents, segno, *, extra=None, name="s", who="pamoja <pamoja@invalid>", message="s", mode="100644"):
        """The commit of 5.5, or one that is wrong in the ways asked for."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        entries = [f"{mode} blob {blob}\t{name}"]
        if extra is not None:
            other = self.git("hash-object", "-w", "--stdin", stdin=extra).decode().strip()
            entries.append(f"100644 blob {other}\tz")
        tree = self.git("mktree", stdin=("\n".join(entries) + "\n").encode()).decode().strip()
        text = f"tree {tree}\n" + "".join(f"parent {parent}\n" for parent in parents)
        text += f"author {who} {segno} +0000\ncommitter {who} {segno} +0000\n\n{message}"
        return self.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()).decode().strip()

    def set(self, lane, inc, commit):
        self.git("update-ref", f"refs/heads/l{lane}/{inc}", commit)


def mailboxes(folder):
    return [Mailbox(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".git")]


def mailbox_of(lab, invited_or_home):
    """The mailbox of a worker: the only one whose name is in that home's spool or journal is told by its carry stores."""
    names = {name.split(".")[0].split("-")[0] for name in os.listdir(os.path.join(invited_or_home.path, "carry"))}
    for box in mailboxes(lab.mailboxes):
        if os.path.basename(box.path)[:32] in names:
            return box
    raise LookupError("no mailbox of " + invited_or_home.name)
