"""Consent, enforced from the start: nothing leaves without a complete, active consent that covers it."""
from lab import check, run

FULL = dict(purpose="referral", information="name,phone", expires="in 90 days", how="written")


def prepared(lab, neema=None):
    neema = neema or lab.worker("Neema")
    person = neema.add("person", name="Asha")
    clinic = neema.add("resource", name="Loitokitok Clinic", category="clinic")
    referral = neema.add("referral", person=person, resource=clinic, category="health", reason="wants treatment")
    return neema, person, clinic, referral


def story_refused_without(lab):
    neema, person, clinic, referral = prepared(lab)
    error = neema.refused(5, "referral", "send", referral)
    check(error["code"] == "refused" and "consent" in error["message"] and error["hint"], error)
    check(neema.show(referral)["state"] == "draft")


def story_sent_with(lab):
    neema, person, clinic, referral = prepared(lab)
    neema.add("consent", person=person, recipient=clinic, **FULL)
    check(neema.json("referral", "send", referral)["state"] == "sent")
    # nobody is sent to what was voided, nor one whose record was voided, whatever they consented to
    for what in ("resource", "person"):
        neema, person, clinic, referral = prepared(lab, neema)
        neema.add("consent", person=person, recipient=clinic, **FULL)
        neema.run("void", {"resource": clinic, "person": person}[what], "entered twice")
        error = neema.refused(5, "referral", "send", referral)
        check(f"{what} " in error["message"] and "voided" in error["message"] and neema.show(referral)["state"] == "draft", error)


def story_says_what_is_missing(lab):
    neema, person, clinic, referral = prepared(lab)
    other = neema.add("resource", name="Rombo Shelter")
    for change, word in ((dict(recipient=other), "recipient"), (dict(purpose="housing"), "purpose"), (dict(expires=""), "expire"),
                         (dict(expires="today", **{"from": "30 days ago"}), "expired"), (dict(**{"from": "tomorrow"}), "not valid before"),
                         (dict(how="spoken"), "sign"), (dict(information=""), "information")):
        fields = dict(FULL, person=person, recipient=clinic)
        fields.update(change)
        consent = neema.add("consent", **{name: value for name, value in fields.items() if value != ""})
        if word == "expired":
            neema.run("edit", consent, "expires=yesterday")
        error = neema.refused(5, "referral", "send", referral)
        check(word in (error["message"] + error["hint"]).lower(), word, error)
        neema.run("void", consent, "a test")
    check(neema.show(referral)["state"] == "draft")


def story_said_while_the_person_is_there(lab):
    """A consent that allows nothing as it is is kept, and whoever records it hears so at once, with the mend."""
    neema, person, clinic, _ = prepared(lab)
    for change, word, mend in ((dict(expires=""), "expires is missing", "pamoja edit"), (dict(**{"from": "tomorrow"}), "not valid before", "wait"), (dict(how="spoken"), "only spoken", "sign a form"),
                               (dict(information="", revocation_told="no"), "information is missing; revocation_told is not answered with yes", "pamoja edit")):
        fields = dict(FULL, person=person, recipient=clinic)
        fields.update(change)
        said = neema.run("consent", "add", *[f"{name}={value}" for name, value in fields.items() if value != ""])
        check("Saved: Consent" in said.out and word in said.err and mend in said.err, word, said)
    swahili = {"LC_ALL": "sw_KE.UTF-8", "LANGUAGE": "sw"}
    said = neema.run("consent", "add", f"person={person}", f"recipient={clinic}", "purpose=referral", "from=2099-01-02", "expires=2099-03-01", "how=spoken", env=swahili)
    for words in ("hairuhusu chochote", "information haijajazwa", "haitumiki kabla ya 2099-01-02", "fomu iliyosainiwa"):
        check(words in said.err, words, said)
    for quiet in (("consent", "add", *[f"{name}={value}" for name, value in dict(FULL, person=person, recipient=clinic).items()]),
                  ("consent", "add", f"person={person}", "recipient=programme", "purpose=attendance", "information=attendance", "expires=in 90 days", "how=written"),
                  ("consent", "refuse", f"person={person}", f"recipient={clinic}", "purpose=housing")):
        said = neema.run(*quiet)
        check("allows" not in said.err, quiet, said)
    # one that is mended is not complained of any more
    consent = neema.add("consent", person=person, recipient=clinic, purpose="referral", how="written", expires="in 9 days")
    check("information is missing" in neema.run("edit", consent, "note=later").err)
    check("allows" not in neema.run("edit", consent, "information=needs").err)


def story_information_must_be_covered(lab):
    neema, person, clinic, referral = prepared(lab)
    neema.run("edit", referral, "information=name,health summary")
    neema.add("consent", person=person, recipient=clinic, **FULL)
    error = neema.refused(5, "referral", "send", referral)
    check("information" in error["message"] + error["hint"] or "health summary" in error["message"], error)
    neema.run("edit", referral, "information=name")
    neema.run("referral", "send", referral)


def story_revocation_wins(lab):
    neema, person, clinic, referral = prepared(lab)
    consent = neema.add("consent", person=person, recipient=clinic, **FULL)
    neema.run("consent", "revoke", consent)
    error = neema.refused(5, "referral", "send", referral)
    check("revoked" in error["message"] + error["hint"], error)
    # a new grant, given in knowledge of the revocation, is good again
    neema.add("consent", person=person, recipient=clinic, **FULL)
    neema.run("referral", "send", referral)


def story_refused_at_once(lab):
    """A refusal is recorded as one, never as a consent first, and counts like one that was taken back."""
    neema, person, clinic, referral = prepared(lab)
    neema.add("consent", person=person, recipient=clinic, **FULL)
    refusal = neema.json("consent", "refuse", f"person={person}", f"recipient={clinic}", "purpose=referral")
    check(refusal["state"] == "refused", refusal)
    history = neema.json("history", refusal["id"])["items"]
    check(len(history) == 1 and history[0]["set"]["state"] == "refused", history)
    check(not {"signed_on", "signed_by", "revocation_told", "how"} & set(history[0]["set"]), "a refusal claims no signature", history)
    error = neema.refused(5, "referral", "send", referral)
    check("refus" in error["message"] + error["hint"] or "revoked" in error["message"] + error["hint"], error)
    neema.add("consent", person=person, recipient=clinic, **FULL)  # the person changed their mind, knowing of the refusal
    neema.run("referral", "send", referral)
    # only the moves that a record may start with; with an id they are what they were
    check("ID" in neema.refused(2, "consent", "revoke")["hint"])
    neema.refused(3, "consent", "revoke", f"person={person}", "purpose=referral")
    given = neema.add("consent", person=person, recipient=clinic, **FULL)
    check(neema.json("consent", "refuse", given)["state"] == "refused")
    check("no ID" in neema.run("consent", "--help").out and "consent refuse person=" in neema.run("consent", "refuse", "--help").out)


def story_a_refusal_travels(lab):
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    person = neema.add("person", name="Asha")
    refusal = neema.json("consent", "refuse", f"person={person}", "purpose=referral")["id"]
    lab.exchange(hub, neema)
    check(hub.json("hub", "held")["items"] == [] and hub.show(refusal)["state"] == "refused")
    check(hub.json("verify", person)["digest"] == neema.json("verify", person)["digest"])


def story_an_edit_is_no_new_grant(lab):
    neema, person, clinic, referral = prepared(lab)
    one = neema.add("consent", person=person, recipient=clinic, **FULL)
    two = neema.add("consent", person=person, recipient=clinic, **FULL)
    neema.run("consent", "revoke", two)
    neema.refused(5, "referral", "send", referral)
    neema.run("edit", one, "expires=in 60 days")
    neema.refused(5, "referral", "send", referral)


def story_other_persons_consent_does_not_count(lab):
    neema, person, clinic, referral = prepared(lab)
    other = neema.add("person", name="Daudi")
    neema.add("consent", person=other, recipient=clinic, **FULL)
    neema.refused(5, "referral", "send", referral)
    # not even one that speaks of this person
    neema.add("consent", person=other, recipient=clinic, note=f"came together with {person}", **FULL)
    neema.refused(5, "referral", "send", referral)


def story_what_was_sent_stays_within_consent(lab):
    neema, person, clinic, referral = prepared(lab)
    other = neema.add("resource", name="Rombo Shelter")
    neema.run("edit", referral, f"resource={other}")  # a draft may change
    neema.run("edit", referral, f"resource={clinic}", "information=name")
    neema.add("consent", person=person, recipient=clinic, **FULL)
    neema.run("referral", "send", referral)
    for words in (("edit", referral, f"resource={other}"), ("edit", referral, "information=name,health summary"), ("edit", referral, "purpose=legal help"),
                  ("referral", "receive", referral, f"resource={other}")):
        check("consent" in neema.refused(5, *words)["message"], words)
    neema.run("edit", referral, "note=they answered", "information=name,phone", f"resource={clinic}")  # covered
    check(neema.show(referral)["fields"]["resource"] == clinic and neema.show(referral)["state"] == "sent")
    # for another service it goes back to a draft, and is sent again only with a consent for that one
    neema.run("referral", "decline", referral, "declined_reason=full")
    neema.run("referral", "retry", referral, f"resource={other}")
    check("recipient" in neema.refused(5, "referral", "send", referral)["message"])


def story_changed_elsewhere_while_sent(lab):
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    person = neema.add("person", name="Asha")
    clinic, shelter = [neema.add("resource", name=name, category="clinic") for name in ("Loitokitok Clinic", "Rombo Shelter")]
    referral = neema.add("referral", person=person, resource=clinic, category="health", reason="wants treatment")
    neema.add("consent", person=person, recipient=clinic, **FULL)
    lab.exchange(hub, neema, juma)
    hub.run("hub", "assign", person, "Juma")
    lab.exchange(hub, juma)
    neema.run("referral", "send", referral)
    juma.run("edit", referral, f"resource={shelter}")  # a draft, as far as is known there
    lab.exchange(hub, neema, juma, rounds=2)
    conflict = hub.json("hub", "conflicts")["items"]
    check([item["field"] for item in conflict] == ["resource"] and {value["value"] for value in conflict[0]["values"]} == {clinic, shelter}, conflict)


def story_recipient_by_name(lab):
    neema, person, clinic, referral = prepared(lab)
    neema.add("consent", person=person, recipient="LOITOKITOK clinic", **FULL)
    neema.run("referral", "send", referral)


run(globals())
