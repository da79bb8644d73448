// Which URLs of the server this page shows.

import { pathOf, roots } from "./dom";

/** URL path → the fingerprint that the server told of it, "" before it did. */
export const prints = new Map<string, string>();

/** The document itself: a single-page application may change location later. */
export const doc = pathOf(location.href);

let fresh: string[] = [];
let oldest = 0; // when the first of fresh was asked for, in ms since the page began

function add(url: string, base?: string, start = 0): void {
  const path = pathOf(url, base);
  if (!path || prints.has(path) || path.startsWith("/__realtimectl/")) return;
  prints.set(path, "");
  if (!fresh.length || start < oldest) oldest = start;
  fresh.push(path);
}

/** Looks through the page. Most is known from what was fetched; the rest never loaded. */
export function scan(): void {
  add(doc);
  for (const root of roots(true)) {
    root.querySelectorAll<HTMLElement>("link[href],script[src],img[src]").forEach((el) => {
      const url = el.getAttribute("src") || el.getAttribute("href");
      if (url && !/\b(canonical|alternate|next|prev)\b/.test(el.getAttribute("rel") || "")) add(url);
      else if (/stylesheet/.test(el.getAttribute("rel") || "")) add(url!);
    });
    Array.from(root.styleSheets).forEach(imports);
  }
}

function imports(sheet: CSSStyleSheet | null): void {
  try {
    for (const rule of Array.from(sheet!.cssRules) as CSSImportRule[]) {
      if (rule.type !== 3) continue;
      add(rule.href, sheet!.href || undefined);
      imports(rule.styleSheet);
    }
  } catch {
    // another origin, or not loaded yet
  }
}

/** Calls back with what the page has loaded since the last call. */
export function observe(more: (paths: string[], age: number) => void): void {
  let timer = 0;
  const flush = () => {
    timer = 0;
    const paths = fresh;
    fresh = [];
    if (paths.length) more(paths, performance.now() - oldest);
  };
  const entries = (list: PerformanceResourceTiming[]) => {
    // A document in a frame speaks for itself.
    list.forEach((e) => /^i?frame$/.test(e.initiatorType) || add(e.name, undefined, e.startTime));
    if (fresh.length && !timer) timer = setTimeout(flush, 30);
  };
  new PerformanceObserver((list) => entries(list.getEntries() as PerformanceResourceTiming[])).observe({ type: "resource", buffered: true });
}

/** All of it, for a hello. */
export function everything(): string[] {
  scan();
  fresh = [];
  return Array.from(prints.keys());
}

/** Takes the server's answer to a list of paths. */
export function remember(paths: string[], values: string[]): void {
  paths.forEach((path, i) => prints.set(path, values[i] || ""));
}
