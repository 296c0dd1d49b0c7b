#!/usr/bin/env python3
"""records.py - makes up field records as JSON lines for `pamoja import`; the same seed gives the same bytes.

Every name, number and note is invented. A line is {"kind", "ref", "fields"}; a link is "@REF" of an earlier line.
"""
import argparse
import json
import random

FIRST = ("Asha Baraka Chausiku Daudi Esther Faraja Grace Hamisi Imani Juma Kezia Leah Musa Neema Omari Penina "
         "Rehema Salim Tatu Upendo Wanjiru Yusufu Zawadi Amani Mwajuma Kipkemei Naisula Lemayian").split()
LAST = "A. B. D. K. L. M. N. O. R. S. T. W.".split()
VILLAGES = ("Loitokitok", "Kimana", "Rombo", "Namanga", "Tarakea", "Holili", "Mwika", "Oloitokitok Juu", "Engare Nairobi")
LANGUAGES = ("Swahili", "Maa", "Kikamba", "English", "Chagga")
MODES = ("one-on-one", "phone", "group", "visit")
STARTS = ("talked about", "asked about", "worried about", "made a plan for", "came back to", "tulizungumza kuhusu", "aliuliza kuhusu")
TOPICS = ("the market work", "sleep", "his sister", "her children", "going to the clinic", "the landlord", "a week without",
          "the choir", "money for the bus", "usingizi", "kazi ya shamba", "watoto", "kliniki", "the next step")
ENDS = ("will call on Monday", "wants to try again", "feels stronger", "no change", "tutaonana wiki ijayo", "asked for company")
CATEGORIES = ("health", "housing", "work", "family", "legal")
WHAT = ("call about the clinic", "visit at home", "ask how the week was", "bring the form", "mpigie simu")
GOALS = ("thirty days, then look again", "back to the workshop", "see my children every Sunday", "save for a goat",
         "kulala bila kunywa", "finish the course")


def note(rng):
    return "; ".join(f"{rng.choice(STARTS)} {rng.choice(TOPICS)}" for _ in range(rng.randint(1, 4))) + ". " + rng.choice(ENDS)


def day(rng):
    return f"2026-{rng.randint(1, 10):02d}-{rng.randint(1, 28):02d}"


def records(people, seed):
    rng = random.Random(seed)
    yield {"kind": "resource", "ref": "r0", "fields": {
        "name": f"{rng.choice(VILLAGES)} House {seed}", "category": "shelter", "place": rng.choice(VILLAGES)}}
    for i in range(people):
        person = f"p{i}"
        yield {"kind": "person", "ref": person, "fields": {
            "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}", "birth_year": rng.randint(1950, 2006),
            "village": rng.choice(VILLAGES), "language": rng.choice(LANGUAGES),
            "phone": f"+2547{rng.randint(0, 99999999):08d}"}}
        for _ in range(rng.randint(1, 5)):
            yield {"kind": "contact", "fields": {
                "person": "@" + person, "kind": rng.choice(MODES), "on": day(rng), "minutes": rng.randint(5, 90),
                "place": rng.choice(VILLAGES), "note": note(rng)}}
        if rng.random() < 0.5:
            yield {"kind": "followup", "fields": {
                "person": "@" + person, "due": f"2026-{rng.randint(11, 12)}-{rng.randint(1, 28):02d}", "what": rng.choice(WHAT)}}
        if rng.random() < 0.4:
            yield {"kind": "goal", "fields": {"person": "@" + person, "text": rng.choice(GOALS)}}
        if rng.random() < 0.3:
            yield {"kind": "referral", "fields": {
                "person": "@" + person, "resource": "@r0", "category": rng.choice(CATEGORIES), "reason": note(rng)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for record in records(options.people, options.seed):
        print(json.dumps(record, ensure_ascii=False))


if __name__ == "__main__":
    main()
