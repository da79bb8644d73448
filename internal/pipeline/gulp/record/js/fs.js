// node's fs: reads inside the project; what is written is remembered, and told.
'use strict';

const path = require('path');
const { head, op } = require('core');
const { Transform } = require('transform');

// fail makes node's error of what the Go side says.
function fail(r, call, file) {
  if (!r || !r.error) return r;
  const e = new Error(r.error + ': ' + r.text + ", " + call + " '" + file + "'");
  e.code = r.error; e.errno = -2; e.path = file; e.syscall = call;
  throw e;
}

const name = f => (f instanceof URL || (f && f.protocol === 'file:') ? decodeURIComponent(f.pathname) : Buffer.isBuffer(f) ? f.toString() : String(f));
const at = f => path.resolve(name(f));

class Stats {
  constructor(r) { Object.assign(this, { size: r.size, mode: r.dir ? 0o40755 : 0o100644, mtime: new Date(r.time), ctime: new Date(r.time), atime: new Date(r.time), birthtime: new Date(r.time), mtimeMs: r.time, _dir: r.dir }); }
  isFile() { return !this._dir; }
  isDirectory() { return this._dir; }
  isSymbolicLink() { return false; }
}

function encoded(bytes, options) {
  const encoding = typeof options === 'string' ? options : options && options.encoding;
  return encoding ? bytes.toString(encoding) : bytes;
}

const sync = {
  readFile: (f, options) => encoded(fail(rt.read(at(f)), 'open', name(f)), options),
  readdir: (f, options) => {
    const list = fail(rt.list(at(f)), 'scandir', name(f));
    if (!options || !options.withFileTypes) return list.map(e => e.name);
    return list.map(e => ({ name: e.name, isFile: () => !e.dir, isDirectory: () => e.dir, isSymbolicLink: () => false }));
  },
  stat: (f, options) => {
    const r = rt.stat(at(f));
    if (r.error && options && options.throwIfNoEntry === false) return undefined;
    return new Stats(fail(r, 'stat', name(f)));
  },
  exists: f => { try { return !rt.stat(at(f)).error; } catch (e) { return false; } },
  access: f => { fail(rt.stat(at(f)), 'access', name(f)); },
  realpath: f => { fail(rt.stat(at(f)), 'realpath', name(f)); return at(f); },
  writeFile: (f, data) => { if (typeof f !== 'number') rt.write(at(f), Buffer.from(Buffer.isBuffer(data) ? data : String(data))); },
  appendFile: (f, data) => { const r = rt.read(at(f)); rt.write(at(f), Buffer.concat([r.error ? Buffer.from('') : r, Buffer.from(String(data))])); },
  copyFile: (a, b) => { rt.write(at(b), fail(rt.read(at(a)), 'open', name(a))); },
  unlink: f => { rt.remove(at(f)); },
  rmdir: f => { rt.remove(at(f)); },
  rm: f => { rt.remove(at(f)); },
  mkdir: () => undefined, rename: () => undefined, chmod: () => undefined, utimes: () => undefined, symlink: () => undefined,
  mkdtemp: prefix => prefix + '000000', open: () => 1, close: () => undefined, fsync: () => undefined, truncate: () => undefined, readlink: f => name(f),
};
sync.lstat = sync.stat;

const fs = { constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1 }, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, Stats, promises: {} };
for (const key of Object.keys(sync)) {
  fs[key + 'Sync'] = sync[key];
  fs.promises[key] = async (...args) => sync[key](...args);
  fs[key] = (...args) => {
    const done = typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
    let made, error = null;
    try { made = sync[key](...args); } catch (e) { error = e; }
    if (done) rt.later(() => done(error, made));
  };
}
fs.exists = (f, done) => { if (done) rt.later(() => done(sync.exists(f))); };
fs.createReadStream = f => { const t = new Transform({ read() { this.push(sync.readFile(f)); this.push(null); } }); return t; };
// createWriteStream keeps what is written to it directly.
fs.createWriteStream = f => {
  const t = new Transform(), all = [];
  t._kind = 'fs.createWriteStream';
  t.write = d => { all.push(Buffer.from(d)); return true; };
  t.end = d => { if (d) all.push(Buffer.from(d)); rt.write(at(f), Buffer.concat(all)); return t; };
  t._args = [name(f)];
  return t;
};
fs.watch = fs.watchFile = (f, options, g) => { const e = new (require('events').Emitter)(); e.close = () => {}; return e; };
fs.unwatchFile = () => {};
fs.default = fs;

// copy is a stream of the files.
function copy(a, b) {
  const r = rt.stat(at(a)), dir = !r.error && r.dir;
  head(rt.op('gulp.src', [dir ? at(a) + '/**/*' : at(a)])).pipe(op('gulp.dest', [dir ? at(b) : path.dirname(at(b))]));
}

// Of fs-extra and mkdirp, rimraf apart.
const made = (f, done) => { const g = typeof done === 'function' ? done : undefined; if (g) rt.later(() => g(null, f)); return Promise.resolve(f); };
const extra = Object.assign({}, fs, fs.promises, {
  mkdirs: made, mkdirp: made, ensureDir: made, ensureFile: made, emptyDir: made, mkdirsSync: f => f, mkdirpSync: f => f, ensureDirSync: f => f, ensureFileSync: f => f, emptyDirSync: f => f,
  remove: (f, done) => { rt.remove(at(f)); return made(f, done); }, removeSync: f => { rt.remove(at(f)); },
  readJson: async f => JSON.parse(sync.readFile(f, 'utf8')), readJsonSync: f => JSON.parse(sync.readFile(f, 'utf8')),
  readJSON: async f => JSON.parse(sync.readFile(f, 'utf8')), readJSONSync: f => JSON.parse(sync.readFile(f, 'utf8')),
  writeJson: async (f, o) => sync.writeFile(f, JSON.stringify(o) + '\n'), writeJsonSync: (f, o) => sync.writeFile(f, JSON.stringify(o) + '\n'),
  outputFile: async (f, d) => sync.writeFile(f, d), outputFileSync: sync.writeFile, pathExists: async f => sync.exists(f), pathExistsSync: sync.exists,
  copy: (a, b, o, done) => { copy(a, b); return made(b, typeof o === 'function' ? o : done); }, copySync: copy, move: made, moveSync: f => f,
});
// Those that callbacks are given to as well.
for (const key of Object.keys(sync)) {
  extra[key] = (...args) => (typeof args[args.length - 1] === 'function' ? fs[key](...args) : fs.promises[key](...args));
}
extra.exists = (f, done) => (done ? fs.exists(f, done) : Promise.resolve(sync.exists(f)));
extra.default = extra;

module.exports = { fs, extra, sync, at, made };
