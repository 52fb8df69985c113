#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion in bash, zsh and fish: that it knows the commands, options and values that the
# program knows and no others, and finds kernels where the program looks for them. The shells
# themselves are asked: fish has a command for that, bash and zsh are typed to.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

COMPLETIONS=$top_srcdir/shell-completion

need() { # SHELL
	command -v "$1" >/dev/null || skip "$1 is not installed"
	[ "$1" != fish ] || return 0
	script -q -c true /dev/null </dev/null >/dev/null 2>&1 ||
		skip "there is no pseudo terminal"
}

# The files that an interactive shell reads first. The program is a function that puts its
# last argument into the file "word".
make_startup_files() {
	cat > bashrc <<-END
	. "\${BASH_COMPLETION:-$COMPLETIONS/bash/kmod-devname}"
	[ -z "\${BREAKS-}" ] || COMP_WORDBREAKS=\$BREAKS
	kmod-devname() { printf '%s\n' "\${!#}" > word; }
	END
	cat > .zshrc <<-END
	fpath=("$COMPLETIONS/zsh" \$fpath)
	autoload -Uz compinit && compinit -D -u
	LISTMAX=1000 PS1='> '
	stty columns 200 rows 200
	kmod-devname() { print -r -- "\$@[-1]" > word }
	END
}

# Types a line into a shell, and leaves what is on its screen in the file "screen".
type_line() { # SHELL KEYS
	case $1 in
	bash) set -- "bash --rcfile bashrc -i" "$2" ;;
	zsh) set -- "zsh -i" "$2" ;;
	esac
	make_startup_files
	printf '%s\n' "$2" | HOME=$PWD ZDOTDIR=$PWD TERM=dumb timeout 600 script -q -c "$1" \
		/dev/null > screen 2>&1 || :
}

fish_offers() { # LINE
	# shellcheck disable=SC2016 # for fish
	HOME=$PWD XDG_CONFIG_HOME=$PWD XDG_DATA_HOME=$PWD XDG_CACHE_HOME=$PWD \
		XDG_DATA_DIRS=${FISH_DATA_DIRS:-/usr/share} fish --private -c '
		test -z "$argv[2]"; or source $argv[2]
		complete -C $argv[1]' \
		"$1" "${FISH_COMPLETION-$COMPLETIONS/fish/kmod-devname.fish}" | cut -f 1
}

# Calls the function as bash would; none of the words has a character that divides words.
bash_offers() { # WORD...
	# shellcheck disable=SC2016 # for bash
	bash --norc -c '
	. "$0"
	compopt() { :; }
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$* COMP_POINT=${#COMP_LINE}
	_kmod_devname
	printf "%s\n" "${COMPREPLY[@]}"' "$COMPLETIONS/bash/kmod-devname" kmod-devname "$@"
}

# The words at the beginning of a line of the list on the screen: an option has its short
# form beside it.
zsh_offers() { # LINE
	type_line zsh "$1	"
	tr -d '\r' < screen | grep -v kmod-devname | sed 's/^\(.\[[0-9;]*[mJK]\)*//; s/ -- .*//' |
		grep -E '^[-a-zA-Z][-a-zA-Z:]*( |$)' | tr -s ' ' '\n'
}

# What a shell offers after the words of a line, sorted.
offers() { # SHELL [WORD...] BEGINNING
	offers_shell=$1
	shift
	case $offers_shell in
	bash) bash_offers "$@" ;;
	*) "${offers_shell}_offers" "kmod-devname $*" ;;
	esac | sed 's/=$//' | grep . | sort -u
}

commands_of_help() {
	kmod-devname --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort
}

options_of_help() { # [COMMAND]
	kmod-devname "$@" --help | sed -n '/^Options:/,/^$/p' |
		grep -oE '^  (-[a-zA-Z], |    )--[a-z-]+' | tr -s ', ' '\n' | grep . | sort
}

same_commands() { # SHELL
	need "$1"
	commands_of_help > wanted
	[ -s wanted ] || fail "no commands were found"
	offers "$1" "" > offered
	diff -u wanted offered || fail "$1 offers other commands than --help"
}

same_options() { # SHELL
	need "$1"
	for command in '' $(commands_of_help); do
		# shellcheck disable=SC2086 # none for the empty one
		options_of_help $command > wanted
		[ "$(wc -l < wanted)" -gt 2 ] || fail "$command: no options were found"
		# shellcheck disable=SC2086 # likewise
		offers "$1" $command - > offered
		diff -u wanted offered || fail "$1 offers other options than $command --help"
	done
}

# What the message on a wrong value says that the option takes.
values_of() { # COMMAND OPTION
	status 2 kmod-devname "$1" "$2" none 2> message
	sed 's/.*is not one of //; s/, /\n/g' message | sort
}

same_columns() { # SHELL
	need "$1"
	values_of list -o > wanted
	[ "$(wc -l < wanted)" -gt 5 ] || fail "the columns were not found"
	offers "$1" list -o "" > offered
	diff -u wanted offered || fail "$1 offers other columns than list takes"
}

# Those of the header that can be ignored.
same_codes() { # SHELL
	need "$1"
	sed -n 's/^ \* @KMOD_DEVNAME_CODE_[A-Z_]*: "\([a-z-]*\)":.*/\1/p' \
		"$top_srcdir/libkmod-devname/libkmod-devname.h" | grep -vx system | sort > wanted
	[ "$(wc -l < wanted)" -gt 30 ] || fail "the codes were not found"
	offers "$1" check --ignore "" > offered
	diff -u wanted offered || fail "$1 offers other codes than the header has"
}

same_sources() { # SHELL
	need "$1"
	values_of generate --source > wanted
	offers "$1" generate --source "" > offered
	diff -u wanted offered || fail "$1 offers other sources than generate takes"
}

same_formats() { # SHELL
	need "$1"
	values_of static-nodes -f > wanted
	offers "$1" static-nodes -f "" > offered
	diff -u wanted offered || fail "$1 offers other formats than static-nodes takes"
}

# completes SHELL LINE WORD: after the line and a TAB, WORD must be the last argument.
completes() {
	rm -f word
	if [ "$1" = fish ]; then
		fish_offers "kmod-devname $2" > word
		# nothing to offer leaves what is there
		[ -s word ] || echo "${2##* }" > word
	else
		type_line "$1" "kmod-devname $2	"
	fi
	[ "$(sed 's,/$,,' word)" = "$3" ] ||
		fail "$1: '$2' was completed to '$(cat word)' instead of '$3'"
}

make_roots() {
	for directory in root/lib/modules/6.1.0 root/lib/modules/6.2.0 \
		root/lib/modules/6.10.0+x root/lib/modules/.hidden root/usr/lib/modules/5.0 \
		root/alt/9.9 usronly/usr/lib/modules/4.19 'my root/lib/modules/3.3' a:b/lib/modules/7.7; do
		mkdir -p "$directory"
	done
	ln -s 6.2.0 root/lib/modules/link
	printf 'tun net/tun c10:200\nfuse fuse c10:229\n' > root/alt/9.9/modules.devname
	: > root/lib/modules/README
	: > root/file.txt
}

# On the right what must come out; names of directories are without the slash at their end.
completes_words() { # SHELL
	need "$1"
	make_roots
	while IFS='|' read -r line word; do
		completes "$1" "$line" "$word"
	done <<-'END'
	gen|generate
	list -b root 6.2|6.2.0
	list -b root/ 6.10|6.10.0+x
	list --basedir root li|link
	list --basedir=root 6.2|6.2.0
	list -broot 6.2|6.2.0
	list -b my\ root 3|3.3
	list -b a:b 7|7.7
	list -b usronly 4|4.19
	list -b root 5|5
	list -b root RE|RE
	list -b root -m alt 9|9.9
	list -b root --moduledir=alt 9|9.9
	list -b root --all 6.2|6.2
	list -b root -a 6.2|6.2
	list -b root 6.1.0 6.2|6.2.0
	list root/u|root/usr
	list -b ro|root
	list --basedir=ro|--basedir=root
	list -b root -m al|alt
	list -o NAME,PA|NAME,PATH
	list --columns=MAJ:MIN,PA|--columns=MAJ:MIN,PATH
	generate --source i|index
	generate --source=i|--source=index
	generate --output root/f|root/file.txt
	static-nodes -f tm|tmpfiles
	static-nodes --format=tm|--format=tmpfiles
	static-nodes --udev-root ro|root
	list --color=al|--color=always
	list -o +PA|+PATH
	list -o +PATH,UI|+PATH,UID
	help gen|generate
	static-nodes --output root/f|root/file.txt
	create --input root/f|root/file.txt
	create --dev ro|root
	check --dev ro|root
	check --udev-root=ro|--udev-root=root
	explain -b root -m alt net/t|net/tun
	explain -b root -m alt fuse 9|9.9
	check --ignore bad-l|bad-line
	check --ignore absent,wrong-m|absent,wrong-mode
	check root/f|root/file.txt
	check -b root 6.2|6.2.0
	END
	# zsh knows the options of --help, which has --basedir alone
	[ "$1" != zsh ] || return 0
	completes "$1" 'list --root root 6.2' 6.2.0
	completes "$1" 'list --root=root 6.2' 6.2.0
}

# The name of a directory is data, even if it looks like a command.
takes_names() { # SHELL
	need "$1"
	make_roots
	# shellcheck disable=SC2016 # names
	mkdir 'root/lib/modules/$(touch made)' 'root/lib/modules/`touch made`'
	completes "$1" 'list -b root 6.2' 6.2.0
	# shellcheck disable=SC2016 # likewise
	if [ "$1" = fish ]; then
		fish_offers 'kmod-devname list -b root ' | grep -xF '$(touch made)' > word || :
	else
		type_line "$1" "kmod-devname list -b root \\\$	"
	fi
	# shellcheck disable=SC2016 # likewise
	echo '$(touch made)' | same word
	[ ! -e made ] || fail "$1 has run the name of a directory"
}

test_bash_offers_the_commands_of_help() {
	same_commands bash
}

test_zsh_offers_the_commands_of_help() {
	same_commands zsh
}

test_fish_offers_the_commands_of_help() {
	same_commands fish
}

test_bash_offers_the_options_of_help() {
	same_options bash
}

test_zsh_offers_the_options_of_help() {
	same_options zsh
}

test_fish_offers_the_options_of_help() {
	same_options fish
}

test_bash_offers_the_values_of_help() {
	same_columns bash
	same_codes bash
	same_sources bash
}

test_zsh_offers_the_values_of_help() {
	same_columns zsh
	same_codes zsh
	same_sources zsh
}

test_fish_offers_the_values_of_help() {
	same_columns fish
	same_codes fish
	same_sources fish
}

test_bash_offers_the_formats_of_help() {
	same_formats bash
}

test_zsh_offers_the_formats_of_help() {
	same_formats zsh
}

test_fish_offers_the_formats_of_help() {
	same_formats fish
}

test_bash_completes_words() {
	completes_words bash
}

test_zsh_completes_words() {
	completes_words zsh
}

test_fish_completes_words() {
	completes_words fish
}

test_bash_takes_names_as_they_are() {
	takes_names bash
}

test_zsh_takes_names_as_they_are() {
	takes_names zsh
}

test_fish_takes_names_as_they_are() {
	takes_names fish
}

# Where = and : do not divide words.
test_bash_completes_words_that_are_whole() {
	need bash
	make_roots
	BREAKS=' '
	export BREAKS
	completes bash 'generate --source=i' --source=index
	completes bash 'list --columns=MAJ:MIN,PA' --columns=MAJ:MIN,PATH
	completes bash 'list --basedir=root 6.2' 6.2.0
}

# Where make install puts them; the one of zsh has been found in this way all along.
test_bash_completion_finds_the_file() {
	need bash
	BASH_COMPLETION=/usr/share/bash-completion/bash_completion
	[ -e "$BASH_COMPLETION" ] || skip "bash-completion is not installed"
	XDG_DATA_DIRS=$PWD/share
	export BASH_COMPLETION XDG_DATA_DIRS
	install -D "$COMPLETIONS/bash/kmod-devname" share/bash-completion/completions/kmod-devname
	completes bash gen generate
}

test_fish_finds_the_file() {
	need fish
	FISH_COMPLETION='' FISH_DATA_DIRS=$PWD/share
	install -D "$COMPLETIONS/fish/kmod-devname.fish" \
		share/fish/vendor_completions.d/kmod-devname.fish
	completes fish gen generate
}

test_completions_are_free_of_errors() {
	status=0
	for shell in bash zsh fish; do
		command -v $shell >/dev/null || continue
		$shell -n "$COMPLETIONS/$shell"/*
		status=1
	done
	[ $status -eq 1 ] || skip "there is none of the shells"
	shellcheck --version >/dev/null 2>&1 || skip "shellcheck is not installed"
	shellcheck "$COMPLETIONS/bash/kmod-devname"
}

run_tests "$@"
