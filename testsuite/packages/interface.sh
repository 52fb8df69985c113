#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a program that uses the library gets: the header, the example of the manual page, and
# what make install puts where.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

WARNINGS='-Wall -Wextra -Werror'
# what a program must be built with to link a library that is built with sanitizers
SANITIZE=$(sed -n 's/^S\["OWN_LDFLAGS"\]=.*\(-fsanitize=[^ "]*\).*/\1/p' \
	"$top_builddir/config.status" 2>/dev/null)

compile() { # ARGUMENT...
	# shellcheck disable=SC2086 # CC may come with options
	$CC $SANITIZE "$@"
}

cxx() {
	for cxx in g++ c++ clang++; do
		command -v "$cxx" >/dev/null || continue
		echo "$cxx"
		return
	done
}

# Kernels with each kind of outcome; there is none called "none".
make_kernels() {
	modules=root/lib/modules
	for kernel in good warned bad; do
		module "$modules/$kernel/kernel/fuse.ko" alias=devname:fuse alias=char-major-10-229
		module "$modules/$kernel/kernel/net/tun.ko" alias=char-major-10-200 \
			alias=devname:net/tun
		module "$modules/$kernel/kernel/loop.ko" alias=devname:loop-control \
			alias=char-major-10-237 'alias=block-major-7-*'
		module "$modules/$kernel/kernel/plain.ko" license=GPL
		printf '%s\n' kernel/net/tun.ko kernel/fuse.ko > "$modules/$kernel/modules.order"
	done
	cp "$modules/warned/kernel/fuse.ko" "$modules/warned/kernel/net/fuse.ko"
	module "$modules/bad/kernel/broken.ko" -d bad-class alias=devname:x
}

# The program of the only code block of the page, as a reader would copy it.
example_source() {
	page=$top_srcdir/man/libkmod-devname.3.scd
	# shellcheck disable=SC2016 # no command
	[ "$(grep -c '^```' "$page")" -eq 2 ] || fail "$page: not one block of code"
	awk '/^```/ { inside = !inside; next } inside' "$page"
}

compile_example() {
	example_source > example.c
	# shellcheck disable=SC2086
	compile -std=c11 -pedantic $WARNINGS -I"$top_srcdir/libkmod-devname" -o example example.c \
		-L"$top_builddir/.libs" -lkmod-devname
}

run_example() {
	LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ./example "$@"
}

install_to() { # DIRECTORY
	make -C "$top_builddir" install DESTDIR="$1" MAKEFLAGS= > make.log 2>&1 ||
		fail "make install: $(tail -n 20 make.log)"
}

# A directory that configure has chosen, such as libdir, with what it refers to put in.
directory() { # NAME
	# shellcheck disable=SC2016 # for make
	(cd "$top_builddir" && printf 'include Makefile\nprint:;@echo $(%s)\n' "$1" |
		make -s --no-print-directory -f - MAKEFLAGS= print)
}

# The system has the files of the packages that the library requires.
pkg_config() { # ROOT ARGUMENT...
	pkg_config_root=$1
	shift
	PKG_CONFIG_SYSROOT_DIR=$pkg_config_root PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 \
		PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		PKG_CONFIG_LIBDIR=$pkg_config_root$(directory pkgconfigdir):$(pkg_config_path) \
		"${PKG_CONFIG:-pkg-config}" "$@"
}

pkg_config_path() {
	"${PKG_CONFIG:-pkg-config}" --variable pc_path pkg-config
}

have_pkg_config() {
	command -v "${PKG_CONFIG:-pkg-config}" >/dev/null || skip "pkg-config is not installed"
}

test_header_is_strict_c99_on_its_own() {
	echo '#include "libkmod-devname.h"' > one.c
	# twice, and with nothing else
	cat one.c one.c > two.c
	for std in c99 c11 c17; do
		# shellcheck disable=SC2086
		$CC -std=$std -pedantic $WARNINGS -fsyntax-only -I"$top_srcdir/libkmod-devname" two.c
	done
}

# The program in the first comment of the header, as a reader would copy it.
test_example_of_the_header_is_strict_c99() {
	sed -n '/^ \* For example/,/^ \* Conventions/s/^ \*     //p' \
		"$top_srcdir/libkmod-devname/libkmod-devname.h" > header-example.c
	grep -q 'main(void)' header-example.c || fail "the header has no example"
	# shellcheck disable=SC2086
	compile -std=c99 -pedantic $WARNINGS -I"$top_srcdir/libkmod-devname" -o header-example \
		header-example.c -L"$top_builddir/.libs" -lkmod-devname
}

test_header_is_cxx() {
	cxx=$(cxx)
	[ -n "$cxx" ] || skip "there is no C++ compiler"
	printf '#include "libkmod-devname.h"\n' > one.cc
	for std in c++11 c++17; do
		# shellcheck disable=SC2086
		$cxx -std=$std -pedantic $WARNINGS -fsyntax-only -I"$top_srcdir/libkmod-devname" one.cc
	done
}

# Without extern "C" the linker would look for another name.
test_cxx_program_links() {
	cxx=$(cxx)
	[ -n "$cxx" ] || skip "there is no C++ compiler"
	cat > program.cc <<-'END'
	#include <libkmod-devname.h>
	int main()
	{
		struct kmod_devname_table *table;

		if (kmod_devname_table_new(&table) != 0)
			return 1;
		return kmod_devname_table_unref(table) == NULL ? 0 : 1;
	}
	END
	# shellcheck disable=SC2086
	$cxx $SANITIZE $WARNINGS -I"$top_srcdir/libkmod-devname" -o program program.cc \
		-L"$top_builddir/.libs" -lkmod-devname
	LD_LIBRARY_PATH=$top_builddir/.libs ./program
}

# A binding needs no more than opaque pointers, integers and strings.
test_python_reads_a_list_by_ctypes() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	mkdir -p root/lib/modules/6.1.0
	printf 'fuse fuse c10:229\ntun net/tun c10:200\nbad\n' > root/lib/modules/6.1.0/modules.devname
	cat > list.py <<-'END'
	import ctypes, os
	lib = ctypes.CDLL("libkmod-devname.so.0")
	for name in "node_get_name", "finding_get_message", "get_version":
	    getattr(lib, "kmod_devname_" + name).restype = ctypes.c_char_p
	for name in "table_get", "table_find_name", "report_get":
	    getattr(lib, "kmod_devname_" + name).restype = ctypes.c_void_p
	table, report = ctypes.c_void_p(), ctypes.c_void_p()
	assert lib.kmod_devname_table_new(ctypes.byref(table)) == 0
	assert lib.kmod_devname_report_new(ctypes.byref(report)) == 0
	root = os.open("root", os.O_RDONLY | os.O_DIRECTORY)
	assert lib.kmod_devname_table_read_kernel(table, report, root, b"lib/modules/6.1.0") == 0
	for i in range(lib.kmod_devname_table_size(table)):
	    node = ctypes.c_void_p(lib.kmod_devname_table_get(table, ctypes.c_size_t(i)))
	    print(lib.kmod_devname_node_get_name(node).decode(), lib.kmod_devname_node_get_minor(node))
	assert lib.kmod_devname_table_find_name(table, b"net/tun") == node.value
	assert lib.kmod_devname_report_size(report) == 1
	lib.kmod_devname_table_unref(table)
	lib.kmod_devname_report_unref(report)
	END
	preload=
	! is_sanitized || preload=$($CC -print-file-name=libasan.so)
	LD_LIBRARY_PATH=$top_builddir/.libs LD_PRELOAD=$preload ASAN_OPTIONS=detect_leaks=0 \
		python3 list.py > out
	same out <<-'END'
	fuse 229
	net/tun 200
	END
}

# Every function of the header can be called, from a program that is not part of the build.
test_every_function_can_be_linked() {
	{
		echo '#include <libkmod-devname.h>'
		echo 'typedef void (*function)(void);'
		echo 'int main(void) { static const function all[] = {'
		sed -n 's/^[[:space:]]*\(kmod_devname_[a-z0-9_]*\);$/(function)\1,/p' \
			"$top_srcdir/libkmod-devname/libkmod-devname.sym"
		echo '}; for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)'
		echo 'if (!all[i]) return 1; return 0; }'
	} > program.c
	[ "$(grep -c '^(function)' program.c)" -gt 20 ] || fail "the functions were not found"
	compile -I"$top_srcdir/libkmod-devname" -o program program.c -L"$top_builddir/.libs" \
		-lkmod-devname
	LD_LIBRARY_PATH=$top_builddir/.libs ./program
}

test_example_prints_what_generate_does() {
	make_kernels
	compile_example
	run_example root lib/modules/good > example.out
	same example.out <<-'END'
	# Device nodes to trigger on-demand module loading.
	tun net/tun c10:200
	fuse fuse c10:229
	loop loop-control c10:237
	END
	for kernel in good warned bad; do
		got=0 wanted=0
		run_example root "lib/modules/$kernel" > example.out 2>/dev/null || got=$?
		kmod-devname generate -n -b root "$kernel" > generate.out 2>/dev/null || wanted=$?
		cmp generate.out example.out
		[ "$got" -eq "$wanted" ] || fail "$kernel: status $got instead of $wanted"
	done
}

test_example_exits_with_the_status_of_its_page() {
	make_kernels
	compile_example
	status 0 run_example root lib/modules/good
	status 0 run_example root lib/modules/warned
	status 1 run_example root lib/modules/bad
	status 2 run_example root lib/modules/none
	status 2 run_example none lib/modules/good
	status 2 run_example root
	status 2 run_example /dev/null .
}

test_example_names_what_is_wrong_on_stderr() {
	make_kernels
	compile_example
	status 1 run_example root lib/modules/bad > out 2> messages
	grep -q 'kernel/broken\.ko: error: .* \[malformed\]$' messages || fail "$(cat messages)"
	[ "$(wc -l < messages)" -eq 1 ] || fail "more than one finding: $(cat messages)"
	status 2 run_example root lib/modules/none > out 2> messages
	[ ! -s out ] || fail "printed in spite of a failure: $(cat out)"
	grep -q 'lib/modules/none' messages || fail "the directory is not named: $(cat messages)"
}

# A file in a directory that configure may have been told not to use.
if_wanted() { # NAME FILE
	wanted_directory=$(directory "$1")
	[ -z "$wanted_directory" ] || echo "$wanted_directory/$2"
}

# Each on its own line, below the directory that configure has chosen for it.
expected_files() {
	libdir=$(directory libdir) mandir=$(directory mandir)
	bindir=$(directory bindir) includedir=$(directory includedir)
	examples=$(directory docdir)/examples
	if_wanted bashcompletiondir kmod-devname
	if_wanted zshcompletiondir _kmod-devname
	if_wanted fishcompletiondir kmod-devname.fish
	if_wanted systemdunitdir kmod-static-nodes.service.d/60-kmod-devname.conf
	if_wanted systemdunitdir kmod-devname-sysext.service
	if_wanted openrcdir kmod-devname
	if_wanted initramfstoolsdir hooks/kmod-devname
	if_wanted initramfstoolsdir scripts/init-top/kmod-devname
	if_wanted dracutdir 60kmod-devname/kmod-devname.sh
	if_wanted dracutdir 60kmod-devname/module-setup.sh
	if_wanted kernelinstalldir 51-kmod-devname.install
	if_wanted kernelpostinstdir kmod-devname
	if_wanted pacmanhooksdir 61-kmod-devname.hook
	if_wanted pacmanhooksdir 75-kmod-devname.hook
	pkglibexecdir=$(directory pkglibexecdir)
	cat <<-END
	$bindir/kmod-devname
	$includedir/libkmod-devname.h
	$libdir/libkmod-devname.la
	$libdir/libkmod-devname.so
	$libdir/libkmod-devname.so.0
	$libdir/libkmod-devname.so.0.0.0
	$libdir/pkgconfig/libkmod-devname.pc
	$mandir/man3/libkmod-devname.3
	$mandir/man5/modules.devname.5
	$mandir/man7/kmod-devname-findings.7
	$mandir/man8/kmod-devname-check.8
	$mandir/man8/kmod-devname-create.8
	$mandir/man8/kmod-devname-depmod.8
	$mandir/man8/kmod-devname-diff.8
	$mandir/man8/kmod-devname-explain.8
	$mandir/man8/kmod-devname-generate.8
	$mandir/man8/kmod-devname-list.8
	$mandir/man8/kmod-devname-static-nodes.8
	$mandir/man8/kmod-devname.8
	$(directory docdir)/packaging.md
	$examples/busybox/init.sh
	$examples/container/Containerfile
	$examples/dinit/kmod-devname
	$examples/finit/kmod-devname.conf
	$examples/initramfs/init.sh
	$examples/mkosi/mkosi.finalize
	$examples/runit/kmod-devname.sh
	$examples/s6-rc/kmod-devname/type
	$examples/s6-rc/kmod-devname/up
	$pkglibexecdir/refresh
	$examples/apk/kmod-devname.trigger
	$examples/buildroot/Config.in
	$examples/buildroot/kmod-devname.hash
	$examples/buildroot/kmod-devname.mk
	$examples/rpm/file-triggers.inc
	$examples/yocto/kmod-devname.bb
	$examples/yocto/kmod-devname.bbclass
	$pkglibexecdir/depmod
	END
}

test_install_puts_these_files_and_uninstall_none() {
	install_to "$PWD/image"
	(cd image && find . -type f -o -type l) | sed 's/^\.//' | sort > installed
	grep -q '^enable_static=yes\|^build_old_libs=yes' "$top_builddir/libtool" &&
		grep -v '\.a$' installed > shared && mv shared installed
	expected_files | sort > expected
	diff -u expected installed || fail "make install has installed other files"
	make -C "$top_builddir" uninstall DESTDIR="$PWD/image" MAKEFLAGS= > make.log 2>&1 ||
		fail "make uninstall: $(tail -n 20 make.log)"
	find image -type f -o -type l > left
	[ ! -s left ] || fail "make uninstall has left: $(cat left)"
}

test_installed_files_have_modes_for_all() {
	umask 022
	install_to "$PWD/image"
	find image -type f ! -perm -444 > unreadable
	[ ! -s unreadable ] || fail "not readable for all: $(cat unreadable)"
	for program in "$(directory bindir)/kmod-devname" "$(directory pkglibexecdir)/depmod"; do
		[ -x "image$program" ] || fail "$program is not executable"
	done
}

test_installed_pages_are_pages() {
	install_to "$PWD/image"
	for page in man3/libkmod-devname.3 man5/modules.devname.5 man8/kmod-devname.8 \
		man8/kmod-devname-depmod.8; do
		grep -q '^\.TH ' "image$(directory mandir)/$page" || fail "$page: has no title line"
	done
}

test_pkg_config_knows_version_and_name() {
	have_pkg_config
	install_to "$PWD/image"
	[ "$(pkg_config "$PWD/image" --modversion libkmod-devname)" = "$PACKAGE_VERSION" ] ||
		fail "another version than $PACKAGE_VERSION"
	# what the library itself needs is not for its users
	case $(pkg_config "$PWD/image" --libs libkmod-devname) in
	*-lelf* | *-lz* | *-llzma*) fail "names the libraries of the library" ;;
	esac
	case $(pkg_config "$PWD/image" --libs --static libkmod-devname) in
	*-lelf*) ;;
	*) fail "names no libraries for a static link" ;;
	esac
}

test_pkg_config_flags_compile_and_link() {
	have_pkg_config
	install_to "$PWD/image"
	flags=$(pkg_config "$PWD/image" --cflags --libs libkmod-devname)
	example_source > example.c
	# shellcheck disable=SC2086
	compile -std=c11 $WARNINGS -o example example.c $flags
	make_kernels
	LD_LIBRARY_PATH=$PWD/image$(directory libdir) ./example root lib/modules/good > out
	kmod-devname generate -n -b root good | cmp - out
}

# The soname is what a program asks for at run time: its number belongs to the interface.
test_programs_ask_for_the_soname() {
	readelf --version >/dev/null 2>&1 || skip "readelf is not installed"
	compile_example
	readelf -d example | grep -q 'NEEDED.*\[libkmod-devname\.so\.0\]' ||
		fail "$(readelf -d example | grep NEEDED)"
}

test_installed_program_runs() {
	install_to "$PWD/image"
	make_kernels
	"$PWD/image$(directory bindir)/kmod-devname" generate -n -b root good > out
	kmod-devname generate -n -b root good | cmp - out
}

run_tests "$@"
