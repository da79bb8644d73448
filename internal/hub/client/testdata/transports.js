// How frames travel: polling, the upgrade, and what goes wrong on the way.
"use strict";

const UPGRADABLE = HANDSHAKE.replace("[]", '["websocket"]');

/** A socket over polling; the open poll of it is request("get"). */
async function polled(options = {}, handshake = HANDSHAKE) {
  const socket = io({ transports: ["polling"], ...options });
  await answer("get", handshake);
  await answer("post", "ok");
  await answer("get", '40{"sid":"id"}');
  return socket;
}

async function answer(method, text, status) {
  const found = request(method);
  if (!found) throw new Error(`no ${method} request is under way`);
  found.answer(text, status);
  await pass(0);
}

tests["polling asks again after each answer, and each request is its own"] = async () => {
  const socket = io({ transports: ["polling"], extraHeaders: { "x-a": "1" }, withCredentials: true });
  const first = request("get");
  equal([first.url.replace(/&t=\w+/, "&t=T"), first.init.headers, first.init.credentials], [
    "http://page.test:3010/socket.io/?EIO=4&transport=polling&t=T",
    { "x-a": "1" },
    "include",
  ]);
  await answer("get", HANDSHAKE);
  equal([request("post").body, request("post").url.includes("sid=engine")], ["40", true]);
  await answer("post", "ok");
  await answer("get", '40{"sid":"id"}\x1e42["a",1]');
  equal([socket.connected, request("get").url === first.url], [true, false]);
};

tests["what waits leaves together, within what the server takes"] = async () => {
  const socket = await polled();
  socket.emit("first");
  const big = "é".repeat(30);
  socket.emit("a", big);
  socket.emit("b");
  socket.emit("c", big);
  await pass(0);
  const bodies = [];
  while (request("post")) {
    bodies.push(request("post").body);
    await answer("post", "ok");
  }
  equal(bodies, ['42["first"]', `42["a","${big}"]\x1e42["b"]`, `42["c","${big}"]`]);
};

tests["binary data travels as base64 over polling"] = async () => {
  const socket = await polled();
  const heard = log(socket, "down");
  socket.emit("up", new Uint8Array([0, 1, 254, 255]).subarray(1));
  await pass(0);
  equal(request("post").body, '451-["up",{"_placeholder":true,"num":0}]\x1ebAf7/');
  await answer("get", '451-["down",{"_placeholder":true,"num":0}]\x1ebAf7/');
  equal(heard, [["down", bytes(1, 254, 255)]]);
};

tests["a listener that throws does not cost the other packets of a poll"] = async () => {
  const socket = await polled();
  const heard = log(socket, "b");
  socket.on("a", () => {
    throw new Error("the page's own");
  });
  await answer("get", '42["a"]\x1e42["b"]');
  equal([heard, !!request("get")], [[["b"]], true]);
};

tests["a failed poll says status and body"] = async () => {
  const socket = io({ transports: ["polling"], reconnection: false });
  const errors = [];
  socket.on("connect_error", (e) => errors.push([e.message, e.type, e.description, e.context]));
  await answer("get", '{"code":3,"message":"Bad request"}', 400);
  equal(errors, [["xhr poll error", "TransportError", 400, { status: 400, responseText: '{"code":3,"message":"Bad request"}' }]]);
};

tests["a failed post ends the connection"] = async () => {
  const socket = await polled({ reconnection: false });
  const heard = log(socket, "disconnect");
  socket.emit("a");
  await pass(0);
  request("post").fail();
  await pass(0);
  equal([heard[0].slice(0, 3)], [["disconnect", "transport error", "xhr post error"]]);
};

tests["disconnect() over polling leaves, then says goodbye"] = async () => {
  const socket = await polled();
  socket.disconnect();
  await pass(0);
  equal(request("post").body, "41");
  await answer("post", "ok");
  equal([request("post").body, request("post").init.keepalive], ["1", true]);
  await answer("post", "ok");
  await answer("get", "6");
  equal(world.requests.length, 0);
};

tests["a namespace left and a session ended in one answer keep their order"] = async () => {
  const socket = await polled({ reconnection: false });
  const heard = log(socket, "disconnect");
  await answer("get", "41\x1e1");
  equal([heard.length, heard[0][1]], [1, "io server disconnect"]);
};

tests["an upgrade probes, drains the polling and loses nothing"] = async () => {
  const socket = await polled({ transports: ["polling", "websocket"] }, UPGRADABLE);
  const { engine } = socket.io;
  const told = log(engine, "upgrading", "upgrade", "upgradeError").map((e) => e[0]);
  const names = [];
  engine.on("upgrade", (transport) => names.push(transport.name));
  const heard = log(socket, "down");
  const probe = world.sockets[0];
  equal(probe.url, "ws://page.test:3010/socket.io/?EIO=4&transport=websocket&sid=engine");
  probe.accept();
  await pass(0);
  socket.emit("by post");
  await pass(0);
  probe.say("3probe");
  socket.emit("during");
  equal([probe.sent, engine.upgrading, engine.transport.name], [["2probe"], true, "polling"]);
  await answer("get", '42["down",1]\x1e6');
  equal(probe.sent, ["2probe"]);
  await answer("post", "ok");
  equal([probe.sent, engine.transport.name, names, world.requests.length], [["2probe", "5", '42["during"]'], "websocket", ["websocket"], 0]);
  probe.say('42["down",2]');
  equal([heard, told], [[["down", 1], ["down", 2]], []]);
};

tests["a failed probe leaves the polling as it is"] = async () => {
  for (const breakIt of [(probe) => probe.fail(), (probe) => (probe.accept(), probe.say("3other")), (probe) => probe.drop()]) {
    const socket = await polled({ transports: ["polling", "websocket"], forceNew: true }, UPGRADABLE);
    const told = log(socket.io.engine, "upgradeError");
    breakIt(world.sockets[world.sockets.length - 1]);
    await pass(0);
    equal([told.length, socket.connected, socket.io.engine.transport.name, !!request("get")], [1, true, "polling", true]);
    world.requests = [];
  }
};

tests["a probe that dies while the polling drains gives it back"] = async () => {
  const socket = await polled({ transports: ["polling", "websocket"] }, UPGRADABLE);
  const probe = world.sockets[0];
  probe.accept();
  probe.say("3probe");
  socket.emit("a");
  probe.drop();
  await pass(0);
  equal([request("post").body, socket.io.engine.upgrading], ['42["a"]', false]);
  await answer("get", '42["x"]');
  equal(!!request("get"), true);
};

tests["upgrade: false and a lone transport stay where they are"] = async () => {
  await polled({ transports: ["polling", "websocket"], upgrade: false }, UPGRADABLE);
  world.requests = [];
  await polled({ forceNew: true }, UPGRADABLE);
  equal(world.sockets.length, 0);
};

tests["a remembered upgrade begins with the WebSocket"] = async () => {
  await connected();
  io({ forceNew: true, rememberUpgrade: true });
  equal([world.sockets.length, world.requests.length], [2, 0]);
};

tests["all transports are tried when asked for"] = async () => {
  const socket = io({ transports: ["websocket", "polling"], tryAllTransports: true });
  const heard = log(socket, "connect_error");
  world.sockets[0].fail();
  await pass(0);
  equal([heard, !!request("get")], [[], true]);
};

tests["a message from nowhere ends the session"] = async () => {
  const { socket, wire } = await connected({ reconnection: false });
  const heard = log(socket, "disconnect");
  wire.say("7what");
  equal(heard[0].slice(0, 2), ["disconnect", "parse error"]);
};
