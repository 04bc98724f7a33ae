#!/bin/sh
# What continuous integration runs.
set -eu

/usr/local/bin/cross-compile-test.sh
