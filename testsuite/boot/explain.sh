# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What explain says, here, of the guest's root directory, against what the guest saw: which
# modules were there, the first to be loaded first, and what the kernel had asked for. For
# boot.sh, which sources image.sh and cases.sh first.

: "${CONFIGURATIONS:?}"

# The guest's root directory, with these statements in its modprobe.d.
guest_root() { # STATEMENTS
	case $(kmod-devname --version) in *+LIBKMOD*) ;; *) skip "built without libkmod" ;; esac
	copy_tree "$BOOT/root" "$PWD/root"
	mkdir root/etc/modprobe.d
	echo "$1" | tr ';' '\n' > root/etc/modprobe.d/x.conf
}

# Leaves explain's lines in "explained" and "explained.json", the first of them in "verdict".
explain_number() { # NUMBER
	kmod-devname explain -b root "$1" "$BOOT_VERSION" > explained || [ $? -eq 1 ]
	kmod-devname explain --json -b root "$1" "$BOOT_VERSION" > explained.json || [ $? -eq 1 ]
	head -n 1 explained | sed 's/.*  //' > verdict
	cat explained
}

# A word of the guest's line, a list, one a line.
seen() { # WORD
	sed -n "s/.* $1=\([^ ]*\).*/\1/p" result | tr ',' '\n' | sed '/^$/d'
}

# What becomes of each module is what the guest saw.
modules_agree() {
	sed -n 's/^    {"name": "\([^"]*\)", "result": "loads", .*/\1/p' explained.json > expected
	grep ' before=0 .* modules=' result && seen modules | same expected
}

# The verdict, which sums it up, names the same modules, or none.
verdict_agrees() {
	sed -n 's/^opening it loads //p' verdict | sed 's/^nothing$//; s/, and not .*//; s/, /\n/g' |
		sed '/^$/d' > expected
	grep -q '^opening it runs a command' verdict || seen modules | same expected || return
	sed -n 's/.*, and not //p' verdict > others
	sed -n 's/^  obstacle  .*: \(.*\) is not loaded, a command is run.*/\1/p' explained >> others
	status 1 sh -c 'grep -xFf others' <<-END
	$(seen modules)
	END
}

# The kernel asks a second time if modprobe fails.
asked_agrees() {
	sed -n 's/^  kernel  .* asks for //p' explained | grep -o '[a-z]*-major-[0-9-]*' > expected || :
	seen asked | sed 's/=.*//' | same expected
}

test_explain_agrees() { # MODULE NAME NUMBER
	guest_root ''
	result node "$2"
	explain_number "$3"
	modules_agree
	verdict_agrees
	asked_agrees
	seen modules | grep -x "$1"
}

# There is no explaining what the hardware does: all but the module itself is as said.
test_explain_agrees_but_for_the_hardware() { # MODULE NAME NUMBER
	guest_root ''
	result node "$2"
	explain_number "$3"
	grep -xE "opening it loads (.*, )?$1" verdict
	sed -i "/^    {\"name\": \"$1\", /d" explained.json
	modules_agree
	asked_agrees
}

# The kernel does not ask if a driver of its own has the number, which explain cannot know.
test_explain_agrees_on_wrong_number() { # MODULE NAME NUMBER
	guest_root ''
	result wrong "$2"
	explain_number "$3"
	grep -xE 'opening it (loads nothing|reaches .*, which is built in)' verdict
	modules_agree
}

# The row of "configurations": sets number, statements, wanted; and its line in "result".
configuration() { # ROW
	IFS='|' read -r number statements wanted <<-END
	$(sed -n "$1p" "$CONFIGURATIONS")
	END
	awk -v row="$1" '$1 == "configured" && $2 == row' "$BOOT/results" > result
	[ "$(wc -l < result)" -eq 1 ] || fail "no line of the guest on row $1"
	cat result
}

test_configured() { # ROW NUMBER STATEMENTS...
	configuration "$1"
	guest_root "$statements"
	explain_number "$number"
	grep -F "$wanted" explained
	modules_agree
	verdict_agrees
	asked_agrees
}

# The control: the same line of the guest, and explain not knowing of the statements.
test_explain_without_the_statements_is_judged_wrong() {
	configuration "$(grep -nxm 1 'c10:229|blacklist fuse|.*' "$CONFIGURATIONS" | cut -d: -f1)"
	guest_root ''
	explain_number "$number"
	! (modules_agree) || fail "the modules agree"
	! (verdict_agrees) || fail "the verdict agrees"
	asked_agrees
}
