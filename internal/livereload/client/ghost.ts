// Ghost mode: what a person does here happens in the other browsers, and the reverse.
// Only what a person does is sent: events made by scripts, ours included, are not
// trusted by the browser, so nothing echoes.

import { address, Field, find, isField, isPrivate, isToggle, setValue, Value, valueOf } from "./dom";

export interface Deed {
  /** What: a click, a value as it is typed or as it is left, a scroll position, a place to go. */
  k: "click" | "input" | "change" | "scroll" | "go";
  /** The path of the page it was done on. */
  p: string;
  /** Where on the page; "" is the page itself. */
  a?: string;
  v?: Value;
  /** Scroll position, as a share of what can be scrolled. */
  s?: [number, number];
  to?: string;
}

let send: ((deed: Deed) => void) | null = null;

/** Scroll positions that we set: a script's scrolling is trusted like a person's. */
const ours = new WeakMap<Element, string>();
const scrolled = new Set<Element>();

export function ghost(on: boolean, out: (deed: Deed) => void): void {
  if (on === !!send) return;
  send = on ? out : null;
  const listen = on ? addEventListener : removeEventListener;
  listen("click", click, true);
  listen("input", value, true);
  listen("change", value, true);
  listen("scroll", scroll, { capture: true, passive: true });
  listen("popstate", go);
  listen("hashchange", go);
}

function tell(deed: Omit<Deed, "p">): void {
  flush();
  send?.({ ...deed, p: location.pathname });
}

function click(e: Event): void {
  const el = (e.composedPath()[0] || e.target) as Element;
  if (!e.isTrusted || !(el instanceof Element) || el.getRootNode() !== document) return;
  // Fields tell by their value, and a form is sent once: by the browser it was filled in.
  const control = el.closest("input,select,textarea,label,option,button") as HTMLButtonElement | null;
  const isButton = control && control.localName === "button" && (control.type !== "submit" || !control.form);
  const isPlainInput = control && control.localName === "input" && /^(button|reset)$/.test(control.type);
  if (control && !isButton && !isPlainInput) return;
  if (el.closest("[data-realtimectl-private]")) return;
  tell({ k: "click", a: address(el) });
}

function value(e: Event): void {
  const el = e.target as Field;
  if (!e.isTrusted || !isField(el) || isPrivate(el)) return;
  if (isToggle(el) && e.type === "input") return; // change says it
  tell({ k: e.type as "input" | "change", a: address(el), v: valueOf(el) });
}

const page = () => document.scrollingElement || document.documentElement;

function scroll(e: Event): void {
  const el = e.target === document ? page() : (e.target as Element);
  if (!(el instanceof Element)) return;
  if (ours.get(el) === position(el)) return;
  ours.delete(el);
  if (!scrolled.size) requestAnimationFrame(flush);
  scrolled.add(el);
}

const position = (el: Element) => Math.round(el.scrollLeft) + "," + Math.round(el.scrollTop);

/** Sends the scroll positions that wait: once a frame, and before anything else is sent. */
function flush(): void {
  for (const el of Array.from(scrolled)) {
    const share = (at: number, size: number) => (size > 0 ? at / size : 0);
    const s: [number, number] = [
      share(el.scrollLeft, el.scrollWidth - el.clientWidth),
      share(el.scrollTop, el.scrollHeight - el.clientHeight),
    ];
    send?.({ k: "scroll", p: location.pathname, a: el === page() ? "" : address(el), s });
  }
  scrolled.clear();
}

function go(e: Event): void {
  if (e.isTrusted && parent === window) tell({ k: "go", to: location.pathname + location.search + location.hash });
}

/** Does here what was done elsewhere. */
export function replay(deed: Deed): void {
  if (deed.k === "go") {
    const to = new URL(deed.to || "", location.href);
    if (parent === window && to.origin === location.origin && to.href !== location.href) location.href = to.href;
    return;
  }
  if (deed.p !== location.pathname) return;
  const el = deed.a ? find(deed.a) : page();
  if (!el) return;
  if (deed.k === "click") {
    if (el instanceof HTMLElement) el.click();
    else (el as Element).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true }));
  } else if (deed.k === "scroll") {
    const [x, y] = deed.s!;
    el.scrollTo({
      left: x * (el.scrollWidth - el.clientWidth),
      top: y * (el.scrollHeight - el.clientHeight),
      behavior: "instant" as ScrollBehavior,
    });
    ours.set(el, position(el));
  } else if (isField(el) && !isPrivate(el)) setValue(el, deed.v!, [deed.k]);
}
