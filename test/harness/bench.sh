#!/usr/bin/env bash
# bench.sh NAME: what `make bench` (NAME score) and `make bench-NAME` run: builds and installs from a
# copy of the tree, then test/bench/NAME.py on a temporary cluster, with the settings of
# test/bench/NAME.conf if there is one. Measure on a machine that does nothing else.
#   ROWS    of the table (score only); with another number than the default's, docs/ and README stay
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server
"$harness/setup.sh" "bench-$1"
find_pg_config || die "no PostgreSQL development files found"
tree=$(mktemp -d /tmp/riskml-bench-XXXXXX)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"           # the server loads the do-nothing function from there
copy_tree "$tree"
make -s -C "$tree" -j"$(nproc)" all >/dev/null
install_from "$tree"
commit=$(git -C "$top" describe --always --dirty 2>/dev/null || say unknown)
export RISKML_COMMIT=$commit RISKML_TOP=$top
cd "$tree"
conf=()
[ ! -f "test/bench/$1.conf" ] || conf=(--conf "test/bench/$1.conf")
test/harness/with-cluster "${conf[@]}" "test/bench/$1.py"
