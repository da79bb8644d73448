// Bundlers: what they were told before they were asked for their output.
'use strict';

const { REF, refOf, op, head, listen, module: recorded } = require('core');

// browserify collects entries, transforms and plug-ins; its op has them in Chain.
function browserify(...args) {
  const steps = [];
  const opts = args.length > 1 ? args[1] : args[0] && typeof args[0] === 'object' && !Array.isArray(args[0]) ? args[0] : {};
  const b = {
    _options: opts || {}, pipeline: { get: () => ({ push() {}, unshift() {} }), on: () => b.pipeline },
    bundle(done) {
      const s = head(rt.op('browserify', args, { chain: steps.slice() }));
      if (typeof done === 'function') rt.later(() => done(null, Buffer.from('')));
      return s;
    },
    on(event, f) { if (event === 'bundle') listen('end', f); return b; },
    emit: () => true, reset: () => b, close() {}, removeListener: () => b, setMaxListeners: () => b,
  };
  b.once = b.addListener = b.on;
  for (const name of ['add', 'require', 'external', 'ignore', 'exclude', 'transform', 'plugin']) {
    b[name] = (...more) => {
      // The two old orders of transform's arguments: options first, options last.
      if (name === 'transform' && more.length > 1 && more[0] && typeof more[0] === 'object' && !refOf(more[0])) more.reverse();
      steps.push(rt.op('browserify.' + name, more));
      return b;
    };
  }
  return b;
}
browserify.default = browserify;

// watchify makes a bundler that stays; what it makes is the same.
function watchify(b) { return b; }
watchify.args = { cache: {}, packageCache: {} };
watchify.default = watchify;

// ran calls webpack's callback with an outcome that has no mistakes.
function stats() {
  const none = { errors: [], warnings: [], assets: [], chunks: [], modules: [] };
  return { hasErrors: () => false, hasWarnings: () => false, toString: () => '', toJson: () => none, compilation: none, startTime: 0, endTime: 0, hash: '' };
}

// webpack records one op that is no stream's: it writes files by itself.
function webpack(...args) {
  const options = args.filter((a, i) => i === 0 || typeof a !== 'function');
  const done = args.slice(1).find(a => typeof a === 'function');
  const run = f => { rt.call(rt.op('webpack', options)); if (typeof f === 'function') rt.later(() => f(null, stats())); };
  if (done) run(done);
  const hook = { tap() {}, tapAsync() {}, tapPromise() {} };
  return {
    run, watch: (o, f) => { run(f); return { close() {}, invalidate() {} }; }, close: f => { if (f) rt.later(() => f()); }, plugin() {}, apply() {}, options: options[0] || {},
    hooks: new Proxy({}, { get: () => hook }), outputPath: '', context: rt.cwd, [REF]: rt.op('webpack', options, { quiet: true }),
  };
}

// webpackModule is webpack with its plug-ins, which are recorded.
function webpackModule() { return recorded('webpack', {}, args => webpack(...args)); }

// rollup's bundle is generated or written after it was made.
function rollup() {
  const make = o => {
    const out = options => { rt.call(rt.op('rollup', [o, options])); return Promise.resolve({ code: '', map: null, output: [] }); };
    return Promise.resolve({ write: out, generate: out, close: async () => {}, watchFiles: [] });
  };
  return recorded('rollup', { rollup: make, watch: o => { (Array.isArray(o) ? o : [o]).forEach(x => rt.call(rt.op('rollup', [x, x && x.output]))); return { on() { return this; }, close() {} }; } });
}

// factory is a plug-in that has to be given its compiler first: require('gulp-sass')(sass).
function factory(name, members, isCompiler) {
  const use = args => {
    if (args.length >= 1 && isCompiler(args[0])) return factory(name, members, () => false);
    return op(name, args);
  };
  return recorded(name, members, use);
}

function compiler(x) { return typeof x === 'function' || (x !== null && typeof x === 'object' && (refOf(x) !== undefined || typeof x.render === 'function' || typeof x.compile === 'function')); }

// typescript is gulp-typescript: a project is a transformation, and a source of files.
function typescript() {
  const createProject = (...args) => {
    const p = function (...more) { return op('gulp-typescript', args.concat(more)); };
    const config = typeof args[0] === 'string' ? args[0] : undefined;
    p.src = () => head(rt.op('gulp-typescript.src', args));
    p.config = config ? readConfig(config) : {};
    p.options = p.config.compilerOptions || {};
    p[REF] = rt.op('gulp-typescript.createProject', args, { quiet: true });
    return p;
  };
  return recorded('gulp-typescript', { createProject, reporter: recorded('gulp-typescript.reporter'), filter: recorded('gulp-typescript.filter') });
}

function readConfig(file) {
  const r = rt.read(require('path').resolve(file));
  try { return JSON.parse(r.toString('utf8').replace(/^\s*\/\/.*$/gm, '')); } catch (e) { return {}; }
}

module.exports = { browserify, watchify, webpackModule, rollup, factory, compiler, typescript };
