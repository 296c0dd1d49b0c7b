"""terminal.py - a person before a terminal, for the scenarios in which the program asks."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from lab import BIN, PATIENCE, check

END = b"\0"  # no program prints it


class Terminal:
    """A person before a terminal: reads until a question stands there, and answers it."""

    def __init__(self, home, *words, columns=None):
        self.fd, self.far = os.openpty()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.far, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.far, fd)
            if columns is not None:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *words], {**home.env, "TERM": "xterm"})
        self.ended = self.over = False
        self.seen = ""

    def more(self):
        """What it says next; nothing: it has ended. A terminal whose last writer has gone may lose what that wrote last (one in 500 times): so its
        far end stays open here, and when the program has ended a mark is written there, behind all that it said."""
        late = time.monotonic() + PATIENCE
        while not self.over and not select.select([self.fd], [], [], 0.005)[0]:
            check(time.monotonic() < late, "it says no more:", ascii(self.seen[-500:]))
            if not self.ended and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.ended = True
                os.write(self.far, END)
        piece = b"" if self.over else os.read(self.fd, 4096)
        self.over = self.over or piece.endswith(END)
        piece = piece.removesuffix(END).decode(errors="replace").replace("\r", "")
        self.seen += piece
        return piece

    def until(self, words):
        begin = len(self.seen)
        while words not in self.seen[begin:]:
            check(self.more() or not self.over, "it ended before:", words, ascii(self.seen[begin:]))
        return self.seen[begin:]

    def type(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        while self.more() or not self.over:
            pass
        os.close(self.fd)
        os.close(self.far)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def stopped(home, *words, when=r"K[1-9]\d* of ", first=lambda: None):
    """Ctrl-C at a terminal once it has told how far it is, and `first` was done. Returns what it said: (done, of, left) each time, and all of it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *words], home.env)
    said, pressed = b"", False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        said += piece
        if not pressed and re.search(when.encode(), said):
            first()
            os.write(terminal, b"\x03")
            pressed = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    said = said.decode()
    check(pressed and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status, said)
    check("Ctrl-C stops it" in said and "stopped; nothing was lost" in said and "goes on from there" in said, said)
    shown = [tuple(map(int, one)) for one in re.findall(r"\033\[K(\d+) of (\d+) sealed files are there, (\d+) left", said)]
    check(shown and all(done + left == of for done, of, left in shown), shown, said)
    check(home.status()["exchange"] is None, home.status())
    return shown, said
