#!/usr/bin/env bash
# setup.sh [PURPOSE [SUITE...]]: installs what `make PURPOSE` needs, on Debian and Ubuntu: check (the default; for
# these suites or all), demo, demo-jobs, demo-train, bench-import, bench-score, bench-jobs,
# bench-load or bench-train.
# When nothing is missing it says nothing and touches no network. Where it cannot install, it says
# what is missing. It lets apt create and start no PostgreSQL cluster.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
purpose=${1:-check}
suites=("${@:2}")
missing=()          # packages
broken=()           # what no package of ours repairs

have() { command -v "$1" >/dev/null; }
need() { missing+=("$1"); }
# The major version of the Python package xgboost, without loading it; 0 where it is not to be seen.
xgboost_major() {
    /usr/bin/python3 -c "import importlib.util as u, os; d = os.path.dirname(u.find_spec('xgboost').origin)
print(open(os.path.join(d, 'VERSION')).read().split('.')[0])" 2>/dev/null || say 0
}
py_has() { /usr/bin/python3 -c "import importlib.util as u, sys; sys.exit(u.find_spec('$1') is None)" 2>/dev/null; }

# The major version whose packages to use, when no pg_config can build extensions yet.
wanted_major() {
    if [[ ${PG_CONFIG:-} =~ ^/usr/lib/postgresql/([0-9]+)/bin/pg_config$ ]]; then
        say "${BASH_REMATCH[1]}"
    elif [ -n "${PG_CONFIG:-}" ]; then
        have "$PG_CONFIG" || die "PG_CONFIG=$PG_CONFIG: no such program"
        die "PG_CONFIG=$PG_CONFIG: no PGXS or no server headers; install the development files of that PostgreSQL"
    else
        local server
        server=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -Vr | head -n 1)
        if [ -x "$server" ]; then
            basename "${server%/bin/initdb}"
        else
            apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p'
        fi
    fi
}

look_for_postgresql() {
    local major bindir tests
    if ! find_pg_config; then
        major=$(wanted_major) || exit 1
        if [ -z "$major" ] && have apt-get && can_be_root; then     # no package lists yet
            as_root apt-get -qq update
            major=$(wanted_major)
        fi
        [ -n "$major" ] || { broken+=("PostgreSQL 15 or later with its development files (or set PG_CONFIG)"); return; }
        # a server that is there is not named, or apt might upgrade and restart it
        [ -x "/usr/lib/postgresql/$major/bin/initdb" ] || need "postgresql-$major"
        need "postgresql-server-dev-$major"
    else
        major=$(pg_major)
        bindir=$("$PG_CONFIG" --bindir)
        tests=$(pg_testdir)
        if [ ! -x "$bindir/initdb" ] || [ ! -x "$bindir/psql" ]; then
            if [ "$bindir" = "/usr/lib/postgresql/$major/bin" ]; then
                need "postgresql-$major"
            else
                broken+=("initdb and psql in $bindir")
            fi
        fi
        if [ "$purpose" = check ]; then
            for f in regress/pg_regress isolation/pg_isolation_regress perl/PostgreSQL/Test/Cluster.pm; do
                [ -f "$tests/$f" ] || broken+=("$f in $tests (PostgreSQL built without --enable-tap-tests?)")
            done
        fi
    fi
    [ "$major" -ge 15 ] || die "PostgreSQL $major: riskml needs 15 or later (set PG_CONFIG to another)"
}

look_for_tools() {
    local rt
    have gcc || need gcc
    have make || need make
    [ -f /usr/include/stdio.h ] || need libc6-dev
    [ -f /usr/include/zlib.h ] || need zlib1g-dev
    case $purpose in
        demo-jobs) return 0 ;;
        demo-train) look_for_libxgboost; return 0 ;;
        bench-jobs) look_for_cron; return 0 ;;
        bench-load) py_has psycopg2 || need python3-psycopg2; return 0 ;;
        bench-stats) look_for_statistics; return 0 ;;
        bench-recipe) look_for_statistics; py_has xgboost || need python3-xgboost; return 0 ;;
        bench-train) look_for_training; return 0 ;;
    esac
    py_has xgboost || need python3-xgboost
    py_has numpy || need python3-numpy
    [ "$purpose" != bench-score ] || look_for_rivals
    [ "$purpose" = check ] || return 0
    ! runs stats || look_for_statistics
    ! runs recipes || look_for_transformers
    ! runs train || look_for_training
    have prove || need perl
    have readelf || need binutils
    look_for_libxgboost
    # data frames, by which test/fixtures makes models with labels
    [ "$(xgboost_major)" -lt 3 ] || py_has pandas || need python3-pandas
    perl -MIPC::Run -e1 2>/dev/null || need libipc-run-perl
    if ! have clang; then
        need clang          # its run time library is looked for when it is there
    else
        rt=$(clang -print-resource-dir)/lib
        compgen -G "$rt/*/libclang_rt.fuzzer*.a" >/dev/null ||
            need "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
    fi
    ! runs tap || look_for_sources
}

# What riskml_trainer is built with; one elsewhere is named by XGBOOST_CFLAGS and XGBOOST_LIBS.
look_for_libxgboost() {
    [ -n "${XGBOOST_LIBS:-}" ] || [ -f /usr/include/xgboost/c_api.h ] || need libxgboost-dev
}

# runs SUITE: is it one of those that are run?
runs() { [ ${#suites[@]} = 0 ] || [[ " ${suites[*]} " == *" $1 "* ]]; }

# What loads are tested with, of what the distribution has for this PostgreSQL; the tests skip the rest. Prometheus only
# where RISKML_PROMETHEUS is set, as its package lets it run from the next boot on.
look_for_sources() {
    local dir
    find_pg_config || return 0      # the next round
    dir=$("$PG_CONFIG" --pkglibdir)
    [ "$dir" = "/usr/lib/postgresql/$(pg_major)/lib" ] || return 0
    if [ -f "$dir/mysql_fdw.so" ] || offered "postgresql-$(pg_major)-mysql-fdw" mariadb-server-core; then
        [ -f "$dir/mysql_fdw.so" ] || need "postgresql-$(pg_major)-mysql-fdw"
        [ -x /usr/sbin/mariadbd ] || need mariadb-server-core
    fi
    [ -f "$dir/http.so" ] || ! offered "postgresql-$(pg_major)-http" || need "postgresql-$(pg_major)-http"
    [ -z "${RISKML_PROMETHEUS:-}" ] || have prometheus || ! offered prometheus || need prometheus
}

# offered PACKAGE...: can apt install them?
offered() {
    local package
    have apt-cache || return 1
    for package; do
        [[ $(apt-cache policy "$package" 2>/dev/null) =~ Candidate:\ [^\(] ]] || return 1
    done
}

# What statistics are compared with.
look_for_statistics() {
    local module
    for module in numpy scipy psycopg2; do
        py_has "$module" || need "python3-$module"
    done
    py_has sklearn || need python3-sklearn
}

# What recipes are compared with, and their schema checked by.
look_for_transformers() {
    local module
    look_for_statistics
    for module in pandas joblib jsonschema; do
        py_has "$module" || need "python3-$module"
    done
}

# What trained models are compared with.
look_for_training() {
    local module
    for module in numpy pandas psycopg2 xgboost; do
        py_has "$module" || need "python3-$module"
    done
    look_for_libxgboost
}

# What riskml is measured beside.
look_for_rivals() {
    local module dir
    for module in pandas fastapi uvicorn uvloop httptools psycopg2; do
        py_has "$module" || need "python3-$module"
    done
    find_pg_config || return 0      # the next round
    dir=$("$PG_CONFIG" --pkglibdir)
    if [ ! -f "$dir/plpython3.so" ]; then
        if [ "$dir" = "/usr/lib/postgresql/$(pg_major)/lib" ]; then
            need "postgresql-plpython3-$(pg_major)"
        else
            broken+=("plpython3.so in $dir")
        fi
    fi
    [ -x "$("$PG_CONFIG" --bindir)/pgbench" ] || broken+=("pgbench in $("$PG_CONFIG" --bindir)")
}

# What jobs are measured beside, and with.
look_for_cron() {
    local dir
    py_has psycopg2 || need python3-psycopg2
    find_pg_config || return 0      # the next round
    dir=$("$PG_CONFIG" --pkglibdir)
    [ ! -f "$dir/pg_cron.so" ] || return 0
    if [ "$dir" = "/usr/lib/postgresql/$(pg_major)/lib" ]; then
        need "postgresql-$(pg_major)-cron"
    else
        broken+=("pg_cron.so in $dir")
    fi
}

# Takes away what install_missing made, the newest first.
made=()
undo() {
    local i
    for ((i = ${#made[@]} - 1; i >= 0; i--)); do
        if [ -d "${made[i]}" ]; then as_root rmdir "${made[i]}" || true; else as_root rm -f "${made[i]}"; fi
    done
    made=()
}

# Installs the missing packages. While apt runs, a drop-in setting keeps it from creating a cluster
# and a policy-rc.d from starting daemons.
install_missing() {
    local policy=/usr/sbin/policy-rc.d dropin=/etc/postgresql-common/createcluster.d dir
    local apt=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y
        -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}")

    say "installing: ${missing[*]}"
    trap 'undo; rm -f "$log"' EXIT
    trap 'exit 1' INT TERM HUP
    if [ ! -e $policy ]; then
        made+=("$policy")
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
    fi
    for dir in "${dropin%/*}" "$dropin"; do
        [ -d "$dir" ] || { as_root mkdir "$dir"; made+=("$dir"); }
    done
    made+=("$dropin/riskml-setup.conf")
    say 'create_main_cluster = false' | as_root tee "$dropin/riskml-setup.conf" >/dev/null
    as_root "${apt[@]}" >"$log" 2>&1 ||
        { as_root apt-get -qq update && as_root "${apt[@]}" >"$log" 2>&1; } ||
        { tail -n 20 "$log" >&2; die "apt-get could not install: ${missing[*]}"; }
    undo 2>/dev/null            # /etc/postgresql-common is in use now
    trap - INT TERM HUP
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for round in 1 2 3; do      # what a package brings decides what else is missing
    missing=() broken=()
    look_for_postgresql
    look_for_tools
    [ ${#missing[@]} -gt 0 ] || break
    if [ "$round" = 3 ] || ! have apt-get || ! can_be_root; then
        say "riskml: missing packages (Debian and Ubuntu names): ${missing[*]}" >&2
        [ ${#broken[@]} = 0 ] || printf 'riskml: missing: %s\n' "${broken[@]}" >&2
        have apt-get && say "Install them as root: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    install_missing
done
[ ${#broken[@]} = 0 ] || { printf 'riskml: missing: %s\n' "${broken[@]}" >&2; exit 1; }
