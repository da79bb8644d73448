// The node process: one JSON value a line, read and written synchronously, so that the
// compilers' synchronous interfaces, several times faster than the others, can ask.
// Standard output is the line to the parent; what packages print goes to the error output.
(function (compile, folder) {
  'use strict';
  var fs = require('fs');
  // The package is loaded as by a file of its own: node would read the project's package.json
  // otherwise, and fail when that has a mistake.
  var module_ = require('module');
  var fromFolder = function (folder) { return module_.createRequire ? module_.createRequire(folder + '/package.json')(folder) : require(folder); };
  console.log = console.info = console.debug = console.error;
  var rest = Buffer.alloc(0), chunk = Buffer.alloc(65536);

  function wait() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
  function read() {
    for (;;) {
      var end = rest.indexOf(10);
      if (end >= 0) {
        var line = rest.toString('utf8', 0, end);
        rest = rest.slice(end + 1);
        return JSON.parse(line);
      }
      var n = 0;
      try { n = fs.readSync(0, chunk, 0, chunk.length, null); } catch (e) {
        if (e.code === 'EAGAIN') { wait(); continue; }
        if (e.code !== 'EOF') throw e;
      }
      if (n === 0) process.exit(0); // the parent has gone, or wants us to
      rest = Buffer.concat([rest, chunk.slice(0, n)]);
    }
  }
  function write(value) {
    var data = Buffer.from(JSON.stringify(value) + '\n');
    for (var at = 0; at < data.length;) {
      try { at += fs.writeSync(1, data, at, data.length - at); } catch (e) {
        if (e.code !== 'EAGAIN') throw e;
        wait();
      }
    }
  }
  function ask(question) {
    write(question);
    return read();
  }
  var pkg = null;
  for (;;) {
    var request = read(), reply;
    try {
      pkg = pkg || fromFolder(folder);
      reply = compile(pkg, request, ask);
    } catch (e) {
      reply = { crash: String(e && e.stack || e) };
    }
    write({ reply: reply });
  }
})
