#!/bin/sh
# bare.sh - a Debian 12 with nothing installed, made in a folder for this: the quickstart and every test, there, as root and as a
# plain user. Takes half an hour and 2 GB; not part of run.sh.
#
#   sh tests/bare.sh [--keep] [--quick] [DIR]
#
#   DIR      where the machine is made and removed again (default: build/bare)
#   --keep   leave it, to look at; the next run begins by removing it
#   --quick  stop after the quickstart: is every package named that it needs?
#
# What is committed is what is tested. Needs root here (chroot, mounts), and a Debian mirror.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/conf/packages.sh"
keep=no
quick=no
dir=$top/build/bare
for word in "$@"; do
	case "$word" in
	--keep) keep=yes ;;
	--quick) quick=yes ;;
	-*)
		echo "bare.sh: no such option: $word (there are --keep and --quick)" >&2
		exit 2
		;;
	*) dir=$word ;;
	esac
done
say() { printf '\n== %s\n' "$*"; }

if [ "$(id -u)" -ne 0 ]; then
	echo "bare.sh needs root for chroot and mounts:  sudo sh tests/bare.sh" >&2
	exit 1
fi
# Mounts and processes of a namespace of our own: both are gone when this script is, whatever happens.
if [ "${PAMOJA_BARE_INSIDE:-}" != yes ]; then
	install_packages debootstrap git util-linux
	if ! unshare -mpf true; then
		echo "bare.sh: this machine allows no mount and process namespaces of one's own (unshare -mpf)" >&2
		exit 1
	fi
	status=0
	PAMOJA_BARE_INSIDE=yes unshare -mpf --kill-child sh "$0" "$@" || status=$?
	[ "$keep" = yes ] || rm -rf --one-file-system "$dir"
	exit $status
fi
mount --make-rprivate /

say "A bare Debian 12 in $dir"
rm -rf --one-file-system "$dir"
mkdir -p "$dir"
# The mirror and the proxy of this machine, where it names some; debootstrap knows Debian's own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
# shellcheck disable=SC2086 # none is no word
debootstrap --variant=minbase bookworm "$dir/root" $mirror >"$dir/debootstrap.log" 2>&1 || {
	tail -n 20 "$dir/debootstrap.log" >&2
	exit 1
}
root=$dir/root
apt-config dump --format '%F "%v";%n' Acquire 2>/dev/null | grep -E '^Acquire(::[A-Za-z0-9-]+)+ "' | grep -iE 'proxy|check|retries|timeout' >"$root/etc/apt/apt.conf.d/90as-here" || true
# Debian's updates, too, from where this machine has them; and what every installed machine has.
for list in sources.list sources.list.d/debian.sources; do
	[ ! -f "/etc/apt/$list" ] || cp "/etc/apt/$list" "$root/etc/apt/$list"
done
[ -s "$root/etc/hosts" ] || echo "127.0.0.1 localhost" >"$root/etc/hosts"
mount --bind "$root" "$root" # a root of its own: tests make mounts of theirs
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for home in root home/plain; do
	mkdir -p "$root/$home"
	git clone -q --no-hardlinks "$top" "$root/$home/pamoja"
done
inside() { # inside USER COMMAND: a shell line in the clone of that user's home
	inside_home=/root
	[ "$1" = root ] || inside_home=/home/$1
	chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$inside_home" TERM=dumb \
		setpriv --reuid "$1" --regid "$1" --init-groups sh -c "cd $inside_home/pamoja && $2"
}
chroot "$root" useradd --home-dir /home/plain --shell /bin/sh plain
chroot "$root" chown -R plain:plain /home/plain

say "A plain user, nothing installed, no sudo: told what is missing, nothing begun"
if inside plain "sh conf/quickstart.sh" >"$dir/refused" 2>&1; then
	echo "bare.sh: the quickstart passed with nothing installed" >&2
	exit 1
fi
cat "$dir/refused"
for word in "Not installed yet:" libsodium-dev "apt-get install -y"; do
	grep -q -e "$word" "$dir/refused" || {
		echo "bare.sh: it did not say: $word" >&2
		exit 1
	}
done

say "As root: the quickstart"
inside root "sh conf/quickstart.sh"
[ "$quick" = no ] || exit 0
say "As root: every test"
inside root "sh tests/run.sh"
say "As a plain user, what is needed being installed now: the quickstart"
inside plain "sh conf/quickstart.sh"
say "As a plain user: every test"
inside plain "sh tests/run.sh"
say "Passed on a bare machine, as root and as a plain user"
