// The content of an element that is edited in place, as data: no HTML is parsed, so what
// comes from another browser runs nothing here and needs no trusted types.

/** A text, or an element: its name, its attributes, its children. */
export type Tree = string | [name: string, attributes: [string, string][], children: Tree[]];

export const isEditable = (el: Element): el is HTMLElement =>
  (el as HTMLElement).isContentEditable && !el.parentElement?.isContentEditable;

/** What is carried over: nothing that could run, load a page or restyle this one. */
const passive = /^(class|style|href|src|alt|dir)$/;
const active = /^(script|i?frame|object|embed|link|meta|base|style|template)$/;

export const treeOf = (el: Element): Tree[] =>
  Array.from(el.childNodes).flatMap((node): Tree[] => {
    if (node.nodeType === 3) return [node.nodeValue!];
    if (!(node instanceof HTMLElement) || active.test(node.localName)) return [];
    return [[node.localName, Array.from(node.attributes, (a): [string, string] => [a.name, a.value]), treeOf(node)]];
  });

/** Makes it the content of el, and lets frameworks notice. */
export function plant(el: HTMLElement, trees: Tree[]): void {
  el.replaceChildren(...trees.flatMap(grow));
  for (const type of ["input", "change"]) el.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
}

function grow(tree: Tree): Node[] {
  if (typeof tree === "string") return [document.createTextNode(tree)];
  const [name, attributes, children] = tree;
  if (active.test(name)) return [];
  const el = document.createElement(name);
  attributes.forEach(([name, value]) => passive.test(name) && !/script:/i.test(value.replace(/\s/g, "")) && el.setAttribute(name, value));
  el.append(...children.flatMap(grow));
  return [el];
}
