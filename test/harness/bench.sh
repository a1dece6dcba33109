#!/usr/bin/env bash
# bench.sh NAME: what `make bench-NAME` runs: builds and installs from a copy of the tree, then
# test/bench/NAME.py on a temporary cluster. Measure on a machine that does nothing else.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server
"$harness/setup.sh"
find_pg_config || die "no PostgreSQL development files found"
tree=$(mktemp -d /tmp/riskml-bench-XXXXXX)
trap 'rm -rf "$tree"' EXIT
copy_tree "$tree"
make -s -C "$tree" -j"$(nproc)" all >/dev/null
install_from "$tree"
cd "$tree"
test/harness/with-cluster "test/bench/$1.py"
