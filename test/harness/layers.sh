#!/usr/bin/env bash
# layers.sh: the rules on who may include what (docs/architecture.md), and other rules of source. TAP.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$top"
# job/ and load/ have files of two layers
compute=(src/base src/math src/model src/import src/kernel src/explain src/transform src/job/cron.[ch] src/load/records.[ch])

# includes PATTERN DIR...: lines that include a file matching PATTERN.
includes() { local p=$1; shift; grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($p)" "$@" || true; }

# Compiling without PostgreSQL's directories proves it, whatever the spelling of the include.
outside_server() {
    local f
    for f in $(find "${compute[@]}" -name '*.c' | sort); do
        gcc -std=gnu11 -D_GNU_SOURCE -fsyntax-only -Isrc "$f" 2>&1 | head -n 5
    done
}

verdict "compute layer compiles outside the server" "$(outside_server)"
verdict "compute layer includes no PostgreSQL header" "$(includes '(.*/)?(postgres(_fe)?|c|fmgr)\.h' "${compute[@]}")"
verdict "compute layer includes nothing of catalog or surface" "$(includes '(\.\./)*(registry|recipe|gate|score|train)/|(\.\./)*job/schedule\.h|(\.\./)*(guc|init|compat)\.h' "${compute[@]}")"
verdict "catalog layer includes nothing of the surface" "$(includes '(\.\./)*score/' src/registry src/job src/load src/quality src/stats src/recipe src/gate src/train)"
verdict "programs are started in src/train/launch.c only" "$(grep -rnE '\<(v?fork|clone|execv[pe]*|execl[pe]?|posix_spawnp?|system|popen) ?\(' --include=*.[ch] src | grep -v '^src/train/launch\.c:' || true)"
verdict "riskml_trainer includes of src/ only what it says to the session, and the dealing of rows" \
    "$(grep -nE '^#include "[a-z]+/' trainer/*.[ch] | grep -vE '"(train/protocol|math/deal)\.h"' || true)"
verdict "libxgboost is included by riskml_trainer only" "$(includes 'xgboost/' src)"
verdict "PG_VERSION_NUM only in src/compat.h" "$(grep -rn PG_VERSION_NUM src | grep -v '^src/compat\.h:' || true)"
# packages for building extensions do not bring ICU's headers
verdict "no header that needs those of ICU" "$(includes 'utils/pg_locale\.h' src)"
# CREATE EXTENSION reads the install script in the database's encoding, whatever that is
verdict "SQL is plain ASCII" "$(LC_ALL=C grep -n '[^ -~	]' sql/*.sql || true)"
plan
