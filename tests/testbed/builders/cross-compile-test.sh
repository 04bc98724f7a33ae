#!/bin/sh
# Says whether this container is fit for builds: the toolkit's `make test` runs it.
set -eu

failures=0
check() {
    what=$1
    shift
    if "$@"; then
        echo "ok      $what"
    else
        echo "failed  $what"
        failures=$((failures + 1))
    fi
}

check 'runs as the user builder' [ "$(id -un)" = builder ]
check 'the home directory is writable' [ -w "$HOME" ]
check 'the artifacts directory exists' [ -d /artifacts ]
exit "$failures"
