#!/usr/bin/env bash
# demo_jobs.sh: what `make demo-jobs` runs. Builds and installs riskml, and runs data/demo_jobs.sh on a
# temporary cluster that has jobs run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server
"$harness/setup.sh" demo-jobs
find_pg_config || die "no PostgreSQL development files found"

say "Building and installing riskml for $("$PG_CONFIG" --version)"
make -s -C "$top" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
install_from "$top"
"$harness/with-cluster" --killed --conf "$top/data/demo_jobs.conf" "$top/data/demo_jobs.sh"
