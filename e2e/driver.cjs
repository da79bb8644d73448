// Runs the scenario with one client in Node.js:
//   node driver.cjs MODULE URL TAG TRANSPORT[+TRANSPORT]...
// One after the other: the 1.x clients get in their own way otherwise. A JSON object on
// stdout, by transports, of {seen} or {error}.
"use strict";

const scenario = require("./scenario.js");
const [name, url, tag, ...lists] = process.argv.slice(2);
const loaded = require(name);
const io = typeof loaded === "function" ? loaded : loaded.io;

(async () => {
  const results = {};
  for (const list of lists) {
    results[list] = await scenario(io, url, list.split("+"), `${tag}:${list}`).then(
      (seen) => ({ seen }),
      (error) => ({ error: error.message }),
    );
  }
  console.log(JSON.stringify(results));
  process.exit(0); // old clients leave timers behind
})();
