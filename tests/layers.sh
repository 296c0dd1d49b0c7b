#!/bin/sh
# layers.sh - reads every include line and refuses one that points sideways or up, or a library outside its home.
#   sh tests/layers.sh [TREE]
set -eu
cd "${1:-$(dirname "$0")/..}"
bad=0

# Folders: what each may include beside include/pamoja. Libraries: the places where their headers may stand.
grep -nE '^#include ' daemon/*/*.[ch] cli/*.[ch] include/pamoja/*.h | awk '
BEGIN {
	may["base"] = " base "; may["crypto"] = " base crypto "; may["domain"] = " base domain "
	may["log"] = " base crypto domain log "; may["store"] = " base crypto domain store "
	may["sync"] = " base crypto domain log store sync "; may["hub"] = may["sync"] "hub "; may["api"] = may["hub"] "api "
	may["carry"] = " base carry "; may["gate"] = " base crypto carry gate "; may["cli"] = " base cli "; may["pdf"] = " base pdf "
	home["sqlite3.h"] = "daemon/store/"; home["git2"] = "daemon/carry/"; home["ini.h"] = "daemon/base/conf.c"
	home["sodium.h"] = "daemon/crypto/"; home["jansson.h"] = "daemon/base/json.h"; home["event2"] = "daemon/base/loop.c"
	home["utf8proc.h"] = "daemon/base/text.c"; home["zstd"] = "daemon/log/"; home["seccomp.h"] = "daemon/base/sandbox.c"
	home["libsmartcols"] = "cli/"; home["qrencode.h"] = "cli/qr.c"; home["zlib.h"] = "cli/unzip.c"; home["curl/"] = "daemon/carry/https"; home["openssl/"] = "daemon/carry/"
	home["cairo"] = "daemon/pdf/"; home["qpdf"] = "daemon/pdf/"
	also["zstd"] = "daemon/domain/line_pack.c"
}
{
	split($0, at, ":"); file = at[1]; n = split(file, part, "/")
	folder = part[1] == "daemon" ? part[2] : part[1]
	if (match($0, /"[^"]*"/)) {
		name = substr($0, RSTART + 1, RLENGTH - 2); m = split(name, step, "/")
		if (m < 2) { print file ": an include carries its folder: " name; wrong = 1 }
		else if (step[1] != "pamoja" && folder != "include" && index(may[folder], " " step[1] " ") == 0) {
			print file ": " folder " may not include " step[1] "/"; wrong = 1
		}
		else if (step[1] != "pamoja" && folder == "include") { print file ": the contract includes nothing of " step[1]; wrong = 1 }
	} else if (match($0, /<[^>]*>/)) {
		name = substr($0, RSTART + 1, RLENGTH - 2)
		for (library in home)
			if (index(name, library) == 1 && index(file, home[library]) != 1 && file != also[library]) {
				print file ": " name " belongs to " home[library]; wrong = 1
			}
	}
}
END { exit wrong }' >&2 || bad=1

# The client links no SQLite, libgit2 or libsodium; the carrier no SQLite and no libsodium; pamojad no libgit2; the gate, started for
# each request, only what it calls.
links_not() { # links_not PROGRAM LIBRARY...
	program=$1
	shift
	[ -x "$program" ] || return 0
	for library in "$@"; do
		if readelf -d "$program" | grep -q "NEEDED.*$library"; then
			echo "$program links $library" >&2
			bad=1
		fi
	done
}
bin=${PAMOJA_BIN:-build/bin}
links_not "$bin/pamoja" libsqlite3 libgit2 libsodium libcairo libqpdf
links_not "$bin/pamoja-pdf" libsqlite3 libgit2 libsodium libevent
links_not "$bin/pamoja-carry" libsqlite3 libsodium
links_not "$bin/pamojad" libgit2
links_not "$bin/pamoja-gate" libsqlite3 libcurl libevent
[ "$bad" = 0 ] && echo "layers: in order"
exit "$bad"
