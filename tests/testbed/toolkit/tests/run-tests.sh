#!/bin/sh
# Runs every check over the artifacts in the directory given.
set -eu

for sums in "$1"/*/*.sha256; do
    [ -e "$sums" ] || continue
    (cd "$(dirname "$sums")" && sha256sum --check --strict "$(basename "$sums")")
done
