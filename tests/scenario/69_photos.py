"""Photos of signed papers (ctl.file): kept sealed with their consent, sent behind all else and not over a network that costs money, put together at
the other end, given to whoever is given the person, withdrawn and erased with the record."""
import base64
import os
import random
import re
import subprocess
import time
import zlib

from backups import backup_of, code_of, restore
from disks import disk, fill, may_mount
from lab import PATIENCE, check, run

GIVEN = dict(purpose="referral", information="needs", expires="in 90 days", how="written")
MARK = b"a needle in the photo"


def part(marker, body):
    return b"\xff" + bytes([marker]) + (len(body) + 2).to_bytes(2, "big") + body


def chunk(name, body):
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


JFIF = part(0xe0, b"JFIF\0\1\2\1\0\x48\0\x48\0\0")
SCAN = part(0xda, b"\1\1\0\0\x3f\0")
IHDR = chunk(b"IHDR", bytes([0, 0, 4, 0, 0, 0, 4, 0, 8, 0, 0, 0, 0]))
JPEG = b"\xff\xd8" + JFIF + SCAN
BIN = os.environ.get("PAMOJA_BIN", "build/bin")


def pdf(objects, more=b""):
    """A PDF of these objects; the first is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer\n<</Size %d/Root 1 0 R" % (len(objects) + 1) + more + b">>\nstartxref\n%d\n%%%%EOF\n" % len(out)


def stream(entries, body):
    return b"<<" + entries + b"/Length %d>>\nstream\n" % len(body) + body + b"\nendstream"


def scanned(image, page=b"", catalogue=b"", more=b"", size=(4, 4), objects=()):
    """As a scanner makes it: one page with one JPEG."""
    return pdf([b"<</Type/Catalog/Pages 2 0 R" + catalogue + b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<</XObject<</I 4 0 R>>>>/Contents 5 0 R" + page + b">>",
                stream(b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode/Metadata 5 0 R" % size, image),
                stream(b"", b"q 180 0 0 180 10 10 cm /I Do Q"), *objects], more)


def cleaned(content):
    return subprocess.run([os.path.join(BIN, "pamoja-pdf"), "--clean"], input=content, capture_output=True, check=True).stdout


def clean_pdf(bits, size):
    """One that is clean, of so many bytes."""
    length = size - 1500
    for _ in range(20):
        content = cleaned(scanned(JPEG + bits[:length] + b"\xff\xd9"))
        if len(content) == size:
            return content
        length += size - len(content)
    raise AssertionError("no such size")


def picture(lab, name, size, seed=1):
    """A file put together as a JPEG (or what its name says), with nothing in it but the picture; that hardly packs, as in a real one."""
    path, form = os.path.join(lab.dir, name), name.rpartition(".")[2]
    last = b"\xff\xd9"
    bits = MARK + random.Random(seed).randbytes(size).replace(b"\xff", b"\xfe")
    if form == "png":
        content = b"\x89PNG\r\n\x1a\n" + IHDR + chunk(b"IDAT", bits[:size - 57]) + chunk(b"IEND", b"")
    elif form == "pdf":
        content = clean_pdf(bits, size)
    else:
        content = JPEG + bits[:size - len(JPEG) - len(last)] + last
    check(len(content) == size, len(content))
    return written(path, content)


def written(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def consent_of(neema, name="Asha Kimani"):
    asha = neema.add("person", name=name)
    return asha, neema.add("consent", person=asha, recipient="district hospital", **GIVEN)


def photo(home, record):
    return home.show(record).get("photo")


def whole(home, record):
    return bool(photo(home, record) and photo(home, record)["whole"])


def given_back(home, record, name="back"):
    path = os.path.join(home.lab.dir, name)
    if os.path.exists(path):
        os.unlink(path)
    home.run("consent", "photo", record, "--out", path)
    check(os.stat(path).st_mode & 0o777 == 0o600, oct(os.stat(path).st_mode))
    return read(path)


def size_of_backup(home, name):
    """All that is in the journal, seen from outside; a photo hardly packs."""
    return os.path.getsize(backup_of(home, name)[0])


def exchanged(lab, hub, *workers, until):
    for _ in range(80):
        lab.exchange(hub, *workers)
        if until():
            return
    check(False, "it never came")


def story_from_one_laptop_to_the_other(lab):
    """Kept at the one, put together at the hub, shown to whoever is given the person, withdrawn with her, given again."""
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, consent = consent_of(neema)
    path = picture(lab, "paper.jpg", 150_000)
    lab.exchange(hub, neema, juma)
    said = neema.run("consent", "photo", consent, path)
    check("JPEG, 147 KB" in said.out and "sync --photos" in said.out and "delete it" in said.err, said)
    check(neema.show(consent)["fields"]["form_hash"] == subprocess.run(["b2sum", "-l", "256", path], capture_output=True, check=True).stdout.decode().split()[0])
    check(photo(neema, consent)["own"] and photo(neema, consent)["parts"] == 13 and whole(neema, consent), photo(neema, consent))
    check(given_back(neema, consent) == read(path))
    check("0 of 13 parts were sent" in neema.run("show", consent).out, neema.run("show", consent).out)
    check("is the signed paper" in neema.run("consent", "paper", consent, path, "--check").out)
    exchanged(lab, hub, neema, until=lambda: whole(hub, consent))
    # that all was read there is not that the hub has it: only its own word is, asked for by itself
    check(photo(neema, consent)["at_hub"] or "did not say yet" in neema.run("show", consent).out, neema.run("show", consent).out)
    exchanged(lab, hub, neema, until=lambda: photo(neema, consent)["at_hub"])
    check("kept here and at the hub" in neema.run("show", consent).out, neema.run("show", consent).out)
    check(given_back(hub, consent) == read(path) and photo(neema, consent)["sent"] == 13, photo(neema, consent))
    check(neema.show(consent)["sync"] == "merged" and neema.status()["outbox"]["entries"] == 0 and neema.status()["outbox"]["photo_parts"] == 0, neema.status())
    check(juma.refused(3, "show", consent))
    hub.run("hub", "assign", asha, "Juma")
    exchanged(lab, hub, juma, until=lambda: juma.run("show", consent, check_status=False).status == 0 and whole(juma, consent))
    check(given_back(juma, consent) == read(path))
    # nothing of it is in the open, in any home, the carrier's store, or the mailboxes
    for base, _, names in os.walk(lab.dir):
        for name in names:
            kept = os.path.join(base, name)
            check(kept in (path, os.path.join(lab.dir, "back")) or not os.path.isfile(kept) or MARK not in read(kept), kept)
    before = size_of_backup(juma, "with")
    hub.run("hub", "unassign", asha, "Juma")
    lab.exchange(hub, juma, rounds=2)
    check(size_of_backup(juma, "without") < before - 100_000, "its bytes are still in the journal", before, size_of_backup(juma, "again"))
    error = juma.refused(3, "consent", "photo", consent, "--out", os.path.join(lab.dir, "gone"))
    check("there is no photo of this paper here" in error["message"] and not photo(juma, consent), error)
    hub.run("hub", "assign", asha, "Juma")
    exchanged(lab, hub, juma, until=lambda: whole(juma, consent))
    check(given_back(juma, consent) == read(path))
    for home in (hub, neema, juma):
        check(home.json("verify", "--rebuild")["differed"] == 0)


def story_what_is_no_photo(lab):
    """Neither picture nor PDF, too big, empty, not there, of a record that has no paper: each its own message with the mend, and nothing is kept."""
    neema = lab.worker("Neema")
    asha, consent = consent_of(neema)
    entries = neema.status()["journal"]["entries"]
    for name, content, words, mend in (("letter.doc", b"\xd0\xcf\x11\xe0 a letter", "neither JPEG, PNG nor PDF", "save it as JPEG or PDF"),
                                       ("empty.jpg", b"", "neither JPEG", "save it as"), ("short.png", b"\x89PNG", "neither JPEG", "save it as")):
        with open(os.path.join(lab.dir, name), "wb") as file:
            file.write(content)
        error = neema.refused(2, "consent", "photo", consent, os.path.join(lab.dir, name))
        check(words in error["message"] and mend in error["hint"], error)
    big = picture(lab, "big.jpg", 2 * 1024 * 1024 + 1)
    error = neema.refused(2, "consent", "photo", consent, big)
    check("more than 2 MB" in error["message"] and "smaller" in error["hint"] and "150 dpi" in error["hint"], error)
    check("not a file" in neema.refused(2, "consent", "photo", consent, lab.dir)["message"])
    check("consent photo ID FILE" in neema.refused(2, "consent", "photo", consent)["hint"])
    check("either a file" in neema.refused(2, "consent", "photo", consent, big, "--out", "x")["message"])
    check("has no signed paper" in neema.refused(2, "person", "photo", asha, picture(lab, "ok.jpg", 100))["message"])
    check("there is no photo" in neema.refused(3, "consent", "photo", consent, "--out", os.path.join(lab.dir, "x"))["message"])
    check(neema.status()["journal"]["entries"] == entries and "form_hash" not in neema.show(consent)["fields"])
    # the biggest, and one of each sort
    neema.run("consent", "photo", consent, picture(lab, "most.jpg", 2 * 1024 * 1024))
    check(photo(neema, consent)["parts"] == 175 and given_back(neema, consent) == read(os.path.join(lab.dir, "most.jpg")))
    said = neema.run("consent", "photo", consent, picture(lab, "other.png", 30_000))
    check("PNG, 30 KB" in said.out and "Another paper was noted before" in said.err, said)
    check(given_back(neema, consent) == read(os.path.join(lab.dir, "other.png")))
    error = neema.refused(5, "consent", "photo", consent, "--out", os.path.join(lab.dir, "other.png"))
    check("there already" in error["message"], error)


def exif():
    """As a phone writes it: maker, owner, the time, a GPS position, a little picture; and that the camera was held sideways."""
    texts = {0x10f: b"NEEDLE Telephones\0", 0x13b: b"NEEDLE Neema\0", 0x132: b"2026:11:29 NEEDLE\0"}
    count = len(texts) + 2
    behind = 8 + 2 + 12 * count + 4
    gps = (2).to_bytes(2, "big") + b"\0\1\0\2\0\0\0\2S\0\0\0" + b"\0\2\0\5\0\0\0\1" + (behind + 26).to_bytes(4, "big") + bytes(4)
    gps = gps[:26] + b"NEEDLE 1.2921 S, 36.8219 E"
    data, entries = gps, [b"\1\x12\0\3\0\0\0\1\0\6\0\0", b"\x88\x25\0\4\0\0\0\1" + behind.to_bytes(4, "big")]
    for tag, text in texts.items():
        entries.append(tag.to_bytes(2, "big") + b"\0\2" + len(text).to_bytes(4, "big") + (behind + len(data)).to_bytes(4, "big"))
        data += text
    return b"MM\0*\0\0\0\x08" + count.to_bytes(2, "big") + b"".join(sorted(entries)) + bytes(4) + data


TURNED = part(0xe1, b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0" + bytes(4))


def story_only_the_picture(lab):
    """Of a photo with place, maker, owner, time and what it was before it was cut nothing but the picture is kept, and which way is up; the mark is of what is kept."""
    neema = lab.worker("Neema")
    _, consent = consent_of(neema)
    bits = MARK + random.Random(3).randbytes(40_000).replace(b"\xff", b"\xff\0")
    phone = written(os.path.join(lab.dir, "phone.jpg"),
                    b"\xff\xd8" + part(0xe1, b"Exif\0\0" + exif()) + JFIF + part(0xe1, b"http://ns.adobe.com/xap/1.0/\0 NEEDLE") + part(0xe2, b"MPF\0 NEEDLE")
                    + part(0xe5, b"NEEDLE maker") + part(0xfe, b"NEEDLE said") + SCAN + bits + b"\xff\xd9" + b"NEEDLE a film with sound")
    clean = b"\xff\xd8" + TURNED + JFIF + SCAN + bits + b"\xff\xd9"
    check(read(phone).count(b"NEEDLE") == 9, read(phone).count(b"NEEDLE"))
    # whoever noted it by its hash alone noted no other paper
    neema.run("consent", "paper", consent, phone)
    said = neema.run("consent", "photo", consent, phone)
    check("Only the picture is kept" in said.out and "Another paper" not in said.err and "PDF" not in said.err, said)
    back = given_back(neema, consent)
    check(back == clean and b"NEEDLE" not in back, len(back), len(clean))
    check(neema.show(consent)["fields"]["form_hash"] == subprocess.run(["b2sum", "-l", "256"], input=clean, capture_output=True, check=True).stdout.decode().split()[0])
    # the file it came of, and the one that was given back, are the paper; another with the same bytes in it is not
    for name in (phone, os.path.join(lab.dir, "back")):
        check("is the signed paper" in neema.run("consent", "paper", consent, name, "--check").out, name)
    other = written(os.path.join(lab.dir, "other.jpg"), read(phone).replace(MARK, MARK.upper()))
    check("not the paper" in neema.run("consent", "paper", consent, other, "--check", check_status=False).err)
    check("Only the picture" not in neema.run("consent", "photo", consent, os.path.join(lab.dir, "back")).out)
    png = written(os.path.join(lab.dir, "scan.png"), b"\x89PNG\r\n\x1a\n" + IHDR + chunk(b"tEXt", b"Author\0NEEDLE") + chunk(b"eXIf", exif())
                  + chunk(b"tIME", bytes(7)) + chunk(b"IDAT", bits) + chunk(b"iTXt", b"NEEDLE") + chunk(b"IEND", b"") + b"NEEDLE cut off")
    check("Only the picture" in neema.run("consent", "photo", consent, png).out)
    check(given_back(neema, consent) == b"\x89PNG\r\n\x1a\n" + IHDR + chunk(b"IDAT", bits) + chunk(b"IEND", b""))
    said = neema.run("consent", "photo", consent, picture(lab, "scan.pdf", 5_000))
    check("Only the p" not in said.out, said)
    # broken ones: nothing is noted of them
    before = neema.show(consent)["fields"]["form_hash"]
    for content, words, mend in ((read(phone)[:30_000], "ends in the middle", "copy it"), (read(png)[:30_000], "ends in the middle", "copy it"),
                                 (b"\xff\xd8" + JFIF + b"a letter" + bytes(100), "broken at byte 21", "save it as a new JPEG")):
        error = neema.refused(2, "consent", "photo", consent, written(os.path.join(lab.dir, "broken"), content))
        check(words in error["message"] and mend in error["hint"], error)
    check(neema.show(consent)["fields"]["form_hash"] == before)


def drawn(content, path):
    """What mutool draws of it, and every byte of it that is packed, unpacked."""
    written(path, content)
    picture_of = subprocess.run(["mutool", "draw", "-q", "-F", "pnm", "-o", "-", path, "1"], capture_output=True, check=True).stdout
    return picture_of, subprocess.run(["qpdf", "--qdf", "--object-streams=disable", path, "-"], capture_output=True, check=True).stdout


def story_only_the_pages(lab):
    """Of a PDF its pages are kept: who made it, when and with what, scripts, files inside, links, and what the photo in it told stay behind; it looks the same. What lies over a page, a password, a broken one: refused, with the mend."""
    neema = lab.worker("Neema")
    _, consent = consent_of(neema)
    made = subprocess.run(["cjpeg"], input=b"P6 64 48 255\n" + random.Random(9).randbytes(64 * 48 * 3), capture_output=True, check=True).stdout
    photo_of = made[:2] + part(0xe1, b"Exif\0\0" + exif()) + part(0xfe, b"NEEDLE said") + made[2:]
    told = dict(page=b"/LastModified(NEEDLE)/Metadata 7 0 R/AA<</O<</S/JavaScript/JS(NEEDLE)>>>>/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(NEEDLE)>>>>]",
                catalogue=b"/Metadata 7 0 R/OpenAction<</S/JavaScript/JS(NEEDLE)>>/Names<</EmbeddedFiles<</Names[(NEEDLE)8 0 R]>>>>", more=b"/Info 6 0 R",
                size=(64, 48), objects=(b"<</Author(NEEDLE Neema)/Creator(NEEDLE phone)/CreationDate(D:2026 NEEDLE)>>", stream(b"/Type/Metadata/Subtype/XML", b"<x>NEEDLE</x>"),
                                        b"<</Type/Filespec/F(NEEDLE)/EF<</F 7 0 R>>>>"))
    path = written(os.path.join(lab.dir, "phone.pdf"), scanned(photo_of, **told))
    before, inside = drawn(read(path), os.path.join(lab.dir, "before.pdf"))
    check(inside.count(b"NEEDLE") > 10, inside.count(b"NEEDLE"))
    neema.run("consent", "paper", consent, path)
    said = neema.run("consent", "photo", consent, path)
    check("Only the pages are kept" in said.out and "Another paper" not in said.err, said)
    back = given_back(neema, consent)
    after, inside = drawn(back, os.path.join(lab.dir, "after.pdf"))
    check(before == after and len(before) > 1000 and b"NEEDLE" not in back and b"NEEDLE" not in inside, inside)
    check(subprocess.run(["qpdf", "--check", os.path.join(lab.dir, "after.pdf")], capture_output=True).returncode == 0)
    # the file it came of, and the one that was given back, are the paper; another is not
    for name in (path, os.path.join(lab.dir, "back")):
        check("is the signed paper" in neema.run("consent", "paper", consent, name, "--check").out, name)
    other = written(os.path.join(lab.dir, "other.pdf"), scanned(made, size=(64, 40)))
    check("not the paper" in neema.run("consent", "paper", consent, other, "--check", check_status=False).err)
    said = neema.run("consent", "photo", consent, os.path.join(lab.dir, "back"))
    check("Only the p" not in said.out and "Another" not in said.err, said)
    locked = os.path.join(lab.dir, "locked.pdf")
    subprocess.run(["qpdf", "--encrypt", "x", "x", "256", "--", path, locked], check=True)
    before = neema.show(consent)["fields"]["form_hash"]
    for content, words, mend in ((scanned(made, page=b"/Annots[<</Type/Annot/Subtype/Ink/Rect[0 0 1 1]>>]"), "lie over it", "print it into a new PDF"),
                                 (read(locked), "with a password only", "without one"), (read(path)[:700], "broken", "copy it again"),
                                 (scanned(made[:-400]), "a picture that is broken", "as a JPEG"), (b"%PDF-1.7\n" + bytes(2000), "broken", "take a photo")):
        error = neema.refused(2, "consent", "photo", consent, written(os.path.join(lab.dir, "refused.pdf"), content))
        check(words in error["message"] and mend in error["hint"], error)
    check(neema.show(consent)["fields"]["form_hash"] == before)


def story_the_same_picture(lab):
    """A JPEG as libjpeg writes it, in each of its forms, gives the same picture after as before."""
    neema = lab.worker("Neema")
    _, consent = consent_of(neema)
    pixels = b"P6 64 48 255\n" + random.Random(9).randbytes(64 * 48 * 3)
    for options in ([], ["-progressive"], ["-restart", "1"], ["-grayscale"]):
        made = subprocess.run(["cjpeg", *options], input=pixels, capture_output=True, check=True).stdout
        path = written(os.path.join(lab.dir, "real.jpg"), made[:2] + part(0xe1, b"Exif\0\0" + exif()) + made[2:])
        neema.run("consent", "photo", consent, path)
        back = given_back(neema, consent)
        drawn = [subprocess.run(["djpeg"], input=content, capture_output=True, check=True).stdout for content in (made, back)]
        check(drawn[0] == drawn[1] and len(drawn[0]) > 1000 and b"NEEDLE" not in back, options)


def own_copy(home, person, name):
    path = os.path.join(home.lab.dir, name)
    said = home.run("export", path, "--person", person, "--own-copy")
    return read(path).decode(), said


def held(page, opening):
    """The bytes of what a page holds as data."""
    return [base64.b64decode(found, validate=True) for found in re.findall(opening + r';base64,([^"]*)"', page)]


def story_in_the_persons_own_copy(lab):
    """What she signed is in her own copy, to be seen without any software of ours, each to the last byte; in nobody else's file; and the accounting has it once."""
    neema = lab.worker("Neema")
    asha, consent = consent_of(neema)
    pdf, png = (neema.add("consent", person=asha, recipient="clinic", **GIVEN) for _ in range(2))
    paper, scan, drawn = (picture(lab, name, size) for name, size in (("paper.jpg", 300_001), ("scan.pdf", 96_000), ("drawn.png", 96_001)))
    for record, file in ((consent, paper), (pdf, scan), (png, drawn)):
        neema.run("consent", "photo", record, file)
    marked = neema.add("consent", person=asha, recipient="church", **GIVEN)
    neema.run("consent", "paper", marked, paper)
    page, said = own_copy(neema, asha, "own.html")
    check("not whole" not in said.err, said)
    check(held(page, '<img alt="[^"]*" src="data:image/jpeg') == [read(paper)] and held(page, '<img [^>]*src="data:image/png') == [read(drawn)])
    check(held(page, '<a download="signed paper.pdf" href="data:application/pdf') == [read(scan)] and "save the signed paper" in page)
    check("<script" not in page and page.count("data:") == 3 and page.endswith("</body></html>\n"), page.count("data:"))
    told = neema.json("disclosures", asha)["items"]
    check(len(told) == 1 and told[0]["route"] == "give", told)
    # what others are told of her holds no photo
    neema.run("export", os.path.join(lab.dir, "told.jsonl"), "--without-consent", "emergency", "--to", "district hospital", "--for", "health", "--reason", "needed now", "--person", asha)
    check(b"data:" not in read(os.path.join(lab.dir, "told.jsonl")))
    # one that is kept in part says so, in the page and to the worker; the others are in it
    kept = neema.post(f"/v1/record/{marked}/photo", {"bytes": base64.urlsafe_b64encode(read(picture(lab, "part.jpg", 150_000))).decode().rstrip("="), "end": True})
    check(kept["kept"] == 8 and kept["parts"] == 13, kept)
    page, said = own_copy(neema, asha, "less.html")
    check("not whole here yet" in page and "sync --photos" in said.err and page.count("data:") == 3, said)


def story_in_the_packet(lab):
    """What is handed over with a referral holds the consent in words, and says where the signed paper is and that a photo of it is kept; the photo itself is in none of its forms, for it tells more than the person chose to."""
    neema = lab.worker("Neema")
    asha = neema.add("person", name="Asha Kimani")
    neema.add("need", person=asha, area="housing", text="a room for the winter")
    clinic = neema.add("resource", name="Kimana Clinic", category="health")
    consent = neema.add("consent", person=asha, recipient=clinic, form="folder 3, page 12", **GIVEN)
    referral = neema.add("referral", person=asha, resource=clinic, category="health", information="needs")

    def lines():
        return {line["label"]: line["text"] for line in neema.post(f"/v1/record/{referral}/packet", {})["consent"]["lines"]}

    check(lines()["Where the form is kept"] == "folder 3, page 12" and "Photo of the paper" not in lines(), lines())
    neema.run("consent", "photo", consent, picture(lab, "paper.jpg", 30_000))
    check(lines()["Photo of the paper"] == "kept by who gives this; not in here", lines())
    for name in ("packet.txt", "packet.html", "packet.pdf"):
        path = os.path.join(lab.dir, name)
        neema.run("referral", "packet", referral, "--out", path)
        check(MARK not in read(path) and b"data:image" not in read(path) and 0 < os.path.getsize(path) < 30_000, name, os.path.getsize(path))
    check(b"Photo of the paper" in read(os.path.join(lab.dir, "packet.txt")))


def story_behind_all_else(lab):
    """Metered: no byte of a photo goes by itself, records do; what is written while a photo is on its way goes before what is left of it."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    asha, consent = consent_of(neema)
    neema.stop()
    neema.settings("[keys]\nunlock_ms = 200\n[sync]\nmetered = yes\n")
    neema.start().unlock()
    lab.exchange(hub, neema)
    neema.run("consent", "photo", consent, picture(lab, "paper.jpg", 400_000))
    lab.exchange(hub, neema, rounds=3)
    check(photo(neema, consent)["sent"] == 0 and not photo(hub, consent) and hub.show(consent)["fields"]["form_hash"], photo(hub, consent))
    check("Photos" in neema.run("status").out and neema.status()["outbox"]["photo_parts"] == 34, neema.run("status").out)
    # by a stick it may go; what was carried only is not in front of a record that goes over the network
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick)
    neema.run("carry", stick)
    carried = sum(os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(stick) for name in names)
    check(carried > 400_000, carried)
    contact = neema.add("contact", person=asha, kind="phone", note="what cannot wait")
    before = sum(os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(lab.mailboxes) for name in names)
    lab.exchange(hub, neema)
    grown = sum(os.path.getsize(os.path.join(base, name)) for base, _, names in os.walk(lab.mailboxes) for name in names) - before
    check(hub.show(contact)["fields"]["note"] == "what cannot wait" and not photo(hub, consent), hub.show(contact))
    check(grown < 60_000, grown)
    # the stick comes to the office after all
    hub.run("carry", stick)
    check(whole(hub, consent) and given_back(hub, consent) == read(os.path.join(lab.dir, "paper.jpg")), photo(hub, consent))
    lab.exchange(hub, neema)
    check(photo(neema, consent)["sent"] == 34, photo(neema, consent))
    # asked for, it goes whatever it costs
    neema.run("consent", "photo", consent, picture(lab, "second.jpg", 300_000, seed=2))
    neema.run("sync", "--photos")
    hub.run("hub", "merge")
    check(whole(hub, consent) and given_back(hub, consent) == read(os.path.join(lab.dir, "second.jpg")), photo(hub, consent))


def story_taken_again_and_again(lab):
    """Nobody's hand is steady: the tenth picture of the same paper is the one that is named, and the one that a colleague gets."""
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    asha, consent = consent_of(neema)
    lab.exchange(hub, neema)
    hub.run("hub", "assign", asha, "Juma")
    for again in range(10):
        path = picture(lab, f"paper-{again}.jpg", 5_000, seed=again)
        neema.run("consent", "photo", consent, path)
    exchanged(lab, hub, neema, juma, until=lambda: juma.run("show", consent, check_status=False).status == 0 and whole(juma, consent))
    check(given_back(juma, consent) == read(path))


def story_sent_once_more(lab):
    """Nothing is sealed before the hub said that it takes photos; who keeps the same file again sends it again, and once."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    asha, consent = consent_of(neema)
    path = picture(lab, "paper.jpg", 30_000)
    neema.run("consent", "photo", consent, path)
    check("waiting: the office" in neema.run("show", consent).out, neema.run("show", consent).out)
    neema.run("sync", "--photos")
    check(photo(neema, consent)["sent"] == 0 and neema.status()["outbox"]["photo_parts"] == 3, neema.status())
    lab.exchange(hub, neema)
    check("waiting" not in neema.run("show", consent).out, neema.run("show", consent).out)
    exchanged(lab, hub, neema, until=lambda: whole(hub, consent) and photo(neema, consent)["sent"] == 3)
    for _ in range(2):
        neema.run("consent", "photo", consent, path)
        check(photo(neema, consent)["sent"] == 0 and neema.status()["outbox"]["photo_parts"] == 3, neema.status())
    exchanged(lab, hub, neema, until=lambda: photo(neema, consent)["sent"] == 3)
    check(given_back(hub, consent) == read(path) and photo(hub, consent)["here"] == 3, photo(hub, consent))
    check(neema.status()["outbox"]["photo_parts"] == 0 and neema.status()["outbox"]["entries"] == 0, neema.status())


def story_the_last_of_a_disk(lab):
    """A photo takes nothing of what is left for records: the record does not name it, and what comes after it is saved."""
    if not may_mount():
        print("     skipped: no mount and no user namespace here")
        return
    with disk(lab, "Neema", "24m") as spot:
        neema = lab.quick("Neema").start().init()
        asha, consent = consent_of(neema)
        entries = neema.status()["journal"]["entries"]
        path = picture(lab, "paper.jpg", 2_000_000)
        filler = fill(spot, leave=3 << 20)
        error = neema.refused(1, "consent", "photo", consent, path)
        check(error["code"] == "disk_full" and "MB are free" in error["message"] and error["hint"], error)
        check(neema.status()["journal"]["entries"] == entries and not photo(neema, consent) and "form_hash" not in neema.show(consent)["fields"], neema.show(consent))
        neema.add("contact", person=asha, kind="phone", note="what was said")
        check(os.path.exists(os.path.join(neema.path, "reserve")), "the reserve went")
        os.unlink(filler)
        neema.run("consent", "photo", consent, path)
        check(whole(neema, consent), photo(neema, consent))


def story_killed_on_the_way(lab):
    """kill -9 while a photo is kept, sealed, and taken in: what is missing is said, keeping it again completes it, and it comes whole."""
    lab.quiet()
    rolls = random.Random(7)
    hub, neema = lab.office(ally="Neema")
    asha, consent = consent_of(neema)
    lab.exchange(hub, neema)
    path = picture(lab, "paper.jpg", 2_000_000)
    seen = set()
    attempt = 0
    while attempt < 8 or len(seen) < 2:  # from too soon to too late, on any machine
        client = subprocess.Popen([os.path.join(os.environ.get("PAMOJA_BIN", "build/bin"), "pamoja"), "--home", neema.path, "consent", "photo", consent, path],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.04 * 1.5 ** attempt)
        attempt += 1
        neema.kill()
        client.wait()
        neema.start().unlock()
        now = photo(neema, consent)
        seen.add(now["here"] if now else 0)
        if now and not now["whole"]:
            check("not whole" in neema.run("show", consent).out and now["here"] < 167, neema.run("show", consent).out)
            check("parts of the photo are here" in neema.refused(8, "consent", "photo", consent, "--out", os.path.join(lab.dir, "x"))["message"])
    neema.run("consent", "photo", consent, path)
    check(photo(neema, consent)["here"] == 167 and given_back(neema, consent) == read(path))
    for _ in range(8):
        neema.run("sync", check_status=False)
        merging = subprocess.Popen([os.path.join(os.environ.get("PAMOJA_BIN", "build/bin"), "pamoja"), "--home", hub.path, "hub", "merge"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rolls.random() * 0.6)
        hub.kill()
        merging.wait()
        hub.start().unlock()
    exchanged(lab, hub, neema, until=lambda: whole(hub, consent))
    check(given_back(hub, consent) == read(path))
    check(hub.json("verify", "--rebuild")["differed"] == 0)


def story_backed_up_and_restored(lab):
    """A laptop that comes out of its backup has the photo, sent or unsent, and the hub gets what it lacks; a lost one gets it back from the hub."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    asha, consent = consent_of(neema)
    lab.exchange(hub, neema)
    path = picture(lab, "paper.jpg", 120_000)
    neema.run("consent", "photo", consent, path)
    backup, _ = backup_of(neema)
    later = neema.add("consent", person=asha, recipient="clinic", **GIVEN)
    other = picture(lab, "later.jpg", 50_000, seed=3)
    neema.run("consent", "photo", later, other)
    exchanged(lab, hub, neema, until=lambda: whole(hub, consent) and whole(hub, later))
    neema.stop()
    again, _ = restore(lab, backup, code_of(neema), "again")
    check(whole(again, consent) and given_back(again, consent) == read(path))
    exchanged(lab, hub, again, until=lambda: again.run("show", later, check_status=False).status == 0 and whole(again, later))
    check(given_back(again, later) == read(other))


def story_a_restored_hub(lab):
    """A hub put back to before it had the photo gets it again by itself, from the laptop that said until then that it is there."""
    lab.quiet()
    hub, neema = lab.office(ally="Neema")
    _, consent = consent_of(neema)
    lab.exchange(hub, neema)
    backup, _ = backup_of(hub)
    path = picture(lab, "paper.jpg", 100_000)
    neema.run("consent", "photo", consent, path)
    exchanged(lab, hub, neema, until=lambda: photo(neema, consent)["at_hub"])
    hub.stop()
    again, _ = restore(lab, backup, code_of(hub), "again")
    again.run("hub", "merge")
    check(not photo(again, consent) and again.show(consent)["fields"], again.show(consent))
    exchanged(lab, again, neema, until=lambda: whole(again, consent))
    check(given_back(again, consent) == read(path))
    exchanged(lab, again, neema, until=lambda: photo(neema, consent)["at_hub"])
    check(neema.status()["outbox"]["photo_parts"] == 0, neema.status()["outbox"])


def story_forgotten(lab):
    """Erased at the hub and at each laptop that has it, sent or unsent; what comes late of it by a stick is refused; no word of it is anywhere."""
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    amina = lab.home("Amina").start().init(role="supervisor")
    root = os.path.join(lab.dir, "root.key")
    with open(root, "w", encoding="utf-8") as file:
        file.write(hub.made["root_key"])
    os.chmod(root, 0o600)
    invited = hub.json("hub", "enrol", "-", "--role", "supervisor", "--name", "Amina", "--words-checked", "--root-key", root, stdin=amina.json("enrol", "request")["request"])
    hub.run("hub", "merge")
    amina.run("enrol", "accept", "-", "--words-checked", stdin=invited["invitation"])
    lab.exchange(hub, amina)
    asha, consent = consent_of(neema)
    neema.run("consent", "photo", consent, picture(lab, "paper.jpg", 60_000))
    exchanged(lab, hub, neema, until=lambda: whole(hub, consent))
    hub.run("hub", "assign", asha, "Juma")
    exchanged(lab, hub, juma, until=lambda: juma.run("show", consent, check_status=False).status == 0 and whole(juma, consent))
    held_here = [size_of_backup(home, "with") for home in (hub, neema, juma)]
    # another that only left on a stick when she is forgotten
    late = neema.add("consent", person=asha, recipient="clinic", **GIVEN)
    neema.run("consent", "photo", late, picture(lab, "late.jpg", 40_000, seed=5))
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick)
    neema.run("carry", stick)
    asked = hub.json("forget", asha, "--sure", "--cause", "asked")["pending"]["id"]
    lab.exchange(hub, amina)
    amina.run("approve", asked, "--sure")
    lab.exchange(hub, amina)

    def gone(home):
        end = time.monotonic() + PATIENCE
        while home.run("show", consent, check_status=False).status != 3:
            check(time.monotonic() < end, home.name, home.messages())
            time.sleep(0.05)
        check("no record" in home.refused(3, "consent", "photo", consent, "--out", os.path.join(lab.dir, "never"))["message"])
    gone(hub)
    hub.run("carry", stick)
    lab.exchange(hub, neema, juma, rounds=2)
    gone(neema)
    gone(juma)
    hub.refused(3, "show", late)
    check(neema.status()["outbox"]["photo_parts"] == 0, neema.status()["outbox"])
    lab.exchange(hub, neema, juma, amina, rounds=2)
    certificate = hub.json("forget", "--certificate")["items"]
    check(certificate[0]["removed"]["whole"], certificate)
    for home, before in zip((hub, neema, juma), held_here):
        check(home.json("verify", "--rebuild")["ok"])
        check(size_of_backup(home, "without") < before - 50_000, home.name, "its bytes are still in the journal", before, size_of_backup(home, "again"))


run(globals())
