#!/bin/sh
# Compiles a program for ARM64 and looks at what came out.
set -eu

source=$(mktemp --suffix .c)
echo 'int main(void) { return 0; }' >"$source"
aarch64-linux-gnu-gcc -o /tmp/cross-compile-test "$source"
file /tmp/cross-compile-test | grep -q 'ARM aarch64'
echo 'cross-compilation works'
