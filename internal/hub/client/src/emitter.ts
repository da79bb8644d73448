// What Socket, Manager and Engine have in common: named listeners.

export type Listener = (...args: any[]) => void;

interface Registered extends Listener {
  /** The listener that was given to once(), so that off() finds it. */
  _given?: Listener;
}

export class Emitter {
  // Lists are replaced, never edited: a listener may take itself off while it is called.
  private _lists = new Map<string, Registered[]>();

  on(event: string, listener: Listener): this {
    this._lists.set(event, [...this.listeners(event), listener]);
    return this;
  }

  once(event: string, listener: Listener): this {
    const once: Registered = (...args) => {
      this.off(event, once);
      listener.apply(this, args);
    };
    once._given = listener;
    return this.on(event, once);
  }

  /** off() forgets all, off(event) an event's listeners, off(event, listener) one. */
  off(event?: string, listener?: Listener): this {
    if (event === undefined) {
      this._lists.clear();
    } else if (!listener) {
      this._lists.delete(event);
    } else {
      const list = this.listeners(event) as Registered[];
      const at = list.findIndex((l) => l === listener || l._given === listener);
      if (at >= 0) this._lists.set(event, list.filter((_, i) => i !== at));
    }
    return this;
  }

  listeners(event: string): Listener[] {
    return this._lists.get(event) || [];
  }

  hasListeners(event: string): boolean {
    return this.listeners(event).length > 0;
  }

  /** Calls this side's listeners; on a Socket, emit() sends instead. */
  _fire(event: string, ...args: any[]): void {
    for (const listener of this.listeners(event)) listener.apply(this, args);
  }
}

export interface Emitter {
  addEventListener: Emitter["on"];
  removeListener: Emitter["off"];
  removeAllListeners: Emitter["off"];
  removeEventListener: Emitter["off"];
}

const proto = Emitter.prototype;
proto.addEventListener = proto.on;
proto.removeListener = proto.removeAllListeners = proto.removeEventListener = proto.off;

/** Listens until the returned function is called. */
export function listen(source: { on: Emitter["on"]; off: Emitter["off"] }, event: string, listener: Listener): () => void {
  source.on(event, listener);
  return () => source.off(event, listener);
}
