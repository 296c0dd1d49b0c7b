"""What the stories of the practice (60 and 64 to 66) share."""
import datetime


def ids(home, *words):
    return [item["id"] for item in home.json(*words)["items"]]


def in_days(days, since=None):
    return ((since or datetime.date.today()) + datetime.timedelta(days)).isoformat()


def reminded(home, person):
    return sorted((item["fields"]["due"], item["fields"]["what"]) for item in home.json("followup", "list", f"person={person}", "--all")["items"])


def consent_to_be_named(home, person):
    return home.add("consent", person=person, recipient="programme", purpose="attendance", information="attendance", expires="in 90 days", how="written")


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path
