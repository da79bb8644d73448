// Small helpers over the templates of index.html. Text always goes in as text.
import { speak } from './i18n.js';

// clone returns a copy of a template in the current language.
export function clone(id) {
  const copy = document.getElementById(id).content.cloneNode(true);
  speak(copy);
  return copy;
}

// part finds the element that a template marks with data-part.
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

// put sets the text of a part and hides the part if there is none.
export function put(root, name, text) {
  const el = part(root, name);
  el.textContent = text ?? '';
  el.hidden = !text;
  return el;
}

// announce tells a screen reader, politely.
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}
