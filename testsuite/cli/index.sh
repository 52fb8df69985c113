#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# generate --source=index and --source=auto: the same result as from the modules, or none.
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

M=root/lib/modules/6.1.0

# A tree as a package manager leaves it: modules built long ago, installed just now, depmod run.
installed_tree() {
	command -v "$DEPMOD" >/dev/null || skip "there is no depmod"
	module "$M/kernel/fs/fuse.ko" alias=devname:fuse alias=char-major-10-229
	module "$M/kernel/net/tun.ko" alias=char-major-10-200 alias=devname:net/tun
	module "$M/kernel/dm-mod.ko" alias=devname:mapper/control alias=char-major-10-236
	module "$M/kernel/loop.ko" alias=block-major-7-\* alias=devname:loop-control \
		alias=char-major-10-237
	module "$M/kernel/other.ko" alias=char-major-10-3
	module "$M/kernel/plain.ko" alias=pci:v0000\*
	printf 'kernel/%s.ko\n' net/tun fs/fuse dm-mod loop other plain > "$M/modules.order"
	find "$M" -name '*.ko' -exec touch -d '2020-01-01' {} +
	run_depmod
}

# The index must be strictly newer, in clock ticks; and its files one after the other.
run_depmod() {
	sleep 0.05
	"$DEPMOD" -b root 6.1.0 2>/dev/null
	spread_index
}

# A small index is written within one tick of the clock of a file system, a real one is not.
spread_index() {
	for file in modules.dep modules.alias modules.symbols; do
		sleep 0.05
		cp "$M/$file" "$M/new"
		mv "$M/new" "$M/$file"
	done
	sleep 0.05
}

generate() {
	kmod-devname generate -n -b root "$@" 6.1.0
}

# auto gives what reading all modules gives, and says NOTE... on the way.
auto_is_right() {
	generate > expected || [ $? -eq 1 ]
	generate --source=auto -v > got 2> err || [ $? -eq 1 ]
	same got < expected
	for note; do
		grep -q "\\[$note\\]" err || fail "no $note: $(cat err)"
	done
	[ $# -gt 0 ] || ! grep -q stale-index err || fail "$(cat err)"
}

test_index_gives_depmods_bytes() {
	installed_tree
	generate --source=index > got
	same got < "$M/modules.devname"
	generate > got
	same got < "$M/modules.devname"
}

test_auto_gives_depmods_bytes() {
	installed_tree
	auto_is_right
	generate --source=auto > got
	same got < "$M/modules.devname"
}

test_index_reads_no_module() {
	installed_tree
	cp "$M/modules.devname" expected
	find "$M" -name '*.ko' -exec sh -c ': > "$1"' sh {} \;
	generate --source=index > got
	same got < expected
}

test_auto_sees_an_added_module() {
	installed_tree
	module "$M/updates/new.ko" alias=devname:new alias=char-major-10-77
	auto_is_right
	grep -q '^new new c10:77$' got
}

test_auto_sees_an_added_module_with_old_time() {
	installed_tree
	module "$M/updates/new.ko" alias=devname:new alias=char-major-10-77
	touch -d 2019-01-01 "$M/updates/new.ko"
	auto_is_right
	grep -q '^new new c10:77$' got
}

test_auto_sees_a_removed_module() {
	installed_tree
	rm "$M/kernel/fs/fuse.ko"
	auto_is_right
	! grep -q fuse got
}

test_auto_sees_a_replaced_module_with_old_time() {
	installed_tree
	module replacement.ko alias=devname:fuse2 alias=char-major-10-99
	touch -d 2019-01-01 replacement.ko
	mv replacement.ko "$M/kernel/fs/fuse.ko"
	auto_is_right
	grep -q '^fuse fuse2 c10:99$' got
}

test_auto_sees_a_module_written_to() {
	installed_tree
	module replacement.ko alias=devname:fuse2 alias=char-major-10-99
	cat replacement.ko > "$M/kernel/fs/fuse.ko"
	touch -d 2019-01-01 "$M/kernel/fs/fuse.ko"
	auto_is_right
	grep -q '^fuse fuse2 c10:99$' got
}

test_auto_sees_a_renamed_module() {
	installed_tree
	mv "$M/kernel/fs/fuse.ko" "$M/kernel/fs/fuse2.ko"
	auto_is_right
	grep -q '^fuse2 fuse c10:229$' got
}

test_auto_sees_a_renamed_directory() {
	installed_tree
	mv "$M/kernel/fs" "$M/kernel/filesystems"
	auto_is_right
	grep -q '^fuse fuse c10:229$' got
}

# The copy that counts now is not the one whose aliases are in the index.
test_auto_sees_a_copy_in_updates() {
	installed_tree
	module "$M/updates/fuse.ko" alias=devname:fuse alias=char-major-10-228
	touch -d 2019-01-01 "$M/updates/fuse.ko"
	auto_is_right
	grep -q '^fuse fuse c10:228$' got
}

# Back to the copy in kernel/, which is in no index any more.
test_auto_sees_that_updates_is_gone() {
	installed_tree
	module "$M/updates/fuse.ko" alias=devname:fuse alias=char-major-10-228
	touch -d 2019-01-01 "$M/updates/fuse.ko"
	run_depmod
	auto_is_right
	rm "$M/updates/fuse.ko"
	auto_is_right
	grep -q '^fuse fuse c10:229$' got
}

# The copy has the stale tree's content, and times that say nothing about it.
test_auto_falls_back_after_a_copy_without_times() {
	installed_tree
	module "$M/kernel/fs/fuse.ko" alias=devname:fuse2 alias=char-major-10-99
	cp -r root copy
	rm -rf root
	mv copy root
	# whether the index itself looks like depmod's depends on the order in which cp works
	generate > expected
	generate --source=auto > got
	same got < expected
	grep -q '^fuse fuse2 c10:99$' got
}

test_auto_falls_back_on_a_cut_index() {
	installed_tree
	size=$(stat -c %s "$M/modules.alias")
	dd if="$M/modules.alias" of=cut bs=1 count=$((size - 3)) 2>/dev/null
	cp cut "$M/modules.alias"
	sleep 0.05
	cp "$M/modules.symbols" new
	cp new "$M/modules.symbols"
	auto_is_right cut-line
}

test_index_refuses_a_cut_index() {
	installed_tree
	size=$(stat -c %s "$M/modules.alias")
	dd if="$M/modules.alias" of=cut bs=1 count=$((size - 3)) 2>/dev/null
	cp cut "$M/modules.alias"
	status 2 generate --source=index > got 2> err
	[ ! -s got ]
	grep -q 'modules.alias:[0-9]*: warning: .*\[cut-line\]$' err
}

test_index_refuses_a_normalised_index() {
	installed_tree
	sed -i 's/char-major-10-237/char_major_10_237/' "$M/modules.alias"
	echo old > "$M/modules.devname"
	status 2 kmod-devname generate -b root --source=index 6.1.0 2> err
	grep -q '\[bad-index\]$' err
	grep -q 'cannot be used' err
	echo old | same "$M/modules.devname"
}

test_auto_falls_back_without_index() {
	installed_tree
	rm "$M/modules.alias"
	auto_is_right stale-index
	status 2 generate --source=index 2> err
	grep -q 'modules.alias: No such file' err
}

test_auto_falls_back_when_the_index_is_no_file() {
	installed_tree
	mv "$M/modules.alias" "$M/elsewhere"
	ln -s elsewhere "$M/modules.alias"
	auto_is_right stale-index
	rm "$M/modules.alias"
	mkfifo "$M/modules.alias"
	timeout 20 kmod-devname generate -n -b root --source=auto 6.1.0 > got
	same got < expected
}

# depmod VERSION FILE... makes an index of these files only, newer than all others.
test_auto_reads_what_a_newer_index_lacks() {
	installed_tree
	sleep 0.05
	"$DEPMOD" -b root 6.1.0 "$PWD/$M/kernel/fs/fuse.ko" 2>/dev/null
	grep -q fuse "$M/modules.alias"
	if grep -q loop "$M/modules.alias"; then
		fail "depmod has read more than the files it was told"
	fi
	spread_index
	auto_is_right
	grep -q '^loop loop-control c10:237$' got
}

test_index_of_busybox() {
	installed_tree
	command -v busybox >/dev/null || skip "there is no busybox"
	busybox depmod --help 2>&1 | grep -q 'depmod \[' || skip "busybox has no depmod"
	generate | sort > expected
	rm -f "$M"/modules.alias* "$M"/modules.dep* "$M"/modules.symbols*
	busybox depmod -b "$PWD/root" 6.1.0
	generate --source=index | sort > got
	same got < expected
	spread_index
	generate --source=auto | sort > got
	same got < expected
}

# The power failed: depmod flushes nothing to disk.
test_index_refuses_an_empty_index() {
	installed_tree
	: > "$M/modules.alias"
	status 2 kmod-devname generate -q -b root --source=index 6.1.0 2> err
	grep -q 'modules.alias: cannot be used' err
	[ -s "$M/modules.devname" ]
	rm "$M/modules.alias"
	mkfifo "$M/modules.alias"
	status 2 timeout 20 kmod-devname generate -b root --source=index 6.1.0 2> err
	[ -s "$M/modules.devname" ]
}

test_auto_falls_back_on_an_empty_index() {
	installed_tree
	: > "$M/modules.alias"
	spread_index
	auto_is_right bad-index
}

# depmod lists a module that it cannot read, without aliases, and exits 0.
test_auto_reads_what_depmod_could_not() {
	installed_tree
	echo garbage > "$M/kernel/garbage.ko"
	touch -d 2020-01-01 "$M/kernel/garbage.ko"
	run_depmod
	grep -q garbage "$M/modules.dep"
	auto_is_right malformed
}

# Whatever kept depmod from reading fuse.ko, it said so on standard error at best; its files are
# those of a module without aliases.
index_lacks_fuse() {
	grep -q '^kernel/fs/fuse\.ko:$' "$M/modules.dep" && ! grep -q fuse "$M/modules.alias"
}

auto_finds_fuse() {
	spread_index
	auto_is_right
	grep -q '^fuse fuse c10:229$' got
}

# Which calls depmod makes differs between versions.
test_auto_reads_what_a_system_kept_from_depmod() {
	installed_tree
	kept=0
	for call in openat:error=ENFILE openat:error=EMFILE openat:error=EACCES openat:error=EIO \
		read:error=EIO pread64:error=EIO mmap:error=ENOMEM; do
		sleep 0.05
		strace -o trace -P "$PWD/$M/kernel/fs/fuse.ko" -e inject=$call \
			"$DEPMOD" -b root 6.1.0 2> err ||
			skip "strace does not work here: $(head -n 1 err)"
		index_lacks_fuse || continue
		auto_finds_fuse
		kept=$((kept + 1))
	done
	[ $kept -ge 3 ]
}

test_auto_reads_what_depmod_had_no_memory_for() {
	installed_tree
	command -v prlimit >/dev/null || skip "there is no prlimit"
	sleep 0.05
	truncate -s 300M "$M/kernel/fs/fuse.ko"
	touch -d 2020-01-01 "$M/kernel/fs/fuse.ko"
	sleep 0.05
	prlimit --as=100000000 "$DEPMOD" -b root 6.1.0 2> /dev/null
	index_lacks_fuse
	auto_finds_fuse
}

test_auto_reads_what_depmod_cannot_decompress() {
	installed_tree
	"$DEPMOD" -V | grep -q -- -ZLIB || skip "this depmod reads gzip"
	grep -q '^#define WITH_ZLIB 1' "$top_builddir/config.h" || skip "this build does not"
	gzip -n "$M/kernel/fs/fuse.ko"
	mv "$M/kernel/fs/fuse.ko.gz" "$M/kernel/fs/fuse.ko"
	run_depmod
	index_lacks_fuse
	auto_finds_fuse
}

test_auto_reads_what_is_cut() {
	installed_tree
	xz -c "$M/kernel/fs/fuse.ko" > fuse.ko.xz
	head -c $(($(wc -c < fuse.ko.xz) - 20)) fuse.ko.xz > "$M/kernel/fs/fuse.ko"
	touch -d 2020-01-01 "$M/kernel/fs/fuse.ko"
	run_depmod
	index_lacks_fuse
	auto_is_right
	grep -q '/fuse\.ko: error: ' err
}

# The index was cut at the end of a line: nothing in its form tells.
test_auto_reads_what_the_index_has_lost() {
	installed_tree
	sed -i '$d' "$M/modules.alias"
	sed -i '$d' "$M/modules.alias"
	spread_index
	auto_is_right
}

# Renaming a directory does not change the times of the files in it.
test_auto_sees_directories_that_changed_places() {
	installed_tree
	module "$M/updates/fuse.ko" alias=devname:fuse alias=char-major-10-1
	module elsewhere/fuse.ko alias=devname:fuse alias=char-major-10-2
	touch -d 2020-01-01 "$M/updates/fuse.ko" elsewhere/fuse.ko
	run_depmod
	auto_is_right
	grep -q '^fuse fuse c10:1$' got
	mv "$M/updates" gone
	mv elsewhere "$M/updates"
	auto_is_right
	grep -q '^fuse fuse c10:2$' got
}

test_auto_does_without_an_index_it_may_not_read() {
	installed_tree
	[ "$(id -u)" -eq 0 ] || skip "needs root, to become somebody else"
	command -v setpriv >/dev/null || skip "there is no setpriv"
	generate > expected
	chmod 600 "$M/modules.dep"
	chmod a+x . ..
	setpriv --reuid 65534 --clear-groups kmod-devname generate -n -b root --source=auto 6.1.0 \
		> got
	same got < expected
}

# Times at the end of the range, where differences overflow.
test_auto_takes_any_time() {
	installed_tree
	touch -d @-9223372036854775808 "$M/kernel/fs/fuse.ko" 2>/dev/null ||
		touch -d @-2147483648 "$M/kernel/fs/fuse.ko"
	auto_is_right
}

test_unknown_source() {
	status 2 generate --source=guess 2> err
	echo "kmod-devname: --source: 'guess' is none of modules, index, auto" | same err
}

run_tests "$@"
