#!/bin/sh
# Builds "Envoy" for ARM64 as the toolkit's builder does: the same variables, the same files, in a second.
set -eu

version=${ENVOY_VERSION:-v1.32.0}
output=${OUTPUT_DIR:-/artifacts/envoy}
cache=/tmp/bazel-cache
name=envoy-$version-arm64
config=${BUILD_CONFIG:-release}
allocator=${MEMORY_ALLOCATOR:-disabled}

case $config in
    release) flags='-O2 -s' ;;
    debug) flags='-O0 -g' ;;
    *) echo "unknown BUILD_CONFIG $config" >&2 && exit 2 ;;
esac

echo "building envoy $version ($config, allocator $allocator, ${PARALLEL_JOBS:-1} jobs)"
mkdir -p "$cache"
key=$(printf '%s' "$version $config $allocator $(aarch64-linux-gnu-gcc -dumpfullversion)" | sha256sum | cut -c 1-16)
if [ -f "$cache/$key" ]; then
    echo "found in the cache: $key"
else
    # shellcheck disable=SC2086 # One word for each flag.
    aarch64-linux-gnu-gcc $flags -static -Wall -Werror -DVERSION="\"$version\"" -DBUILD_CONFIG="\"$config\"" \
        -DMEMORY_ALLOCATOR="\"$allocator\"" -o "$cache/$key.new" /usr/local/src/envoy.c
    mv "$cache/$key.new" "$cache/$key"
fi

mkdir -p "$output"
cd "$output"
cp "$cache/$key" "$name.new"
mv "$name.new" "$name"
ln -sf "$name" envoy-arm64
sha256sum "$name" >"$name.sha256"
cat >build-info.txt <<INFO
version: $version
target: aarch64-linux-gnu
memory_allocator: $allocator
build_config: $config
compiler: $(aarch64-linux-gnu-gcc --version | head -n 1)
INFO
if [ "${CREATE_DEB:-false}" = true ]; then
    package=$(mktemp -d)
    chmod 0755 "$package"
    mkdir -p "$package/DEBIAN" "$package/usr/bin"
    cp "$name" "$package/usr/bin/envoy"
    cat >"$package/DEBIAN/control" <<CONTROL
Package: envoy
Version: ${version#v}
Architecture: arm64
Maintainer: goldentooth <builder@goldentooth.invalid>
Description: Envoy for ARM64
CONTROL
    dpkg-deb --root-owner-group --build "$package" "envoy-arm64_${version#v}_arm64.deb"
    rm -r "$package"
fi
echo "built $output/$name"
