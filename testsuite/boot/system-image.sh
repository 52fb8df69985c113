# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The disk of a system that boots: the root directory of fetch-system, with our packages and then a
# kernel installed by dpkg, which runs the hooks of both. For system.test, which sources tap.sh,
# packages/tarball.sh and packages/hooks-root.sh first. All of it is made in the current directory.

: "${top_srcdir:?}" "${top_builddir:?}" "${SYSTEM:?}" "${area:?}" "${release:?}"

# packages/debian.test has them build with their tests, on every release.
make_packages() {
	tarball
	mkdir deb
	tar -C deb -xf "$area/$release.tar.xz"
	give_to_user deb
	(cd "deb/$release" && as_user env TMPDIR="$PWD/.." \
		DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" \
		dpkg-buildpackage -us -uc -b)
	rm deb/libkmod-devname-dev_*.deb
}

# The service that looks at the system, and a user with a group to have nodes for.
make_guest() {
	cp "$top_srcdir/testsuite/boot/system-guest" "$top_builddir/open-nodes" root/usr/local/bin/
	cat > root/etc/systemd/system/system-guest.service <<-'END'
	[Service]
	ExecStart=/usr/local/bin/system-guest
	END
	mkdir -p root/etc/systemd/system/multi-user.target.wants
	ln -s ../system-guest.service root/etc/systemd/system/multi-user.target.wants/
	in_root groupadd testers
	in_root useradd -G testers tester
}

# The disk is all that its initramfs has to find.
configure_initramfs() {
	echo MODULES=list > root/etc/initramfs-tools/conf.d/disk
	printf '%s\n' ext4 virtio_blk >> root/etc/initramfs-tools/modules
}

# What README.Debian of 0.1.0 had administrators copy.
make_old_dropin() {
	mkdir -p root/etc/systemd/system/kmod-static-nodes.service.d
	cat > root/etc/systemd/system/kmod-static-nodes.service.d/50-kmod-devname.conf <<-'END'
	[Service]
	ExecStart=
	ExecStart=/usr/bin/kmod-devname static-nodes --format=tmpfiles \
		--output=/run/tmpfiles.d/static-nodes.conf --udev-permissions --create-only
	SuccessExitStatus=1
	END
}

install_packages() {
	for package in kmod-devname-openrc kmod-devname-initramfs; do
		rm -f deb/"${package}"_*.deb
	done
	mkdir root/packages
	mv deb/*.deb root/packages/
	in_root env DEBIAN_FRONTEND=noninteractive dpkg -i -R /packages
	rm -r root/packages
	cp root/usr/share/doc/kmod-devname/NEWS.Debian.gz .
}

install_kernel() {
	in_root env DEBIAN_FRONTEND=noninteractive sh -c \
		'dpkg -i /var/cache/apt/archives/linux-image-[0-9]*.deb'
	rm root/var/cache/apt/archives/*.deb
	cp root/boot/vmlinuz-* vmlinuz
	cp root/boot/initrd.img-* initrd.img
	cp root/usr/lib/modules/*/modules.devname .
}

# Leaves "disk", "vmlinuz", "initrd.img", the kernel's "modules.devname" and "NEWS.Debian.gz".
make_image() {
	make_packages
	cp -a "$SYSTEM" root
	configure_initramfs
	make_old_dropin
	install_packages
	install_kernel
	make_guest
	# no journal: the guest is thrown away
	mke2fs -q -t ext4 -O ^has_journal -d root disk 512M
}
