#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What starts kmod-devname at boot: which files which switch of configure installs, and what
# they do. The init systems themselves are not run; the commands and functions that the files
# call are replaced.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

UNIT=kmod-static-nodes.service
DROPIN=dist/systemd/60-kmod-devname.conf
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
	installed --with-systemd-unitdir=/made/units --with-openrc=/made/services > files
	same files <<-END
	644 made/units/$UNIT.d/60-kmod-devname.conf
	755 made/services/kmod-devname
	END
	grep -q '^ExecStart=-/usr/bin/kmod-devname ' "image/made/units/$UNIT.d/60-kmod-devname.conf"
	grep -q '^[[:space:]]/usr/bin/kmod-devname ' image/made/services/kmod-devname
}

test_switches_alone_ask_pkg_config() {
	make_pkg_config /asked/units
	installed --with-systemd-unitdir --with-openrc PKG_CONFIG="$PWD/pkg-config" > files
	same files <<-END
	644 asked/units/$UNIT.d/60-kmod-devname.conf
	755 etc/init.d/kmod-devname
	END
}

test_units_go_below_prefix_if_pkg_config_knows_no_systemd() {
	make_pkg_config
	installed --with-systemd-unitdir PKG_CONFIG="$PWD/pkg-config" > files
	same files <<-END
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
		kmod-devname create --udev-permissions
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
		kmod-devname create --udev-permissions
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
		echo "kmod-devname create --udev-permissions" | same calls
	done
}

# What the files call must be what the program has.
test_commands_and_options_are_those_of_the_program() {
	cat "$top_builddir/$DROPIN" "$top_builddir/$OPENRC" "$top_srcdir"/dist/runit/* \
		"$top_srcdir"/dist/s6-rc/*/up "$top_srcdir"/dist/initramfs/* | grep -v '^#' |
		grep -oE 'kmod-devname (create|static-nodes)[^|}]*' > called
	[ "$(wc -l < called)" -eq 5 ] || fail "not one call in each file: $(cat called)"
	while read -r _ command options; do
		kmod-devname "$command" --help > help || fail "there is no command $command"
		for option in $options; do
			grep -qE "^  (-., |    )${option%%=*}([^a-z-]|\$)" help ||
				fail "$command has no option $option"
		done
	done < called
}

run_tests "$@"
