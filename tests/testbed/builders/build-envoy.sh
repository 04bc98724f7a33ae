#!/bin/sh
# Leaves in OUTPUT_DIR what an Envoy build leaves, without the two hours.
set -eu

version=${ENVOY_VERSION:-v1.32.0}
output=${OUTPUT_DIR:-/artifacts/envoy}
name=envoy-$version-arm64

mkdir -p "$output"
cd "$output"
echo "building envoy $version (${BUILD_CONFIG:-release}, allocator ${MEMORY_ALLOCATOR:-disabled}," \
    "${PARALLEL_JOBS:-1} jobs)"
printf '#!/bin/sh\necho "envoy %s"\n' "$version" >"$name"
chmod 0755 "$name"
ln -sf "$name" envoy-arm64
sha256sum "$name" >"$name.sha256"
cat >build-info.txt <<INFO
version: $version
target: aarch64-linux-gnu
memory_allocator: ${MEMORY_ALLOCATOR:-disabled}
build_config: ${BUILD_CONFIG:-release}
INFO
if [ "${CREATE_DEB:-false}" = true ]; then
    tar -cf "envoy-arm64_${version#v}_arm64.deb" "$name"
fi
echo "built $output/$name"
