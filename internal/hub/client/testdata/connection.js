// From the address to the end of a connection, and back again.
"use strict";

tests["an address names server, namespace and query"] = async () => {
  io("/chat", { transports: ["websocket"] });
  io("//a.test/", { transports: ["websocket"], forceNew: true });
  io("b.test:1", { transports: ["websocket"], forceNew: true });
  io("https://c.test/x/y?token=a%20b", { transports: ["websocket"], path: "/ws/", forceNew: true });
  equal(
    world.sockets.map((s) => s.url),
    [
      "ws://page.test:3010/socket.io/?EIO=4&transport=websocket",
      "ws://a.test/socket.io/?EIO=4&transport=websocket",
      "ws://b.test:1/socket.io/?EIO=4&transport=websocket",
      "wss://c.test/ws/?token=a%20b&EIO=4&transport=websocket",
    ],
  );
  equal(io("https://c.test/x/y", { autoConnect: false, forceNew: true }).nsp, "/x/y");
};

tests["namespaces of a server share a connection, and a second socket of one does not"] = async () => {
  const first = io("http://a.test/", { transports: ["websocket"] });
  const second = io("http://a.test/chat", { transports: ["websocket"] });
  equal([first.io === second.io, world.sockets.length], [true, 1]);
  const again = io("http://a.test/chat", { transports: ["websocket"] });
  const apart = io("http://a.test/other", { transports: ["websocket"], multiplex: false });
  const old = io.connect("http://a.test/third", { transports: ["websocket"], "force new connection": true });
  equal(new Set([first.io, again.io, apart.io, old.io]).size, 4);
};

tests["connecting sends auth and takes the id from the server"] = async () => {
  const socket = io({ transports: ["websocket"], auth: { token: "é€😀" } });
  const heard = log(socket, "connect");
  equal([socket.connected, socket.disconnected, socket.active, socket.id], [false, true, true, undefined]);
  const wire = await opened();
  equal(wire.sent, ['40{"token":"é€😀"}']);
  wire.say('40{"sid":"public"}');
  equal([socket.connected, socket.active, socket.id, socket.recovered, heard], [true, true, "public", false, [["connect"]]]);
  socket.connect();
  equal(wire.sent.length, 1);
};

tests["an auth function is asked at every connection"] = async () => {
  let asked = 0;
  const { socket, wire } = await connected({ auth: (send) => send({ n: ++asked }), randomizationFactor: 0 });
  wire.drop();
  await pass(1000);
  const next = await opened();
  equal([wire.sent, next.sent, socket.connected], [['40{"n":1}'], ['40{"n":2}'], false]);
};

tests["a refusal is told with its data and not tried again"] = async () => {
  const socket = io({ transports: ["websocket"] });
  const errors = [];
  socket.on("connect_error", (error) => errors.push([error instanceof Error, error.message, error.data]));
  const wire = await opened();
  wire.say('44{"message":"not you","data":{"code":7}}');
  await pass(60000);
  equal([errors, socket.active, wire.closed, world.sockets.length], [[[true, "not you", { code: 7 }]], false, true, 1]);
};

tests["a server of the older protocol is named as the reason"] = async () => {
  const socket = io({ transports: ["websocket"] });
  const heard = log(socket, "connect_error", "connect");
  (await opened()).say("40");
  equal(heard, [["connect_error", "the server speaks an older Socket.IO protocol than this client (revision 5)"]]);
};

tests["pings are answered, and told by the manager"] = async () => {
  const { socket, wire } = await connected();
  const heard = log(socket.io, "ping");
  wire.say("2");
  await pass(0);
  equal([wire.sent.slice(1), heard], [["3"], [["ping"]]]);
};

tests["each disconnect has its reason"] = async () => {
  const reasons = {
    "io server disconnect": (wire) => wire.say("41"),
    "io client disconnect": (wire, socket) => socket.disconnect(),
    "ping timeout": () => pass(45000),
    "transport close": (wire) => wire.drop(),
    "transport error": (wire) => wire.fail(),
    "parse error": (wire) => wire.say("42{}"),
  };
  for (const reason of Object.keys(reasons)) {
    const { socket, wire } = await connected({ forceNew: true, reconnection: false });
    const heard = log(socket, "disconnect");
    await reasons[reason](wire, socket);
    await pass(0);
    equal([heard.length, heard[0][1], socket.connected, socket.id, wire.closed], [1, reason, false, undefined, true]);
  }
};

tests["a page that slept finds out at its first event"] = async () => {
  const { socket, wire } = await connected({ reconnection: false });
  const heard = log(socket, "disconnect");
  world.timers = [];
  world.now += 3600000;
  socket.emit("late");
  await pass(0);
  equal([wire.sent.length, heard, socket.sendBuffer.length], [1, [["disconnect", "ping timeout", undefined]], 1]);
};

tests["a client disconnect leaves and closes the connection once all has left"] = async () => {
  const { socket, wire } = await connected();
  socket.emit("last");
  socket.disconnect();
  equal(wire.closed, false);
  await pass(60000);
  equal([wire.sent, wire.closed, world.sockets.length], [['40', '42["last"]', "41"], true, 1]);
};

tests["the connection stays while another namespace uses it"] = async () => {
  const { socket, wire } = await connected();
  const chat = socket.io.socket("/chat", { auth: { a: 1 } });
  await pass(0);
  wire.say('40/chat,{"sid":"other"}');
  socket.disconnect();
  await pass(0);
  equal([wire.closed, chat.connected, wire.sent], [false, true, ["40", '40/chat,{"a":1}', "41"]]);
  chat.disconnect();
  await pass(0);
  equal(wire.closed, true);
};

tests["a server disconnect is final until connect() is called"] = async () => {
  const { socket, wire } = await connected();
  wire.say("41");
  await pass(60000);
  equal([world.sockets.length, socket.active], [1, false]);
  socket.connect();
  (await opened()).say('40{"sid":"new"}');
  equal([socket.connected, socket.id], [true, "new"]);
};

tests["attempts come after growing delays, never above the maximum, never all at one moment"] = async () => {
  const delays = [];
  for (const chance of [0, 0.999999]) {
    Math.random = () => chance;
    const { socket, wire } = await connected({ forceNew: true });
    let last = world.now;
    socket.io.on("reconnect_attempt", () => {
      delays.push(Math.round((world.now - last) / 10) * 10);
      last = world.now;
    });
    wire.drop();
    for (let i = 0; i < 5; i++) {
      await pass(5000);
      const next = world.sockets[world.sockets.length - 1];
      last = world.now;
      next.fail();
    }
    socket.disconnect();
  }
  equal(delays, [500, 1000, 2000, 2500, 2500, 1500, 3000, 5000, 5000, 5000]);
};

tests["a reconnection tells its story on the manager and greets anew"] = async () => {
  const { socket, wire } = await connected({ randomizationFactor: 0 });
  const told = log(socket.io, "close", "reconnect_attempt", "error", "reconnect_error", "reconnect", "open");
  const heard = log(socket, "disconnect", "connect_error", "connect");
  wire.drop();
  await pass(1000);
  world.sockets[1].fail();
  await pass(2000);
  const back = await opened();
  back.say('40{"sid":"second"}');
  equal(told.map((entry) => entry.slice(0, 2)), [
    ["close", "transport close"],
    ["reconnect_attempt", 1],
    ["error", "websocket error"],
    ["reconnect_error", "websocket error"],
    ["reconnect_attempt", 2],
    ["open"],
    ["reconnect", 2],
  ]);
  equal(heard.map((entry) => entry.slice(0, 2)), [["disconnect", "transport close"], ["connect_error", "websocket error"], ["connect"]]);
  equal(socket.id, "second");
};

tests["attempts end at their limit"] = async () => {
  const socket = io({ transports: ["websocket"], reconnectionAttempts: 2 });
  const told = log(socket.io, "reconnect_failed");
  for (let i = 0; i < 4; i++) {
    world.sockets[world.sockets.length - 1].fail();
    await pass(10000);
  }
  equal([told, world.sockets.length], [[["reconnect_failed"]], 3]);
};

tests["without reconnection a lost connection stays lost"] = async () => {
  const { wire } = await connected({ reconnection: false });
  wire.drop();
  await pass(60000);
  equal(world.sockets.length, 1);
};

tests["disconnect() while waiting to reconnect ends the waiting"] = async () => {
  const { socket, wire } = await connected();
  wire.drop();
  socket.disconnect();
  await pass(60000);
  equal(world.sockets.length, 1);
};

tests["an attempt that takes too long is given up"] = async () => {
  const socket = io({ transports: ["websocket"], timeout: 3000, reconnection: false });
  const heard = log(socket, "connect_error");
  await pass(3000);
  equal([heard, world.sockets[0].closed], [[["connect_error", "timeout"]], true]);
};

tests["a lost session is asked back with its place in the log"] = async () => {
  const { socket, wire } = await connected({ auth: { token: 1 }, randomizationFactor: 0 });
  wire.say('40{"sid":"kept","pid":"secret"}');
  wire.say('42["job",{"id":1},"offset-9"]');
  wire.drop();
  await pass(1000);
  const back = await opened();
  equal(back.sent, ['40{"pid":"secret","offset":"offset-9","token":1}']);
  const heard = log(socket, "job", "connect");
  back.say('42["job",{"id":2},"offset-10"]');
  back.say('40{"sid":"kept","pid":"secret"}');
  equal([socket.recovered, socket.id, heard], [true, "kept", [["job", { id: 2 }, "offset-10"], ["connect"]]]);
};

tests["options of the manager can be read and set"] = async () => {
  const manager = new io.Manager("http://a.test", { autoConnect: false });
  equal(
    [manager.reconnection(), manager.reconnectionAttempts() === Infinity, manager.reconnectionDelay(), manager.reconnectionDelayMax(), manager.randomizationFactor(), manager.timeout()],
    [true, true, 1000, 5000, 0.5, 20000],
  );
  equal(manager.reconnectionDelay(5).timeout(false).reconnectionDelay(), 5);
  const socket = manager.socket("/x");
  equal([world.sockets.length + world.requests.length, socket.active], [0, false]);
  let opened;
  manager.connect((error) => (opened = error ? error.message : "open"));
  request("get").answer(HANDSHAKE);
  await pass(0);
  equal(opened, "open");
};

tests["no transport at all is an error, not a silence"] = async () => {
  const socket = io({ transports: ["webtransport"], reconnection: false });
  const heard = log(socket, "connect_error");
  await pass(0);
  equal(heard, [["connect_error", "No transports available"]]);
};
