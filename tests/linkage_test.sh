#!/bin/sh
# linkage_test.sh - every open function has its caller, and the check does see one that has none.
#   sh tests/linkage_test.sh BUILD
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/linkage.sh" "$1"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Two files: hall calls lamp; lamp_oil is called by lamp.c and a test alone, lamp_sell by a test only.
mkdir -p "$tmp/build/CMakeFiles/base.dir/daemon/base" "$tmp/include/pamoja" "$tmp/tests"
object() { # object NAME TEXT
	echo "$2" | ${CC:-cc} -O0 -x c -c -o "$tmp/build/CMakeFiles/base.dir/daemon/base/$1.c.o" -
}
object hall 'int lamp_light(void); int main(void); int main(void) { return lamp_light(); }'
object lamp 'int lamp_oil(void); int lamp_oil(void) { return 1; } int lamp_light(void); int lamp_light(void) { return lamp_oil(); }
int lamp_sell(void); int lamp_sell(void) { return 2; } int pmj_lamp(void); int pmj_lamp(void) { return 3; }'
echo 'int pmj_lamp(void);' >"$tmp/include/pamoja/lamp.h"
echo 'int test(void) { return lamp_oil() + lamp_sell() + lamp_light(); }' >"$tmp/tests/lamp_test.c"
list() { printf '%s\n' "$@" >"$tmp/list"; }
check() { sh "$here/linkage.sh" "$tmp/build" "$tmp/list" "$tmp" >"$tmp/said" 2>&1; }
list 'alone lamp_oil' 'later lamp_sell `market`' '# a remark'
check || { cat "$tmp/said" >&2; exit 1; }
sees() { # sees WORDS LINE...
	words=$1
	shift
	list "$@"
	if check || ! grep -q "$words" "$tmp/said"; then
		echo "not seen: $words" >&2
		exit 1
	fi
}
sees 'lamp_sell is called by no other' 'alone lamp_oil'
sees 'lamp_light is gone, static or called' 'alone lamp_oil' 'later lamp_sell `market`' 'alone lamp_light'
sees 'say who will call lamp_sell' 'alone lamp_oil' 'later lamp_sell'
sees 'neither alone nor later' 'alone lamp_oil' 'perhaps lamp_sell `market`'
echo 'int test(void) { return lamp_oil(); }' >"$tmp/tests/lamp_test.c"
sees 'no test calls lamp_sell' 'alone lamp_oil' 'later lamp_sell `market`'
echo 'int test(void) { return lamp_oil() + lamp_sell(); }' >"$tmp/tests/lamp_test.c"
object oil 'static int drops; int lamp_drop(void); int lamp_drop(void) { return ++drops; }'
object wick 'int lamp_drop(void); static int drops; static int wick(void) { return drops++; } int main(void); int main(void) { return wick() + lamp_drop(); }'
sees 'two files have a static variable drops' 'alone lamp_oil' 'later lamp_sell `market`'
