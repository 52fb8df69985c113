# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the tests of the packages share: modules that are made by the compiler.

# module FILE ALIAS...
module() {
	module_file=$1
	shift
	mkdir -p "$(dirname "$module_file")"
	for module_alias; do
		printf '__asm__(".section .modinfo,\\"a\\"; .asciz \\"alias=%s\\"");\n' "$module_alias"
	done | gcc -x c -c -o "$module_file" -
}

# kernel DIRECTORY: two modules with nodes, and the order in which their lines come.
kernel() {
	module "$1/kernel/tun.ko" devname:net/tun char-major-10-200
	module "$1/kernel/fuse.ko" devname:fuse char-major-10-229
	printf 'kernel/%s.ko\n' fuse tun > "$1/modules.order"
}

# same FILE: it must be what depmod would write for such a kernel.
same() {
	diff -u - "$1" <<-'LINES'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	tun net/tun c10:200
	LINES
}
