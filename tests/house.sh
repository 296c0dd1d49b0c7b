#!/bin/sh
# house.sh - what a newcomer relies on: every header compiles alone, every source file has its line in DESIGN.md of its
# folder, and what those pages name is there.
#   sh tests/house.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/..}"
bad=0

# Whoever includes a header first compiles it alone: the build does that for most. The others in one call of the compiler,
# each file by itself.
words=$(mktemp)
trap 'rm -f "$words" "$words.not" "$words.named" "$words.first"' EXIT
find daemon cli tests -name '*.c' -exec awk '/^#include/ { if ($2 ~ /^"/) { gsub(/"/, "", $2); print $2 } nextfile }' {} + | sort -u >"$words.first"
headers=$(find include daemon cli tests -name '*.h' | sort |
	awk 'FILENAME != "-" { first[$0]; next } { name = $0; sub(/^(include|daemon|tests\/lib|tests\/simulation)\//, "", name) } !(name in first)' "$words.first" -)
flags="-std=c17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Iinclude -Idaemon -I. -Itests/lib -Itests/simulation"
packages=$(pkg-config --cflags libsodium sqlite3 libgit2 libinih jansson 2>/dev/null || true)
# shellcheck disable=SC2086 # lists of flags and of files without spaces
${CC:-cc} $flags $packages -DTESTS_DIR='""' -DPAMOJA_CONF_DIR='""' -DPAMOJA_VERSION='""' -x c $headers || bad=1

find daemon cli include conf tests \( -name '*.[ch]' -o -name '*.py' -o -name '*.ini' -o -name CMakeLists.txt \) -exec cat {} + -exec basename -a {} + |
	tr -cs 'a-z0-9_' '\n' | sort -u >"$words"

# Names of files stand in the first column of a page's tables.
for folder in daemon/*/ cli/; do
	page=${folder}DESIGN.md
	[ -f "$page" ] || { echo "$folder has no DESIGN.md" >&2; bad=1; continue; }
	named=$(cat "$folder"*.md | sed -n 's/^| *\([^|]*\)|.*/\1/p' | tr -d '`' | tr ', ' '\n\n' | sed -n 's/\(\.\[ch\]\|\.c\|\.h\)*$//p')
	echo "$named" | sort -u >"$words.named"
	for stem in $(find "$folder" -maxdepth 1 -name '*.c' | sed 's:.*/::; s:\.c$::' | sort | comm -23 - "$words.named"); do
		echo "$page does not name $stem.c" >&2
		bad=1
	done
	for name in $(grep -ohE '`[a-z_0-9]+\.(c|h|\[ch\])`' "$folder"*.md | tr -d '`' | sed 's/\.\[ch\]$/.c/' | sort -u); do
		[ -e "$folder$name" ] || { echo "$page names $name, which is not there" >&2; bad=1; }
	done
	# Functions, tables and members: whatever has a name with _ in it.
	grep -ohE '`[^`]+`' "$folder"*.md | grep -oE '\b[a-z][a-z0-9]*(_[a-z0-9]+)+\b' | sort -u | comm -23 - "$words" >"$words.not"
	while read -r name; do
		echo "$page names $name, which is nowhere" >&2
		bad=1
	done <"$words.not"
done
[ "$bad" = 0 ] && echo "house: in order"
exit "$bad"
