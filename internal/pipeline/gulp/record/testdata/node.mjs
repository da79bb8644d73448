// Fills in what node itself, and lodash, give for the expressions of node.txt.
//
//   node node.mjs NODE_MODULES
//
// NODE_MODULES is a folder in which lodash 4 is installed. Each line of node.txt is an
// expression and, behind " ⇒ ", its value as JSON; a line with "#" is a comment.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2], 'x.js'));
const [path, url, util, querystring, crypto, EventEmitter, assert, os, _] =
  ['path', 'url', 'util', 'querystring', 'crypto', 'events', 'assert', 'os', 'lodash'].map(name => require(name));
void [path, url, util, querystring, crypto, EventEmitter, assert, os, _]; // the expressions use them

const file = new URL('node.txt', import.meta.url);
writeFileSync(file, readFileSync(file, 'utf8').replace(/^(?!#)(.+?)(?: ⇒ .*)?$/gm, (_line, expression) => {
  const value = (0, eval)('(names => { const [path, url, util, querystring, crypto, EventEmitter, assert, os, _] = names; return (' + expression + '); })')([path, url, util, querystring, crypto, EventEmitter, assert, os, _]);
  return expression + ' ⇒ ' + (value === undefined ? 'undefined' : JSON.stringify(value));
}));
