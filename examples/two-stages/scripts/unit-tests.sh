#!/bin/sh
# Tests of the packages as they are installed; one line for each, and a status that says it all.
set -u

failed=0
number=0

check() {
    number=$((number + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        printf '    expected: %s\n    found:    %s\n' "$3" "$2"
        failed=$((failed + 1))
    fi
}

stats() {
    printf 'hour,celsius\n%s\n' "$1" | awk -F, -f vendor/stats/stats.awk | tr '\n' ' '
}

check "one value" "$(stats '0,1.5')" "count=1 min=1.5 max=1.5 mean=1.50 "
check "frost" "$(stats '0,-3
1,1')" "count=2 min=-3.0 max=1.0 mean=-1.00 "
check "no value is a failure" "$(printf 'h,c\n' | awk -F, -f vendor/stats/stats.awk; echo $?)" 1
check "a row of cells" "$(printf 'a\t<b>\n' | sed -f vendor/page/row.sed)" \
    "<tr><td>a</td><td>&lt;b&gt;</td></tr>"
check "nothing is to fail" "${FAIL:-}" ""

echo "1..$number"
[ "$failed" -eq 0 ]
