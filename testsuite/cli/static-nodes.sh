#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# static-nodes: kmod is the oracle for its formats, and the programs that read the others make
# what is meant; what bad lists and bad places for the output get.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"

FORMATS='human tmpfiles devname mknod cpio device-table json'

# A list with the shapes that real ones have: two modules with one node, a shared directory.
print_list() {
	cat <<-END
	$HEADER
	fuse fuse c10:229
	tun net/tun c10:200
	snd_timer snd/timer c116:33
	snd_seq snd/seq c116:1
	kvm_hv kvm c10:232
	kvm_pr kvm c10:232
	loop loop0 b7:0
	END
}

# A line with each byte but the line feed in a name: as all of it, at its begin, inside, at its
# end, and as a directory. kmod-devname says which are names.
print_bytes() {
	awk 'BEGIN {
		for (i = 1; i < 256; i++) {
			if (i == 10)
				continue
			c = sprintf("%c", i)
				names[1] = c
			names[2] = c "z"
			names[3] = "y" c "y"
			names[4] = "x" c
			names[5] = "w" c "/" c "v"
			for (j = 1; j <= 5; j++)
				print "m " names[j] " c" j ":" i
		}
	}'
}

# Names as long and as deep as the rules allow, and the limits of numbers.
print_extremes() {
	awk 'BEGIN {
		for (i = 0; i < 255; i++)
			long = long "n"
		path = "long"
		for (i = 0; i < 14; i++)
			path = path "/" long
		for (i = 0; i < 200; i++)
			deep = deep "d/"
		print "m " long " c1:0"
		print "m " path " b4095:1048575"
		print "m " deep "end c10:1"
	}'
}

# A list of all valid names that the two above have, in the file "all".
make_all() {
	{
		print_list
		print_bytes
		print_extremes
	} > all.raw
	status 1 kmod-devname static-nodes --input all.raw -f devname > all 2> /dev/null
	# most bytes are refused; letters, digits and some more are not
	awk '{ print length($2) == 3 && $2 ~ /^y.y$/ ? substr($2, 2, 1) : "" }' all | tr -d '\n' \
		> bytes
	[ "$(wc -c < bytes)" -ge 72 ] || fail "too few valid bytes: $(cat bytes)"
	[ "$(awk 'length($2) > 3000' all | wc -l)" -eq 1 ] || fail "the long name is missing"
}

# What must be below a device directory: PATH TYPE MAJOR:MINOR MODE UID:GID, numbers as stat(1)
# has them, and the directories.
nodes_of() { # LIST [MODE [UID:GID]]
	awk -v mode="${2:-600}" -v owner="${3:-0:0}" '
	/^#/ { next }
	{
		type = substr($3, 1, 1) == "b" ? "block" : "character"
		split(substr($3, 2), number, ":")
		printf "%s %s special file %x:%x %s %s\n", $2, type, number[1], number[2], mode, owner
		n = split($2, part, "/")
		path = ""
		for (i = 1; i < n; i++) {
			path = path (i > 1 ? "/" : "") part[i]
			print path " directory 0:0 755 0:0"
		}
	}' "$1" | sort -u
}

# What is there.
nodes_in() { # DIRECTORY
	(cd "$1" && find . -mindepth 1 -exec stat -c '%n %F %t:%T %a %u:%g' {} +) |
		sed 's,^\./,,' | sort
}

need_tmpfiles() {
	need_mknod
	command -v systemd-tmpfiles >/dev/null || skip "systemd-tmpfiles is not installed"
	# the colon of --create-only came with it
	[ "$(systemd-tmpfiles --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')" -ge 252 ] ||
		skip "systemd-tmpfiles is older than 252"
}

# Runs systemd-tmpfiles as the units do, for a root directory: it must say nothing.
tmpfiles() { # ROOT FILE
	mkdir -p "$1/dev"
	status 0 systemd-tmpfiles --prefix=/dev --create --boot --root="$PWD/$1" "$PWD/$2" \
		> said 2>&1
	[ ! -s said ] || fail "systemd-tmpfiles: $(head -n 5 said)"
}

# Runs a command with a file as the modules.devname of the running kernel, or without one.
as_running() { # FILE|'' COMMAND...
	need_mounts /lib/modules
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_mounts sh -c '
		"$top_srcdir/testsuite/lib/provide-directory" /lib/modules &&
		mount -t tmpfs tmpfs /lib/modules &&
		mkdir "/lib/modules/$(uname -r)" || exit 99
		[ -z "$1" ] || cp "$1" "/lib/modules/$(uname -r)/modules.devname" || exit 99
		shift
		exec "$@"' sh "$@"
}

need_kmod() {
	command -v kmod >/dev/null || skip "kmod is not installed"
	kmod static-nodes --help 2>/dev/null | grep -q devname || skip "kmod has no static-nodes"
}

# kmod and we, reading the same file as that of the running kernel, must write the same.
agree() { # LIST
	for format in human devname tmpfiles; do
		as_running "$1" kmod static-nodes -f $format -o "$PWD/kmod.$format"
		as_running "$1" kmod-devname static-nodes -f $format -o "$PWD/ours.$format"
		as_running "$1" kmod-devname static-nodes -f $format > printed
		cmp printed ours.$format
	done
	cmp kmod.human ours.human
	cmp kmod.devname ours.devname
	known_difference kmod_directories
	for who in kmod ours; do
		grep -v '^d' $who.tmpfiles > $who.nodes
		grep '^d' $who.tmpfiles > $who.directories || :
	done
	cmp kmod.nodes ours.nodes
	sort ours.directories | uniq -d | same /dev/null
	sort -u kmod.directories > kmod.sorted
	sort ours.directories | comm -23 kmod.sorted - | same /dev/null
	[ -s ours.nodes ] || fail "no nodes"
}

# --- kmod's formats -------------------------------------------------------------------------

test_output_is_that_of_kmod_for_every_valid_name() {
	need_kmod
	make_all
	agree all
	! cmp -s kmod.tmpfiles ours.tmpfiles || fail "kmod writes each directory once too"
}

test_output_is_that_of_kmod_for_real_kernels() {
	need_kmod
	tried=
	for name in amd64 cloud-amd64 arm64 armhf i386; do
		version=$(kernel_version $name)
		[ -n "$version" ] || continue
		kmod-devname generate -b "$KERNELS/$name" --output list "$version"
		[ "$(wc -l < list)" -gt 5 ] || fail "$name: too few nodes"
		agree list
		tried="$tried $name"
	done
	[ -n "$tried" ] || skip "$(kernel_missing amd64)"
}

test_output_is_that_of_a_newer_kmod() {
	use_newer_kmod
	make_all
	agree all
	version=$(kernel_version amd64-6.12)
	[ -n "$version" ] || skip "$(kernel_missing amd64-6.12)"
	kmod-devname generate -b "$KERNELS/amd64-6.12" --output list "$version"
	agree list
}

# What is at the output's place afterwards, contents, modes and all.
place() { # DIRECTORY
	(cd "$1" && find . -mindepth 1 -type d -exec stat -c '%n %F' {} + &&
		find . -type f -exec sh -c 'echo "$1:"; cat "$1"' sh {} \;) | sort
}

test_output_goes_where_kmod_puts_it() {
	need_kmod
	print_list > list
	echo "$HEADER" > none
	: > empty
	for umask in 022 077; do
		for list in list none empty ''; do
			rm -rf kmod.place ours.place
			for who in kmod ours; do
				mkdir $who.place
				echo old > $who.place/old
				case $who in
				kmod) set -- kmod static-nodes ;;
				ours) set -- kmod-devname static-nodes -q ;;
				esac
				for output in old new deep/er/new; do
					(umask $umask; as_running "$list" "$@" -f devname \
						-o "$PWD/$who.place/$output" 2> $who.messages)
				done
				place $who.place > $who.placed
				find $who.place -type d -printf '%P %m\n' | sort > $who.modes
			done
			cmp kmod.placed ours.placed
			cmp kmod.modes ours.modes
		done
	done
}

test_missing_list_is_a_warning() {
	as_running '' kmod-devname static-nodes > out 2> messages
	same out < /dev/null
	[ "$(wc -l < messages)" -eq 1 ]
	grep -q "/lib/modules/$(uname -r)/modules.devname: warning: " messages
	status 1 as_running '' kmod-devname static-nodes --strict > out 2>&1
	as_running '' kmod-devname static-nodes -q > out 2>&1
	same out < /dev/null
	as_running '' kmod-devname static-nodes -q -f json > out
	[ "$(tr -d ' \n' < out)" = '{"nodes":[]}' ]
}

# A file that was named is not one that a kernel may lack.
test_missing_input_is_a_failure() {
	echo old > kept
	for output in - kept; do
		status 2 kmod-devname static-nodes --input nothere -o $output > out 2> messages
		same out < /dev/null
		echo 'kmod-devname: nothere: No such file or directory' | same messages
	done
	echo old | same kept
}

# The first name of --udev, which boot services of other packages have.
test_udev_permissions_is_udev() {
	make_permissions
	kmod-devname static-nodes -b root -q -f tmpfiles --udev 6.1.0 > wanted
	grep -q ' 0640 qemu kvm ' wanted
	for option in --udev-permissions --udev-permissions=root --udev-root=root; do
		kmod-devname static-nodes -b root -q -f tmpfiles $option 6.1.0 | same wanted
	done
	mkdir empty
	kmod-devname static-nodes -b root -q -f tmpfiles --udev-root empty 6.1.0 > plain
	kmod-devname static-nodes -b root -q -f tmpfiles 6.1.0 | same plain
	! kmod-devname static-nodes --help | grep -e --udev-permissions ||
		fail "the second name is shown"
}

# A place for it that is not there yet, as early in boot.
test_standard_output_is_not_opened_by_name() {
	print_list > list
	need_mknod
	unshare -m mount -t tmpfs tmpfs /dev 2>/dev/null || skip "nothing can be mounted here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -c 'mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3 &&
		kmod-devname static-nodes --input list -f devname && ls -A /dev' > out
	{
		grep -v '^#' list
		echo null
	} | same out
	{
		echo head
		kmod-devname static-nodes --input list -f devname
		echo tail
	} > file
	{
		echo head
		grep -v '^#' list
		echo tail
	} | same file
}

# --- tmpfiles -------------------------------------------------------------------------------

test_tmpfiles_makes_exactly_the_nodes_of_every_valid_name() {
	need_tmpfiles
	make_all
	nodes_of all > wanted
	kmod-devname static-nodes --input all -f tmpfiles -o nodes.conf
	tmpfiles root nodes.conf
	nodes_in root/dev | same wanted
	tmpfiles root nodes.conf
	nodes_in root/dev | same wanted
	kmod-devname static-nodes --input all -f tmpfiles --create-only -o create.conf
	tmpfiles other create.conf
	nodes_in other/dev | same wanted
}

test_tmpfiles_with_create_only_leaves_what_is_there() {
	need_tmpfiles
	print_list > list
	kmod-devname static-nodes --input list -f tmpfiles --create-only -o create.conf
	mkdir -p root/dev/net
	chmod 0711 root/dev/net
	tmpfiles root create.conf
	chmod 0666 root/dev/fuse
	chown 1:2 root/dev/snd root/dev/fuse
	nodes_in root/dev > before
	grep -q '^net directory 0:0 711 0:0$' before
	tmpfiles root create.conf
	nodes_in root/dev | same before
	# without it they are what the file says: the test can tell
	kmod-devname static-nodes --input list -f tmpfiles -o nodes.conf
	tmpfiles root nodes.conf
	nodes_in root/dev > after
	grep -q '^fuse character special file a:e5 600 ' after
	grep -q '^net directory 0:0 755 ' after
}

# The loop that init scripts without systemd have.
test_shell_loop_makes_exactly_the_nodes() {
	need_mknod
	make_all
	# one below another are longer than a path can be
	awk 'length($2) < 1000' all > list
	kmod-devname static-nodes --input list -f tmpfiles > nodes.conf
	mkdir -p root/dev
	while read -r type path mode user group age number; do
		[ "$user $group $age" = '- - -' ] || fail "$path: '$user' '$group' '$age'"
		case $type in
		d) mkdir -m "$mode" "root$path" ;;
		c! | b!) [ -e "root$path" ] ||
			mknod -m "$mode" "root$path" "${type%!}" "${number%:*}" "${number#*:}" ;;
		*) fail "type '$type'" ;;
		esac
	done < nodes.conf
	nodes_of list > wanted
	nodes_in root/dev | same wanted
}

# --- mknod ----------------------------------------------------------------------------------

# The shells, each with the mknod that may come with it: a directory for PATH, and the command.
shells() {
	for shell in dash bash; do
		command -v $shell >/dev/null || continue
		echo "$PATH $shell"
	done
	for box in busybox toybox; do
		command -v $box >/dev/null || continue
		mkdir -p $box
		for applet in mkdir mknod chown chmod; do
			ln -sf "$(command -v $box)" "$box/$applet"
		done
	done
	[ ! -d busybox ] || echo "$PWD/busybox $(command -v busybox) sh"
	[ ! -d toybox ] || echo "$PWD/toybox $(command -v dash || command -v bash)"
}

test_script_makes_exactly_the_nodes_in_every_shell() {
	need_mknod
	make_all
	awk 'length($2) < 1000' all > list
	nodes_of list > wanted
	kmod-devname static-nodes --input list -f mknod > script
	shells > shells.found
	[ -s shells.found ] || fail "no shell was found"
	while read -r path shell; do
		for umask in 0 022 0777; do
			for run in 1 2; do
				mkdir -p root
				# shellcheck disable=SC2086 # a command with arguments
				(umask $umask; PATH=$path $shell script root) > said 2>&1 ||
					fail "$shell, umask $umask, run $run: $(cat said)"
				same said < /dev/null
				nodes_in root | same wanted
			done
			rm -rf root
		done
	done < shells.found
}

test_script_is_clean_for_shellcheck() {
	shellcheck --version >/dev/null 2>&1 || skip "shellcheck is not installed"
	print_list > list
	kmod-devname static-nodes --input list -f mknod > script
	shellcheck script >&2
}

# In place of the owners that udev's rules would give.
with_owner() { # FILE
	sed "s/^\(node '[^']*'\) '0600' '0' '0'/\1 '0640' '33' '4242'/" "$1"
}

test_script_sets_owners() {
	need_mknod
	print_list > list
	nodes_of list 640 33:4242 > wanted
	kmod-devname static-nodes --input list -f mknod > plain
	with_owner plain > script
	shells > shells.found
	while read -r path shell; do
		mkdir root
		# shellcheck disable=SC2086 # a command with arguments
		PATH=$path $shell script root
		nodes_in root | same wanted
		rm -rf root
	done < shells.found
}

test_script_replaces_nothing() {
	need_mknod
	print_list > list
	kmod-devname static-nodes --input list -f mknod > script
	mkdir -p root/snd root/kvm
	echo text > root/fuse
	ln -s nowhere root/snd/seq
	mknod root/loop0 c 1 3
	ln -s /dev/null root/snd/timer
	touch root/net
	find root ! -name root -printf '%p %i %y %l %m\n' | sort > before
	status 1 sh script root > out 2> messages
	same out < /dev/null
	find root ! -name root -printf '%p %i %y %l %m\n' | sort | same before
	for name in fuse kvm loop0 snd/seq net; do
		grep -q "root/$name" messages || fail "$name is not named: $(cat messages)"
	done
	status 1 sh script none 2> messages
	[ "$(wc -l < messages)" -eq 1 ]
	status 1 sh script '' 2> messages
	[ "$(wc -l < messages)" -eq 1 ]
	mkdir -- '-a b"'
	sh script '-a b"'
	nodes_of list > wanted
	nodes_in './-a b"' | same wanted
}

test_script_tells_that_nodes_cannot_be_made() {
	need_mknod
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	print_list > list
	kmod-devname static-nodes --input list -f mknod > script
	mkdir root
	status 1 setpriv --bounding-set=-mknod sh script root 2> messages
	[ -s messages ]
	sh script root
	# there is nothing left to do
	setpriv --bounding-set=-mknod sh script root
}

# --- images ---------------------------------------------------------------------------------

# By the description in the kernel's usr/gen_init_cpio.c, with no blank or zero more than in it.
test_cpio_list_makes_exactly_the_nodes() {
	need_mknod
	make_all
	awk 'length($2) < 1000' all > list
	nodes_of list > wanted
	kmod-devname static-nodes --input list -f cpio > cpio.list
	mkdir root
	while IFS=' ' read -r kind path mode uid gid type major minor rest; do
		[ "$uid:$gid:$rest" = 0:0: ] || fail "$path: '$uid' '$gid' '$rest'"
		case $kind in
		dir) mkdir -m "$mode" "root$path" ;;
		nod) mknod -m "$mode" "root$path" "$type" "$major" "$minor" ;;
		*) fail "kind '$kind'" ;;
		esac
	done < cpio.list
	nodes_in root/dev | same wanted
}

test_makedevs_makes_exactly_the_nodes_of_the_device_table() {
	need_mknod
	toybox makedevs --help >/dev/null 2>&1 || skip "toybox with makedevs is not installed"
	make_all
	# this makedevs cannot make minors above that
	sed 's/:1048575$/:524287/' all > list
	kmod-devname static-nodes --input list -f device-table -o table
	! awk -F '\t' 'NF != 10' table | grep . || fail "not ten fields"
	nodes_of list > wanted
	mkdir root
	toybox makedevs -d table root > said 2>&1 || fail "makedevs: $(grep -v ' = ' said)"
	nodes_in root/dev | same wanted
}

# --- json -----------------------------------------------------------------------------------

test_json_says_the_same() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	make_all
	kmod-devname static-nodes --input all -f json -o json
	python3 - json <<-'END' > lines
	import json, sys
	keys = ("name type maj:min module state mode user group loaded path major minor uid gid "
	        "kernel").split()
	data = json.load(open(sys.argv[1], encoding="ascii"))
	assert list(data) == ["nodes"]
	for n in data["nodes"]:
	    assert list(n) == keys, n
	    assert n["path"] == "/dev/" + n["name"] and n["mode"] == "0600", n
	    assert (n["uid"], n["gid"], n["user"], n["group"]) == (0, 0, "root", "root"), n
	    assert (n["state"], n["loaded"], n["kernel"]) == (None, None, None), n
	    assert n["maj:min"] == f"{n['major']}:{n['minor']}", n
	    letter = {"char": "c", "block": "b"}[n["type"]]
	    print(n["module"], n["name"], f"{letter}{n['major']}:{n['minor']}")
	END
	same all < lines
}

# --- permissions ----------------------------------------------------------------------------

# A root with users, groups and rules; one rule has a group that is not there.
make_permissions() {
	mkdir -p root/etc/udev/rules.d root/usr/lib/udev/rules.d root/lib/modules/6.1.0
	print_list > root/lib/modules/6.1.0/modules.devname
	printf '%s\n' root:x:0:0::/root:/bin/sh qemu:x:64055:0::/:/bin/false > root/etc/passwd
	printf '%s\n' root:x:0: audio:x:29: kvm:x:4242: > root/etc/group
	cat > root/usr/lib/udev/rules.d/50-default.rules <<-'END'
	KERNEL=="fuse", MODE="0666", OPTIONS+="static_node=fuse"
	SUBSYSTEM=="snd", GROUP="audio", OPTIONS+="static_node=snd/seq", OPTIONS+="static_node=snd/timer"
	KERNEL=="kvm", OWNER="qemu", GROUP="kvm", MODE="0640", OPTIONS+="static_node=kvm"
	KERNEL=="tun", GROUP="nobodys", MODE="0666", OPTIONS+="static_node=net/tun"
	END
}

nodes_of_permissions() {
	cat <<-'END'
	fuse character special file a:e5 666 0:0
	kvm character special file a:e8 640 64055:4242
	loop0 block special file 7:0 600 0:0
	net directory 0:0 755 0:0
	net/tun character special file a:c8 600 0:0
	snd directory 0:0 755 0:0
	snd/seq character special file 74:1 660 0:29
	snd/timer character special file 74:21 660 0:29
	END
}

# Of the root directory in question, by name in tmpfiles and by number in the others.
print_with_permissions() { # OPTION...
	status 0 kmod-devname static-nodes -b root --udev-permissions "$@" 6.1.0 2> messages
	[ "$(wc -l < messages)" -eq 1 ] || fail "$(cat messages)"
	grep -q ' warning: .* \[unknown-owner\]$' messages || fail "$(cat messages)"
}

test_tmpfiles_gives_the_permissions_of_udev() {
	need_tmpfiles
	make_permissions
	print_with_permissions -f tmpfiles > nodes.conf
	tmpfiles root nodes.conf
	nodes_of_permissions > wanted
	nodes_in root/dev | same wanted
	rm -rf root/dev
	print_with_permissions -f tmpfiles --create-only > create.conf
	grep -qx 'c! /dev/kvm :0640 :qemu :kvm - 10:232' create.conf
	tmpfiles root create.conf
	nodes_in root/dev | same wanted
	chmod 0600 root/dev/fuse
	chown 1:2 root/dev/kvm
	nodes_in root/dev > before
	tmpfiles root create.conf
	nodes_in root/dev | same before
}

test_other_formats_have_the_permissions_of_udev() {
	need_mknod
	make_permissions
	nodes_of_permissions > wanted
	print_with_permissions -f mknod > script
	mkdir scripted
	sh script scripted
	nodes_in scripted | same wanted
	print_with_permissions -f cpio | grep '^nod' > cpio.list
	grep -qx 'nod /dev/kvm 0640 64055 4242 c 10 232' cpio.list
	if command -v toybox >/dev/null; then
		print_with_permissions -f device-table > table
		mkdir made
		toybox makedevs -d table made > said 2>&1
		nodes_in made/dev | same wanted
	fi
	print_with_permissions -f json > nodes.json
	grep -q '"name": "kvm".*"mode": "0640", "user": "qemu", "group": "kvm".*"uid": 64055, "gid": 4242' \
		nodes.json
	print_with_permissions -f devname > list
	print_list | grep -v '^#' | same list
}

# --- which lists ----------------------------------------------------------------------------

# LINE | code of the finding. printf(1) expands both the line and what is around it.
bad_lines() {
	cat <<-'END'
	tun  net/tun c10:200|bad-line
	tun net/tun c10:200 x|bad-line
	\ttun net/tun c10:200|bad-module-name
	|bad-line
	tun net/tun c10:200\r|bad-number
	tun net/tun|bad-line
	tun net/tun C10:200|bad-line
	tun ../tun c10:200|bad-name
	tun /net/tun c10:200|bad-name
	tun net//tun c10:200|bad-name
	tun net/tun%%b c10:200|bad-name
	tun net/"tun" c10:200|bad-name
	tun net/$(tun) c10:200|bad-name
	tun net\\\\tun c10:200|bad-name
	tun -tun c10:200|bad-name
	tun net/t\033[2J c10:200|bad-name
	tun.x net/tun c10:200|bad-module-name
	tun net/tun c10:1048576|bad-number
	tun net/tun c4096:1|bad-number
	tun net/tun c4294967306:200|bad-number
	tun net/tun c0:1|bad-number
	tun net/tun c-1:5|bad-number
	tun net/tun c010:200|bad-number
	tun net/tun c10:255|dynamic-minor
	tun fuse c10:200|name-conflict
	tun fuse/tun c10:200|name-conflict
	END
}

test_bad_line_is_named_and_the_good_ones_served() {
	for format in $FORMATS; do
		printf 'fuse fuse c10:229\nloop loop0 b7:0\n' |
			kmod-devname static-nodes --input - -f "$format" > "good.$format"
	done
	bad_lines | while IFS='|' read -r line code; do
		# shellcheck disable=SC2059 # it has escapes
		{
			echo "$HEADER"
			echo 'fuse fuse c10:229'
			printf "$line\n"
			echo 'loop loop0 b7:0'
		} > list
		for format in $FORMATS; do
			status 1 kmod-devname static-nodes --input list -f "$format" > out 2> messages
			cmp "good.$format" out || fail "$line: in $format"
			[ "$(wc -l < messages)" -eq 1 ] || fail "$line: $(cat messages)"
			grep -q "^kmod-devname: list:3: error: .* \[$code\]\$" messages ||
				fail "$line: $(cat messages)"
		done
		rm -f out
		status 1 kmod-devname static-nodes --input list -f json -o out 2>/dev/null
		cmp good.json out
	done
}

test_list_that_is_cut_short_serves_its_whole_lines() {
	printf 'fuse fuse c10:229\ntun net/tun c10:20' > list
	status 1 kmod-devname static-nodes --input list -f devname > out 2> messages
	echo 'fuse fuse c10:229' | same out
	grep -q '^kmod-devname: list:2: error: .* \[cut-line\]$' messages
	awk 'BEGIN { while (i++ < 5000) printf "#"; print ""; print "fuse fuse c10:229" }' > list
	status 1 kmod-devname static-nodes --input list -f devname > out 2> messages
	echo 'fuse fuse c10:229' | same out
	grep -q '^kmod-devname: list:1: error: .* \[long-line\]$' messages
}

make_root() {
	for version in 6.1.0 6.2.0; do
		mkdir -p "root/lib/modules/$version"
	done
	print_list > root/lib/modules/6.1.0/modules.devname
	printf 'fuse fuse c10:229\nvhost_net vhost-net c10:238\n' \
		> root/lib/modules/6.2.0/modules.devname
}

# kmod has only the running kernel.
test_list_may_be_that_of_any_kernel() {
	make_root
	kmod-devname static-nodes -b root -f devname 6.2.0 > out
	same out < root/lib/modules/6.2.0/modules.devname
	kmod-devname static-nodes -f devname ./root/lib/modules/6.2.0 > out
	same out < root/lib/modules/6.2.0/modules.devname
	kmod-devname static-nodes -b root --all -f cpio > out
	{
		print_list
		echo 'vhost_net vhost-net c10:238'
	} | kmod-devname static-nodes --input - -f cpio | same out
	# of two kernels that differ the first stays
	echo 'fuse fuse c10:228' > root/lib/modules/6.2.0/modules.devname
	status 1 kmod-devname static-nodes -b root -f cpio 6.1.0 6.2.0 > out 2> messages
	grep -q 'c10:229\|fuse 0600 0 0 c 10 229' out
	grep -q '^kmod-devname: root/lib/modules/6.2.0/modules.devname:1: error: .*\[name-conflict\]$' \
		messages
	# and of one that has no list, those of the other
	rm root/lib/modules/6.2.0/modules.devname
	kmod-devname static-nodes -q -b root --all -f devname -o file
	print_list | grep -v '^#' | same file
}

# Whatever stands in the list's place: named, in one line, never waited for, and the old output
# stays.
test_list_that_cannot_be_read_leaves_the_output() {
	make_root
	list=root/lib/modules/6.2.0/modules.devname
	for kind in directory loop fifo; do
		rm -rf "$list"
		case $kind in
		directory) mkdir "$list" ;;
		loop) ln -s modules.devname "$list" ;;
		fifo) mkfifo "$list" ;;
		esac
		echo old > file
		status 2 timeout 600 kmod-devname static-nodes -b root -o file 6.2.0 2> messages
		[ "$(wc -l < messages)" -eq 1 ] || fail "$kind: $(cat messages)"
		grep -qF "$list" messages
		status 2 timeout 600 kmod-devname static-nodes -b root --all -o file 2> messages
		echo old | same file
		status 2 timeout 600 kmod-devname static-nodes -b root 6.2.0 > out 2> messages
		same out < /dev/null
		status 2 timeout 600 kmod-devname static-nodes -b root -o new/file 6.2.0 2> messages
		[ ! -e new ] || fail "$kind: a directory was made"
	done
	status 2 kmod-devname static-nodes --input root -o file 2> messages
	[ "$(wc -l < messages)" -eq 1 ]
	echo old | same file
	status 2 kmod-devname static-nodes -b root 6.3.0 > out 2> messages
	same out < /dev/null
}

# --- where it goes --------------------------------------------------------------------------

test_file_is_replaced_in_one_step() {
	print_list > list
	(umask 077; kmod-devname static-nodes --input list -f devname -o file)
	[ "$(stat -c %a file)" = 644 ]
	grep -v '^#' list | same file
	stat -c '%i %z' file > before
	kmod-devname static-nodes --input list -f devname -o file
	stat -c '%i %z' file | same before
	# who has it open sees the old one
	exec 3< file
	kmod-devname static-nodes --input list -f cpio -o file
	cat <&3 > seen
	grep -v '^#' list | same seen
	find . -name '.*' -type f | same /dev/null
}

# As root, --output=/dev/null would be a disaster.
test_an_irregular_file_is_not_replaced() {
	print_list > list
	mkdir directory
	mkfifo fifo
	ln -s list link
	ln -s nowhere dangling
	find . -printf '%p %i %y %l\n' | sort > ../before
	for output in directory fifo link dangling; do
		status 2 timeout 600 kmod-devname static-nodes --input list -o $output 2> messages
		[ "$(cat messages)" = "kmod-devname: ./$output: not a regular file; use - for standard output" ]
		rm messages
	done
	find . -printf '%p %i %y %l\n' | sort | same ../before
	status 2 kmod-devname static-nodes --input list -o list/file 2> messages
	[ "$(wc -l < messages)" -eq 1 ]
	status 2 kmod-devname static-nodes --input list -o dangling/file 2> messages
	[ "$(wc -l < messages)" -eq 1 ]
}

test_full_disk_leaves_the_old_file() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	unshare -m mount -t tmpfs tmpfs /mnt 2>/dev/null || skip "nothing can be mounted here"
	make_all
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m sh -euc '
		mount -t tmpfs -o size=8k tmpfs /mnt
		echo old > /mnt/file
		status=0
		kmod-devname static-nodes --input all -o /mnt/file 2> messages || status=$?
		ls -A /mnt
		cat /mnt/file
		exit $status' > out || got=$?
	[ "${got:-0}" -eq 2 ]
	grep -q 'No space left on device' messages
	printf '%s\n' file old | same out
}

# A list is made at boot. 65534 is nobody, who may not read the file.
test_rules_that_cannot_be_read_cost_no_node() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to have no rights for a moment"
	mkdir -p root/lib/modules/6.1.0 root/etc/udev/rules.d
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' > root/lib/modules/6.1.0/modules.devname
	echo 'MODE="0666", OPTIONS+="static_node=fuse"' > root/etc/udev/rules.d/a.rules
	echo '# private' > root/etc/udev/rules.d/b.rules
	chmod 0 root/etc/udev/rules.d/b.rules
	chmod 755 . ..
	status 1 setpriv --bounding-set=-all --inh-caps=-all --reuid 65534 --clear-groups \
		"$(command -v kmod-devname)" static-nodes -f tmpfiles -b root \
		--udev-permissions 6.1.0 > out 2> err
	echo 'c! /dev/fuse 0600 - - - 10:229' | same out
	grep -q 'b\.rules: error: cannot read udev.s rules: Permission denied: .*; make it readable \[bad-rule\]$' err ||
		fail "$(cat err)"
}

run_tests "$@"
