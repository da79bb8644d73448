// The language of the page: words, numbers, times. The document's lang attribute is the
// one place that says which it is.
import { words as spoken } from './words.ts';

// Sentence is a text, or its forms by number.
type Sentence = string | { one: string; other: string };
export type Language = keyof typeof spoken;

const words: Record<Language, Record<string, Sentence>> = spoken;

const root = document.documentElement;

export function language(): Language {
  return root.lang in words ? (root.lang as Language) : 'en';
}

// locale prefers the reader's own variant: en-GB and pt-PT write numbers their way.
function locale(): string {
  const own = navigator.languages.find((name) => name.toLowerCase().split('-')[0] === language());
  return own ?? { en: 'en', pt: 'pt-BR' }[language()];
}

// say returns a sentence. A sentence with forms is chosen by values.n.
export function say(key: string, values: object = {}): string {
  const given = values as Record<string, unknown>;
  let text = words[language()][key] ?? words.en[key] ?? key;
  if (typeof text === 'object') {
    text = new Intl.PluralRules(locale()).select(Number(given.n)) === 'one' ? text.one : text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = given[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(locale()).format(value) : String(value);
  });
}

// speak puts the words of the current language into everything below an element that
// asks for them by data-words (its text) or data-words-label (its aria-label).
export function speak(element: ParentNode): void {
  for (const el of element.querySelectorAll<HTMLElement>('[data-words]')) el.textContent = say(el.dataset.words ?? '');
  for (const el of element.querySelectorAll<HTMLElement>('[data-words-label]')) {
    el.setAttribute('aria-label', say(el.dataset.wordsLabel ?? ''));
  }
}

export function money(amount: number, currency: string): string {
  const format: Intl.NumberFormatOptions = { style: 'currency', currency, maximumFractionDigits: 0 };
  try {
    return new Intl.NumberFormat(locale(), format).format(amount);
  } catch {
    return String(amount); // a currency this browser does not know
  }
}

export function day(date: Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeStyle: 'short' }).format(date);
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31536000],
  ['month', 2592000],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

// ago says how long ago something was: "3 hours ago". Less than a minute is now.
export function ago(date: Date, now = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - date.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [unit, length] of steps) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return format.format(0, 'second');
}

// setLanguage changes the language of the page and remembers it.
export function setLanguage(name: string): void {
  root.lang = name;
  remember('language', name);
}

// remember keeps a choice for the next visit, if the browser lets us.
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
}
