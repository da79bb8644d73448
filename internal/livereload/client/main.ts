// The script in the page: keeps the socket, and does what the server says.

import { mark } from "./dom";
import { Deed, ghost, replay } from "./ghost";
import { Line, socketLine, streamLine } from "./line";
import { Mistake, overlay } from "./overlay";
import { Report, watchErrors } from "./report";
import { keep, restore } from "./state";
import { swap } from "./swap";
import { doc, everything, observe, prints, remember } from "./uses";

type Message =
  | { t: "hi"; boot: string; gen: number; prints: string[]; errors: Mistake[] | null; ghost: boolean; state: boolean; report: boolean }
  | { t: "prints"; prints: string[] }
  | { t: "change"; gen: number; reload: boolean; once?: string; paths: string[]; prints: string[] }
  | { t: "errors"; errors: Mistake[] | null }
  | { t: "ghost"; ghost: boolean }
  | { t: "do"; do: Deed };

if (!(mark in document)) {
  Object.defineProperty(document, mark, { value: true });
  start((document.currentScript as HTMLScriptElement | null)?.src || location.href);
}

function start(script: string): void {
  const url = new URL("/__realtimectl/live", script).href;
  let line: Line | null = null;
  let ready = false; // the line is open
  let streams = false; // the line is an event stream
  let opened = false; // the server was reached at least once
  let tries = 0;
  let timer = 0;
  let boot = "";
  let gen = 0;
  let state = true;
  let reporting = false;
  let early: Report[] | null = []; // errors before the server said whether it wants them
  let asked: string[][] = []; // lists of paths whose fingerprints are on their way
  let work = Promise.resolve();
  let reloading = false;

  restore();
  observe((uses, age) => {
    if (ready) ask("uses", uses, { age });
  });
  watchErrors((r) => (early ? early.length < 5 && early.push(r) : report(r)));
  addEventListener("pagehide", () => line?.close()); // an open socket keeps a page out of the back-forward cache
  addEventListener("pageshow", (e) => e.persisted && connect());
  document.addEventListener("visibilitychange", () => !document.hidden && !line && connect());
  connect();

  function connect(): void {
    clearTimeout(timer);
    if (line || document.hidden) return; // a hidden page waits until somebody looks
    ready = false;
    try {
      const lost = () => line === own && leave();
      const own: Line = (line = (streams ? streamLine : socketLine)(url, { open, take: (text) => take(JSON.parse(text)), lost }));
    } catch {
      leave(); // forbidden by the page's policy
    }
  }

  function open(): void {
    opened = ready = true;
    tries = 0;
    asked = [];
    const uses = everything();
    ask("hello", uses, { boot, gen, doc, age: performance.now(), prints: uses.map((u) => prints.get(u)) });
  }

  function leave(): void {
    line = null;
    ready = false;
    // Something on the way may let no WebSocket through. The other way is tried once.
    const other = !opened && !tries;
    streams = other || (streams && opened);
    // Some disorder, so that a hundred pages do not come back at once.
    const wait = Math.min(100 * 2 ** tries++, opened ? 2_000 : 30_000);
    timer = setTimeout(connect, other ? 0 : wait * (0.5 + Math.random() / 2));
  }

  function say(t: string, more: object): void {
    if (ready) line!.send(JSON.stringify({ t, ...more }));
  }

  function ask(t: string, uses: string[], more: object): void {
    asked.push(uses);
    say(t, { uses, ...more });
  }

  function report(error: Report): void {
    if (reporting) say("error", { error });
  }

  function take(m: Message): void {
    if (m.t === "change") {
      gen = m.gen;
      remember(m.paths, m.prints);
      if (m.reload) reload(m.once);
      else work = work.then(() => swapAll(m.paths, m.gen, m.once)).catch(() => reload(m.once));
    } else if (m.t === "do") {
      replay(m.do);
    } else if (m.t === "prints") {
      remember(asked.shift() || [], m.prints);
    } else if (m.t === "errors") {
      show(m.errors);
    } else {
      if (m.t === "hi") {
        ({ boot, gen, state, report: reporting } = m);
        remember(asked.shift() || [], m.prints);
        early?.forEach(report);
        early = null;
        show(m.errors);
      }
      ghost(m.ghost, (deed) => say("do", { do: deed }));
    }
  }

  async function swapAll(paths: string[], at: number, once?: string): Promise<void> {
    const failed = (path: string) => report({ message: path + " did not load; the old one stays" });
    const done = await Promise.all(paths.map((path) => swap(path, at, failed)));
    if (done.includes(false)) reload(once);
  }

  /** A frame leaves the mistakes to the page around it. */
  function show(mistakes: Mistake[] | null): void {
    try {
      if (parent !== window && mark in parent.document) return;
    } catch {
      // around us is another origin
    }
    overlay(mistakes);
  }

  function reload(once?: string): void {
    if (reloading || (once && !firstTime(once))) return;
    reloading = true;
    setTimeout(() => (reloading = false), 3_000); // the person may have chosen to stay
    if (state) keep();
    // Pages that somebody looks at come first.
    setTimeout(() => location.reload(), document.hidden ? 300 : 0);
  }

  /** What is asked for once must not become a loop. */
  function firstTime(word: string): boolean {
    const key = "realtimectl-once";
    try {
      if (sessionStorage.getItem(key) === word) return false;
      sessionStorage.setItem(key, word);
      return true;
    } catch {
      return false; // nothing can be remembered: better stale than reloading for ever
    }
  }
}
