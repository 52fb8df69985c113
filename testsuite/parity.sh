#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What generate writes for real kernels is byte for byte what depmod writes: for several
# architectures, with modules in every compression, and for any number of threads.

. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kernels.sh"

# Debian's kernels declare 18 nodes or more; below this something was not looked at.
NODES_MIN=5

need() { # KERNEL FORMAT
	[ -x "$DEPMOD" ] || command -v "$DEPMOD" >/dev/null || skip "depmod is not installed"
	reason=$(kernel_missing "$1")
	[ -z "$reason" ] || skip "$reason"
	reason=$(format_missing "$2")
	[ -z "$reason" ] || skip "$reason"
}

# Puts what depmod makes of a kernel into the file "NAME-FORMAT.depmod".
run_depmod() { # KERNEL FORMAT
	from=$(kernel_tree "$1" "$2")
	version=$(kernel_version "$1")
	copy_tree "$from/lib/modules/$version" "$PWD/scratch/lib/modules/$version"
	# it is a copy of the package, in which depmod never ran
	rm -f "scratch/lib/modules/$version/modules.devname"
	"$DEPMOD" -b "$PWD/scratch" "$version" 2> depmod.messages ||
		fail "depmod failed: $(cat depmod.messages)"
	cp "scratch/lib/modules/$version/modules.devname" "$1-$2.depmod"
	rm -rf scratch
	nodes=$(grep -vc '^#' "$1-$2.depmod") || fail "depmod found no node in $from"
	[ "$nodes" -ge "$NODES_MIN" ] || fail "depmod found only $nodes nodes in $from"
}

# Runs generate and wants the bytes of a file, and silence.
generates() { # KERNEL FORMAT EXPECTED [OPTION...]
	from=$(kernel_tree "$1" "$2")
	version=$(kernel_version "$1")
	expected=$3
	shift 3
	status 0 kmod-devname generate "$@" -b "$from" --output "$PWD/ours" "$version" \
		> printed 2> messages
	[ ! -s messages ] || fail "$* said: $(head -n 20 messages)"
	[ ! -s printed ] || fail "$* printed: $(head -n 20 printed)"
	cmp "$expected" ours || {
		diff -u "$expected" ours || :
		fail "not what depmod writes for $from"
	}
	rm ours
}

compare() { # KERNEL
	need "$1" plain
	run_depmod "$1" plain
	generates "$1" plain "$1-plain.depmod"
}

# Modules of the same kernel compressed: both must find what they find in plain ones. A depmod
# that cannot read the format would say nothing and find nothing, and is not asked.
compare_compressed() { # FORMAT
	need amd64 "$1"
	run_depmod amd64 plain
	if depmod_reads "$1"; then
		run_depmod amd64 "$1"
		cmp amd64-plain.depmod "amd64-$1.depmod"
	fi
	generates amd64 "$1" amd64-plain.depmod
}

test_amd64() {
	compare amd64
}

test_cloud_amd64() {
	compare cloud-amd64
}

# As Debian ships it: .ko.xz.
test_amd64_6_12() {
	need amd64-6.12 xz
	depmod_reads xz || skip "this depmod does not read xz"
	run_depmod amd64-6.12 plain
	generates amd64-6.12 plain amd64-6.12-plain.depmod
}

test_arm64() {
	compare arm64
}

test_armhf() {
	compare armhf
}

test_i386() {
	compare i386
}

# big-endian
test_s390x() {
	compare s390x
}

test_amd64_gz() {
	compare_compressed gz
}

test_amd64_xz() {
	compare_compressed xz
}

test_cloud_amd64_xz_of_many_blocks() {
	# shellcheck disable=SC2034 # for kernels.sh
	PACKING=blocks
	need cloud-amd64 xz
	find "$(kernel_tree cloud-amd64 xz)" -name '*.ko.xz' -exec xz --robot --list {} + > list
	[ "$(awk '$1 == "file" && $3 > 3' list | wc -l)" -gt 0 ]
	run_depmod cloud-amd64 plain
	generates cloud-amd64 xz cloud-amd64-plain.depmod
	generates cloud-amd64 xz cloud-amd64-plain.depmod --threads 1
}

test_amd64_zst() {
	compare_compressed zst
}

test_any_number_of_threads() {
	need cloud-amd64 xz
	run_depmod cloud-amd64 plain
	for threads in 1 2 8 64; do
		generates cloud-amd64 xz cloud-amd64-plain.depmod --threads "$threads"
	done
}

run_tests "$@"
