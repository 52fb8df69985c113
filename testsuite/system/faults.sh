#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every allocation and every system call of a command, and of the front end of depmod, fails, one
# after the other. What "faults" finds against the command is in its comments: no crash and no hang;
# exit status 0 or 1 only with the whole result, the same as without the fault, or 1 with a finding about
# the one entry that was not read, which is missing or as before; else 2 (of the front
# end: 1), with a message that names something, and each file and node old or new and none besides.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

V=6.1.0
M=work/lib/modules/$V
OUT=work/out/lib/modules/$V
PATH=$PATH:/usr/sbin:/sbin

memory=$top_builddir/.libs/faults-memory.so

# all errors or two of six at each system call?
every() { # COMMAND
	case $1 in
	generate | create | static-nodes) echo -a ;;
	*) [ -z "${KMOD_DEVNAME_LONG:-}" ] || echo -a ;;
	esac
}

# A tree with depmod's files, one module in each format, two that others depend on, something to
# find fault with, and a modules.devname that lacks nodes.
tree() {
	linked_module $M/kernel/fuse.ko -tun_do +fuse_do alias=devname:fuse alias=char-major-10-229
	linked_module $M/kernel/cuse.ko -fuse_do -tun_do 'softdep=pre: uinput post: nameless' \
		alias=devname:cuse alias=char-major-10-203
	linked_module $M/kernel/tun.ko +tun_do alias=devname:net/tun alias=char-major-10-200
	module $M/kernel/uinput.ko alias=devname:uinput alias=char-major-10-223
	linked_module $M/updates/fuse.ko -tun_do +fuse_do alias=devname:fuse alias=char-major-10-229
	module $M/kernel/nameless.ko alias=devname:nameless
	xz --check=crc32 $M/kernel/cuse.ko
	zstd -q --rm $M/kernel/tun.ko
	gzip $M/kernel/uinput.ko
	printf 'kernel/%s.ko\n' tun fuse cuse uinput > $M/modules.order
	: > $M/modules.builtin
	printf 'loop.alias=devname:loop-control\0loop.alias=char-major-10-237\0' > $M/modules.builtin.modinfo
	configuration
	find $M -name '*.ko*' -exec touch -d 2020-01-01 {} +
	next_tick
	"$DEPMOD" -b work $V 2> depmod.log || fail "$(cat depmod.log)"
	grep -qx 'kernel/cuse.ko.xz: updates/fuse.ko kernel/tun.ko.zst' $M/modules.dep
	grep -qx 'softdep cuse pre: uinput post: nameless' $M/modules.softdep
	mv $M/modules.devname whole
	# modules that are not installed
	mkdir work/plain
	cp $M/updates/fuse.ko work/plain
	head -n 2 whole > $M/modules.devname
	[ "$(wc -l < whole)" -gt 2 ]
}

configuration() {
	mkdir -p work/etc/depmod.d work/etc/modprobe.d work/etc/udev/rules.d
	printf 'search updates built-in\noverride fuse 6.1.* kernel\nnonsense\n' > work/etc/depmod.d/a.conf
	printf 'exclude nothing\n' > work/etc/depmod.d/b.conf
	printf 'blacklist tun\nsoftdep fuse pre: uinput\nnonsense\n' > work/etc/modprobe.d/a.conf
	printf 'root:x:0:0::/:\n' > work/etc/passwd
	printf 'root:x:0:\nnetdev:x:6:\n' > work/etc/group
	cat > work/etc/udev/rules.d/a.rules <<-'END'
		KERNEL=="tun", OPTIONS+="static_node=net/tun", MODE="0666", GROUP="netdev"
		KERNEL=="fuse", GROUP="netdev"
	END
}

# A device directory with a node that is right and one that is wrong, if nodes can be made.
devices() {
	mkdir -p work/dev
	mknod work/dev/fuse c 10 229 2> /dev/null || return 0
	mknod work/dev/cuse c 10 1
}

# The commands with which the sweeps are made.
commands() {
	if [ -c work/dev/fuse ]; then
		cat <<-END
			create --dev work/dev --replace $V
			create --dev work/dev --udev-permissions -v $V
		END
	elif [ "$(id -u)" -eq 0 ]; then
		fail "no device node can be made here"
	fi
	cat <<-END
		generate --threads 1 $V
		generate --threads 1 --source auto -v $V
		generate --threads 1 --source index $V
		generate --threads 1 -n $V
		generate --threads 1 -o work/out $V
		static-nodes -f tmpfiles -o work/etc/tmpfiles.d/nodes.conf $V
		static-nodes -f json --udev-permissions $V
		static-nodes -f cpio --input ./whole
		create --dev work/dev -n $V
		list $V
		check $M/kernel/fuse.ko
		list --json --all
		check $V
		check --json --dev work/dev --udev-root work $V
		check -C work/etc/depmod.d/a.conf $V
		diff work/lib/modules/$V/modules.devname ./whole
		diff --json $V $V
		diff work/plain $M
		explain fuse $V
		explain net/tun $V
		explain --json c10:203 $V
	END
}

# stand_in DIRECTORY COMMAND: a depmod that does this, and says a word, so that it can be told from
# another. That is what is found where this one must not be looked at: so there are two of it.
stand_in() {
	mkdir -p "$1/one" "$1/two"
	printf '#!/bin/sh\necho depmod\n%s\n' "$2" > "$1/one/depmod"
	chmod 755 "$1/one/depmod"
	cp -p "$1/one/depmod" "$1/two"
}

# The front end, with a depmod that writes the index, or a bad one, or none, but no modules.devname.
# Where the index cannot be read all modules are, and that gives more than the index of a depmod that
# does not read gzip: there is no such module.
front_ends() {
	rm $M/kernel/uinput.ko.gz
	mkdir -p indexes $OUT
	mv $M/modules.alias indexes
	head -n 2 indexes/modules.alias > $M/modules.alias
	cp $M/modules.alias $OUT
	stand_in writes "cp '$PWD/indexes/modules.alias' '$PWD/$M'"
	stand_in writes-elsewhere "cp '$PWD/$M/modules.dep' '$PWD/indexes/modules.alias' '$PWD/$OUT'"
	stand_in writes-nonsense "echo nonsense > '$PWD/$M/modules.alias'"
	stand_in writes-nothing :
	stand_in fails "exit 3"
	cat <<-END
		writes -b work $V
		writes-elsewhere -b work -o work/out $V
		writes-nonsense -C work/etc/depmod.d/a.conf -b work $V
		writes-nothing -b work $V
		writes-nothing -A -b work $V
		fails -b work $V
	END
}

# libtool puts the program in the place of its own script.
sweep() { # ARGUMENTS-OF-FAULTS...
	"$top_builddir/libtool" --mode=execute "$top_builddir/faults" "$@" > found || {
		[ $? -ne 77 ] || skip "no system calls of another process can be changed here"
		cat found
		return 1
	}
}

sweep_command() { # COMMAND ARGUMENTS-OF-FAULTS...
	command=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	sweep "$@" work "$top_builddir/kmod-devname" ${command%% *} -b work ${command#* }
}

sweep_calls() { # COMMAND
	# shellcheck disable=SC2046 # none or one
	sweep_command "$1" $(every "${1%% *}")
}

sweep_front_end() { # DEPMOD-AND-ARGUMENTS ARGUMENTS-OF-FAULTS...
	depmod=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	PATH=$PWD/${depmod%% *}/one:$PWD/${depmod%% *}/two:$PATH \
		sweep -s 1 "$@" work "$top_builddir/tools/depmod/depmod" ${depmod#* }
}

# sweeps WHAT FUNCTION ARGUMENTS-OF-FAULTS...: one with each line of "list".
sweeps() {
	sweeps_what=$1 sweeps_function=$2 sweeps_points=0 sweeps_failed=
	shift 2
	while read -r line; do
		echo "$line"
		"$sweeps_function" "$line" "$@" < /dev/null || sweeps_failed="$sweeps_failed
$line"
		line_points=$(awk '/ points$/ { n = $1 } END { print n + 0 }' found)
		[ "$line_points" -ge 20 ] || sweeps_failed="$sweeps_failed
$line: only $line_points points"
		sweeps_points=$((sweeps_points + line_points))
	done < list
	[ "$sweeps_points" -gt 0 ] || fail "nothing was tried"
	[ -z "$sweeps_failed" ] || fail "failed: $sweeps_failed"
	count "$sweeps_points $sweeps_what, all survived or told"
}

prepare() {
	command -v "$DEPMOD" > /dev/null || skip "there is no depmod"
	tree
	devices
}

test_every_allocation_of_a_command_may_fail() {
	prepare
	commands > list
	# system calls of threads come in any order
	echo "generate --threads 3 $V" >> list
	sweeps "failing allocations of the commands" sweep_command -l "$memory"
}

test_every_system_call_of_a_command_may_fail() {
	prepare
	commands > list
	sweeps "failing system calls of the commands, each error in generate, create and static-nodes" \
		sweep_calls
}

test_every_allocation_of_the_front_end_may_fail() {
	prepare
	front_ends > list
	# a lack of memory is no reason to look further
	rm -r ./*/two
	sweeps "failing allocations of the front end" sweep_front_end -l "$memory"
}

test_every_system_call_of_the_front_end_may_fail() {
	prepare
	front_ends > list
	# shellcheck disable=SC2046 # none or one
	sweeps "failing system calls of the front end" sweep_front_end $(every depmod)
}

# Both have nothing in them.
test_an_empty_index_differs_from_a_lack_of_memory() {
	command -v "$DEPMOD" > /dev/null || skip "there is no depmod"
	tree
	rm $M/modules.builtin.modinfo
	"$DEPMOD" -b work $V 2> depmod.log || fail "$(cat depmod.log)"
	[ ! -s $M/modules.builtin.alias.bin ]
	sweep -l "$memory" work \
		"$top_builddir/kmod-devname" explain -b work fuse $V < /dev/null
	count "$(awk '/ points$/ { print $1 }' found) failing allocations with an empty index, all told"
}

run_tests "$@"
