#!/bin/sh
# Says whether this container can build for ARM64: the toolkit's `make test` runs it.
set -eu

failures=0
check() {
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then
        echo "ok      $what"
    else
        echo "failed  $what"
        failures=$((failures + 1))
    fi
}

directory=$(mktemp -d)
printf 'int main(void) { return 0; }\n' >"$directory/program.c"
is_for_arm64() {
    aarch64-linux-gnu-readelf --file-header "$directory/program" | grep -q AArch64
}

check 'runs as the user builder' [ "$(id -un)" = builder ]
check 'the artifacts can be written' [ -w "${OUTPUT_DIR:-/artifacts/envoy}" ]
check 'the compiler compiles' aarch64-linux-gnu-gcc -o "$directory/program" "$directory/program.c"
check 'what it makes is for ARM64' is_for_arm64
rm -r "$directory"
exit "$failures"
