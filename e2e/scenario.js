// What every client has to manage against the server, whatever its version: one
// function, run by driver.cjs in Node.js and by case.html in a browser. It resolves
// with what the page or program saw; the Go tests compare that as a whole.
"use strict";

const STEP_LIMIT = 15000; // milliseconds until a step that hangs is given up

async function scenario(io, url, transports, tag, more = {}) {
  const options = { forceNew: true, "force new connection": true, reconnection: false, transports, ...more };
  const socket = io(url, options);
  const seen = {};
  try {
    await step("connect", (done, fail) => {
      socket.on("connect", done);
      socket.on("connect_error", fail);
      socket.on("error", fail);
    });
    seen.idLength = idOf(socket).length;
    // Before an upgrade is through: what is said during one must not be lost.
    seen.relayed = await relay(socket, "job:" + tag, { title: "é€😀", n: 1.5, list: [null, true] });
    seen.heardByOthers = await ask(url, "/heard", { event: "server:job:" + tag });
    seen.transport = await transportOf(socket, transports);
    seen.published = await step("publish", (done, fail) => {
      socket.on("server:published:" + tag, (...got) => done(plain(got)));
      ask(url, "/publish", { event: "server:published:" + tag }).catch(fail);
    });
    seen.relayedWithoutArguments = await relay(socket, "empty:" + tag);
    seen.acknowledged = await acknowledge(socket, 1, "é€😀", { 3: [false] });
    seen.relayedBinary = await relay(socket, "binary:" + tag, bytes(0, 1, 128, 255), { deep: [bytes(7)] });
    seen.acknowledgedBinary = await acknowledge(socket, bytes(9, 8), "and text");
    const long = "a€😀é".repeat(5000);
    seen.longTextIntact = (await acknowledge(socket, long))[0] === long;
    seen.burstInOrder = await burst(socket, "burst:" + tag);
    await namespaces(socket, url, seen, tag);
    seen.clientDisconnect = await step("client disconnect", (done) => {
      socket.on("disconnect", (reason) => done(reason));
      socket.disconnect();
    });
  } finally {
    socket.io.engine && socket.io.engine.close();
  }
  return seen;
}

async function namespaces(socket, url, seen, tag) {
  const chat = socket.io.socket("/chat"); // connects by itself
  await step("connect to /chat", (done, fail) => {
    if (chat.connected) done();
    chat.on("connect", done);
    chat.on("connect_error", fail);
    chat.on("error", fail);
  });
  seen.relayedInNamespace = await relay(chat, "chat:" + tag, "é€😀");
  seen.serverDisconnect = await step("server disconnect", (done, fail) => {
    chat.on("disconnect", (reason) => done(reason));
    ask(url, "/kick", { nsp: "/chat", id: idOf(chat) }).catch(fail);
  });
  seen.refusedNamespace = await step("refused namespace", (done) => {
    const nowhere = socket.io.socket("/nowhere");
    const refused = (error) => done(error.message || error);
    nowhere.on("error", refused);
    nowhere.on("connect_error", refused);
  });
}

/** The public id; the first clients know only that of their connection, which is the same. */
function idOf(socket) {
  return socket.id || socket.io.engine.id;
}

/**
 * Asks the test's server: /kick disconnects a client, /publish sends to all as a back-end
 * does, /heard answers with what another client heard of an event.
 */
async function ask(url, path, query) {
  const answer = await fetch(new URL(path + "?" + new URLSearchParams(query), url));
  if (!answer.ok) throw new Error(path + ": " + (await answer.text()));
  return answer.json();
}

/** The transport in use, after the upgrade where one is due. */
function transportOf(socket, transports) {
  const { engine } = socket.io;
  if (transports.length < 2 || engine.transport.name === "websocket") return engine.transport.name;
  return step("upgrade", (done, fail) => {
    engine.on("upgrade", (transport) => done(transport.name));
    engine.on("upgradeError", fail);
  });
}

/** Emits client:NAME and resolves with the arguments of the server:NAME that comes back. */
function relay(socket, name, ...args) {
  return step("relay " + name, (done) => {
    socket.on("server:" + name, (...got) => done(plain(got)));
    socket.emit("client:" + name, ...args);
  });
}

function acknowledge(socket, ...args) {
  return step("acknowledgement", (done) => socket.emit("message-with-ack", ...args, (...got) => done(plain(got))));
}

/** Whether 50 events, every fifth with binary data, come back complete and in order. */
async function burst(socket, name) {
  const count = 50;
  const got = [];
  await step("burst", (done) => {
    socket.on("server:" + name, (i) => got.push(i) === count && done());
    for (let i = 0; i < count; i++) {
      if (i % 5) socket.emit("client:" + name, i);
      else socket.emit("client:" + name, i, bytes(i));
    }
  });
  return got.every((n, i) => n === i);
}

function step(name, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(name + ": nothing happened")), STEP_LIMIT);
    const settle = (act) => (value) => {
      clearTimeout(timer);
      act(value);
    };
    const fail = (error) => reject(new Error(name + ": " + ((error && error.message) || error)));
    start(settle(resolve), settle(fail));
  });
}

function bytes(...values) {
  return Uint8Array.from(values).buffer;
}

/** The value as JSON can tell it: binary data becomes {bytes: [...]}, whatever its type. */
function plain(value) {
  if (value instanceof ArrayBuffer) return { bytes: Array.from(new Uint8Array(value)) };
  if (ArrayBuffer.isView(value)) return { bytes: Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (Array.isArray(value)) return value.map(plain);
  if (!value || typeof value !== "object") return value === undefined ? "undefined" : value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]));
}

if (typeof module === "object") module.exports = scenario;
