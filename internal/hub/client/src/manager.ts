// One connection to a server, shared by the sockets of all its namespaces, and
// begun again when it is lost.

import { Emitter, listen } from "./emitter";
import { Engine } from "./engine";
import { parseAddress } from "./address";
import { Socket } from "./socket";
import * as standard from "./parser";
import type { Options } from "./options";
import type { Packet } from "./parser";

type Opened = (error?: Error) => void;

export class Manager extends Emitter {
  engine!: Engine;
  opts: Options;
  /** The sockets by namespace. */
  nsps: Record<string, Socket> = {};
  _readyState: "closed" | "opening" | "open" = "closed";

  private _base: string;
  private _encoder: any;
  private _decoder: any;
  private _decoded: Packet[] = [];
  private _unlisten: Array<() => void> = [];
  private _attempts = 0;
  private _reconnecting = false;
  /** Set by a close that was asked for, until the next open. */
  private _stopped = false;

  constructor(uri?: string | Options, opts?: Options) {
    super();
    if (typeof uri == "object") {
      opts = uri;
      uri = undefined;
    }
    const address = parseAddress(uri);
    const parser = opts?.parser || standard;
    this._base = address.base;
    this.opts = Object.assign({ query: address.query }, opts);
    this._encoder = new parser.Encoder();
    this._decoder = new parser.Decoder();
    this._decoder.on("decoded", (packet: Packet) => this._decoded.push(packet));
    if (this.opts.autoConnect !== false) this.open();
  }

  // Each reads the option without an argument and sets it with one.
  reconnection = this._option("reconnection", true);
  reconnectionAttempts = this._option("reconnectionAttempts", Infinity);
  reconnectionDelay = this._option("reconnectionDelay", 1000);
  reconnectionDelayMax = this._option("reconnectionDelayMax", 5000);
  randomizationFactor = this._option("randomizationFactor", 0.5);
  timeout = this._option<number | false>("timeout", 20000);

  /** Connects; done hears of this attempt only, and then no other follows it. */
  open(done?: Opened): this {
    if (this._readyState != "closed") return this;
    this._readyState = "opening";
    this._stopped = false;
    const engine = (this.engine = new Engine(this._base, this.opts));
    const fail = (error: Error) => {
      this._cleanup();
      this._readyState = "closed";
      this._fire("error", error);
      if (done) done(error);
      else if (!this._reconnecting && this.reconnection() && !this._attempts) this._reconnect();
    };
    this._unlisten.push(
      listen(engine, "open", () => {
        this._onOpen();
        done?.();
      }),
      listen(engine, "error", fail),
    );
    this._limit(engine, fail);
    return this;
  }

  connect(done?: Opened): this {
    return this.open(done);
  }

  /** The socket of a namespace; the same one each time. */
  socket(nsp: string, opts?: Options): Socket {
    const known = this.nsps[nsp];
    if (!known) return (this.nsps[nsp] = new Socket(this, nsp, opts));
    if (this.opts.autoConnect !== false && !known.active) known.connect();
    return known;
  }

  /** Connects, unless a reconnection is about to. */
  _begin(): void {
    if (!this._reconnecting) this.open();
  }

  _packet(packet: Packet): void {
    this.engine.write(...this._encoder.encode(packet));
  }

  /** A socket is done; the last one takes the connection with it. */
  _release(): void {
    if (!Object.keys(this.nsps).some((nsp) => this.nsps[nsp].active)) this._close();
  }

  _close(): void {
    this._stopped = true;
    this._reconnecting = false;
    this._onClose("forced close");
  }

  private _option<T>(name: keyof Options, standard: T): { (): T; (value: T): Manager } {
    return (...value: T[]): any => {
      if (!value.length) return this.opts[name] === undefined ? standard : this.opts[name];
      (this.opts as any)[name] = value[0];
      return this;
    };
  }

  private _limit(engine: Engine, fail: (error: Error) => void): void {
    const limit = this.timeout();
    if (limit === false) return;
    const timer = setTimeout(() => {
      fail(new Error("timeout"));
      engine.close();
    }, limit);
    this._unlisten.push(() => clearTimeout(timer));
  }

  private _onOpen(): void {
    const { engine } = this;
    this._cleanup();
    this._readyState = "open";
    this._unlisten.push(
      listen(engine, "ping", () => this._fire("ping")),
      listen(engine, "data", (data) => this._onData(data)),
      listen(engine, "error", (error) => this._fire("error", error)),
      listen(engine, "close", (reason, details) => this._onClose(reason, details)),
    );
    this._fire("open");
  }

  private _onData(data: unknown): void {
    try {
      this._decoder.add(data);
    } catch (error) {
      return this._onClose("parse error", error);
    }
    // Outside of the try: a listener that throws is the page's matter, no broken packet.
    this._decoded.splice(0).forEach((packet) => this._fire("packet", packet));
  }

  private _cleanup(): void {
    this._unlisten.forEach((unlisten) => unlisten());
    this._unlisten = [];
    this._decoder.destroy();
  }

  private _onClose(reason: string, details?: unknown): void {
    this._cleanup();
    this.engine?.close();
    this._attempts = 0;
    this._readyState = "closed";
    this._fire("close", reason, details);
    if (this.reconnection() && !this._stopped) this._reconnect();
  }

  private _reconnect(): void {
    if (this._reconnecting || this._stopped) return;
    if (this._attempts >= this.reconnectionAttempts()) {
      this._attempts = 0;
      this._fire("reconnect_failed");
      return;
    }
    this._reconnecting = true;
    const timer = setTimeout(() => this._attempt(), this._delay());
    this._unlisten.push(() => clearTimeout(timer));
  }

  private _attempt(): void {
    if (this._stopped) return;
    this._fire("reconnect_attempt", this._attempts);
    // The listener may have closed.
    if (this._stopped) return;
    this.open((error) => {
      this._reconnecting = false;
      if (error) {
        this._reconnect();
        this._fire("reconnect_error", error);
        return;
      }
      const attempts = this._attempts;
      this._attempts = 0;
      this._fire("reconnect", attempts);
    });
  }

  /**
   * Milliseconds before the next attempt: doubled each time, with chance on both
   * sides, and still with chance below the maximum, so that the pages of a server
   * that went away do not come back at one moment.
   */
  private _delay(): number {
    const max = this.reconnectionDelayMax();
    const factor = this.randomizationFactor();
    const delay = Math.min(this.reconnectionDelay() * 2 ** this._attempts++, max);
    const low = delay * (1 - factor);
    const high = Math.min(delay * (1 + factor), max);
    return low + Math.random() * (high - low);
  }
}
