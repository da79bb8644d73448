// Transformations that the gulpfile writes itself: node's stream, through2, map-stream,
// event-stream, gulp-tap and their like. Each becomes an op that runs on files.
'use strict';

const { REF, ATTACH, Stream, op } = require('core');
const { Emitter } = require('events');
const File = require('vinyl');

// own makes an op of a function's own: start() begins a run and returns what takes one
// file (file, done) and what is called at the end (done); both push what comes out.
// each says that there is no part at the end.
function own(plugin, args, start, each, members) {
  return op(plugin, args, { members, each, run: (files, finished) => runAll(start, files, finished) });
}

// runAll sends files through, one after the other, and calls finished with what came out.
function runAll(start, files, finished) {
  const out = [], queue = files.slice();
  let ended = false;
  const push = f => { if (f !== null && f !== undefined) out.push(f); return true; };
  const run = start(push);
  const next = (error, f) => {
    if (error) return finished(error);
    push(f);
    if (queue.length > 0) return run.file(queue.shift(), once(next));
    if (ended) return finished(null, out);
    ended = true;
    run.end ? run.end(once(next)) : finished(null, out);
  };
  next();
}

function once(f) { let called = false; return (...args) => { if (!called) { called = true; f(...args); } }; }

// Transform is node's class; sub-classes and instances with methods of their own work.
class Transform extends Emitter {
  constructor(o) {
    super();
    o = o || {};
    if (typeof o.transform === 'function') this._transform = o.transform;
    if (typeof o.flush === 'function') this._flush = o.flush;
    if (typeof o.write === 'function') this._write = o.write;
    if (typeof o.read === 'function') this._read = o.read;
    this._readableState = { objectMode: true, buffer: [] };
    this._writableState = { objectMode: true };
    this.readable = this.writable = true;
  }
  push(f) { if (this._sink) this._sink(f); else if (f !== null) (this._made = this._made || []).push(f); return true; }
  _op() {
    if (this._ref) return this._ref;
    const self = this;
    return (this._ref = own(this._kind || 'stream.Transform', this._args || [], push => {
      self._sink = push;
      return {
        file: (f, done) => self._transform ? self._transform(f, 'utf8', done) : self._write ? self._write(f, 'utf8', e => done(e)) : done(null, f),
        end: done => self._flush ? self._flush(done) : done(),
      };
    }, !this._flush));
  }
  // What pushes without being written to is a source.
  _source() {
    const self = this;
    return require('core').head(rt.op('stream.Readable', [], { run: (files, finished) => {
      const out = (self._made || []).slice();
      self._sink = f => { if (f === null) { finished(null, out); } else out.push(f); };
      if (self._read && out.length === 0) self._read(16); else finished(null, out);
    } }));
  }
  [ATTACH](from) { return (this._stream = from.pipe(this._op())); }
  pipe(next) {
    if (!this._stream) this._stream = this._read || this._made ? this._source() : undefined;
    return (this._stream || this._op()).pipe(next);
  }
  on(event, f) { if (['end', 'finish', 'close'].includes(event)) require('core').listen(event, f); return super.on(event, f); }
  write(f) { if (this._transform) this._transform(f, 'utf8', (e, g) => { if (g) this.push(g); }); else this.push(f); return true; }
  end(f) { if (f !== undefined && typeof f !== 'function') this.write(f); this.emit('end'); return this; }
  resume() { return this; }
  pause() { return this; }
  read() { return null; }
  unshift() {}
  destroy() { return this; }
  setEncoding() { return this; }
  unpipe() { return this; }
  cork() {}
  uncork() {}
}

// legacy makes a class callable without "new", as node's streams are.
function legacy(name) {
  const f = function (o) {
    if (!(this instanceof f)) return new f(o);
    Object.assign(this, new Transform(o));
  };
  Object.defineProperty(f, 'name', { value: name });
  f.prototype = Object.create(Transform.prototype, { constructor: { value: f, writable: true } });
  return f;
}

const stream = legacy('Stream');
for (const name of ['Transform', 'Readable', 'Writable', 'Duplex', 'PassThrough']) stream[name] = legacy(name);
stream.Stream = stream;

// through is through2: (options, transform, flush), the function's "this" being the stream.
function through(kind) {
  return function (options, transform, flush) {
    if (typeof options === 'function') { flush = transform; transform = options; }
    const t = new Transform();
    t._kind = kind;
    if (transform) t._transform = transform; else t._transform = (f, _, done) => done(null, f);
    if (flush) t._flush = flush;
    return t;
  };
}
const through2 = Object.assign(through('through2'), {
  obj: through('through2.obj'),
  ctor: () => { const make = through('through2.ctor'); return function (o) { return make(o); }; },
});
through2.default = through2;

// old is through and event-stream's through: write(file) and end() queue what comes out.
function old(write, end) {
  const e = new Emitter();
  const o = own('through', [], push => {
    e.queue = e.push = f => push(f);
    const emit = Emitter.prototype.emit;
    e.emit = function (event, f) { if (event === 'data') { push(f); return true; } return emit.apply(e, arguments); };
    return {
      file: (f, done) => { write ? write.call(e, f) : push(f); done(); },
      end: done => { if (end) end.call(e); done(); },
    };
  }, !end);
  return o;
}

// map is map-stream: f(file, callback).
function map(kind) {
  return function (f) {
    return own(kind, [], () => ({ file: (file, done) => f(file, done) }), true);
  };
}

const { merge, pipeline } = require('flow');

const eventStream = {
  map: map('event-stream.map'), mapSync: f => own('event-stream.mapSync', [], () => ({ file: (file, done) => done(null, f(file)) }), true),
  through: old, merge: merge('event-stream.merge'), concat: merge('event-stream.concat'),
  pipeline, pipe: pipeline, duplex: (a, b) => b,
  readArray: list => { const t = new Transform(); t._made = list.slice(); return t; },
  wait: f => own('event-stream.wait', [], () => ({ file: (file, done) => done(null, file) }), true),
  writeArray: f => own('event-stream.writeArray', [], push => { const all = []; return { file: (x, done) => { all.push(x); done(null, x); }, end: done => { f(null, all); done(); } }; }, false),
  readable: f => { const t = new Transform({ read: f }); return t; },
};
eventStream.default = eventStream;

// tap is gulp-tap: f(file) looks at a file, or changes it.
function tap(f) {
  return own('gulp-tap', [], () => ({
    file: (file, done) => { const r = f(file, { through: () => r }); Promise.resolve(r).then(() => done(null, file), done); },
  }), true);
}

// contents is vinyl-map: f(contents, path) returns what they become.
function contents(kind) {
  return f => own(kind, [], () => ({
    file: (file, done) => {
      if (file.isNull()) return done(null, file);
      const made = f(file.contents, file.path);
      if (made !== undefined) file.contents = Buffer.from(made);
      done(null, file);
    },
  }), true);
}

module.exports = { own, runAll, Transform, stream, through2, through: old, map, eventStream, tap, contents };
