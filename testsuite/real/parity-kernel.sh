# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What depmod writes for a real kernel, and generate. To be sourced after tap.sh and kernels.sh.

: "${DEPMOD:?}"

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
