#!/usr/bin/env bash
# check.sh [SUITE...]: what `make check` runs. Installs what is missing, builds and installs from a
# copy of the tree, runs the suites and ends with "N passed, N failed, N skipped"; exit 1 if any
# failed. A skip that test/allowed_skips does not list is a failure. Servers, builds and tests run as an
# unprivileged user in a temporary directory, so the clone stays as it is and may lie anywhere.
# RISKML_RESULTS=FILE also writes the table of suites there, separated by tabs.
# RISKML_LIMIT=SECONDS is how long a suite may take (1500).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server

all=(gcc clang binary layers readme unit regress isolation tap parity stats recipes train fixtures malformed fuzz)
suites=("$@")
[ $# -gt 0 ] || suites=("${all[@]}")
for s in "${suites[@]}"; do
    [[ " ${all[*]} " == *" $s "* ]] || die "no suite \"$s\"; there are: ${all[*]}"
    case $s in binary | readme | regress | isolation | tap | parity | stats | recipes | train | fixtures | malformed) needs_build=1 ;; esac
done
[ -z "${needs_build:-}" ] || [[ " ${suites[*]} " == *" gcc "* ]] || suites=(gcc "${suites[@]}")

"$harness/setup.sh" check "${suites[@]}"
find_pg_config || die "no PostgreSQL development files found"

work=$(mktemp -d /tmp/riskml-check-XXXXXX)
running=
# shellcheck disable=SC2317 # reached by the traps
stop_suite() {
    trap '' INT TERM HUP
    [ -z "$running" ] || { kill -TERM -- "-$running"; wait "$running"; } 2>/dev/null || true
    exit 130
}
trap 'rm -rf "$work"' EXIT
trap stop_suite INT TERM HUP

tree=$work/tree
mkdir "$tree" "$work/tmp" "$work/logs"
copy_tree "$tree"
chmod 755 "$work"
[ "$EUID" != 0 ] || chown -R "$(plain_user)" "$tree" "$work/tmp"
export TMPDIR=$work/tmp
cd "$tree"

plain_words
# run_suite NAME: its output to the screen and to its log. A process group of its own, so that an
# interrupt, or the time limit, ends all of it.
run_suite() {
    local rc=0 screen
    exec {screen}> >(tee "$work/logs/$1")
    local tee=$!
    setsid timeout -k 60 "${RISKML_LIMIT:-1500}" "${as_plain[@]}" HOME="$TMPDIR" test/harness/suite "$1" >&"$screen" 2>&1 </dev/null &
    running=$!
    exec {screen}>&-
    wait "$running" || rc=$?
    running=
    wait "$tee"
    return "$rc"
}

mapfile -t allowed < <(grep -vE '^[[:space:]]*(#|$)' "$top/test/allowed_skips")
skip_allowed() {
    local pattern
    for pattern in "${allowed[@]}"; do
        # shellcheck disable=SC2053 # a pattern is meant
        [[ $1 == $pattern ]] && return
    done
    return 1
}

failures=() skips=() table=()
all_passed=0 all_failed=0 all_skipped=0

# judge SUITE EXITCODE SECONDS: counts the results in its log.
judge() {
    local suite=$1 rc=$2 passed=0 failed=0 skipped=0 what name
    while IFS=$'\t' read -r what name; do
        if [ "$what" = skip ] && ! skip_allowed "$suite: $name"; then
            what=fail; name="$name (skipped, and not in test/allowed_skips)"
        fi
        case $what in
            pass) passed=$((passed + 1)) ;;
            fail) failed=$((failed + 1)); failures+=("$suite: $name") ;;
            skip) skipped=$((skipped + 1)); skips+=("$suite: $name") ;;
        esac
    done < <(awk -f "$harness/tally.awk" "$work/logs/$suite")
    if [ "$failed" = 0 ] && [ "$rc" != 0 ]; then
        failed=1; failures+=("$suite: exit code $rc")
    elif [ $((passed + failed + skipped)) = 0 ]; then
        failed=1; failures+=("$suite: ran no test")
    fi
    table+=("$(printf '%s\t%d\t%d\t%d\t%d' "$suite" "$passed" "$failed" "$skipped" "$3")")
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
}

say "riskml: PostgreSQL $("$PG_CONFIG" --version | cut -d' ' -f2), as $(plain_user), in $work"
for s in "${suites[@]}"; do
    printf '\n== %s\n' "$s"
    begin=$SECONDS rc=0
    run_suite "$s" || rc=$?
    judge "$s" "$rc" $((SECONDS - begin))
    say "-- $s: $((SECONDS - begin)) s"
    if [ "$s" = gcc ] && [ -n "${needs_build:-}" ]; then
        [ "$rc" = 0 ] || break          # the rest would only test what was installed before
        install_from "$tree"
    fi
done

# Whatever still runs with a path of this run in its arguments was left behind by a suite.
mapfile -t left < <(grep -lsaFf <(say "$work/") /proc/[0-9]*/cmdline)
for p in "${left[@]%/cmdline}"; do
    all_failed=$((all_failed + 1)) failures+=("check: left running: $(tr '\0' ' ' <"$p/cmdline")")
    kill -TERM "${p#/proc/}"
done

printf '\n%-12s%9s%9s%9s%9s\n' suite passed failed skipped seconds
printf '%s\n' "${table[@]}" "all"$'\t'"$all_passed"$'\t'"$all_failed"$'\t'"$all_skipped"$'\t'"$SECONDS" |
    awk -F'\t' '{ printf "%-12s%9d%9d%9d%9d\n", $1, $2, $3, $4, $5 }'
[ -z "${RISKML_RESULTS:-}" ] || printf '%s\n' "${table[@]}" >"$RISKML_RESULTS"
say
[ ${#skips[@]} = 0 ] || printf 'skipped  %s\n' "${skips[@]}"
if [ "$all_failed" != 0 ]; then
    printf 'FAILED   %s\n' "${failures[@]}"
    if mkdir -p "$top/build/check" 2>/dev/null && cp -r "$work/logs/." "$top/build/check"; then
        say "The output of each suite is in build/check/."
    fi
fi
say "$all_passed passed, $all_failed failed, $all_skipped skipped"
[ "$all_failed" = 0 ]
