#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hooks that bring modules.devname up to date when kernels are installed: run by
# kernel-install and run-parts themselves, in a root directory that has nothing but them. What
# needs another system's build tools is run without these; what configure makes of them is in
# hooks-configure.sh.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/packages/hooks-root.sh
. "$top_srcdir/testsuite/packages/hooks-root.sh"

HOOKS=dist/hooks
KERNEL=6.1.0

# In place of the modules of the root directory: a copy of "modules" with no room for more.
FULL='mount -t tmpfs -o size=128k tmpfs root/usr/lib/modules
	cp -r modules/. root/usr/lib/modules
	cat /dev/zero > root/usr/lib/modules/fill 2>/dev/null || :'

# --- refresh ---------------------------------------------------------------------------------

# The script, with the program of this build.
make_refresh() {
	sed "s|$(directory bindir)/kmod-devname|kmod-devname|" "$top_builddir/$HOOKS/refresh" > refresh
	! grep -q '@[a-z]*@' refresh || fail "not substituted: $(grep '@[a-z]*@' refresh)"
}

test_refresh_does_all_kernels_of_a_directory() {
	make_refresh
	kernel modules/6.1.0
	kernel modules/6.2.0
	sh refresh "$PWD/modules" > out 2> messages
	says_nothing
	same out < /dev/null
	refreshed modules/6.1.0
	refreshed modules/6.2.0
}

test_refresh_does_the_kernels_it_is_given() {
	make_refresh
	for version in 6.1.0 6.2.0 6.3.0; do
		kernel modules/$version
	done
	sh refresh "$PWD/modules/6.1.0" ./modules/6.3.0/
	refreshed modules/6.1.0
	refreshed modules/6.3.0
	untouched modules/6.2.0
}

test_refresh_takes_either_file_for_a_kernel() {
	make_refresh
	kernel modules/order
	kernel modules/dep
	rm modules/dep/modules.order
	: > modules/dep/modules.dep
	sh refresh ./modules
	refreshed modules/order
	[ -s modules/dep/modules.devname ]
}

test_refresh_skips_other_directories() {
	make_refresh
	mkdir -p modules/headers/build modules/empty other
	module modules/removed/updates/left.ko alias=devname:left alias=char-major-10-1
	echo text > modules/README
	ln -s nowhere modules/dangling
	sh refresh ./modules ./modules/removed ./none ./modules/README ./other none 2> messages
	says_nothing
	sh refresh -v ./modules 2> messages
	for name in empty headers removed; do
		echo "refresh: ./modules/$name: no modules.dep and no modules.order; skipped"
	done | same messages
	untouched modules modules/* other
}

test_refresh_does_a_kernel_once() {
	make_refresh
	kernel usr/lib/modules/6.1.0
	ln -s usr/lib lib
	sh refresh -v ./lib/modules ./usr/lib/modules ./lib/modules/6.1.0 2> messages
	says '2 nodes from 2 modules of 6.1.0, written'
	[ "$(grep -c " nodes from " messages)" -eq 1 ]
}

# depmod.d(5) and --outdir go by the name of the kernel, and not by that of what a link leads to.
test_refresh_takes_the_name_of_a_link() {
	make_refresh
	kernel build-42
	module build-42/updates/fuse.ko alias=devname:other alias=char-major-10-250
	mkdir -p modules conf
	ln -s ../build-42 modules/6.1.0
	sh refresh ./modules
	grep -q '^fuse other' build-42/modules.devname
	echo 'override fuse 6.1.* kernel' > conf/override.conf
	kmod-devname generate -C conf ./modules/6.1.0 ./modules/6.1.0/
	refreshed build-42
	kmod-devname generate --outdir out ./modules/6.1.0/.
	[ -e out/lib/modules/build-42/modules.devname ]
	kmod-devname generate --outdir out ./modules/6.1.0//
	[ -e out/lib/modules/6.1.0/modules.devname ]
}

test_refresh_takes_any_name() {
	make_refresh
	newline=$(printf '\n.')
	newline=${newline%.}
	for name in "k$newline" k 'x|' x '*' 'a b' "$newline" -v; do
		kernel "modules/$name"
	done
	sh refresh "$PWD/modules/x|" "$PWD/modules/x" "$PWD/modules/"
	for name in "k$newline" k 'x|' x '*' 'a b' "$newline" -v; do
		refreshed "modules/$name"
	done
}

test_refresh_passes_over_a_kernel_without_its_modules() {
	make_refresh
	kernel modules/6.1.0
	sh refresh ./modules
	mv modules/6.1.0/kernel moved
	sh refresh ./modules 2> messages
	says_nothing
	refreshed modules/6.1.0
	sh refresh -v ./modules 2> messages
	says '6.1.0: note: none of the modules in modules.order exists; skipped'
	# a module of another package, which the kernel came before
	module modules/6.1.0/updates/other.ko alias=devname:other alias=char-major-10-250
	sh refresh ./modules 2> messages
	says_nothing
	refreshed modules/6.1.0
	rm -r modules/6.1.0/updates
	# one will do, compressed or not, and in a directory without subdirectories
	gzip < moved/tun.ko > modules/6.1.0/tun.ko.gz
	sh refresh ./modules
	[ "$(wc -l < modules/6.1.0/modules.devname)" -eq 2 ]
}

test_refresh_says_what_is_wrong_with_modules_and_succeeds() {
	make_refresh
	kernel modules/6.1.0
	damage modules/6.1.0
	status 0 sh refresh ./modules 2> messages
	says 'bad.ko: error: '
	[ "$(wc -l < messages)" -eq 1 ]
	refreshed modules/6.1.0
}

test_refresh_fails_if_a_file_cannot_be_written_and_goes_on() {
	make_refresh
	for version in 6.1.0 6.2.0 6.3.0; do
		kernel modules/$version
	done
	mkdir modules/6.2.0/modules.devname
	status 2 sh refresh ./modules 2> messages
	says 6.2.0/modules.devname
	refreshed modules/6.1.0
	refreshed modules/6.3.0
}

test_refresh_says_what_it_did_if_asked() {
	make_refresh
	kernel modules/6.1.0
	sh refresh -v ./modules 2> messages
	says '2 nodes from 2 modules of 6.1.0, written'
	sh refresh -v ./modules 2> messages
	says '2 nodes from 2 modules of 6.1.0, unchanged'
}

test_refresh_wants_an_argument() {
	make_refresh
	status 2 sh refresh 2> messages
	says usage
	status 2 sh refresh -v 2> messages
	says usage
}

test_refresh_finds_versions_below_either_path() {
	need_root
	make_root
	kernel root/usr/lib/modules/6.1.0
	in_root /usr/libexec/kmod-devname/refresh 6.1.0 6.9.0 2> messages
	says_nothing
	refreshed root/usr/lib/modules/6.1.0
	rm root/lib
	mkdir root/lib
	mv root/usr/lib/modules root/lib/modules
	rm root/lib/modules/6.1.0/modules.devname
	# the loader of the programs is where it was, or in lib64
	cp -r root/usr/lib/. root/lib
	in_root /usr/libexec/kmod-devname/refresh 6.1.0
	refreshed root/lib/modules/6.1.0
}

# --- kernel-install --------------------------------------------------------------------------

PLUGINS=/usr/lib/kernel/install.d

# "after" writes down that it was run, and what the staging area has.
make_kernel_install() { # PROGRAM...
	need_program kernel-install
	need_root
	make_root kernel-install mkdir mktemp mountpoint rm sort ls cat "$@"
	cat > root/after <<-'END'
	#!/bin/sh
	echo "$1 $2" >> /ran
	ls "$KERNEL_INSTALL_STAGING_AREA" >> /ran
	END
	chmod +x root/after
	: > root/boot/image
	: > root/ran
	plugins="$PLUGINS/51-kmod-devname.install /after"
}

# As root of the root directory, without what this machine has in /etc.
kernel_install() { # ARGUMENT...
	in_root env KERNEL_INSTALL_PLUGINS="$plugins" KERNEL_INSTALL_CONF_ROOT=/none BOOT_ROOT=/boot \
		MACHINE_ID=0123456789abcdef0123456789abcdef kernel-install "$@" > out 2> messages
}

ran() { # LINE...
	printf '%s\n' "$@" | same root/ran
}

test_kernel_install_adds_the_file() {
	make_kernel_install
	kernel root/usr/lib/modules/$KERNEL
	kernel root/usr/lib/modules/6.2.0
	kernel_install add $KERNEL /boot/image
	says_nothing
	refreshed root/usr/lib/modules/$KERNEL
	untouched root/usr/lib/modules/6.2.0
	# and nothing is in the staging area
	ran "add $KERNEL"
}

test_kernel_install_adds_after_depmod_removes_and_adds_again() {
	depmod=/usr/lib/kernel/install.d/50-depmod.install
	[ -e $depmod ] || skip "there is no $depmod"
	need_program "$DEPMOD"
	make_kernel_install "$DEPMOD"
	put $depmod
	plugins="$depmod $plugins"
	kernel root/usr/lib/modules/$KERNEL
	kernel_install add $KERNEL /boot/image || fail "$(cat messages)"
	refreshed root/usr/lib/modules/$KERNEL
	kernel_install remove $KERNEL
	untouched root/usr/lib/modules/$KERNEL
	kernel_install add $KERNEL /boot/image
	refreshed root/usr/lib/modules/$KERNEL
	ran "add $KERNEL" "remove $KERNEL" "add $KERNEL"
	# what it removes is all that it, depmod and we have made
	kernel_install remove $KERNEL
	find root/usr/lib/modules/$KERNEL -type f | sed 's|.*/||' | sort > left
	printf '%s\n' fuse.ko modules.order tun.ko | same left
}

test_kernel_install_goes_on_if_a_module_is_bad() {
	make_kernel_install
	kernel root/usr/lib/modules/$KERNEL
	damage root/usr/lib/modules/$KERNEL
	status 0 kernel_install add $KERNEL /boot/image
	says 'bad.ko: error: '
	refreshed root/usr/lib/modules/$KERNEL
	ran "add $KERNEL"
}

test_kernel_install_goes_on_without_modules() {
	make_kernel_install
	status 0 kernel_install add $KERNEL /boot/image
	says_nothing
	ran "add $KERNEL"
	[ ! -e root/usr/lib/modules/$KERNEL ]
}

test_kernel_install_leaves_read_only_modules_alone() {
	make_kernel_install
	kernel root/usr/lib/modules/$KERNEL
	mounts='mount --bind root/usr/lib/modules root/usr/lib/modules
		mount -o remount,bind,ro root/usr/lib/modules'
	status 0 kernel_install add $KERNEL /boot/image
	says_nothing
	ran "add $KERNEL"
	untouched root/usr/lib/modules/$KERNEL
}

test_kernel_install_ends_if_the_disk_is_full() {
	make_kernel_install
	kernel modules/$KERNEL
	echo old > modules/$KERNEL/modules.devname
	mounts=$FULL
	status 2 kernel_install add $KERNEL /boot/image
	says 'modules.devname: No space left on device'
	same root/ran < /dev/null
	# nor is what was there lost
	cat > root/after <<-END
	#!/bin/sh
	cat /lib/modules/$KERNEL/modules.devname >> /ran
	END
	plugins="$PLUGINS/51-kmod-devname.install"
	in_root sh -c "$plugins add $KERNEL /none /boot/image; /after" 2> messages
	ran old
}

test_kernel_install_prints_more_with_verbose() {
	make_kernel_install
	kernel root/usr/lib/modules/$KERNEL
	kernel_install --verbose add $KERNEL /boot/image
	says "2 nodes from 2 modules of $KERNEL, written"
	kernel_install add $KERNEL /boot/image
	says_nothing
}

# As installkernel of other projects may call it.
test_plugin_needs_no_environment() {
	need_root
	make_root
	kernel root/usr/lib/modules/$KERNEL
	for command in remove inspect add-all; do
		in_root $PLUGINS/51-kmod-devname.install $command $KERNEL /none
		untouched root/usr/lib/modules/$KERNEL
	done
	in_root $PLUGINS/51-kmod-devname.install add $KERNEL /none /boot/image
	refreshed root/usr/lib/modules/$KERNEL
}

# --- the hooks of kernel packages ------------------------------------------------------------

# A kernel package's hooks, with another one after ours; as Debian's maintainer scripts do it.
make_postinst() {
	need_program run-parts
	need_root
	make_root run-parts
	# shellcheck disable=SC2016 # for the hook
	printf '#!/bin/sh\necho "$1 $DEB_MAINT_PARAMS" >> /ran\n' > root/etc/kernel/postinst.d/zz-after
	chmod +x root/etc/kernel/postinst.d/zz-after
}

run_postinst() {
	in_root env DEB_MAINT_PARAMS='configure 6.0.0-1' run-parts --report --exit-on-error \
		--arg=$KERNEL --arg=/boot/vmlinuz-$KERNEL /etc/kernel/postinst.d > messages 2>&1
}

test_run_parts_runs_the_hook() {
	make_postinst
	kernel root/usr/lib/modules/$KERNEL
	run_postinst
	says_nothing
	refreshed root/usr/lib/modules/$KERNEL
	ran "$KERNEL configure 6.0.0-1"
}

test_run_parts_goes_on_after_findings_and_failures() {
	make_postinst
	kernel root/usr/lib/modules/$KERNEL
	damage root/usr/lib/modules/$KERNEL
	status 0 run_postinst
	says 'bad.ko: error: '
	refreshed root/usr/lib/modules/$KERNEL
	kernel modules/$KERNEL
	mounts=$FULL
	status 0 run_postinst
	says 'modules.devname: No space left on device'
	ran "$KERNEL configure 6.0.0-1" "$KERNEL configure 6.0.0-1"
}

test_run_parts_goes_on_if_the_package_is_gone() {
	make_postinst
	rm "root$(directory pkglibexecdir)/refresh"
	kernel root/usr/lib/modules/$KERNEL
	status 0 run_postinst
	says_nothing
	ran "$KERNEL configure 6.0.0-1"
}

# --- image builders --------------------------------------------------------------------------

# The package infrastructure of Buildroot is replaced by a rule that runs the hooks.
make_buildroot() { # CONFIGURATION
	cat > buildroot.mk <<-END
	$1
	HOST_DIR = $PWD/host
	TARGET_DIR = $PWD/target
	LINUX_VERSION_PROBED = $KERNEL
	KMOD_DEVNAME_PKGDIR = $top_srcdir/$HOOKS/buildroot/
	include $top_srcdir/$HOOKS/buildroot/kmod-devname.mk
	image:; \$(foreach hook,\$(KMOD_DEVNAME_ROOTFS_PRE_CMD_HOOKS),\$(\$(hook)))
	values:; @echo \$(KMOD_DEVNAME_VERSION) \$(KMOD_DEVNAME_SITE)
	END
	mkdir -p host/bin
	printf '#!/bin/sh\nexec kmod-devname "$@"\n' > host/bin/kmod-devname
	chmod +x host/bin/kmod-devname
}

test_buildroot_hook_writes_the_file() {
	make_buildroot 'BR2_LINUX_KERNEL = y'
	kernel target/lib/modules/$KERNEL
	damage target/lib/modules/$KERNEL
	make -f buildroot.mk -s image > out 2> messages || fail "$(cat messages)"
	says 'bad.ko: error: '
	refreshed target/lib/modules/$KERNEL
	make -f buildroot.mk -s values > out
	echo "$PACKAGE_VERSION $(realpath "$top_srcdir/$HOOKS/buildroot")" | same out
}

test_buildroot_fails_if_the_file_cannot_be_written() {
	make_buildroot 'BR2_LINUX_KERNEL = y'
	kernel target/lib/modules/$KERNEL
	mkdir target/lib/modules/$KERNEL/modules.devname
	status 2 make -f buildroot.mk -s image > out 2> messages
}

test_buildroot_does_nothing_without_modules_or_kernel() {
	make_buildroot 'BR2_LINUX_KERNEL = y'
	make -f buildroot.mk -s image > out 2> messages
	says_nothing
	make_buildroot ''
	kernel target/lib/modules/$KERNEL
	make -f buildroot.mk -s image > out 2> messages
	untouched target/lib/modules/$KERNEL
}

# The function of the class: what BitBake would put in for variables, the shell does here.
run_yocto() {
	sed -n '/^kmod_devname_generate() {$/,/^}$/p' "$top_srcdir/$HOOKS/yocto/kmod-devname.bbclass" \
		> function
	cat > task <<-END
	set -e
	IMAGE_ROOTFS=$PWD/root nonarch_base_libdir=/lib
	bbfatal() { echo "fatal: \$*"; exit 1; }
	. ./function
	kmod_devname_generate
	END
	sh task > out 2> messages
}

test_yocto_class_writes_the_files() {
	kernel root/lib/modules/$KERNEL
	: > root/lib/modules/$KERNEL/modules.dep
	damage root/lib/modules/$KERNEL
	mkdir root/lib/modules/none
	run_yocto || fail "$(cat out messages)"
	refreshed root/lib/modules/$KERNEL
	says 'bad.ko: error: '
	untouched root/lib/modules/none
}

test_yocto_class_fails_if_a_file_cannot_be_written() {
	kernel root/lib/modules/$KERNEL
	: > root/lib/modules/$KERNEL/modules.dep
	mkdir root/lib/modules/$KERNEL/modules.devname
	status 1 run_yocto
	grep -q '^fatal: ' out
}

test_recipes_are_for_this_version_and_licence() {
	grep -qx "PV = \"$PACKAGE_VERSION\"" "$top_srcdir/$HOOKS/yocto/kmod-devname.bb"
	sum=$(md5sum < "$top_srcdir/COPYING")
	grep -qF "file://COPYING;md5=${sum%% *}\"" "$top_srcdir/$HOOKS/yocto/kmod-devname.bb"
	sum=$(sha256sum < "$top_srcdir/COPYING")
	grep -qx "sha256  ${sum%% *}  COPYING" "$top_srcdir/$HOOKS/buildroot/kmod-devname.hash"
	grep -qx "KMOD_DEVNAME_VERSION = $PACKAGE_VERSION" \
		"$top_srcdir/$HOOKS/buildroot/kmod-devname.mk"
}

test_recipes_know_the_switches_of_configure() {
	"$top_srcdir/configure" --help > help
	cat "$top_srcdir/$HOOKS/yocto/kmod-devname.bb" "$top_srcdir/$HOOKS/buildroot/kmod-devname.mk" |
		grep -oE -- '--(with|without|disable|enable)-[a-z]+' | sort -u > switches
	[ "$(wc -l < switches)" -ge 8 ] || fail "the switches were not found"
	while read -r switch; do
		grep -qE -- "--(with|without|disable|enable)-${switch##*-}( |\$|\[)" help ||
			fail "configure does not know $switch"
	done < switches
}

# --- what is installed -----------------------------------------------------------------------

test_scripts_are_for_every_shell() {
	for file in refresh kernel-install/51-kmod-devname.install kernel-postinst/kmod-devname; do
		sh -n "$top_builddir/$HOOKS/$file"
		! command -v busybox >/dev/null || busybox sh -n "$top_builddir/$HOOKS/$file"
	done
}

run_tests "$@"
