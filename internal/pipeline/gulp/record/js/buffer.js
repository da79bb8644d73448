// What the engine's Buffer lacks of node's.
'use strict';

const indexOf = Uint8Array.prototype.indexOf;

Object.assign(Buffer, {
  isBuffer: b => b instanceof Uint8Array && Object.getPrototypeOf(b) === Buffer.prototype,
  byteLength: (s, encoding) => (typeof s === 'string' ? Buffer.from(s, encoding).length : s.byteLength),
  isEncoding: e => ['utf8', 'utf-8', 'hex', 'base64', 'ascii', 'latin1', 'binary', 'ucs2', 'utf16le'].includes(String(e).toLowerCase()),
  compare: (a, b) => { const x = a.toString('hex'), y = b.toString('hex'); return x < y ? -1 : x > y ? 1 : 0; },
  allocUnsafe: n => Buffer.alloc(n), allocUnsafeSlow: n => Buffer.alloc(n), Buffer,
});

const more = {
  slice(a, b) { return Buffer.from(Uint8Array.prototype.slice.call(new Uint8Array(this), a, b)); },
  subarray(a, b) { return this.slice(a, b); },
  copy(to, at, from, end) { const part = this.slice(from, end); to.set(new Uint8Array(part), at || 0); return part.length; },
  indexOf(v, from) {
    if (typeof v === 'number') return indexOf.call(this, v, from);
    const i = this.toString('latin1').indexOf(Buffer.from(v).toString('latin1'), from);
    return i;
  },
  includes(v, from) { return this.indexOf(v, from) >= 0; },
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; },
  compare(b) { return Buffer.compare(this, b); },
  inspect() { return '<Buffer>'; },
};
for (const name of Object.keys(more)) Object.defineProperty(Buffer.prototype, name, { value: more[name], writable: true, configurable: true });
