# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What a boot has to show. What counts is that opening a node loads its module: it may succeed
# without that, where something else has the number. Whatever fails prints the guest's line,
# which says what the kernel asked modprobe for, and how that ended. For boot.sh.

# The guest's line on a node: also in the file "result".
result() { # TITLE NAME
	awk -v title="$1" -v name="$2" '$1 == title && $3 == name' "$BOOT/results" > result
	[ "$(wc -l < result)" -eq 1 ] || fail "no line of the guest on $2"
	cat result
}

# Of the guest's lines those where opening the node loaded its module.
autoloads() {
	grep -E ' before=0 .* open=ok loaded=yes '
}

test_guest_runs_to_its_end() {
	tail -n 20 "$BOOT/log"
	[ ! -e "$BOOT/console" ] || tr -d '\r' < "$BOOT/console" | tail -n 40
	[ "$BOOT_STATUS" -eq 0 ] || fail "exit status $BOOT_STATUS"
	grep '^end ' "$BOOT/results"
}

# generate ran first, when there was nothing of depmod to look at.
test_list_is_what_depmod_writes() {
	same "$BOOT/list.devname" < "$BOOT/list.depmod"
}

# Built for that machine, whatever its byte order.
test_static_tool_lists_the_nodes() {
	sed 's/\(.*\) \(.*\) \([bc]\)\(.*\)/\2 \3 \4 \1/; s/ b / block /; s/ c / char /' \
		"$BOOT/list" > expected
	sed -n 's/^listed //p' "$BOOT/results" | same expected
}

test_making_nodes_succeeds_and_loads_nothing() {
	grep -x 'made status=0 loaded=0' "$BOOT/results"
}

test_node() { # MODULE NAME NUMBER
	result node "$2"
	autoloads < result
}

# The case that started it all: lvm(8) opens it before anything has loaded dm_mod.
test_mapper_control_loads_dm_mod() {
	grep -x 'dm_mod mapper/control c10:236' "$BOOT/list"
	test_node dm_mod mapper/control c10:236
}

test_module_that_is_not_of_the_kernel_loads() {
	[ ! -e "$BOOT/no-compiler" ] || skip "$(cat "$BOOT/no-compiler") is not installed"
	grep -x 'kmod_devname_boot kmod-devname/boot c10:35' "$BOOT/list"
	test_node kmod_devname_boot kmod-devname/boot c10:35
}

# Emulation lacks the hardware: the module is asked for and found, and does not start.
test_refused() { # MODULE NAME NUMBER
	result node "$2"
	asked=char-major-$(echo "${3#c}" | tr ':' '-')
	grep -E " before=0 .* open=No_such_device loaded=no .* asked=$asked=1," result
}

# The control: a node that does not load its module must be seen not to.
test_wrong_number() { # MODULE NAME NUMBER
	result wrong "$2"
	status 1 autoloads < result
	grep -E ' before=0 .* loaded=no ' result
}

test_no_number_is_judged_wrong_but_these() {
	grep -vxF -f "$BOOT/list" "$BOOT/wrong" > changed
	[ "$(wc -l < changed)" -eq 3 ] || fail "not three wrong numbers: $(cat changed)"
	{ cat changed; grep "^$REFUSED " "$BOOT/list" || :; } | cut -d' ' -f2 | sort > expected
	grep '^wrong ' "$BOOT/results" > wrong
	[ "$(wc -l < wrong)" -eq "$(wc -l < "$BOOT/list")" ] || fail "lines are missing"
	autoloads < wrong > right
	grep -vxF -f right wrong | cut -d' ' -f3 | sort | same expected
}

test_anybody_loads_through_mode_666() {
	result nobody fuse
	grep ' mode=666 ' result | autoloads
}

test_nobody_but_root_loads_through_mode_600() {
	result nobody mapper/control
	grep -E ' before=0 mode=600 open=Permission_denied loaded=no kept=yes asked= modules=$' result
}

# The kernel makes a node where there is none, with the mode that the driver wants; the one that
# is there it leaves alone. Without a rule fuse, for one, would be 0600.
test_loading_leaves_nodes_as_they_are() {
	grep '^node ' "$BOOT/results" > nodes
	[ "$(wc -l < nodes)" -eq "$(wc -l < "$BOOT/list")" ] || fail "lines are missing"
	status 1 grep -v ' kept=yes ' nodes
	result node fuse
	grep ' mode=666 .* loaded=yes ' result
}
