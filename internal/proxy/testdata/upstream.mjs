// An application as people write them for node, with the habits that break proxies. The
// tests of the proxy ask it, one in Go and nginx for the same paths.
import http from "node:http";
import zlib from "node:zlib";

const page = (body) => `<!doctype html><html><head><title>Olá</title></head><body>${body}</body></html>`;
const later = () => new Promise((done) => setTimeout(done, 5));
const origin = (req) => `http://${req.headers.host}`;
const compressed = (coding, zip) => (req, res) => res.setHeader("Content-Encoding", coding).end(zip(page("x")));
const as = (type, body, more = {}) => (req, res) => res.writeHead(200, { "Content-Type": type, ...more }).end(body);

let go = () => {}; // lets a stream that waits go on
const gate = () => new Promise((done) => (go = done));

const routes = {
  "/plain": (req, res) => res.setHeader("Content-Length", Buffer.byteLength(page("x"))).end(page("x")),
  "/chunked": async (req, res) => {
    for (const part of page("x").match(/.{1,9}/gs)) res.write(part);
    res.end();
  },
  "/gzip": compressed("gzip", zlib.gzipSync),
  "/br": compressed("br", zlib.brotliCompressSync),
  "/deflate": compressed("deflate", zlib.deflateSync),
  async "/bytes"(req, res) {
    for (const byte of Buffer.from(page("é".repeat(200)))) {
      res.write(Buffer.from([byte]));
      if (byte === 0xc3) await new Promise(setImmediate);
    }
    res.end();
  },
  async "/newline"(req, res) {
    res.write("\n");
    await later();
    res.end(page("x"));
  },
  "/latin1": as("text/html; charset=iso-8859-1", Buffer.from(page("\xe9"), "latin1")),
  "/no-body": (req, res) => res.end("<title>x</title><p>x"),
  "/comment": (req, res) => res.end("<!-- <head> <body> --><html><head><script>'<body>'</script></head>"),
  "/missing": (req, res) => ((res.statusCode = 404), res.end(page("no"))),
  "/json": as("application/json", '{"a":"<head>"}', { ETag: '"j"' }),
  "/xml": as("application/xml", "<html><head></head></html>"),
  "/text": as("text/plain", "<html><head></head></html>"),
  "/attachment": as("text/html", page("x"), { "Content-Disposition": 'attachment; filename="a.html"' }),
  "/policy": as("text/html", page("x"), { "Content-Security-Policy": "default-src 'none'; script-src 'nonce-abc'; img-src 'self'" }),
  "/tagged": (req, res) => {
    res.setHeader("ETag", '"v1"');
    if (req.headers["if-none-match"] === '"v1"') return res.writeHead(304).end();
    res.end(page("x"));
  },
  "/data.bin": (req, res) => {
    res.writeHead(...(req.headers.range === "bytes=2-4" ? [206, { "Content-Range": "bytes 2-4/10", "Content-Type": "application/octet-stream" }] : [200]));
    res.end(req.headers.range ? "234" : "0123456789");
  },
  "/own": (req, res) => res.writeHead(302, { Location: origin(req) + "/next?a=b" }).end(),
  "/other": (req, res) => res.writeHead(302, { Location: "https://example.test/login" }).end(),
  "/cookies": (req, res) => res.writeHead(200, { "Set-Cookie": ["__Host-a=b; Path=/; Secure; SameSite=None", "c=d; HttpOnly"] }).end(),
  "/headers": (req, res) => {
    const h = req.headers;
    const names = ["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-hop", "x-own"];
    res.setHeader("Content-Type", "text/plain").end(names.map((name) => h[name] ?? "-").join("|"));
  },
  "/target": (req, res) => res.setHeader("Content-Type", "text/plain").end(req.url),
  "/connection": (req, res) => res.setHeader("Content-Type", "text/plain").end(String(req.socket.remotePort)),
  "/upload": (req, res) => {
    let size = 0;
    req.on("data", (chunk) => (size += chunk.length)).on("end", () => res.setHeader("Content-Type", "text/plain").end(String(size)));
  },
  "/trailers": (req, res) => {
    res.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Sum" });
    req.resume().on("end", () => (res.addTrailers({ "X-Sum": "42" }), res.end(req.trailers["x-check"])));
  },
  async "/events"(req, res) {
    res.setHeader("Content-Type", "text/event-stream");
    for (const n of [1, 2]) {
      const going = gate();
      res.write(`data: ${n}\n\n`);
      await going;
    }
    res.end();
  },
  async "/stream"(req, res) {
    const going = gate();
    res.write("<!doctype html><head><title>first</title>");
    await going;
    res.end("</head><p>second");
  },
  "/go": (req, res) => (go(), res.end()),
  "/hang-up": (req, res) => {
    res.write("<head>");
    setTimeout(() => req.socket.destroy(), 5);
  },
  "/refuse": (req, res) => res.writeHead(403).end("no"),
};

const server = http.createServer((req, res) => {
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  const route = routes[new URL(req.url, "http://x").pathname];
  if (route) return route(req, res);
  res.statusCode = 404;
  res.end(page("no"));
});

server.on("upgrade", (req, socket, head) => {
  if (req.url !== "/echo") return socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  socket.write(head);
  socket.pipe(socket);
});

server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit());
