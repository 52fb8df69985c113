# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Steps of runtests: the library and its unit tests on other hosts. They are built with what
# fetch-sysroot has unpacked, and run with the loader and the libraries of that.

# Left out are the tests of races and of failing allocations: what they show holds on any host.
# shellcheck disable=SC2016 # make's
host_tests='$(filter-out test-create-race test-faults test-scan-race,$(unit_tests))'

# An emulator would share the bounds on CPU time and address space that the hostile files are under.
# shellcheck disable=SC2016 # make's
emulated_tests='$(filter-out test-create-race test-faults test-hostile-% test-scan-race,$(unit_tests))'
# qemu refuses a device number of which the highest bit is set, where it emulates 32 bits.
# shellcheck disable=SC2016 # make's
emulated_tests_of_32_bits='$(filter-out test-create,'$emulated_tests')'

# build_host NAME TRIPLET MULTIARCH LOADER COMPILER [CONFIGURE-ARGUMENT...]: the parts of an older libc
# share symbols that this linker does not find.
build_host() {
	host=$1 triplet=$2 loader=$sysroots/$1/$4 compiler="$5 --sysroot=$sysroots/$1"
	libraries=$sysroots/$1/lib/$3:$sysroots/$1/usr/lib/$3
	packages=$sysroots/$1/usr/lib/$3/pkgconfig:$sysroots/$1/usr/share/pkgconfig
	shift 5
	build "$host" --host="$triplet" CC="$compiler" CFLAGS='-O2 -g -Werror' \
		LDFLAGS="-Wl,--dynamic-linker=$loader -Wl,--allow-shlib-undefined \
			-Wl,--disable-new-dtags -Wl,-rpath,$libraries -Wl,-rpath-link,$libraries" \
		PKG_CONFIG_LIBDIR="$packages" PKG_CONFIG_SYSROOT_DIR="$sysroots/$host" "$@"
}

# libtool's script for a program that is not installed is no program of the host.
test_emulated() { # NAME EMULATOR TESTS
	tests "$1" "$1" check TESTS="$3" \
		LOG_COMPILER="\$(LIBTOOL) --tag=CC --mode=execute $2" AM_LOG_FLAGS=
}

# The kernel runs programs of i386 by itself. The oldest libraries are those of configure.ac, but for
# libkmod: the oldest that it accepts is that of Debian 12, and older ones want all indexes.
step_hosts() {
	sysroots=${KMOD_DEVNAME_SYSROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/kmod-devname/sysroots}
	check sysroots testsuite/lib/fetch-sysroot "$sysroots" i386 s390x armhf oldest
	gcc=$sysroots/i386/usr/lib/gcc/i686-linux-gnu/$(gcc -dumpversion)
	check build-i386 build_host i386 i686-linux-gnu i386-linux-gnu lib/ld-linux.so.2 \
		"gcc -m32 -B$gcc -L$gcc"
	tests i386 i386 check TESTS="$host_tests"
	check build-s390x build_host s390x s390x-linux-gnu s390x-linux-gnu lib/ld64.so.1 \
		s390x-linux-gnu-gcc
	test_emulated s390x qemu-s390x-static "$emulated_tests"
	check build-armhf build_host armhf arm-linux-gnueabihf arm-linux-gnueabihf \
		lib/ld-linux-armhf.so.3 \
		"clang --target=arm-linux-gnueabihf --gcc-toolchain=$sysroots/armhf/usr \
			-fuse-ld=lld -Wno-unused-command-line-argument"
	test_emulated armhf qemu-arm-static "$emulated_tests_of_32_bits"
	echo "left out on armhf: test-create (qemu refuses some device numbers)"
	[ -d "$sysroots/oldest" ] || return
	check build-oldest build_host oldest "$(gcc -dumpmachine)" "$(gcc -print-multiarch)" \
		lib64/ld-linux-x86-64.so.2 gcc --without-libkmod
	# test-label has a mknodat(3) of its own, which is no function there
	# shellcheck disable=SC2016 # make's
	echo "left out on oldest: test-label (its mknodat is no function there)"
	tests oldest oldest check TESTS='$(filter-out test-label,'"$host_tests"')'
}
