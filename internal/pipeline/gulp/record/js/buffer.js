// What the engine's Buffer lacks of node's.
'use strict';

const indexOf = Uint8Array.prototype.indexOf, { toString } = Buffer.prototype, { from } = Buffer;

// latin reports whether an encoding has one byte a character.
const latin = e => ['latin1', 'binary', 'ascii'].includes(String(e).toLowerCase());

Object.assign(Buffer, {
  from: (v, encoding, ...rest) => (typeof v === 'string' && latin(encoding) ? from(Array.from(v, c => c.charCodeAt(0) & 255)) : from(v, encoding, ...rest)),
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
    return this.toString('latin1').indexOf(Buffer.from(v).toString('latin1'), from);
  },
  toString(encoding, ...range) {
    if (!latin(encoding)) return toString.call(this, encoding, ...range);
    let text = '';
    for (const byte of this.slice(...range)) text += String.fromCharCode(byte);
    return text;
  },
  includes(v, from) { return this.indexOf(v, from) >= 0; },
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; },
  compare(b) { return Buffer.compare(this, b); },
  inspect() { return '<Buffer>'; },
};
for (const name of Object.keys(more)) Object.defineProperty(Buffer.prototype, name, { value: more[name], writable: true, configurable: true });
