// The two ways Engine.IO frames travel. A frame is a string that begins with its
// type, or a binary message.

import { isBinary } from "./parser";
import type { Binary, Frame } from "./parser";
import type { Options } from "./options";

/** What a transport tells its owner; the owner may be replaced during an upgrade. */
export interface Owner {
  _onOpen(): void;
  _onFrame(frame: Frame): void;
  _onDrain(): void;
  _onError(error: Error): void;
  _onClose(reason: string, details?: unknown): void;
}

export interface TransportError extends Error {
  type: string;
  description?: unknown;
  context?: unknown;
}

function failure(message: string, description?: unknown, context?: unknown): TransportError {
  return Object.assign(new Error(message), { type: "TransportError", description, context });
}

// Makes the address of each request its own, so that no cache answers it.
let requests = 0;

abstract class Base {
  abstract readonly name: string;
  abstract _open(): void;
  abstract _send(frames: Frame[]): void;
  abstract _close(goodbye?: boolean): void;

  /** Whether a frame given now leaves now. */
  writable = false;

  constructor(
    protected _base: string,
    protected _opts: Options,
    public _owner: Owner,
    /** The session to join; none yet on the first transport. */
    public _sid?: string,
  ) {}

  protected _address(stamped: boolean | undefined): string {
    const { path, addTrailingSlash, query, timestampParam } = this._opts;
    const params = new URLSearchParams(query as Record<string, string>);
    params.set("EIO", "4");
    params.set("transport", this.name);
    if (this._sid) params.set("sid", this._sid);
    if (stamped) params.set(timestampParam || "t", Date.now().toString(36) + (requests++).toString(36));
    const slash = addTrailingSlash === false ? "" : "/";
    return this._base + (path || "/socket.io").replace(/\/$/, "") + slash + "?" + params;
  }
}

export class WebSocketTransport extends Base {
  readonly name = "websocket";
  private _socket?: WebSocket;

  _open(): void {
    const { protocols, timestampRequests } = this._opts;
    const address = this._address(timestampRequests).replace("http", "ws");
    let socket: WebSocket;
    try {
      socket = protocols ? new WebSocket(address, protocols) : new WebSocket(address);
    } catch (error) {
      // A page's policy may forbid the address; told as late as any other failure.
      setTimeout(() => this._owner._onError(failure("websocket error", error)));
      return;
    }
    this._socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.writable = true;
      this._owner._onOpen();
    };
    socket.onmessage = (event) => this._owner._onFrame(event.data);
    socket.onerror = (event) => this._owner._onError(failure("websocket error", event));
    socket.onclose = (event) =>
      this._owner._onClose("transport close", { description: "websocket connection closed", context: event });
  }

  _send(frames: Frame[]): void {
    this.writable = false;
    for (const frame of frames) this._socket!.send(frame as any);
    // Later, as with polling: who waits for the drain must not be called back from within.
    setTimeout(() => {
      this.writable = true;
      this._owner._onDrain();
    });
  }

  _close(): void {
    const socket = this._socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
    socket.close();
  }
}

const SEPARATOR = "\x1e";

export class Polling extends Base {
  readonly name = "polling";
  private _abort = typeof AbortController == "function" ? new AbortController() : undefined;
  private _polling = false;
  private _posting = false;
  private _closed = false;
  private _paused?: () => void;

  _open(): void {
    this._poll();
  }

  _send(frames: Frame[]): void {
    this.writable = false;
    this._posting = true;
    Promise.all(frames.map(encode))
      .then((encoded) => this._request("post", encoded.join(SEPARATOR)))
      .then((answer) => {
        this._posting = false;
        if (answer === undefined) return;
        this.writable = true;
        this._owner._onDrain();
        this._rest();
      });
  }

  /** Calls back once no request is under way; none is begun until _resume. */
  _pause(done: () => void): void {
    this._paused = done;
    this._rest();
  }

  _resume(): void {
    this._paused = undefined;
    if (!this._polling) this._poll();
  }

  /** Stops the requests; goodbye tells the server that the session is over. */
  _close(goodbye?: boolean): void {
    if (this._closed) return;
    this._closed = true;
    this._abort?.abort();
    // keepalive lets it leave even while the page goes away.
    if (goodbye && this._sid) {
      fetch(this._address(true), this._init("post", { body: "1", keepalive: true })).catch(() => {});
    }
  }

  private _rest(): void {
    if (this._paused && !this._polling && !this._posting) this._paused();
  }

  private _poll(): void {
    this._polling = true;
    this._request("get").then((payload) => {
      if (payload === undefined) return;
      // Each frame in a job of its own: a listener that throws must not cost the others.
      for (const frame of payload.split(SEPARATOR)) {
        queueMicrotask(() => this._closed || this._owner._onFrame(decode(frame)));
      }
      queueMicrotask(() => {
        this._polling = false;
        if (this._paused) this._rest();
        else if (!this._closed) this._poll();
      });
    });
  }

  private _init(method: string, init: RequestInit): RequestInit {
    const { extraHeaders, withCredentials } = this._opts;
    return Object.assign(init, { method, headers: extraHeaders, credentials: withCredentials ? "include" : "same-origin" });
  }

  /** The body of a good answer; otherwise undefined, and the owner knows. */
  private async _request(method: "get" | "post", body?: string): Promise<string | undefined> {
    const { requestTimeout, timestampRequests } = this._opts;
    const timer = requestTimeout ? setTimeout(() => this._abort?.abort(), requestTimeout) : undefined;
    let status: unknown = 0;
    let responseText = "";
    try {
      const response = await fetch(
        this._address(timestampRequests !== false),
        this._init(method, { body, signal: this._abort?.signal }),
      );
      status = response.status;
      responseText = await response.text();
      if (response.ok) return this._closed ? undefined : responseText;
    } catch (error) {
      status ||= error;
    } finally {
      clearTimeout(timer);
    }
    const name = method == "get" ? "poll" : "post";
    if (!this._closed) this._owner._onError(failure(`xhr ${name} error`, status, { status, responseText }));
    return undefined;
  }
}

export type Transport = WebSocketTransport | Polling;

async function encode(frame: Frame): Promise<string> {
  if (!isBinary(frame)) return frame;
  const bytes = await bytesOf(frame);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return "b" + btoa(text);
}

async function bytesOf(data: Binary): Promise<Uint8Array> {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data instanceof ArrayBuffer ? data : await data.arrayBuffer());
}

function decode(frame: string): Frame {
  if (frame[0] != "b") return frame;
  const text = atob(frame.slice(1));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}
