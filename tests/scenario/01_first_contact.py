"""A worker's first hour, offline: people, contacts, looking things up, mending mistakes, and messages that help."""
import json
import os
import pty
import re
import shlex
import select
import signal
import subprocess
import sys

from lab import BIN, PATIENCE, TOP, check, run
from terminal import Terminal


def story_first_hour(lab):
    neema = lab.worker("Neema", role="ally")
    person = neema.add("person", name="Bàraka Müller", birth_year=1991, village="Loitokitok", language="Swahili", phone="+254 700 111 222")
    check(len(person) == 16, person)
    contact = neema.add("contact", person=person[:5], kind="one-on-one", on="yesterday", minutes=40, note="asked about the clinic")
    shown = neema.show(contact[:6])
    check(shown["kind"] == "contact" and shown["fields"]["person"] == person and shown["fields"]["minutes"] == 40, shown)
    check(shown["texts"]["person"] == "Bàraka Müller", shown["texts"])
    check(shown["sync"] == "saved", shown["sync"])
    # found by any of its words, without accents, in any case, by the beginning of a word, by digits of the phone
    for words in ("baraka", "MULL", "bar mul", "loito", "700111"):
        found = neema.json("find", words)["items"]
        check(any(item["id"] == person for item in found), words, found)
    check(any(item["id"] == contact for item in neema.json("find", "clinic")["items"]))
    check(neema.json("find", "nobody")["items"] == [])
    neema.run("edit", person, "village=Kimana")
    check(neema.show(person)["fields"]["village"] == "Kimana")
    check(not neema.json("find", "loitokitok")["items"])
    history = neema.json("history", person)["items"]
    check(len(history) == 2 and history[1]["set"] == {"village": "Kimana"} and history[0]["by"] == "Neema", history)
    listed = neema.json("contact", "list", "person=" + person)
    check([item["id"] for item in listed["items"]] == [contact] and listed["more"] is False, listed)
    check(neema.json("person", "list", "village=kimana")["items"][0]["id"] == person)


def story_due_today(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    due = neema.add("followup", person=person, due="yesterday", what="call about the form")
    later = neema.add("followup", person=person, due="in 3 days", what="visit")
    today = neema.json("today")["items"]
    check([item["id"] for item in today] == [due] and today[0]["overdue"] is True and today[0]["why"] == "to do", today)
    moved = neema.json("followup", "done", due)
    check(moved["state"] == "done", moved)
    check(neema.json("today")["items"] == [])
    check(neema.show(later)["state"] == "open")
    error = neema.refused(5, "followup", "done", due)
    check("reopen" in error["hint"], error)


def story_mistakes_are_voided_not_erased(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    contact = neema.add("contact", person=person, kind="phone", minutes=5)
    error = neema.refused(5, "edit", contact, "minutes=10")
    check("void" in error["hint"], error)
    neema.run("void", contact, "entered twice")
    check(neema.show(contact)["voided"] is True)
    check(neema.json("contact", "list")["items"] == [])
    check(len(neema.json("history", contact)["items"]) == 2)
    check(neema.refused(5, "void", contact, "again")["code"] == "refused")


def story_nothing_about_a_voided_person(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    neema.run("void", person, "entered twice")
    for words in (("contact", "add", "kind=phone"), ("followup", "add", "due=today", "what=call"), ("consent", "refuse", "purpose=referral")):
        error = neema.refused(5, *words, f"person={person}")
        check("voided" in error["message"] and "history" in error["hint"], error)
    row = '{"kind":"contact","fields":{"person":"%s","kind":"phone"}}\n' % person
    check("voided" in neema.run("import", "-", stdin=row, check_status=False).err)
    check(neema.json("contact", "list")["items"] == [])


def story_what_is_printed_steers_no_terminal(lab):
    """Names hold nothing unseen that turns the order of letters; a note may, and is printed without it."""
    neema = lab.worker("Neema")
    for bad in ("Asha\u202e", "\u2066Asha", "A\u200fsha", "A\u061csha", "A\u009bsha", "A\u001bsha"):
        error = neema.refused(2, "person", "add", f"name={bad}")
        check("name" in error["message"] and error["hint"], error)
        check("character" in error["message"], error)
    person = neema.add("person", name="نور\u200cالدین")  # joiners belong to scripts
    note = "first \u202eSECOND\u202c third"
    contact = neema.add("contact", person=person, kind="phone", note=note)
    check(neema.show(contact)["fields"]["note"] == note, "the note is kept as it was written")
    for words in (("show", contact), ("history", contact), ("find", "first"), ("contact", "list"), ("--json", "show", contact)):
        out = neema.run(*words).out
        check("\u202e" not in out and "\u202c" not in out, words, out)


def story_names_of_workers_steer_no_terminal(lab):
    """A worker's name stands in everybody's lists: neither the own home nor the hub takes one that turns letters or commands a terminal."""
    hub, neema = lab.hub(), lab.home("Neema").start()
    bad = {"Nee\u202ema": "order of the letters", "\u2066Neema": "order of the letters", "Nee\u009bma": "control character",
           "Nee\u001b[2Jma": "control character", "Neema\nJuma": "line end", "N" * 200: "1 to 1"}
    for name, word in bad.items():
        error = neema.refused(2, "--passphrase-file", neema.passphrase_file, "init", "--name", name, "--role", "ally")
        check(word in error["message"] and error["hint"], ascii(name), error)
    check(neema.status()["initialised"] is False)
    request = neema.init(role="ally").json("enrol", "request")["request"]
    for name, word in bad.items():
        error = hub.refused(2, "hub", "enrol", "-", "--role", "ally", "--name", name, "--words-checked", stdin=request)
        check(word in error["message"] and error["hint"], ascii(name), error)
    check(len(hub.json("hub", "roster")["items"]) == 1, hub.json("hub", "roster"))
    lab.enrol(neema, hub, "ally")


def seen_on_a_terminal(home, *words, **env):
    """What a terminal receives, escapes and all."""
    pid, fd = pty.fork()
    if pid == 0:
        clean = {name: value for name, value in home.env.items() if name != "NO_COLOR"}
        os.execve(os.path.join(BIN, "pamoja"), ["pamoja", *words], {**clean, "TERM": "xterm", **env})
    seen = b""
    while select.select([fd], [], [], 60)[0]:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(fd)
    os.waitpid(pid, 0)
    return seen.decode().replace("\r", "")


def story_tables_and_colour(lab):
    """Columns that stand under their heads, whatever the width of a letter; colour on a terminal alone, and not where it is not wanted."""
    neema = lab.worker("Neema")
    for name, village in (("Asha", "Loitokitok"), ("山田太郎", "Kimana"), ("Bàraka Müller", "Rombo")):
        neema.add("person", name=name, village=village)
    painted = seen_on_a_terminal(neema, "person", "list")
    check("\x1b[1m" in painted and "\x1b[0m" in painted, ascii(painted))
    plain = re.sub(r"\x1b\[\d*m", "", painted)
    for quiet in (seen_on_a_terminal(neema, "person", "list", NO_COLOR="1"), seen_on_a_terminal(neema, "person", "list", TERM="dumb"),
                  neema.run("person", "list", env={"NO_COLOR": "", "TERM": "xterm"}).out):
        check("\x1b" not in quiet and "Asha" in quiet, ascii(quiet))
    rows = plain.rstrip("\n").split("\n")
    check(len(rows) >= 4 and rows[0].startswith("ID") and rows[0].endswith("STATE"), plain)
    wide = {line: sum(2 if letter > "\u2e80" else 1 for letter in line[:line.index(word)]) for line in rows[1:4]
            for word in ("Loitokitok", "Kimana", "Rombo") if word in line}
    check(len(wide) == 3 and len(set(wide.values())) == 1, "the columns do not stand under each other", wide, plain)


def story_errors_name_the_place_and_the_mend(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    error = neema.refused(2, "persn", "add", "name=X")
    check("person" in error["message"] + error["hint"], error)
    error = neema.refused(2, "person", "add", "nam=X")
    check("name" in error["message"] + error["hint"], error)
    error = neema.refused(2, "person", "add", "birth_year=ninety")
    check("birth_year" in error["message"], error)
    error = neema.refused(2, "person", "add", "village=Kimana")
    check("name" in error["message"] and "name=" in error["hint"], error)
    error = neema.refused(2, "contact", "add", f"person={person}", "kind=phone", "on=31/12/2026")
    check("on" in error["message"] and "2026-" in error["message"] + error["hint"], error)
    error = neema.refused(3, "contact", "add", "person=zzzzz", "kind=phone")
    check(error["code"] == "not_found", error)
    error = neema.refused(3, "show", "zzzzz")
    check(error["code"] == "not_found" and error["hint"], error)
    goal = neema.add("goal", person=person, text="the workshop again")
    error = neema.refused(2, "goal", "reech", goal)
    check("reach" in error["hint"], error)
    error = neema.refused(2, "findd", "x")
    check("find" in error["message"] + error["hint"], error)
    # an unset variable of a script is not the folder one stands in
    empty = lab.home("Empty").start()
    for home, words in ((neema, ("backup", "")), (neema, ("carry", "")), (neema, ("sync", "--to", "")), (
            empty, ("--passphrase-file", empty.passphrase_file, "init", "--hub", "--name", "Office", "--mailboxes", ""))):
        error = home.refused(2, *words)
        check("no place was named" in error["message"], words, error)


def story_a_day_to_come(lab):
    """What happened did not happen tomorrow; what is planned may."""
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    for day in ("tomorrow", "in 2 weeks", "kesho"):
        error = neema.refused(2, "contact", "add", f"person={person}", "kind=phone", f"on={day}")
        check("day to come" in error["message"] and "at the latest" in error["hint"], error)
    check(not neema.json("contact", "list")["items"], "something was kept of it")
    for day in ("today", "yesterday", "2019-03-04"):
        neema.add("contact", person=person, kind="phone", on=day)
    neema.add("followup", person=person, due="tomorrow", what="call")
    neema.add("goal", person=person, text="walk to the market", by="in 3 months")
    neema.add("consent", person=person, recipient="clinic", purpose="referral", information="name", **{"from": "tomorrow"})


def story_words_beside_an_open_list(lab):
    """An open list takes any word, at once; of one that is near to its own it is said, and how it is mended."""
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    answer = neema.run("contact", "add", f"person={person}", "kind=vist", "signs=sleep,mod")
    short = answer.out.split("pamoja show ")[1].split()[0]
    check(f"kind=vist is no word of the list. Was visit meant?" in answer.err and "signs=mod " in answer.err and f"pamoja void {short} mistyped" in answer.err, answer)
    check(neema.show(short)["fields"]["kind"] == "vist", "it is saved as typed")
    at = Terminal(neema, "contact", "add")  # a number is one of the list or none
    at.until("Person (required): ")
    at.type("Asha")
    at.until("(required) [one-on-one]: ")
    at.type("99")
    at.until("is not in the list; type the number of a choice")
    at.type("2")
    at.type("")
    at.until("[y/N] ")
    at.type("n")
    check(at.end() == 0, at.seen)
    neema.run("void", at.seen.split("pamoja show ")[1].split()[0], "only tried")
    neema.run("void", short, "mistyped")
    for kind in ("visit", "Visit", "at the river", "ziara"):
        answer = neema.run("contact", "add", f"person={person}", f"kind={kind}")
        check("is no word" not in answer.err + answer.out, answer)
    answer = neema.json("contact", "add", f"person={person}", "kind=vist")
    check(answer["new_words"] == [{"field": "kind", "value": "vist", "near": "visit"}], answer)
    resource = neema.add("resource", name="Kimana clinic", category="health")
    answer = neema.run("edit", resource, "category=helth")
    check('category="health"' in answer.err and f"pamoja edit" in answer.err, answer)
    # A list that is asked for by a word of no closed list would only be empty.
    for words, near in ((("person", "list", "state=actve"), "active"), (("goal", "list", "state=undr"), "open, started"),
                        (("consent", "list", "how=writen"), "written")):
        error = neema.refused(2, *words)
        check(words[2].split("=")[1] in error["message"] and near in error["hint"], error)
    check("without dashes: state=VALUE" in neema.refused(2, "person", "list", "--state", "active")["hint"])
    check("Nothing fits that" in neema.run("contact", "list", "kind=by bus").out)
    # by a word near to one of an open list, or to one that was used beside it: that one is offered, unless the word itself is in use
    for words, near in ((("contact", "list", "kind=visti"), "visit"), (("contact", "list", "kind=at the rivr"), "at the river"), (("contact", "list", "signs=slep"), "sleep"),
                        (("contact", "list", "kind=vist", "person=" + neema.add("person", name="Zawadi")), None), (("contact", "list", "kind=by bus"), None)):
        answer = neema.json(*words)
        check(not answer["items"] and [item["near"] for item in answer.get("near", [])] == ([near] if near else []), words, answer)
    check('Was kind="visit" meant?' in neema.run("contact", "list", "kind=visti").out)
    goal = neema.add("goal", person=person, text="walk to the river each morning")
    neema.run("goal", "start", goal, "agreed=yes")
    check(len(neema.json("goal", "list", "state=Under way")["items"]) == 1, "by its label, in any letters")


def story_names_in_any_script(lab):
    neema = lab.worker("Neema")
    for name in ("سلام الراشد", "Ng'ang'a wa Mwangi", "Đặng Thị Hà", "𐐀deseret", "a" * 300):
        person = neema.add("person", name=name)
        check(neema.show(person)["fields"]["name"] == name)
        check(any(item["id"] == person for item in neema.json("find", name.split()[0][:20])["items"]), name)
    check(neema.refused(2, "person", "add", "-", stdin='{"name": "bad \\u0000 one"}')["code"] == "invalid")


def story_from_standard_input(lab):
    neema = lab.worker("Neema")
    one = neema.json("person", "add", "-", stdin="name=Asha Mwinyi\nvillage=Rombo\n")["id"]
    two = neema.json("person", "add", "-", stdin='{"name": "Daudi", "birth_year": 1980}')["id"]
    check(neema.show(one)["fields"]["village"] == "Rombo")
    check(neema.show(two)["fields"]["birth_year"] == 1980)
    three = neema.json("person", "add", "-", stdin="\ufeffname=Zuhura\r\n")["id"]  # from an editor that marks its files
    check(neema.show(three)["title"] == "Zuhura")
    error = neema.refused(2, "person", "add", "-", stdin="name=Asha\nname=Daudi\n")
    check("name = a list" in error["message"] and "once" in error["hint"], error)


def story_chose_not_to_say(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha", birth_year="chose not to say")
    check(neema.show(person)["fields"]["birth_year"] == {"declined": True})
    check(neema.show(person)["texts"]["birth_year"] == "chose not to say")


def story_swahili(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    kinds = neema.json("kinds", env={"LC_ALL": "", "LANGUAGE": "sw", "LANG": "sw_KE.UTF-8"})["kinds"]
    titles = {kind["name"]: kind["title"] for kind in kinds}
    check(titles["person"] == "Mtu" and titles["memo"] == "Dokezo", titles)
    check(neema.show(person)["id"] == person)


def story_projections_rebuild(lab):
    neema = lab.worker("Neema")
    for i in range(20):
        person = neema.add("person", name=f"Person {i}")
        neema.run("edit", person, f"village=V{i}")
    before = neema.json("verify")
    check(before["entries"] == 40, before)
    rebuilt = neema.json("verify", "--rebuild")
    check(rebuilt["rebuilt"] and rebuilt["differed"] == 0 and rebuilt["digest"] == before["digest"], rebuilt)
    check(neema.json("verify", person)["entries"] == 2)


def story_names_as_they_are_heard(lab):
    """Accents, capitals, order and scripts make no difference; who is written another way than one hears is found where nothing else is."""
    home = lab.worker("Neema")
    people = {name: home.add("person", name=name) for name in ("Juma Khamis", "Müller Anna", "Мария Иванова", "Fatuma Swalehe", "ولاء", "Chausiku Ng'ang'a")}
    for words, name in (("juma", "Juma Khamis"), ("KHAMIS juma", "Juma Khamis"), ("muller", "Müller Anna"), ("мария", "Мария Иванова"), ("ولاء", "ولاء"),
                        ("ng'ang'a", "Chausiku Ng'ang'a")):
        found = home.json("find", words)
        check(found["items"][0]["id"] == people[name] and not found["sounds_alike"], words, found)
    for words, name in (("djumah hamis", "Juma Khamis"), ("fatma salehe", "Fatuma Swalehe"), ("kausiku", "Chausiku Ng'ang'a"), ("Ana Muler", "Müller Anna")):
        found = home.json("find", words)
        check([item["id"] for item in found["items"]] == [people[name]] and found["sounds_alike"], words, found)
        check("sounds alike" in home.run("find", words).out)
    # the nearest first
    near = [home.add("person", name=name) for name in ("Rehema", "Lehemah")]
    check([item["id"] for item in home.json("find", "lehama")["items"]] == near[::-1], home.json("find", "lehama"))
    for words in ("otieno", "12345", "zz", "qxjom"):
        check(home.json("find", words)["items"] == [] or words == "qxjom", words)
    home.run("edit", people["Juma Khamis"], "name=Baraka")
    check(home.json("find", "djumah")["items"] == [], "an old name")


def story_private_notes_stay(lab):
    neema = lab.worker("Neema")
    neema.run("note", "ask the clinic about Tuesday")
    check(neema.json("memo", "list")["items"][0]["fields"]["text"] == "ask the clinic about Tuesday")


def story_practice(lab):
    home = lab.home("Practice").start()
    made = home.json("--passphrase-file", home.passphrase_file, "init", "--practice")
    people = home.json("person", "list", "--limit", "100")["items"]
    check(len(people) >= 8 and made["made_up"] > len(people), made)
    check(home.status()["practice"] is True)
    check(home.refused(5, "enrol", "request")["code"] == "refused")
    due = home.json("today")["items"]
    check(due[0].get("urgent") is True, "what is urgent stands first", due[0])
    days = [item["due"] for item in due if not item.get("urgent")]
    check(len(days) >= 3 and days == sorted(days), "its days move with the day it is made; what runs out later comes after what is due", days)
    check("pamoja guide" in home.run("status").out)


def story_the_first_hour(lab):
    """Each lesson of the guide, typed as it stands there, is done then, and nothing else is; in English and in Swahili."""
    lab.quiet()
    for language in ("en", "sw"):
        home = lab.home("Practice-" + language, env={"LC_ALL": "sw_KE.UTF-8"} if language == "sw" else None).start()
        home.json("--passphrase-file", home.passphrase_file, "init", "--practice")
        count = len(home.json("guide")["lessons"])
        check(count == 10, count)
        for number in range(1, count + 1):
            guide = home.json("guide")
            check([lesson["done"] for lesson in guide["lessons"]] == [at < number for at in range(1, count + 1)], number, guide["lessons"])
            check(guide["next"] == number, guide["next"])
            lesson = guide["lessons"][number - 1]
            check(lesson["title"] in home.run("guide").out and lesson["text"] in home.run("guide", str(number)).out, lesson)
            check(number > 1 or lesson["title"] == {"en": "A conversation", "sw": "Mazungumzo"}[language], lesson)
            found = None
            for line in re.findall(r"^  pamoja (.*)$", lesson["text"], re.M):
                words = [found if word == "ID" else word for word in shlex.split(line)]
                options = ["--passphrase-file", home.passphrase_file] if words == ["unlock"] else []
                if "list" in words:
                    found = home.json(*words)["items"][0]["id"]
                else:
                    home.run(*options, *words)
        check(home.json("guide")["next"] == count)
        home.refused(2, "guide", "11")
        home.stop()
    real = lab.worker("Neema")
    check("--practice" in real.refused(5, "guide")["hint"])


def story_import(lab):
    neema = lab.worker("Neema")
    path = os.path.join(lab.dir, "records.jsonl")
    made = subprocess.run([sys.executable, os.path.join(TOP, "tests", "lib", "records.py"), "--people", "40", "--seed", "7"],
                          capture_output=True, text=True, check=True).stdout
    count = len(made.splitlines())
    with open(path, "w", encoding="utf-8") as file:
        file.write(made)
    neema.run("import", path, "--dry-run")
    check(neema.status()["journal"]["entries"] == 0, "a dry run saves nothing")
    neema.run("import", path)
    check(neema.status()["journal"]["entries"] == count, neema.status()["journal"])
    check(len(neema.json("person", "list", "--limit", "100")["items"]) == 40)
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"kind":"person","fields":{"name":"Good One"}}\n{"kind":"person","fields":{"nam":"Bad One"}}\n')
    answer = neema.run("import", path, status=8)
    check("2" in answer.err + answer.out and "name" in answer.err + answer.out, answer)
    check(len(neema.json("find", "good one")["items"]) == 1)
    with open(path, "w", encoding="cp1252", newline="") as file:
        file.write('name;village\r\n"Müller; Anna";Kimana\r\n')
    neema.run("import", path, "--kind", "person")
    person = neema.json("find", "muller")["items"][0]["id"]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'person,kind\n{person},phone\n{person},vist\n')
    said = neema.run("import", path, "--kind", "contact", "--dry-run").err
    check("line 3: kind=vist is no word of the list. Was visit meant?" in said, said)
    said = neema.json("import", path, "--kind", "contact")["items"][1]
    check(said["new_words"] == [{"field": "kind", "value": "vist", "near": "visit"}], said)
    said = neema.run("import", path, "--kind", "contact", "--again").err
    check("line 3: Saved as typed: kind=vist" in said and "pamoja void" in said, said)
    check(neema.json("find", "muller")["items"][0]["fields"] == {"name": "Müller; Anna", "village": "Kimana"} or
          neema.json("find", "muller")["items"][0]["fields"]["village"] == "Kimana")


def story_an_import_that_broke_off(lab):
    """Given again after Ctrl-C or kill -9 in its midst, or when an answer was lost, it saves what is missing and no row twice."""
    neema = lab.worker("Neema")
    path = os.path.join(lab.dir, "many.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for i in range(600):
            file.write(json.dumps({"kind": "person", "ref": f"p{i}", "fields": {"name": f"Person {i}"}}) + "\n")
            file.write(json.dumps({"kind": "contact", "fields": {"person": f"@p{i}", "kind": "phone"}}) + "\n")
    command = [os.path.join(BIN, "pamoja"), "import", path]
    for count, stop in ((20, True), (60, False), (500, False)):
        count = max(count, neema.status()["journal"]["entries"] + 1)  # it has begun, whatever the last one had saved
        importing = subprocess.Popen(command, env=neema.env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while neema.status()["journal"]["entries"] < count:
            check(importing.poll() is None, "it ended before", count)
        if stop:
            importing.send_signal(signal.SIGINT)
        else:
            neema.kill()
        _, said = importing.communicate(timeout=PATIENCE)
        check("no row is saved twice" in said, said)
        if stop:  # what is said is what is there, and a shell that runs several in a row sees that it was stopped
            check(importing.returncode == -signal.SIGINT and f"{neema.status()['journal']['entries']} of 1200 rows are saved" in said, importing.returncode, said)
        else:
            check(importing.returncode in (1, 8), importing.returncode)
            neema.start().unlock()
    answer = neema.run("import", path)
    check("Saved 1200 of 1200" in answer.out and "there already" in answer.out, answer)
    check(neema.status()["journal"]["entries"] == 1200, neema.status()["journal"])
    people = neema.json("person", "list", "--limit", "1000")["items"]
    check(len({item["title"] for item in people}) == len(people) == 600, len(people))
    # one request, given twice: the same records
    rows = [{"kind": "person", "row": i, "fields": {"name": f"Again {i}"}} for i in range(3)]
    first, second = (neema.post("/v1/import", {"import": "a", "rows": rows})["items"] for _ in range(2))
    check([item["id"] for item in first] == [item["id"] for item in second] and all(item["before"] for item in second), first, second)
    check(neema.status()["journal"]["entries"] == 1203)
    # a number that is none is said; what is over, or another import's, is forgotten
    check("row" in neema.post("/v1/import", {"import": "a", "rows": [dict(rows[0], row=-1)]})["items"][0]["error"]["message"])
    neema.post("/v1/import", {"import": "a", "rows": [], "done": True})
    third = neema.post("/v1/import", {"import": "a", "rows": rows})["items"]
    fourth = neema.post("/v1/import", {"import": "b", "rows": rows})["items"]
    check(not {item["id"] for item in first + third} & {item["id"] for item in fourth} and len({item["id"] for item in first + third}) == 6)


def story_a_home_elsewhere_says_how_it_is_meant(lab):
    """Made with --home, a home's next steps would go to another one: what makes the terminal mean it stands first."""
    home = lab.home("neema").start()
    at = os.path.join(lab.dir, "neema")
    secret = ("--passphrase-file", home.passphrase_file)
    made = home.run("--home", at, *secret, "init", "--practice").out
    check(made.index(f"export PAMOJA_HOME={at}\n") < made.index("pamoja guide"), made)
    check("export" not in lab.home("juma").start().run(*secret, "init", "--practice").out)


def story_whoever_reads_no_further_is_told_nothing(lab):
    """`pamoja help | head`: the reader has left, which is no trouble of anybody's; a full disk is."""
    neema = lab.home("neema").start()
    reads, writes = os.pipe()
    os.close(reads)
    told = subprocess.run([os.path.join(BIN, "pamoja"), "help"], stdout=writes, stderr=subprocess.PIPE, text=True, env=neema.env, check=False)
    os.close(writes)
    check(told.returncode == 1 and told.stderr == "", told)
    with open("/dev/full", "w", encoding="ascii") as full:
        told = subprocess.run([os.path.join(BIN, "pamoja"), "help"], stdout=full, stderr=subprocess.PIPE, text=True, env=neema.env, check=False)
    check(told.returncode == 1 and "could not be written" in told.stderr, told)


def story_moved_by_whom_it_is_about(lab):
    """A verb takes the person's name where only one record of theirs can be meant, and says which it was; never one of somebody else."""
    neema = lab.home("neema").start().init()
    baraka, asha = neema.add("person", name="Baraka M."), neema.add("person", name="Asha K.")
    first = neema.add("followup", person=baraka, due="today", what="call the clinic")
    other = neema.add("followup", person=asha, due="today", what="bring the form")
    done = neema.run("followup", "done", "baraka")
    check("call the clinic" in done.err and neema.show(first)["state"] == "done" and neema.show(other)["state"] != "done", done)
    check('"baraka"' in neema.refused(3, "followup", "done", "baraka")["message"], "what is done already is not meant")
    twice = [neema.add("followup", person=baraka, due="tomorrow", what=what) for what in ("ask about sleep", "ask about work")]
    error = neema.run("followup", "done", "baraka", json_out=True, check_status=False).error
    check(all(neema.show(one)["state"] != "done" for one in twice) and "ask about sleep" in error["hint"] and "ask about work" in error["hint"], error)
    consent = neema.add("consent", person=asha, recipient="Kimana Clinic", purpose="referral", information="needs", expires="in 9 days", how="written")
    check(neema.json("consent", "revoke", "asha")["state"] == "revoked" and neema.show(consent)["state"] == "revoked")
    neema.refused(3, "goal", "start", "nobody of that name")


def answers(home, words, *asked):
    """Types each answer behind the end of its question; what a terminal of 80 columns showed."""
    terminal = Terminal(home, *words, columns=80)
    for question, answer in asked:
        terminal.until(question)
        terminal.type(answer)
    check(terminal.end() == 0, terminal.seen)
    check(all(len(line) <= 80 for line in re.sub(r"\033\[[0-9;]*m", "", terminal.seen).splitlines()), terminal.seen)
    return terminal.seen


def story_asked_for_the_rest(lab):
    """Told only whom it is about, a new record is asked for; a consent for all without which it would allow nothing; a slip is said before any question."""
    neema = lab.home("neema").start().init()
    person = neema.add("person", name="Baraka M.")
    answers(neema, ("contact", "add", "person=baraka"), ("[one-on-one]: ", "2"), ("[today]: ", ""), ("[y/N] ", ""))
    (contact,) = neema.json("contact", "list")["items"]
    check(contact["fields"]["kind"] == "phone" and contact["fields"]["person"] == person, contact)
    shown = answers(neema, ("consent", "add", "person=" + person), ("To whom: ", "Kimana Clinic"), ("What for (required): ", "1, 5"), ("What may be shared: ", "3"),
                    ("Until: ", "in 90 days"), (": ", "written"), ("[y/N] ", ""))
    check("Saved" in shown and "allows nothing" not in shown, shown)
    question = shown[shown.index("To whom: "):shown.index("What for (required): ")]
    check("22  " in question and question.count("\n") < 14, "the first of many choices is off the screen", question)
    (consent,) = neema.json("consent", "list")["items"]
    check(consent["fields"]["purpose"] == ["referral", "housing"] and consent["fields"]["information"] == ["needs"], consent)
    shown = answers(neema, ("checkin", "add"), ("[today]: ", "?"), ("[today]: ", ""), ("[Y/n] ", ""), ("Energy (1 to 5): ", "4"), *[(": ", "")] * 5)
    check("Enter takes what stands in brackets" in shown and neema.json("checkin", "list")["items"][0]["fields"]["energy"] == 4, shown)
    terminal = Terminal(neema, "contact", "add", "persn=baraka", columns=80)
    check(terminal.end() == 2 and "did you mean person?" in terminal.seen and "required" not in terminal.seen, terminal.seen)
    check("Baraka M." in neema.refused(3, "contact", "add", "person=barrakka")["hint"])
    check("Baraka M." in neema.refused(3, "show", "barrakka")["hint"])
    group = neema.run("group", "add", "name=Thursday circle").out
    check(re.search(r"pamoja session add group=\w+", group) and re.search(r"pamoja attendance add session=\w+", neema.run("session", "add", "topic=sleep").out), group)
    empty = neema.run("contact", "add", "person=baraka")
    check("Saved" in empty.out, "a script is asked nothing", empty)


run(globals())
