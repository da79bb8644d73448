// One client that does as it is told and tells what happens to it, a line of JSON each:
//   node visitor.cjs MODULE URL OPTIONS
// On stdin: ["emit", EVENT, ...ARGS], ["ask", EVENT, ...ARGS] (wants an answer),
// ["leave"], ["drop"] (lose the connection), ["connect"].
"use strict";

const [name, url, options] = process.argv.slice(2);
const loaded = require(name);
const io = typeof loaded === "function" ? loaded : loaded.io;
const tell = (...line) => console.log(JSON.stringify(line));

const socket = io(url, { reconnectionDelay: 20, reconnectionDelayMax: 100, ...JSON.parse(options) });
socket.on("connect", () => tell("connect", socket.id, socket.recovered === true));
socket.on("disconnect", (reason) => tell("disconnect", reason));
socket.on("connect_error", (error) => {
  if (!socket.active) tell("refused", error.message); // what remains is tried again
});
socket.onAny((...args) => tell("heard", ...args));

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [what, ...args] = JSON.parse(line);
    if (what === "emit") socket.emit(...args);
    if (what === "ask") socket.emit(...args, (...answer) => tell("answer", ...answer));
    if (what === "leave") socket.disconnect();
    if (what === "drop") {
      socket.io.reconnection(false);
      socket.io.engine.close();
    }
    if (what === "connect") {
      socket.io.reconnection(true);
      socket.connect();
    }
  })
  .on("close", () => process.exit(0));
