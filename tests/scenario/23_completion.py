"""Completion in real shells: what bash, zsh and fish offer is what the program and the kinds know, and never what was recorded.

The offers are compared in bash (COMPREPLY of the sourced script) and fish (`complete -C`). In all three a person's keys are typed into a
terminal, TAB among them, in a shell where `pamoja` is a function that shows its arguments.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import time

from lab import BIN, PATIENCE, TOP, check, run

SHELLS = ("bash", "zsh", "fish")
ECHO = {"bash": "pamoja() { printf 'GOT'; printf '<%s>' \"$@\"; echo .; }", "zsh": "pamoja() { printf 'GOT'; printf '<%s>' \"$@\"; echo . }",
        "fish": "function pamoja; printf 'GOT'; printf '<%s>' $argv; echo .; end"}


def script(lab, shell, *options, env=None):
    """The script as it is printed where there is neither a home nor a daemon; it must not make one."""
    home = os.path.join(lab.dir, "no-home")
    done = subprocess.run([os.path.join(BIN, "pamoja"), "--home", home, *options, "completion", shell], capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
    check(done.returncode == 0, done)
    check(not os.path.exists(home), "a home was made")
    path = os.path.join(lab.dir, "pamoja." + shell)
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    return path


def offers_of(command, code, lines, path):
    """One shell answers for all lines; each answer ends with a line of its own."""
    done = subprocess.run([*command, code], capture_output=True, text=True, check=False, cwd=os.path.dirname(path),
                          env=dict(os.environ, HOME=os.path.dirname(path), LC_ALL="C.UTF-8"))
    check(done.returncode == 0 and not done.stderr, done.stderr[-500:])
    answers = done.stdout.split("=next=\n")
    check(len(answers) == len(lines) + 1, len(answers), len(lines))
    return {line: sorted(word.split("\t")[0] for word in answer.splitlines() if word) for line, answer in zip(lines, answers)}


def bash_offers(path, lines):
    """COMPREPLY for each line, parted into words as bash parts it."""
    code = f"compopt() {{ :; }}; source '{path}'\n"
    for line in lines:
        words = [word for word in re.findall(r"=|(?:[^\s=\"\\]|\\.|\"[^\"]*\"?)+", line)] + ([""] if line.endswith(" ") else [])
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        code += f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _pamoja; printf '%s\\n' \"${{COMPREPLY[@]}}\" =next=\n"
    return offers_of(["bash", "--norc", "-c"], code, lines, path)


def fish_offers(path, lines):
    code = f"function pamoja; end; source {path}\n"
    for line in lines:
        code += "complete -C '" + line.replace("\\", "\\\\").replace("'", "\\'") + "'; echo =next=\n"
    return offers_of(["fish", "--no-config", "-c"], code, lines, path)


def story_offers(lab):
    home = lab.home("neema").start()
    tables = home.json("help")
    kinds = {kind["name"]: kind for kind in home.json("kinds")["kinds"]}
    first = {command["name"].split()[0] for command in tables["commands"]} | set(kinds)
    everywhere = {"--" + option["name"] for option in tables["options"]}
    expected = {"": first, "help ": first, "hub ": {c["name"].split()[1] for c in tables["commands"] if c["name"].startswith("hub ")},
                "enrol ": {"request", "accept"}, "completion ": {"bash", "zsh", "fish"}, "init --role ": {"peer", "ally", "volunteer", "supervisor", "coordinator"},
                "import x --kind ": set(kinds), "--home d lo": {"lock", "log"}, "find --": everywhere | {"--limit"}}
    for command in tables["commands"]:
        expected[command["name"] + " --"] = everywhere | {"--" + option["name"] for option in command["options"]}
    for name, kind in kinds.items():
        expected[name + " "] = {"add", "list", "show", "edit", "void", "history"} | {move["verb"] for move in kind["moves"]}
        expected[name + " "] |= ({"plan"} if kind.get("person") else set()) | ({"packet", "answer"} if kind.get("sends") else set())
        expected[name + " "] |= {"paper", "photo"} if any(field["name"] == "form_hash" for field in kind["fields"]) else set()
        fields = {field["name"] + "=" for field in kind["fields"]}
        expected[name + " add "] = expected[name + " list "] = expected[name + " edit 7k3f9 "] = fields
        expected[name + " list --"] = everywhere | {"--" + option["name"] for option in tables["kind_options"]}
        for move in kind["moves"]:
            expected[f"{name} {move['verb']} 7k3f9 "] = fields
            expected[f"{name} {move['verb']} "] = set()
    check(len(expected) > 90, len(expected))
    for shell, offers_in in (("bash", bash_offers), ("fish", fish_offers)):
        found = offers_in(script(lab, shell), ["pamoja " + line for line in expected])
        for line, offers in expected.items():
            check(found["pamoja " + line] == sorted(offers), shell, line, found["pamoja " + line], sorted(offers))


def story_values(lab):
    """The choices of every field, behind FIELD=."""
    kinds = lab.home("neema").start().json("kinds")["kinds"]
    expected = {}
    for kind in kinds:
        for field in kind["fields"]:
            values = [choice["value"] for choice in field.get("choices") or []]
            values += {"yes-no": ["yes", "no"], "date": ["today", "yesterday", "tomorrow"][:2 if field["past"] else 3]}.get(field["type"], [])
            expected[f"pamoja {kind['name']} add {field['name']}="] = values
    check(sum(len(values) for values in expected.values()) > 60, expected)
    in_bash, in_fish = bash_offers(script(lab, "bash"), expected), fish_offers(script(lab, "fish"), expected)
    for line, values in expected.items():
        name = line.split(" ")[-1]
        check(in_bash[line] == sorted(value.replace(" ", "\\ ") for value in values), line, in_bash[line])
        check(in_fish[line] == sorted(name + value for value in values), line, in_fish[line])
    quoted = 'pamoja contact add kind="fam'
    check(bash_offers(script(lab, "bash"), [quoted])[quoted] == ["family workshop"])


def type_lines(lab, shell, path, lines, autoload=False):
    """Lines typed on a terminal, TAB as it comes: for each what `pamoja` was given; and all that stood on the screen."""
    command = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}[shell]
    prepare = f"source {path}"
    if shell == "zsh" and autoload:  # as it is installed: a file of fpath
        os.makedirs(lab.dir + "/functions", exist_ok=True)
        shutil.copy(path, lab.dir + "/functions/_pamoja")
        prepare = f"fpath=({lab.dir}/functions $fpath); autoload -Uz compinit; compinit -D -u"
    elif shell == "zsh":
        prepare = f"autoload -Uz compinit; compinit -D -u; {prepare}"
    env = dict(os.environ, HOME=lab.dir, TERM="xterm", LC_ALL="C.UTF-8", PS1="$ ", PAMOJA_HOME=os.path.join(lab.dir, "neema"))
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(lab.dir)
        os.execvpe(command[0], command, env)
    screen, given = "", []

    def wait_for(pattern, many=1):
        nonlocal screen
        until = time.monotonic() + PATIENCE
        while len(re.findall(pattern, screen)) < many and time.monotonic() < until:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    screen += os.read(fd, 4096).decode("utf-8", "replace")
                except OSError:
                    break
        found = re.findall(pattern, screen)
        check(len(found) >= many, shell, "waited for", pattern, "and saw", repr(screen[-1500:]))
        return found[-1]

    try:
        os.write(fd, f"{ECHO[shell]}; {prepare}; echo RE''ADY\n".encode())
        wait_for(r"READY[\r\n]")
        for line in lines:
            for part in re.split(r"(\t)", line):  # a TAB is pressed when what stands before it was read
                os.write(fd, part.encode())
                time.sleep(0.1)
            os.write(fd, b"\n")
            got = re.findall(r"<([^>]*)>", wait_for(r"GOT(.*?)\.\r?\n", len(given) + 1))
            given.append([word.rstrip("/") for word in got if word])
    finally:
        os.close(fd)
        os.waitpid(pid, 0)
    return given, screen


def story_keys_in_real_shells(lab):
    for folder in ("stick", "spool"):
        os.mkdir(os.path.join(lab.dir, folder))
    with open(os.path.join(lab.dir, "spare.csv"), "w", encoding="utf-8"):
        pass
    lines = (("pamoja pers\tad\tvill\tKimana", ["person", "add", "village=Kimana"]),
             ("pamoja contact add kind=fam\t", ["contact", "add", "kind=family workshop"]),
             ("pamoja hub ros\t--js\t", ["hub", "roster", "--json"]),
             ("pamoja init --role coo\t--prac\t", ["init", "--role", "coordinator", "--practice"]),
             ("pamoja carry sti\t", ["carry", "stick"]),
             ("pamoja import spa\t--ki\tpers\t", ["import", "spare.csv", "--kind", "person"]))
    for shell in SHELLS:
        given, screen = type_lines(lab, shell, script(lab, shell), [keys for keys, _ in lines], autoload=True)
        for (keys, wanted), got in zip(lines, given):
            check(got == wanted, shell, repr(keys), got, repr(screen[-1500:]))


def story_no_record_is_offered(lab):
    """A name in an unlocked home does not come to the screen by TAB, wherever a record is meant."""
    home = lab.home("neema").start().init()
    person = home.add("person", name="Barakaonly M.")
    for shell in SHELLS:
        done = home.run("completion", shell)
        check("Baraka" not in done.out and person[:5] not in done.out)
        path = script(lab, shell)
        _, screen = type_lines(lab, shell, path, ["pamoja show \t\tx", "pamoja person show \t\tx", "pamoja contact add person=\t\tx", "pamoja person edit \t\tx"])
        check("arakaonly" not in screen and person[:5] not in screen, shell, repr(screen))


def story_own_kinds_and_hostile_words(lab):
    """A kind of one's own is offered after the script is printed anew; words that mean something to a shell stay words."""
    conf = os.path.join(lab.dir, "conf")
    shutil.copytree(os.path.join(TOP, "conf"), conf)
    with open(os.path.join(conf, "kinds", "ride.ini"), "w", encoding="utf-8") as file:
        file.write("[kind]\nname = ride\nversion = 1\nscope = programme\ntitle.en = Ride\nplural.en = Rides\nhelp.en = It's `touch made` $(touch made)\nshows = by\n"
                   "[field by]\ntype = choice\nlabel.en = What's \\ $(touch made)\nchoices = it's | $(touch made) | `touch made` | a\"b | c\\d\n")
    for shell in SHELLS:
        path = script(lab, shell, env={"PAMOJA_CONF": conf})
        subprocess.run([shell, "-n", path], check=True)
        if shell == "bash":
            offers = bash_offers(path, ["pamoja ride add by="])["pamoja ride add by="]
            plain = subprocess.run(["bash", "--norc", "-c", "printf '%s\\n' " + " ".join(offers)], capture_output=True, text=True, check=True, cwd=lab.dir).stdout.splitlines()
            check(sorted(plain) == sorted(["it's", "$(touch made)", "`touch made`", 'a"b', "c\\d"]), plain)
        if shell == "fish":
            check(fish_offers(path, ["pamoja ride add by="])["pamoja ride add by="] == sorted("by=" + word for word in ["it's", "$(touch made)", "`touch made`", 'a"b', "c\\d"]))
        given, _ = type_lines(lab, shell, path, ["pamoja rid\tad\tb\tit\t"])
        check(given == [["ride", "add", "by=it's"]], shell, given)
    check(not os.path.exists(os.path.join(lab.dir, "made")), "a word of a kind was run")
    with open(script(lab, "fish", env={"LC_ALL": "sw_KE.UTF-8"}), encoding="utf-8") as file:
        check("Mtu" in file.read(), "labels follow the language")


def story_unknown_shell(lab):
    home = lab.home("neema").start()
    check("bash, zsh or fish" in home.refused(2, "completion", "csh")["hint"])


run(globals())
