#!/bin/sh
# Copies what a container left in its volume to a directory of the host.
set -eu

docker cp "${1:?container}:/artifacts/." "${2:?directory}"
