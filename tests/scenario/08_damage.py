"""Journals damaged, cut, put back in part or whole, and too new: found, said, and left as they are."""
import os
import random
import subprocess
import time

from lab import BIN, PATIENCE, TOP, check, files, run

PAGE = 4096
FRAME = 4208
WAL_HEADER = 72


def journal_of(home):
    names = [name for name in os.listdir(home.path) if name.startswith("journal-") and name.endswith(".db")]
    check(len(names) == 1, names)
    return os.path.join(home.path, names[0])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def with_records(lab, count=30):
    neema = lab.quick("Neema")
    neema.start().init()
    neema.ids = [neema.add("person", name=f"Person {i}", village="Kimana " * 20) for i in range(count)]
    return neema


def damage_is_found(home, what):
    """Unlocking or `verify` says so with status 7."""
    home.start()
    answer = home.run("--passphrase-file", home.passphrase_file, "unlock", json_out=True, check_status=False)
    if answer.status == 0:
        answer = home.run("verify", json_out=True, check_status=False)
        check(answer.status == 7, what, answer)
        home.kill()
        return
    check(answer.status == 7 and answer.error["code"] == "integrity" and answer.error["hint"], what, answer)
    home.stop()


def story_damaged_journal(lab):
    neema = with_records(lab)
    neema.stop()
    path = journal_of(neema)
    good = read(path)
    keys = read(os.path.join(neema.path, "keys"))
    pages = len(good) // PAGE
    chance = random.Random(7)
    for page in [0, 1, pages - 1] + chance.sample(range(2, pages - 1), 5):
        bad = bytearray(good)
        bad[page * PAGE + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
        write(path, bad)
        damage_is_found(neema, f"a bit of page {page + 1} of {pages}")
        write(os.path.join(neema.path, "keys"), keys)
    for size in (0, 100, PAGE, (pages // 2) * PAGE, (pages // 2) * PAGE + 7, len(good) - 1, len(good) - PAGE):
        write(path, good[:size])
        damage_is_found(neema, f"cut to {size} of {len(good)} bytes")
        check(len(read(path)) == size, "a damaged journal is left as it is")
        write(os.path.join(neema.path, "keys"), keys)
    swapped = bytearray(good)
    swapped[PAGE:2 * PAGE], swapped[2 * PAGE:3 * PAGE] = good[2 * PAGE:3 * PAGE], good[PAGE:2 * PAGE]
    write(path, swapped)
    damage_is_found(neema, "two pages exchanged")
    write(path, good)
    write(os.path.join(neema.path, "keys"), keys)
    neema.start().unlock()
    check(neema.json("verify")["ok"] and neema.json("person", "list", "--limit", 100)["items"])


def warned(home, word):
    until = time.monotonic() + PATIENCE
    while home.status().get("checking") and time.monotonic() < until:
        time.sleep(0.1)
    said = home.status()["warnings"]
    check(any(word in line for line in said), word, "is missing in", said)


def story_wal_damaged_deleted_or_put_back(lab):
    hub = lab.hub()
    neema = with_records(lab, 3)
    lab.enrol(neema, hub)
    early = neema.add("person", name="Early")
    neema.run("sync")
    neema.run("lock")  # so that what follows is all in the WAL
    neema.unlock()
    late = neema.add("person", name="Late")
    neema.run("sync")  # after an exchange the keys know how far the journal went
    check(neema.show(late)["sync"] == "delivered")
    neema.kill()
    path = journal_of(neema)
    wal = path + "-wal"
    keys_path = os.path.join(neema.path, "keys")
    good, good_wal, keys = read(path), read(wal), read(keys_path)
    frames = (len(good_wal) - WAL_HEADER) // FRAME
    check(frames > 3, "too little in the WAL:", frames)

    def set_back(journal=good, wal_bytes=good_wal):
        write(path, journal)
        write(wal, wal_bytes)
        write(keys_path, keys)

    # a bit in its middle: damage, not a torn tail
    bad = bytearray(good_wal)
    bad[WAL_HEADER + (frames // 2) * FRAME + 2000] ^= 4
    set_back(wal_bytes=bytes(bad))
    damage_is_found(neema, "a bit in the middle of the WAL")
    # a bit in its header
    bad = bytearray(good_wal)
    bad[30] ^= 1
    set_back(wal_bytes=bytes(bad))
    damage_is_found(neema, "a bit in the header of the WAL")
    # gone, or cut short: the journal is older than the keys, and that is said
    for shorter in (b"", good_wal[:WAL_HEADER + FRAME * 2]):
        set_back(wal_bytes=shorter)
        if not shorter:
            os.unlink(wal)
        neema.start().unlock()
        warned(neema, "older than the keys")
        neema.kill()
    # whole again: nothing to say
    set_back()
    neema.start().unlock()
    check(neema.status()["warnings"] == [], neema.status()["warnings"])
    check(neema.show(early)["fields"]["name"] == "Early" and neema.show(late)["fields"]["name"] == "Late")


def story_rolled_back(lab):
    neema = with_records(lab, 5)
    neema.run("lock")
    keys_path = os.path.join(neema.path, "keys")
    path = journal_of(neema)
    neema.stop()
    old, old_keys = read(path), read(keys_path)
    neema.start().unlock()
    later = neema.add("person", name="Later")
    neema.run("lock")
    neema.stop()
    new, new_keys = read(path), read(keys_path)
    # an old journal under new keys is noticed
    write(path, old)
    neema.start().unlock()
    warned(neema, "older than the keys")
    neema.kill()
    # a new journal under old keys is what a crash before the keys were written leaves: all is there
    for name in os.listdir(neema.path):
        if name.endswith("-wal"):
            os.unlink(os.path.join(neema.path, name))
    write(path, new)
    write(keys_path, old_keys)
    neema.start().unlock()
    check(neema.status()["warnings"] == [] and neema.show(later)["fields"]["name"] == "Later", neema.status()["warnings"])
    neema.kill()
    # single old pages among new ones
    count = 0
    for page in range(1, min(len(old), len(new)) // PAGE):
        at = slice(page * PAGE, (page + 1) * PAGE)
        if old[at] == new[at]:
            continue
        mixed = bytearray(new)
        mixed[at] = old[at]
        for name in os.listdir(neema.path):
            if name.endswith("-wal"):
                os.unlink(os.path.join(neema.path, name))
        write(path, mixed)
        write(keys_path, new_keys)
        neema.start()
        answer = neema.run("--passphrase-file", neema.passphrase_file, "unlock", json_out=True, check_status=False)
        if answer.status == 0:
            answer = neema.run("verify", json_out=True, check_status=False)
            shown = neema.run("show", later, check_status=False)
            check(answer.status == 7 or neema.status()["warnings"] or (shown.status == 0 and neema.json("verify")["ok"]), "old page", page + 1, answer)
        check(answer.status in (0, 7), "old page", page + 1, answer)
        neema.kill()
        count += 1
        if count == 12:
            break
    check(count > 3, "too few pages differ:", count)


def story_old_rows_put_back(lab):
    """An old page among new ones shows old values: the sums notice after unlocking, and the rows are made anew from the entries."""
    neema = with_records(lab, 5)
    neema.run("lock")
    neema.stop()
    path, keys_path = journal_of(neema), os.path.join(neema.path, "keys")
    old = read(path)
    neema.start().unlock()
    neema.run("edit", neema.ids[0], "village=Rombo")
    neema.run("lock")
    neema.stop()
    new, keys = read(path), read(keys_path)
    mended = 0
    for page in range(1, min(len(old), len(new)) // PAGE):
        at = slice(page * PAGE, (page + 1) * PAGE)
        if old[at] == new[at]:
            continue
        for name in os.listdir(neema.path):
            if name.endswith("-wal"):
                os.unlink(os.path.join(neema.path, name))
        write(path, new[:at.start] + old[at] + new[at.stop:])
        write(keys_path, keys)
        neema.start()
        if neema.unlock(check_status=False).status == 0:
            until = time.monotonic() + PATIENCE
            while neema.status()["checking"] and time.monotonic() < until:
                time.sleep(0.05)
            if any("made anew" in warning for warning in neema.status()["warnings"]):
                mended += 1
                check(neema.show(neema.ids[0])["fields"]["village"] == "Rombo", "page", page + 1)
                check(neema.json("verify")["ok"], "page", page + 1)
        neema.kill()
    check(mended > 0, "no old row was noticed")


def story_a_page_put_back_hides_no_revocation(lab):
    """Nothing is told before the journal was checked, and nothing where it was found damaged (6.6); recording never waits."""
    neema = with_records(lab, 5)
    person = neema.ids[0]
    consent = neema.add("consent", person=person, recipient="Kimana Clinic", purpose="treatment", information="contact details", how="written",
                        expires="in 6 months")
    referral = neema.add("referral", person=person, resource="Kimana Clinic", category="treatment", purpose="treatment")
    neema.run("lock")
    neema.stop()
    path, keys_path = journal_of(neema), os.path.join(neema.path, "keys")
    old = read(path)
    neema.start().unlock()
    neema.run("consent", "revoke", consent)
    neema.run("lock")
    neema.stop()
    new, keys = read(path), read(keys_path)
    found = 0
    for page in range(1, min(len(old), len(new)) // PAGE):
        at = slice(page * PAGE, (page + 1) * PAGE)
        if old[at] == new[at]:
            continue
        for name in os.listdir(neema.path):
            if name.endswith("-wal"):
                os.unlink(os.path.join(neema.path, name))
        write(path, new[:at.start] + old[at] + new[at.stop:])
        write(keys_path, keys)
        neema.start()
        if neema.unlock(check_status=False).status == 0:
            answer = neema.run("referral", "send", referral, json_out=True, check_status=False)
            check(answer.status != 0, "page", page + 1, "hid the revocation", answer)
            found += answer.status == 7 and "damaged" in answer.error["message"]
        neema.kill()
    check(found > 0, "no page that was put back hid it")


def story_what_is_told_waits_for_the_check(lab):
    neema = with_records(lab, 5)
    rows = os.path.join(lab.dir, "rows.jsonl")
    with open(rows, "w", encoding="utf-8") as file:
        file.write("".join(f'{{"kind":"contact","fields":{{"person":"{neema.ids[1]}","kind":"phone","note":"number {at}"}}}}\n' for at in range(4000)))
    neema.run("import", rows)
    neema.add("consent", person=neema.ids[0], recipient="Kimana Clinic", purpose="treatment", information="contact details", how="written",
              expires="in 6 months")
    referral = neema.add("referral", person=neema.ids[0], resource="Kimana Clinic", category="treatment", purpose="treatment")
    neema.run("lock")
    neema.unlock()
    check(neema.status()["checking"], "it was checked before anybody could look: more records are needed here")
    neema.add("contact", person=neema.ids[0], kind="phone", note="saved at once")
    was_checking = neema.status()["checking"]
    neema.run("referral", "send", referral)
    check(was_checking and not neema.status()["checking"], "what is recorded did not go first, or what is told did not wait")


def story_newer_journal(lab):
    bump = os.path.join(BIN, "journal_bump")
    check(os.path.exists(bump), "build the target journal_bump")
    neema = with_records(lab, 3)
    neema.run("lock")
    neema.stop()
    subprocess.run([bump, neema.path, neema.passphrase_file, "99"], check=True)
    before = files(neema)
    neema.start()
    for _ in range(2):
        error = neema.refused(1, "--passphrase-file", neema.passphrase_file, "unlock")
        check(error["code"] == "too_new" and "99" in error["message"] and error["hint"], error)
    check(neema.status()["locked"] is True)
    neema.refused(4, "person", "list")
    neema.stop()
    after = {name: data for name, data in files(neema).items() if data or not name.endswith("-wal")}
    check(after == before, [name for name in {*before, *after} if after.get(name) != before.get(name)])
    with open(os.path.join(TOP, "daemon", "store", "journal.h"), encoding="utf-8") as file:
        own = next(line.split()[2] for line in file if line.startswith("#define JOURNAL_VERSION"))
    subprocess.run([bump, neema.path, neema.passphrase_file, own], check=True)
    neema.start().unlock()
    check(neema.show(neema.ids[0])["fields"]["name"] == "Person 0")


run(globals())
