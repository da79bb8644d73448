#!/usr/bin/env bash
# Measures the proxy and the file server beside their peers: ./run.sh [FLAG...]
#
#   ./run.sh -cases 'proxy-*' -rounds 9        only some, more often
#   ./run.sh -peers realtimectl                beside the yardstick alone
#   PEERS_DIR=~/.cache/realtimectl/bench-http  where everything is built and installed
#
# Needs wrk and nginx; peers that are not installed are left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
dir=${PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/realtimectl/bench-http}
mkdir -p "$dir/bin"

go build -o "$dir/bin/http" .
go build -o "$dir/bin/yardstick" ./yardstick
(cd ../.. && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$dir/bin/realtimectl" ./cmd/realtimectl)
cp node/* "$dir/bin/"
[[ -d $dir/bin/node_modules ]] || (cd "$dir/bin" && npm install --silent --ignore-scripts --no-audit --no-fund)
exec "$dir/bin/http" -dir "$dir" "$@"
