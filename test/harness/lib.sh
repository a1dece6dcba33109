# shellcheck shell=bash
# Functions shared by the scripts in this directory. Sourced, never run; needs bash.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # for those who source this
harness=$top/test/harness
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
die() { printf 'riskml: %s\n' "$*" >&2; exit 1; }

# Forgets every PG* setting of the caller, so that nothing here can reach a server of theirs.
forget_callers_server() {
    local v
    for v in $(compgen -v PG); do
        [ "$v" = PG_CONFIG ] || unset "$v"
    done
}

# builds PG_CONFIG: can extensions be built with it? Debian's client package has PGXS, but no headers.
builds() {
    local f
    f=$("$1" --pgxs 2>/dev/null) && [ -f "$f" ] && f=$("$1" --includedir-server) && [ -f "$f/postgres.h" ]
}

# Sets and exports PG_CONFIG (absolute): the caller's, else the one in PATH, else the newest of
# Debian's. Returns 1 when none can build an extension.
find_pg_config() {
    local c
    if [ -n "${PG_CONFIG:-}" ]; then
        c=$(command -v "$PG_CONFIG") && builds "$c" || return 1
    else
        for c in "$(command -v pg_config || true)" \
                 $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -Vr); do
            [ -x "$c" ] && builds "$c" && break
            c=
        done
        [ -n "$c" ] || return 1
    fi
    export PG_CONFIG=$c
}

pg_major() { "$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/'; }

# The directory with pg_regress, isolation and the TAP modules.
pg_testdir() { say "$(dirname "$("$PG_CONFIG" --pgxs)")/../test"; }

# Who runs servers: PostgreSQL refuses root.
plain_user() {
    if [ "$EUID" != 0 ]; then id -un
    elif id postgres >/dev/null 2>&1; then say postgres
    else say nobody
    fi
}

# Sets as_plain: the words before a command that run it as that user. (runuser would stay in between,
# and kill the command two seconds after a signal, in the middle of its cleaning up.) Not done once and
# for all: setup.sh may bring user postgres.
plain_words() {
    as_plain=(env)
    [ "$EUID" != 0 ] || as_plain=(setpriv --reuid="$(plain_user)" --regid="$(id -g "$(plain_user)")"
        --init-groups env HOME=/tmp)
}

# as_user CMD...: as that user, in / (they may not reach the current directory).
as_user() { plain_words; (cd / && exec "${as_plain[@]}" "$@"); }

# user_reaches DIR: can that user read DIR?
user_reaches() { as_user test -r "$1" -a -x "$1" 2>/dev/null; }

# can_be_root: as root, or by sudo, which may ask for a password at a terminal only.
can_be_root() {
    [ "$EUID" = 0 ] && return
    command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }
}
as_root() { if [ "$EUID" = 0 ]; then "$@"; else sudo "$@"; fi; }

# copy_tree DIR: the project's sources, without build products and history, into DIR.
copy_tree() {
    tar -C "$top" -cf - --exclude=./.git --exclude=./.demo --exclude=./build --exclude='*.o' \
        --exclude='*.d' --exclude='*.bc' --exclude='*.so' --exclude=__pycache__ . |
        tar -C "$1" -xf - --no-same-owner
}

# install_from DIR: make install of the build in DIR, as root only where that is needed.
install_from() {
    local run=
    [ -w "$("$PG_CONFIG" --pkglibdir)" ] && [ -w "$("$PG_CONFIG" --sharedir)/extension" ] || run=as_root
    if [ -n "$run" ] && ! can_be_root; then
        die "no right to install into $("$PG_CONFIG" --pkglibdir): run as root, or with sudo"
    fi
    $run make -s -C "$1" install PG_CONFIG="$PG_CONFIG" >/dev/null
}

# verdict NAME FOUND: a TAP line; passes when nothing was found. plan: the end of such a run.
tap_lines=0 tap_failed=0
verdict() {
    tap_lines=$((tap_lines + 1))
    if [ -z "$2" ]; then
        say "ok $tap_lines - $1"
    else
        say "not ok $tap_lines - $1"
        say "# ${2//$'\n'/$'\n# '}"
        tap_failed=1
    fi
}
plan() { say "1..$tap_lines"; exit "$tap_failed"; }

# ---- the demo's cluster: .demo/, or, where the unprivileged user cannot reach that, a directory under
# /var/tmp whose path is in .demo/location

demo_dir() { cat "$top/.demo/location" 2>/dev/null || say "$top/.demo"; }

# remove_demo: stops and deletes an earlier one.
remove_demo() {
    local dir; dir=$(demo_dir)
    if as_user test -f "$dir/data/postmaster.pid"; then
        as_user "$("$PG_CONFIG" --bindir)/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    case $dir in "$top/.demo" | /var/tmp/riskml-demo-*) rm -rf "$dir" ;; esac
    rm -rf "$top/.demo"
}

# make_demo: an empty one; prints where.
make_demo() {
    local dir=$top/.demo
    mkdir -m 755 "$dir"
    if ! user_reaches "$dir"; then
        mktemp -d /var/tmp/riskml-demo-XXXXXX >"$dir/location"
        dir=$(demo_dir)
    fi
    [ "$EUID" != 0 ] || chown "$(plain_user)" "$dir"
    say "$dir"
}
