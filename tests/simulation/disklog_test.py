#!/usr/bin/env python3
"""disklog_test.py - the model of a disk leaves only what a disk can leave."""
import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), part) for part in ("lib", "scenario")]
from disklog import SIZE, WRITE, Disk, File  # noqa: E402
from lab import check  # noqa: E402

TRIES = 500


def torn(old, *changes):
    """Every content that the cut can leave of a file with these changes under way."""
    disk = Disk.__new__(Disk)
    chance = random.Random(1)
    for _ in range(TRIES):
        file = File(0o600, old)
        file.pending = [(number, *change) for number, change in enumerate(changes, 1)]
        disk._tear(file, chance)
        yield bytes(file.data)


def truncation_is_whole():
    """A file that is emptied is empty or as it was: never its old size full of zeros."""
    check(set(torn(b"x" * 3000, (SIZE, 0, b""))) == {b"", b"x" * 3000}, "emptied")
    # What is written behind a truncation begins in an empty file, or stands in the old one.
    for left in torn(b"x" * 3000, (SIZE, 0, b""), (WRITE, 0, b"y" * 1024)):
        check(len(left) in (0, 1024, 3000), len(left))
        check(len(left) < 3000 or left[1024:] == b"x" * 1976, "old size, but not the old bytes")


def sectors_are_torn():
    """Sectors come and stay away each for itself; a size comes without bytes, too."""
    seen = set(torn(b"", (WRITE, 0, b"z" * 1024)))
    check(seen == {b"", *(a + b for a in (b"z" * 512, bytes(512)) for b in (b"z" * 512, bytes(512)))}, len(seen))


truncation_is_whole()
sectors_are_torn()
