// Loses the connection, misses an event, and tells what came of it:
//   node recovery.cjs MODULE URL TAG TRANSPORT
"use strict";

const [name, url, tag, transport] = process.argv.slice(2);
const loaded = require(name);
const io = typeof loaded === "function" ? loaded : loaded.io;

const socket = io(url, { transports: [transport], reconnectionDelay: 50, reconnectionDelayMax: 100 });
const event = "server:missed:" + tag;
const told = { connects: 0 };
let id;

socket.on("connect", () => {
  if (++told.connects === 1) {
    id = socket.id;
    socket.io.engine.close();
    return;
  }
  told.recovered = socket.recovered;
  told.sameId = socket.id === id;
});
socket.on("disconnect", async () => {
  await fetch(new URL("/publish?" + new URLSearchParams({ event }), url));
});
socket.on(event, (...args) => {
  told.missed = args.slice(0, 2); // the last one is the server's own place in its log
  // What arrives before "connect" was missed; give that event its turn.
  setTimeout(() => {
    console.log(JSON.stringify(told));
    process.exit(0);
  }, 0);
});
