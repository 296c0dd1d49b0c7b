"""What is asked and said where a worker writes something down: likely duplicates, what goes home on paper, what a consent that was taken back
leaves behind, and the words that the accounting keeps."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import *  # noqa: E402,F401,F403
from terminal import Terminal  # noqa: E402

SWAHILI = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}


def story_37_reminders_stay_off_the_paper(lab):
    """What Pamoja noted by itself tells what happened: it is not on the paper in somebody's pocket unless the worker says so."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", stage="after treatment")
    neema.add("contact", person=asha, kind="phone", crisis="yes", signs="return to use")
    own = neema.add("followup", person=asha, due="in 4 days", what="tea at the market")
    kept = neema.add("followup", person=asha, due="in 5 days", what="for the worker alone", take_home="no")
    old = neema.add("followup", person=asha, due="in 6 days", what="ametoka matibabuni: siku zikoje, na nani yupo naye")  # from before the field
    made = [one for one in neema.json("followup", "list")["items"] if one["id"] not in (own, kept, old)]
    check(len(made) == 8 and all(one["fields"]["take_home"] is False for one in made), made)
    plan = neema.json("person", "plan", asha)
    texts = [line["text"] for section in plan["sections"] for item in section["items"] for line in item["lines"]]
    check("tea at the market" in texts and plan["left_out"] == 10, plan)
    for word in ("treatment", "use", "alone", "see how they are", "matibabu"):
        check(not any(word in text for text in texts), word, texts)
    check("noted it for you: 10" in neema.run("person", "plan", asha).err)
    check("kwa ajili yako: 10" in neema.run("person", "plan", asha, env=SWAHILI).err)
    neema.run("edit", made[0]["id"], "take_home=yes")
    neema.run("edit", old, "take_home=yes")
    plan = neema.json("person", "plan", asha)
    check(plan["left_out"] == 8, plan)


def sent_to_the_clinic(worker):
    """A person, a consent for a clinic, and a referral that was sent there under it."""
    asha = worker.add("person", name="Asha")
    clinic = worker.add("resource", name="Loitokitok Clinic", category="health")
    given = worker.add("consent", **{**CONSENT, "person": asha, "recipient": clinic})
    referral = worker.add("referral", person=asha, resource=clinic, information="needs", check_on="in 2 days")
    worker.run("referral", "send", referral)
    return asha, clinic, given, referral


CONSENT = dict(purpose="referral", information="needs", expires="in 90 days", how="written")


def story_23_what_was_sent_before(lab):
    """A consent is taken back: what was sent stays sent, and whoever looks at it is told to tell them, on every laptop, until it is closed."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, clinic, given, referral = sent_to_the_clinic(neema)
    other = neema.add("referral", person=asha, resource="Church of Kimana", information="needs")  # never sent: nobody is told
    check("consent_taken_back" not in neema.show(referral))
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma, rounds=2)
    said = juma.json("consent", "revoke", given)
    check([one["id"] for one in said["told"]] == [referral], said)
    lab.exchange(hub, neema, juma, rounds=2)
    for home in (neema, juma, hub):
        shown = home.show(referral)
        check(shown["state"] == "sent" and shown["consent_taken_back"] is True, shown)
        check("Tell them" in home.run("show", referral).out and "Waambie" in home.run("show", referral, env=SWAHILI).out)
        check("consent_taken_back" not in home.show(other))
    for home in (neema, juma):
        due = [item for item in home.json("today")["items"] if item["kind"] == "followup"]
        check(len(due) == 1 and "Loitokitok Clinic" in due[0]["title"] and due[0]["fields"]["take_home"] is False, due)
    check(any("taken back" in item.get("why", "") for item in juma.json("week")["items"] if item["id"] == referral), juma.json("week"))
    neema.run("referral", "withdraw", referral)
    check("consent_taken_back" not in neema.show(referral))


def story_23_what_ran_out_took_nothing_back(lab):
    """A consent that ran out, or one that another took the place of, leaves what was sent as it is; a refusal that comes later does not."""
    neema = lab.worker("Neema")
    asha, clinic, given, referral = sent_to_the_clinic(neema)
    neema.run("consent", "end", given)
    check("consent_taken_back" not in neema.show(referral))
    said = neema.json("consent", "revoke", neema.add("consent", **{**CONSENT, "person": asha, "recipient": "Church of Kimana"}))
    check("told" not in said and "consent_taken_back" not in neema.show(referral), "another recipient", said)
    said = neema.run("consent", "refuse", f"person={asha}", f"recipient={clinic}", "purpose=referral")
    check("sent before" in said.out and "Loitokitok Clinic" in said.out, said)


def story_23_words_of_the_accounting(lab):
    """What the accounting keeps is nobody's language; it is read in the reader's. A person's own copy is theirs: no notice forbids it."""
    neema = lab.worker("Neema")
    asha, clinic, given, referral = sent_to_the_clinic(neema)
    neema.run("edit", asha, "language=swahili")
    path = os.path.join(lab.dir, "asha.html")
    neema.run("export", path, "--person", asha, "--own-copy", env=SWAHILI)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    check("NOTICE" not in page and "ILANI" not in page and "redisclosure" not in page, page[-800:])
    ledger = neema.json("disclosure", "list", "--all")["items"][0]
    check(ledger["fields"]["recipient"] == "the person" and ledger["fields"]["purpose"] == "at my request", ledger)
    english, swahili = neema.run("disclosures", asha).out, neema.run("disclosures", asha, env=SWAHILI).out
    for words, text in (("the person themself", english), ("(Referral", english), ("mtu mwenyewe", swahili), ("(Rufaa", swahili), ("Kwa ombi langu", swahili)):
        check(words in text, words, text)
    check("referral" not in swahili and "disclosure" not in swahili and "the person" not in swahili, swahili)
    typed = neema.add("disclosure", person=asha, recipient="mtu mwenyewe", purpose="at my request")
    check(neema.show(typed)["fields"]["recipient"] == "the person")


def story_16_all_is_the_same(lab):
    """"all" of a consent is the same in a packet and in a file: whatever some word covers. A worker's notes are in neither, and in the person's own copy."""
    neema = lab.worker("Neema")
    asha, clinic, given, referral = sent_to_the_clinic(neema)
    neema.add("consent", **{**CONSENT, "person": asha, "recipient": clinic, "information": "all"})
    neema.add("need", person=asha, area="housing", text="a room of her own")
    neema.add("contact", person=asha, kind="phone", note="what the worker thought")
    neema.run("edit", referral, "information=all")
    packet = json.dumps(neema.json("referral", "packet", referral))
    files = {}
    for name, options in {"all.jsonl": ("--to", clinic, "--for", "referral"), "own.html": ("--own-copy",)}.items():
        neema.run("export", os.path.join(lab.dir, name), "--person", asha, *options)
        with open(os.path.join(lab.dir, name), encoding="utf-8") as file:
            files[name] = file.read()
    for text in (packet, files["all.jsonl"]):
        check("a room of her own" in text and "what the worker thought" not in text, text)
    check("what the worker thought" in files["own.html"], files["own.html"])


def story_04_a_crisis_is_no_visit(lab):
    """A word that another question asks for is said as that, one near to the list is asked about, and any other is a word of its own."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    said = neema.run("contact", "add", f"person={asha}", "kind=crisis")
    check("Was crisis=yes meant?" in said.err and "visit" not in said.err, said)
    for word, near in (("phonne", "phone"), ("simuu", "phone"), ("acompaniement", "accompaniment"), ("at the well", None), ("dance", None), ("crises", None)):
        words = neema.json("contact", "add", f"person={asha}", f"kind={word}").get("new_words", [])
        check([one["near"] for one in words] == ([near] if near else []), word, words)
    at = Terminal(neema, "contact", "add")
    for question, answer in (("Person (required)", "Asha"), ("Kind (required)", "crisis"), ("Was \"Crisis: yes\" meant?", "y"), ("Kind (required)", "phone"), ("Date (required)", ""), ("ptional questions", "n")):
        at.until(question)
        at.type(answer)
    check(at.end() == 0, at.seen)
    made = next(one for one in neema.json("contact", "list")["items"] if one["fields"]["kind"] == "phone")
    check(made["fields"]["crisis"] is True, made)


def story_somebody_like_that(lab):
    """A person who sounds like one of this journal is asked about at a terminal, and said elsewhere; nothing keeps them from being written down."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha Mwangi", birth_year=1990, village="Kimana", phone="0700 000 111")
    neema.add("contact", person=asha, kind="phone", note="spoke of Juma Kamau")
    for fields, same in ((("name=Mwangi Asha",), []), (("name=Asya Mwangi", "birth_year=1991"), []), (("name=ASHA", "village=kimana"), ["Village or area"]),
                         (("name=Somebody Else", "phone=+254700000111"), ["Phone"])):
        said = neema.json("person", "add", *fields)
        check([one["id"] for one in said["alike"]][:1] == [asha] and said["alike"][0]["same"] == same, fields, said)
        text = neema.run("person", "add", *fields)
        check("here already" in text.err and "Asha Mwangi" in text.err and "entered twice" in text.err, text)
        for one in neema.json("person", "list")["items"]:
            if one["id"] != asha:
                neema.run("void", one["id"], "only tried")
    for fields in (("name=Asha Mwangi", "birth_year=1950"), ("name=Juma Kamau",), ("name=Zawadi", "village=Kimana"), ("name=Asha Otieno",), ("name=Asha Mwangi", "--new")):
        check("alike" not in neema.json("person", "add", *fields), fields)
    check(neema.json("person", "add", "name=Zawadi")["alike"][0]["title"] == "Zawadi")
    neema.run("void", asha, "for the next")
    check(asha not in [one["id"] for one in neema.json("person", "add", "name=Asha Mwangi")["alike"]])


def story_somebody_like_that_at_a_terminal(lab):
    """The number goes on with who is there, with what was typed where nothing stands; Enter makes somebody new; Ctrl-D nothing."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha Mwangi", village="Kimana")
    at = Terminal(neema, "person", "add", "name=Asya Mwangi", "village=Rombo", "birth_year=1990")
    check("Somebody like that is here already:" in at.until("somebody new: "), at.seen)
    at.type("7")
    check("Type the number in front of one of them" in at.until("somebody new: "), at.seen)
    at.type("1")
    check(at.end() == 0 and "Nobody new was added" in at.seen and 'stays "Kimana"' in at.seen, at.seen)
    fields = neema.show(asha)["fields"]
    check((fields["name"], fields["village"], fields["birth_year"]) == ("Asha Mwangi", "Kimana", 1990), fields)
    check(len(neema.json("person", "list")["items"]) == 1)
    at = Terminal(neema, "person", "add", "name=Asha Mwangi")
    at.until("somebody new: ")
    at.type("")
    check(at.end() == 0 and "here already" not in at.seen.split("somebody new: ")[1], at.seen)
    at = Terminal(neema, "person", "add", "name=Baraka")
    check(at.end() == 0, at.seen)
    check(len(neema.json("person", "list")["items"]) == 3)


def story_15_one_reminder_of_two_laptops(lab):
    """Two laptops set the same stage before they hear of each other: each made its reminders, in its language. At the merge one of each stays."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma, rounds=2)
    neema.run("edit", asha, "stage=in treatment")
    juma.run("edit", asha, "stage=in treatment", env=SWAHILI)
    own = juma.add("followup", person=asha, due="in 7 days", what="tea")
    done = min(neema.json("followup", "list")["items"], key=lambda one: one["fields"]["due"])["id"]
    neema.run("followup", "done", done)
    lab.exchange(hub, neema, juma, rounds=3)
    left = {home.name: sorted(one["id"] for one in home.json("followup", "list")["items"]) for home in (hub, neema, juma)}
    check(left["hub"] == left["Neema"] == left["Juma"] and len(left["hub"]) == 3 and {own, done} < set(left["hub"]), left)
    gone = [one for one in hub.json("followup", "list", "--all")["items"] if one["voided"]]
    check(len(gone) == 2 and "another laptop" in hub.run("history", gone[0]["id"]).out, gone)
    lab.exchange(hub, neema, juma)
    check(len(hub.json("followup", "list")["items"]) == 3, "and nothing more")


def story_23_one_followup_of_two_laptops(lab):
    """One consent is taken back on two laptops before they hear of each other: each noted whom to tell. At the merge one stays, of each referral."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, clinic, given, referral = sent_to_the_clinic(neema)
    second = neema.add("referral", person=asha, resource=clinic, information="needs")
    neema.run("referral", "send", second)
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma, rounds=2)
    neema.run("consent", "revoke", given)
    juma.run("consent", "revoke", given, env=SWAHILI)
    juma.add("followup", person=asha, due="today", what="the consent was taken back. Tell her mother")  # somebody's own words
    for home in (neema, juma):
        check(len([one for one in home.json("followup", "list")["items"] if "referral" in one["title"] or "rufaa" in one["title"]]) == 2, home.json("followup", "list"))
    lab.exchange(hub, neema, juma, rounds=3)
    for home in (hub, neema, juma):
        left = [one["fields"]["what"] for one in home.json("followup", "list")["items"]]
        check(len(left) == 3 and "the consent was taken back. Tell her mother" in left, home.name, left)
        check(all(sum(what.split()[-1] == record[:len(what.split()[-1])] for what in left) == 1 for record in (referral, second)), left)
    check(len([one for one in hub.json("followup", "list", "--all")["items"] if one["voided"]]) == 2)


def story_a_person_with_thousands(lab):
    """What is shown of a person with thousands of records, and the accounting of what was told, come in pieces that go on where the last ended:
    nothing is left out and nothing is there twice."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    path = os.path.join(lab.dir, "thousands.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for at in range(28):
            row = {"kind": "need", "fields": {"person": asha, "area": "housing", "text": f"need {at}"}}
            if at % 2 == 0:
                row = {"kind": "followup", "fields": {"person": asha, "due": "in 3 days", "what": f"to do {at}"}}
            file.write(json.dumps(row) + "\n")
        for at in range(1900):
            row = {"kind": "disclosure", "fields": {"person": asha, "recipient": "the person", "purpose": "referral", "information": "needs", "way": "by phone"}}
            if at % 10 == 0:
                row = {"kind": "contact", "fields": {"person": asha, "kind": "visit", "on": f"2026-{1 + at % 9:02d}-{1 + at % 28:02d}", "note": f"visit {at}"}}
            file.write(json.dumps(row) + "\n")
    made = [item["id"] for item in neema.json("import", path)["items"]]
    before, made = made[:28], made[28:]
    told = [made[at] for at in (1, 2, 65, 66, 701, 1899)]
    for one in told:
        neema.run("disclosure", "give", one)
    check(sorted(item["id"] for item in neema.json("disclosures", asha)["items"]) == sorted(told))
    around = neema.show(asha)["around"]["items"]
    kinds = [item["kind"] for item in around]
    check(len({item["id"] for item in around}) == len(around) and {kind: kinds.count(kind) for kind in kinds} == {"disclosure": 12, "contact": 5, "need": 12, "followup": 12}, kinds)
    check([item["id"] for item in around if item["kind"] == "contact"] == [made[at] for at in (1890, 1880, 1870, 1860, 1850)], around)
    check([item["id"] for item in around if item["kind"] == "need"] == before[27:4:-2], around)
    # and what is not shown is said, with how to see it; what was refused long ago is not lost behind all that came since
    left = {"disclosure": 1710 - len(told) - 12, "contact": 185, "need": 2, "followup": 2}
    check(neema.show(asha)["around"]["left"] == left, neema.show(asha)["around"]["left"])
    said = neema.run("show", asha).out
    for kind, more, label in (("contact", 187, "Contacts"), ("need", 2, "Needs"), ("followup", 2, "Follow-ups")):
        check(f"  {label}: {more} more: pamoja {kind} list person={asha[:5]}" in said, said)
    check("Kuna zaidi ya yanayoonyeshwa hapa" in neema.run("show", asha, env=SWAHILI).out)
    check("There is more" not in neema.run("show", neema.add("person", name="Baraka")).out)


def story_what_was_refused_long_ago(lab):
    """What a person did not want stands in `show`, however much was written since."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    given = neema.add("consent", person=asha, recipient="my brother", purpose="family", information="needs", expires="in 90 days", how="written")
    neema.run("consent", "refuse", given)
    path = os.path.join(lab.dir, "thousands.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for at in range(2100):
            file.write(json.dumps({"kind": "contact", "fields": {"person": asha, "kind": "visit", "on": "2026-03-01", "note": f"visit {at}"}}) + "\n")
    neema.json("import", path)
    check(given in [item["id"] for item in neema.show(asha)["around"]["items"]] and "my brother" in neema.run("show", asha).out)


def story_07_nobody_is_their_parents_parent(lab):
    """Two people linked as each other's parent: said, in both languages, with the way out."""
    neema = lab.worker("Neema")
    asha, mama = neema.add("person", name="Asha"), neema.add("person", name="Mama Asha")
    tie = neema.add("relation", supporter=mama, person=asha, what="parent")
    again = ("relation", "add", f"supporter={asha}", f"person={mama}", "what=parent")
    error = neema.refused(2, *again)
    check("each other's parent" in error["message"] and f"void {tie[:5]}" in error["hint"], error)
    check("kinyume" in neema.run(*again, status=2, env=SWAHILI).err)
    neema.add("relation", supporter=asha, person=mama, what="child")
    neema.add("relation", supporter=mama, person=asha, what="friend")
    friend = neema.add("relation", supporter=asha, person=mama, what="friend")
    error = neema.refused(2, "edit", friend, "what=parent")
    check("each other's parent" in error["message"] and f"void {tie[:5]}" in error["hint"] and neema.show(friend)["fields"]["what"] == "friend", error)
    neema.run("edit", friend, "what=sibling")
    neema.run("void", tie, "the wrong way round")
    neema.run(*again)


def story_what_leads_nowhere_says_the_way(lab):
    """A consent for a class that nobody belongs to, a referral to who has closed: saved, and said with what to do, in both languages."""
    neema = lab.worker("Neema")
    asha, gone = neema.add("person", name="Asha"), neema.add("resource", name="Rombo Clinic", category="clinic")
    neema.run("resource", "close", gone)
    consent = ("consent", "add", f"person={asha}", "recipient=category:church", *(f"{name}={value}" for name, value in CONSENT.items()))
    referral = ("referral", "add", f"person={asha}", f"resource={gone}", "information=needs")
    for words, english, swahili, way in ((consent, "nobody in the directory", "hakuna yeyote", "pamoja resource add"), (referral, "has closed", "imefungwa", "pamoja resource list")):
        said = neema.run(*words).err
        check(english in said and way in said, said)
        said = neema.run(*words, env=SWAHILI).err
        check(swahili in said and way in said, said)


def story_a_packed_file(lab):
    """A .zip, an .xlsx or a folder is no table: said before anything else is asked, in both languages, with what to do."""
    neema = lab.worker("Neema")
    path = os.path.join(lab.dir, "directory.zip")
    with open(path, "wb") as file:
        file.write(b"PK\3\4" + bytes(200))
    check("damaged or cut off" in neema.refused(2, "import", path, "--hsds")["message"])
    for options in ((), ("--kind", "resource")):
        error = neema.refused(2, "import", path, *options)
        check("packed file" in error["message"] and "directory.zip" in error["message"] and "unpack it" in error["hint"], options, error)
    check("ifungue" in neema.run("import", path, "--kind", "person", status=2, env=SWAHILI).err)
    check("--hsds" in neema.refused(2, "import", lab.dir, "--kind", "person")["hint"])
    for name, text, words, message in (("h.json", "{}", ("--hsds",), "list of services"), ("wide.csv", ",".join(f"c{n}" for n in range(600)) + "\n", ("--kind", "person"), "more than 512 columns")):
        with open(os.path.join(lab.dir, name), "w", encoding="utf-8") as file:
            file.write(text)
        check(message in neema.refused(2, "import", os.path.join(lab.dir, name), *words)["message"], name)


run(globals())
