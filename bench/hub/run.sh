#!/usr/bin/env bash
# Measures the hub beside its peers: ./run.sh [PEER...]   (peers.json lists them; none = all)
#
#   SCEN='fan1k*,echo*'  only these scenarios      RUNS=3  quiet runs of each
#   TRIES=5                                        and no more than so many in all
#   PEERS=peers.json,mine.json                     more peers and scenarios
#   PEERS_DIR=~/.cache/realtimectl/bench-hub       where everything is built and installed
#
# Results are appended to $PEERS_DIR/results.jsonl; the tables are printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
dir=${PEERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/realtimectl/bench-hub}
mkdir -p "$dir/bin" "$dir/node-sio"

go build -o "$dir/bin/hub" .
go build -o "$dir/bin/tcp" ./tcp
(cd ../.. && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$dir/bin/realtimectl" ./cmd/realtimectl)
cp -r project "$dir/"
cp node-sio/* "$dir/node-sio/"
[[ -d $dir/node-sio/node_modules ]] || (cd "$dir/node-sio" && npm install --silent --ignore-scripts --no-audit --no-fund)

"$dir/bin/hub" bench -peers "${PEERS:-peers.json}" -dir "$dir" -out "$dir/results.jsonl" \
  -runs "${RUNS:-3}" -tries "${TRIES:-0}" -scen "${SCEN:-}" "$@"
"$dir/bin/hub" report "$dir/results.jsonl"
