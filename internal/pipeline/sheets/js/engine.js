// A little node for the built-in engine: the modules that the compilers' packages ask for
// when they are loaded. Files can be read, nothing can be written, nothing can be run,
// and there is no network. host(name, argument) is the one way out; it answers with a
// string or null.
(function (host, cwd, platform) {
  'use strict';
  var global = globalThis;

  function call(name, value) {
    var answer = host(name, JSON.stringify(value));
    return answer === null ? null : JSON.parse(answer);
  }

  // ---- what is global in node

  function utf8(text) {
    var out = [];
    for (var ch of text) {
      var c = ch.codePointAt(0);
      if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd;
      if (c < 0x80) out.push(c);
      else if (c < 0x800) out.push(0xc0 | c >> 6, 0x80 | c & 63);
      else if (c < 0x10000) out.push(0xe0 | c >> 12, 0x80 | c >> 6 & 63, 0x80 | c & 63);
      else out.push(0xf0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63);
    }
    return out;
  }
  function fromUtf8(bytes) {
    var out = '';
    for (var i = 0; i < bytes.length;) {
      var c = bytes[i++];
      var more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : -1;
      if (more < 0) { out += '\ufffd'; continue; }
      if (more > 0) c &= 0x3f >> more;
      for (; more > 0; more--) c = c << 6 | (bytes[i++] || 0) & 63;
      out += String.fromCodePoint(c > 0x10ffff ? 0xfffd : c);
    }
    return out;
  }
  var letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  function toBase64(bytes) {
    var out = '';
    for (var i = 0; i < bytes.length; i += 3) {
      var n = bytes[i] << 16 | (bytes[i + 1] || 0) << 8 | (bytes[i + 2] || 0);
      out += letters[n >> 18] + letters[n >> 12 & 63] +
        (i + 1 < bytes.length ? letters[n >> 6 & 63] : '=') + (i + 2 < bytes.length ? letters[n & 63] : '=');
    }
    return out;
  }
  function fromBase64(text) {
    var out = [], n = 0, bits = 0;
    for (var ch of text.replace(/-/g, '+').replace(/_/g, '/')) {
      var at = letters.indexOf(ch);
      if (at < 0) continue;
      n = (n << 6 | at) & 0xffffff;
      bits += 6;
      if (bits >= 8) { bits -= 8; out.push(n >> bits & 255); }
    }
    return out;
  }
  function bytesOf(text, encoding) {
    if (encoding === 'base64') return fromBase64(text);
    if (encoding === 'hex') return (text.match(/../g) || []).map(function (h) { return parseInt(h, 16); });
    if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii') return Array.from(text, function (c) { return c.charCodeAt(0) & 255; });
    return utf8(text);
  }
  class Buffer extends Uint8Array {
    constructor(value, more, length) {
      if (typeof value === 'string') super(bytesOf(value, more));
      else super(value, more, length);
    }
    static from(value, encoding) {
      if (typeof value === 'string') value = bytesOf(value, encoding);
      if (value instanceof ArrayBuffer) value = new Uint8Array(value);
      var buffer = new Buffer(value.length);
      buffer.set(value);
      return buffer;
    }
    static alloc(size) { return new Buffer(size); }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static byteLength(value) { return typeof value === 'string' ? utf8(value).length : value.length; }
    static concat(list) {
      var all = [];
      list.forEach(function (b) { for (var i = 0; i < b.length; i++) all.push(b[i]); });
      return Buffer.from(all);
    }
    toString(encoding, from, to) {
      var bytes = from === undefined ? this : this.subarray(from, to);
      if (encoding === 'base64') return toBase64(bytes);
      if (encoding === 'hex') return Array.from(bytes, function (b) { return (b < 16 ? '0' : '') + b.toString(16); }).join('');
      if (encoding === 'latin1' || encoding === 'binary' || encoding === 'ascii') return Array.from(bytes, function (b) { return String.fromCharCode(b); }).join('');
      return fromUtf8(bytes);
    }
  }
  class URL {
    constructor(text, base) {
      text = String(text);
      var m = /^([a-zA-Z][a-zA-Z0-9+.-]*:)(\/\/[^\/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text);
      if (!m && base) {
        var b = new URL(base);
        var path = text[0] === '/' ? text : b.pathname.replace(/[^\/]*$/, '') + text;
        return new URL(b.protocol + (b.host || b.protocol === 'file:' ? '//' + b.host : '') + posix.normalize(path));
      }
      if (!m) throw new TypeError('Invalid URL: ' + text);
      this.protocol = m[1].toLowerCase();
      this.host = this.hostname = (m[2] || '').slice(2);
      this.pathname = m[3].replace(/[ "<>`{}]/g, encodeURIComponent);
      this.search = m[4] || '';
      this.hash = m[5] || '';
      this.origin = 'null';
    }
    get href() {
      return this.protocol + (this.host || this.protocol === 'file:' ? '//' + this.host : '') + this.pathname + this.search + this.hash;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }
  var later = [];
  function defer(f) {
    var args = Array.prototype.slice.call(arguments, 1);
    later.push(function () { f.apply(null, args); });
    return later.length;
  }
  function after(f, ms) { return defer.apply(null, [f].concat(Array.prototype.slice.call(arguments, 2))); }
  function nothing() {}
  function say() { host('say', JSON.stringify(Array.prototype.map.call(arguments, String).join(' '))); }
  var output = { write: function (text) { say(text); return true; }, isTTY: false, on: nothing, once: nothing, emit: nothing };
  var process = {
    env: {}, argv: ['node', 'sheet'], execArgv: [], platform: platform, arch: '', pid: 0, version: 'v18.0.0', versions: {},
    stdout: output, stderr: output, release: {}, browser: false,
    cwd: function () { return cwd; }, nextTick: defer, exit: function () { throw new Error('the package wants to end the process'); },
    on: nothing, once: nothing, off: nothing, emit: nothing, removeListener: nothing, emitWarning: nothing,
    hrtime: function () { var now = Date.now(); return [Math.floor(now / 1000), now % 1000 * 1e6]; },
    memoryUsage: function () { return { heapUsed: 0, rss: 0 }; }, uptime: function () { return 0; }, binding: function () { return {}; }
  };
  Object.assign(global, {
    global: global, location: { href: 'file://' + (cwd[0] === '/' ? '' : '/') + encodeURI(cwd) + '/' }, Buffer: Buffer, URL: URL, process: process,
    setTimeout: after, setImmediate: defer, setInterval: nothing, clearTimeout: nothing, clearImmediate: nothing, clearInterval: nothing,
    console: { log: say, info: say, warn: say, error: say, debug: nothing, trace: nothing, time: nothing, timeEnd: nothing },
    TextEncoder: class { encode(text) { return Uint8Array.from(utf8(text)); } },
    TextDecoder: class { decode(bytes) { return fromUtf8(bytes); } }
  });

  // ---- modules of node

  function isAbsolute(p) { return p[0] === '/' || /^[A-Za-z]:[\\\/]/.test(p); }
  var posix = {
    sep: '/', delimiter: platform === 'win32' ? ';' : ':', isAbsolute: isAbsolute,
    normalize: function (p) {
      p = p.replace(/\\/g, platform === 'win32' ? '/' : '\\');
      var drive = /^[A-Za-z]:/.exec(p), root = drive ? drive[0] : '';
      p = p.slice(root.length);
      if (p[0] === '/') root += '/';
      var out = [];
      p.split('/').forEach(function (part) {
        if (part === '' || part === '.') return;
        if (part === '..' && out.length && out[out.length - 1] !== '..') out.pop();
        else if (part !== '..' || !root) out.push(part);
      });
      return root + out.join('/') + (/\/$/.test(p) && out.length ? '/' : '') || '.';
    },
    join: function () { return posix.normalize(Array.prototype.filter.call(arguments, Boolean).join('/') || '.'); },
    resolve: function () {
      var p = '';
      for (var i = arguments.length - 1; i >= 0 && !isAbsolute(p || '.'); i--) {
        if (arguments[i]) p = p ? arguments[i] + '/' + p : arguments[i];
      }
      p = posix.normalize(isAbsolute(p || '.') ? p : cwd + '/' + p);
      return p.length > 1 ? p.replace(/\/$/, '') : p;
    },
    dirname: function (p) {
      var at = p.replace(/\/+$/, '').lastIndexOf('/');
      return at < 0 ? '.' : at === 0 ? '/' : p.slice(0, at);
    },
    basename: function (p, ext) {
      var base = p.replace(/\/+$/, '').replace(/^.*\//, '');
      return ext && base !== ext && base.endsWith(ext) ? base.slice(0, -ext.length) : base;
    },
    extname: function (p) { var m = /[^\/]+(\.[^.\/]*)$/.exec(p); return m ? m[1] : ''; },
    relative: function (from, to) {
      var a = posix.resolve(from).split('/'), b = posix.resolve(to).split('/');
      while (a.length && b.length && a[0] === b[0]) { a.shift(); b.shift(); }
      return a.map(function (part) { return part && '..'; }).filter(Boolean).concat(b).join('/');
    },
    parse: function (p) {
      var ext = posix.extname(p), base = posix.basename(p);
      return { root: isAbsolute(p) ? '/' : '', dir: posix.dirname(p), base: base, ext: ext, name: posix.basename(p, ext) };
    },
    toNamespacedPath: function (p) { return p; }
  };
  posix.posix = posix;
  posix.win32 = posix;

  function missing(p, what) {
    var e = new Error('ENOENT: no such file or directory, ' + what + " '" + p + "'");
    e.code = 'ENOENT'; e.errno = -2; e.syscall = what; e.path = p;
    return e;
  }
  function local(p) {
    p = String(p);
    return p.slice(0, 7) === 'file://' ? decodeURIComponent(new URL(p).pathname) : posix.resolve(p);
  }
  function stat(p) { return call('stat', local(p)); }
  function stats(s) {
    return {
      size: s.size, mtime: new Date(s.time), mtimeMs: s.time,
      isFile: function () { return !s.dir; }, isDirectory: function () { return s.dir; }, isSymbolicLink: function () { return false; }
    };
  }
  var fs = {
    readFileSync: function (p, options) {
      var encoding = typeof options === 'string' ? options : options && options.encoding;
      var data = encoding === 'utf8' || encoding === 'utf-8' ? host('text', JSON.stringify(local(p))) : call('bytes', local(p));
      if (data === null) throw missing(p, 'open');
      if (encoding === 'utf8' || encoding === 'utf-8') return data;
      var buffer = Buffer.from(data, 'base64');
      return encoding ? buffer.toString(encoding) : buffer;
    },
    existsSync: function (p) { return stat(p) !== null; },
    statSync: function (p, options) {
      var s = stat(p);
      if (s) return stats(s);
      if (options && options.throwIfNoEntry === false) return undefined;
      throw missing(p, 'stat');
    },
    realpathSync: function (p) {
      var real = call('real', local(p));
      if (real === null) throw missing(p, 'lstat');
      return real;
    },
    readdirSync: function (p) {
      var names = call('list', local(p));
      if (names === null) throw missing(p, 'scandir');
      return names;
    },
    accessSync: function (p) { fs.statSync(p); },
    constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 }
  };
  fs.lstatSync = fs.statSync;
  fs.realpathSync.native = fs.realpathSync;
  ['readFile', 'stat', 'lstat', 'realpath', 'readdir', 'access'].forEach(function (name) {
    fs[name] = function () {
      var args = Array.prototype.slice.call(arguments), done = args.pop(), result;
      try { result = fs[name + 'Sync'].apply(fs, args); } catch (e) { defer(done, e); return; }
      defer(done, null, result);
    };
  });
  fs.promises = {};
  ['readFile', 'stat', 'lstat', 'realpath', 'readdir', 'access'].forEach(function (name) {
    fs.promises[name] = async function () { return fs[name + 'Sync'].apply(fs, arguments); };
  });

  class EventEmitter {
    on(name, f) { this.handlers = this.handlers || {}; (this.handlers[name] = this.handlers[name] || []).push(f); return this; }
    once(name, f) { return this.on(name, f); }
    addListener(name, f) { return this.on(name, f); }
    removeListener() { return this; }
    removeAllListeners() { return this; }
    emit(name) {
      var args = Array.prototype.slice.call(arguments, 1), self = this;
      ((this.handlers || {})[name] || []).forEach(function (f) { f.apply(self, args); });
      return true;
    }
  }
  EventEmitter.EventEmitter = EventEmitter;
  class Stream extends EventEmitter { pipe(to) { return to; } write() { return true; } end() {} }
  ['Readable', 'Writable', 'Duplex', 'Transform', 'PassThrough', 'Stream'].forEach(function (name) { Stream[name] = class extends Stream {}; });

  function inspect(value) {
    if (typeof value === 'string') return "'" + value + "'";
    try { return JSON.stringify(value) || String(value); } catch (e) { return String(value); }
  }
  inspect.custom = Symbol.for('nodejs.util.inspect.custom');
  var util = {
    inspect: inspect, deprecate: function (f) { return f; }, isArray: Array.isArray, types: {}, TextEncoder: global.TextEncoder, TextDecoder: global.TextDecoder,
    format: function () { return Array.prototype.map.call(arguments, String).join(' '); },
    inherits: function (child, parent) { child.super_ = parent; Object.setPrototypeOf(child.prototype, parent.prototype); },
    promisify: function (f) {
      return function () {
        var args = Array.prototype.slice.call(arguments), self = this;
        return new Promise(function (ok, fail) { f.apply(self, args.concat(function (e, v) { if (e) fail(e); else ok(v); })); });
      };
    }
  };
  function assert(ok, text) { if (!ok) throw new Error(text || 'assertion failed'); }
  assert.ok = assert;
  assert.equal = assert.strictEqual = function (a, b, text) { assert(a === b, text); };

  var core = {
    fs: fs, 'graceful-fs': fs, path: posix, util: util, events: EventEmitter, stream: Stream, assert: assert, process: process,
    buffer: { Buffer: Buffer, constants: {} }, 'fs/promises': fs.promises, timers: global, constants: {}, string_decoder: { StringDecoder: class { write(b) { return String(b); } end() { return ''; } } },
    os: { EOL: '\n', platform: function () { return platform; }, tmpdir: function () { return cwd; }, homedir: function () { return cwd; }, cpus: function () { return []; }, type: function () { return ''; } },
    url: {
      URL: URL, pathToFileURL: function (p) { return new URL('file://' + (p[0] === '/' ? '' : '/') + posix.resolve(p).split('/').map(encodeURIComponent).join('/').replace('%3A', ':')); },
      fileURLToPath: local,
      parse: function (text) { try { return new URL(text); } catch (e) { return { protocol: null, host: null, hostname: null, pathname: text, href: text, search: null, hash: null }; } },
      resolve: function (from, to) { try { return new URL(to, from).href; } catch (e) { return posix.join(posix.dirname(from), to); } },
      format: String
    },
    module: { createRequire: function (from) { return requireFrom(posix.dirname(local(from))); }, builtinModules: [] },
    // What only watching, networks and pictures need, which are not used here.
    chokidar: {}, '@parcel/watcher': {}, child_process: {}, http: {}, https: {}, net: {}, tls: {}, zlib: {}, crypto: {}, tty: { isatty: function () { return false; } }, vm: {}, readline: {}, worker_threads: {}, perf_hooks: { performance: Date }, v8: {}, dns: {}, querystring: {}, punycode: {}
  };

  // ---- CommonJS

  var loaded = {};
  function isFile(p) { var s = stat(p); return s !== null && !s.dir; }
  function fileAt(p) {
    for (var ext of ['', '.js', '.cjs', '.json']) if (isFile(p + ext)) return p + ext;
    var s = stat(p);
    if (!s || !s.dir) return null;
    if (isFile(p + '/package.json')) {
      var main = JSON.parse(fs.readFileSync(p + '/package.json', 'utf8')).main;
      var found = main && posix.normalize(main) !== '.' && fileAt(posix.join(p, main));
      if (found) return found;
    }
    return fileAt(p + '/index');
  }
  // exported follows the conditions of a package's "exports"; this is no node.
  function exported(target) {
    if (typeof target === 'string' || !target) return target || null;
    if (Array.isArray(target)) return exported(target[0]);
    for (var condition of ['require', 'default', 'node', 'import']) {
      var found = target[condition] && exported(target[condition]);
      if (found) return found;
    }
    return null;
  }
  function packageFile(dir, sub) {
    var exports = isFile(dir + '/package.json') ? JSON.parse(fs.readFileSync(dir + '/package.json', 'utf8')).exports : null;
    if (exports) {
      var dotted = typeof exports === 'object' && Object.keys(exports).some(function (k) { return k[0] === '.'; });
      var target = exported(dotted ? exports['.' + sub] : sub ? null : exports);
      if (target) return fileAt(posix.join(dir, target));
    }
    return fileAt(dir + sub);
  }
  function resolve(name, from) {
    if (isAbsolute(name) && !stat(name + '/package.json') || /^\.\.?(\/|$)/.test(name)) return fileAt(posix.resolve(from, name));
    if (isAbsolute(name)) return packageFile(name, '');
    var m = /^((?:@[^\/]+\/)?[^\/]+)(.*)$/.exec(name);
    for (var dir = from;; dir = posix.dirname(dir)) {
      var found = stat(dir + '/node_modules/' + m[1]) && packageFile(dir + '/node_modules/' + m[1], m[2]);
      if (found) return found;
      if (dir === posix.dirname(dir)) return null;
    }
  }
  function requireFrom(dir) {
    function require(name) {
      name = name.replace(/^node:/, '');
      if (Object.prototype.hasOwnProperty.call(core, name)) return core[name];
      var file = resolve(name, dir);
      if (!file) {
        var e = new Error("Cannot find module '" + name + "'");
        e.code = 'MODULE_NOT_FOUND';
        throw e;
      }
      return load(call('real', file) || file);
    }
    require.resolve = function (name) { return resolve(name, dir) || require(name); };
    require.cache = loaded;
    return require;
  }
  function load(file) {
    if (loaded[file]) return loaded[file].exports;
    var module = loaded[file] = { exports: {}, id: file, filename: file, loaded: false, children: [], paths: [] };
    var text = fs.readFileSync(file, 'utf8').replace(/^#!.*/, '');
    try {
      if (/\.json$/.test(file)) module.exports = JSON.parse(text);
      else {
        var run = (0, eval)('(function (exports, require, module, __filename, __dirname) {' + text + '\n})\n//# sourceURL=' + file);
        run.call(module.exports, module.exports, requireFrom(posix.dirname(file)), module, file, posix.dirname(file));
      }
    } catch (e) {
      delete loaded[file];
      throw e;
    }
    module.loaded = true;
    return module.exports;
  }

  // drain runs what was put off; a timer's time is no reason to wait.
  function drain() {
    for (var n = 0; later.length && n < 1e6; n++) later.shift()();
  }
  return { require: requireFrom(cwd), drain: drain };
})
