// node's own modules, as far as build scripts use them. Nothing is run, nothing is sent.
'use strict';

const { op, module: recorded, listen, empty } = require('core');
const EventEmitter = require('events');
const { Emitter } = EventEmitter;

function inert() {}

function format(f, ...args) {
  if (typeof f !== 'string') return [f, ...args].map(inspect).join(' ');
  let i = 0;
  const text = f.replace(/%[sdifjoO%]/g, m => (m === '%%' ? '%' : i >= args.length ? m : shown(m, args[i++])));
  return [text, ...args.slice(i).map(a => (typeof a === 'string' ? a : inspect(a)))].join(' ');
}

function shown(as, v) {
  switch (as) {
    case '%j': return JSON.stringify(v);
    case '%d': return String(Number(v));
    case '%i': return String(parseInt(v, 10));
    case '%f': return String(parseFloat(v));
  }
  return String(v);
}

// deepEqual compares what assert and util compare: values, whatever the order of keys.
function deepEqual(a, b) {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object' || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date || a instanceof RegExp) return String(a) === String(b);
  const x = Object.keys(a), y = Object.keys(b);
  return x.length === y.length && x.every(k => deepEqual(a[k], b[k]));
}

function inspect(v) { try { return typeof v === 'string' ? v : JSON.stringify(v) || String(v); } catch (e) { return String(v); } }

const util = {
  format, inspect, isArray: Array.isArray, deprecate: f => f, debuglog: () => inert,
  inherits(a, b) { a.super_ = b; Object.setPrototypeOf(a.prototype, b.prototype); },
  promisify: f => (...args) => new Promise((done, fail) => f(...args, (e, v) => (e ? fail(e) : done(v)))),
  callbackify: f => (...args) => { const done = args.pop(); f(...args).then(v => done(null, v), done); },
  isString: v => typeof v === 'string', isFunction: v => typeof v === 'function', isObject: v => v !== null && typeof v === 'object',
  isRegExp: v => v instanceof RegExp, isUndefined: v => v === undefined, isNullOrUndefined: v => v === undefined || v === null,
  isDate: v => v instanceof Date, isError: v => v instanceof Error, isNumber: v => typeof v === 'number', isBoolean: v => typeof v === 'boolean',
  _extend: Object.assign, log: inert, print: inert, puts: inert, isDeepStrictEqual: deepEqual,
  types: { isRegExp: v => v instanceof RegExp, isDate: v => v instanceof Date, isPromise: v => v instanceof Promise, isNativeError: v => v instanceof Error, isTypedArray: ArrayBuffer.isView },
};

const os = {
  EOL: '\n', platform: () => 'linux', type: () => 'Linux', arch: () => 'x64', cpus: () => [{ model: '', speed: 0, times: {} }],
  tmpdir: () => '/tmp', homedir: () => '/', hostname: () => 'localhost', networkInterfaces: () => ({}), release: () => '', endianness: () => 'LE',
  totalmem: () => 1 << 30, freemem: () => 1 << 30, loadavg: () => [0, 0, 0], uptime: () => 0, userInfo: () => ({ username: '', uid: 0, gid: 0, homedir: '/' }), constants: { signals: {} },
};

function parseQuery(s) {
  const out = Object.create(null), text = t => decodeURIComponent(t.replace(/\+/g, ' '));
  for (const part of String(s).split('&').filter(Boolean)) {
    const i = part.indexOf('='), key = text(i < 0 ? part : part.slice(0, i)), value = i < 0 ? '' : text(part.slice(i + 1));
    out[key] = key in out ? [].concat(out[key], value) : value;
  }
  return out;
}

const querystring = {
  parse: parseQuery,
  stringify: o => Object.keys(o || {}).map(k => [].concat(o[k]).map(v => encodeURIComponent(k) + '=' + encodeURIComponent(v)).join('&')).join('&'),
  escape: encodeURIComponent, unescape: decodeURIComponent,
};

// assert is node's: it throws.
function assert(v, message) { if (!v) throw message instanceof Error ? message : new Error(message || 'The expression evaluated to a falsy value'); }
Object.assign(assert, {
  ok: assert, equal: (a, b, m) => assert(a == b, m), notEqual: (a, b, m) => assert(a != b, m), strictEqual: (a, b, m) => assert(a === b, m),
  notStrictEqual: (a, b, m) => assert(a !== b, m), deepEqual: (a, b, m) => assert(deepEqual(a, b), m), deepStrictEqual: (a, b, m) => assert(deepEqual(a, b), m),
  throws(f, ...m) { try { f(); } catch (e) { return; } assert(false, m.pop()); }, doesNotThrow: f => f(), ifError: e => { if (e) throw e; }, fail: m => assert(false, m), AssertionError: Error,
});
assert.strict = assert;

// child is what spawn and its like return: a process that ran and ended well.
function child() {
  const c = new Emitter();
  c.stdout = pipeless(); c.stderr = pipeless(); c.stdin = pipeless();
  c.on = c.once = c.addListener = (event, f) => { if (['exit', 'close'].includes(event) && typeof f === 'function') rt.later(() => f(0, null)); return c; };
  Object.assign(c, { pid: 0, kill: inert, unref: inert, ref: inert, send: inert, disconnect: inert, killed: false, exitCode: 0 });
  const ended = Promise.resolve({ stdout: '', stderr: '', code: 0, exitCode: 0 });
  c.then = (f, g) => ended.then(f, g);
  c.catch = () => c;
  return c;
}

function pipeless() {
  const s = { on: () => s, once: () => s, pipe: to => to, setEncoding: () => s, write: () => true, end: inert, resume: () => s, fd: 1, isTTY: false, columns: 80 };
  return s;
}

function line(command, args) {
  return [command].concat(Array.isArray(args) ? args : []).map(a => (/^[\w@%+=:,./-]+$/.test(a) ? String(a) : "'" + String(a).replace(/'/g, "'\\''") + "'")).join(' ');
}

function exec(command, ...rest) {
  rt.command(String(command));
  return called(rest);
}
function execFile(command, args, ...rest) {
  rt.command(line(command, args));
  return called([args, ...rest]);
}
function called(rest) {
  const done = rest.reverse().find(a => typeof a === 'function');
  if (done) rt.later(() => done(null, '', ''));
  return child();
}
const childProcess = {
  exec, execFile, spawn: (c, a) => { rt.command(line(c, a)); return child(); },
  fork: (file, a) => { rt.command(line('node', [file].concat(Array.isArray(a) ? a : []))); return child(); },
  execSync: c => { rt.command(String(c)); return Buffer.from(/gulp.* --version/.test(c) ? 'CLI version 2.3.0\nLocal version 4.0.2\n' : ''); },
  execFileSync: (c, a) => { rt.command(line(c, a)); return Buffer.from(''); },
  spawnSync: (c, a) => { rt.command(line(c, a)); return { status: 0, stdout: Buffer.from(''), stderr: Buffer.from(''), signal: null, output: [] }; },
};

const crypto = {
  createHash: algorithm => {
    const data = [];
    return {
      update(d) { data.push(Buffer.from(d)); return this; },
      digest(encoding) { const b = Buffer.from(rt.hash(String(algorithm), Buffer.concat(data).toString('hex')), 'hex'); return encoding ? b.toString(encoding) : b; },
    };
  },
  randomBytes: n => Buffer.alloc(n), randomUUID: () => '00000000-0000-4000-8000-000000000000', getHashes: () => ['md5', 'sha1', 'sha256', 'sha512'],
};

const readline = { createInterface: () => ({ question: inert, on: inert, close: inert, prompt: inert, setPrompt: inert }), clearLine: inert, cursorTo: inert };

const timers = { setTimeout: (f, ms) => rt.timer(f), setInterval: inert, setImmediate: f => rt.timer(f), clearTimeout: inert, clearInterval: inert, clearImmediate: inert };

// request is http.request and get: nobody answers.
function request() { const r = new Emitter(); Object.assign(r, { end: inert, write: () => true, abort: inert, setTimeout: inert, setHeader: inert, pipe: to => to }); return r; }

module.exports = { inert, util, os, querystring, assert, childProcess, child, crypto, readline, timers, request, format, pipeless, line };
