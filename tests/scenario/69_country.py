"""What holds in a country: its profile relaxes or tightens what the kinds ask for, at the hub and on every laptop that hears of it."""
import json
import os
import shutil

from lab import TOP, check, run
from practice import ids, in_days, write

SW = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}
SIGNED = dict(purpose="referral", information="needs", expires="in 90 days", how="written")


def rules(lines="", sections="", version=9, name="ke"):
    return f"; rules\n[profile]\nname = {name}\nversion = {version}\ntitle.en = A country\n{lines}\n{sections}"


def publish(lab, hub, *workers, **what):
    """The rules of this country, here and on every laptop."""
    hub.run("hub", "kinds", "publish", write(os.path.join(lab.dir, "ke.ini"), rules(**what)))
    lab.exchange(hub, *workers)


def sent_to(home, lab_name="Kimana Clinic", **consent):
    """A person, a clinic, a consent, and a referral there."""
    asha, clinic = home.add("person", name="Asha"), home.add("resource", name=lab_name)
    home.add("need", person=asha, area="housing", text="a dry room")
    given = home.add("consent", person=asha, recipient=clinic, **dict(SIGNED, **consent))
    return asha, clinic, given, home.add("referral", person=asha, resource=clinic, category="housing")


def story_checked_before_it_holds(lab):
    """The profiles that come along fit; a wrong line is told with its number and its mend, before and when it is published."""
    hub = lab.hub()
    for name in ("ke", "tz", "us"):
        said = hub.run("kinds", "check", os.path.join(TOP, "conf", "profiles", name + ".ini")).out
        check("the rules of the country " + name in said, said)
    file = os.path.join(lab.dir, "ke.ini")
    for lines, sections, line, near in (("look_back_years = 0", "", 6, "1 to 100"), ("least = 10", "", 6, "11 to 1000"), ("consent_needs = person | recipient", "", 6, "leaves out purpose"),
                                        ("consent_needs = person | recipient | purpose | information | how | stamp", "", 6, "no field stamp"), ("consent_signed = sung", "", 6, "sung"),
                                        ("", "[route give]\nopen = no\n", 8, "cannot be shut"), ("", "[route wish]\nopen = no\n", 7, "wish"), ("", "[duty x]\nof = contact\nwhen = kind is phone\nhours = 5\nto.en = us\n", 7, "no day"),
                                        ("", "[duty x]\nof = incident\nwhen = kind is breach\nto.en = us\n", 7, "hours"), ("", "[keep nothing]\nyears = 2\n", 7, "no kind nothing"),
                                        ("", "[keep contact]\nyears = many\n", 8, "whole number"), ("", "[wishes]\na = b\n", 7, "no section"), ("draft = yes", "", 6, "nobody to call"), ("lookback = 3", "", 6, "lookback"), ("notice = no_such", "", None, "no_such")):
        write(file, rules(lines, sections))
        for words in (("kinds", "check", file), ("hub", "kinds", "publish", file)):
            error = hub.run(*words, json_out=True, check_status=False).error
            check(near in error["message"] + error["hint"] and error["hint"] and (line is None or f"line {line}:" in error["message"]), words, lines or sections, error)
    check(hub.json("hub", "kinds")["items"] == [], "something of it holds")


def story_the_hub_is_reminded(lab):
    """A country that is named, and whose rules no laptop knows, stands among the warnings until they are published."""
    lab.home("hub").settings("[programme]\ncountry = ke\n")
    hub = lab.hub()
    neema = lab.worker("Neema", hub)
    (told,) = [one for one in hub.status()["warnings"] if "country" in one]
    check("(ke)" in told and "hub kinds publish" in told and "country" not in "".join(neema.status()["warnings"]), told)
    check("hazijawahi kuchapishwa" in hub.run("status", env=SW).out, hub.run("status", env=SW).out)
    hub.run("hub", "kinds", "publish", os.path.join(TOP, "conf", "profiles", "ke.ini"))
    check(not [one for one in hub.status()["warnings"] if "country" in one], hub.status()["warnings"])


def story_23_what_a_consent_needs(lab):
    """Stricter in one country, and looser in another; on the laptop that has heard of it, from then on."""
    hub, neema = lab.office(ally="Neema")
    _, _, given, referral = sent_to(neema, how="spoken")
    neema.refused(5, "referral", "packet", referral)
    publish(lab, hub, neema, lines="consent_signed = written | thumbprint | electronic | spoken")
    neema.run("referral", "packet", referral)
    publish(lab, hub, neema, version=10, lines="consent_needs = person | recipient | purpose | information | how | expires | form")
    error = neema.refused(5, "referral", "packet", referral)
    check("form is missing" in error["message"], error)
    neema.run("edit", given, "form=folder 3, page 12")
    neema.stop()
    neema.start().unlock()
    error = neema.refused(5, "referral", "packet", referral)
    check("spoken" in error["message"], "the country's words outlived the profile that has none", error)
    neema.run("edit", given, "how=written", "signed_by=", "revocation_told=no")
    neema.run("referral", "packet", referral)


def story_23_the_notice_of_the_country(lab):
    """The notice that goes along is the country's, in the packet and in the accounting; and how far back that goes."""
    hub, neema = lab.office(ally="Neema")
    asha, _, _, referral = sent_to(neema)
    before = neema.json("disclosures", asha)["since"]
    shutil.copy(os.path.join(TOP, "conf", "profiles", "ke.ini"), os.path.join(lab.dir, "ke.ini"))
    hub.run("hub", "kinds", "publish", os.path.join(lab.dir, "ke.ini"))
    lab.exchange(hub, neema)
    packet = " ".join(neema.run("referral", "packet", referral).out.split())
    check("Data Protection Act, 2019" in packet and "42 CFR" not in packet, packet)
    check("Sheria ya Ulinzi wa Data" in neema.run("referral", "packet", referral, env=SW).out)
    told = neema.json("disclosures", asha)
    check({item["notice"] for item in told["items"]} == {"redisclosure_ke 1 draft"} and told["since"] == before, told)
    publish(lab, hub, neema, lines="look_back_years = 7")
    check(neema.json("disclosures", asha)["since"] == in_days(-7 * 366), neema.json("disclosures", asha)["since"])
    check(neema.json("disclosures", asha, "--since", "yesterday")["since"] == in_days(-1))


def story_23_a_childs_consent(lab):
    """Who is a child in this country signs no consent alone; said at once, in both languages; of who is of age, or of no year that is known, nothing is asked. By the day where
    it is known; of whom only the year is, that who comes of age in it may still be a child."""
    hub, neema = lab.office(ally="Neema")
    year = int(in_days(0)[:4])
    people = {born: neema.add("person", name=f"Born {born}", **({"birth_year": born} if born else {})) for born in (year - 17, year - 18, year - 19, None)}
    clinic = neema.add("resource", name="Kimana Clinic")

    def packet(born, **signed):
        neema.add("need", person=people[born], area="housing", text="a dry room")
        given = neema.json("consent", "add", f"person={people[born]}", f"recipient={clinic}", *[f"{name}={value}" for name, value in dict(SIGNED, **signed).items()])
        return given, neema.add("referral", person=people[born], resource=clinic, category="housing")

    given, referral = packet(year - 17)
    check("unusable" not in given)
    neema.run("referral", "packet", referral)  # no country, no age
    publish(lab, hub, neema, lines="adult_years = 18")
    error = neema.refused(5, "referral", "packet", referral)
    check("a child here" in error["message"] and "signed_by=guardian" in error["hint"], error)
    given, _ = packet(year - 17)
    check("a child here" in given["unusable"]["missing"], given)
    check("ni mtoto hapa" in neema.run("consent", "add", f"person={people[year - 17]}", "recipient=x", "purpose=referral", "information=needs", "expires=in 9 days", "how=written", env=SW).err)
    given, referral = packet(year - 17, signed_by="guardian")
    check("unusable" not in given, given)
    neema.run("referral", "packet", referral)
    for born in (year - 19, None):
        given, referral = packet(born)
        check("unusable" not in given, born, given)
        neema.run("referral", "packet", referral)
    # the year in which they come of age: on which day is asked, and until it is known they are a child
    given, referral = packet(year - 18)
    check("may still be a child" in given["unusable"]["missing"] and f"edit {people[year - 18]} birth_date=" in given["unusable"]["hint"], given)
    check("huenda bado ni mtoto" in neema.run("referral", "packet", referral, status=5, env=SW).err)
    for days, child in ((1, True), (0, False), (-1, False)):
        day = in_days(days)
        neema.run("edit", people[year - 18], "birth_date=" + ("%d" % (int(day[:4]) - 18) + day[4:]).replace("02-29", "02-28" if days <= 0 else "03-01"))
        said = neema.run("referral", "packet", referral, check_status=False)
        check((said.status, "is a child here" in said.err) == ((5, True) if child else (0, False)), day, said)


def story_23_ways_without_a_consent(lab):
    """A way that the country shuts is shut, for one line and for an export; to the person themself and in an emergency it stays as it is; the law stands in the accounting."""
    hub, neema = lab.office(ally="Neema")
    publish(lab, hub, neema, sections="[route research]\nopen = no\n[route audit]\nunder.en = section 53\nunder.sw = kifungu cha 53\n")
    asha = neema.add("person", name="Asha")
    lines = [neema.add("disclosure", person=asha, recipient="the ministry", purpose="health") for _ in range(4)]
    error = neema.refused(5, "disclosure", "research", lines[0], "reason=a study that was allowed")
    check("no way without a consent" in error["message"] and "research" in error["message"] and "ask the person" in error["hint"], error)
    out = os.path.join(lab.dir, "out.jsonl")
    neema.run("export", out, "--to", "the ministry", "--for", "health", "--without-consent", "research", "--reason", "a study", check_status=False)
    check(not os.path.exists(out) or "Asha" not in open(out, encoding="utf-8").read())
    neema.run("disclosure", "audit", lines[1], "reason=the yearly audit")
    neema.run("disclosure", "emergency", lines[2], "reason=found without breath")
    neema.run("disclosure", "give", lines[3])
    told = {item["route"]: item for item in neema.json("disclosures", asha)["items"]}
    check(set(told) == {"audit", "emergency", "give"} and told["audit"]["under"] == "section 53" and "under" not in told["emergency"], told)
    check("section 53" in neema.run("disclosures", asha).out and "kifungu cha 53" in neema.run("disclosures", asha, env=SW).out)


def story_04_whom_to_call(lab):
    """The numbers of the country are on the screen with a crisis, in both languages; not with what is long past, nor with anything else."""
    hub, neema = lab.office(ally="Neema")
    asha = neema.add("person", name="Asha")
    check("999" not in neema.json("contact", "add", f"person={asha}", "kind=phone", "crisis=yes")["says"])
    publish(lab, hub, neema, lines="emergency.en = Call 999.\nemergency.sw = Piga 999.")
    check("Call 999." in neema.run("contact", "add", f"person={asha}", "kind=phone", "crisis=yes").out)
    check("Piga 999." in neema.run("contact", "add", f"person={asha}", "kind=phone", "crisis=yes", env=SW).out)
    for words in (("crisis=yes", "on=2020-01-01"), ("crisis=no",), ("signs=return to use",)):
        check("999" not in neema.json("contact", "add", f"person={asha}", "kind=phone", *words).get("says", ""), words)


def story_04_numbers_nobody_confirmed(lab):
    """The numbers that come along are a draft: said when they are checked, published, and shown in a crisis, in both languages, until the programme takes the mark away."""
    hub, neema = lab.office(ally="Neema")
    asha = neema.add("person", name="Asha")
    crisis = ("contact", "add", f"person={asha}", "kind=phone", "crisis=yes")
    for name, draft in (("ke", True), ("tz", True), ("us", False)):
        file = os.path.join(TOP, "conf", "profiles", name + ".ini")
        check(("a draft" in hub.run("kinds", "check", file).out) is draft is hub.json("kinds", "check", file)["draft"], name)
    file = os.path.join(TOP, "conf", "profiles", "ke.ini")
    check("ni rasimu" in hub.run("kinds", "check", file, env=SW).out)
    check("Dial each number" in hub.run("hub", "kinds", "publish", file).out)
    lab.exchange(hub, neema)
    said = neema.run(*crisis).out
    check("999 or 112." in said and said.index("999") < said.index("A draft: your programme has still to confirm"), said)
    said = neema.run(*crisis, env=SW).out
    check("999 au 112." in said and "Rasimu: mradi wako bado haujathibitisha" in said, said)
    check(neema.json(*crisis)["says_draft"] is True)
    check("A draft" not in neema.run("contact", "add", f"person={asha}", "kind=phone", "signs=return to use").out, "no number was said")
    publish(lab, hub, neema, lines="draft = no\nemergency.en = Call 999.\nemergency.sw = Piga 999.")
    check("Call 999." in neema.run(*crisis).out and "A draft" not in neema.run(*crisis).out and "says_draft" not in neema.json(*crisis))


def story_25_what_is_to_be_reported(lab):
    """A duty of the law has its day, stands in today at the worker and at the office, and leaves it when it was reported."""
    hub, neema = lab.office(ally="Neema")
    publish(lab, hub, neema, sections="[duty breach]\nof = incident\nwhen = kind is breach\nhours = 72\nto.en = the Commissioner\nto.sw = Kamishna\n")
    said = neema.run("incident", "add", "kind=breach", "what=a lost folder")
    check("reported to the Commissioner within 72 hours" in said.out and in_days(3) in said.out, said)
    check("Kamishna" in neema.run("incident", "add", "kind=breach", "what=another", env=SW).out)
    lab.exchange(hub, neema)
    for home in (neema, hub):
        items = [item for item in home.json("today")["items"] if item["kind"] == "incident"]
        check(len(items) == 2 and {item["fields"]["report_by"] for item in items} == {in_days(3)}, home.name, items)
    for item in items:
        neema.run("incident", "report", item["id"], "reported_to=the Commissioner", "reported_on=today", "reason=mandated report")
    check([item for item in neema.json("today")["items"] if item["kind"] == "incident"] == [])
    check("duty" not in neema.json("incident", "add", "kind=accident", "what=fell") and ids(neema, "today") == [])
    check(neema.json("incident", "add", "kind=breach", "what=a third", f"report_by={in_days(1)}")["duty"]["by"] == in_days(1), "a day of one's own")


def story_34_no_smaller_cell(lab):
    """A country may ask for larger cells than the programme does, never for smaller ones."""
    hub, neema = lab.office(ally="Neema")
    check(hub.json("hub", "report")["least"] == 11)
    publish(lab, hub, neema, lines="least = 30")
    check(hub.json("hub", "report")["least"] == 30)
    hub.stop()
    hub.settings(lab.ini + "[report]\nleast = 40\n").start().unlock()
    check(hub.json("hub", "report")["least"] == 40)


def story_what_the_country_keeps(lab):
    """Nobody is forgotten before the country lets them be; the programme's own file may keep longer, and does not shorten it."""
    hub, neema = lab.office(ally="Neema")
    asha, _, _, _ = sent_to(neema)
    publish(lab, hub, neema, sections="[keep consent]\nyears = 6\nfrom = changed\nbut = mistake\n")
    for own in ("", "[keep consent]\ndays = 1\n", "[keep need]\nyears = 9\n"):
        if own:
            write(os.path.join(hub.path, "retention.ini"), own)
        error = hub.refused(5, "forget", asha, "--sure")
        check("must be kept until 20" in error["message"] and ("need" in error["message"] or "country" in error["hint"]), own, error)
    os.remove(os.path.join(hub.path, "retention.ini"))
    hub.run("forget", asha, "--sure", "--cause", "mistake")
    check(json.dumps(hub.json("hub", "pending")["items"]).count("erase") == 1)


def story_02_whom_the_directory_does_not_know(lab):
    """A recipient in plain words is asked where they are: here, until it is said; abroad as any other abroad."""
    hub, neema = lab.office(ally="Neema")
    asha = neema.add("person", name="Asha")
    neema.add("need", person=asha, area="housing", text="a dry room")
    neema.add("consent", person=asha, recipient="Mama Neema", **SIGNED)
    check("warnings" not in neema.json("referral", "add", f"person={asha}", "resource=Mama Neema"), "of a programme without a country nothing is asked")
    publish(lab, hub, neema)
    answer = neema.json("referral", "add", f"person={asha}", "resource=Mama Neema", "category=housing")
    check(len(answer["warnings"]) == 1 and "taken to be in this country" in answer["warnings"][0] and "country=" in answer["warnings"][0], answer)
    check("katika nchi hii" in neema.run("referral", "add", f"person={asha}", "resource=Mama Neema", env=SW).err)
    neema.run("referral", "packet", answer["id"])
    neema.run("edit", answer["id"], "country=tz")
    error = neema.refused(5, "referral", "packet", answer["id"])
    check("leave the country (to: tz)" in error["message"], error)
    error = neema.refused(5, "referral", "send", answer["id"])
    check("leave the country" in error["message"], error)
    neema.run("edit", answer["id"], "country=ke")
    check("warnings" not in neema.json("referral", "send", answer["id"]))
    error = neema.refused(5, "edit", answer["id"], "country=tz")
    check("leave the country" in error["message"], "what was sent here is moved abroad", error)
    check("warnings" not in neema.json("referral", "add", f"person={asha}", "resource=Mama Neema", "country=ke"))


run(globals())
