#!/bin/sh
# What continuous integration runs: the environment's own test, then a build.
set -eu

/usr/local/bin/cross-compile-test.sh
echo "CI=${CI:-false}"
