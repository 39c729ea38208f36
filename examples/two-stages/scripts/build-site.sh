#!/bin/sh
# Makes build/site from the report, with the layout that stage `test` installed.
set -eu

rm -rf build/site
mkdir -p build/site

rows=$(jq --raw-output '.[] | [.station, .min, .mean, .max] | @tsv' build/report.json |
    sort -t '	' -k 3,3nr |
    sed -f vendor/page/row.sed)

sed -e "s/@TITLE@/Temperatures/" -e "s/@STAGE@/$CI_JOB_STAGE/" vendor/page/layout.html |
    while IFS= read -r line; do
        if [ "$line" = "@BODY@" ]; then
            printf '<table>\n%s\n</table>\n' "$rows"
        else
            printf '%s\n' "$line"
        fi
    done > build/site/index.html

cp build/report.json build/site/
echo "built $(wc -c < build/site/index.html | tr -d ' ') bytes"
