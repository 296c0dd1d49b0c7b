"""The manual is true: what its pages repeat of the program is compared with the program, and what they show is run.

A page's part between `.\\" made from the program: WHAT` and `.\\" end` is written by `21_manual.py --write`, from `pamoja --json help`; a
literal block behind `.\\" example: FILE [OPTIONS]` is a file that the program must take. In the pages of `sw/`, for workers, that part is in
Swahili, by the catalogue, and without the coordinator's commands.
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

from catalogue import catalogue
from lab import BIN, TOP, check, run
from terminal import Terminal

MAN = os.path.join(TOP, "conf", "man")
PAGES = sorted(glob.glob(os.path.join(MAN, "*.[1-8]")) + glob.glob(os.path.join(MAN, "*", "*.[1-8]")))
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
MADE = re.compile(r'^\.\\" made from the program: ([^\n]*)\n(.*?)^\.\\" end$', re.M | re.S)
EXAMPLE = re.compile(r'^\.\\" example: (\S+) ?([^\n]*)\n\.Bd -literal[^\n]*\n(.*?)^\.Ed$', re.M | re.S)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def page(name):
    return read(os.path.join(MAN, name))


def source(*path):
    return read(os.path.join(TOP, *path))


def mdoc(text):
    """Plain words as mdoc: nothing in them is a macro, a control line or a language's own letter."""
    text = text.replace("\\", "\\e").replace("…", "...").replace("`", "\\(oq" if text.count("`") % 2 else "`")
    text = re.sub(r"`([^`]+)`", r"\\(oq\1\\(cq", text)
    return "\\&" + text if text[:1] in ".'" else text


def words(text):
    return mdoc(text).replace("|", "\\*(Ba").replace("[", "\\&[").strip()


def options(table, width="Ds"):
    if not table:
        return []
    lines = [f".Bl -tag -width {width} -compact"]
    for option in table:
        lines += [f".It Fl Fl {option['name']}" + (f" Ar {option['takes']}" if option["takes"] else ""), mdoc(option["help"])]
    return lines + [".El"]


def commands(tables):
    lines, group = [], None
    for command in tables["commands"]:
        if command["group"] != group:
            lines += [".El"] if group else []
            group = command["group"]
            lines += [".Pp", f"{group}:", ".Bl -tag -width Ds"]
        lines.append(f".It Cm {command['name']}" + (f" Ar {words(command['words'])}" if command["words"] else ""))
        lines += [mdoc(command["summary"])] + options(command["options"])
    return lines + [".El"]


def in_swahili(value, known):
    """The tables with their texts for people in Swahili; what the catalogue does not hold stays as it is."""
    if isinstance(value, list):
        return [in_swahili(item, known) for item in value]
    if isinstance(value, dict):
        return {key: known.get(item, item) if key in ("help", "summary", "group") else in_swahili(item, known) for key, item in value.items()}
    return value


def for_workers(tables):
    """Without the coordinator's commands, in Swahili."""
    known = {english.replace('\\"', '"'): swahili.replace('\\"', '"') for english, swahili in catalogue().items()}
    return in_swahili(dict(tables, commands=[command for command in tables["commands"] if command["group"] != "At the hub"]), known)


def made(tables, what):
    if what == "commands":
        ordered = dict(tables, commands=sorted(tables["commands"], key=lambda c: list(dict.fromkeys(x["group"] for x in tables["commands"])).index(c["group"])))
        return commands(ordered)
    if what in ("options", "kind options"):
        return options(tables[what.replace(" ", "_")])
    numbers = [int(number) for number in what.split()[1:]] or range(len(tables["exit_statuses"]))
    lines = [".Bl -tag -width Ds -compact"]
    for number in numbers:
        lines += [f".It {number}", mdoc(tables["exit_statuses"][number])]
    return lines + [".El"]


def story_made_from_the_program(lab):
    tables = lab.home("neema").start().json("help")
    check(len(tables["commands"]) > 30 and len(tables["exit_statuses"]) == 9, tables)
    seen = []
    for path in PAGES:
        said = for_workers(tables) if os.path.basename(os.path.dirname(path)) == "sw" else tables

        def put(match, said=said):
            seen.append(match.group(1))
            return f'.\\" made from the program: {match.group(1)}\n' + "\n".join(made(said, match.group(1))) + '\n.\\" end'
        text = read(path)
        fresh = MADE.sub(put, text)
        if WRITE and fresh != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(fresh)
        else:
            check(fresh == text, path, "no longer says what the program does; write it anew: python3 tests/scenario/21_manual.py --write")
    check({"commands", "options", "kind options", "statuses"} <= set(seen), seen)


def story_pages_in_swahili(lab):
    """What a page of `sw/` shares with the English one is in both: sections, options of the command line, statuses, variables, files, other pages."""
    pages = [path for path in PAGES if os.path.basename(os.path.dirname(path)) == "sw"]
    check([os.path.basename(path) for path in pages] == ["pamoja.1"], pages)
    for path in pages:
        swahili, english = read(path), page(os.path.basename(path))
        check([what for what, _ in MADE.findall(swahili)] == ["kind options", "options", "commands"], path, "is made anew from the program")
        for what, named in (("sections", r"^\.Sh (.*)$"), ("variables", r"^\.It Ev (.*)$"), ("files", r"^\.It Pa (.*)$"), ("statuses", r"^\.It (\d)$")):
            here, there = re.findall(named, swahili, re.M), re.findall(named, english, re.M)
            check(here == there, path, what, "here", here, "in English", there)
        left = [line for line in MADE.findall(swahili)[2][1].splitlines() if re.search(r"\b(the|your|what|with|and)\b", re.sub(r"^\.It.*", "", line))]
        check(not left, "these have no Swahili in conf/lang/sw.po:", *left)


def story_statuses_have_one_place(lab):
    """The README's table, the page and the codes' own statuses."""
    meanings = lab.home("neema").start().json("help")["exit_statuses"]
    table = source("README.md").split("| exit status |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (\d) \| (.*) \|$", table, re.M)
    check([(int(number), text.replace("`", "")) for number, text in rows] == list(enumerate(meanings)), rows, meanings)
    codes = re.search(r"codes\[PMJ_CODE_COUNT\] = \{(.*?)\n\};", source("daemon", "base", "error.c"), re.S).group(1)
    used = {int(number) for number in re.findall(r'\{"\w+", (\d+), \d+\}', codes)}
    check(used == set(range(len(meanings))), used)


def story_pages_are_in_order(lab):
    """mandoc finds nothing to say, the usual sections are there, and pages name only pages that are there."""
    check(len(PAGES) >= 7, PAGES)
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *PAGES], capture_output=True, text=True, check=False)
    check(lint.returncode == 0 and not lint.stdout, lint.stdout, lint.stderr)
    names = {os.path.basename(path) for path in PAGES}
    for path in PAGES:
        text = read(path)
        found = re.findall(r"^\.Sh (.*)$", text, re.M)
        if os.path.dirname(path) == MAN:
            check([section for section in found if section in SECTIONS] == SECTIONS, path, found)
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", text, re.M):
            check(f"{name}.{section}" in names or (name, section) in (("git", "1"), ("git-http-backend", "1"), ("git-shell", "1"), ("chmod", "1"), ("ssh", "1"), ("sshd", "8"), ("sshd_config", "5")), path, "names", name, section)
        shown = subprocess.run(["man", path], capture_output=True, text=True, check=False, env=dict(os.environ, MANPAGER="cat", PAGER="cat", LC_ALL="C.UTF-8"))
        check(shown.returncode == 0 and not shown.stderr and len(shown.stdout) > 1500, path, shown.stderr)


def story_settings(lab):
    """pamoja.ini(5) has each setting with the range and unit of the table that reads it, and its example is taken."""
    table = re.search(r"settings_table\[\] = \{(.*?)\n\};", source("daemon", "api", "core_settings.c"), re.S).group(1)
    rows = re.findall(r'\{"(\w+)", "(\w+)", SETTING_(\w+), offsetof\([^)]*\),\s*(\d+),\s*(\d+),\s*"?(\w+)"?\}', table)
    check(len(rows) == table.count('{"'), "a setting of a sort this test does not know", table)
    found = []
    for section in page("pamoja.ini.5").split("\n.Ss ")[1:]:
        name = section.split("]")[0].strip("[")
        for key, least, most, text in re.findall(r"^\.It Cm (\w+) No (\d+) to (\d+), usually \d+\n(.*?)(?=^\.It|^\.El)", section, re.M | re.S):
            unit = re.search(r"milliseconds|seconds|minutes|entries|MB|months|people", text).group(0)
            found.append((name, key, "INT", least, most, unit))
        found += [(name, key, "FLAG", "0", "0", "NULL") for key in re.findall(r"^\.It Cm (\w+) No yes or no, usually (?:yes|no)$", section, re.M)]
        found += [(name, key, "TEXT", "0", most, "bytes") for key, most in re.findall(r"^\.It Cm (\w+) No text of at most (\d+) bytes$", section, re.M)]
    check(sorted(found) == sorted(rows), "the page has", found, "and the source", rows)
    name, _, text = EXAMPLE.search(page("pamoja.ini.5")).groups()
    lab.home("neema").settings(text).start()
    check(name == "pamoja.ini")


def names_of(text, array):
    return re.findall(r'"([^"]+)"', re.search(rf"{array}\[\w*\] = \{{(.*?)\}};", text, re.S).group(1))


def story_every_key_of_a_kind(lab):
    """pamoja-kind(5) names every key, type, scope and privacy that the reader of kinds knows, each in its section, and no others."""
    code = "".join(source("daemon", "domain", name) for name in sorted(os.listdir(os.path.join(TOP, "daemon", "domain"))) if name.startswith(("kind", "report")))
    sections = {part.split("\n")[0]: part for part in page("pamoja-kind.5").split("\n.Ss ")[1:]}
    for title, array in (("[kind]", "kind_keys"), ("[field NAME]", "field_keys"), ("[state NAME]", "state_keys"), ("[move VERB]", "move_keys"),
                         ("[report NAME]", "report_keys"), ("[rules]", "rule_keys")):
        part = sections[title].split("\n.Sh ")[0]
        named = {name for line in re.findall(r"^\.It Cm (.*)$", part, re.M) for name in re.split(r"[ ,]+", line) if name}
        check(named == set(names_of(code, array)), title, "the page and the reader differ in", named ^ set(names_of(code, array)))
    fields = sections["[field NAME]"].split(".It ")
    for key, array, part in (("type", "type_names", fields), ("privacy", "privacy_names", fields), ("scope", "scope_names", sections["[kind]"].split(".It "))):
        text = next(item for item in part if item.startswith(f"Cm {key}\n"))
        listed = re.findall(r"Ql ([\w-]+)", text)
        check(set(listed) == set(names_of(code, array)), key, listed)
    limits = source("daemon", "domain", "kind.h")
    most = [int(re.search(rf"{name}\s+\\?\s*(\d+)", limits).group(1)) for name in ("KIND_FIELDS_MAX", "KIND_STATES_MAX", "KIND_MOVES_MAX")]
    check("There may be %d fields, %d states and %d moves." % tuple(most) in page("pamoja-kind.5"), most)


def story_every_key_of_a_profile(lab):
    """pamoja-profile(5) names every key that the reader of profiles knows, each in its section, and no others; its example fits."""
    code = source("daemon", "domain", "profile.c") + source("daemon", "domain", "retain.c")
    sections = {part.split("\n")[0]: part for part in page("pamoja-profile.5").split("\n.Ss ")[1:]}
    for title, array in (("[profile]", "profile_keys"), ("[route VERB]", "route_keys"), ("[duty NAME]", "duty_keys"), ("[keep KIND]", "keep_keys")):
        part = sections[title].split("\n.Sh ")[0]
        named = {name for line in re.findall(r"^\.It Cm (.*)$", part, re.M) for name in re.split(r"[ ,]+", line) if name}
        check(named == set(names_of(code, array)), title, "the page and the reader differ in", named ^ set(names_of(code, array)))
    name, _, text = EXAMPLE.search(page("pamoja-profile.5")).groups()
    path = os.path.join(lab.dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    hub = lab.hub()
    check("rules of the country ke" in hub.run("kinds", "check", path).out)
    hub.run("hub", "kinds", "publish", path)


def story_kind_example(lab):
    """The page's kind passes `kinds check`, and a home that has it can use it."""
    name, _, text = EXAMPLE.search(page("pamoja-kind.5")).groups()
    path = os.path.join(lab.dir, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    conf = os.path.join(lab.dir, "conf")
    shutil.copytree(os.path.join(TOP, "conf"), conf)
    home = lab.home("neema", env={"PAMOJA_CONF": conf}).start().init()
    check(home.json("kinds", "check", path)["name"] == "ride")
    home.stop()
    shutil.copy(path, os.path.join(conf, "kinds"))
    home.start().unlock()
    person = home.add("person", name="Baraka M.")
    ride = home.add("ride", person=person, to="Kimana Clinic", by="bus")
    home.run("ride", "done", ride, "fare=200")
    check(home.show(ride)["state"] == "done")
    broken = text.replace("to = called_off", "to = called_of")
    with open(path, "w", encoding="utf-8") as file:
        file.write(broken)
    check("called_off" in home.refused(2, "kinds", "check", path)["hint"], "the check found nothing")


def story_import_examples(lab):
    home = lab.home("neema").start().init()
    examples = EXAMPLE.findall(page("pamoja-import.5"))
    check([name for name, _, _ in examples] == ["people.csv", "records.jsonl"], examples)
    for name, options_text, text in examples:
        path = os.path.join(lab.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        dry = home.json("import", path, *options_text.split(), "--dry-run")
        done = home.json("import", path, *options_text.split())
        check(dry["failed"] == 0 and done["failed"] == 0 and done["imported"] >= 2, name, dry, done)
    people = {item["title"] for item in home.json("person", "list")["items"]}
    check({"Baraka M.", 'Asha "Mama Juma" K.', "Juma K."} <= people, people)


def story_commands_are_no_kinds(lab):
    """A kind called as a command would never be reached: each command's first word is refused."""
    home = lab.home("neema").start()
    kind = source("conf", "kinds", "memo.ini")
    for word in sorted({command["name"].split()[0] for command in home.json("help")["commands"]}):
        path = os.path.join(lab.dir, word + ".ini")
        with open(path, "w", encoding="utf-8") as file:
            file.write(kind.replace("name = memo", f"name = {word}"))
        check("cannot be the name of a kind" in home.refused(2, "kinds", "check", path)["message"], word)


def too_wide(home, *words):
    """What a terminal of 80 columns would break in the middle of a word."""
    terminal = Terminal(home, *words, columns=80)
    check(terminal.end() == 0, words, terminal.seen)
    lines = re.sub(r"\033\[[0-9;]*m", "", terminal.seen).splitlines()
    check(len(lines) > 2, words, lines)
    return [(words, line) for line in lines if len(line) > 80]


def story_help_fits_the_screen(lab):
    """The help of each command, kind and verb, and each lesson, in both languages; a command that is broken is still one for the shell."""
    neema = lab.home("neema").start()
    neema.run("--passphrase-file", neema.passphrase_file, "init", "--practice")
    typed = [tuple(command["name"].split()) for command in neema.json("help")["commands"]]
    for kind in neema.json("kinds")["kinds"]:
        typed += [(kind["name"],)] + [(kind["name"], move["verb"]) for move in kind.get("moves", [])]
    typed += [("person", "plan"), ("referral", "packet"), ("referral", "answer"), ("consent", "paper"), ("consent", "photo")]
    for language in ("C.UTF-8", "sw_KE.UTF-8"):
        neema.env["LC_ALL"] = language
        wide = too_wide(neema, "help")
        for words in typed:
            wide += too_wide(neema, *words, "--help")
        for number in range(len(neema.json("guide")["lessons"])):
            wide += too_wide(neema, "guide", str(number + 1))
        check(not wide, language, *wide)
    neema.env["LC_ALL"] = "C.UTF-8"
    terminal = Terminal(neema, "guide", "1", columns=80)
    terminal.end()
    told = next(text for text in terminal.seen.replace("\\\n", " ").splitlines() if "contact add" in text)
    neema.run(*shlex.split(told)[1:])
    check(any("Supper at her sister's" in str(item) for item in neema.json("contact", "list", "person=Rehema")["items"]), told)
    for words, option in ((("person", "plan"), "--out"), (("referral", "packet"), "--locked"), (("consent", "paper"), "--check")):
        check(option in neema.run(*words, "--help").out and "Fields" not in neema.run(*words, "--help").out, words)


def tests_of(place):
    """The names of the tests in a file, without `story_` and `test_`; None when there is no such file."""
    unit = os.path.join(TOP, "tests", place + "_test.c")
    scenario = os.path.join(TOP, "tests", "scenario", place + ".py")
    if os.path.exists(unit):
        return {re.sub(r"^test_", "", name) for name in re.findall(r"(?:\bT|\bTEST|\bIN_DIR|cmocka_unit_test\w*)\((\w+)", read(unit))}
    if os.path.exists(scenario):
        return set(re.findall(r"^def story_(\w+)", read(scenario), re.M))
    return None


def story_map_names_what_is_there(lab):
    """Each test, file and command in "What must hold, and what shows it" of tests/README.md."""
    part = source("tests", "README.md").split("## What must hold, and what shows it\n")[1].split("\n## ")[0]
    lists = glob.glob(os.path.join(os.path.dirname(os.path.realpath(BIN)), "tests", "**", "CTestTestfile.cmake"), recursive=True)
    ctests = {name for path in lists for name in re.findall(r"^add_test\(\[?=?\[?([\w/-]+)", read(path), re.M)}
    rows = [line.split(" | ")[1].rstrip(" |") for line in part.splitlines() if line.startswith("| ") and " | shown by" not in line]
    count = 0
    for row in rows:
        named = re.findall(r"`([^`]+)`", row)
        check(named, "nothing shows it:", row)
        for item in named:
            place, colon, names = item.partition(": ")
            count += 1
            if colon:
                there = tests_of(place)
                check(there is not None, "no such file of tests:", place)
                check(set(names.split(", ")) <= there, place, "has no", set(names.split(", ")) - there)
            elif item.startswith("sh tests/"):
                script, *options = item.split()[1:]
                check(all(option + ")" in source(script) for option in options), "no such option:", item)
            elif not item.startswith(("--", "cmake ", "longest_step_ms")):
                check(item in ctests or os.path.exists(os.path.join(TOP, item)), "no such test or file:", item)
    check(len(rows) > 60 and count > 120, len(rows), count)


WRITE = "--write" in sys.argv
sys.argv = [word for word in sys.argv if word != "--write"]
run(globals())
