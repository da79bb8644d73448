// The options of io(), Manager and Socket, with their defaults.

export type Auth = Record<string, unknown> | ((send: (auth: Record<string, unknown>) => void) => void);

export interface Options {
  /** Where the server listens: "/socket.io". */
  path?: string;
  addTrailingSlash?: boolean;
  query?: Record<string, unknown>;
  /** ["polling", "websocket"]: the first is opened, the others are upgrades. */
  transports?: string[];
  upgrade?: boolean;
  rememberUpgrade?: boolean;
  /** Whether to try the next transport when the first cannot be opened: false. */
  tryAllTransports?: boolean;
  /** Options that count for one transport only, by its name. */
  transportOptions?: Record<string, Options>;
  protocols?: string | string[];
  extraHeaders?: Record<string, string>;
  withCredentials?: boolean;
  timestampRequests?: boolean;
  timestampParam?: string;
  /** Milliseconds a poll may take: 0, no limit. */
  requestTimeout?: number;
  closeOnBeforeunload?: boolean;

  forceNew?: boolean;
  multiplex?: boolean;
  /** A replacement for the wire format, as socket.io-msgpack-parser is one. */
  parser?: { Encoder: new () => any; Decoder: new () => any };
  autoConnect?: boolean;
  reconnection?: boolean;
  /** Attempts in a row before giving up: Infinity. */
  reconnectionAttempts?: number;
  /** Milliseconds before the first attempt, doubled for each further one: 1000. */
  reconnectionDelay?: number;
  /** Milliseconds no delay exceeds: 5000. */
  reconnectionDelayMax?: number;
  /** Share of a delay that chance may take or add: 0.5. */
  randomizationFactor?: number;
  /** Milliseconds an attempt to connect may take: 20000; false for no limit. */
  timeout?: number | false;

  auth?: Auth;
  /** Milliseconds to wait for an acknowledgement when timeout() does not say. */
  ackTimeout?: number;
  /** How often an event is sent again while no acknowledgement comes. */
  retries?: number;
}
