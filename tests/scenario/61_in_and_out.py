"""In and out: what leaves the programme about a person, under which word and into which file; and in again elsewhere."""
import csv
import io
import os
import stat

from lab import check, run
from outside import FULL, lines, out, read, worker


def story_only_whom_a_consent_covers(lab):
    """Whoever did not consent is left out and listed; of the others there is what the consent names, and the accounting has it."""
    home = worker(lab)
    path = out(lab, "all.jsonl")
    answer = home.run("export", path, "--to", "Kimana Clinic", "--for", "referral", json_out=True, status=8)
    check([one["id"] for one in answer.json["left_out"]] == [home.juma], answer)
    check(answer.error["code"] == "partial" and answer.json["people"] == 1, answer)
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, oct(os.stat(path).st_mode))
    text, written = read(path), lines(path)
    check("notice" in written[0] and "draft" in written[0]["version"], written[0])
    check(written[1]["consent"]["texts"]["information"], written[1])
    kinds = sorted(line["kind"] for line in written[2:])
    check(kinds == ["goal", "need", "person"], kinds)
    person = next(line["fields"] for line in written[2:] if line["kind"] == "person")
    check(person == {"name": "Asha M.", "strengths": "her sisters"}, person)
    for untold in ("brother", "0700000001", "HYPERLINK", "in treatment", "Kimana\"", "uncle"):
        check(untold not in text, untold)
    told = home.json("disclosures", home.asha)["items"]
    check(len(told) == 1 and told[0]["to"] == "Kimana Clinic" and told[0]["information"], told)
    check(home.json("disclosures", home.juma)["items"] == [])

    # a table; narrower than the consent; another recipient; a consent that was taken back
    table = out(lab, "needs.csv")
    home.run("export", table, "--kind", "need", "--to", home.clinic, "--for", "referral", "--what", "needs", status=8)
    rows = list(csv.reader(io.StringIO(read(table))))
    check(len(rows) == 3 and "NOTICE" in rows[0][0] and rows[2][rows[1].index("person_name")] == "Asha M.", rows)
    check("until 2099-12-31" in rows[2][rows[1].index("told_under")], rows)
    check(len(home.json("disclosures", home.asha)["items"]) == 2)
    none = out(lab, "none.jsonl")
    error = home.refused(5, "export", none, "--to", "Somebody Else", "--for", "referral")
    check("nobody has consented" in error["message"] and not os.path.exists(none), error)
    home.refused(5, "export", none, "--person", home.juma, "--to", home.clinic, "--for", "referral")
    home.refused(5, "export", none, "--person", home.asha, "--to", home.clinic, "--for", "referral", "--what", "attendance")
    home.run("consent", "revoke", home.json("consent", "list")["items"][0]["id"])
    home.refused(5, "export", none, "--person", home.asha, "--to", home.clinic, "--for", "referral")
    check(not os.path.exists(none) and not os.path.exists(none + ".part"))
    check(len(home.json("disclosures", home.asha)["items"]) == 2)
    check(home.json("disclosure", "list", "--all")["items"][0]["state"] == "told", "nothing is left prepared")
    error = home.refused(5, "export", path, "--kind", "resource")
    check("is there already" in error["message"], error)


def story_ways_without_a_consent(lab):
    """An emergency needs a reason, and is marked; the programme's own use is one entry of its own; what names nobody is free."""
    home = worker(lab)
    path = out(lab, "sos.jsonl")
    error = home.refused(2, "export", path)
    check("--to" in error["message"] and "--internal" in error["hint"], error)
    error = home.refused(2, "export", path, "--person", home.juma, "--to", "County Hospital", "--for", "health", "--without-consent", "emergency")
    check("--reason" in error["message"], error)
    home.run("export", path, "--person", home.juma, "--to", "County Hospital", "--for", "health", "--without-consent", "emergency", "--reason",
             "unconscious; the doctor asked")
    told = home.json("disclosures", home.juma)["items"]
    check(told[0]["route"] == "emergency" and told[0]["reason"] == "unconscious; the doctor asked", told)
    said = home.run("disclosures", home.juma).out
    check("without a consent" in " ".join(said.split()) and "the doctor asked" in said, said)
    check(home.refused(2, "export", out(lab, "x.jsonl"), "--person", home.juma, "--to", "A", "--for", "health", "--without-consent", "revenge",
                       "--reason", "r")["code"] == "usage")

    inside = out(lab, "people.csv")
    home.run("export", inside, "--kind", "person", "--internal", "the monthly check of our papers")
    rows = list(csv.reader(io.StringIO(read(inside))))
    name = rows[1].index("name")
    check(sorted(row[name] for row in rows[2:]) == ["'=HYPERLINK(\"x\")", "Asha M."], rows)
    check([row[rows[1].index("phone")] for row in rows[2:] if row[name].startswith("'")] == ["'+254700000002"], rows)
    made = home.json("extract", "list")["items"]
    check(len(made) == 1 and made[0]["fields"]["reason"] == "the monthly check of our papers", made)
    home.run("note", "my own thought")
    everything = out(lab, "everything.jsonl")
    home.run("export", everything, "--internal", "moving house")
    check("my own thought" not in read(everything) and "her sisters" in read(everything))
    home.refused(5, "export", out(lab, "memo.csv"), "--kind", "memo", "--internal", "x")
    home.refused(5, "export", out(lab, "incident.csv"), "--kind", "incident")
    services = out(lab, "services.csv")
    home.run("export", services, "--kind", "resource")
    check("Kimana Clinic" in read(services) and home.json("extract", "list")["items"][0]["fields"]["what"] == "resource, table")


def story_a_persons_own_copy(lab):
    """Everything held about a person on one page, in their language; of others nothing; and the accounting says that they got it."""
    home = worker(lab)
    home.add("relation", supporter=home.juma, person=home.asha, what="sibling")
    home.run("edit", home.juma, "name=Musa <b>K.</b>")
    path = out(lab, "asha.html")
    said = home.run("export", path, "--person", home.asha, "--own-copy").out
    check(said.startswith("Written: ") and "Give it to the person" in said, "the page is in her language, what is said of it in the worker's", said)
    page = read(path)
    for said in ("her sisters", "a room of her own", "worried about her brother", "<html lang=\"sw\">", "Uwezo na nguvu", "0700000001"):
        check(said in page, said)
    check("Musa" not in page and "<script" not in page and "http" not in page)
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    told = home.json("disclosures", home.asha)["items"]
    check(told[0]["route"] == "give" and "reason" not in told[0], told)
    home.run("export", out(lab, "juma.html"), "--person", home.juma, "--own-copy")
    page = read(out(lab, "juma.html"))
    check("Musa &lt;b&gt;K.&lt;/b&gt;" in page and "<html lang=\"en\">" in page and "Asha" not in page and "somebody else" in page, page)
    home.refused(2, "export", out(lab, "no.html"), "--own-copy")


def story_out_and_in_again(lab):
    """What was exported for the programme's own use is imported elsewhere with its links, and a second time nothing is doubled."""
    home = worker(lab)
    people, needs, lines_file = (out(lab, name) for name in ("people.csv", "needs.csv", "all.jsonl"))
    home.run("export", people, "--kind", "person", "--internal", "a new laptop")
    home.run("export", needs, "--kind", "need", "--internal", "a new laptop")
    home.stop()
    other = lab.home("juma").start().init()
    for _ in range(2):
        other.run("import", people, "--kind", "person")
        other.run("import", needs, "--kind", "need")
    found = {item["title"]: item["id"] for item in other.json("person", "list")["items"]}
    check(set(found) == {"Asha M.", "=HYPERLINK(\"x\")"}, found)
    made = other.json("need", "list")["items"]
    check(sorted((item["fields"]["person"], item["fields"]["text"]) for item in made) == sorted([(found["Asha M."], "a roof"), (found["=HYPERLINK(\"x\")"], "bread")]), made)
    check(other.show(found["Asha M."])["fields"]["strengths"] == "her sisters")


run(globals())
