#!/bin/sh
# Wraps a binary into a Debian package for ARM64.
set -eu

name=${1:?name} version=${2:?version} binary=${3:?binary}
root=$(mktemp -d)
mkdir -p "$root/DEBIAN"
install -D -m 0755 "$binary" "$root/usr/local/bin/$name"
printf 'Package: %s\nVersion: %s\nArchitecture: arm64\nMaintainer: Goldentooth\nDescription: %s\n' \
    "$name" "$version" "$name" >"$root/DEBIAN/control"
dpkg-deb --build "$root" "${name}-arm64_${version}_arm64.deb"
