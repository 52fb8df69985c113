#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The binary interface of the library: which symbols of which version it has, by three records
# of them, and, with abidiff, whether programs built with the last release still run.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

MAP=libkmod-devname/libkmod-devname.sym
RECORD=debian/libkmod-devname0.symbols
LIBRARY=$top_builddir/.libs/libkmod-devname.so

# NAME@VERSION of each symbol, and of the versions themselves.
map_symbols() {
	awk '/^LIBKMOD_DEVNAME_/ { version = $1; print version "@" version }
		/^\tkmod_devname_[a-z0-9_]*;$/ { sub(";", ""); print $1 "@" version }' \
		"$top_srcdir/$MAP" | sort
}

test_map_and_record_of_debian_are_the_same() {
	map_symbols > map
	[ "$(wc -l < map)" -gt 20 ] || fail "$MAP: no symbols were found"
	sed -n 's/^ \([^ ]*\) [0-9.]*$/\1/p' "$top_srcdir/$RECORD" > record
	diff -u record map || fail "$RECORD has other symbols than $MAP"
}

test_library_has_the_symbols_of_the_map() {
	nm --version >/dev/null 2>&1 || skip "nm is not installed"
	map_symbols > map
	nm -D --defined-only "$LIBRARY" | awk '{
		sub("@@", "@", $NF)
		print $2 == "A" && $NF !~ "@" ? $NF "@" $NF : $NF
	}' | sort > library
	diff -u map library || fail "$LIBRARY has other symbols than $MAP"
}

# --- abidiff ---------------------------------------------------------------------------------

need_abidiff() {
	abidiff --version >/dev/null 2>&1 || skip "abidiff is not installed"
	readelf -S "$LIBRARY" | grep -q '\.debug_info' || skip "the library was built without -g"
}

# compatible LIBRARY HEADER NEW-LIBRARY NEW-HEADER: what was added does not matter. Only types of
# the header count; the others are behind pointers.
compatible() {
	abidiff --no-added-syms --header-file1 "$2" --header-file2 "$4" "$1" "$3"
}

# This library linked once more, without the functions that the pattern names.
relink() { # FILE [PATTERN]
	grep -v "${2:-^$}" "$top_srcdir/$MAP" > relink.sym
	# shellcheck disable=SC2046,SC2086 # CC may come with options
	$CC -shared -o "$1" -Wl,-soname,libkmod-devname.so.0 -Wl,--version-script=relink.sym \
		$(sed -n 's/^S\["OWN_LDFLAGS"\]=.*\(-fsanitize=[^ "]*\).*/\1/p' \
			"$top_builddir/config.status") \
		-Wl,--whole-archive "$top_builddir"/libkmod-devname/.libs/lib*.a \
		-Wl,--no-whole-archive
}

HEADER=$top_srcdir/libkmod-devname/libkmod-devname.h

test_abidiff_sees_no_difference_in_the_same_objects() {
	need_abidiff
	relink same.so
	compatible "$LIBRARY" "$HEADER" same.so "$HEADER"
}

test_abidiff_sees_a_function_that_is_gone() {
	need_abidiff
	relink less.so kmod_devname_table_write
	! compatible "$LIBRARY" "$HEADER" less.so "$HEADER" > differences || fail "it is not seen"
	grep -q 'kmod_devname_table_write' differences || fail "$(cat differences)"
	# the other way round something is added
	compatible less.so "$HEADER" "$LIBRARY" "$HEADER"
}

# build_release TAG: in the directory "release".
build_release() {
	mkdir release
	git -C "$top_srcdir" archive "$1" | tar -C release -xf -
	(cd release && ./autogen.sh && ./configure --quiet --disable-tests CC="$CC" \
		CFLAGS='-O2 -g' && make libkmod-devname.la) > release.log 2>&1 ||
		fail "$1: $(tail -n 20 release.log)"
}

last_release() {
	[ -e "$top_srcdir/.git" ] && git -C "$top_srcdir" describe --tags --abbrev=0 2>/dev/null
}

test_programs_of_the_last_release_run() {
	need_abidiff
	tag=$(last_release)
	build_release "$tag"
	compatible release/.libs/libkmod-devname.so release/libkmod-devname/libkmod-devname.h \
		"$LIBRARY" "$HEADER" || fail "not compatible with $tag"
}

# Before the first release, and in a tarball, there is nothing to compare with.
if [ $# -eq 0 ] && ! last_release > /dev/null; then
	echo "# no release: whether programs of the last one run is not a case"
	# shellcheck disable=SC2046 # names of functions
	set -- $(sed -n 's/^\(test_[a-z0-9_]*\)().*/\1/p' "$0" | grep -v last_release)
fi
run_tests "$@"
