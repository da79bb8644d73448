#!/usr/bin/env node
// Fill <project>/bower_components from the npm registry, so that neither the
// bower registry nor its client is needed.
//
//   node bower-from-npm.mjs <project-dir> [--dev] [--cache DIR]
//
// Reads <project>/bower.json (dependencies, and devDependencies with --dev), and the
// dependencies of every component it unpacks (bower.json of the tarball first).
// A component whose tarball has no bower.json gets a small one written from KNOWN
// below, or from package.json ("main" and "style") with dependencies dropped, so that
// wiredep-like tools see what they would see after `bower install`.
import {execFileSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync, readdirSync, rmSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {tmpdir} from 'node:os';

// bower name -> {npm, main, dependencies, flatten}; only what differs from "same name, bower.json in the tarball".
const KNOWN = {
  'angular-ui-router': {main: './release/angular-ui-router.js', dependencies: {angular: '>=1.4'}},
  'angular-bootstrap': {npm: 'angular-ui-bootstrap', flatten: 'dist', main: './ui-bootstrap-tpls.js', dependencies: {angular: '>=1.4'}},
  'socket.io-client': {}, // the point of the tutorial: no usable main without an override
  'bootstrap-sass-official': {npm: 'bootstrap-sass', main: ['assets/stylesheets/_bootstrap.scss', 'assets/javascripts/bootstrap.js'], dependencies: {jquery: '>=1.9'}},
  'angular-ui-select': {npm: 'ui-select', main: ['dist/select.js', 'dist/select.css'], dependencies: {angular: '>=1.4'}},
  'components-font-awesome': {npm: 'components-font-awesome'},
  moment: {main: 'moment.js'},
  lodash: {main: 'lodash.js'},
  toastr: {main: ['toastr.js', 'toastr.css'], dependencies: {jquery: '>=1.12'}},
  bootstrap: {main: ['less/bootstrap.less', 'dist/js/bootstrap.js'], dependencies: {jquery: '1.9.1 - 3'}},
  'bootstrap-css': {npm: 'bootstrap', main: ['dist/css/bootstrap.css', 'dist/js/bootstrap.js'], dependencies: {jquery: '>=1.9'}},
  'bootstrap-sass': {main: ['assets/stylesheets/_bootstrap.scss', 'assets/javascripts/bootstrap.js'], dependencies: {jquery: '>=1.9'}},
  'font-awesome': {main: ['less/font-awesome.less', 'scss/font-awesome.scss']},
};

const args = process.argv.slice(2);
const project = resolve(args.find(a => !a.startsWith('--')) ?? '.');
const dev = args.includes('--dev');
const ci = args.indexOf('--cache');
const cache = ci >= 0 ? resolve(args[ci + 1]) : join(tmpdir(), 'bower-from-npm-cache');
mkdirSync(cache, {recursive: true});

const bower = JSON.parse(readFileSync(join(project, 'bower.json'), 'utf8'));
const rc = existsSync(join(project, '.bowerrc')) ? JSON.parse(readFileSync(join(project, '.bowerrc'), 'utf8')) : {};
const dir = join(project, rc.directory ?? 'bower_components');
const pinned = {...bower.dependencies, ...(dev ? bower.devDependencies : {}), ...(bower.resolutions ?? {})};
const done = new Map();

function range(v) {
  if (!v || v === '*' || v === 'latest') return 'latest';
  if (v.includes('#')) v = v.slice(v.indexOf('#') + 1); // owner/repo#range
  if (/^(git|https?|file):|\//.test(v)) return 'latest';
  return v;
}

function install(name, version) {
  if (done.has(name)) return;
  const known = KNOWN[name] ?? {};
  const spec = `${known.npm ?? name}@${range(pinned[name] ?? version)}`;
  const dest = join(dir, name);
  done.set(name, spec);
  try {
    const tgz = JSON.parse(execFileSync('npm', ['pack', spec, '--json', '--pack-destination', cache], {stdio: ['ignore', 'pipe', 'ignore']}).toString());
    const file = join(cache, tgz[0].filename.replace(/^@/, '').replace('/', '-'));
    rmSync(dest, {recursive: true, force: true});
    mkdirSync(dest, {recursive: true});
    execFileSync('tar', ['--warning=no-unknown-keyword', '-xzf', file, '-C', dest, '--strip-components=1']);
  } catch (e) {
    console.error(`bower-from-npm: ${name} (${spec}) could not be had from npm`);
    process.exitCode = 1;
    return;
  }
  if (known.flatten) cpSync(join(dest, known.flatten), dest, {recursive: true}); // the bower package is that folder
  const bj = join(dest, 'bower.json');
  const pkg = JSON.parse(readFileSync(join(dest, 'package.json'), 'utf8'));
  if (!existsSync(bj) || known.main) {
    const main = known.main ?? [pkg.main, pkg.style].filter(Boolean);
    const made = {name, version: pkg.version, ...(Object.hasOwn(KNOWN, name) && !known.main ? {} : {main}), dependencies: known.dependencies ?? {}};
    writeFileSync(bj, JSON.stringify(made, null, 2) + '\n');
  }
  // bower packages carry .min files that some npm tarballs lack: stand in the plain file
  for (const m of [].concat(bower.overrides?.[name]?.main ?? [])) {
    const plain = m.replace('.min.', '.');
    if (m !== plain && !/[*{]/.test(m) && !existsSync(join(dest, m)) && existsSync(join(dest, plain))) cpSync(join(dest, plain), join(dest, m));
  }
  const b = JSON.parse(readFileSync(bj, 'utf8'));
  writeFileSync(join(dest, '.bower.json'), JSON.stringify({...b, name, _release: pkg.version}, null, 2) + '\n');
  for (const [n, v] of Object.entries(b.dependencies ?? {})) install(n, v);
}

mkdirSync(dir, {recursive: true});
for (const [n, v] of Object.entries({...bower.dependencies, ...(dev ? bower.devDependencies : {})})) install(n, v);
console.log(`${dir}: ${readdirSync(dir).length} components`);
for (const [n, s] of done) console.log(`  ${n} <- ${s}`);
