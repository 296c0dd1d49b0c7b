"""badlink.py - a TCP wire on this machine that behaves like a bad link: slow, far away, cut by age or by bytes. It counts what went over it.

All connections of one link share its line, as all programs of a laptop share its modem. Delay costs time and no room on the line.
"""
import queue
import socket
import struct
import threading
import time

PIECE = 1400  # what goes at once: as a packet would
ROOM = 16384  # what a sender may have put down before the line took it


class Profile:
    """kbit/s each way (0: no limit), one-way delay in seconds; each connection is cut at an age in seconds, or after so many bytes."""

    def __init__(self, up=0, down=0, delay=0.0, cut_seconds=None, cut_bytes=None):
        self.up, self.down, self.delay, self.cut_seconds, self.cut_bytes = up, down, delay, cut_seconds, cut_bytes


class Line:
    """One direction: a packet begins when the one before it is through."""

    def __init__(self, kbit):
        self.rate = kbit * 125.0
        self.free = 0.0
        self.lock = threading.Lock()

    def take(self, count, earliest):
        """When so many bytes have left the near end."""
        with self.lock:
            self.free = max(time.monotonic(), earliest, self.free) + (count / self.rate if self.rate else 0.0)
            return self.free


def sleep_until(when):
    left = when - time.monotonic()
    if left > 0:
        time.sleep(left)


def each_connection(listener, taken):
    """Call `taken` with each connection, on a thread, until the listener is closed."""
    def accept():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            taken(near)

    threading.Thread(target=accept, daemon=True).start()


class BadLink:
    """To 127.0.0.1:PORT by way of `self.port`."""

    def __init__(self, port, profile=None):
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.set(profile or Profile())
        self.reset()
        each_connection(self.listener, lambda near: Connection(self, near))

    def set(self, profile):
        """From the next connection on."""
        self.profile = profile
        self.lines = {"up": Line(profile.up), "down": Line(profile.down)}

    def reset(self):
        """Count anew."""
        self.up = self.down = self.connections = self.cuts = self.trips = 0

    def counted(self):
        return {"up": self.up, "down": self.down, "connections": self.connections, "cuts": self.cuts, "round_trips": self.trips}

    def close(self):
        self.listener.close()


class Connection:
    def __init__(self, link, near):
        self.link, self.near, self.profile, self.lines = link, near, link.profile, link.lines
        self.born = time.monotonic()
        self.moved = 0
        self.last = "down"  # who spoke last: a round trip begins when the near end speaks after the far one
        self.over = threading.Event()
        with link.lock:
            link.connections += 1
            link.trips += 1  # TCP's own
        threading.Thread(target=self.open, daemon=True).start()

    def open(self):
        try:
            self.far = socket.create_connection(("127.0.0.1", self.link.to))
        except OSError:
            self.near.close()
            return
        for end in (self.near, self.far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.profile.cut_seconds:
            timer = threading.Timer(self.profile.cut_seconds, self.end, (True,))
            timer.daemon = True
            timer.start()
        for way, one, other in (("up", self.near, self.far), ("down", self.far, self.near)):
            flying = queue.Queue(maxsize=1024)
            threading.Thread(target=self.send, args=(way, one, flying), daemon=True).start()
            threading.Thread(target=self.deliver, args=(other, flying), daemon=True).start()

    def count(self, way, count):
        """True when the connection has had its bytes."""
        with self.link.lock:
            setattr(self.link, way, getattr(self.link, way) + count)
            self.link.trips += way == "up" and self.last == "down"
            self.last = way
            self.moved += count
            return self.profile.cut_bytes is not None and self.moved >= self.profile.cut_bytes

    def send(self, way, one, flying):
        # Nothing leaves before the handshake of TCP has come back.
        earliest = self.born + 2 * self.profile.delay
        while not self.over.is_set():
            try:
                piece = one.recv(PIECE)
            except OSError:
                break
            if not piece:
                break
            gone = self.lines[way].take(len(piece), earliest)
            sleep_until(gone)
            if self.over.is_set():
                return
            cut = self.count(way, len(piece))
            flying.put((gone + self.profile.delay, piece))
            if cut:
                self.end(True)
                return
        flying.put((time.monotonic() + self.profile.delay, None))

    def deliver(self, other, flying):
        while not self.over.is_set():
            when, piece = flying.get()
            sleep_until(when)
            if self.over.is_set():
                return
            try:
                if piece is None:
                    other.shutdown(socket.SHUT_WR)
                    break
                other.sendall(piece)
            except OSError:
                break
        if other is self.near:
            self.end(False)

    def end(self, cut):
        """Cut: both ends are told at once that it is no more."""
        with self.link.lock:
            if self.over.is_set():
                return
            self.over.set()
            self.link.cuts += cut
        for one in (self.near, self.far):
            try:
                if cut:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    one.shutdown(socket.SHUT_RD)  # wakes whoever reads there; the reset follows with close
            except OSError:
                pass
            one.close()
