# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A kernel of Debian boots with the nodes that generate finds in its modules, and each of them
# is opened; some again, with this and that in modprobe.d. What explain says of all this has to
# be what happens. Run by the scripts that name the kernel and what /dev is.

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$top_srcdir/testsuite/lib/tap.sh"
. "$top_srcdir/testsuite/lib/kernels.sh"
. "$top_srcdir/testsuite/boot/machine.sh"
. "$top_srcdir/testsuite/boot/image.sh"
. "$top_srcdir/testsuite/boot/cases.sh"
. "$top_srcdir/testsuite/boot/explain.sh"
PATH=$PATH:/usr/sbin:/sbin

# Seconds; a guest takes 10, or 50 on a busy machine.
: "${BOOT_TIMEOUT:=240}"

# Why this cannot be done here, or nothing if it can.
boot_missing() { # NAME
	kernel_missing "$1"
	for program in "$(machine_qemu "$(machine_arch "$1")")" cpio modprobe "$DEPMOD"; do
		command -v "$program" >/dev/null || echo "$program is not installed"
	done
	tool=$(machine_tool "$(machine_arch "$1")")
	[ -x "$tool" ] || echo "no static tool in ${tool%/*}; runtests makes it"
	[ -d "$KERNELS/$1/boot" ] && [ -d "$KERNELS/boot-$1" ] ||
		echo "no files for the guest; get them with testsuite/boot/fetch '$KERNELS' $1"
}

# Leaves in the current directory the lists, what the guest printed, and its lines in "results".
boot() { # NAME DEV
	version=$(kernel_version "$1")
	: > list
	: > wrong
	: > results
	make_tree "$1" "$version"
	make_lists "$version"
	make_initramfs "$1" "$version"
	status=0
	machine_boot "$(machine_arch "$1")" "$KERNELS/$1/boot/vmlinuz-$version" initramfs \
		"DEV=$2" > console 2>&1 || status=$?
	tr -d '\r' < console | sed -n 's/^@//p' > results
	return "$status"
}

# A line for each case.
cases() {
	echo test_guest_runs_to_its_end
	echo test_list_is_what_depmod_writes
	echo test_making_nodes_succeeds_and_loads_nothing
	echo test_static_tool_lists_the_nodes
	echo test_mapper_control_loads_dm_mod
	echo test_module_that_is_not_of_the_kernel_loads
	grep -vE "^(dm_mod|kmod_devname_boot|$REFUSED) " list | sed 's/^/test_node /'
	grep "^$REFUSED " list | sed 's/^/test_refused /'
	grep -vxF -f list wrong | sed 's/^/test_wrong_number /'
	echo test_no_number_is_judged_wrong_but_these
	echo test_anybody_loads_through_mode_666
	echo test_nobody_but_root_loads_through_mode_600
	echo test_loading_leaves_nodes_as_they_are
	grep -v "^$REFUSED " list | sed 's/^/test_explain_agrees /'
	grep "^$REFUSED " list | sed 's/^/test_explain_agrees_but_for_the_hardware /'
	grep -vxF -f list wrong | sed 's/^/test_explain_agrees_on_wrong_number /'
	awk -F '|' '!/^#/ { print "test_configured", NR, $1, $2 }' "$CONFIGURATIONS"
	echo test_explain_without_the_statements_is_judged_wrong
}

run_boot() { # NAME DEV [REFUSED-MODULE]
	BOOT_REASON=$(boot_missing "$1" | head -n 1)
	[ -z "$BOOT_REASON" ] || { echo "1..0 # SKIP $BOOT_REASON"; exit; }
	BOOT=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-boot.XXXXXX") || exit 1
	trap 'rm -rf "$BOOT"' EXIT
	BOOT_STATUS=0 BOOT_VERSION=$(kernel_version "$1") REFUSED=${3:-none}
	# the boot's own shell, so that -e holds in all of it
	(
		trap - EXIT
		cd "$BOOT" || exit 1
		set -eu
		boot "$1" "$2"
	) > "$BOOT/log" 2>&1 &
	wait $! || BOOT_STATUS=$?
	sed -n 's/^end /# the guest ran: /p' "$BOOT/results"
	(cd "$BOOT" && cases) > "$BOOT/cases"
	run_cases "$BOOT/cases"
}
