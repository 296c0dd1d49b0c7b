#!/bin/sh
# house_test.sh - the house is in order, and the check does see what is not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/house.sh" "$here/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A small house with one fault after the other.
build() {
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/daemon/base" "$tmp/tree/include" "$tmp/tree/cli" "$tmp/tree/conf" "$tmp/tree/tests/lib"
	echo '#define HALL 1' >"$tmp/tree/include/hall.h"
	echo 'int hall_lamp;' >"$tmp/tree/daemon/base/hall.c"
	printf '| `hall.c` | a hall, with `hall_lamp` |\n' >"$tmp/tree/daemon/base/DESIGN.md"
	: >"$tmp/tree/cli/DESIGN.md"
}
sees() { # sees FILE LINE
	build
	printf '%s\n' "$2" >>"$tmp/tree/$1"
	if sh "$here/house.sh" "$tmp/tree" >/dev/null 2>&1; then
		echo "not seen: $2 in $1" >&2
		exit 1
	fi
}
build
sh "$here/house.sh" "$tmp/tree" >/dev/null
sees include/hall.h 'size_t hall_steps(void);'
sees daemon/base/cellar.c 'int cellar;'
sees daemon/base/DESIGN.md '| `attic.c` | no such thing |'
sees daemon/base/DESIGN.md 'Of old there was `hall_mirror` here.'
