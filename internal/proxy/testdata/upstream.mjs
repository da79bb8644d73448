// An application as people write them for node, with the habits that break proxies.
import http from "node:http";
import zlib from "node:zlib";

const page = (body) => `<!doctype html><html><head><title>Olá</title></head><body>${body}</body></html>`;
const pause = () => new Promise((done) => setTimeout(done, 5));

const routes = {
  "/plain": (req, res) => res.end(page("x")),
  "/gzip": (req, res) => res.setHeader("Content-Encoding", "gzip").end(zlib.gzipSync(page("x"))),
  "/br": (req, res) => res.setHeader("Content-Encoding", "br").end(zlib.brotliCompressSync(page("x"))),
  "/deflate": (req, res) => res.setHeader("Content-Encoding", "deflate").end(zlib.deflateSync(page("x"))),
  async "/bytes"(req, res) {
    for (const byte of Buffer.from(page("é".repeat(200)))) {
      res.write(Buffer.from([byte]));
      if (byte === 0xc3) await new Promise(setImmediate);
    }
    res.end();
  },
  async "/newline"(req, res) {
    res.write("\n");
    await pause();
    res.end(page("x"));
  },
  "/latin1": (req, res) => res.setHeader("Content-Type", "text/html; charset=iso-8859-1").end(Buffer.from(page("\xe9"), "latin1")),
  "/nobody": (req, res) => res.end("<title>x</title><p>x"),
  "/length": (req, res) => res.setHeader("Content-Length", Buffer.byteLength(page("x"))).end(page("x")),
  "/upload": (req, res) => {
    let size = 0;
    req.on("data", (chunk) => (size += chunk.length)).on("end", () => res.setHeader("Content-Type", "text/plain").end(String(size)));
  },
  "/hang-up": (req, res) => {
    res.write("<head>");
    setTimeout(() => req.socket.destroy(), 5);
  },
};

const server = http.createServer((req, res) => {
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  const route = routes[req.url];
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
