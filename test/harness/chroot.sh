# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables shared with those who source this
# Debian chroots in which `make check` runs as on a fresh machine. Sourced, after lib.sh, by scripts that
# set dir, where chroots are made and found again. Needs root.

mirror() {
    local m
    m=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
        grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?' | head -n 1)
    say "${m:-http://deb.debian.org/debian}"
}

# make_chroot SUITE [OPTION...]: a minimal system where no daemon is ever started. Only `make` is added; the rest is
# for setup.sh to install, as on any fresh machine.
make_chroot() {
    local root=$dir/$1 new=$dir/$1.new suite=$1; shift
    command -v debootstrap >/dev/null || apt-get -qq install -y --no-install-recommends debootstrap >/dev/null ||
        die "missing package: debootstrap"
    rm -rf --one-file-system "$new"
    mkdir -p "$dir"
    if [ -e "/usr/share/debootstrap/scripts/$suite" ]; then
        debootstrap --variant=minbase "$@" "$suite" "$new" "$(mirror)"
    else
        debootstrap --variant=minbase "$@" "$suite" "$new" "$(mirror)" sid     # an older debootstrap
    fi >"$root.log" || { tail -n 5 "$root.log" >&2; die "debootstrap $suite failed, see $root.log"; }
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

# open_chroot SUITE [OPTION...]: sets root, the chroot, made if need be; tree, a copy of the project in it,
# and inside, its path there.
open_chroot() {
    root=$dir/$1
    [ -x "$root/usr/bin/apt-get" ] || make_chroot "$@"
    say 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/80riskml"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mount_in "$root"
    in_chroot "$root" sh -c 'command -v make >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends make; }' >/dev/null
    tree=$(mktemp -d "$root/root/riskml-XXXXXX")
    copy_tree "$tree"
    inside=${tree#"$root"}
}

close_chroot() { rm -rf "$tree"; unmount; }
