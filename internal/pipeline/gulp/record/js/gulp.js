// gulp 3 and gulp 4 in one: what a gulpfile asks of it is recorded.
'use strict';

const { REF, refOf, op, head, Stream, empty } = require('core');
const { Emitter } = require('events');

// work makes a function that carries work as gulp 4's compositions do: it can be called,
// named, and given to other compositions.
function work(ref, name) {
  const f = function () { rt.start(ref); finish(arguments); };
  Object.defineProperty(f, 'name', { value: name, configurable: true });
  f[REF] = ref;
  f.unwrap = () => f;
  return f;
}

// finish calls a callback that came last in a call, later.
function finish(args) {
  const done = args[args.length - 1];
  if (typeof done === 'function') rt.later(() => done());
}

function compose(kind) {
  return function (...of) { return work(rt[kind](of.flat(Infinity)), kind); };
}

class Gulp extends Emitter {
  constructor() {
    super();
    this.Gulp = Gulp;
    this.env = {};
    this.isRunning = false;
    this.series = this._noting(compose('series'));
    this.parallel = this._noting(compose('parallel'));
    for (const name of ['task', 'src', 'dest', 'watch', 'symlink', 'registry', 'tree', 'lastRun', 'start', 'run', 'hasTask', 'add']) {
      this[name] = this[name].bind(this);
    }
    this.vinyl = undefined;
    this.default = this;
  }

  // _noting remembers that gulp 4 is used, which gulp 3 has not got.
  _noting(f) { return (...args) => { rt.version(4); return f(...args); }; }

  task(name, deps, f) {
    if (typeof name === 'function') return this.task(name.displayName || name.name, name);
    if (deps === undefined && f === undefined) return this._named(name);
    if (typeof deps === 'function') { f = deps; deps = []; }
    if (typeof deps === 'string') deps = [deps];
    if (typeof f !== 'function') f = undefined; // options of gulp-help, a description
    rt.task(String(name), (deps || []).flat(Infinity).map(String), f);
    return this;
  }
  add(name, deps, f) { return this.task(name, deps, f); }

  _named(name) {
    if (!rt.hasTask(String(name))) return undefined;
    return work(rt.named(String(name)), String(name));
  }

  hasTask(name) { return rt.hasTask(String(name)); }

  get tasks() {
    const all = {};
    for (const name of rt.taskNames()) all[name] = { name, dep: [], fn: this._named(name) };
    return all;
  }
  // What plug-ins look at that read the whole graph.
  tree() { return { label: 'Tasks', nodes: rt.taskNames() }; }

  registry(r) {
    if (!r) return { get: name => this._named(name), set: (name, f) => this.task(name, f), tasks: () => this.tasks, init() {} };
    rt.version(4);
    if (typeof r.init === 'function' && !refOf(r)) r.init(this);
  }

  lastRun() { return undefined; }

  src(globs, options) { return this._head('gulp.src', arguments, globs); }
  _head(plugin, args, globs) {
    if (globs === undefined || globs === null) throw new Error('Invalid glob argument: ' + globs);
    return head(rt.op(plugin, Array.from(args)));
  }
  dest() { return op('gulp.dest', Array.from(arguments)); }
  symlink() { return op('gulp.symlink', Array.from(arguments)); }

  watch(globs, options, f) {
    if (typeof options === 'function' || Array.isArray(options) || typeof options === 'string') { f = options; options = undefined; }
    return watcher(globs, options, f);
  }

  start(...names) { return this._start(names); }
  run(...names) { return this._start(names); }
  _start(names) {
    const done = typeof names[names.length - 1] === 'function' && !refOf(names[names.length - 1]) ? names.pop() : undefined;
    const of = names.flat(Infinity);
    if (of.length === 0) of.push('default');
    rt.start(rt.parallel(of));
    if (done) rt.later(() => done());
    return this;
  }
  stop() {}
  doneCallback() {}
}

// watcher is what gulp.watch returns; functions that are bound to its events are work too.
function watcher(globs, options, f, kind) {
  const base = options && typeof options.cwd === 'string' ? options.cwd : undefined;
  const ref = rt.watch(globs, base, f === undefined || f === null ? undefined : f, kind || 'done');
  const events = ['change', 'add', 'unlink', 'all', 'addDir', 'unlinkDir', 'changed', 'added', 'deleted', 'renamed', 'update'];
  const w = {
    on(event, g) { if (typeof g === 'function' && events.includes(event)) rt.watchOn(ref, event, g); return w; },
    add() { return w; }, remove() { return w; }, end() {}, close() {}, unwatch() { return w; }, files: () => [],
    pipe(next) { return w; }, _watcher: undefined,
  };
  w.once = w.addListener = w.on;
  return w;
}

const gulp = new Gulp();

module.exports = { gulp, work, watcher, finish };
