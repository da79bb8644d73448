// Ghost mode: what a person does here happens in the other browsers, and the reverse.
// Only what a person does is sent, so nothing echoes: events made by scripts are not trusted
// by the browser, and those that it makes itself while we replay are left out.

import { Address, address, closest, Field, find, isField, isOff, isPrivate, isToggle, Root, roots, scrollTo, setValue, Value, valueOf, watchSecrets } from "./dom";
import { isEditable, plant, Tree, treeOf } from "./tree";

export interface Deed {
  /** What: a click, a value as it is typed or as it is left, a scroll position, a place to go. */
  k: "click" | "input" | "change" | "text" | "scroll" | "go";
  /** The path of the page it was done on. */
  p: string;
  /** Where on the page. */
  a?: Address;
  v?: Value;
  /** The content of an element that is edited in place. */
  c?: Tree[];
  /** Scroll position, as a share of what can be scrolled. */
  s?: [number, number];
  to?: string;
}

let replaying = false;
let send: ((deed: Deed) => void) | null = null;

/** Scroll positions that we set: a script's scrolling is trusted like a person's. */
const ours = new WeakMap<Element, string>();
const scrolled = new Set<Element>();

/** Until when scrolling and new addresses are the work of a deed that was replayed, unless a person acts. */
let quiet = 0;

/** Where we listen. Scrolling and changes are not heard outside of a shadow root. */
const heard = new Set<Root>();
type Handlers = Record<string, (e: Event) => void>;
const deeds: Handlers = { click, input: value, change: value, scroll };
const signs: Handlers = { pointerdown: sign, keydown: sign, wheel: sign, touchstart: sign, focusin: sign, popstate: go, hashchange: go };

export function ghost(on: boolean, out: (deed: Deed) => void): void {
  if (on === !!send) return;
  send = on ? out : null;
  if (on) roots(false).forEach(hear);
  else heard.forEach((root) => listen("remove", root, deeds));
  if (!on) heard.clear();
  listen(on ? "add" : "remove", window, signs);
}

function hear(root: Root): void {
  if (heard.has(root)) return;
  heard.add(root);
  watchSecrets(root);
  listen("add", root, deeds);
}

function listen(how: "add" | "remove", at: EventTarget, handlers: Handlers): void {
  for (const type in handlers) at[`${how}EventListener`](type, handlers[type], { capture: true, passive: true });
}

/** A person is about to act, perhaps in a shadow root that was not there before. */
function sign(e: Event): void {
  if (!e.isTrusted) return;
  if (e.type !== "focusin") quiet = 0; // replayed clicks move the focus, too
  e.composedPath().forEach((at) => at instanceof ShadowRoot && hear(at));
}

/** The element that an event happened to, if a person did it and it is this listener's turn. */
function target(e: Event): Element | null {
  const el = e.composedPath()[0] as Element;
  return e.isTrusted && !replaying && el instanceof Element && el.getRootNode() === e.currentTarget ? el : null;
}

function tell(deed: Omit<Deed, "p">): void {
  flush();
  send?.({ ...deed, p: location.pathname });
}

function click(e: Event): void {
  const el = target(e);
  if (!el || isOff(el)) return;
  // Fields tell by their value, and a form is sent once: by the browser it was filled in.
  const control = closest(el, "input,select,textarea,label,option,button") as HTMLButtonElement | null;
  if (control && !(control.form ? /^(button|reset)$/.test(control.type) : control.localName === "button" || control.type === "button")) return;
  tell({ k: "click", a: address(el) });
}

function value(e: Event): void {
  const el = target(e) as Field | null;
  if (!el) return;
  if (isEditable(el)) return isOff(el) ? undefined : tell({ k: "text", a: address(el), c: treeOf(el) });
  if (!isField(el) || isPrivate(el)) return;
  if (isToggle(el) && e.type === "input") return; // change says it
  tell({ k: e.type as "input" | "change", a: address(el), v: valueOf(el) });
}

const page = () => document.scrollingElement || document.documentElement;

function scroll(e: Event): void {
  const el = e.target === document ? page() : target(e);
  if (!el) return;
  if (ours.get(el) === position(el) || performance.now() < quiet) return;
  ours.delete(el);
  if (!scrolled.size) requestAnimationFrame(flush);
  scrolled.add(el);
}

const position = (el: Element) => Math.round(el.scrollLeft) + "," + Math.round(el.scrollTop);

/** How far an element can be scrolled; not 0, which nothing can be divided by. */
const reach = (el: Element): [number, number] => [el.scrollWidth - el.clientWidth || 1, el.scrollHeight - el.clientHeight || 1];

/** Sends the scroll positions that wait: once a frame, and before anything else is sent. */
function flush(): void {
  scrolled.forEach((el) => {
    const [x, y] = reach(el);
    send?.({ k: "scroll", p: location.pathname, a: el === page() ? [] : address(el), s: [el.scrollLeft / x, el.scrollTop / y] });
  });
  scrolled.clear();
}

function go(e: Event): void {
  if (e.isTrusted && parent === window && performance.now() > quiet) tell({ k: "go", to: location.pathname + location.search + location.hash });
}

/** Does here what was done elsewhere. */
export function replay(deed: Deed): void {
  quiet = performance.now() + 500;
  replaying = true;
  try {
    redo(deed);
  } finally {
    replaying = false;
  }
}

function redo(deed: Deed): void {
  if (deed.k === "go") {
    const to = new URL(deed.to || "", location.href);
    if (parent === window && to.origin === location.origin && to.href !== location.href) location.href = to.href;
    return;
  }
  if (deed.p !== location.pathname) return;
  const el = deed.a?.length ? find(deed.a) : (page() as HTMLElement);
  if (!el) return;
  if (deed.k === "click") {
    if (el.click) el.click();
    else el.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true })); // in an SVG
  } else if (deed.k === "scroll") {
    const [x, y] = reach(el);
    scrollTo(el, deed.s![0] * x, deed.s![1] * y);
    ours.set(el, position(el));
  } else if (deed.k === "text") {
    if (isEditable(el) && !isOff(el)) plant(el, deed.c!);
  } else if (isField(el) && !isPrivate(el)) setValue(el, deed.v!, [deed.k]);
}
