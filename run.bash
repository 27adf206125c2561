#!/usr/bin/env bash
# Copyright 2026 The DIOS Authors. All rights reserved.
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file.

usage='usage: ./run.bash [TIER...]
  host   what needs no virtual machine: the commands, the generated files, the patches, the
         kernel module'"'"'s core and the C library under sanitizers, and the Go tree built and
         vetted for dios
  vm     programs on DIOS in a virtual machine: the calls, the shell, go run and go test; then, on
         the second kernel, that of Debian'"'"'s backports, the calls, the programs and the shell
  std    only when asked for: Go'"'"'s own tests of each package of the standard library, two machines
         at a time; twenty minutes. It writes what came of it to docs/std.md. vm runs some of them
  kasan  only when asked for: the programs of vm, loading and unloading, and half an hour of random
         calls (DIOS_TORTURE says how long) and as much of spawns, channels and collections in Go
         (DIOS_SOAK), on a kernel that checks itself, which it builds first; hours. DIOS_KASAN names
         the parts to run; the last result of each goes to docs/kasan.md
  bench  only when asked for: what docs/performance.md says, measured anew; wants a quiet machine
Without TIER: host and vm. ./make.bash first.'

# Each check runs with its output in build/log/; what failed is shown. A tier ends with one line
# that counts the tests. A tier that cannot run says so in one line; asked for by name it fails then.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export LC_ALL=C
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GOROOT GOOS GOARCH GOBIN MAKEFLAGS MAKELEVEL DIOS_TEST_VM
export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
log=build/log/run

passed=0 failed=0 skipped=0 tier=
say() { printf 'run.bash: [%3ds] %s\n' $SECONDS "$*"; }

# check NAME COMMAND...: one check that passes or fails as a whole.
check() {
	local name=$1 out="$log.$tier.${1//[^a-z0-9]/-}"
	shift
	say "$tier: $name"
	if "$@" >"$out" 2>&1 </dev/null; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL: $tier: $name ($*)"
		tail -n 40 "$out"
		echo "all of it is in $out"
	fi
}

# count NAME COMMAND...: a `go test -v`, whose tests count one by one.
count() {
	local name=$1 out="$log.$tier.${1//[^a-z0-9]/-}" status=0 bad
	shift
	say "$tier: $name"
	"$@" >"$out" 2>&1 </dev/null || status=$?
	passed=$((passed + $(grep -a -c '^ *--- PASS: ' "$out" || true)))
	bad=$(grep -a -c '^ *--- FAIL: ' "$out" || true)
	# A package that does not build, or a test that ends the process, has no line of its own.
	if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	failed=$((failed + bad))
	# What the host tier leaves to the other one is not worth a line for each test.
	skipped=$((skipped + $(grep -a -c '^ *--- SKIP: ' "$out" || true)))
	grep -a -B1 '^ *--- SKIP: ' "$out" | grep -a -v -e '^--$' -e '--- SKIP' | sed 's/^ *[a-z0-9_]*\.go:[0-9]*: //' |
		sort | uniq -c | sed 's/^ *\([0-9]*\) /  skipped \1: /' || true
	if [ $status -ne 0 ]; then
		echo "FAIL: $tier: $name ($*)"
		grep -a -E -B12 -A12 '^ *--- FAIL: |^FAIL|^panic: |^# ' "$out" | head -n 120 || true
		echo "all of it is in $out"
	fi
}

# need FILE...: what make.bash made must be there.
need() {
	local file
	for file; do
		if [ ! -e "$file" ]; then
			echo "$file is not there; run ./make.bash"
			return
		fi
	done
}

our_go() { git ls-files -co --exclude-standard '*.go' | while read -r f; do [ ! -e "$f" ] || echo "$f"; done; }

not_formatted() {
	local bad
	bad=$(our_go | xargs -r goroot/bin/gofmt -l)
	echo "$bad"
	[ -z "$bad" ]
}

# Bad arguments: one line, status 2, and nothing done.
bad_arguments() {
	local args out status
	for args in './make.bash -nonsense' './make.bash nonsense' './make.bash go nonsense' './make.bash -clean go' './run.bash nonsense' './run.bash -x'; do
		status=0
		out=$($args 2>&1) || status=$?
		if [ $status -ne 2 ] || [ "$(printf '%s\n' "$out" | wc -l)" -ne 1 ]; then
			echo "$args: status $status: $out"
			return 1
		fi
	done
}

# The lists that a new GOOS must stand in, the linker, and the licence headers of new files.
upstream_tests="go/build internal/platform internal/syslist internal/copyright cmd/internal/objabi cmd/internal/obj/x86 cmd/link/internal/ld cmd/go/internal/work"

listed() { goroot/bin/go tool dist list | grep -x dios/amd64; }

dios_go() { GOOS=dios GOARCH=amd64 goroot/bin/go "$@"; }

# The programs for DIOS, and what they use of ours, have nothing to report.
diosvet_programs() {
	local programs
	programs=$(git ls-files 'testdata/*.go' 'bench/programs/*.go' | sed 's,/[^/]*$,,; s,^,./,' | sort -u)
	# shellcheck disable=SC2086
	dios_go vet "-vettool=$PWD/bin/diosvet" $programs runtime/dios syscall/dios
}

cannot_host() { need goroot/bin/go goroot/bin/gofmt bin/mkabi bin/diosvet build/busybox; }
tier_host() {
	check gofmt not_formatted
	check 'arguments of the scripts' bad_arguments
	check 'generated files' bin/mkabi -check
	check 'manual pages' go run ./cmd/mkman -check
	check 'patches and src' ./make.bash -check
	check 'go vet' go vet ./...
	count 'go test' go test -v -timeout 25m ./...
	[ ! -e kernel/dal/hosted/Makefile ] || check 'kernel core under sanitizers' make -s -C kernel/dal/hosted test
	check 'C library under sanitizers' make -s -C dlibc test
	check 'random calls against the model' make -s -C kernel/dal/hosted play "FUZZ_SECONDS=${DIOS_FUZZ_SECONDS:-20}"
	check 'dist list' listed
	check 'go build std for dios' dios_go build std
	check 'go vet std for dios' dios_go vet std
	check 'diosvet of the programs' diosvet_programs
	# shellcheck disable=SC2086
	check 'go test of what the patches touch' goroot/bin/go test -short $upstream_tests
}

# library_tests TIMEOUT: the tests in src/, and only those: what tests the rest of their packages is Go's.
library_tests() {
	local files packages tests
	files=$(find src -name '*_test.go')
	# shellcheck disable=SC2086
	packages=$(dirname $files | sed 's,^src/,,' | sort -u)
	# shellcheck disable=SC2086
	tests=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $files | sort -u | paste -sd '|')
	# They say what a program without files meets.
	# shellcheck disable=SC2086
	DIOS_DIR=none dios_go test -v -count=1 -timeout "$1" -run "^($tests)\$" $packages
}

# The packages with tests that need the machine.
vm_packages() { git grep -l --untracked DIOS_TEST_VM -- '*_test.go' | sed 's,/[^/]*$,,; s,^,./,' | sort -u; }

cannot_vm() {
	need goroot/bin/go bin/dios bin/diosfs bin/dizibox kernel/dios.ko build/vm
	command -v "${DIOS_QEMU:-qemu-system-x86_64}" >/dev/null || echo "${DIOS_QEMU:-qemu-system-x86_64} is not installed; ./make.bash installs it"
}
tier_vm() {
	local packages second
	packages=$(vm_packages)
	# One package at a time: each has a machine.
	# shellcheck disable=SC2086
	DIOS_TEST_VM=1 count 'go test' go test -v -count=1 -p 1 -timeout 25m $packages
	count "go test of src/'s own" library_tests 10m
	check "Go's own tests of some packages" go run ./internal/stdtest -ci

	# Whether the module works does depend on the kernel; how the runner, the toolchain and the go
	# command use it does not.
	if [ ! -e build/backport/version ]; then
		say "vm: SKIP: the second kernel: build/backport/version is not there; ./make.bash backport makes it"
		skipped=$((skipped + 1))
		return
	fi
	second=$(cat build/backport/version)
	DIOS_KERNEL=$second DIOS_TEST_VM=1 count "go test on $second" \
		go test -v -count=1 -timeout 15m -skip '^Test(SyscallInstructions|Go|LinkerBrand|NoDIOS|Normalize)' ./internal/progtest
}

cannot_std() { cannot_vm; }
tier_std() {
	local out=$log.std status=0
	# Its progress is for the terminal.
	go run ./internal/stdtest -doc -vms "${DIOS_STD_VMS:-2}" -events "$log.std.json" >"$out" </dev/null || status=$?
	cat "$out"
	# Its last line is the sum.
	passed=$(sed -n 's/^[0-9]* packages: \([0-9]*\) passed, \([0-9]*\) passed with skips, .*/\1 + \2/p' "$out")
	passed=$((passed))
	failed=$(($(sed -n 's/^[0-9]* packages: .* with skips, \([0-9]*\) failed; .*/\1/p' "$out")))
	[ $status -eq 0 ] || [ $failed -gt 0 ] || failed=1
}

cannot_kasan() { cannot_vm; }

# The parts of the tier, in their order; DIOS_KASAN names some of them. What comes of a part stays in
# build/kasan-kernel/result/PART/, until it runs again, so that the tier need not run at one go; one that
# was stopped leaves nothing there.
kasan_parts='calls programs shell runner library unload torture soak'

# This kernel is slower than Debian's by about so much: what a test waits for is given so many times as long.
kasan_slow=8

kasan_test() { DIOS_TEST_VM=1 go test -v -count=1 -p 1 -timeout 6h "$@"; }
# A test of progtest that no other part names is in calls.
kasan_programs='^Test(Programs|DIOSPrograms|CPrograms|Scavenge)$'
kasan_shell='^TestDiziBox'
# How the toolchain and the go command use the module does not depend on the kernel.
kasan_skip='^Test(SyscallInstructions|Go|LinkerBrand|Normalize)'
kasan_calls() { kasan_test -skip "$kasan_programs|$kasan_shell|$kasan_skip|^Test(Unload|Torture|Soak)$" ./internal/progtest; }
kasan_programs() { kasan_test -run "$kasan_programs" ./internal/progtest; }
kasan_shell() { kasan_test -run "$kasan_shell" ./internal/progtest; }
kasan_runner() {
	local packages
	packages=$(vm_packages | grep -v /progtest)
	# shellcheck disable=SC2086
	kasan_test $packages
}
kasan_library() { library_tests 2h; }
kasan_unload() { kasan_test -run '^TestUnload$' ./internal/progtest; }
kasan_torture() { kasan_test -run '^TestTorture$' ./internal/progtest; }
kasan_soak() { kasan_test -run '^TestSoak$' ./internal/progtest; }

tier_kasan() {
	local part dir=build/kasan-kernel/result was began before
	for part in ${DIOS_KASAN:-$kasan_parts}; do
		case " $kasan_parts " in *" $part "*) ;; *) say "kasan: DIOS_KASAN has $part, which is no part; there are $kasan_parts" && failed=1 && return ;; esac
	done
	check 'the kernel' ./make.bash kasan
	[ $failed -eq 0 ] || return 0
	export DIOS_ROOT=$PWD/build/kasan-kernel/root DIOS_TORTURE=${DIOS_TORTURE:-30m} DIOS_SOAK=${DIOS_SOAK:-30m} DIOS_UNLOAD=200 DIOS_TEST_SLOW=$kasan_slow DIOS_DEADLINE=${kasan_slow}m
	for part in ${DIOS_KASAN:-$kasan_parts}; do
		rm -rf "$dir/$part" "$dir/$part.new"
		mkdir -p "$dir/$part.new"
		export DIOS_CONSOLE=$PWD/$dir/$part.new/console
		: >"$DIOS_CONSOLE"
		was="$passed $failed $skipped" began=$SECONDS before=$(kasan_revision)
		count "$part" "kasan_$part"
		check "reports of the kernel in $part" no_reports "$DIOS_CONSOLE"
		mv "$log.kasan.$part" "$dir/$part.new/output"
		# shellcheck disable=SC2086
		kasan_result $was $((SECONDS - began)) "$before" >"$dir/$part.new/result"
		mv "$dir/$part.new" "$dir/$part"
	done
	kasan_summary >docs/kasan.md
}

kasan_revision() { git describe --always --dirty --exclude='*' --abbrev=12; }

# kasan_result PASSED FAILED SKIPPED SECONDS REVISION: a line about the part that ran since the counts were those.
# The check for reports is not one of its tests.
kasan_result() {
	local reports=0
	no_reports "$DIOS_CONSOLE" >/dev/null || reports=1
	echo "$5 $(date -u +%Y-%m-%d) $(($4 / 60)) $((passed - $1 - 1 + reports)) $((failed - $2 - reports)) $((skipped - $3)) $reports"
}

# What the kernel says when it has found something; a warning also ends the machine. Tests crash it on purpose too.
no_reports() { ! grep -E -A30 'BUG: |WARNING: |KASAN: |UBSAN: |ODEBUG: |INFO: (task|rcu)|Oops: |general protection' "$1"; }

# kasan_row PART: what came of it, as a row of a table.
kasan_row() {
	local dir=build/kasan-kernel/result/$1 revision day minutes passed failed skipped reports
	if [ ! -e "$dir/result" ]; then
		echo "| $1 | | | not run | | | |"
		return
	fi
	read -r revision day minutes passed failed skipped reports <"$dir/result"
	[ "$reports" -eq 0 ] && reports=none || reports='**some**'
	echo "| $1 | $revision | $day | $minutes min | $passed passed, $failed failed, $skipped skipped | $reports | $(kasan_lost "$dir/output") |"
}

# kasan_failed PART: its tests that failed, but those that only have such ones in them.
kasan_failed() {
	local names
	names=$(sed -n 's/^ *--- FAIL: \([^ ]*\).*/\1/p' "build/kasan-kernel/result/$1/output" 2>/dev/null |
		awk '{ name[NR] = $0 } END { for (i in name) { leaf = 1; for (k in name) if (index(name[k], name[i] "/") == 1) leaf = 0; if (leaf) print name[i] } }' |
		sort | paste -sd ' ' | sed 's/ /, /g')
	[ -z "$names" ] || echo "- $1: failed: $names."
}

# Only some tests look for memory that was lost.
kasan_lost() {
	if grep -q 'the kernel lost memory' "$1"; then
		echo '**some lost**'
	elif grep -q '^=== RUN .*Test' "$1" && grep -q 'dios/internal/progtest' "$1"; then
		echo 'nothing lost'
	else
		echo 'not looked'
	fi
}

kasan_summary() {
	local part output=build/kasan-kernel/result/torture/output
	cat <<-END
		# What a kernel that checks itself says

		\`run.bash kasan\` writes this page from the logs of its runs; [hacking.md](hacking.md) says what it does.

		Linux $(cat build/kasan-kernel/obj/include/config/kernel.release), of Debian's linux-source-6.1 $(cat build/kasan-kernel/source), with kernel/kasan/config:
		KASAN, UBSAN, lockdep, kmemleak, debug objects, DEBUG_ATOMIC_SLEEP, DEBUG_VM, preemption everywhere. Times of tests
		are $kasan_slow times the usual.

		| part | DIOS | day | took | tests | reports of the kernel | kmemleak |
		|---|---|---|---|---|---|---|
	END
	for part in $kasan_parts; do
		kasan_row "$part"
	done
	echo
	if [ -e build/kasan-kernel/result/unload/output ]; then
		sed -n 's/^ *unload_test.go:[0-9]*: \([0-9]*\) times refused, .*/\1/p' build/kasan-kernel/result/unload/output |
			awk '{ r += $1 } END { printf "- unload: %d times loaded and unloaded, and refused %d times because a task lived.\n", 20 * NR, r }'
	fi
	if [ -e "$output" ]; then
		sed -n 's/^ *torture_test.go:[0-9]*: seed [0-9]*: \([0-9]*\) players, .* \([0-9]*\) killed; \([0-9]*\) calls$/\1 \2 \3/p' "$output" |
			awk '{ p += $1; k += $2; c += $3 } END { printf "- torture: %d games, %d tasks, %d of them killed, %d calls.\n", NR, p, k, c }'
	fi
	output=build/kasan-kernel/result/soak/output
	if [ -e "$output" ]; then
		sed -n 's/^ *soak_test.go:[0-9]*: seed [0-9]*: \([0-9]*\) tasks, \([0-9]*\) killed, \([0-9]*\) messages, \([0-9]*\) collections$/\1 \2 \3 \4/p' "$output" |
			awk '{ t += $1; k += $2; m += $3; c += $4 } END { printf "- soak: %d games, %d tasks, and %d that were killed, %d messages, %d collections.\n", NR, t, k, m, c }'
	fi
	for part in $kasan_parts; do
		kasan_failed "$part"
	done
	cat <<-END
		- Not run on this kernel: $(kasan_skipped). They are about the toolchain and the go command, to which
		  the kernel makes no difference.
	END
}

# The names of the tests that kasan_skip leaves out.
kasan_skipped() { go test -list . ./internal/progtest | grep -E "$kasan_skip" | paste -sd ' ' | sed 's/ /, /g'; }

cannot_bench() { cannot_vm; }
tier_bench() {
	# The tables are for who asked.
	if go run ./bench -count -doc; then passed=1; else failed=1; fi
}

for t; do
	case $t in
	host | vm | std | kasan | bench) ;;
	-h | -help | --help)
		echo "$usage"
		exit
		;;
	*)
		echo "run.bash: $t is no tier; there are host, vm, std, kasan and bench" >&2
		exit 2
		;;
	esac
done
named=$#
[ $# -gt 0 ] || set -- host vm

mkdir -p build/log
bad=0
for tier; do
	why=$(cannot_$tier | head -n 1)
	if [ -n "$why" ]; then
		echo "run.bash: $tier: SKIP: $why"
		[ $named -eq 0 ] || bad=1
		continue
	fi
	passed=0 failed=0 skipped=0
	SECONDS=0
	tier_$tier
	say "$tier: $passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ] || bad=1
done
exit $bad
