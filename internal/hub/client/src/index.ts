// io(): the socket of an address, over a connection that is shared where it can be.

import { Manager } from "./manager";
import { parseAddress } from "./address";
import { protocol } from "./parser";
import { Socket } from "./socket";
import type { Options } from "./options";

interface LookupOptions extends Options {
  /** The spelling of Socket.IO 1. */
  "force new connection"?: boolean;
}

const managers: Record<string, Manager> = {};

function lookup(uri?: string | LookupOptions | null, opts?: LookupOptions): Socket {
  if (uri && typeof uri == "object") {
    opts = uri;
    uri = undefined;
  }
  const { base, namespace, query } = parseAddress(uri);
  const given: LookupOptions = Object.assign({}, query && { query }, opts);
  const key = base + (given.path || "");
  const shared = managers[key];
  const own =
    given.forceNew || given["force new connection"] || given.multiplex === false || (shared && namespace in shared.nsps);
  const manager = own ? new Manager(base, given) : shared || (managers[key] = new Manager(base, given));
  return manager.socket(namespace, given);
}

export const io = Object.assign(lookup, { Manager, Socket, protocol, managers, connect: lookup, io: lookup, default: lookup });
export { lookup as connect, Manager, Socket, protocol };
export default io;
