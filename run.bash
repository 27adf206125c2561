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
  kasan  only when asked for: the programs of vm, and half an hour of random calls (DIOS_TORTURE
         says how long), on a kernel that checks itself, which it builds first; hours. It writes
         what came of it to docs/kasan.md
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
	passed=$((passed + $(grep -c '^ *--- PASS: ' "$out" || true)))
	bad=$(grep -c '^ *--- FAIL: ' "$out" || true)
	# A package that does not build, or a test that ends the process, has no line of its own.
	if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	failed=$((failed + bad))
	# What the host tier leaves to the other one is not worth a line for each test.
	skipped=$((skipped + $(grep -c '^ *--- SKIP: ' "$out" || true)))
	grep -B1 '^ *--- SKIP: ' "$out" | grep -v -e '^--$' -e '--- SKIP' | sed 's/^ *[a-z0-9_]*\.go:[0-9]*: //' |
		sort | uniq -c | sed 's/^ *\([0-9]*\) /  skipped \1: /' || true
	if [ $status -ne 0 ]; then
		echo "FAIL: $tier: $name ($*)"
		grep -E -B12 -A12 '^ *--- FAIL: |^FAIL|^panic: |^# ' "$out" | head -n 120 || true
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
	count 'go test' go test -v ./...
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

# The tests in src/, and only those: what tests the rest of their packages is Go's.
library_tests() {
	local files packages tests
	files=$(find src -name '*_test.go')
	# shellcheck disable=SC2086
	packages=$(dirname $files | sed 's,^src/,,' | sort -u)
	# shellcheck disable=SC2086
	tests=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(.*/\1/p' $files | sort -u | paste -sd '|')
	# shellcheck disable=SC2086
	dios_go test -v -count=1 -timeout 10m -run "^($tests)\$" $packages
}

cannot_vm() {
	need goroot/bin/go bin/dios bin/dizibox kernel/dios.ko build/vm
	command -v "${DIOS_QEMU:-qemu-system-x86_64}" >/dev/null || echo "${DIOS_QEMU:-qemu-system-x86_64} is not installed; ./make.bash installs it"
}
tier_vm() {
	local packages second
	packages=$(git grep -l --untracked DIOS_TEST_VM -- '*_test.go' | sed 's,/[^/]*$,,; s,^,./,' | sort -u)
	# One package at a time: each has a machine.
	# shellcheck disable=SC2086
	DIOS_TEST_VM=1 count 'go test' go test -v -count=1 -p 1 -timeout 25m $packages
	count "go test of src/'s own" library_tests

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

cannot_kasan() { cannot_vm; }
tier_kasan() {
	local root=$PWD/build/kasan-kernel/root console=$PWD/build/log/kasan.console torture=${DIOS_TORTURE:-30m} packages
	check 'the kernel' ./make.bash kasan
	[ $failed -eq 0 ] || return 0
	packages=$(git grep -l --untracked DIOS_TEST_VM -- '*_test.go' | sed 's,/[^/]*$,,; s,^,./,' | sort -u)
	: >"$console"
	# How the toolchain and the go command use the module does not depend on the kernel.
	# shellcheck disable=SC2086
	DIOS_ROOT=$root DIOS_CONSOLE=$console DIOS_TORTURE=$torture DIOS_UNLOAD=200 DIOS_TEST_SLOW=8 DIOS_TEST_VM=1 \
		count 'go test' go test -v -count=1 -p 1 -timeout 6h -skip "$kasan_skip" $packages
	check 'reports of the kernel' no_reports "$console"
	kasan_summary "$torture" >docs/kasan.md
}

# Not for this kernel: tests of the toolchain only, and one that compares times of booting.
kasan_skip='^Test(SyscallInstructions|Go|LinkerBrand|Normalize)'

# What the kernel says when it has found something; a warning also ends the machine. Tests crash it on purpose too.
no_reports() { ! grep -E -A30 'BUG: |WARNING: |KASAN: |UBSAN: |ODEBUG: |INFO: (task|rcu)|Oops: |general protection' "$1"; }

kasan_summary() {
	local out=$log.kasan.go-test
	cat <<-END
		# The last run on a kernel that checks itself

		\`run.bash kasan\` writes this page; [hacking.md](hacking.md) says what it does.

		- DIOS: $(git describe --always --dirty --exclude='*' --abbrev=12)
		- kernel: $(cat build/kasan-kernel/obj/include/config/kernel.release), Debian's linux-source-6.1 $(cat build/kasan-kernel/source), with kernel/kasan/config:
		  KASAN, UBSAN, lockdep, kmemleak, debug objects, DEBUG_ATOMIC_SLEEP, DEBUG_VM, preemption everywhere
		- checks: $passed passed, $failed failed, $skipped skipped
		- reports of the kernel: $(no_reports "$PWD/build/log/kasan.console" >/dev/null && echo none || echo 'SOME, see build/log/kasan.console')
		- random calls for $1: $(sed -n 's/^ *torture_test.go:[0-9]*: seed [0-9]*: \([0-9]*\) players, .* \([0-9]*\) killed; \([0-9]*\) calls$/\1 \2 \3/p' "$out" |
			awk '{ p += $1; k += $2; c += $3 } END { printf "%d games, %d tasks, %d of them killed, %d calls", NR, p, k, c }')
		- kmemleak, after each machine's tests: $(grep -q 'the kernel lost memory' "$out" && echo 'SOME LOST' || echo 'nothing lost')
	END
}

for t; do
	case $t in
	host | vm | kasan) ;;
	-h | -help | --help)
		echo "$usage"
		exit
		;;
	*)
		echo "run.bash: $t is no tier; there are host, vm and kasan" >&2
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
