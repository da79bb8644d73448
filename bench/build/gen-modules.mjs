#!/usr/bin/env node
// Writes a project of TypeScript modules: node gen-modules.mjs OUT [N]
//
// N (500) modules of JSX and 2 kB each, which import preact, one another and nothing else;
// main.tsx imports all. Needs `npm install` in OUT.
import {mkdirSync, writeFileSync} from 'node:fs';
const [out, n = 500] = process.argv.slice(2);
mkdirSync(`${out}/src/parts`, {recursive: true});
let imports = '';
for (let i = 0; i < n; i++) {
  let text = "import { useState } from 'preact/hooks';\n";
  if (i > 0) text += `import { Part${i - 1} } from './m${i - 1}';\n`;
  text += `export interface Props { title: string; list: string[] }\n`;
  for (let k = 0; k < 8; k++) text += `export function f${k}(x: number, y: string): string {\n  const r: string[] = [];\n  for (let i = 0; i < x; i++) {\n    if (i % 2 === ${k}) { r.push(y + String(i)); } else { r.unshift(y); }\n  }\n  return r.join(', ');\n}\n`;
  text += `export function Part${i}(p: Props) {\n  const [n, set] = useState(${i});\n  return <div class="p${i}" onClick={() => set(n + 1)}>{p.title}{f0(n, 'x')}${i > 0 ? `<span>{String(Part${i - 1})}</span>` : ''}</div>;\n}\n`;
  writeFileSync(`${out}/src/parts/m${i}.tsx`, text);
  imports += `import { Part${i} } from './parts/m${i}';\nall.push(Part${i});\n`;
}
writeFileSync(`${out}/src/main.tsx`, `import { render } from 'preact';\nconst all: unknown[] = [];\n${imports}render(<p>{all.length}</p>, document.body);\n`);
writeFileSync(`${out}/src/index.html`, '<!doctype html>\n<html><head><title>modules</title></head><body><script type="module" src="main.tsx"></script></body></html>\n');
writeFileSync(`${out}/tsconfig.json`, '{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "preact"}}\n');
writeFileSync(`${out}/package.json`, '{"name": "modules", "private": true, "dependencies": {"preact": "11.2.0"}}\n');
