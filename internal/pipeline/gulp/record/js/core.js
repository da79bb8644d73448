// What everything else stands on: recorders. A recorder takes any use (a call, a member,
// "new") and answers with another recorder; what counts of it is known by rt, the Go side.
'use strict';

const REF = rt.REF;
// What an op keeps for itself: the stream it was piped into, and how it is piped into.
const STATE = Symbol('state');
const ATTACH = Symbol('attach');
const inner = [REF, STATE, ATTACH];

// refOf returns what the Go side knows of a value: an op, a stream, the work of a task.
function refOf(v) {
  if (v === null || (typeof v !== 'object' && typeof v !== 'function')) return undefined;
  return v[REF];
}

// empty iterates over nothing.
function* empty() {}

// members that recorders answer as plain values do, so that nothing waits for them, walks
// over them for ever or takes them for what they are not.
function plainMember(name, key) {
  switch (key) {
    case Symbol.toPrimitive: return hint => (hint === 'number' ? NaN : '<' + name + '>');
    case Symbol.iterator: return empty;
    case 'toString': return () => '<' + name + '>';
    case 'name': return name;
    case 'length': return 0;
    case 'apply': case 'call': case 'bind': return Function.prototype[key];
    case 'toJSON': case '__esModule': return undefined;
  }
  return typeof key === 'symbol' ? undefined : plainMember;
}

// recorder makes a callable stand-in. get(key) answers a member, call(args, self) a call.
function recorder(name, get, call) {
  const own = new Map();
  const target = function () {};
  let self, outer;
  const read = (_, key) => {
    if (own.has(key)) return own.get(key);
    if (key === 'prototype') return target.prototype;
    const plain = plainMember(name, key);
    if (plain !== plainMember && !inner.includes(key)) return plain;
    return get(key, self);
  };
  self = new Proxy(target, {
    get: read,
    set: (_, key, value) => { own.set(key, value); return true; },
    // The engine reuses the memory of these lists once the call has returned.
    apply: (_, that, args) => call(args.slice(), that),
    construct: (_, args) => call(args.slice()),
    // An imported name that is no own property is looked up along the prototypes.
    getPrototypeOf: () => (outer = outer || new Proxy(Object.create(Function.prototype), { get: read })),
  });
  return self;
}

// module stands in for a module, or a member of one, that is known by its name alone.
// members are those that are known better.
function module_(name, members, call, of) {
  const children = new Map();
  let ref;
  return recorder(name, (key, self) => {
    if (key === REF) return (ref = ref || rt.op(name, [], { of, quiet: true }));
    if (members && Object.prototype.hasOwnProperty.call(members, key)) return members[key];
    if (key === 'then' || inner.includes(key)) return undefined;
    if (key === 'default') return self;
    if (!children.has(key)) children.set(key, module_(name + '.' + key, undefined, undefined, of));
    return children.get(key);
  }, call || (args => op(name, args, { of })));
}

// op records the use of a plugin and returns what the plugin would have returned: at once
// a transformation, an emitter and a promise.
function op(name, args, more) { return wrap(rt.op(name, args, more), name, more); }

function wrap(ref, name, more) {
  const children = new Map();
  const members = (more && more.members) || {};
  const state = { stream: undefined };
  const get = (key, self) => {
    if (key === REF) return ref;
    if (key === STATE) return state;
    if (Object.prototype.hasOwnProperty.call(members, key)) return members[key];
    switch (key) {
      case ATTACH: return undefined;
      case 'pipe': return next => attach(state.stream || (state.stream = head(ref)), next);
      case 'on': case 'once': case 'addListener': return (event, f) => { listen(event, f); return self; };
      case 'then': return (f, g) => Promise.resolve(settled(ref, name, more)).then(f, g);
      case 'catch': return () => self;
      case 'finally': return f => Promise.resolve().then(f);
      case 'write': case 'push': case 'emit': return () => true;
      case 'end': case 'resume': case 'pause': case 'destroy': case 'unpipe':
      case 'setMaxListeners': case 'removeListener': case 'removeAllListeners': case 'off': case 'setEncoding':
        return () => self;
    }
    if (!children.has(key)) children.set(key, module_(name + '.' + key, undefined, args => op(name + '.' + key, args, { of: ref }), ref));
    return children.get(key);
  };
  return recorder(name, get, args => op(name + '()', args, { of: ref }));
}

// settled is an op that is waited for no more.
function settled(ref, name, more) {
  const members = Object.assign({}, more && more.members, { then: undefined });
  return wrap(ref, name, { members });
}

// listen keeps what is to be done when something ends; it is done after the function that
// asked for it has returned.
const endings = ['end', 'finish', 'close', 'exit', 'done', 'start', 'ready', 'listening', 'open', 'connect'];
function listen(event, f) {
  if (typeof f === 'function' && endings.includes(event)) rt.later(() => f(0));
}

// Stream is a flow of files under construction.
class Stream {
  constructor(ref, plugin) { this[REF] = ref; this._plugin = plugin; }
  pipe(next) { return attach(this, next); }
  on(event, f) { listen(event, f); return this; }
  once(event, f) { return this.on(event, f); }
  addListener(event, f) { return this.on(event, f); }
  write() { return true; }
  push() { return true; }
  emit() { return true; }
  isPaused() { return false; }
  listeners() { return []; }
  get restore() { return op(this._plugin + '.restore', [], { of: rt.opOf(this[REF]) }); }
  // The outputs of gulp-typescript, and of gulp.spritesmith.
  get js() { return this._branch('js'); }
  get dts() { return this._branch('dts'); }
  get css() { return this._branch('css'); }
  get img() { return this._branch('img'); }
  _branch(key) { return attach(this, op(this._plugin + '.' + key, [], { of: rt.opOf(this[REF]) })); }
}
for (const name of ['end', 'resume', 'pause', 'destroy', 'unpipe', 'setMaxListeners', 'setEncoding', 'read',
  'removeListener', 'removeAllListeners', 'off', 'cork', 'uncork']) {
  Stream.prototype[name] = function () { return this; };
}

function head(ref) { return new Stream(rt.stream(undefined, ref), rt.pluginOf(ref)); }

// attach lets files flow from a stream into whatever was given to pipe.
function attach(from, next) {
  if (next === undefined || next === null) {
    throw new TypeError('pipe was given ' + next + ', which is no stream');
  }
  if (next[ATTACH]) return next[ATTACH](from);
  const ref = refOf(next);
  if (ref === undefined) return from; // process.stdout, a socket: nothing comes out of it
  if (next instanceof Stream) return new Stream(rt.graft(from[REF], ref), next._plugin);
  const s = new Stream(rt.stream(from[REF], ref), rt.pluginOf(ref));
  const state = next[STATE];
  if (state) state.stream = s;
  return s;
}

module.exports = { REF, ATTACH, STATE, refOf, module: module_, op, wrap, recorder, Stream, head, attach, listen, empty };
