#!/usr/bin/env bash
# The demo of jobs.  `make demo-jobs` runs it on a cluster of its own, with the settings of
# demo_jobs.conf: it kills a process of the server.  Fails unless every loan is scored exactly once.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d /tmp/riskml-arrivals-XXXXXX)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"         # the server reads it
PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 -v folder="$folder" -f data/demo_jobs.sql
