// Flows of several streams, orders of tasks, removals.
'use strict';

const { REF, refOf, Stream, op, head, attach, module: recorded } = require('core');

function isSource(x) { return x instanceof Stream; }

// sources are the streams among what was given, made of ops where these stand for one.
function sources(list) {
  return list.flat(Infinity).filter(x => x && (refOf(x) || typeof x.pipe === 'function' || typeof x === 'function'))
    .map(x => (typeof x === 'function' && !refOf(x) ? x() : x));
}

// merge makes a function that joins streams.
function merge(kind) {
  return function (...list) {
    const ref = rt.op(kind, sources(list));
    const s = head(ref);
    s.add = s.queue = (...more) => { rt.addArgs(ref, sources(more)); return s; };
    s.done = s.end = () => s;
    s.isEmpty = () => rt.argCount(ref) === 0;
    return s;
  };
}

// ordered is streamqueue, called with options first, or with "new".
function ordered(kind) {
  const make = merge(kind);
  const f = function (...list) { return make(...list.filter(x => isSource(x) || typeof x === 'function' || Array.isArray(x) || refOf(x))); };
  f.obj = f;
  f.default = f;
  return f;
}

// pipeline joins what it is given, one into the next: a stream if the first is one,
// otherwise one transformation.
function pipeline(...list) {
  let done;
  if (typeof list[list.length - 1] === 'function' && !refOf(list[list.length - 1])) done = list.pop();
  list = list.flat(Infinity).filter(x => x);
  if (done) rt.later(() => done());
  if (list.length === 0) return undefined;
  if (isSource(list[0])) return list.reduce(attach);
  return op('lazypipe', [], { chain: list.map(asOp) });
}
pipeline.obj = pipeline;
pipeline.default = pipeline;
pipeline.promise = (...list) => { pipeline(...list); return Promise.resolve(); };

// asOp is the op of a transformation.
function asOp(x) {
  const ref = refOf(x); // asked first: a recorded op has whatever member it is asked for
  return ref === undefined && x && x._op ? refOf(x._op()) : ref;
}

// lazypipe collects calls and makes them when it is called.
function lazypipe() {
  const make = steps => {
    const build = () => op('lazypipe', [], { chain: steps.map(s => asOp(s.f(...s.args))).filter(x => x !== undefined) });
    build.pipe = (f, ...args) => {
      if (typeof f !== 'function') throw new TypeError('lazypipe: pipe was given ' + f + ', which is no function');
      return make(steps.concat([{ f, args }]));
    };
    return build;
  };
  return make([]);
}
lazypipe.default = lazypipe;

// sequence is run-sequence: a list is done at once, the rest one after the other.
function sequence(...names) {
  let done;
  if (typeof names[names.length - 1] === 'function') done = names.pop();
  const of = names.filter(x => x !== undefined && x !== null && x.length !== 0).map(x => (Array.isArray(x) ? rt.parallel(x) : x));
  rt.start(rt.series(of));
  if (done) rt.later(() => done());
}
sequence.use = () => sequence;
sequence.options = {};
sequence.default = sequence;

// remover is del, rimraf and what else removes files by globs.
function remover(kind) {
  const known = recorded(kind);
  const remove = globs => { if (globs !== undefined) rt.remove(globs); return []; };
  const f = function (globs, options, done) {
    const found = remove(globs);
    done = typeof options === 'function' ? options : done;
    if (typeof done === 'function') rt.later(() => done(null, found));
    return Promise.resolve(found);
  };
  f.sync = remove;
  f.deleteAsync = f;
  f.deleteSync = f.rimrafSync = remove;
  f.rimraf = f.del = f.default = f;
  Object.defineProperty(f, REF, { get: () => known[REF] });
  return f;
}

module.exports = { merge, ordered, pipeline, lazypipe, sequence, remover };
