// Bounds for what the engine does in one step, which nothing can interrupt.
'use strict';

const most = 1 << 24; // characters, bytes or elements

function check(n, what) {
  if (n > most) throw new RangeError('Invalid ' + what + ': ' + n + ' is more than a gulpfile may have');
}

// guard puts a check before a method.
function guard(owner, name, before) {
  const method = owner[name];
  if (typeof method !== 'function') return;
  const f = { [name](...args) { before(this, args); return method.apply(this, args); } }[name];
  Object.defineProperty(owner, name, { value: f, writable: true, configurable: true, enumerable: false });
}

guard(String.prototype, 'repeat', (s, [n]) => check(String(s).length * n, 'string length'));
for (const name of ['padStart', 'padEnd']) guard(String.prototype, name, (s, [n]) => check(n, 'string length'));

for (const name of ['fill', 'join', 'toString', 'indexOf', 'lastIndexOf', 'includes', 'reverse', 'sort', 'forEach', 'map', 'filter',
  'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'slice', 'splice', 'concat', 'shift', 'unshift',
  'copyWithin', 'flat', 'flatMap', 'keys', 'values', 'entries', 'toLocaleString', 'toReversed', 'toSorted', 'toSpliced', 'with']) {
  guard(Array.prototype, name, a => check(a.length, 'array length'));
}
guard(Array.prototype, 'join', (a, [s]) => check(a.length * String(s === undefined ? ',' : s).length, 'string length'));
guard(Array, 'from', (_, [a]) => { if (a !== null && a !== undefined && a[Symbol.iterator] === undefined) check(a.length, 'array length'); });

for (const name of ['ArrayBuffer', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) {
  const made = globalThis[name];
  if (!made) continue;
  const bounded = function (...args) {
    check(typeof args[0] === 'object' && args[0] ? args[0].length : args[0], name + ' length');
    return Reflect.construct(made, args, new.target === bounded ? made : new.target);
  };
  bounded.prototype = made.prototype;
  Object.setPrototypeOf(bounded, made);
  Object.defineProperty(bounded, 'name', { value: name });
  Object.defineProperty(globalThis, name, { value: bounded, writable: true, configurable: true });
}
for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow']) guard(Buffer, name, (_, [n]) => check(n, 'Buffer size'));
