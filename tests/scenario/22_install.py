"""`cmake --install` makes a Pamoja that stands alone: installed into a folder, with the source out of its reach, it serves a worker."""
import json
import os
import re
import shutil
import subprocess

from lab import BIN, TOP, Home, check, run
import lab as lab_module

PROGRAMS = ("pamoja", "pamojad", "pamoja-carry", "pamoja-gate", "pamoja-pdf")


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


# What a daemon of ours has to give up, whoever starts it; both units.
BOTH = {"NoNewPrivileges": "yes", "PrivateUsers": "yes", "PrivateTmp": "yes", "ProtectSystem": "strict", "MemoryDenyWriteExecute": "yes",
        "LimitCORE": "0", "UMask": "0077", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes", "LockPersonality": "yes",
        "SystemCallArchitectures": "native", "SystemCallErrorNumber": "EPERM", "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes",
        "ProtectKernelLogs": "yes", "ProtectControlGroups": "yes", "ProtectClock": "yes", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes"}
# The one with the keys: no network, no swap, one folder to write in.
KEYS = {"RestrictAddressFamilies": "AF_UNIX", "PrivateNetwork": "yes", "ProtectHome": "read-only", "ReadWritePaths": "%h/.local/share/pamoja",
        "SystemCallFilter": "@system-service", "MemorySwapMax": "0", "PrivateDevices": "yes", "ProtectHostname": "yes"}


def story_units_are_hardened(lab):
    """Each line that hardens stands in the units once; systemd, where it is, knows every line and finds little exposed."""
    prefix = os.path.join(lab.dir, "usr")
    install(lab, prefix)
    folder = os.path.join(prefix, "lib", "systemd", "user")
    for unit, wanted in (("pamojad.service", {**BOTH, **KEYS}), ("pamoja-carry.service", BOTH)):
        with open(os.path.join(folder, unit), encoding="utf-8") as file:
            lines = re.findall(r"^(\w+)=(.*)$", file.read().split("[Service]")[1].split("[Install]")[0], re.M)
        for key, value in wanted.items():
            check([text for name, text in lines if name == key] == [value], unit, "should have once", f"{key}={value}")
    tool = shutil.which("systemd-analyze")
    if tool is None:
        print("     (no systemd-analyze here: the units are only read)")
        return
    env = dict(os.environ, XDG_RUNTIME_DIR=lab.dir)
    for unit, most in (("pamojad.service", 20), ("pamoja-carry.service", 30)):
        done = subprocess.run([tool, "--user", "--man=no", "verify", os.path.join(folder, unit)], env=env, capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if "pamoja" in line]
        check(done.returncode == 0 and not said, done.stderr)
        done = subprocess.run([tool, "--user", "security", "--offline=true", f"--threshold={most}", os.path.join(folder, unit)], env=env, capture_output=True,
                              text=True, check=False)
        check(done.returncode == 0, unit, done.stdout[-300:], done.stderr)


def story_what_the_kernel_says_is_in_force(lab):
    """`status` repeats the kernel: the running daemon has the call filter, no new privileges, no dumps."""
    home = lab.home("neema").start()
    with open(f"/proc/{home.daemon.pid}/status", encoding="ascii") as file:
        kernel = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    said = home.status()["hardening"]
    check(kernel["NoNewPrivs"] == "1" and kernel["Seccomp"] == "2", kernel["NoNewPrivs"], kernel["Seccomp"])
    check(said["no_new_privileges"] and said["system_call_filter"], json.dumps(said))
    with open(f"/proc/{home.daemon.pid}/limits", encoding="ascii") as file:
        core = re.search(r"^Max core file size +(\S+) +(\S+)", file.read(), re.M).groups()
    check(core == ("0", "0") or not said["dumps_off"], core)  # a build for sanitizers may be dumped, and says so


run(globals())
