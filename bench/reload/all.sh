#!/usr/bin/env bash
# Runs every unit one after the other, appends JSON lines to $OUT, prints the table.
set -euo pipefail
cd "$(dirname "$0")"
OUT=${OUT:-results/$(date +%F).jsonl}
PEERS=${PEERS:-"browser-sync vite floor realtimectl"}
SIZES=${SIZES:-"50 5000"}
METRICS=${METRICS:-"cold css html js idle"}
mkdir -p "$(dirname "$OUT")"
for n in $SIZES; do for m in $METRICS; do for p in $PEERS; do
  timeout 400 node run.mjs --peer "$p" --files "$n" --metric "$m" --out "$OUT" || echo "FAILED $p $n $m" >&2
done; done; done
node table.mjs "$OUT"
