#!/bin/sh
# layers.sh - reads every include line and refuses one that points sideways or up, or a library outside its home.
#   sh tests/layers.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/..}"
bad=0

# allowed FOLDER: the folders its files may include, itself among them.
allowed() {
	case "$1" in
	base) echo "base" ;;
	crypto) echo "base crypto" ;;
	domain) echo "base domain" ;;
	log) echo "base crypto domain log" ;;
	store) echo "base crypto domain store" ;;
	sync) echo "base crypto domain log store sync" ;;
	hub) echo "base crypto domain log store sync hub" ;;
	api) echo "base crypto domain log store sync hub api" ;;
	carry) echo "base carry" ;;
	cli) echo "base cli" ;;
	esac
}
complain() {
	echo "$1" >&2
	bad=1
}
check_folder() { # check_folder PATH FOLDER
	for file in "$1"/*.c "$1"/*.h; do
		[ -f "$file" ] || continue
		for include in $(sed -n 's/^#include "\([a-z_]*\)\/.*/\1/p' "$file" | sort -u); do
			[ "$include" = pamoja ] && continue
			case " $(allowed "$2") " in
			*" $include "*) ;;
			*) complain "$file: $2 may not include $include/" ;;
			esac
		done
		if [ "$2" != cli ] && grep -nE '^#include "[^/"]*"' "$file" >&2; then
			complain "$file: an include carries its folder"
		fi
	done
}
for folder in base crypto domain log store sync hub api carry; do
	check_folder "daemon/$folder" "$folder"
done
check_folder cli cli

# home HEADER PLACE...: a library's header is included in its home only.
home() {
	header=$1
	shift
	for file in $(grep -rlE "^#include <($header)" daemon cli include || true); do
		good=no
		for place in "$@"; do
			case "$file" in $place*) good=yes ;; esac
		done
		[ "$good" = yes ] || complain "$file: $header belongs to $*"
	done
}
home 'sqlite3\.h' daemon/store/
home 'git2[./]' daemon/carry/
home 'ini\.h' daemon/base/conf.c
home 'sodium\.h' daemon/crypto/
home 'jansson\.h' daemon/base/json.h
home 'event2/' daemon/base/loop.c
home 'utf8proc\.h' daemon/base/text.c
home 'zstd' daemon/log/
home 'seccomp\.h' daemon/base/sandbox.c
home 'libsmartcols' cli/

# The client links no SQLite, libgit2 or libsodium; the carrier no SQLite and no libsodium; pamojad no libgit2.
links_not() { # links_not PROGRAM LIBRARY...
	program=$1
	shift
	[ -x "$program" ] || return 0
	for library in "$@"; do
		if readelf -d "$program" | grep -q "NEEDED.*$library"; then
			complain "$program links $library"
		fi
	done
}
bin=${PAMOJA_BIN:-build/bin}
links_not "$bin/pamoja" libsqlite3 libgit2 libsodium
links_not "$bin/pamoja-carry" libsqlite3 libsodium
links_not "$bin/pamojad" libgit2
[ "$bad" = 0 ] && echo "layers: in order"
exit "$bad"
