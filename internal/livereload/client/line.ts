// The line to the server: a WebSocket, or what does its work where none comes through.

export interface Line {
  send(text: string): void;
  close(): void;
}

export interface Ends {
  open(): void;
  take(text: string): void;
  lost(): void;
}

// Taken now, before an app puts its own in their place.
const Socket = WebSocket;
const Stream = EventSource;
const post = fetch.bind(window);

/** A line that is silent for so long at its start is taken for lost. */
const patience = 5_000; // ms

export function socketLine(url: string, ends: Ends): Line {
  const s = new Socket(url.replace(/^http/, "ws"));
  const timer = setTimeout(() => s.close(), patience);
  s.onopen = () => (clearTimeout(timer), ends.open());
  s.onmessage = (e) => ends.take(e.data);
  s.onclose = s.onerror = () => (clearTimeout(timer), ends.lost()); // one that a policy forbids does not close
  return { send: (text) => s.send(text), close: () => s.close() };
}

/** An event stream, whose first message names it, and a POST for each message to the server. */
export function streamLine(url: string, ends: Ends): Line {
  const s = new Stream(url);
  let to = "";
  let last: Promise<unknown> = Promise.resolve(); // they arrive in the order they were sent
  const end = () => (clearTimeout(timer), s.close(), ends.lost());
  const timer = setTimeout(end, patience);
  s.onmessage = (e) => {
    if (to) return ends.take(e.data);
    clearTimeout(timer);
    to = url + "?id=" + JSON.parse(e.data).id;
    ends.open();
  };
  s.onerror = end;
  return {
    send: (body) => (last = last.then(() => post(to, { method: "POST", body })).then((r) => r.ok || end(), end)),
    close: end,
  };
}
