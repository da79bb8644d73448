// Which module is what. builtin(name) makes the stand-in of a module, undefined for one
// that has none; load and from belong to the file that asks for it.
'use strict';

const core = require('core');
const { op, module: recorded, head, REF } = core;
const { gulp, work } = require('gulp');
const node = require('node');
const { fs, extra, made, at } = require('fs');
const transform = require('transform');
const flow = require('flow');
const servers = require('servers');
const bundlers = require('bundlers');
const values = require('values');
const { inert } = values;

// lists are the component modules that return lists of files.
function wiredep() {
  const of = o => rt.components('wiredep', o);
  const f = recorded('wiredep', {}, args => Object.assign(Object.create({ overrides: inert }), of(args[0])));
  return withMembers(f, { stream: recorded('wiredep.stream') });
}

function withMembers(f, members) {
  return new Proxy(f, { get: (t, k) => (Object.prototype.hasOwnProperty.call(members, k) ? members[k] : t[k]) });
}

// injectModule is gulp-inject, whose transform functions of the gulpfile may call.
function injectModule() {
  const tag = (page, file) => { const t = rt.tag(page, file, !!transform.selfClosingTag); return t === '' ? undefined : t; };
  const transform = (file, source, at, of, page) => tag((page && page.path) || 'x.html', file);
  for (const type of ['html', 'jade', 'pug', 'slm', 'slim', 'jsx', 'haml', 'less', 'sass', 'scss', 'twig']) {
    transform[type] = file => tag('x.' + type, file);
    for (const kind of ['css', 'js', 'html', 'jsx', 'coffee', 'image', 'jade', 'pug', 'less', 'sass', 'scss']) transform[type][kind] = file => tag('x.' + type, file);
  }
  return recorded('gulp-inject', { transform });
}

// bowerFiles is main-bower-files: (filter, options, callback) in any number.
function bowerFiles() {
  return recorded('main-bower-files', {}, args => {
    const done = args.length > 1 && typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
    const filter = typeof args[0] === 'string' || Array.isArray(args[0]) || args[0] instanceof RegExp || typeof args[0] === 'function' ? args.shift() : undefined;
    const o = args[0] || {};
    const keep = filter === undefined ? o.filter : filter;
    let list = rt.components('main-bower-files', o).files;
    if (keep instanceof RegExp) list = list.filter(f => keep.test(f));
    else if (typeof keep === 'function') list = list.filter(keep);
    else if (keep !== undefined) list = rt.matching(keep, list);
    if (done) rt.later(() => done(null, list));
    return list;
  });
}

// lists by extension, as bower-files gives them.
function bowerLists() {
  return () => {
    const ext = {};
    for (const f of rt.components('main-bower-files', {}).files) {
      const e = /\.(\w+)$/.exec(f);
      if (e) (ext[e[1]] = ext[e[1]] || []).push(f);
    }
    const all = o => ({ ext: e => { const list = ext[e] || []; return Object.assign(list.slice(), { files: list, ext: ext, match: p => ({ files: rt.matching(p, list) }), dev: () => all(), join: () => all() }); }, match: p => ({ files: rt.matching(p, Object.values(ext).flat()), ext: e => ({ files: rt.matching(p, ext[e] || []) }) }), dev: () => all(), join: () => all(), self: () => all(), camelCase: () => all(), relative: () => all(), min: () => all(), files: Object.values(ext).flat() });
    return all();
  };
}

// plugins is gulp-load-plugins: the project's dependencies under the names that its rules
// give them.
function plugins(o) {
  o = o || {};
  const patterns = o.overridePattern === false ? ['gulp-*', 'gulp.*', '@*/gulp{-,.}*'].concat(o.pattern || []) : [].concat(o.pattern || ['gulp-*', 'gulp.*', '@*/gulp{-,.}*']);
  const replace = o.replaceString === undefined ? /^gulp(-|\.)/ : o.replaceString;
  const camel = s => (o.camelize === false ? s : s.replace(/-(\w)/g, (m, c) => c.toUpperCase()));
  const rename = o.rename || {}, out = {}, named = new Set();
  const add = (to, key, name) => { named.add(key); Object.defineProperty(to, key, { enumerable: true, configurable: true, get: () => { const post = o.postRequireTransforms && o.postRequireTransforms[key]; const m = rt.require(name); return post ? post(m) : m; } }); };
  for (const name of rt.dependencies(o.scope ? [].concat(o.scope) : ['dependencies', 'devDependencies', 'peerDependencies'], typeof o.config === 'string' ? o.config : '', patterns)) {
    const scope = /^@([^/]+)\/(.+)$/.exec(name);
    const short = rename[name] || (typeof o.renameFn === 'function' ? o.renameFn(name) : camel((scope && o.maintainScope !== false ? scope[2] : name).replace(replace, '')));
    if (scope && o.maintainScope !== false) { const key = camel(scope[1]); add(out[key] = out[key] || {}, short, name); named.add(key); } else add(out, short, name);
  }
  // One that package.json does not name would be missing; the project's author has it.
  return new Proxy(out, {
    get: (t, k) => {
      if (k in t || typeof k === 'symbol' || k === 'then' || k === 'default' || k === '__esModule' || k === 'toJSON') return t[k];
      const given = Object.keys(rename).find(n => rename[n] === k);
      return rt.require(given || 'gulp-' + k.replace(/[A-Z]/g, c => '-' + c.toLowerCase()));
    },
  });
}
plugins.default = plugins;

// requireDir is require-dir: the modules of a folder by their names.
function requireDir(dir, o) {
  o = o || {};
  const base = require('path').resolve(rt.callerDir(), dir || '.'), out = {};
  for (const e of rt.list(base).error ? [] : rt.list(base)) {
    const full = base + '/' + e.name;
    if (e.dir) { if ((o.recurse || o.recursive) && e.name !== 'node_modules') out[e.name] = requireDir(full, o); continue; }
    const m = /^(.*)\.(js|json|mjs|cjs|ts)$/.exec(e.name);
    if (!m || full === rt.caller()) continue;
    const name = o.camelcase ? m[1].replace(/[-_](\w)/g, (x, c) => c.toUpperCase()) : m[1];
    if (o.filter && !o.filter(full)) continue;
    out[name] = rt.require(full);
    if (o.mapValue) out[name] = o.mapValue(out[name], name);
  }
  return out;
}
requireDir.default = requireDir;

// hub loads gulpfiles by globs.
function Hub(globs) {
  for (const file of rt.glob([].concat(globs), { absolute: true })) rt.require(file);
  if (new.target) { this.init = inert; this.get = inert; this.set = inert; this.tasks = () => ({}); }
}

// glob finds files; callbacks and options in all their orders.
function globber() {
  const find = (g, o) => rt.glob([].concat(g), o || {});
  const f = (g, o, done) => { if (typeof o === 'function') { done = o; o = {}; } const list = find(g, o); if (typeof done === 'function') rt.later(() => done(null, list)); return Object.assign(Promise.resolve(list), { on: () => f, found: list }); };
  Object.assign(f, { sync: find, globSync: find, glob: f, globby: f, globbySync: find, hasMagic: g => /[*?{}\[\]!()]/.test(String(g)), isDynamicPattern: g => /[*?{}\[\]!()]/.test(String(g)), stream: (g, o) => find(g, o), Glob: function (g, o) { this.found = find(g, o); } });
  f.default = f;
  return f;
}

function minimatch() {
  const f = (p, g) => rt.matching([g], [p]).length > 0;
  return Object.assign(f, { match: (l, g) => rt.matching([].concat(g), l), minimatch: f, filter: g => p => f(p, g), default: f, isMatch: f, any: f, matcher: g => p => f(p, g), Minimatch: function (g) { this.match = p => f(p, g); } });
}

// shell is gulp-shell: piped, or a task.
function shell() {
  return recorded('gulp-shell', { task: (commands) => () => { [].concat(commands).forEach(c => rt.command(String(c))); } });
}

// sequence4 is gulp-sequence and gulp4-run-sequence: with a callback it starts.
function gulpSequence(...names) {
  const done = typeof names[names.length - 1] === 'function' ? names.pop() : undefined;
  const go = cb => flow.sequence(...names.concat(cb ? [cb] : []));
  if (done) return go(done);
  return go;
}
gulpSequence.use = () => gulpSequence;

function karma() {
  const run = o => rt.command('karma start' + (o && o.configFile ? ' ' + require('path').relative(rt.cwd, o.configFile) : '') + (o && o.singleRun ? ' --single-run' : ''));
  const Server = function (o, done) { this.start = () => { run(o); if (typeof done === 'function') rt.later(() => done(0)); return Promise.resolve(); }; this.on = () => this; };
  return { Server, server: { start: (o, done) => { run(o); if (typeof done === 'function') rt.later(() => done(0)); } }, start: run, runner: { run: (o, done) => { if (done) rt.later(() => done(0)); } }, config: { parseConfig: (f, o) => o }, stopper: { stop: inert } };
}

// dotenv reads an environment file into process.env.
function dotenv() {
  const load = o => {
    const r = rt.read(require('path').resolve((o && o.path) || '.env'));
    const parsed = r.error ? {} : parseEnv(r.toString('utf8'));
    for (const k of Object.keys(parsed)) if (!(k in process.env)) process.env[k] = parsed[k];
    return r.error ? { error: new Error(r.text) } : { parsed };
  };
  return { config: load, load, parse: s => parseEnv(String(s)) };
}

function parseEnv(text) {
  const out = {};
  for (const line of text.split(/\r?\n/)) {
    const m = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (m && line.trim()[0] !== '#') out[m[1]] = m[2].replace(/^(['"`])([\s\S]*)\1$/, '$2');
  }
  return out;
}

function wrench() {
  const walk = (dir, at) => { const out = []; for (const e of rt.list(dir).error ? [] : rt.list(dir)) { out.push(at + e.name); if (e.dir) out.push(...walk(dir + '/' + e.name, at + e.name + '/')); } return out; };
  return { readdirSyncRecursive: d => walk(at(d), ''), mkdirSyncRecursive: inert, rmdirSyncRecursive: d => rt.remove(at(d)), copyDirSyncRecursive: (a, b) => extra.copySync(a, b) };
}

// registry is undertaker-registry's class, for classes of the gulpfile's own.
class Registry { constructor() { this._tasks = {}; } init() {} get(n) { return this._tasks[n]; } set(n, f) { return (this._tasks[n] = f); } tasks() { return this._tasks; } }

const help = () => g => g || gulp;
const noop = () => inert;
const openers = () => Object.assign(() => Promise.resolve(node.child()), { default: () => Promise.resolve(node.child()) });

const table = {
  gulp: () => gulp, 'gulp-4': () => gulp, gulp4: () => gulp, 'gulp-help': help, 'gulp-help-four': help, 'gulp-param': help, 'gulp-npm-run': noop, 'gulp-stats': noop, 'gulp-task-listing': noop, 'gulp-duration': () => () => op('gulp-util.noop', []),
  path: () => require('path'), 'canonical-path': () => require('path'), upath: () => require('path'), 'path-extra': () => require('path'), 'path-browserify': () => require('path'), 'normalize-path': () => s => s.replace(/\\/g, '/'), fs: () => fs, 'fs/promises': () => fs.promises, 'graceful-fs': () => fs, 'fs-extra': () => extra, 'fs-extra-promise': () => extra, jsonfile: () => ({ readFileSync: extra.readJsonSync, writeFileSync: extra.writeJsonSync }), 'load-json-file': () => Object.assign(extra.readJson, { sync: extra.readJsonSync }),
  url: () => require('url'), util: () => node.util, os: () => node.os, events: () => require('events'), querystring: () => node.querystring, assert: () => node.assert, child_process: () => node.childProcess, 'cross-spawn': () => Object.assign(node.childProcess.spawn, node.childProcess), execa: () => Object.assign(node.childProcess.spawn, { command: node.childProcess.exec, sync: node.childProcess.spawnSync, default: node.childProcess.spawn, execa: node.childProcess.spawn }), shelljs: () => shelljs(),
  crypto: () => node.crypto, md5: () => s => rt.hash('md5', Buffer.from(String(s)).toString('hex')), readline: () => node.readline, timers: () => node.timers, module: () => ({ createRequire: () => rt.require, _resolveFilename: n => n }), process: () => process, constants: () => ({}), string_decoder: () => ({ StringDecoder: function () { this.write = b => b.toString(); this.end = () => ''; } }), zlib: () => ({ gzipSync: b => b, createGzip: () => op('gulp-gzip', []) }), net: () => ({ createServer: () => servers.http.createServer(), connect: node.request }), tls: () => ({}), dns: () => ({}), vm: () => ({}), v8: () => ({}), tty: () => ({ isatty: () => false }), cluster: () => ({ isMaster: true }), worker_threads: () => ({}), perf_hooks: () => ({ performance: { now: () => 0 } }), buffer: () => ({ Buffer }),
  http: () => servers.http, https: () => servers.http, http2: () => servers.http, request: () => recorded('request'), axios: () => recorded('axios'),
  stream: () => Object.assign(transform.stream, { pipeline: flow.pipeline, finished: (s, f) => { if (f) rt.later(() => f()); } }), 'stream/promises': () => ({ pipeline: flow.pipeline.promise, finished: () => Promise.resolve() }), 'readable-stream': () => builtin('stream').it,
  through2: () => transform.through2, through: () => transform.through, 'map-stream': () => transform.map('map-stream'), 'event-stream': () => transform.eventStream, 'gulp-tap': () => transform.tap, 'vinyl-map': () => transform.contents('vinyl-map'), 'vinyl-transform': () => recorded('vinyl-transform'), vinyl: () => require('vinyl'), 'vinyl-file': () => ({ readSync: f => new (require('vinyl'))({ path: at(f), contents: fs.readFileSync(f) }) }),
  'vinyl-fs': () => ({ src: (...a) => gulp._head('gulp.src', a, a[0]), dest: gulp.dest, watch: gulp.watch, symlink: gulp.symlink }), 'gulp-watch': () => gulpWatch(), 'gulp-batch': () => (o, f) => f || o, chokidar: () => ({ watch: (g, o) => require('gulp').watcher(g, o) }), gaze: () => (g, f) => require('gulp').watcher(g, undefined, undefined),
  'merge-stream': () => flow.merge('merge-stream'), merge2: () => flow.ordered('merge2'), 'stream-series': () => flow.merge('stream-series'), streamqueue: () => flow.ordered('streamqueue'), 'gulp-merge': () => flow.merge('gulp-merge'), 'event-stream-merge': () => flow.merge('merge-stream'), 'ordered-merge-stream': () => flow.merge('ordered-merge-stream'), 'series-stream': () => flow.merge('stream-series'), 'gulp-concat-stream': () => flow.merge('merge-stream'), 'es6-promisify': () => node.util.promisify,
  lazypipe: () => flow.lazypipe, 'stream-combiner': () => flow.pipeline, 'stream-combiner2': () => flow.pipeline, multipipe: () => flow.pipeline, pump: () => flow.pipeline, pumpify: () => flow.pipeline, 'gulp-pipe': () => flow.pipeline, duplexer: () => (a, b) => b, duplexify: () => Object.assign((a, b) => b, { obj: (a, b) => b }),
  'run-sequence': () => flow.sequence, 'gulp-run-sequence': () => flow.sequence, 'gulp4-run-sequence': () => flow.sequence, 'gulp-sequence': () => gulpSequence, 'gulp-hub': () => Hub, 'require-dir': () => requireDir, 'gulp-require-tasks': () => requireTasks, 'gulp-task-loader': () => o => { requireTasks(typeof o === 'string' ? o : o && o.dir); }, 'undertaker-registry': () => Registry, 'undertaker-forward-reference': () => Registry, 'gulp-load-plugins': () => plugins, 'auto-plug': () => () => plugins(), 'gulp-auto-loader': () => plugins,
  del: () => flow.remover('del'), rimraf: () => flow.remover('rimraf'), 'gulp-clean-dest': () => flow.remover('del'), mkdirp: () => Object.assign(made, { sync: f => f, mkdirp: made }), 'make-dir': () => Object.assign(made, { sync: f => f }), 'require-all': () => o => requireDir(typeof o === 'string' ? o : o.dirname), ncp: () => Object.assign((a, b, o, f) => { extra.copySync(a, b); const g = typeof o === 'function' ? o : f; if (g) rt.later(() => g()); }, { ncp: (a, b, f) => { extra.copySync(a, b); if (typeof f === 'function') rt.later(() => f()); } }),
  glob: globber, globby: globber, 'glob-all': globber, 'fast-glob': globber, 'tiny-glob': globber, minimatch, multimatch: () => (l, g) => rt.matching([].concat(g), [].concat(l)), micromatch: minimatch, anymatch: () => (g, p) => rt.matching([].concat(g), [p]).length > 0, wrench,
  'gulp-inject': injectModule, wiredep, 'main-bower-files': bowerFiles, 'gulp-bower-files': () => () => head(rt.op('gulp.src', [rt.components('main-bower-files', {}).files])), 'bower-files': bowerLists, 'gulp-main-bower-files': () => recorded('gulp-main-bower-files'),
  browserify: () => bundlers.browserify, watchify: () => bundlers.watchify, webpack: bundlers.webpackModule, rollup: bundlers.rollup, 'gulp-typescript': bundlers.typescript, 'gulp-preprocess': preprocess, 'gulp-rev-all': revAll,
  'gulp-sass': () => bundlers.factory('gulp-sass', { logError: inert, sync: recorded('gulp-sass.sync'), compiler: undefined }, bundlers.compiler), 'gulp-dart-sass': () => bundlers.factory('gulp-sass', { logError: inert, sync: recorded('gulp-sass.sync') }, bundlers.compiler), 'gulp-uglify/composer': () => () => recorded('gulp-uglify'), 'gulp-uglify/minifier': () => (o, u) => op('gulp-uglify', typeof o === 'object' ? [o] : []), 'gulp-esbuild': () => recorded('gulp-esbuild', { createGulpEsbuild: () => recorded('gulp-esbuild') }), 'gulp-uglify-es': () => recorded('gulp-uglify-es', { default: recorded('gulp-uglify-es') }), 'gulp-terser-js': () => recorded('gulp-terser'),
  'browser-sync': () => (browserSync = browserSync || servers.browserSync()), express: () => servers.framework('express'), connect: () => servers.framework('connect'), 'serve-static': () => recorded('serve-static'), 'gulp-connect': servers.gulpConnect, 'gulp-webserver': () => servers.piped('gulp-webserver'), 'gulp-server-livereload': () => servers.piped('gulp-server-livereload'), 'gulp-serv': () => servers.piped('gulp-webserver'), 'gulp-livereload': servers.liveReload, 'gulp-refresh': servers.liveReload, 'tiny-lr': servers.tinyLr, 'mini-lr': servers.tinyLr, 'gulp-live-server': servers.liveServer,
  'gulp-express': () => servers.starter('gulp-express', ['run'], false), 'gulp-develop-server': () => servers.starter('gulp-develop-server', ['listen'], false), 'gulp-nodemon': () => servers.starter('gulp-nodemon', [], true), nodemon: () => servers.starter('nodemon', [], true), 'gulp-connect-php': () => servers.starter('gulp-connect-php', ['server'], false), 'gulp-serve': () => gulpServe, 'live-server': () => servers.starter('live-server', ['start'], false), 'lite-server': () => ({ server: () => { rt.server('lite-server', []); } }), 'http-server': () => ({ createServer: o => ({ listen: (p, ...a) => { rt.server('http-server', [o || {}, { port: p }]); const f = a.find(x => typeof x === 'function'); if (f) rt.later(() => f()); } }) }), 'webpack-dev-server': servers.webpackServer, 'webpack-dev-middleware': servers.webpackMiddleware, 'webpack-hot-middleware': () => () => (req, res, next) => { next(); }, 'gulp-json-srv': () => Object.assign(() => inert, { start: inert, create: () => ({ start: inert, pipe: inert, kill: inert }), server: inert }), 'json-server': () => ({ create: () => servers.framework('express')(), router: inert, defaults: () => [], start: inert }), 'socket.io': () => () => ({ on: inert, sockets: { on: inert }, of: () => ({ on: inert }) }),
  'gulp-util': values.gulpUtil, 'gulp-load-utils': () => values.gulpUtil, 'fancy-log': values.log, 'gulplog': values.log, 'plugin-error': () => values.pluginError, 'ansi-colors': values.colours, chalk: values.colours, colors: values.colours, 'colors/safe': values.colours, 'cli-color': values.colours, kleur: values.colours, picocolors: values.colours, 'color-support': noop, beeper: noop, 'node-notifier': () => ({ notify: inert, on: inert }), 'time-grunt': noop, ora: () => () => ({ start() { return this; }, stop: inert, succeed: inert, fail: inert }), opn: openers, open: openers, 'pretty-bytes': () => String, 'pretty-hrtime': () => () => '', 'trace': noop, longjohn: noop, debug: () => () => inert, 'update-notifier': () => () => ({ notify: inert }),
  underscore: () => require('lodash'), lodash: () => require('lodash'), 'lodash/fp': () => require('lodash'), 'lodash-es': () => require('lodash'), 'object-assign': () => Object.assign, 'object.assign': () => Object.assign, xtend: () => (...l) => Object.assign({}, ...l), extend: () => values.extend, 'node.extend': () => values.extend, 'deep-extend': () => require('lodash').merge, 'merge': () => Object.assign((...l) => require('lodash').merge(...l), { recursive: (...l) => require('lodash').merge({}, ...l.filter(x => typeof x === 'object')) }), deepmerge: () => values.deepmerge, extendify: () => values.extendify, 'webpack-merge': () => Object.assign((...l) => values.deepmerge.all(l.flat()), { merge: (...l) => values.deepmerge.all(l.flat()), smart: (...l) => values.deepmerge.all(l), default: (...l) => values.deepmerge.all(l.flat()) }), 'array-union': () => require('lodash').union, 'object-path': () => ({ get: require('lodash').get, set: require('lodash').set }), slash: () => s => s.replace(/\\/g, '/'), 'is-windows': () => () => false, 'string.prototype.endswith': noop, async: values.async, bluebird: values.promises, q: values.promises, 'es6-promise': () => ({ polyfill: inert, Promise }), when: values.promises, co: () => values.co, 'promise-polyfill': noop, 'any-promise': () => Promise,
  minimist: () => values.minimist, yargs: () => values.yargs(), 'yargs/yargs': () => () => values.yargs(), 'yargs-parser': () => values.minimist, optimist: values.yargs, nomnom: values.yargs, commander: values.commander, 'get-argv': () => values.parsed, moment: values.date, dayjs: values.date, dateformat: () => () => '1970-01-01', 'strip-json-comments': () => s => s, json5: () => ({ parse: s => JSON.parse(s), stringify: JSON.stringify }), 'js-yaml': () => yaml(), yamljs: () => yaml(), yaml: () => yaml(), semver: () => ({ inc: v => v, gte: () => true, lt: () => false, satisfies: () => true, valid: v => v, clean: v => v }), dotenv, 'dotenv-safe': dotenv, env2: () => f => { dotenv().config({ path: f }); }, 'gulp-env': () => gulpEnv(), ip: () => ({ address: () => '127.0.0.1' }), portfinder: () => ({ getPort: f => { const g = arguments; rt.later(() => f(null, 8000)); }, getPortPromise: () => Promise.resolve(8000) }), 'get-port': () => () => Promise.resolve(8000), 'read-pkg': () => Object.assign(() => Promise.resolve(rt.require(rt.cwd + '/package.json')), { sync: () => rt.require(rt.cwd + '/package.json') }), 'app-root-path': () => ({ path: rt.cwd, toString: () => rt.cwd, resolve: p => rt.cwd + '/' + p, require: p => rt.require(rt.cwd + '/' + p) }), 'git-rev-sync': () => ({ short: () => '', long: () => '', branch: () => '', tag: () => '' }), 'git-rev': () => ({ short: f => rt.later(() => f('')), long: f => rt.later(() => f('')), branch: f => rt.later(() => f('')), tag: f => rt.later(() => f('')) }), 'once': () => f => f, inquirer: () => ({ prompt: () => new Promise(inert) }),
  karma, 'gulp-shell': shell, 'gulp-exec-command': noop,
  xml2js: () => require('xml'), config: nodeConfig, 'require-yaml': noop, 'require-yml': noop,
  'babel-register': noop, 'babel-core/register': noop, '@babel/register': noop, 'babel/register': noop, 'babel-polyfill': noop, '@babel/polyfill': noop, 'core-js': noop, 'regenerator-runtime': noop, 'coffee-script/register': noop, 'coffee-script': () => recorded('coffee-script'), 'ts-node/register': noop, 'harmonize': () => inert, 'source-map-support': () => ({ install: inert }), 'events.once': noop, 'es6-shim': noop, 'graceful-fs/polyfills': noop,
};

// preprocess is gulp-preprocess, whose conditions see the environment.
function preprocess() {
  return recorded('gulp-preprocess', {}, args => op('gulp-preprocess', [Object.assign({}, args[0], { context: Object.assign({}, process.env, args[0] && args[0].context) })]));
}

// revAll is gulp-rev-all: a module, and before its second version a class.
function revAll() {
  const members = o => ({ revision: own => op('gulp-rev-all.revision', [own || o]), manifestFile: () => op('gulp-rev-all.manifestFile', [o]), versionFile: () => op('gulp-rev-all.versionFile', [o]) });
  function RevAll(o) { return new.target ? members(o) : op('gulp-rev-all.revision', [o]); }
  return Object.assign(RevAll, members(undefined), { manifest: members().manifestFile, default: RevAll });
}

let browserSync;

// gulpWatch is gulp-watch: a watcher, a stream, or both.
function gulpWatch() {
  return (globs, o, f) => {
    if (typeof o === 'function') { f = o; o = undefined; }
    const w = require('gulp').watcher(globs, o, typeof f === 'function' ? f : undefined, 'file');
    w.pipe = next => head(rt.op('gulp.src', [globs, o].filter(x => x !== undefined))).pipe(next);
    return w;
  };
}

// gulpServe is gulp-serve: a task.
function gulpServe(o) { return () => { rt.server('gulp-serve', [o]); }; }

// gulpEnv is gulp-env: variables for the rest of the run.
function gulpEnv() {
  const f = recorded('gulp-env', { set: o => { Object.assign(process.env, o); return op('gulp-util.noop', []); } }, args => {
    const o = args[0] || {}, file = typeof o === 'string' ? o : o.file;
    if (file && /\.json$/.test(file)) Object.assign(process.env, extra.readJsonSync(file));
    else if (file && /\.js$/.test(file)) Object.assign(process.env, rt.require(at(file)));
    else if (file) dotenv().config({ path: file });
    Object.assign(process.env, o.vars || {});
    return op('gulp-util.noop', []);
  });
  return f;
}

function requireTasks(o) {
  const dir = typeof o === 'string' ? o : (o && o.path) || './gulp-tasks';
  const base = at(dir);
  const walk = (d, prefix) => {
    for (const e of rt.list(d).error ? [] : rt.list(d)) {
      if (e.dir) { walk(d + '/' + e.name, prefix + e.name + ':'); continue; }
      if (!/\.js$/.test(e.name)) continue;
      const m = rt.require(d + '/' + e.name), name = (prefix + e.name.replace(/\.js$/, '')).replace(/:index$/, '');
      if (typeof m === 'function') gulp.task(name, done => m(gulp, done));
      else if (m && typeof m === 'object' && (m.fn || m.deps || m.dep)) gulp.task(name, m.deps || m.dep || [], m.fn && (done => m.fn(gulp, done)));
    }
  };
  walk(base, '');
}

function shelljs() {
  const exec = (c, ...rest) => { node.childProcess.exec(c, ...rest); return { code: 0, stdout: '', stderr: '' }; };
  return { exec, rm: (...a) => { rt.remove(a.filter(x => typeof x !== 'string' || x[0] !== '-').flat()); }, cp: (...a) => { const f = a.filter(x => typeof x !== 'string' || x[0] !== '-').flat(); extra.copySync(f[0], f[f.length - 1]); }, mkdir: inert, cd: inert, echo: inert, which: () => null, test: (f, p) => fs.existsSync(p), cat: f => fs.readFileSync(f, 'utf8'), ls: d => fs.readdirSync(d || '.'), exit: inert, pwd: () => rt.cwd, config: {}, env: process.env, set: inert, mv: inert, sed: inert, find: d => rt.glob([d + '/**'], {}) };
}

function yaml() {
  const parse = s => { const r = rt.yaml(String(s)); if (r && r.error) throw new Error(r.error); return JSON.parse(r); };
  return { load: parse, safeLoad: parse, parse, dump: JSON.stringify, safeDump: JSON.stringify, stringify: JSON.stringify };
}

// nodeConfig is the module config: the files of the folder config, one over the other.
function nodeConfig() {
  const _ = require('lodash'), dir = rt.cwd + '/' + (process.env.NODE_CONFIG_DIR || 'config').replace(/^\.\//, ''), all = {};
  for (const name of ['default', process.env.NODE_ENV || 'development', 'local']) {
    for (const ext of ['.js', '.json', '.yml', '.yaml', '.ts', '.cjs']) if (!rt.stat(dir + '/' + name + ext).error) _.merge(all, rt.require(dir + '/' + name + ext));
  }
  const hide = (k, value) => Object.defineProperty(all, k, { value, configurable: true });
  hide('has', p => _.get(all, p) !== undefined);
  hide('get', p => { const v = _.get(all, p); if (v === undefined) throw new Error('Configuration property "' + p + '" is not defined'); return v; });
  hide('util', { toObject: () => _.cloneDeep(all), getEnv: () => process.env.NODE_ENV || 'development' });
  return all;
}

const made_ = new Map();

// builtin returns the stand-in of a module; the same each time.
function builtin(name) {
  if (name.startsWith('node:')) name = name.slice(5);
  const part = /^(?:lodash(?:-es)?[/.]|underscore\.)(\w+)$/.exec(name);
  if (part) return lodashPart(part[1]);
  if (!made_.has(name)) made_.set(name, Object.prototype.hasOwnProperty.call(table, name) ? { it: table[name]() } : undefined);
  const m = made_.get(name);
  return m;
}

// lodashPart is one function of lodash: "lodash/mergeWith", "lodash.mergewith".
function lodashPart(name) {
  const _ = require('lodash'), key = Object.keys(_).find(k => k.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : { it: _[key] };
}

// unknown stands in for a module that nobody here knows.
const others = new Map();
function unknown(name) {
  if (!others.has(name)) others.set(name, recorded(name));
  return others.get(name);
}

module.exports = { builtin, unknown, gulp };
