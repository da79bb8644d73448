// What several parts need to know of documents and URLs.

/** Set on a document that holds this script: no name on window, nothing to clash with. */
export const mark = Symbol.for("realtimectl");

export type Root = Document | ShadowRoot;

/** Every document and open shadow root, except frames that hold this script themselves. */
export function roots(root: Root = document, list: Root[] = []): Root[] {
  list.push(root);
  root.querySelectorAll("*").forEach((el) => {
    if (el.shadowRoot) roots(el.shadowRoot, list);
    const doc = frameDocument(el);
    if (doc && !(mark in doc)) roots(doc, list);
  });
  return list;
}

function frameDocument(el: Element): Document | null {
  try {
    return (el as HTMLIFrameElement).contentDocument || null;
  } catch {
    return null; // another origin
  }
}

/** The URL path as the server writes it, or "" for a URL of another origin. */
export function pathOf(url: string, base: string = document.baseURI): string {
  try {
    const u = new URL(url, base);
    return u.origin === location.origin ? decodeURIComponent(u.pathname) : "";
  } catch {
    return "";
  }
}

/** The same URL, so that no cache knows it. */
export function bust(url: string, gen: number): string {
  const [rest, hash] = split(url, "#");
  const clean = rest.replace(/([?&])__rt=\d+(&|$)/, (_, a, b) => (b ? a : ""));
  return clean + (clean.includes("?") ? "&" : "?") + "__rt=" + gen + hash;
}

function split(text: string, at: string): [string, string] {
  const i = text.indexOf(at);
  return i < 0 ? [text, ""] : [text.slice(0, i), text.slice(i)];
}

/** A selector that finds this element again, here after a reload or in another browser. */
export function address(el: Element): string {
  const tag = CSS.escape(el.localName);
  for (const name of ["id", "data-testid", "name"]) {
    const value = el.getAttribute(name);
    if (!value) continue;
    let selector = `${tag}[${name}=${JSON.stringify(value)}]`;
    const input = el as HTMLInputElement;
    if (name === "name" && isToggle(input)) selector += `[value=${JSON.stringify(input.value)}]`;
    if (count(selector) === 1) return selector;
  }
  const parent = el.parentElement;
  if (!parent) return tag;
  const place = Array.from(parent.children).filter((c) => c.localName === el.localName).indexOf(el) + 1;
  return `${address(parent)}>${tag}:nth-of-type(${place})`;
}

function count(selector: string): number {
  try {
    return document.querySelectorAll(selector).length;
  } catch {
    return 0;
  }
}

export function find(selector: string): HTMLElement | null {
  try {
    return document.querySelector(selector);
  } catch {
    return null;
  }
}

export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export const isField = (el: EventTarget | null): el is Field =>
  /^(input|textarea|select)$/.test((el as Element)?.localName || "");

export const isToggle = (el: Field): el is HTMLInputElement => /^(checkbox|radio)$/.test(el.type);

/** Fields whose value must not leave the page or survive it, and those that are buttons. */
export function isPrivate(el: Field): boolean {
  return (
    /^(password|file|hidden|submit|button|reset|image)$/.test(el.type) ||
    /passw|one-time|cc-|otp|secret|token|cvc|cvv|card-?num/i.test(el.autocomplete + " " + el.name + " " + el.id) ||
    !!el.closest("[data-realtimectl-private]")
  );
}

/** The value of a field: text, whether it is checked, or which options are chosen. */
export type Value = string | boolean | number[];

export function valueOf(el: Field): Value {
  if (isToggle(el)) return el.checked;
  if (el.localName !== "select") return el.value;
  return Array.from((el as HTMLSelectElement).options).flatMap((o, i) => (o.selected ? [i] : []));
}

/** Gives a field a value as a person would, so that frameworks notice. */
export function setValue(el: Field, value: Value, events: string[] = ["input", "change"]): void {
  if (JSON.stringify(valueOf(el)) !== JSON.stringify(value)) {
    if (isToggle(el)) {
      el.click();
      return;
    }
    if (Array.isArray(value)) {
      Array.from((el as HTMLSelectElement).options).forEach((o, i) => (o.selected = value.includes(i)));
    } else {
      // Past the setter that a framework may have put on the element itself.
      const proto = el.localName === "input" ? HTMLInputElement : HTMLTextAreaElement;
      Object.getOwnPropertyDescriptor(proto.prototype, "value")!.set!.call(el, value);
    }
  } else if (isToggle(el)) return;
  for (const type of events) el.dispatchEvent(new Event(type, { bubbles: true }));
}
