#!/usr/bin/env bash
# arm64.sh [SUITE...]: what `make check-arm64` runs: suites of `make check` as an arm64 machine would, in a
# chroot of Debian 12 for arm64 whose programs qemu-user runs where the CPU is another. Needs root, and 2 GB.
#   ARM64_DIR   where the chroot is made and found again (default /var/tmp/riskml-arm64)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$harness/chroot.sh"
# shellcheck disable=SC2034 # chroot.sh uses it
dir=${ARM64_DIR:-/var/tmp/riskml-arm64}
suites=("$@")
[ $# -gt 0 ] || suites=(gcc unit regress isolation parity)
[ "$EUID" = 0 ] || die "check-arm64 makes a chroot: run it as root"

# The kernel is told which program runs arm64's. The package does that only where systemd or binfmt-support runs.
emulate() {
    local table=/proc/sys/fs/binfmt_misc rule=/usr/lib/binfmt.d/qemu-aarch64.conf
    [ -f $rule ] || apt-get -qq install -y --no-install-recommends qemu-user-static >/dev/null ||
        die "missing package: qemu-user-static"
    [ -f $table/register ] || mount -t binfmt_misc binfmt_misc $table || die "this kernel has no binfmt_misc"
    [ -f $table/qemu-aarch64 ] || cat $rule >$table/register
}

[ "$(uname -m)" = aarch64 ] || emulate
open_chroot bookworm --arch=arm64
in_chroot "$root" RISKML_LIMIT=7200 make -s -C "$inside" check SUITES="${suites[*]}" </dev/null || failed=1
close_chroot
exit "${failed:-0}"
