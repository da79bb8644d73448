// Carries what a person did to the page over a reload: scroll positions, focus, values.

import { Address, address, Field, find, isField, isPrivate, isToggle, roots, scrollTo, setValue, Value, valueOf } from "./dom";

interface Kept {
  at: number;
  scroll: [way: Address, left: number, top: number][];
  fields: [way: Address, value: Value][];
  focus: [way: Address, start: number | null, end: number | null] | null;
}

/** How long a page may take to build what is to be restored, and how old a note may be. */
const patience = 4_000; // ms

const key = () => "realtimectl:" + location.pathname + location.search;

export function keep(): void {
  const kept: Kept = { at: Date.now(), scroll: [], fields: [], focus: null };
  for (const root of roots(false)) {
    root.querySelectorAll("*").forEach((el) => {
      if (el.scrollTop || el.scrollLeft) kept.scroll.push([address(el), el.scrollLeft, el.scrollTop]);
      if (isField(el) && !isPrivate(el) && isTouched(el)) kept.fields.push([address(el), valueOf(el)]);
    });
  }
  let el = document.activeElement as HTMLInputElement | null;
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement as HTMLInputElement;
  if (el && el !== document.body) kept.focus = [address(el), el.selectionStart, el.selectionEnd];
  try {
    sessionStorage.setItem(key(), JSON.stringify(kept));
  } catch {
    // storage is full or forbidden: the page reloads without
  }
}

/** Reports whether a field is not as the HTML says. */
function isTouched(el: Field): boolean {
  if (isToggle(el)) return el.checked !== el.defaultChecked;
  if (el.localName === "select") return Array.from((el as HTMLSelectElement).options).some((o) => o.selected !== o.defaultSelected);
  return el.value !== (el as HTMLTextAreaElement).defaultValue;
}

/** Puts everything back as it appears, until all is done or a person takes over. */
export function restore(): void {
  const kept = take();
  if (!kept) return;
  const observer = new MutationObserver(step);
  const hands = ["pointerdown", "keydown", "wheel", "touchstart"];
  const end = () => {
    observer.disconnect();
    hands.forEach((type) => removeEventListener(type, end, true));
    removeEventListener("load", step);
  };
  hands.forEach((type) => addEventListener(type, end, true));
  addEventListener("load", step);
  observer.observe(document, { childList: true, subtree: true });
  setTimeout(end, patience);
  step();

  function step(): void {
    if (document.readyState === "loading") return;
    kept!.fields = kept!.fields.filter(([way, value]) => {
      const el = find(way);
      if (!isField(el) || isPrivate(el)) return true;
      setValue(el, value);
      return false;
    });
    if (kept!.focus && focus(kept!.focus)) kept!.focus = null;
    kept!.scroll = kept!.scroll.filter(([way, left, top]) => {
      const el = find(way);
      if (el) scrollTo(el, left, top);
      return !el || Math.abs(el.scrollTop - top) > 1 || Math.abs(el.scrollLeft - left) > 1;
    });
    if (!kept!.fields.length && !kept!.focus && !kept!.scroll.length) end();
  }
}

function take(): Kept | null {
  try {
    const text = sessionStorage.getItem(key());
    sessionStorage.removeItem(key());
    const kept: Kept | null = text && JSON.parse(text);
    return kept && Date.now() - kept.at < 30_000 ? kept : null;
  } catch {
    return null;
  }
}

function focus([way, start, end]: NonNullable<Kept["focus"]>): boolean {
  const el = find(way) as HTMLInputElement | null;
  el?.focus({ preventScroll: true });
  try {
    if (start !== null) el?.setSelectionRange(start, end);
  } catch {
    // the field became one without text
  }
  return !!el;
}
