#!/usr/bin/env bash
# long.sh: what `make check-long` runs: the suites that `make check` samples, in full, and
# docs/results/long.md from them. Half an hour and more.
#   FUZZ_SECONDS     for the fuzz targets together (1200)
#   RISKML_CYCLES    import, score, error in one backend (100000)
#   RISKML_MEMORY_ROWS  rows that are scored in one statement (10,000,000)
#   RISKML_STRESS    seconds of scoring under a changing registry (120)
#   RISKML_SOAK      seconds of random jobs, accidents included (180)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export FUZZ_SECONDS=${FUZZ_SECONDS:-1200} RISKML_CYCLES=${RISKML_CYCLES:-100000} RISKML_LONG=--long RISKML_STRESS=${RISKML_STRESS:-120} RISKML_SOAK=${RISKML_SOAK:-180} RISKML_MEMORY_ROWS=${RISKML_MEMORY_ROWS:-10000000}
export RISKML_RESULTS
RISKML_RESULTS=$(mktemp)
output=$(mktemp) bench=$(mktemp)
trap 'rm -f "$RISKML_RESULTS" "$output" "$bench"' EXIT

# before anything is written
commit=$(git -C "$top" describe --always --dirty 2>/dev/null || say unknown)

rc=0
"$harness/check.sh" unit parity fixtures malformed fuzz tap 2>&1 | tee "$output" || rc=$?

"$harness/bench.sh" import 2>&1 | tee "$bench" || rc=$?

# What the suites say of themselves.
facts() { grep -hE '^(ok|not ok) [0-9]+ - (parity (in all|scorer)|fuzz )|^# (fuzz|import|image|cron|records|soak|[0-9]+ (fixtures|cycles)).*' "$output" || true; }
{
    say "# make check-long"
    say
    say "Written by \`make check-long\` on $(date -u +%F), commit $commit," \
        "with $FUZZ_SECONDS seconds of fuzzing and $RISKML_CYCLES cycles."
    say
    say "| suite | passed | failed | skipped | seconds |"
    say "|---|---|---|---|---|"
    awk -F'\t' '{ print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " |" }' "$RISKML_RESULTS"
    say
    facts | sed 's/^/    /'
    say
    say "Imports (\`make bench-import\`; limits: 50 ms and 8 times the file):"
    say
    sed 's/^/    /' "$bench"
} >"$top/docs/results/long.md"
say "written: docs/results/long.md"
exit "$rc"
