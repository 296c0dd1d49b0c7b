"""`cmake --install` makes a Pamoja that stands alone: installed into a folder, with the source out of its reach, it serves a worker."""
import os
import re
import subprocess

from lab import BIN, TOP, Home, check, run
import lab as lab_module

PROGRAMS = ("pamoja", "pamojad", "pamoja-carry")


def install(lab, prefix):
    """Into a folder, as an administrator would; then the source is gone, as far as these programs can know."""
    done = subprocess.run(["cmake", "--install", os.path.dirname(os.path.realpath(BIN)), "--prefix", prefix], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stdout[-500:], done.stderr)
    here = os.path.join(TOP, "conf").encode()
    hidden = 0
    for name in PROGRAMS:
        path = os.path.join(prefix, "bin", name)
        with open(path, "rb") as file:
            data = file.read()
        hidden += data.count(here)
        with open(path, "wb") as file:
            file.write(data.replace(here, b"/gone" + b"/" * (len(here) - 5)))
    check(hidden >= 2, "the programs never knew their source, so it cannot be taken away from them")


def installed_home(lab, prefix, name):
    home = Home(lab, name)
    home.env["PATH"] = os.path.join(prefix, "bin") + os.pathsep + home.env["PATH"]
    home.env.pop("PAMOJA_CONF", None)
    return home


def story_works_without_its_source(lab):
    prefix = os.path.join(lab.dir, "a place", "usr")
    install(lab, prefix)
    was, lab_module.BIN = lab_module.BIN, os.path.join(prefix, "bin")
    try:
        home = installed_home(lab, prefix, "neema").start()
        check(not home.status()["initialised"])
        home.init()
        person = home.add("person", name="Baraka M.")
        home.add("contact", person=person, kind="phone")
        home.run("lock")
        home.unlock()
        check(home.show(person)["fields"]["name"] == "Baraka M.")
        check(home.json("status")["carrier"] in (True, False))
        weak = installed_home(lab, prefix, "weak").start()
        weak.set_passphrase("password1234")
        check("passphrase" in weak.refused(2, "--passphrase-file", weak.passphrase_file, "init", "--name", "N", "--role", "peer")["message"],
              "the list of common passphrases was not found")
        practice = installed_home(lab, prefix, "practice").start()
        practice.json("--passphrase-file", practice.passphrase_file, "init", "--practice")
        check(practice.json("person", "list")["items"], "the made-up people are missing")
        for other in (home, weak, practice):
            other.stop()
    finally:
        lab_module.BIN = was
    moved = prefix + "-moved"
    os.rename(prefix, moved)
    lab_module.BIN = os.path.join(moved, "bin")
    try:
        home.start().unlock()
        check(home.show(person)["fields"]["name"] == "Baraka M.", "it does not work from where it was moved to")
        home.stop()
    finally:
        lab_module.BIN = was


def story_what_is_installed(lab):
    prefix = os.path.join(lab.dir, "usr")
    install(lab, prefix)

    def listed(*path):
        return sorted(os.listdir(os.path.join(prefix, *path)))

    check(listed("bin") == sorted(PROGRAMS), listed("bin"))
    check(listed("share", "pamoja", "kinds") == sorted(os.listdir(os.path.join(TOP, "conf", "kinds"))))
    check(listed("share", "pamoja", "words") == sorted(os.listdir(os.path.join(TOP, "conf", "words"))))
    for shell, path in (("bash", ("bash-completion", "completions", "pamoja")), ("zsh", ("zsh", "site-functions", "_pamoja")),
                        ("fish", ("fish", "vendor_completions.d", "pamoja.fish"))):
        with open(os.path.join(prefix, "share", *path), encoding="utf-8") as file:
            script = file.read()
        printed = subprocess.run([os.path.join(BIN, "pamoja"), "--home", "/nonexistent", "completion", shell], capture_output=True, text=True, check=True).stdout
        check("family workshop" in script and script == printed, shell)
    pages = [name for name in os.listdir(os.path.join(TOP, "conf", "man")) if re.search(r"\.\d$", name)]
    for name in pages:
        check(os.path.exists(os.path.join(prefix, "share", "man", "man" + name[-1], name)), "no page", name)
    shown = subprocess.run(["man", "-M", os.path.join(prefix, "share", "man"), "pamoja-kind"], capture_output=True, text=True, check=False,
                           env=dict(os.environ, MANPAGER="cat", PAGER="cat"))
    check(shown.returncode == 0 and "searchable" in shown.stdout, shown)
    for name in ("pamojad", "pamoja-carry"):
        with open(os.path.join(prefix, "lib", "systemd", "user", name + ".service"), encoding="utf-8") as file:
            text = file.read()
        program = re.search(r"^ExecStart=(\S+)", text, re.M).group(1)
        check(program == os.path.join(prefix, "bin", name) and os.access(program, os.X_OK), program)
        check(f"man:{name}(8)" in text and os.path.exists(os.path.join(prefix, "share", "man", "man8", name + ".8")), text)


run(globals())
