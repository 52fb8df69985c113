#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kmod-devname explain: the node, what the kernel asks for, what modprobe makes of that. The
# oracle is modprobe itself, and the indexes are those of depmod.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"

V=6.1.0
MODULES=root/lib/modules/$V
CONF=root/etc/modprobe.d
PATH=$PATH:/usr/sbin:/sbin

# A build without it says so, for every node but those that the kernel never asks for.
need_libkmod() {
	case $(kmod-devname --version) in *+LIBKMOD*) return ;; esac
	mkdir -p "$MODULES"
	status 2 kmod-devname explain -b root c10:229 "$V" > out 2> err
	grep -q '^kmod-devname: this build is without libkmod' err
	skip "built without libkmod"
}

need_namespace() {
	need_mounts /etc/modprobe.d /lib/modules
}

# ko NAME [+SYMBOL] [-SYMBOL] STRING...: a module that exports and needs symbols, for depmod.
ko() {
	ko_name=$1
	shift
	linked_module "$MODULES/kernel/$ko_name.ko" "$@"
}

index() {
	need_program "$DEPMOD" modprobe
	"$DEPMOD" -b root "$V" > depmod.log 2>&1 || fail "$(cat depmod.log)"
}

tree() {
	need_libkmod
	ko fuse +fuse_do alias=devname:fuse alias=char-major-10-229
	ko cuse -fuse_do alias=devname:cuse alias=char-major-10-203
	ko tun alias=devname:net/tun alias=char-major-10-200
	ko snd +snd_do 'alias=char-major-116-*'
	ko snd_seq -snd_do alias=devname:snd/seq alias=char-major-116-1
	ko loop alias=devname:loop-control alias=char-major-10-237 'alias=block-major-7-*'
	ko wants-tun softdep=pre:\ tun alias=devname:wants alias=char-major-10-100
	ko whole alias=char-major-240
	printf 'kernel/8250.ko\n' > "$MODULES/modules.builtin"
	printf '8250.alias=char-major-4-*\0' > "$MODULES/modules.builtin.modinfo"
	index
	mkdir -p "$CONF" dev
}

# conf LINE...: the configuration.
conf() {
	printf '%s\n' "$@" > "$CONF/x.conf"
}

# What modprobe would do; -D is -n -v, and does not look at what this machine has loaded.
modprobe_says() { # ALIAS
	modprobe -D -q -C "$CONF" -d "$PWD/root" -S "$V" -- "$1" 2> modprobe.err |
		sed "s,^insmod .*/lib/modules/$V/\([^ ]*\).*,insmod \1,;s/ *\$//" |
		awk '!seen[$0]++'
}

# The same in modprobe's words. It does not say what comes of a command, and so goes on behind it.
explain_says() { # NUMBER
	kmod-devname explain --json -b root "$1" "$V" 2> explain.err > explain.json || :
	sed -n '/^    {"name": /{
		s/.*"command": "\(.*\)", "file".*/install \1/p
		s/.*"result": "loads", .*"path": "\([^"]*\)".*/insmod \1/p
		s/.*"path": "\([^"]*\)", "held_up_by": ".*/insmod \1/p
		s/.*"name": "\([^"]*\)", "result": "built-in".*/builtin \1/p
	}' explain.json
}

# agrees NUMBER: it says what modprobe does, for what the kernel asks.
agrees() {
	case $1 in
	c*) agrees_alias=char-major-${1#c} ;;
	b*) agrees_alias=block-major-${1#b} ;;
	esac
	agrees_alias=${agrees_alias%:*}-${agrees_alias#*:}
	modprobe_says "$agrees_alias" > modprobe.out
	explain_says "$1" > ours.out
	diff -u modprobe.out ours.out || fail "$1: modprobe (-) and explain (+) differ"
}

# The verdict of the first line, and the obstacles without their hints.
answer() { # FILE
	sed -n '1{s/.*  //;p}; s/^  obstacle  \(.*\); [^;]*$/| \1/p; t; s/^  obstacle  /| /p' "$1" |
		tr '\n' ' ' | sed 's/ $//'
}

# verdict STATUS ANSWER ARGUMENT...: what is printed, and the exit status.
verdict() {
	verdict_status=$1 verdict_text=$2
	shift 2
	verdict_got=0
	kmod-devname explain -b root "$@" "$V" > out 2> err || verdict_got=$?
	[ ! -s err ] || fail "$(cat err)"
	[ "$verdict_got" -eq "$verdict_status" ] ||
		fail "exit status $verdict_got instead of $verdict_status: $(cat out)"
	verdict_got=$(answer out)
	[ "$verdict_got" = "$verdict_text" ] || fail "$verdict_got
instead of
$verdict_text"
}

# The statements of modprobe.d, and what they do to c10:229.
test_modprobe_d() {
	tree
	rows=0
	while IFS='|' read -r text wanted sentence; do
		rows=$((rows + 1))
		conf "$text"
		agrees c10:229
		verdict "$wanted" "$sentence" c10:229
	done <<-'END'
	|0|opening it loads fuse
	blacklist fuse|1|opening it loads nothing | /etc/modprobe.d/x.conf:1: fuse is blacklisted
	blacklist fus|0|opening it loads fuse
	alias char-major-10-229 off|1|opening it loads nothing | /etc/modprobe.d/x.conf:1: an alias turns it off
	alias char-major-10-* off|1|opening it loads nothing | /etc/modprobe.d/x.conf:1: an alias turns it off
	alias char-major-10-229 no-such|1|opening it loads nothing | /etc/modprobe.d/x.conf:1: no_such is not in modules.dep
	install fuse /bin/true|1|opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/true
	install f[u]s? /bin/false -x|1|opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/false -x
	install f\use /bin/echo a\b|1|opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/echo ab
	blacklist f\use|1|opening it loads nothing | /etc/modprobe.d/x.conf:1: fuse is blacklisted
	install char-major-10-229 /bin/true|1|opening it runs a command | /etc/modprobe.d/x.conf:1: char_major_10_229 is not loaded, a command is run: /bin/true
	remove fuse /bin/true|0|opening it loads fuse
	options fuse a=b|0|opening it loads fuse
	alias char-major-10-229 cuse|0|opening it loads fuse, cuse
	alias char-major-10-229 tun|1|opening it loads tun, and not fuse | /etc/modprobe.d/x.conf:1: char-major-10-229 does not lead to fuse
	softdep fuse pre: tun|0|opening it loads tun, fuse
	softdep fuse post: tun cuse|0|opening it loads fuse, tun, cuse
	softdep fuse pre: no_such|0|opening it loads fuse
	softdep fuse pre: cuse] tun [|0|opening it loads tun, fuse
	END
	[ "$rows" -eq 19 ]
}

# What comes with a module, from the configuration and from the module itself.
test_soft_dependencies() {
	tree
	rows=0
	while IFS='|' read -r number text sentence; do
		rows=$((rows + 1))
		conf "$text"
		agrees "$number"
		verdict 0 "$sentence" "$number"
	done <<-'END'
	c10:100||opening it loads tun, wants_tun
	c10:100|blacklist tun|opening it loads tun, wants_tun
	c10:100|install tun /bin/true|opening it loads wants_tun
	c10:229|softdep fuse pre: cuse|opening it loads fuse, cuse
	c10:203|softdep fuse pre: tun post: snd|opening it loads tun, fuse, snd, cuse
	c10:203|blacklist fuse|opening it loads fuse, cuse
	c10:229|softdep fuse pre: cuse tun post: snd_seq|opening it loads tun, fuse, snd, snd_seq, cuse
	c10:200|softdep t?n pre: fuse|opening it loads fuse, tun
	c10:200|softdep tun pre: tun|opening it loads tun
	c10:200|softdep tun  pre: fuse|opening it loads tun
	c10:200|softdep tun   pre: fuse|opening it loads fuse, tun
	END
	[ "$rows" -eq 11 ]
	# a circle: the module of the alias and that of the name are two to libkmod
	conf 'softdep fuse pre: tun' 'softdep tun pre: fuse'
	agrees c10:229
	verdict 0 'opening it loads fuse, tun' c10:229
	# one blank too many, by the tab of the second line
	printf 'softdep tun \\\n\tpre: fuse\n' > "$CONF/x.conf"
	agrees c10:200
	verdict 0 'opening it loads tun' c10:200
	# one in its configuration makes modprobe pass over the install command
	conf 'softdep fuse pre: tun' 'install fuse /bin/false'
	agrees c10:229
	verdict 0 'opening it loads tun, fuse' c10:229
	# a command for what it needs
	conf 'install fuse /bin/false'
	agrees c10:203
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/false" \
		c10:203
	grep -qxF '  modprobe  cuse  kernel/cuse.ko is held up by fuse' out
}

# Seen in the guest of the boot test: modprobe gives up a module if one that it needs fails, and
# goes on with the next that has the alias.
test_a_dependency_that_fails_stops_its_module() {
	tree
	ko seq-core -snd_do +seq_do alias=x
	ko snd_seq -seq_do alias=devname:snd/seq alias=char-major-116-1
	index
	conf 'install seq-core /bin/false'
	agrees c116:1
	verdict 1 'opening it loads snd, and not snd_seq | /etc/modprobe.d/x.conf:1: seq_core is not loaded, a command is run: /bin/false' c116:1
	grep -qxF '  modprobe  snd_seq   kernel/snd_seq.ko is held up by seq_core' out
	# what was given up for the first is loaded for the second
	conf 'alias char-major-10-77 cuse' 'alias char-major-10-77 tun' 'softdep cuse post: tun' \
		'install fuse /bin/false'
	verdict 0 'opening it loads tun' c10:77
	# what comes behind is not loaded, what came before is
	conf 'alias char-major-10-77 cuse' 'softdep cuse pre: whole post: tun' 'install fuse /bin/false'
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:3: fuse is not loaded, a command is run: /bin/false" c10:77
	same out <<-END
		c10:77  opening it runs a command
		  kernel    6.1.0 asks for char-major-10-77
		  modprobe  whole  kernel/whole.ko is held up by fuse (soft-dependency)
		  modprobe  cuse   kernel/cuse.ko is held up by fuse (/etc/modprobe.d/x.conf:1)
		  modprobe  tun    kernel/tun.ko is held up by fuse (soft-dependency)
		  obstacle  /etc/modprobe.d/x.conf:3: fuse is not loaded, a command is run: /bin/false; remove the statement
	END
	# a soft dependency stops no more than itself
	conf 'softdep tun pre: cuse' 'install fuse /bin/false'
	verdict 0 'opening it loads tun' c10:200
	grep -qxF '  modprobe  cuse  kernel/cuse.ko is held up by fuse (soft-dependency)' out
}

# Of what is not required modprobe passes over each failure by itself.
test_a_failing_soft_dependency_does_not_stop_other_modules() {
	tree
	ko tap +tap_do
	ko iotlb +iotlb_do
	ko net -tap_do -iotlb_do
	index
	conf 'softdep tun post: net' 'install iotlb /bin/false'
	verdict 0 'opening it loads tun, tap' c10:200
	grep -qxF '  modprobe  net    kernel/net.ko is held up by iotlb (soft-dependency)' out ||
		fail "$(cat out)"
	conf 'softdep tun post: net' 'install tap /bin/false'
	verdict 0 'opening it loads tun, iotlb' c10:200
}

# Where modprobe has given up it runs nothing.
test_no_command_is_run_behind_another() {
	tree
	conf 'install fuse /bin/first' 'install cuse /bin/second' 'softdep cuse post: tun'
	# with a soft dependency the command of cuse counts for nothing
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/first" c10:203
	conf 'install fuse /bin/first' 'install cuse /bin/second'
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:1: fuse is not loaded, a command is run: /bin/first" c10:203
	! grep second out || fail "$(cat out)"
	conf 'softdep cuse post: tun' 'install tun /bin/second'
	rm "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:203
	! grep second out || fail "$(cat out)"
}

# Then libkmod knows no dependencies, and the soft ones come first.
test_soft_dependencies_of_a_module_whose_dependency_has_no_file() {
	tree
	conf 'softdep cuse pre: tun'
	rm "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads tun, and not cuse | fuse has no file kernel/fuse.ko' c10:203
	grep -qxF '  modprobe  tun   kernel/tun.ko (soft-dependency)' out || fail "$(cat out)"
}

# Its modprobe reads the text files alone, and knows neither soft dependencies nor commands.
test_the_text_indexes_of_busybox() {
	tree
	rm "$MODULES"/modules.*.bin
	conf 'softdep cuse pre: tun' 'install fuse /bin/false'
	verdict 0 'opening it loads fuse, cuse' c10:203
	verdict 0 'opening it loads snd, snd_seq' c116:1
	verdict 1 'opening it loads nothing | no module has the alias char-major-10-77' c10:77
	conf 'alias char-major-10-77 tun' 'blacklist fuse'
	verdict 0 'opening it loads tun' c10:77
	verdict 1 "opening it loads nothing | /etc/modprobe.d/x.conf:2: fuse is blacklisted" c10:229
	verdict 0 'opening it loads fuse, cuse' c10:203
	rm "$CONF/x.conf"
	status 0 kmod-devname check -b root "$V" > out 2> err
	! grep not-loaded out || fail "$(cat out)"
	rm "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:203
	echo 'no path' >> "$MODULES/modules.dep"
	status 1 kmod-devname explain -b root c10:203 "$V" > out 2> err
	grep -q '^kmod-devname: .*/modules.dep:[0-9]*: warning: not of the form .*\[bad-index]$' err ||
		fail "$(cat err)"
}

# A text index that is cut short, or has a line too long, is not used.
test_each_text_index_of_busybox_that_is_damaged_is_a_finding() {
	tree
	rm "$MODULES"/modules.*.bin
	long=$(printf '%05000d' 0)
	for name in modules.dep modules.alias modules.builtin; do
		cp "$MODULES/$name" whole
		for damage in 'kernel/cut' "$long$long$long$long$long$long$long\n"; do
			# shellcheck disable=SC2059 # a format
			printf "$damage" >> "$MODULES/$name"
			status 1 kmod-devname explain -b root c4:64 "$V" > out 2> err
			[ "$(grep -c "/$name:[0-9]*: warning: .*\[\(cut\|long\)-line\]\$" err)" -eq 1 ] ||
				fail "$name: $(cat err)"
			grep -q '^  obstacle  the indexes are missing or damaged; run depmod' out || fail "$(cat out)"
			cp whole "$MODULES/$name"
		done
	done
	status 1 kmod-devname explain -b root c10:77 "$V" > out 2> err
	[ ! -s err ] || fail "$(cat err)"
}

# The last word is of what is there in the end.
test_blacklisted_and_a_soft_dependency_of_another() {
	tree
	for order in 'tun no-such' 'no-such tun'; do
		conf 'blacklist tun' 'softdep no_such pre: tun' \
			"alias char-major-10-77 ${order% *}" "alias char-major-10-77 ${order#* }"
		agrees c10:77
		verdict 0 'opening it loads tun' c10:77
	done
}

test_a_module_without_its_file() {
	tree
	rm "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:229
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:203
	grep -qxF '  modprobe  cuse  kernel/cuse.ko is held up by fuse' out
	status 1 kmod-devname check -b root "$V" > out 2> err
	grep -qF "'cuse' (c10:203) does not load module cuse: 'fuse', which it depends on, has no file kernel/fuse.ko; install it, or run depmod [not-loaded]" out ||
		fail "$(cat out)"
	# links count if they lead to a file in the root
	ln -s /bin/sh "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:229
	ln -sf tun.ko "$MODULES/kernel/fuse.ko"
	verdict 0 'opening it loads fuse' c10:229
	# and the kernel loads nothing else than a regular file
	ln -sf . "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:229
	rm "$MODULES/kernel/fuse.ko"
	mkfifo "$MODULES/kernel/fuse.ko"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:229
	rm -r "$MODULES/kernel"
	: > "$MODULES/kernel"
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:229
}

# What the soft dependency would do does not hide that the dependency is missing.
test_a_missing_dependency_that_is_a_soft_one_too() {
	tree
	rm "$MODULES/kernel/fuse.ko"
	conf 'install fuse /bin/false' 'softdep cuse pre: fuse'
	verdict 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:203
	# for another module it is what it would do for itself
	rm "$MODULES/kernel/whole.ko"
	conf 'install fuse /bin/false' 'softdep whole pre: fuse' 'alias char-major-10-77 cuse' \
		'alias char-major-10-77 whole'
	status 1 kmod-devname explain -b root c10:77 "$V" > out
	grep -q '^  obstacle  .*: whole has no file' out || fail "$(cat out)"
}

# One such module does not end the check of the others.
test_a_long_chain_of_soft_dependencies_is_a_finding() {
	need_libkmod
	for i in $(seq 0 101); do
		module "$MODULES/kernel/m$i.ko" "alias=devname:m$i" "alias=char-major-241-$i"
		echo "softdep m$i pre: m$((i + 1))"
	done > chain.conf
	module "$MODULES/kernel/fuse.ko" alias=devname:fuse alias=char-major-10-229
	index
	mkdir -p "$CONF" dev
	mv chain.conf "$CONF"
	echo 'blacklist fuse' > "$CONF/x.conf"
	status 1 kmod-devname check -v -b root "$V" > out 2> err
	[ "$(wc -l < err)" -eq 1 ] || fail "$(cat err)"
	for i in 0 1; do
		grep ": error: cannot find out whether opening 'm$i' (c241:$i) loads module m$i: over .* a chain of 100 soft dependencies" out ||
			fail "$(cat out)"
	done
	grep "^$CONF/x.conf:1: note: opening 'fuse' .*\[not-loaded]\$" out || fail "$(cat out)"
	[ "$(wc -l < out)" -eq 3 ] || fail "$(cat out)"
}

test_all_modules_that_match_are_loaded() {
	tree
	agrees c116:1
	verdict 0 'opening it loads snd, snd_seq' c116:1
	agrees c116:7
	verdict 0 'opening it loads snd' c116:7
	conf 'blacklist snd-seq'
	agrees c116:1
	verdict 1 'opening it loads snd, and not snd_seq | /etc/modprobe.d/x.conf:1: snd_seq is blacklisted' c116:1
	# loaded all the same, for the other one needs it
	conf 'blacklist snd'
	agrees c116:1
	verdict 0 'opening it loads snd, snd_seq' c116:1
}

test_a_built_in_module_is_reported() {
	tree
	agrees c4:64
	verdict 0 'opening it reaches 8250, which is built in' c4:64
	conf 'blacklist 8250'
	verdict 0 'opening it reaches 8250, which is built in' c4:64
	verdict 1 'opening it loads nothing | no module has the alias char-major-10-77' c10:77
}

# As seen in a guest where /proc/sys/kernel/modprobe was a program that wrote down its arguments.
test_what_the_kernel_asks_for() {
	tree
	rows=0
	while read -r number wanted; do
		rows=$((rows + 1))
		kmod-devname explain -b root "$number" "$V" > out || :
		got=$(sed -n 's/^  kernel    6.1.0 asks for //p' out | grep -o '[a-z]*-major-[0-9-]*' | tr '\n' ' ')
		[ "$got" = "$wanted${wanted:+ }" ] || fail "$number: '$got', not '$wanted'"
	done <<-'END'
	c10:229 char-major-10-229
	c10:250 char-major-10-250
	c10:255
	c10:300 char-major-10-300 char-major-10
	c399:7 char-major-399-7 char-major-399
	c4095:1048575 char-major-4095-1048575 char-major-4095
	b399:7 block-major-399-7 block-major-399
	b10:229 block-major-10-229 block-major-10
	b7:0 block-major-7-0
	END
	[ "$rows" -eq 9 ]
	verdict 1 'opening it loads nothing | c10:255 is no device, but a request for any number' c10:255
	verdict 0 'opening it loads whole' c240:5
	# modprobe succeeds for what is blacklisted, and so the kernel does not ask again
	conf 'blacklist whole' 'alias char-major-240-5 whole'
	verdict 1 "opening it loads nothing | /etc/modprobe.d/x.conf:1: whole is blacklisted" c240:5
	grep -qx '  kernel    6.1.0 asks for char-major-240-5' out || fail "$(cat out)"
}

# That is how modprobe ends, and so how it ends for the last module of an alias.
test_the_last_module_decides_whether_the_kernel_asks_again() {
	tree
	for order in 'zz_none zz_listed' 'zz_listed zz_none'; do
		conf 'blacklist zz_listed' "alias char-major-240-5 ${order% *}" \
			"alias char-major-240-5 ${order#* }"
		again=0
		modprobe -q -C "$CONF" -d "$PWD/root" -S "$V" -- char-major-240-5 || again=1
		kmod-devname explain -b root c240:5 "$V" > out || :
		[ "$(grep -c ', then char-major-240$' out)" -eq "$again" ] ||
			fail "$order: modprobe ends with $again: $(cat out)"
		echo "$again" >> seen
	done
	printf '0\n1\n' > both
	sort seen | same both
}

test_block_devices_need_the_kernel_to_ask() {
	tree
	agrees b7:0
	verdict 0 'opening it loads loop' b7:0
	no='opening it loads nothing | the kernel lacks CONFIG_BLOCK_LEGACY_AUTOLOAD'
	printf 'CONFIG_BLOCK=y\n# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set\n' > off
	printf 'CONFIG_BLOCK=y\nCONFIG_BLOCK_LEGACY_AUTOLOAD=y\n' > on
	mkdir root/boot
	cp off "root/boot/config-$V"
	verdict 1 "$no" b7:0
	verdict 0 'opening it loads loop' c10:237
	# beside the modules it is surely that of this kernel
	cp on "$MODULES/config"
	verdict 0 'opening it loads loop' b7:0
	cp on "root/boot/config-$V"
	cp off "$MODULES/config"
	verdict 1 "$no" b7:0
	if [ -z "$(format_missing gz)" ]; then
		gzip -c off > "$MODULES/config"
		verdict 1 "$no" b7:0
	fi
	: > "$MODULES/config"
	verdict 0 'opening it loads loop' b7:0
}

test_a_missing_index_differs_from_a_missing_module() {
	tree
	mv "$MODULES/modules.alias.bin" away
	verdict 1 'opening it loads nothing | the indexes are missing or damaged' \
		c10:229
	ln -s modules.alias.bin "$MODULES/modules.alias.bin"
	verdict 1 'opening it loads nothing | the indexes are missing or damaged' \
		c10:229
	rm "$MODULES/modules.alias.bin"
	: > "$MODULES/modules.alias.bin"
	verdict 1 'opening it loads nothing | the indexes are missing or damaged' \
		c10:229
	mv away "$MODULES/modules.alias.bin"
	verdict 0 'opening it loads fuse' c10:229
	# depmod writes two empty ones without this file
	rm "$MODULES/modules.builtin"
	index
	[ ! -s "$MODULES/modules.builtin.bin" ]
	agrees c10:203
	verdict 0 'opening it loads fuse, cuse' c10:203
	rm "$MODULES"/modules.*.bin
	conf 'alias char-major-10-229 off'
	verdict 1 "opening it loads nothing | /etc/modprobe.d/x.conf:1: an alias turns it off" c10:229
}

# Alias statements, modules, symbols, commands, aliases of modules: the first that has it counts.
test_names_are_looked_up_in_the_order_of_modprobe() {
	tree
	conf 'softdep fuse pre: tun' 'install t* /bin/first' 'install tun /bin/second'
	agrees c10:229
	kmod-devname explain -b root c10:229 "$V" > out
	grep -qxF '  modprobe  tun   is not loaded, a command is run: /bin/first (soft-dependency) (/etc/modprobe.d/x.conf:2)' out ||
		fail "$(cat out)"
	conf 'softdep fuse pre: symbol:snd_do post: symbol:nobody-has-it'
	agrees c10:229
	grep -qx 'insmod kernel/snd.ko' ours.out
	conf 'alias tun snd' 'softdep fuse pre: tun'
	agrees c10:229
	! grep tun ours.out || fail "the alias does not count"
	conf 'install char-major-10-229 /bin/command'
	agrees c10:229
	# a name that is a command's has that one, and not that of a pattern before it
	conf 'install char-major-10* /bin/first' 'install char-major-10-77 /bin/second'
	agrees c10:77
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:2: char_major_10_77 is not loaded, a command is run: /bin/second" c10:77
	# what is removed by a command is a name too, and no module has it
	conf 'remove char-major-10-229 /bin/true'
	agrees c10:229
	verdict 1 'opening it loads nothing | char_major_10_229 is not in modules.dep' c10:229
}

# The kernel has modprobe ask the blacklist of what an alias leads to, not of the alias.
test_a_command_for_a_blacklisted_alias_is_run() {
	tree
	conf 'install char-major-10-77 /bin/true' 'blacklist char-major-10-77'
	agrees c10:77
	verdict 1 "opening it runs a command | /etc/modprobe.d/x.conf:1: char_major_10_77 is not loaded, a command is run: /bin/true" c10:77
	conf 'alias char-major-10-77 tun' 'blacklist tun'
	agrees c10:77
	verdict 1 "opening it loads nothing | /etc/modprobe.d/x.conf:2: tun is blacklisted" c10:77
}

# A soft dependency of one that is a dependency of the other, by which modprobe gives up.
test_a_required_soft_dependency_stops_later_modules() {
	tree
	ko bb +bb_do
	ko aa +aa_do
	ko top -bb_do -aa_do alias=devname:top alias=char-major-10-88
	index
	conf 'softdep aa pre: bb' 'install bb /bin/false'
	kmod-devname explain -b root c10:88 "$V" > out || :
	grep -qxF '  modprobe  aa   kernel/aa.ko is held up by bb (dependency)' out || fail "$(cat out)"
	grep -qxF '  modprobe  top  kernel/top.ko is held up by bb' out || fail "$(cat out)"
	conf 'softdep aa pre: tun' 'install tun /bin/false'
	verdict 0 'opening it loads bb, aa, top' c10:88
}

# modprobe fails for it, and for nothing else.
test_an_alias_that_is_too_long_ends_nothing() {
	tree
	stars=$(printf '%03000d' 0 | tr 0 '*')
	conf "alias char-major-10-200$stars\\" "$stars fuse"
	agrees c10:200
	status 1 kmod-devname explain -b root c10:200 "$V" > out
	verdict 0 'opening it loads fuse' c10:229
	kmod-devname check -b root "$V" > out 2> err || [ $? -eq 1 ] || fail "$(cat err)"
}

# A blacklist is no reason for not loading what something else needs.
test_a_blacklisted_dependency_is_held_up_by_its_missing_file() {
	tree
	conf 'alias char-major-10-150 fuse' 'alias char-major-10-150 cuse' 'blacklist fuse'
	agrees c10:150
	verdict 0 'opening it loads fuse, cuse' c10:150
	rm "$MODULES/kernel/fuse.ko"
	verdict 1 "opening it loads nothing | /etc/modprobe.d/x.conf:1: fuse has no file kernel/fuse.ko" c10:150
}

# A damaged one makes modprobe read where nothing is, or for ever.
test_damaged_indexes_are_named() {
	tree
	for index in dep alias symbols builtin builtin.alias; do
		file=$MODULES/modules.$index.bin
		[ -s "$file" ]
		mv "$file" away
		size=$(wc -c < away)
		for damage in header cut text directory fifo; do
			case $damage in
			header) head -c 11 away > "$file" ;;
			cut) head -c $((size - 1)) away > "$file" ;;
			text) echo 'alias char-major-10-229 fuse' > "$file" ;;
			directory) mkdir "$file" ;;
			fifo) mkfifo "$file" ;;
			esac
			status 1 timeout 600 kmod-devname explain -b root c10:229 "$V" > out 2> err
			same err <<-END
				kmod-devname: $file: error: damaged, or not an index of modprobe; run depmod [bad-index]
			END
			[ "$(answer out)" = "opening it loads nothing | the indexes are missing or damaged" ] ||
				fail "$index, $damage: $(cat out)"
			rm -rf "$file"
		done
		mv away "$file"
	done
	# once for all nodes
	echo > "$MODULES/modules.alias.bin"
	status 1 kmod-devname check -b root "$V" > out 2> err
	[ "$(grep -c '\[bad-index]$' out)" -eq 1 ] || fail "$(cat out)"
	[ "$(grep -c '\[not-loaded]$' out)" -eq 1 ] || fail "$(cat out)"
}

# Patterns that all have to be compared with a number.
test_patterns_are_bounded() {
	tree
	for n in 40000 50000; do
		# shellcheck disable=SC2046 # words
		module "$MODULES/kernel/many.ko" $(seq -f 'alias=c*%.0f' $n)
		index
		[ $n -gt 40000 ] || verdict 0 'opening it loads fuse, many' c10:229
	done
	status 1 kmod-devname explain -b root c10:229 "$V" > out 2> err
	same err <<-END
		kmod-devname: $MODULES/modules.alias.bin: error: damaged, or not an index of modprobe; run depmod [bad-index]
	END
}

# libkmod finds a name of modules.dep before it compares patterns.
test_soft_dependencies_on_modules_need_no_patterns() {
	tree
	# shellcheck disable=SC2046 # words
	module "$MODULES/kernel/many.ko" $(seq -f 'alias=c*%.0f' 40000)
	index
	echo "softdep fuse pre: $(yes tun | head -n 200 | tr '\n' ' ')" > "$CONF/a.conf"
	verdict 0 'opening it loads tun, fuse, many' c10:229
	echo "softdep fuse pre: $(seq -s ' ' -f 'unknown%.0f' 200)" > "$CONF/a.conf"
	status 2 kmod-devname explain -b root c10:229 "$V" > out 2> err
	grep -q 'too large' err || fail "$(cat err)"
}

# busybox compares all of them for each number.
test_aliases_of_busybox_are_bounded() {
	tree
	rm "$MODULES"/modules.*.bin
	n=$(grep -c '^alias' "$MODULES/modules.alias")
	seq -f 'alias x%.0f tun' $((100000 - n)) >> "$MODULES/modules.alias"
	verdict 0 'opening it loads fuse' c10:229
	echo 'alias y tun' >> "$MODULES/modules.alias"
	status 1 kmod-devname explain -b root c10:229 "$V" > out 2> err
	grep -q '^kmod-devname: .*/modules.alias:[0-9]*: warning: over 100000 aliases; run depmod \[bad-index]$' err ||
		fail "$(cat err)"
}

# Which files, in which order: those of /etc hide those of the same name behind.
test_files_of_modprobe_d() {
	tree
	mkdir -p root/run/modprobe.d root/usr/lib/modprobe.d root/usr/local/lib/modprobe.d
	echo 'blacklist fuse' > root/usr/lib/modprobe.d/a.conf
	verdict 1 'opening it loads nothing | /usr/lib/modprobe.d/a.conf:1: fuse is blacklisted' c10:229
	ln -s /dev/null "$CONF/a.conf"
	verdict 0 'opening it loads fuse' c10:229
	printf '# why\n\nblacklist \\\n  fuse\n' > root/run/modprobe.d/b.conf
	echo 'blacklist fuse' > root/usr/local/lib/modprobe.d/c.conf
	verdict 1 'opening it loads nothing | /run/modprobe.d/b.conf:3: fuse is blacklisted' c10:229
	rm root/run/modprobe.d/b.conf
	echo 'blacklist fuse' > root/usr/local/lib/modprobe.d/c.confx
	echo 'blacklist fuse' > root/usr/local/lib/modprobe.d/.d.conf
	rm root/usr/local/lib/modprobe.d/c.conf
	verdict 0 'opening it loads fuse' c10:229
	# the first of two commands counts, and files are sorted by their names
	echo 'install fuse /bin/second' > "$CONF/z.conf"
	echo 'install fuse /bin/first' > root/usr/lib/modprobe.d/y.conf
	verdict 1 'opening it runs a command | /usr/lib/modprobe.d/y.conf:1: fuse is not loaded, a command is run: /bin/first' \
		c10:229
	rm "$CONF/z.conf" root/usr/lib/modprobe.d/y.conf
	# those before kmod 33 take these too
	echo 'blacklist fuse' > "$CONF/old.alias"
	agrees c10:229
	if grep -q '^#define LIBKMOD_READS_ALIAS_FILES 1' "$top_builddir/config.h"; then
		verdict 1 "opening it loads nothing | /etc/modprobe.d/old.alias:1: fuse is blacklisted" c10:229
	else
		verdict 0 'opening it loads fuse' c10:229
	fi
}

test_bad_lines_are_findings_and_print_nothing_else() {
	tree
	conf 'frob x' 'blacklist' 'install fuse' 'alias a' 'include /x' 'alias [ fuse' 'alias ] x' \
		'blacklist tun' 'softdep fuse' 'options'
	status 0 kmod-devname explain -b root c10:229 "$V" > out 2> err
	[ "$(wc -l < err)" -eq 9 ]
	! grep -v '^kmod-devname: root/etc/modprobe.d/x.conf:[0-9]*: warning: .* \[bad-config\]$' err || fail "$(cat err)"
	verdict_err=$(sed 's/.*x.conf:\([0-9]*\):.*/\1/' err | tr '\n' ' ')
	[ "$verdict_err" = '1 2 3 4 5 6 7 9 10 ' ] || fail "$verdict_err"
	# modprobe complains about the same ones
	modprobe -D -C "$CONF" -d "$PWD/root" -S "$V" -- char-major-10-229 2> modprobe.err >&2
	[ "$(grep -c 'ignoring bad line\|deprecated' modprobe.err)" -eq 9 ]
}

# libkmod would speak about them.
test_bad_lines_of_modules_softdep_are_findings() {
	tree
	# "softdep empty", and nothing behind it
	ko empty softdep= alias=char-major-10-78
	index
	echo 'frob' >> "$MODULES/modules.softdep"
	for number in c10:78 c10:100; do
		status 0 kmod-devname explain -b root "$number" "$V" > out 2> err
		! grep -v "^kmod-devname: $MODULES/modules.softdep:[0-9]*: warning: .* \[bad-config]\$" err ||
			fail "$(cat err)"
		[ "$(wc -l < err)" -eq 2 ]
	done
	[ "$(answer out)" = 'opening it loads tun, wants_tun' ]
}

# It is one of the files, which are sorted by their names, and the first line for a module counts.
test_modules_softdep_comes_where_its_name_has_it() {
	tree
	rows=0
	while read -r name wanted; do
		rows=$((rows + 1))
		echo 'softdep wants_tun pre: fuse' > "$CONF/$name.conf"
		agrees c10:100
		verdict 0 "opening it loads $wanted, wants_tun" c10:100
		rm "$CONF/$name.conf"
	done <<-'END'
	a fuse
	modules.softda fuse
	modules.softdeq tun
	z tun
	END
	[ "$rows" -eq 4 ]
}

test_nodes_of_the_device_directory() {
	tree
	need_mknod
	mkdir -p root/dev/net dev
	mknod root/dev/fuse c 10 229
	chmod 640 root/dev/fuse
	chown 0:7 root/dev/fuse
	verdict 0 'opening it loads fuse' /dev/fuse
	same out <<-'END'
		/dev/fuse  c10:229  opening it loads fuse
		  node      crw-r----- 0:7
		  kernel    6.1.0 asks for char-major-10-229
		  modprobe  fuse  kernel/fuse.ko
	END
	for name in /dev//fuse /dev/./fuse ././fuse //dev/fuse/ ./dev/./fuse; do
		verdict 0 'opening it loads fuse' "$name"
	done
	for name in /fuse /dev /dev/ / . ''; do
		status 2 kmod-devname explain -b root "$name" "$V" 2> err
		grep -q 'is neither a name in /dev nor a number' err || fail "$name: $(cat err)"
	done
	# names are those of the root
	mkdir -p root/etc root/usr/lib
	printf 'bad\n:x:0:\n+nis:x:0:0::/:/bin/sh\nboss:x:0:0::/:/bin/sh\nother:x:0:0::/:/bin/sh\n' > root/etc/passwd
	printf 'users:x:100:\n' > root/etc/group
	printf 'printers:x:7:boss,other\n' > root/usr/lib/group
	verdict 0 'opening it loads fuse' fuse
	grep -qxF '  node      crw-r----- boss:printers' out || fail "$(cat out)"
	rm root/etc/passwd
	mkfifo root/etc/passwd
	verdict 0 'opening it loads fuse' fuse
	grep -qxF '  node      crw-r----- 0:printers' out || fail "$(cat out)"
	# a hole has no line that ends
	rm root/etc/passwd
	truncate -s 8G root/etc/passwd
	status 2 timeout 600 kmod-devname explain -b root fuse "$V" > out 2> err
	grep -q '^kmod-devname: root/etc/passwd: error: .*File too large' err || fail "$(cat err)"
	rm root/etc/passwd
	# a node that modules.devname does not know
	mknod root/dev/other c 240 0
	verdict 0 'opening it loads whole' other
	# no file can have such a name
	verdict 1 'opening it fails: File name too long | modules.devname of 6.1.0 has no such name' \
		"$(printf '%0300d' 0)"
	# of a number the names in modules.devname
	verdict 0 'opening it loads fuse' c10:229
	grep -qxF '  node      /dev/fuse of module fuse, in modules.devname' out
}

# The nodes of an image, and of a kernel that does not run, are made when it starts.
test_a_node_that_does_not_exist_is_an_obstacle_where_it_should() {
	tree
	verdict 0 'opening it loads fuse, cuse' cuse
	grep -qxF '  node      does not exist until the system boots' out
	verdict 1 'opening it fails: No such file or directory | modules.devname has it, and it was not made' --dev dev cuse
	grep -qF 'run kmod-devname create --basedir root --dev dev' out
	# and every other one with it
	conf 'blacklist cuse'
	verdict 1 "opening it fails: No such file or directory | modules.devname has it, and it was not made | /etc/modprobe.d/x.conf:1: cuse is blacklisted" --dev dev cuse
	rm "$CONF/x.conf"
	# for the root directory is /, and the nodes are of another kernel
	need_namespace
	pollute
	rm host/h.conf
	printf '%s\n' "$top_srcdir/testsuite/lib/provide-directory /lib/modules" \
		'mount --bind root/lib/modules /lib/modules' 'mount -t tmpfs none /dev' >> polluted.early
	polluted kmod-devname explain fuse "$V" > out 2> err
	[ "$(answer out)" = 'opening it loads fuse' ] || fail "$(cat out err)"
	grep -q '^  node      does not exist in /dev of the running kernel' out || fail "$(cat out)"
}

test_another_file_with_the_name_of_a_node_is_reported() {
	tree
	mkdir -p root/dev
	: > root/dev/wants
	verdict 1 'opening it reaches no device | it is not a device node' wants
	grep -q '^  node      -rw.* [0-9]*:[0-9]*$' out || fail "$(cat out)"
	mkdir root/dev/whole root/dev/more
	verdict 1 'opening it reaches no device | it is not a device node' whole
	grep -q '^  node      drwx' out || fail "$(cat out)"
	: > root/dev/net
	verdict 1 'opening it fails: Not a directory | a file has the name of its directory' net/tun
	# and what it would load
	grep -qxF '  modprobe  tun  kernel/tun.ko' out || fail "$(cat out)"
	need_mknod
	mknod root/dev/more/gone c 0 0
	verdict 1 'opening it reaches no device | it is not a device node' more/gone
	rm root/dev/net
	mkdir root/dev/net
	mknod root/dev/net/tun c 10 229
	verdict 1 'opening it reaches another driver | it has c10:229, not c10:200 of module tun' net/tun
	grep -qxF '  modprobe  fuse  kernel/fuse.ko' out || fail "$(cat out)"
	mkdir root/dev/snd
	mknod root/dev/snd/seq b 116 1
	verdict 1 'opening it reaches another driver | it has b116:1, not c116:1 of module snd_seq | no module has the alias block-major-116-1' snd/seq
	mknod dev/fuse c 10 203
	verdict 1 'opening it reaches another driver | it has c10:203, not c10:229 of module fuse' --dev dev fuse
}

test_links_are_followed_and_shown() {
	tree
	need_mknod
	mkdir -p root/dev
	mknod root/dev/fuse c 10 229
	ln -s /dev/fuse root/dev/link
	verdict 0 'opening it loads fuse' link
	grep -q '^/dev/link  c10:229  ' out
	grep -q '^  node      link to /dev/fuse, crw' out || fail "$(cat out)"
	ln -s /dev/null dev/link
	verdict 1 'opening it fails: No such file or directory | the link leads to no file' --dev dev link
	grep -qx '  node      link to /dev/null, does not exist' out || fail "$(cat out)"
	mkdir root/dev/net
	ln -s ../fuse root/dev/net/tun
	verdict 1 'opening it reaches another driver | the link leads to c10:229, not c10:200 of module tun' net/tun
	grep -qF '; remove it, and run kmod-devname create --basedir root' out || fail "$(cat out)"
	ln -s loop root/dev/loop
	verdict 1 'opening it fails: Too many levels of symbolic links | the link leads in a circle' loop
}

# Of names that modules.devname does not have.
test_names_that_were_meant_are_offered() {
	tree
	verdict 1 'opening it fails: No such file or directory | modules.devname has no such name' tun
	grep -qF '; did you mean net/tun (module tun)?' out || fail "$(cat out)"
	verdict 1 'opening it fails: No such file or directory | modules.devname has no such name' seq
	grep -qF '; did you mean snd/seq (module snd_seq)?' out || fail "$(cat out)"
	verdict 1 'opening it fails: No such file or directory | modules.devname has no such name' wants-tun
	grep -qF '; did you mean wants (module wants_tun)?' out || fail "$(cat out)"
	# ntsync, whose number is another one each time
	ko ntsync
	index
	verdict 1 'opening it fails: No such file or directory | module ntsync declares no number for it, so only loading can make it, if the module makes a node at all' ntsync
	grep -qF '; see modules-load.d(5)' out || fail "$(cat out)"
	verdict 1 'opening it fails: No such file or directory | modules.devname of 6.1.0 has no such name' no/ntsync
}

# By what modules.builtin.modinfo says, which depmod's indexes may not.
test_a_built_in_driver_has_its_name_and_number() {
	tree
	printf 'rtc.alias=devname:rtc\0rtc.alias=char-major-10-135\0' >> "$MODULES/modules.builtin.modinfo"
	for node in c10:135 rtc; do
		verdict 0 'opening it reaches rtc, which is built in' $node
	done
	grep -q '^/dev/rtc  c10:135  ' out || fail "$(cat out)"
	verdict 1 'opening it fails: No such file or directory | built-in module rtc has not made it' --dev dev rtc
	need_mknod
	mknod dev/rtc c 10 136
	verdict 1 'opening it reaches another driver | it has c10:136, not c10:135 of module rtc | no module has the alias char-major-10-136' --dev dev rtc
	mknod dev/clock c 10 135
	verdict 0 'opening it reaches rtc, which is built in' --dev dev clock
}

# The user of another system may well search it.
test_a_directory_of_another_root_that_cannot_be_searched_is_a_failure() {
	tree
	need_nobody
	mkdir -p root/dev/net
	chmod 0 root/dev/net
	! as_nobody ls root/dev/net 2>/dev/null || skip "everything can be read here"
	as_nobody ls root/dev || skip "no other user can read the tree"
	status 2 as_nobody kmod-devname explain -b root net/tun "$V" > out 2> err
	same err <<-'END'
		kmod-devname: root/dev/net/tun: Permission denied
	END
	status 0 as_nobody kmod-devname explain -b root c10:200 "$V" > out 2> err
	[ "$(answer out)" = 'opening it loads tun' ]
	chmod 755 root/dev/net
}

# access NAME WORDS: what a user of the root directory may do.
access() {
	kmod-devname explain -b root --user "$1" fuse "$V" > out 2> err || [ $? -eq 1 ] || fail "$(cat err)"
	grep -q "^  node      .*    $1 may $2 it" out || fail "$1: $2: $(cat out)"
	case $2 in
	'not open') grep -q '^/dev/fuse  c10:229  opening it fails: Permission denied$' out || fail "$(cat out)" ;;
	*) grep -q '^/dev/fuse  c10:229  opening it loads fuse$' out || fail "$(cat out)" ;;
	esac
}

make_users() {
	mkdir -p root/etc root/usr/lib root/dev
	printf '%s\n' root:x:0:0::/: owner:x:10:100::/: member:x:11:100::/: primary:x:12:7::/: \
		named:x:13:100::/: stranger:x:14:100::/: > root/etc/passwd
	printf '%s\n' users:x:100: printers:x:7:x,member > root/etc/group
	printf 'drummers:x:8:member,stranger\n' > root/usr/lib/group
	mknod root/dev/fuse c 10 229
	chown 10:7 root/dev/fuse
}

test_rights_of_a_user() {
	tree
	need_mknod
	make_users
	rows=0
	while read -r mode owner member primary stranger; do
		rows=$((rows + 1))
		chmod "$mode" root/dev/fuse
		access owner "$(echo "$owner" | tr _ ' ')"
		access member "$(echo "$member" | tr _ ' ')"
		access primary "$(echo "$primary" | tr _ ' ')"
		access stranger "$(echo "$stranger" | tr _ ' ')"
		access root 'read and write'
	done <<-'END'
	660 read_and_write read_and_write read_and_write not_open
	642 read_and_write read read write
	026 not_open write write read_and_write
	000 not_open not_open not_open not_open
	END
	[ "$rows" -eq 4 ]
	chmod 660 root/dev/fuse
	access stranger 'not open'
	grep -qxF '  obstacle  it is for user owner and group printers; run usermod -aG printers stranger, and log in' out ||
		fail "$(cat out)"
	chmod 600 root/dev/fuse
	access stranger 'not open'
	grep -qF '  obstacle  it is for user owner alone; write a udev rule' out || fail "$(cat out)"
	status 2 kmod-devname explain -b root --user nobody-of-this-name fuse "$V" > out 2> err
	same err <<-'END'
		kmod-devname: --user: there is no user 'nobody-of-this-name'
	END
}

# set_acl FILE TAG:ID:PERMISSIONS...
set_acl() {
	python3 - "$@" <<-'END'
		import os, struct, sys
		tags = {"u": 1, "user": 2, "g": 4, "group": 8, "mask": 16, "other": 32}
		acl = struct.pack("<I", 2)
		for word in sys.argv[2:]:
		    tag, ident, permissions = word.split(":")
		    acl += struct.pack("<HHI", tags[tag], int(permissions), int(ident or 2**32 - 1))
		os.setxattr(sys.argv[1], "system.posix_acl_access", acl)
	END
}

test_an_acl_is_read_with_its_mask() {
	need_program python3
	tree
	need_mknod
	make_users
	set_acl root/dev/fuse u::6 user:13:6 g::0 group:8:4 mask::6 other::0 2> err ||
		skip "this file system has no ACLs: $(tail -n 1 err)"
	access named 'read and write'
	grep -qF '  node      crw-rw----+ owner:printers' out || fail "$(cat out)"
	access stranger read
	access member read
	access primary 'not open'
	set_acl root/dev/fuse u::6 user:13:6 g::2 group:8:4 mask::4 other::6
	access named read
	access member read
	access primary 'not open'
	# the classes come before each other, and the first one decides
	set_acl root/dev/fuse u::0 user:10:6 user:11:0 g::6 group:8:6 mask::6 other::6
	access owner 'not open'
	access member 'not open'
	access named 'read and write'
}

# The first three errors say that the node has no ACL.
test_an_acl_that_cannot_be_read_is_no_missing_one() {
	need_strace
	tree
	need_mknod
	make_users
	for error in ENODATA EOPNOTSUPP ENOSYS EIO; do
		result=0
		strace -f -o trace -e inject=getxattr:error=$error "$top_builddir/kmod-devname" \
			explain -b root fuse "$V" > out 2> err || result=$?
		grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
		case $error in
		EIO) [ $result -eq 2 ] && echo 'kmod-devname: root/dev/fuse: Input/output error' | same err ;;
		*) [ $result -eq 0 ] && [ ! -s err ] ;;
		esac || fail "$error: $result: $(cat out err)"
	done
}

test_what_the_rules_of_udev_will_give() {
	tree
	need_mknod
	make_users
	chmod 600 root/dev/fuse
	mkdir -p root/usr/lib/udev/rules.d other/usr/lib/udev/rules.d other/etc
	echo 'KERNEL=="fuse", MODE="0660", GROUP="printers", OPTIONS+="static_node=fuse"' \
		> root/usr/lib/udev/rules.d/a.rules
	access primary 'not open'
	grep -qF "primary may not open it (udev's rules: 0660 root:printers)" out || fail "$(cat out)"
	grep -qxF "  obstacle  udev's rules give another mode; remove it, and run kmod-devname create --udev --basedir root" out ||
		fail "$(cat out)"
	chmod 660 root/dev/fuse
	chown 0:7 root/dev/fuse
	verdict 0 'opening it loads fuse' fuse
	! grep udev out || fail "$(cat out)"
	echo 'KERNEL=="cuse", MODE="0666", OPTIONS+="static_node=cuse"' > other/usr/lib/udev/rules.d/a.rules
	verdict 0 'opening it loads fuse, cuse' --udev-root other cuse
	grep -qxF "  node      does not exist until the system boots (udev's rules: 0666 root:root)" out || fail "$(cat out)"
	status 2 kmod-devname explain -b root --udev-root nowhere cuse "$V" > out 2> err
	# what is wrong with a rule is for check to tell
	echo 'GROUP="nobody-knows", OPTIONS+="static_node=tun", FROB' > other/usr/lib/udev/rules.d/b.rules
	verdict 0 'opening it loads fuse, cuse' --udev-root other cuse
}

test_json_is_one_object() {
	need_program python3
	tree
	conf '' 'blacklist fuse'
	status 1 kmod-devname explain --json -b root fuse "$V" > out
	python3 - <<-'END'
		import json
		answer = json.load(open("out"))
		assert list(answer) == ["version", "node", "number", "driver", "kernel", "modules",
		    "obstacles", "verdict"], answer
		assert answer["version"] == 1 and answer["number"] == "c10:229", answer
		assert answer["driver"] is None
		assert answer["node"] == {"path": "/dev/fuse", "state": "absent", "link": None,
		    "mode": None, "user": None, "group": None, "acl": None, "rules": None,
		    "may_read": None, "may_write": None}, answer["node"]
		assert answer["kernel"] == {"version": "6.1.0", "running": False,
		    "aliases": ["char-major-10-229"]}, answer["kernel"]
		assert answer["modules"] == [{"name": "fuse", "result": "blacklisted", "role": "alias",
		    "path": "kernel/fuse.ko", "held_up_by": None, "command": None,
		    "file": "/etc/modprobe.d/x.conf", "line": 2}], answer["modules"]
		assert answer["obstacles"] == [{"kind": "blacklisted",
		    "text": "fuse is blacklisted; remove the statement",
		    "file": "/etc/modprobe.d/x.conf", "line": 2}], answer["obstacles"]
		assert answer["verdict"] == {"opens": False, "result": "blacklisted",
		    "text": "opening it loads nothing"}, answer["verdict"]
	END
	# whatever stands in a file
	printf 'install fuse "\\\t\377\n' > "$CONF/x.conf"
	status 1 kmod-devname explain --json -b root c10:229 "$V" > out
	python3 - <<-'END'
		import json
		answer = json.load(open("out"))
		assert answer["node"] is None
		assert answer["modules"][0]["command"].startswith('"'), answer
		assert answer["verdict"]["result"] == "command", answer
	END
}

# What is wrong with the configuration counts as it does for other commands.
test_strict_counts_warnings() {
	tree
	conf 'frob x'
	status 0 kmod-devname explain -b root c10:229 "$V" > out 2> err
	status 1 kmod-devname explain --strict -b root c10:229 "$V" > out 2> err
	[ "$(grep -c bad-config err)" -eq 1 ]
}

test_quiet_prints_the_verdict_alone() {
	tree
	verdict 0 'opening it loads fuse' -q c10:229
	[ "$(wc -l < out)" -eq 1 ]
}

test_operands() {
	tree
	status 2 kmod-devname explain > out 2> err
	grep -q 'needs one NODE' err
	status 2 kmod-devname explain -b root c10:229 "$V" "$V" 2> err
	status 2 kmod-devname explain -b root --all c10:229 2> err
	status 2 kmod-devname explain -b root c10:229 7.0 2> err
	grep -q 'kernel 7.0 not found' err
	status 2 kmod-devname explain -b root /etc/passwd "$V" 2> err
	grep -q "'/etc/passwd' is neither" err
	status 2 kmod-devname explain -b root '' "$V" 2> err
	status 2 kmod-devname explain -b root /dev/ "$V" 2> err
	status 2 kmod-devname explain -b root --dev nowhere fuse "$V" 2> err
	status 2 kmod-devname explain -b root c10:229 "$V" > /dev/full 2> err
	for node in 10:229 c10:229 char-major-10-229 fuse dev/fuse /dev/fuse ./fuse; do
		verdict 0 'opening it loads fuse' $node
	done
	for node in b7:0 block-major-7-0; do
		verdict 0 'opening it loads loop' $node
	done
	# numbers that there are not
	for node in c10:1048576 c0:1 0:1 c10:01 c4096:0 b5000:1 char-major-10 char-major-10-1048576 \
		block-major-0-1; do
		status 2 kmod-devname explain -b root "$node" "$V" > out 2> err
		grep -qF "'$node' is no number of a device: MAJOR is 1 to 4095" err || fail "$node: $(cat err)"
	done
	# these are names
	for node in c10 d10:1 c10:1:1 c10:+1 cb10:1 b; do
		status 1 kmod-devname explain -b root "$node" "$V" > out
		grep -q "^/dev/$node  opening it fails" out || fail "$node: $(cat out)"
	done
	rm "$MODULES/modules.devname"
	verdict 0 'opening it loads fuse' c10:229
	verdict 1 'opening it fails: No such file or directory | modules.devname of 6.1.0 is missing or empty' other
}

test_what_is_printed_is_escaped() {
	tree
	nl=$(printf 'a\nb')
	status 1 kmod-devname explain -b root "$nl" "$V" > out
	grep -qF '/dev/a\x0ab  opening it fails' out
	[ "$(wc -l < out)" -eq 3 ]
	printf 'install fuse \033[31m\n' > "$CONF/$nl.conf"
	status 1 kmod-devname explain -b root c10:229 "$V" > out
	tail -n 1 out | grep -qF '/etc/modprobe.d/a\x0ab.conf:1: fuse is not loaded, a command is run: \x1b[31m; '
}

# Nothing of the host is seen: modprobe, told nothing, sees all of it.
pollute() {
	mkdir -p host
	printf 'blacklist fuse\nalias char-major-10-200 whole\ninstall cuse /bin/false\n' > host/h.conf
	echo 'quiet modprobe.blacklist=snd_seq,loop' > cmdline
	cat > polluted <<-'END'
		"$top_srcdir/testsuite/lib/provide-directory" /etc/modprobe.d
		mount --bind host /etc/modprobe.d
		mount --bind cmdline /proc/cmdline
		if [ "$1" = running ]; then
			shift
			"$top_srcdir/testsuite/lib/provide-directory" /lib/modules
			mount --bind root/lib/modules /lib/modules
			mount --bind loaded /sys/module
			mount --bind sysdev /sys/dev
			mount --bind misc /proc/misc
			mount --bind devices /proc/devices
			[ ! -d sysctl ] || mount --bind sysctl /proc/sys/kernel
			mount -t tmpfs -o "$(cat dev-options)" none /dev
			. ./make-dev
		elif [ -e polluted.early ]; then
			. ./polluted.early
		fi
		"$@"
	END
}

polluted() {
	in_mounts sh -eu polluted "$@"
}

test_another_root_sees_nothing_of_the_host() {
	tree
	need_namespace
	pollute
	# the control: modprobe sees it
	known_difference modprobe_base
	[ -z "$(polluted modprobe -D -q -d "$PWD/root" -S "$V" -- char-major-10-229)" ]
	polluted modprobe -D -q -d "$PWD/root" -S "$V" -- char-major-10-200 | grep -q whole
	polluted modprobe -D -q -d "$PWD/root" -S "$V" -- char-major-10-203 | grep -q /bin/false
	! polluted modprobe -D -q -d "$PWD/root" -S "$V" -- char-major-116-1 | grep -q snd-seq || fail "$(cat out)"
	for line in 'c10:229 fuse' 'c10:200 tun' 'c10:203 fuse, cuse' 'c116:1 snd, snd_seq' 'b7:0 loop'; do
		polluted kmod-devname explain -q -b root "${line%% *}" "$V" > out
		[ "$(answer out)" = "opening it loads ${line#* }" ] || fail "$(cat out)"
	done
}

test_absolute_links_do_not_lead_to_the_host() {
	tree
	need_namespace
	pollute
	ln -s /etc/modprobe.d/h.conf "$CONF/link.conf"
	polluted kmod-devname explain -q -b root c10:229 "$V" > out
	[ "$(answer out)" = 'opening it loads fuse' ] || fail "$(cat out)"
	rm "$CONF/link.conf"
	mkdir -p root/usr/lib
	ln -s /etc/modprobe.d root/usr/lib/modprobe.d
	polluted kmod-devname explain -q -b root c10:229 "$V" > out
	[ "$(answer out)" = 'opening it loads fuse' ] || fail "$(cat out)"
	# indexes too are those of the root
	cp "$MODULES/modules.alias.bin" alias.bin
	mv "$MODULES/modules.alias.bin" "$MODULES/alias"
	ln -s alias "$MODULES/modules.alias.bin"
	verdict 0 'opening it loads fuse' c10:229
	# libkmod would follow these on the host
	for link in "$PWD/alias.bin" "/lib/modules/$V/alias"; do
		ln -sf "$link" "$MODULES/modules.alias.bin"
		status 1 kmod-devname explain -q -b root c10:229 "$V" > out 2> err
		same err <<-END
			kmod-devname: $MODULES/modules.alias.bin: error: link to another file on the host; run depmod [bad-index]
		END
		[ "$(cat out)" = "c10:229  opening it loads nothing" ] ||
			fail "$(cat out)"
	done
}

# libkmod looks for them on the host, as for those of weak-updates.
test_dependencies_may_be_absolute_links() {
	need_libkmod
	tree
	mkdir -p root/opt
	mv "$MODULES/kernel/fuse.ko" root/opt
	ln -s /opt/fuse.ko "$MODULES/kernel/fuse.ko"
	verdict 0 'opening it loads fuse, cuse' c10:203
}

# The running kernel, with modules and a device directory of our own, in a namespace of our own.
running_tree() {
	[ "$(id -u)" -eq 0 ] || skip "only root can make device nodes"
	tree
	need_namespace
	release=$(uname -r)
	mv "$MODULES" "root/lib/modules/$release"
	"$DEPMOD" -b root "$release" > depmod.log 2>&1
	pollute
	echo 'install tun /bin/false' > host/h.conf
	mkdir -p loaded/snd sysdev/char sysdev/block
	echo live > loaded/snd/initstate
	: > misc
	printf '%s\n' 'Character devices:' '  1 mem' ' 10 misc' '116 alsa' '136 pts' '' \
		'Block devices:' '  7 loop' '259 blkext' > devices
	echo mode=755 > dev-options
	echo 'mknod -m 600 /dev/fuse c 10 229' > make-dev
}

# sysfs TYPE NUMBER LINK NAME: a device of the running kernel, with a link to its driver.
sysfs() {
	mkdir -p "$(dirname "sysdev/$1/$2/$3")"
	ln -s "../../$4" "sysdev/$1/$2/$3"
}

# running STATUS ANSWER ARGUMENT...
running() {
	running_wanted=$1 running_text=$2 running_got=0
	shift 2
	polluted running ${running_user:+setpriv --reuid 65534 --regid 65534 --clear-groups --} \
		"${running_user:-kmod-devname}" explain "$@" > out 2> err || running_got=$?
	[ ! -s err ] || fail "$(cat err)"
	[ "$(answer out)" = "$running_text" ] || fail "$(cat out)
instead of
$running_text"
	[ "$running_got" -eq "$running_wanted" ] || fail "exit status $running_got: $running_text"
}

test_the_running_kernel() {
	running_tree
	running 1 'opening it runs a command | /etc/modprobe.d/h.conf:1: tun is not loaded, a command is run: /bin/false' \
		c10:200
	running 1 'opening it loads nothing | /proc/cmdline: loop is blacklisted' c10:237
	running 0 'opening it reaches snd, which is loaded' c116:7
	running 0 'opening it loads fuse, cuse' c10:203
	# libkmod leaves the quotes in
	echo 'quiet modprobe.blacklist="snd_seq,loop"' > cmdline
	running 0 'opening it loads loop' c10:237
	# a driver that /sys does not show
	mkdir -p loaded/fuse sysdev/away
	mv sysdev/char sysdev/away
	echo live > loaded/fuse/initstate
	echo 'alias char-major-10-229 whole' > host/h.conf
	running 0 'opening it reaches fuse, which is loaded' c10:229
	polluted running kmod-devname check "$release" > out 2>&1 || :
	! grep "'fuse' (c10:229)" out || fail "$(cat out)"
	mv sysdev/away/char sysdev
	# loaded, and its file is gone: a module that needs nothing else is loaded
	rm "root/lib/modules/$release/kernel/fuse.ko"
	running 0 'opening it loads cuse' c10:203
	rm -r loaded/fuse
	running 1 'opening it loads nothing | fuse has no file kernel/fuse.ko' c10:203
	# below another root the same modules are not those that run
	running 0 'opening it loads snd' -b root c116:7 "$release"
}

test_the_running_kernel_can_be_kept_from_loading() {
	running_tree
	mkdir sysctl
	echo 0 > sysctl/modules_disabled
	echo /sbin/modprobe > sysctl/modprobe
	running 0 'opening it loads fuse, cuse' c10:203
	echo > sysctl/modprobe
	running 1 'opening it loads nothing | kernel.modprobe is empty' c10:203
	echo 1 > sysctl/modules_disabled
	running 1 'opening it loads nothing | kernel.modules_disabled is 1' c10:203
	running 0 'opening it reaches snd, which is loaded' c116:7
	# so say check and list
	polluted running kmod-devname check -v "$release" > out 2>&1 || :
	grep -qxF "/lib/modules/$release: note: opening a node loads no module: kernel.modules_disabled is 1; reboot, which alone sets it back [not-loaded]" out ||
		fail "$(cat out)"
	printf 'cuse cuse c10:203\nsnd snd c116:7\n' > "root/lib/modules/$release/modules.devname"
	polluted running kmod-devname list -r -n -o NAME,LOADED "$release" > out 2> err
	same out <<-'END'
	cuse blocked
	snd loaded
	END
}

# What a driver has needs no module, and modprobe is not asked.
test_a_driver_of_the_running_kernel_is_named() {
	running_tree
	sysfs char 1:3 subsystem class/mem
	sysfs char 10:229 subsystem class/misc
	sysfs char 13:64 subsystem class/input
	mkdir sysdev/block/8:0
	sed -i 's/^  7 loop/&\n  8 sd/; s/^ 10 misc/&\n 13 input\n188 ttyUSB\n245 misc/' devices
	echo '229 fuse' > misc
	echo 'blacklist fuse' > host/h.conf
	printf 'mknod -m 666 /dev/null c 1 3\nmkdir -m 755 /dev/pts\nmknod -m 666 /dev/pts/0 c 136 0\n' >> make-dev
	running 0 'opening it reaches driver mem' /dev/null
	same out <<-'END'
		/dev/null  c1:3  opening it reaches driver mem
		  node      crw-rw-rw- root:root    you may read and write it
		  kernel    driver mem has c1:3
	END
	running 0 'opening it reaches driver fuse' c10:229
	running 0 'opening it reaches driver sd' b8:0
	# some drivers register no devices; but others have a module for each number
	running 0 'opening it reaches driver pts' pts/0
	running 1 'opening it loads nothing | no module has the alias char-major-10-77' 10:77
	running 1 'opening it loads nothing | no module has the alias block-major-9-2' b9:2
	# others register each device, and have no more
	running 1 'opening it fails: No such device or address | sd is in the kernel, and has not registered b8:16' b8:16
	running 1 'opening it fails: No such device or address | blkext is in the kernel, and has not registered b259:0' b259:0
	running 1 'opening it fails: No such device or address | input is in the kernel, and has not registered c13:65' c13:65
	running 1 'opening it fails: No such device or address | ttyUSB is in the kernel, and has not registered c188:0' c188:0
	running 1 'opening it fails: No such device or address | misc is in the kernel, and has not registered c245:0' c245:0
	# but for drivers of block devices that make one as it is opened
	running 0 'opening it reaches driver loop' b7:77
	# a kernel whose modules were removed still has its drivers
	mv "root/lib/modules/$release" root/lib/modules/away
	running 0 'opening it reaches driver mem' /dev/null
	running 1 "opening it loads nothing | there is no directory /lib/modules/$release" c10:203
	running 1 'opening it fails: No such device or address | input is in the kernel, and has not registered c13:65' c13:65
	mv root/lib/modules/away "root/lib/modules/$release"
	# of another root directory nothing is known of drivers
	running 1 'opening it loads nothing | no module has the alias char-major-1-3' -b root c1:3 "$release"
}

# As kvm without the hardware.
test_a_module_that_is_loaded_and_has_no_device() {
	running_tree
	mkdir loaded/tun
	echo live > loaded/tun/initstate
	running 1 'opening it fails: No such device | tun is in the kernel, and has not registered c10:200' c10:200
	running 1 'opening it fails: No such device or address | 8250 is in the kernel, and has not registered c4:64' c4:64
	echo '  4 ttyS' >> devices
	sed -i 's/^Block devices:/  4 ttyS\n&/' devices
	running 1 'opening it fails: No such device or address | 8250 is in the kernel, and has not registered c4:64' c4:64
	running 0 'opening it reaches snd, which is loaded' c116:7
	# without a card it has its timer alone
	sysfs char 116:33 subsystem class/sound
	running 1 'opening it fails: No such device or address | snd is in the kernel, and has not registered c116:7' c116:7
}

# As a container has it whose rules for devices lack the number.
test_the_error_is_that_of_the_kernel() {
	need_strace
	status 1 strace -f -o trace -e inject=faccessat,faccessat2:error=EPERM \
		"$top_builddir/kmod-devname" explain /dev/null > out 2> err
	grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
	[ "$(answer out)" = 'opening it fails: Operation not permitted | this container may not use it' ] ||
		fail "$(cat out err)"
}

# The modes of a directory that nobody but root can read are unknown to others.
test_another_user_below_a_directory_that_the_caller_cannot_search() {
	running_tree
	need_nobody
	: > host/h.conf
	printf 'mkdir -m 700 /dev/closed\nmknod -m 666 /dev/closed/fuse c 10 229\n' >> make-dev
	running 0 'opening it loads fuse' --user nobody closed/fuse
	running_user=$nobody_bin/kmod-devname
	running 1 'opening it fails: Permission denied | you may not search its directory' closed/fuse
	status 2 polluted running setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$nobody_bin/kmod-devname" explain --user root closed/fuse > out 2> err
	echo "kmod-devname: /dev/closed/fuse: only root can tell what user 'root' may do there" |
		same err
	[ ! -s out ]
}

test_who_may_open_a_node_of_the_running_system() {
	running_tree
	need_nobody
	: > host/h.conf
	running 0 'opening it loads fuse' fuse
	grep -q '^  node      crw------- root:root    you may read and write it' out || fail "$(cat out)"
	running_user=$nobody_bin/kmod-devname
	running 1 'opening it fails: Permission denied | it is for user root alone' fuse
	grep -q '^  node      crw------- root:root    you may not open it' out || fail "$(cat out)"
	grep -qxF '  modprobe  fuse  kernel/fuse.ko' out || fail "$(cat out)"
	# the node is an obstacle, whatever modprobe would do
	echo 'chmod 600 /etc/modprobe.d/h.conf' >> make-dev
	status 1 polluted running setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$nobody_bin/kmod-devname" explain fuse > out 2> err
	same err <<-'END'
	kmod-devname: /etc/modprobe.d/h.conf: error: Permission denied [system]
	END
	[ "$(answer out)" = 'opening it fails: Permission denied | it is for user root alone' ] || fail "$(cat out)"
	grep -qxF '  kernel    no driver has c10:229' out || fail "$(cat out)"
	echo 'chmod 604 /dev/fuse' >> make-dev
	status 2 polluted running setpriv --reuid 65534 --regid 65534 --clear-groups -- \
		"$nobody_bin/kmod-devname" explain fuse > out 2> err
	[ ! -s out ] || fail "$(cat out)"
	sed -i '/h.conf/d' make-dev
	chmod 644 host/h.conf
	running 0 'opening it loads fuse' fuse
	grep -q 'you may read it' out || fail "$(cat out)"
	echo 'chmod 602 /dev/fuse; chmod 700 /dev' >> make-dev
	running 1 'opening it fails: Permission denied | you may not search its directory' fuse
	sed -i '$d' make-dev
	echo nodev > dev-options
	running 1 'opening it fails: Permission denied | its file system is mounted nodev' fuse
	# root judges for another one
	running_user=
	echo mode=755 > dev-options
	sed -i '$d' make-dev
	running 1 'opening it fails: Permission denied | it is for user root alone' --user nobody fuse
	grep -q 'nobody may not open it' out || fail "$(cat out)"
	running 0 'opening it loads fuse' --user root fuse
}

# As in a bare chroot: what libkmod is given is a file of /proc.
test_without_proc_it_says_so() {
	running_tree
	printf 'umount -l /proc\n"$@"\n' > without-proc
	polluted running sh -eu without-proc kmod-devname --version > out 2>&1 ||
		skip "no program with sanitizers starts without /proc"
	status 2 polluted running sh -eu without-proc \
		kmod-devname explain -q -b / c10:229 "$release" > out 2> err
	grep -qxF "kmod-devname: /lib/modules/$release: error: /proc/self/fd does not exist, and is needed: mount /proc [system]" err ||
		fail "$(cat err)"
	[ ! -s out ]
}

# Every node of a real kernel, and every number near it, as modprobe has it.
test_real_kernel() {
	need_libkmod
	reason=$(kernel_missing amd64)
	[ -z "$reason" ] || skip "$reason"
	V=$(kernel_version amd64)
	MODULES=root/lib/modules/$V
	mkdir -p "$MODULES" "$CONF"
	# links are enough for depmod, and what it writes is ours
	for file in "$KERNELS/amd64/lib/modules/$V"/*; do
		case ${file##*/} in
		kernel | modules.order | modules.builtin | modules.builtin.modinfo)
			ln -s "$file" "$MODULES/${file##*/}" ;;
		esac
	done
	index
	# links out of the root are none: the names of the modules are enough now
	rm "$MODULES/kernel"
	sed 's/:.*//' "$MODULES/modules.dep" > names
	(cd "$MODULES" && sed 's,/[^/]*$,,' | sort -u | xargs mkdir -p) < names
	(cd "$MODULES" && xargs touch) < names
	sed -n 's/^[^#][^ ]* [^ ]* //p' "$MODULES/modules.devname" | sort -u > numbers
	printf '%s\n' c10:250 c10:175 c4:64 c5:1 b7:0 b8:0 b9:0 b1:0 c116:0 c21:0 c180:0 >> numbers
	[ "$(wc -l < numbers)" -gt 20 ]
	while read -r number; do
		agrees "$number"
	done < numbers
	# what is declared is what is loaded
	sed -n 's/^\([^#][^ ]*\) [^ ]* \(.*\)/\1 \2/p' "$MODULES/modules.devname" |
		while read -r module number; do
			kmod-devname explain -q -b root "$number" "$V" > out || fail "$(cat out)"
			grep -qE "loads (.*, )?$module(,|\$)" out || fail "$module: $(cat out)"
		done
}

run_tests "$@"
