#!/usr/bin/env bash
# demo_train.sh: what `make demo-train` runs. Builds and installs riskml with its trainer, and runs
# data/demo_train.sh on a temporary cluster that has jobs run.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server
"$harness/setup.sh" demo-train
find_pg_config || die "no PostgreSQL development files found"

say "Building and installing riskml for $("$PG_CONFIG" --version)"
make -s -C "$top" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
install_from "$top"
"$harness/with-cluster" --conf "$top/data/demo_train.conf" "$top/data/demo_train.sh"
