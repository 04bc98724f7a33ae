#!/bin/sh
# Checks the sums of all artifacts in a directory.
set -eu

cd "$1"
for sums in *.sha256; do
    sha256sum --check --strict "$sums"
done
