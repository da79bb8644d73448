// node's path, with slashes.
'use strict';

function need(p) { if (typeof p !== 'string') throw new TypeError('The "path" argument must be of type string. Received ' + (p === null ? 'null' : typeof p)); return p; }

function parts(p, absolute) {
  const out = [];
  for (const s of p.split('/')) {
    if (s === '' || s === '.') continue;
    if (s !== '..') out.push(s);
    else if (out.length && out[out.length - 1] !== '..') out.pop();
    else if (!absolute) out.push(s);
  }
  return out;
}

function normalize(p) {
  need(p);
  if (p === '') return '.';
  const absolute = p[0] === '/';
  let n = parts(p, absolute).join('/');
  if (n && p[p.length - 1] === '/') n += '/';
  if (!n && !absolute) return p[p.length - 1] === '/' ? './' : '.';
  return (absolute ? '/' : '') + n;
}

function join(...list) {
  const p = list.map(need).filter(s => s !== '').join('/');
  return p === '' ? '.' : normalize(p);
}

function resolve(...list) {
  let p = '';
  for (let i = list.length - 1; i >= 0 && p[0] !== '/'; i--) {
    if (need(list[i]) !== '') p = p === '' ? list[i] : list[i] + '/' + p;
  }
  if (p[0] !== '/') p = p === '' ? rt.cwd : rt.cwd + '/' + p;
  return '/' + parts(p, true).join('/');
}

function relative(from, to) {
  const a = parts(resolve(from), true), b = parts(resolve(to), true);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return a.slice(same).map(() => '..').concat(b.slice(same)).join('/');
}

function dirname(p) {
  const own = need(p).replace(/\/+$/, ''), i = own.lastIndexOf('/');
  if (own === '') return p === '' ? '.' : '/';
  if (i <= 0) return i < 0 ? '.' : '/';
  return i === 1 && p[0] === '/' ? '//' : own.slice(0, i);
}

function basename(p, ext) {
  if (need(p) === ext) return '';
  p = p.replace(/\/+$/, '');
  p = p.slice(p.lastIndexOf('/') + 1);
  return ext && p !== ext && p.endsWith(ext) ? p.slice(0, -ext.length) : p;
}

function extname(p) {
  const base = basename(p), i = base.lastIndexOf('.');
  return i > 0 && base !== '..' ? base.slice(i) : '';
}

function parse(p) {
  const base = basename(p), ext = extname(p), root = p[0] === '/' ? '/' : '';
  const dir = p.replace(/\/+$/, '').indexOf('/') < 0 ? root : dirname(p);
  return { root, dir, base, ext, name: base.slice(0, base.length - ext.length) };
}

function format(o) {
  const dir = o.dir || o.root, base = o.base || (o.name || '') + (o.ext || '');
  return !dir ? base : dir === o.root ? dir + base : dir + '/' + base;
}

const path = {
  sep: '/', delimiter: ':', normalize, join, resolve, relative, dirname, basename, extname, parse, format,
  isAbsolute: p => need(p)[0] === '/', toNamespacedPath: p => p,
};
path.posix = path.win32 = path.default = path;

module.exports = path;
