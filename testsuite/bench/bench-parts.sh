# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For bench.sh: what is measured. Each part runs all of its programs in turn, again and again, so
# that what else the machine does hits all alike; the first round of warm caches does not
# count. Every run leaves a line in the file "samples":
# PART TREE PROGRAM ROUND WALL-MS CPU-MS PEAK-KIB.

: "${top_srcdir:?}" "${top_builddir:?}" "${DEPMOD:?}" "${CC:?}" "${scratch=}"

OTHER_RUNS=3 # of cold and growth, which take long
DEPMOD_MODULES_MAX=40000 # at 65,535 depmod gives up
DROP_CACHES=/proc/sys/vm/drop_caches

build_helpers() {
	# shellcheck disable=SC2086 # several words
	{
		$CC -O2 -o measure "$top_srcdir/testsuite/lib/measure.c"
		$CC -O2 -o links "$top_srcdir/testsuite/bench/bench-links.c"
	}
	find_programs
}

find_programs() {
	version=$(kernel_version "$KERNEL")
	modules=$(find "$KERNELS/$KERNEL" -name '*.ko' | wc -l)
	program=$top_builddir/kmod-devname
	MODINFO=$(dirname "$(command -v "$DEPMOD")")/modinfo
	[ -x "$MODINFO" ] || MODINFO=$(command -v modinfo) || MODINFO=
	export MODINFO
}

say() {
	echo "bench: $*" >&2
}

# What programs say, for example of files that only an installed kernel has, is not of interest.
sample() { # PART TREE PROGRAM ROUND COMMAND...
	where="$1 $2 $3 $4"
	shift 4
	figures=$(./measure "$@" 2> messages) || fail "bench: $where: $(cat messages)"
	case $where in
	*' 0') ;;
	*) echo "$where $figures" >> samples ;;
	esac
}

ours() { # PART TREE PROGRAM ROUND DIRECTORY OPTION...
	ours_where="$1 $2 $3 $4"
	directory=$5
	shift 5
	# shellcheck disable=SC2086 # four words
	sample $ours_where "$program" generate -n -b "$directory" "$@" "$version"
}

# A copy of a kernel for depmod to write its files to.
depmod_tree() { # FORMAT
	[ -d "$scratch/depmod-$1" ] ||
		copy_tree "$(kernel_tree "$KERNEL" "$1")/lib/modules/$version" \
			"$scratch/depmod-$1/lib/modules/$version"
	echo "$scratch/depmod-$1"
}

# As it is always run: with -n it would leave out the binary files, a quarter of its time and half
# of its memory.
depmods() { # PART TREE ROUND FORMAT DIRECTORY
	! depmod_reads "$4" || sample "$1" "$2" depmod "$3" "$DEPMOD" -b "$5" "$version"
	[ -z "$BENCH_DEPMOD" ] || ! depmod_reads "$4" "$BENCH_DEPMOD" ||
		sample "$1" "$2" other "$3" "$BENCH_DEPMOD" -b "$5" "$version"
}

# The depmod that can make an index of such modules, if there is one.
depmod_for() { # FORMAT
	for depmod in "$DEPMOD" $BENCH_DEPMOD; do
		! depmod_reads "$1" "$depmod" || {
			echo "$depmod"
			return
		}
	done
}

# Are the modules older than the index, so that few are read?
index_is_fresh() { # FORMAT
	index=$scratch/$1/lib/modules/$version/modules.dep
	"$program" generate -n -v --source=auto -b "$scratch/$1" "$version" >/dev/null 2> messages
	! grep -q stale-index messages && [ "$(wc -l < "$index")" -eq "$modules" ] &&
		[ -z "$(find "$scratch/$1" -name '*.ko*' -newercc "$index" | head -n 1)" ]
}

# A kernel as it is after its installation: depmod has run where it lies. The copy shares no file
# with the kernel, whose next link would change the times of both. The pause makes the index newer
# than the modules also where times are coarse.
install_kernel() { # FORMAT
	depmod=$(depmod_for "$1")
	[ -n "$depmod" ] || return 0
	mkdir -p "$scratch/$1/lib/modules"
	cp -a "$(kernel_tree "$KERNEL" "$1")/lib/modules/$version" "$scratch/$1/lib/modules"
	sync # lest it be written during the runs
	sleep 1
	"$depmod" -b "$scratch/$1" "$version" 2> messages ||
		fail "bench: $depmod: $(cat messages)"
	index_is_fresh "$1" || fail "bench: the index of $depmod is not fresh: $(cat messages)"
}

# What is compared must do the same work: find the same nodes, look at all modules.
check_programs() { # FORMAT
	tree=$(kernel_tree "$KERNEL" "$1")
	"$program" generate -n -b "$tree" "$version" | sed 1d | sort > nodes
	[ -s nodes ] || fail "bench: no nodes in $tree"
	! script_reads "$1" || "$top_srcdir/testsuite/bench/bench-modinfo.sh" "$tree" | sort | cmp -s - nodes ||
		fail "bench: bench-modinfo.sh finds other nodes in $tree"
	[ ! -d "$scratch/$1" ] || for how in index auto; do
		"$program" generate -n -b "$scratch/$1" --source=$how "$version" | sed 1d | sort |
			cmp -s - nodes || fail "bench: --source=$how finds other nodes"
	done
}

# modinfo is of the same version as depmod.
script_reads() { # FORMAT
	[ -n "$MODINFO" ] && depmod_reads "$1"
}

warm_tree() { # FORMAT ROUND
	tree=$(kernel_tree "$KERNEL" "$1")
	depmods warm "$1" "$2" "$1" "$(depmod_tree "$1")"
	! script_reads "$1" ||
		sample warm "$1" script "$2" "$top_srcdir/testsuite/bench/bench-modinfo.sh" "$tree"
	ours warm "$1" modules-1 "$2" "$tree" --threads 1
	ours warm "$1" modules-all "$2" "$tree"
	[ -d "$scratch/$1" ] || return 0
	ours warm "$1" auto "$2" "$scratch/$1" --source=auto
	ours warm "$1" index "$2" "$scratch/$1" --source=index
}

measure_warm() {
	for format in $BENCH_TREES; do
		say "the modules, $format"
		kernel_tree "$KERNEL" "$format" >/dev/null
	done
	for format in $BENCH_TREES; do
		install_kernel "$format"
		check_programs "$format"
	done
	round=0
	while [ "$round" -le "$BENCH_RUNS" ]; do
		say "warm caches, round $round of $BENCH_RUNS"
		for format in $BENCH_TREES; do
			warm_tree "$format" "$round"
		done
		round=$((round + 1))
	done
	for format in $BENCH_TREES; do
		[ ! -d "$scratch/$format" ] || index_is_fresh "$format" ||
			fail "bench: the times of the modules, $format, changed meanwhile"
	done
}

# The programs and their libraries.
program_files() {
	for file in "$program" "$DEPMOD" ./measure; do
		command -v "$file"
		ldd "$(command -v "$file")" | grep -o '/[^ ]*'
	done
}

# Only the tree is to be cold: the programs are read back, and have been run.
make_cold() {
	sync
	echo 3 > "$DROP_CACHES"
	xargs cat < cold-files > /dev/null
	for file in "$program" "$DEPMOD"; do
		./measure "$file" --version > /dev/null
	done
}

cold_tree() { # FORMAT ROUND
	tree=$(depmod_tree "$1")
	! depmod_reads "$1" || {
		make_cold
		sample cold "$1" depmod "$2" "$DEPMOD" -b "$tree" "$version"
	}
	make_cold
	ours cold "$1" modules-1 "$2" "$tree" --threads 1
	make_cold
	ours cold "$1" modules-all "$2" "$tree"
}

measure_cold() {
	if [ "$(id -u)" -ne 0 ] || ! echo 3 2>/dev/null > "$DROP_CACHES"; then
		say "cold caches are not measured: $DROP_CACHES cannot be written to"
		return
	fi
	program_files | sort -u > cold-files
	round=1
	while [ "$round" -le "$OTHER_RUNS" ]; do
		say "cold caches, round $round of $OTHER_RUNS"
		for format in $BENCH_TREES; do
			case $format in
			plain | zst) cold_tree "$format" "$round" ;;
			esac
		done
		round=$((round + 1))
	done
}

# The modules of the kernel in its order; those with a node first, to be linked once, so that
# their number does not grow.
list_modules() { # DIRECTORY
	"$program" generate -n -b "$KERNELS/$KERNEL" "$version" | sed 1d > nodes
	awk -v directory="$1" '
	NR == FNR { declares[$1] = 1; next }
	{
		name = $1
		sub(/.*\//, "", name)
		sub(/\.ko$/, "", name)
		gsub(/-/, "_", name)
		if (name in declares)
			print "once " directory "/" $1
		else
			others[n++] = directory "/" $1
	}
	END {
		for (i = 0; i < n; i++)
			print others[i]
	}' nodes "$KERNELS/$KERNEL/lib/modules/$version/modules.order" > module-list
	[ "$(grep -c '^once ' module-list)" -eq "$(wc -l < nodes)" ] ||
		fail "bench: modules.order does not have all modules"
}

growth_size() { # SIZE ROUND
	[ "$1" -gt "$DEPMOD_MODULES_MAX" ] || depmods growth "$1" "$2" plain "$scratch/growth"
	ours growth "$1" modules-1 "$2" "$scratch/growth" --threads 1
	ours growth "$1" modules-all "$2" "$scratch/growth"
}

# Real modules under other names, in 100 directories: what is there stays, and more is added.
measure_growth() {
	copy_tree "$KERNELS/$KERNEL/lib/modules/$version" "$scratch/pool"
	list_modules "$scratch/pool"
	tree=$scratch/growth/lib/modules/$version
	mkdir -p "$tree/kernel"
	size=0
	for next in $BENCH_SIZES; do
		say "growth, $next modules"
		./links "$tree" "$size" "$next" < module-list >> "$tree/modules.order"
		size=$next
		[ "$("$program" generate -n -b "$scratch/growth" "$version" | wc -l)" -eq \
			"$(($(wc -l < nodes) + 1))" ] || fail "bench: $next modules, other nodes"
		round=0
		while [ "$round" -le "$OTHER_RUNS" ]; do
			growth_size "$next" "$round"
			round=$((round + 1))
		done
	done
}
