// Runs the scenario with one client in Node.js:
//   node driver.cjs MODULE[+msgpack] URL TAG TRANSPORT[+TRANSPORT]...
// One after the other: the 1.x clients get in their own way otherwise. A JSON object on
// stdout, by transports, of {seen} or {error}.
"use strict";

const scenario = require("./scenario.js");
const [what, url, tag, ...lists] = process.argv.slice(2);
const [name, msgpack] = what.split("+");
const loaded = require(name);
const io = typeof loaded === "function" ? loaded : loaded.io;
const more = msgpack ? { parser: require("socket.io-msgpack-parser") } : {};

(async () => {
  const results = {};
  for (const list of lists) {
    results[list] = await scenario(io, url, list.split("+"), `${tag}:${list}`, more).then(
      (seen) => ({ seen }),
      (error) => ({ error: error.message }),
    );
  }
  console.log(JSON.stringify(results));
  process.exit(0); // old clients leave timers behind
})();
