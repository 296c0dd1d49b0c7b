"""web.py - a real web server with TLS in front of pamoja-gate, on this machine only; and a wire that cuts connections."""
import contextlib
import os
import random
import signal
import socket
import ssl
import subprocess
import threading
import time

from badlink import each_connection

CONF = """
server.document-root = "{dir}/empty"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{dir}/errors"
server.breakagelog = "{dir}/errors"
server.modules = ("mod_alias", "mod_setenv", "mod_cgi", "mod_openssl", "mod_accesslog")
accesslog.filename = "{dir}/requests"
accesslog.format = "%s %r"
server.tag = ""
$HTTP["url"] =~ "^/pamoja/[0-9a-f]+$" {{ server.stream-request-body = 2 }}
server.max-keep-alive-requests = 1000
server.max-keep-alive-idle = 120
ssl.engine = "enable"
ssl.pemfile = "{dir}/server.pem"
ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1.2")
"""
GATE = """
setenv.set-environment = ("PAMOJA_GATE_ROOT" => "{root}")
alias.url = ("/pamoja" => "{gate}")
cgi.assign = ("pamoja-gate" => "")
"""
# Plain git, as its own manual has it: no program of ours at the host.
GIT = """
setenv.set-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "GIT_CONFIG_COUNT" => "2",
  "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*", "GIT_CONFIG_KEY_1" => "http.receivepack", "GIT_CONFIG_VALUE_1" => "true")
alias.url = ("/pamoja" => "/usr/lib/git-core/git-http-backend")
cgi.assign = ("git-http-backend" => "")
"""
# ... which lets in whom a file names.
USERS = """
server.modules += ("mod_auth", "mod_authn_file")
auth.backend = "plain"
auth.backend.plain.userfile = "{users}"
auth.require = ("/" => ("method" => "basic", "realm" => "mailboxes", "require" => "valid-user"))
"""


def openssl(*arguments, cwd=None):
    return subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout


def certificates(folder, expired=False):
    """A CA and what it signed for localhost: ca.pem, server.pem (key and certificate). Returns the pin of its key."""
    os.makedirs(folder, exist_ok=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    if not os.path.exists(os.path.join(folder, "ca.pem")):
        openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=a test", cwd=folder)
    openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost", cwd=folder)
    with open(os.path.join(folder, "names"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "-1" if expired else "30", "-out",
            "server.crt", "-extfile", "names", cwd=folder)
    with open(os.path.join(folder, "server.pem"), "w", encoding="utf-8") as out:
        for name in ("server.key", "server.crt"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                out.write(file.read())
    return "sha256//" + subprocess.run("openssl pkey -in server.key -pubout -outform der | openssl dgst -sha256 -binary | base64 -w0", shell=True,
                                       cwd=folder, check=True, capture_output=True, text=True).stdout


def free_port():
    """Below those that the kernel hands out by itself: nobody else's connection takes it before the server does, or while that is restarted."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


class Web:
    """lighttpd with the gate at https://localhost:PORT/pamoja; without one, plain git, for the users of a file (NAME:PASSWORD) or for everybody."""

    def __init__(self, folder, root, gate=None, expired=False, users=None, port=None):
        self.dir = folder
        os.makedirs(os.path.join(folder, "empty"), exist_ok=True)
        self.pin = certificates(folder, expired)
        self.ca = os.path.join(folder, "ca.pem")
        self.port = port or free_port()
        self.url = f"https://localhost:{self.port}/pamoja"
        with open(os.path.join(folder, "conf"), "w", encoding="utf-8") as file:
            text = CONF + (GATE if gate is not None else GIT) + (USERS if users is not None else "")
            file.write(text.format(dir=folder, port=self.port, root=root, gate=gate, users=users))
        with open(os.path.join(folder, "says"), "ab") as says:
            self.process = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", os.path.join(folder, "conf")], stdout=says, stderr=says,
                                            stdin=subprocess.DEVNULL)
        wait_for(self.port)

    def errors(self):
        """What the server and the gate behind it wrote down."""
        with open(os.path.join(self.dir, "errors"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def log(self):
        """Its requests, one a line; it writes them down a moment later, so one of our own is waited for."""
        mark = f"/mark-{time.monotonic()}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.port))) as to:
            to.sendall(f"GET {mark} HTTP/1.0\r\n\r\n".encode())
            while to.recv(4096):
                pass
        lines = []
        while not any(mark in line for line in lines):
            self.process.send_signal(signal.SIGHUP)  # lighttpd writes out and opens its logs anew
            time.sleep(0.05)
            with open(os.path.join(self.dir, "requests"), encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        return [line for line in lines if "/mark-" not in line]

    def close(self):
        self.process.terminate()
        self.process.wait(300)


def wait_for(port, seconds=300):
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


PRE_SHARED_KEY, EARLY_DATA = 41, 42


def extensions(hello):
    """The extensions of the hello of TLS that these bytes begin with, by number."""
    if hello[:1] != b"\x16":
        return {}
    client = hello[5] == 1
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]  # session id
    at += 2 + int.from_bytes(hello[at:at + 2], "big") if client else 2  # ciphers
    at += 1 + hello[at] if client else 1  # compression
    end = at + 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 2
    found = {}
    while at < end:
        kind, length = (int.from_bytes(hello[at + n:at + n + 2], "big") for n in (0, 2))
        found[kind] = hello[at + 4:at + 4 + length]
        at += 4 + length
    return found


class Liar:
    """A host with a good certificate that answers the same to everybody, and then hangs up."""

    def __init__(self, folder, answer, forever=False):
        self.answer = answer.encode("latin-1")
        self.forever = forever
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(folder, "server.pem"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}/pamoja"
        each_connection(self.listener, lambda near: threading.Thread(target=self.serve, args=(near,), daemon=True).start())

    def serve(self, near):
        try:
            near = self.context.wrap_socket(near, server_side=True)
            near.recv(65536)
            near.sendall(self.answer)
            while self.forever:
                near.sendall(self.answer[self.answer.index(b"fffff"):])
            near.unwrap()
        except (OSError, ssl.SSLError):
            pass
        near.close()

    def close(self):
        self.listener.close()


class Mute:
    """A host that takes connections, shakes hands where it has a folder with a certificate, and then says nothing at all."""

    def __init__(self, folder=None):
        self.context = None
        if folder is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(os.path.join(folder, "server.pem"))
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/pamoja"
        each_connection(self.listener, self.taken)

    def taken(self, near):
        self.held.append(near)
        if self.context is not None:
            threading.Thread(target=self.shake, args=(len(self.held) - 1,), daemon=True).start()

    def shake(self, which):
        try:
            self.held[which] = self.context.wrap_socket(self.held[which], server_side=True)
        except (OSError, ssl.SSLError):
            pass

    def close(self):
        self.listener.close()
        for near in self.held:
            near.close()


class Cutter:
    """A wire to a port that is cut after so many bytes, both ways together; None: never. It counts the bytes of each way.

    once: the first connection from now on is, and those after it are not.
    """

    def __init__(self, port, after=None, once=False):
        self.to = port
        self.after = after
        self.once = once
        self.up = self.down = self.connections = self.cuts = 0
        self.hellos = []  # of each connection what each end said first
        self.at_cut = None  # called before a wire is cut
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        each_connection(self.listener, self.taken)

    def taken(self, near):
        self.connections += 1
        self.hellos.append({True: b"", False: b""})
        threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:  # nobody is there any more
            near.close()
            return
        left = [self.after]
        if self.once:
            self.after = None
        hello = self.hellos[-1]
        ends = threading.Event()

        def pump(one, other, up):
            try:
                while not ends.is_set():
                    piece = one.recv(1024)
                    if not piece:
                        break
                    if len(hello[up]) < 4096:
                        hello[up] += piece
                    if up:
                        self.up += len(piece)
                    else:
                        self.down += len(piece)
                    if left[0] is not None:
                        left[0] -= len(piece)
                        if left[0] <= 0:
                            self.cuts += 1
                            if self.at_cut:
                                self.at_cut()
                            break
                    other.sendall(piece)
            except OSError:
                pass
            ends.set()
            for end in (near, far):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        ways = [threading.Thread(target=pump, args=way, daemon=True) for way in ((near, far, True), (far, near, False))]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
        near.close()
        far.close()

    def close(self):
        self.listener.close()
