#!/usr/bin/env bash
# The demo: real loans scored in SQL.  `make demo` runs it on a cluster of its own; to see it
# elsewhere, set PGHOST, PGPORT, PGUSER and PGDATABASE to an empty database in which
# CREATE EXTENSION riskml has been run.  Fails if any score differs from XGBoost's.
set -euo pipefail
cd "$(dirname "$0")/.."
PGOPTIONS='-c client_min_messages=warning' exec psql -X -q -v ON_ERROR_STOP=1 -f data/demo.sql
