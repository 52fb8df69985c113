#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hooks of package managers: dpkg, pacman and rpm install, replace and remove packages with
# modules in a root directory, and run the hooks themselves.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/packages/hooks-root.sh
. "$top_srcdir/testsuite/packages/hooks-root.sh"

HOOKS=dist/hooks
KERNEL=6.1.0

# --- dpkg ------------------------------------------------------------------------------------

# deb NAME: a package with what is in the directory NAME.
deb() {
	mkdir -p "$1/DEBIAN"
	cat > "$1/DEBIAN/control" <<-END
	Package: $1
	Version: 1
	Architecture: all
	Maintainer: Nobody <nobody@example.org>
	Description: for a test
	END
	dpkg-deb --root-owner-group -b "$1" "$1.deb" > deb.log
}

run_dpkg() { # ARGUMENT...
	with_mounts dpkg --root="$PWD/root" --log=/dev/null "$@" > dpkg.log 2> messages
}

state() { # PACKAGE
	dpkg-query --admindir=root/var/lib/dpkg -W -f '${db:Status-Status}\n' "$1"
}

# A package with our trigger is installed; those of kernels are made: one with its modules in
# /lib, the other in /usr/lib.
make_dpkg() { # [COMMAND THAT EDITS THE TRIGGERS]
	need_program dpkg dpkg-deb
	need_root
	make_root rm rmdir
	mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates ours/DEBIAN
	: > root/var/lib/dpkg/status
	cp "$top_srcdir/debian/kmod-devname.postinst" ours/DEBIAN/postinst
	"${1:-cat}" "$top_srcdir/debian/kmod-devname.triggers" > ours/DEBIAN/triggers
	chmod +x ours/DEBIAN/postinst
	deb ours
	run_dpkg -i ours.deb || fail "$(cat messages)"
	kernel linux/lib/modules/$KERNEL
	kernel linux-usr/usr/lib/modules/6.2.0
	deb linux
	deb linux-usr
}

test_dpkg_triggers_for_either_path() {
	make_dpkg
	run_dpkg -i linux.deb || fail "$(cat messages)"
	refreshed root/usr/lib/modules/$KERNEL
	run_dpkg -i linux-usr.deb || fail "$(cat messages)"
	refreshed root/usr/lib/modules/6.2.0
	state ours > states
	echo installed | same states
}

no_lib() {
	grep -v ' /lib/modules' "$1"
}

no_usr_lib() {
	grep -v ' /usr/lib/modules' "$1"
}

test_dpkg_needs_both_triggers() {
	make_dpkg no_usr_lib
	run_dpkg -i linux-usr.deb
	untouched root/usr/lib/modules/6.2.0
	run_dpkg -i linux.deb
	refreshed root/usr/lib/modules/$KERNEL
	rm -rf root ours
	make_dpkg no_lib
	run_dpkg -i linux.deb
	untouched root/usr/lib/modules/$KERNEL
	run_dpkg -i linux-usr.deb
	refreshed root/usr/lib/modules/6.2.0
}

test_dpkg_refreshes_when_our_package_is_installed() {
	make_dpkg
	kernel root/usr/lib/modules/6.3.0
	run_dpkg -i ours.deb
	refreshed root/usr/lib/modules/6.3.0
}

# With a list of files in its postrm, as packages of kernels have.
test_dpkg_removes_the_directory_of_a_kernel() {
	make_dpkg
	cat > linux/DEBIAN/postrm <<-END
	#!/bin/sh
	[ "\$1" = purge ] || exit 0
	rm -f /lib/modules/$KERNEL/modules.dep /lib/modules/$KERNEL/modules.devname
	rmdir /lib/modules/$KERNEL
	END
	chmod +x linux/DEBIAN/postrm
	deb linux
	run_dpkg -i linux.deb
	: > root/usr/lib/modules/$KERNEL/modules.dep
	run_dpkg -r linux
	[ -e root/usr/lib/modules/$KERNEL ]
	run_dpkg -P linux || fail "$(cat messages)"
	[ ! -e root/usr/lib/modules/$KERNEL ] || fail "left: $(ls -a root/usr/lib/modules/$KERNEL)"
}

test_dpkg_goes_on_after_findings_and_failures() {
	make_dpkg
	damage linux/lib/modules/$KERNEL
	deb linux
	run_dpkg -i linux.deb || fail "$(cat messages)"
	says 'bad.ko: error: '
	refreshed root/usr/lib/modules/$KERNEL
	# a file that cannot be replaced
	rm root/usr/lib/modules/$KERNEL/modules.devname
	mkdir root/usr/lib/modules/$KERNEL/modules.devname
	run_dpkg -i linux-usr.deb || fail "$(cat messages)"
	says modules.devname
	refreshed root/usr/lib/modules/6.2.0
	state ours > states
	echo installed | same states
}

# --- pacman ----------------------------------------------------------------------------------

run_pacman() { # ARGUMENT...
	cat > pacman.conf <<-'END'
	[options]
	Architecture = auto
	SigLevel = Never
	LocalFileSigLevel = Never
	END
	with_mounts pacman --root "$PWD/root" --dbpath "$PWD/root/var/lib/pacman" \
		--config pacman.conf --hookdir "$PWD/root/usr/share/libalpm/hooks" \
		--cachedir "$PWD/cache" --gpgdir "$PWD/gpg" --logfile "$PWD/pacman.log" \
		--noconfirm "$@" > messages 2>&1
}

# archive NAME: a package with what is in the directory NAME.
archive() {
	cat > "$1/.PKGINFO" <<-END
	pkgname = $1
	pkgver = 1-1
	pkgdesc = for a test
	arch = any
	size = 1
	END
	(cd "$1" && tar --owner=0 --group=0 -czf "../$1-1-1-any.pkg.tar.gz" .PKGINFO usr)
}

make_pacman() {
	need_program pacman
	need_root
	make_root
	mkdir -p root/var/lib/pacman cache gpg
}

test_pacman_runs_the_hooks() {
	make_pacman
	kernel linux/usr/lib/modules/$KERNEL
	archive linux
	run_pacman -U linux-1-1-any.pkg.tar.gz || fail "$(cat messages)"
	refreshed root/usr/lib/modules/$KERNEL
	says 'Updating modules.devname...'
	says 'Updating modules.devname after DKMS...'
	! grep -qi 'warning\|error' messages || fail "$(cat messages)"
}

# The sources of a module, for which DKMS has built it.
test_pacman_runs_the_second_hook_after_dkms() {
	make_pacman
	kernel root/usr/lib/modules/$KERNEL
	mkdir -p nvidia/usr/src/nvidia-1
	: > nvidia/usr/src/nvidia-1/dkms.conf
	archive nvidia
	run_pacman -U nvidia-1-1-any.pkg.tar.gz || fail "$(cat messages)"
	refreshed root/usr/lib/modules/$KERNEL
	! grep -qF 'Updating modules.devname...' messages || fail "the first hook has run too"
}

test_pacman_shows_a_failure_and_goes_on() {
	make_pacman
	kernel root/usr/lib/modules/6.2.0
	mkdir root/usr/lib/modules/6.2.0/modules.devname
	kernel linux/usr/lib/modules/$KERNEL
	archive linux
	run_pacman -U linux-1-1-any.pkg.tar.gz || fail "$(cat messages)"
	says 'error: command failed to execute correctly'
	refreshed root/usr/lib/modules/$KERNEL
}

test_pacman_removes_the_directory_of_a_kernel() {
	make_pacman
	kernel linux/usr/lib/modules/$KERNEL
	archive linux
	run_pacman -U linux-1-1-any.pkg.tar.gz
	# as the script of 60-depmod.hook does when modules.order is gone
	rm root/usr/lib/modules/$KERNEL/modules.devname
	run_pacman -R linux
	says 'Updating modules.devname...'
	[ ! -e root/usr/lib/modules/$KERNEL ] || fail "left: $(ls -a root/usr/lib/modules/$KERNEL)"
}

# --- apk -------------------------------------------------------------------------------------

# apk runs it with the directories that have changed; its shell is that of busybox.
test_apk_trigger_does_the_directories_it_is_given() {
	need_program busybox
	need_root
	make_root busybox
	kernel root/usr/lib/modules/$KERNEL
	kernel root/usr/lib/modules/6.2.0
	cp "$top_srcdir/$HOOKS/apk/kmod-devname.trigger" root/trigger
	ln -sf busybox root/usr/bin/sh
	in_root busybox sh /trigger /lib/modules/$KERNEL /lib/modules/removed 2> messages
	says_nothing
	refreshed root/usr/lib/modules/$KERNEL
	untouched root/usr/lib/modules/6.2.0
}

# --- rpm -------------------------------------------------------------------------------------

# package NAME COMMAND: an RPM package, with the triggers of the file "triggers"; COMMAND puts
# files below the directory "image".
package() {
	rm -rf image
	mkdir image
	"$2"
	cat > "$1.spec" <<-END
	Name: $1
	Version: 1
	Release: 1
	Summary: for a test
	License: GPL-2.0-or-later
	BuildArch: noarch
	AutoReqProv: no
	%description
	For a test.
	%install
	mkdir -p %{buildroot}/usr/share
	cp -r $PWD/image/. %{buildroot}
	%files
	/*
	$(cat triggers)
	END
	rpmbuild --quiet -bb --define "_topdir $PWD/rpm" --define "_rpmdir $PWD" \
		--define '_rpmfilename %{name}.rpm' --define '_libexecdir /usr/libexec' \
		"$1.spec" > rpmbuild.log 2>&1 || fail "$(tail -n 20 rpmbuild.log)"
}

run_rpm() { # ARGUMENT...
	run_rpm_status=0
	with_mounts rpm --root "$PWD/root" --dbpath /var/lib/rpm --nodeps "$@" > rpm.log 2>&1 ||
		run_rpm_status=$?
	# that of Debian speaks of another tool
	grep -v '^rpm: ' rpm.log > messages || :
	return $run_rpm_status
}

nothing() {
	:
}

rpm_kernel() {
	kernel image/usr/lib/modules/$KERNEL
}

rpm_old_kernel() {
	kernel image/lib/modules/6.2.0
	# more names than a pipe holds
	mkdir image/lib/modules/6.2.0/many
	(cd image/lib/modules/6.2.0/many && seq -f '%0100.0f.ko.skipped' 1500 | xargs touch)
}

make_rpm() {
	need_program rpm rpmbuild
	need_root
	make_root
	echo "%include $top_srcdir/$HOOKS/rpm/file-triggers.inc" > triggers
	package ours nothing
	: > triggers
	run_rpm -i ours.rpm || fail "$(cat messages)"
}

test_rpm_runs_the_triggers_for_either_path() {
	make_rpm
	package linux rpm_kernel
	run_rpm -i linux.rpm || fail "$(cat messages)"
	says_nothing
	refreshed root/usr/lib/modules/$KERNEL
	package linux-lib rpm_old_kernel
	run_rpm -i linux-lib.rpm || fail "$(cat messages)"
	says_nothing
	refreshed root/usr/lib/modules/6.2.0
}

rpm_update() {
	module image/usr/lib/modules/$KERNEL/updates/new.ko alias=devname:new alias=char-major-10-1
}

rpm_old_update() {
	module image/lib/modules/$KERNEL/updates/old.ko alias=devname:old alias=char-major-10-2
}

test_rpm_runs_the_triggers_after_removal_from_either_path() {
	make_rpm
	package linux rpm_kernel
	package new rpm_update
	package old rpm_old_update
	run_rpm -i linux.rpm new.rpm old.rpm || fail "$(cat messages)"
	grep -q '^new new c10:1$' root/usr/lib/modules/$KERNEL/modules.devname
	run_rpm -e new || fail "$(cat messages)"
	! grep -q '^new' root/usr/lib/modules/$KERNEL/modules.devname || fail "not run for /usr/lib"
	grep -q '^old old c10:2$' root/usr/lib/modules/$KERNEL/modules.devname
	run_rpm -e old || fail "$(cat messages)"
	refreshed root/usr/lib/modules/$KERNEL
}

test_rpm_shows_a_failure_and_goes_on() {
	make_rpm
	package linux rpm_kernel
	kernel root/usr/lib/modules/6.3.0
	mkdir root/usr/lib/modules/6.3.0/modules.devname
	run_rpm -i linux.rpm || fail "$(cat messages)"
	says 'scriptlet failed, exit status 2'
	refreshed root/usr/lib/modules/$KERNEL
}

run_tests "$@"
