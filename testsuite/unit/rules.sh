#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What holds for the sources as a whole: licences, who may know whom, what the library never
# calls, the symbols it exports, and that the manual pages speak of everything there is.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

HEADER=libkmod-devname/libkmod-devname.h
SYMBOLS=libkmod-devname/libkmod-devname.sym
PAGE=man/kmod-devname.8.scd
FINDINGS=man/kmod-devname-findings.7.scd

# Prints what stands on standard input and fails if there is anything.
none() {
	cat > none.found
	[ ! -s none.found ] || fail "$* $(cat none.found)"
}

# The files of the project: those that git knows, or those in the places of a tarball.
files() {
	cd "$top_srcdir" || return
	if [ -e .git ] && git ls-files >/dev/null 2>&1; then
		git ls-files
	else
		find debian dist shell-completion -type f
		find libkmod-devname man testsuite tools -type f \
			\( -name '*.[ch]' -o -name '*.sh' -o -name '*.scd' -o -name '*.in' \
			-o -name '*.sym' -o -name 'fetch-*' -o -name '*.md' \)
		find . -maxdepth 1 -type f \( -name '*.am' -o -name '*.ac' -o -name '*.md' \
			-o -name 'autogen.sh' -o -name quickstart -o -name runtests \
			-o -name '.clang-format' -o -name '.clang-tidy' -o -name '.editorconfig' \) | sed 's,^\./,,'
	fi | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done | sort
}

shell_files() {
	files | while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*) ! head -n 1 "$top_srcdir/$file" | grep -q '^#!/bin/sh' || echo "$file" ;;
		esac
	done
}

# strip PATTERN...: puts the lines of these files, as FILE:NUMBER:TEXT without comments and
# without what is in quotes, into the file "stripped", so that a search finds calls only.
strip() {
	# shellcheck disable=SC2068 # patterns below the source directory
	(cd "$top_srcdir" && awk '
	FNR == 1 { comment = 0 }
	{
		out = ""
		n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			pair = substr($0, i, 2)
			if (comment) {
				if (pair == "*/") { comment = 0; i++ }
			} else if (quote != "") {
				if (c == "\\") i++
				else if (c == quote) { quote = ""; out = out c }
			} else if (pair == "/*") { comment = 1; i++ }
			else if (pair == "//") break
			else {
				if (c == "\"" || c == "\047") quote = c
				out = out c
			}
		}
		quote = ""
		print FILENAME ":" FNR ":" out
	}' $@) > stripped
	[ -s stripped ] || fail "no files: $*"
}

# calls WORD...: the lines of the file "stripped" that call one of these functions.
calls() {
	words=$(echo "$*" | tr ' ' '|')
	grep -E "(^|[^A-Za-z0-9_.>])($words)[[:space:]]*\(" stripped || :
}

# The sources of the library and of the programs, as patterns below the source directory.
LIBRARY='libkmod-devname/*.h libkmod-devname/*/*.[ch]'
TOOLS='tools/*.[ch] tools/*/*.[ch]'

# The files that include one of the headers of a regular expression, in one line.
includers() {
	# shellcheck disable=SC2086 # patterns
	(cd "$top_srcdir" && grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($1)[>\"]" \
		$LIBRARY $TOOLS) | tr '\n' ' ' | sed 's/ $//'
}

test_every_file_names_its_licence() {
	# these of debian have no comments, s6-rc wants one word, and what is fuzzed is data
	files | grep -vE '^(COPYING|testsuite/fuzz/corpus/.*|NEWS|.*\.md|debian/(changelog|copyright|.*NEWS|.*README.Debian|source/format)|dist/s6-rc/.*/type)$' | while read -r file; do
		head -n 3 "$top_srcdir/$file" | grep -q 'SPDX-License-Identifier: L\{0,1\}GPL-2' ||
			echo "$file"
	done | none "no licence in the first three lines of"
}

# A program may link the library without being under the GPL.
test_the_library_is_lgpl_and_the_rest_gpl() {
	files | grep -E '\.([ch]|sym|pc\.in|sh)$' | while read -r file; do
		case $file in
		libkmod-devname/*) wanted=LGPL-2.1-or-later ;;
		*) wanted=GPL-2.0-or-later ;;
		esac
		head -n 3 "$top_srcdir/$file" | grep -q "Identifier: $wanted" || echo "$file"
	done | none "not under the licence of its directory:"
}

test_no_marks_of_unfinished_work() {
	files | while read -r file; do
		# in two parts, lest this line be found
		grep -HnwE 'TO''DO|FIX''ME' "$top_srcdir/$file" || :
	done | none "unfinished:"
}

# Some formats can name it once only, as text.
test_packages_have_the_address_of_configure() {
	cd "$top_srcdir"
	site=$(sed -n 's,^.*\[https://\([^/]*\)/\])$,\1,p' configure.ac)
	[ -n "$site" ] || fail "configure.ac has no address"
	grep -iE '^(# *)?(homepage|maintainer|url)[:= ]' debian/control dist/hooks/yocto/*.bb \
		dist/packages/*/* > "$OLDPWD/addresses"
	grep -E '^[[:space:]]*https:' dist/hooks/buildroot/Config.in >> "$OLDPWD/addresses"
	cd "$OLDPWD"
	[ "$(wc -l < addresses)" -eq 9 ] || fail "$(cat addresses)"
	grep -vF "$site" addresses | none "another address:"
}

test_header_has_the_version_of_configure() {
	wanted=$(sed -n 's/^AC_INIT(\[kmod-devname\], \[\([0-9.]*\)\].*/\1/p' "$top_srcdir/configure.ac")
	[ -n "$wanted" ] || fail "configure.ac has no version"
	for part in MAJOR MINOR PATCH; do
		sed -n "s/^#define KMOD_DEVNAME_VERSION_$part \([0-9]*\).*/\1/p" "$top_srcdir/$HEADER"
	done > parts
	[ "$(paste -s -d. parts)" = "$wanted" ] || fail "$(paste -s -d. parts) instead of $wanted"
}

test_c_lines_have_at_most_100_columns() {
	files | grep '\.[ch]$' | while read -r file; do
		expand "$top_srcdir/$file" |
			awk -v file="$file" 'length($0) > 100 { print file ":" FNR }'
	done | none "too long:"
}

# Each library is the business of one room.
test_each_library_is_used_in_one_room() {
	while read -r headers wanted; do
		found=$(includers "$headers")
		[ "$found" = "$wanted" ] || fail "$headers: included by '$found', not by '$wanted'"
	done <<-'END'
	libelf\.h|gelf\.h|elf\.h|elfutils/.* libkmod-devname/module/modinfo.c
	zlib\.h|zconf\.h libkmod-devname/module/zlib.c
	lzma\.h|lzma/.* libkmod-devname/module/xz.c
	zstd.*\.h|zdict\.h libkmod-devname/module/zstd.c
	libkmod\.h libkmod-devname/modprobe/kmod-context.c libkmod-devname/modprobe/resolve.c
	libsmartcols.*\.h tools/sheet.c
	selinux/.* libkmod-devname/dev/file.c
	END
}

# FOLDER, then the folders whose headers it may include; besides these it has the public header.
folders() {
	cat <<-'END'
	base
	node base
	module base
	text base node
	tree base node module text
	dev base node
	udev base node
	modprobe base node module text
	END
}

# As the compiler sees it: what a header includes counts, too.
test_folders_know_only_those_that_they_may() {
	flags=$(sed -n 's/^\(LIBELF\|ZLIB\|XZ\|ZSTD\|LIBKMOD\|SELINUX\)_CFLAGS = //p' "$top_builddir/Makefile" | tr '\n' ' ')
	folders | while read -r folder known; do
		for file in "$top_srcdir/libkmod-devname/$folder"/*.c; do
			# shellcheck disable=SC2086 # a list of words
			$CC -MM -include "$top_builddir/config.h" -I"$top_srcdir/libkmod-devname" $flags \
				"$file" > includes || echo "$file: cannot be read by $CC"
			grep -oE '/libkmod-devname/[a-z]+/[^/ ]*\.h' includes | cut -d/ -f3 |
				sort -u | while read -r used; do
				case " $folder $known " in
				*" $used "*) ;;
				*) echo "$folder/${file##*/}: $used" ;;
				esac
			done
		done
	done | none "knows too much:"
	folders | sed 's/ .*//' | sort > named
	(cd "$top_srcdir/libkmod-devname" && printf '%s\n' */) | sed 's,/$,,' | sort | diff -u named - >&2
}

# The name of the folder is in each include, so who knows whom can be read.
test_includes_name_their_folder() {
	# shellcheck disable=SC2086 # patterns
	(cd "$top_srcdir" && grep -HoE '^[[:space:]]*#[[:space:]]*include *"[^"]*' $LIBRARY) |
		sed 's/^\([^:]*\):.*"/\1 /' | while read -r file header; do
		[ "$header" = libkmod-devname.h ] || case $header in
		*/*) [ -e "$top_srcdir/libkmod-devname/$header" ] || echo "$file: $header" ;;
		*) echo "$file: $header" ;;
		esac
	done | none "not FOLDER/HEADER of the library:"
}

# What other programs cannot call is not called there either; the others need what they look into.
test_tests_of_the_public_interface_know_no_other() {
	flags=$(sed -n 's/^\(CHECK\|LIBELF\|LIBKMOD\|SELINUX\)_CFLAGS = //p' "$top_builddir/Makefile" | tr '\n' ' ')
	sed -n '/^public_tests = /,/[^\\]$/s/^\t\(test-[a-z-]*\).*/\1/p' \
		"$top_srcdir/testsuite/unit/Makemodule.am" > public
	[ "$(wc -l < public)" -ge 5 ] || fail "no tests of the public interface: $(cat public)"
	for file in "$top_srcdir"/testsuite/unit/test-*.c; do
		name=${file##*/}
		name=${name%.c}
		# shellcheck disable=SC2086 # a list of words
		$CC -MM -include "$top_builddir/config.h" -I"$top_srcdir/libkmod-devname" \
			-I"$top_srcdir/testsuite" $flags "$file" > includes || echo "$name: cannot be read by $CC"
		if grep -qE '/libkmod-devname/[a-z]+/[^/ ]*\.h' includes; then
			! grep -qx "$name" public || echo "$name looks inside, and is in public_tests"
		else
			grep -qx "$name" public || echo "$name does not look inside, and is not in public_tests"
		fi
	done | none
}

test_no_header_includes_itself_by_way_of_others() {
	# shellcheck disable=SC2086 # patterns
	(cd "$top_srcdir" && grep -HoE '^[[:space:]]*#[[:space:]]*include *"[^"]*' $LIBRARY $TOOLS) |
		sed -n 's,^\(libkmod-devname\|tools\)/\([^:]*\.h\):.*",\2 ,p' > edges
	[ -s edges ] || fail "no includes were found"
	tsort edges > /dev/null 2> cycles || fail "$(cat cycles)"
}

test_syntax_alias_and_token_neither_allocate_nor_do_io() {
	strip 'libkmod-devname/node/syntax.[ch]' 'libkmod-devname/node/alias.c' \
		'libkmod-devname/udev/token.c'
	calls malloc calloc realloc reallocarray strdup strndup asprintf vasprintf free open \
		openat fopen read pread write close fprintf stat fstat | none "not pure:"
}

# It has no output but through the stream or directory that the caller passes.
test_library_does_not_print() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY
	calls printf vprintf puts putchar perror psignal err errx warn warnx syslog dprintf |
		none "prints:"
	grep -wE 'stdout|stderr|stdin|STD(IN|OUT|ERR)_FILENO' stripped | none "prints:"
}

# It does not end or change the process, and reads nothing that the caller did not pass.
test_library_leaves_the_process_alone() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY
	calls exit _exit _Exit quick_exit abort assert atexit getenv secure_getenv setenv putenv \
		unsetenv setlocale uselocale umask chdir fchdir chroot signal sigaction sigprocmask \
		alarm setitimer setrlimit prctl unshare setns mmap mmap64 dlopen | none "not in a library:"
	grep -E '#[[:space:]]*include.*assert' stripped | none "includes:"
}

# Those that look for a program on PATH, or ask a shell to.
RUN_BY_NAME='system popen wordexp execlp execvp execvpe posix_spawnp'
RUN="fork _Fork vfork clone clone3 execl execle execv execve execveat fexecve posix_spawn"

test_nothing_is_run_but_depmod_and_man() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY $TOOLS
	# shellcheck disable=SC2086 # lists of words
	calls $RUN_BY_NAME | grep -v '^tools/main\.c:' | none "runs what is on PATH:"
	# the page of "help COMMAND", in place of the tool, so that nothing of man counts
	# shellcheck disable=SC2086
	[ "$(calls $RUN_BY_NAME | wc -l)" -eq 1 ] || fail "man is not run in one place"
	# shellcheck disable=SC2086
	calls $RUN | grep -v '^tools/depmod/real\.c:' | none "runs something:"
	[ "$(calls posix_spawn | wc -l)" -eq 1 ] || fail "depmod is not run in one place"
	grep -E '(^|[^a-z_])(SYS|__NR)_(execve|fork|vfork|clone)' stripped | none "runs something:"
}

# The tool is not for other users than the one that it runs for; getenv is for the front end, and
# for the habits of a terminal.
test_nothing_changes_who_we_are() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY $TOOLS
	calls setuid seteuid setreuid setresuid setgid setegid setregid setresgid setgroups \
		initgroups setfsuid setfsgid capset cap_set_proc chroot | none "changes who we are:"
	calls getenv secure_getenv | grep -vE '^tools/(depmod/real|options)\.c:' | none "reads the environment:"
	(cd "$top_srcdir" && grep -nE 'chmod.*([2467][0-7]{3}|[ug]\+s)|SETUID|setcap' \
		./Makefile.am ./*/Makemodule.am ./*/*/Makemodule.am \
		debian/rules dist/packages/*/* | grep -v 0644) | none "installs with more rights:"
}

# What strerror(3) and %m say depends on the locale of the program, and findings are in English.
test_library_describes_errors_in_english() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY
	calls strerror strerror_r strerror_l perror |
		grep -v '^libkmod-devname/base/report\.c:.*return strerror(-error);' |
		none "follows the locale:"
	# shellcheck disable=SC2086
	(cd "$top_srcdir" && grep -n '".*%m.*"' $LIBRARY) | none "follows the locale:"
}

# These do not look at sizes, or give what can be guessed. Arrays have constant sizes: -Wvla.
test_no_function_is_known_to_be_dangerous() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY $TOOLS
	calls strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll atof strtok rand \
		srand random drand48 tmpnam tempnam mktemp tmpfile alloca mmap mmap64 |
		none "dangerous:"
	grep -q -e '-Wvla' "$top_srcdir/configure.ac" || fail "configure.ac: no -Wvla"
}

# strtol and scanf take blanks, signs and what follows; the others do not look at sizes.
# Threads change a count at the same time; a plain ++ would lose references now and then.
test_references_are_counted_atomically() {
	cat "$top_srcdir"/libkmod-devname/*/*.c > sources
	[ "$(grep -cE 'reference_(add|drop)\(&' sources)" -eq 6 ] ||
		fail "not three objects with _ref() and _unref()"
	grep -nE 'references( *[-+]|--| =[^=])|(\+\+|--)[a-z]+->references' sources |
		grep -v 'references = 1;$' | none "counts references by itself:"
}

test_library_parses_strictly() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY
	calls strtol strtoul strtoll strtoull strtoimax strtoumax strtod atoi atol atoll scanf \
		sscanf fscanf vsscanf gets sprintf vsprintf strtok alloca | none "too lenient:"
}

# open_at() of base/io.h and openat2(2) in base/io.c add the flag, and nothing else opens files.
test_files_are_opened_close_on_exec() {
	# shellcheck disable=SC2086 # patterns
	strip $LIBRARY
	calls open openat openat2 fopen freopen creat opendir accept pipe socket dup dup2 |
		grep -v '^libkmod-devname/base/io\.h:.*openat(dir_fd, name, flags | O_CLOEXEC, mode)' |
		none "opens without O_CLOEXEC:"
	grep -q '^libkmod-devname/base/io\.h:.*openat(' stripped || fail "open_at() was not found"
	grep 'SYS_open' stripped | grep -v '^libkmod-devname/base/io\.c:.*SYS_openat2' |
		none "opens without O_CLOEXEC:"
	grep -q '^libkmod-devname/base/io\.c:.*\.flags = .*O_CLOEXEC' stripped ||
		fail "openat2(2) without O_CLOEXEC"
	calls memfd_create | grep -v MFD_CLOEXEC | none "no MFD_CLOEXEC:"
}

have_ctags() {
	ctags --version 2>/dev/null | grep -q 'Universal Ctags'
}

# LENGTH FILE:FUNCTION of each function of library and tools, the longest last.
function_lengths() {
	# shellcheck disable=SC2086 # patterns
	(cd "$top_srcdir" && ctags -f - --languages=C --langmap=C:.c.h --c-kinds=f --fields=+ne \
		$LIBRARY $TOOLS) | awk -F '\t' '
	{
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) first = substr($i, 6)
			if ($i ~ /^end:/) print substr($i, 5) - first + 1, $2 ":" $1
		}
	}' | sort -n
}

print_function_lengths() {
	have_ctags || return 0
	function_lengths | awk '
	{ length_of[NR] = $1 }
	END {
		print "# functions: " NR ", median " length_of[int((NR + 1) / 2)] " lines, longest " $1
	}'
}

test_no_function_is_longer_than_60_lines() {
	have_ctags || skip "Universal Ctags is not installed"
	function_lengths > lengths
	[ "$(wc -l < lengths)" -gt 100 ] || fail "the functions were not found"
	awk '$1 > 60' lengths | none "too long:"
}

test_shell_scripts_pass_shellcheck() {
	shellcheck --version >/dev/null 2>&1 || skip "shellcheck is not installed"
	shell_files > scripts
	[ "$(wc -l < scripts)" -gt 5 ] || fail "the scripts were not found"
	# shellcheck disable=SC2046 # names without blanks
	(cd "$top_srcdir" && shellcheck -x -P SCRIPTDIR $(cat "$OLDPWD/scripts"))
}

header_functions() {
	strip "$HEADER"
	grep -oE 'kmod_devname_[a-z0-9_]+[[:space:]]*\(' stripped | tr -d '( ' | sort
}

test_symbol_map_lists_the_functions_of_the_header() {
	header_functions > header
	sed -n 's/^[[:space:]]*\(kmod_devname_[a-z0-9_]*\);$/\1/p' "$top_srcdir/$SYMBOLS" |
		sort > map
	[ -s map ] || fail "$SYMBOLS lists no function"
	uniq -d header | none "declared twice:"
	diff -u header map || fail "$HEADER and $SYMBOLS differ"
}

test_shared_library_exports_the_functions_of_the_header() {
	nm --version >/dev/null 2>&1 || skip "nm is not installed"
	library=$top_builddir/.libs/libkmod-devname.so
	[ -e "$library" ] || skip "this build has no shared library"
	header_functions > header
	# A is the name of a version node
	nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $NF); print $NF }' |
		sort > exported
	diff -u header exported || fail "$HEADER and $library differ"
}

test_every_page_is_built_and_installed() {
	for page in "$top_srcdir"/man/*.scd; do
		page=man/${page##*/}
		grep -q "^	${page%.scd}\( \\\\\)\?\$" "$top_srcdir/man/Makemodule.am" || echo "${page%.scd}"
	done | none "not in man/Makemodule.am:"
}

# The header says what each is called, and has one such line for each member of the enum.
test_page_explains_every_finding() {
	sed -n 's/^ \* @KMOD_DEVNAME_CODE_[A-Z_]*: "\([a-z-]*\)":.*/\1/p' "$top_srcdir/$HEADER" |
		sort > codes
	[ "$(wc -l < codes)" -eq "$(sed -n '/^enum kmod_devname_code {/,/^};/p' \
		"$top_srcdir/$HEADER" | grep -c ' = [0-9]*,')" ] ||
		fail "$HEADER does not name every code"
	while read -r name; do
		grep -qE "^(\|\[|\|) +\*$name\*\$" "$top_srcdir/$FINDINGS" || echo "$name"
	done < codes | none "not explained in $FINDINGS:"
}

test_page_has_every_function() {
	names=$(sed -n 's/^\tkmod_devname_\([a-z_]*\);$/\1/p' \
		"$top_srcdir/libkmod-devname/libkmod-devname.sym")
	[ -n "$names" ]
	for name in $names; do
		grep -qF -e "*$name*()" "$top_srcdir/man/libkmod-devname.3.scd" ||
			fail "libkmod-devname(3) lacks kmod_devname_$name"
	done
}

# page_options PAGE...: as "-s, --long" or "--long", one a line.
page_options() {
	sed '/^# OPTIONS/,/^# /!d' "$@" | sed -n '/^\*-/s/[*]//gp' | sed -nE 's/^((-., )?--[a-z-]+).*/\1/p' | sort
}

# help_options [COMMAND]: in the same form.
help_options() {
	kmod-devname "$@" --help | sed -nE 's/^ +((-[a-zA-Z], )?--[a-z-]+).*/\1/p' | sort
}

# What --help prints and what the page of the command and the common one have are the same options.
test_pages_have_the_options_of_help() {
	for command in generate list static-nodes create check diff explain; do
		help_options "$command" > help
		[ "$(wc -l < help)" -gt 5 ] || fail "$command: no options were found"
		page_options "$top_srcdir/$PAGE" | grep -vx -e '-V, --version' -e '.*--all' > common
		page_options "$top_srcdir/${PAGE%.8.scd}-$command.8.scd" | sort - common > page
		grep -vx '.*--all' help | diff -u - page || fail "$command --help and its page differ"
	done
}

test_page_has_every_command() {
	kmod-devname --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' > commands
	[ -s commands ] || fail "no commands were found"
	while read -r name; do
		grep -q "^[|[ ]*\*$name\*\$" "$top_srcdir/$PAGE" || echo "$name"
	done < commands | none "not in $PAGE:"
}

# What SECURITY.md promises is shown by the tests that it names.
test_tests_that_the_promises_name_exist() {
	grep -oE 'testsuite/[a-z0-9/.-]+[a-z]' "$top_srcdir/SECURITY.md" | sort -u > named
	[ "$(wc -l < named)" -ge 10 ] || fail "SECURITY.md names no tests"
	while read -r file; do
		[ -f "$top_srcdir/$file" ] || echo "$file"
	done < named | none "named in SECURITY.md, and not there:"
	# FILE and each case of it
	# shellcheck disable=SC2016 # no command
	grep -oE '`testsuite/[a-z0-9/.-]*` \((`[a-z0-9_]*`(, )?)+\)' "$top_srcdir/SECURITY.md" |
		tr -d '`(),' | awk '{ for (i = 2; i <= NF; i++) print $1, $i }' > cases
	[ "$(wc -l < cases)" -ge 60 ] || fail "SECURITY.md names few cases: $(cat cases)"
	while read -r file name; do
		grep -qE "^(test_$name\(\)|(LOOP_)?TEST\(${name}[,)])" "$top_srcdir/$file" ||
			echo "$file: $name"
	done < cases | none "named in SECURITY.md, and not there:"
}

# The list of known differences only becomes shorter: lower the number when one is gone.
test_known_differences_are_seen_by_tests_and_not_more() {
	list=$top_srcdir/testsuite/known-differences
	sed -n 's/^\([a-z_0-9]*\): .*/\1/p' "$list" | sort > keys
	grep -rhoE '^[[:space:]]*(/\* )?(known_difference|differs) [a-z_0-9]+' "$top_srcdir/testsuite" | sed 's/.* //' |
		sort -u > seen
	diff -u keys seen || fail "$list and what tests look up differ"
	[ "$(wc -l < keys)" -le 20 ] || fail "$(wc -l < keys) known differences"
}

test_failed_and_skipped_cases_are_shown_with_their_reasons() {
	cat > program <<-'END'
	#!/bin/sh
	printf '%s\n' 1..4 'ok 1 - a' '# no reason' 'ok 2 - b' '# reason' 'not ok 3 - c' 'ok 4 - d # SKIP e'
	exit 1
	END
	chmod +x program
	AM_TAP_AWK='awk' "$top_srcdir/testsuite/lib/tap-quiet" "$top_srcdir/build-aux/tap-driver.sh" \
		--test-name program --log-file log --trs-file trs -- ./program > out
	same out <<-'END'
	# reason
	FAIL: program 3 - c
	SKIP: program 4 - d # SKIP e
	ERROR: program - exited with status 1
	program: 2 passed, 1 skipped, 2 failed
	END
	# at a terminal
	AM_TAP_AWK='awk' "$top_srcdir/testsuite/lib/tap-quiet" "$top_srcdir/build-aux/tap-driver.sh" \
		--color-tests yes --test-name program --log-file log --trs-file trs -- ./program > out
	head -n 1 out | grep -qx '# reason' || fail "$(cat out)"
}

test_the_end_of_a_program_that_dies_is_shown() {
	cat > program <<-'END'
	#!/bin/sh
	printf '%s\n' 1..1 '# no reason' 'ok 1 - a'
	echo '==1== leak' >&2
	kill -SEGV $$
	END
	chmod +x program
	AM_TAP_AWK='awk' "$top_srcdir/testsuite/lib/tap-quiet" "$top_srcdir/build-aux/tap-driver.sh" \
		--test-name program --log-file log --trs-file trs -- ./program > out
	head -n 1 out | grep -qx '==1== leak' || fail "$(cat out)"
	! grep -q 'no reason' out || fail "$(cat out)"
}

test_a_command_that_ends_with_77_is_no_skip() {
	cat > program <<-'END'
	. "$top_srcdir/testsuite/lib/tap.sh"
	test_skip() { skip reason; }
	test_command() { sh -c 'exit 77'; }
	run_tests "$@"
	END
	status 1 sh program test_skip test_command > out
	printf '%s\n' 1..2 'ok 1 - skip # SKIP reason' 'not ok 2 - command' | same out
}

print_function_lengths
run_tests "$@"
