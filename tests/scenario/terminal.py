"""terminal.py - a person before a terminal, for the scenarios in which the program asks."""
import os
import pty
import select

from lab import BIN, check


class Terminal:
    """A person before a terminal: reads until a question stands there, and answers it."""

    def __init__(self, home, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *words], {**home.env, "TERM": "xterm"})
        self.seen = ""

    def until(self, words):
        begin = len(self.seen)
        while words not in self.seen[begin:]:
            check(select.select([self.fd], [], [], 60)[0], "it never came:", words, ascii(self.seen[begin:]))
            try:
                piece = os.read(self.fd, 4096).decode(errors="replace").replace("\r", "")
            except OSError:
                piece = ""
            check(piece, "it ended before:", words, ascii(self.seen[begin:]))
            self.seen += piece
        return self.seen[begin:]

    def type(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        while True:
            try:
                piece = os.read(self.fd, 4096).decode(errors="replace").replace("\r", "")
            except OSError:
                break
            if not piece:
                break
            self.seen += piece
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
