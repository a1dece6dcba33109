#!/usr/bin/env bash
# demo.sh: what `make demo` runs. Builds and installs riskml, makes the demo's cluster anew (.demo/,
# owned by an unprivileged user when started as root), runs data/demo.sh on it and stops it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
forget_callers_server
"$harness/setup.sh" demo
find_pg_config || die "no PostgreSQL development files found"

say "Building and installing riskml for $("$PG_CONFIG" --version)"
make -s -C "$top" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
install_from "$top"

remove_demo
dir=$(make_demo)
"$harness/with-cluster" --keep "$dir" "$top/data/demo.sh"

say ""
say "The demo's cluster is stopped and kept in $dir."
[ "$dir" = "$top/.demo" ] || say "(.demo points there: user $(plain_user) cannot reach this folder.)"
say "  make shell     psql on it: the loans, the models, everything above"
say "  make demo      makes it anew"
