// Reports uncaught errors of the page.

export interface Report {
  message: string;
  stack?: string;
  url?: string;
  line?: number;
  column?: number;
}

/** A page that fails in a loop must not fill the socket. */
const most = 20; // reports a minute

/** Calls back for each error. What came before is lost, except to the console. */
export function watchErrors(send: (report: Report) => void): void {
  let sent = 0;
  const report = (r: Report) => {
    if (!sent) setTimeout(() => (sent = 0), 60_000);
    if (sent++ < most) send({ ...r, message: r.message.slice(0, 2000), stack: r.stack?.slice(0, 8000) });
  };
  addEventListener("error", (e) => {
    // "Script error." is all a browser tells of scripts of other origins.
    if (!e.message || e.message === "Script error.") return;
    report({ message: e.message, stack: String(e.error?.stack || ""), url: e.filename, line: e.lineno, column: e.colno });
  });
  addEventListener("unhandledrejection", (e) => {
    const r = e.reason;
    report({ message: "unhandled rejection: " + text(r), stack: String(r?.stack || "") });
  });
}

function text(reason: unknown): string {
  try {
    return String(reason);
  } catch {
    return "a value without text";
  }
}
