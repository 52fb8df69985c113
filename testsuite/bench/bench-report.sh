# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For bench.sh: what came out of it. The samples are summed up in the file "summary", and all
# that is printed is made of that.

: "${top_srcdir:?}" "${top_builddir:?}" "${DEPMOD:?}" "${version=}" "${modules=}"

# One line for each tree and program: PART TREE PROGRAM RUNS, median, least and most of wall and
# of CPU, peak KiB; and what it is compared with: TREE PROGRAM, the ratio of the medians of
# wall, the least and most of the rounds, the ratio of the medians of CPU; or "-". The same six
# follow for the second depmod.
# shellcheck disable=SC2016 # awk's own
SUMMARY='
function sorted(from, n, to,    i, j, v) {
	for (i = 1; i <= n; i++) {
		v = from[i]
		for (j = i - 1; j > 0 && to[j] > v; j--)
			to[j + 1] = to[j]
		to[j + 1] = v
	}
}
function median(v, n) {
	return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
}
function spread(key, figures,    i, from, to) {
	for (i = 1; i <= runs[key]; i++)
		from[i] = figures[key, i]
	sorted(from, runs[key], to)
	middle[key, figures[0]] = median(to, runs[key])
	return sprintf("%.3f %.3f %.3f", middle[key, figures[0]], to[1], to[runs[key]])
}
function reference(part, tree) {
	if ((part " " tree " depmod") in runs)
		return part " " tree " depmod"
	if ((part " " tree " other") in runs)
		return part " " tree " other"
	return part == "warm" ? part " plain depmod" : "-"
}
function compare(key, other,    i, ratio, least, most, part) {
	if (!(other in runs))
		return "- - - - - -"
	for (i = 1; i <= runs[key]; i++) {
		ratio = wall[other, i] / wall[key, i]
		if (i == 1 || ratio < least) least = ratio
		if (i == 1 || ratio > most) most = ratio
	}
	split(other, part, " ")
	return sprintf("%s %s %.3f %.3f %.3f %.3f", part[2], part[3],
		middle[other, "wall"] / middle[key, "wall"], least, most,
		middle[other, "cpu"] / (middle[key, "cpu"] > 0 ? middle[key, "cpu"] : 0.001))
}
{
	key = $1 " " $2 " " $3
	if (!(key in runs))
		order[++n] = key
	i = ++runs[key]
	wall[key, i] = $5
	cpu[key, i] = $6
	if ($7 > memory[key])
		memory[key] = $7
}
END {
	wall[0] = "wall"
	cpu[0] = "cpu"
	for (i = 1; i <= n; i++)
		figures[i] = spread(order[i], wall) " " spread(order[i], cpu)
	for (i = 1; i <= n; i++) {
		split(order[i], part, " ")
		print order[i], runs[order[i]], figures[i], memory[order[i]],
			compare(order[i], reference(part[1], part[2])),
			compare(order[i], part[1] " " part[2] " other")
	}
}'

write_labels() {
	cat > labels <<-END
	depmod depmod ($("$DEPMOD" -V | head -n 1))
	other depmod ($([ -z "$BENCH_DEPMOD" ] || "$BENCH_DEPMOD" -V | head -n 1))
	script find | modinfo | awk
	modules-1 generate, 1 thread
	modules-all generate, all CPUs
	auto generate --source=auto
	index generate --source=index
	END
}

print_part() { # PART TITLE
	grep -q "^$1 " summary || return 0
	printf '\n%s\n' "$2"
	printf '%-7s %-30s %9s %-17s %8s %-15s %7s %7s %-13s %6s %7s %s\n' "$([ "$1" = growth ] &&
		echo modules || echo tree)" program 'wall ms' '   min-max' 'CPU ms' '   min-max' \
		'RSS MiB' 'wall x' '  min-max' 'CPU x' "${BENCH_DEPMOD:+2nd x}" \
		"${BENCH_DEPMOD:+  min-max}"
	awk -v wanted="$1" '
	FILENAME == "labels" { label[$1] = substr($0, length($1) + 2); next }
	$1 != wanted { next }
	$2 != tree {
		if (tree != "" && wanted != "growth") print ""
		tree = $2
		if ($12 != "-" && $12 != tree)
			print tree ": depmod cannot read these; compared with depmod and plain modules"
	}
	{
		printf "%-7s %-30s %9.1f %8.1f-%-8.1f %8.1f %7.1f-%-7.1f %7.1f", $2,
			substr(label[$3], 1, 30), $5, $6, $7, $8, $9, $10, $11 / 1024
		if ($12 != "-")
			printf " %7.2f %6.2f-%-6.2f %6.2f", $14, $15, $16, $17
		if ($18 != "-")
			printf " %7.2f %6.2f-%.2f", $20, $21, $22
		print ""
	}' labels summary
}

# shellcheck disable=SC2016 # awk's own
TARGETS='
function ratio(part, tree, program) {
	if (!((part " " tree " " program) in row) || times[part, tree, program] == "-")
		return ""
	return times[part, tree, program]
}
function target(what, unit, sense, wanted, reached,    ok) {
	if (reached == "")
		return
	ok = sense == "<" ? reached + 0 <= wanted : reached + 0 >= wanted
	if (!n++)
		printf "\n%-30s %-25s %s\n", "Targets", "target", "reached"
	printf "%-30s %-25s %-20s %s\n", what, (sense == "<" ? "at most " : "at least ") wanted " " unit,
		sprintf("%.2f %s", reached, unit), ok ? "yes" : "no"
}
function larger(a, b) {
	return a > b ? a : b
}
{
	row[$1 " " $2 " " $3] = 1
	wall[$1, $2, $3] = $5
	mib[$1, $2, $3] = $11 / 1024
	# against the same modules, or it would not be the target that was set
	times[$1, $2, $3] = $12 == $2 ? $14 : "-"
}
END {
	target("plain, all CPUs", "x depmod", ">", 25, ratio("warm", "plain", "modules-all"))
	target("plain, 1 thread", "x depmod", ">", 14, ratio("warm", "plain", "modules-1"))
	if ("warm plain modules-all" in row)
		target("plain, peak memory", "MiB", "<", 8, larger(mib["warm", "plain", "modules-1"],
			mib["warm", "plain", "modules-all"]))
	target("plain, cold cache", "x depmod", ">", 4.5, ratio("cold", "plain", "modules-all"))
	target("zst, all CPUs", "x depmod", ">", 3.8, ratio("warm", "zst", "modules-all"))
	target("gz, all CPUs, zlib", "x depmod", ">", 2.4, ratio("warm", "gz", "modules-all"))
	target("xz, --source=auto", "x depmod", ">", 35, ratio("warm", "xz", "auto"))
	target("plain, --source=index", "x depmod", ">", 50, ratio("warm", "plain", "index"))
	if (!("growth 100000 modules-all" in row))
		exit
	target("100000 modules, all CPUs", "ms", "<", 500, wall["growth", 100000, "modules-all"])
	target("100000 modules, peak memory", "MiB", "<", 16,
		larger(mib["growth", 100000, "modules-1"], mib["growth", 100000, "modules-all"]))
}'

describe() {
	echo "Linux $version, $modules modules; $(cpus) CPUs, $(uname -m);" \
		"$("$DEPMOD" -V | head -n 1)"
	echo "Medians, and least and most of all runs; x: how many times longer depmod takes." \
		"Warm caches: $BENCH_RUNS runs; others: $OTHER_RUNS."
	[ -z "$BENCH_DEPMOD" ] || echo "2nd x: the same for the depmod of $("$BENCH_DEPMOD" -V | head -n 1)."
	echo "depmod writes all of its files into the tree, without waiting for the disk;" \
		"generate prints its one."
}

report() {
	write_labels
	awk "$SUMMARY" samples > summary
	[ -s summary ] || fail "bench: nothing was measured"
	describe
	print_part warm "Warm caches"
	print_part cold "Cold caches"
	print_part growth "Growth with the number of modules, plain, warm caches"
	awk "$TARGETS" summary
}
