#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench-modinfo.sh DIR: the nodes that the modules below a directory declare, as a user would
# find them with modinfo, which is MODINFO or in PATH. One modinfo looks at many modules;
# -F would not say which of them an alias is from.
set -eu

find "$1" -name '*.ko*' -print0 | xargs -0 "${MODINFO:-modinfo}" | awk '
function print_node() {
	if (name != "" && number != "")
		print module, name, number
	name = number = ""
}
$1 == "filename:" {
	print_node()
	module = $2
	sub(/.*\//, "", module)
	sub(/\.ko.*/, "", module)
	gsub(/-/, "_", module)
}
$1 == "alias:" && $2 ~ /^devname:/ {
	name = substr($2, 9)
}
$1 == "alias:" && $2 ~ /^(char|block)-major-[0-9]+-[0-9]+$/ {
	split($2, part, "-")
	number = substr($2, 1, 1) part[3] ":" part[4]
}
END {
	print_node()
}'
