#!/usr/bin/env bash
# kill_step.sh: kill -9 for the process of step STEP of run RUN while it works, then waits until the
# server is back.  For demo_jobs.sql, as user of the server or root.
set -euo pipefail
ask() { psql -XAtqc "$1" 2>/dev/null; }

within() {      # within SECONDS CMD...: until it prints something, which is $found
    local end=$((SECONDS + $1)); shift
    until found=$("$@") && [ -n "$found" ]; do
        [ "$SECONDS" -lt "$end" ] || { echo "kill_step.sh: waited in vain: $*" >&2; exit 1; }
        sleep 0.1
    done
}

within 60 ask "SELECT pid FROM riskml.running JOIN pg_stat_activity USING (pid)
    WHERE run_id = $RUN AND step = '$STEP' AND wait_event = 'PgSleep'"
sleep 0.5
kill -9 "$found"
echo "    kill -9 $found     # step $STEP of run $RUN"
sleep 0.2
within 60 ask 'SELECT 1'
