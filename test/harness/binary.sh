#!/usr/bin/env bash
# binary.sh FILE: what the built library may link and export. TAP.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
so=$1
[ -f "$so" ] || die "$so: not built"

needed=$(readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
loaded=$(ldd "$so" | awk '{ print $1 }')
verdict "links no libxgboost, libgomp or C++ runtime" \
    "$(printf '%s\n%s\n' "$needed" "$loaded" | grep -E 'xgboost|gomp|libomp|stdc\+\+' | sort -u || true)"
verdict "exports only riskml_*, _PG_init, Pg_magic_func, pg_finfo_*" \
    "$(nm -D --defined-only "$so" | awk '{ print $3 }' | grep -vE '^(riskml_.*|_PG_init|Pg_magic_func|pg_finfo_riskml_.*)$' || true)"
# layers.sh sees to it that one file starts one program
verdict "starts no threads, and programs by fork() and execve() only" \
    "$(nm -D --undefined-only "$so" | awk '{ print $2 }' | sed 's/@.*//' |
        grep -xE 'pthread_create|thrd_create|vfork|system|popen|posix_spawnp?|execv|execvpe?|execl[pe]?' || true)"
plan
