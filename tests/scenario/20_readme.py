"""The README is true: every block of it is typed into a terminal here, and what comes back is what it shows.

A block begins with ```console HOME STAGE. Its lines that begin with "$ " are typed on a terminal of 80 columns, in that home; the other
lines are what is printed, and what a person answers stands behind the question. Blocks run by stage, then in the order of the page, since
the worker's and the coordinator's pages take turns. Ids, dates, six words, codes and digests are new each time: an id of the page is bound
to the one printed in its place, the rest is compared by its shape.

`20_readme.py --write` runs the page and puts what was really printed into its blocks.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from lab import BIN, PATIENCE, TOP, Failed, Home, check, run

README = os.path.join(TOP, "README.md")
PLACES = ("/media", "/srv")  # made-up places of the page, found in the lab's folder
BLOCK = re.compile(r"^```console (\w+) (\d+)\n(.*?)^```$", re.M | re.S)
# Whole questions: the beginning of a line that is still being printed is none.
QUESTION = re.compile(r"Your name: |Type the name once more to go on: |Your role \(.*\): |Type the words once, or Enter to choose your own: |Name \(required\): |"
                      r"Person \(required\): |Kind \(required\) \[.*\]: |Date \(required\) \[.*\]: |That is all .* \[y/N\] |> |"
                      r".* \(not shown\): |  Keep it as a note\? \[Y/n\] |Word number \d .*: |Which number is right\? \(.*\) |"
                      r"Jina lako: |Wajibu wako \(.*\): |Andika maneno hayo mara moja, au Enter kuchagua yako mwenyewe: |.* \(lazima\): |Hayo ndiyo .* \[.*\] |.* \(ha[iu]onyeshwi\): ")
SWAHILI = ("zuhura",)  # homes of whoever reads Swahili
SIX = r"[a-z]{3,8}(?: [a-z]{3,8}){5}"
CODE = r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){7}-[0-9A-Z]{2}"
ID_PLACES = (r"(?:Saved|Changed|Voided|Done|Imehifadhiwa): [\w-]+ ([0-9a-z]{5,16})\b", r"^([0-9a-z]{5,16})  \w+ \"", r"^([0-9a-z]{5,16})  +\S")
SHAPES = ((r"\b[0-9a-f]{64}\b", "DIGEST"), (r"\b\d{4}-\d\d-\d\d( \d\d:\d\d)?\b", "DATE"), (CODE, "CODE"),
          (rf"^    {SIX}$", "    SIX WORDS"), (r"(own: |mwenyewe: ).+$", r"\1SIX WORDS"), (r"(Word number) \d (.*: ).*$", r"\1 N \2WORD"),
          (r"^    \d  \+254 .*$", "    N  VALUE"),  # whose comes first is the clock's
          (r"\b\d+ entr(y|ies)\b", "N entries"), (r"\b(just now|\d+ (minute|hour|day)s? ago)", "AGO"), (r"\b\d+ sealed files? sent, \d+ received", "N sealed files sent, N received"), (r"[ \t]+", " "))


class Page:
    """The README: its text and blocks."""

    def __init__(self):
        with open(README, encoding="utf-8") as file:
            self.text = file.read()
        self.blocks = [(int(m.group(2)), m.start(), m.group(1), m.group(3)) for m in BLOCK.finditer(self.text)]
        self.new = {}

    def in_order(self):
        return sorted(self.blocks)

    def write(self):
        def put(match):
            return f"```console {match.group(1)} {match.group(2)}\n{self.new.get(match.start(), match.group(3))}```"
        with open(README, "w", encoding="utf-8") as file:
            file.write(BLOCK.sub(put, self.text))


class Typist:
    """Types the page's commands and answers, and reads what comes back."""

    def __init__(self, lab):
        self.lab = lab
        self.homes = {}
        self.ids = {}  # of the page -> of this run
        self.words = {}  # what the six words were: of a request or root, last seen
        for place in ("media/stick", "media/second", "srv/mailboxes"):
            os.makedirs(os.path.join(lab.dir, place), mode=0o700)

    def home(self, name):
        if name not in self.homes:
            home = Home(self.lab, name)
            home.env = dict(home.env, **home.preload, PATH=BIN + os.pathsep + os.environ["PATH"], TERM="xterm", PAMOJA_TYPIST=name)
            del home.env["PAMOJA_NO_AUTOSTART"]
            if name in SWAHILI:
                home.env["LC_ALL"] = "sw_KE.UTF-8"
            open(os.path.join(self.lab.dir, name + ".err"), "a", encoding="utf-8").close()  # where the lab looks for messages
            self.homes[name] = home
        return self.homes[name]

    def real(self, text):
        """The page's words as this run must have them."""
        for page, here in sorted(self.ids.items(), key=lambda pair: -len(pair[0])):
            text = re.sub(rf"\b{page}\b", here, text)
        for place in PLACES:
            text = re.sub(rf"(?<![\w/]){place}/", f"{self.lab.dir}{place}/", text)
        return text.replace("~/practice", os.path.join(self.lab.dir, "practice"))  # the home of that name

    def paged(self, home, text):
        """What this run printed as the page has it."""
        text = text.replace(home.path, f"/home/{home.name}/.local/share/pamoja")
        for place in PLACES:
            text = text.replace(self.lab.dir + place, place)
        for page, here in self.ids.items():
            text = re.sub(rf"\b{here}\b", page, text)
        return text

    def answer(self, home, question, printed, expected):
        """What to type at a question: what the page has behind it, or what only this run can know. None: no question of the page."""
        for at, line in enumerate(expected):
            if question.startswith("Word number"):
                number = int(re.search(r"number (\d)", question).group(1))
                if not line.startswith("Word number"):
                    continue
                del expected[:at + 1]
                return self.words["request" if "reads to you" in question else "root"].split()[number - 1]
            shown = self.paged(home, question).strip()
            if not line.strip().startswith(shown):
                continue
            del expected[:at + 1]
            given = line.strip()[len(shown):].strip()
            if re.search(r"not shown|ha[iu]onyeshwi", question):
                if "recovery code" in question:
                    return home.code
                return home.passphrase
            if question.startswith("The same once more"):
                return home.passphrase
            if question.startswith(("Type the words once", "Andika maneno hayo")):
                home.passphrase = re.findall(rf"^    ({SIX})\s*$", printed, re.M)[-1]
                return home.passphrase
            return self.real(given)
        return None

    def type(self, home, command, expected):
        """Run one command line on a terminal; the text a person would see, and the exit status."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(TOP)
            # The shell is the last to leave the terminal, and waits: what its last writer wrote last may be lost (terminal.py).
            os.execve("/bin/sh", ["sh", "-c", self.real(command) + "\nstatus=$?; sleep 0.03; exit $status"], home.env)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        printed, waiting = "", list(expected)
        text = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may come in two pieces
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            printed += text.decode(piece).replace("\r\n", "\n").replace("\r", "")
            question = printed.rsplit("\n", 1)[-1]
            if QUESTION.fullmatch(question):
                typed = self.answer(home, question, printed, waiting)
                if typed is not None:
                    os.write(fd, (typed + "\n").encode())
        else:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        check(time.monotonic() < until, "this waits for an answer the page does not give:", command, "\n" + printed)
        self.remember(home, printed)
        return printed, status

    def remember(self, home, printed):
        found = re.findall(CODE, printed)
        if found:
            home.code = found[-1]
        for words, key in ((r"hub's six words.*?\n\n", "root"), (r"these six words, by voice.*?\n\n", "request")):
            found = re.search(words + rf"    ({SIX})", printed, re.S)
            if found:
                self.words[key] = found.group(1)

    def bind(self, expected, printed):
        """Ids of the page whose place in the output shows which one is meant here."""
        for place in ID_PLACES:
            pages = [m for line in expected for m in re.findall(place, line)]
            here = [m for line in printed for m in re.findall(place, line)]
            if len(pages) == len(here):
                for page, actual in zip(pages, here):
                    if re.search(r"\d", page) and page not in self.ids:
                        self.ids[page] = actual


    def end(self):
        """The daemons that the command line started."""
        for home in self.homes.values():
            try:
                with open(os.path.join(home.path, "lock"), encoding="ascii") as file:
                    pid = int(file.read())
                os.kill(pid, signal.SIGTERM)
            except (OSError, ValueError):
                continue
            until = time.monotonic() + PATIENCE
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
                time.sleep(0.05)


def shape(line):
    for pattern, word in SHAPES:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def squeezed(lines):
    """Its words alone, wherever a line was broken."""
    return " ".join(shape(line.removesuffix(" \\")).strip() for line in lines).split()


def commands(body):
    """(command, lines it prints) of a block; a command goes on after a backslash."""
    found = []
    for line in body.splitlines():
        if found and found[-1][0].endswith("\\") and not found[-1][1]:
            found[-1][0] += "\n" + line
        elif line.startswith("$ "):
            found.append([line[2:], []])
        else:
            check(found, "a block begins with output:", line)
            found[-1][1].append(line)
    return found


def run_block(typist, page, at, home, body, write):
    out = ""
    for command, expected in commands(body):
        while expected and not expected[-1]:
            expected.pop()
        printed, _ = typist.type(home, command, expected)
        lines = printed.rstrip("\n").split("\n") if printed.strip() else []
        typist.bind(expected, lines)
        lines = typist.paged(home, "\n".join(lines)).split("\n") if lines else []
        if any(place + "/" in line for place in PLACES for line in lines) and squeezed(expected) == squeezed(lines):
            lines = expected  # the folder of this run has a longer name, and its lines break elsewhere
        out += f"$ {command}\n" + "".join(line.rstrip() + "\n" for line in lines)
        if not write and [shape(line) for line in expected] != [shape(line) for line in lines]:
            raise Failed(f"README.md, home {home.name}: $ {command}\n--- the page\n" + "\n".join(expected) +
                         "\n--- this run\n" + "\n".join(lines))
    page.new[at] = out


def before_stage(typist, stage):
    """What others do meanwhile, of which the page tells but which it does not show."""
    lab = typist.lab
    office, neema, juma = (typist.home(name) for name in ("office", "neema", "juma"))
    if stage == 4:
        juma.run("--passphrase-file", juma.passphrase_file, "init", "--name", "Juma", "--role", "peer")
        request = juma.json("enrol", "request")["request"]
        invited = office.json("hub", "enrol", "-", "--role", "peer", "--name", "Juma", "--words-checked", stdin=request)
        juma.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
        office.run("hub", "merge")  # makes the mailbox
        juma.run("sync")
    elif stage in (5, 9):
        exchange(office, neema, juma)
        if stage == 5:
            office.run("carry", lab.dir + "/media/stick")
    elif stage == 6:
        exchange(office, neema, juma)
        neema.run("edit", "Baraka M.", "phone=+254 711 000 001")
        juma.run("edit", "Baraka M.", "phone=+254 722 000 002")
        exchange(office, neema, juma)
    elif stage == 8:
        exchange(office, neema, juma)
        office.run("hub", "unassign", "baraka", "Juma")
        exchange(office, juma)
        juma.run("contact", "add", "person=" + typist.ids["7k3f9"], "kind=phone")
        exchange(office, juma)
    elif stage == 10:
        typist.home("laptop").code = neema.code  # the paper is the same


def exchange(office, *workers):
    for _ in range(2):
        office.run("hub", "merge")
        for worker in workers:
            worker.run("sync")
    office.run("hub", "merge")


def play(typist, write=False):
    """The whole page, in the order in which it happens."""
    page = Page()
    done = 0
    check(page.blocks, "no blocks in the README")
    for stage, at, name, body in page.in_order():
        for between in range(done + 1, stage + 1):
            before_stage(typist, between)
        done = max(done, stage)
        run_block(typist, page, at, typist.home(name), body, write)
    if write:
        page.write()


def story_every_block(lab):
    typist = Typist(lab)
    try:
        play(typist, write="--write" in WRITE)
        no_needle(lab)
        home_is_as_described(typist)
    finally:
        typist.end()


def no_needle(lab):
    """What the page records is in no file of homes, mailboxes and sticks."""
    needles = [word.encode() for word in ("Baraka", "baraka", "Kimana", "clinic", "market", "wants to begin")]
    seen = 0
    for folder, _, files in os.walk(lab.dir):
        for name in files:
            path = os.path.join(folder, name)
            # the kinds are everybody's, the passphrase files are the lab's, the root key is the stick's; half of a key is
            # words by chance, and "market" is one of them
            if os.path.basename(folder) == "kinds" or name.startswith("half") or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            seen += 1
            check(not [needle for needle in needles if needle in data], "found in the clear in", path)
    check(seen > 20, "hardly any file was looked at:", seen)


def table(heading):
    """The cells of the page's table whose first head cell is this."""
    text = Page().text
    check(f"| {heading} |" in text, "no table", heading)
    rows = text[text.index(f"| {heading} |"):].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def home_is_as_described(typist):
    """The page's table of the home against what is in the homes that were played."""
    named = {name for row in table("in the home") for name in re.findall(r"`([^`]+)`", row[0])}
    found = set()
    for home in typist.homes.values():
        for name in os.listdir(home.path):
            found.add(re.sub(r"journal-[0-9a-f]+\.", "journal-ID.", name))
    check(found == named - {"pamoja.ini"}, "the home has", found - named, "and the page says", named - found - {"pamoja.ini"})


def typed_commands():
    """Every `pamoja …` of the page, in blocks and in sentences, as words; options before the command left out."""
    text = Page().text
    found = [m.group(1) for m in re.finditer(r"(?:^\$ |`)pamoja ([^`\n]+)", text, re.M)]
    return [re.sub(r"^(--\w[\w-]*( DIR)? )+", "", line).replace("\\", "").split() for line in found]


def story_every_command_is_there(lab):
    home = lab.home("neema").start().init()
    help_text = home.run("help").out
    commands = re.sub(r"^  Kinds:[^.]*\.", "", help_text.split("With every command")[0], flags=re.M)  # its lines begin with any kind
    listed = re.findall(r"^  ((?:hub |enrol |kinds |programme )?[a-z]+(?:-[a-z]+)*)\b", commands, re.M)
    check(len(listed) > 25, listed)
    kinds = [kind["name"] for kind in home.json("kinds")["kinds"]]
    for words in typed_commands():
        if words[0] == "KIND":
            continue
        if words[0] in kinds:
            shown = home.run(words[0], "--help").out
            verb = words[1] if len(words) > 1 else "add"
            check(verb.startswith("--") or f"pamoja {words[0]} {verb}" in shown, "no such command:", words)
        else:
            two = " ".join(words[:2])
            check(words[0] in listed or two in listed or words[0] in ("hub", "enrol"), "no such command:", words)
            options = [word for word in words if word.startswith("--")]
            named = two.split() if two in listed else words[:1]
            shown = home.run(*named, "--help").out + help_text
            for option in options:
                check(option in shown, "no such option:", option, words)
    page = Page().text
    for command in listed:
        check(re.search(rf"\b{command}\b", page), "the page does not name the command", command)


def story_help_has_examples(lab):
    """Every command's --help, and every kind's, made from its declaration: an example that is a whole command of its own."""
    home = lab.home("neema").start()
    for command in home.json("help")["commands"]:
        shown = home.run(*command["name"].split(), "--help").out
        example = re.search(rf"Examples:?\n(?:  .*\n)*?  pamoja {command['name']}\b(.*)", shown)
        check(example, "no example in pamoja", command["name"], "--help:", shown)
        lacks = command["words"] and command["words"][0] != "[" and not any(one.strip() for one in re.findall(rf"  pamoja {command['name']}\b(.*)", shown))
        check(not lacks, "the example leaves out", command["words"], shown)
    for kind in home.json("kinds")["kinds"]:
        shown = home.run(kind["name"], "--help").out
        examples = shown.split("\nExamples\n")[1]
        required = [field["name"] for field in kind["fields"] if field.get("required")]
        check(f"  pamoja {kind['name']} add" in examples and all(f" {name}=" in examples for name in required), kind["name"], examples)
        check(all(field["name"] in shown for field in kind["fields"]), kind["name"], "--help leaves out a field")
        for move in kind["moves"]:
            check(f"pamoja {kind['name']} {move['verb']}" in home.run(kind["name"], move["verb"], "--help").out, kind["name"], move["verb"])


def missing(home, *words):
    error = home.refused(2, *words)
    check("no command" in error["message"], *words, "is there: take it out of the list")


def story_what_is_not_there_is_not_there(lab):
    home = lab.home("neema").start().init()
    section = Page().text.split("## What is not there yet")[1].split("\n## ")[0]
    words = set(re.findall(r"`(\w+)`", section))
    check({"open"} <= words, words)
    for word in words:
        missing(home, word)
    for verb in ("duplicates", "join"):
        missing(home, "hub", verb)


def settings_of_the_source():
    with open(os.path.join(TOP, "daemon", "api", "core_settings.c"), encoding="utf-8") as file:
        source = file.read()
    text = re.search(r"settings_table\[\] = \{(.*?)\n\};", source, re.S).group(1)
    rows = re.findall(r'\{"(\w+)", "(\w+)", SETTING_(\w+), offsetof\([^)]*\),\s*(\d+),\s*(\d+),', text)
    numbers = {(section, name): (int(least), int(most)) for section, name, sort, least, most in rows if sort == "INT"}
    return numbers, [(section, name) for section, name, sort, _, _ in rows if sort == "FLAG"], len(rows)


def story_settings(lab):
    rows = {tuple(re.findall(r"\w+", row[0] + row[1])): row for row in table("section")}
    source, flags, count = settings_of_the_source()
    check(count == len(rows), "the page has", list(rows), "and the source", count)
    home = lab.home("neema").start().init()
    home.stop()
    path = os.path.join(home.path, "pamoja.ini")

    def with_settings(text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return subprocess.run([os.path.join(BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)

    for (section, name), (least, most) in source.items():
        row = rows[(section, name)]
        check([int(row[2]), int(row[3])] == [least, most], "the page's range of", name, "is", row[2:4])
        answer = with_settings(f"# a comment\n[{section}]\n{name} = {most + 1}\n")
        check(answer.returncode == 2 and "pamoja.ini" in answer.stderr and name in answer.stderr and "line 3" in answer.stderr and str(most) in answer.stderr, answer)
    for section, name in flags:
        check(rows[(section, name)][2:4] == ["no", "yes"], rows[(section, name)])
        answer = with_settings(f"[{section}]\n{name} = perhaps\n")
        check(answer.returncode == 2 and name in answer.stderr and "line 2" in answer.stderr, answer)
    answer = with_settings("[lock]\nidle_minuts = 5\n")
    check(answer.returncode == 2 and "idle_minuts" in answer.stderr and "line 2" in answer.stderr, answer)
    with_bounds = ""
    for section in dict.fromkeys(section for section, _ in source):
        with_bounds += f"[{section}]\n"
        with_bounds += "".join(f"{name} = {least}\n" for (at, name), (least, _) in source.items() if at == section)
    with open(path, "w", encoding="utf-8") as file:
        file.write(with_bounds)
    os.chmod(path, 0o620)
    answer = subprocess.run([os.path.join(BIN, "pamojad"), "--home", home.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
    check(answer.returncode == 1 and "chmod" in answer.stderr, answer)
    os.chmod(path, 0o600)
    home.start().unlock()
    check(home.status()["locked"] is False)
    check("Mawasiliano" in home.run("contact", "--help", env={"LC_ALL": "sw_KE.UTF-8"}).out, "the session's language")


def story_exit_statuses(lab):
    rows = [int(row[0]) for row in table("exit status")]
    check(rows == list(range(9)), rows)
    hub = lab.hub()
    neema = lab.worker("neema")
    check(neema.refused(2, "sync")["code"] == "not_enrolled")
    lab.enrol(neema, hub)
    neema.run("person", "add", "name=Baraka M.", status=0)
    second = subprocess.run([os.path.join(BIN, "pamojad"), "--home", neema.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
    check(second.returncode == 1, second)
    neema.run("person", "add", "nam=x", status=2)
    neema.run("show", "zzzzz", status=3)
    os.rename(lab.mailboxes, lab.mailboxes + ".away")
    neema.run("sync", status=6)
    neema.run("carry", lab.dir + "/no-stick", status=6)
    os.rename(lab.mailboxes + ".away", lab.mailboxes)
    neema.run("sync", status=0)
    clinic = neema.add("resource", name="Kimana Clinic")
    referral = neema.add("referral", person="Baraka M.", resource=clinic)
    neema.run("referral", "send", referral, status=5)
    rows = '{"kind":"person","fields":{"name":"Asha"}}\n{"kind":"person","fields":{"name":"Juma","birth_year":"ninety"}}\n'
    neema.run("import", "-", stdin=rows, status=8)
    neema.run("lock", status=0)
    neema.run("person", "list", status=4)
    neema.run("status", status=0)
    neema.stop()
    path = os.path.join(neema.path, "keys")
    with open(path, "r+b") as file:
        file.truncate(5000)
    neema.start()
    neema.run("--passphrase-file", neema.passphrase_file, "unlock", status=7)


def story_every_path_is_there(lab):
    text = Page().text
    paths = re.findall(r"\]\(([\w./-]+)\)", text)
    paths += re.findall(r"`((?:conf|tests|daemon|cli|include)(?:/[\w.-]+)*)`", text)
    paths += re.findall(r"\bsh ((?:conf|tests)/[\w.]+)", text)
    check(len(paths) > 15, paths)
    for path in paths:
        check(os.path.exists(os.path.join(TOP, path)), "no such file or folder:", path)
    with open(os.path.join(TOP, "tests", "README.md"), encoding="utf-8") as file:
        tests_page = file.read()
    for name in re.findall(r"^\| `(\d\d_\w+)`", tests_page, re.M):
        check(os.path.exists(os.path.join(TOP, "tests", "scenario", name + ".py")), "no such scenario:", name)
    for name in set(re.findall(r"PAMOJA_[A-Z_]+", text + tests_page)):
        found = subprocess.run(["grep", "-rqsF", name, "include", "cli", "daemon", "tests/unit", "tests/scenario", "CMakeLists.txt"], cwd=TOP, check=False)
        check(found.returncode == 0, "no such variable:", name)
    for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
        titles = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)]
        check(anchor in titles, "no such heading:", anchor)


def story_lines_for_the_shell(lab):
    """Each line of the ```sh blocks is run here, or is known to be what these tests run under."""
    lines = [line for body in re.findall(r"^```sh\n(.*?)^```$", Page().text, re.M | re.S) for line in body.splitlines()]
    check(any(line.startswith("sh conf/quickstart.sh") for line in lines) and any(line.startswith("sh tests/run.sh") for line in lines), lines)
    with open(os.path.join(TOP, "tests", "run.sh"), encoding="utf-8") as file:
        run_sh = file.read()

    def shell(line, **options):
        done = subprocess.run(["sh", "-eu", "-c", line], cwd=TOP, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, **options)
        check(done.returncode == 0, line, done.stdout[-800:], done.stderr[-800:])
        return done.stdout

    for line in dict.fromkeys(line.split("#")[0].strip() for line in lines):
        if line.startswith("sh tests/run.sh"):  # these tests run under it
            for option in re.findall(r"--\w+", line):
                check(f"{option})" in run_sh or f'"{option}"' in run_sh, "run.sh knows no", option)
        elif line.startswith("sh conf/quickstart.sh"):
            if os.path.realpath(BIN) == os.path.realpath(os.path.join(TOP, "build", "bin")):  # it builds into this folder
                try:
                    said = shell(f"{line} {lab.dir}/quickstart", env=dict(os.environ, **lab.home("any").preload))
                    check("Ready" in said and "pamoja today" in said, said[-500:])
                finally:
                    for who in ("hub", "ally", "peer"):
                        end_daemon(os.path.join(lab.dir, "quickstart", who))
        elif line.startswith("cmake --install build"):  # and used, in 22_install
            shell(line.replace("build", os.path.dirname(BIN)) + f" --prefix {lab.dir}/usr/local")
            home = dict(os.environ, PAMOJA_HOME=lab.dir + "/installed")
            try:
                shell(f"{lab.dir}/usr/local/bin/pamoja status", env=home)
            finally:
                end_daemon(lab.dir + "/installed")
        elif line.startswith("cmake"):
            configure = line.split("&&")[0].replace("-B build", f"-B {lab.dir}/build")
            shell(configure + " -DPAMOJA_TESTS=OFF")
            shell(configure + " -DPAMOJA_TESTS=OFF -DCMAKE_BUILD_TYPE=Asan")
        elif line.endswith(" doctor"):  # and what it finds, in 15_doctor
            said = shell(line, env=dict(os.environ, PATH=BIN + os.pathsep + os.environ["PATH"], PAMOJA_HOME=lab.dir + "/none"))
            check("no records" in said and not os.path.exists(lab.dir + "/none"), said)
        elif line == "sudo pamoja hub host prepare":  # run, as root in mounts of its own, in 52_host
            check(os.path.exists(os.path.join(TOP, "conf", "host", "prepare")))
        elif line.startswith("systemctl"):
            check(set(line.split()[4:]) == {"pamojad", "pamoja-carry"}, line)
        elif line.startswith("build/bin/bench_"):
            check(os.path.exists(os.path.join(TOP, "tests", "bench", line.split("bench_")[1] + "_bench.c")), line)
        else:
            raise Failed("this line of the page is run by no test: " + line)


def end_daemon(home):
    try:
        with open(os.path.join(home, "lock"), encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGTERM)
    except (OSError, ValueError):
        pass


def story_units_start_what_the_page_says(lab):
    """The two ExecStart lines, with this build and a home of the lab: the daemon and the carrier find each other."""
    home = lab.home("neema")
    for name in ("pamojad", "pamoja-carry"):
        with open(os.path.join(TOP, "conf", "systemd", name + ".service"), encoding="utf-8") as file:
            line = re.search(r"^ExecStart=(.*)$", file.read(), re.M).group(1)
        command = line.replace("/usr/local/bin", BIN).replace("%h/.local/share/pamoja", home.path).split()
        lab.daemons.append(subprocess.Popen(command, env=home.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        home.daemon = lab.daemons[-1]
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not os.path.exists(os.path.join(home.path, "run", "api.sock")):
            time.sleep(0.05)
    home.init()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and home.status()["carrier"] is not True:
        time.sleep(0.05)
    status = home.status()
    check(status["carrier"] is True and status["hardening"], status)


WRITE = [word for word in sys.argv[1:] if word.startswith("--")]
sys.argv = [word for word in sys.argv if word not in WRITE]
run(globals())
