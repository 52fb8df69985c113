#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What starts kmod-devname at boot: which files which switch of configure installs, and what
# they do. The init systems themselves are not run; the commands and functions that the files
# call are replaced.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

UNIT=kmod-static-nodes.service
DROPIN=dist/systemd/60-kmod-devname.conf
SYSEXT=dist/systemd/kmod-devname-sysext.service
OPENRC=dist/openrc/kmod-devname

# The sources configured in a directory of their own, so that it matters neither where they
# are configured already nor how. The optional libraries have nothing to do with it.
configure_copy() { # ARGUMENT...
	[ -d copy ] || {
		mkdir copy
		tar -C "$top_srcdir" --exclude=./.git --exclude=./build --exclude='./_*' \
			-cf - . | tar -C copy -xf -
		chmod -R u+w copy
	}
	(cd copy && ./configure --quiet --prefix=/usr --sysconfdir=/etc --disable-tests \
		--without-zlib --without-xz --without-zstd --without-smartcols \
		--without-libkmod --without-selinux CC="$CC" "$@") > configure.log 2>&1
}

# The files at places for init systems, and with which modes, after configure with ARGUMENTS.
installed() { # ARGUMENT...
	configure_copy "$@" || fail "configure $*: $(tail -n 20 configure.log)"
	rm -rf image
	make -C copy install-data DESTDIR="$PWD/image" > make.log 2>&1 ||
		fail "make install-data: $(tail -n 20 make.log)"
	[ -e image/usr/include/libkmod-devname.h ] || fail "nothing at all was installed"
	(cd image && find . -type f ! -path './usr/include/*' ! -path './usr/share/*' \
		! -path './usr/lib/pkgconfig/*' -printf '%m %P\n') | sort
}

# A pkg-config that knows systemd to have its units in DIRECTORY, or not at all; 0: it is an old one.
make_pkg_config() { # [DIRECTORY [0]]
	cat > pkg-config <<-END
	#!/bin/sh
	case " \$* " in
	*' systemd < 252 '*) exit ${2:-1} ;;
	*' systemd '*)
		[ -n "${1:-}" ] || exit 1
		case " \$* " in
		*' --variable=systemdsystemunitdir '*) echo "${1:-}" ;;
		*' --variable='*) exit 2 ;;
		esac
		exit 0 ;;
	esac
	exec $(command -v "${PKG_CONFIG:-pkg-config}") "\$@"
	END
	chmod +x pkg-config
}

bindir() {
	(cd "$top_builddir" && printf 'include Makefile\nprint:;@echo $%s\n' '(bindir)' |
		make -s --no-print-directory -f - MAKEFLAGS= print)
}

test_nothing_is_installed_without_a_switch() {
	installed > files
	same files < /dev/null
	installed --without-systemd-unitdir --without-openrc > files
	same files < /dev/null
}

test_switches_install_into_the_directories_they_name() {
	installed --with-systemd-unitdir=/made/units --with-openrc=/made/services \
		--with-initramfs-tools=/made/initramfs --with-dracut=/made/dracut > files
	same files <<-END
	644 made/units/kmod-devname-sysext.service
	644 made/units/$UNIT.d/60-kmod-devname.conf
	755 made/dracut/60kmod-devname/kmod-devname.sh
	755 made/dracut/60kmod-devname/module-setup.sh
	755 made/initramfs/hooks/kmod-devname
	755 made/initramfs/scripts/init-top/kmod-devname
	755 made/services/kmod-devname
	END
	grep -q '^ExecStart=-/usr/bin/kmod-devname ' "image/made/units/$UNIT.d/60-kmod-devname.conf"
	grep -q '^[[:space:]]/usr/bin/kmod-devname ' image/made/services/kmod-devname
}

test_switches_alone_ask_pkg_config() {
	make_pkg_config /asked/units
	installed --with-systemd-unitdir --with-openrc PKG_CONFIG="$PWD/pkg-config" > files
	same files <<-END
	644 asked/units/kmod-devname-sysext.service
	644 asked/units/$UNIT.d/60-kmod-devname.conf
	755 etc/init.d/kmod-devname
	END
}

test_units_go_below_prefix_if_pkg_config_knows_no_systemd() {
	make_pkg_config
	installed --with-systemd-unitdir PKG_CONFIG="$PWD/pkg-config" > files
	same files <<-END
	644 usr/lib/systemd/system/kmod-devname-sysext.service
	644 usr/lib/systemd/system/$UNIT.d/60-kmod-devname.conf
	END
}

# Before 252 systemd-tmpfiles(8) does not know the modes of the list.
test_an_old_systemd_gives_a_warning() {
	make_pkg_config /asked/units
	configure_copy --with-systemd-unitdir PKG_CONFIG="$PWD/pkg-config"
	! grep -q WARNING configure.log || fail "$(cat configure.log)"
	make_pkg_config /asked/units 0
	configure_copy --with-systemd-unitdir PKG_CONFIG="$PWD/pkg-config"
	grep -q 'WARNING: the drop-in needs systemd 252' configure.log || fail "$(cat configure.log)"
	configure_copy PKG_CONFIG="$PWD/pkg-config"
	! grep -q WARNING configure.log || fail "$(cat configure.log)"
}

test_hooks_below_usr_local_give_a_warning() {
	for prefix in /usr /usr/local; do
		configure_copy --prefix=$prefix --with-openrc --with-kernel-install=/made/hooks
		warned=$(grep -c 'WARNING: --with-openrc: ' configure.log) || :
		[ "$(grep -c WARNING configure.log)" -eq "$warned" ] || fail "$(cat configure.log)"
		echo "$prefix $warned"
	done > warnings
	same warnings <<-'END'
	/usr 0
	/usr/local 1
	END
}

test_completions_can_be_left_out_and_moved() {
	installed --without-bashcompletiondir --with-zshcompletiondir=/made/zsh \
		--with-fishcompletiondir=no > files
	same files <<-END
	644 made/zsh/_kmod-devname
	END
	[ ! -e image/usr/share/bash-completion ] || fail "there is a completion for bash"
	[ ! -e image/usr/share/fish ] || fail "there is a completion for fish"
}

test_a_relative_directory_is_refused() {
	if configure_copy --with-systemd-unitdir=lib/systemd; then
		fail "configure has taken it"
	fi
	grep -q "lib/systemd' is not an absolute path" configure.log || fail "$(cat configure.log)"
}

# The unit that systemd ships, beside our drop-in, in a root directory with the commands of both.
make_unit_root() {
	mkdir -p "root/lib/systemd/system/$UNIT.d" "root$(bindir)"
	for directory in /usr/lib/systemd/system /lib/systemd/system; do
		[ -e "$directory/$UNIT" ] || continue
		cp "$directory/$UNIT" root/lib/systemd/system
	done
	[ -e "root/lib/systemd/system/$UNIT" ] || skip "there is no $UNIT on this machine"
	cp "$top_builddir/$DROPIN" "root/lib/systemd/system/$UNIT.d"
	for program in "$(theirs)" "$(bindir)/kmod-devname"; do
		mkdir -p "root${program%/*}"
		printf '#!/bin/sh\n' > "root$program"
		chmod +x "root$program"
	done
}

# The command of kmod.
theirs() {
	sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "root/lib/systemd/system/$UNIT"
}

verify() {
	systemd-analyze verify --root="$PWD/root" --man=no "$UNIT" > messages 2>&1
}

test_systemd_takes_the_dropin_with_its_own_unit() {
	need_program systemd-analyze
	make_unit_root
	verify || fail "$(cat messages)"
	[ ! -s messages ] || fail "$(cat messages)"
}

# That it sees a fault, and that the command of kmod stays.
test_systemd_misses_a_command_of_kmod_that_is_gone() {
	need_program systemd-analyze
	make_unit_root
	rm "root$(theirs)"
	if verify; then
		fail "the command of kmod is not there"
	fi
	grep -q 'kmod is not executable' messages || fail "$(cat messages)"
}

# A boot without kmod-devname has the list of kmod. Bad lines are exit status 1 of both: the list has
# the good ones, and the unit must not fail. The path of the output is that of the unit.
test_dropin_adds_a_command_that_may_fail() {
	grep -v '^#' "$top_builddir/$DROPIN" > lines
	sed 's/ \(static-nodes\) .*/ \1/' lines > settings
	same settings <<-END
	[Service]
	ExecStart=-$(bindir)/kmod-devname static-nodes
	SuccessExitStatus=1
	END
	make_unit_root
	for option in --format --output; do
		sed -n "s/^ExecStart=.*\($option=[^ ]*\).*/\1/p" \
			"root/lib/systemd/system/$UNIT" > theirs
		[ -s theirs ] || fail "$UNIT has no $option"
		sed -n "s/^ExecStart=.*\($option=[^ ]*\).*/\1/p" lines | same theirs
	done
}

# The functions that openrc-run has for a service write down that they were called.
load_service() {
	: > calls
	for name in after before keyword ebegin eend; do
		eval "$name() { echo $name \"\$*\" >> calls; [ $name != eend ] || return \$1; }"
	done
	make_program "$1"
	sed "s|$(bindir)/kmod-devname|$PWD/bin/kmod-devname|" "$top_builddir/$OPENRC" > service
	# shellcheck disable=SC1091 # made above
	. ./service
}

# bin/kmod-devname, which appends its arguments to the file "calls".
make_program() { # STATUS
	mkdir -p bin
	printf '#!/bin/sh\necho "kmod-devname $*" >> calls\nexit %s\n' "$1" > bin/kmod-devname
	chmod +x bin/kmod-devname
}

test_openrc_service_makes_the_nodes() {
	for result in 0 1 2; do
		load_service $result
		status $result start
		sed 's/^\(eend [0-9]\) .*/\1/' calls > short
		same short <<-END
		ebegin Making static device nodes
		kmod-devname create --udev
		eend $result
		END
	done
}

test_openrc_service_is_after_devfs_and_before_udev() {
	load_service 0
	# a word that it does not know would not be found
	depend
	grep -v '^keyword' calls > order
	same order <<-'END'
	after devfs dev-mount
	before dev udev
	END
}

test_openrc_service_is_for_openrc() {
	[ "$(head -n 1 "$top_builddir/$OPENRC")" = '#!/sbin/openrc-run' ]
	sh -n "$top_builddir/$OPENRC"
	shellcheck --version >/dev/null 2>&1 || skip "shellcheck is not installed"
	shellcheck "$top_builddir/$OPENRC"
}

# Stage 1 goes on, even if it stops at failures.
test_runit_example_makes_the_nodes_and_goes_on() {
	for result in 0 1 2; do
		make_program $result
		printf 'set -eu\n. "%s"\necho "stage 1 goes on" >> calls\n' \
			"$top_srcdir/dist/runit/kmod-devname.sh" > stage1
		: > calls
		PATH=$PWD/bin:$PATH sh stage1 2> messages
		same calls <<-'END'
		kmod-devname create --udev
		stage 1 goes on
		END
		[ "$(wc -l < messages)" -eq $((result > 0)) ] || fail "$(cat messages)"
	done
}

# mount is a function: nothing is ever mounted here.
test_initramfs_example_makes_the_nodes_in_a_mounted_dev() {
	make_program 1
	for mounts in devtmpfs tmpfs; do
		cat > init <<-END
		set -eu
		mount() { echo "mount \$2 \$6" >> calls; [ "\$2" = $mounts ]; }
		. "$top_srcdir/dist/initramfs/init.sh"
		END
		: > calls
		PATH=$PWD/bin:$PATH sh init 2> messages
		[ "$(wc -l < messages)" -eq 1 ] || fail "$(cat messages)"
		{
			echo "mount devtmpfs /dev"
			[ $mounts = devtmpfs ] || echo "mount tmpfs /dev"
			echo "kmod-devname create"
		} | same calls
	done
}

test_initramfs_example_is_for_the_shell_of_busybox() {
	busybox --help >/dev/null 2>&1 || skip "busybox is not installed"
	busybox sh -n "$top_srcdir/dist/initramfs/init.sh"
}

test_s6_example_makes_the_nodes_and_goes_on() {
	echo oneshot | same "$top_srcdir/dist/s6-rc/kmod-devname/type"
	command -v execlineb >/dev/null || skip "execlineb is not installed"
	for result in 0 1 2; do
		make_program $result
		: > calls
		PATH=$PWD/bin:$PATH execlineb -P "$top_srcdir/dist/s6-rc/kmod-devname/up"
		echo "kmod-devname create --udev" | same calls
	done
}

test_systemd_takes_the_service_for_extension_images() {
	need_program systemd-analyze
	make_unit_root
	cp "$top_builddir/$SYSEXT" root/lib/systemd/system
	systemd-analyze verify --root="$PWD/root" --man=no "${SYSEXT##*/}" > messages 2>&1 ||
		fail "$(cat messages)"
	[ ! -s messages ] || fail "$(cat messages)"
}

# initramfs-tools calls each script for its order first, and goes on whatever it returns.
test_initramfs_tools_script_makes_the_nodes() {
	make_program 1
	: > calls
	PATH=$PWD/bin:$PATH sh "$top_srcdir/dist/initramfs-tools/init-top" prereqs
	same calls < /dev/null
	PATH=$PWD/bin:$PATH sh "$top_srcdir/dist/initramfs-tools/init-top" 2> messages
	echo "kmod-devname create" | same calls
	[ "$(wc -l < messages)" -eq 1 ] || fail "$(cat messages)"
}

# The functions of dracut write down that they were called.
run_dracut() { # FUNCTION SYSTEMD
	cat > dracut <<-END
	require_binaries() { command -v "\$1" > found; }
	dracut_module_included() { $2; }
	inst_multiple() { echo inst_multiple "\$@"; }
	inst_hook() { echo inst_hook "\$@"; }
	systemdsystemunitdir=/units systemdsystemconfdir=/conf moddir=/module
	. "$top_srcdir/dist/dracut/module-setup.sh"
	$1
	END
	bash dracut > calls
}

test_dracut_module_is_for_those_who_ask() {
	need_program bash
	status 255 run_dracut check true
	PATH=/usr/bin:/bin
	command -v kmod-devname > /dev/null || status 1 run_dracut check true
	run_dracut install true
	same calls <<-END
	inst_multiple kmod-devname
	inst_multiple -o /units/$UNIT.d/*.conf /conf/$UNIT.d/*.conf
	END
	run_dracut install false
	same calls <<-'END'
	inst_multiple kmod-devname
	inst_hook pre-udev 10 /module/kmod-devname.sh
	END
}

test_dracut_hook_makes_the_nodes_and_goes_on() {
	make_program 1
	printf 'set -eu\nwarn() { echo "warn $*" >> calls; }\n. "%s"\n' \
		"$top_srcdir/dist/dracut/kmod-devname.sh" > hook
	: > calls
	PATH=$PWD/bin:$PATH sh hook
	same calls <<-'END'
	kmod-devname create --udev
	warn not all static device nodes could be made
	END
}

test_mkosi_finalize_script_writes_the_files() {
	mkdir -p image/usr/lib/modules
	export BUILDROOT="$PWD/image"
	sh "$top_srcdir/dist/mkosi/mkosi.finalize"
	module image/usr/lib/modules/6.1.0/kernel/fuse.ko alias=devname:fuse alias=char-major-10-229
	module image/usr/lib/modules/6.1.0/kernel/bad.ko -d bad-class alias=devname:x
	: > image/usr/lib/modules/6.1.0/modules.dep
	sh "$top_srcdir/dist/mkosi/mkosi.finalize" 2> messages
	grep -q 'bad.ko: error: ' messages
	grep -qx 'fuse fuse c10:229' image/usr/lib/modules/6.1.0/modules.devname
	rm image/usr/lib/modules/6.1.0/modules.devname
	mkdir image/usr/lib/modules/6.1.0/modules.devname
	status 1 sh "$top_srcdir/dist/mkosi/mkosi.finalize" 2> messages
}

# mount and mdev are functions.
test_busybox_example_makes_the_nodes_before_mdev() {
	need_program busybox
	make_program 1
	cat > init <<-END
	set -eu
	mount() { :; }
	mdev() { echo "mdev \$*" >> calls; }
	. "$top_srcdir/dist/busybox/init.sh"
	END
	: > calls
	PATH=$PWD/bin:$PATH busybox sh init 2> messages
	same calls <<-'END'
	kmod-devname create --udev
	mdev -s
	END
}

# What the files call must be what the program has.
test_commands_and_options_are_those_of_the_program() {
	find "$top_srcdir/dist" -mindepth 2 -type f ! -path '*/dist/hooks/*' ! -path '*/dist/packages/*' \
		! -path '*/dist/openrc/*' ! -path '*/dist/systemd/*' -exec cat {} + > texts
	cat "$top_builddir/$DROPIN" "$top_builddir/$SYSEXT" "$top_builddir/$OPENRC" >> texts
	grep -v '^#' texts |
		grep -oE 'kmod-devname (create|generate|static-nodes)[^|}]*' > called
	[ "$(wc -l < called)" -eq 13 ] || fail "not one call in each file: $(cat called)"
	while read -r _ command options; do
		kmod-devname "$command" --help > help || fail "there is no command $command"
		for option in $options; do
			case $option in
			-- | \"*) break ;;
			esac
			grep -qE "^  (-., |    )${option%%=*}([^a-z-]|\$)" help ||
				fail "$command has no option $option"
		done
	done < called
}

run_tests "$@"
