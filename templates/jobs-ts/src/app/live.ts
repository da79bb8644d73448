// The live part: a Socket.IO connection to the hub.
import type { Socket } from './io.ts';
import type { Job } from './types.ts';

// The events, as realtimectl.yaml relays them.
const saidByUs = 'client:created:job';
const heardByAll = 'server:created:job';

// patience is how long to wait before looking for an absent hub again, in milliseconds.
const patience = 15_000;

export type State = 'connecting' | 'live' | 'reconnecting' | 'off';

// JobEvent brings what somebody says is a job: whoever takes it looks at it first.
export class JobEvent extends Event {
  readonly job: unknown;

  constructor(job: unknown) {
    super('job');
    this.job = job;
  }
}

// Live tells of
//   'state'  how the connection is has changed
//   'job'    somebody has posted a job: a JobEvent
//   'stale'  something may have been missed: ask the API again
export class Live extends EventTarget {
  #socket?: Socket;
  state: State = 'connecting';

  // start connects. The global io comes from /socket.io/socket.io.js; without it the
  // page goes on by asking the API now and then, and looks for the hub again.
  start(): void {
    if (!globalThis.io) {
      this.#is('off');
      setTimeout(() => this.#again(), patience);
      return;
    }
    const socket = globalThis.io();
    this.#socket = socket;
    socket.on('connect', () => {
      this.#is('live');
      // Also the first time: a job may have been posted between the list and now.
      this.#stale();
    });
    socket.on('disconnect', () => this.#is('reconnecting'));
    socket.on('connect_error', () => this.#is('reconnecting'));
    socket.on(heardByAll, (job) => this.dispatchEvent(new JobEvent(job)));
  }

  // created says that this page has posted a job. Without a connection the client keeps
  // the event and sends it once there is one.
  created(job: Job): void {
    this.#socket?.emit(saidByUs, job);
  }

  #again(): void {
    const script = document.createElement('script');
    script.src = '/socket.io/socket.io.js';
    script.onload = () => {
      script.remove();
      this.start();
    };
    script.onerror = () => {
      script.remove();
      this.#stale();
      setTimeout(() => this.#again(), patience);
    };
    document.head.append(script);
  }

  #is(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }

  #stale(): void {
    this.dispatchEvent(new Event('stale'));
  }
}
