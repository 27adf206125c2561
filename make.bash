#!/usr/bin/env bash
# Copyright 2026 The DIOS Authors. All rights reserved.
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file.

usage='usage: ./make.bash [PART...]    build everything, or only PARTs and what they need:
                                 go tools diosvet diosfs dizibox kernel image dkms backport dlibc modules hello
                               and only when asked for: kasan, a kernel that checks itself
       ./make.bash -export     write the commits in goroot/ and build/busybox/ to patches/
       ./make.bash -check      say whether patches/ and src/ are what goroot/ and build/busybox/ hold
       ./make.bash -clean      remove what make.bash made'

# Everything that is made lies in goroot/, bin/ and build/, and the kernel module in kernel/.
# A part is made anew when its inputs changed: its stamp in build/stamps/ holds their hash and
# is written last. Results are built aside and renamed, so that stopping anywhere does no harm.
# docs/hacking.md says more.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
top=$PWD
umask 022
export LC_ALL=C

# Settings of the user's that would change what is built.
unset CDPATH GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GOROOT GOBIN GOTOOLDIR GOEXPERIMENT GOROOT_FINAL GOOS GOARCH GO111MODULE GOWORK
unset CFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MAKELEVEL KBUILD_OUTPUT KCONFIG_CONFIG ARCH CROSS_COMPILE O M V
export GOTOOLCHAIN=local GOAMD64=v1
export GOFLAGS=-buildvcs=false # the result depends on the sources only, and git may refuse a clone of somebody else's

say() { printf 'make.bash: [%3ds] %s\n' $SECONDS "$*"; }
die() { printf 'make.bash: %s\n' "$*" >&2; exit 1; }

# logged PART COMMAND...: run it with its output in build/log/PART, and show the end of that if it fails.
logged() {
	local part=$1 status=0
	shift
	"$@" >>"build/log/$part" 2>&1 </dev/null || status=$?
	[ $status -eq 0 ] || failed "$part" "$1 ended with status $status"
}
failed() {
	rm -f "build/stamps/$1.busy"
	tail -n 25 "build/log/$1" >&2
	die "$1: $2; all of its output is in build/log/$1"
}

digest() { sha256sum | cut -c1-32; }
# sums_of FIND-ARGUMENTS: the names, modes and contents of the files there.
sums_of() {
	find "$@" -type f -printf '%m %p\n' | sort
	find "$@" -type f -print0 | sort -z | xargs -0r sha256sum
}

# fresh PART HASH [RESULT...]: is PART made already, from these inputs?
fresh() {
	local part=$1 hash=$2
	shift 2
	for result; do
		[ -e "$result" ] || return 1
	done
	[ "$(cat "build/stamps/$part" 2>/dev/null)" = "$hash" ]
}
stamp() { echo "$2" >"build/stamps/$1.new" && mv "build/stamps/$1.new" "build/stamps/$1"; }

# half_made PART: note that PART is being made; true when an earlier make.bash was stopped in it.
half_made() {
	local was=1
	[ -e "build/stamps/$1.busy" ] && was=0
	rm -f "build/stamps/$1"
	touch "build/stamps/$1.busy"
	return $was
}
made() { stamp "$1" "$2" && rm -f "build/stamps/$1.busy"; }

# upstream FILE KEY: the value of KEY there.
upstream() { sed -n "s/^$2 //p" "$1"; }

### Debian's packages

packages=(
	# the kernel module, and the virtual machine it runs in
	linux-headers-cloud-amd64 linux-image-cloud-amd64 qemu-system-x86 kmod pahole sparse
	# DiziBox
	gcc libc6-dev make dpkg-dev bzip2 xz-utils patch
	# the models
	spin
	# everything, and disks for the store of blobs
	ca-certificates git e2fsprogs
)

part_packages() {
	local missing=() p cmd
	[ "$(uname -sm)" = "Linux x86_64" ] || die "this builds on Linux on amd64 only, here is $(uname -sm)"
	command -v go >/dev/null || die "there is no go in PATH; Go 1.26 or newer is needed to build the toolchain"
	case $(go env GOVERSION) in
	go1.[0-9].* | go1.1* | go1.2[0-5] | go1.2[0-5].*) die "go in PATH is $(go env GOVERSION); 1.26 or newer is needed" ;;
	esac
	for p in "${packages[@]}"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) missing+=("$p") ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	cmd="apt-get install -y --no-install-recommends ${missing[*]}"
	command -v apt-get >/dev/null || die "needs these Debian 12 packages, and here is no apt-get: $cmd"
	[ "$(id -u)" -eq 0 ] || die "needs packages that only root can install: sudo apt-get update && sudo $cmd"
	say "packages: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	logged packages apt-get -o DPkg::Lock::Timeout=120 update
	logged packages apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
}

# own_apt DIR SUITES EDIT: an apt with lists and state of its own in DIR, so that the system's stay as they are, and
# the options that use it in apt_options. Its mirrors are the system's for main of the suites that the expression
# SUITES matches, changed by the sed script EDIT.
own_apt() {
	local apt=$1 suites=$2 edit=$3 file
	rm -rf "$apt"
	mkdir -p "$apt"/{parts,lists,cache,src}
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		grep -E "^deb[[:space:]].*[[:space:]]$suites[[:space:]].*\<main\>" | sed "$edit" >"$apt/parts/system.list" || true
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] || continue
		sed '/^#/d' "$file" | awk -v RS= -v ORS='\n\n' "/\nSuites:[^\n]*[ \t]$suites([ \t\n]|\$)/ && /\nComponents:[^\n]*[ \t]main([ \t\n]|\$)/ || 0" |
			sed "$edit" >>"$apt/parts/system.sources"
	done
	apt_options=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists"
		-o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
}

### Trees: upstream's source as one commit, and one commit for each of our patches on it
#
# A tree keeps its state in TREE/.git/dios/:
#	base		the commit of upstream's source
#	upstream	the hash of what that was made from
#	head		the commit after the last patch, as make.bash made it
#	from		the hash of what that was made from, patches and all
#	busy		is there while make.bash changes the tree

# Git as it is by default, whoever runs it.
dgit() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
		GIT_AUTHOR_NAME="The DIOS Authors" GIT_AUTHOR_EMAIL=dios@example.org GIT_AUTHOR_DATE=2026-11-23T00:00:00Z \
		GIT_COMMITTER_NAME="The DIOS Authors" GIT_COMMITTER_EMAIL=dios@example.org \
		git -C "$@"
}

tree_state() { cat "$1/.git/dios/$2" 2>/dev/null || true; }
tree_set() { echo "$3" >"$1/.git/dios/$2.new" && mv "$1/.git/dios/$2.new" "$1/.git/dios/$2"; }

# What a tree is made from: upstream's source and what is done to it here; and the patches.
tree_upstream() { { cat "$1/UPSTREAM"; declare -f "$2"; } | digest; }
tree_from() { { tree_upstream "$1" "$2"; cat "$1"/0*.patch; } | digest; }

# tree_changed TREE: has somebody worked in it since make.bash made it?
tree_changed() {
	[ "$(dgit "$1" rev-parse HEAD)" != "$(tree_state "$1" head)" ] || [ -n "$(dgit "$1" status --porcelain)" ]
}

# tree_sum TREE: what is in it.
tree_sum() {
	dgit "$1" rev-parse HEAD
	dgit "$1" diff HEAD
	(cd "$1" && dgit . ls-files -z -o --exclude-standard | sort -z | xargs -0r sha256sum)
}

# tree_format TREE DIR: write the commits as patches.
tree_format() {
	dgit "$1" -c core.abbrev=12 format-patch -q --zero-commit --no-signature --no-numbered --no-stat \
		--diff-algorithm=myers -o "$2" "$(tree_state "$1" base)"
}

# tree_exported TREE PATCHES: are these the patches that the commits give?
tree_exported() {
	local tmp=build/format status=0
	rm -rf "$tmp"
	mkdir -p "$tmp"
	tree_format "$1" "$top/$tmp"
	diff -rq -x UPSTREAM -x config "$tmp" "$2" >/dev/null || status=1
	rm -rf "$tmp"
	return $status
}

tree_patch() {
	local tree=$1 patches=$2
	rm -rf "$tree/.git/rebase-apply"
	logged "$3" dgit "$tree" reset -q --hard "$(tree_state "$tree" base)"
	if ls "$patches"/0*.patch >/dev/null 2>&1; then
		logged "$3" dgit "$tree" am -q --committer-date-is-author-date --whitespace=nowarn "$top/$patches"/0*.patch
	fi
	tree_set "$tree" head "$(dgit "$tree" rev-parse HEAD)"
}

# tree NAME TREE PATCHES UNPACK: bring TREE up to date with PATCHES. UNPACK DIR makes upstream's source in DIR.
# Standard input lists what is there and no source, for .gitignore.
tree() {
	local name=$1 tree=$2 patches=$3 unpack=$4 from upstream new
	upstream=$(tree_upstream "$patches" "$unpack")
	from=$(tree_from "$patches" "$unpack")

	if [ -d "$tree" ] && [ ! -e "$tree/.git/dios/base" ]; then
		die "$tree/ is in the way: make.bash did not make it"
	fi
	if [ -d "$tree" ] && [ ! -e "$tree/.git/dios/busy" ]; then
		if [ "$(tree_state "$tree" from)" = "$from" ]; then
			if tree_changed "$tree"; then
				say "$name: building $tree/ with what you changed there (./make.bash -export writes its commits to $patches/)"
			fi
			return
		fi
		if tree_changed "$tree"; then
			if [ -z "$(dgit "$tree" status --porcelain)" ] && tree_exported "$tree" "$patches"; then
				tree_set "$tree" head "$(dgit "$tree" rev-parse HEAD)"
				tree_set "$tree" from "$from"
				return
			fi
			die "both $tree/ and $patches/ changed: ./make.bash -export keeps what is in $tree/, rm -rf $tree what is in $patches/"
		fi
	fi

	if [ ! -d "$tree" ] || [ "$(tree_state "$tree" upstream)" != "$upstream" ]; then
		new=build/${tree##*/}.new
		rm -rf "$new" "build/${tree##*/}.old"
		"$unpack" "$new"
		say "$name: making $tree/ of it and $patches/"
		dgit "$new" init -q -b main
		dgit "$new" config gc.auto 0
		mkdir "$new/.git/dios"
		cat >"$new/.git/info/exclude"
		cp "$new/.git/info/exclude" "$new/.git/dios/exclude"
		logged "$name" dgit "$new" clean -fdXq
		logged "$name" dgit "$new" add -A
		logged "$name" dgit "$new" commit -q -m "$(upstream "$patches/UPSTREAM" version)"
		tree_set "$new" upstream "$upstream"
		tree_set "$new" base "$(dgit "$new" rev-parse HEAD)"
		tree_patch "$new" "$patches" "$name"
		tree_set "$new" from "$from"
		[ ! -d "$tree" ] || mv "$tree" "build/${tree##*/}.old"
		mv "$new" "$tree"
		rm -rf "build/${tree##*/}.old"
		return
	fi
	say "$name: applying $patches/ anew"
	[ ! -e "$tree/.git/dios/busy" ] || rm -f "$tree/.git/index.lock" # of a git that was stopped with make.bash
	touch "$tree/.git/dios/busy"
	tree_patch "$tree" "$patches" "$name"
	tree_set "$tree" from "$from"
	rm "$tree/.git/dios/busy"
}

### go: the toolchain

unpack_go() {
	local module version info dir
	module=$(upstream patches/go/UPSTREAM module)
	version=$(upstream patches/go/UPSTREAM version)
	say "go: fetching $module $version"
	# A module cache of our own, so that the unpacked tree can be moved out of it instead of copied.
	if ! info=$(cd / && GOMODCACHE=$top/build/gomodcache GOFLAGS=-modcacherw GO111MODULE=on \
		go mod download -json "$module@$version" 2>>"$top/build/log/go" </dev/null); then
		die "cannot fetch $module@$version: $(printf '%s' "$info" | sed -n 's/.*"Error": "\(.*\)".*/\1/p')"
	fi
	[ "$(printf '%s' "$info" | sed -n 's/.*"Sum": "\(.*\)".*/\1/p')" = "$(upstream patches/go/UPSTREAM sum)" ] ||
		die "the sum of $module@$version is not the one in patches/go/UPSTREAM; did somebody change it on the way?"
	dir=$(printf '%s' "$info" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
	mv "$dir" "$1"
	chmod -R u+w "$1"
	# A module zip has no execute bits, and no go.mod below the top.
	grep -rlIZ -m1 '^#!' "$1" | while IFS= read -r -d '' file; do
		if [ "$(head -c 2 "$file")" = '#!' ]; then
			chmod +x "$file"
		fi
	done
	find "$1" -name _go.mod | while read -r file; do
		mv "$file" "${file%_go.mod}go.mod"
	done
	# A newer toolchain, which the go command would download because some go.mod wants it, does not know dios.
	sed -i 's/^GOTOOLCHAIN=auto$/GOTOOLCHAIN=local/' "$1/go.env"
}

# Copy src/ to goroot/src/. Files that only have the same path as one of Go's are refused: what we change is a patch.
overlay() {
	local sums=goroot/.git/dios/overlay list=build/overlay file clash sum
	(cd src && find . -type f -printf '%P\n' | sort) >"$list"
	clash=$(dgit goroot ls-files src | sed 's,^src/,,' | sort | comm -12 - "$list" | head -n 3)
	[ -z "$clash" ] || die "src/ must not have a file that Go has (make it a patch): ${clash//$'\n'/ }"
	(cd src && xargs -r -d '\n' sha256sum <"../$list") >"$list.sums"
	if cmp -s "$list.sums" "$sums" && (cd goroot/src && sha256sum --status -c "../../$sums" 2>/dev/null); then
		return
	fi
	say "go: copying src/ to goroot/src/"
	touch "$sums"
	while read -r sum file; do
		[ -e "goroot/src/$file" ] || continue
		# What lies there must be what we put there: somebody's edit is not thrown away.
		sum=$(sha256sum <"goroot/src/$file")
		grep -qxF "${sum%% *}  $file" "$sums" "$list.sums" ||
			die "goroot/src/$file was edited there; copy it to src/$file, or remove it"
	done < <(sort -u -k2 "$sums" "$list.sums")
	sort -u "$sums" "$list.sums" >"$sums.new" && mv "$sums.new" "$sums"
	# Git is not to see them: they are no patch.
	{ sed 's,^,/src/,' "$list"; echo /lib/dios/; cat goroot/.git/dios/exclude; } >goroot/.git/info/exclude
	while read -r file; do
		cmp -s "src/$file" "goroot/src/$file" && continue
		mkdir -p "$(dirname "goroot/src/$file")"
		cp "src/$file" "goroot/src/$file.make.bash"
		mv "goroot/src/$file.make.bash" "goroot/src/$file"
	done <"$list"
	while read -r sum file; do
		grep -qxF "$file" "$list" && continue
		rm -f "goroot/src/$file"
		rmdir -p --ignore-fail-on-non-empty "goroot/src/$(dirname "$file")" 2>/dev/null || true
	done <"$sums"
	cp "$list.sums" "$sums.new" && mv "$sums.new" "$sums"
}

part_go() {
	local hash dist tools
	tree go goroot patches/go unpack_go <<-'EXCLUDE'
		/bin/
		/pkg/
		/src/cmd/cgo/zdefaultcc.go
		/src/cmd/dist/dist
		/src/cmd/go/internal/cfg/zdefaultcc.go
		/src/cmd/internal/objabi/zbootstrap.go
		/src/internal/buildcfg/zbootstrap.go
		/src/internal/runtime/sys/zversion.go
		/src/time/tzdata/zzipdata.go
	EXCLUDE
	overlay
	# The wrapper that `go run` and `go test` find.
	mkdir -p goroot/lib/dios
	[ -L goroot/lib/dios/go_dios_amd64_exec ] || ln -s ../../../bin/dios goroot/lib/dios/go_dios_amd64_exec

	# The commands depend on the patches only: everything in src/ is for GOOS=dios.
	hash=$(tree_sum goroot | digest)
	fresh go "$hash" goroot/bin/go && return
	# dist generates files from these, and only a build from the start runs it.
	dist=$({ dgit goroot ls-files -s VERSION src/cmd/dist src/make.bash; dgit goroot diff HEAD VERSION src/cmd/dist; } | digest)
	if fresh go.dist "$dist" goroot/bin/go goroot/bin/gofmt; then
		say "go: building the commands that changed"
		tools=$(cd goroot/pkg/tool/linux_amd64 && printf 'cmd/%s ' *)
		# With dist's flags for a release. In a temporary directory beside the tree go renames what it made.
		mkdir -p build/tmp
		# shellcheck disable=SC2086
		if CGO_ENABLED=0 GOENV=off GOTMPDIR=$top/build/tmp goroot/bin/go install \
			-trimpath -ldflags=-w -gcflags=cmd/...=-dwarf=false cmd/go cmd/gofmt $tools >>build/log/go 2>&1 </dev/null; then
			stamp go "$hash"
			return
		fi
		say "go: that failed (build/log/go); building from the start"
	fi
	say "go: building the toolchain with $(go env GOVERSION)"
	rm -f build/stamps/go build/stamps/go.dist
	(
		cd goroot/src
		unset GOFLAGS # dist sets its own
		GOROOT_BOOTSTRAP=$(go env GOROOT) GOENV=off ./make.bash
	) >>build/log/go 2>&1 </dev/null || failed go "building the toolchain failed"
	stamp go.dist "$dist"
	stamp go "$hash"
}

### tools: the commands in cmd/, for the host

part_tools() {
	local hash
	hash=$({ go env GOVERSION; sums_of go.mod go.sum cmd internal abi; } | digest)
	fresh tools "$hash" bin/brand bin/dios bin/mkabi && return
	say "tools: building bin/brand, bin/dios, bin/mkabi"
	rm -rf build/bin
	mkdir -p build/bin bin
	# All but diosvet, which is the next part.
	logged tools env CGO_ENABLED=0 GOENV=off go build -trimpath -ldflags='-s -w' -o build/bin/ ./cmd/brand ./cmd/dios ./cmd/mkabi
	mv build/bin/* bin/
	stamp tools "$hash"
}

### diosvet: with our toolchain, since it reads that one's library, and a checker reads no newer Go than its own

part_diosvet() {
	local hash
	hash=$({ cat goroot/VERSION; sums_of go.mod go.sum cmd/diosvet; } | digest)
	fresh diosvet "$hash" bin/diosvet && return
	say "diosvet: building bin/diosvet"
	logged diosvet env CGO_ENABLED=0 GOENV=off GOOS=linux goroot/bin/go build -trimpath -ldflags='-s -w' -o bin/diosvet.new ./cmd/diosvet
	mv bin/diosvet.new bin/diosvet
	stamp diosvet "$hash"
}

### diosfs: the file service, a program for DIOS

part_diosfs() {
	local hash
	hash=$({ cat goroot/VERSION; sums_of go.mod cmd/diosfs internal/p9 src patches/go; } | digest)
	fresh diosfs "$hash" bin/diosfs && return
	say "diosfs: building bin/diosfs"
	logged diosfs env CGO_ENABLED=0 GOENV=off GOOS=dios GOARCH=amd64 goroot/bin/go build -trimpath -ldflags='-s -w -brand=dios-limbo' -o bin/diosfs.new ./cmd/diosfs
	mv bin/diosfs.new bin/diosfs
	stamp diosfs "$hash"
}

### dizibox: BusyBox with a shell that starts DIOS programs as they want

unpack_busybox() {
	local from=patches/busybox/UPSTREAM apt=$top/build/apt package version suite apt_options
	package=$(upstream $from package)
	version=$(upstream $from version)
	suite=$(upstream $from suite)
	say "dizibox: fetching Debian's source package $package $version"
	own_apt "$apt" "$suite(-security|-updates)?" "s/^deb/deb-src/; s/^Types:.*/Types: deb-src/"
	logged dizibox apt-get "${apt_options[@]}" update
	(cd "$apt/src" && apt-get "${apt_options[@]}" source --download-only "$package=$version") >>build/log/dizibox 2>&1 </dev/null ||
		failed dizibox "cannot fetch the source package $package $version"
	(cd "$apt/src" && upstream "$top/$from" sum | sed 's/ /  /' | sha256sum -c --quiet) >>build/log/dizibox 2>&1 </dev/null ||
		failed dizibox "the sums of $package are not those in $from"
	logged dizibox dpkg-source --no-check -x "$apt/src"/*.dsc "$apt/src/tree"
	mv "$apt/src/tree" "$1"
	rm -rf "$apt"
}

part_dizibox() {
	local hash obj=build/busybox.obj make
	tree dizibox build/busybox patches/busybox unpack_busybox </dev/null
	hash=$({ tree_sum build/busybox; cat patches/busybox/config abi/dios.h; gcc -dumpfullversion; } | digest)
	fresh dizibox "$hash" bin/dizibox && return
	say "dizibox: building it"
	half_made dizibox && rm -rf $obj
	mkdir -p $obj bin
	make=(make -C build/busybox "O=$top/$obj" "DIOS_ABI=$top/abi" KCONFIG_NOTIMESTAMP=1)
	# BusyBox takes no file of answers. So: everything off; the lines that are ours, and those of features, out; ours
	# in; and the defaults for what is then not answered, the features of what is on.
	logged dizibox "${make[@]}" allnoconfig
	sed -n 's/^\(CONFIG_[A-Za-z0-9_]*\)=.*/^\1=\n^# \1 is not set$/p' patches/busybox/config >$obj/ours
	printf '^# CONFIG_%s.* is not set\n' ASH_ FEATURE_ >>$obj/ours
	{ grep -v -f $obj/ours $obj/.config; cat patches/busybox/config; } >$obj/.config.new
	mv $obj/.config.new $obj/.config
	yes '' | "${make[@]}" oldconfig >>build/log/dizibox 2>&1 || [ "${PIPESTATUS[1]}" -eq 0 ] ||
		failed dizibox "make oldconfig failed"
	grep '^CONFIG_' patches/busybox/config | grep -vxFf $obj/.config >>build/log/dizibox &&
		failed dizibox "patches/busybox/config has options that BusyBox did not take"
	logged dizibox "${make[@]}" -j"$(nproc)" busybox
	cp $obj/busybox $obj/dizibox
	logged dizibox bin/brand set legacy-limbo $obj/dizibox
	mv $obj/dizibox bin/dizibox
	made dizibox "$hash"
}

### kernel: the module, for the cloud kernel that is installed

module_sources() { find kernel abi -type f -not -path 'kernel/dal/hosted/*' -not -name '*.mod.c' \( -name '*.[chS]' -o -name Kbuild \) | sort; }

# The version of the kernel to build for and to boot: DIOS_KERNEL, or the newest with headers and an image.
kernel_version() {
	local v
	if [ -n "${DIOS_KERNEL:-}" ]; then
		[ -e "/lib/modules/$DIOS_KERNEL/build/Makefile" ] || die "DIOS_KERNEL: /lib/modules/$DIOS_KERNEL/build is not there; install linux-headers-$DIOS_KERNEL"
		echo "$DIOS_KERNEL"
		return
	fi
	for v in $(cd /lib/modules && printf '%s\n' *-cloud-amd64 | sort -rV); do
		if [ -e "/lib/modules/$v/build/Makefile" ] && [ -e "/boot/vmlinuz-$v" ]; then
			echo "$v"
			return
		fi
	done
	die "no cloud kernel has both its headers in /lib/modules and its image in /boot; install linux-headers-cloud-amd64 and linux-image-cloud-amd64"
}

part_kernel() {
	local version hash make
	version=$(kernel_version)
	hash=$({ echo "$version"; gcc -dumpfullversion; module_sources | xargs sha256sum; } | digest)
	fresh kernel "$hash" kernel/dios.ko && return
	say "kernel: building dios.ko for $version"
	make=(make -C "/lib/modules/$version/build" "M=$top/kernel")
	half_made kernel && logged kernel "${make[@]}" clean
	[ "$(cat build/kernel.version 2>/dev/null)" = "$version" ] || logged kernel "${make[@]}" clean
	echo "$version" >build/kernel.version
	logged kernel "${make[@]}" -j"$(nproc)" modules
	made kernel "$hash"
}

### image: what the virtual machine boots

part_image() {
	local version hash
	version=$(kernel_version)
	hash=$({ echo "$version"; sums_of bin/dios bin/dizibox kernel/dios.ko "/boot/vmlinuz-$version"; } | digest)
	fresh image "$hash" "build/vm/$version/initrd" build/vm/default && return
	say "image: making the virtual machine's"
	logged image bin/dios image -kernel "$version" -dios-ko kernel/dios.ko -busybox bin/dizibox
	echo "$version" >build/vm/default # what boots if nobody says otherwise
	stamp image "$hash"
}

### dkms: the Debian package with the module's source, for hosts that want DIOS themselves

module_version() { sed -n 's/^MODULE_VERSION("\(.*\)");$/\1/p' kernel/main.c; }

# module_tree DIR: the module's source as it lies in /usr/src/dios-VERSION.
module_tree() {
	local file
	while read -r file; do
		cmp -s "$file" "$1/$file" || install -D -m 644 "$file" "$1/$file" || return
	done < <(module_sources)
	sed "s/#MODULE_VERSION#/$(module_version)/" kernel/dkms.conf >"$1/dkms.conf"
}

part_dkms() {
	local version hash deb root=build/dkms file
	version=$(module_version)
	deb=build/dios-dkms_${version}_all.deb
	hash=$({ declare -f part_dkms module_tree; module_sources | xargs sha256sum; sums_of kernel/dkms.conf kernel/debian; } | digest)
	fresh dkms "$hash" "$deb" && return
	say "dkms: making $deb"
	rm -rf $root
	module_tree "$root/usr/src/dios-$version"
	install -D -m 644 kernel/debian/modules-load.conf $root/usr/lib/modules-load.d/dios.conf
	install -D -m 644 kernel/debian/udev.rules $root/usr/lib/udev/rules.d/60-dios.rules
	install -D -m 644 kernel/debian/copyright $root/usr/share/doc/dios-dkms/copyright
	mkdir $root/DEBIAN
	for file in control postinst prerm; do
		sed "s/#MODULE_VERSION#/$version/" kernel/debian/$file >$root/DEBIAN/$file
	done
	chmod 755 $root/DEBIAN/postinst $root/DEBIAN/prerm
	chmod -R u=rwX,go=rX $root
	# The same bytes from the same sources.
	find $root -exec touch -h -d @1795392000 {} +
	logged dkms env SOURCE_DATE_EPOCH=1795392000 dpkg-deb --root-owner-group -Zxz -b $root "$deb.new"
	mv "$deb.new" "$deb"
	rm -rf $root
	stamp dkms "$hash"
}

### backport: the module, and a machine, for a second kernel: the cloud kernel of Debian's backports

# The kernel lies in build/backport/ as it would in /, and is not installed. Its version stands in build/backport/version.
unpack_backport() {
	local apt=$top/build/backport.apt suite new=build/backport.new version apt_options
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	own_apt "$apt" "$suite" "s/\<$suite\>/$suite-backports/; /^Suites:/s/.*/Suites: $suite-backports/"
	apt-get "${apt_options[@]}" update || return
	version=$(apt-cache "${apt_options[@]}" -t "$suite-backports" depends linux-image-cloud-amd64 | sed -n 's/^  Depends: linux-image-\([0-9].*\)$/\1/p')
	[ -n "$version" ] || { echo "$suite-backports has no linux-image-cloud-amd64"; return 1; }
	rm -rf "$new"
	mkdir -p "$new"
	(cd "$apt/src" && apt-get "${apt_options[@]}" download "linux-image-$version" "linux-headers-$version" \
		"linux-headers-${version%-cloud-amd64}-common" "linux-kbuild-${version%-cloud-amd64}") || return
	for deb in "$apt"/src/*.deb; do
		dpkg-deb -x "$deb" "$new" || return
	done
	# What the packages would do when they are installed.
	sed -i "s,/usr/src/,$top/build/backport/usr/src/," "$new/usr/src/linux-headers-$version/Makefile" || return
	/sbin/depmod -b "$new" "$version" || return
	echo "$version" >"$new/version"
	rm -rf "$apt" build/backport
	mv "$new" build/backport
}

part_backport() {
	local version hash dir ko
	if [ ! -e build/backport/version ]; then
		say "backport: fetching the cloud kernel of Debian's backports"
		# The rest is whole without it, and not every mirror has backports.
		unpack_backport >>build/log/backport 2>&1 </dev/null || {
			say "backport: SKIP: cannot fetch that kernel; all of the output is in build/log/backport"
			return
		}
	fi
	version=$(cat build/backport/version)
	dir=build/kernel/$version
	ko=$dir/kernel/dios.ko
	hash=$({ echo "$version"; gcc -dumpfullversion; module_sources | xargs sha256sum; sums_of bin/dios bin/dizibox; } | digest)
	fresh backport "$hash" "$ko" "build/vm/$version/initrd" && return
	say "backport: building dios.ko and the virtual machine's image for $version"
	half_made backport && rm -rf "$dir"
	module_tree "$dir"
	logged backport make -C "build/backport/usr/src/linux-headers-$version" "M=$top/$dir/kernel" -j"$(nproc)" modules
	logged backport bin/dios image -kernel "$version" -dios-ko "$ko" -busybox bin/dizibox \
		-vmlinuz "build/backport/boot/vmlinuz-$version" -modules "build/backport/lib/modules/$version"
	made backport "$hash"
}

### dlibc: the C library and the C programs

part_dlibc() {
	local hash
	hash=$({ gcc -dumpfullversion; sums_of dlibc testdata/c abi bin/brand -not -name '*.stdout'; } | digest)
	fresh dlibc "$hash" build/dlibc/libdlibc.a && return
	say "dlibc: building build/dlibc/libdlibc.a and the C programs"
	half_made dlibc && rm -rf build/dlibc
	logged dlibc make -C dlibc -j"$(nproc)"
	made dlibc "$hash"
}

### kasan: a kernel that checks itself, for the kasan tier of run.bash
#
# All of it lies in build/kasan-kernel/:
#	src, obj	Debian's source, and what was built of it with kernel/kasan/config
#	kernel		bzImage and the modules, as DIR/boot and DIR/lib/modules have them
#	dios		our sources again: kernel/ has the module of another kernel
#	root		a tree with bin/, goroot/ and build/vm/, for DIOS_ROOT

kasan_packages=(linux-source-6.1 flex bison bc libelf-dev libssl-dev lz4 xz-utils)

part_kasan() {
	local dir=build/kasan-kernel hash version make
	packages+=("${kasan_packages[@]}")
	part_packages
	hash=$({ dpkg-query -W -f '${Version}\n' linux-source-6.1; cat kernel/kasan/config; gcc -dumpfullversion; } | digest)
	if ! fresh kasan-kernel "$hash" $dir/kernel/boot/bzImage; then
		say "kasan: building a kernel with sanitizers, for some ten minutes (build/log/kasan)"
		rm -f build/stamps/kasan-kernel
		if [ "$(cat $dir/source 2>/dev/null)" != "$(dpkg-query -W -f '${Version}' linux-source-6.1)" ]; then
			rm -rf $dir
			mkdir -p $dir
			logged kasan tar -C $dir -xf /usr/src/linux-source-6.1.tar.xz
			mv $dir/linux-source-6.1 $dir/src
			dpkg-query -W -f '${Version}' linux-source-6.1 >$dir/source
		fi
		mkdir -p $dir/obj
		make=(nice make -s -C $dir/src "O=$top/$dir/obj")
		logged kasan "${make[@]}" x86_64_defconfig
		logged kasan "${make[@]}" kvm_guest.config
		logged kasan $dir/src/scripts/kconfig/merge_config.sh -m -O $dir/obj $dir/obj/.config kernel/kasan/config
		logged kasan "${make[@]}" olddefconfig
		# What is to be off may be unknown there; what is to be on must be.
		grep '^CONFIG_' kernel/kasan/config | grep -vxFf $dir/obj/.config >>build/log/kasan &&
			failed kasan "kernel/kasan/config has options that this kernel did not take"
		logged kasan "${make[@]}" -j"$(nproc)" bzImage modules
		rm -rf $dir/kernel
		logged kasan "${make[@]}" "INSTALL_MOD_PATH=$top/$dir/kernel" INSTALL_MOD_STRIP=1 modules_install
		mkdir -p $dir/kernel/boot
		cp $dir/obj/arch/x86/boot/bzImage $dir/kernel/boot/
		stamp kasan-kernel "$hash"
	fi
	version=$(cat $dir/obj/include/config/kernel.release)

	hash=$({ echo "$hash"; module_sources | xargs sha256sum; sums_of bin/dios bin/dizibox; } | digest)
	fresh kasan "$hash" "$dir/root/build/vm/$version/initrd" && return
	say "kasan: building dios.ko for $version, and the virtual machine's image"
	mkdir -p $dir/root/build
	module_tree $dir/dios
	logged kasan nice make -C $dir/obj "M=$top/$dir/dios/kernel" -j"$(nproc)" modules
	ln -sfn ../../../bin $dir/root/bin
	ln -sfn ../../../goroot $dir/root/goroot
	DIOS_ROOT=$top/$dir/root logged kasan bin/dios image -kernel "$version" -dios-ko $dir/dios/kernel/dios.ko -busybox bin/dizibox \
		-vmlinuz $dir/kernel/boot/bzImage -modules "$dir/kernel/lib/modules/$version"
	stamp kasan "$hash"
}

### hello: the first program

part_hello() {
	local status=0
	say "hello: GOOS=dios goroot/bin/go build ./testdata/hello"
	logged hello env GOOS=dios goroot/bin/go build -o build/hello ./testdata/hello
	bin/brand show build/hello
	say "hello: bin/dios run build/hello"
	# Without the lock: a machine that stays must not keep it.
	bin/dios run build/hello 9>&- </dev/null || status=$?
	[ $status -eq 0 ] || die "hello: it ended with status $status"
}

### modules: those of others whose tests TestGoModules runs, in the user's module cache

part_modules() {
	local dir=internal/progtest/testdata/modules
	# The cache is the user's and may be emptied: no stamp, but a look at it, for which the go command needs no network.
	(cd $dir && GOPROXY=off go mod download) >>build/log/modules 2>&1 </dev/null && return
	say "modules: fetching those that $dir/go.mod names"
	(cd $dir && go mod download) >>build/log/modules 2>&1 </dev/null || failed modules "cannot fetch them"
}

### The rest

trees() {
	echo goroot patches/go unpack_go
	echo build/busybox patches/busybox unpack_busybox
}

export_patches() {
	local tree patches unpack file
	while read -r tree patches unpack; do
		[ -e "$tree/.git/dios/base" ] || die "there is no $tree/ to export from; run ./make.bash first"
		[ -z "$(dgit "$tree" status --porcelain)" ] || die "$tree/ has changes that are not committed"
		rm -rf build/format
		mkdir -p build/format
		tree_format "$tree" "$top/build/format"
		for file in "$patches"/0*.patch; do
			[ -e "build/format/${file##*/}" ] || rm -f "$file"
		done
		for file in build/format/*; do
			cmp -s "$file" "$patches/${file##*/}" || { mv "$file" "$patches/" && say "export: $patches/${file##*/}"; }
		done
		rm -rf build/format
		tree_set "$tree" head "$(dgit "$tree" rev-parse HEAD)"
		tree_set "$tree" from "$(tree_from "$patches" "$unpack")"
	done < <(trees)
}

check() {
	local tree patches unpack file bad=0
	while read -r tree patches unpack; do
		[ -e "$tree/.git/dios/base" ] || die "there is no $tree/ to check; run ./make.bash first"
		if [ -n "$(dgit "$tree" status --porcelain)" ]; then
			echo "make.bash: $tree/ has changes that are not committed" >&2
			bad=1
		elif ! tree_exported "$tree" "$patches"; then
			echo "make.bash: $patches/ is not what the commits in $tree/ give; run ./make.bash, or ./make.bash -export" >&2
			bad=1
		fi
	done < <(trees)
	while read -r file; do
		cmp -s "src/$file" "goroot/src/$file" || {
			echo "make.bash: goroot/src/$file is not src/$file; run ./make.bash" >&2
			bad=1
		}
	done < <(cd src && find . -type f -printf '%P\n')
	exit $bad
}

clean() {
	local tree patches unpack
	while read -r tree patches unpack; do
		[ -e "$tree/.git/dios/base" ] || continue
		! tree_changed "$tree" || tree_exported "$tree" "$patches" && [ -z "$(dgit "$tree" status --porcelain)" ] ||
			die "$tree/ has changes that are not in $patches/; ./make.bash -export keeps them, rm -rf $tree throws them away"
	done < <(trees)
	find kernel \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '*.d' \
		-o -name Module.symvers -o -name modules.order \) -type f -delete
	rm -rf goroot bin build
}

begin() {
	mkdir -p build/log build/stamps
	exec 9>build/lock
	flock -n 9 || { say "waiting for another make.bash"; flock 9; }
}

mode=build
case ${1:-} in
-export | -check | -clean)
	[ $# -eq 1 ] || { echo "$usage" | head -n 1 >&2; exit 2; }
	mode=${1#-}
	;;
-h | -help | --help)
	echo "$usage"
	exit
	;;
esac
[ $mode != build ] || for part; do
	case $part in
	go | tools | diosvet | diosfs | dizibox | kernel | image | dkms | backport | dlibc | modules | hello | kasan) ;;
	*)
		echo "make.bash: $part is no part and no option; ./make.bash -help lists them" >&2
		exit 2
		;;
	esac
done

begin
case $mode in
export) export_patches; exit ;;
check) check ;;
clean) clean; exit ;;
esac
find build/log -type f ! -name 'run*' -delete # those are of a run.bash, which may be at work
part_packages
if [ $# -gt 0 ]; then
	# A part needs those before it.
	wanted=" $* "
	for part in tools dizibox kernel image dlibc modules go diosvet diosfs hello kasan; do
		case $part$wanted in
		tools*\ dizibox\ * | dizibox*\ image\ * | tools*\ image\ * | kernel*\ image\ * | tools*\ backport\ * | tools*\ dlibc\ * | tools*\ kasan\ * | dizibox*\ kasan\ * | dizibox*\ backport\ * | go*\ diosvet\ * | go*\ diosfs\ * | *\ hello\ * | *\ "$part"\ *) part_"$part" ;;
		esac
	done
	# The package holds the module's source; a second to keep it so.
	case $wanted in *\ dkms\ * | *\ kernel\ * | *\ image\ *) part_dkms ;; esac
	case $wanted in *\ backport\ *) part_backport ;; esac
	exit
fi

# The toolchain takes longest, and one of two processors is often idle in it: all else beside it.
set -m # so that it can be ended as a group
(
	part_tools
	part_dlibc
	part_dizibox
	part_kernel
	part_image
	part_dkms
	part_backport
	part_modules
) &
side=$!
set +m
trap 'kill -TERM -- -$side 2>/dev/null || true' EXIT
part_go
part_diosvet
part_diosfs
wait $side || exit 1
trap - EXIT
part_hello
