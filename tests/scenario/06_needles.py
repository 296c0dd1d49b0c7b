"""Nothing a person wrote, searched or typed as a secret lies in the open: not in a file of laptop, hub, mailbox or stick, not in a git
object, environment or argument. Each run has needles of its own, put through everything a user can do, and looked for in every dress.
"""
import base64
import codecs
import hashlib
import os
import pty
import random
import re
import select
import shutil
import signal
import string
import subprocess
import threading
import time
import unicodedata
import zlib

from lab import BIN, PATIENCE, Failed, check, run

SHORTEST = 7  # characters: shorter words would be found by chance


# ---- needles ----

def folded(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


class Needles:
    """Texts of this run. `typed` were arguments of `pamoja`; `secret` never were."""

    def __init__(self):
        self.mark = "".join(random.SystemRandom().choice("bdfghjklmnprstvz") for _ in range(6))
        self.typed = {}
        self.secret = {}

    def word(self, text):
        return text.replace("*", self.mark)

    def type(self, text):
        text = self.word(text)
        self.typed[text] = True
        return text

    def hide(self, text):
        text = self.word(text)
        self.secret[text] = True
        return text

    @staticmethod
    def phone():
        return "+254 7" + "".join(random.SystemRandom().choice(string.digits) for _ in range(2)) + " " + \
            "".join(random.SystemRandom().choice("123456789") for _ in range(6))

    def pieces(self, texts):
        """The whole text, each of its long words, and a number's digits alone."""
        found = set()
        for text in texts:
            found.add(text)
            found.update(word for word in re.split(r"[\s,.;:!?-]+", text) if len(word) >= SHORTEST and self.mark in word)
            digits = re.sub(r"\D", "", text)
            if len(digits) >= 9 and re.fullmatch(r"[+\d ]+", text):
                found.update((digits, digits[-9:], "0" + digits[-9:]))
        return found

    def dresses(self, texts):
        """(patterns in any case, patterns as they are)."""
        loose, exact = {}, {}
        for text in self.pieces(texts):
            for form in {text, folded(text), unicodedata.normalize("NFD", text)}:
                raw = form.encode()
                loose[raw.lower()] = text
                loose[form.encode("utf-16-le").lower()] = text + " (UTF-16)"
                loose[form.encode("utf-16-be").lower()] = text + " (UTF-16)"
                loose[codecs.encode(raw, "hex")] = text + " (hex)"
            for form in {text, folded(text), text.lower(), text.upper()}:
                for shift in range(3):
                    code = base64.b64encode(b"\0" * shift + form.encode()).rstrip(b"=")
                    code = code[(0, 2, 3)[shift]:-1]
                    exact[code] = text + " (base64)"
                    exact[code.replace(b"+", b"-").replace(b"/", b"_")] = text + " (base64)"
        return loose, exact


# ---- where they are looked for ----

class Search:
    clean = set()  # what was searched for, where, and held nothing: the same bytes are not searched for the same again

    def __init__(self, needles, texts=None):
        self.loose, self.exact = needles.dresses(texts if texts is not None else list(needles.typed) + list(needles.secret))
        self.what = hash((frozenset(self.loose), frozenset(self.exact)))
        self.bytes = self.files = self.objects = self.inflated = 0

    def plain(self, data):
        seen = (self.what, hashlib.sha256(data).digest())
        if seen in Search.clean:
            return []
        low = data.lower()
        found = [name for pattern, name in self.loose.items() if pattern in low] + \
            [name for pattern, name in self.exact.items() if pattern in data]
        if not found:
            Search.clean.add(seen)
        return found

    def packed(self, data):
        """What inflates anywhere inside: zlib, gzip, zstd."""
        for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", data):
            try:
                out = zlib.decompressobj(47).decompress(data[match.start():match.start() + (1 << 20)], 1 << 22)
            except zlib.error:
                continue
            if out:
                self.inflated += 1
                yield out
        for match in re.finditer(rb"\x28\xb5\x2f\xfd", data):
            out = subprocess.run(["zstd", "-dcq"], input=data[match.start():], capture_output=True).stdout
            if out:
                self.inflated += 1
                yield out

    def data(self, data, where):
        self.bytes += len(data)
        found = self.plain(data)
        for out in self.packed(data):
            found += self.plain(out)
        return [f"{where}: {name}" for name in found]

    def git(self, repository):
        """Every object of a bare repository, inflated by git itself."""
        command = ["git", "--git-dir", repository, "cat-file", "--batch-all-objects", "--batch"]
        dump = subprocess.run(command, capture_output=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1",
                                                                 "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"})
        check(dump.returncode == 0, repository, dump.stderr)
        self.objects += len(re.findall(rb"^[0-9a-f]{40} (?:blob|tree|commit|tag) \d+$", dump.stdout, re.M))
        return self.data(dump.stdout, repository + " (objects)")

    def tree(self, top):
        found = []
        for folder, folders, names in os.walk(top):
            found += self.data("\n".join(folders + names).encode(errors="surrogateescape"), folder + " (file names)")
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    self.files += 1
                    with open(path, "rb") as file:
                        found += self.data(file.read(), path)
            if "HEAD" in names and "objects" in folders:
                found += self.git(folder)
        return found


class Watch(threading.Thread):
    """Looks at environments and arguments of our processes all the time. What `pamoja` was given as arguments is there until its first
    instructions have run; story_arguments_vanish looks at that."""

    def __init__(self, needles):
        super().__init__(daemon=True)
        self.needles = needles
        self.found = set()
        self.seen = {}
        self.closed = 0
        self.ending = threading.Event()
        self.searches = {}

    def search(self, comm):
        """For what is secret so far; made anew only when more is."""
        texts = list(self.needles.secret) + ([] if comm == "pamoja" else list(self.needles.typed))
        count, made = self.searches.get(comm, (0, None))
        if made is None or count != len(texts):
            made = Search(self.needles, texts)
            self.searches[comm] = (len(texts), made)
        return made

    def look(self, pid):
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            comm = file.read().strip()
        if not comm.startswith("pamoja") and comm != "git":
            return
        search = self.search(comm)
        for part in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{part}", "rb") as file:
                    data = file.read()
            except PermissionError:  # not dumpable: nobody but root can look
                self.closed += 1
                continue
            self.seen[comm, part] = self.seen.get((comm, part), 0) + 1
            self.found.update(f"{comm} {part}: {name}" for name in search.plain(data))

    def run(self):
        while not self.ending.is_set():
            for pid in os.listdir("/proc"):
                if pid.isdigit():
                    try:
                        self.look(pid)
                    except OSError:
                        pass  # it ended meanwhile
            time.sleep(0.02)

    def end(self):
        self.ending.set()
        self.join()
        check(not self.found, sorted(self.found))
        for comm in ("pamojad", "pamoja-carry", "pamoja-starter", "pamoja"):
            check(self.seen.get((comm, "cmdline")), comm, "was never looked at")


# ---- everything a user can do ----

def secret_file(lab, name, text):
    path = os.path.join(lab.dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(path, 0o600)
    return path


def a_home(lab, needles, name, person, **options):
    """A home in a folder whose name tells nothing, with a passphrase of its own; HOME and TMPDIR are looked through, too."""
    user = os.path.join(lab.dir, "user")
    for folder in ("", "tmp"):
        os.makedirs(os.path.join(user, folder), exist_ok=True)
    home = lab.home(name, env={"HOME": user, "TMPDIR": os.path.join(user, "tmp"), "XDG_STATE_HOME": user, "XDG_CACHE_HOME": user})
    home.set_passphrase(needles.hide(f"seven {name} brass*lanterns over the weir"))
    home.start().init(person=person, **options)
    needles.hide(home.made["recovery_code"])
    return home


def ask_on_terminal(home, answers, *arguments):
    """A command that asks; answered line by line as its questions come."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *arguments], dict(home.env, TERM="dumb"))
    said = b""
    answers = list(answers)
    while True:
        ready, _, _ = select.select([terminal], [], [], 1.0)
        try:
            if ready:
                said += os.read(terminal, 4096)
                continue
            os.write(terminal, (answers.pop(0) if answers else "").encode() + b"\n")
        except OSError:
            break
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    check(status == 0, said)
    return said.decode(errors="replace")


def errors_too(home, needles, person):
    """Messages name a place and a mend; the log keeps none of the words."""
    for words in (("person", "add", needles.type("nmae=Gribble*wort")), ("find", needles.type("unfindable*thing")),
                  ("show", needles.type("Nobodycalled*so")), ("contact", "add", needles.type("person=Missing*person")),
                  ("edit", person, needles.type("birth_year=notayear*")), (needles.type("verbless*command"),),
                  ("followup", "add", "person=" + person, needles.type("due=someday*"), "what=x")):
        answer = home.run(*words, check_status=False, json_out=True)
        check(answer.status != 0 or words[0] == "find", words, answer)


def work_of_a_worker(home, needles):
    n = needles
    ids = {"person": home.json("person", "add", "name=" + n.type("Zebédayo* Kwabtshâna*"), "phone=" + n.type(n.phone()),
                               "village=" + n.type("Quelimane*bridge"))["id"]}
    person = "person=" + ids["person"]
    ids["contact"] = home.json("contact", "add", person, "kind=one-on-one", "note=" + n.type("the quinquereme*talk after xylophone*practice"),
                               "place=" + n.type("Marshmarket*yard"))["id"]
    ids["goal"] = home.json("goal", "add", "-", stdin=f"{person}\ntext={n.hide('learning the hurdygurdy* again')}\n")["id"]
    clinic = home.json("resource", "add", "name=" + n.type("Saltpan*clinic"), "category=clinic", "phone=" + n.type(n.phone()))["id"]
    referral = home.json("referral", "add", person, "resource=" + clinic, "category=health", "reason=" + n.type("yellowjacket*treatment"))["id"]
    home.json("consent", "add", person, "recipient=" + clinic, "purpose=referral", "information=name,phone", "expires=in 90 days", "how=written")
    home.run("referral", "send", referral)
    home.json("followup", "add", person, "due=today", "what=" + n.type("bring the marigold*form"))
    home.run("edit", ids["person"], "village=" + n.type("Ngorongoro*gate"))
    home.run("void", home.json("contact", "add", person, "kind=phone", "note=" + n.type("doubled*entry"))["id"], n.type("entered*twice"))
    for words in (n.type("xylophone*"), folded(n.word("Zebédayo*")), n.word("quinquereme*")):
        check(home.json("find", words)["items"], words)
    check(home.json("find", n.type("nothing*likethis"))["items"] == [])
    people = "\n".join('{"kind":"person","fields":{"name":"%s","phone":"%s"}}' % (n.hide(f"Imported*{i}person"), n.hide(n.phone()))
                       for i in range(5))
    home.run("import", "-", stdin=people + "\n")
    said = ask_on_terminal(home, [n.hide("Terminal*typist")], "person", "add")
    check(home.json("find", "terminal")["items"], said)  # by its beginning: the whole word must never have been an argument
    home.run("note", "-", stdin=n.hide("a thought about the windmill*keeper") + "\n")
    for words in (("today",), ("person", "list"), ("history", ids["person"]), ("show", ids["contact"]), ("log",), ("verify", "--rebuild"),
                  ("referral", "list"), ("status",), ("kinds",)):
        home.run(*words)
    return ids


def lock_and_recover(lab, home, needles):
    home.run("lock")
    home.run("note", "--locked", "-", stdin=needles.hide("seen at the foundry*gate") + "\n")
    home.run("person", "add", "name=" + needles.type("Latecomer*locked"), status=4)
    wrong = secret_file(lab, "wrong", needles.hide("not the right*passphrase at all"))
    home.run("--passphrase-file", wrong, "unlock", status=4)
    new = secret_file(lab, "new", needles.hide("eleven grey*donkeys on a ferry"))
    home.run("recover", "--code-file", secret_file(lab, "code", home.made["recovery_code"]), "--new-passphrase-file", new)
    waiting = home.json("note", "--waiting")["items"]
    check(len(waiting) == 1, waiting)
    home.run("note", "--keep", waiting[0]["file"])
    home.run("lock")
    home.run("--passphrase-file", new, "unlock")
    home.passphrase_file = new


def everything(lab, needles):
    names = [needles.type("Wambuíe*rubo"), needles.type("Ochieng*wanyande")]
    office = needles.type("Office*ofrivers")
    hub = a_home(lab, needles, "h", office, hub_mailboxes=lab.mailboxes)
    needles.hide(hub.made["root_key"].strip())
    workers = [a_home(lab, needles, f"w{i}", name, role="ally") for i, name in enumerate(names)]
    for worker, name in zip(workers, names):
        request = worker.json("enrol", "request")["request"]
        invited = hub.json("hub", "enrol", "-", "--role", "ally", "--name", name, "--words-checked", stdin=request)
        hub.run("hub", "merge")
        worker.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
    ids = work_of_a_worker(workers[0], needles)
    errors_too(workers[0], needles, ids["person"])
    lab.exchange(hub, *workers)
    hub.run("hub", "assign", ids["person"], names[1])
    lab.exchange(hub, *workers)
    for worker in workers:  # a conflict
        worker.run("edit", ids["person"], "phone=" + needles.type(needles.phone()))
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick)
    for home in (*workers, hub, *workers):
        home.run("carry", stick)
    lab.exchange(hub, *workers)
    conflicts = hub.json("hub", "conflicts")["items"]
    check(len(conflicts) == 1, conflicts)
    hub.run("hub", "resolve", conflicts[0]["id"], "--value", needles.type(needles.phone()))
    check(hub.json("find", folded(needles.word("Zebédayo*")))["items"])
    errors_too(hub, needles, ids["person"])
    lock_and_recover(lab, workers[0], needles)
    workers[0].json("contact", "add", "person=" + ids["person"], "kind=phone", "note=" + needles.type("unsent*when the power went"))
    lab.exchange(hub, workers[1])
    hub.run("hub", "unassign", ids["person"], names[1])
    lab.exchange(hub, *workers)
    workers[0].json("contact", "add", "person=" + ids["person"], "kind=phone", "note=" + needles.type("unsent*again"))
    return hub, workers, stick


def look_everywhere(lab, needles, homes, stick):
    search = Search(needles)
    found = []
    for place in [home.path for home in homes] + [lab.mailboxes, stick, os.path.join(lab.dir, "user")]:
        found += search.tree(place)
    for name in os.listdir(lab.dir):
        if name.endswith(".err"):
            with open(os.path.join(lab.dir, name), "rb") as file:
                found += search.data(file.read(), name)
    check(not found, f"{len(found)} found:", *found[:40])
    return search


def story_no_needle_anywhere(lab):
    needles = Needles()
    watch = Watch(needles)
    watch.start()
    hub, workers, stick = everything(lab, needles)
    homes = [hub, *workers]
    search = look_everywhere(lab, needles, homes, stick)  # while they run: WAL, spool, sockets
    check(search.objects > 20 and search.files > 50, search.objects, search.files)
    workers[0].kill()  # as a power cut leaves it
    look_everywhere(lab, needles, homes, stick)
    hub.stop()
    workers[1].stop()
    look_everywhere(lab, needles, homes, stick)
    watch.end()
    print(f"     {len(needles.typed) + len(needles.secret)} needles, {search.files} files, {search.bytes >> 20} MiB, {search.objects} git objects, "
          f"{search.inflated} inflated; {sum(watch.seen.values())} looks at processes")


def story_arguments_vanish(lab):
    """While the daemon is stopped `pamoja` waits for it: what was typed must be gone from its arguments, and was there."""
    needles = Needles()
    home = a_home(lab, needles, "w", "Neema", role="peer")
    for words in (("person", "add", "name=" + needles.type("Vanishing*name"), "phone=" + needles.type(needles.phone())),
                  ("find", needles.type("vanishing*search")), ("--json", "note", needles.type("vanishing*thought"))):
        home.daemon.send_signal(signal.SIGSTOP)
        process = subprocess.Popen([os.path.join(BIN, "pamoja"), *words], env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            search = Search(needles)
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                with open(f"/proc/{process.pid}/cmdline", "rb") as file:
                    left = search.plain(file.read())
                if not left:
                    break
                time.sleep(0.01)
            check(not left, "still in the arguments:", left)
            time.sleep(0.2)
            with open(f"/proc/{process.pid}/cmdline", "rb") as file:
                check(not search.plain(file.read()), "back in the arguments")
            check(process.poll() is None, "it did not wait:", words)
        finally:
            home.daemon.send_signal(signal.SIGCONT)
        check(process.wait(PATIENCE) == 0, words)


def story_the_search_finds(lab):
    """The search can fail: a needle planted in a copy, in every dress, is found."""
    needles = Needles()
    home = a_home(lab, needles, "w", "Neema", role="peer")
    name = needles.type("Plantéd* Needlê*")
    home.json("person", "add", "name=" + name)
    home.stop()
    copy = os.path.join(lab.dir, "copy")
    shutil.copytree(home.path, copy)
    check(not Search(needles).tree(copy), Search(needles).tree(copy))
    raw = name.encode()
    journal = next(os.path.join(copy, n) for n in os.listdir(copy) if n.startswith("journal-") and n.endswith(".db"))
    with open(journal, "rb") as file:
        sealed = file.read()
    dresses = {"plain": raw, "upper": folded(name).upper().encode(), "utf-16": name.encode("utf-16-le"), "one word": needles.word("needle*").encode(),
               "hex": codecs.encode(raw, "hex").upper(), "zlib": zlib.compress(b"xx" + raw), "url": base64.urlsafe_b64encode(b"#" + raw),
               "zstd": subprocess.run(["zstd", "-q"], input=raw * 3, capture_output=True, check=True).stdout}
    dresses.update({f"base64 {i}": base64.b64encode(b"." * i + raw + b".") for i in range(3)})
    for dress, data in dresses.items():
        with open(journal, "wb") as file:  # in the middle of what looks random
            file.write(sealed[:5000] + data + sealed[5000:])
        found = Search(needles).tree(copy)
        check(found and all(journal in line for line in found), dress, found)
    with open(journal, "wb") as file:
        file.write(sealed)
    check(not Search(needles).tree(copy), "the copy is clean again")
    for packed in (False, True):
        bare = os.path.join(copy, "carry", f"planted{packed}.git")
        git = ["git", "--git-dir", bare, "-c", "safe.directory=*"]
        subprocess.run([*git, "init", "-q", "--bare"], check=True)
        subprocess.run([*git, "hash-object", "-w", "--stdin"], input=b"s" * 100 + raw, check=True, capture_output=True)
        blob = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=b"s" * 100 + raw, check=True, capture_output=True).stdout.strip()
        if packed:
            subprocess.run([*git, "pack-objects", "-q", os.path.join(bare, "objects", "pack", "pack")], input=blob + b"\n", check=True, capture_output=True)
            subprocess.run([*git, "prune-packed", "-q"], check=True)
        found = Search(needles).tree(copy)
        check(any("(objects)" in line for line in found), packed, found)
        shutil.rmtree(bare)
    os.rename(journal, os.path.join(copy, folded(needles.word("planted*"))))
    if not Search(needles).tree(copy):
        raise Failed("a file's name is not looked at")


run(globals())
