#!/usr/bin/env bash
# Makes two projects of the official generator and lets their own gulp chain build them,
# for the test that compares file by file:
#   oracle/template   the generator's own sample
#   oracle/s500       the same tasks around 500 synthetic files
# Usage: oracle.sh; then
#   FOUNTAIN_PROJECTS=$BENCH_WORK/oracle/template:$BENCH_WORK/oracle/s500 go test -run Fountain ./internal/pipeline/gulp/run
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${BENCH_WORK:-$here/work}
BENCH_WORK=$work "$here/setup.sh" 500
for name in template s500; do
  dir=$work/oracle/$name
  [ -d "$dir/.tmp" ] && continue
  rm -rf "$dir" && mkdir -p "$work/oracle"
  cp -r "$work/chain" "$dir"
  rm -rf "$dir/src" "$dir/bower.json" "$dir/.tmp"
  cp -r "$work/syn/$name/src" "$work/syn/$name/bower.json" "$work/syn/$name/bower_components" "$dir/"
  for task in partials inject; do
    (cd "$dir" && node node_modules/gulp/bin/gulp.js "$task" >/dev/null)
  done
done
echo "ready: $work/oracle/template:$work/oracle/s500"
