#!/bin/sh
# Pulls the newest images.
set -eu

for image in base-builder envoy-builder ci-builder; do
    docker pull "ghcr.io/goldentooth/$image:latest"
done
