#!/usr/bin/env bash
# The demo: real loans scored in SQL.  `make demo` runs it on a cluster of its own; to see it
# elsewhere, set PGHOST, PGPORT, PGUSER and PGDATABASE to an empty database in which
# CREATE EXTENSION riskml has been run.  Fails if any score differs from XGBoost's.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d /tmp/riskml-demo-XXXXXX)
trap 'rm -rf "$folder"' EXIT
DEMO_MODEL=$folder/credit_raw.ubj PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 -f data/demo.sql
