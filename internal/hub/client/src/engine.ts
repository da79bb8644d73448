// Engine.IO, revision 4: a session over one transport at a time, from handshake to close.

import { Emitter } from "./emitter";
import { isBinary } from "./parser";
import { Polling, WebSocketTransport } from "./transport";
import type { Frame } from "./parser";
import type { Owner, Transport } from "./transport";
import type { Options } from "./options";

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

// Whether the last WebSocket of this page worked, for `rememberUpgrade`.
let webSocketWorked = false;

export class Engine extends Emitter implements Owner {
  id?: string;
  readyState: "opening" | "open" | "closing" | "closed" = "opening";
  transport!: Transport;
  upgrading = false;
  /** Frames that have not left yet, those under way included. */
  writeBuffer: Frame[] = [];

  private _names: string[];
  private _sending = 0;
  private _maxPayload = 0;
  private _patience = 0;
  private _expires = Infinity;
  private _timer?: ReturnType<typeof setTimeout>;
  private _probe?: Transport;
  private _unhook: () => void;

  constructor(
    private _base: string,
    private _opts: Options,
  ) {
    super();
    this._names = (_opts.transports || ["polling", "websocket"]).filter(isAvailable);
    this._unhook = hookPage(this, _base, _opts);
    const first = _opts.rememberUpgrade && webSocketWorked && this._names.includes("websocket") ? "websocket" : this._names[0];
    if (first) this._start(first);
    else setTimeout(() => this._onError(new Error("No transports available")));
  }

  /** Sends messages, together where the transport can; they wait while the session opens or upgrades. */
  write(...messages: Frame[]): void {
    this._queue(...messages.map((data) => (isBinary(data) ? data : "4" + data)));
  }

  /** Closes once everything written has left. */
  close(): this {
    if (this.readyState == "opening") {
      this._onClose("forced close");
    } else if (this.readyState == "open") {
      this.readyState = "closing";
      this._finish();
    }
    return this;
  }

  /**
   * Whether the server has been silent for too long. Timers of a sleeping page run
   * late, so the first write after it wakes finds out.
   */
  _expired(): boolean {
    if (Date.now() <= this._expires) return false;
    this._expires = Infinity;
    setTimeout(() => this._onClose("ping timeout"));
    return true;
  }

  // Owner: what the transport in use reports.

  _onOpen(): void {}

  _onFrame(frame: Frame): void {
    if (this.readyState == "closed") return;
    const binary = isBinary(frame);
    const type = binary ? "4" : frame[0];
    const data = binary ? frame : frame.slice(1);
    this._fire("packet", { type: TYPES[+type], data });
    switch (type) {
      case "0":
        return this._onHandshake(data as string);
      case "1":
        return this._onClose("transport close", { description: "closed by the server" });
      case "2":
        this._fire("ping");
        this._expectPing();
        return this._queue("3");
      case "4":
        this._fire("data", data);
        return this._fire("message", data);
      case "6":
        return;
    }
    this._onClose("parse error", new Error("invalid frame"));
  }

  _onDrain(): void {
    this.writeBuffer.splice(0, this._sending);
    this._sending = 0;
    if (!this.writeBuffer.length) this._fire("drain");
    this._flush();
    this._finish();
  }

  _onError(error: Error): void {
    webSocketWorked = false;
    if (this._opts.tryAllTransports && this.readyState == "opening" && this._names.length > 1) {
      this._names.shift();
      this.transport._close();
      return this._start(this._names[0]);
    }
    this._fire("error", error);
    this._onClose("transport error", error);
  }

  _onClose(reason: string, details?: unknown): void {
    if (this.readyState == "closed") return;
    this.readyState = "closed";
    clearTimeout(this._timer);
    this._unhook();
    this._probe?._close();
    this.transport?._close(reason == "forced close");
    this.id = undefined;
    this.writeBuffer = [];
    this._fire("close", reason, details);
  }

  private _start(name: string): void {
    this.transport = this._create(name, this);
    this.transport._open();
  }

  private _create(name: string, owner: Owner): Transport {
    const Type = name == "websocket" ? WebSocketTransport : Polling;
    const opts = Object.assign({}, this._opts, this._opts.transportOptions?.[name]);
    return new Type(this._base, opts, owner, this.id);
  }

  private _onHandshake(json: string): void {
    const { sid, upgrades, pingInterval, pingTimeout, maxPayload } = JSON.parse(json);
    const { transport } = this;
    this.id = transport._sid = sid;
    this._maxPayload = maxPayload;
    this._patience = pingInterval + pingTimeout;
    this._expectPing();
    transport.writable = true;
    webSocketWorked = transport.name == "websocket";
    this.readyState = "open";
    this._fire("open");
    this._flush();
    const wanted = this._opts.upgrade !== false && this._names.includes("websocket") && upgrades.includes("websocket");
    // An "open" listener may have closed it; then there is nothing to upgrade.
    if (wanted && (this.readyState as string) == "open") this._upgrade();
  }

  private _expectPing(): void {
    clearTimeout(this._timer);
    this._expires = Date.now() + this._patience;
    this._timer = setTimeout(() => this._onClose("ping timeout"), this._patience);
  }

  /** Tries a WebSocket beside the polling transport and moves to it if it answers. */
  private _upgrade(): void {
    const polling = this.transport as Polling;
    const lose = (error: unknown) => {
      if (!this._probe) return;
      this._probe._close();
      this._probe = undefined;
      if (this.upgrading) polling._resume();
      this.upgrading = false;
      this._fire("upgradeError", error);
      this._flush();
      this._finish();
    };
    const win = () => {
      const probe = (this.transport = this._probe!);
      this._probe = undefined;
      probe._owner = this;
      probe._send(["5"]);
      webSocketWorked = true;
      this.upgrading = false;
      this._fire("upgrade", probe);
    };
    this._probe = this._create("websocket", {
      _onOpen: () => this._probe!._send(["2probe"]),
      _onFrame: (frame) => {
        if (frame != "3probe") return lose(new Error("probe error"));
        this.upgrading = true;
        this._fire("upgrading", this._probe);
        polling._pause(win);
      },
      _onDrain() {},
      _onError: lose,
      _onClose: lose,
    });
    this._probe._open();
  }

  private _queue(...frames: Frame[]): void {
    if (this.readyState == "closing" || this.readyState == "closed") return;
    for (const frame of frames) {
      this._fire("packetCreate", isBinary(frame) ? { type: "message", data: frame } : { type: TYPES[+frame[0]], data: frame.slice(1) });
    }
    this.writeBuffer.push(...frames);
    this._flush();
  }

  private _flush(): void {
    const { transport, writeBuffer } = this;
    if (this.readyState == "closed" || this.upgrading || this._sending || !transport.writable || !writeBuffer.length) return;
    const frames = this._fitting();
    this._sending = frames.length;
    transport._send(frames);
    this._fire("flush");
  }

  /** The frames that one request may carry; over WebSocket, all. */
  private _fitting(): Frame[] {
    let bytes = 0;
    if (!this._maxPayload || this.transport.name != "polling") return this.writeBuffer.slice();
    const end = this.writeBuffer.findIndex((frame, i) => {
      bytes += size(frame) + 1;
      return i > 0 && bytes > this._maxPayload;
    });
    return this.writeBuffer.slice(0, end < 0 ? undefined : end);
  }

  private _finish(): void {
    if (this.readyState == "closing" && !this.writeBuffer.length && !this.upgrading) this._onClose("forced close");
  }
}

function isAvailable(name: string): boolean {
  return name == "polling" ? typeof fetch == "function" : name == "websocket" && typeof WebSocket == "function";
}

/** Bytes of a frame in a polling payload. */
function size(frame: Frame): number {
  if (!isBinary(frame)) return new TextEncoder().encode(frame).length;
  const bytes = frame instanceof Blob ? frame.size : frame.byteLength;
  return Math.ceil(bytes / 3) * 4 + 1;
}

/** Ends the session with the page, or with the network; localhost outlives the network. */
function hookPage(engine: Engine, base: string, opts: Options): () => void {
  if (typeof addEventListener != "function") return () => {};
  const offline = () => {
    if (!/\/\/(localhost|127\.|\[::1)/.test(base)) engine._onClose("transport close", { description: "network connection lost" });
  };
  const unload = () => engine._onClose("forced close");
  addEventListener("offline", offline);
  if (opts.closeOnBeforeunload) addEventListener("beforeunload", unload);
  return () => {
    removeEventListener("offline", offline);
    removeEventListener("beforeunload", unload);
  };
}
