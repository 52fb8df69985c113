# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What a guest boots with: the tree of modules, the lists of nodes, the initramfs. All of it is
# made in the current directory. For boot.sh, which sources tap.sh and kernels.sh first.

: "${top_srcdir:?}" "${KERNELS:?}" "${DEPMOD:?}"

CONFIGURATIONS=$top_srcdir/testsuite/boot/configurations

# Puts the kernel's modules into "tree", and beside them one that is not of the kernel.
make_tree() { # NAME VERSION
	copy_tree "$KERNELS/$1/lib/modules/$2" "$PWD/tree/lib/modules/$2"
	headers=$KERNELS/boot-$1/headers/usr/src/linux-headers-$2
	compiler=$(module_compiler "$1" "$headers")
	if command -v "$compiler"; then
		build_module "$1" "$headers"
		mkdir "tree/lib/modules/$2/updates"
		cp module/kmod-devname-boot.ko "tree/lib/modules/$2/updates/"
	else
		echo "$compiler" > no-compiler
	fi
}

# The one that the kernel was built with, from here or for another architecture.
module_compiler() { # NAME HEADERS
	compiler=$(sed -n 's/^CC = .*(CROSS_COMPILE)//p' "$2/.kernelvariables")
	arch=$(machine_arch "$1")
	[ "$(dpkg --print-architecture)" = "$arch" ] || compiler=$(machine_gnu_type "$arch")-$compiler
	echo "$compiler"
}

build_module() { # NAME HEADERS
	arch=$(machine_arch "$1")
	mkdir module
	cp "$top_srcdir/testsuite/boot/module"/* module/
	DEB_BUILD_ARCH=$(dpkg --print-architecture) DEB_HOST_ARCH=$arch \
		DEB_HOST_GNU_TYPE=$(machine_gnu_type "$arch") \
		make -C "$2" M="$PWD/module" modules
}

# The nodes to be tried, "list"; and "wrong", the same but for one wrong number of each kind:
# minor, type, major. The first is that of a device built in on amd64, which opens all the same.
# With the comment on top they are files of modules.devname: "list.devname", "wrong.devname".
make_lists() { # VERSION
	kmod-devname generate -b "$PWD/tree" --output "$PWD/list.devname" "$1"
	"$DEPMOD" -b "$PWD/tree" "$1"
	cp "tree/lib/modules/$1/modules.devname" list.depmod
	sed -e '/ fuse c10:/s/229$/228/' -e '/ net\/tun c10:/s/ c\([0-9:]*\)$/ b\1/' \
		-e '/ loop-control c10:/s/c10:/c11:/' list.devname > wrong.devname
	grep -v '^#' list.devname > list
	grep -v '^#' wrong.devname > wrong
}

# The modules of the list with all that they depend on, by modules.dep and modules.softdep,
# whose targets may be aliases. Nothing of this system's modprobe.d counts.
needed_modules() { # VERSION
	while read -r module _; do
		modprobe -C /dev/null -d "$PWD/tree" -S "$1" --show-depends "$module"
	done < list > closure
	sed -n "s,^insmod $PWD/tree/lib/modules/$1/\([^ ]*\).*,\1,p" closure | sort -u
}

copy_modules() { # VERSION
	to=$PWD/root/lib/modules/$1
	mkdir -p "$to"
	needed_modules "$1" > needed
	(cd "tree/lib/modules/$1" &&
		xargs cp --parents -t "$to" < "$OLDPWD/needed" &&
		cp modules.order modules.builtin modules.builtin.modinfo "$to/")
	"$DEPMOD" -b "$PWD/root" "$1"
}

# Users and groups of udev's rules.
make_accounts() {
	mkdir -p root/etc
	cat > root/etc/passwd <<-'END'
	root:x:0:0:root:/:/bin/sh
	nobody:x:65534:65534:nobody:/:/bin/sh
	END
	cat > root/etc/group <<-'END'
	root:x:0:
	tty:x:5:
	disk:x:6:
	lp:x:7:
	dialout:x:20:
	cdrom:x:24:
	tape:x:26:
	audio:x:29:
	video:x:44:
	input:x:104:
	sgx:x:105:
	kvm:x:106:
	render:x:107:
	nogroup:x:65534:
	END
}

# Not compressed: emulated, that takes longer than it saves.
make_initramfs() { # NAME VERSION
	cp -a "$KERNELS/boot-$1/guest" root
	mkdir -p root/sbin root/dev root/proc root/run
	ln -s busybox root/bin/sh
	ln -s ../bin/kmod root/sbin/modprobe
	cp "$top_srcdir/testsuite/boot/init" root/init
	cp "$top_srcdir/testsuite/boot/asked" root/sbin/asked
	cp "$CONFIGURATIONS" root/configurations
	make_accounts
	copy_modules "$2"
	cp "$(machine_tool "$(machine_arch "$1")")" root/bin/kmod-devname
	cp list.devname wrong.devname root/
	cp list.devname "root/lib/modules/$2/modules.devname"
	(cd root && find . | sort | cpio --quiet -o -H newc -R 0:0) > initramfs
}
