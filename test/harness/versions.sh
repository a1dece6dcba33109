#!/usr/bin/env bash
# versions.sh [MAJOR...]: what `make check-versions` runs: `make check` on PostgreSQL 17 and 18 with
# libxgboost 3.x, in Debian chroots, and docs/results/versions.md from it. Needs root, and 2 GB a chroot.
#   VERSIONS_DIR   where the chroots are made and found again (default /var/tmp/riskml-versions)
#   SUITES         only these suites; nothing is written then:  SUITES="gcc clang" versions.sh 18
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
dir=${VERSIONS_DIR:-/var/tmp/riskml-versions}
read -ra suites <<<"${SUITES:-}"
majors=("$@")
[ $# -gt 0 ] || majors=(17 18)
[ "$EUID" = 0 ] || die "check-versions makes chroots: run it as root"

# Debian's suite with that PostgreSQL.
suite_of() { case $1 in 17) say trixie ;; 18) say forky ;; *) die "no Debian suite known for PostgreSQL $1" ;; esac; }

mirror() {
    local m
    m=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
        grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?' | head -n 1)
    say "${m:-http://deb.debian.org/debian}"
}

# make_chroot SUITE: a minimal system where no daemon is ever started. Only `make` is added; the rest is
# for setup.sh to install, as on any fresh machine.
make_chroot() {
    local root=$dir/$1 new=$dir/$1.new
    command -v debootstrap >/dev/null || apt-get -qq install -y --no-install-recommends debootstrap >/dev/null ||
        die "missing package: debootstrap"
    rm -rf --one-file-system "$new"
    mkdir -p "$dir"
    if [ -e "/usr/share/debootstrap/scripts/$1" ]; then
        debootstrap --variant=minbase "$1" "$new" "$(mirror)"
    else
        debootstrap --variant=minbase "$1" "$new" "$(mirror)" sid     # an older debootstrap
    fi >"$dir/$1.log" || { tail -n 5 "$dir/$1.log" >&2; die "debootstrap $1 failed, see $dir/$1.log"; }
    mv "$new" "$root"
}

mounted=()
# shellcheck disable=SC2317 # reached by the traps
unmount() {
    local i
    for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do umount "${mounted[i]}"; done
    mounted=()
}
trap unmount EXIT
trap 'exit 130' INT TERM HUP

mount_in() {    # mount_in ROOT
    mount -t proc proc "$1/proc"; mounted+=("$1/proc")
    mount --bind /dev "$1/dev"; mounted+=("$1/dev")
    mount -t tmpfs tmpfs "$1/dev/shm"; mounted+=("$1/dev/shm")
}

in_chroot() {   # in_chroot ROOT CMD...
    local root=$1; shift
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# shellcheck disable=SC2016 # dpkg-query expands it
package_version() { in_chroot "$1" dpkg-query -W -f '${Version}' "$2" 2>/dev/null || say unknown; }

# report MAJOR ROOT RESULTS: its part of the page.
report() {
    say "## PostgreSQL $1"
    say
    say "Debian $(suite_of "$1"): PostgreSQL $(package_version "$2" "postgresql-$1"), libxgboost $(package_version "$2" libxgboost-dev)," \
        "$(in_chroot "$2" gcc --version | head -n 1), $(in_chroot "$2" clang --version | head -n 1)"
    say
    say "| suite | passed | failed | skipped | seconds |"
    say "|---|---|---|---|---|"
    awk -F'\t' '{ print "| " $1 " | " $2 " | " $3 " | " $4 " | " $5 " |"; p += $2; f += $3; s += $4; t += $5 }
        END { print "| **all** | " p " | " f " | " s " | " t " |" }' "$3"
    say
}

page=$(mktemp)
failed=0
{
    say "# make check on other versions"
    say
    say "Written by \`make check-versions\` on $(date -u +%F), commit $(git -C "$top" describe --always --dirty 2>/dev/null || say unknown)."
    say
} >"$page"

for major in "${majors[@]}"; do
    root=$dir/$(suite_of "$major")
    [ -x "$root/usr/bin/apt-get" ] || make_chroot "$(suite_of "$major")"
    say 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/80riskml"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mount_in "$root"
    in_chroot "$root" sh -c 'command -v make >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends make; }' >/dev/null
    tree=$(mktemp -d "$root/root/riskml-XXXXXX")
    copy_tree "$tree"
    inside=${tree#"$root"}
    say "#### PostgreSQL $major in $root"
    in_chroot "$root" RISKML_RESULTS="$inside/results" make -s -C "$inside" check SUITES="${suites[*]}" </dev/null || failed=1
    if [ -f "$tree/results" ]; then report "$major" "$root" "$tree/results" >>"$page"; fi
    rm -rf "$tree"
    unmount
done

if [ ${#suites[@]} = 0 ] && [ $# = 0 ]; then
    mkdir -p "$top/docs/results"
    cat "$page" >"$top/docs/results/versions.md"
    say "written: docs/results/versions.md"
fi
rm -f "$page"
exit $failed
