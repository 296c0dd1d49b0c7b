#!/bin/sh
# linkage.sh - functions with external linkage that no other file of the programs calls: each is static, gone, or in the list;
# and no two files of a folder that is compiled as one unit have a static variable of one name.
#   sh tests/linkage.sh BUILD [LIST [TREE]]
# LIST has lines "alone NAME" (its own file calls it, and a test or fuzz target too, alone) and "later NAME WHO" (only tests call
# it yet; who will). include/pamoja is a contract with others and needs no caller here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
list=${2:-$here/linkage.txt}
tree=${3:-$here/..}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

# "NAME OBJECT" of every definition; every name that some object asks others for.
find "$build/CMakeFiles" -name '*.o' \( -path '*.dir/daemon/*' -o -path '*.dir/cli/*' \) ! -path '*/pmjvfs.dir/*' >"$tmp/objects"
[ -s "$tmp/objects" ] || { echo "no objects in $build" >&2; exit 1; }
xargs nm -A <"$tmp/objects" >"$tmp/names" 2>/dev/null
awk '$(NF-1) == "T" && $NF != "main" { split($1, at, ":"); sub(/.*\.dir\//, "", at[1]); sub(/\.o$/, "", at[1]); print $NF, at[1] }' "$tmp/names" | sort -u >"$tmp/defined"
awk '$(NF-1) == "U" { print $NF }' "$tmp/names" | sort -u >"$tmp/asked"
cut -d' ' -f1 "$tmp/defined" | sort -u | comm -23 - "$tmp/asked" >"$tmp/unasked"
cat "$tree"/include/pamoja/*.h | tr -cs 'a-z0-9_' '\n' | sort -u >"$tmp/contract"
comm -23 "$tmp/unasked" "$tmp/contract" >"$tmp/open"

sed 's/#.*//' "$list" | awk 'NF { print $2 }' | sort >"$tmp/listed"
for name in $(comm -23 "$tmp/open" "$tmp/listed"); do
	echo "$(sed -n "s/^$name //p" "$tmp/defined"): $name is called by no other file: make it static, or remove it" >&2
	bad=1
done
for name in $(comm -13 "$tmp/open" "$tmp/listed"); do
	echo "$list: $name is gone, static or called by now: take the line out" >&2
	bad=1
done
sed 's/#.*//' "$list" | awk 'NF' >"$tmp/lines"
while read -r how name who; do
	case $how in
	alone) [ -z "$who" ] || { echo "$list: alone $name has no more words" >&2; bad=1; } ;;
	later) [ -n "$who" ] || { echo "$list: say who will call $name" >&2; bad=1; } ;;
	*) echo "$list: $how is neither alone nor later" >&2; bad=1 ;;
	esac
	grep -rqw "$name" "$tree/tests" --include='*.c' --include='*.h' || { echo "$list: no test calls $name" >&2; bad=1; }
done <"$tmp/lines"
# Constants that differ are an error of the compiler; what has no value yet would be one variable, and nobody told.
awk '$(NF-1) ~ /^[bd]$/ && $NF !~ /\./ { split($1, at, ":"); sub(/.*\.dir\//, "", at[1]); folder = at[1]; sub(/\/[^\/]*$/, "", folder)
	if ((folder, $NF) in seen) print folder ": two files have a static variable " $NF ": rename one"
	seen[folder, $NF] = 1 }' "$tmp/names" >"$tmp/twice"
[ ! -s "$tmp/twice" ] || { cat "$tmp/twice" >&2; bad=1; }
[ "$bad" = 0 ] && echo "linkage: in order"
exit "$bad"
