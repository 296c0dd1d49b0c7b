"""What comes in from elsewhere: tables, forms by a mapping, directories; and what is said of each line that cannot be taken."""
import json
import os
import re
import zipfile

from lab import TOP, check, run
from outside import out, write


def story_one_bad_line_of_many(lab):
    """The bad line is told with its number, its column and the mend; the others are saved, or with --all-or-nothing none."""
    home = lab.home("neema").start().init()
    many = ["name;birth_year;village"] + [f"Person {n};{1950 + n % 50};Kimana" for n in range(9000)]
    many[1234] = "Asha;19x4;Kimana"
    path = write(out(lab, "many.csv"), "﻿" + "\r\n".join(many) + "\r\n")
    answer = home.run("import", path, "--kind", "person", "--all-or-nothing", status=2)
    check("line 1235, column 2 (birth_year): " in answer.err and "nothing was saved" in answer.out, answer)
    check(home.status()["journal"]["entries"] == 0)
    answer = home.run("import", path, "--kind", "person", json_out=True, status=8)
    bad = [item for item in answer.json["items"] if "error" in item]
    check(len(bad) == 1 and answer.json["imported"] == 8999, bad, answer.json["imported"])
    error = bad[0]["error"]
    check(bad[0]["line"] == 1235 and (error["column"], error["head"]) == (2, "birth_year") and error["hint"], bad)
    check(home.status()["journal"]["entries"] == 8999)

    # a line that is no row at all: unclosed quotes, too many cells; and it is mended and taken whole
    path = write(out(lab, "few.csv"), "name,village\nJuma,\"Kimana\nAmina,Rombo\nBaraka,a,b\nZawadi,Taveta\n")
    answer = home.run("import", path, "--kind", "person", status=8)
    check("line 2, column 2 (village): " in answer.err and "never closed" in answer.err, answer)
    check("line 4, column 3: " in answer.err and "more cells" in answer.err and "Saved 2 of 4" in answer.out, answer)
    write(path, "name,village\nNuru,Kimana\nPendo,Rombo\n")
    home.run("import", path, "--kind", "person", "--all-or-nothing")
    check(len(home.json("find", "pendo")["items"]) == 1)
    answer = home.run("import", write(out(lab, "l.jsonl"), '{"kind":"person","fields":{"name":"Tatu"}}\n{"kind":\n'), status=8)
    check("line 2: " in answer.err and len(home.json("find", "tatu")["items"]) == 1, answer)


def story_the_same_file_once_more(lab):
    """Nothing is doubled without being told to: when it was imported is said, how many rows, and the mend. Of a file none of which could be
    taken nothing is remembered."""
    home = lab.home("neema").start().init()
    path = write(out(lab, "people.csv"), "name,birth_year\nJuma,1980\nAmina,19x4\nBaraka,1990\n")
    count = lambda: home.status()["journal"]["entries"]  # noqa: E731
    command = ("import", path, "--kind", "person")
    home.run(*command, status=8)
    error = home.refused(2, *command)
    check(re.search(r"imported on \d{4}-\d\d-\d\d \d\d:\d\d: 2 of 3 rows are in", error["message"]) and "--again" in error["hint"], error)
    said = home.run(*command, status=2, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"})
    check("mistari 2 kati ya 3" in said.err and "same command" not in said.err and said.out == "" and count() == 2, said)
    home.kill()
    home.start().unlock()
    home.refused(2, *command, "--all-or-nothing")
    home.run(*command, "--dry-run", status=2)
    home.run(*command, "--again", status=8)
    check(count() == 4, count())
    home.refused(2, *command)
    write(path, "name,birth_year\nAmina,19x4\n")
    for _ in range(2):
        check("19x4" in home.refused(2, *command)["message"])


SHEET = """[import]
kind = person
only = group is %s
[field name]
column = name
"""


def story_the_same_file_by_another_mapping(lab):
    """The mapping is part of what was given once: another one is told apart and said, over or broken off, and no row of it is taken for one that is in."""
    home = lab.home("neema").start().init()
    path = write(out(lab, "all.csv"), "group,name\n" + "".join(f"{'ab'[n % 2]},Person {n}\n" for n in range(8)))
    first, other = (write(out(lab, name + ".ini"), SHEET % name) for name in "ab")
    names = lambda: sorted(item["title"] for item in home.json("person", "list")["items"])  # noqa: E731
    home.run("import", path, "--map", first)
    check("all of this file is in" in home.refused(2, "import", path, "--map", first)["message"])
    write(first, "# said otherwise, meant the same\n" + SHEET % "a")
    check("all of this file is in" in home.refused(2, "import", path, "--map", first)["message"])
    error = home.refused(2, "import", path, "--map", other)
    check("by another mapping: 4 of 4 rows are in" in error["message"] and "--again" in error["hint"], error)
    check("ramani nyingine" in home.run("import", path, "--map", other, status=2, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err)
    home.run("import", path, "--map", other, "--again")
    check(names() == [f"Person {n}" for n in range(8)], names())

    # broken off: its rows are numbered otherwise; rows that come with ids of their source are known by them
    path = write(out(lab, "half.csv"), "group,name\n" + "".join(f"{'ab'[n % 2]},Half {n}\n" for n in range(8)))
    rows = [{"row": n, "kind": "person", "fields": {"name": f"Half {2 * n}"}} for n in range(2)]
    with open(path, "rb") as file:
        text = file.read()
    name = f"{fnv(text):016x}-{len(text)}-person"
    said = b"".join(part.encode() + b"\0" for part in ("import", "kind", "person", "import", "only", "group is a", "field name", "column", "name"))
    mark = f"{fnv(said):016x}"
    home.post("/v1/import", {"rows": rows, "import": name, "mapping": mark})
    error = home.refused(2, "import", path, "--map", other)
    check("by another mapping broke off" in error["message"] and "finish it" in error["hint"], error)
    answer = home.run("import", path, "--map", first)
    check("Saved 4 of 4" in answer.out and "2 of them there already" in answer.out, answer)
    check([one for one in names() if one.startswith("Half")] == ["Half 0", "Half 2", "Half 4", "Half 6"], names())


def fnv(data):
    total = 0xcbf29ce484222325
    for byte in data:
        total = (total ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return total


def story_people_who_may_be_here(lab):
    """An import asks as `add` does, row by row: who may be here already, and why; taken and said, left out, or refused; in a dry run, too."""
    home = lab.home("neema").start().init()
    home.add("person", name="Asha Mwangi", birth_year="1984", phone="0700000001")
    home.add("person", name="Juma Otieno", village="Kimana")
    path = write(out(lab, "people.csv"), "ref,name,birth_year,phone,village\np1,Aisha Mwangi,1984,,\np2,Juma Otieno,,,Rombo\np3,Nuru Pendo,1990,,\np4,Zawadi Were,,+254 700 000 001,\np5,Nuru Pendo,1990,,\n")
    count = lambda: len(home.json("person", "list")["items"])  # noqa: E731
    likely = {2: ("Asha Mwangi", ["Year of birth"]), 5: ("Asha Mwangi", ["Phone"]), 6: ("Nuru Pendo", ["Year of birth"])}
    told = lambda items: {item["line"]: (item["alike"][0]["title"], item["alike"][0]["same"]) for item in items if "alike" in item}  # noqa: E731
    answer = home.run("import", path, "--kind", "person", "--dry-run", json_out=True)
    check(told(answer.json["items"]) == likely and count() == 2, answer)
    said = home.run("import", path, "--kind", "person", "--dry-run").err
    check("line 2: Asha Mwangi" in said and "line 6: Nuru Pendo  in line 4 of this file" in said and "--alike skip" in said and "line 3" not in said, said)
    error = home.refused(2, "import", path, "--kind", "person", "--alike", "ask")
    check("take, skip or refuse" in error["message"], error)

    # refuse: listed as rows that failed; all or nothing is nothing
    answer = home.run("import", path, "--kind", "person", "--alike", "refuse", "--all-or-nothing", status=2)
    check("line 2: somebody like that is here already: Asha Mwangi" in answer.err and count() == 2, answer)
    # skip: what is about somebody who was left out is not hung onto anybody
    lines = write(out(lab, "people.jsonl"), "".join(json.dumps(line) + "\n" for line in (
        {"kind": "person", "ref": "a", "fields": {"name": "Aisha Mwangi", "birth_year": 1984}}, {"kind": "person", "ref": "b", "fields": {"name": "Tatu Hassan"}},
        {"kind": "need", "fields": {"person": "@a", "area": "food", "text": "bread"}}, {"kind": "need", "fields": {"person": "@b", "area": "food", "text": "salt"}})))
    answer = home.run("import", lines, "--alike", "skip", status=8)
    check("1 rows were left out" in answer.err and "Saved 2 of 4" in answer.out and "line 3" in answer.err and "was not taken" in answer.err, answer)
    check([item["fields"]["text"] for item in home.json("need", "list")["items"]] == ["salt"] and count() == 3)
    answer = home.run("import", path, "--kind", "person", "--alike", "skip", json_out=True)
    check(answer.json["imported"] == 2 and answer.json["skipped"] == 3 and told(answer.json["items"]) == likely and count() == 5, answer.json)
    # take, as without a word: saved, and said with what to do
    answer = home.run("import", path, "--kind", "person", "--again")
    check("People who may be here already" in answer.err and "entered twice" in answer.err and "Saved 5 of 5" in answer.out and count() == 10, answer)
    number = re.search(r"line 2: Asha Mwangi .*-> (\w+)", answer.err).group(1)
    home.run("void", number, "entered twice")
    check(count() == 9)
    swahili = home.run("import", path, "--kind", "person", "--again", env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err
    check("Huenda watu hawa" in swahili and "may be" not in swahili, swahili)


VISITS = """[import]
kind = contact
source = meta/instanceID
dates = d/m/y
only = consented is yes

[field person]
column = client

[field kind]
column = how
map.tel = phone
map.home = visit

[field on]
column = visit/day

[field note]
columns = visit/said | visit/next
between = ,

[field signs]
column = signs
split = spaces
map.a = sleep
map.b = mood
"""


def story_forms_by_a_mapping(lab):
    """ODK, Kobo and CommCare exports come in by a mapping written once; a dry run first; the same export again saves nothing twice."""
    home = lab.home("neema").start().init()
    asha = home.add("person", name="Asha")
    visits = write(out(lab, "visits.ini"), VISITS)
    # ODK Central: CSV, group-question; here through a spreadsheet: semicolons, CRLF, Windows-1252
    odk = write(out(lab, "odk.csv"), "SubmissionDate;meta-instanceID;client;how;visit-day;visit-said;visit-next;signs;consented\r\n"
                f"x;uuid:1;{asha};tel;31/03/2026;caf\xe9 talk;call;a b;yes\r\n"
                f"x;uuid:2;{asha};home;31/02/2026;;;;yes\r\n"
                f"x;uuid:3;{asha};home;01/04/2026;;;;no\r\n", encoding="cp1252")
    answer = home.run("import", odk, "--map", visits, "--dry-run", status=2)
    check("line 3, column 5 (visit-day): " in answer.err and "31/03/2026" in answer.err and "1 of 2 rows are good" in answer.out, answer)
    check(home.json("contact", "list")["items"] == [])
    home.run("import", odk, "--map", visits, status=8)
    made = home.json("contact", "list")["items"]
    check(len(made) == 1 and made[0]["fields"] == {"person": asha, "kind": "phone", "on": "2026-03-31", "note": "café talk, call", "signs": ["sleep", "mood"], "crisis": False}, made)
    write(odk, read_cp(odk).replace("31/02", "28/02"), encoding="cp1252")
    answer = home.run("import", odk, "--map", visits)
    check("1 of them there already" in answer.out and len(home.json("contact", "list")["items"]) == 2, answer)
    # a record that was voided is not there any more
    home.run("void", made[0]["id"], "entered twice")
    home.run("import", odk, "--map", visits)
    check(len(home.json("contact", "list")["items"]) == 2)

    kobo = {"count": 2, "results": [
        {"_id": 1, "meta/instanceID": "uuid:4", "client": asha, "how": "tel", "visit/day": "02/04/2026", "signs": "b", "consented": "yes", "_geolocation": [-2.9, 37.5]},
        {"_id": 2, "meta/instanceID": "uuid:5", "client": "Nobody", "how": "tel", "visit/day": "02/04/2026", "consented": "yes"}]}
    answer = home.run("import", write(out(lab, "kobo.json"), json.dumps(kobo)), "--map", visits, status=8)
    check("record 2, column " in answer.err and "Nobody" in answer.err, answer)
    commcare = {"objects": [{"id": "f1", "form": {"client": asha, "how": "home", "visit": {"day": "03/04/2026"}, "consented": "yes", "meta": {"instanceID": "uuid:6"}}}]}
    mapping = write(out(lab, "cc.ini"), VISITS.replace("= meta/", "= form.meta.").replace("column = ", "column = form.").replace("columns = visit/said | visit/next", "column = form.how")
                    .replace("only = consented", "only = form.consented").replace("[field signs]\ncolumn = form.signs\nsplit = spaces\nmap.a = sleep\nmap.b = mood\n", "")
                    .replace("between = ,\n", ""))
    home.run("import", write(out(lab, "cc.json"), json.dumps(commcare)), "--map", mapping)
    check({item["fields"]["on"] for item in home.json("contact", "list")["items"]} == {"2026-03-31", "2026-02-28", "2026-04-02", "2026-04-03"})
    error = home.refused(2, "import", odk, "--map", write(out(lab, "bad.ini"), VISITS.replace("visit/day", "visit/dya")))
    check("bad.ini line 16" in error["message"] and "visit-day" in error["hint"], error)
    error = home.refused(2, "import", odk, "--map", write(out(lab, "bad.ini"), VISITS.replace("[field on]", "[field onn]")))
    check("no field onn" in error["message"], error)


NEEDS = """[import]
kind = need
source = KEY

[field person]
column = PARENT_KEY
parent = contact

[field area]
value = housing

[field text]
column = need-what
"""


def story_what_a_form_repeats(lab):
    """ODK's second file, of what was repeated, comes in after the first: each row belongs to the person of its submission, found by PARENT_KEY."""
    home = lab.home("neema").start().init()
    asha, juma = home.add("person", name="Asha"), home.add("person", name="Juma")
    visits = write(out(lab, "visits.ini"), VISITS.replace("meta/instanceID", "KEY"))
    first = write(out(lab, "visit.csv"), "SubmissionDate,client,how,visit-day,visit-said,visit-next,signs,consented,KEY\n"
                  f"x,{asha},tel,31/03/2026,,,,yes,uuid:1\nx,{juma},home,01/04/2026,,,,yes,uuid:2\nx,{juma},home,01/04/2026,,,,no,uuid:3\n")
    second = write(out(lab, "visit-need.csv"), "need-what,PARENT_KEY,KEY\na roof,uuid:1,uuid:1/need[1]\na bed,uuid:1,uuid:1/need[2]\n"
                   "bread,uuid:2,uuid:2/need[1]\nwater,uuid:3,uuid:3/need[1]\nsalt,,uuid:4/need[1]\n")
    needs = write(out(lab, "needs.ini"), NEEDS)
    answer = home.run("import", second, "--map", needs, "--dry-run", status=3)  # before the first
    check("line 2, column 2 (PARENT_KEY): " in answer.err and "uuid:1" in answer.err and "main file first" in answer.err, answer)
    home.run("import", first, "--map", visits)
    answer = home.run("import", second, "--map", needs, status=8)
    check("Saved 3 of 5" in answer.out and "line 5, column 2 (PARENT_KEY): " in answer.err and "uuid:3" in answer.err and "line 6, column 2 (PARENT_KEY): person: the key is missing" in answer.err, answer)
    made = {item["fields"]["text"]: item["fields"]["person"] for item in home.json("need", "list")["items"]}
    check(made == {"a roof": asha, "a bed": asha, "bread": juma}, made)
    answer = home.run("import", second, "--map", needs, status=8, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"})
    check("kwanza faili kuu" in answer.err and len(home.json("need", "list")["items"]) == 3, "known by their own keys", answer)
    # below a record of the very kind that is linked to: a household's members, of the person who was registered
    people = write(out(lab, "people.csv"), "name,KEY\nAmina,uuid:9\n")
    home.run("import", people, "--map", write(out(lab, "people.ini"), "[import]\nkind = person\nsource = KEY\n[field name]\ncolumn = name\n"))
    third = write(out(lab, "third.csv"), "need-what,PARENT_KEY,KEY\ntools,uuid:9,uuid:9/need[1]\n")
    home.run("import", third, "--map", write(out(lab, "third.ini"), NEEDS.replace("parent = contact", "parent = person")))
    tools = next(item for item in home.json("need", "list")["items"] if item["fields"]["text"] == "tools")
    check(tools["fields"]["person"] == home.json("find", "amina")["items"][0]["id"], tools)
    error = home.refused(2, "import", third, "--map", write(out(lab, "bad.ini"), NEEDS.replace("need-what", "need-what\nparent = contact")))
    check("bad.ini line 14" in error["message"] and "names another record" in error["hint"], error)
    write(third, "need-what,PARENT_KEY,KEY\ntools,uuid:9,uuid:9/need[2]\n")
    error = home.refused(2, "import", third, "--map", write(out(lab, "bad.ini"), NEEDS.replace("= contact", "= contct")), "--dry-run")
    check('bad.ini line 7: there is no kind "contct"' in error["message"] and "rows" not in error["message"] and "pamoja kinds" in error["hint"], "once for the file", error)


MAIN = """[import]
kind = contact
source = %s
[field person]
column = %s
[field kind]
value = visit
[field on]
column = %s
"""
REPEATED = """[import]
kind = need
source = %s
%s
[field person]
%s
parent = contact
[field area]
value = housing
[field text]
column = %s
"""
NESTED = """[import]
kind = followup
source = %s
%s
[field person]
%s
parent = need
[field due]
value = 2099-01-31
[field what]
column = %s
"""


def story_what_a_document_repeats(lab):
    """Repeats within JSON, and repeats within those, come in by mappings of their own; whatever is in no row is said. As Kobo's API writes them (whole
    paths), as ODK Central's (objects in objects), as CommCare's (no list where it was repeated once)."""
    home = lab.home("neema").start().init()
    asha, juma = home.add("person", name="Asha"), home.add("person", name="Juma")
    text = lambda kind, field: sorted((item["fields"]["person"], item["fields"][field]) for item in home.json(kind, "list")["items"])  # noqa: E731
    kobo = write(out(lab, "kobo.json"), json.dumps({"count": 3, "results": [
        {"_id": 1, "_uuid": "k1", "client": asha, "day": "2026-04-01", "visit/need": [
            {"visit/need/what": "a roof", "visit/need/step": [{"visit/need/step/do": "ask the aunt"}, {"visit/need/step/do": "see the room"}]},
            {"visit/need/what": "a bed"}]},
        {"_id": 2, "_uuid": "k2", "client": juma, "day": "2026-04-02", "visit/need": [{"visit/need/what": "bread", "visit/need/step": [{"visit/need/step/do": "call"}]}]},
        {"_id": 3, "_uuid": "k3", "client": juma, "day": "2026-04-03"}]}))
    maps = {name: write(out(lab, name + ".ini"), made) for name, made in (
        ("main", MAIN % ("_uuid", "client", "day")), ("need", REPEATED % ("_uuid", "repeat = visit/need", "column = PARENT_KEY", "visit/need/what")),
        ("step", NESTED % ("_uuid", "repeat = visit/need/step", "column = PARENT_KEY", "visit/need/step/do")))}
    answer = home.run("import", kobo, "--map", maps["main"])
    check("Saved 3 of 3" in answer.out and "visit/need, which is repeated 3 times" in answer.err and '"repeat = visit/need"' in answer.err, answer)
    check("visit/need, ambayo" in home.run("import", kobo, "--map", maps["main"], env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err)
    check(home.run("import", kobo, "--map", maps["main"], json_out=True).json["repeats"] == {"visit/need": 3})
    for name, saved in (("need", 3), ("step", 3)):
        answer = home.run("import", kobo, "--map", maps[name])
        check(f"Saved {saved} of {saved}" in answer.out and answer.err == "", answer)
    check(text("need", "text") == sorted([(asha, "a roof"), (asha, "a bed"), (juma, "bread")]), text("need", "text"))
    steps = sorted([(asha, "ask the aunt"), (asha, "see the room"), (juma, "call")])
    check(text("followup", "what") == steps, text("followup", "what"))
    for name in maps:  # known by keys made of the submission's and of the place in it
        check("there already" in home.run("import", kobo, "--map", maps[name]).out and text("followup", "what") == steps)
    error = home.refused(2, "import", kobo, "--map", write(out(lab, "bad.ini"), REPEATED % ("_uuid", "repeat = visit/needs", "column = PARENT_KEY", "visit/need/what")))
    check('repeated in it under "visit/needs"' in error["message"], error)
    for key in ("_uid", "_uuid | client", "visit/need/what"):  # without a key of the submission's the next export would save all of it again
        error = home.refused(2, "import", kobo, "--map", write(out(lab, "bad.ini"), REPEATED % (key, "repeat = visit/need", "column = PARENT_KEY", "visit/need/what")), "--again")
        check(f'no submission has a column "{key}"' in error["message"], error)

    odk = {"value": [{"__id": "uuid:o1", "client": asha, "day": "2026-04-04", "visit": {"need": [{"what": "a lamp", "__id": "x"}, {"what": "a door", "__id": "y"}]}}]}
    odk = write(out(lab, "odk.json"), json.dumps(odk))
    home.run("import", odk, "--map", write(maps["main"], MAIN % ("__id", "client", "day")))
    home.run("import", odk, "--map", write(maps["need"], REPEATED % ("__id", "repeat = visit-need", "column = PARENT_KEY", "visit-need-what")))
    # CommCare: the client is a case; once repeated is no list
    commcare = write(out(lab, "cc.json"), json.dumps({"objects": [
        {"id": "c1", "form": {"case": {"@case_id": juma}, "day": "2026-04-05", "need": [{"what": "seed"}, {"what": "a hoe"}]}},
        {"id": "c2", "form": {"case": {"@case_id": juma}, "day": "2026-04-06", "need": {"what": "a sack"}}}]}))
    home.run("import", commcare, "--map", write(maps["main"], MAIN % ("id", "form.case.@case_id", "form.day")))
    home.run("import", commcare, "--map", write(maps["need"], REPEATED % ("id", "repeat = form.need", "column = PARENT_KEY", "form.need.what")))
    made = text("need", "text")
    for one in ((asha, "a lamp"), (asha, "a door"), (juma, "seed"), (juma, "a hoe"), (juma, "a sack")):
        check(one in made, one, made)


def story_what_a_table_repeats(lab):
    """Kobo's sheets, which know their submission, and of nested ones the row they belong to; CommCare's, which know but a number of the main table: that
    comes in beside them. An export made later, whose numbers are others', does no harm."""
    home = lab.home("neema").start().init()
    asha, juma = home.add("person", name="Asha"), home.add("person", name="Juma")
    text = lambda kind, field: sorted((item["fields"]["person"], item["fields"][field]) for item in home.json(kind, "list")["items"])  # noqa: E731
    tail = "_parent_table_name;_parent_index;_submission__id;_submission__uuid"
    tables = {"main": f"client;day;_id;_uuid;_index\n{asha};2026-04-01;1;k1;1\n{juma};2026-04-02;2;k2;2\n",
              "need": f"visit/need/what;_index;{tail}\na roof;1;visit;1;1;k1\na bed;2;visit;1;1;k1\nbread;3;visit;2;2;k2\n",
              "step": f"visit/need/step/do;_index;{tail}\nask the aunt;1;need;1;1;k1\ncall;2;need;3;2;k2\n"}
    maps = {"main": MAIN % ("_uuid", "client", "day"), "need": REPEATED % ("_submission__uuid | _index", "", "column = _submission__uuid", "visit/need/what"),
            "step": NESTED % ("_submission__uuid | _index", "", "columns = _submission__uuid | _parent_index", "visit/need/step/do")}
    for _ in range(2):
        for name, table in tables.items():
            home.run("import", write(out(lab, name + ".csv"), table), "--map", write(out(lab, name + ".ini"), maps[name]))
    check(text("need", "text") == sorted([(asha, "a roof"), (asha, "a bed"), (juma, "bread")]), text("need", "text"))
    check(text("followup", "what") == sorted([(asha, "ask the aunt"), (juma, "call")]), text("followup", "what"))

    apart = write(out(lab, "apart.csv"), f"client,a,b,what\n{juma},x y,z,one\n{juma},x,y z,two\n{juma},x,\"y\\ z\",three\n")  # each has a key of its own
    alike = write(out(lab, "apart.ini"), "[import]\nkind = need\nsource = a | b\n[field person]\ncolumn = client\n[field area]\nvalue = housing\n[field text]\ncolumn = what\n")
    for said in ("Saved 3 of 3 rows.\n", "Saved 3 of 3 rows.\n3 of them there already; none was saved twice.\n"):
        check(home.run("import", apart, "--map", alike).out == said, said)
    for item in home.json("need", "list")["items"]:
        if item["fields"]["text"] in ("one", "two", "three"):
            home.run("void", item["id"], "only for this")

    main, needs = out(lab, "Forms.csv"), out(lab, "Repeat- need.csv")
    forms = write(out(lab, "forms.ini"), MAIN % ("formid", "form.case.@case_id", "form.day"))
    repeat = write(out(lab, "repeat.ini"), REPEATED % ("formid | number__1", "main = number__0 is number", "column = formid", "form.need.what"))
    heads = "number,form.need.what,number__0,number__1\n"
    write(main, f"number,formid,form.case.@case_id,form.day\n0,f1,{juma},2026-04-03\n1,f2,{asha},2026-04-04\n")
    write(needs, heads + "0.0,seed,0,0\n0.1,\"a hoe,\nnew\",0,1\n1.0,a sack,1,0\n7.0,lost,7,0\n")
    home.run("import", main, "--map", forms)
    error = home.refused(2, "import", needs, "--map", repeat)
    check("--main" in error["hint"], error)
    error = home.refused(2, "import", needs, "--map", forms, "--main", main)
    check("main = COLUMN is COLUMN" in error["message"], error)
    answer = home.run("import", needs, "--map", repeat, "--main", main, status=8)
    check('line 6, column 3 (number__0): the main table has no row "7"' in answer.err and "Saved 3 of 4" in answer.out, answer)
    # a later export: the same forms have other numbers, one is new
    write(main, f"number,formid,form.case.@case_id,form.day\n0,f3,{asha},2026-04-05\n1,f1,{juma},2026-04-03\n2,f2,{asha},2026-04-04\n")
    write(needs, heads + "0.0,a bucket,0,0\n1.0,seed,1,0\n1.1,\"a hoe,\nnew\",1,1\n2.0,a sack,2,0\n")
    home.run("import", main, "--map", forms)
    check("3 of them there already" in home.run("import", needs, "--map", repeat, "--main", main).out)
    made = [one for one in text("need", "text") if one[1] not in ("a roof", "a bed", "bread")]
    check(made == sorted([(juma, "seed"), (juma, "a hoe,\nnew"), (asha, "a sack"), (asha, "a bucket")]), made)
    error = home.refused(2, "import", needs, "--map", write(out(lab, "bad.ini"), REPEATED % ("formid", "main = number__0 is nummer", "column = formid", "form.need.what")), "--main", main)
    check("Forms.csv" in error["message"] and "nummer" in error["message"], error)
    write(main, "number,formid\n0,f1\n0,f2\n")
    error = home.refused(2, "import", needs, "--map", repeat, "--main", main)
    check('Forms.csv: line 3: "0" is there twice' in error["message"], error)
    error = home.refused(2, "import", needs, "--map", write(out(lab, "bad.ini"), REPEATED % ("formid", "repeat = need", "column = formid", "form.need.what")))
    check("for JSON alone" in error["message"], error)


def read_cp(path):
    with open(path, encoding="cp1252", newline="") as file:
        return file.read()


def story_directories(lab):
    """A directory of services in Open Referral HSDS 3.0 JSON and as a package of tables, and a national list of facilities by the mapping that comes along; again later."""
    home = lab.home("neema").start().init()
    services = {"total_items": 2, "contents": None, "services": [
        {"id": "aaaa", "name": "Counselling", "status": "active", "organization": {"id": "o", "name": "Kilima Trust"}, "description": "weekly",
         "phones": [{"number": "+254 700 000 001"}], "eligibility_description": "adults", "schedules": [{"opens_at": "08:00", "closes_at": "16:00", "byday": "MO,TU"}],
         "attributes": [{"taxonomy_term": {"name": "mental health"}}],
         "service_at_locations": [{"location": {"name": "House", "addresses": [{"city": "Loitokitok"}]}}]},
        {"id": "bbbb", "name": "Old Shelter", "status": "defunct"}]}
    path = write(out(lab, "hsds.json"), json.dumps(services))
    home.run("import", path, "--hsds", "--dry-run")
    home.run("import", path, "--hsds")
    made = home.json("resource", "list")["items"]
    check(len(made) == 1 and made[0]["title"] == "Counselling, Kilima Trust", made)
    fields = made[0]["fields"]
    check((fields["category"], fields["place"], fields["phone"], fields["hours"]) == ("mental health", "Loitokitok", "+254 700 000 001", "MO,TU 08:00-16:00"), fields)
    check("1 of them there already" in home.run("import", path, "--hsds").out)

    # what cannot be taken is listed, each with its place and mend; nothing is left out without a word
    bad = [{"id": "cccc", "name": "Kimana Clinic"}, 7, {"id": "dddd", "name": 12}, "Clinic", {"id": "eeee"}, {"status": "defunct", "name": 3}, {"name": "Rombo Clinic", "id": 5}]
    answer = home.run("import", write(out(lab, "bad.json"), json.dumps(bad)), "--hsds", status=8)
    for words in ("record 2: there is no service in this place", "record 3: the name of this service is no text", "record 4: there is no service in this place", "record 5: this service has no name"):
        check(words in answer.err, words, answer)
    check("Saved 2 of 6" in answer.out and "quotes" in answer.err and "record 6" not in answer.err, answer)
    check("kumbukumbu 5: huduma hii haina jina" in home.run("import", out(lab, "bad.json"), "--hsds", status=8, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err.lower())
    for item in home.json("resource", "list")["items"]:
        if item["title"] in ("Kimana Clinic", "Rombo Clinic"):
            home.run("void", item["id"], "only for this")

    # the older package: tables that name each other by ids
    package = out(lab, "package")
    os.mkdir(package)
    for name, text in (("organizations", "id,name\no1,Kilima Trust\n"), ("locations", "id,name,transportation\nl1,House,bus 12\n"),
                       ("services", "id,organization_id,name,status,fees\ns1,o1,Shelter,active,free\ns2,o1,Gone,defunct,\n"),
                       ("services_at_location", "id,service_id,location_id\n1,s1,l1\n"), ("physical_addresses", "id,location_id,city\n1,l1,Rombo\n"),
                       ("phones", "id,location_id,organization_id,number\n1,,o1,+254 700 000 002\n")):
        write(os.path.join(package, name + ".csv"), text)
    for _ in range(2):
        home.run("import", package, "--hsds")
    fields = next(item["fields"] for item in home.json("resource", "list")["items"] if item["title"] == "Shelter, Kilima Trust")
    check((fields["place"], fields["phone"], fields["cost"], fields["transport"]) == ("Rombo", "+254 700 000 002", "free", "bus 12"), fields)
    check(len(home.json("resource", "list")["items"]) == 2)
    check("services.csv" in home.refused(2, "import", lab.mailboxes, "--hsds")["message"])

    # the same package as it is handed out, packed: known again; and packed ones that lie
    packed = out(lab, "package.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("directory/datapackage.json", "{}")
        for name in sorted(os.listdir(package)):
            file.write(os.path.join(package, name), "directory/" + name)
    check("1 of them there already" in home.run("import", packed, "--hsds").out)
    with open(packed, "rb") as file:
        good = file.read()
    for item in home.json("resource", "list")["items"]:
        if item["title"] == "Shelter, Kilima Trust":
            home.run("void", item["id"], "to see it come from the packed one")
    home.run("import", packed, "--hsds")
    check(len(home.json("resource", "list")["items"]) == 2)
    at = good.index(b"PK\1\2", good.index(b"directory/services.csv", good.index(b"PK\1\2")) - 46)  # of services.csv in the list
    for spoiled, status, words in ((good[:-30], 2, "damaged or cut off"), (good[:at + 24] + (1 << 30).to_bytes(4, "little") + good[at + 28:], 9, "more would come out"),
                                   (good[:at + 24] + (9).to_bytes(4, "little") + good[at + 28:], 2, "services.csv: this packed file is damaged"),
                                   (good[:at + 16] + bytes(4) + good[at + 20:], 2, "damaged"), (good[:at + 8] + b"\1" + good[at + 9:], 2, "locked with a password"),
                                   (good[:at + 42] + b"\xff\xff\xff\x7f" + good[at + 46:], 2, "damaged"), (b"PK\3\4" + bytes(40), 2, "damaged")):
        with open(packed, "wb") as file:
            file.write(spoiled)
        answer = home.run("import", packed, "--hsds", json_out=True, check_status=False)
        check(answer.status != 0 and words in answer.error["message"] and "package.zip" in answer.error["message"], words, answer)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:  # a bomb: more than may come out, of zeros
        with file.open("services.csv", "w", force_zip64=False) as inside:
            for _ in range(160):
                inside.write(bytes(1 << 20))
    check("more would come out" in home.run("import", packed, "--hsds", json_out=True, check_status=False).error["message"])
    many = range(3000)  # each names one that has thousands: read in as much memory as they have letters
    for tables, status, words in (({"services": "id,organization_id,name\n" + "".join(f"s{i},o,Tailor {i}\n" for i in many), "organizations": "id,name\no,Trust\n",
                                    "phones": "id,organization_id,number\n" + "".join(f"p{i},o,0700{i}\n" for i in many)}, 0, "3000 of 3000 rows are good"),
                                  ({"services": "id,name\n" + "1,2\n" * 1100000}, 2, "more rows than can be read")):
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in tables.items():
                file.writestr(name + ".csv", text)
        home.prefix = ("prlimit", f"--as={1 << 30}")
        answer = home.run("import", packed, "--hsds", "--dry-run", status=status)
        home.prefix = ()
        check(words in answer.out + answer.err, words, answer)
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a/services.csv", "id,name\n1,A\n")
        file.writestr("b/services.csv", "id,name\n1,A\n")
    check("there twice" in home.refused(2, "import", packed, "--hsds")["message"])
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("[Content_Types].xml", "<x/>")
    check("no services.csv" in home.refused(2, "import", packed, "--hsds")["message"])
    check("imeharibika" in home.run("import", write(packed, "PK\3\4"), "--hsds", status=2, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err)

    heads = "Code,Name,Officialname,Registration_number,Keph level,Facility type,Owner,Owner type,Beds,County,Constituency,Sub county,Ward,Operation status,Open_whole_day"
    listed = write(out(lab, "list.csv"), "﻿" + heads + "\r\n"
                   "90001,Mlima,Mlima Dispensary,,Level 2,Dispensary,Ministry,Public,0,Kajiado,Kajiado South,Loitokitok,Kimana,Operational,No\r\n"
                   "90002,Bonde,\"Bonde Hospital, Annex\",,Level 4,Hospital,Ministry,Public,40,Kajiado,Kajiado South,Loitokitok,Rombo,Operational,Yes\r\n"
                   "90003,Zamani,Zamani Clinic,,Level 2,Clinic,Private,Private,0,Kajiado,Kajiado South,Loitokitok,Rombo,Closed,No\r\n")
    home.run("import", listed, "--map", os.path.join(TOP, "conf", "mappings", "facilities-kenya.ini"))
    made = {item["title"]: item["fields"] for item in home.json("resource", "list")["items"]}
    check(set(made) == {"Counselling, Kilima Trust", "Shelter, Kilima Trust", "Mlima Dispensary", "Bonde Hospital, Annex"}, made)
    check(made["Bonde Hospital, Annex"]["place"] == "Rombo, Loitokitok, Kajiado" and made["Bonde Hospital, Annex"]["hours"] == "day and night", made)
    check("hours" not in made["Mlima Dispensary"])


run(globals())
