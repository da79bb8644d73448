#!/usr/bin/env bash
# Builds everything the harness needs under $BENCH_WORK (default: ./work, git-ignored):
#   gen/      the original FountainJS generators (npm)
#   chain/    one generated angular1 + inject + css + js project with its own node_modules:
#             the ORIGINAL gulp chain. Only the two dependencies on GitHub commits that are gone
#             are replaced by their npm releases (gulp 4.0.2, gulp-hub 4.2.0).
#   modern/   esbuild and vite
#   syn/NAME  the inputs: template (the generator's own sample) and s500, s2000 ...
# Usage: setup.sh [sizes...]      default sizes: 500 2000
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${BENCH_WORK:-$here/work}
mkdir -p "$work"
cd "$work"
npm() { command npm "$@" --no-audit --no-fund --loglevel=error 2> >(grep -v nodedir >&2); }

if [ ! -d gen/node_modules/generator-fountain-webapp ]; then
  mkdir -p gen && cp "$here/fountain-answers.cjs" gen/
  (cd gen && echo '{"private":true}' > package.json && npm install --ignore-scripts yeoman-environment@3 generator-fountain-webapp@1.0.0)
fi
if [ ! -d chain/node_modules/gulp ]; then
  rm -rf chain && mkdir chain
  node gen/fountain-answers.cjs chain js css techs uirouter >/dev/null 2>&1
  rm -rf chain/.git
  node -e '
    const fs = require("fs"), p = JSON.parse(fs.readFileSync("chain/package.json"));
    p.private = true;
    p.devDependencies.gulp = "4.0.2";
    p.devDependencies["gulp-hub"] = "4.2.0";
    fs.writeFileSync("chain/package.json", JSON.stringify(p, null, 2));'
  (cd chain && npm install --ignore-scripts --legacy-peer-deps)
fi
if [ ! -d modern/node_modules/vite ]; then
  mkdir -p modern && (cd modern && echo '{"private":true}' > package.json && npm install esbuild@latest vite@latest)
fi
mkdir -p syn
if [ ! -d syn/template ]; then
  mkdir syn/template
  cp -r chain/src chain/bower.json syn/template/
  node "$here/bower-from-npm.mjs" syn/template --cache "$work/tarballs"
fi
[ $# -gt 0 ] || set -- 500 2000
for s in "$@"; do
  [ -d "syn/s$s" ] || node "$here/gen-angular.mjs" "syn/s$s" --files "$s"
  [ -d "syn/s$s/bower_components" ] || node "$here/bower-from-npm.mjs" "syn/s$s" --cache "$work/tarballs"
done
echo "ready: $work"
