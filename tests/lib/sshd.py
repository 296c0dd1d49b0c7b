"""sshd.py - OpenSSH's server on this machine only, run by whoever runs the test: root, or a plain user on a high port."""
import os
import pwd
import subprocess
import time

import web

CONF = """
Port {port}
ListenAddress 127.0.0.1
HostKey {dir}/hostkey
PidFile none
AuthorizedKeysFile {dir}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
# With this the shell that starts a command leaves the person's .bashrc alone, which may do anything.
SetEnv SHLVL=2
LogLevel VERBOSE
{more}
"""


def keygen(path):
    """A pair in PATH and PATH.pub. Returns the public one: type and key."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True, capture_output=True)
    with open(path + ".pub", encoding="ascii") as file:
        return " ".join(file.read().split()[:2])


class Sshd:
    """The server, with its address and the pin of its key."""

    def __init__(self, folder, more="", program=("/usr/sbin/sshd",), authorized=None):
        self.dir = folder
        os.makedirs(folder, exist_ok=True)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # its empty folder, which its service makes elsewhere
        self.pin = keygen(os.path.join(folder, "hostkey"))
        self.port = web.free_port()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.url = f"ssh://{self.user}@localhost:{self.port}"
        if authorized is None:
            self.let_in("")
        with open(os.path.join(folder, "conf"), "w", encoding="utf-8") as file:
            file.write(CONF.format(dir=folder, port=self.port, more=more))
        with open(os.path.join(folder, "says"), "ab") as says:
            self.process = subprocess.Popen([*program, "-D", "-e", "-f", os.path.join(folder, "conf")], stdout=says, stderr=says,
                                            stdin=subprocess.DEVNULL)
        web.wait_for(self.port)

    def let_in(self, lines):
        """The lines of its file of authorized keys."""
        with open(os.path.join(self.dir, "authorized"), "w", encoding="utf-8") as file:
            file.write(lines)

    def errors(self):
        with open(os.path.join(self.dir, "says"), encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def logins(self):
        """How often somebody was let in; it writes that down at once."""
        time.sleep(0.1)
        with open(os.path.join(self.dir, "says"), encoding="utf-8", errors="replace") as file:
            return sum("Accepted publickey" in line for line in file)

    def close(self):
        self.process.terminate()
        self.process.wait(300)
