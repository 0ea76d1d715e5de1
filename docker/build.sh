#!/usr/bin/env bash
# Builds the image on the digest that the base's tag has now, and says which that was.
#   docker/build.sh [TAG]            default: airside:<version>
#   BASE=python:3.11.14-slim-bookworm@sha256:…  docker/build.sh     builds on that very one
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/airside/__init__.py)
tag=${1:-airside:$version}
base=${BASE:-$(sed -n 's/^ARG BASE=//p' docker/Dockerfile)}
if [[ $base != *@sha256:* ]]; then
  digest=$(docker buildx imagetools inspect "$base" --format '{{.Manifest.Digest}}')
  base="$base@$digest"
fi
echo "building $tag on $base" >&2
docker buildx build --load --file docker/Dockerfile --build-arg "BASE=$base" \
  --label "org.opencontainers.image.base.name=$base" \
  --label "org.opencontainers.image.version=$version" --tag "$tag" .
