#!/bin/sh
# quickstart.sh - install what is missing, build Pamoja, and run its main job once on this machine, with real records and no
# network: a hub, an ally and a peer are enrolled, work offline, exchange through a folder, are merged, a conflict is settled and
# a referral is sent under consent. The programs and the three homes stay, ready to use.
#
#   sh conf/quickstart.sh [DIR]      DIR: where the homes go (default: build/quickstart)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/conf/packages.sh"
say() { printf '\n== %s\n' "$*"; }

say "Installing and building"
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES python3
if [ ! -f "$top/build/build.ninja" ]; then
	cmake -S "$top" -B "$top/build" -G Ninja -DPAMOJA_TESTS=OFF >/dev/null
fi
cmake --build "$top/build" --target pamoja pamojad pamoja-carry pamoja-gate pamoja-pdf -- --quiet
bin="$top/build/bin"
pamoja="$bin/pamoja"

dir=${1:-$top/build/quickstart}
if [ -e "$dir" ]; then
	for home in hub ally peer; do
		[ -f "$dir/$home/lock" ] && kill "$(cat "$dir/$home/lock")" 2>/dev/null || true
	done
	sleep 1
	rm -rf "$dir"
fi
umask 077
mkdir -p "$dir" "$dir/mailboxes"

# A passphrase of one's own for each home. Yours will be typed, never kept in a file.
for who in hub ally peer; do
	"$bin/pamojad" --home "$dir/$who" >/dev/null
	printf '%s\n' "quickstart only: the $who walks to market" >"$dir/$who.passphrase"
done
at() { # at HOME COMMAND...
	at_home=$dir/$1
	shift
	"$pamoja" --home "$at_home" "$@"
}
field() { # field NAME: a string member of the JSON on standard input
	python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

say "A hub, an ally (Neema) and a peer (Juma)"
at hub --json --passphrase-file "$dir/hub.passphrase" init --hub --name "Office" --mailboxes "$dir/mailboxes" >"$dir/hub.json"
at ally --json --passphrase-file "$dir/ally.passphrase" init --name "Neema" --role ally >"$dir/ally.json"
at peer --json --passphrase-file "$dir/peer.passphrase" init --name "Juma" --role peer >"$dir/peer.json"
echo "made: $dir/hub, $dir/ally, $dir/peer"

say "Enrolment: a request to the hub, an invitation back; the words are compared on both sides"
for who in ally peer; do
	at "$who" enrol request --file "$dir/$who.request" >/dev/null
	at hub --json hub enrol --file "$dir/$who.request" --role "$who" --words-checked \
		--name "$(field name <"$dir/$who.json")" >"$dir/$who.enrolled"
	field invitation <"$dir/$who.enrolled" >"$dir/$who.invitation"
	at "$who" enrol accept --file "$dir/$who.invitation" --words-checked >/dev/null
done
at hub hub roster

say "Offline: each records on their own laptop"
python3 "$top/tests/lib/records.py" --people 25 --seed 1 >"$dir/ally.jsonl"
python3 "$top/tests/lib/records.py" --people 20 --seed 2 >"$dir/peer.jsonl"
at ally import "$dir/ally.jsonl"
at peer import "$dir/peer.jsonl"
resource=$(at ally --json resource add name="Loitokitok Clinic" category=clinic place=Loitokitok phone="+254 700 000 111" | field id)
person=$(at ally --json person add name="Baraka M." birth_year=1991 village=Loitokitok language=Swahili | field id)
at ally contact add person="$person" kind=one-on-one minutes=40 note="wants to start again; asked about the clinic" >/dev/null

say "The bus comes by: an exchange through a folder"
at ally sync
at peer sync
at hub hub merge
at hub hub assign "$person" Juma
at hub hub merge
at peer sync
at peer show "$person"

say "Both edit the same field while apart: the hub sees a conflict and settles it"
at ally edit "$person" phone="+254 711 000 001" >/dev/null
at peer edit "$person" phone="+254 722 000 002" >/dev/null
at ally sync
at peer sync
at hub hub merge
at hub hub conflicts
conflict=$(at hub --json hub conflicts | python3 -c 'import json,sys; print(json.load(sys.stdin)["items"][0]["id"])')
at hub hub resolve "$conflict" --keep 1
at hub hub merge
at ally sync
at peer sync

say "A referral: refused without consent, sent with it"
referral=$(at ally --json referral add person="$person" resource="$resource" category=health reason="wants to begin treatment" | field id)
if at ally referral send "$referral"; then
	echo "a referral left without consent" >&2
	exit 1
fi
at ally consent add person="$person" recipient="$resource" purpose=referral information=name,phone from=today expires="in 90 days" how=written >/dev/null
at ally referral send "$referral"
at ally sync
at hub hub merge
at peer sync

say "The same person, the same digest on every machine that holds them"
for who in hub ally peer; do
	printf '%-5s ' "$who"
	at "$who" --json verify "$person" | field digest
done | tee "$dir/digests"
[ "$(awk '{print $2}' "$dir/digests" | sort -u | wc -l)" = 1 ] || { echo "the digests differ" >&2; exit 1; }
at hub status

cat <<EOF

== Ready. What you would type next, as Neema:

  export PATH=$bin:\$PATH
  export PAMOJA_HOME=$dir/ally
  pamoja today
  pamoja find baraka
  pamoja contact add            (it asks what it needs)
  pamoja contact --help
  pamoja lock                   (her passphrase: cat \$PAMOJA_HOME.passphrase)

As the coordinator:

  PAMOJA_HOME=$dir/hub pamoja hub today

For yourself, elsewhere: pamoja --home DIR init, or first, with made-up people,
pamoja --home DIR init --practice
EOF
