// The common part of lodash and underscore, for projects whose own copy is not installed.
'use strict';

const isObject = v => v !== null && (typeof v === 'object' || typeof v === 'function');
const isPlain = v => v !== null && typeof v === 'object' && (Object.getPrototypeOf(v) === Object.prototype || Object.getPrototypeOf(v) === null);
const list = c => (c === null || c === undefined ? [] : Array.isArray(c) ? c : typeof c === 'string' ? c.split('') : typeof c.length === 'number' && typeof c !== 'function' ? Array.from(c) : Object.values(c));
const pathOf = p => (Array.isArray(p) ? p : String(p).replace(/\[(?:'|")?(.*?)(?:'|")?\]/g, '.$1').split('.').filter(s => s !== ''));

function get(o, p, otherwise) {
  for (const k of pathOf(p)) { if (o === null || o === undefined) return otherwise; o = o[k]; }
  return o === undefined ? otherwise : o;
}

function set(o, p, v) {
  const keys = pathOf(p), last = keys.pop();
  let at = o;
  for (let i = 0; i < keys.length; i++) {
    const k = keys[i];
    if (forbidden(k)) return o;
    at = isObject(at[k]) ? at[k] : (at[k] = /^\d+$/.test(i + 1 < keys.length ? keys[i + 1] : last) ? [] : {});
  }
  if (!forbidden(last)) at[last] = v;
  return o;
}
const forbidden = k => k === '__proto__' || k === 'constructor' || k === 'prototype';

// iteratee makes a function of what lodash takes for one.
function iteratee(f) {
  if (typeof f === 'function') return f;
  if (f === undefined || f === null) return v => v;
  if (Array.isArray(f)) return v => isEqual(get(v, f[0]), f[1]);
  if (isObject(f)) return v => Object.keys(f).every(k => isEqual(get(v, k), f[k]));
  return v => get(v, f);
}

function isEqual(a, b) {
  if (a === b || (a !== a && b !== b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date) return b instanceof Date && +a === +b;
  if (a instanceof RegExp) return b instanceof RegExp && String(a) === String(b);
  const x = Object.keys(a), y = Object.keys(b);
  return x.length === y.length && Array.isArray(a) === Array.isArray(b) && x.every(k => isEqual(a[k], b[k]));
}

function each(c, f) {
  if (c === null || c === undefined) return c;
  if (Array.isArray(c) || typeof c === 'string') { for (let i = 0; i < c.length; i++) if (f(c[i], i, c) === false) break; return c; }
  for (const k of Object.keys(c)) if (f(c[k], k, c) === false) break;
  return c;
}

function map(c, f) { const g = iteratee(f), out = []; each(c, (v, k) => { out.push(g(v, k, c)); }); return out; }
function filter(c, f) { const g = iteratee(f), out = []; each(c, (v, k) => { if (g(v, k, c)) out.push(v); }); return out; }
function find(c, f) { const g = iteratee(f); let out; each(c, (v, k) => { if (g(v, k, c)) { out = v; return false; } }); return out; }
function reduce(c, f, ...start) { let acc = start[0], first = start.length === 0; each(c, (v, k) => { acc = first ? v : f(acc, v, k, c); first = false; }); return acc; }
function uniqBy(c, f) { const g = iteratee(f), seen = []; return list(c).filter(v => { const k = g(v); if (seen.includes(k)) return false; seen.push(k); return true; }); }

function merge(o, ...rest) { return mergeWith(o, ...rest, () => undefined); }
function mergeWith(o, ...rest) {
  const choose = rest.pop();
  for (const src of rest) {
    for (const k in (isObject(src) ? src : {})) {
      if (forbidden(k)) continue;
      const chosen = choose(o[k], src[k], k);
      if (chosen !== undefined) o[k] = chosen;
      else if (Array.isArray(src[k])) o[k] = mergeWith(Array.isArray(o[k]) ? o[k].slice() : [], src[k], choose);
      else if (isPlain(src[k])) o[k] = mergeWith(isPlain(o[k]) ? o[k] : {}, src[k], choose);
      else if (src[k] !== undefined) o[k] = src[k];
    }
  }
  return o;
}

function cloneDeep(v) {
  if (Array.isArray(v)) return v.map(cloneDeep);
  if (!isPlain(v)) return v;
  return Object.fromEntries(Object.keys(v).map(k => [k, cloneDeep(v[k])]));
}

function defaults(o, ...rest) { for (const src of rest) for (const k in src || {}) if (o[k] === undefined && !forbidden(k)) o[k] = src[k]; return o; }
function defaultsDeep(o, ...rest) { return rest.reduce((acc, src) => { for (const k in src || {}) { if (acc[k] === undefined) acc[k] = cloneDeep(src[k]); else if (isPlain(acc[k]) && isPlain(src[k])) defaultsDeep(acc[k], src[k]); } return acc; }, o); }

function has(o, p) {
  const keys = Array.isArray(p) || o === null || o === undefined || !Object.prototype.hasOwnProperty.call(o, p) ? pathOf(p) : [p];
  return keys.length > 0 && keys.every(k => { const there = o !== null && o !== undefined && Object.prototype.hasOwnProperty.call(o, k); o = there ? o[k] : undefined; return there; });
}

function pick(o, paths) {
  const out = {};
  for (const p of paths.flat(Infinity).map(String)) {
    if (o !== null && o !== undefined && p in Object(o)) out[p] = o[p];
    else if (has(o, p)) set(out, p, get(o, p));
  }
  return out;
}

// orderBy sorts by one key after the other, each up or down.
function orderBy(c, by, orders) {
  const keys = (by === undefined || by.length === 0 ? [undefined] : [].concat(by)).map(iteratee), up = [].concat(orders || []);
  const ranked = (Array.isArray(c) || typeof c === 'string' ? list(c) : Object.values(c || {})).map(v => ({ v, k: keys.map(g => g(v)) }));
  ranked.sort((a, b) => {
    for (let i = 0; i < keys.length; i++) {
      if (a.k[i] < b.k[i] || a.k[i] > b.k[i]) return (a.k[i] < b.k[i] ? -1 : 1) * (up[i] === 'desc' || up[i] === false ? -1 : 1);
    }
    return 0;
  });
  return ranked.map(r => r.v);
}

const trimming = (s, chars, start, end) => {
  if (chars === undefined) return start && end ? String(s).trim() : start ? String(s).trimStart() : String(s).trimEnd();
  const set = '[' + String(chars).replace(/[\\^\]-]/g, '\\$&') + ']+';
  return String(s).replace(new RegExp((start ? '^' + set : '^$') + '|' + (end ? set + '$' : '^$'), 'g'), '');
};
const best = (c, f, better) => list(c).reduce((acc, v) => { const k = iteratee(f)(v); return k === undefined || k === null || acc && !better(k, acc.k) ? acc : { k, v }; }, undefined);
const decimals = round => (n, digits) => { const e = x => Number(x[0] + 'e' + x[1]); return digits ? e([round(e([n, digits])), -digits]) : round(n); };

const words = s => String(s).match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+/g) || [];
const upperFirst = s => String(s).charAt(0).toUpperCase() + String(s).slice(1);
const lowerFirst = s => String(s).charAt(0).toLowerCase() + String(s).slice(1);
const capitalize = s => upperFirst(String(s).toLowerCase());
const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const byKeys = (o, keep) => { const out = {}; for (const k of Object.keys(o || {})) if (keep(o[k], k)) out[k] = o[k]; return out; };

// template is lodash's: <%= %>, <%- %>, <% %> and ${}.
function template(text, options) {
  const interpolate = options && options.interpolate;
  let src = "let __p='';with(o){__p+='", at = 0;
  const quote = s => s.replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\r?\n/g, '\\n');
  const pattern = interpolate ? new RegExp(interpolate.source, 'g') : /<%-([\s\S]+?)%>|<%=([\s\S]+?)%>|\$\{([^\\}]*)\}|<%([\s\S]+?)%>/g;
  String(text).replace(pattern, (m, a, b, c, d, offset) => {
    if (interpolate) { src += quote(text.slice(at, text.indexOf(m, at))) + "'+((" + a + ")==null?'':(" + a + "))+'"; at = text.indexOf(m, at) + m.length; return m; }
    src += quote(text.slice(at, offset));
    at = offset + m.length;
    if (a) src += "'+_.escape(" + a + ")+'";
    else if (b || c) src += "'+((__t=(" + (b || c) + "))==null?'':__t)+'";
    else src += "';" + d + "\n__p+='";
    return m;
  });
  src += quote(String(text).slice(at)) + "';}return __p;";
  const f = new Function('o', '_', 'var __t;' + src);
  const make = o => f(o || {}, Object.assign({}, _, (options && options.imports) || {}));
  return arguments.length > 1 && options && !interpolate && !options.imports && typeof options === 'object' && !('variable' in options) && Object.keys(options).length > 0 ? make(options) : make;
}

const typeIs = t => v => typeof v === t;

function _(v) { return chain(v); }
Object.assign(_, {
  get, set, has, result: (o, p, d) => { const v = get(o, p, d); return typeof v === 'function' ? v.call(o) : v; }, property: iteratee, iteratee, matches: iteratee, identity: v => v, constant: v => () => v, noop() {},
  each, forEach: each, forOwn: each, forIn: each, eachRight: (c, f) => { each(list(c).slice().reverse(), f); return c; },
  map, collect: map, pluck: map, flatMap: (c, f) => map(c, f).flat(), filter, select: filter, reject: (c, f) => { const g = iteratee(f); return filter(c, (v, k) => !g(v, k)); },
  find, detect: find, findKey: (o, f) => Object.keys(o).find(k => iteratee(f)(o[k], k)), findIndex: (c, f) => list(c).findIndex(iteratee(f)), findLast: (c, f) => find(list(c).slice().reverse(), f), where: filter, findWhere: find,
  reduce, foldl: reduce, inject: reduce, transform: (o, f, acc) => { acc = acc || (Array.isArray(o) ? [] : {}); each(o, (v, k) => f(acc, v, k)); return acc; },
  some: (c, f) => list(c).some(iteratee(f)), any: (c, f) => list(c).some(iteratee(f)), every: (c, f) => list(c).every(iteratee(f)), all: (c, f) => list(c).every(iteratee(f)),
  includes: (c, v) => (typeof c === 'string' ? c.includes(v) : list(c).includes(v)), contains: (c, v) => _.includes(c, v), include: (c, v) => _.includes(c, v), indexOf: (c, v) => list(c).indexOf(v),
  keys: o => Object.keys(o || {}), values: o => Object.values(o || {}), pairs: o => Object.entries(o), toPairs: o => Object.entries(o), entries: o => Object.entries(o), fromPairs: c => Object.fromEntries(c), object: (a, b) => Object.fromEntries(b ? a.map((k, i) => [k, b[i]]) : a), zipObject: (a, b) => Object.fromEntries(b ? a.map((k, i) => [k, b[i]]) : a),
  assign: Object.assign, extend: Object.assign, assignIn: Object.assign, merge, mergeWith, defaults, defaultsDeep, clone: (v, deep) => (deep === true ? cloneDeep(v) : Array.isArray(v) ? v.slice() : isPlain(v) ? Object.assign({}, v) : v), cloneDeep,
  pick: (o, ...k) => (typeof k[0] === 'function' ? byKeys(o, k[0]) : pick(o, k)), pickBy: (o, f) => byKeys(o, iteratee(f)),
  omit: (o, ...k) => { if (typeof k[0] === 'function') return byKeys(o, (v, x) => !k[0](v, x)); k = k.flat(Infinity).map(String); return byKeys(o, (_v, x) => !k.includes(x)); }, omitBy: (o, f) => byKeys(o, (v, k) => !iteratee(f)(v, k)),
  mapValues: (o, f) => Object.fromEntries(Object.keys(o || {}).map(k => [k, iteratee(f)(o[k], k, o)])), mapKeys: (o, f) => Object.fromEntries(Object.keys(o || {}).map(k => [iteratee(f)(o[k], k, o), o[k]])), invert: o => Object.fromEntries(Object.entries(o).map(([k, v]) => [v, k])), functions: o => Object.keys(o).filter(k => typeof o[k] === 'function'),
  groupBy: (c, f) => { const out = {}; each(c, v => { const k = iteratee(f)(v); (out[k] = out[k] || []).push(v); }); return out; }, keyBy: (c, f) => Object.fromEntries(list(c).map(v => [iteratee(f)(v), v])), indexBy: (c, f) => _.keyBy(c, f), countBy: (c, f) => _.mapValues(_.groupBy(c, f), g => g.length), partition: (c, f) => [filter(c, f), _.reject(c, f)],
  sortBy: (c, ...f) => orderBy(c, f.length ? f.flat() : undefined), orderBy,
  uniq: (c, f) => (typeof f === 'function' ? uniqBy(c, f) : uniqBy(c)), unique: c => uniqBy(c), uniqBy, union: (...c) => uniqBy(c.flat()), intersection: (a, ...r) => list(a).filter(v => r.every(c => c.includes(v))), difference: (a, ...r) => list(a).filter(v => !r.flat().includes(v)), without: (a, ...r) => list(a).filter(v => !r.includes(v)), xor: (a, b) => a.filter(v => !b.includes(v)).concat(b.filter(v => !a.includes(v))), pull: (a, ...r) => { for (const v of r) { let i; while ((i = a.indexOf(v)) >= 0) a.splice(i, 1); } return a; },
  flatten: (c, deep) => list(c).flat(deep === true ? Infinity : 1), flattenDeep: c => list(c).flat(Infinity), compact: c => list(c).filter(Boolean), concat: (a, ...r) => [].concat(a, ...r), first: c => list(c)[0], head: c => list(c)[0], last: c => list(c).slice(-1)[0], initial: c => list(c).slice(0, -1), tail: c => list(c).slice(1), rest: (c, n) => list(c).slice(n === undefined ? 1 : n), take: (c, n) => list(c).slice(0, n === undefined ? 1 : n), drop: (c, n) => list(c).slice(n === undefined ? 1 : n), slice: (c, a, b) => list(c).slice(a, b), nth: (c, n) => list(c).slice(n)[0], join: (c, s) => list(c).join(s), reverse: c => c.reverse(), remove: (c, f) => { const out = filter(c, f); out.forEach(v => c.splice(c.indexOf(v), 1)); return out; }, chunk: (c, n) => { const out = []; for (let i = 0; i < c.length; i += n || 1) out.push(c.slice(i, i + (n || 1))); return out; }, zip: (...c) => (c[0] || []).map((_v, i) => c.map(x => x[i])), range: (a, b, s) => { if (b === undefined) { b = a; a = 0; } const out = []; for (let i = a; (s || 1) > 0 ? i < b : i > b; i += s || 1) out.push(i); return out; }, times: (n, f) => { const out = []; for (let i = 0; i < n; i++) out.push(f ? f(i) : i); return out; },
  size: c => list(c).length, toArray: list, castArray: v => (Array.isArray(v) ? v : [v]), sum: c => reduce(c, (a, b) => a + b, 0), max: c => (c.length ? c.reduce((a, b) => (b > a ? b : a)) : undefined), min: c => (c.length ? c.reduce((a, b) => (b < a ? b : a)) : undefined), random: a => a, now: () => 0, uniqueId: p => (p || '') + '1',
  isArray: Array.isArray, isObject, isPlainObject: isPlain, isString: typeIs('string'), isFunction: typeIs('function'), isNumber: typeIs('number'), isBoolean: typeIs('boolean'), isUndefined: typeIs('undefined'), isNull: v => v === null, isNil: v => v === null || v === undefined, isRegExp: v => v instanceof RegExp, isDate: v => v instanceof Date, isError: v => v instanceof Error, isEmpty: v => v === null || v === undefined || (isObject(v) || typeof v === 'string' ? list(v).length === 0 : true), isEqual, isNaN: v => v !== v, isFinite: Number.isFinite, isInteger: Number.isInteger, isObjectLike: v => v !== null && typeof v === 'object',
  partial: (f, ...a) => (...b) => f(...a, ...b), partialRight: (f, ...a) => (...b) => f(...b, ...a), bind: (f, t, ...a) => f.bind(t, ...a), bindAll: o => o, once: f => { let done = false, v; return (...a) => { if (!done) { done = true; v = f(...a); } return v; }; }, memoize: f => { const c = new Map(); return a => { if (!c.has(a)) c.set(a, f(a)); return c.get(a); }; }, debounce: f => f, throttle: f => f, defer: (f, ...a) => rt.later(() => f(...a)), delay: (f, ms, ...a) => rt.later(() => f(...a)), after: (n, f) => (...a) => (--n < 1 ? f(...a) : undefined), negate: f => (...a) => !f(...a), wrap: (v, f) => (...a) => f(v, ...a), flow: (...f) => v => f.flat().reduce((a, g) => g(a), v), compose: (...f) => v => f.reduceRight((a, g) => g(a), v), flowRight: (...f) => v => f.reduceRight((a, g) => g(a), v), spread: f => a => f(...a), invoke: (c, m, ...a) => (Array.isArray(c) ? c.map(o => (typeof m === 'function' ? m.apply(o, a) : o[m](...a))) : c[m](...a)), invokeMap: (c, m, ...a) => list(c).map(o => (typeof m === 'function' ? m.apply(o, a) : o[m](...a))), attempt: (f, ...a) => { try { return f(...a); } catch (e) { return e; } }, tap: (v, f) => { f(v); return v; }, thru: (v, f) => f(v),
  camelCase: s => words(s).map((w, i) => (i ? capitalize(w) : w.toLowerCase())).join(''), kebabCase: s => words(s).map(w => w.toLowerCase()).join('-'), snakeCase: s => words(s).map(w => w.toLowerCase()).join('_'), startCase: s => words(s).map(upperFirst).join(' '), upperFirst, lowerFirst, capitalize, toLower: s => String(s).toLowerCase(), toUpper: s => String(s).toUpperCase(), trim: (s, chars) => trimming(s, chars, true, true), trimEnd: (s, chars) => trimming(s, chars, false, true), trimStart: (s, chars) => trimming(s, chars, true, false), words, repeat: (s, n) => String(s).repeat(n), padEnd: (s, n, c) => String(s).padEnd(n, c), padStart: (s, n, c) => String(s).padStart(n, c), startsWith: (s, p) => String(s).startsWith(p), endsWith: (s, p) => String(s).endsWith(p), replace: (s, a, b) => String(s).replace(a, b), split: (s, p) => String(s).split(p), escape: s => String(s).replace(/[&<>"']/g, c => escapes[c]), unescape: s => Object.keys(escapes).reduce((t, c) => t.split(escapes[c]).join(c), String(s)), escapeRegExp: s => String(s).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), template, toString: s => (s === null || s === undefined ? '' : String(s)), toNumber: Number, parseInt, truncate: (s, o) => { const n = (o && o.length) || 30, dots = (o && o.omission) || '...'; return String(s).length <= n ? String(s) : String(s).slice(0, n - dots.length) + dots; }, unset: (o, p) => { const k = pathOf(p), last = k.pop(), at = k.length ? get(o, k) : o; return at ? delete at[last] : true; },
  uniqWith: (c, f) => list(c).filter((v, i, all) => all.findIndex(w => f(v, w)) === i), sortedUniq: c => uniqBy(c), takeWhile: (c, f) => { const i = list(c).findIndex(v => !iteratee(f)(v)); return i < 0 ? list(c) : list(c).slice(0, i); }, dropWhile: (c, f) => { const i = list(c).findIndex(v => !iteratee(f)(v)); return i < 0 ? [] : list(c).slice(i); },
  takeRight: (c, n) => list(c).slice(Math.max(0, list(c).length - (n === undefined ? 1 : n))), dropRight: (c, n) => list(c).slice(0, Math.max(0, list(c).length - (n === undefined ? 1 : n))),
  differenceBy: (a, b, f) => { const g = iteratee(f), out = list(b).map(g); return list(a).filter(v => !out.includes(g(v))); }, intersectionBy: (a, b, f) => { const g = iteratee(f), both = list(b).map(g); return uniqBy(list(a).filter(v => both.includes(g(v))), f); }, unionBy: (a, b, f) => uniqBy(list(a).concat(b), f), differenceWith: (a, b, f) => list(a).filter(v => !list(b).some(w => f(v, w))),
  sumBy: (c, f) => list(c).reduce((n, v) => n + iteratee(f)(v), 0), mean: c => _.sum(c) / list(c).length, meanBy: (c, f) => _.sumBy(c, f) / list(c).length, maxBy: (c, f) => (best(c, f, (a, b) => a > b) || {}).v, minBy: (c, f) => (best(c, f, (a, b) => a < b) || {}).v,
  at: (o, ...p) => p.flat().map(k => get(o, k)), isMatch: (o, src) => Object.keys(src).every(k => isEqual(get(o, [k]), src[k])), inRange: (n, a, b) => (b === undefined ? n >= 0 && n < a : n >= Math.min(a, b) && n < Math.max(a, b)), clamp: (n, a, b) => (b === undefined ? Math.min(n, a) : Math.min(Math.max(n, a), b)),
  round: decimals(Math.round), floor: decimals(Math.floor), ceil: decimals(Math.ceil), defaultTo: (v, d) => (v === undefined || v === null || v !== v ? d : v), lowerCase: s => words(s).map(w => w.toLowerCase()).join(' '), upperCase: s => words(s).map(w => w.toUpperCase()).join(' '), deburr: s => String(s).normalize('NFD').replace(/[\u0300-\u036f]/g, ''), isArrayLike: v => v !== null && v !== undefined && typeof v !== 'function' && typeof v.length === 'number',
  templateSettings: {}, mixin() {}, noConflict: () => _, runInContext: () => _,
});

// chain is _(v) and _.chain(v): every function on what the one before returned. Without
// chain(), what has no further members to offer is a plain value.
function chain(v) {
  return new Proxy(function () {}, {
    get: (t, k) => {
      if (k === 'value' || k === 'valueOf' || k === 'toJSON' || k === 'run') return () => v;
      if (k === 'chain') return () => chain(v);
      if (k === Symbol.iterator) return () => list(v)[Symbol.iterator]();
      if (k === Symbol.toPrimitive) return () => v;
      if (k === 'length') return list(v).length;
      if (typeof k === 'symbol' || k === 'then' || !_[k]) return undefined;
      return (...a) => chain(_[k](v, ...a));
    },
  });
}
_.chain = chain;
_._ = _;
_.default = _;

module.exports = _;
