// The client of the hub, as far as this page uses it: the global io comes from
// /socket.io/socket.io.js. With `npm install socket.io-client` you can import the types of
// the whole from there instead.

export interface Socket {
  on(event: string, listener: (...args: unknown[]) => void): this;
  emit(event: string, ...args: unknown[]): this;
}

declare global {
  // Absent when the hub cannot be reached: see live.ts.
  var io: (() => Socket) | undefined;
}
