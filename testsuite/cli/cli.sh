#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line: what generate and list print and where, which kernels are meant, what
# wrong usage of any command gets, and the exit status.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

ESCAPE=$(printf '\033')

# Kernels 6.1.0, 6.2.0 and 6.10.0 in root; a file and a hidden directory beside them.
make_root() {
	for version in 6.1.0 6.2.0 6.10.0; do
		module "root/lib/modules/$version/kernel/tun.ko" alias=devname:net/tun \
			alias=char-major-10-200
	done
	one=root/lib/modules/6.1.0
	module "$one/kernel/fs/fuse.ko" alias=devname:fuse alias=char-major-10-229
	module "$one/kernel/loop.ko" alias=devname:loop0 alias=block-major-7-0
	printf 'kernel/%s.ko\n' fs/fuse tun loop > "$one/modules.order"
	mkdir root/lib/modules/.hidden
	: > root/lib/modules/README
}

# The same with the files written, by hand, so that list is not tested with generate.
make_lists() {
	make_root
	print_610 > root/lib/modules/6.1.0/modules.devname
	print_620 | tee root/lib/modules/6.2.0/modules.devname \
		> root/lib/modules/6.10.0/modules.devname
}

print_610() {
	cat <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	tun net/tun c10:200
	loop loop0 b7:0
	END
}

print_620() {
	cat <<-'END'
	# Device nodes to trigger on-demand module loading.
	tun net/tun c10:200
	END
}

# run STATUS ARGUMENT...: output goes to the files "out" and "messages"; every message must
# begin with the program's name and hold nothing but printable ASCII.
run() {
	run_wanted=$1
	shift
	run_got=0
	kmod-devname "$@" > out 2> messages || run_got=$?
	[ "$run_got" -eq "$run_wanted" ] ||
		fail "status $run_got instead of $run_wanted: $*: $(cat messages)"
	! grep -qv '^kmod-devname: [ -~]*$' messages || fail "$*: said $(cat -A messages)"
}

says_nothing() {
	[ ! -s messages ] || fail "there are messages: $(cat messages)"
}

prints_nothing() {
	[ ! -s out ] || fail "there is output: $(cat out)"
}

says_lines() { # NUMBER
	[ "$(wc -l < messages)" -eq "$1" ] || fail "not $1 lines of messages: $(cat messages)"
}

says() { # TEXT
	grep -qF -e "$1" messages || fail "does not say '$1': $(cat messages)"
}

have_smartcols() {
	kmod-devname --version | grep -q '+SMARTCOLS'
}

# One line with sorted keys, whatever the layout; fails if it is no JSON.
plain_json() { # FILE
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin), sort_keys=True, separators=(",", ":")))' < "$1"
	elif command -v jq >/dev/null; then
		jq -Sc . < "$1"
	else
		skip "neither python3 nor jq is installed"
	fi
}

# aligned FILE: the file must be standard input, where a build without libsmartcols has single
# blanks and no padding.
aligned() {
	if have_smartcols; then
		same "$1"
	else
		sed 's/  */ /g' | same "$1"
	fi
}

test_version_names_release_and_features() {
	run 0 --version
	says_nothing
	sign=- kmod=- selinux=-
	! grep -q '^#define WITH_SMARTCOLS 1' "$top_builddir/config.h" || sign=+
	! grep -q '^#define WITH_LIBKMOD 1' "$top_builddir/config.h" || kmod=+
	! grep -q '^#define WITH_SELINUX 1' "$top_builddir/config.h" || selinux=+
	same out <<-END
	kmod-devname $PACKAGE_VERSION
	+MODULES ${kmod}LIBKMOD ${sign}SMARTCOLS ${selinux}SELINUX
	END
}

test_help_lists_the_commands() {
	run 0 --help
	says_nothing
	[ "$(head -n 1 out)" = "Usage: kmod-devname COMMAND [OPTIONS] [KERNEL...]" ]
	sed -n '/^Commands:$/,/^$/s/^  \([a-z-]*\)  *[a-z].*/\1/p' out > commands
	same commands <<-'END'
	generate
	list
	static-nodes
	create
	check
	diff
	explain
	END
	mv out long
	for words in -h help '-q --help'; do
		# shellcheck disable=SC2086 # a list of words
		run 0 $words
		cmp long out
	done
}

test_help_of_a_command_is_asked_for_in_every_way() {
	run 0 generate --help
	mv out long
	for words in 'help generate' '-h generate' '--help generate' 'help gen' '--root / help generate'; do
		# shellcheck disable=SC2086 # a list of words
		run 0 $words
		cmp long out
	done
	run 2 help frobnicate
	says "unknown command 'frobnicate'"
}

test_version_has_a_letter_and_a_word() {
	run 0 --version
	mv out long
	for words in -V version '-q -V' '-V list'; do
		# shellcheck disable=SC2086 # a list of words
		run 0 $words
		cmp long out
	done
}

test_command_may_be_abbreviated() {
	make_lists
	run 0 list -b root --raw 6.1.0
	mv out long
	for word in l li lis; do
		run 0 $word -b root --raw 6.1.0
		cmp long out
	done
	run 2 c
	echo "kmod-devname: command 'c' is ambiguous: create, check" | same messages
}

test_mistyped_command_gets_a_proposal() {
	for word in genrate generat3 ngenerate; do
		run 2 $word
		echo "kmod-devname: unknown command '$word'; did you mean 'generate'?" | same messages
	done
	run 2 ls
	! grep mean messages || fail "takes too different a word"
}

test_options_may_precede_the_command() {
	make_lists
	run 0 list -b root -q --raw 6.1.0
	mv out long
	for words in '-b root list -q' '--basedir=root -q list' '-qb root list' '--root root list -q' \
		'-q list --root=root'; do
		# shellcheck disable=SC2086 # a list of words
		run 0 $words --raw 6.1.0
		cmp long out
	done
	run 2 --json list
	says "unknown option '--json'; see kmod-devname --help"
	run 2 -b
	says "'-b' needs a value"
}

# On a terminal alone, and without man(1) it is the text.
test_help_of_a_command_is_its_page_on_a_terminal() {
	need_program script
	mkdir bin
	printf '#!/bin/sh\necho "page $*"\n' > bin/man
	chmod +x bin/man
	PATH=$PWD/bin:$PATH script -qec 'kmod-devname help gen' /dev/null < /dev/null | tr -d '\r' > typed
	echo 'page kmod-devname-generate' | same typed
	PATH=$PWD/bin:$PATH run 0 help gen
	kmod-devname generate --help | cmp - out
	rm bin/man
	tool=$(command -v kmod-devname)
	script -qec "PATH=$PWD/bin $tool help gen" /dev/null < /dev/null | tr -d '\r' | cmp - out
}

test_help_of_a_command_has_its_options() {
	for command in generate list static-nodes create check diff explain; do
		run 0 "$command" --help
		says_nothing
		case $command in
		check) operands='[KERNEL|FILE...]' ;;
		diff) operands='A B...' ;;
		explain) operands='NODE [KERNEL]' ;;
		*) operands='[KERNEL...]' ;;
		esac
		[ "$(head -n 1 out)" = "Usage: kmod-devname $command [OPTIONS] $operands" ]
		sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\1\2/p' out | tr -d ', ' > $command.options
		mv out long
		run 0 "$command" -h
		cmp long out
	done
	# every option of the manual page, in its words; those of all commands come last
	printf '%s\n' -b--basedir -m--moduledir -a--all -v--verbose -q--quiet --strict --color -h--help > common
	printf '%s\n' -C--config -o--outdir -n--dry-run --output --pass-over --source --threads | cat - common |
		same generate.options
	printf '%s\n' --dev --mode --udev --udev-root --replace -n--dry-run --input | cat - common |
		same create.options
	printf '%s\n' -o--columns -O--output-all -J--json -P--pairs -r--raw -n--noheadings --dev --input \
		--udev --udev-root | cat - common | same list.options
	printf '%s\n' -f--format -o--output --input --udev --udev-root --create-only | cat - common |
		same static-nodes.options
	printf '%s\n' -C--config --dev --ignore -J--json --list-codes --udev --udev-root | cat - common | same check.options
	printf '%s\n' -J--json | cat - common | same diff.options
	printf '%s\n' --dev --user --udev --udev-root -J--json | cat - common | grep -v -e --all |
		same explain.options
}

test_help_fits_a_terminal() {
	for command in '' generate list static-nodes create check diff explain; do
		kmod-devname $command --help > out
		! grep -nE '^.{81}' out || fail "$command: over 80 columns"
		! grep -n "$(printf '\t')\| \$" out || fail "$command: tabs or blanks at the end"
	done
}

# The help is asked for: what else is wrong with the line does not matter.
test_help_wins_over_what_follows() {
	run 0 generate --help --frobnicate
	run 0 list -h 9.9.9
}

# WORDS OF THE COMMAND LINE | what the one line on stderr must name. Words are split at blanks;
# '' is an empty word.
usage_errors() {
	cat <<-'END'
	|a command is missing
	frobnicate|'frobnicate'
	--frobnicate|'--frobnicate'
	-x|'-x'
	--version=1|'--version=1'
	generate --frobnicate|'--frobnicate'
	generate --frobnicate=1|'--frobnicate=1'
	generate 6.1.0 --frobnicate|'--frobnicate'
	generate -x|'-x'
	generate -nx|'-x'
	generate -xn|'-x'
	generate --dry-run -xn|'-x'
	generate --json|'--json'
	generate --version|'--version'
	generate --dry-run=1|'--dry-run=1' takes no value
	generate --all=1|'--all=1' takes no value
	generate --out root|'--out'
	generate --threads|'--threads' needs a value
	generate -b|'-b' needs a value
	generate -o|'-o' needs a value
	generate --threads ''|--threads: ''
	generate --threads 0|--threads: '0'
	generate --threads -1|--threads: '-1'
	generate --threads +1|--threads: '+1'
	generate --threads 1x|--threads: '1x'
	generate --threads 0x1|--threads: '0x1'
	generate --threads 1025|--threads: '1025'
	generate --threads 18446744073709551617|--threads: '18446744073709551617'
	generate --source|'--source' needs a value
	generate --source=guess|--source: 'guess'
	generate --source=|--source: ''
	generate --output file --outdir other -b root 6.1.0|--output
	generate --output file -b root 6.1.0 6.2.0|--output
	generate --output file -b root --all|--output
	generate --output root/ -b root 6.1.0|'root/'
	generate --output .. -b root 6.1.0|'..'
	generate --all -b root 6.1.0|--all
	generate -b root ./root/lib/modules/6.1.0|--basedir
	generate -m lib ./root/lib/modules/6.1.0|--moduledir
	generate -b root ''|''
	generate -b root .|'.'
	generate -b root ..|'..'
	list --frobnicate|'--frobnicate'
	list -x|'-x'
	list --threads 1|'--threads'
	list --json --raw|--raw
	list --json --pairs|--pairs
	list --pairs --raw|--raw
	list -o|'-o' needs a value
	list -o FROBNICATE|'FROBNICATE'
	list -o NAME,FROBNICATE|'FROBNICATE'
	list -o NAM|'NAM'
	list -o NAMES|'NAMES'
	list -o NAME,|''
	list -o ,NAME|''
	list -o ''|''
	list -o +|--columns: ''
	list --input list 6.1.0|--input
	list --input list -a|--input
	list --input nothere|nothere: No such file
	list --dev nothere -b root 6.1.0|nothere: No such file
	list --udev-root nothere -b root 6.1.0|nothere: No such file
	list -b root ./root/lib/modules/6.1.0|--basedir
	list --all -b root 6.1.0|--all
	static-nodes --frobnicate|'--frobnicate'
	static-nodes -n|'-n'
	static-nodes -f|'-f' needs a value
	static-nodes -f FROBNICATE|'FROBNICATE'
	static-nodes -f ''|--format: ''
	static-nodes -f tmpfile|'tmpfile'
	static-nodes -f tmpfiless|'tmpfiless'
	static-nodes --create-only|--create-only
	static-nodes --create-only -f mknod|--create-only
	static-nodes --create-only=1 -f tmpfiles|'--create-only=1' takes no value
	static-nodes -o root/ -b root 6.1.0|'root/'
	static-nodes -o '' -b root 6.1.0|''
	static-nodes --input|'--input' needs a value
	static-nodes --input list 6.1.0|--input
	static-nodes --input list --all|--input
	static-nodes --input list -m lib|--input
	static-nodes --all -b root 6.1.0|--all
	END
}

test_wrong_usage_gets_one_line_that_names_it() {
	make_lists
	find root | sort > before
	usage_errors | while IFS='|' read -r words wanted; do
		eval "set -- $words"
		run 2 "$@"
		[ ! -s out ] || fail "$words: prints $(cat out)"
		[ "$(wc -l < messages)" -eq 1 ] || fail "$words: not one line: $(cat messages)"
		grep -qF -e "$wanted" messages || fail "$words: does not name $wanted: $(cat messages)"
		# nobody is helped by the whole help
		! grep -q 'Usage:' messages || fail "$words: prints the help"
	done
	find root | sort | same before
	[ ! -e file ] || fail "--output was written"
	[ ! -e other ] || fail "--outdir was made"
}

test_option_that_is_no_letter_is_unknown() {
	run 2 generate "$(printf -- '-\303\244')"
	says_lines 1
	says "unknown option"
	run 2 generate "$(printf -- '--a\nb\033')"
	says_lines 1
	says '--a\x0ab\x1b'
}

# As root, --output=/dev/null would be a disaster.
test_generate_replaces_nothing_but_a_file() {
	make_root
	mkfifo fifo
	ln -s /dev/null link
	mkdir directory
	for output in fifo link directory; do
		run 2 generate --output $output -b root 6.1.0
		says_lines 1
		says "./$output: not a regular file"
	done
	[ -p fifo ]
	[ -L link ]
}

test_generate_prints_what_the_file_would_be() {
	make_root
	find root | sort > before
	run 0 generate -n -b root 6.1.0
	says_nothing
	print_610 | same out
	run 0 generate --output=- -b root 6.1.0
	print_610 | same out
	find root | sort | same before
}

test_several_kernels_are_printed_under_headings() {
	make_root
	run 0 generate -n -b root 6.2.0 6.1.0
	{
		echo '# root/lib/modules/6.2.0/modules.devname'
		print_620
		echo '# root/lib/modules/6.1.0/modules.devname'
		print_610
	} | same out
	run 0 generate -n -b root --all
	[ "$(grep -c '^# root/' out)" -eq 3 ]
	mv 'root/lib/modules/6.1.0' "root/lib/modules/$(printf '6\n1')"
	run 0 generate -n -b root --all
	grep -qxF '# root/lib/modules/6\x0a1/modules.devname' out
}

test_generate_writes_the_file_in_silence() {
	make_root
	run 0 generate -b root 6.1.0
	says_nothing
	prints_nothing
	print_610 | same root/lib/modules/6.1.0/modules.devname
	[ ! -e root/lib/modules/6.2.0/modules.devname ] || fail "another kernel was written"
}

test_generate_says_what_was_done_if_asked() {
	make_root
	for i in 1 2; do
		run 0 generate -v -b root 6.1.0
		prints_nothing
		says_lines 1
		says root/lib/modules/6.1.0/modules.devname
		says "3 nodes from 3 modules"
		cp messages said.$i
	done
	! cmp said.1 said.2 || fail "does not tell a new file from one that was left alone"
}

test_generate_without_nodes_makes_an_empty_file() {
	mkdir -p root/lib/modules/6.1.0/kernel
	run 0 generate -b root 6.1.0
	[ -f root/lib/modules/6.1.0/modules.devname ]
	[ ! -s root/lib/modules/6.1.0/modules.devname ]
	run 0 generate -n -b root 6.1.0
	prints_nothing
}

test_output_goes_to_another_file() {
	make_root
	mkdir sub
	run 0 generate --output sub/list -b root 6.1.0
	print_610 | same sub/list
	run 0 generate --output here -b root 6.1.0
	print_610 | same here
	[ ! -e root/lib/modules/6.1.0/modules.devname ] || fail "the file was written too"
	run 2 generate --output none/list -b root 6.1.0
	says_lines 1
	says none
	# status 0 would mean that the file is there
	mkdir -p empty/lib/modules
	run 2 generate --output nowhere -b empty --all
	says_lines 1
	[ ! -e nowhere ]
}

test_outdir_is_made_as_needed() {
	make_root
	run 0 generate -o other -b root 6.1.0 6.2.0
	print_610 | same other/lib/modules/6.1.0/modules.devname
	print_620 | same other/lib/modules/6.2.0/modules.devname
	[ ! -e root/lib/modules/6.1.0/modules.devname ] || fail "the file was written too"
	find other -type f > files
	[ "$(wc -l < files)" -eq 2 ] || fail "more than the files: $(cat files)"
	run 0 generate -o "$PWD/further/down/" -b root 6.1.0
	print_610 | same further/down/lib/modules/6.1.0/modules.devname
	mkdir -p extension/usr/lib
	run 0 generate -o extension -b root 6.1.0
	print_610 | same extension/usr/lib/modules/6.1.0/modules.devname
	[ ! -e extension/lib ]
	: > other/file
	run 2 generate -o other/file/x -b root 6.1.0
	says_lines 1
	says other/file/x
}

test_several_kernels_and_all() {
	make_root
	run 0 generate -b root 6.2.0 6.1.0
	print_610 | same root/lib/modules/6.1.0/modules.devname
	print_620 | same root/lib/modules/6.2.0/modules.devname
	[ ! -e root/lib/modules/6.10.0/modules.devname ] || fail "one too many was written"
	run 0 generate --all -b root
	print_620 | same root/lib/modules/6.10.0/modules.devname
	run 0 list --all -b root --raw --noheadings -o KERNEL,NAME
	same out <<-'END'
	6.1.0 fuse
	6.1.0 net/tun
	6.1.0 loop0
	6.2.0 net/tun
	6.10.0 net/tun
	END
}

test_a_kernel_that_is_named_twice_counts_once() {
	make_lists
	ln -s 6.1.0 root/lib/modules/same
	run 0 list -b root --raw --noheadings -o KERNEL,NAME 6.2.0 6.1.0 6.2.0 same 6.1.0
	same out <<-'END'
	6.2.0 net/tun
	6.1.0 fuse
	6.1.0 net/tun
	6.1.0 loop0
	END
	run 0 list --raw --noheadings -o NAME root/lib/modules/6.2.0 ./root/lib/../lib/modules/6.2.0/
	echo net/tun | same out
	run 0 static-nodes -b root -f devname 6.2.0 6.2.0
	echo 'tun net/tun c10:200' | same out
	run 0 generate -b root --output - 6.2.0 6.2.0
	print_620 | same out
}

test_no_kernel_means_the_running_one() {
	make_root
	running=$(uname -r)
	run 2 generate -n -b root
	says_lines 1
	says "$running"
	mv root/lib/modules/6.1.0 "root/lib/modules/$running"
	run 0 generate -n -b root
	print_610 | same out
}

test_no_kernel_means_the_only_one_of_an_image() {
	make_lists
	rm -r root/lib/modules/6.2.0 root/lib/modules/6.10.0
	print_610 > wanted
	run 0 generate -n -b root
	same out < wanted
	run 0 list -b root --raw -n -o KERNEL
	[ "$(sort -u out)" = 6.1.0 ]
	run 0 static-nodes -b root -f devname
	sed 1d wanted | same out
	# in usr/lib/modules, too
	mkdir root/usr
	mv root/lib root/usr/lib
	run 0 generate -n -b root
	same out < wanted
	# an image without modules is not one with a kernel
	rm -r root/usr/lib/modules/*
	run 2 list -b root
	says "kernel $(uname -r) not found in root/usr/lib/modules; available: none"
}

test_unknown_kernel_lists_those_that_exist() {
	make_root
	for command in generate list static-nodes; do
		run 2 "$command" -b root 9.9.9
		prints_nothing
		says_lines 1
		says 9.9.9
		says "root/lib/modules"
		says "6.1.0, 6.2.0, 6.10.0"
		! grep -qE 'README|hidden' messages || fail "lists what is no kernel: $(cat messages)"
	done
	rm -r root/lib/modules/*
	run 2 list -b root 9.9.9
	says_lines 1
	says none
}

test_of_many_kernels_some_are_listed() {
	mkdir -p root/lib/modules
	(cd root/lib/modules && seq -f '6.%g/kernel' 1 5000 | xargs mkdir -p)
	run 2 generate -b root 9.9
	says_lines 1
	echo "kmod-devname: kernel 9.9 not found in root/lib/modules; available: $(seq -s ', ' -f '6.%g' 1 5) and 4995 more" | same messages
}

test_root_that_is_not_there_is_named() {
	mkdir empty
	run 2 generate -b nowhere 6.1.0
	says_lines 1
	says nowhere
	run 2 generate -b empty 6.1.0
	says_lines 1
	says empty/lib/modules
	for words in 'list --all' list check 'explain fuse'; do
		# shellcheck disable=SC2086 # a list of words
		run 2 $words -b empty
		echo 'kmod-devname: empty/lib/modules: no module directory; use --basedir for another root directory' | same messages
	done
}

# An image that is not mounted must not look like one without mistakes.
test_all_without_a_kernel_is_a_failure() {
	mkdir -p root/lib/modules root/dev
	: > root/lib/modules/README
	for command in 'generate -n' list static-nodes create check diff; do
		# shellcheck disable=SC2086 # a list of words
		run 2 $command -b root --all
		[ ! -s out ]
		echo 'kmod-devname: root/lib/modules: no kernel with modules' | same messages
	done
	run 2 static-nodes -b root --all -o nodes.conf
	[ ! -e nodes.conf ]
}

# A blank in the place of "=" makes a kernel of the value of --udev-permissions, and a kernel without
# modules.devname has no nodes.
test_path_of_a_directory_that_is_no_kernel_is_a_failure() {
	make_root
	mkdir -p rules/etc/udev/rules.d dev
	for command in static-nodes 'create --dev dev'; do
		for path in root rules; do
			# shellcheck disable=SC2086 # a list of words
			run 2 $command --udev-permissions "$PWD/$path"
			[ ! -s out ]
			says_lines 1
			says "$PWD/$path: not the module directory of a kernel"
			says --udev-root=
		done
		# shellcheck disable=SC2086 # a list of words
		run 0 $command --udev-permissions ./root/lib/modules/6.1.0
		says 'warning: No such file or directory; run kmod-devname generate'
	done
}

# A message that begins with a colon names nothing.
test_an_empty_name_is_quoted() {
	make_root
	for words in "create --dev '' --input /dev/null" "static-nodes --input ''" \
		"list -b root ''" "generate -b root -C '' -n 6.1.0"; do
		eval "kmod-devname $words" > out 2> messages || :
		grep -q "^kmod-devname: ''" messages || fail "$words: $(cat messages)"
	done
}

test_kernel_is_a_path() {
	make_lists
	for path in root/lib/modules/6.1.0 ./root/lib/modules/6.1.0/ "$PWD/root/lib/modules/6.1.0"; do
		run 0 generate -n "$path"
		print_610 | same out
		run 0 list --raw --noheadings -o KERNEL,NAME "$path"
		[ "$(head -n 1 out)" = "6.1.0 fuse" ] || fail "$path: $(cat out)"
	done
	run 2 generate -n ./root/lib/modules/9.9.9
	says_lines 1
	says root/lib/modules/9.9.9
}

# As in an image of KMM, where modules.devname is for the modules of the node too.
test_a_link_leads_to_the_modules_of_another_system() {
	make_root
	module opt/lib/modules/6.1.0/zero.ko alias=devname:zero alias=char-major-10-201
	ln -s "$PWD/root/lib/modules/6.1.0" opt/lib/modules/6.1.0/host
	: > opt/lib/modules/6.1.0/modules.dep
	run 0 generate "$PWD/opt/lib/modules/6.1.0"
	says_nothing
	same opt/lib/modules/6.1.0/modules.devname <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	loop loop0 b7:0
	tun net/tun c10:200
	zero zero c10:201
	END
}

test_moduledir_may_be_elsewhere() {
	make_root
	mkdir root/usr
	mv root/lib root/usr/lib
	run 0 generate -n -b root 6.1.0
	print_610 | same out
	mv root/usr/lib/modules root/kernels
	for moduledir in kernels /kernels kernels/; do
		run 0 generate -n -b root -m "$moduledir" 6.1.0
		print_610 | same out
	done
	run 0 generate -m kernels -b root 6.1.0
	print_610 | same root/kernels/6.1.0/modules.devname
}

test_list_is_a_table() {
	make_lists
	run 0 list -b root 6.1.0
	says_nothing
	aligned out <<-'END'
	NAME    TYPE  MAJ:MIN MODULE
	fuse    char   10:229 fuse
	net/tun char   10:200 tun
	loop0   block     7:0 loop
	END
}

test_list_of_several_kernels_names_them() {
	make_lists
	run 0 list -b root 6.10.0 6.1.0
	aligned out <<-'END'
	NAME    TYPE  MAJ:MIN MODULE KERNEL
	net/tun char   10:200 tun    6.10.0
	fuse    char   10:229 fuse   6.1.0
	net/tun char   10:200 tun    6.1.0
	loop0   block     7:0 loop   6.1.0
	END
}

test_list_has_these_columns() {
	make_lists
	run 0 list -b root -r -o kernel,MODULE,Minor,MAJOR,maj:min,TYPE,PATH,NAME 6.1.0
	same out <<-'END'
	KERNEL MODULE MINOR MAJOR MAJ:MIN TYPE PATH NAME
	6.1.0 fuse 229 10 10:229 char /dev/fuse fuse
	6.1.0 tun 200 10 10:200 char /dev/net/tun net/tun
	6.1.0 loop 0 7 7:0 block /dev/loop0 loop0
	END
	run 0 list -b root --raw --noheadings -o PATH 6.1.0
	printf '/dev/%s\n' fuse net/tun loop0 | same out
}

# libsmartcols 2.41 and later leaves the headings that are not printed out of the widths.
test_list_without_headings_is_rows_only() {
	make_lists
	run 0 list -b root --noheadings 6.1.0
	sed 's/  */ /g' out > squeezed
	same squeezed <<-'END'
	fuse char 10:229 fuse
	net/tun char 10:200 tun
	loop0 block 7:0 loop
	END
}

test_list_prints_json() {
	make_lists
	run 0 list --json -b root -o NAME,MAJOR,MINOR,MAJ:MIN,TYPE 6.1.0
	says_nothing
	plain_json out > json
	printf '%s' '{"nodes":[' \
		'{"maj:min":"10:229","major":10,"minor":229,"name":"fuse","type":"char"},' \
		'{"maj:min":"10:200","major":10,"minor":200,"name":"net/tun","type":"char"},' \
		'{"maj:min":"7:0","major":7,"minor":0,"name":"loop0","type":"block"}]}' > wanted
	echo >> wanted
	same json < wanted
	run 0 list -J -b root 6.2.0
	plain_json out > json
	printf '%s' '{"nodes":[{"gid":null,"group":null,"kernel":"6.2.0","loaded":null,' \
		'"maj:min":"10:200","major":10,"minor":200,"mode":null,"module":"tun",' \
		'"name":"net/tun","path":"/dev/net/tun","state":null,"type":"char",' \
		'"uid":null,"user":null}]}' > wanted
	echo >> wanted
	same json < wanted
}

test_empty_list_is_empty() {
	make_lists
	: > root/lib/modules/6.1.0/modules.devname
	run 0 list --noheadings -b root 6.1.0
	says_nothing
	prints_nothing
	run 0 list --raw -b root 6.1.0
	prints_nothing
}

test_empty_list_is_valid_json() {
	make_lists
	: > root/lib/modules/6.1.0/modules.devname
	run 0 list --json -b root 6.1.0
	plain_json out > json
	echo '{"nodes":[]}' | same json
}

test_list_shows_the_good_lines_beside_bad_ones() {
	make_lists
	{
		print_610
		echo 'tun  net/tap c10:201'
		echo 'a b c10:255'
		printf 'x y c1:1'
	} > root/lib/modules/6.1.0/modules.devname
	run 1 list --raw --noheadings -o NAME -b root 6.1.0
	printf '%s\n' fuse net/tun loop0 | same out
	sed 's/^\(kmod-devname: [^ ]* [a-z]*:\).*\(\[.*\]\)$/\1 \2/' messages > short
	same short <<-'END'
	kmod-devname: root/lib/modules/6.1.0/modules.devname:5: error: [bad-line]
	kmod-devname: root/lib/modules/6.1.0/modules.devname:6: error: [dynamic-minor]
	kmod-devname: root/lib/modules/6.1.0/modules.devname:7: error: [cut-line]
	END
	run 1 list -q --raw --noheadings -o NAME -b root 6.1.0
	says_lines 3
}

# Whatever stands in its place: named, in one line, and never waited for.
test_list_of_what_is_no_file_fails() {
	make_lists
	file=root/lib/modules/6.1.0/modules.devname
	for kind in missing directory dangling loop fifo; do
		rm -rf "$file"
		case $kind in
		directory) mkdir "$file" ;;
		dangling) ln -s nowhere "$file" ;;
		loop) ln -s modules.devname "$file" ;;
		fifo) mkfifo "$file" ;;
		esac
		got=0
		timeout 600 kmod-devname list --noheadings -b root 6.1.0 > out 2> messages || got=$?
		[ "$got" -eq 2 ] || fail "$kind: status $got instead of 2: $(cat messages)"
		[ "$(wc -l < messages)" -eq 1 ] || fail "$kind: not one line: $(cat messages)"
		says "$file"
		prints_nothing
	done
}

test_list_shows_the_other_kernels_beside_a_missing_one() {
	make_lists
	rm root/lib/modules/6.2.0/modules.devname
	run 2 list --raw --noheadings -o KERNEL,NAME -b root 6.2.0 6.10.0
	echo '6.10.0 net/tun' | same out
	says_lines 1
	says root/lib/modules/6.2.0/modules.devname
}

# Kernels whose modules are perfect, get a note, a warning, an error, or are not there.
make_judged() {
	for kernel in clean note warning error; do
		module "root/lib/modules/$kernel/kernel/fuse.ko" alias=devname:fuse \
			alias=char-major-10-229
	done
	ln -s nowhere root/lib/modules/note/kernel/gone.ko
	mkdir root/lib/modules/warning/kernel/other
	cp root/lib/modules/warning/kernel/fuse.ko root/lib/modules/warning/kernel/other
	module root/lib/modules/error/kernel/bad.ko alias=devname:bad
}

# KERNEL, OPTIONS, then the exit status and the lines of messages that they get.
judgements() {
	cat <<-'END'
	clean   --            0 0
	clean   --strict      0 0
	clean   -q            0 0
	note    --            0 0
	note    -v            0 1
	note    --strict      0 0
	note    -v,--strict   0 1
	note    -q            0 0
	warning --            0 1
	warning -v            0 1
	warning -q            0 0
	warning --strict      1 1
	warning -q,--strict   1 1
	error   --            1 1
	error   -v            1 1
	error   -q            1 1
	error   --strict      1 1
	error   -q,--strict   1 1
	missing --            2 1
	missing -q            2 1
	missing --strict      2 1
	END
}

test_exit_status_and_messages_follow_the_worst_finding() {
	make_judged
	judgements | while read -r kernel options wanted lines; do
		case $options in
		--) set -- ;;
		*) eval "set -- $(echo "$options" | tr , ' ')" ;;
		esac
		got=0
		kmod-devname generate -b root "$@" --output - "$kernel" > out 2> messages || got=$?
		[ "$got" -eq "$wanted" ] || fail "$kernel $options: status $got"
		[ "$(wc -l < messages)" -eq "$lines" ] ||
			fail "$kernel $options: not $lines lines: $(cat messages)"
		[ "$got" -eq 2 ] || grep -q '^fuse fuse c10:229$' out ||
			fail "$kernel $options: the good module is missing"
	done
}

test_worst_kernel_decides() {
	make_judged
	run 1 generate -b root clean error note
	grep -q fuse root/lib/modules/note/modules.devname || fail "stopped at the bad module"
	run 1 generate -n -b root error clean
	run 2 generate -n -b root error missing
	run 0 generate -n -b root clean note warning
}

test_messages_name_file_severity_and_code() {
	make_judged
	run 1 generate -n -b root error
	grep -qE '^kmod-devname: root/lib/modules/error/kernel/bad\.ko: error: .+ \[missing-number\]$' \
		messages || fail "$(cat messages)"
	run 0 generate -n -v -b root note
	grep -qE '^kmod-devname: root/lib/modules/note/kernel/gone\.ko: note: .+ \[dangling-link\]$' \
		messages || fail "$(cat messages)"
	run 0 generate -n -b root warning
	grep -qE 'kernel/other/fuse\.ko: warning: .+ \[duplicate-module\]$' messages ||
		fail "$(cat messages)"
}

test_severity_is_coloured_if_wanted() {
	make_judged
	for words in --color --color=always --color=ALWAYS; do
		kmod-devname generate -n -b root error $words > out 2> messages || :
		grep -q "bad\.ko: ${ESCAPE}\[1;31merror:${ESCAPE}\[0m .* \[missing-number\]$" messages ||
			fail "$words: $(cat -A messages)"
	done
	NO_COLOR=1 kmod-devname generate --color=always -n -b root warning > out 2> messages
	grep -q "${ESCAPE}\[1;35mwarning:" messages
	for words in '' --color=auto --color=never; do
		run 1 generate -n -b root error $words
	done
	run 2 list --color=green
	says "--color: 'green' is not one of never, always, auto"
}

# What a terminal gets on standard error goes to the file "shown".
on_terminal_too() { # COMMAND
	script -q -c "$1" /dev/null </dev/null > shown || :
}

test_severity_is_coloured_on_a_terminal() {
	need_terminal
	make_judged
	on_terminal_too "kmod-devname generate -n -b root error 2>&1 >/dev/null"
	grep -q "${ESCAPE}\[1;31merror:" shown || fail "$(cat -A shown)"
	for words in 'NO_COLOR=1 kmod-devname' 'kmod-devname --color=never'; do
		on_terminal_too "$words generate -n -b root error 2>&1 >/dev/null"
		grep -q ' error: ' shown || fail "$words: $(cat -A shown)"
	done
}

test_hostile_bytes_are_escaped_in_messages() {
	make_judged
	printf nonsense > "root/lib/modules/clean/kernel/$(printf 'e\033[31m\302\205\377\nv').ko"
	run 1 generate -n -b root clean
	says_lines 1
	says 'kernel/e\x1b[31m\xc2\x85\xff\x0av.ko: error:'
	run 2 generate -n -b root "$(printf '9\n9\033')"
	says_lines 1
	says '9\x0a9\x1b'
	run 2 list -o "$(printf 'NA\nME')"
	says_lines 1
	says 'NA\x0aME'
	run 2 "$(printf 'gen\rerate')"
	says 'gen\x0derate'
}

# The library has a slash in front of what is below the root directory; a path of the user's that
# has one is meant as it is.
test_messages_name_files_as_the_user_does() {
	make_lists
	echo nonsense | tee bad > root/lib/modules/6.2.0/modules.devname
	run 1 static-nodes -b "$PWD/root" --input "$PWD/bad"
	says "kmod-devname: $PWD/bad:1: error:"
	run 2 diff -b "$PWD/root" ./bad "$PWD/root/lib/modules/6.1.0"
	says "kmod-devname: ./bad:1: error:"
	run 2 diff -b root "$PWD/bad" 6.1.0
	says "kmod-devname: $PWD/bad:1: error:"
	run 2 diff "$PWD/root" "$PWD/root"
	says "kmod-devname: $PWD/root/lib/modules/6.2.0/modules.devname:1: error:"
	run 2 diff -b "$PWD/root" 6.1.0 6.2.0
	says "kmod-devname: $PWD/root/lib/modules/6.2.0/modules.devname:1: error:"
	run 1 list -b "$PWD/root" 6.2.0
	says "kmod-devname: $PWD/root/lib/modules/6.2.0/modules.devname:1: error:"
	mkdir -p root/etc/depmod.d
	echo nonsense > root/etc/depmod.d/bad.conf
	run 0 generate -n -b root 6.1.0
	says 'kmod-devname: root/etc/depmod.d/bad.conf:1: warning:'
	run 0 generate -n -b root -C "$PWD/root/etc/depmod.d" 6.1.0
	says "kmod-devname: $PWD/root/etc/depmod.d/bad.conf:1: warning:"
}

test_findings_beyond_the_limit_are_counted() {
	awk 'BEGIN { while (i++ < 10005) print "nonsense" }' > many
	run 1 static-nodes -q --input many
	says_lines 10001
	[ "$(tail -n 1 messages)" = 'kmod-devname: many: 5 more findings' ]
	run 1 static-nodes --input - < many
	[ "$(tail -n 1 messages)" = 'kmod-devname: standard input: 5 more findings' ]
}

# Warnings that are not wanted are not counted in words either.
test_unwanted_findings_beyond_the_limit_are_not_counted() {
	mkdir -p root/etc/udev/rules.d
	awk 'BEGIN {
		while (i++ < 10005) {
			print "m n" i " c1:" i > "many"
			print "OPTIONS+=\"static_node=n" i "\", GROUP=\"nobody-knows\"" \
				> "root/etc/udev/rules.d/many.rules"
		}
	}'
	run 0 static-nodes -b root --udev-permissions --input many
	says_lines 10001
	[ "$(tail -n 1 messages)" = 'kmod-devname: root: 5 more findings' ]
	run 0 static-nodes -q -b root --udev-permissions --input many
	says_nothing
}

test_a_backslash_is_escaped() {
	make_root
	run 2 list -b 'we\ird' 6.1.0
	says 'kmod-devname: we\x5cird: '
	printf nonsense > 'root/lib/modules/6.1.0/kernel/a\x0a.ko'
	run 1 generate -n -b root 6.1.0
	says 'kernel/a\x5cx0a.ko: error:'
	# what a message quotes is escaped once
	rm 'root/lib/modules/6.1.0/kernel/a\x0a.ko'
	printf 'm we\\ird c1:1\n' > bad
	run 1 static-nodes --input bad
	says 'we\x5cird'
}

test_hostile_device_name_never_reaches_the_file() {
	make_judged
	module root/lib/modules/clean/kernel/evil.ko \
		"$(printf 'alias=devname:x c1:1\nevil mem')" alias=char-major-1-2
	run 1 generate -n -b root clean
	says_lines 1
	says '[bad-name]'
	same out <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	END
}

# libsmartcols escapes the backslash of an escape once more when it aligns.
test_hostile_kernel_name_is_escaped_in_a_list() {
	make_lists
	mv root/lib/modules/6.2.0 "root/lib/modules/$(printf '6\033[2J\377')"
	for option in --raw --noheadings; do
		run 0 list "$option" -o KERNEL -b root "$(printf '6\033[2J\377')"
		! grep -v '^[ -~]*$' out || fail "$option: not escaped"
		grep -q '^6.*x1b\[2J.*xff$' out || fail "$option: $(cat -A out)"
	done
}

test_hostile_kernel_name_is_valid_json() {
	make_lists
	mv root/lib/modules/6.2.0 "root/lib/modules/$(printf '6"\\\033\377')"
	run 0 list --json -o KERNEL -b root "$(printf '6"\\\033\377')"
	plain_json out > json
	printf '%s\n' '{"nodes":[{"kernel":"6\"\\x5c\\x1b\\xff"}]}' | same json
}

# The commands that print data; each must notice that it did not arrive.
printers() {
	cat <<-'END'
	--help
	--version
	generate --help
	list --help
	generate -n -b root 6.1.0
	generate --output - -b root 6.1.0
	list -b root 6.1.0
	list --raw -b root 6.1.0
	list --pairs -b root 6.1.0
	list --json -b root 6.1.0
	static-nodes --help
	static-nodes -b root 6.1.0
	static-nodes -f tmpfiles -b root 6.1.0
	static-nodes -f devname -b root 6.1.0
	static-nodes -f mknod -b root 6.1.0
	static-nodes -f cpio -b root 6.1.0
	static-nodes -f device-table -b root 6.1.0
	static-nodes -f json -o - -b root 6.1.0
	END
}

test_output_that_does_not_arrive_is_a_failure() {
	make_lists
	printers | while read -r words; do
		eval "set -- $words"
		status 2 kmod-devname "$@" > /dev/full 2> messages
		[ "$(wc -l < messages)" -eq 1 ] || fail "/dev/full: $words: $(cat messages)"
		status 2 kmod-devname "$@" >&- 2> messages
		[ "$(wc -l < messages)" -eq 1 ] || fail "closed: $words: $(cat messages)"
		says "standard output"
	done
}

# The descriptors of the standard streams may then be those of directories and files.
test_closed_standard_streams_do_no_harm() {
	make_judged
	status 1 kmod-devname generate -v -b root error <&- >&- 2>&-
	same root/lib/modules/error/modules.devname <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	END
	status 0 kmod-devname generate -v -b root clean 2>&-
	cmp root/lib/modules/error/modules.devname root/lib/modules/clean/modules.devname
}

need_terminal() {
	command -v script >/dev/null || skip "script(1) is not installed"
	script -q -c true /dev/null </dev/null >/dev/null 2>&1 || skip "there is no pseudo terminal"
	grep -q '^#define WITH_XZ 1' "$top_builddir/config.h" || skip "this build cannot read .xz"
	command -v xz >/dev/null || skip "xz is not installed"
}

# Compressed modules are read one by one, when all directories are known.
make_modules() {
	for i in $(seq 30); do
		module "root/lib/modules/6.1.0/kernel/m$i.ko" license=GPL
	done
	xz -0 --check=crc32 root/lib/modules/6.1.0/kernel/*.ko
}

# Puts into the file "shown" what a terminal gets on standard error.
on_terminal() { # KERNEL
	script -q -e -c "stty cols ${columns:-80}; ${slowly-} kmod-devname generate -n --threads 1 -b root $1 2>&1 >/dev/null" \
		/dev/null </dev/null > shown
}

test_progress_is_shown_on_a_terminal_after_a_second() {
	need_terminal
	need_strace
	make_modules
	# three calls for each module, which take two seconds together
	slowly="strace -f -o trace -e trace=pread64 -e inject=pread64:delay_enter=25000"
	$slowly kmod-devname generate -n --threads 1 -b root 6.1.0 2> messages
	grep -q '(DELAYED)' trace || skip "strace delays nothing: $(cat messages)"
	says_nothing
	on_terminal 6.1.0
	tr '\r' '\n' < shown | grep -q "kmod-devname: 6\.1\.0: [0-9]* modules" ||
		fail "no progress: $(cat -A shown)"
	tr '\r' '\n' < shown | grep -q ' modules, [0-9]*% read$' || fail "$(cat -A shown)"
	# nothing of it is left on the screen
	[ "$(tail -c 3 shown)" = "${ESCAPE}[K" ] || fail "the line stays: $(cat -A shown)"
	# a line that is too long would be left
	columns=30
	on_terminal 6.1.0
	tr '\r' '\n' < shown | sed "s/^$ESCAPE\[K//" > lines
	! grep '.\{30\}' lines || fail "longer than the terminal is wide"
	! grep '%' lines || fail "not cut: $(cat lines)"
	# a package manager has other things on the terminal
	DPKG_MAINTSCRIPT_NAME=postinst on_terminal 6.1.0
	[ ! -s shown ] || fail "shown in a hook: $(cat -A shown)"
	on_terminal --pass-over 6.1.0
	[ ! -s shown ] || fail "shown in a hook: $(cat -A shown)"
}

uptime_centiseconds() {
	awk '{ printf "%d", 100 * $1 }' /proc/uptime
}

# A busy machine may let even short work take a second.
test_no_progress_for_short_work() {
	need_terminal
	make_root
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		start=$(uptime_centiseconds)
		on_terminal 6.1.0
		[ $(($(uptime_centiseconds) - start)) -ge 100 ] || break
		[ "$attempt" -lt 10 ] || skip "this machine is too busy for short work"
	done
	[ ! -s shown ] || fail "shown: $(cat -A shown)"
}

run_tests "$@"
