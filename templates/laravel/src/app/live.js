// The live part: a Socket.IO connection to the hub.

// The event that the API raises when it has stored a job.
const heardByAll = 'server:created:job';

// patience is how long to wait before looking for an absent hub again, in milliseconds.
const patience = 15_000;

// Live tells of
//   'state'  { state }  connecting, live, reconnecting or off
//   'job'    { job }    somebody has posted a job
//   'stale'             something may have been missed: ask the API again
export class Live extends EventTarget {
  state = 'connecting';

  // start connects. The global io comes from /socket.io/socket.io.js; without it the
  // page goes on by asking the API now and then, and looks for the hub again.
  start() {
    if (typeof globalThis.io !== 'function') {
      this.#is('off');
      setTimeout(() => this.#again(), patience);
      return;
    }
    const socket = globalThis.io();
    socket.on('connect', () => {
      this.#is('live');
      // Also the first time: a job may have been posted between the list and now.
      this.#tell('stale');
    });
    socket.on('disconnect', () => this.#is('reconnecting'));
    socket.on('connect_error', () => this.#is('reconnecting'));
    socket.on(heardByAll, (job) => this.#tell('job', { job }));
  }

  // created is called when this page has posted a job. There is nothing to say: the API
  // tells every page itself, and no browser can.
  created() {}

  #again() {
    const script = document.createElement('script');
    script.src = '/socket.io/socket.io.js';
    script.onload = () => {
      script.remove();
      this.start();
    };
    script.onerror = () => {
      script.remove();
      this.#tell('stale');
      setTimeout(() => this.#again(), patience);
    };
    document.head.append(script);
  }

  #is(state) {
    if (state === this.state) return;
    this.state = state;
    this.#tell('state', { state });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
