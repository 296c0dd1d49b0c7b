"""The practice, row by row: each story does with the real programs what one practice of peer and ally support asks for, without a network.

The number in a story's name is the practice's in the list of tests/README.md, which says what of it is served.
"""
import datetime
import json
import os
import shutil

from lab import TOP, Failed, check, run, set_clock


def consent_to_be_named(home, person):
    return home.add("consent", person=person, recipient="programme", purpose="attendance", information="attendance", expires="in 90 days", how="written")


def ids(home, *words):
    return [item["id"] for item in home.json(*words)["items"]]


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


def profile(name, version=1, crosses=""):
    return f"; rules\n[profile]\nname = {name}\nversion = {version}\ntitle.en = A country\ncrosses = {crosses}\n"


def story_02_across_a_border(lab):
    """An ally in Kenya, a peer in Tanzania: over the border goes what the person's consent names, or the profile lets cross; and counts."""
    lab.home("hub").settings("[programme]\ncountry = ke\n")
    hub = lab.hub()
    neema = lab.worker("Neema", hub, role="ally")
    for name, words in (("tz", "another country than tz"), ("ke", "")):
        file = os.path.join(lab.dir, name + ".ini")
        shutil.copy(os.path.join(TOP, "conf", "profiles", name + ".ini"), file)
        if words:
            check(words in hub.refused(5, "hub", "kinds", "publish", file)["message"], words)
        else:
            hub.run("hub", "kinds", "publish", file)
    lab.exchange(hub, neema)
    here = neema.add("resource", name="Kimana Clinic", country="ke")
    moshi = neema.add("resource", name="Moshi team", country="tz")
    signed = dict(purpose="referral", information="needs", expires="in 90 days", how="written")
    people = {}
    for name, need in (("Asha", "a dry room"), ("Baraka", "a bed in June")):
        people[name] = neema.add("person", name=name)
        neema.add("need", person=people[name], area="housing", text=need)
        for to in (here, moshi):
            people[name, to] = neema.add("consent", person=people[name], recipient=to, **signed)
    asha = people["Asha"]
    referral = neema.add("referral", person=asha, resource=moshi, category="housing", reason="her sister lives there")
    for words in (("referral", "send", referral), ("referral", "packet", referral)):
        error = neema.refused(5, *words)
        check("leave the country (to: tz)" in error["message"] and "abroad=yes" in error["hint"], words, error)
    check(neema.json("disclosures", asha)["items"] == [], "nothing was told")
    neema.run("referral", "packet", neema.add("referral", person=asha, resource=here, category="housing"))
    # the person agrees, and only what that names arrives with the peer over there
    neema.run("edit", people["Asha", moshi], "abroad=yes")
    out = os.path.join(lab.dir, "needs.jsonl")
    said = neema.run("export", out, "--kind", "need", "--to", "Moshi team", "--for", "referral", status=8)
    check("Baraka" in said.err and "leave the country" in said.err, said)
    with open(out, encoding="utf-8") as text:
        sent = text.read()
    check("a dry room" in sent and "a bed in June" not in sent and "Kimana" not in sent, sent)
    packet = neema.run("referral", "packet", referral).out
    check("a dry room" in packet and "Tanzania" not in packet and "her sister" in packet, packet)
    check({item["to"] for item in neema.json("disclosures", asha)["items"]} == {"Moshi team", "Kimana Clinic"})
    # a programme that was allowed more says so in its profile, and every laptop follows
    baraka = neema.add("referral", person=people["Baraka"], resource=moshi, category="housing", information="needs")
    neema.refused(5, "referral", "packet", baraka)
    hub.run("hub", "kinds", "publish", write(file, profile("ke", 2, "needs")))
    lab.exchange(hub, neema)
    neema.run("referral", "packet", baraka)
    check(hub.json("hub", "report")["items"] != [], "counts cross")
    for text, near in ((profile("ke", 2), "in force already"), (profile("ke", 3) + "needs = x\n", "needs"), (profile("tz", 3), "named after its profile")):
        error = hub.run("hub", "kinds", "publish", write(file, text), json_out=True, check_status=False).error
        check(near in error["message"] and error["hint"], near, error)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


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


def reminded(home, person):
    return sorted((item["fields"]["due"], item["fields"]["what"]) for item in home.json("followup", "list", f"person={person}", "--all")["items"])


def in_days(days, since=None):
    return ((since or datetime.date.today()) + datetime.timedelta(days)).isoformat()


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


def story_05_groups(lab):
    """A session has a topic, several who led it, and how many came; by name only who consented to that."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    group = neema.add("group", name="Tuesday circle", kind="peer support", place="Loitokitok hall", when="Tuesdays 17:00")
    session = neema.add("session", group=group, topic="saying no at a wedding", led_by="Neema and Juma", presenters="peer,ally", headcount=12)
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    error = neema.refused(5, "attendance", "add", f"person={asha}", f"session={session}")
    check("consent" in error["message"] and "attendance" in error["hint"], error)
    neema.add("consent", person=baraka, recipient="programme", purpose="attendance", information="attendance", expires="in 90 days", how="spoken")
    neema.refused(5, "attendance", "add", f"person={baraka}", f"session={session}")
    consent = consent_to_be_named(neema, asha)
    attended = neema.add("attendance", person=asha, session=session, learned="it is enough to say no once")
    # another's consent does not count, and one that was taken back counts no more
    neema.refused(5, "attendance", "add", f"person={baraka}", f"session={session}")
    neema.run("consent", "revoke", consent)
    neema.refused(5, "attendance", "add", f"person={asha}", f"session={session}")
    # groups and sessions are everybody's, who came is not
    lab.exchange(hub, neema, juma)
    check(juma.show(session)["fields"]["headcount"] == 12 and juma.show(group)["fields"]["name"] == "Tuesday circle")
    juma.refused(3, "show", attended)
    check("Asha" not in juma.run("session", "list").out + juma.run("show", session).out)


def story_06_workshops(lab):
    """Skills of each session, and what a person took part in again and again."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    consent_to_be_named(neema, asha)
    for topic, skills in (("a week's money", "budgeting"), ("a talk for work", "job readiness,time"), ("when it pulls", "relapse prevention")):
        session = neema.add("session", kind="workshop", topic=topic, skills=skills, headcount=8)
        neema.add("attendance", person=asha, session=session)
    items = neema.json("attendance", "list", f"person={asha}")["items"]
    skills = {skill for item in items for skill in neema.show(item["fields"]["session"])["fields"]["skills"]}
    check(skills == {"budgeting", "job readiness", "time", "relapse prevention"}, skills)


def story_07_families(lab):
    """A family member is a person with a consent of their own, and who works with them alone sees nothing of the person in recovery."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha")
    neema.add("contact", person=asha, kind="one-on-one", note="a secret of hers")
    mother = neema.add("person", name="Mama Asha", role="family supporter")
    tie = neema.add("relation", supporter=mother, person=asha, what="parent", household="yes")
    check("the same person" in neema.refused(2, "relation", "add", f"supporter={asha}", f"person={asha}", "what=parent")["message"])
    neema.add("contact", person=mother, kind="family workshop", note="what a mother can do")
    consent_to_be_named(neema, asha)
    session = neema.add("session", kind="family workshop", topic="what helps at home", headcount=6)
    neema.refused(5, "attendance", "add", f"person={mother}", f"session={session}")  # her own consent, not her daughter's
    lab.exchange(hub, neema)
    hub.run("hub", "assign", mother, "Juma")
    lab.exchange(hub, juma, neema)
    check(juma.show(mother)["fields"]["name"] == "Mama Asha" and len(ids(juma, "contact", "list")) == 1)
    for hidden in (asha, tie):
        juma.refused(3, "show", hidden)
    check(juma.json("find", "secret")["items"] == [])
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma, neema)
    check(juma.show(tie)["fields"]["what"] == "parent")
    error = neema.refused(5, "edit", tie, f"person={mother}")
    check("never changed" in error["message"], error)


def story_09_stories(lab):
    """A session says who told and in which role; what was told is kept only under the teller's own consent to that."""
    neema = lab.worker("Neema")
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    session = neema.add("session", kind="storytelling", topic="my first winter", presenters="peer,guest", headcount=14)
    check(neema.show(session)["fields"]["presenters"] == ["peer", "guest"])
    told = ("title=my first winter", "text=the river was still dark", f"session={session}")
    error = neema.refused(5, "story", "add", f"person={asha}", *told)
    check("consent" in error["message"], error)
    consent_to_be_named(neema, asha)  # to be named is not to have one's story kept
    neema.refused(5, "story", "add", f"person={asha}", *told)
    consent = neema.add("consent", person=asha, recipient="programme", purpose="storytelling", information="all", expires="in 90 days", how="written")
    story = neema.json("story", "add", f"person={asha}", *told)["id"]
    check(neema.show(story)["fields"]["told_to"] == "the group")
    neema.refused(5, "story", "add", f"person={baraka}", *told)
    neema.run("consent", "revoke", consent)
    neema.refused(5, "story", "add", f"person={asha}", *told)


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


def story_30_of_ones_own_life(lab):
    """A worker's own lived experience stays on the laptop that wrote it, and is in no export."""
    hub, neema = lab.office(ally="Neema")
    mine = neema.add("lived", text="I slept at the bus station", since="2020-03-01", told="nobody")
    lab.exchange(hub, neema)
    check(neema.status()["outbox"]["entries"] == 0)
    hub.refused(3, "show", mine)
    check(hub.json("find", "station")["items"] == [])
    answer = neema.run("export", "lived", check_status=False)
    check(answer.status != 0 and "station" not in answer.out + answer.err, answer)


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


def story_10_in_the_community(lab):
    """An activity has no person in it, and no field that could."""
    neema = lab.worker("Neema")
    done = neema.add("activity", what="talk at the market", kind="stigma", place="Kimana", setting="community", audience=60, partners="the church choir", asked=4)
    check(neema.show(done)["fields"]["audience"] == 60)
    kind = next(kind for kind in neema.json("kinds")["kinds"] if kind["name"] == "activity")
    check(all(field["type"] != "link" and field["privacy"] == "open" for field in kind["fields"]), kind)


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


def story_14_the_directory_is_kept(lab):
    """An entry that nobody looked after for half a year is marked, offline and in any list; the office is told how many; a check renews it."""
    hub, neema = lab.office(ally="Neema")
    fresh = neema.add("resource", name="House of Hope", category="housing")
    old = neema.add("resource", name="Old Mill Clinic", category="health", checked_on=in_days(-181))
    edge = neema.add("resource", name="Edge School", checked_on=in_days(-180))
    shut = neema.add("resource", name="Shut Shop", checked_on=in_days(-900))
    neema.run("resource", "close", shut)
    lab.exchange(hub, neema)
    for home in (neema, hub):
        check(ids(home, "resource", "list", "--stale") == [old] and home.show(old)["stale"] and home.show(old)["checked"] == in_days(-181))
        for other in (fresh, edge, shut):
            check("stale" not in home.show(other))
        for words in (("resource", "list"), ("find", "Mill")):
            check("to be checked" in home.run(*words).out, words)
        check("last seen to be so on" in home.run("show", old).out)
    check(ids(neema, "resource", "list", "--stale", "category=housing") == [])
    check(hub.json("today")["stale"] == [{"kind": "resource", "plural": "Resources", "count": 1, "days": 180}], hub.json("today"))
    check("1 of Resources" in hub.run("today").out and "stale" not in neema.json("today"))
    neema.run("resource", "check", old)
    check(neema.show(old)["fields"]["checked_on"] == in_days(0) and "stale" not in neema.show(old))
    neema.run("resource", "check", old, f"checked_on={in_days(-2)}")
    check(neema.show(old)["fields"]["checked_on"] == in_days(-2))
    lab.exchange(hub, neema)
    check("stale" not in hub.json("today") and ids(hub, "resource", "list", "--stale") == [])
    check("nobody checks" in neema.refused(2, "person", "list", "--stale")["message"])
    # what is of no date at all is not known to be so
    neema.run("edit", fresh, "checked_on=")
    check(ids(neema, "resource", "list", "--stale") == [fresh] and "nobody knows" in neema.run("show", fresh).out)


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


def story_24_boundaries(lab):
    """Who knows somebody in another way says so; only they and the office see it, and a second person decides."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = juma.add("person", name="Asha")
    boundary = juma.add("boundary", person=asha, relation="used together", note="we meet at my place no more")
    error = juma.refused(5, "boundary", "clear", boundary, "decision=fine")
    check("cannot clear" in error["message"] and error["hint"], error)
    lab.exchange(hub, juma)
    hub.run("hub", "assign", asha, "Neema")
    lab.exchange(hub, neema, juma)
    neema.refused(3, "show", boundary)
    check(neema.json("find", "place")["items"] == [])
    hub.run("boundary", "clear", boundary, "decision=both agree; looked at again in March")
    lab.exchange(hub, juma)
    check(juma.show(boundary)["state"] == "cleared" and juma.show(boundary)["by"][-1]["name"] == "Office", juma.show(boundary))


def story_24_a_boundary_blocks(lab):
    """Who declared to know a person in another way is not given them, unless a second person allowed it; others are."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    boundary = juma.add("boundary", person="asha", relation="family", note="my cousin")  # nobody he has: in words
    lab.exchange(hub, neema, juma)
    error = hub.refused(5, "hub", "assign", asha, "Juma")
    check("Juma knows Asha in another way" in error["message"] and boundary[:5] in error["hint"], error)
    for both in (("Neema", "Juma"), ("Juma",)):
        hub.refused(5, "hub", "assign", asha, *both)
    juma.refused(3, "show", asha)
    hub.run("hub", "assign", baraka, "Juma")
    hub.run("boundary", "keep-apart", boundary)
    check("not to be paired" in hub.refused(5, "hub", "assign", asha, "Juma")["message"])
    hub.run("boundary", "clear", boundary, "decision=the cousins both want it; looked at again in March")
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, neema, juma)
    check(juma.show(asha)["fields"]["name"] == "Asha")
    # a lost laptop's people go to another worker in the same way
    chui = juma.add("person", name="Chui")
    lab.exchange(hub, juma)
    boundary = neema.add("boundary", person="Chui", relation="neighbour")
    lab.exchange(hub, neema)
    hub.run("hub", "revoke", "Juma", "--sure")
    check("Neema knows Chui" in hub.refused(5, "hub", "replace", "Juma", "Neema")["message"])
    hub.run("boundary", "clear", boundary, "decision=they greet each other, no more")
    hub.run("hub", "replace", "Juma", "Neema")
    lab.exchange(hub, neema)
    check(neema.show(chui)["fields"]["name"] == "Chui")


def story_25_ethics(lab):
    """The code of ethics acknowledged, and asked for again when its day comes; no form asks for a diagnosis."""
    neema = lab.worker("Neema")
    ethics = neema.add("training", kind="code of ethics", course="our code, version 3", renew_by="today")
    check(ethics in [item["id"] for item in neema.json("today")["items"]], "not due")
    neema.run("training", "renew", ethics)
    check(ethics not in [item["id"] for item in neema.json("today")["items"]], "still due")
    for kind in neema.json("kinds")["kinds"]:
        for field in kind["fields"]:
            check("diagnos" not in field["name"] + field["label"].lower(), kind["name"], field)


def story_26_not_asked_again(lab):
    """Every question that is not needed for the record to stand can be left, or answered: chose not to say."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", gender="chose not to say", strengths="chose not to say", village="chose not to say")
    shown = neema.run("show", asha).out
    check(shown.count("chose not to say") == 3, shown)


def story_27_training(lab):
    """A worker's courses, hours and certificates: the worker's own and the office's, and of no other worker."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    course = neema.add("training", course="families, 46 hours", hours="46", competencies="families,groups", number="C-117")
    lab.exchange(hub, neema, juma)
    check(hub.show(course)["fields"]["competencies"] == ["families", "groups"] and hub.show(course)["by"][0]["name"] == "Neema")
    check(neema.show(course)["sync"] == "merged")
    juma.refused(3, "show", course)
    check(ids(juma, "training", "list") == [])


def story_28_supervision(lab):
    """Who wrote it has signed it, and only somebody else can sign it, too."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    session = juma.add("supervision", **{"with": "Office"}, minutes=60, topics="saying no; keeping my own meetings", actions="a week off in May")
    check(juma.show(session)["state"] == "held")
    juma.refused(5, "supervision", "sign", session)
    lab.exchange(hub, juma, neema)
    hub.run("supervision", "sign", session)
    lab.exchange(hub, juma, neema)
    check(juma.show(session)["state"] == "signed" and [by["name"] for by in juma.show(session)["by"]][-1] == "Office")
    neema.refused(3, "show", session)
    # what both signed stays as it was signed
    for home in (juma, hub):
        check("void it" in home.refused(5, "edit", session, "topics=nothing at all")["hint"])
    check(juma.show(session)["fields"]["topics"] == "saying no; keeping my own meetings")
    # and where the author changed it before that was known there, both stand, and it is seen
    session = juma.add("supervision", **{"with": "Office"}, minutes=30, topics="resting")
    lab.exchange(hub, juma)
    juma.run("edit", session, "topics=working nights")
    hub.run("supervision", "sign", session)
    lab.exchange(hub, juma)
    (conflict,) = hub.json("hub", "conflicts")["items"]
    check(conflict["field"] == "topics" and {value["value"] for value in conflict["values"]} == {"resting", "working nights"}, conflict)
    # a conflict is told in words, not as a kind file names its states
    asha = juma.add("person", name="Asha")
    need = juma.add("need", person=asha, area="housing", text="a bed")
    lab.exchange(hub, juma)
    juma.run("need", "not-met", need, "outcome=none free")
    hub.run("need", "meet", need, "outcome=found one")
    lab.exchange(hub, juma)
    told = juma.run("show", need).out
    check("different things for State:" in told and "  not met  (" in told and "not_met" not in told, told)
    told = hub.run("hub", "conflicts").out
    check("  not met  (" in told and "not_met" not in told, told)


def story_28_hours_that_are_needed(lab):
    """Supervision of this month against four hours, and of a week against one session: at the worker's, and at the office for each."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    day = datetime.date.today()
    neema.add("supervision", **{"with": "Office"}, minutes=90, topics="sleep", on=in_days(0))
    if day.day > 1:
        neema.add("supervision", **{"with": "Office"}, minutes=30, topics="rest", on=day.replace(day=1).isoformat())
    neema.add("supervision", **{"with": "Office"}, minutes=45, topics="last month's", on=(day.replace(day=1) - datetime.timedelta(10)).isoformat())
    voided = neema.add("supervision", **{"with": "Office"}, minutes=500, topics="a mistake")
    neema.run("void", voided, "a", "mistake")
    minutes = 120 if day.day > 1 else 90
    (mine,) = neema.json("week")["expected"]
    check((mine["minutes"], mine["of"], mine["times_of"]) == (minutes, 240, 1) and mine["times"] >= 1, mine)
    check(f"{minutes // 60}:{minutes % 60:02d} of 4:00 hours" in neema.run("week").out and "expected" not in neema.json("today"))
    (none,) = juma.json("week")["expected"]
    check((none["minutes"], none["times"]) == (0, 0), none)
    # a supervisor's own note of a session is of whom it names
    lab.exchange(hub, neema, juma)
    hub.add("supervision", **{"with": "Juma"}, minutes=60, topics="first weeks")
    load = hub.json("hub", "caseload")
    check(load["expects"] == {"minutes": 240, "week": 1}, load)
    of = {item["name"]: item["supervision"] for item in load["items"]}
    check(of["Neema"]["minutes"] == minutes and of["Juma"] == {"minutes": 60, "times": 1, "week": 1}, of)
    said = hub.run("hub", "caseload").out
    check(f"{minutes // 60}:{minutes % 60:02d} of 4:00" in said and "1:00 of 4:00" in said, said)


def story_29_workload(lab):
    """What each worker carries, for the coordinator: people, contacts, crises, what is overdue, what runs out, and whom nobody has."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    people = [neema.add("person", name=f"Asha {n}") for n in range(3)]
    neema.run("person", "close", people[2])
    for n in range(6):
        neema.add("contact", person=people[0], kind="phone", on=in_days(-n), crisis="yes" if n == 0 else "no")
    neema.add("contact", person=people[0], kind="phone", on=in_days(-40))
    neema.add("followup", person=people[0], due=in_days(-2), what="late")
    neema.add("followup", person=people[0], due=in_days(5), what="not yet")
    neema.add("training", course="first aid", kind="certificate", renew_by=in_days(20))
    neema.add("training", course="families", kind="certificate", renew_by=in_days(200))
    for days in (10, 90):
        neema.add("consent", person=people[1], recipient="the clinic", purpose="referral", information="needs", expires=in_days(days), how="written")
    lab.exchange(hub, neema, juma)
    nobodys = hub.add("person", name="Baraka")
    hub.run("hub", "assign", people[1], "Juma")
    neema.add("boundary", person=people[0], relation="friend")
    lab.exchange(hub, neema, juma)
    load = hub.json("hub", "caseload")
    by = {item["name"]: item for item in load["items"]}
    check({name: by["Neema"][name] for name in ("people", "contacts", "crises", "certificates", "consents", "boundaries")} ==
          {"people": 2, "contacts": 6, "crises": 1, "certificates": 1, "consents": 1, "boundaries": 1}, by["Neema"])
    check(by["Neema"]["overdue"] == 1 and (by["Juma"]["people"], by["Juma"]["contacts"], by["Juma"]["consents"]) == (1, 0, 1), by)
    check(load["nobodys"] == 1 and [(item["person"], item["expires"]) for item in load["consents"]] == [("Asha 1", in_days(10))], load)
    said = hub.run("hub", "caseload").out
    for words in ("1.5", "1 person has no worker", "Asha 1: the consent", "1 boundary", "Juma: no supervision"):
        check(words in said, words, said)
    neema.refused(2, "hub", "caseload")
    hub.run("hub", "revoke", "Neema", "--sure")
    load = hub.json("hub", "caseload")
    check([item["name"] for item in load["items"]] == ["Juma"] and load["nobodys"] == 2 and nobodys, load)


def story_08_who_fits(lab):
    """Who knows what a person needs, speaks their language and has room stands first; who may not, last."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha = neema.add("person", name="Asha", language="maasai", wants="families")
    for name in ("one", "two"):
        neema.add("person", name=name)
    lab.exchange(hub, neema, juma)
    fits = hub.json("hub", "match", asha)
    check((fits["wants"], fits["language"]) == (["families"], ["maasai"]), fits)
    check([(item["name"], item["lacks"], item["speaks"]) for item in fits["items"]] == [("Juma", ["families"], False), ("Neema", ["families"], False)], fits)
    neema.add("training", course="families, 46 hours", competencies="families")
    neema.add("worker", name="Neema", languages="english,maasai", most=20)
    juma.add("worker", name="Juma", languages="swahili", tags="families,youth")
    lapsed = juma.add("training", course="trauma", competencies="trauma")
    juma.run("training", "lapse", lapsed)
    lab.exchange(hub, neema, juma)
    fits = hub.json("hub", "match", asha)["items"]
    check([(item["name"], item["lacks"], item["speaks"], item["has"]) for item in fits] == [("Neema", [], True, True), ("Juma", [], False, False)], fits)
    check([item["name"] for item in hub.json("hub", "match", asha, "--tag", "youth", "--language", "swahili")["items"]] == ["Juma", "Neema"])
    check(all("trauma" in item["lacks"] for item in hub.json("hub", "match", asha, "--tag", "trauma")["items"]), "what lapsed counts")
    said = hub.run("hub", "match", "Asha").out
    check("has them already" in said and "does not say to speak" in said and "Wanted: families; maasai" in said, said)
    juma.add("boundary", person="Asha", relation="neighbour")
    lab.exchange(hub, juma)
    last = hub.json("hub", "match", asha, "--tag", "youth", "--language", "swahili")["items"][-1]
    check(last["name"] == "Juma" and last["apart"], last)


def story_29_for_oneself(lab):
    """How a worker is themselves stays on the laptop."""
    hub, neema = lab.office(ally="Neema")
    mine = neema.add("checkin", energy=2, recovery=2, helps="the sea", note="a hard week of my own")
    lab.exchange(hub, neema)
    check(neema.show(mine)["fields"]["recovery"] == 2 and neema.status()["outbox"]["entries"] == 0)
    hub.refused(3, "show", mine)
    check(hub.json("find", "week")["items"] == [])


def story_32_until_a_day(lab):
    """A volunteer's access ends by itself after the last day: the laptop locks, what it sends waits; the office may give another day."""
    hub = lab.hub()
    juma = lab.home("Juma").start().init(role="volunteer")
    request = juma.json("enrol", "request")["request"]
    invited = hub.json("hub", "enrol", "-", "--role", "volunteer", "--name", "Juma", "--until", in_days(3), "--words-checked", stdin=request)
    hub.run("hub", "merge")
    juma.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
    asha = juma.add("person", name="Asha")
    lab.exchange(hub, juma)
    check(hub.json("hub", "roster")["items"][-1]["until"] == in_days(3))
    check( hub.show(asha)["fields"]["name"] == "Asha")
    warned = "".join(juma.json("status")["warnings"])
    check("access ends after " + in_days(3) in warned and "days left: 3" in warned, "not told beforehand", warned)
    check("ruhusa yako" in juma.run("status", env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    clock = set_clock(lab, hub)
    for days, state in ((3, "live"), (4, "suspended")):
        clock.set(days)
        hub.run("hub", "merge")
        item = hub.json("hub", "roster")["items"][-1]
        check(item["state"] == state, days, item)
    juma.add("person", name="Baraka")
    juma.run("sync", check_status=False)
    hub.run("hub", "merge")
    check(hub.json("find", "Baraka")["items"] == [], "what came after the last day counts")
    juma.refused(4, "show", asha)
    error = hub.refused(5, "hub", "suspend", "Juma", "--end")
    check("until " + in_days(3) in error["message"] and "--until" in error["hint"], error)
    hub.run("hub", "suspend", "Juma", "--end", "--until", in_days(10))
    hub.run("hub", "merge")
    item = hub.json("hub", "roster")["items"][-1]
    check((item["state"], item["until"]) == ("live", in_days(10)), item)
    check(len(hub.json("find", "Baraka")["items"]) == 1, "what waited is lost")
    if juma.json("status")["locked"]:
        juma.unlock()
    juma.run("sync", check_status=False)
    warned = "".join(juma.json("status")["warnings"])
    check("access ends after " + in_days(10) in warned, "the laptop does not hear of the other day", warned)


def story_33_advocacy(lab):
    """A letter, a hearing, a way gone together: with what came of it."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha")
    for kind, outcome in (("letter", "the school takes her son back"), ("accompaniment", "the card was issued"), ("hearing", "moved to May")):
        done = neema.add("contact", person=asha, kind=kind, outcome=outcome)
        check(neema.show(done)["fields"]["outcome"] == outcome)
    check(len(neema.json("find", "school")["items"]) == 1)


def last_quarter():
    """Its name, its first day, and the first day of the one before."""
    today = datetime.date.today()
    months = today.year * 12 + (today.month - 1) // 3 * 3 - 3
    first, before = (datetime.date(m // 12, m % 12 + 1, 1) for m in (months, months - 3))
    return f"{first.year}-Q{(first.month + 2) // 3}", first, before


def a_quarter(neema):
    """40 people and what was done with them in the quarter that is over; and what is not to be told: a group of three, a word of one's own."""
    period, first, before = last_quarter()
    rows = []
    for n in range(40):
        rows.append(("person", {"name": f"Asha number {n}", "stage": "long-term" if n < 3 else "in treatment" if n < 20 else "after treatment",
                                "county": "Narok" if n < 3 else ("Kajiado", "kajiado")[n % 2]}, f"p{n}"))
        for day in range(3):
            rows.append(("contact", {"person": f"@p{n}", "kind": ("phone", "visit", "letter to her aunt Zuhura")[0 if n > 20 else 1 if n else 2],
                                     "setting": "home" if n < 2 else "community", "on": (first + datetime.timedelta(day)).isoformat()}, None))
        for on, total in ((before, 30), (first, 36 if n < 25 else 30)):
            rows.append(("barc10", {"person": f"@p{n}", "on": on.isoformat(), "total": total}, None))
    for n in range(3):
        rows.append(("activity", {"what": "talk", "kind": "stigma", "audience": 50, "asked": n, "setting": "faith", "on": first.isoformat()}, None))
    neema.run("import", "-", stdin="".join(json.dumps({"kind": kind, "fields": fields, **({"ref": ref} if ref else {})}) + "\n" for kind, fields, ref in rows))
    return period, first


def counts(document):
    """Every count of a report: of what, by what, which; and null where none is shown."""
    found = {}
    for report in document["reports"]:
        found[report["kind"], report["report"]] = report["total"]
        for table in report["tables"] + report.get("change", {}).get("tables", []):
            for row in table["rows"]:
                found[report["kind"], report["report"], table["by"], row["value"]] = row["n"]
            found[report["kind"], report["report"], table["by"]] = table["rest"]
    return found


def story_34_numbers_for_others(lab):
    """A closed quarter in numbers: no name, no count of 1 to 10, none that could be worked out, and it stays as it was published."""
    hub, neema = lab.office(ally="Neema")
    period, first = a_quarter(neema)
    lab.exchange(hub, neema)
    error = hub.refused(2, "hub", "report", period)
    check("not published yet" in error["message"] and "--publish" in error["hint"], error)
    today = datetime.date.today()
    check("not over yet" in hub.refused(5, "hub", "report", f"{today.year}-Q{(today.month + 2) // 3}", "--publish")["message"])
    for wrong in ("2020", "1899-Q1", "2026-07", "x/../y"):
        hub.refused(2, "hub", "report", wrong, "--publish")
    neema.refused(2, "hub", "report")
    told = hub.json("hub", "report", period, "--publish")
    seen = counts(told)
    check(all(n is None or n == 0 or n >= 11 for n in seen.values()), seen)
    check(seen["person", "people"] == 40 and seen["person", "people", "county"] == 40, seen)
    check(seen["person", "people", "stage", "in treatment"] == 17 and seen["person", "people", "stage"] == 23, "three long-term stand with the twenty", seen)
    check(seen["contact", "contacts"] == 120 and seen["contact", "contacts", "kind", "phone"] == 57 and seen["contact", "contacts", "kind"] == 63, seen)
    check(seen["contact", "contacts", "setting"] == 120, "six contacts at home would be the rest of what is in the community", seen)
    check(seen["activity", "activities"] is None and seen["activity", "audience"] == 150 and seen["activity", "asked"] is None, seen)
    said = hub.run("hub", "report", period).out + hub.run("hub", "report", period, "--csv").out + json.dumps(told)
    for word in ("Asha", "Narok", "Zuhura", "long-term"):
        check(word not in said, word, said)
    check('"Contacts","Kind","phone","57"' in hub.run("hub", "report", period, "--csv").out)
    check("Mawasiliano" in hub.run("hub", "report", period, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    # what comes late is counted nowhere, also after a restart, and publishing again changes nothing
    neema.add("contact", person=neema.json("find", "Asha", "--limit", 1)["items"][0]["id"], kind="phone", on=first.isoformat())
    lab.exchange(hub, neema)
    hub.stop()
    hub.start().unlock()
    for words in ((period,), (period, "--publish")):
        check(hub.json("hub", "report", *words) == told, "it changed")
    check(hub.json("hub", "report")["items"][0]["published"] == told["published"])
    # no other length of time, and no smaller count, from now on or ever
    for ini, status in (("[report]\nmonths = 1\n", 5), ("[report]\nleast = 10\n", None), ("[report]\nmonths = 2\n", None)):
        hub.stop()
        hub.settings(lab.ini + ini)
        if status is None:
            try:
                hub.start()
                check(False, ini, "was taken")
            except Failed as failed:
                check("pamoja.ini" in str(failed) and ini.split()[1] in str(failed), failed)
            hub.daemon.wait(20)
            hub.settings(lab.ini).start()
        else:
            hub.start().unlock()
            check("goes on by quarter" in hub.refused(status, "hub", "report", "2020-05", "--publish")["message"])


def story_35_over_time(lab):
    """What changed from the first to the last time, of how many; and nothing where they are few."""
    hub, neema = lab.office(ally="Neema")
    period, first = a_quarter(neema)
    lab.exchange(hub, neema)
    told = next(report for report in hub.json("hub", "report", period, "--publish")["reports"] if report["kind"] == "barc10")
    check(told["total"] == 40 and (told["change"]["first"], told["change"]["last"]) == (300, 338), told)
    (table,) = told["change"]["tables"]
    check({row["value"]: row["n"] for row in table["rows"]} == {"more": 25, "same": 15} and table["rest"] == 0, table)
    said = hub.run("hub", "report", period).out
    check("30.0" in said and "33.8" in said and "more than the first time" in said, said)


def story_35_few(lab):
    """Of 40 people seen 37 were asked twice: that three were not is not told, and so neither are the 37."""
    hub, neema = lab.office(ally="Neema")
    period, first = a_quarter(neema)
    asked = neema.json("barc10", "list", "total=30", "--limit", 200)["items"]
    for item in [item for item in asked if item["fields"]["on"] == first.isoformat()][:3]:
        neema.run("void", item["id"], "a", "mistake")
    lab.exchange(hub, neema)
    told = next(report for report in hub.json("hub", "report", period, "--publish")["reports"] if report["kind"] == "barc10")
    check(told["total"] is None and "change" not in told, told)


def story_35_asked_rarely(lab):
    """How it goes, for who wants to answer: every question may be left out, and one that was is no nought in what changed."""
    hub, neema = lab.office(ally="Neema")
    period, first, before = last_quarter()
    rows = []
    for n in range(40):
        rows += [("person", {"name": f"Asha number {n}"}, f"p{n}"), ("contact", {"person": f"@p{n}", "kind": "phone", "on": first.isoformat()}, None)]
        for on, nights in ((before, 8), (first, 2 if n < 25 else 8)):
            rows.append(("outcome", {"person": f"@p{n}", "on": on.isoformat(), "hospital_nights": nights if n < 28 else "chose not to say", "wellbeing": 3 if on == before or n < 20 else 4,
                                     **({"housing": "with family"} if n < 20 else {"housing": "chose not to say"})}, None))
    neema.run("import", "-", stdin="".join(json.dumps({"kind": kind, "fields": fields, **({"ref": ref} if ref else {})}) + "\n" for kind, fields, ref in rows))
    asha = ids(neema, "find", "Asha number 7")[0]
    neema.add("outcome", person=asha)
    check("use 1 to 5" in neema.refused(2, "outcome", "add", f"person={asha}", "wellbeing=6")["hint"])
    lab.exchange(hub, neema)
    told = {report["report"]: report for report in hub.json("hub", "report", period, "--publish")["reports"] if report["kind"] == "outcome"}
    nights, wellbeing = told["nights"], told["wellbeing"]
    check(nights["total"] == 28 and (nights["change"]["first"], nights["change"]["last"]) == (80, 26), nights)
    check(wellbeing["total"] == 40 and {row["value"]: row["n"] for row in wellbeing["change"]["tables"][0]["rows"]} == {"more": 20, "same": 20}, wellbeing)
    check(told["emergencies"]["total"] == told["use"]["total"] == 0 and "change" not in told["use"], told)
    housing = next(table for table in told["living"]["tables"] if table["by"] == "housing")
    check({row["value"]: row["n"] for row in housing["rows"]}["with family"] == 20, housing)
    said = hub.run("hub", "report", period).out
    check("Nights in hospital" in said and "8.0" in said and "2.6" in said, said)


def story_36_a_form_of_ones_own(lab):
    """An instrument is a file: with two questions that add up, and no line of code."""
    # the shipped kinds are what a programme begins with; its own stand beside them
    neema = lab.worker("Neema")
    told = neema.run("kinds", "check", "-", stdin=OWN).out
    check("declares the kind wellbeing" in told, told)
    calm = "[field calm]\ntype = integer\nleast = 0\nmost = 10\n"
    for broken, instead, near in (("adds = calm | hope", "", "a total needs what it adds"), ("append_only = yes", "", "never changed"), (calm, "[field calm]\ntype = text\n", "not a whole number")):
        text = OWN.replace(broken, instead)
        error = neema.refused(2, "kinds", "check", "-", stdin=text)
        check(near in error["message"] and error["hint"], broken, error)


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
    plan = neema.json("person", "plan", asha)
    check([section["kind"] for section in plan["sections"]] == ["goal", "warning", "followup", "pairing", "person"], plan)
    said = neema.run("person", "plan", "Asha").out
    for words in ("Asha", "sleep at home again", "call my sister", "a walk to the river", "ask how treatment is going", "Tuesdays at the market", "0700 000 111"):
        check(words in said, words, said)
    for words in ("goal that was reached", "observed", "somebody else", "Kimana", "addict", "recover", "Pamoja"):
        check(words.lower() not in said.lower(), words, said)
    for days in (9, 2, 40, 5):
        neema.add("followup", person=asha, due=f"in {days} days", what=f"after {days} days")
    section = [section for section in neema.json("person", "plan", asha)["sections"] if section["kind"] == "followup"][0]
    check([item["due"] for item in section["items"]] == sorted(item["due"] for item in section["items"]), "as they come", section)
    check("Ninachokitaka" in neema.run("person", "plan", asha, env={"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}).out)
    check("name a person" in neema.refused(2, "goal", "plan", goal)["message"] and other)


OWN = """[kind]
name = wellbeing
version = 1
scope = person
title.en = Wellbeing
plural.en = Wellbeing
help.en = Two questions of our own.
shows = sum

[field person]
type = link
link = person
required = yes
label.en = Person

[field calm]
type = integer
least = 0
most = 10
label.en = Calm

[field hope]
type = integer
least = 0
most = 10
label.en = Hope

[field sum]
type = integer
label.en = Sum

[rules]
subjects = person
append_only = yes
total = sum
adds = calm | hope
"""


def story_a_report_that_the_law_asks_for(lab):
    """It goes first, needs no consent but a right, and is the author's and the office's."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    incident = neema.add("incident", kind="child abuse", what="what the teacher saw", mandated="yes")
    check("reason" in neema.refused(2, "incident", "report", incident, "reported_to=children's office", "reported_on=today")["message"])
    neema.run("incident", "report", incident, "reported_to=children's office", "reported_on=today", "reason=mandated report")
    lab.exchange(hub, neema, juma)
    check(hub.show(incident)["state"] == "reported")
    juma.refused(3, "show", incident)
    hub.run("incident", "close", incident, "done=the office took over")
    lab.exchange(hub, neema)
    check(neema.show(incident)["state"] == "closed")


run(globals())
