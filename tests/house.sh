#!/bin/sh
# house.sh - what a newcomer relies on: every header compiles alone, every source file has its line in DESIGN.md of its
# folder, and what those pages name is there.
#   sh tests/house.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/..}"
bad=0

# One call of the compiler; each file is compiled by itself.
flags="-std=c17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -Wno-unused-function -Iinclude -Idaemon -I. -Itests/lib -Itests/simulation"
packages=$(pkg-config --cflags libsodium sqlite3 libgit2 libinih jansson 2>/dev/null || true)
# shellcheck disable=SC2086 # lists of flags and of files without spaces
${CC:-cc} $flags $packages -DTESTS_DIR='""' -DPAMOJA_CONF_DIR='""' -DPAMOJA_VERSION='""' -x c $(find include daemon cli tests -name '*.h' | sort) || bad=1

words=$(mktemp)
trap 'rm -f "$words" "$words.not"' EXIT
find daemon cli include conf tests \( -name '*.[ch]' -o -name '*.py' -o -name '*.ini' -o -name CMakeLists.txt \) -exec cat {} + -exec basename -a {} + |
	tr -cs 'a-z0-9_' '\n' | sort -u >"$words"

# Names of files stand in the first column of a page's tables.
for folder in daemon/*/ cli/; do
	page=${folder}DESIGN.md
	[ -f "$page" ] || { echo "$folder has no DESIGN.md" >&2; bad=1; continue; }
	named=$(cat "$folder"*.md | sed -n 's/^| *\([^|]*\)|.*/\1/p' | tr -d '`' | tr ', ' '\n\n' | sed -n 's/\(\.\[ch\]\|\.c\|\.h\)*$//p')
	for source in "$folder"*.c; do
		[ -e "$source" ] || continue
		stem=$(basename "$source" .c)
		echo "$named" | grep -qx "$stem" || { echo "$page does not name $stem.c" >&2; bad=1; }
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
