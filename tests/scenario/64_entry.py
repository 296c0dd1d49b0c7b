"""What is asked and said where a worker writes something down: likely duplicates, what goes home on paper, what a consent that was taken back
leaves behind, and the words that the accounting keeps."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lab import *  # noqa: E402,F401,F403

SWAHILI = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}


def story_37_reminders_stay_off_the_paper(lab):
    """What Pamoja noted by itself tells what happened: it is not on the paper in somebody's pocket unless the worker says so."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha", stage="after treatment")
    neema.add("contact", person=asha, kind="phone", crisis="yes", signs="return to use")
    own = neema.add("followup", person=asha, due="in 4 days", what="tea at the market")
    kept = neema.add("followup", person=asha, due="in 5 days", what="for the worker alone", take_home="no")
    old = neema.add("followup", person=asha, due="in 6 days", what="ametoka matibabuni: siku zikoje, na nani yupo naye")  # from before the field
    made = [one for one in neema.json("followup", "list")["items"] if one["id"] not in (own, kept, old)]
    check(len(made) == 8 and all(one["fields"]["take_home"] is False for one in made), made)
    plan = neema.json("person", "plan", asha)
    texts = [line["text"] for section in plan["sections"] for item in section["items"] for line in item["lines"]]
    check("tea at the market" in texts and plan["left_out"] == 10, plan)
    for word in ("treatment", "use", "alone", "see how they are", "matibabu"):
        check(not any(word in text for text in texts), word, texts)
    check("noted it for you: 10" in neema.run("person", "plan", asha).err)
    check("kwa ajili yako: 10" in neema.run("person", "plan", asha, env=SWAHILI).err)
    neema.run("edit", made[0]["id"], "take_home=yes")
    neema.run("edit", old, "take_home=yes")
    plan = neema.json("person", "plan", asha)
    check(plan["left_out"] == 8, plan)


run(globals())
