// The globals of node that the engine has not got.
'use strict';

const node = require('node');
const EventEmitter = require('events');
const { inert, timers } = node;

const global_ = globalThis;
global_.global = global_;
global_.setTimeout = timers.setTimeout;
global_.setInterval = timers.setInterval;
global_.setImmediate = timers.setImmediate;
global_.clearTimeout = global_.clearInterval = global_.clearImmediate = inert;
global_.queueMicrotask = f => { Promise.resolve().then(f); };
global_.structuredClone = v => JSON.parse(JSON.stringify(v));

global_.console = {};
for (const name of ['log', 'error', 'warn', 'info', 'debug', 'trace', 'dir', 'table', 'time', 'timeEnd', 'timeLog', 'group', 'groupEnd', 'assert', 'clear', 'count']) global_.console[name] = inert;

class Process extends EventEmitter.Emitter {
  constructor() {
    super();
    Object.assign(this, {
      env: rt.env, argv: ['node', 'gulp'].concat(rt.args), argv0: 'node', execArgv: [], execPath: '/usr/bin/node', title: 'gulp', pid: 1, ppid: 0, platform: 'linux', arch: 'x64',
      version: 'v18.0.0', versions: { node: '18.0.0', v8: '10.0.0' }, release: { name: 'node' }, exitCode: undefined, config: { variables: {} }, features: {}, browser: false, mainModule: { filename: rt.cwd + '/node_modules/gulp/bin/gulp.js', paths: [] },
      stdout: node.pipeless(), stderr: node.pipeless(), stdin: node.pipeless(),
    });
  }
  cwd() { return rt.cwd; }
  chdir() {}
  exit() { throw new Exit(); }
  abort() { throw new Exit(); }
  kill() {}
  nextTick(f, ...args) { rt.later(() => f(...args)); }
  hrtime() { return [0, 0]; }
  uptime() { return 0; }
  memoryUsage() { return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }; }
  umask() { return 0o22; }
  emitWarning() {}
  getuid() { return 0; }
  binding() { return {}; }
}
Process.prototype.hrtime.bigint = () => 0n;

// Exit ends the function that calls process.exit.
class Exit extends Error { constructor() { super('process.exit'); this.name = 'Exit'; } }
Process.prototype._Exit = Exit;

global_.process = new Process();

// URL is the engine's, which takes every address beside another for one at the root.
const Address = URL;
const hierarchical = /^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*)([^?#]*)(\?[^#]*)?/;
function beside(address, base) {
  const [, site, at, search] = hierarchical.exec(base), [, name, tail] = /^([^?#]*)([^]*)$/.exec(address);
  if (name === '') return site + at + (tail[0] === '?' ? '' : search || '') + tail;
  const whole = name[0] === '/' ? name : at.replace(/[^/]*$/, '') + name;
  return site + require('path').normalize('/' + whole).replace(/\/?$/, /(^|\/)\.{0,2}$/.test(name) ? '/' : '') + tail;
}
global_.URL = function URL(address, base) {
  const from = base === undefined ? '' : String(base.href || base);
  const relative = hierarchical.test(from) && !/^[a-zA-Z][a-zA-Z0-9+.-]*:|^\/\//.test(String(address));
  return relative ? new Address(beside(String(address), from)) : base === undefined ? new Address(address) : new Address(address, from);
};
global_.URL.prototype = Address.prototype;
for (const name of Object.getOwnPropertyNames(Address)) if (!(name in global_.URL)) global_.URL[name] = Address[name];

module.exports = { Exit };
