"""The practice, row by row: in groups, with families, in the community, and who and what there is to turn to.

The number in a story's name is the practice's in the list of tests/README.md, which says what of it is served.
"""
import os

from lab import check, run
from practice import consent_to_be_named, ids, in_days


def story_05_groups(lab):
    """A session has a topic, several who led it, and how many came; by name only who consented to that."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    group = neema.add("group", name="Tuesday circle", kind="peer support", place="Loitokitok hall", when="Tuesdays 17:00")
    session = neema.add("session", group=group, topic="saying no at a wedding", led_by="Neema and Juma", presenters="peer,ally", headcount=12)
    asha, baraka = neema.add("person", name="Asha"), neema.add("person", name="Baraka")
    error = neema.refused(5, "attendance", "add", f"person={asha}", f"session={session}")
    check("consent" in error["message"] and "attendance" in error["hint"], error)
    # a consent to something else, for a class that is nobody yet: what is missing here is another one
    neema.add("consent", person=asha, recipient="category:church", purpose="referral", information="needs", expires="in 90 days", how="written")
    error = neema.refused(5, "attendance", "add", f"person={asha}", f"session={session}")
    check("church" not in error["message"] and "purpose=attendance" in error["hint"], error)
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


def story_10_in_the_community(lab):
    """An activity has no person in it, and no field that could."""
    neema = lab.worker("Neema")
    done = neema.add("activity", what="talk at the market", kind="stigma", place="Kimana", setting="community", audience=60, partners="the church choir", asked=4)
    check(neema.show(done)["fields"]["audience"] == 60)
    kind = next(kind for kind in neema.json("kinds")["kinds"] if kind["name"] == "activity")
    check(all(field["type"] != "link" and field["privacy"] == "open" for field in kind["fields"]), kind)


def story_14_whom_to_turn_to(lab):
    """The directory in the field, without a link: what there is, when, for whom, what it costs, in which language, and whom to ask for."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    clinic = neema.add("resource", name="House of Hope", category="housing", place="Kimana, behind the market", phone="0722 333 444", contact_name="Mama Neema", hours="Monday to Friday, 8 to 4",
                       languages="swahili,maasai", cost="free", eligibility="women with children", transport="the Kimana matatu")
    neema.add("resource", name="Rombo Shelter", category="housing", cost="paid", languages="english")
    lab.exchange(hub, neema, juma)
    os.rename(lab.mailboxes, lab.mailboxes + ".away")
    check(set(ids(juma, "resource", "list", "category=housing")) >= {clinic} and ids(juma, "resource", "list", "category=housing", "cost=free") == [clinic])
    check(ids(juma, "resource", "list", "languages=maasai") == [clinic] and ids(juma, "find", "Kimana") == [clinic])
    said = juma.run("show", clinic).out
    for words in ("behind the market", "0722 333 444", "Mama Neema", "Monday to Friday", "women with children", "Kimana matatu", "free"):
        check(words in said, words, said)


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


run(globals())
