"""Has everything of this worker arrived? Answered with proof (design section 6; security 5.3, 7.3)."""
import os

from lab import check, run, set_clock
from sealed import segments


def said(hub, worker):
    return " ".join(hub.run("hub", "roster", worker).out.split())


def story_answered_with_proof(lab):
    """All of it, some of it on another stick, and a laptop that is never heard again."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    item = hub.json("hub", "roster", "Neema")
    place = neema.status()["place"]
    check(item["arrived"] and item["against"] == [] and item["gaps"] == [], item)
    check({key: item["merged"][key] for key in ("incarnation", "segno", "seq", "chain")} == {key: place[key] for key in ("incarnation", "segno", "seq", "chain")}, item, place)
    text = said(hub, "neema")
    check("has arrived" in text and place["chain"][:4] in text and "cannot be known" in text, text)
    # three sticks: the second goes astray
    sticks = [os.path.join(lab.dir, f"stick{number}") for number in range(3)]
    for number, stick in enumerate(sticks):
        os.mkdir(stick)
        neema.add("contact", person=asha, kind="phone", note=f"stick {number}")
        neema.run("carry", stick)
    ups = [[one.segno for one in segments(os.path.join(stick, "PAMOJA"), lane=1)] for stick in sticks]
    check(ups[2] == ups[0] + [ups[0][-1] + 1, ups[0][-1] + 2], ups)
    for segment in segments(os.path.join(sticks[2], "PAMOJA"), lane=1):
        if segment.segno <= ups[0][-1] + 1:
            os.unlink(os.path.join(sticks[2], "PAMOJA", segment.name))
    hub.run("carry", sticks[0])
    hub.run("carry", sticks[2])
    item = hub.json("hub", "roster", "Neema")
    check(not item["arrived"] and item["against"] == ["missing"] and [(gap["from"], gap["to"]) for gap in item["gaps"]] == [(ups[0][-1] + 1,) * 2], item)
    text = said(hub, "Neema")
    check("Not everything" in text and "stick or a courier" in text, text)
    text = hub.run("hub", "roster").out
    check("missing" in text.splitlines()[2] and f"Neema: segment {ups[0][-1] + 1} is not here" in text, text)
    check(all(len(line) <= 80 for line in text.splitlines()), text)
    hub.run("carry", sticks[1])
    item = hub.json("hub", "roster", "Neema")
    check(item["arrived"] and item["missing"] == 0 and item["merged"]["chain"] == neema.status()["place"]["chain"], item)
    # revoked, and of a name that nobody bears
    hub.run("hub", "revoke", "Neema", "--sure")
    check(hub.json("hub", "roster", "Neema")["arrived"])
    check("Neema: revoked; the laptop has not read it yet" in hub.run("hub", "roster").out)
    hub.refused(3, "hub", "roster", "Nema")


def story_doubts(lab):
    """A clock that is ahead is told of, and how much waits where a laptop sealed only a part."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    clock = set_clock(lab, neema)
    clock.set(40)
    asha = neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    item = next(one for one in hub.json("hub", "roster")["items"] if one["name"] == "Neema")
    check(item["doubts"] == ["clock_ahead"] and item["arrived"] and item["beacon_seen"] > 0, item)
    check("Neema: its clock is ahead" in hub.run("hub", "roster").out, hub.run("hub", "roster").out)
    # what was held, since when
    juma = lab.worker("Juma", hub)
    hub.run("hub", "assign", asha, "Juma")
    lab.exchange(hub, juma)
    hub.run("hub", "unassign", asha, "Juma")
    lab.exchange(hub, juma)
    juma.add("contact", person=asha, kind="phone", note="not on the team any more")
    lab.exchange(hub, juma)
    item = hub.json("hub", "roster", "Juma")
    check(item["held"] == 1 and item["held_since"] > 0 and item["arrived"], item)
    check([(hold["reason"], hold["entries"], hold["since"]) for hold in item["holds"]] == [("not_on_team", 1, item["held_since"])], item)
    check("held back" in said(hub, "Juma") and "just now" in said(hub, "Juma"), said(hub, "Juma"))
    check("Juma: 1 entry held back (the person is not shared with this worker)" in hub.run("hub", "roster").out, hub.run("hub", "roster").out)
    check(all("merged" in one and one["gaps"] == [] for one in hub.json("hub", "roster")["items"][1:]))


run(globals())
