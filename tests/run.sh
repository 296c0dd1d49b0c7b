#!/bin/sh
# run.sh - install what the tests need, build everything, pass every test.
#
#   sh tests/run.sh                 every test, release build
#   sh tests/run.sh --sanitize      unit tests, fuzz corpora and a week's use under ASan+UBSan, the core ones under valgrind (CI runs both)
#   sh tests/run.sh --only REGEX    the ctest names that match, release build only
#   sh tests/run.sh --tidy          clang-tidy over every source, nothing else
#   sh tests/run.sh --cuts N        N simulated power cuts, nothing else (a long campaign)
#   sh tests/run.sh --bench [--json] everything in tests/bench as one table, nothing else
#   sh tests/run.sh --fuzz SECONDS  each fuzz target so long under libFuzzer, nothing else
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
. conf/packages.sh
mode=all
value=""
if [ $# -gt 0 ]; then
	mode=$1
	value=${2:-}
fi
# What the bench prints is its table or its JSON alone.
if [ "$mode" = --bench ]; then
	exec 3>&1 1>&2
fi
say() { printf '\n== %s\n' "$*"; }
began=$(date +%s)
elapsed() { echo $(($(date +%s) - began)); }
# Most tests wait more than they compute: three at a time for each core, the longest first (tests/costs.txt).
jobs=$(($(nproc) * 3))

say "Packages"
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES
case "$mode" in
--tidy) install_packages clang-tidy ;;
--fuzz) install_packages clang libclang-rt-14-dev ;;
# shellcheck disable=SC2086
--bench) install_packages $BENCH_PACKAGES ;;
esac

configure() { # configure DIR BUILD_TYPE [cmake options]
	dir=$1
	type=$2
	shift 2
	cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE="$type" -DPAMOJA_TESTS=ON "$@" >/dev/null
}

if [ "$mode" = --tidy ]; then
	configure build-tidy Release -DPAMOJA_AS_ONE=OFF
	ninja -C build-tidy --quiet generated/log/dictionary_bytes.h generated/cli/lang_sw.h
	# shellcheck disable=SC2046
	printf '%s\n' $(git ls-files 'daemon/*.c' 'cli/*.c') | xargs -P 2 -n 4 clang-tidy -p build-tidy --quiet
	exit 0
fi

# The packaged FHIR validator, into build/fhir: as tests/fhir/package-lock.json says, once. Where it cannot be had its test is left out and
# that is said; the build service must have it.
fhir_validator() {
	cmp -s tests/fhir/package-lock.json build/fhir/installed.json && return
	mkdir -p build/fhir
	cp tests/fhir/package.json tests/fhir/package-lock.json build/fhir
	cp tests/fhir/npmrc build/fhir/.npmrc
	# shellcheck disable=SC2086
	if { command -v npm >/dev/null || install_packages $NODE_PACKAGES; } && (cd build/fhir && npm ci) >build/fhir/npm.log 2>&1; then
		cp tests/fhir/package-lock.json build/fhir/installed.json
		return
	fi
	rm -rf build/fhir/node_modules
	if [ "${CI:-}" = true ]; then
		tail -n 20 build/fhir/npm.log >&2
		exit 1
	fi
	echo "Left out: 61_fhir, by_a_packaged_validator. npm could not install it here (no network?); the schema at hand is tested all the same."
}

say "Building (release)"
configure build Release
cmake --build build -- --quiet

case "$mode" in
--cuts)
	exec build/bin/powercut --cuts "$value"
	;;
--bench)
	exec 1>&3
	shift
	exec python3 tests/bench/bench.py "$@"
	;;
--fuzz)
	configure build-fuzz Fuzz -DCMAKE_C_COMPILER=clang
	cmake --build build-fuzz -- --quiet
	for target in build-fuzz/bin/fuzz_*; do
		name=${target##*/fuzz_}
		mkdir -p "build-fuzz/corpus/$name"
		say "fuzz $name"
		"$target" -max_total_time="$value" -timeout=10 "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name"
	done
	exit 0
	;;
--sanitize)
	say "Building with ASan+UBSan, $(elapsed) s so far"
	configure build-asan Asan
	cmake --build build-asan -- --quiet
	say "Unit tests and fuzz corpora under ASan+UBSan, $(elapsed) s so far"
	# The long random campaigns are the release run's; here a short one each.
	PAMOJA_FLEET_RUNS=15 ctest --test-dir build-asan --output-on-failure -j "$jobs" -R '^(unit|fuzz)/|^layers/linkage' -E merge_property -LE slow

	say "A week's use of the programs under ASan+UBSan, $(elapsed) s so far"
	PAMOJA_BIN=build-asan/bin PAMOJA_WEEK=200 python3 tests/scenario/40_week.py

	say "Core unit tests under valgrind, $(elapsed) s so far"
	for name in $(cat tests/valgrind.txt); do
		echo "valgrind $name"
		valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite "build/bin/$name" >build/valgrind.log 2>&1 ||
			{ cat build/valgrind.log; exit 1; }
	done
	say "All passed in $(elapsed) s"
	exit 0
	;;
--only)
	fhir_validator
	exec ctest --test-dir build --output-on-failure -j "$jobs" -R "$value"
	;;
esac

say "Format"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror

say "The FHIR validator, $(elapsed) s so far"
fhir_validator

say "Tests (release, $(id -un)), $(elapsed) s so far"
ctest --test-dir build --output-on-failure -j "$jobs"

say "All passed in $(elapsed) s"
