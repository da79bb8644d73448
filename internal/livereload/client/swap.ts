// Puts new content in the place of old without a reload.

import { bust, pathOf, Root, roots } from "./dom";

/** A server that does not answer must not hold back the changes that follow. */
const patience = 10_000; // ms

export type Failed = (path: string) => void;

/** Shows the new content of path; false if it is not found, and only a reload can. */
export async function swap(path: string, gen: number, failed: Failed): Promise<boolean> {
  const jobs = /\.css$/i.test(path) ? styles(path, gen) : await assets(path, gen);
  if (!jobs.length) return false;
  const results = await Promise.all(jobs.map((job) => job()));
  if (results.includes(false)) failed(path);
  return true;
}

type Job = () => Promise<boolean> | boolean;

// --- style sheets

function styles(path: string, gen: number): Job[] {
  const jobs: Job[] = [];
  for (const root of roots(true)) {
    root.querySelectorAll("link").forEach((link) => {
      if (link.relList.contains("stylesheet") && pathOf(link.href) === path) jobs.push(() => replaceLink(link, gen));
    });
    for (const sheet of sheetsOf(root, false)) {
      for (const rule of rulesOf(sheet) as CSSImportRule[]) {
        if (rule.type === 3 && pathOf(rule.href, baseOf(sheet)) === path) jobs.push(() => replaceImport(sheet, rule, gen));
      }
    }
  }
  return jobs;
}

/** The new link stands behind the old one until it has loaded; on an error the old stays. */
async function replaceLink(link: HTMLLinkElement, gen: number): Promise<boolean> {
  const next = link.cloneNode() as HTMLLinkElement;
  next.removeAttribute("integrity"); // of the old content
  next.href = bust(link.href, gen);
  const off = link.sheet?.disabled;
  if (link.disabled || !link.isConnected) {
    link.replaceWith(next); // a disabled link loads when it is enabled
    return true;
  }
  const ok = await loaded(next, () => link.after(next));
  if (ok && next.sheet) next.sheet.disabled = !!off;
  (ok ? link : next).remove();
  return ok;
}

function loaded(el: HTMLElement, start: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    el.onload = () => resolve(true);
    el.onerror = () => resolve(false);
    setTimeout(resolve, patience, false);
    start();
  });
}

async function replaceImport(sheet: CSSStyleSheet, rule: CSSImportRule, gen: number): Promise<boolean> {
  const url = bust(new URL(rule.href, baseOf(sheet)).href, gen);
  if (!(await preload(url))) return false;
  const at = rulesOf(sheet).indexOf(rule);
  if (at < 0) return true; // its sheet was replaced meanwhile
  sheet.insertRule(rule.cssText.replace(/url\("(\\.|[^"\\])*"\)/, () => `url(${JSON.stringify(url)})`), at);
  const next = sheet.cssRules[at] as CSSImportRule;
  for (let i = 0; i < 200 && !rulesOf(next.styleSheet).length; i++) await new Promise((r) => setTimeout(r, 5));
  const old = rulesOf(sheet).indexOf(rule);
  if (old >= 0) sheet.deleteRule(old);
  // Chromium does not notice a change this deep by itself.
  while (sheet.parentStyleSheet) sheet = sheet.parentStyleSheet;
  sheet.deleteRule(sheet.insertRule("x{}", sheet.cssRules.length));
  return true;
}

/** Loads a style sheet that applies to nothing, to learn whether it loads at all. */
async function preload(url: string): Promise<boolean> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.media = "not all";
  link.href = url;
  const ok = await loaded(link, () => document.head.append(link));
  link.remove();
  return ok;
}

/** All sheets that can be read, those they import included. */
function sheetsOf(root: Root, adopted: boolean): CSSStyleSheet[] {
  const list = Array.from(root.styleSheets).concat(adopted ? Array.from(root.adoptedStyleSheets || []) : []);
  for (const sheet of list) {
    for (const rule of rulesOf(sheet) as CSSImportRule[]) if (rule.styleSheet) list.push(rule.styleSheet);
  }
  return list;
}

function rulesOf(sheet: CSSStyleSheet | null): CSSRule[] {
  try {
    return sheet ? Array.from(sheet.cssRules) : [];
  } catch {
    return []; // another origin
  }
}

const baseOf = (sheet: CSSStyleSheet): string => sheet.href || (sheet.parentStyleSheet && baseOf(sheet.parentStyleSheet)) || document.baseURI;

// --- images and fonts

const holders = "img,source,input,video,audio,image,use,feImage,object,embed,iframe,link";
const attributes = ["src", "poster", "href", "xlink:href", "data"];

async function assets(path: string, gen: number): Promise<Job[]> {
  const jobs: Job[] = [];
  const hits = (url: string, base?: string) => pathOf(url, base) === path;
  const done = (change: () => void) => jobs.push(() => (change(), true));
  for (const root of roots(true)) {
    root.querySelectorAll(holders).forEach((el) => {
      for (const name of attributes) {
        const url = el.getAttribute(name);
        if (url && hits(url)) done(() => el.setAttribute(name, bust(url, gen)));
      }
      const set = el.getAttribute("srcset");
      const next = set && set.replace(/(\S*[^\s,])(\s+[^,]*)?(,|$)/g, (all, url) => (hits(url) ? all.replace(url, bust(url, gen)) : all));
      if (next !== set) done(() => el.setAttribute("srcset", next!));
    });
    root.querySelectorAll<HTMLElement>('[style*="url("]').forEach((el) => inline(el.style));
    sheetsOf(root, true).forEach(sheetRules);
  }
  if (jobs.length && /\.(png|jpe?g|gif|svg|webp|avif|bmp|ico)$/i.test(path)) await image(bust(encodeURI(path), gen));
  return jobs;

  function fresh(text: string, base: string): string {
    return text.replace(/url\("((?:\\.|[^"\\])*)"\)/g, (all, url) => (hits(url, base) ? `url(${JSON.stringify(bust(url, gen))})` : all));
  }
  function inline(style: CSSStyleDeclaration): void {
    for (const name of Array.from(style)) {
      const old = style.getPropertyValue(name);
      const next = fresh(old, document.baseURI);
      if (next !== old) done(() => style.setProperty(name, next, style.getPropertyPriority(name)));
    }
  }
  function sheetRules(sheet: CSSStyleSheet): void {
    for (const rule of rulesOf(sheet)) {
      if (rule.type === 3) continue;
      const text = rule.cssText;
      const next = fresh(text, baseOf(sheet));
      if (next !== text) done(() => replaceRule(sheet, rule, next));
    }
  }
}

function replaceRule(sheet: CSSStyleSheet, rule: CSSRule, text: string): void {
  const at = rulesOf(sheet).indexOf(rule);
  if (at < 0) return;
  sheet.insertRule(text, at);
  sheet.deleteRule(at + 1);
}

/** Fetches an image before it takes its place, so that nothing flickers. */
function image(url: string): Promise<boolean> {
  const img = new Image();
  return loaded(img, () => (img.src = url));
}
