// What several parts need to know of documents and URLs.

/** Set on a document that holds this script: no name on window, nothing to clash with. */
export const mark = Symbol.for("realtimectl");

export type Root = Document | ShadowRoot;

/** This document and its open shadow roots; with frames also those that do not hold this script themselves. */
export function roots(frames: boolean, root: Root = document, list: Root[] = []): Root[] {
  list.push(root);
  root.querySelectorAll("*").forEach((el) => {
    if (el.shadowRoot) roots(frames, el.shadowRoot, list);
    const doc = frames && frameDocument(el);
    if (doc && !(mark in doc)) roots(true, doc, list);
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
  const [, clean, hash] = /^([^#]*)(.*)/.exec(url.replace(/[?&]__rt=\d+/, ""))!; // it is always the last
  return clean + (clean.includes("?") ? "&" : "?") + "__rt=" + gen + hash;
}

/**
 * The way to an element, here after a reload or in another browser: selectors that find one
 * element, places among the children of that name ("2p" is the third), "" into a shadow root.
 */
export type Address = string[];

export function address(el: Element): Address {
  const root = el.getRootNode() as Root;
  const host = (root as ShadowRoot).host;
  const outside = host ? address(host).concat("") : [];
  const tag = el.localName;
  for (const name of ["id", "data-testid", "name"]) {
    const value = el.getAttribute(name);
    if (!value) continue;
    let selector = `${CSS.escape(tag)}[${name}=${JSON.stringify(value)}]`;
    const input = el as HTMLInputElement;
    if (name === "name" && isToggle(input)) selector += `[value=${JSON.stringify(input.value)}]`;
    if (ask(root, selector).length === 1) return outside.concat(selector);
  }
  const parent = el.parentNode as Element | Root | null;
  if (!parent) return outside;
  return (parent === root ? outside : address(parent as Element)).concat(named(parent, tag).indexOf(el) + tag);
}

export function find(way: Address): HTMLElement | null {
  let at: Element | Root | null | undefined = document;
  for (const step of way) {
    const [, place, tag] = /^(\d+)(.*)/.exec(step) || [];
    at = !step ? (at as Element).shadowRoot : tag ? named(at, tag)[+place] : ask(at, step)[0];
    if (!at) return null;
  }
  return at as HTMLElement;
}

const named = (parent: ParentNode, tag: string) => Array.from(parent.children).filter((c) => c.localName === tag);

function ask(root: ParentNode, selector: string): ArrayLike<Element> {
  try {
    return root.querySelectorAll(selector);
  } catch {
    return [];
  }
}

export const scrollTo = (el: Element, left: number, top: number): void => el.scrollTo({ left, top, behavior: "instant" as ScrollBehavior });

export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export const isField = (el: EventTarget | null): el is Field =>
  /^(input|textarea|select)$/.test((el as Element)?.localName || "");

export const isToggle = (el: Field): el is HTMLInputElement => /^(checkbox|radio)$/.test(el.type);

/** Fields that were for a password once, though they may show it now. */
const secrets = new WeakSet<Node>();
const turned = new MutationObserver((list) => list.forEach((m) => m.oldValue === "password" && secrets.add(m.target)));

export const watchSecrets = (root: Root): void => turned.observe(root, { attributeFilter: ["type"], attributeOldValue: true, subtree: true });

/** Fields whose value must not leave the page or survive it, and those that are buttons. */
export function isPrivate(el: Field): boolean {
  return (
    secrets.has(el) ||
    /^(password|file|hidden|submit|button|reset|image)$/.test(el.type) ||
    /passw|one-time|cc-|\botp|secret|token|cvc|cvv|card-?num/i.test(el.autocomplete + " " + el.name + " " + el.id) ||
    isOff(el)
  );
}

/** What the author of the page keeps from us. */
export const isOff = (el: Element): boolean => !!closest(el, "[data-realtimectl-private]");

/** The nearest element around el that matches, through shadow roots. */
export function closest(el: Element | null, selector: string): Element | null {
  for (; el; el = (el.getRootNode() as ShadowRoot).host) {
    const hit = el.closest(selector);
    if (hit) return hit;
  }
  return null;
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
