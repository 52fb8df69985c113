#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What generate writes for a real kernel whose modules have many blocks does not depend on which
# thread decompresses a block.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"
# shellcheck source=testsuite/real/parity-kernel.sh
. "$top_srcdir/testsuite/real/parity-kernel.sh"

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

run_tests "$@"
