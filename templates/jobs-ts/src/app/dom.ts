// Small helpers over the templates of index.html. Text always goes in as text.
import { speak } from './i18n.ts';

// byId finds an element of the page that has to be there.
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

// clone returns a copy of a template in the current language.
export function clone(id: string): DocumentFragment {
  const template = byId(id) as HTMLTemplateElement;
  const copy = template.content.cloneNode(true) as DocumentFragment;
  speak(copy);
  return copy;
}

// part finds the element that a template marks with data-part.
export function part<E extends HTMLElement = HTMLElement>(root: ParentNode, name: string): E {
  const element = root.querySelector<E>(`[data-part="${name}"]`);
  if (!element) throw new Error(`index.html has no part ${name}`);
  return element;
}

// put sets the text of a part and hides the part if there is none.
export function put(root: ParentNode, name: string, text?: string): HTMLElement {
  const el = part(root, name);
  el.textContent = text ?? '';
  el.hidden = !text;
  return el;
}

// announce tells a screen reader, politely.
export function announce(text: string): void {
  byId('announcer').textContent = text;
}
