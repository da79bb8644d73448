// What the first argument of io() means.

export interface Address {
  /** "http://host:port", without a path. */
  base: string;
  namespace: string;
  query?: Record<string, string>;
}

const PARTS = /^(?:(https?|wss?):\/\/)?([^/?#]*)([^?#]*)\??([^#]*)/i;

/** Reads "https://host/namespace?query", "//host", "/namespace", "host:port" or nothing. */
export function parseAddress(uri?: string | null): Address {
  const page = typeof location == "object" ? location : { protocol: "https:", host: "localhost" };
  const given = uri || "";
  const text = given.startsWith("//") ? page.protocol + given : given;
  const [, scheme, host, path, query] = PARTS.exec(text)!;
  const protocol = scheme ? scheme.toLowerCase().replace("ws", "http") + ":" : page.protocol;
  return {
    base: protocol + "//" + (host || page.host),
    namespace: path || "/",
    query: query ? readQuery(query) : undefined,
  };
}

function readQuery(text: string): Record<string, string> {
  const query: Record<string, string> = {};
  new URLSearchParams(text).forEach((value, key) => (query[key] = value));
  return query;
}
