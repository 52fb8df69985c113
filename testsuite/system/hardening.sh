#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What protects the programs and the library when something is wrong after all: how they are
# compiled and linked, by configure alone and with the flags of distributions. readelf says what
# is in a file; a program with one fault each shows that it would be seen.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

MACHINE=$(uname -m)
# the flags of Fedora's redhat-rpm-config, but for what its own specs of gcc add
FEDORA_CFLAGS='-O2 -flto=auto -ffat-lto-objects -fexceptions -g -grecord-gcc-switches -pipe -Wall'
FEDORA_CFLAGS="$FEDORA_CFLAGS -Werror=format-security -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3"
FEDORA_CFLAGS="$FEDORA_CFLAGS -fstack-protector-strong -fasynchronous-unwind-tables"
FEDORA_CFLAGS="$FEDORA_CFLAGS -fstack-clash-protection"
FEDORA_LDFLAGS='-Wl,-z,relro -Wl,--as-needed -Wl,-z,now -Wl,--build-id=sha1'
[ "$MACHINE" != x86_64 ] || FEDORA_CFLAGS="$FEDORA_CFLAGS -fcf-protection -march=x86-64"

# configure refuses to work in another directory then.
need_clean_sources() {
	[ ! -e "$top_srcdir/config.status" ] || skip "these sources are configured in their own directory"
}

need_readelf() {
	readelf --version >/dev/null 2>&1 || skip "readelf is not installed"
}

# What the static linker, libc and the compiler leave weak in every program.
USUAL_WEAK='__gmon_start__|__cxa_finalize|_ITM_(de)?registerTMCloneTable'

# complain FILE: one line for each thing that a hardened file of this kind would have, or not.
complain() {
	readelf -hldW "$1" > elf || fail "$1: not to be read by readelf"
	readelf -W --dyn-syms "$1" > symbols
	grep -q 'Type: *DYN' elf || echo "position-dependent"
	grep -q 'INTERP' elf && { grep -q 'FLAGS_1.*PIE' elf || echo "no PIE"; }
	grep -q 'GNU_RELRO' elf || echo "no RELRO"
	grep -qE 'FLAGS.*(BIND_NOW|NOW)' elf || echo "lazy binding"
	grep -q 'GNU_STACK' elf || echo "no word on the stack"
	grep -qE 'GNU_STACK.* RWE ' elf && echo "executable stack"
	grep -qE 'LOAD.* RWE ' elf && echo "writable and executable"
	grep -qE '\((RPATH|RUNPATH)\)' elf && echo "looks for libraries in a path of its own"
	grep -qE 'TEXTREL' elf && echo "relocations of text"
	grep -q ' UND __stack_chk_fail' symbols || echo "no stack protector"
	grep -qE ' UND __[a-z]+_chk(@| |$)' symbols || echo "not fortified"
	grep ' WEAK .* UND ' symbols | grep -vE " UND ($USUAL_WEAK)" | sed 's/^/weak and undefined: /'
	[ "$MACHINE" != x86_64 ] || [ "$(landings "$1")" -gt "$(landings bare)" ] ||
		echo "no control-flow protection"
}

# landings FILE: the instructions that an indirect call may go to.
landings() {
	objdump -d "$1" | grep -c endbr64 || :
}

# Makes "bare", a program with those landings only that the C library's start-up code brings.
make_bare() {
	need_readelf
	[ "$MACHINE" = x86_64 ] || return 0
	echo 'int main(void) { return 0; }' > bare.c
	gcc -fcf-protection=none -o bare bare.c || skip "there is no gcc"
}

# hardened FILE: it must give no reason to complain.
hardened() {
	complain "$1" > complaints || :
	[ ! -s complaints ] || fail "$1: $(cat complaints)"
}

# --- what would be seen ------------------------------------------------------------------------

# FLAGS on the command line, then what is said of a program that is built with them.
test_each_fault_of_a_program_is_seen() {
	make_bare
	cat > program.c <<-'END'
	#include <stdio.h>
	#include <string.h>
	#ifdef WRITABLE_CODE
	__asm__(".section .mixed, \"awx\"; .byte 0; .text");
	#endif
	int main(int argc, char **argv)
	{
		char copy[16];

		strcpy(copy, argv[argc - 1]);
		return puts(copy) < 0;
	}
	END
	good='-O2 -fPIE -pie -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now'
	[ "$MACHINE" != x86_64 ] || good="$good -fcf-protection"
	# shellcheck disable=SC2086 # lists of words
	gcc $good -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -w -o good program.c ||
		skip "there is no gcc that does these things"
	hardened good
	n=0
	while IFS='|' read -r flags complaint; do
		# shellcheck disable=SC2086
		gcc $good -w $flags -o bad program.c
		complain bad > complaints || :
		grep -qxF "$complaint" complaints || fail "$flags: $(cat complaints)"
		n=$((n + 1))
	done <<-'END'
	-fno-pie -no-pie|position-dependent
	-Wl,-z,norelro|no RELRO
	-Wl,-z,lazy|lazy binding
	-Wl,-z,execstack|executable stack
	-Wl,-rpath,/tmp|looks for libraries in a path of its own
	-Wl,-rpath,/tmp -Wl,--disable-new-dtags|looks for libraries in a path of its own
	-fno-stack-protector|no stack protector
	-U_FORTIFY_SOURCE|not fortified
	-DWRITABLE_CODE|writable and executable
	END
	[ "$MACHINE" != x86_64 ] || {
		# shellcheck disable=SC2086
		gcc $good -w -fcf-protection=none -o bad program.c
		complain bad | grep -qxF "no control-flow protection"
	}
	[ "$n" -eq 9 ]
}

test_a_weak_symbol_is_seen() {
	make_bare
	echo 'extern int nowhere(void) __attribute__((weak)); int f(void) { return nowhere ? nowhere() : 0; }' > weak.c
	gcc -shared -fPIC -o weak.so weak.c || skip "there is no gcc"
	complain weak.so | grep -q '^weak and undefined: .*nowhere'
}

# --- builds ------------------------------------------------------------------------------------

# build ARGUMENT...: configured with these, and installed in "image".
build() {
	need_clean_sources
	mkdir -p build
	(cd build && "$top_srcdir/configure" --quiet --prefix=/usr --disable-tests "$@") > build.log 2>&1 ||
		fail "configure: $(tail -n 20 build.log)"
	make -C build -j"$(nproc)" >> build.log 2>&1 || fail "make: $(tail -n 20 build.log)"
	make -C build install DESTDIR="$PWD/image" >> build.log 2>&1 ||
		fail "make install: $(tail -n 20 build.log)"
}

# The files below "image" that are ELF, of which there are these three.
installed_elf() {
	find image -type f | while read -r file; do
		[ "$(head -c 4 "$file" | od -An -c | tr -d ' ')" != '177ELF' ] || echo "$file"
	done | sort > elf_files
	sed 's,.*/,,' elf_files | sort | tr '\n' ' ' > elf_names
	grep -qx 'depmod kmod-devname libkmod-devname\.so\.[0-9.]* ' elf_names ||
		fail "installed: $(cat elf_files)"
}

# check_build ARGUMENT...: these arguments of configure give nothing to complain about.
check_build() {
	command -v python3 > /dev/null || skip "python3 is not installed"
	make_bare
	umask 022
	build "$@"
	grep -v '^libtool: ' build.log | grep 'warning:' > warnings && fail "warnings: $(cat warnings)"
	installed_elf
	while read -r file; do
		hardened "$file"
	done < elf_files
	find image -type f -exec python3 -c 'import os, sys
for file in sys.argv[1:]:
	if "security.capability" in os.listxattr(file):
		print(file)' {} + > capabilities
	[ ! -s capabilities ] || fail "capabilities: $(cat capabilities)"
	count "$tap_title: 3 installed files"
	find image -perm /6022 ! -type l > modes
	[ ! -s modes ] || fail "setuid, setgid, or writable by others: $(cat modes)"
}

# This build has what configure adds. Where libtool says that the library will be, is not asked,
# because that depends on the prefix.
test_this_build_is_hardened() {
	sed -n 's/^OWN_CFLAGS = //p' "$top_builddir/Makefile" > flags
	grep -q -e -fstack-protector-strong flags ||
		skip "this build was configured with sanitizers, or without hardening"
	make_bare
	for file in kmod-devname tools/depmod/depmod .libs/libkmod-devname.so; do
		complain "$top_builddir/$file" | grep -v 'in a path of its own' > complaints || :
		grep -q FORTIFY flags || sed -i '/^not fortified$/d' complaints
		[ ! -s complaints ] || fail "$file: $(cat complaints)"
	done
}

# All the flags of dpkg-buildpackage; nothing is asked of configure.
test_hardened_profile_of_debian() {
	dpkg-buildflags --version >/dev/null 2>&1 || skip "dpkg-buildflags is not installed"
	export DEB_BUILD_MAINT_OPTIONS=hardening=+all
	for name in CFLAGS CPPFLAGS LDFLAGS; do
		dpkg-buildflags --get $name > flags.$name
	done
	check_build --disable-hardening CC=gcc CFLAGS="$(cat flags.CFLAGS) -fcf-protection" \
		CPPFLAGS="$(cat flags.CPPFLAGS)" LDFLAGS="$(cat flags.LDFLAGS)"
}

test_profile_of_fedora() {
	check_build CC=gcc AR=gcc-ar RANLIB=gcc-ranlib NM=gcc-nm CFLAGS="$FEDORA_CFLAGS" \
		LDFLAGS="$FEDORA_LDFLAGS"
}

# One program for an initramfs. It has no stack to execute either; where it is loaded is up to
# LDFLAGS, because not every C library comes with what a static PIE is made of.
test_static_tool() {
	need_clean_sources
	need_readelf
	mkdir tool pie
	for kind in tool pie; do
		flags='' ldflags=''
		[ $kind = tool ] || { flags=-fPIE ldflags=-static-pie; }
		(cd $kind && "$top_srcdir/configure" --quiet --enable-static-tool=only PKG_CONFIG=false \
			CC=gcc CFLAGS="-O2 $flags" LDFLAGS="$ldflags" && make -j"$(nproc)") > log 2>&1 ||
			fail "$(tail -n 20 log)"
		readelf -hlsW $kind/kmod-devname.static > elf
		grep -q 'GNU_STACK.* RW ' elf || fail "$kind: executable stack"
		! grep -qE 'LOAD.* RWE ' elf || fail "$kind: writable and executable"
		grep -q 'GNU_RELRO' elf || fail "$kind: no RELRO"
		grep -q ' __stack_chk_fail' elf || fail "$kind: no stack protector"
		! grep -q INTERP elf || fail "$kind: not static"
		[ $kind = tool ] || grep -q 'Type: *DYN' elf || fail "$kind: no PIE"
		$kind/kmod-devname.static --version > version
		grep -q '^kmod-devname ' version
	done
}

# --- who decides -------------------------------------------------------------------------------

# What configure has added is in OWN_CFLAGS; WANTED is an extended regular expression.
own_flags() { # WANTED|! UNWANTED, ARGUMENT...
	own_sign=
	[ "$1" != ! ] || { own_sign=!; shift; }
	own_wanted=$1
	shift
	need_clean_sources
	mkdir -p own
	(cd own && "$top_srcdir/configure" --quiet --disable-tests CC=gcc "$@") > own.log 2>&1 ||
		fail "configure: $(tail -n 20 own.log)"
	sed -n 's/^OWN_C*L*D*FLAGS = //p' own/Makefile > own.flags
	if grep -qE -e "$own_wanted" own.flags; then own_found=; else own_found=!; fi
	[ "$own_found" = "$own_sign" ] || fail "$*: $(cat own.flags)"
}

test_the_builder_decides() {
	own_flags '-D_FORTIFY_SOURCE=[23]' CFLAGS=-O2
	# not where somebody has it, nor where it would only warn
	own_flags ! _FORTIFY_SOURCE CFLAGS='-O2 -Wp,-D_FORTIFY_SOURCE=1'
	own_flags ! _FORTIFY_SOURCE CFLAGS=-O2 CPPFLAGS=-D_FORTIFY_SOURCE=2
	own_flags ! _FORTIFY_SOURCE CFLAGS=-g
	own_flags ! 'FORTIFY|stack|relro|protection' CFLAGS=-O2 --disable-hardening
}

# The flags of the builder come after ours.
test_cflags_of_the_builder_are_last() {
	own_flags -fstack-protector-strong CFLAGS='-O2 -fno-stack-protector'
	make -C own -n V=1 2>/dev/null | grep -m 1 -e ' -c .*libkmod-devname/node/alias' > line
	grep -q -e '-fstack-protector-strong.* -fno-stack-protector' line || fail "$(cat line)"
}

run_tests "$@"
