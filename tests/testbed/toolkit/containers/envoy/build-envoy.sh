#!/bin/sh
# Builds Envoy for ARM64 and leaves it, its checksum and its story in OUTPUT_DIR.
set -eu

: "${ENVOY_VERSION:?}" "${OUTPUT_DIR:?}"
git clone --depth 1 --branch "$ENVOY_VERSION" https://github.com/envoyproxy/envoy.git /tmp/envoy
cd /tmp/envoy
bazel --output_user_root=/tmp/bazel-cache build --config="${BUILD_CONFIG:-release}" \
    --jobs="${PARALLEL_JOBS:-4}" --define "tcmalloc=${MEMORY_ALLOCATOR:-disabled}" \
    //source/exe:envoy-static.stripped

mkdir -p "$OUTPUT_DIR"
install -m 0755 bazel-bin/source/exe/envoy-static.stripped "$OUTPUT_DIR/envoy-$ENVOY_VERSION-arm64"
ln -sf "envoy-$ENVOY_VERSION-arm64" "$OUTPUT_DIR/envoy-arm64"
cd "$OUTPUT_DIR"
sha256sum "envoy-$ENVOY_VERSION-arm64" >"envoy-$ENVOY_VERSION-arm64.sha256"
