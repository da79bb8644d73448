// Development servers: which were started, and with what.
'use strict';

const { REF, ATTACH, op, module: recorded, wrap, Stream } = require('core');
const { Emitter } = require('events');
const { watcher } = require('gulp');

function inert() {}

// reload can be called, piped into, and given as the work of a task.
function reload(plugin) {
  const f = function (o) {
    if (o && typeof o === 'object' && !Array.isArray(o) && o.stream) return op(plugin, [o]);
    if (typeof o === 'function') rt.later(() => o());
    return f.piped = f.piped || op(plugin, [], { quiet: true });
  };
  f[REF] = rt.nothing(plugin);
  return f;
}

// browserSync is one instance, which is a function as well.
function browserSync(instances) {
  const init = function (...args) {
    const done = typeof args[args.length - 1] === 'function' ? args.pop() : undefined;
    rt.server('browser-sync', args);
    const options = new Map([['port', 3000], ['urls', { local: 'http://localhost:3000' }]]);
    if (done) rt.later(() => done.call(f, null, f));
    f.active = true;
    f.instance.options = { get: k => options.get(k), getIn: () => undefined };
    return f;
  };
  const f = function (...args) { return init(...args); };
  Object.assign(f, {
    init, active: false, paused: false, publicInstance: f, exit: inert, cleanup: inert, notify: inert, pause: inert, resume: inert, sockets: { emit: inert, on: inert },
    reload: reload('browser-sync.reload'),
    stream: function () { return op('browser-sync.stream', Array.from(arguments)); },
    watch: (globs, options, g) => watcher(globs, typeof options === 'object' ? options : undefined, typeof options === 'function' ? options : g),
    use: (...a) => { rt.consume(a); }, emitter: new Emitter(), instance: { options: undefined }, getOption: () => undefined,
    create: name => (instances[name || 'x' + Object.keys(instances).length] = browserSync(instances)),
    get: name => instances[name] || (instances[name] = browserSync(instances)), has: name => name in instances, reset: inert, instances: [],
  });
  f.stream[REF] = rt.op('browser-sync.stream', [], { quiet: true });
  f.default = f;
  return f;
}

// apps are those of express and connect that were made, and told those that listen.
const apps = [], told = new Set();

// listenAll tells of the apps that serve files and that nobody has let listen: what they
// wait for, a database for instance, does not come here.
function listenAll() {
  for (const a of apps) if (!told.has(a.uses) && a.uses.length) listenOn(a.kind, a.uses, [], a.app);
}

// middleware is a function that answers requests; use() and its like collect.
function app(kind) {
  const f = function (req, res, next) { if (typeof next === 'function') next(); };
  const uses = [];
  let ref;
  const add = (...args) => { uses.push(args); return f; };
  for (const name of ['use', 'get', 'post', 'put', 'delete', 'all', 'patch', 'options', 'head', 'param', 'route', 'engine']) f[name] = name === 'get' ? (...a) => (a.length === 1 ? f.settings[a[0]] : add(...a)) : add;
  f.settings = {};
  f.locals = {};
  f.set = (k, v) => { f.settings[k] = v; return f; };
  f.enable = f.disable = f.configure = () => f;
  f.route = () => f;
  f.listen = (...args) => { const done = args.find(a => typeof a === 'function'); listenOn(kind, uses, args, f); if (done) rt.later(() => done.call(listening(), null)); return listening(); };
  f.handle = f;
  f.uses = uses;
  if (kind === 'express' || kind === 'connect') apps.push({ kind, uses, app: f });
  Object.defineProperty(f, REF, { get: () => (ref = ref || rt.op(kind, [{ use: uses }], { quiet: true })) });
  f.on = () => f;
  return f;
}

// listenOn tells of a server of the gulpfile's own: its port and what it was given to use.
function listenOn(kind, uses, args, f) {
  if (uses) told.add(uses);
  const port = args.find(a => typeof a === 'number' || (typeof a === 'string' && /^\d+$/.test(a)));
  rt.server(kind, [{ port: port === undefined ? f && f.settings && f.settings.port : Number(port), use: uses || [] }]);
}

function listening() {
  const s = new Emitter();
  s.on = s.once = (event, g) => { if (event === 'listening' && typeof g === 'function') rt.later(() => g()); return s; };
  return Object.assign(s, { close: g => { if (typeof g === 'function') rt.later(() => g()); }, address: () => ({ port: 0, address: '127.0.0.1' }), setTimeout: inert, unref: inert, ref: inert, listen: () => s });
}

// framework is express or connect.
function framework(kind) {
  const make = () => app(kind);
  const statics = (dir, o) => op('serve-static', o === undefined ? [dir] : [dir, o]);
  Object.assign(make, { static: statics, Router: () => app(kind + '.Router'), Route: inert, application: {}, request: {}, response: {} });
  return new Proxy(make, { get: (t, k) => (k in t || typeof k === 'symbol' ? t[k] : k === 'default' ? make : k === '__esModule' ? undefined : (...args) => op(kind + '.' + k, args)) });
}

const request = require('node').request;
const http = {
  createServer: (o, f) => {
    const handler = typeof o === 'function' ? o : f;
    const s = listening();
    s.listen = (...args) => {
      const done = args.find(a => typeof a === 'function');
      listenOn(handler && handler.uses ? 'express' : 'http', handler && handler.uses, args, handler);
      if (done) rt.later(() => done());
      return s;
    };
    return s;
  },
  request, get: request, Agent: function () {}, globalAgent: {}, STATUS_CODES: {}, METHODS: [], Server: function () { return listening(); },
};

// gulpConnect's middleware option is a function that makes a list: the list is recorded.
function gulpConnect() {
  const server = o => {
    const options = Object.assign({}, o);
    if (typeof options.middleware === 'function') options.middleware = options.middleware(framework('connect'), options);
    rt.server('gulp-connect', [options]);
    return { app: app('connect'), server: listening() };
  };
  const c = { server, serverClose: inert, reload: reload('gulp-connect.reload') };
  c.default = c;
  return c;
}

// piped are servers that folders are piped into.
function piped(kind) {
  return recorded(kind, {}, args => {
    const w = wrap(rt.op(kind, args, { quiet: true }), kind, { members: { [ATTACH]: from => { rt.serverOf(kind, args, from[REF]); return from; } } });
    return w;
  });
}

// once makes a server that is started by one of its functions, or by being called.
function starter(kind, names, call) {
  const start = (...args) => {
    const done = args.find(a => typeof a === 'function');
    rt.server(kind, args.filter(a => typeof a !== 'function'));
    if (done) rt.later(() => done(null));
    return running();
  };
  const f = call ? start : function () {};
  for (const name of names) f[name] = start;
  Object.assign(f, { stop: inert, shutdown: inert, kill: inert, reload: reload(kind + '.reload'), notify: inert, changed: inert, restart: inert, reset: inert });
  f.default = f;
  return f;
}

function running() {
  const e = { on: (event, f) => { if (['start', 'ready', 'listening'].includes(event) && typeof f === 'function') rt.later(() => f()); return e; }, emit: () => true, stdout: { pipe: to => to, on: inert }, stderr: { pipe: to => to, on: inert }, kill: inert, close: inert, then: f => Promise.resolve().then(f) };
  e.once = e.addListener = e.on;
  return e;
}

// liveServer is gulp-live-server: made first, started later.
function liveServer() {
  const make = args => {
    const s = { start: () => { rt.server('gulp-live-server', args); return Object.assign(running(), { then: (a, b, c) => Promise.resolve().then(a) }); }, stop: () => Promise.resolve(), notify: inert, config: {}, server: running() };
    return s;
  };
  const gls = function (...args) { return make(args); };
  gls.new = gls;
  gls.static = (dirs, port) => make([{ static: dirs === undefined ? 'public' : dirs, port: port === undefined ? 3000 : port }]);
  gls.default = gls;
  return gls;
}

// liveReload is gulp-livereload and tiny-lr: pages are told by our own.
function liveReload() {
  const f = recorded('gulp-livereload', { listen: () => f, changed: inert, reload: reload('gulp-livereload.reload'), start: inert, server: undefined, middleware: inert, options: {} });
  return f;
}
function tinyLr() { return Object.assign(() => ({ listen: (p, f) => { if (typeof f === 'function') rt.later(() => f()); }, changed: inert, close: inert, on: inert }), { changed: inert, middleware: () => inert, Server: inert }); }

// webpackServer is webpack-dev-server: new Server(compiler, options).listen(port).
function webpackServer() {
  const S = function (a, b) {
    // Version 4 takes the options first.
    const compiler = [a, b].find(x => x && typeof x.run === 'function');
    const options = b && typeof b === 'object' ? [a, b] : [a];
    const compile = () => { if (compiler) compiler.run(); };
    this.listen = (...args) => { compile(); rt.server('webpack-dev-server', options.concat(args.filter(x => typeof x !== 'function'))); const done = args.find(x => typeof x === 'function'); if (done) rt.later(() => done()); return listening(); };
    this.start = () => { compile(); rt.server('webpack-dev-server', options); return Promise.resolve(); };
    this.startCallback = f => { compile(); rt.server('webpack-dev-server', options); if (f) rt.later(() => f()); };
    this.app = app('express'); this.use = inert; this.close = inert;
  };
  S.default = S;
  return S;
}

// webpackMiddleware makes what it serves, which is served anyway.
function webpackMiddleware() {
  const f = compiler => {
    if (compiler && typeof compiler.run === 'function') compiler.run();
    return Object.assign((req, res, next) => { next(); }, { close: inert, waitUntilValid: g => { if (typeof g === 'function') rt.later(() => g()); }, invalidate: inert });
  };
  f.default = f;
  return f;
}

module.exports = { webpackMiddleware, browserSync: () => browserSync({}), framework, http, gulpConnect, piped, starter, liveServer, liveReload, tinyLr, webpackServer, running, reload, listenAll };
