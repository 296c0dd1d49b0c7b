"""Commands that the power cut off: given again, they are finished. What tests/simulation/killhour.py found, one at a time."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "simulation"))

from hour import Boot, Enrol, Init, Reach
from lab import check, run
from village import Village


def cut(v, step, call, mode):
    """Give one command and cut the power at this call of it; was it acknowledged?"""
    v.cut_at(call, False)
    done = step.go(v)
    was = v.was_cut(late=True)
    if was:
        v.recover(mode)
    return done, was


def calls_of(v, step):
    """How many there are until it answers."""
    v.cut_at(0, False)
    check(step.go(v), step.name, step.answer)
    return v.log["calls"]


def init_cut_off(home, calls):
    """However far it came, `init` is given once more, and nobody is left with a home whose recovery code was never shown."""
    v = Village(1)
    try:
        Boot(home).go(v)
        last = calls_of(v, Init(home))
        again = 0
        for call in calls(last):
            v.off()
            v.begin_anew()
            Boot(home).go(v)
            step = Init(home)
            done, was = cut(v, step, call, "keep" if call % 2 else "drop")
            if was and not done:
                again += not v.homes[home].status()["initialised"]
                step.again(v)
            check(v.homes[home].json("verify")["ok"], "whole")
            if home != "hub":
                v.homes[home].add("person", name="Asha")
            check(not os.path.exists(os.path.join(v.homes[home].path, "unseen")), "seen")
        check(again > 1, "init was cut off", again, "times only")
    finally:
        v.close()


def story_init_cut_off(lab):
    init_cut_off("Neema", lambda last: (9, last // 2, last - 6, last - 3, last - 2, last - 1))


def story_hub_init_cut_off(lab):
    init_cut_off("hub", lambda last: (16, last - 8, last - 4))


def story_enrolment_cut_off(lab):
    """The hub has taken a laptop in, and was cut off before it answered: asked again, it answers, and shares what everybody gets."""
    v = Village(2)
    try:
        for step in (Boot("hub"), Init("hub"), Boot("Neema"), Init("Neema"), Enrol("Neema", "ask")):
            check(step.go(v), step.name)
        clinic = v.homes["hub"].add("resource", name="Loitokitok Clinic", category="clinic")
        kept = v.keep(os.path.join(lab.dir, "asked"))
        last, cuts = calls_of(v, Enrol("Neema", "answer")), 0
        for call in range(2, last, 3)[:4]:  # early: what goes on beside it may have been counted with it
            v.go_back(kept)
            step = Enrol("Neema", "answer")
            done, was = cut(v, step, call, "keep")
            cuts += was and not done
            if not done:
                step.again(v)
            for step in (Reach("hub", "hub", "merge"), Enrol("Neema", "accept"), Reach("Neema", "sync"), Reach("hub", "hub", "merge"), Reach("Neema", "sync")):
                step.again(v)
            check(v.homes["Neema"].show(clinic)["fields"]["name"] == "Loitokitok Clinic")
        check(cuts > 1, "the enrolment was cut off", cuts, "times only")
    finally:
        v.close()


run(globals())
