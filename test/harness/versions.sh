#!/usr/bin/env bash
# versions.sh [MAJOR...]: what `make check-versions` runs: `make check` on PostgreSQL 17 and 18 with
# libxgboost 3.x, in Debian chroots, and docs/results/versions.md from it. Needs root, and 2 GB a chroot.
#   VERSIONS_DIR   where the chroots are made and found again (default /var/tmp/riskml-versions)
#   SUITES         only these suites; nothing is written then:  SUITES="gcc clang" versions.sh 18
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$harness/chroot.sh"
dir=${VERSIONS_DIR:-/var/tmp/riskml-versions}
read -ra suites <<<"${SUITES:-}"
majors=("$@")
[ $# -gt 0 ] || majors=(17 18)
[ "$EUID" = 0 ] || die "check-versions makes chroots: run it as root"

# Debian's suite with that PostgreSQL.
suite_of() { case $1 in 17) say trixie ;; 18) say forky ;; *) die "no Debian suite known for PostgreSQL $1" ;; esac; }

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
    open_chroot "$(suite_of "$major")"
    say "#### PostgreSQL $major in $root"
    in_chroot "$root" RISKML_PROMETHEUS=1 RISKML_RESULTS="$inside/results" make -s -C "$inside" check SUITES="${suites[*]}" </dev/null || failed=1
    if [ -f "$tree/results" ]; then report "$major" "$root" "$tree/results" >>"$page"; fi
    close_chroot
done

if [ ${#suites[@]} = 0 ] && [ $# = 0 ]; then
    mkdir -p "$top/docs/results"
    cat "$page" >"$top/docs/results/versions.md"
    say "written: docs/results/versions.md"
fi
rm -f "$page"
exit $failed
