#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# depmod.d(5): which copy of a module counts, what is excluded, what is added. depmod is the
# oracle; in each of its cases no two copies are equal by the rules, because for such ones the
# order of readdir(3) decides what depmod does.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
R=root
M=root/lib/modules/6.1.0

# config TEXT: the one file that depmod and we read.
config() {
	mkdir -p conf
	printf '%s\n' "$@" > conf/test.conf
}

ours() {
	kmod-devname generate -n -b "$R" -C conf "$VER" > out 2> err || { cat err >&2; exit 1; }
}

# as_depmod: both must give the same lines, and some.
as_depmod() {
	need_program "$DEPMOD"
	: > $M/modules.order
	: > $M/modules.builtin
	: > $M/modules.builtin.modinfo
	"$DEPMOD" -b "$PWD/$R" -C conf "$VER" 2> /dev/null
	ours
	grep -q '^[^#]' $M/modules.devname || fail "depmod lists nothing"
	sort $M/modules.devname > wanted
	sort out | same wanted
}

# copies DIRECTORY...: a module in each, with another node.
copies() {
	minor=0
	for directory; do
		minor=$((minor + 1))
		node "$M/$directory/fuse.ko" "from/$(echo "$directory" | tr / .)" $minor
	done
}

# wins DIRECTORY: whose node depmod and we must list.
wins() {
	as_depmod
	grep -q " from/$(echo "$1" | tr / .) " out || fail "not $1: $(cat out)"
}

test_without_a_statement_updates_come_first() {
	config '# nothing'
	copies kernel/fs updates
	wins updates
}

test_the_search_of_fedora() {
	config 'search updates extra built-in weak-updates'
	copies kernel/fs extra updates weak-updates
	wins updates
	rm -r $M/updates
	wins extra
	rm -r $M/extra
	wins kernel/fs
	rm -r $M/kernel
	wins weak-updates
}

test_the_search_of_ubuntu() {
	config 'search updates ubuntu built-in'
	copies kernel/fs ubuntu updates/dkms
	wins updates/dkms
	rm -r $M/updates
	wins ubuntu
	rm -r $M/ubuntu
	wins kernel/fs
}

test_dkms_overrides_of_one_module() {
	config 'search built-in updates' 'override fuse * updates/dkms'
	copies kernel/fs updates/dkms extra
	node $M/kernel/fs/cuse.ko cuse/kernel 10
	node $M/updates/dkms/cuse.ko cuse/dkms 11
	wins updates/dkms
	grep -q ' cuse/kernel ' out || fail "the override is for one module only"
}

test_of_several_overrides_the_last_one_counts() {
	config 'override fuse * extra' 'override fuse * weak-updates'
	copies kernel/fs extra weak-updates updates
	wins weak-updates
}

test_an_override_for_another_kernel_does_not_count() {
	for pattern in '^5\.' '6\.2' '^6\.1$'; do
		config "override fuse $pattern extra"
		copies kernel/fs extra
		node $M/updates/fuse.ko from/updates 9
		wins updates
	done
	for pattern in '^6\.1\.' '6' '(5|6)\.1' '*'; do
		config "override fuse $pattern extra"
		wins extra
	done
}

test_an_override_wants_the_spelling_of_the_file() {
	config 'override snd_seq * extra'
	node $M/kernel/snd-seq.ko from/kernel 1
	node $M/extra/snd-seq.ko from/extra 2
	config 'search built-in extra' 'override snd_seq * extra'
	wins kernel
	config 'search built-in extra' 'override snd-seq * extra'
	wins extra
}

test_search_takes_whole_components_and_deep_ones() {
	config 'search ext extra/deep built-in'
	copies kernel/fs extra extra/deep
	wins extra/deep
	rm -r $M/extra
	wins kernel/fs
}

test_search_statements_add_up_over_lines_and_files() {
	config 'search a '\\ 'b' '' 'search built-in'
	printf 'search c' > conf/z.conf
	copies kernel/fs c b
	wins b
	rm -r $M/b
	wins kernel/fs
	rm -r $M/kernel
	wins c
}

test_excluded_names_are_passed_over_at_any_depth() {
	config 'exclude staging cuse.ko' 'exclude old'
	node $M/kernel/fs/fuse.ko fuse 229
	node $M/kernel/fs/cuse.ko cuse 203
	node $M/kernel/staging/x.ko x 1
	node $M/kernel/drivers/staging/y.ko y 2
	node $M/kernel/drivers/old/z.ko z 3
	node $M/kernel/drivers/older/a.ko a 4
	as_depmod
	nodes 'a a c10:4' 'fuse fuse c10:229' | same out
}

test_an_excluded_file_is_no_copy_either() {
	config 'exclude fuse.ko'
	node $M/kernel/fuse.ko from/kernel 1
	node $M/kernel/a/fuse.ko from/a 2
	node $M/kernel/b/fuse.plain.ko from/b 3
	as_depmod
	nodes 'fuse from/b c10:3' | same out
	[ ! -s err ] || fail "$(cat err)"
}

test_external_directories_are_read() {
	node "$PWD/opt/one/ext.ko" ext 1
	node "$PWD/opt/two/deep/more.ko" more 2
	node "$PWD/opt/three/no.ko" no 3
	node $M/kernel/fuse.ko fuse 229
	config "external * $PWD/opt/one" "external * $PWD/opt/two" "external ^5 $PWD/opt/three" \
		"external * $PWD/nowhere"
	as_depmod_on_host
	nodes 'ext ext c10:1' 'fuse fuse c10:229' 'more more c10:2' | same sorted
}

# External directories are the host's for depmod, and the root's for us: so the root is the host's.
as_depmod_on_host() {
	need_program "$DEPMOD"
	: > $M/modules.order
	: > $M/modules.builtin
	: > $M/modules.builtin.modinfo
	"$DEPMOD" -b "$PWD/$R" -C conf "$VER" 2> /dev/null
	kmod-devname generate -n -m "$PWD/$R/lib/modules" -C conf "$VER" > out 2> err ||
		{ cat err >&2; exit 1; }
	sort $M/modules.devname > wanted
	sort out > sorted
	same wanted < sorted
}

test_the_place_of_external_directories() {
	node "$PWD/opt/one/fuse.ko" from/one 1
	node "$PWD/opt/two/fuse.ko" from/two 2
	node $M/kernel/fuse.ko from/kernel 3
	for search in 'updates external built-in' 'built-in external' 'updates built-in'; do
		for order in 'one two' 'two one'; do
			config "search $search" "external * $PWD/opt/${order% *}" \
				"external * $PWD/opt/${order#* }"
			as_depmod_on_host
		done
	done
	rm $M/kernel/fuse.ko
	for search in 'updates external built-in' 'updates built-in'; do
		for order in 'one two' 'two one'; do
			config "search $search" "external * $PWD/opt/${order% *}" \
				"external * $PWD/opt/${order#* }"
			as_depmod_on_host
		done
	done
}

test_external_without_that_word_in_the_search_comes_where_built_in_is() {
	node "$PWD/opt/one/fuse.ko" from/one 1
	node $M/weak-updates/fuse.ko from/weak-updates 2
	config 'search built-in weak-updates' "external * $PWD/opt/one"
	as_depmod_on_host
	grep -q from/one out || fail "$(cat out)"
	config 'search weak-updates built-in' "external * $PWD/opt/one"
	as_depmod_on_host
	grep -q from/weak-updates out || fail "$(cat out)"
}

test_an_absolute_directory_in_the_search_is_for_no_module() {
	node "$PWD/opt/one/fuse.ko" from/one 1
	node $M/kernel/fuse.ko from/kernel 2
	config "search $PWD/opt/one" "external * $PWD/opt/one"
	as_depmod_on_host
	grep -q from/kernel out || fail "$(cat out)"
	config "search $PWD/opt/one built-in external" "external * $PWD/opt/one"
	as_depmod_on_host
	grep -q from/kernel out || fail "$(cat out)"
}

test_an_override_is_for_a_name_up_to_its_first_dot() {
	node $M/kernel/fuse.ko from/kernel 1
	node $M/zoo/fuse.x.ko from/zoo 2
	config 'override fuse * zoo'
	wins zoo
	config 'search built-in zoo' 'override fuse.x * zoo'
	wins kernel
}

test_an_external_directory_may_be_in_the_tree() {
	node $M/kernel/fuse.ko from/kernel 1
	node $M/extra/fuse.ko from/extra 2
	for search in 'external kernel' 'external built-in'; do
		config "search $search" "external * $PWD/$M/extra"
		as_depmod_on_host
		grep -q from/extra out || fail "$search: $(cat out)"
	done
	config 'search kernel external' "external * $PWD/$M/extra"
	as_depmod_on_host
	grep -q from/kernel out || fail "$(cat out)"
	# its name is excluded where it is an entry, and it stays a directory of the tree
	config 'search extra built-in' "external * $PWD/$M/extra" 'exclude extra'
	as_depmod_on_host
	grep -q from/extra out || fail "$(cat out)"
	# the same directory in an image
	config 'search external kernel' "external * /lib/modules/$VER/extra"
	ours
	grep -q from/extra out || fail "$(cat out)"
}

# depmod.d(5) allows several directories, depmod does not look at them.
test_only_the_first_directory_of_a_statement_is_read() {
	node "$PWD/opt/one/one.ko" one 1
	node "$PWD/opt/two/two.ko" two 2
	mkdir -p $M
	config "external * $PWD/opt/one $PWD/opt/two"
	as_depmod_on_host
	nodes 'one one c10:1' | same sorted
	grep -q "opt/two' is one directory too many.*\[bad-config\]$" err
}

test_an_external_directory_that_is_in_the_tree_is_read_once() {
	config "external * /lib/modules/$VER/kernel"
	node $M/kernel/fuse.ko fuse 229
	kmod-devname generate -n -v -b "$R" -C conf "$VER" > out 2> err
	nodes 'fuse fuse c10:229' | same out
	[ ! -s err ] || fail "$(cat err)"
}

test_external_directories_are_below_the_base_directory() {
	node $R/opt/mods/inside.ko inside 1
	node "$PWD/opt/mods/outside.ko" outside 2
	mkdir -p $M
	config "external * /opt/mods" "external * $PWD/opt/mods" "external * /etc/../../opt/mods/"
	ours
	nodes 'inside inside c10:1' | same out
}

# --- which files are read --------------------------------------------------------------------

test_the_files_are_those_of_the_base_directory() {
	mkdir -p $R/etc/depmod.d
	echo 'search extra' > $R/etc/depmod.d/a.conf
	copies extra updates
	kmod-devname generate -n -b $R $VER > out
	nodes 'fuse from/extra c10:1' | same out
	ln -sf /etc/real.conf $R/etc/depmod.d/a.conf
	echo 'search updates extra' > $R/etc/real.conf
	kmod-devname generate -n -b $R $VER > out
	nodes 'fuse from/updates c10:2' | same out
}

test_a_file_hides_those_of_the_same_name_further_down() {
	copies one two three four five
	number=0
	for directory in lib usr/lib usr/local/lib run etc; do
		number=$((number + 1))
		name=$(echo one two three four five | cut -d' ' -f$number)
		mkdir -p "$R/$directory/depmod.d"
		echo "search $name" > "$R/$directory/depmod.d/a.conf"
		kmod-devname generate -n -b $R $VER > out
		nodes "fuse from/$name c10:$number" | same out
	done
	ln -sf /dev/null $R/etc/depmod.d/a.conf
	kmod-devname generate -n -b $R $VER > out 2> err
	# nothing is said: the smallest path
	nodes 'fuse from/five c10:5' | same out
}

test_a_link_that_leads_nowhere_hides_a_file_and_is_a_finding() {
	mkdir -p $R/etc/depmod.d $R/lib/depmod.d
	copies one two
	echo 'search two' > $R/lib/depmod.d/a.conf
	for target in a.conf ../depmod.d/a.conf /nowhere a.conf/x; do
		ln -sfn $target $R/etc/depmod.d/a.conf
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/one c10:1' | same out
		grep -q 'etc/depmod\.d/a\.conf: warning: not a regular file.*\[bad-config\]$' err ||
			fail "$target: $(cat err)"
	done
	# what is meant to hide it, whether the image has the device or not
	for target in /dev/null ../../../../dev/null; do
		ln -sfn $target $R/etc/depmod.d/a.conf
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/one c10:1' | same out
		! grep bad-config err || fail "$target: something is said"
	done
	mkdir $R/real
	echo 'search two' > $R/real/a.conf
	for target in depmod.d /nowhere ../real/a.conf ../real/a.conf/x; do
		rm -r $R/etc/depmod.d
		ln -s $target $R/etc/depmod.d
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/two c10:2' | same out
		! grep bad-config err || fail "$target: something is said"
	done
}

test_an_irregular_file_is_a_finding() {
	mkdir -p $R/etc/depmod.d
	copies one two
	mkfifo $R/fifo
	echo 'search two' > $R/etc/depmod.d/b.conf
	for target in /fifo /etc/depmod.d; do
		ln -sfn $target $R/etc/depmod.d/a.conf
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/two c10:2' | same out
		grep -q 'etc/depmod\.d/a\.conf: warning: .*\[bad-config\]$' err || fail "$target: $(cat err)"
	done
	kmod-devname generate -n -b $R -C $R/fifo $VER > out 2> err
	grep -q '/fifo: warning: not a regular file.*\[bad-config\]$' err || fail "$(cat err)"
}

# It is no file, so it hides none; kmod passes over it likewise.
test_an_irregular_file_hides_nothing() {
	mkdir -p $R/etc/depmod.d $R/lib/depmod.d
	copies one two
	for make in mkdir mkfifo; do
		echo 'search two' > $R/lib/depmod.d/a.conf
		$make $R/etc/depmod.d/a.conf
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/two c10:2' | same out
		rm $R/lib/depmod.d/a.conf
		kmod-devname generate -n -b $R $VER > out 2> err
		nodes 'fuse from/one c10:1' | same out
		grep -q 'etc/depmod\.d/a\.conf: warning: not a regular file.*\[bad-config\]$' err ||
			fail "$make: $(cat err)"
		rm -r $R/etc/depmod.d/a.conf
	done
}

# As configuration that is empty, it is a usual argument.
test_the_null_device_is_an_empty_file() {
	copies one two
	ln -s /dev/null link
	ln -s link again
	for path in /dev/null link again; do
		kmod-devname generate -n -b $R -C $path $VER > out 2> err
		nodes 'fuse from/one c10:1' | same out
		! grep bad-config err || fail "$path: $(cat err)"
	done
	mkdir -p $R/etc/depmod.d $R/dev
	mknod $R/dev/null c 1 3 2> /dev/null || skip "there can be no device here"
	ln -s b.no $R/etc/depmod.d/a.conf
	ln -s /dev/null $R/etc/depmod.d/b.no
	kmod-devname generate -n -b $R $VER > out 2> err
	! grep bad-config err || fail "two links: $(cat err)"
}

test_only_conf_files_are_read_in_the_order_of_their_names() {
	copies one two three
	mkdir -p $R/etc/depmod.d $R/run/depmod.d
	echo 'search three' > $R/etc/depmod.d/a.conf.bak
	echo 'search three' > $R/etc/depmod.d/.a.conf
	echo 'search two one' > $R/etc/depmod.d/b.conf
	echo 'search one two' > $R/run/depmod.d/a.conf
	kmod-devname generate -n -b $R $VER > out
	nodes 'fuse from/one c10:1' | same out
}

test_config_may_be_given_as_files_and_directories() {
	copies one two three
	echo 'search two' > b.conf
	mkdir d
	echo 'search one' > d/c.conf
	kmod-devname generate -n -b $R -C b.conf --config=d $VER > out
	nodes 'fuse from/two c10:2' | same out
	kmod-devname generate -n -b $R -C d $VER > out
	nodes 'fuse from/one c10:1' | same out
	kmod-devname generate -n -b $R -C nowhere -C d $VER > out 2> err
	nodes 'fuse from/one c10:1' | same out
	grep -q 'nowhere: warning: no such file or directory.*\[bad-config\]$' err
}

# depmod crashes at the first, and takes all of the memory or time for the others.
test_pattern_that_is_too_much_for_regcomp_is_refused() {
	copies updates extra
	parentheses=$(printf '%3000s' '' | tr ' ' '(')
	optional=$(printf '%40s' '' | tr ' ' '?')
	nested=$(printf '%40s' '' | sed 's/ /(6?)?/g')
	nested="($nested)"
	# a line of configuration loses one backslash of two
	# shellcheck disable=SC2016 # dollars of patterns
	for pattern in "$parentheses" '((((6{1,255}){1,255}){1,255}){1,255})' '6{99}{99}{99}' \
		'((((((((((6+)+)+)+)+)+)+)+)+)+)+' '(.*)\\1(.*)*\\2' "$(printf '%257s' '' | tr ' ' 6)" '(6?){1000}' \
		'([)]6{30}){99}' '([(]6{30}){99}' '([]6](.{30})){99}' '[[:alpha:]](.{30}){99}' \
		'6{999999999999}' '((6{255,}){255,}){255,}' '(6{99,}){99,}' '6?\\b(.|\\>)' '((6?)+)+' '(6|)?' \
		'()*' '(^6)*' '(6$)?' '^*' '6***' "a{1 $parentheses" "6$optional+++" "$nested+" \
		'..($^(())^$$6?$$$$)?+++$$$^()*)$'; do
		printf 'override fuse %s extra\n' "$pattern" > pattern
		config "$(cat pattern)"
		kmod-devname generate -n -b $R -C conf $VER > out 2> err
		nodes 'fuse from/updates c10:1' | same out
		grep -q 'test\.conf:1: warning: .*\[bad-config\]$' err
	done
}

test_pattern_with_usual_repetitions_is_taken() {
	copies updates extra
	for pattern in '^[0-9]+\.[0-9]+\.[0-9]{1,3}(-[0-9])?(-(amd64|arm64))*$' '6.1.*' '.*' '(5|6)\..*' \
		'^6(\.[0-9]+)+$' '^6\.1\.[0-9]+(-rc[0-9]+)?(-g[0-9a-f]{1,12})?$' \
		'^6\.1\.[0-9]+(-g[0-9a-f][0-9a-f])?(-rc)*$' '^6\.1\.[0-9]{1,3}[+[:alnum:]{}()]{0,5}$' \
		'^6\.1(\.(0|1))+(-[0-9a-f]){0,12}$' '6[.]1.0()$|^$|(7|)'; do
		config "override fuse $pattern extra"
		wins extra
	done
}

# Each takes some microseconds, and a line could have thousands.
test_patterns_are_bounded_all_together() {
	copies updates extra
	pattern="$(printf '%40s' '' | sed 's/ /(6?)/g')"
	{
		yes "override fuse x$pattern extra" | head -n 5000
		echo 'override fuse ^6\.1\.0$ extra'
	} > patterns
	mkdir -p conf
	cp patterns conf/test.conf
	kmod-devname generate -n -b $R -C conf $VER > out 2> err
	nodes 'fuse from/updates c10:1' | same out
	grep -q "test\.conf:5001: warning: .*is one pattern too many.*\[bad-config\]$" err
	head -n 200 patterns > conf/test.conf
	tail -n 1 patterns >> conf/test.conf
	kmod-devname generate -n -b $R -C conf $VER > out 2> err
	nodes 'fuse from/extra c10:2' | same out
}

# N copies of a module, in directories of their own, and N words in each kind of statement.
many_copies_and_words() {
	command -v perl > /dev/null || skip "no perl to make many links with"
	rm -rf root conf
	node module.ko fuse 229
	mkdir -p $M conf
	perl -e '($n, $m) = @ARGV; for (1 .. $n) {
		mkdir "$m/d$_" or die $!;
		link "module.ko", "$m/d$_/fuse.ko" or die $!;
		print "search e$_ d$_/x\nexclude f$_ d${_}x\noverride fuse * e$_\nexternal * /e/$_\n";
	}' "$1" $M > conf/test.conf
	echo 'override fuse * d2' >> conf/test.conf
}

test_many_copies_and_words_take_no_square() {
	for n in 1000 8000; do
		many_copies_and_words $n
		cost 60 262144 kmod-devname generate -n -b $R -C conf $VER
		cat cost.figures >> figures
	done
	kmod-devname generate -n -q -b $R -C conf $VER > out
	nodes 'fuse fuse c10:229' | same out
	is_sanitized || awk 'NR == 1 { n = $2 } END { exit $2 > 24 * n + 100 }' figures ||
		fail "8 times as many: $(cat figures)"
}

test_the_words_of_all_statements_are_bounded() {
	copies updates
	mkdir conf
	yes 'exclude a b c d e f g h i j k l m n o p q r s t u v w x y' | head -n 4000 > conf/test.conf
	kmod-devname generate -n -b $R -C conf $VER > out
	nodes 'fuse from/updates c10:1' | same out
	echo 'exclude z' >> conf/test.conf
	status 2 kmod-devname generate -n -b $R -C conf $VER > out 2> err
	grep -q 'test\.conf:4001: error: File too large \[system\]$' err || fail "$(cat err)"
	[ ! -s out ]
}

test_an_invalid_statement_is_reported_with_its_line() {
	copies updates
	config 'search updates' 'seach x' 'override fuse *' 'external' 'external * rel/dir' \
		'override fuse ( updates' '  # no comment' "$(head -c 5000 /dev/zero | tr '\0' x)" \
		'search built-in'
	kmod-devname generate -n -b $R -C conf $VER > out 2> err
	nodes 'fuse from/updates c10:1' | same out
	sed -n 's/.*test\.conf:\([0-9]*\): warning: .*\[\(.*\)\]$/\1 \2/p' err > said
	same said <<-E
		2 bad-config
		3 bad-config
		4 bad-config
		5 bad-config
		6 bad-config
		7 bad-config
		8 long-line
	E
	status 1 kmod-devname generate -n -b $R -C conf --strict $VER > out 2> err
}

test_files_that_cannot_be_read_stop_the_run() {
	copies updates
	need_nobody
	mkdir -p conf
	echo 'search updates' > conf/a.conf
	chmod 0 conf/a.conf
	status 2 as_nobody kmod-devname generate -n -b $R -C conf $VER > out 2> err
	grep -q 'conf/a\.conf: error: Permission denied \[system\]$' err || fail "$(cat err)"
	[ ! -s out ]
}

test_a_kernel_with_an_index_follows_the_configuration_too() {
	config 'search extra built-in'
	copies kernel/fs extra
	wins extra
	kmod-devname generate --source=auto -n -b "$R" -C conf $VER > out
	grep -q ' from/extra ' out
	config 'search built-in extra'
	kmod-devname generate --source=auto -n -b "$R" -C conf $VER > out
	grep -q ' from/kernel.fs ' out || fail "the index is of another configuration"
}

run_tests "$@"
