// The relay on the official server, with its defaults: what project/realtimectl.yaml says,
// as a program.
"use strict";

const http = require("http").createServer();
const io = new (require("socket.io").Server)(http);

io.on("connection", (socket) => {
  socket.on("client:created:job", (job) => io.emit("server:created:job", job));
  socket.on("echo", (value, answer) => answer(value));
  socket.on("join", (room, answer) => {
    socket.join(room);
    answer();
  });
  socket.on("room:msg", (message) => io.to(message.room).emit("room:msg", message));
});
http.listen(Number(process.env.PORT), "127.0.0.1");
