// The server of a realtime project as it was written before realtimectl: Express for the
// files and the routes of the single page, Socket.IO beside it on one port.
//
//   node express.cjs FOLDER [PORT]
const express = require('express');
const http = require('http');
const path = require('path');

const [folder, port = 0] = process.argv.slice(2);
const app = express();
const server = http.createServer(app);
const io = require('socket.io')(server);
const started = String(process.pid);

app.use(express.static(path.join(folder, 'src')));
app.get('/api/started', (req, res) => res.json({ started, host: req.headers.host, forwarded: req.headers['x-forwarded-host'] }));
app.post('/login', (req, res) => res.cookie('session', 'abc', { httpOnly: true, sameSite: 'lax' }).redirect(303, `http://${req.headers.host}/jobs/1`));
app.use((req, res) => (req.accepts('html') ? res.sendFile(path.resolve(folder, 'src/index.html')) : res.sendStatus(404)));

io.on('connection', (socket) => {
  socket.onAny((event, ...args) => {
    const name = /^client:(.*)/.exec(event);
    if (name) io.emit('server:' + name[1], ...args);
  });
});

server.listen(port, '127.0.0.1', () => console.log(`http://localhost:${server.address().port}`));
process.stdin.resume().on('end', () => process.exit());
