#!/usr/bin/env python3
"""bench.py - everything in tests/bench, as one table or as JSON.

    python3 tests/bench/bench.py [--json] [--rounds N] [--rows N] [--folder DIR] [--only PART[,PART]]

PART is vfs, segments, merge, way, sync or scale. Programs come from $PAMOJA_BIN, else build/bin. Nothing is judged: a figure short of its target is
marked and shown, the exit status is 0. What each row means: tests/bench/README.md.
"""
import argparse
import functools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

import scale
import sync_bench

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.abspath(os.environ.get("PAMOJA_BIN", os.path.join(TOP, "build", "bin")))

# name, what it is, target as a ratio to plain SQLite, must it be ahead of SQLCipher, SQLCipher's ratio as published where this machine's
# SQLCipher cannot run the row.
VFS_ROWS = [
    ("commit_full", "commit, synchronous FULL", 1.4, True, None),
    ("commit_normal", "commit, synchronous NORMAL", 1.7, True, None),
    ("bulk", "20,000 entries in one transaction", 1.2, True, None),
    ("hundreds", "the same, 100 a transaction", 1.6, True, None),
    ("open", "open and first query", 1.3, True, None),
    ("lookup_2mb", "look-up, cache 2 MB", 2.1, True, None),
    ("lookup_10_pages", "look-up, cache 10 pages", 2.9, True, None),
    ("lookup_64mb", "look-up, cache 64 MB", 1.05, False, None),
    ("prefix", "full-text prefix search", 1.5, True, 1.99),
    ("scan", "scan of all entries", 2.1, True, None),
    ("checkpoint", "checkpoint of 20,000 entries", 2.0, False, None),
    ("bytes", "bytes of the file", 1.02, True, None),
]
PUBLISHED = "SQLCipher 4.9.0, measured once with FTS5 on another machine: 131 us against 65.7 us of plain SQLite 3.40.1"


class Side:
    """One database in a process of its own, asked for rows."""

    def __init__(self, program, name, folder, rows):
        self.process = subprocess.Popen([program, name, folder, str(rows)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name = name
        self.version = None

    def ready(self):
        self.version = self.process.stdout.readline().strip()
        if not self.version:
            sys.exit(f"{self.name}: could not make its data")

    def measure(self, row):
        """(processor, wall) microseconds of one unit, or None."""
        self.process.stdin.write(row + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"{self.name}: stopped at {row}")
        return None if answer[0] == "cannot" else tuple(float(value) for value in answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    cut = statistics.quantiles(values, n=4, method="inclusive")
    return cut[0], cut[2]


def ratio(ours, plain):
    """Of processor and of wall time: the median over the rounds of the ratio within a round, and its quartiles."""
    result = {}
    for i, clock in enumerate(("cpu", "wall")):
        ratios = [a[i] / b[i] for a, b in zip(ours, plain)]
        low, high = quartiles(ratios)
        result[clock] = {"ratio": statistics.median(ratios), "quartiles": [low, high], "unit_us": statistics.median(a[i] for a in ours)}
    return result


def bench_vfs(args):
    """Rounds interleaved: in each, every side measures the row once, in an order that turns."""
    sides = {}
    with tempfile.TemporaryDirectory(prefix="pamoja-bench-", dir=args.folder) as folder:
        sides["plain"] = Side(os.path.join(BIN, "bench_vfs"), "plain", folder, args.rows)
        sides["sealed"] = Side(os.path.join(BIN, "bench_vfs"), "sealed", folder, args.rows)
        if os.path.exists(os.path.join(BIN, "bench_vfs_sqlcipher")):
            sides["sqlcipher"] = Side(os.path.join(BIN, "bench_vfs_sqlcipher"), "sqlcipher", folder, args.rows)
        for side in sides.values():
            side.ready()
        rows = []
        for name, title, target, ahead, published in VFS_ROWS:
            taken = {side: [] for side in sides}
            for number in range(1 if name == "bytes" else args.rounds):
                order = list(sides)
                for side in order[number % len(order):] + order[:number % len(order)]:
                    taken[side].append(sides[side].measure(name))
            row = {"row": name, "title": title, "target": target, "plain_us": {
                "cpu": statistics.median(value[0] for value in taken["plain"]), "wall": statistics.median(value[1] for value in taken["plain"])}}
            row["pamoja"] = ratio(taken["sealed"], taken["plain"])
            if taken.get("sqlcipher") and None not in taken["sqlcipher"]:
                row["sqlcipher"] = ratio(taken["sqlcipher"], taken["plain"])
            elif published:
                row["sqlcipher_published"] = {"ratio": published, "source": PUBLISHED}
            theirs = row["sqlcipher"]["cpu"]["ratio"] if "sqlcipher" in row else published
            ours = row["pamoja"]["cpu"]["ratio"]
            row["reached"] = ours <= target and (not ahead or theirs is None or ours < theirs)
            rows.append(row)
        for side in sides.values():
            side.close()
    return {"rows": rows, "rounds": args.rounds, "people": args.rows, "versions": {name: side.version for name, side in sides.items()}}


def print_vfs(result):
    def cell(part):
        if part is None:
            return f"{'-':>18}"
        return f"{part['ratio']:6.2f} {part['quartiles'][0]:5.2f}-{part['quartiles'][1]:<5.2f}"

    print(f"Journal's VFS against plain SQLite, ratios: median of {result['rounds']} interleaved rounds and its quartiles. "
          f"{result['people']:,} people, as many entries.")
    print(f"{'':34} {'plain':>11} | {'Pamoja, processor':>18} {'wall':>18} | {'SQLCipher, proc.':>18} {'wall':>18} | target")
    for row in result["rows"]:
        theirs = row.get("sqlcipher", {})
        unit = f"{row['plain_us']['cpu']:,.0f} B" if row["row"] == "bytes" else f"{row['plain_us']['cpu']:,.1f} us"
        cells = [cell(row["pamoja"]["cpu"]), cell(row["pamoja"]["wall"]), cell(theirs.get("cpu")), cell(theirs.get("wall"))]
        if "sqlcipher_published" in row:
            cells[2] = f"{row['sqlcipher_published']['ratio']:6.2f} published* "
        print(f"{row['title']:34} {unit:>11} | {cells[0]} {cells[1]} | {cells[2]} {cells[3]} | {row['target']:5.2f} {'' if row['reached'] else ' SHORT'}")
    if any("sqlcipher_published" in row for row in result["rows"]):
        print(f"* {PUBLISHED}")


def bench_segments(_args):
    """Lines of bench_segment: a segment's bytes against zstd -19 of the same lines."""
    output = subprocess.run([os.path.join(BIN, "bench_segment")], capture_output=True, text=True, check=True).stdout
    rows = []
    for found in re.finditer(r"(\d+) lines +(\d+) bytes \| zstd -19 +(\d+) \| segment +(\d+) \| seal +([\d.]+) ms \| open +([\d.]+) ms", output):
        lines, raw, best, segment = (int(value) for value in found.groups()[:4])
        rows.append({"lines": lines, "bytes": raw, "zstd_19": best, "segment": segment, "ratio": segment / best, "seal_ms": float(found[5]),
                     "open_ms": float(found[6])})
    return {"rows": rows}


def print_segments(result):
    print("Segments against zstd -19 of the same lines (the segment is padded, sealed and signed)")
    print(f"{'lines':>8} {'bytes':>10} {'zstd -19':>10} {'segment':>10} {'ratio':>7} {'seal ms':>9} {'open ms':>9}")
    for row in result["rows"]:
        print(f"{row['lines']:8} {row['bytes']:10} {row['zstd_19']:10} {row['segment']:10} {row['ratio']:7.2f} {row['seal_ms']:9.2f} {row['open_ms']:9.2f}")


def bench_program(*command):
    """What a program says with --json, as it is."""
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env={**os.environ, "PAMOJA_BIN": BIN})
    if done.returncode != 0:
        return {"failed": done.returncode, "said": (done.stdout + done.stderr).splitlines()[-20:]}
    return json.loads(done.stdout)


def print_program(title, result):
    print(title)
    for name, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {inner}" for key, inner in value.items())
        print(f"  {name:28} {value}")


def bench_merge(_args):
    program = os.path.join(BIN, "bench_merge")
    return bench_program(program) if os.path.exists(program) else None


def bench_way(_args):
    return bench_program(sys.executable, os.path.join(HERE, "way.py"))


def bench_table(_args):
    return bench_program(sys.executable, os.path.join(HERE, "table.py"))


def bench_sync(_args):
    return bench_program(sys.executable, os.path.join(HERE, "sync_bench.py"))


def bench_scale(_args):
    return bench_program(sys.executable, os.path.join(HERE, "scale.py"), "--entries", "100000")


PARTS = {
    "vfs": (bench_vfs, print_vfs),
    "segments": (bench_segments, print_segments),
    "merge": (bench_merge, functools.partial(print_program, "Segments on disk to durable projections at the hub")),
    "way": (bench_way, functools.partial(print_program, "The whole way with the real programs")),
    "table": (bench_table, functools.partial(print_program, "A long table imported, one line of it bad")),
    "sync": (bench_sync, sync_bench.show),
    "scale": (bench_scale, scale.show),
}


def package(name):
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True).stdout or None


def machine():
    model = None
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    commit = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(), "load_at_start": os.getloadavg()[0],
            "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20, "commit": commit,
            "packages": {name: package(name) for name in ("libsqlite3-0", "libsodium23", "libsqlcipher0", "libzstd1", "libgit2-1.5")}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--folder", default=None, help="where the databases lie (default: the system's folder for temporary files)")
    parser.add_argument("--only", default=",".join(PARTS))
    args = parser.parse_args()
    result = {"machine": machine()}
    if not args.json:
        m = result["machine"]
        print(f"{m['processor']}, {m['cores']} cores, {m['memory_mib']} MiB, Linux {m['kernel']}, load {m['load_at_start']:.1f}; commit {m['commit']}")
        print(", ".join(f"{name} {version}" for name, version in m["packages"].items() if version))
    for name in args.only.split(","):
        if name not in PARTS:
            parser.error(f"no part {name}; there are {', '.join(PARTS)}")
        measure, show = PARTS[name]
        result[name] = measure(args)
        if not args.json and result[name] is not None:
            print()
            show(result[name])
            sys.stdout.flush()
    if args.json:
        json.dump(result, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
