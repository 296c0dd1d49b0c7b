#!/usr/bin/env python3
"""killhour.py - an hour of three laptops' work, with the power cut at every storage call of it.

The real programs run with diskshim.so preloaded. Pass N cuts the power at the Nth storage call of each command: all processes of one machine,
or of all three, are killed at that instant, and the tree is made what its disk could have kept (disklog.py says how; the way is chosen anew
each time). Then everything starts again: the records open with the passphrase that was in force, every acknowledged record is there once,
`verify` is whole, the command is given again where it was not acknowledged, and the hour goes on. At its end all three agree.

    killhour.py --all [--jobs N] [--seed N]   every call: as many passes as the longest command has calls (--minutes M: those that fit)
    killhour.py --cuts N [--seed N]           so many cuts, chosen at random, in one pass (what ctest runs)
    killhour.py --lose-syncs                  the same with a disk that forgets every sync: something must be found
"""
import argparse
import collections
import multiprocessing
import os
import random
import sys
import time

from village import NAMES, Village
from disklog import MODES
from hour import hour
from lab import Failed, check

SHORT = 30  # calls of a command that only writes one entry
LATE = 2  # a run may have a few calls more than the one that was counted


def agree(v):
    """The end of the hour: all was merged, nothing is held, everybody who shares a person has the same digest."""
    hub, neema, juma = (v.homes[name] for name in NAMES)
    for _ in range(6):
        for home, words in ((neema, ("sync",)), (juma, ("sync",)), (hub, ("hub", "merge"))):
            home.run(*words)
        if all(home.status()["outbox"]["entries"] == 0 for home in v.homes.values()):
            break
    else:
        raise Failed("not settled: " + str([home.status()["outbox"] for home in v.homes.values()]))
    for ref in ("person asha", "person baraka"):
        person = v.facts["ids"][ref]
        check(hub.json("verify", person)["digest"] == neema.json("verify", person)["digest"], "the digests of", ref, "differ")
    check(juma.show(v.facts["ids"]["person asha"])["handed_over"], "it was handed over")
    check(hub.json("hub", "held")["items"] == [] and hub.json("hub", "conflicts")["items"] == [], "nothing is held or in conflict")
    wanted = {record: was for name in NAMES for record, was in v.facts["records"][name].items()}
    for kind in ("person", "contact", "goal", "followup", "referral", "consent"):
        items = {item["id"]: item for item in hub.json(kind, "list", "--all", "--limit", "1000")["items"]}
        typed = {record for record, was in wanted.items() if was["kind"] == kind}
        by_itself = [items[record]["fields"]["what"] for record in set(items) - typed] if kind == "followup" else []
        check(typed <= set(items) and len(items) == len(typed) + len(by_itself), "the hub's", kind, list(items))
        if kind == "followup":  # the referral was sent before its consent was taken back: one is made by itself, in one transaction with it
            check(len(by_itself) == 1 and "taken back" in by_itself[0], "made by itself:", by_itself)
    edits = collections.Counter(item["set"].get("phone") for item in hub.json("history", v.facts["ids"]["person asha"])["items"])
    check(edits["+254 711 000 001"] == edits["+254 722 000 002"] == edits["+254 733 000 003"] == 1, "each edit is there once", edits)
    for name, home in v.homes.items():
        rebuilt = home.json("verify", "--rebuild")
        check(rebuilt["ok"] and rebuilt["differed"] == 0, name, rebuilt)
        bad = [warning for warning in home.status()["warnings"] if "swap" not in warning]
        check(not bad, name, bad)
    v.quiet()
    v.disk.follow()
    check(not v.disk.differs(), "the shim missed a call:", v.disk.differs())
    check(v.log["odd"] == 0, "calls that the shim cannot follow:", v.log["odd"])


def passed(v, steps, cuts, first=0, counts=None, moments=None):
    """One hour; cuts: step number -> (call, mode, all machines)."""
    for number, step in enumerate(steps):
        if number < first:
            continue
        if moments is not None:
            moments[number] = v.keep(os.path.join(v.lab.dir, f"moment{number}"))
        call, mode, everybody = cuts.get(number, (0, "", False))
        v.trace.append(f"-- {number} {step.name}" + (f" cut at {call}, {mode}, {'all' if everybody else 'one'}" if call else ""))
        v.cut_at(call, everybody)
        acknowledged = step.go(v)
        if v.was_cut(late=call or counts is not None):
            v.cuts[step.name] += 1
            for name in v.recover(mode):
                if name in v.facts["codes"]:
                    v.must_hold(name)
            if not acknowledged:
                step.again(v)
        else:
            check(acknowledged, step.name, "failed:", getattr(step, "answer", ""))
        if counts is not None:
            counts[number] = v.log["calls"]
    agree(v)
    for name in NAMES:
        v.must_hold(name)


def tell(v, step=None):
    print("\n".join(v.trace[-60:]), file=sys.stderr)
    for name in NAMES:
        try:
            print(f"{name}: {v.homes[name].messages()[-1500:]}", file=sys.stderr)
        except OSError:
            pass


def some(cuts, seed, lose_syncs=False):
    """So many cuts in one hour, each at a call between the first and a little behind the last."""
    v = Village(seed, lose_syncs)
    try:
        steps = hour()
        chosen = v.chance.sample(range(len(steps)), min(cuts, len(steps)))
        plan = {}
        for number in chosen:
            call = 1 + int(min(v.chance.expovariate(1 / 12), 150))
            plan[number] = (call, "drop" if lose_syncs else v.chance.choice(MODES), v.chance.random() < 0.4)
        passed(v, steps, plan)
        return sum(v.cuts.values())
    except Exception:
        if not lose_syncs:
            tell(v)
        raise
    finally:
        v.close()


def passes(longest, chance):
    """The order of the passes: those of the short commands first, the others in any order, so that a campaign may end early."""
    rest = list(range(SHORT + 1, longest + 1))
    chance.shuffle(rest)
    return [*range(1, min(SHORT, longest) + 1), *rest]


def one_pass(v, call, steps, counts, moments):
    """Cut every command at this call of it, where it has so many. From the beginning, or from before the first that has."""
    reached = [number for number, count in counts.items() if count + LATE >= call]
    plan = {number: (call, v.chance.choice(MODES), v.chance.random() < 0.2) for number in reached}
    v.cuts.clear()
    v.trace.clear()
    if reached[0] == 0:
        v.off()
        v.begin_anew()
    else:
        v.go_back(moments[reached[0]])
    try:
        passed(v, steps, plan, reached[0])
    except Exception as error:  # told, and on with the next pass
        return f"{error!r}\n" + "\n".join(v.trace[-60:]) + "\n" + "".join(v.homes[name].messages()[-400:] for name in NAMES)
    return ""


def every(job, options, queue):
    """The passes of one job."""
    v = Village(options.seed + job)
    until = time.monotonic() + 60 * options.minutes
    try:
        steps, counts, moments = hour(), {}, {}
        passed(v, steps, {}, counts=counts, moments=moments)
        queue.put(("hour", sum(counts.values()), max(counts.values())))
        for call in passes(max(counts.values()) + LATE, random.Random(options.seed))[options.skip + job::options.jobs]:
            if time.monotonic() > until:
                break
            failed = one_pass(v, call, steps, counts, moments)
            queue.put(("pass", call, sum(v.cuts.values()), failed))
    finally:
        v.close()
        queue.put(("end",))


def campaign(options):
    queue = multiprocessing.Queue()
    for job in range(options.jobs):
        multiprocessing.Process(target=every, args=(job, options, queue)).start()
    cuts = done = failures = calls = longest = 0
    left = options.jobs
    while left:
        what, *told = queue.get()
        if what == "end":
            left -= 1
        elif what == "hour":
            calls, longest = told
        else:
            call, some_cuts, failed = told
            cuts, done, failures = cuts + some_cuts, done + 1, failures + bool(failed)
            print(f"pass {call}: {some_cuts} cuts, {cuts} in all{', FAILED: ' + failed if failed else ''}", flush=True)
    print(f"{cuts} cuts in {done} of {longest + LATE} passes over an hour of {calls} storage calls; {failures} passes failed (seed {options.seed})")
    return 1 if failures or not cuts else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--cuts", type=int, default=25)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6, help="of --all: begin no pass after so long")
    parser.add_argument("--skip", type=int, default=0, help="of --all: so many passes were made before, with the same seed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--lose-syncs", action="store_true")
    options = parser.parse_args()
    if options.all:
        return campaign(options)
    print(f"seed {options.seed}", flush=True)
    if options.lose_syncs:
        try:
            some(options.cuts, options.seed, lose_syncs=True)
        except Failed as lost:
            print("found, as it must be:", lost)
            return 0
        print("a disk that forgets every sync was not noticed")
        return 1
    print(some(options.cuts, options.seed), "cuts: nothing lost, nothing doubled, all agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
