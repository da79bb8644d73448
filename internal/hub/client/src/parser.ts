// The Socket.IO protocol, revision 5: packets and the frames that carry them.
// Encoder and Decoder have the shape that the `parser` option asks of a replacement.

import { Emitter } from "./emitter";

export const protocol = 5;

export const CONNECT = 0;
export const DISCONNECT = 1;
export const EVENT = 2;
export const ACK = 3;
export const CONNECT_ERROR = 4;
export const BINARY_EVENT = 5;
export const BINARY_ACK = 6;

export type Binary = ArrayBuffer | ArrayBufferView | Blob;
export type Frame = string | Binary;

export interface Packet {
  type: number;
  nsp: string;
  data?: any;
  id?: number;
  attachments?: number;
  options?: { compress?: boolean };
}

export function isBinary(value: unknown): value is Binary {
  return (
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (typeof Blob == "function" && value instanceof Blob)
  );
}

export class Encoder {
  /** The packet's text frame, then one frame for each binary value in it. */
  encode(packet: Packet): Frame[] {
    const attachments: Binary[] = [];
    const { data, nsp, id } = packet;
    // `this[key]` is the value before its toJSON was asked, which a Buffer has.
    const json =
      data === undefined
        ? ""
        : JSON.stringify(data, function (this: any, key, value) {
            const raw = this[key];
            return isBinary(raw) ? { _placeholder: true, num: attachments.push(raw) - 1 } : value;
          });
    const count = attachments.length;
    const head = count ? packet.type + 3 + (count + "-") : "" + packet.type;
    return [head + (nsp == "/" ? "" : nsp + ",") + (id === undefined ? "" : id) + json, ...attachments];
  }
}

// type, attachments-, /namespace, id, payload
const TEXT = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*)(?:,|$))?(\d*)([^]*)$/;

/** Fires "decoded" for each whole packet; add() throws on what is none. */
export class Decoder extends Emitter {
  private _packet?: Packet;
  private _json = "";
  private _attachments: Binary[] = [];

  add(frame: Frame): void {
    if (typeof frame == "string") {
      if (this._packet) throw new Error("attachment missing");
      this._addText(frame);
    } else {
      if (!this._packet) throw new Error("attachment without a packet");
      this._attachments.push(frame);
    }
    const packet = this._packet;
    if (!packet || this._attachments.length < packet.attachments!) return;
    packet.data = revive(this._json, this._attachments);
    this.destroy();
    if (!isValid(packet)) throw new Error("invalid payload");
    this._fire("decoded", packet);
  }

  /** Forgets a packet of which attachments are missing. */
  destroy(): void {
    this._packet = undefined;
    this._attachments = [];
  }

  private _addText(text: string): void {
    const match = TEXT.exec(text);
    const isBinaryType = match && +match[1] >= BINARY_EVENT;
    if (!match || isBinaryType != (match[2] !== undefined)) throw new Error("invalid packet");
    this._json = match[5];
    this._packet = {
      type: +match[1],
      nsp: match[3] || "/",
      id: match[4] ? +match[4] : undefined,
      attachments: +(match[2] || 0),
    };
  }
}

function revive(json: string, attachments: Binary[]): any {
  if (!json) return undefined;
  if (!attachments.length) return JSON.parse(json);
  return JSON.parse(json, (_, value) => {
    if (!value || value._placeholder !== true) return value;
    if (!(value.num in attachments)) throw new Error("no such attachment");
    return attachments[value.num];
  });
}

function isValid({ type, data }: Packet): boolean {
  switch (type) {
    case CONNECT:
      return data === undefined || typeof data == "object";
    case DISCONNECT:
      return data === undefined;
    case CONNECT_ERROR:
      return typeof data == "string" || typeof data == "object";
    case EVENT:
    case BINARY_EVENT:
      return Array.isArray(data) && /^(string|number)$/.test(typeof data[0]);
  }
  return Array.isArray(data);
}
