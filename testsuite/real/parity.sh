#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What generate writes for a real kernel is byte for byte what depmod writes. parity-others.sh has
# other architectures, and modules in every compression.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"
# shellcheck source=testsuite/real/parity-kernel.sh
. "$top_srcdir/testsuite/real/parity-kernel.sh"

test_amd64() {
	need amd64 plain
	run_depmod amd64 plain
	generates amd64 plain amd64-plain.depmod
}

test_amd64_of_newer_kmod() {
	use_newer_kmod
	need amd64 plain
	run_depmod amd64 plain
	generates amd64 plain amd64-plain.depmod
}

# As Debian 13 ships it: .ko.xz.
test_amd64_6_12_of_newer_kmod() {
	use_newer_kmod
	need amd64-6.12 xz
	run_depmod amd64-6.12 plain
	generates amd64-6.12 plain amd64-6.12-plain.depmod
}

run_tests "$@"
