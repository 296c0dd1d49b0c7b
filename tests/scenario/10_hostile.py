"""Mailboxes, sticks and neighbours that lie: each lie is refused for its own reason, and the rest goes on."""
import os
import shutil
import socket
import stat
import struct
import subprocess
import time

import lab as lab_module
from lab import PATIENCE, check, run
from sealed import (BODY, COMMIT, CT_LEN, EPK, INC, MAILBOX, NONCE, PREV, READER, SEGNO, SPARE, WRITER, Segment, mailbox_of, place_name,
                    segments)

PRY = os.path.abspath(os.path.join(lab_module.BIN, "pry.so"))


def put(home, name, data, box="in"):
    """Leave a file as a carrier would: under another name, then renamed."""
    path = os.path.join(home.path, "spool", box, name)
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.rename(path + ".part", path)


def reasons(home):
    """{file name: reason} of everything refused so far."""
    return {item["message"]: item["code"] for item in home.json("log", "--limit", "1000")["items"] if item["event"] == "refused"}


def refused_in_status(home):
    return {item["fault"] for item in home.status()["refused_segments"]}


def look(home):
    """Take in what lies in spool/in, by a full exchange."""
    home.run("hub", "merge") if home.name == "hub" else home.run("sync")


def lies_about(segment):
    """(what, bytes, reason): what is wrong with the next segment of a lane, before its signature is good."""
    good = segment.bytes
    size = len(good)
    lies = [("magic", segment.flipped(0), "bad_form"), ("suite", segment.flipped(8), "bad_form"),
            ("another lane", segment.patched((9, b"\3")), "wrong_lane"), ("lane that is none", segment.flipped(9, 7), "bad_form"),
            ("flags", segment.flipped(10), "bad_form"), ("zero", segment.flipped(12), "bad_form"),
            ("lower segno", segment.patched((SEGNO, struct.pack("<Q", segment.segno - 1))), "replayed"),
            ("higher segno", segment.patched((SEGNO, struct.pack("<Q", segment.segno + 9))), "out_of_order"),
            ("mailbox", segment.flipped(MAILBOX), "wrong_lane"), ("incarnation", segment.flipped(INC + 15), "wrong_lane"),
            ("writer", segment.flipped(WRITER), "foreign_writer"), ("reader", segment.flipped(READER), "bad_signature"),
            ("epk", segment.flipped(EPK), "bad_signature"), ("prev", segment.flipped(PREV), "out_of_order"),
            ("commitment", segment.flipped(COMMIT), "bad_signature"), ("nonce", segment.flipped(NONCE), "bad_signature"),
            ("length", segment.flipped(CT_LEN), "bad_size"), ("spare", segment.flipped(SPARE), "bad_form"),
            ("first of the body", segment.flipped(BODY), "bad_signature"), ("last of the body", segment.flipped(size - 65), "bad_signature"),
            ("signature", segment.flipped(size - 64), "bad_signature"), ("end of it", segment.flipped(size - 1, 7), "bad_signature"),
            ("one byte less", good[:-1], "bad_size"), ("half", good[:size // 2], "bad_size"), ("nothing", b"", "bad_size"),
            ("header alone", good[:BODY], "bad_size"), ("one byte more", good + b"\0", "bad_size"), ("twice", good + good, "bad_size"),
            ("padded by one", segment.patched((CT_LEN, struct.pack("<I", size - 263)))[:-64] + b"\0" + good[-64:], "bad_padded_size")]
    return lies


def tell_lies(home, segment, lies):
    """All at once, each under a twin's name of the place; returns {what: (wanted, got)} of those that were not refused as they should."""
    names = {}
    for number, (what, data, wanted) in enumerate(lies):
        names[place_name(segment.mailbox, segment.lane, segment.inc, segment.segno, f"{number + 1:08x}")] = (what, wanted)
        put(home, list(names)[-1], data)
    look(home)
    told = reasons(home)
    return {what: (wanted, told.get(name)) for name, (what, wanted) in names.items() if told.get(name) != wanted}


def story_flipped_cut_and_moved_both_ways(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    first = neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    box, other = mailbox_of(lab, neema), mailbox_of(lab, juma)

    # up: three segments that the hub has not seen
    second = neema.add("person", name="Baraka")
    neema.run("sync")
    third = neema.add("person", name="Chausiku")
    neema.run("sync")
    fresh = [one for one in segments(os.path.join(neema.path, "spool", "out"), 1)]
    check(len(fresh) == 2 and fresh[1].segno == fresh[0].segno + 1, fresh)
    tip = box.branches(1)[fresh[0].inc]
    old = box.chain(tip)[:-2]
    away = lab.mailboxes + ".away"
    # the hub's mailboxes are out of reach, so only the lies arrive; a fresh empty folder stands in
    os.rename(lab.mailboxes, away)
    os.mkdir(lab.mailboxes, 0o700)
    wrong = tell_lies(hub, fresh[0], lies_about(fresh[0]))
    check(not wrong, wrong)
    check(hub.refused(3, "show", second)["code"] == "not_found")

    foreign = segments(os.path.join(juma.path, "spool", "out"), 1)
    juma.add("person", name="Daudi")
    juma.run("sync", check_status=False)
    foreign = segments(os.path.join(juma.path, "spool", "out"), 1) or foreign
    theirs = foreign[-1]
    here = (MAILBOX, bytes.fromhex(fresh[0].mailbox)), (INC, bytes.fromhex(fresh[0].inc)), (SEGNO, struct.pack("<Q", fresh[0].segno))
    as_neema = theirs.patched(*here, (PREV, fresh[0].bytes[PREV:PREV + 32]))
    lies = [("an old one under a new number", old[0].bytes, "replayed"),
            ("an old one renumbered", old[-1].patched((SEGNO, struct.pack("<Q", fresh[0].segno))), "out_of_order"),
            ("the one after next in its place", fresh[1].bytes, "out_of_order"),
            ("the one after next renumbered", fresh[1].patched((SEGNO, struct.pack("<Q", fresh[0].segno))), "out_of_order"),
            ("another device's", theirs.bytes, "wrong_lane"), ("another device's, moved here", as_neema, "foreign_writer"),
            ("and under this writer's id", Segment(as_neema).patched((WRITER, fresh[0].bytes[WRITER:WRITER + 8])), "bad_signature")]
    wrong = tell_lies(hub, fresh[0], lies)
    check(not wrong, wrong)
    # names that are none, lanes that we neither write nor read, mailboxes of nobody
    put(hub, "readme.txt", b"hello")
    put(hub, place_name(fresh[0].mailbox, 3, fresh[0].inc, 1), fresh[0].bytes)
    put(hub, place_name("0" * 32, 1, fresh[0].inc, 1), fresh[0].bytes)
    os.mkdir(os.path.join(hub.path, "spool", "in", place_name(fresh[0].mailbox, 1, fresh[0].inc, fresh[0].segno, "abcdef01")))
    os.symlink("/etc/passwd", os.path.join(hub.path, "spool", "in", place_name(fresh[0].mailbox, 1, fresh[0].inc, fresh[0].segno, "abcdef02")))
    look(hub)
    told = reasons(hub)
    check(told.get("readme.txt") == "bad_name", told)
    check(told.get(place_name(fresh[0].mailbox, 3, fresh[0].inc, 1)) == "wrong_lane", told)
    check(told.get(place_name("0" * 32, 1, fresh[0].inc, 1)) == "wrong_lane", told)
    for tag in ("abcdef01", "abcdef02"):
        check(told.get(place_name(fresh[0].mailbox, 1, fresh[0].inc, fresh[0].segno, tag)) == "bad_form", tag, told)
    wanted = {"bad_form", "wrong_lane", "replayed", "out_of_order", "foreign_writer", "bad_signature", "bad_size", "bad_padded_size", "bad_name"}
    check(wanted <= refused_in_status(hub), wanted - refused_in_status(hub))
    check(hub.json("hub", "held")["items"] == [])

    # the true ones in the wrong order: the later waits, then both are in
    put(hub, fresh[1].name, fresh[1].bytes)
    look(hub)
    check(hub.refused(3, "show", third)["code"] == "not_found")
    put(hub, fresh[0].name, fresh[0].bytes)
    look(hub)
    check(hub.show(second)["fields"]["name"] == "Baraka" and hub.show(third)["fields"]["name"] == "Chausiku")
    shutil.rmtree(lab.mailboxes)
    os.rename(away, lab.mailboxes)

    # down: the same at the worker
    hub.run("hub", "assign", hub.add("person", name="Eshe"), "Neema")
    hub.run("hub", "merge")
    incs = box.branches(2)
    down = box.chain(list(incs.values())[0])
    check(len(incs) == 1 and down[-1].lane == 2)
    latest = down[-1]
    others = [other.segment(one) for one in other.branches(2).values()][0]
    os.rename(lab.mailboxes, away)
    os.mkdir(lab.mailboxes, 0o700)
    shutil.copytree(os.path.join(away, os.path.basename(box.path)), os.path.join(lab.mailboxes, os.path.basename(box.path)))
    here = (MAILBOX, bytes.fromhex(latest.mailbox)), (INC, bytes.fromhex(latest.inc)), (SEGNO, struct.pack("<Q", latest.segno))
    box.set(2, latest.inc, box.git("rev-parse", incs[latest.inc] + "~1").decode().strip())  # an old state is all it shows
    lies = lies_about(latest) + [("an old one", down[0].bytes, "replayed"), ("another's", others.bytes, "wrong_lane"),
                                 ("another's, moved here", others.patched(*here, (PREV, latest.bytes[PREV:PREV + 32])), "bad_signature")]
    wrong = tell_lies(neema, latest, lies)
    check(not wrong, wrong)
    check("Eshe" not in [item["title"] for item in neema.json("find", "Eshe")["items"]])
    put(neema, latest.name, latest.bytes)
    look(neema)
    check(neema.json("find", "Eshe")["items"][0]["title"] == "Eshe")
    shutil.rmtree(lab.mailboxes)
    os.rename(away, lab.mailboxes)
    for home in (neema, juma):  # less than the folder that stood in for it
        check("shows less than it did" in home.refused(7, "sync")["message"], home.name)
    lab.exchange(hub, neema, juma)
    check(neema.show(first)["sync"] == "merged" and neema.show(third)["sync"] == "merged")
    check(hub.json("verify", third)["digest"] == neema.json("verify", third)["digest"])


def story_a_stick_that_lies(lab):
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    stick = os.path.join(lab.dir, "stick")
    folder = os.path.join(stick, "PAMOJA")
    os.mkdir(stick, 0o700)
    person = neema.add("person", name="Asha")
    neema.run("carry", stick)
    true = segments(folder, 1)[-1]
    path = os.path.join(folder, true.name)
    lies = {"00000001": (true.flipped(BODY + 5), "bad_signature"), "00000002": (true.flipped(WRITER), "foreign_writer"),
            "00000003": (true.flipped(PREV), "out_of_order"), "00000004": (true.bytes[:-9], None), "00000005": (true.flipped(MAILBOX), None),
            "00000006": (b"", None), "00000007": (b"x" * 5000, None)}
    os.rename(path, path + ".true")
    for tag, (data, _) in lies.items():
        with open(os.path.join(folder, place_name(true.mailbox, 1, true.inc, true.segno, tag)), "wb") as file:
            file.write(data)
    for name in ("photo.jpg", "." + true.name, true.name.upper()):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"not ours")
    os.symlink(os.path.join(hub.path, "keys"), os.path.join(folder, place_name(true.mailbox, 1, true.inc, true.segno, "00000008")))
    hub.run("carry", stick)
    told = set(reasons(hub).values())
    check({reason for _, reason in lies.values() if reason} <= told, told)
    check(hub.refused(3, "show", person)["code"] == "not_found")
    os.rename(path + ".true", path)
    hub.run("carry", stick)
    check(hub.show(person)["fields"]["name"] == "Asha")
    check(os.path.exists(os.path.join(folder, "photo.jpg")), "a stick is anybody's")
    # the worker's own segments, spoiled on the stick, take nothing from the worker
    late = neema.add("person", name="Baraka")
    neema.run("carry", stick)
    mine = segments(os.path.join(neema.path, "spool", "out"), 1)[-1]
    with open(os.path.join(folder, mine.name), "wb") as file:
        file.write(mine.flipped(len(mine.bytes) - 1))
    neema.run("carry", stick, check_status=False)
    hub.run("carry", stick)
    lab.exchange(hub, neema)
    check(hub.show(late)["fields"]["name"] == "Baraka" and neema.show(late)["sync"] == "merged")


def wrong_commits(box, tip, segment):
    """Commits that no segment makes, on top of a true one."""
    number = segment.segno + 1
    data = segment.flipped(BODY)
    plain = box.commit(data, [tip], number)
    return {"an extra file": box.commit(data, [tip], number, extra=b"run me"), "another name": box.commit(data, [tip], number, name="t"),
            "executable": box.commit(data, [tip], number, mode="100755"), "another author": box.commit(data, [tip], number, who="Eve <eve@host>"),
            "another message": box.commit(data, [tip], number, message="hello"), "another time": box.commit(data, [tip], number + 5),
            "a merge": box.commit(data, [tip, plain], number), "no parent": box.commit(data, [], number),
            "not a segment": box.commit(b"x" * 4376, [tip], number), "of another place": box.commit(segment.flipped(INC), [tip], number)}


def story_a_mailbox_that_lies(lab):
    lab.quiet()
    hub, neema, juma = lab.office(ally="Neema", peer="Juma")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema, juma)
    box = mailbox_of(lab, neema)
    (inc, tip), = box.branches(1).items()
    mine = box.chain(tip)[-1]
    (down_inc, down_tip), = box.branches(2).items()
    down = box.chain(down_tip)[-1]
    wrong_down = wrong_commits(box, down_tip, down)
    # wrong commits on both lanes: nothing of them gets in, the other worker's records do
    for number, (what, commit) in enumerate(wrong_commits(box, tip, mine).items()):
        box.set(1, inc, commit)
        box.set(2, down_inc, wrong_down[what])
        before = hub.status()["journal"]["entries"]
        answer = hub.run("hub", "merge", check_status=False, json_out=True)
        check(answer.status in (7, 8) and answer.error["message"], what, answer)
        check(hub.status()["journal"]["entries"] == before, what)
        here = neema.status()["journal"]["entries"]
        answer = neema.run("sync", check_status=False, json_out=True)
        # once the hub has gone on under a new incarnation, the spoiled one is of no interest any more
        check(answer.status in ((0, 7, 8) if len(box.branches(2)) > 1 else (7, 8)), what, answer)
        check(answer.status == 0 or answer.error["message"], what, answer)
        check(neema.status()["journal"]["entries"] == here, what)
        box.set(1, inc, tip)
        box.set(2, down_inc, down_tip)
        if number == 0:
            daudi = juma.add("person", name="Daudi")
            juma.run("sync")
            box.set(1, inc, commit)
            hub.run("hub", "merge", check_status=False)
            check(hub.show(daudi)["fields"]["name"] == "Daudi", "the other mailbox goes on")
            box.set(1, inc, tip)
    answer = neema.run("sync", check_status=False)
    check(answer.status in (0, 7), answer)  # 7: what it wrote meanwhile is not shown any more
    lab.exchange(hub, neema)
    # the branch is rewound, or the host shows an old state: what lacks is pushed again, nothing is lost or doubled
    tip = box.branches(1)[inc] if inc in box.branches(1) else None
    person = neema.add("person", name="Baraka")
    neema.run("sync")
    (inc, tip), = list(box.branches(1).items())[-1:]
    copy = box.path + ".old"
    shutil.copytree(box.path, copy)
    kept = neema.add("person", name="Chausiku")
    neema.run("sync")
    shutil.rmtree(box.path)
    os.rename(copy, box.path)
    error = neema.refused(7, "sync")
    check("shows less than it did" in error["message"] and "sent again. Tell your coordinator" in error["hint"], error)
    lab.exchange(hub, neema, rounds=2)
    for one in (person, kept):
        check(hub.json("verify", one) == neema.json("verify", one) and neema.show(one)["sync"] == "merged", one)
    # a mailbox that went away altogether
    last = neema.add("person", name="Eshe")
    shutil.rmtree(box.path)
    hub.run("hub", "merge", check_status=False)
    lab.exchange(hub, neema, rounds=2)
    check(hub.show(last)["fields"]["name"] == "Eshe" and neema.show(last)["sync"] == "merged")


def story_a_forged_segment_in_our_own_lane(lab):
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    (inc, tip), = box.branches(1).items()
    mine = box.chain(tip)[-1]
    # a commit as it must be, of a segment that the worker never signed
    forged = mine.patched((SEGNO, struct.pack("<Q", mine.segno + 1)), (PREV, mine.id()))
    box.set(1, inc, box.commit(forged, [tip], mine.segno + 1))
    person = neema.add("person", name="Baraka")
    neema.run("sync", check_status=False)
    hub.run("hub", "merge")
    check("bad_signature" in refused_in_status(hub) and "bad_signature" in refused_in_status(neema), hub.status()["refused_segments"])
    lab.exchange(hub, neema)
    check(len(box.branches(1)) == 2, "the own lane goes on under a new incarnation", box.branches(1))
    check(hub.show(person)["fields"]["name"] == "Baraka" and neema.show(person)["sync"] == "merged", neema.show(person))
    # on from there as before: no incarnation more
    again = neema.add("person", name="Chausiku")
    lab.exchange(hub, neema, rounds=2)
    check(len(box.branches(1)) == 2 and neema.show(again)["sync"] == "merged")


def story_our_lane_ends_in_no_segment(lab):
    """The host puts a commit of its own on the branch that we write: our lane must not stand still for ever."""
    lab.quiet()
    hub, neema = lab.office(peer="Neema")
    neema.add("person", name="Asha")
    lab.exchange(hub, neema)
    box = mailbox_of(lab, neema)
    (inc, tip), = box.branches(1).items()
    mine = box.chain(tip)[-1]
    box.set(1, inc, box.commit(mine.bytes, [tip], mine.segno + 1, who="Eve <eve@host>"))
    person = neema.add("person", name="Baraka")
    for _ in range(3):
        neema.run("sync", check_status=False)
        hub.run("hub", "merge", check_status=False)
    check(hub.show(person)["fields"]["name"] == "Baraka", "the lane stands still")
    for _ in range(2):
        neema.run("sync", check_status=False)
    check(neema.show(person)["sync"] == "merged", neema.show(person)["sync"])


# the socket of the daemon

def cookie(home):
    with open(os.path.join(home.path, "run", "cookie"), "rb") as file:
        return file.read().hex()


def dial(home):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(PATIENCE)
    link.connect(os.path.join(home.path, "run", "api.sock"))
    return link


def drain(link):
    """Everything until the other side closes or goes silent."""
    got = b""
    try:
        while True:
            more = link.recv(65536)
            if not more:
                break
            got += more
            head, end, body = got.partition(b"\r\n\r\n")
            if end and b"onnection: close" not in head and len(body) >= int(head.lower().split(b"content-length:")[1].split()[0]):
                break
    except (ConnectionResetError, BrokenPipeError):
        pass
    return got


def ask(home, data, link=None):
    mine = link or dial(home)
    try:
        mine.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    got = drain(mine)
    if link is None:
        mine.close()
    return int(got.split(b" ")[1]) if got.startswith(b"HTTP/1.1 ") else None


def story_the_socket(lab):
    lab.quiet()
    neema = lab.worker("Neema")
    key = f"X-Pamoja-Cookie: {cookie(neema)}\r\n"
    head = f"GET /v1/status HTTP/1.1\r\nHost: pamoja\r\n{key}"
    post = f"POST /v1/records/person HTTP/1.1\r\nHost: pamoja\r\n{key}"
    body = '{"fields":{"name":"Eve"}}'

    def told(text, wanted, what):
        got = ask(neema, text if isinstance(text, bytes) else text.encode())
        check(got in (wanted if isinstance(wanted, tuple) else (wanted,)), what, "answered", got)

    told(head + "\r\n", 200, "a good one")
    told("GET /v1/status HTTP/1.1\r\nHost: pamoja\r\n\r\n", 403, "no cookie")
    told(f"GET /v1/status HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: {'0' * 64}\r\n\r\n", 403, "a wrong cookie")
    told(head + key + "\r\n", 403, "two cookies")
    told(post + f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n", 400, "chunked")
    told(post + f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n{body}", 400, "chunked and a length")
    told(post + f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n{body}", 400, "100-continue")
    told(post + f"Content-Length: {len(body)}\r\nContent-Length: 1\r\n\r\n{body}", 400, "two lengths")
    told(post + "\r\n", 411, "no length")
    told(post + "Content-Length: -1\r\n\r\n", 400, "a length below zero")
    told(post + "Content-Length: 1048577\r\n\r\n", 413, "a body over 1 MiB")
    told(head + "\r\n" + head + "\r\n", 400, "pipelining")
    told(post + f"Content-Length: {len(body)}\r\n\r\n{body}{head}\r\n", 400, "pipelining behind a body")
    told(head + "Filler: " + "x" * 20000 + "\r\n\r\n", 431, "20 kB of headers")
    told(head + "".join(f"H{n}: x\r\n" for n in range(80)) + "\r\n", 431, "80 headers")
    told(f"GET /{'x' * 5000} HTTP/1.1\r\nHost: pamoja\r\n{key}\r\n", 414, "a request line of 5 kB")
    told(f"GET /v1/status HTTP/1.0\r\nHost: pamoja\r\n{key}\r\n", 505, "HTTP/1.0")
    told(f"PUT /v1/status HTTP/1.1\r\nHost: pamoja\r\n{key}\r\n", 405, "PUT")
    told((head + "\r\n").replace("\r\n", "\n"), 400, "bare line feeds")
    told(head + "Nul: \0\r\n\r\n", 400, "a NUL")
    told(b"\x16\x03\x01\x02\x00" + os.urandom(300) + b"\r\n\r\n", (400, 414, None), "noise")
    told(post + "Content-Length: 9\r\n\r\n" + '{"a":1,"a' [:9], (400, 422), "half a document")
    deep = "[" * 2000 + "]" * 2000
    told(post + f"Content-Length: {len(deep)}\r\n\r\n{deep}", 400, "2,000 brackets")
    check(neema.json("person", "list")["items"] == [], "nothing was written by any of it")
    # pipelined while the first is at work
    link = dial(neema)
    link.sendall((head + "\r\n").encode())
    time.sleep(0.2)
    drain(link)
    check(ask(neema, (head + "\r\n").encode(), link) == 200, "kept alive")
    link.close()


def story_slow_and_many(lab):
    lab.quiet()
    neema = lab.worker("Neema")
    head = f"GET /v1/status HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: {cookie(neema)}\r\n"
    slow = dial(neema)
    began = time.monotonic()
    slow.sendall(head[:20].encode())
    silent = dial(neema)
    # 62 more: the table is full, and one more is turned away at once
    many = [dial(neema) for _ in range(62)]
    extra = dial(neema)
    check(drain(extra) == b"", "the 65th connection")
    many.pop().close()
    time.sleep(0.1)
    check(neema.run("status", check_status=False).status == 0, "one place is free again")
    # a byte a second does not keep a request alive
    for byte in head[20:24]:
        time.sleep(1)
        slow.sendall(byte.encode())
    got = drain(slow)
    check(got.startswith(b"HTTP/1.1 408"), got[:60])
    check(time.monotonic() - began > 4, "closed before its time")
    drain(silent)
    for link in many:
        drain(link)
        link.close()
    check(neema.json("person", "list")["items"] == [])


def pried(report, launcher=None):
    """{call: {file: result}} of what a carrier's processes tried (pry.c), but for the launcher, which has the rights of its user."""
    found = {}
    with open(report, encoding="utf-8") as file:
        for line in file.read().splitlines():
            pid, call, path, result = line.split(" ", 3)
            if int(pid) != launcher:
                found.setdefault(call, {})[path] = result
    os.unlink(report)
    return found


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


def story_a_carrier_that_is_turned(lab):
    """Whoever gets into the carrier's processes by what they read opens nothing that is not theirs: pry.c tries it, from inside."""
    if not os.path.exists(PRY):
        return  # the sanitizers bear no preloading
    lab.quiet()
    hub = lab.hub()
    hub.stop()
    stick = os.path.join(lab.dir, "stick")
    os.mkdir(stick)
    report = os.path.join(lab.dir, "pried")
    secrets = [os.path.join(hub.path, name) for name in ("run/cookie", "keys", "log", "pamoja.ini")] + [hub.passphrase_file]
    own = os.path.join(hub.path, "spool")
    trying = {"LD_PRELOAD": f"{hub.preload['LD_PRELOAD']}:{PRY}", "PRY_AT": ":".join([*secrets, own]), "PRY_REPORT": report}
    for more in ({}, {"PRY_NO_LANDLOCK": "1"}):
        hub.start(env={**trying, **more})
        launcher = next(child for starter in children(hub.daemon.pid) for child in children(starter))
        hub.unlock()
        check(all(os.path.exists(path) for path in secrets), secrets)
        hub.run("carry", stick)
        for folder in (lab.dir, hub.path, hub.path + "/run"):  # a fence around these would let in what is to stay out
            check("holds Pamoja's own files" in hub.refused(2, "carry", folder)["message"])
        fenced = hub.status()["hardening"]["carrier_folders_only"]
        doctor = " ".join(hub.run("doctor", check_status=False).out.split())
        hub.stop()
        once = subprocess.run([os.path.join(lab_module.BIN, "pamoja-carry"), "--once", "--spool", own, "--store", hub.path + "/carry", "--write", "1",
                               "--parcel", stick], env={**os.environ, **trying, **more}, capture_output=True, text=True, timeout=PATIENCE, check=False)
        check(once.returncode == 0, once)
        found = pried(report, launcher)
        said = {result for call in found.values() for path, result in call.items() if path in secrets}
        check(fenced is not bool(more) and ("its folders only (Landlock)" in doctor) is bool(more), fenced, doctor)
        if more:
            check(said == {"open"}, "without a fence all of it opens, so the trying is real", found)
        else:
            check(set(found) == {"poll", "flock"} and said == {"Permission denied"}, found)
            check(found["flock"][own] == "open" and found["poll"][own] == "open", found)


def story_another_user(lab):
    lab.quiet()
    neema = lab.worker("Neema")
    if os.geteuid() != 0:
        print("     (not root: another user cannot be played)")
        return
    key = cookie(neema)
    path = os.path.join(neema.path, "run", "api.sock")
    # the folders keep strangers out; even with these and the socket open to all, the daemon looks who it is
    for opened in (False, True):
        if opened:
            os.chmod(lab.dir, 0o755)
            os.chmod(neema.path, 0o755)
            os.chmod(os.path.join(neema.path, "run"), 0o755)
            os.chmod(path, 0o777)
            os.chmod(os.path.join(neema.path, "run", "carry.sock"), 0o777)
        for name in (path, os.path.join(neema.path, "run", "carry.sock")):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                    link.settimeout(PATIENCE)
                    link.connect(name)
                    link.sendall(f"GET /v1/status HTTP/1.1\r\nHost: pamoja\r\nX-Pamoja-Cookie: {key}\r\n\r\n".encode())
                    os.write(writer, b"answered " + link.recv(100))
                except (PermissionError, BrokenPipeError, ConnectionResetError) as error:
                    os.write(writer, type(error).__name__.encode())
                finally:
                    os._exit(0)
            os.close(writer)
            os.waitpid(child, 0)
            got = os.read(reader, 200).decode()
            os.close(reader)
            check(got == "PermissionError" if not opened else got in ("answered ", "BrokenPipeError", "ConnectionResetError"), name, opened, got)
    os.chmod(path, 0o600)
    os.chmod(os.path.join(neema.path, "run"), 0o700)
    os.chmod(neema.path, 0o700)
    check(stat.S_IMODE(os.stat(neema.path).st_mode) == 0o700 and neema.status()["locked"] is False)
    check(neema.status()["carrier"] is True, "the carrier's place was not taken")


run(globals())
