# SPDX-License-Identifier: GPL-2.0-or-later
#
# For bench-report.sh: curves, one block of data each program. data, heading, picture are set.

set terminal svg size 800,500 font "sans-serif,12" background "white"
set output picture
set title heading font ",14"
set logscale xy
set xrange [400:125000]
set xlabel "modules"
set ylabel "wall time"
set xtics (500, 1000, 2000, 4000, "10,000" 10000, "40,000" 40000, "100,000" 100000)
set ytics ("1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1000, "10 s" 10000)
set grid xtics ytics lt 1 lc rgb "#dddddd"
set border 3
set tics nomirror
set key top left Left reverse

array color[3] = ["#444444", "#8fbce6", "#2f6fb3"]

plot for [i = 0:2] data index i using 1:2 with linespoints \
	lw 2 pt 7 ps 0.6 lc rgb color[i + 1] title columnheader(1)
