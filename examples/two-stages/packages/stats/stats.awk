# Statistics of the second column, as lines of name=value. The first line is a header.
NR == 1 { next }
NR == 2 { min = max = $2 + 0 }
{
    count++
    sum += $2
    if ($2 + 0 < min) min = $2 + 0
    if ($2 + 0 > max) max = $2 + 0
}
END {
    if (count == 0) exit 1
    printf "count=%d\nmin=%.1f\nmax=%.1f\nmean=%.2f\n", count, min, max, sum / count
}
