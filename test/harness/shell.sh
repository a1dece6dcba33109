#!/usr/bin/env bash
# shell.sh: what `make shell` runs: psql on the demo's cluster, which runs only meanwhile.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
find_pg_config || die "no PostgreSQL development files found (make demo)"
dir=$(demo_dir)
as_user test -d "$dir/data" || die "there is no demo cluster yet: run 'make demo' first"
as_user test "$(as_user cat "$dir/data/PG_VERSION")" = "$(pg_major)" ||
    die "the demo's cluster is of PostgreSQL $(as_user cat "$dir/data/PG_VERSION"): run 'make demo' again"
exec "$harness/with-cluster" --keep "$dir" psql
