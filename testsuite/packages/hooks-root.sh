# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the tests of the hooks share: kernels, and a root directory in which the programs of this
# machine install them. To be sourced after tap.sh.

: "${top_builddir:?}"
PATH=$PATH:/usr/sbin:/sbin

# --- a kernel --------------------------------------------------------------------------------

# kernel DIRECTORY: two modules with nodes, and the order in which their lines come.
kernel() {
	module "$1/kernel/tun.ko" alias=devname:net/tun alias=char-major-10-200
	module "$1/kernel/fuse.ko" alias=devname:fuse alias=char-major-10-229
	printf 'kernel/%s.ko\n' fuse tun > "$1/modules.order"
}

# refreshed DIRECTORY: its modules.devname must be what depmod would write for such a kernel.
refreshed() {
	same "$1/modules.devname" <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	tun net/tun c10:200
	END
}

untouched() { # DIRECTORY...
	for untouched_directory; do
		[ ! -e "$untouched_directory/modules.devname" ] ||
			fail "$untouched_directory has got a modules.devname"
	done
}

damage() { # DIRECTORY
	module "$1/kernel/bad.ko" -d bad-class alias=devname:x
}

says() { # TEXT
	grep -qF -e "$1" messages || fail "does not say '$1': $(cat messages)"
}

says_nothing() {
	[ ! -s messages ] || fail "there are messages: $(cat messages)"
}

# --- a root directory ------------------------------------------------------------------------

# A directory that configure has chosen, such as libdir, with what it refers to put in.
directory() { # NAME
	# shellcheck disable=SC2016 # for make
	(cd "$top_builddir" && printf 'include Makefile\nprint:;@echo $(%s)\n' "$1" |
		make -s --no-print-directory -f - MAKEFLAGS= print)
}

# Puts files of this machine, and the libraries that they need, into the root directory.
put() { # FILE...
	for put_file; do
		cp -L --parents "$put_file" root
		put_libraries "$put_file"
	done
}

# A script has none.
put_libraries() { # PROGRAM
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		cp -L --parents "$library" root
	done
}

# The directory "root": a merged /usr with a shell, these programs, and what make install
# puts there, the hooks that are off by default too.
make_root() { # PROGRAM...
	mkdir -p root/boot root/dev root/etc root/proc root/tmp root/usr/bin root/usr/lib/modules \
		root/usr/lib64 root/usr/libexec root/usr/sbin
	for name in bin lib lib64 sbin; do
		ln -s usr/$name root/$name
	done
	: > root/dev/null
	for program in sh env "$@"; do
		put "$(command -v "$program")"
	done
	make -C "$top_builddir" install-data install-pkglibexecSCRIPTS DESTDIR="$PWD/root" \
		kernelinstalldir=/usr/lib/kernel/install.d \
		kernelpostinstdir=/etc/kernel/postinst.d \
		pacmanhooksdir=/usr/share/libalpm/hooks > make.log 2>&1 ||
		fail "make install: $(tail -n 20 make.log)"
	put_tool
	# where the packages of distributions have it
	[ -e root/usr/libexec/kmod-devname ] ||
		ln -s "$(directory pkglibexecdir)" root/usr/libexec/kmod-devname
}

put_tool() {
	bindir=$(directory bindir)
	mkdir -p "root$bindir"
	cp "$top_builddir/kmod-devname" "root$bindir"
	put_libraries "$top_builddir/kmod-devname"
	ldconfig -r root
}

# with_mounts COMMAND...: runs it where the root directory has the mounts that it needs, and
# those of the commands in $mounts. They end with it.
mounts=:
with_mounts() {
	if [ "$(id -u)" -eq 0 ]; then
		with_mounts_flags=-m
	else
		with_mounts_flags=-rm
	fi
	# shellcheck disable=SC2016 # for the shell inside
	unshare $with_mounts_flags sh -euc '
		mount --rbind /proc root/proc
		mount --bind /dev/null root/dev/null
		eval "$1"
		shift
		exec "$@"' sh "$mounts" "$@"
}

need_root() {
	need_program unshare chroot mount ldconfig ldd
	mkdir -p root/dev root/proc
	: > root/dev/null
	with_mounts chroot / true 2>/dev/null || skip "no root directory can be mounted here"
}

in_root() { # COMMAND...
	with_mounts env PATH=/usr/sbin:/usr/bin chroot root "$@"
}
