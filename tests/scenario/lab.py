"""lab.py - what the scenario tests share: homes of the real programs in a folder of their own, driven as a person would.

A scenario is a file NN_name.py with functions whose names begin with `story_`; `run(globals())` at its end runs them in order and exits
non-zero when one fails. Programs come from $PAMOJA_BIN (default build/bin).
"""
import glob
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PAMOJA_BIN", os.path.join(TOP, "build", "bin"))
os.environ["PATH"] = os.pathsep.join((os.path.dirname(os.path.realpath(sys.executable)), os.environ["PATH"]))  # scripts get this very Python
PASSPHRASE = "a test only: seven herons on the lake"
PATIENCE = 300  # seconds until what must come is given up: no machine is so slow or so busy; nothing waits for it to be short


def forenoon():
    """Wherever and whenever a scenario is run, its day has hours left: no story is written for a midnight in its middle."""
    os.environ["TZ"] = f"LAB{time.gmtime().tm_hour - 10:+d}"  # what POSIX counts westward
    time.tzset()


forenoon()
QUICK = "[keys]\nunlock_ms = 200\n"  # tests unlock often
SLOW_MACHINE = os.path.abspath(os.path.join(BIN, "slowmachine.so"))  # which keeps the stretching short


IN_MEMORY = "/dev/shm"
PLENTY = 1 << 30
OFFICES = {}  # what Lab.office has made: a saved copy, the place where it stood, what the commands answered


class Failed(Exception):
    pass


def check(condition, *words):
    if not condition:
        raise Failed(" ".join(str(word) for word in words) or "check failed")


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The error document: the last line of standard error."""
        return json.loads(self.err.strip().splitlines()[-1])["error"]

    def __repr__(self):
        return f"status {self.status}\n{self.out}{self.err}"


def files(home):
    """What stands in a home, byte for byte; not the log and the sockets, which each start touches, nor what a test filled the disk with."""
    found = {}
    for folder, _, names in os.walk(home.path):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and "/run" not in path and name not in ("log", "lock") and not name.startswith("filler-"):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, home.path)] = file.read()
    return found


class Home:
    """One installation: a home folder, its daemon, its command line."""

    def __init__(self, lab, name, env=None):
        self.lab = lab
        self.name = name
        self.path = os.path.join(lab.dir, name)
        self.passphrase_file = os.path.join(lab.dir, name + ".pass")
        self.env = dict(os.environ, PAMOJA_HOME=self.path, PAMOJA_NO_AUTOSTART="1", LC_ALL="C.UTF-8", NO_COLOR="1")
        self.env.pop("PAMOJA_PASSPHRASE_FILE", None)
        self.env.update(env or {})
        self.prefix = ()  # what every program of this home is run by
        self.preload = {"LD_PRELOAD": SLOW_MACHINE, "PAMOJA_STRETCHED": lab.stretched} if os.path.exists(SLOW_MACHINE) else {}
        self.set_passphrase(PASSPHRASE)

    def set_passphrase(self, text):
        with open(self.passphrase_file, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(self.passphrase_file, 0o600)

    def settings(self, text):
        """Its pamoja.ini; before the daemon starts. Its passphrase is stretched as little as is allowed, unless the text says otherwise."""
        if "[keys]" not in text:
            text = QUICK + text
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        path = os.path.join(self.path, "pamoja.ini")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return self

    # the daemon
    def start(self, *options, prefix=(), wait=True, env=None):
        if not os.path.exists(os.path.join(self.path, "pamoja.ini")):
            self.settings(self.lab.ini)
        self.daemon = subprocess.Popen([*prefix, os.path.join(BIN, "pamojad"), "--home", self.path, "--foreground", *options],
                                       env={**self.env, **self.preload, **(env or {})}, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.lab.dir, self.name + ".err"), "ab"))
        self.lab.daemons.append(self.daemon)
        if wait:
            self.wait()
        return self

    def wait(self, seconds=PATIENCE):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if os.path.exists(os.path.join(self.path, "run", "api.sock")) and self.run("status", check_status=False).status == 0:
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.03)
        raise Failed(f"pamojad of {self.name} does not answer: " + self.messages())

    def messages(self, last=2000):
        """What its daemon said on standard error; the last so many characters, 0: all."""
        with open(os.path.join(self.lab.dir, self.name + ".err"), encoding="utf-8", errors="replace") as file:
            return file.read()[-last:]

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(PATIENCE)

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait(PATIENCE)

    # the command line
    def run(self, *arguments, stdin=None, check_status=True, status=None, json_out=False, timeout=PATIENCE, env=None):
        command = [*self.prefix, os.path.join(BIN, "pamoja")] + (["--json"] if json_out else []) + [str(a) for a in arguments]
        process = subprocess.run(command, env=dict(self.env, **(env or {})), input=stdin, text=True, capture_output=True, timeout=timeout,
                                 stdin=subprocess.DEVNULL if stdin is None else None)
        answer = Answer(process)
        wanted = 0 if status is None else status
        if check_status and answer.status != wanted:
            raise Failed(f"{self.name}: pamoja {' '.join(command[1:])}\nwanted status {wanted}, got {answer!r}\n{self.messages()[-600:]}")
        return answer

    def json(self, *arguments, **options):
        return self.run(*arguments, json_out=True, **options).json

    def refused(self, status, *arguments, **options):
        """The error document of a command that must end with this status."""
        return self.run(*arguments, json_out=True, status=status, **options).error

    def post(self, path, body):
        """What another client than `pamoja` may say to the daemon, and is told."""
        link = http.client.HTTPConnection("pamoja")
        link.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.sock.settimeout(PATIENCE)
        link.sock.connect(os.path.join(self.path, "run", "api.sock"))
        with open(os.path.join(self.path, "run", "cookie"), "rb") as file:
            link.request("POST", path, json.dumps(body), {"X-Pamoja-Cookie": file.read().hex()})
        answer = json.loads(link.getresponse().read())
        link.close()
        return answer

    def add(self, kind, /, **fields):
        return self.json(kind, "add", *[f"{name}={value}" for name, value in fields.items()])["id"]

    def show(self, record):
        return self.json("show", record)

    def status(self):
        return self.json("status")

    def init(self, role="peer", hub_mailboxes=None, person=None):
        arguments = ["--passphrase-file", self.passphrase_file, "init", "--name", person or self.name]
        arguments += ["--hub", "--mailboxes", hub_mailboxes] if hub_mailboxes else ["--role", role]
        self.made = self.json(*arguments)
        return self

    def unlock(self, **options):
        return self.run("--passphrase-file", self.passphrase_file, "unlock", **options)


class Client:
    """One kept connection to a daemon. Asking and being answered are two things, so that the order of events can be seen."""

    def __init__(self, home):
        with open(os.path.join(home.path, "run", "cookie"), "rb") as file:
            self.cookie = file.read().hex()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(os.path.join(home.path, "run", "api.sock"))

    def ask(self, method, path, body=""):
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: {self.cookie}\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def answer(self):
        got = b""
        while b"\r\n\r\n" not in got:
            got += self.more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        while len(body) < length:
            body += self.more()
        return json.loads(body)

    def more(self):
        piece = self.socket.recv(65536)
        check(piece, "the daemon hung up without an answer")
        return piece

    def answered(self):
        """Is there something to read already?"""
        self.socket.setblocking(False)
        try:
            return len(self.socket.recv(1, socket.MSG_PEEK)) > 0
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(PATIENCE)

    def status(self):
        self.ask("GET", "/v1/status")
        return self.answer()


def gives_way(home):
    """A daemon that works only where nothing else wants to, so that whoever watches it sees its steps, however busy the machine is."""
    os.setpriority(os.PRIO_PROCESS, home.daemon.pid, 19)


def held_still(home):
    """A daemon that stands still, so that requests can be laid before it in the middle of its work."""
    home.daemon.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, home.daemon.pid, os.WSTOPPED)


def place():
    """Where labs stand: in memory where there is plenty, since most stories wait for the disk and ask nothing of it; or as TMPDIR says."""
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return None
    room = os.statvfs(IN_MEMORY)
    return IN_MEMORY if room.f_bavail * room.f_frsize >= PLENTY else None


class Lab:
    """A folder with homes, removed at the end."""

    def __init__(self, on_disk=False):
        self.stand(tempfile.mkdtemp(prefix="pamoja-lab-", dir=None if on_disk else place()))
        self.daemons = []
        os.mkdir(self.mailboxes, 0o700)
        self.ini = QUICK

    def stand(self, folder):
        self.dir = folder
        self.stretched = os.path.join(folder, "stretched")  # slowmachine.c's
        self.mailboxes = os.path.join(folder, "mailboxes")

    def quiet(self):
        """The homes made from now on exchange when told to, and next to never by themselves."""
        self.ini = QUICK + "[sync]\nevery_minutes = 1440\n[hub]\nlook_every_seconds = 3600\n"

    def home(self, name, **options):
        return Home(self, name, **options)

    def quick(self, name, more=""):
        return self.home(name).settings(QUICK + more)

    def hub(self, name="hub"):
        return self.home(name).start().init(hub_mailboxes=self.mailboxes, person="Office")

    def worker(self, name, hub=None, role="peer"):
        worker = self.home(name).start().init(role=role)
        if hub is not None:
            self.enrol(worker, hub, role)
        return worker

    def office(self, **workers):
        """A hub and its workers, role="Name" each, as the first exchange leaves them. A scenario sets each kind of office up once: the next
        story's is a copy of it, at the same place, that starts as it does in the morning."""
        kind = (self.ini, *workers.items())
        empty = os.listdir(self.dir) == [os.path.basename(self.mailboxes)]
        if empty and kind in OFFICES:
            saved = OFFICES[kind]
            os.rmdir(self.mailboxes)
            os.rmdir(self.dir)
            self.stand(saved.dir)
            shutil.copytree(saved.name, self.dir, symlinks=True, copy_function=shutil.copy2)
            homes = [Home(self, name) for name in ("hub", *workers.values())]
            for home, made in zip(homes, saved.made):
                home.made = made
        else:
            hub = self.hub()
            homes = [hub, *[self.worker(name, hub, role) for role, name in workers.items()]]
            if not empty:
                return homes
            for home in homes:
                home.stop()
            saved = tempfile.TemporaryDirectory(prefix="pamoja-office-", dir=os.path.dirname(self.dir))
            shutil.copytree(self.dir, saved.name, symlinks=True, dirs_exist_ok=True)
            saved.dir, saved.made = self.dir, [home.made for home in homes]
            OFFICES[kind] = saved
        for home in homes:
            home.start().unlock()
        return homes

    def clock_shim(self):
        """bootjump.c made into a library to preload: its path."""
        shim = os.path.join(self.dir, "bootjump.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootjump.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", shim, source, "-ldl"], check=True)
        return shim

    def enrol(self, worker, hub, role="peer"):
        request = worker.json("enrol", "request")["request"]
        invited = hub.json("hub", "enrol", "-", "--role", role, "--name", worker.name, "--words-checked", stdin=request)
        hub.run("hub", "merge")  # the mailbox is there from now on
        self.mailbox_made()
        worker.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
        worker.run("sync")  # the first exchange, which it would begin by itself in a moment
        return invited

    def mailbox_made(self):
        """A story may have a host that must be told."""

    def exchange(self, hub, *workers, rounds=1):
        for _ in range(rounds):
            for worker in workers:
                worker.run("sync")
            hub.run("hub", "merge")
            for worker in workers:
                worker.run("sync")
            hub.run("hub", "merge")

    def close(self):
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                daemon.kill()
        left = self.left_behind()
        for root, folders, _ in os.walk(self.dir):
            for folder in folders:
                try:
                    os.chmod(os.path.join(root, folder), 0o700)
                except OSError:
                    pass
        shutil.rmtree(self.dir, ignore_errors=True)
        return left

    def processes(self):
        """Whoever was started for a home of this lab and has not ended: the number and the command line of each."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue  # it ended meanwhile
            if f"{self.dir}/" in words and int(pid) != os.getpid():
                found[int(pid)] = words
        return found

    def left_behind(self):
        """What goes on when the daemons have ended, which nothing should: it is ended here, and told."""
        until = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return list(left.values())


class Clock:
    """The wall clock of one daemon and its carrier: a file that libfaketime reads anew at every question."""

    def __init__(self, lab, home):
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not found:
            raise Failed("libfaketime is missing: apt-get install libfaketime")
        os.makedirs(home.path, 0o700, exist_ok=True)
        self.file = os.path.join(home.path, "clock")  # where the daemon may still read once its doors are shut
        self.set(0)
        self.env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self.file, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    "DONT_FAKE_MONOTONIC": "1"}

    def set(self, days):
        with open(self.file + ".new", "w", encoding="ascii") as file:
            file.write(f"{days * 86400:+d}")
        os.rename(self.file + ".new", self.file)


def settle(hub, *workers, rounds=4):
    """Exchanges as they come; one that found another's segments in its place says so and is finished by the next."""
    for _ in range(rounds):
        for worker in workers:
            answer = worker.run("sync", check_status=False)
            check(answer.status in (0, 8), worker.name, answer)
        hub.run("hub", "merge")


def same(person, entries, *homes):
    """So many entries of a person, and the same everywhere."""
    seen = [home.json("verify", person) for home in homes]
    check(len({one["digest"] for one in seen}) == 1, person, seen)
    check({one["entries"] for one in seen} == {entries}, person, seen)


def set_clock(lab, home):
    """The same home again, with a clock that can be set."""
    clock = Clock(lab, home)
    home.stop()
    home.start(env=clock.env).unlock()
    return clock


def processor_seconds():
    """What this program and those that it waited for have used."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def run(names, on_disk=False):
    """Run every story of a scenario; a story takes a fresh Lab."""
    wanted = sys.argv[1:]
    failed = 0
    count = 0
    for name, story in list(names.items()):
        if not name.startswith("story_") or (wanted and name not in wanted):
            continue
        count += 1
        lab = Lab(on_disk)
        bad = False
        began = time.monotonic()
        used = processor_seconds()
        try:
            story(lab)
            took = time.monotonic() - began
        except Exception:  # a story may fail in any way
            bad = True
            print(f"FAIL {name}", flush=True)
            traceback.print_exc()
        finally:
            left = lab.close()
            if not bad:
                print(f"ok   {name} ({took:.1f} s, {processor_seconds() - used:.1f} s of processor)", flush=True)
            if left:
                print(f"FAIL {name}: left behind: {left}", flush=True)
            failed += bad or bool(left)
    print(f"{count - failed} passed, {failed} failed")
    sys.exit(1 if failed or not count else 0)
