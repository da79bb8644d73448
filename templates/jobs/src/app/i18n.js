// The language of the page: words, numbers, times. The document's lang attribute is the
// one place that says which it is.
import { words } from './words.js';

const root = document.documentElement;

export function language() {
  return root.lang in words ? root.lang : 'en';
}

// locale prefers the reader's own variant: en-GB and pt-PT write numbers their way.
function locale() {
  const own = navigator.languages.find((name) => name.toLowerCase().split('-')[0] === language());
  return own ?? { en: 'en', pt: 'pt-BR' }[language()];
}

// say returns a sentence. A sentence with forms is chosen by values.n.
export function say(key, values = {}) {
  let text = words[language()][key] ?? words.en[key] ?? key;
  if (typeof text === 'object') {
    text = text[new Intl.PluralRules(locale()).select(values.n)] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(locale()).format(value) : value;
  });
}

// speak puts the words of the current language into everything below an element that
// asks for them by data-words (its text) or data-words-label (its aria-label).
export function speak(element) {
  for (const el of element.querySelectorAll('[data-words]')) el.textContent = say(el.dataset.words);
  for (const el of element.querySelectorAll('[data-words-label]')) {
    el.setAttribute('aria-label', say(el.dataset.wordsLabel));
  }
}

export function money(amount, currency) {
  const format = { style: 'currency', currency, maximumFractionDigits: 0 };
  try {
    return new Intl.NumberFormat(locale(), format).format(amount);
  } catch {
    return String(amount); // a currency this browser does not know
  }
}

export function day(date) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeStyle: 'short' }).format(date);
}

const steps = [
  ['year', 31536000],
  ['month', 2592000],
  ['week', 604800],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

// ago says how long ago something was: "3 hours ago". Less than a minute is now.
export function ago(date, now = new Date()) {
  const seconds = Math.max(0, (now - date) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [unit, length] of steps) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return format.format(0, 'second');
}

// setLanguage changes the language of the page and remembers it.
export function setLanguage(name) {
  root.lang = name;
  remember('language', name);
}

// remember keeps a choice for the next visit, if the browser lets us.
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked: the choice holds until the page is closed.
  }
}
