#!/usr/bin/env bash
# The demo of training.  `make demo-train` runs it on a cluster of its own, with the settings of
# demo_train.conf.  Fails unless the good challenger is promoted and the bad one refused.
set -euo pipefail
cd "$(dirname "$0")/.."
PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 -f data/demo_train.sql 2>&1
