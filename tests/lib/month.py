"""month.py - a worker's month, made up: what she types day by day, and what a colleague must be able to read when she is gone.

Thirty people, two hundred contacts, sixty referrals. Of the thirty, five are told by hand (`TOLD`), since somebody has to know the answers; the
others come from a seed, and the same seed gives the same month. A day is a list of commands: a name to keep the new record under or None, and
the words behind `pamoja`, in which {name} stands for the id of a record that was kept.
"""
import random

from records import CATEGORIES, FIRST, GOALS, LANGUAGES, LAST, MODES, VILLAGES, WHAT, note

DAYS = 28
PEOPLE, CONTACTS, REFERRALS = 30, 200, 60
PEOPLE_TOLD = ("rehema", "juma", "mwajuma", "otieno", "zawadi")

SERVICES = {
    "clinic": ("name=Kimana Clinic", "category=clinic", "place=Kimana", "phone=+254 700 000 301"),
    "house": ("name=Tumaini House", "category=housing", "place=Loitokitok", "phone=+254 700 000 302"),
    "tailor": ("name=Mama Zuhura tailoring", "category=employment", "place=Tarakea"),
    "choir": ("name=Sunday choir", "category=faith", "place=Holili"),
}

# day of the month (0 is the first), what is kept under which name, the command
TOLD = (
    # Rehema: phoned only in the evening; a referral nobody has answered; a promise for the day after the month
    (0, "rehema", ("person", "add", "name=Rehema Moraa", "village=Kimana", "language=maasai", "phone=+254 700 000 201", "birth_year=1991",
                   "safe_contact=Only after six, ask for the sewing. Never before noon: her husband answers.",
                   "emergency_contact=her sister Nashipai, +254 700 000 209", "strengths=Sews; walks everywhere; her sister trusts her")),
    (0, None, ("consent", "add", "person={rehema}", "recipient={clinic}", "purpose=referral", "information=contact details,needs",
               "expires=in 60 days", "how=written")),
    (1, None, ("warning", "add", "person={rehema}", "text=I stop answering and stay in bed", "helps=walk with me to the market")),
    (18, "rehema_clinic", ("referral", "add", "person={rehema}", "resource={clinic}", "category=health", "reason=wants her hands looked at",
                           "appointment=Thursday at 9")),
    (18, None, ("referral", "send", "{rehema_clinic}")),
    (26, None, ("contact", "add", "person={rehema}", "kind=visit", "minutes=40", "note=She slept two nights through and has sold three dresses",
                "next=bring the form for the market stall")),
    (26, None, ("followup", "add", "person={rehema}", "due=in 2 days", "what=bring the form for the market stall")),
    # Juma: his consent runs out within the week; the day before the last there was a crisis
    (0, "juma", ("person", "add", "name=Juma Okello", "village=Rombo", "language=swahili", "phone=+254 700 000 202", "birth_year=1984",
                 "safe_contact=By message first, he calls back", "strengths=Cooks; twelve years with the railway", "stage=in treatment")),
    (2, "juma_consent", ("consent", "add", "person={juma}", "recipient={house}", "purpose=housing", "information=contact details,housing",
                         "expires=in 30 days", "how=thumbprint")),
    (3, "juma_house", ("referral", "add", "person={juma}", "resource={house}", "category=housing", "purpose=housing", "reason=a room away from the bar")),
    (3, None, ("referral", "send", "{juma_house}")),
    (9, None, ("referral", "accept", "{juma_house}")),
    (26, None, ("contact", "add", "person={juma}", "kind=phone", "minutes=25", "crisis=yes", "signs=craving,sleep",
                "note=Called from the station at ten at night; stayed on the phone until his brother came")),
    # Mwajuma: no phone; said no to the choir, and took back what the employer was to hear
    (1, "mwajuma", ("person", "add", "name=Mwajuma Tajiri", "village=Tarakea", "language=swahili", "role=in recovery", "birth_year=1998",
                    "safe_contact=No phone. Through the tailor's shop, as a customer", "strengths=Reads and writes for others")),
    (1, "mwajuma_no", ("consent", "add", "person={mwajuma}", "recipient={choir}", "purpose=faith", "information=contact details",
                       "expires=in 90 days", "how=spoken")),
    (1, None, ("consent", "refuse", "{mwajuma_no}", "reason=does not want the choir to know")),
    (4, "mwajuma_work", ("consent", "add", "person={mwajuma}", "recipient={tailor}", "purpose=employment", "information=contact details,employment",
                         "expires=in 90 days", "how=written")),
    (5, "mwajuma_tailor", ("referral", "add", "person={mwajuma}", "resource={tailor}", "category=employment", "purpose=employment",
                           "reason=wants to learn cutting")),
    (5, None, ("referral", "send", "{mwajuma_tailor}")),
    (20, None, ("consent", "revoke", "{mwajuma_work}", "reason=the shop talks too much")),
    (22, "mwajuma_goal", ("goal", "add", "person={mwajuma}", "text=my own machine by the rains", "agreed=yes", "steps=save 200 a week; ask the women's group")),
    (24, None, ("contact", "add", "person={mwajuma}", "kind=one-on-one", "minutes=60", "note=We wrote the letter to the women's group together",
                "next=she takes the letter there herself")),
    # Otieno: his worker knows him from before; his mother must not hear of it
    (2, "otieno", ("person", "add", "name=Otieno Were", "village=Namanga", "language=luo", "phone=+254 700 000 204", "birth_year=1979",
                   "safe_contact=His mother answers the phone: she is not to know", "strengths=Drives; sober at work for a year")),
    (2, None, ("pairing", "add", "person={otieno}", "worker=Neema", "role=peer", "agreement=We meet at the depot, never at his mother's")),
    (6, "otieno_need", ("need", "add", "person={otieno}", "area=documents", "text=a new driving licence", "priority=this week")),
    (10, "otieno_draft", ("referral", "add", "person={otieno}", "resource={house}", "category=documents", "need={otieno_need}",
                          "reason=help with the licence form")),
    (21, None, ("contact", "add", "person={otieno}", "kind=visit", "minutes=30", "note=Lost the licence when the bag was stolen")),
    (21, None, ("followup", "add", "person={otieno}", "due=in 4 days", "what=go with him to the licence office")),
    # Zawadi: stopped for a while by her own choice, and said when to ask again
    (3, "zawadi", ("person", "add", "name=Zawadi Kiprop", "village=Mwika", "language=kalenjin", "phone=+254 700 000 205", "birth_year=2001",
                   "safe_contact=Any time", "strengths=Plays football; her grandmother")),
    (12, None, ("contact", "add", "person={zawadi}", "kind=online", "minutes=15", "note=Wants to be left alone until after the exams")),
    (12, None, ("followup", "add", "person={zawadi}", "due=in 30 days", "what=ask how the exams went")),
    (13, None, ("person", "pause", "{zawadi}")),
)


class Maker:
    """The other people, from a seed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.days = [[] for _ in range(DAYS)]
        self.people = []

    def put(self, day, name, *words):
        self.days[day].append((name, words))

    def person(self, number):
        rng, who = self.rng, f"p{number}"
        first = rng.randrange(0, 10)
        self.people.append((who, first))
        self.put(first, who, "person", "add", f"name={rng.choice(FIRST)} {rng.choice(LAST)} {number}", f"village={rng.choice(VILLAGES)}",
                 f"language={rng.choice(LANGUAGES)}", f"birth_year={rng.randint(1950, 2006)}", f"phone=+2547{rng.randint(0, 99999999):08d}",
                 f"safe_contact={rng.choice(('Any time', 'After work', 'By message first', 'Through a friend'))}",
                 f"strengths={rng.choice(('Sings', 'Farms', 'Three good friends', 'Patience'))}")
        if rng.random() < 0.7:
            service = rng.choice(list(SERVICES))
            self.put(first, f"{who}c", "consent", "add", f"person={{{who}}}", f"recipient={{{service}}}", "purpose=referral",
                     "information=contact details,needs", f"expires=in {rng.choice((29, 45, 90))} days", "how=written")
        if rng.random() < 0.4:
            self.put(first, None, "goal", "add", f"person={{{who}}}", f"text={rng.choice(GOALS)}")

    def contact(self):
        rng = self.rng
        who, first = rng.choice(self.people)
        day = rng.randrange(first, DAYS)
        when = f"on={rng.choice(('today', 'today', 'yesterday'))}" if day > first else "on=today"
        self.put(day, None, "contact", "add", f"person={{{who}}}", f"kind={rng.choice(MODES)}", when, f"minutes={rng.randint(5, 90)}",
                 f"note={note(rng)}")
        if rng.random() < 0.3:
            name = f"f{len(self.days[day])}_{day}"
            due = rng.randint(1, 9)
            self.put(day, name, "followup", "add", f"person={{{who}}}", f"due=in {due} days", f"what={rng.choice(WHAT)}")
            if day + due < DAYS and rng.random() < 0.8:
                self.put(day + due, None, "followup", "done", f"{{{name}}}", f"done_note={note(rng)}")

    def referral(self, number):
        rng = self.rng
        who, first = rng.choice(self.people)
        day, name = rng.randrange(first, DAYS), f"r{number}"
        covered = [words[3][len("recipient="):] for made, words in self.days[first] if made == f"{who}c"]
        to = covered[0] if covered and rng.random() < 0.8 else f"{{{rng.choice(list(SERVICES))}}}"
        self.put(day, name, "referral", "add", f"person={{{who}}}", f"resource={to}", f"category={rng.choice(CATEGORIES)}", f"reason={note(rng)}")
        moves = [("send",), ("receive",), ("accept",), ("attend",), ("close", "outcome=service received")]
        if to not in covered:
            return
        for move in moves[:rng.randint(1, 5)]:
            self.put(day, None, "referral", move[0], f"{{{name}}}", *move[1:])
            day += rng.randint(1, 7)
            if day >= DAYS:
                return


def days(seed=1):
    """The month: DAYS lists of (name or None, words)."""
    made = Maker(seed)
    for name, words in SERVICES.items():
        made.put(0, name, "resource", "add", *words)
    for day, name, words in TOLD:
        made.put(day, name, *words)
    told = [words[:2] for _, _, words in TOLD]
    for number in range(PEOPLE - told.count(("person", "add"))):
        made.person(number)
    for _ in range(CONTACTS - told.count(("contact", "add"))):
        made.contact()
    for number in range(REFERRALS - told.count(("referral", "add"))):
        made.referral(number)
    return made.days
