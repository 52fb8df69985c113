#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# As parity.sh, for several architectures, and with modules in every compression.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"
# shellcheck source=testsuite/real/parity-kernel.sh
. "$top_srcdir/testsuite/real/parity-kernel.sh"

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

test_arm64_6_12() {
	use_newer_kmod
	need arm64-6.12 xz
	run_depmod arm64-6.12 plain
	generates arm64-6.12 plain arm64-6.12-plain.depmod
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

test_amd64_zst() {
	compare_compressed zst
}

run_tests "$@"
