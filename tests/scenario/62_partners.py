"""What goes to partners: packets, slips, answers - under consent, with its notice, in the ledger; and what never goes."""
import os
import re
import shutil
import stat
import subprocess

from lab import TOP, check, run, set_clock

SW = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}
SIGNED = dict(purpose="referral", expires="in 90 days", how="written")


def prepared(lab, neema=None, **consent):
    """A person of whom much is known, a clinic, a referral there, and a consent to a part of it."""
    neema = neema or lab.worker("Neema")
    asha = neema.add("person", name="Asha Kimani", phone="0712 000 111", village="Kimana", strengths="sings in a choir", stage="in treatment",
                     note="a private remark", emergency_contact="a sister")
    clinic = neema.add("resource", name="Loitokitok Clinic", category="health", place="behind the market", phone="0722 333 444")
    for area, text in (("housing", "a dry room"), ("treatment", "a bed in June")):
        neema.add("need", person=asha, area=area, text=text)
    neema.add("contact", person=asha, kind="phone", note="what was observed")
    referral = neema.add("referral", person=asha, resource=clinic, category="health", reason="a check of the lungs")
    if consent:
        neema.add("consent", person=asha, recipient=clinic, **dict(SIGNED, **consent))
    return neema, asha, clinic, referral


def texts(packet):
    return "\n".join(line["text"] for section in packet["sections"] for item in section["items"] for line in item["lines"])


def ledger(home, person, *options):
    return home.json("disclosures", person, *options)["items"]


def story_16_a_packet(lab):
    """The consented slice and no more, the notice first, a copy of the consent in it, and the ledger by itself."""
    neema, asha, clinic, referral = prepared(lab, information="contact details,housing")
    other = neema.add("referral", person=asha, resource="Rombo Shelter", reason="sent elsewhere, too")
    out = os.path.join(lab.dir, "packet.html")
    said = neema.run("referral", "packet", referral, "--out", out)
    check(stat.S_IMODE(os.stat(out).st_mode) == 0o600 and not said.out and "void" in said.err, said)
    with open(out, encoding="utf-8") as file:
        page = file.read()
    check(page.startswith("<!doctype html>") and "src=" not in page and "href=" not in page and "<script" not in page, "a page that needs nothing else")
    for words in ("Asha Kimani", "0712 000 111", "Kimana", "a dry room", "Loitokitok Clinic", "signed by hand", "the person", "redisclosure 1 draft"):
        check(words in page, words, page)
    for words in ("a bed in June", "choir", "in treatment", "private remark", "observed", "lungs", "elsewhere", "Rombo"):
        check(words not in page, words, "was not consented to", page)
    plain = neema.run("referral", "packet", referral).out
    check(plain.startswith("Notice: this information is protected\n") and plain.index("42 CFR Part 2") < plain.index("Asha"), plain)
    check(max(len(line) for line in plain.splitlines()) <= 80, plain)
    check("Ilani: taarifa hizi zinalindwa" in neema.run("referral", "packet", referral, env=SW).out)
    check("Bahasha ya taarifa" in neema.run("disclosures", asha, env=SW).out)
    items = ledger(neema, asha)
    check([(item["kind"], item["to"], item["purpose"], item["way"], item["notice"], item["by"]) for item in items]
          == [("disclosure", "Loitokitok Clinic", "referral", "packet", "redisclosure 1 draft", "Neema")] * 3, items)
    line = neema.show(items[0]["id"])
    consent = neema.json("consent", "list")["items"][0]["id"]
    check(line["fields"]["consent"] == consent and line["fields"]["referral"] == referral and line["fields"]["information"] == ["contact details", "housing"], line)
    # what is chosen for the referral narrows it; the reason goes along only where needs may
    neema.run("edit", referral, "information=housing")
    packet = neema.json("referral", "packet", referral)
    check(texts(packet) == "Asha Kimani\nhousing\na dry room\nlater", texts(packet))
    check(other and neema.show(items[0]["id"])["state"] == "told")


def story_16_refused(lab):
    """Nothing is printed, and nothing stands in the ledger, without a consent that covers it."""
    neema, asha, clinic, referral = prepared(lab)
    out = os.path.join(lab.dir, "refused.txt")
    shelter = neema.add("resource", name="Rombo Shelter")
    for change, words in ((None, "no consent of this person"), (dict(recipient=shelter), "recipient"), (dict(purpose="housing"), "purpose is not referral"),
                          (dict(expires="today", **{"from": "30 days ago"}), "expired"), (dict(how="spoken"), "signed"), (dict(information="none"), "nothing that is recorded")):
        consent = neema.add("consent", **dict(dict(person=asha, recipient=clinic, information="needs", **SIGNED), **change)) if change else None
        if words == "expired":
            neema.run("edit", consent, "expires=yesterday")
        error = neema.refused(5, "referral", "packet", referral, "--out", out)
        check(words in error["message"] + error["hint"] and error["hint"], words, error)
        check(not os.path.exists(out) and not os.path.exists(out + ".part"), "no file is left")
        if consent:
            neema.run("void", consent, "a test")
    check(ledger(neema, asha) == [])
    # a file that is there is not overwritten, and nothing is told before that is known
    neema.add("consent", person=asha, recipient=clinic, information="needs", **SIGNED)
    with open(out, "w", encoding="utf-8") as file:
        file.write("mine")
    check("there already" in neema.refused(5, "referral", "packet", referral, "--out", out)["message"])
    check(open(out, encoding="utf-8").read() == "mine" and ledger(neema, asha) == [])
    check("format" in neema.refused(2, "referral", "packet", referral, "--format", "rtf")["message"])
    check("not sent to anybody" in neema.refused(2, "person", "packet", asha)["message"])
    neema.run("referral", "withdraw", referral)
    check("withdrawn" in neema.refused(5, "referral", "packet", referral)["message"])


def story_16_what_no_record_answers_to(lab):
    """A class that no kind declares is said, so that nobody believes it is in the packet; a field of the person may be named."""
    neema, _, _, referral = prepared(lab, information="phone,blood group")
    said = neema.run("referral", "packet", referral)
    check("blood group" in said.err and "0712 000 111" in said.out, said)
    check("Asha Kimani" in said.out.split("Copy of the person's consent")[1], "whose it is stands in the consent")
    check("Kimana\n" not in said.out, said.out)


def story_16_all(lab):
    """All is what any class covers: what none does, such as notes, is in no packet."""
    neema, _, _, referral = prepared(lab, information="all")
    said = texts(neema.json("referral", "packet", referral))
    for words in ("Asha", "0712", "choir", "a bed in June", "a dry room", "lungs"):
        check(words in said, words, said)
    check("observed" not in said and "private remark" not in said, said)


def story_16_a_long_history(lab):
    """In pieces: no request holds the daemon for thousands of contacts, and the paper is whole and in order."""
    neema, asha, _, referral = prepared(lab, information="attendance")
    rows = "".join(f'{{"kind":"contact","fields":{{"person":"{asha}","kind":"phone","on":"2024-{1 + n % 12:02}-{1 + n % 28:02}"}}}}\n' for n in range(1200))
    neema.run("import", "-", stdin=rows)
    first = neema.post(f"/v1/record/{referral}/packet", {})
    check("next" in first and sum(len(s["items"]) for s in first["sections"]) < 1201, first.get("next"))
    packet = neema.json("referral", "packet", referral)
    days = [item["on"] for section in packet["sections"] if section["kind"] == "contact" for item in section["items"]]
    check(len(days) == 1201 and len(ledger(neema, asha)) == 2, len(days))
    lines = re.findall(r"20\d\d-\d\d-\d\d", neema.run("referral", "packet", referral).out.split("Contacts\n")[1])
    check(lines == sorted(lines) and len(lines) == 1201, len(lines))


MARKS = re.compile(r"addict|recover|rehab|sober|drug|alcohol|peer|pamoja|uraib|kupona|kulevya|consent|referral|rufaa", re.I)


def read_qr(lab, dark, side):
    """What a reader of QR codes makes of the dark squares."""
    path, big = os.path.join(lab.dir, "qr.pbm"), 6
    with open(path, "w", encoding="ascii") as file:
        file.write(f"P1 {side * big} {side * big}\n")
        for y in range(side * big):
            file.write("".join("1" if (x // big, y // big) in dark else "0" for x in range(side * big)) + "\n")
    done = subprocess.run(["zbarimg", "--quiet", "--raw", path], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def of_blocks(text):
    """The dark squares of a QR code that is drawn with half blocks."""
    lines = [line for line in text.split("\n") if re.fullmatch(r"[ \u2580\u2584\u2588]{20,}", line)]
    return {(x, 2 * y + part) for y, line in enumerate(lines) for x, c in enumerate(line) for part in (0, 1)
            if c == "\u2588" or c == ("\u2580", "\u2584")[part]}, max(len(lines[0]), 2 * len(lines))


def of_picture(page):
    side = int(re.search(r'viewBox="0 0 (\d+)', page).group(1))
    return {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", page)}, side


def story_13_a_slip(lab):
    """Where and when and a code; nothing says why, who, or whom. A reader of QR codes finds the code and nothing else."""
    neema, asha, clinic, referral = prepared(lab)
    neema.run("edit", referral, "appointment=Tuesday 9 o'clock")
    said = neema.run("slip", referral)
    code = neema.show(referral)["fields"]["code"]
    shown = f"{code[:5]}-{code[5:]}"
    for words in ("Loitokitok Clinic", "behind the market", "0722 333 444", "Tuesday 9", shown):
        check(words in said.out, words, said)
    for words in ("Asha", "Kimani", "Neema", "lungs", "health", referral, asha):
        check(words not in said.out, words, said)
    told = said.out.replace(shown, "")  # whose letters are by chance
    check(not MARKS.search(told), MARKS.search(told))
    check(read_qr(lab, *of_blocks(said.out)) == code.upper(), said.out)
    out = os.path.join(lab.dir, "slip.html")
    neema.run("slip", referral, "--out", out)
    with open(out, encoding="utf-8") as file:
        page = file.read()
    check(stat.S_IMODE(os.stat(out).st_mode) == 0o600 and not MARKS.search(page.replace(shown, "")) and "Asha" not in page, page)
    check(read_qr(lab, *of_picture(page)) == code.upper())
    check(neema.json("slip", referral)["code"] == shown, "the code stays")
    check(ledger(neema, asha) == [], "the person carries it: nothing was told")
    # a place whose name would tell why: its name for slips, or none at all
    neema.run("edit", clinic, "name=Hope Recovery House", "transport=beside the REHÁB bus stop")
    said = neema.run("slip", referral)
    check("Hope" not in said.out and "bus stop" not in said.out and "behind the market" in said.out and "slip_name" in said.err, said)
    neema.run("edit", clinic, "slip_name=The blue gate")
    said = neema.run("slip", referral)
    check("Name: The blue gate" in said.out and not MARKS.search(said.out.replace(shown, "")), said)
    # in the language of who carries it
    neema.run("edit", asha, "language=swahili")
    said = neema.run("slip", referral).out
    check(said.startswith("Miadi\n") and "Appointment" not in said and not MARKS.search(said.replace(shown, "")), said)
    check("no slip" in neema.refused(2, "slip", asha)["message"])
    neema.run("referral", "withdraw", referral)
    check("withdrawn" in neema.refused(5, "slip", referral)["message"])


def story_13_the_answer(lab):
    """By its code, at the hub or by another worker of the team; a code of nobody and one of somebody else's person are one and the same."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    neema, asha, clinic, referral = prepared(lab, neema, information="needs")
    code = neema.json("slip", referral)["code"]
    error = neema.refused(5, "referral", "answer", code, "accept")
    check("draft" in error["message"], error)
    neema.run("referral", "send", referral)
    for words, what in (((), "which code"), ((code,), "what was answered"), ((code, "send"), "no answer"), ((code[:-1] + ("0" if code[-1] != "0" else "1"), "accept"), "not the code")):
        check(what in neema.refused(2, "referral", "answer", *words)["message"], words)
    lab.exchange(hub, neema, juma)
    unknown = juma.refused(3, "referral", "answer", "00000-00000", "accept")
    check(juma.refused(3, "referral", "answer", code, "accept") == unknown and "00000" not in str(unknown), unknown)
    check(hub.refused(3, "referral", "answer", "00000-00000", "accept")["message"] == unknown["message"])
    hub.run("referral", "answer", code.upper().replace("-", " "), "accept", "note=they called the office")
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma, rounds=2)
    check(neema.show(referral)["state"] == "accepted" and clinic)
    juma.run("referral", "answer", code.replace("0", "O").replace("1", "l"), "attend", "attended_on=today")
    lab.exchange(hub, juma, neema, rounds=2)
    check(neema.show(referral)["state"] == "attended" and hub.show(referral)["state"] == "attended")
    check("given by Pamoja" in neema.refused(2, "edit", referral, "code=aaaaa")["message"])
    neema.run("void", referral, "a test")
    check(neema.refused(3, "referral", "answer", code, "attend") == neema.refused(3, "referral", "answer", "00000-00000", "attend"))


def due(home):
    return {item["kind"]: (item["due"], item["why"], item["overdue"]) for item in home.json("today")["items"] if item["kind"] in ("referral", "consent")}


def story_13_silence(lab):
    """Each silence of a referral stands in today after its days, with what to do, and leaves it when somebody speaks; a day of one's own comes first."""
    neema = lab.worker("Neema")
    neema, _, clinic, referral = prepared(lab, neema, information="needs", expires="in 300 days")
    clock = set_clock(lab, neema)
    check(due(neema) == {}, due(neema))
    now = 0
    for verb, days, words in (("send", 7, "no word from them"), ("receive", 7, "have not answered"), ("accept", 14, "nobody said that the person went")):
        neema.run("referral", verb, referral)
        clock.set(now + days - 1)
        check(due(neema) == {}, verb, due(neema))
        clock.set(now + days + 1)
        found = due(neema)
        check(words in found["referral"][1] and found["referral"][2], verb, found)
        now += days + 1
    check("nobody said" in neema.run("today").out and "hakuna aliyesema" in neema.run("today", env=SW).out)
    neema.run("edit", referral, "check_on=in 3 days")
    check(due(neema) == {}, "the worker's own day")
    clock.set(now + 3)
    check(due(neema)["referral"][1] == "accepted", due(neema))
    neema.run("referral", "attend", referral, "attended_on=today")
    clock.set(now + 18)
    check("how it was" in due(neema)["referral"][1], due(neema))
    neema.run("referral", "close", referral, "outcome=service received")
    check(due(neema) == {} and clinic)
    neema.run("verify", "--rebuild")


def story_23_a_consent_runs_out(lab):
    """It stands in today from thirty days before, until it is ended; then it allows nothing any more."""
    neema = lab.worker("Neema")
    neema, asha, clinic, referral = prepared(lab, neema, information="needs", expires="in 40 days")
    consent = neema.json("consent", "list")["items"][0]["id"]
    clock = set_clock(lab, neema)
    clock.set(9)
    check("consent" not in due(neema), due(neema))
    clock.set(10)
    check("runs out" in due(neema)["consent"][1] and not due(neema)["consent"][2], due(neema))
    neema.run("referral", "send", referral)
    clock.set(42)
    check(due(neema)["consent"][2] and "expired" in neema.refused(5, "referral", "packet", referral)["message"])
    neema.add("consent", person=asha, recipient=clinic, information="needs", **SIGNED)
    neema.run("consent", "end", consent)
    check("consent" not in due(neema))
    neema.run("referral", "packet", referral)


def story_22_the_notice_is_data(lab):
    """The programme's own text and version; without one nothing is told."""
    conf = os.path.join(lab.dir, "conf")
    for part in ("kinds", "words"):
        shutil.copytree(os.path.join(TOP, "conf", part), os.path.join(conf, part))
    neema = lab.home("neema", env={"PAMOJA_CONF": conf})
    neema.start().init("ally", person="Neema")
    neema, asha, _, referral = prepared(lab, neema, information="needs")
    error = neema.refused(3, "referral", "packet", referral)
    check("notice" in error["message"] and ledger(neema, asha) == [], error)
    check("accounting.ini" in neema.run("disclosures", asha).err, "the list is the person's by right")
    os.mkdir(os.path.join(conf, "notices"))
    path = os.path.join(conf, "notices", "redisclosure.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[notice]\nname = redisclosure\nversion = 7\ntitle.en = Ours\n[paragraph 1]\ntext.en = Our own words.\n[paragraf 2]\ntext.en = x\n")
    error = neema.refused(2, "referral", "packet", referral)
    check("redisclosure.ini line 7" in error["message"] and "paragraph" in error["hint"], error)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[notice]\nname = redisclosure\nversion = 7\ntitle.en = Ours\n[paragraph 1]\ntext.en = Our own words.\n")
    said = neema.run("referral", "packet", referral)
    check(said.out.startswith("Ours\n") and "Our own words." in said.out and "draft" not in said.out + said.err, said)
    check(ledger(neema, asha)[0]["notice"] == "redisclosure 7")


def story_22_never_receives(lab):
    """Who never receives anything about a person is sent people all the same; there is no packet, and nothing was told."""
    neema, asha, _, _ = prepared(lab)
    group = neema.add("resource", name="Tuesday group", category="mutual aid")
    shop = neema.add("resource", name="A shop", category="employment", receives="nothing")
    for where in (group, shop):
        referral = neema.add("referral", person=asha, resource=where, category="mutual aid")
        check(neema.json("referral", "send", referral)["state"] == "sent", "no consent is needed to tell nobody anything")
        check(neema.show(referral)["fields"]["information"] == ["nothing"])
        error = neema.refused(5, "referral", "packet", referral)
        check("never receives" in error["message"] and "slip" in error["hint"], error)
        check("never receives" in neema.refused(5, "edit", referral, "information=needs")["message"])
        line = neema.add("disclosure", person=asha, recipient=where, purpose="referral", information="needs")
        check("never receives" in neema.refused(5, "disclosure", "tell", line)["message"])
        clinic = neema.add("resource", name=f"Clinic beside {where}")
        check("consent" in neema.refused(5, "edit", referral, f"resource={clinic}")["message"])
    check(ledger(neema, asha) == [])
    # what was told stays told, whatever the recipient is called later
    clinic = neema.add("resource", name="Old clinic")
    neema.add("consent", person=asha, recipient=clinic, information="needs", **SIGNED)
    neema.run("referral", "send", neema.add("referral", person=asha, resource=clinic))
    neema.run("edit", clinic, "receives=nothing")
    check([item["to"] for item in ledger(neema, asha)] == ["Old clinic"])


def story_23_the_ledger(lab):
    """What was said by phone is a line of its own: refused without consent, but on the ways that the law leaves open, and then marked."""
    neema, asha, clinic, _ = prepared(lab, information="housing")

    def line(**fields):
        return neema.add("disclosure", person=asha, **dict(dict(recipient=clinic, purpose="referral", information="housing"), **fields))

    check("information" in neema.refused(5, "disclosure", "tell", line(information="health"))["message"])
    check("recipient" in neema.refused(5, "disclosure", "tell", line(recipient="the police"))["message"])
    told = line(way="phone", notice="mine")
    neema.run("disclosure", "tell", told)
    shown = neema.show(told)
    check(shown["fields"]["notice"] == "redisclosure 1 draft" and shown["texts"]["consent"], shown)
    urgent = line(recipient="district hospital", information="health")
    check("reason" in neema.refused(2, "disclosure", "emergency", urgent)["message"])
    neema.run("disclosure", "emergency", urgent, "reason=unconscious; the doctor asked")
    check(not {"consent", "notice"} & set(neema.show(urgent)["fields"]), neema.show(urgent))
    neema.run("void", told, "the line was busy")
    items = ledger(neema, asha)
    check([(item["to"], item.get("route", ""), item.get("reason", ""), item["voided"]) for item in items]
          == [("Loitokitok Clinic", "", "", True), ("district hospital", "emergency", "unconscious; the doctor asked", False)], items)
    said = neema.run("disclosures", asha).out
    check("without a consent" in said and "taken out again" in said, said)


def story_23_the_accounting(lab):
    """Under its own notice, three years back, in pieces when it is long; what was sent again and again is one paragraph; as a page to hand over."""
    neema, asha, clinic, _ = prepared(lab, information="housing")
    body = {"kind": "disclosure", "verb": "tell", "fields": {"recipient": clinic, "purpose": "referral", "information": "housing", "way": "phone"}}
    for _ in range(400):
        check("id" in neema.post(f"/v1/record/{asha}/disclose", body))
    check(len(ledger(neema, asha)) == 400 and ledger(neema, asha) == sorted(ledger(neema, asha), key=lambda item: item["at"]))
    said = neema.run("disclosures", asha).out
    check(said.startswith("What was told about you\n") and "400 times" in said and said.count("Loitokitok Clinic") == 1, said)
    check(neema.json("disclosures", asha)["notice"]["id"] == "accounting 1 draft")
    out = os.path.join(lab.dir, "told.html")
    neema.run("disclosures", asha, "--out", out)
    with open(out, encoding="utf-8") as file:
        check("400 times" in file.read() and stat.S_IMODE(os.stat(out).st_mode) == 0o600)
    check(neema.run("disclosures", asha, env=SW).out.startswith("Yaliyoelezwa kukuhusu\n"))
    clock = set_clock(lab, neema)
    clock.set(3 * 366 + 2)
    check(neema.json("disclosures", asha, env=clock.env)["items"] == [] and len(ledger(neema, asha, "--since", "2020-01-01")) == 400)


def story_22_existence(lab):
    """Whoever asks for what is not theirs learns nothing: what is nobody's and what is somebody else's are answered alike, word for word."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    neema, asha, _, referral = prepared(lab, neema, information="needs")
    consent = neema.json("consent", "list")["items"][0]["id"]
    lab.exchange(hub, neema, juma, rounds=2)
    nobody = "7" * 16
    asks = [("show",), ("history",), ("edit", "note=x"), ("void", "x"), ("disclosures",), ("slip",), ("referral", "packet"), ("referral", "send"), ("person", "plan"),
            ("consent", "revoke"), ("verify",)]
    for ask in asks:
        at = 2 if ask[0] in ("referral", "person", "consent") else 1
        answers = set()
        for record in (nobody, nobody[:5], asha, asha[:5], referral, consent):
            answer = juma.run("--json", *ask[:at], record, *ask[at:], check_status=False)
            answers.add((answer.status, answer.out, (answer.err.strip().splitlines() or [""])[-1].replace(record, "ID")))
        check(len(answers) == 1 and next(iter(answers))[0] == 3, ask, answers)
    # nor is anything written about whom one cannot see
    session = juma.add("session", topic="work", headcount=3)
    mine = juma.add("person", name="Pendo")
    for words in (("contact", "add", "person=ID", "kind=phone"), ("consent", "add", "person=ID", "recipient=x"), ("relation", "add", "supporter=ID", f"person={mine}", "what=sibling"),
                  ("attendance", "add", "person=ID", f"session={session}"), ("referral", "add", f"person={mine}", "need=ID"), ("contact", "list", "person=ID"),
                  ("export", os.path.join(lab.dir, "no.html"), "--person", "ID", "--own-copy"), ("referral", "add", "person=ID", "resource=x"), ("goal", "add", "person=ID", "text=x")):
        answers = set()
        for record in (nobody, nobody[:5], asha, asha[:5], referral, consent):
            answer = juma.run(*(word.replace("ID", record) for word in words), check_status=False)
            answers.add((answer.status, answer.out.replace(record, "ID"), answer.err.replace(record, "ID")))
        check(len(answers) == 1 and next(iter(answers))[0] != 0, words, answers)
    answers = {(juma.run(*words, check_status=False).status, juma.run(*words, check_status=False).err.replace(words[-1], "NAME"))
               for words in (("show", "Asha Kimani"), ("show", "Zuhura Mbwana"))}
    check(len(answers) == 1, answers)
    for path, body in (("slip", {}), ("packet", {}), ("edit", {"fields": {"note": "x"}}), ("void", {"reason": "x"}), ("move", {"verb": "send"})):
        answers = {str(juma.post(f"/v1/record/{record}/{path}", body)).replace(record, "ID") for record in (nobody, asha, referral, consent)}
        check(len(answers) == 1 and "not_found" in next(iter(answers)), path, answers)
    check(juma.json("find", "Asha")["items"] == juma.json("find", "Zuhura")["items"] == [])


def story_23_revoked_offline(lab):
    """Without any link a revocation works at once: nothing more is handed over, sent or told under it."""
    neema, asha, _, referral = prepared(lab, information="needs")
    consent = neema.json("consent", "list")["items"][0]["id"]
    neema.run("referral", "packet", referral)
    neema.run("consent", "revoke", consent)
    for words in (("referral", "packet"), ("referral", "send")):
        error = neema.refused(5, *words, referral)
        check("revoked" in error["message"], error)
    line = neema.add("disclosure", person=asha, recipient="Loitokitok Clinic", purpose="referral", information="needs")
    check("revoked" in neema.refused(5, "disclosure", "tell", line)["message"])
    check(len(ledger(neema, asha)) == 1, "what was handed over before stays in the list")


def pdf_text(path, words=None):
    """What mutool, a reader of its own, says of a PDF: its text, or None where it does not open."""
    told = subprocess.run(["mutool", "draw", "-q", "-F", "txt", *(["-p", words] if words else []), path], capture_output=True, text=True)
    return " ".join(told.stdout.split()) if told.returncode == 0 else None


def story_16_locked(lab):
    """A packet for who has no Pamoja: a PDF that six words open in any reader, told once and kept nowhere; without them, or changed on its way, it says nothing."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Wangarĩ Mũthoni")
    clinic = neema.add("resource", name="Loitokitok Clinic", category="health")
    neema.add("need", person=asha, area="health", text="a check of the lungs, and somebody who speaks her language " * 4)
    referral = neema.add("referral", person=asha, resource=clinic, category="health", information="needs")
    path = os.path.join(lab.dir, "packet.pdf")
    error = neema.refused(5, "referral", "packet", referral, "--locked", "--out", path)
    check("consent" in error["message"] and not os.path.exists(path), error)
    neema.add("consent", person=asha, recipient=clinic, purpose="referral", information="needs", expires="in 90 days", how="written")
    check("--out FILE.pdf" in neema.refused(2, "referral", "packet", referral, "--locked")["hint"])
    said = neema.run("referral", "packet", referral, "--locked", "--out", path)
    words = [line.strip() for line in said.err.splitlines() if line.startswith("    ")][0]
    check(len(words.split()) == 6 and "by phone" in said.err and os.stat(path).st_mode & 0o777 == 0o600, said)
    text = pdf_text(path, words)
    for part in ("Notice: this information is protected", "Copy of the person's consent", "Wangarĩ Mũthoni", "a check of the lungs", "Loitokitok Clinic"):
        check(part in text, part, text)
    for wrong in (None, "wrong", words + " x", " ".join(reversed(words.split()))):
        check(pdf_text(path, wrong) is None, wrong)
    encryption = subprocess.run(["qpdf", "--password=" + words, "--show-encryption", path], capture_output=True, text=True, check=True).stdout
    check("R = 6" in encryption and encryption.count("AESv3") == 3, encryption)
    check(subprocess.run(["qpdf", "--password=" + words, "--check", path], capture_output=True).returncode == 0)
    # nothing of it in the open, the words in no file of the home, and two packets never the same words
    with open(path, "rb") as file:
        sealed = file.read()
    check(not any(each.encode() in sealed for each in ("Wangar", "Loitokitok", "Notice", "consent")))
    for base, _, names in os.walk(lab.dir):
        for name in names:
            if os.path.isfile(os.path.join(base, name)):
                with open(os.path.join(base, name), "rb") as file:
                    check(words.encode() not in file.read(), name)
    again = neema.json("referral", "packet", referral, "--locked", "--out", path + ".again.pdf")
    check(again["words"] != words and pdf_text(path + ".again.pdf", again["words"]) == text, again)
    check(len([item for item in neema.json("disclosures", asha)["items"] if item["to"] == "Loitokitok Clinic"]) >= 2)
    # changed on its way: what is changed is not read as if it were whole
    changed = bytearray(sealed)
    for at in range(100, len(sealed) - 1500, 48):
        changed[at] ^= 1
    with open(path + ".changed.pdf", "wb") as file:
        file.write(changed)
    check(pdf_text(path + ".changed.pdf", words) != text)
    check(subprocess.run(["qpdf", "--password=" + words, "--check", path + ".changed.pdf"], capture_output=True).returncode != 0)
    # without the lock it is open; a letter that the font lacks is said, and no file left
    neema.run("referral", "packet", referral, "--out", path + ".open.pdf")
    check(pdf_text(path + ".open.pdf") == text)
    neema.run("edit", asha, "name=ꙮ𐎠𐎱")
    error = neema.refused(1, "referral", "packet", referral, "--locked", "--out", path + ".none.pdf")
    check("has no sign" in error["message"] and "void" in error["hint"] and not os.path.exists(path + ".none.pdf"), error)


run(globals())
