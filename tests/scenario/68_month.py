"""A worker's month through the command line: thirty people, two hundred contacts, sixty referrals. Then she is gone, and a colleague takes over
from the screen alone."""
import collections
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import month  # noqa: E402
from lab import Clock, check, run  # noqa: E402
from terminal import Terminal  # noqa: E402

LAST_EXCHANGE = 26  # what she wrote on the last day stays on her laptop
SWAHILI = {"LC_ALL": "", "LANG": "sw_KE.UTF-8"}


class Month:
    """Neema's laptop, Baraka's, and the hub, on one clock; the month is over, and her people are his."""

    def __init__(self, lab):
        lab.quiet()
        self.clock = Clock(lab, lab.home("hub"))
        self.clock.set(-month.DAYS - 2)
        self.hub = self.on_clock(lab.home("hub")).start().init(hub_mailboxes=lab.mailboxes, person="Office")
        self.neema, self.baraka = (self.on_clock(lab.home(name)).start().init(role=role) for name, role in (("Neema", "peer"), ("Baraka", "ally")))
        lab.enrol(self.neema, self.hub, "peer")
        lab.enrol(self.baraka, self.hub, "ally")
        self.ids = {}
        for day, typed in enumerate(month.days()):
            self.clock.set(day - month.DAYS)
            for home in (self.neema, self.hub):
                home.unlock()  # a jump of the clock is a sleep
            for name, words in typed:
                answer = self.neema.json(*[word.format(**self.ids) for word in words])
                if name is not None:
                    self.ids[name] = answer["id"]
            if day in (6, 13, 20, LAST_EXCHANGE):
                lab.exchange(self.hub, self.neema)
        self.clock.set(0)
        for home in (self.hub, self.neema, self.baraka):
            home.unlock()
        self.neema.stop()
        for person in self.people():
            self.hub.run("hub", "assign", person, "Baraka")
        lab.exchange(self.hub, self.baraka, rounds=2)

    def on_clock(self, home):
        both = " ".join(filter(None, (home.preload.get("LD_PRELOAD"), self.clock.env["LD_PRELOAD"])))
        home.preload = {**home.preload, **self.clock.env, "LD_PRELOAD": both}
        return home

    def people(self):
        return [record for name, record in self.ids.items() if name in month.PEOPLE_TOLD or (name[0] == "p" and name[1:].isdigit())]

    def screen(self, *words, **options):
        return self.baraka.run(*words, **options).out


def reads(screen, *facts):
    """Each stands there, in this order, wherever a line ends."""
    at, words = 0, " ".join(screen.split())
    for fact in (" ".join(fact.split()) for fact in facts):
        found = words.find(fact, at)
        check(found >= 0, f"not on the screen, or not there: {fact}\n{screen}")
        at = found + len(fact)


def say_who(over):
    """Who they are and how to reach them, what waits, under which consent, what was said last, what is Neema's and has not come."""
    screen = over.screen("show", "Rehema Moraa")
    reads(screen, "+254 700 000 201", "Never before noon: her husband answers.", "her sister Nashipai",
          "What is promised, and what waits", "(overdue)  Referral: Kimana Clinic: no word from them: ask", "Thursday at 9",
          "Follow-up: bring the form for the market stall",
          "Consents", "Kimana Clinic (given)", "Until: ", "What for: referral", "What may be shared: name and how to reach the person, needs",
          "Contacts, the last", "visit   Neema", "She slept two nights through", "Next step: bring the form for the market stall",
          "Warning signs", "I stop answering and stay in bed", "walk with me to the market",
          "The newest from Neema about this person is of ", "What was written since has not come yet.")

    screen = over.screen("show", "Juma Okello")
    reads(screen, "By message first, he calls back", "in treatment", "(urgent)  Follow-up: see how they are",
          "(overdue)  Referral: Tumaini House: accepted, and nobody said that the person went", "Tumaini House (given)", "Until: ",
          "Called from the station at ten at night", "Early signs: craving, sleep", "Crisis: yes")

    screen = over.screen("show", "Mwajuma Tajiri")  # what is not to be done
    reads(screen, "No phone. Through the tailor's shop, as a customer", "Referral: Mama Zuhura tailoring: the consent was taken back: tell them, then withdraw or close it",
          "Mama Zuhura tailoring (taken back)", "the shop talks too much", "Sunday choir (refused)", "does not want the choir to know",
          "We wrote the letter to the women's group together", "Goals", "my own machine by the rains", "ask the women's group")
    check("+254" not in screen, screen)

    screen = over.screen("show", "Otieno Were")
    reads(screen, "His mother answers the phone: she is not to know", "Referral: Tumaini House: not sent yet", "Tell them nothing now",
          "Follow-up: go with him to the licence office", "Lost the licence when the bag was stolen", "Needs", "a new driving licence",
          "Pairings", "Neema (walking together)", "We meet at the depot, never at his mother's")

    screen = over.screen("show", "Zawadi Kiprop")
    reads(screen, "paused", "Follow-up: ask how the exams went", "Wants to be left alone until after the exams")


def say_today(over):
    """What is urgent stands first, and is not lost among forty things that are late; whoever opens one reads how to reach the person."""
    items = over.baraka.json("today", "--limit", "500")["items"]
    late = [item for item in items if item["overdue"]]
    check(len(late) > 20, len(late))
    first = items[0]
    check(first["urgent"] and first["texts"]["person"] == "Juma Okello" and first["title"].startswith("see how they are"), first)
    check(first["due"] > late[-1]["due"] or first["due"] > items[len(items) // 3]["due"], "the urgent one is the oldest, too: the story shows nothing")
    screen = over.screen("today", "--limit", "500")
    check("(urgent)" in over.screen("today").splitlines()[1], "nor hidden where not all is shown")
    urgent = sum(item.get("urgent", False) for item in items)
    check(f"{len(items)} in all: {urgent} urgent (at the top), {len(late)} overdue." in screen and urgent == 2, screen)
    market = next(item for item in over.baraka.json("week")["items"] if item["title"] == "bring the form for the market stall")
    reads(over.screen("show", market["short"]), "Rehema Moraa", "Never before noon: her husband answers.", "+254 700 000 201")
    tailor = next(item for item in items if item["texts"]["person"] == "Mwajuma Tajiri" and item["kind"] == "referral")
    check(tailor["why"].startswith("the consent was taken back"), tailor)
    draft = next(item for item in items if item["texts"]["person"] == "Otieno Were" and item["kind"] == "referral")
    reads(over.screen("show", draft["short"]), "Tumaini House", "Tell them nothing now: no consent covers this: no consent of this person is recorded")


def at_eighty(home, *words):
    terminal = Terminal(home, *words, columns=80)
    check(terminal.end() == 0, terminal.seen)
    return re.sub(r"\x1b\[[0-9;]*m", "", terminal.seen)


def say_on_a_small_screen(over):
    """At eighty columns days and names are whole, and how to reach somebody stands beside the number."""
    screen = at_eighty(over.baraka, "person", "list")
    reads(screen, "How to reach safely", "Rehema Moraa")
    check(all(len(line) <= 80 for line in screen.splitlines()), screen)
    screen = at_eighty(over.baraka, "today")
    check(any("(urgent)" in line and "Juma Okello" in line for line in screen.splitlines()), screen)
    check(all(len(line) <= 80 for line in screen.splitlines()), screen)
    for name in ("Rehema Moraa", "Otieno Were", "Mwajuma Tajiri"):
        screen = at_eighty(over.baraka, "show", name).split("\nNext:")[0]
        check(all(len(line) <= 80 for line in screen.splitlines()), screen)


def say_in_swahili(over):
    """The same in Swahili."""
    screen = over.screen("show", "Rehema Moraa", env=SWAHILI)
    reads(screen, "Njia salama ya kumpata", "Yaliyoahidiwa, na yanayosubiri", "(imechelewa)  Rufaa: Kimana Clinic: hakuna neno kutoka kwao", "Ridhaa",
          "Mawasiliano: ya karibuni", "Ya karibuni kutoka kwa Neema")
    reads(over.screen("show", "Mwajuma Tajiri", env=SWAHILI), "ridhaa imeondolewa: waambie")
    reads(over.screen("show", "Otieno Were", env=SWAHILI), "Usiwaambie chochote sasa: ")
    check("(ya haraka)" in over.screen("today", env=SWAHILI))


def story_taken_over(lab):
    """Thirty people, two hundred contacts and sixty referrals, typed over four weeks; five of the people are read by the colleague: who, how to
    reach them, what waits and until when, which consents, what is not to be done; in English, in Swahili, and at eighty columns."""
    typed = collections.Counter(words[:2] for day in month.days() for _, words in day)
    check(typed["person", "add"] == 30 and typed["contact", "add"] == 200 and typed["referral", "add"] == 60, typed)
    over = Month(lab)
    check(len(over.people()) == 30 and len(over.baraka.json("person", "list", "--limit", "100")["items"]) == 30)
    say_who(over)
    say_today(over)
    say_on_a_small_screen(over)
    say_in_swahili(over)
    # what she wrote after the last exchange is on her laptop alone, and the office can tell
    arrived = over.hub.run("hub", "roster", "Neema").out
    check("so what was written since cannot be known" in arrived, arrived)
    over.neema.start().unlock()
    waits = over.neema.json("status")["outbox"]["saved"]
    check(waits > 0)
    lab.exchange(over.hub, over.neema, over.baraka, rounds=2)
    check(over.neema.json("status")["outbox"]["saved"] == 0)


run(globals())
