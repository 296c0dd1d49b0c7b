"""What the stories of what leaves a programme and what comes in share (61)."""
import json
import os

FULL = {"discloser": "care team", "purpose": "referral", "from": "2020-01-01", "expires": "2099-12-31", "how": "written", "signed_by": "the person",
        "signed_on": "2020-01-01", "revocation_told": "yes"}


def out(lab, name):
    return os.path.join(lab.dir, name)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def lines(path):
    return [json.loads(line) for line in read(path).splitlines()]


def worker(lab, name="neema"):
    """A worker with two people: Asha has consented that the clinic is told of her needs and goals, Juma has not."""
    home = lab.home(name).start().init()
    home.clinic = home.add("resource", name="Kimana Clinic", category="health", phone="+254 700 000 123")
    home.asha = home.add("person", name="Asha M.", phone="0700000001", village="Kimana", language="swahili", strengths="her sisters", stage="in treatment")
    home.juma = home.add("person", name="=HYPERLINK(\"x\")", phone="+254700000002")
    home.add("consent", person=home.asha, recipient=home.clinic, information="needs, goals", note="said in front of her uncle", **FULL)
    home.add("need", person=home.asha, area="housing", text="a roof")
    home.add("need", person=home.juma, area="food", text="bread")
    home.add("goal", person=home.asha, text="a room of her own")
    home.add("contact", person=home.asha, kind="phone", note="she was worried about her brother")
    return home


def write(path, text, encoding="utf-8"):
    with open(path, "w", encoding=encoding, newline="") as file:
        file.write(text)
    return path
