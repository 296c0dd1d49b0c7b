"""What the scenarios of backup and restore share."""
import os

from lab import check, files


def code_of(home, name="code"):
    path = os.path.join(home.lab.dir, f"{home.name}.{name}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(home.made["recovery_code"] + "\n")
    os.chmod(path, 0o600)
    return path


def backup_of(home, name="backup"):
    path = os.path.join(home.lab.dir, f"{home.name}.{name}")
    return path, home.json("backup", path)


def opened_by(secret):
    """The options that open a backup: with a recovery code's file, or with those of two halves."""
    return ["--half-file", secret[0], "--other-half-file", secret[1]] if isinstance(secret, tuple) else ["--recovery-code-file", secret]


def restore(lab, path, code, name, *options, starting=(), **more):
    """A new home out of a backup."""
    home = lab.home(name).start(*starting)
    return home, home.json("--passphrase-file", home.passphrase_file, "restore", path, *opened_by(code), *options, **more)


def refused(lab, status, path, code, name, *options):
    """A restore that must fail: its error, and that the home is as empty as before."""
    home = lab.home(name).start()
    before = files(home)
    error = home.refused(status, "--passphrase-file", home.passphrase_file, "restore", path, *opened_by(code), *options)
    check(error["hint"], error)
    check(files(home) == before, "something is left", sorted(files(home)))
    check(home.status()["initialised"] is False)
    home.stop()
    return error


def notes(home):
    """What the contacts say, in no order."""
    return sorted(item["fields"]["note"] for item in home.json("contact", "list", "--limit", "1000")["items"])
