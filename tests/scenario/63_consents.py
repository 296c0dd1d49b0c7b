"""Consents as the law asks for them: classes of recipients, intermediaries, the general one, instruments apart, the end and the paper."""
import json
import os
import shutil
import subprocess

from lab import check, run, set_clock

GIVEN = dict(purpose="referral", information="needs", expires="in 90 days", how="written")


def asha_and_clinic(lab, neema=None, **clinic):
    neema = neema or lab.worker("Neema")
    asha = neema.add("person", name="Asha Kimani")
    there = neema.add("resource", **dict(dict(name="Loitokitok Clinic", category="health"), **clinic))
    neema.add("need", person=asha, area="health", text="a check of the lungs")
    return neema, asha, there, neema.add("referral", person=asha, resource=there, category="health", information="needs")


def consent(neema, asha, **fields):
    return neema.json("consent", "add", f"person={asha}", *[f"{name}={value}" for name, value in dict(GIVEN, **fields).items() if value])


def told(neema, asha):
    return [item["to"] for item in neema.json("disclosures", asha)["items"]]


def story_23_a_class_of_recipients(lab):
    """A class is whoever belongs to it when something is sent; what is told names the one who got it; a class of nobody is said at once, and again at sending."""
    neema, asha, clinic, referral = asha_and_clinic(lab)
    for word in ("treating providers", "class:our partners", "category:food", "category:helth"):
        said = consent(neema, asha, recipient=word)
        check(word in said["warnings"][0] and "nobody in the directory" in said["warnings"][0], said)
        error = neema.refused(5, "referral", "send", referral)
        check("nobody in the directory" in error["message"] and word in error["message"] and "class=" in error["hint"], error)
        neema.run("void", said["id"], "a test")
    check("Careful: nobody in the directory" in neema.run("consent", "add", f"person={asha}", "recipient=payers", "purpose=referral").err)
    # who is closed, or is never told anything, is nobody
    group = neema.add("resource", name="Tuesday group", category="mutual aid")
    shut = neema.add("resource", name="Old clinic", category="mental health")
    neema.run("resource", "close", shut)
    check(all("warnings" in consent(neema, asha, recipient=word) for word in ("category:mutual aid", "category:mental health")) and group)
    # a person or an office that is not in the directory is no class
    check("warnings" not in consent(neema, asha, recipient="district hospital"))
    for other in neema.json("consent", "list")["items"]:
        neema.run("void", other["id"], "a test")
    given = consent(neema, asha, recipient="category:health")
    check("warnings" not in given, given)
    neema.run("referral", "send", referral)
    packet = neema.json("referral", "packet", referral)
    check(packet["to"] == "Loitokitok Clinic" and packet["consent"]["id"] == given["id"], packet)
    check(told(neema, asha) == ["Loitokitok Clinic"] * 2, told(neema, asha))
    # another of the class, by the list it is put on; one outside stays outside
    shelter = neema.add("resource", name="Rombo Shelter", category="housing")
    there = neema.add("referral", person=asha, resource=shelter, information="needs")
    error = neema.refused(5, "referral", "send", there)
    check("recipient" in error["message"], error)
    neema.run("edit", shelter, "class=our partners,treating providers")
    consent(neema, asha, recipient="treating providers")
    neema.run("referral", "send", there)
    # the class taken back counts for each of its members, also under a consent that names one
    neema.add("consent", person=asha, recipient=clinic, **GIVEN)
    neema.run("consent", "revoke", given["id"])
    again = neema.add("referral", person=asha, resource=clinic, information="needs")
    error = neema.refused(5, "referral", "send", again)
    check("revoked" in error["message"], error)
    consent(neema, asha, recipient="category:health")
    neema.run("referral", "send", again)


def story_23_an_intermediary(lab):
    """Who passes on what it receives: the consent names to whom, whether the consent says so or the directory."""
    for of_resource, of_consent in (({}, {"intermediary": "yes"}), ({"intermediary": "yes"}, {})):
        neema, asha, exchange, referral = asha_and_clinic(lab, lab.worker(f"Neema {len(of_resource)}"), **of_resource)
        given = consent(neema, asha, recipient=exchange, **of_consent)["id"]
        error = neema.refused(5, "referral", "send", referral)
        check("participants is missing" in error["message"] and "participants=" in error["hint"], error)
        neema.run("edit", given, "participants=those who treat me")
        neema.run("referral", "send", referral)


def story_23_for_all_treatment(lab):
    """One consent for all future treatment, payment and operations: no end, recipients by a class, and redisclosure told; for treatment, and for nothing else."""
    neema, asha, clinic, referral = asha_and_clinic(lab, **{"class": "treating providers"})
    given = consent(neema, asha, recipient="treating providers", purpose="treatment payment operations", expires="")["id"]
    error = neema.refused(5, "referral", "send", referral)
    check("redisclosure_told is not answered with yes" in error["message"] and "expires" not in error["message"], error)
    neema.run("edit", given, "redisclosure_told=yes")
    neema.run("referral", "send", referral)
    lines = {line["label"]: line["text"] for line in neema.json("referral", "packet", referral)["consent"]["lines"]}
    check(lines["Until"] == "none" and lines["Told that it may be passed on"] == "yes" and lines["To whom"] == "treating providers", lines)
    housing = neema.add("referral", person=asha, resource=clinic, category="housing", information="needs")
    check("purpose" in neema.refused(5, "referral", "send", housing)["message"])
    # beside another purpose it needs an end like any other
    neema.run("edit", given, "purpose=treatment payment operations,housing")
    check("expires is missing" in neema.refused(5, "referral", "send", housing)["message"])
    neema.run("edit", given, "expires=in 90 days")
    neema.run("referral", "send", housing)
    # taken back, it takes with it what was given for treatment before
    consent(neema, asha, recipient=clinic, purpose="treatment")
    neema.run("consent", "revoke", given)
    again = neema.add("referral", person=asha, resource=clinic, purpose="treatment", information="needs")
    check("revoked" in neema.refused(5, "referral", "send", again)["message"])


def story_23_instruments_apart(lab):
    """Legal proceedings and counselling notes each take a consent of their own; a refusal may name everything."""
    neema, asha, clinic, referral = asha_and_clinic(lab)
    for apart in ("legal proceedings", "counselling notes"):
        fields = [f"{name}={value}" for name, value in dict(GIVEN, person=asha, recipient=clinic, purpose=f"referral,{apart}").items()]
        error = neema.refused(2, "consent", "add", *fields)
        check(apart in error["message"] and "of its own" in error["message"] and "alone" in error["hint"], error)
    alone = consent(neema, asha, recipient=clinic, purpose="legal proceedings")["id"]
    check("of its own" in neema.refused(2, "edit", alone, "purpose=legal proceedings,referral")["message"])
    check("purpose" in neema.refused(5, "referral", "send", referral)["message"])
    check("legal proceedings" in neema.run("consent", "add", "--help").out)
    check(neema.json("consent", "refuse", f"person={asha}", f"recipient={clinic}", "purpose=referral,legal proceedings")["state"] == "refused")


def story_23_who_may_share(lab):
    """Only whom the consent names may tell something under it: another of the team is refused, with what to do, in both languages."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, clinic = neema.add("person", name="Asha"), neema.add("resource", name="Kimana Clinic")
    given = neema.json("consent", "add", f"person={asha}", "recipient=Kimana Clinic", "purpose=referral", "information=needs", "expires=in 90 days", "how=written", "discloser=Juma and the nurse")
    check("unusable" not in given, given)  # Juma can
    referral = neema.add("referral", person=asha, resource=clinic)
    error = neema.refused(5, "referral", "send", referral)
    check("only Juma and the nurse may share" in error["message"] and f"edit {given['id']} discloser=" in error["hint"], error)
    check("Juma and the nurse tu anayeweza" in neema.run("referral", "send", referral, status=5, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).err)
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)
    juma.run("referral", "send", referral)
    neema.run("edit", given["id"], "discloser=programme")
    neema.run("referral", "send", neema.add("referral", person=asha, resource=clinic))


def story_23_what_is_said_at_once(lab):
    """A consent that has run out allows nothing: refused, with its own words; a referral to who has closed is kept, and said."""
    neema, asha, clinic, _ = asha_and_clinic(lab)
    fields = [f"{name}={value}" for name, value in dict(GIVEN, person=asha, recipient=clinic).items() if name != "expires"]
    error = neema.refused(2, "consent", "add", *fields, "expires=yesterday", "from=30 days ago")
    check("ran out" in error["message"] and "expires=" in error["hint"], error)
    error = neema.refused(2, "consent", "add", *fields, "expires=tomorrow", "from=in 2 days")
    check("before it begins" in error["message"], error)
    check(neema.json("consent", "list")["items"] == [])
    neema.add("consent", person=asha, recipient=clinic, **dict(GIVEN, expires="today"))
    neema.run("resource", "close", clinic)
    said = neema.json("referral", "add", f"person={asha}", f"resource={clinic}")
    check("Loitokitok Clinic has closed" in said["warnings"][0] and neema.show(said["id"])["state"] == "draft", said)
    check("has closed" in neema.refused(5, "referral", "send", said["id"])["message"])
    # what comes from elsewhere is history, and kept
    rows = f'{{"kind":"consent","fields":{{"person":"{asha}","recipient":"{clinic}","purpose":"referral","from":"2020-01-01","expires":"2020-06-01"}}}}\n'
    neema.run("import", "-", stdin=rows)
    check(len(neema.json("consent", "list")["items"]) == 2)


def story_23_status_counts_what_runs_out(lab):
    """Thirty days before, to the day, at the worker and at the hub."""
    hub, neema = lab.office(peer="Neema")
    neema, asha, clinic, _ = asha_and_clinic(lab, neema)
    ends = [consent(neema, asha, recipient=clinic, expires=f"in {days} days")["id"] for days in (29, 30, 31)]
    lab.exchange(hub, neema)
    check([home.status()["running_out"] for home in (neema, hub)] == [2, 2], neema.status()["running_out"], hub.status()["running_out"])
    check("2 running out within 30 days (pamoja today)" in neema.run("status").out, neema.run("status").out)
    neema.run("consent", "end", ends[0])
    check(neema.status()["running_out"] == 1)
    clock = set_clock(lab, neema)
    clock.set(1)
    check(neema.status()["running_out"] == 2)
    clock.set(31)
    check(neema.status()["running_out"] == 1, "what ran out is overdue in today, and no warning any more")


def story_23_the_signed_paper(lab):
    """By hash and place: the same hash that b2sum prints, whatever the size; another file is not it; of the file nothing is kept."""
    neema, asha, clinic, referral = asha_and_clinic(lab)
    given = consent(neema, asha, recipient=clinic)["id"]
    scan, other = (os.path.join(lab.dir, name) for name in ("scan.jpg", "other.jpg"))
    for size in (1, 192 * 1024, 192 * 1024 + 1, 3_000_000):
        with open(scan, "wb") as file:
            file.write(b"SIGNED" + os.urandom(size - 1) if size > 6 else b"x" * size)
        said = neema.json("consent", "paper", given, scan)
        check(said["form_hash"] == subprocess.run(["b2sum", "-l", "256", scan], capture_output=True, text=True, check=True).stdout.split()[0], size, said)
        check(neema.show(given)["fields"]["form_hash"] == said["form_hash"] and said["another"] == (size > 1))
    check("It is" in neema.run("consent", "paper", given, scan, "--check").out)
    shutil.copy(scan, other)
    check("It is" in neema.run("consent", "paper", given, other, "--check").out)
    with open(other, "r+b") as file:
        file.seek(2_000_000)
        file.write(b"!!!!")
    check("is not the paper" in neema.run("consent", "paper", given, other, "--check", check_status=False).err)
    check(neema.json("consent", "paper", given, other, "--check")["same"] is False)
    check(neema.show(given)["fields"]["form_hash"] == said["form_hash"])
    bare = consent(neema, asha, recipient=clinic)["id"]
    check("no paper was noted" in neema.refused(3, "consent", "paper", bare, scan, "--check")["message"])
    check("no signed paper" in neema.refused(2, "consent", "paper", referral, scan)["message"])
    check("not a file" in neema.refused(2, "consent", "paper", given, lab.dir)["message"])
    check("which file" in neema.refused(2, "consent", "paper", given)["message"])
    open(other, "wb").close()
    check("empty" in neema.refused(2, "consent", "paper", given, other)["message"])
    neema.run("void", bare, "a test")
    check("voided" in neema.refused(5, "consent", "paper", bare, scan)["message"])
    # one that another began meanwhile is given up, and changes nothing
    first = neema.post(f"/v1/record/{given}/paper", {"bytes": "AAAA", "end": False, "check": False})["paper"]
    neema.post(f"/v1/record/{given}/paper", {"bytes": "AAAA", "end": False, "check": False})
    late = neema.post(f"/v1/record/{given}/paper", {"paper": first, "bytes": "AAAA", "end": True, "check": False})
    check("given up" in late["error"]["message"] and neema.show(given)["fields"]["form_hash"] == said["form_hash"], late)


def story_23_a_revocation_outruns(lab):
    """Sent and taken back before any exchange: it works here at once; the hub and the rest of the team can send nothing more as soon as they hear of it; what was told stays."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    neema, asha, clinic, referral = asha_and_clinic(lab, neema)
    given = consent(neema, asha, recipient=clinic)["id"]
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma, rounds=2)
    # offline: Juma and the hub go by what they know, Neema's is queued and then taken back
    juma.run("referral", "packet", referral)
    neema.run("referral", "send", referral)
    neema.run("consent", "revoke", given)
    for words in (("referral", "packet", referral), ("referral", "send", neema.add("referral", person=asha, resource=clinic, information="needs"))):
        check("revoked" in neema.refused(5, *words)["message"], words)
    neema.run("sync")
    hub.run("hub", "merge")
    check(hub.show(given)["state"] == "revoked" and hub.show(referral)["state"] == "sent")
    check("revoked" in hub.refused(5, "referral", "packet", referral)["message"])
    check(juma.show(given)["state"] == "given")
    juma.run("sync")
    again = juma.add("referral", person=asha, resource=clinic, information="needs")
    for words in (("packet", referral), ("send", again)):
        check("revoked" in juma.refused(5, "referral", *words)["message"], words)
    lab.exchange(hub, juma, neema, rounds=2)
    for home in (hub, neema, juma):
        items = home.json("disclosures", asha)["items"]
        check(sorted((item["kind"], item["to"]) for item in items) == [("disclosure", "Loitokitok Clinic"), ("referral", "Loitokitok Clinic")], items)
        check("revoked" in home.refused(5, "referral", "packet", referral)["message"])


def story_23_what_two_wrote_down(lab):
    """Two wrote down what a consent allows to be told: an export and a packet tell what each of them allows, "all" among it; where that is nothing, nothing goes."""
    hub, neema = lab.office(ally="Neema")
    neema, asha, clinic, referral = asha_and_clinic(lab, neema)
    neema.add("goal", person=asha, area="friends", text="to see her brother")
    given = consent(neema, asha, recipient=clinic, information="attendance")["id"]
    path = os.path.join(lab.dir, "told.jsonl")
    out = ("export", path, "--person", asha, "--to", clinic, "--for", "referral")
    neema.run("edit", referral, "information=")
    lab.exchange(hub, neema, rounds=2)
    for here, there, told_of in (("needs", "contact details", None), ("all", "needs", "needs"), ("goals;needs", "needs;contact details", "needs")):
        neema.run("edit", given, f"information={here}")
        hub.run("edit", given, f"information={there}")
        lab.exchange(hub, neema, rounds=2)
        check(len(neema.show(given)["conflicts"]) == 1, here, there)
        if told_of is None:
            for command in (out, ("referral", "packet", referral)):
                error = neema.refused(5, *command)
                check("nothing stands in both" in error["message"] and f"edit {given} information=" in error["hint"], command, error)
            check(not os.path.exists(path) and told(neema, asha) == [])
            continue
        neema.run(*out)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        check("lungs" in text and "brother" not in text, here, there, text)
        os.remove(path)
        packet = neema.json("referral", "packet", referral)
        check("brother" not in json.dumps(packet) and packet["information"] == told_of, packet)


run(globals())
