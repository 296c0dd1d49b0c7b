#!/bin/sh
# layers_test.sh - the tree is in order, and the check does see a breach.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sh "$here/layers.sh" "$here/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
breach() { # breach FILE LINE
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/include"
	cp -r "$here/../daemon" "$here/../cli" "$tmp/tree/"
	printf '%s\n' "$2" >>"$tmp/tree/$1"
	if sh "$here/layers.sh" "$tmp/tree" >/dev/null 2>&1; then
		echo "not seen: $2 in $1" >&2
		exit 1
	fi
}
breach daemon/base/buf.c '#include "store/journal.h"'
breach daemon/domain/merge.c '#include "crypto/prim.h"'
breach daemon/carry/store.c '#include "log/segment.h"'
breach daemon/api/core.c '#include <sqlite3.h>'
breach daemon/gate/serve.c '#include "store/journal.h"'
breach daemon/carry/wire.c '#include "gate/access.h"'
breach cli/main.c '#include <sodium.h>'
