// node's events.
'use strict';

class Emitter {
  _list(event) {
    if (!Object.prototype.hasOwnProperty.call(this, '_events')) Object.defineProperty(this, '_events', { value: new Map() });
    if (!this._events.has(event)) this._events.set(event, []);
    return this._events.get(event);
  }
  on(event, f) { this._list(event).push(f); return this; }
  addListener(event, f) { return this.on(event, f); }
  prependListener(event, f) { this._list(event).unshift(f); return this; }
  once(event, f) {
    const once = (...args) => { this.removeListener(event, once); return f.apply(this, args); };
    once.listener = f;
    return this.on(event, once);
  }
  removeListener(event, f) {
    const list = this._list(event), at = list.findIndex(g => g === f || g.listener === f);
    if (at >= 0) list.splice(at, 1);
    return this;
  }
  off(event, f) { return this.removeListener(event, f); }
  removeAllListeners(event) {
    if (event !== undefined) this._list(event).length = 0;
    else for (const name of this.eventNames()) this._list(name).length = 0;
    return this;
  }
  emit(event, ...args) {
    const list = this._list(event).slice();
    for (const f of list) f.apply(this, args);
    return list.length > 0;
  }
  listeners(event) { return this._list(event).slice(); }
  listenerCount(event) { return this._list(event).length; }
  eventNames() { return this._events ? Array.from(this._events.keys()).filter(name => this._list(name).length > 0) : []; }
  setMaxListeners() { return this; }
  getMaxListeners() { return 10; }
}

// EventEmitter is called without "new" by the classes of old, which inherit from it.
function EventEmitter() {}
EventEmitter.prototype = Emitter.prototype;
Object.setPrototypeOf(EventEmitter, Emitter);
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.defaultMaxListeners = 10;
EventEmitter.once = (emitter, event) => new Promise(done => emitter.once(event, (...args) => done(args)));
EventEmitter.Emitter = Emitter;

module.exports = EventEmitter;
