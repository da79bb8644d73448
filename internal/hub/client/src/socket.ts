// What a page holds: one namespace of a connection.

import { Emitter, listen } from "./emitter";
import { ACK, BINARY_ACK, BINARY_EVENT, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT } from "./parser";
import type { Listener } from "./emitter";
import type { Manager } from "./manager";
import type { Auth, Options } from "./options";
import type { Packet } from "./parser";

const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

interface Flags {
  compress?: boolean;
  volatile?: boolean;
  timeout?: number;
  /** The event comes from the queue of those that are sent again. */
  _queued?: boolean;
}

interface Ack extends Listener {
  /** Its first argument is an error or null. */
  _withError?: boolean;
}

/** An event that is sent again until it is acknowledged. */
interface Queued {
  args: any[];
  flags: Flags;
  pending: boolean;
  tries: number;
}

export class Socket extends Emitter {
  id?: string;
  connected = false;
  /** Whether the server gave the earlier session back, missed events included. */
  recovered = false;
  auth?: Auth;
  sendBuffer: Packet[] = [];
  receiveBuffer: any[][] = [];

  private _opts: Options;
  private _pid?: string;
  private _offset?: string;
  private _flags: Flags = {};
  private _ids = 0;
  private _acks = new Map<number, Ack>();
  private _queue: Queued[] = [];
  private _unlisten?: Array<() => void>;
  private _incoming: Listener[] = [];
  private _outgoing: Listener[] = [];

  constructor(
    readonly io: Manager,
    readonly nsp: string,
    opts?: Options,
  ) {
    super();
    this._opts = opts || {};
    this.auth = this._opts.auth;
    if (io.opts.autoConnect !== false) this.open();
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /** Whether it is connected or will connect without being told to. */
  get active(): boolean {
    return !!this._unlisten;
  }

  /** The next event is dropped when it cannot leave at once. */
  get volatile(): this {
    this._flags.volatile = true;
    return this;
  }

  /** The next event's acknowledgement gets an error first, after so many milliseconds at the latest. */
  timeout(milliseconds: number): this {
    this._flags.timeout = milliseconds;
    return this;
  }

  compress(compress: boolean): this {
    this._flags.compress = compress;
    return this;
  }

  open(): this {
    const { io } = this;
    if (this._unlisten) {
      io._begin();
      return this;
    }
    this._unlisten = [
      listen(io, "open", () => this._onOpen()),
      listen(io, "packet", (packet) => this._onPacket(packet)),
      listen(io, "error", (error) => this.connected || this._fire("connect_error", error)),
      listen(io, "close", (reason, details) => this._onClose(reason, details)),
    ];
    io._begin();
    if (io._readyState == "open") this._onOpen();
    return this;
  }

  close(): this {
    if (this.connected) this._packet({ type: DISCONNECT });
    this._destroy();
    this._onClose("io client disconnect");
    return this;
  }

  send(...args: any[]): this {
    return this.emit("message", ...args);
  }

  emit(event: string, ...args: any[]): this {
    if (RESERVED.includes(event)) throw new Error(`"${event}" is a reserved event name`);
    const flags = this._flags;
    this._flags = {};
    args.unshift(event);
    if (this._opts.retries && !flags._queued && !flags.volatile) {
      this._enqueue(args, flags);
      return this;
    }
    const packet: Partial<Packet> = { type: EVENT, data: args, options: { compress: flags.compress !== false } };
    if (typeof args[args.length - 1] == "function") this._expectAck((packet.id = this._ids++), args.pop(), flags);
    const { engine } = this.io;
    if (flags.volatile && !engine?.transport?.writable) return this;
    if (this.connected && !engine._expired()) this._sendEvent(packet as Packet);
    else if (!flags.volatile) this.sendBuffer.push(packet as Packet);
    return this;
  }

  /** Resolves with the acknowledgement; rejects after the timeout, if one is set. */
  emitWithAck(event: string, ...args: any[]): Promise<any> {
    const withError = this._flags.timeout !== undefined || this._opts.ackTimeout !== undefined;
    return new Promise((resolve, reject) => {
      this.emit(event, ...args, (first: any, second: any) => {
        if (!withError) resolve(first);
        else if (first) reject(first);
        else resolve(second);
      });
    });
  }

  onAny(listener: Listener): this {
    this._incoming = [...this._incoming, listener];
    return this;
  }

  prependAny(listener: Listener): this {
    this._incoming = [listener, ...this._incoming];
    return this;
  }

  offAny(listener?: Listener): this {
    this._incoming = without(this._incoming, listener);
    return this;
  }

  listenersAny(): Listener[] {
    return this._incoming;
  }

  onAnyOutgoing(listener: Listener): this {
    this._outgoing = [...this._outgoing, listener];
    return this;
  }

  prependAnyOutgoing(listener: Listener): this {
    this._outgoing = [listener, ...this._outgoing];
    return this;
  }

  offAnyOutgoing(listener?: Listener): this {
    this._outgoing = without(this._outgoing, listener);
    return this;
  }

  listenersAnyOutgoing(): Listener[] {
    return this._outgoing;
  }

  private _packet(packet: Partial<Packet>): void {
    packet.nsp = this.nsp;
    this.io._packet(packet as Packet);
  }

  private _sendEvent(packet: Packet): void {
    for (const listener of this._outgoing) listener.apply(this, packet.data);
    this._packet(packet);
  }

  private _onOpen(): void {
    const connect = (auth?: Record<string, unknown>) => {
      const session = this._pid ? { pid: this._pid, offset: this._offset } : undefined;
      this._packet({ type: CONNECT, data: session ? Object.assign(session, auth) : auth });
    };
    if (typeof this.auth == "function") this.auth(connect);
    else connect(this.auth);
  }

  private _onPacket({ type, nsp, data, id }: Packet): void {
    if (nsp != this.nsp) return;
    switch (type) {
      case CONNECT:
        return this._onConnect(data);
      case EVENT:
      case BINARY_EVENT:
        return this._onEvent(id === undefined ? data : [...data, this._answer(id)]);
      case ACK:
      case BINARY_ACK:
        return this._onAck(id!, data);
      case DISCONNECT:
        this._destroy();
        return this._onClose("io server disconnect");
      case CONNECT_ERROR:
        this._destroy();
        this._fire("connect_error", Object.assign(new Error(data.message || data), { data: data.data }));
    }
  }

  private _onConnect(data?: { sid?: string; pid?: string }): void {
    if (!data?.sid) {
      this._fire("connect_error", new Error("the server speaks an older Socket.IO protocol than this client (revision 5)"));
      return;
    }
    this.id = data.sid;
    this.recovered = !!data.pid && data.pid == this._pid;
    this._pid = data.pid;
    this.connected = true;
    const received = this.receiveBuffer;
    this.receiveBuffer = [];
    received.forEach((args) => this._dispatch(args));
    const waiting = this.sendBuffer;
    this.sendBuffer = [];
    waiting.forEach((packet) => this._sendEvent(packet));
    this._drainQueue(true);
    this._fire("connect");
  }

  private _onEvent(args: any[]): void {
    if (this.connected) this._dispatch(args);
    else this.receiveBuffer.push(args);
  }

  private _dispatch(args: any[]): void {
    // A server that can give a session back ends each event with its place in the log.
    const last = args[args.length - 1];
    if (this._pid && typeof last == "string") this._offset = last;
    for (const listener of this._incoming) listener.apply(this, args);
    this._fire(args[0], ...args.slice(1));
  }

  /** The function that acknowledges event id; it counts once. */
  private _answer(id: number): Listener {
    let answered = false;
    return (...data) => {
      if (answered) return;
      answered = true;
      this._packet({ type: ACK, id, data });
    };
  }

  private _expectAck(id: number, ack: Ack, flags: Flags): void {
    const limit = flags.timeout ?? this._opts.ackTimeout;
    if (limit === undefined) {
      this._acks.set(id, ack);
      return;
    }
    const timer = setTimeout(() => {
      this._acks.delete(id);
      this.sendBuffer = this.sendBuffer.filter((packet) => packet.id !== id);
      ack.call(this, new Error("operation has timed out"));
    }, limit);
    const timed: Ack = (...args) => {
      clearTimeout(timer);
      ack.apply(this, args);
    };
    timed._withError = true;
    this._acks.set(id, timed);
  }

  private _onAck(id: number, data: any[]): void {
    const ack = this._acks.get(id);
    if (!ack) return;
    this._acks.delete(id);
    ack.apply(this, ack._withError ? [null, ...data] : data);
  }

  /** Those who can be told of an error hear that no answer will come. */
  private _clearAcks(): void {
    this._acks.forEach((ack, id) => {
      if (this.sendBuffer.some((packet) => packet.id === id)) return;
      this._acks.delete(id);
      if (ack._withError) ack.call(this, new Error("socket has been disconnected"));
    });
  }

  private _enqueue(args: any[], flags: Flags): void {
    const done: Ack | undefined = typeof args[args.length - 1] == "function" ? args.pop() : undefined;
    const entry: Queued = { args, flags: Object.assign(flags, { _queued: true }), pending: false, tries: 0 };
    args.push((error: Error | null, ...answer: any[]) => {
      // An answer to an earlier try may come after the event was given up.
      if (entry !== this._queue[0]) return;
      entry.pending = false;
      if (!error || entry.tries > this._opts.retries!) {
        this._queue.shift();
        done?.(error, ...answer);
      }
      this._drainQueue();
    });
    this._queue.push(entry);
    this._drainQueue();
  }

  /** Sends the first of the queue; the next one follows its acknowledgement. */
  private _drainQueue(again?: boolean): void {
    const first = this._queue[0];
    if (!this.connected || !first || (first.pending && !again)) return;
    first.pending = true;
    first.tries++;
    this._flags = Object.assign({}, first.flags);
    this.emit.apply(this, first.args as [string]);
  }

  private _onClose(reason: string, details?: unknown): void {
    const wasConnected = this.connected;
    this.connected = false;
    this.id = undefined;
    if (wasConnected) this._fire("disconnect", reason, details);
    this._clearAcks();
  }

  /** Stops listening to the connection, so that it no longer counts as active. */
  private _destroy(): void {
    if (!this._unlisten) return;
    this._unlisten.forEach((unlisten) => unlisten());
    this._unlisten = undefined;
    this.io._release();
  }
}

export interface Socket {
  connect: Socket["open"];
  disconnect: Socket["close"];
}

Socket.prototype.connect = Socket.prototype.open;
Socket.prototype.disconnect = Socket.prototype.close;

function without(list: Listener[], listener?: Listener): Listener[] {
  return listener ? list.filter((l) => l !== listener) : [];
}
