// The browser as the client needs it, with a clock that only the tests move and a
// network in which the tests are the server. Go adds atob() and btoa().
"use strict";

var self = this;
const location = { protocol: "http:", host: "page.test:3010" };
const world = { now: 1000000, timers: [], nextTimer: 1, sockets: [], requests: [], delays: [] };

Date.now = () => world.now;

function setTimeout(run, delay = 0) {
  const id = world.nextTimer++;
  world.timers.push({ id, at: world.now + delay, run });
  return id;
}

function clearTimeout(id) {
  world.timers = world.timers.filter((timer) => timer.id !== id);
}

function queueMicrotask(run) {
  Promise.resolve().then(run);
}

/** Lets everything happen that needs no time to pass. */
async function settle() {
  for (let i = 0; i < 30; i++) await null;
}

/** Lets time pass, timer by timer. */
async function pass(milliseconds) {
  const end = world.now + milliseconds;
  await settle();
  for (;;) {
    const due = world.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
    if (!due) break;
    clearTimeout(due.id);
    world.now = Math.max(world.now, due.at);
    due.run();
    await settle();
  }
  world.now = end;
}

class WebSocket {
  constructor(url) {
    Object.assign(this, { url, sent: [], closed: false });
    world.sockets.push(this);
  }
  send(data) {
    this.sent.push(data);
  }
  close() {
    this.closed = true;
  }
  // What the tests do as the server.
  accept() {
    this.onopen();
  }
  say(frame) {
    if (this.onmessage) this.onmessage({ data: frame });
  }
  drop() {
    if (this.onclose) this.onclose({ code: 1006 });
  }
  fail() {
    if (this.onerror) this.onerror({ type: "error" });
  }
}

function fetch(url, init) {
  return new Promise((resolve, reject) => {
    world.requests.push({
      url,
      method: init.method,
      body: init.body,
      init,
      answer(text, status = 200) {
        world.requests.splice(world.requests.indexOf(this), 1);
        resolve({ ok: status === 200, status, text: async () => text });
      },
      fail() {
        world.requests.splice(world.requests.indexOf(this), 1);
        reject(new Error("network"));
      },
    });
  });
}

class URLSearchParams {
  constructor(init = {}) {
    this.pairs = new Map(
      typeof init === "string" ? init.split("&").map((p) => p.split("=").map(decodeURIComponent)) : Object.entries(init),
    );
  }
  set(key, value) {
    this.pairs.set(key, value);
  }
  forEach(each) {
    this.pairs.forEach((value, key) => each(value, key));
  }
  toString() {
    return [...this.pairs].map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  }
}

class TextEncoder {
  encode(text) {
    return Array.from(unescape(encodeURIComponent(text)));
  }
}

class Blob {}

// Short words for what nearly every test does.

const HANDSHAKE = '0{"sid":"engine","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}';

/** A socket over WebSocket, and the server's end of it; connected unless told otherwise. */
async function connected(options = {}, uri) {
  const socket = io(uri, { transports: ["websocket"], ...options });
  const wire = await opened();
  wire.say('40{"sid":"id"}');
  return { socket, wire };
}

/** The newest WebSocket, once accepted and greeted. */
async function opened() {
  const wire = world.sockets[world.sockets.length - 1];
  wire.accept();
  wire.say(HANDSHAKE);
  await pass(0);
  return wire;
}

function request(method) {
  return world.requests.find((r) => r.method === method);
}

function log(emitter, ...events) {
  const list = [];
  for (const event of events) emitter.on(event, (...args) => list.push([event, ...args.map((a) => (a instanceof Error ? a.message : a))]));
  return list;
}

function bytes(...values) {
  return Uint8Array.from(values).buffer;
}

function shown(value) {
  return JSON.stringify(value, function (key) {
    const raw = this[key];
    if (raw instanceof ArrayBuffer) return { bytes: [...new Uint8Array(raw)] };
    if (ArrayBuffer.isView(raw)) return { bytes: [...raw] };
    return raw === undefined ? "undefined" : raw;
  });
}

function equal(got, want) {
  if (shown(got) !== shown(want)) throw new Error(`got  ${shown(got)}\nwant ${shown(want)}`);
}

const tests = {};
