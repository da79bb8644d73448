// Modules that make values, or only words on a screen.
'use strict';

const { op, module: recorded, empty } = require('core');
const { format } = require('node');

function inert() {}

// colours is chalk and its like: every member is a function that returns its text.
function colours() {
  const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white', 'gray', 'grey', 'bold', 'dim', 'italic', 'underline', 'inverse', 'hidden', 'strikethrough', 'rainbow', 'reset', 'bgRed', 'bgGreen', 'bgBlue', 'bgYellow', 'bgCyan', 'bgMagenta', 'bgWhite', 'bgBlack'];
  for (const name of names) {
    if (!(name in String.prototype)) Object.defineProperty(String.prototype, name, { get() { return String(this); }, configurable: true });
  }
  const f = (...a) => a.join(' ');
  const p = new Proxy(f, {
    get: (t, k) => {
      if (k === 'supportsColor' || k === 'enabled' || k === '__esModule') return k === '__esModule' ? undefined : false;
      if (k === 'strip' || k === 'stripColor' || k === 'unstyle') return s => String(s);
      return k in t || typeof k === 'symbol' ? t[k] : p;
    },
    set: () => true, apply: (t, that, a) => (typeof a[0] === 'object' && a[0] && a[0].raw ? String.raw(...a) : a.join(' ')), construct: () => p,
  });
  return p;
}

function log() {
  const f = () => f;
  for (const name of ['error', 'warn', 'info', 'dir', 'log', 'debug', 'trace', 'verbose', 'success']) f[name] = inert;
  f.default = f;
  return f;
}

// parsed is what minimist makes of the words after the command: those of the task's
// command line.
function parsed(options, argv) {
  const o = options || {}, out = { _: [] }, flags = new Set([].concat(o.boolean || [])), strings = new Set([].concat(o.string || []));
  for (const k of flags) if (typeof k === 'string') out[k] = false;
  Object.assign(out, typeof o.default === 'object' ? o.default : {});
  read(out, argv || process.argv.slice(2), k => o.boolean === true || flags.has(k), k => strings.has(k));
  for (const [k, names] of Object.entries(o.alias || {})) for (const n of [].concat(names)) {
    if (out[n] !== undefined && (out[k] === undefined || out[k] === false)) out[k] = out[n]; else if (out[k] !== undefined) out[n] = out[k];
  }
  return out;
}

// read puts what a command line says into out.
function read(out, argv, isFlag, isString) {
  const value = (k, v) => (isString(k) || typeof v !== 'string' || v === '' || isNaN(v) ? v : Number(v));
  for (let i = 0; i < argv.length; i++) {
    const word = String(argv[i]), m = /^(--?)(no-)?([^=]+)(?:=([\s\S]*))?$/.exec(word);
    if (word === '--') { out._.push(...argv.slice(i + 1)); return; }
    if (!m) { out._.push(word); continue; }
    const key = m[3], next = argv[i + 1];
    if (m[4] !== undefined) out[key] = isFlag(key) ? m[4] !== 'false' : value(key, m[4]);
    else if (m[2] && m[1] === '--') out[key] = false;
    else if (!isFlag(key) && next !== undefined && !/^-/.test(next)) { out[key] = value(key, next); i++; } else out[key] = isString(key) ? '' : true;
  }
}

function minimist(argv, options) { return parsed(options, argv); }

// yargs collects what is declared; argv holds what was given and the defaults.
function yargs() {
  const out = Object.assign(parsed(), { $0: 'gulp' });
  const option = (name, o) => {
    for (const [k, v] of typeof name === 'object' ? Object.entries(name) : [[name, o || {}]]) {
      if (v && v.default !== undefined) for (const n of [k].concat(v.alias || [])) if (out[n] === undefined) out[n] = v.default;
    }
    return y;
  };
  const y = new Proxy(function () { return y; }, {
    get: (t, k) => {
      switch (k) {
        case 'argv': case 'parsed': return out;
        case 'parse': case 'parseSync': return () => out;
        case 'parseAsync': return () => Promise.resolve(out);
        case 'option': case 'options': return option;
        case 'default': return function (name, v) { if (arguments.length === 0) return y; if (typeof name === 'object') Object.assign(out, name, parsed()); else if (arguments.length > 1 && out[name] === undefined) out[name] = v; return y; };
        case '__esModule': case 'then': return undefined;
        case 'boolean': return names => { for (const n of [].concat(names)) if (out[n] === undefined) out[n] = false; return y; };
      }
      return typeof k === 'symbol' || k in t ? t[k] : () => y;
    },
  });
  return y;
}

// commander is a program with the options of the task's command line.
function commander() {
  const c = { args: [], opts: () => c, version: () => c, parse: () => c, command: () => c, description: () => c, action: () => c, usage: () => c, on: () => c };
  c.option = (flags, text, a, b) => {
    const name = (/--(?:no-)?([\w-]+)/.exec(flags) || [])[1], v = typeof a === 'function' ? b : a;
    const given = name && parsed({ boolean: /[<[]/.test(flags) ? [] : [name] })[name];
    if (name) c[name.replace(/-(\w)/g, (m, x) => x.toUpperCase())] = given ? given : /--no-/.test(flags) ? given !== false : v;
    return c;
  };
  c.program = c;
  return c;
}

// extend is the module of that name: (deep, target, sources…).
function extend(...list) {
  const deep = typeof list[0] === 'boolean' ? list.shift() : false;
  const _ = require('lodash');
  return (deep ? _.merge : Object.assign)(list.shift() || {}, ...list.filter(Boolean));
}

function deepmerge(a, b, o) { return require('lodash').mergeWith({}, a, b, (x, y) => (Array.isArray(x) && Array.isArray(y) ? (o && o.arrayMerge ? o.arrayMerge(x, y, o) : x.concat(y)) : undefined)); }
deepmerge.all = list => list.reduce((a, b) => deepmerge(a, b), {});
deepmerge.default = deepmerge;

// extendify makes a function that merges; options say what becomes of lists.
function extendify(o) {
  const how = (o && o.arrays) || 'merge';
  const choose = (x, y) => (!Array.isArray(x) || !Array.isArray(y) ? undefined : how === 'replace' ? y : how === 'concat' ? x.concat(y) : Array.from(new Set(x.concat(y))));
  return (...list) => require('lodash').mergeWith(o && o.inPlace === false ? {} : list.shift(), ...list, choose);
}

// date is moment, dateformat and dayjs: a fixed time, so that a plan is the same each time.
function date() {
  const d = () => new Proxy({}, { get: (t, k) => (k === 'then' || typeof k === 'symbol' && k !== Symbol.toPrimitive ? undefined : k === 'format' || k === 'toString' || k === 'toISOString' || k === Symbol.toPrimitive ? () => '1970-01-01T00:00:00Z' : ['valueOf', 'unix', 'year', 'month', 'date', 'diff'].includes(k) ? () => 0 : d) });
  return Object.assign(d, { utc: d, locale: inert, duration: d, default: d });
}

// PluginError is gulp-util's.
class PluginError extends Error {
  constructor(plugin, message, options) {
    super(message instanceof Error ? message.message : typeof message === 'object' && message ? message.message : message);
    this.name = 'PluginError'; this.plugin = plugin; Object.assign(this, options);
  }
}
// Without "new" as well.
const pluginError = new Proxy(PluginError, { apply: (t, that, a) => new PluginError(...a) });

function gulpUtil() {
  const u = {
    log: log(), colors: colours(), env: parsed(), beep: inert, date: date(), noop: () => op('gulp-util.noop', []), isStream: v => !!(v && v.pipe), isBuffer: v => Buffer.isBuffer(v), isNull: v => v === null,
    replaceExtension: (p, e) => p.replace(/\.[^./]*$/, '') + e, File: require('vinyl'), PluginError: pluginError, template: (t, d) => require('lodash').template(t)(d), linefeed: '\n',
    combine: (...l) => () => require('flow').pipeline(...l), buffer: f => op('gulp-util.buffer', [f]), lastRun: inert,
  };
  u.default = u;
  return u;
}

// async is the module of that name: callbacks in a row or at once.
function async_() {
  const each = (list, f, done) => { let left = list.length; if (!left && done) done(null); list.forEach(v => f(v, e => { if (--left === 0 && done) done(e || null); })); };
  const run = (tasks, done) => {
    const keys = Object.keys(tasks), out = Array.isArray(tasks) ? [] : {};
    const next = i => (i >= keys.length ? done && done(null, out) : tasks[keys[i]]((e, v) => { out[keys[i]] = v; e ? done && done(e) : next(i + 1); }));
    next(0);
  };
  const waterfall = (tasks, done) => { const next = (i, args) => (i >= tasks.length ? done && done(null, ...args) : tasks[i](...args, (e, ...r) => (e ? done && done(e) : next(i + 1, r)))); next(0, []); };
  return { each, forEach: each, eachSeries: each, forEachSeries: each, eachLimit: (l, n, f, d) => each(l, f, d), series: run, parallel: run, waterfall, map: (l, f, d) => { const out = []; each(l.map((v, i) => [v, i]), ([v, i], cb) => f(v, (e, r) => { out[i] = r; cb(e); }), e => d && d(e, out)); } };
}

// promises is bluebird and q, as far as node's own Promise goes.
function promises() {
  const P = function (f) { return new Promise(f); };
  Object.assign(P, {
    resolve: v => Promise.resolve(v), reject: v => Promise.reject(v), all: l => Promise.all(l), race: l => Promise.race(l), allSettled: l => Promise.allSettled(l), when: v => Promise.resolve(v), Promise,
    defer: () => { const d = {}; d.promise = new Promise((a, b) => { d.resolve = a; d.reject = b; }); d.makeNodeResolver = () => (e, v) => (e ? d.reject(e) : d.resolve(v)); return d; },
    promisify: require('node').util.promisify, nfcall: (f, ...a) => require('node').util.promisify(f)(...a), denodeify: require('node').util.promisify, delay: () => Promise.resolve(), coroutine: co, method: f => f, map: (l, f) => Promise.all(l.map(f)), fcall: f => Promise.resolve(f()), each: (l, f) => l.reduce((p, v) => p.then(() => f(v)), Promise.resolve()), try: f => Promise.resolve().then(f), join: (...l) => Promise.all(l), config: inert,
    promisifyAll: o => { const out = Object.create(o); for (const k of Object.keys(o)) if (typeof o[k] === 'function') out[k + 'Async'] = require('node').util.promisify(o[k].bind(o)); return out; },
  });
  P.prototype = Promise.prototype;
  P.default = P;
  return P;
}

// co drives a generator.
function co(f) {
  const run = g => new Promise((done, fail) => { const step = v => { let r; try { r = g.next(v); } catch (e) { return fail(e); } r.done ? done(r.value) : Promise.resolve(r.value).then(step, fail); }; step(); });
  return typeof f === 'function' ? run(f()) : run(f);
}
co.wrap = f => (...a) => run(f, a);
function run(f, a) { return co(f(...a)); }

module.exports = { colours, log, parsed, minimist, yargs, commander, extend, deepmerge, extendify, date, pluginError, gulpUtil, async: async_, promises, co, inert };
