#!/usr/bin/env bash
# The demo of jobs.  `make demo-jobs` runs it on a cluster of its own, with the settings of
# demo_jobs.conf: it kills a process of the server.  Fails unless every loan is scored exactly once.
set -euo pipefail
cd "$(dirname "$0")/.."
PGOPTIONS='-c client_min_messages=warning' exec psql -X -q -v ON_ERROR_STOP=1 -f data/demo_jobs.sql
