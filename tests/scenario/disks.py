"""disks.py - small disks of a test's own, to be filled and made read-only."""
import contextlib
import os
import random
import subprocess
import sys

from lab import PATIENCE


def may_mount():
    """Root may; another user gets a mount namespace of their own, if the kernel lets them."""
    if os.geteuid() == 0 and try_mount():
        return True
    if os.environ.get("PAMOJA_OWN_MOUNTS") is None and \
            subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0:
        os.execvpe("unshare", ["unshare", "-rm", sys.executable, *sys.argv], dict(os.environ, PAMOJA_OWN_MOUNTS="1"))
    return False


def try_mount():
    spot = "/tmp/pamoja-mount-test-%d" % os.getpid()
    os.mkdir(spot)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", spot], capture_output=True).returncode == 0
    if done:
        subprocess.run(["umount", spot], check=True)
    os.rmdir(spot)
    return done


@contextlib.contextmanager
def disk(lab, name, size="16m"):
    """A small disk at DIR/name; a daemon that has its home there ends with it."""
    spot = os.path.join(lab.dir, name)
    os.makedirs(spot, mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", spot], check=True)
    try:
        yield spot
    finally:
        for daemon in lab.daemons:
            if daemon.poll() is None and any(argument.startswith(spot) for argument in daemon.args):
                daemon.terminate()
                daemon.wait(PATIENCE)
        subprocess.run(["umount", "-l", spot], check=True)


def remount(spot, how):
    subprocess.run(["mount", "-o", "remount,bind," + how, spot], check=True)


def fill(spot, leave=0):
    """Take all that is free but `leave` bytes."""
    path = os.path.join(spot, "filler-%d" % random.randrange(1 << 40))
    with open(path, "wb", buffering=0) as file:
        free = os.statvfs(spot).f_bavail * os.statvfs(spot).f_frsize - leave
        with contextlib.suppress(OSError):
            while free > 0:
                free -= file.write(b"\xa5" * min(free, 1 << 16))
    return path


def empty(spot):
    for name in os.listdir(spot):
        if name.startswith("filler-"):
            os.unlink(os.path.join(spot, name))
