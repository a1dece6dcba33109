#!/usr/bin/env bash
# selftest.sh: what `make check-selftest` runs. Plants faults in scratch copies of the tree and shows
# that each turns `make check` red, and that nothing is red without them. TAP, then the summary.
# test/parity/run.py reads RISKML_PLANT (its plant.py lists the faults), test/fuzz/run takes =oob.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset RISKML_PLANT RISKML_RESULTS
work=$(mktemp -d /tmp/riskml-selftest-XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
n=0 passed=0

result() {      # result ok|"not ok" NAME
    n=$((n + 1))
    say "$1 $n - $2"
    if [ "$1" = ok ]; then passed=$((passed + 1)); else tail -n 25 "$work/log" | sed 's/^/# /'; fi
}

fresh() { rm -rf "$work/tree"; mkdir "$work/tree"; copy_tree "$work/tree"; }
check() { (cd "$work/tree" && "$@" test/harness/check.sh "${suites[@]}") >"$work/log" 2>&1; }

# red NAME PATTERN SUITE [VAR=VALUE]: the run must end with exit code 1, a count of failures, and a
# failed test of that suite whose name matches PATTERN. A suite that only died ("exit code N") found nothing.
red() {
    local name=$1 pattern=$2 rc=0; suites=("$3"); shift 3
    check env "$@" || rc=$?
    if [ "$rc" = 1 ] && grep -E "^FAILED   ${suites[0]}: " "$work/log" | sed 's/^[^:]*: //' |
        grep -v '^exit code' | grep -qE "^$pattern" &&
        tail -n 1 "$work/log" | grep -qxE '[0-9]+ passed, [1-9][0-9]* failed, [0-9]+ skipped'; then
        result ok "$name turns ${suites[0]} red"
    else
        result "not ok" "$name turns ${suites[0]} red"
    fi
}

suites=(regress isolation tap parity fuzz)
fresh
if check env FUZZ_SECONDS=10; then result ok "nothing planted: green"; else result "not ok" "nothing planted: green"; fi

say "SELECT 'planted' AS fault;" >"$work/tree/test/sql/zz_planted.sql"
say "SELECT 'nothing' AS fault;" >"$work/tree/expected/zz_planted.out"
red "a regress test that fails" zz_planted regress

fresh
printf 'session s\nstep planted { SELECT 1; }\npermutation planted\n' >"$work/tree/test/isolation/specs/zz_planted.spec"
say "nothing" >"$work/tree/test/isolation/expected/zz_planted.out"
red "an isolation test that fails" zz_planted isolation

fresh
printf 'use strict;\nuse warnings;\nuse Test::More;\nok(0, "planted");\ndone_testing();\n' >"$work/tree/test/tap/zz_planted.pl"
red "a TAP test that fails" planted tap
printf 'use strict;\nuse warnings;\nuse Test::More;\nplan(tests => 2);\nok(1, "before");\nexit 0;\n' >"$work/tree/test/tap/zz_planted.pl"
red "a TAP test that ends early" 'ran ' tap
printf 'use strict;\nuse warnings;\nuse Test::More;\nSKIP: { skip "planted", 1; }\ndone_testing();\n' >"$work/tree/test/tap/zz_planted.pl"
red "a skip that is not allowed" '.*not in test/allowed_skips' tap

fresh
red "a leaf changed by one ulp" '' parity RISKML_PLANT=leaf_ulp
red "two trees swapped" '' parity RISKML_PLANT=swap_trees
red "a wrong default direction" '' parity RISKML_PLANT=default_dir
red "a category more in a split" '' parity RISKML_PLANT=category_bit
red "a linear weight changed by one ulp" '' parity RISKML_PLANT=linear_weight
red "a value of a vector leaf changed by one ulp" '' parity RISKML_PLANT=leaf_vector
red "a read out of bounds" '' fuzz RISKML_PLANT=oob

printf '#include "registry/planted.h"\n' >>"$work/tree/src/base/error.c"
red "an include upwards" '.*' layers

say "1..$n"
say "$passed passed, $((n - passed)) failed, 0 skipped"
[ "$passed" = "$n" ]
