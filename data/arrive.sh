#!/usr/bin/env bash
# arrive.sh: puts file number N of two with half of the loans each into FOLDER.  Some rows are broken on purpose:
# an income that is no number, a row that was cut, an amount below zero; in the second file a byte that is no UTF-8.
set -euo pipefail
cd "$(dirname "$0")"
new=$FOLDER/loans_$N.csv
LC_ALL=C awk -v n="$N" -v half=2228 'BEGIN { FS = OFS = "," }
    NR == 1 { print; next }
    (n == 1) != (NR <= half) { next }
    NR == 100 { $10 = "a lot" }
    NR == 200 { NF = 5 }
    NR == 300 { $13 = "-1000" }
    NR == 3000 { $8 = "fix\377d" }
    { print }' credit_data.csv >"$new"
chmod 644 "$new"
echo "    $new: $(($(wc -l <"$new") - 1)) loans"
