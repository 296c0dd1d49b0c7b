"""The practice, row by row, with one person: each story does with the real programs what one practice of peer and ally support asks for,
without a network.

The number in a story's name is the practice's in the list of tests/README.md, which says what of it is served.
"""
import os

from lab import check, run
from practice import consent_to_be_named, ids, in_days, reminded
from terminal import Terminal  # noqa: E402


def story_01_ally_and_peer(lab):
    """Both work with one person; both see one timeline, and of every entry by whom and in which role."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma, neema)
    written = {neema.add("contact", person=asha, kind="phone", note="the clinic's forms"): ("Neema", "ally"),
               juma.add("contact", person=asha, kind="visit", note="how I got through my first winter"): ("Juma", "peer")}
    lab.exchange(hub, neema, juma)
    for home in (neema, juma, hub):
        check(set(ids(home, "contact", "list", f"person={asha}")) == set(written), home.name)
        for contact, who in written.items():
            by = home.show(contact)["by"][0]
            check((by["name"], by["role"]) == who, home.name, by)
    check(neema.json("verify", asha) == juma.json("verify", asha))


def story_03_a_day_on_paper(lab):
    """The day's sheet: what is due, by initials and ids, with room to write; entered afterwards, with the day it was."""
    lab.quiet()
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha Ümit")
    due = neema.add("followup", person=asha, due="today", what="bring the form")
    out = os.path.join(lab.dir, "day.html")
    neema.run("today", "--print", "--out", out)
    with open(out, encoding="utf-8") as file:
        page = file.read()
    check("A. Ü." in page and "bring the form" in page and "Asha" not in page and page.count("What was done") == 6, page)
    check(os.stat(out).st_mode & 0o777 == 0o600)
    neema.refused(5, "today", "--print", "--out", out)
    text = neema.run("today", "--print", "--names").out
    check("Asha Ümit" in text and neema.show(due)["short"] in text if "short" in neema.show(due) else "Asha Ümit" in text, text)
    neema.refused(2, "today", "--names")
    contact = neema.add("contact", person=asha, kind="visit", on="yesterday", note="from the sheet")
    check(neema.show(contact)["fields"]["on"] < neema.show(contact).get("made", "9999"))


def story_03_paired(lab):
    """A pairing has a beginning, an end and a reason; a contact is one line."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    pairing = neema.add("pairing", person=asha, worker="Neema", role="peer", agreement="Tuesdays at the market")
    check(neema.show(pairing)["fields"]["from"] and neema.show(pairing)["state"] == "walking")
    contact = neema.add("contact", person=asha, kind="phone", minutes=20, goal="sleep at home again", note="talked it through", next="Neema calls the clinic by Friday")
    check(neema.show(contact)["fields"]["goal"] == "sleep at home again")
    check("reason" in neema.refused(2, "pairing", "end", pairing, "until=today")["message"], "ended without a reason")
    neema.run("pairing", "end", pairing, "until=today", "reason=she moved to Arusha")
    check(neema.show(pairing)["state"] == "ended" and ids(neema, "pairing", "list", "state=walking") == [])


def story_03_written_for_another(lab):
    """What somebody else did, from their paper, says so: who held it, and on which day."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    contact = neema.add("contact", person=asha, kind="visit", on="2026-03-02", minutes=40, held_by="Juma", note="walked to the clinic")
    shown = neema.show(contact)
    check(shown["fields"]["held_by"] == "Juma" and shown["by"][0]["name"] == "Neema", shown)
    for said in (neema.run("show", contact).out, neema.run("history", contact).out, neema.run("contact", "list", f"person={asha}").out):
        check("Juma" in said and "2026-03-02" in said, said)
    check(ids(neema, "find", "Juma") == [contact], "found by who held it")


def story_04_in_a_crisis(lab):
    """A crisis on the phone: what to ask now is on the screen, the follow-up is for today, and it goes before all else."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    said = neema.run("contact", "add", f"person={asha}", "kind=phone", "crisis=yes").out
    check("Do not leave them alone" in said and "emergency number" in said, said)
    check([day for day, _ in reminded(neema, asha)] == [in_days(0), in_days(1)], reminded(neema, asha))
    check(any(item["kind"] == "followup" for item in neema.json("today")["items"]))
    other = neema.add("person", name="Baraka")
    neema.add("contact", person=other, kind="phone", crisis="no")
    check(reminded(neema, other) == [])
    late = neema.json("contact", "add", f"person={other}", "kind=phone", "crisis=yes", "on=2020-01-01")
    check("says" not in late and "reminders" not in late, "what was typed in years later is no crisis now", late)


def story_12_needs(lab):
    """A need is closed when what came of it is written down; the referral made from it names it."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    need = neema.add("need", person=asha, area="housing", text="a bed for two weeks", priority="this week")
    shelter = neema.add("resource", name="House of Hope", category="housing")
    referral = neema.add("referral", person=asha, resource=shelter, category="housing", need=need)
    check(neema.show(referral)["fields"]["need"] == need)
    check("outcome" in neema.refused(2, "need", "meet", need)["message"])
    check(neema.show(need)["state"] == "open")
    neema.run("need", "meet", need, "outcome=two weeks at the House of Hope")
    check(neema.show(need)["state"] == "met" and ids(neema, "need", "list", "state=open") == [])


def story_15_before_and_after_treatment(lab):
    """A change of stage notes the days to ask; once, in the worker's language, and nothing is closed when treatment ends."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", stage="in treatment")
    check([day for day, _ in reminded(neema, asha)] == [in_days(7), in_days(30)], reminded(neema, asha))
    answer = neema.json("edit", asha, "stage=after treatment")
    check([one["due"] for one in answer["reminders"]] == [in_days(days) for days in (2, 7, 30, 90)] and "weeks after treatment" in answer["says"], answer)
    check(all(neema.show(one["id"])["fields"]["person"] == asha for one in answer["reminders"]))
    check(len(reminded(neema, asha)) == 6 and neema.show(asha)["state"] == "active")
    neema.add("followup", person=asha, due="in 6 days", what="the last day of the week")
    check([(item["due"], item["overdue"]) for item in neema.json("week")["items"]] == [(in_days(2), False), (in_days(6), False)], neema.json("week"))
    check(neema.json("today")["items"] == [] and in_days(2) in neema.run("week").out)
    # said again, or something else changed: none is made twice
    for words in (("stage=after treatment",), ("village=Kimana",)):
        check("reminders" not in neema.json("edit", asha, *words))
    check(len(reminded(neema, asha)) == 7)
    said = neema.run("person", "add", "name=Baraka", "stage=after treatment", env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out
    check("Wiki za kwanza" in said and "ametoka matibabuni" in said, said)


def story_17_warning_signs(lab):
    """The person's own list of signs and of what helps; and what was seen of it at a contact."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    sign = neema.add("warning", person=asha, text="I stop answering my sister", helps="call my sister together")
    neema.add("contact", person=asha, kind="phone", signs="isolation,return to use", note="no word since Sunday")
    check([day for day, _ in reminded(neema, asha)] == [in_days(1), in_days(7)], reminded(neema, asha))
    check(neema.json("find", "answering")["items"][0]["id"] == sign)
    # of what is long past only the days to come are noted, and a history that is imported makes no work
    long_ago = neema.add("contact", person=asha, kind="phone", on=in_days(-3), signs="return to use")
    check([day for day, _ in reminded(neema, asha)] == [in_days(1), in_days(4), in_days(7)], long_ago, reminded(neema, asha))
    neema.run("import", "-", stdin=f'{{"kind":"contact","fields":{{"person":"{asha}","kind":"phone","signs":["return to use"]}}}}\n')
    check(len(reminded(neema, asha)) == 3)
    neema.run("warning", "set-aside", sign)
    check(ids(neema, "warning", "list", "state=watched") == [])
    words = neema.run("contact", "add", "--help").out + neema.run("warning", "add", "--help").out
    check(not any(word in words.lower() for word in ("relapse", "failure", "dirty", "addict ")), words)


def story_18_goals(lab):
    """A goal is set when the person agrees to it."""
    neema = lab.worker("Neema")
    goal = neema.add("goal", person=neema.add("person", name="Asha"), text="I want to sleep at home again", steps="call my sister, by Friday")
    for not_agreed in ((), ("agreed=no",)):
        check("agreed" in neema.refused(2, "goal", "start", goal, *not_agreed)["message"])
    check(neema.show(goal)["state"] == "open")
    neema.run("goal", "start", goal, "agreed=yes")
    check(neema.show(goal)["state"] == "started")


BARC = ("matters", "content", "energy", "belongs", "friends", "fulfilled", "home", "answers", "services", "progress")


def story_19_strengths(lab):
    """Ten questions added up; the line of totals over the months; nothing is added up of answers somebody chose not to give."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    kind = next(kind for kind in neema.json("kinds")["kinds"] if kind["name"] == "person")
    names = [field["name"] for field in kind["fields"]]
    check(names.index("strengths") < names.index("needs"), "needs are asked before strengths")
    for on, value in (("2026-06-01", 3), ("2026-08-01", 4), ("2026-10-01", 5)):
        neema.add("barc10", person=asha, on=on, **dict.fromkeys(BARC, value))
    check(sorted(item["fields"]["total"] for item in neema.json("barc10", "list", f"person={asha}")["items"]) == [30, 40, 50])
    paper = neema.add("barc10", person=asha, on="2026-05-01", total=27)
    check(neema.show(paper)["fields"]["total"] == 27)
    skipped = neema.add("barc10", person=asha, **dict(dict.fromkeys(BARC, 6), home="chose not to say"))
    check("total" not in neema.show(skipped)["fields"])
    some = [f"{name}=5" for name in BARC]
    error = neema.refused(2, "barc10", "add", f"person={asha}", *some, "total=51")
    check("add up to 50" in error["message"] and error["hint"], error)
    error = neema.refused(2, "barc10", "add", f"person={asha}", *some[1:], "total=50")
    check("9 of 10" in error["message"], error)
    check("none of the 10" in neema.refused(2, "barc10", "add", f"person={asha}")["message"])
    check("use 1 to 6" in neema.refused(2, "barc10", "add", f"person={asha}", "home=7")["hint"])


def story_20_a_journey(lab):
    """Milestones and new starts over years; no day of recovery need be told, and no word of failure is offered."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    check("recovery_date" not in neema.show(asha)["fields"])
    for on, kind, text in (("2024-02-01", "first day", "a first day"), ("2025-02-01", "time kept", "one year"), ("2025-09-01", "new start", "I begin again"), ("2026-09-01", "work", "my own stall")):
        neema.add("milestone", person=asha, on=on, kind=kind, text=text)
    check([item["fields"]["on"] for item in sorted(neema.json("milestone", "list", f"person={asha}")["items"], key=lambda item: item["fields"]["on"])] ==
          ["2024-02-01", "2025-02-01", "2025-09-01", "2026-09-01"])


def story_21_many_pathways(lab):
    """Several pathways at once, and one of the person's own; language and culture; the same in Swahili."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", pathways="faith,family,the sea at dawn", language="maasai", culture="greet her mother first")
    fields = neema.show(asha)["fields"]
    check(fields["pathways"] == ["faith", "family", "the sea at dawn"] and fields["language"] == "maasai", fields)
    said = neema.run("show", asha, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out
    for words in ("Imani", "Familia", "the sea at dawn", "Utamaduni", "greet her mother first"):
        check(words in said, words, said)
    check(ids(neema, "person", "list", "pathways=faith") == [asha])


def story_23_what_was_shared(lab):
    """The person can see what was told, to whom, what for and by whom; also after the consent was taken back, and on every laptop of the team."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha")
    check("Nothing was told" in neema.run("disclosures", asha).out)
    clinic = neema.add("resource", name="Loitokitok Clinic", category="clinic")
    consent = neema.add("consent", person=asha, recipient=clinic, purpose="referral", information="contact details,needs", expires="in 90 days", how="written")
    sent, kept = (neema.add("referral", person=asha, resource=clinic, category="health", information="contact details") for _ in range(2))
    neema.run("referral", "send", sent)
    neema.run("consent", "revoke", consent)
    neema.refused(5, "referral", "send", kept)
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma, neema)
    for home in (neema, hub, juma):
        items = home.json("disclosures", "Asha")["items"]
        check(len(items) == 1 and items[0]["id"] == sent and items[0]["to"] == "Loitokitok Clinic", home.name, items)
        check((items[0]["purpose"], items[0]["by"], items[0]["role"], items[0]["on"]) == ("referral", "Neema", "ally", in_days(0)), items)
        check(items[0]["information"] == "name and how to reach the person", items)
    check(neema.json("disclosures", asha, "--since", "in 2 days")["items"] == [])
    said = juma.run("disclosures", "Asha").out
    check("Loitokitok Clinic" in said and "by Neema (ally)" in said, said)
    check("name a person" in neema.refused(2, "disclosures", clinic)["message"])


def story_26_not_asked_again(lab):
    """Every question that is not needed for the record to stand can be left, or answered: chose not to say."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", gender="chose not to say", strengths="chose not to say", village="chose not to say")
    shown = neema.run("show", asha).out
    check(shown.count("chose not to say") == 3, shown)
    # of every kind that a worker writes down, all questions at once: but whom it is about, and under which consent
    told, whom = neema.json("kinds")["kinds"], (asha, neema.add("person", name="Mama Asha"))
    consent_to_be_named(neema, asha)
    for kind in told:
        about, words = kind.get("subjects", []), ("chose not to say", "hakutaka kusema")[len(kind["name"]) % 2]
        if kind["name"] in ("disclosure", "story"):
            continue
        asked = [field["name"] for field in kind["fields"] if field["name"] not in about and field.get("default") != "random"]
        fields = neema.show(neema.add(kind["name"], **dict(zip(about, whom)), **dict.fromkeys(asked, words)))["fields"]
        check(all(fields[name] == {"declined": True} for name in asked), kind["name"], fields)
    # what was answered stands there when it is asked again, and Enter keeps it
    at = Terminal(neema, "edit", asha)
    for words in ("Name [Asha]", "Gender [chose not to say]"):
        while words not in at.until(": "):
            at.type("")
        at.type("")
    at.type("\4")
    check(at.end() == 2 and neema.show(asha)["fields"]["gender"] == {"declined": True})


def story_22_confidential(lab):
    """Sealed on the disk, seen by the care team alone, locked in one word, no name on the paper that lies about, and cut off when the laptop is lost."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha Zuhura", phone="0712 345 678")
    neema.add("contact", person=asha, kind="phone", note="the river at dusk")
    neema.add("followup", person=asha, due="today", what="call her sister")
    lab.exchange(hub, neema, juma)
    for word in (b"Zuhura", b"river at dusk", b"0712 345 678"):
        for folder in (neema.path, hub.path, juma.path, lab.mailboxes):
            for root, _, files in os.walk(folder):
                for path in filter(os.path.isfile, [os.path.join(root, name) for name in files]):
                    with open(path, "rb") as file:
                        check(word not in file.read(), word, path)
    juma.refused(3, "show", asha)
    check(juma.json("find", "Zuhura")["items"] == [] and "Zuhura" not in juma.run("status").out + juma.run("log").out + neema.run("log").out)
    sheet = neema.run("today", "--print").out
    check("A. Z." in sheet and "Zuhura" not in sheet, sheet)
    neema.run("lock")
    for words in (("show", asha), ("find", "Zuhura"), ("today",), ("person", "list")):
        answer = neema.run(*words, status=4)
        check("Zuhura" not in answer.out + answer.err, words, answer)
    neema.unlock()
    hub.run("hub", "revoke", "Neema", "--sure")
    hub.run("hub", "merge")
    neema.run("sync", check_status=False)
    check(neema.run("show", asha, check_status=False).status != 0 and "revoked" in neema.status(), "a lost laptop goes on reading")
    check(hub.show(asha)["fields"]["name"] == "Asha Zuhura", "and what it wrote is at the office")


def story_stopped_by_choice(lab):
    """Everything is voluntary: what a person no longer wants ends by their choice, and no why is asked."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    for kind, verb, state, fields in (("need", "withdraw", "withdrawn", {"area": "housing", "text": "a bed"}), ("goal", "set-aside", "set_aside", {"text": "to sleep at home"}),
                                      ("pairing", "stop", "ended", {"worker": "Neema"}), ("referral", "withdraw", "withdrawn", {"resource": "the clinic"}),
                                      ("warning", "set-aside", "set_aside", {"text": "no sleep"})):
        record = neema.add(kind, person=asha, **fields)
        neema.run(kind, verb, record)
        check(neema.show(record)["state"] == state, kind, neema.show(record)["state"])
    check(neema.show(ids(neema, "pairing", "list", "--all")[0])["fields"]["until"] == in_days(0))


def story_33_advocacy(lab):
    """A letter, a hearing, a way gone together: with what came of it."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    for kind, outcome in (("letter", "the school takes her son back"), ("accompaniment", "the card was issued"), ("hearing", "moved to May")):
        done = neema.add("contact", person=asha, kind=kind, outcome=outcome)
        check(neema.show(done)["fields"]["outcome"] == outcome)
    check(len(neema.json("find", "school")["items"]) == 1)


def story_37_what_is_taken_home(lab):
    """One page in the person's own words: what is open, and nothing of what was observed."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", emergency_contact="my sister, 0700 000 111", stage="in treatment", village="Kimana")
    goal = neema.add("goal", person=asha, text="I want to sleep at home again", steps="call my sister")
    over = neema.add("goal", person=asha, text="a goal that was reached", agreed="yes")
    neema.run("goal", "reach", over)
    neema.add("warning", person=asha, text="I stop answering my sister", helps="a walk to the river")
    neema.add("pairing", person=asha, worker="Neema", agreement="Tuesdays at the market")
    neema.add("contact", person=asha, kind="phone", note="what was observed")
    other = neema.add("goal", person=neema.add("person", name="Baraka"), text="somebody else's")
    neema.add("followup", person=asha, due="tomorrow", what="tea with Neema")
    plan = neema.json("person", "plan", asha)
    check([section["kind"] for section in plan["sections"]] == ["goal", "warning", "followup", "pairing", "person"], plan)
    said = neema.run("person", "plan", "Asha").out
    for words in ("Asha", "sleep at home again", "call my sister", "a walk to the river", "tea with Neema", "Tuesdays at the market", "0700 000 111"):
        check(words in said, words, said)
    for words in ("goal that was reached", "observed", "somebody else", "Kimana", "addict", "recover", "Pamoja"):
        check(words.lower() not in said.lower(), words, said)
    for days in (9, 2, 40, 5):
        neema.add("followup", person=asha, due=f"in {days} days", what=f"after {days} days")
    section = [section for section in neema.json("person", "plan", asha)["sections"] if section["kind"] == "followup"][0]
    check([item["due"] for item in section["items"]] == sorted(item["due"] for item in section["items"]), "as they come", section)
    check("Ninachokitaka" in neema.run("person", "plan", asha, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    out = os.path.join(lab.dir, "plan.html")
    neema.run("person", "plan", asha, "--out", out)
    with open(out, encoding="utf-8") as file:
        page = file.read()
    check("sleep at home again" in page and "0700 000 111" in page and "pamoja" not in page.lower() and os.stat(out).st_mode & 0o777 == 0o600, page)
    neema.refused(5, "person", "plan", asha, "--out", out)
    check("observed" not in page and "goal that was reached" not in page, page)
    check("name a person" in neema.refused(2, "goal", "plan", goal)["message"] and other)


def story_38_mutual_aid(lab):
    """What supports somebody chose is written only if they want; a mutual-aid group is sent people, and never told anything about them."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    check("supports" not in neema.show(asha)["fields"])
    group = neema.add("resource", name="Tuesday circle", category="mutual aid")
    referral = neema.add("referral", person=asha, resource=group, category="mutual aid")
    neema.run("referral", "send", referral)  # the person goes: nothing is told, so no consent is needed
    check(neema.json("disclosures", asha)["items"] == [])
    kind = next(kind for kind in neema.json("kinds")["kinds"] if kind["name"] == "group")
    check(all(field["type"] != "link" for field in kind["fields"]), "a group lists people")
    neema.run("edit", asha, "supports=the Tuesday circle, my sister")
    check(neema.show(asha)["fields"]["supports"] == "the Tuesday circle, my sister")


run(globals())
