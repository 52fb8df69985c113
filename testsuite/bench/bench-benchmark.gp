# SPDX-License-Identifier: GPL-2.0-or-later
#
# For bench-report.sh: bars, one block of data each program. data, heading, picture, marks are set.

set terminal svg size 1000,560 font "sans-serif,12" background "white"
set output picture
set title heading font ",14"
set logscale y
set format y "%gx"
set ylabel "times as fast as depmod"
set grid ytics lt 1 lc rgb "#dddddd"
set border 3
set tics nomirror
set xtics scale 0
eval "set xtics (" . marks . ")"
set xlabel " " # room for ticks of two lines
set rmargin 9
set key below maxcols 2 Left reverse samplen 1.5
set style fill solid 1.0 noborder
set offsets 0.5, 0.5, 0, 0
set yrange [0.2:*]
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "#444444" lw 1.5 front
set label "depmod" at graph 1, first 1 offset 0.5, 0 tc rgb "#444444" front

array color[8] = ["#888888", "#c8a27a", "#cccccc", "#a8a8a8", \
	"#8fbce6", "#2f6fb3", "#7cc08a", "#2e8b57"]

# A bar stands on the line of depmod, or hangs from it. Those without data have no key.
stats data using 2 nooutput
rows(i) = system(sprintf("awk -v RS= 'NR == %d && !/NaN/' %s | wc -l", i + 1, data)) + 0

plot for [i = 0:7] data index i \
	using 1:2:($1 - 0.45):($1 + 0.45):(1):2 with boxxyerror lc rgb color[i + 1] \
	title (rows(i) > 0 ? columnheader(1) : ""), \
	for [i = 0:7] data index i using 1:($2 > 1 ? $2 : 1):3 with labels offset 0, 0.6 font ",10" notitle
