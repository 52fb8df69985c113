#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# generate --source=index and --source=auto: which modules are read, and that the result is that of
# the modules. To tell whether a module was read, the index is made to lie about it: what a module
# declares can come from nowhere but the module.

# shellcheck source=testsuite/lib/tap.sh
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

# The index must be strictly newer, in ticks of the file system.
run_depmod() {
	next_tick
	"$DEPMOD" -b root 6.1.0 2>/dev/null
	next_tick
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
	[ $# -gt 0 ] || ! grep -q '\[stale-index\]\|\[bad-index\]' err || fail "$(cat err)"
}

# A module without a device name gets one.
make_replacement() {
	module replacement.ko alias=devname:new alias=char-major-10-99
	touch -d 2019-01-01 replacement.ko
}

# The index says that fuse has aliases, and no device name: nobody who trusts it finds the node.
hide_fuse() {
	sed -i '/devname:fuse /d' "$M/modules.alias"
	grep -q ' fuse$' "$M/modules.alias"
	next_tick
}

hiding_tree() {
	installed_tree
	hide_fuse
}

fuse_is_read() { # OPTION...
	generate "$@" > got 2> err || fail "$* failed: $(cat err)"
	grep -q '^fuse fuse c10:229$' got || fail "fuse was not read: $(cat got err)"
}

fuse_is_skipped() { # OPTION...
	generate "$@" > got 2> err || fail "$* failed: $(cat err)"
	! grep fuse got || fail "fuse was read"
	grep -q '^loop loop-control c10:237$' got
}

# --- the usual case ------------------------------------------------------------------------

test_the_result_is_depmods() {
	installed_tree
	for source in modules auto index; do
		generate --source=$source > got
		same got < "$M/modules.devname"
	done
	auto_is_right
}

test_only_modules_with_a_device_name_are_read() {
	need_strace
	installed_tree
	for source in auto index; do
		strace -f -e trace=openat,openat2 -o trace \
			kmod-devname generate -n -b root --source=$source 6.1.0 > got 2> err
		grep -o '[a-z-]*\.ko"' trace | sort > opened
		printf '%s.ko"\n' dm-mod fuse loop tun | same opened
		same got < "$M/modules.devname"
	done
}

test_modules_are_counted_whether_read_or_not() {
	installed_tree
	for source in modules auto index; do
		kmod-devname generate -v -b root --source=$source 6.1.0 2> err
		grep -q ': 4 nodes from 6 modules of 6\.1\.0, ' err || fail "$source: $(cat err)"
	done
}

test_unknown_source() {
	status 2 generate --source=guess 2> err
	echo "kmod-devname: --source: 'guess' is not one of modules, index, auto" | same err
}

# --- which modules the index speaks for ----------------------------------------------------

test_a_module_with_an_alias_is_skipped() {
	hiding_tree
	for source in auto index; do
		fuse_is_skipped --source=$source
	done
}

# change_dep SED, change_alias SED: change modules.dep or modules.alias.
change_dep() {
	sed -i "$1" "$M/modules.dep"
	next_tick
}

change_alias() {
	sed -i "$1" "$M/modules.alias"
	next_tick
}

test_a_module_that_has_a_dependency_or_is_one_is_skipped() {
	installed_tree
	change_alias '/ fuse$/d'
	for source in auto index; do
		fuse_is_read --source=$source
	done
	cp "$M/modules.dep" saved
	change_dep 's,^\(kernel/fs/fuse.ko:\)$,\1 kernel/plain.ko,'
	for source in auto index; do
		fuse_is_skipped --source=$source
	done
	cp saved "$M/modules.dep"
	change_dep 's,^\(kernel/plain.ko:\)$,\1 kernel/other.ko kernel/fs/fuse.ko,'
	for source in auto index; do
		fuse_is_skipped --source=$source
	done
}

# A dependency that is in modules.dep under no name proves nothing.
test_an_unknown_dependency_is_none() {
	installed_tree
	change_alias '/ fuse$/d'
	change_dep 's,^\(kernel/fs/fuse.ko:\)$,\1 kernel/unknown.ko,'
	for source in auto index; do
		fuse_is_read --source=$source
	done
}

# depmod takes the one for the other, but has the spelling of the file in modules.dep.
test_dashes_make_no_difference_in_a_name() {
	installed_tree
	change_alias '/devname:mapper/d'
	for name in dm_mod dm-mod; do
		change_alias "s/ dm[-_]mod$/ $name/"
		for source in auto index; do
			generate --source=$source > got
			! grep mapper got || fail "$source: dm-mod was read"
		done
	done
}

test_a_module_that_is_listed_twice_is_read() {
	hiding_tree
	module "$M/kernel/zz/fuse.ko" alias=char-major-10-229
	echo kernel/zz/fuse.ko: >> "$M/modules.dep"
	for source in auto index; do
		fuse_is_read -v --source=$source
		grep -q 'kernel/zz/fuse\.ko: warning: .*\[duplicate-module\]$' err
	done
}

# busybox takes the bytes of a compressed file for those of a module. It leaves the modules.dep.bin
# of kmod where it is, and writes no comment into modules.alias.
test_an_index_of_busybox_speaks_for_uncompressed_modules_only() {
	command -v xz > /dev/null || skip "there is no xz"
	grep -q '^#define WITH_XZ 1' "$top_builddir/config.h" || skip "this build cannot read .xz"
	hiding_tree
	change_alias '/^#/d'
	for source in auto index; do
		fuse_is_skipped --source=$source
	done
	xz --check=crc32 "$M/kernel/fs/fuse.ko"
	next_tick
	change_dep 's/fuse\.ko/fuse.ko.xz/'
	change_alias ''
	for source in auto index; do
		fuse_is_read --source=$source
	done
	change_alias '1i # Aliases extracted from modules themselves.'
	rm "$M/modules.dep.bin"
	for source in auto index; do
		fuse_is_skipped --source=$source
	done
}

test_index_of_busybox() {
	installed_tree
	command -v busybox >/dev/null || skip "there is no busybox"
	busybox depmod --help 2>&1 | grep -q 'depmod \[' || skip "busybox has no depmod"
	generate > expected
	rm -f "$M"/modules.alias* "$M"/modules.dep* "$M"/modules.symbols*
	busybox depmod -b "$PWD/root" 6.1.0
	for source in auto index; do
		generate --source=$source > got
		same got < expected
	done
}

# kmod copies a line feed in an alias, so that a module can add lines for another one: for plain,
# to give it a node; for fuse, as if depmod had read it.
test_a_line_feed_in_an_alias_forges_nothing() {
	installed_tree
	cp "$M/modules.order" order
	while read -r place alias; do
		module "$M/kernel/a.ko" "$(printf 'alias=%b' "$alias")"
		touch -d 2020-01-01 "$M/kernel/a.ko"
		{
			[ "$place" = last ] || echo kernel/a.ko
			cat order
		} > "$M/modules.order"
		run_depmod
		change_alias '/ fuse$/{/forged/!d}'
		auto_is_right bad-index
		grep -q '^fuse fuse c10:229$' got || fail "no fuse: $place $alias"
		status 2 generate --source=index 2> err
	done <<-'END'
	last q a\nalias devname:zero plain\nalias char-major-1-5 plain\nalias r
	last q a\nalias devname:zero nowhere\nalias r
	first q a\nalias forged fuse\n# r
	last q a\nalias forged fuse\n# r
	first q a\nalias forged fuse\nalias r
	last q a\nalias forged fuse\nalias r
	first forged fuse\nalias r
	last forged fuse\nalias r
	END
}

# --- what depmod could not read ------------------------------------------------------------

# depmod VERSION FILE... makes an index of these files only, newer than all others.
test_auto_reads_what_a_newer_index_lacks() {
	installed_tree
	next_tick
	"$DEPMOD" -b root 6.1.0 "$PWD/$M/kernel/fs/fuse.ko" 2>/dev/null
	next_tick
	grep -q fuse "$M/modules.alias"
	if grep -q loop "$M/modules.alias"; then
		fail "depmod has read more than the files it was told"
	fi
	auto_is_right
	grep -q '^loop loop-control c10:237$' got
	# modules.order shows that depmod did not read all
	generate --source=index > got
	same got < expected
	: > "$M/modules.order"
	generate --source=index > got
	sed 1d got > nodes
	echo 'fuse fuse c10:229' | same nodes
}

# depmod lists a module that it cannot read, without aliases, and exits 0.
test_what_depmod_could_not_read_is_read() {
	installed_tree
	echo garbage > "$M/kernel/garbage.ko"
	touch -d 2020-01-01 "$M/kernel/garbage.ko"
	run_depmod
	grep -q garbage "$M/modules.dep"
	auto_is_right malformed
	status 1 generate --source=index > got 2> err
	same got < expected
	grep -q '\[malformed\]$' err
}

# Whatever kept depmod from reading fuse.ko, it said so on standard error at best; its files are
# those of a module without aliases.
index_lacks_fuse() {
	grep -q '^kernel/fs/fuse\.ko:$' "$M/modules.dep" && ! grep -q fuse "$M/modules.alias"
}

fuse_is_found() {
	next_tick
	auto_is_right
	grep -q '^fuse fuse c10:229$' got
	fuse_is_read --source=index
}

# Which calls depmod makes differs between versions.
test_what_a_system_kept_from_depmod_is_read() {
	installed_tree
	kept=0
	for call in openat:error=ENFILE openat:error=EMFILE openat:error=EACCES openat:error=EIO \
		read:error=EIO pread64:error=EIO mmap:error=ENOMEM; do
		strace -o trace -P "$PWD/$M/kernel/fs/fuse.ko" -e inject=$call \
			"$DEPMOD" -b root 6.1.0 2> err ||
			skip "strace does not work here: $(head -n 1 err)"
		index_lacks_fuse || continue
		fuse_is_found
		kept=$((kept + 1))
	done
	[ $kept -ge 3 ]
}

test_what_depmod_had_no_memory_for_is_read() {
	installed_tree
	command -v prlimit >/dev/null || skip "there is no prlimit"
	truncate -s 300M "$M/kernel/fs/fuse.ko"
	touch -d 2020-01-01 "$M/kernel/fs/fuse.ko"
	next_tick
	prlimit --as=100000000 "$DEPMOD" -b root 6.1.0 2> /dev/null
	index_lacks_fuse
	fuse_is_found
}

test_what_depmod_cannot_decompress_is_read() {
	installed_tree
	"$DEPMOD" -V | grep -q -- -ZLIB || skip "this depmod reads gzip"
	grep -q '^#define WITH_ZLIB 1' "$top_builddir/config.h" || skip "this build does not"
	gzip -n "$M/kernel/fs/fuse.ko"
	mv "$M/kernel/fs/fuse.ko.gz" "$M/kernel/fs/fuse.ko"
	run_depmod
	index_lacks_fuse
	fuse_is_found
}

test_what_is_cut_is_read() {
	need_program xz
	installed_tree
	xz -c "$M/kernel/fs/fuse.ko" > fuse.ko.xz
	head -c $(($(wc -c < fuse.ko.xz) - 20)) fuse.ko.xz > "$M/kernel/fs/fuse.ko"
	touch -d 2020-01-01 "$M/kernel/fs/fuse.ko"
	run_depmod
	index_lacks_fuse
	auto_is_right
	grep -q '/fuse\.ko: error: ' err
}

# --- auto: what has changed since ----------------------------------------------------------

test_auto_sees_an_added_module() {
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
	make_replacement
	mv replacement.ko "$M/kernel/other.ko"
	auto_is_right
	grep -q '^other new c10:99$' got
}

test_auto_sees_a_module_written_to() {
	installed_tree
	make_replacement
	cat replacement.ko > "$M/kernel/other.ko"
	touch -d 2019-01-01 "$M/kernel/other.ko"
	auto_is_right
	grep -q '^other new c10:99$' got
}

test_auto_sees_a_renamed_module() {
	installed_tree
	mv "$M/kernel/fs/fuse.ko" "$M/kernel/fs/fuse2.ko"
	auto_is_right
	grep -q '^fuse2 fuse c10:229$' got
}

# The copy that counts now is not the one whose aliases are in the index.
test_auto_sees_a_copy_in_updates() {
	installed_tree
	make_replacement
	mkdir "$M/updates"
	mv replacement.ko "$M/updates/other.ko"
	auto_is_right
	grep -q '^other new c10:99$' got
}

# Back to the copy in kernel/, which is in no index any more.
test_auto_sees_that_updates_is_gone() {
	installed_tree
	module "$M/updates/fuse.ko" alias=char-major-10-228
	touch -d 2019-01-01 "$M/updates/fuse.ko"
	run_depmod
	auto_is_right
	! grep fuse got || fail "the copy in updates has no device name"
	rm "$M/updates/fuse.ko"
	auto_is_right
	grep -q '^fuse fuse c10:229$' got
}

# The copy that is not read is the one that counts, so the other one gives no node.
test_a_module_that_is_skipped_hides_its_copies() {
	installed_tree
	module "$M/updates/fuse.ko" alias=devname:fuse alias=char-major-10-1
	touch -d 2020-01-01 "$M/updates/fuse.ko"
	run_depmod
	hide_fuse
	fuse_is_skipped --source=auto -v
	grep -q 'kernel/fs/fuse\.ko: note: .*updates/fuse\.ko; .*\[duplicate-module\]$' err
}

test_a_change_of_a_module_has_it_read() {
	hiding_tree
	fuse_is_skipped --source=auto
	touch -d 2020-01-01 "$M/kernel/fs/fuse.ko"
	fuse_is_read --source=auto
	# right after depmod there is no such question
	fuse_is_skipped --source=index
}

# Renaming a directory does not change the times of the files in it.
test_a_change_of_a_directory_has_its_modules_read() {
	hiding_tree
	for directory in kernel/fs kernel; do
		touch "$M"
		fuse_is_skipped --source=auto
		mv "$M/$directory" away
		mv away "$M/$directory"
		fuse_is_read --source=auto
		change_dep ''
		change_alias ''
	done
}

test_auto_sees_directories_that_changed_places() {
	installed_tree
	module "$M/updates/fuse.ko" alias=char-major-10-1
	module elsewhere/fuse.ko alias=devname:fuse alias=char-major-10-2
	touch -d 2020-01-01 "$M/updates/fuse.ko" elsewhere/fuse.ko
	run_depmod
	auto_is_right
	! grep fuse got || fail "the copy in updates has no device name"
	mv "$M/updates" gone
	mv elsewhere "$M/updates"
	auto_is_right
	grep -q '^fuse fuse c10:2$' got
}

# The change time of a file cannot be set back, the modification time can; the earlier one counts.
test_the_earliest_time_of_the_index_counts() {
	hiding_tree
	for file in modules.dep modules.alias; do
		fuse_is_skipped --source=auto
		touch -d 2020-01-01 "$M/$file"
		fuse_is_read --source=auto
		touch "$M/$file"
		touch -d '+1 day' "$M/$file"
	done
	touch "$M/kernel/fs/fuse.ko"
	fuse_is_read --source=auto
	# depmod was stopped between the two files
	next_tick
	change_dep ''
	fuse_is_read --source=auto
	change_alias ''
	fuse_is_skipped --source=auto
}

# A directory that was made before the index, and mounted after it.
inside_a_directory_of_another_file_system_is_read() {
	installed_tree
	mkdir mounted
	mount -t tmpfs tmpfs mounted
	cp -p "$M/kernel/fs/fuse.ko" mounted/
	run_depmod
	hide_fuse
	fuse_is_skipped --source=auto
	mount --bind mounted "$M/kernel/fs"
	fuse_is_read --source=auto
	umount "$M/kernel/fs"
	fuse_is_skipped --source=auto
	mount --bind mounted/fuse.ko "$M/kernel/fs/fuse.ko"
	fuse_is_read --source=auto
}

test_a_directory_of_another_file_system_is_read() {
	need_mounts .
	in_mounts sh "$top_srcdir/testsuite/cli/index.sh" \
		inside_a_directory_of_another_file_system_is_read
}

test_modules_behind_links_are_read() {
	installed_tree
	mv "$M/kernel/fs" root/elsewhere
	ln -s ../../../../elsewhere "$M/kernel/fs"
	run_depmod
	grep -q '^kernel/fs/fuse\.ko:' "$M/modules.dep" || skip "this depmod does not follow links"
	hide_fuse
	fuse_is_read --source=auto
	fuse_is_skipped --source=index
	rm "$M/kernel/fs"
	mkdir "$M/kernel/fs"
	ln -s ../../../../../elsewhere/fuse.ko "$M/kernel/fs/fuse.ko"
	run_depmod
	hide_fuse
	fuse_is_read --source=auto
	fuse_is_skipped --source=index
}

test_modules_of_external_directories_are_read() {
	hiding_tree
	mkdir -p root/etc/depmod.d root/opt
	mv "$M/kernel/fs/fuse.ko" root/opt/
	echo 'external * /opt' > root/etc/depmod.d/external.conf
	next_tick
	change_dep 's,^kernel/fs/fuse,/opt/fuse,'
	change_alias ''
	fuse_is_read --source=auto
	fuse_is_skipped --source=index
}

test_auto_takes_a_copy_of_the_tree() {
	installed_tree
	cp -a root copy
	rm -rf root
	mv copy root
	auto_is_right
}

# Times at the end of the range.
test_auto_takes_any_time() {
	installed_tree
	touch -d @-9223372036854775808 "$M/kernel/fs/fuse.ko" 2>/dev/null ||
		touch -d @-2147483648 "$M/kernel/fs/fuse.ko"
	auto_is_right
}

# --- an index that cannot be used ----------------------------------------------------------

test_auto_falls_back_without_index() {
	for file in modules.dep modules.alias; do
		hiding_tree
		rm "$M/$file"
		fuse_is_read -v --source=auto
		grep -q "$file: note: .*\[stale-index\]$" err
		ln -s elsewhere "$M/$file"
		fuse_is_read --source=auto
		rm "$M/$file"
		mkfifo "$M/$file"
		timeout 600 kmod-devname generate -n -b root --source=auto 6.1.0 | grep -q fuse
		rm "$M/$file"
		truncate -s 129M "$M/$file"
		fuse_is_read --source=auto
		rm "$M/$file"
		mkdir "$M/$file"
		fuse_is_read --source=auto
		rmdir "$M/$file"
		ln -s "$file" "$M/$file"
		fuse_is_read --source=auto
	done
}

test_auto_does_without_an_index_it_may_not_read() {
	hiding_tree
	[ "$(id -u)" -eq 0 ] || skip "needs root, to become another user"
	need_nobody
	chmod 600 "$M/modules.dep"
	as_nobody kmod-devname generate -n -b root --source=auto 6.1.0 > got
	grep -q fuse got
}

# FILE CODE TEXT: with that at the end of one of depmod's files, neither auto nor index uses them.
is_refused_with() {
	damaged=$M/$1
	cp "$damaged" saved
	printf '%b' "$3" >> "$damaged"
	fuse_is_read -v --source=auto
	grep -q "$1:[0-9]*: warning: .*\[$2\]$" err || fail "no $2: $(cat err)"
	status 2 generate --source=index > got 2> err
	same got < /dev/null
	# the reason first
	sed -n '$!d; s/.*\/\(.*\): unusable index; run depmod$/\1/p' err | grep -qxF "$1" || fail "$(cat err)"
	head -n 1 err | grep -q "$1:[0-9]*: warning: .*\[$2\]$" || fail "$(cat err)"
	cp saved "$damaged"
}

test_a_damaged_index_is_refused() {
	hiding_tree
	long=$(printf '%020000d' 0)
	is_refused_with modules.dep bad-index 'nonsense\n'
	is_refused_with modules.dep bad-index ':\n'
	is_refused_with modules.dep bad-index 'kernel/:\n'
	is_refused_with modules.dep bad-index 'kernel/a b.ko:\n'
	is_refused_with modules.dep bad-index 'kernel/a.ko:kernel/b.ko\n'
	is_refused_with modules.dep bad-index 'kernel/a.ko:\0\n'
	is_refused_with modules.dep cut-line 'kernel/cut.ko:'
	is_refused_with modules.dep long-line "kernel/$long$long.ko:\n"
	is_refused_with modules.alias bad-index 'nonsense\n'
	is_refused_with modules.alias bad-index 'alias x\n'
	is_refused_with modules.alias bad-index 'alias x \n'
	is_refused_with modules.alias bad-index 'alias x\0 loop\n'
	is_refused_with modules.alias bad-index 'alias x nowhere\n'
	is_refused_with modules.alias bad-index '# comment\n'
	is_refused_with modules.alias cut-line 'alias x loop'
	is_refused_with modules.alias long-line "alias $long loop\n"
	# and without any of that it is not
	next_tick
	echo "kernel/fs/fuse2.ko: kernel/$long.ko" >> "$M/modules.dep"
	fuse_is_skipped --source=auto
}

# The power failed: depmod flushes nothing to disk.
test_an_empty_index_is_refused() {
	hiding_tree
	: > "$M/modules.alias"
	fuse_is_read -v --source=auto
	grep -q '\[bad-index\]$' err
	cp "$M/modules.devname" saved
	status 2 kmod-devname generate -q -b root --source=index 6.1.0 2> err
	grep -q 'modules.alias: unusable index; run depmod' err
	same "$M/modules.devname" < saved
	installed_tree
	: > "$M/modules.dep"
	auto_is_right bad-index
	status 2 generate --source=index 2> err
}

# Nothing is written for an index that is not there, either.
test_index_refuses_what_is_no_file() {
	for file in modules.alias modules.dep; do
		installed_tree
		cp "$M/modules.devname" saved
		rm "$M/$file"
		status 2 kmod-devname generate -b root --source=index 6.1.0 2> err
		head -n 1 err | grep -q "$file: warning: cannot be used: No such file or directory; .*\[stale-index\]$"
		tail -n 1 err | grep -q "/$file: unusable index; run depmod\$"
		[ "$(wc -l < err)" -eq 2 ]
		mkfifo "$M/$file"
		status 2 timeout 600 kmod-devname generate -b root --source=index 6.1.0 2> err
		same "$M/modules.devname" < saved
		rm "$M/$file"
	done
}

# --- index: the paths of modules.dep -------------------------------------------------------

test_index_lists_no_directory() {
	installed_tree
	module "$M/kernel/new.ko" alias=devname:new alias=char-major-10-77
	generate --source=index > got
	same got < "$M/modules.devname"
}

test_a_path_that_leads_nowhere_is_a_finding() {
	installed_tree
	rm -r "$M/kernel/fs" "$M/kernel/loop.ko"
	mkdir "$M/kernel/loop.ko"
	generate -v --source=index > got 2> err
	grep -q 'kernel/fs/fuse\.ko: warning: .*\[vanished\]$' err
	grep -q 'kernel/loop\.ko: note: .*\[not-regular\]$' err
	[ "$(grep -c '\]$' err)" -eq 2 ]
	printf '%s\n' 'tun net/tun c10:200' 'dm_mod mapper/control c10:236' > expected
	sed 1d got | same expected
}

# Relative ones below the module directory, absolute ones below the root.
test_paths_are_resolved_inside_the_root() {
	installed_tree
	mkdir -p root/opt
	mv "$M/kernel/fs/fuse.ko" root/opt/
	change_dep "s,^kernel/fs/fuse,/opt/fuse,"
	generate --source=index > got
	grep -q '^fuse fuse c10:229$' got
	mkdir -p outside
	mv root/opt/fuse.ko outside/
	for way in "$PWD/outside" ../../../../outside; do
		change_dep "s,^.*/fuse.ko:,$way/fuse.ko:,"
		generate --source=index > got 2> err
		! grep fuse got || fail "$way"
		grep -q '\[vanished\]$' err
	done
}

test_index_follows_modules_order() {
	installed_tree
	printf 'kernel/%s.ko\n' dm-mod loop fs/fuse net/tun > "$M/modules.order"
	generate > expected
	generate --source=index > got
	same got < expected
	sed 1d got | head -n 1 > first
	echo 'dm_mod mapper/control c10:236' | same first
}

run_tests "$@"
