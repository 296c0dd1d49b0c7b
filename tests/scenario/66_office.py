"""The practice, row by row: the office - its country, its numbers, its forms, and what the law asks of it.

The number in a story's name is the practice's in the list of tests/README.md, which says what of it is served.
"""
import datetime
import json
import os
import shutil

from lab import PATIENCE, TOP, Failed, check, run, set_clock
from practice import ids, in_days, write

SW = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}


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
    hub.run("hub", "kinds", "publish", write(file, profile("ke", 903, "needs")))
    lab.exchange(hub, neema)
    neema.run("referral", "packet", baraka)
    check(hub.json("hub", "report")["items"] != [], "counts cross")
    for text, near in ((profile("ke", 903), "in force already"), (profile("ke", 904) + "needs = x\n", "needs"), (profile("tz", 904), "named after its profile")):
        error = hub.run("hub", "kinds", "publish", write(file, text), json_out=True, check_status=False).error
        check(near in error["message"] and error["hint"], near, error)


def story_31_what_the_coordinator_looks_after(lab):
    """One page for a peer who coordinates: what to settle, let in and agree to, whom nobody has, which consents end, which laptops are silent; each with what to type."""
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")

    def desk():
        return {(item["what"], item["how"]): item["type"] for item in hub.json("hub", "today")["items"] if item["what"] != "supervision"}

    def typed(task):
        """What the page says to type is typed as it stands."""
        return hub.run(*task.split()[1:])

    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    check(desk() == {} and "Nothing" not in hub.run("hub", "today").out, desk())  # supervision of both is lacking
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma, neema)
    neema.add("consent", person=asha, recipient="the clinic", purpose="referral", information="needs", expires=in_days(10), how="written")
    neema.run("edit", asha, "village=Kimana")
    juma.run("edit", asha, "village=Rombo")
    lab.exchange(hub, neema, juma)
    chui = hub.add("person", name="Chui")
    short = hub.show(chui)["short"] if "short" in hub.show(chui) else chui[:5]
    seen = desk()
    check(seen[("to settle", "what two people wrote differently: 1")] == "pamoja hub conflicts", seen)
    check(seen[("without a worker", "Chui")] == f"pamoja hub match {short}", seen)
    check(any(what == "consent runs out" and how == f"Asha, {in_days(10)}" for what, how in seen), seen)
    said = hub.run("hub", "today").out
    for task in seen.values():
        check(task in said, task, said)
        typed(task)
    # done one after the other, each leaves the page
    conflict = hub.json("hub", "conflicts")["items"][0]
    hub.run("hub", "resolve", conflict["id"], "--keep", "1")
    hub.run("hub", "assign", chui, "Neema")
    hub.run("hub", "suspend", "Juma")
    seen = desk()
    check(not any(what in ("to settle", "without a worker") for what, _ in seen), seen)
    check(seen[("laptop", "Juma: suspended; what the laptop sends waits")] == "pamoja hub roster Juma", seen)
    hub.run("hub", "suspend", "Juma", "--end")
    clock = set_clock(lab, hub)
    clock.set(8)
    late = {(item["what"], item["how"]) for item in hub.json("hub", "today", env=clock.env)["items"]}
    check(any(what == "laptop" and how.startswith("Neema: last heard of") for what, how in late), late)
    check(hub.run("hub", check_status=False).err.count("pamoja hub today") == 1, "whoever types the first word alone is told the second")
    check("ridhaa inakwisha" in hub.run("hub", "today", env=SW).out and "ANDIKA" in hub.run("hub", "today", env=SW).out)
    neema.refused(2, "hub", "today")


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
            hub.daemon.wait(PATIENCE)
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
