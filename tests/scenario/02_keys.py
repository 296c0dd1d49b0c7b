"""Keys: wrong passphrase and damaged file told apart, the paper code that really recovers, locking, notes while locked."""
import json
import os
import stat
import subprocess
import time

from lab import BIN, PASSPHRASE, PATIENCE, TOP, Client, check, run
from terminal import Terminal


def keys_bytes(home):
    with open(os.path.join(home.path, "keys"), "rb") as file:
        return file.read()


def story_wrong_passphrase(lab):
    neema = lab.worker("Neema")
    neema.run("lock")
    check(neema.status()["locked"] is True)
    check(neema.refused(4, "person", "list")["code"] == "locked")
    neema.set_passphrase("another one that is wrong")
    before = keys_bytes(neema)
    error = neema.refused(4, "--passphrase-file", neema.passphrase_file, "unlock")
    check(error["code"] == "wrong_passphrase" and "another" not in error["message"], error)
    check(keys_bytes(neema) == before)


def story_damaged_key_file(lab):
    neema = lab.worker("Neema")
    neema.stop()
    good = keys_bytes(neema)
    path = os.path.join(neema.path, "keys")
    for at in (0, 9, 40, 70, 64 + 130, 2113, 2150):
        bad = bytearray(good)
        bad[at] ^= 1
        with open(path, "wb") as file:
            file.write(bad)
        neema.start()
        answer = neema.run("--passphrase-file", neema.passphrase_file, "unlock", check_status=False, json_out=True)
        check(answer.status in (4, 7) and answer.error["code"] in ("damaged_keys", "wrong_passphrase"), at, answer)
        if at in (0, 9, 2113, 2150):
            check(answer.error["code"] == "damaged_keys", at, answer)
        neema.stop()
        check(keys_bytes(neema) == bytes(bad), "overwritten")
    with open(path, "wb") as file:
        file.write(good[:5000])
    neema.start()
    check(neema.refused(7, "--passphrase-file", neema.passphrase_file, "unlock")["code"] == "damaged_keys")
    neema.stop()
    with open(path, "wb") as file:
        file.write(good)
    neema.start().unlock()


def story_recovery_code(lab):
    neema = lab.worker("Neema")
    person = neema.add("person", name="Asha")
    code = neema.made["recovery_code"]
    neema.run("lock")
    new = os.path.join(lab.dir, "new.pass")
    with open(new, "w", encoding="utf-8") as file:
        file.write("now with eleven grey donkeys\n")
    paper = os.path.join(lab.dir, "paper")

    def recover(text, **options):
        with open(paper, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(paper, 0o600)
        return neema.run("recover", "--code-file", paper, "--new-passphrase-file", new, json_out=True, **options)

    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    check(recover(wrong, status=2).error["code"] == "invalid")
    other = lab.worker("Juma").made["recovery_code"]
    check(recover(other, status=4).error["code"] == "wrong_passphrase")
    recover(code.lower().replace("-", " "))
    check(neema.show(person)["fields"]["name"] == "Asha")
    neema.run("lock")
    check(neema.refused(4, "--passphrase-file", neema.passphrase_file, "unlock")["code"] == "wrong_passphrase")
    neema.run("--passphrase-file", new, "unlock")


def story_passphrase_rules(lab):
    neema = lab.home("Neema").start()
    for text, word in (("short", "14"), ("neema walks home", "name"), ("antidepressant", "common")):
        neema.set_passphrase(text)
        error = neema.refused(2, "--passphrase-file", neema.passphrase_file, "init", "--name", "Neema", "--role", "peer")
        check(text not in error["message"] + error["hint"], error)
        check(word in error["message"] + error["hint"], word, error)
    check(neema.status()["initialised"] is False)


def story_offered_words_have_no_name_in_them(lab):
    """Names are words of the lists, too: what is offered is never refused."""
    with open(os.path.join(TOP, "conf", "words", "en.txt"), encoding="utf-8") as file:
        name = "+".join([line.strip() for line in file if line[0] != "#"][:300])
    client = Client(lab.home("Neema").start())
    offered = set()
    for _ in range(20):
        client.ask("GET", f"/v1/passphrase/offer?name={name}")
        offered |= set(client.answer()["passphrase"].split())
    check(len(offered) > 50 and not offered & set(name.split("+")), offered & set(name.split("+")))


def story_locked_notes(lab):
    neema = lab.worker("Neema")
    neema.run("lock")
    neema.refused(4, "passphrase")  # before it asks for the old one, or says that it cannot ask
    neema.run("note", "--locked", "-", stdin="saw Asha at the market, she waved\n")
    check(neema.refused(4, "memo", "list")["code"] == "locked")
    neema.unlock()
    check(neema.status()["notes_waiting"] == 1)
    neema.stop()
    neema.start()
    error = neema.refused(4, "note", "--locked", "-", stdin="after a restart\n")
    check("unlock" in error["hint"], error)
    # an arrow key was pressed while it was written: it is kept as it was shown, and the others behind it as well
    neema.unlock()
    neema.run("note", "--locked", "-", stdin="she \x1b[Awaved,\n\ttwice \u061c\x7f\u009b\n")
    for note in neema.json("note", "--waiting")["items"]:
        neema.run("note", "--keep", note["file"])
    check({"saw Asha at the market, she waved", "she ?[Awaved,\n\ttwice \u061c??"} ==
          {item["fields"]["text"] for item in neema.json("memo", "list")["items"]}, neema.json("memo", "list"))


def story_nothing_typed_is_lost_to_the_lock(lab):
    """Locked, the passphrase is asked for before the questions; what locked itself in their midst is opened again and the record saved."""
    neema = lab.worker("Neema")
    neema.run("lock")
    at = Terminal(neema, "person", "add")
    at.until("not shown): ")
    at.type("no such passphrase")
    at.until("not shown): ")
    at.type(PASSPHRASE)
    at.until("Name (required): ")
    at.type("Asha W.")
    at.until("[y/N] ")
    neema.run("lock")
    at.type("n")
    at.until("still here.\nPassphrase (not shown): ")
    at.type(PASSPHRASE)
    check(at.end() == 0 and [item["title"] for item in neema.json("person", "list")["items"]] == ["Asha W."], at.seen)
    (person,) = [kind for kind in neema.json("kinds")["kinds"] if kind["name"] == "person"]
    at = Terminal(neema, "edit", "Asha W.")
    at.until("Name [Asha W.]: ")
    at.type("Asha Wanjiru")
    neema.run("lock")
    for _ in person["fields"][1:]:
        at.type("")
    at.until("not shown): ")
    at.type(PASSPHRASE)
    check(at.end() == 0 and neema.show("Asha Wanjiru")["fields"]["name"] == "Asha Wanjiru", at.seen)
    neema.run("lock")
    at = Terminal(neema, "note")
    at.until("> ")
    at.type("she came by herself")
    at.until("> ")
    at.type("")
    check(at.end() == 0 and "Kept sealed" in at.seen, at.seen)
    # whoever gives up is told, and nothing is there
    at = Terminal(neema, "person", "add")
    at.until("not shown): ")
    os.write(at.fd, b"\x04")
    check(at.end() == 2 and "stopped" in at.seen, at.seen)


def story_modes(lab):
    neema = lab.worker("Neema")
    for name in ("", "keys", "run", "run/cookie", "spool", "log"):
        mode = stat.S_IMODE(os.stat(os.path.join(neema.path, name)).st_mode)
        check(mode & 0o077 == 0, name, oct(mode))
    neema.stop()
    for name in ("keys", ""):
        path = os.path.join(neema.path, name).rstrip("/")
        os.chmod(path, 0o750 if name == "" else 0o640)
        process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", neema.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
        check(process.returncode == 1 and "chmod" in process.stderr and path in process.stderr, process.stderr)
        os.chmod(path, 0o700 if name == "" else 0o600)
    neema.start()
    # the same when it happens under a running daemon
    for name in ("keys", ""):
        path = os.path.join(neema.path, name).rstrip("/")
        os.chmod(path, 0o750 if name == "" else 0o640)
        answer = neema.unlock(status=1)
        check("chmod" in answer.err and path in answer.err, name, answer)
        os.chmod(path, 0o700 if name == "" else 0o600)
    neema.unlock()


def story_second_daemon(lab):
    neema = lab.worker("Neema")
    process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", neema.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
    check(process.returncode == 1 and str(neema.daemon.pid) in process.stderr, process.stderr)
    check(neema.status()["locked"] is False)


def story_background_leaves_the_pipe(lab):
    neema = lab.home("Neema")
    # A pipe that pamojad or anything it started still held would never end.
    process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", neema.path], capture_output=True, text=True, timeout=PATIENCE)
    check(process.returncode == 0 and neema.status()["initialised"] is False, process)
    # what it does not know it does not do, and an unset variable is not the folder one stands in
    for words in (["--home", neema.path, "--froeground"], ["--home", ""], ["--home", neema.path, "more"]):
        process = subprocess.run([os.path.abspath(os.path.join(BIN, "pamojad")), *words], capture_output=True, text=True, timeout=PATIENCE, cwd=lab.dir)
        check(process.returncode == 2 and "usage:" in process.stderr and not process.stdout, words, process)
    with open(os.path.join(neema.path, "lock"), encoding="ascii") as file:
        os.kill(int(file.read()), 15)


def story_five_tries(lab):
    neema = lab.worker("Neema")
    neema.run("lock")
    good = neema.passphrase_file
    neema.set_passphrase("not the one at all, sorry")
    for _ in range(5):
        neema.refused(4, "--passphrase-file", good, "unlock")
    error = neema.refused(1, "--passphrase-file", good, "unlock")
    check(error["code"] == "busy" and "second" in error["hint"], error)


def story_idle_lock(lab):
    neema = lab.home("Neema")
    os.mkdir(neema.path, 0o700)
    with open(os.path.join(neema.path, "pamoja.ini"), "w", encoding="utf-8") as file:
        file.write("[lock]\nidle_minutes = 1\n")
    os.chmod(os.path.join(neema.path, "pamoja.ini"), 0o600)
    neema.start().init()
    until = time.monotonic() + PATIENCE
    while not neema.status()["locked"] and time.monotonic() < until:
        time.sleep(2)
    check(neema.status()["locked"], "still open")
    neema.unlock()


def story_lock_after_suspend(lab):
    shim = lab.clock_shim()
    neema = lab.home("Neema")
    jump = os.path.join(neema.path, "jump")
    neema.start("--no-carry", env={"LD_PRELOAD": shim, "BOOTJUMP": jump}).init()
    time.sleep(17)  # longer than one look at the clocks
    check(not neema.status()["locked"], "nothing slept")
    with open(jump, "w", encoding="utf-8"):
        pass
    until = time.monotonic() + PATIENCE
    while not neema.status()["locked"] and time.monotonic() < until:
        time.sleep(1)
    check(neema.status()["locked"], "still open after a suspend")


def story_settings_errors(lab):
    neema = lab.home("Neema")
    os.mkdir(neema.path, 0o700)
    path = os.path.join(neema.path, "pamoja.ini")
    for text, words in (("[lock]\nidle_minuts = 1\n", ("line 2", "idle_minutes")), ("[lock]\nidle_minutes = 9999\n", ("line 2", "600")),
                        ("[lock\n", ("line 1",)), ("[lock]\nidle_minutes = 5\nidle_minutes = 6\n", ("line 3",))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        process = subprocess.run([os.path.join(BIN, "pamojad"), "--home", neema.path, "--foreground"], capture_output=True, text=True, timeout=PATIENCE)
        check(process.returncode == 2, process)
        for word in words:
            check(word in process.stderr, word, process.stderr)


def held(home):
    """While this file is there no stretching ends (slowmachine.c)."""
    return os.path.join(home.path, "held")


def ask_long(home, path, **body):
    """A request whose passphrase is being stretched when this returns, and until let_go, and another client."""
    open(held(home), "w", encoding="ascii").close()
    long, other = Client(home), Client(home)
    long.ask("POST", path, json.dumps(body))
    for _ in range(3):
        other.status()
    check(not long.answered(), "nothing is stretched")
    return long, other


def let_go(home):
    os.remove(held(home))


def end_it(home):
    """Ended while it stretches: it has heard of that before the stretching goes on."""
    before = home.messages(0).count("ending")
    home.daemon.terminate()
    while home.messages(0).count("ending") == before:
        time.sleep(0.005)
    let_go(home)
    home.daemon.wait(PATIENCE)


def story_ended_while_a_passphrase_is_stretched(lab):
    """Stretching takes seconds and has a thread of its own. A daemon that is ended meanwhile waits for it, says so, and frees nothing under
    it; a lock meanwhile stands."""
    neema = lab.quick("neema")
    if not neema.preload:
        print("     no slowmachine.so in this build: not tried")
        return
    neema.preload = {**neema.preload, "PAMOJA_HELD": held(neema)}
    neema.start()
    made = {"name": "Neema", "role": "peer", "passphrase": PASSPHRASE}
    long, _ = ask_long(neema, "/v1/init", **made)
    while not os.path.exists(os.path.join(neema.path, "unseen")):  # from here on there may be keys
        time.sleep(0.005)
    end_it(neema)
    check(long.answer()["error"]["code"] == "locked" and neema.daemon.returncode == 0, neema.messages())
    left = [name for name in os.listdir(neema.path) if name.startswith(("keys", "journal", "unseen", "reserve"))]
    check(not left, "the home is empty still", left)

    neema.start().init()
    person = neema.add("person", name="Asha")
    long, other = ask_long(neema, "/v1/passphrase", old=PASSPHRASE, new="nine otters under one bridge")
    other.ask("POST", "/v1/lock", "{}")
    check(other.answer() == {"locked": True}, "who locks need not wait for it")
    let_go(neema)
    check(long.answer()["error"]["code"] == "locked")
    neema.unlock()

    long, _ = ask_long(neema, "/v1/passphrase", old=PASSPHRASE, new="nine otters under one bridge")
    end_it(neema)
    check(long.answer() == {} and neema.daemon.returncode == 0, neema.messages())
    neema.start()
    neema.refused(4, "--passphrase-file", neema.passphrase_file, "unlock")
    neema.set_passphrase("nine otters under one bridge")
    long, _ = ask_long(neema, "/v1/unlock", passphrase="nine otters under one bridge")
    end_it(neema)
    check(long.answer()["error"]["code"] == "locked" and neema.daemon.returncode == 0, neema.messages())
    neema.start().unlock()
    check(neema.show(person)["id"] == person)


run(globals())
