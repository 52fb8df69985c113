# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For bench.sh: what came out of it. The samples are summed up in the file "summary", and all
# that is printed, written and drawn is made of that.

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

# PROGRAM LABEL, and PROGRAM/TREE LABEL where the tree matters.
write_labels() {
	cat > labels <<-END
	depmod depmod ($("$DEPMOD" -V | head -n 1))
	other depmod ($([ -z "$BENCH_DEPMOD" ] || "$BENCH_DEPMOD" -V | head -n 1))
	script find | modinfo | awk
	floor-1/gz zlib alone, 1 thread
	floor-all/gz zlib alone, all CPUs
	floor-1/xz liblzma alone, 1 thread
	floor-all/xz liblzma alone, all CPUs
	floor-1/zst libzstd alone, 1 thread
	floor-all/zst libzstd alone, all CPUs
	modules-1 generate, 1 thread
	modules-all generate, all CPUs
	auto generate --source=auto
	index generate --source=index
	END
}

# shellcheck disable=SC2016 # awk's own
LABELS='
FILENAME == "labels" {
	label[$1] = substr($0, length($1) + 2)
	next
}
function label_of(program, tree) {
	if ((program "/" tree) in label)
		return label[program "/" tree]
	return label[program]
}'

print_part() { # PART TITLE
	grep -q "^$1 " summary || return 0
	printf '\n%s\n' "$2"
	printf '%-7s %-30s %9s %-17s %8s %-15s %7s %7s %-13s %6s %7s %s\n' "$([ "$1" = growth ] &&
		echo modules || echo tree)" program 'wall ms' '   min-max' 'CPU ms' '   min-max' \
		'RSS MiB' 'wall x' '  min-max' 'CPU x' "${BENCH_DEPMOD:+2nd x}" \
		"${BENCH_DEPMOD:+  min-max}"
	awk -v wanted="$1" "$LABELS"'
	$1 != wanted { next }
	$2 != tree {
		if (tree != "" && wanted != "growth") print ""
		tree = $2
		if ($12 != "-" && $12 != tree)
			print tree ": depmod cannot read these; compared with depmod and plain modules"
	}
	{
		printf "%-7s %-30s %9.1f %8.1f-%-8.1f %8.1f %7.1f-%-7.1f %7.1f", $2,
			substr(label_of($3, $2), 1, 30), $5, $6, $7, $8, $9, $10, $11 / 1024
		if ($12 != "-")
			printf " %7.2f %6.2f-%-6.2f %6.2f", $14, $15, $16, $17
		if ($18 != "-")
			printf " %7.2f %6.2f-%.2f", $20, $21, $22
		print ""
	}' labels summary
}

# The rows of the table of targets, as: MEASURED|UNIT|AT MOST OR AT LEAST|TARGET|WHAT.
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
	printf "%s|%s %g %s|%.2f %s|%s\n", what, sense == "<" ? "at most" : "at least", wanted,
		unit, reached, unit, ok ? "yes" : "no"
}
function beside(tree, threads) {
	if (!(("warm " tree " floor-" threads) in row))
		return ""
	return wall["warm", tree, "modules-" threads] / wall["warm", tree, "floor-" threads]
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
	target("xz, 1 thread", "x liblzma alone", "<", 1.05, beside("xz", "1"))
	target("xz, all CPUs", "x liblzma alone", "<", 1.05, beside("xz", "all"))
	target("xz, --source=auto", "x depmod", ">", 35, ratio("warm", "xz", "auto"))
	target("plain, --source=index", "x depmod", ">", 50, ratio("warm", "plain", "index"))
	if (!("growth 100000 modules-all" in row))
		exit
	target("100000 modules, all CPUs", "ms", "<", 500, wall["growth", 100000, "modules-all"])
	target("100000 modules, peak memory", "MiB", "<", 16,
		larger(mib["growth", 100000, "modules-1"], mib["growth", 100000, "modules-all"]))
}'

print_targets() {
	[ -s targets ] || return 0
	printf '\nTargets\n%-40s %-32s %-22s %s\n' what target reached ''
	awk -F '|' '{ printf "%-40s %-32s %-22s %s\n", $1, $2, $3, $4 }' targets
	! grep -q '^warm gz .* plain depmod ' summary ||
		echo "gz: its target needs a depmod that reads .ko.gz: BENCH_DEPMOD"
}

describe() {
	echo "Linux $version, $modules modules; $(cpus) CPUs, $(uname -m);" \
		"$("$DEPMOD" -V | head -n 1); $(./decode --versions | paste -s -d ' ' -)"
	echo "Medians, and least and most of all runs; x: how many times longer depmod takes." \
		"Warm caches: $BENCH_RUNS runs; others: $OTHER_RUNS."
	[ -z "$BENCH_DEPMOD" ] || echo "2nd x: the same for the depmod of $("$BENCH_DEPMOD" -V | head -n 1)."
	echo "depmod writes all of its files into the tree, without waiting for the disk;" \
		"generate prints its one."
}

# shellcheck disable=SC2016 # awk's own
JSON='
function text(s) {
	gsub(/[\\"]/, "\\\\&", s)
	gsub(/[^ -~]/, "?", s)
	return "\"" s "\""
}
function three(name, a, b, c) {
	return sprintf("\"%s\": {\"median\": %s, \"min\": %s, \"max\": %s}", name, a, b, c)
}
function list(name, values) {
	return "\"" name "\": [" values "]"
}
FILENAME == "samples" {
	key = $1 " " $2 " " $3
	sep = key in walls ? ", " : ""
	walls[key] = walls[key] sep $5
	cpus_[key] = cpus_[key] sep $6
	next
}
FILENAME == "targets" {
	split($0, part, "|")
	targets = targets (targets == "" ? "" : ",") sprintf(\
		"\n    {\"what\": %s, \"target\": %s, \"reached\": %s, \"ok\": %s}", text(part[1]),
		text(part[2]), text(part[3]), part[4] == "yes" ? "true" : "false")
	next
}
{
	key = $1 " " $2 " " $3
	line = sprintf("\n    {\"part\": %s, %s, \"program\": %s, \"label\": %s, \"runs\": %d",
		text($1), $1 == "growth" ? "\"modules\": " $2 : "\"tree\": " text($2), text($3),
		text(label_of($3, $2)), $4)
	line = line ",\n     " three("wall_ms", $5, $6, $7) ", " three("cpu_ms", $8, $9, $10)
	line = line sprintf(", \"peak_kib\": %d", $11)
	line = line ",\n     " list("all_wall_ms", walls[key]) ", " list("all_cpu_ms", cpus_[key])
	if ($12 != "-")
		line = line sprintf(",\n     \"compared_with\": %s, %s, \"cpu_ratio\": %s",
			text($12 " " $13), three("wall_ratio", $14, $15, $16), $17)
	if ($18 != "-")
		line = line ",\n     " three("second_wall_ratio", $20, $21, $22)
	rows = rows (rows == "" ? "" : ",") line "}"
}
END {
	printf "{\n  \"about\": %s,\n  \"kernel\": %s,\n  \"modules\": %d,\n  \"cpus\": %d,\n",
		text(about), text(kernel), modules, cpus
	printf "  \"rows\": [%s\n  ],\n  \"targets\": [%s\n  ]\n}\n", rows, targets
}'

write_json() {
	awk -v about="$(describe | head -n 1)" -v kernel="$version" -v modules="$modules" \
		-v cpus="$(cpus)" "$LABELS $JSON" labels samples targets summary > json
	cp json "$BENCH_JSON"
	printf '\n%s\n' "All of it: $BENCH_JSON"
}

# A block for each program: its name, then X RATIO TEXT; and where the trees are on the x axis.
# shellcheck disable=SC2016 # awk's own
BARS='
BEGIN {
	n = split("other script floor-1 floor-all modules-1 modules-all auto index", program, " ")
	title["other"] = "second depmod"
	title["script"] = "find | modinfo | awk"
	title["floor-1"] = "decoder alone, 1 thread"
	title["floor-all"] = "decoder alone, all CPUs"
	title["modules-1"] = "generate, 1 thread"
	title["modules-all"] = "generate, all CPUs"
	title["auto"] = "generate --source=auto"
	title["index"] = "generate --source=index"
}
$1 == "warm" && $3 != "depmod" && $14 != "-" {
	if ($2 != tree[trees]) {
		tree[++trees] = $2
		first[trees] = ++x
		foreign[trees] = $12 != $2
	}
	last[trees] = ++x
	bar[$3, ++bars[$3]] = sprintf("%d %s \"%.*f\"", x, $14, $14 < 10 ? 1 : 0, $14)
}
END {
	for (i = 1; i <= n; i++) {
		printf "\"%s\"\n", title[program[i]]
		for (j = 1; j <= bars[program[i]]; j++)
			print bar[program[i], j]
		if (bars[program[i]] == 0)
			print "NaN NaN \"\""
		print "\n"
	}
	for (i = 1; i <= trees; i++)
		printf "%s\"%s%s\" %g", i == 1 ? "" : ", ", tree[i] == "plain" ? ".ko" : ".ko." tree[i],
			foreign[i] ? "\\nagainst depmod on .ko" : "", (first[i] + 1 + last[i]) / 2 > "xtics"
}'

# shellcheck disable=SC2016 # awk's own
CURVES='
$1 == "growth" { curve[$3] = curve[$3] $2 " " $5 "\n" }
END {
	printf "depmod\n%s\n\n", curve["depmod"]
	printf "\"generate, 1 thread\"\n%s\n\n", curve["modules-1"]
	printf "\"generate, all CPUs\"\n%s\n\n", curve["modules-all"]
}'

# Where pictures go: to the sources only if they show all.
picture_directory() {
	if [ -n "${BENCH_DOC:-}" ]; then
		echo "$BENCH_DOC"
	elif [ "$BENCH_PARTS/$BENCH_TREES" = "$ALL_PARTS/$ALL_TREES" ] &&
		mkdir -p "$top_srcdir/doc" 2>/dev/null && [ -w "$top_srcdir/doc" ]; then
		echo "$top_srcdir/doc"
	else
		echo "$top_builddir/doc"
	fi
}

draw() { # NAME TITLE
	gnuplot -e "data = '$1.data'; heading = '$2'; picture = '$1.svg'" \
		-e "marks = '$(cat xtics)'" "$top_srcdir/testsuite/bench/bench-$1.gp"
	directory=$(picture_directory)
	mkdir -p "$directory"
	sed '1a <!-- SPDX-License-Identifier: GPL-2.0-or-later -->' "$1.svg" > "$directory/$1.svg"
	echo "Drawn: $directory/$1.svg"
}

draw_all() {
	if ! command -v gnuplot >/dev/null; then
		echo "Not drawn: gnuplot is not installed (Debian: gnuplot-nox)"
		return
	fi
	: > xtics
	awk "$BARS" summary > benchmark.data
	awk "$CURVES" summary > growth.data
	on="on $(cpus) CPUs"
	[ ! -s xtics ] || draw benchmark \
		"How many times as fast as depmod: Linux $version, $modules modules, warm caches, $on"
	! grep -q '^growth ' summary || draw growth "Time for a number of modules, warm caches, $on"
}

report() {
	write_labels
	awk "$SUMMARY" samples > summary
	[ -s summary ] || fail "bench: nothing was measured"
	awk "$TARGETS" summary > targets
	describe
	print_part warm "Warm caches"
	print_part cold "Cold caches"
	print_part growth "Growth with the number of modules, plain, warm caches"
	print_targets
	write_json
	draw_all
}
