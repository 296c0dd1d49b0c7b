# packages.sh - sourced: what Debian 12 must have installed, and a function that installs what is missing.
BUILD_PACKAGES="gcc libc6-dev linux-libc-dev make cmake ninja-build mawk pkg-config libsqlite3-dev libgit2-dev libsodium-dev libinih-dev libevent-dev libjansson-dev libzstd-dev zlib1g-dev libutf8proc-dev libseccomp-dev libsmartcols-dev libqrencode-dev libcairo2-dev libqpdf-dev fonts-dejavu-core libcurl4-openssl-dev libssl-dev ca-certificates"
TEST_PACKAGES="libcmocka-dev binutils git python3 clang-format valgrind strace zstd faketime procps util-linux man-db mandoc zbar-tools mupdf-tools qpdf libjpeg-turbo-progs bash zsh fish gettext locales lighttpd lighttpd-mod-openssl openssl openssh-client openssh-server dosfstools exfatprogs exfat-fuse fusefat systemd python3-jsonschema"
# For the FHIR validator, where there is no npm yet (they bring some 400 packages).
NODE_PACKAGES="nodejs npm"
# Only `sh tests/run.sh --bench` needs these: what it is compared with.
BENCH_PACKAGES="libsqlcipher-dev"

# install_packages NAME...: only what dpkg does not know as installed, in one go.
install_packages() {
	missing=""
	for package in "$@"; do
		status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
		case "$status" in
		"install ok installed") ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -z "$missing" ] && return 0
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "This needs a Debian system (apt-get). Missing:$missing" >&2
		return 1
	fi
	as_root=""
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			echo "Not installed yet:$missing" >&2
			echo "Install them as root, then run this again:  apt-get install -y$missing" >&2
			return 1
		fi
		as_root="sudo"
	fi
	echo "Installing:$missing"
	$as_root apt-get update -q >/dev/null
	# shellcheck disable=SC2086 # the list is meant to be split
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing >/dev/null
}
