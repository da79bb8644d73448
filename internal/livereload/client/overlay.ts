// Shows the mistakes in the user's files over the page. Text only: nothing of it is
// parsed as HTML.

import css from "./overlay.css";

export interface Mistake {
  severity?: string;
  source?: string;
  path?: string;
  line?: number;
  column?: number;
  message: string;
  excerpt?: string;
  hint?: string;
}

let host: HTMLElement | null = null;
let dialog: HTMLDialogElement;

/** Shows the mistakes; with none, or null, takes away those that were shown. */
export function overlay(mistakes: Mistake[] | null): void {
  if (!mistakes?.length) {
    hide();
    return;
  }
  if (!host) build();
  if (!host!.isConnected) document.documentElement.append(host!);
  dialog.replaceChildren(...content(mistakes));
  if (dialog.open) return;
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute("open", "");
  dialog.focus();
}

function hide(): void {
  if (!host?.isConnected) return;
  dialog.close?.();
  host.remove();
}

function build(): void {
  host = document.createElement("realtimectl-overlay");
  const root = host.attachShadow({ mode: "closed" });
  style(root);
  dialog = make("dialog") as HTMLDialogElement;
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-labelledby", "title");
  dialog.setAttribute("aria-describedby", "list");
  dialog.tabIndex = -1;
  // The event comes late: the next mistakes may be shown by then.
  dialog.addEventListener("close", () => dialog.open || hide());
  dialog.addEventListener("click", (e) => e.target === dialog && hide());
  // The app's own shortcuts must not hear what is typed here.
  for (const type of ["keydown", "keyup", "keypress"]) {
    dialog.addEventListener(type, (e) => {
      e.stopPropagation();
      if ((e as KeyboardEvent).key === "Escape") hide();
    });
  }
  root.append(dialog);
}

/** A style sheet made by script is not subject to the page's style-src. */
function style(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", "", css)); // Safari before 16.4
  }
}

function content(mistakes: Mistake[]): HTMLElement[] {
  const errors = mistakes.filter((m) => m.severity !== "warning").length;
  const warnings = mistakes.length - errors;
  const many = (n: number, word: string) => (n ? `${n} ${word}${n > 1 ? "s" : ""}` : "");
  const title = make("h1", "", [many(errors, "error"), many(warnings, "warning")].filter(Boolean).join(", "));
  title.id = "title";
  const close = make("button", "", "Hide ", make("kbd", "", "Esc"));
  close.addEventListener("click", hide);
  const list = make("ol", "", ...mistakes.map(item));
  list.id = "list";
  list.tabIndex = 0;
  return [make("header", "", title, close), list, make("footer", "", "This goes away by itself when the files are mended.")];
}

function item(m: Mistake): HTMLElement {
  const kind = m.severity === "warning" ? "warning" : "error";
  const where = [m.path, m.line, m.line && m.column].filter(Boolean).join(":");
  return make("li", kind,
    make("div", "at", make("span", "tag", kind), m.path ? make("span", "file", where) : "", m.source ? make("span", "", m.source) : ""),
    make("p", "message", m.message),
    m.excerpt ? make("pre", "", ...m.excerpt.split("\n").map(line)) : "",
    m.hint ? make("p", "hint", m.hint) : "");
}

function line(text: string): HTMLElement {
  if (/^ +\| *\^$/.test(text)) return make("span", "hit", text.slice(0, -1), make("b", "", "^"));
  return make("span", text.startsWith(">") ? "hit" : "", text || " ");
}

function make(tag: string, name = "", ...children: (Node | string)[]): HTMLElement {
  const el = document.createElement(tag);
  if (name) el.className = name;
  el.append(...children.filter((c) => c !== ""));
  return el;
}
