// What travels over a connection: events, acknowledgements, binary data.
"use strict";

tests["events wait for the connection, volatile ones are dropped"] = async () => {
  const socket = io({ transports: ["websocket"] });
  socket.emit("kept", 1);
  socket.volatile.emit("dropped");
  const wire = await opened();
  wire.say('40{"sid":"id"}');
  await pass(0);
  socket.volatile.emit("sent");
  await pass(0);
  socket.send("text");
  equal(wire.sent.slice(1), ['42["kept",1]', '42["sent"]', '42["message","text"]']);
};

tests["reserved names are refused"] = async () => {
  const { socket } = await connected();
  const refused = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"].filter((name) => {
    try {
      socket.emit(name);
    } catch (error) {
      return error.message === `"${name}" is a reserved event name`;
    }
  });
  equal(refused.length, 6);
};

tests["listeners hear events until they are taken off"] = async () => {
  const { socket, wire } = await connected();
  const heard = [];
  const listener = (value) => heard.push(value);
  socket.once("a", listener);
  wire.say('42["a","once"]');
  wire.say('42["a","not again"]');
  socket.on("a", listener).addEventListener("a", listener);
  socket.off("a", listener);
  wire.say('42["a","single"]');
  socket.removeListener("a", listener);
  socket.once("a", listener);
  socket.off("a", listener);
  wire.say('42["a","gone"]');
  socket.on("a", listener).removeAllListeners("a");
  equal([socket.hasListeners("a"), socket.listeners("a"), heard], [false, [], ["once", "single"]]);
};

tests["a listener that takes itself off does not hide the next one"] = async () => {
  const { socket, wire } = await connected();
  const heard = [];
  const first = () => socket.off("a", first) && heard.push("first");
  socket.on("a", first);
  socket.on("a", () => heard.push("second"));
  wire.say('42["a"]');
  equal(heard, ["first", "second"]);
};

tests["catch-all listeners see both directions, in their order"] = async () => {
  const { socket, wire } = await connected();
  const seen = [];
  const second = (...args) => seen.push(["second", ...args]);
  socket.onAny(second);
  socket.prependAny((...args) => seen.push(["first", ...args]));
  socket.onAnyOutgoing((...args) => seen.push(["out", ...args]));
  socket.prependAnyOutgoing((...args) => seen.push(["before out", ...args]));
  wire.say('42["in",1]');
  socket.emit("go", 2, () => {});
  socket.offAny(second).offAnyOutgoing();
  wire.say('42["in",3]');
  socket.emit("go", 4);
  equal(seen, [["first", "in", 1], ["second", "in", 1], ["before out", "go", 2], ["out", "go", 2], ["first", "in", 3]]);
  equal([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [1, 0]);
};

tests["an acknowledgement reaches its event"] = async () => {
  const { socket, wire } = await connected();
  const got = [];
  socket.emit("a", (...args) => got.push(["a", ...args]));
  socket.emit("b", 1, (...args) => got.push(["b", ...args]));
  const promised = socket.emitWithAck("c");
  await pass(0);
  wire.say('431["two",2]');
  wire.say("430[]");
  wire.say('430["again"]');
  wire.say('4399["nobody asked"]');
  wire.say('432["three"]');
  equal(wire.sent.slice(1), ['420["a"]', '421["b",1]', '422["c"]']);
  equal([got, await promised], [[["b", "two", 2], ["a"]], "three"]);
};

tests["an acknowledgement with a timeout begins with its error"] = async () => {
  const { socket, wire } = await connected();
  const got = [];
  const told = (error, ...args) => got.push([error && error.message, ...args]);
  socket.timeout(100).emit("a", told);
  socket.timeout(100).emit("b", told);
  const promised = socket.timeout(100).emitWithAck("c");
  const broken = socket.timeout(100).emitWithAck("d").catch((error) => error.message);
  wire.say('430["fine"]');
  wire.say('432["kept"]');
  await pass(100);
  wire.say('431["late"]');
  equal([got, await promised, await broken], [[[null, "fine"], ["operation has timed out"]], "kept", "operation has timed out"]);
};

tests["an event that timed out before it could leave never does"] = async () => {
  const socket = io({ transports: ["websocket"], ackTimeout: 50 });
  const got = [];
  socket.emit("late", (error) => got.push(error.message));
  await pass(50);
  const wire = await opened();
  wire.say('40{"sid":"id"}');
  await pass(0);
  equal([got, wire.sent], [["operation has timed out"], ["40"]]);
};

tests["a disconnect ends the waiting for acknowledgements that can tell"] = async () => {
  const { socket } = await connected({ reconnection: false });
  const got = [];
  socket.timeout(100000).emit("a", (error) => got.push(error.message));
  socket.emit("b", () => got.push("never"));
  socket.disconnect();
  equal(got, ["socket has been disconnected"]);
};

tests["the server's question is answered once"] = async () => {
  const { socket, wire } = await connected();
  socket.on("ask", (n, answer) => {
    answer(n + 1, "é");
    answer("again");
  });
  wire.say('427["ask",1]');
  await pass(0);
  equal(wire.sent.slice(1), ['437[2,"é"]']);
};

tests["binary data travels beside its event, both ways, with acknowledgement"] = async () => {
  const { socket, wire } = await connected();
  const got = [];
  socket.on("file", (...args) => {
    args.pop()(new Uint8Array([9]));
    got.push(args);
  });
  socket.emit("up", bytes(1, 2), { deep: [new Uint8Array([3])] });
  wire.say('452-5["file",{"_placeholder":true,"num":1},{"a":{"_placeholder":true,"num":0}}]');
  wire.say(bytes(4));
  equal(got, []);
  wire.say(bytes(5));
  await pass(0);
  equal(wire.sent.slice(1), [
    '452-["up",{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]}]',
    bytes(1, 2),
    new Uint8Array([3]),
    '461-5[{"_placeholder":true,"num":0}]',
    new Uint8Array([9]),
  ]);
  equal(got, [[bytes(5), { a: bytes(4) }]]);
};

tests["values are written as JSON writes them"] = async () => {
  const { socket, wire } = await connected();
  socket.emit("v", undefined, new Date(0), { toJSON: () => "own" }, [undefined, NaN], { skip: undefined });
  equal(wire.sent[1], '42["v",null,"1970-01-01T00:00:00.000Z","own",[null,null],{}]');
};

tests["what is no packet ends the connection"] = async () => {
  const broken = [
    ["4abc"], ["49"], ["42"], ["42{}"], ["42[]"], ["42[true]"], ['42["a"'], ["41[]"], ["43[]x"], ["451-[]", bytes(1)], ["45[]"],
    ["40x"], ["4"], [bytes(1)], ['451-["a",{"_placeholder":true,"num":0}]', "2", '42["b"]'],
    ['451-["a",{"_placeholder":true,"num":7}]', bytes(1)], ['451-["a",{"_placeholder":true,"num":"x"}]', bytes(1)],
  ];
  for (const frames of broken) {
    const { socket, wire } = await connected({ forceNew: true, reconnection: false });
    const heard = log(socket, "disconnect", "a", "b");
    frames.forEach((frame) => wire.say(frame));
    equal([frames, heard.map((h) => h.slice(0, 2))], [frames, [["disconnect", "parse error"]]]);
  }
};

tests["events with retries go one after the other until acknowledged"] = async () => {
  const { socket, wire } = await connected({ retries: 1, ackTimeout: 100 });
  const got = [];
  const told = (error, value) => got.push([error && error.message, value]);
  socket.emit("a", 1, told);
  socket.emit("b", told);
  socket.emit("c");
  await pass(0);
  socket.volatile.emit("beside");
  await pass(100);
  wire.say('431["done"]');
  await pass(200);
  equal(wire.sent.slice(1), ['420["a",1]', '42["beside"]', '421["a",1]', '422["b"]', '423["b"]', '424["c"]']);
  equal(got, [[null, "done"], ["operation has timed out", undefined]]);
};

tests["an event with retries is sent again after a reconnection"] = async () => {
  const { socket, wire } = await connected({ retries: 3, ackTimeout: 100000, randomizationFactor: 0 });
  const got = [];
  socket.emit("a", (error, value) => got.push([error, value]));
  await pass(0);
  wire.drop();
  await pass(1000);
  const back = await opened();
  back.say('40{"sid":"second"}');
  await pass(0);
  back.say('431["done"]');
  equal([wire.sent[1], back.sent[1], got], ['420["a"]', '421["a"]', [[null, "done"]]]);
};

tests["a parser of one's own replaces the wire format"] = async () => {
  class Encoder {
    encode(packet) {
      return [JSON.stringify(packet)];
    }
  }
  class Decoder {
    on(event, listener) {
      this[event] = listener;
    }
    add(text) {
      this.decoded(JSON.parse(text));
    }
    destroy() {}
  }
  const socket = io({ transports: ["websocket"], parser: { Encoder, Decoder } });
  const heard = log(socket, "connect", "a");
  const wire = await opened();
  wire.say('4{"type":0,"nsp":"/","data":{"sid":"id"}}');
  wire.say('4{"type":2,"nsp":"/","data":["a",1]}');
  wire.say('4{"type":2,"nsp":"/other","data":["a",2]}');
  equal([heard, wire.sent], [[["connect"], ["a", 1]], ['4{"type":0,"nsp":"/"}']]);
};

tests["a listener that throws breaks neither packet nor connection"] = async () => {
  const { socket, wire } = await connected();
  const heard = log(socket, "disconnect", "b");
  socket.on("a", () => {
    throw new Error("the page's own");
  });
  try {
    wire.say('42["a"]');
  } catch (error) {
    heard.push(error.message);
  }
  wire.say('42["b"]');
  equal(heard, ["the page's own", ["b"]]);
};
