// Stand-in for xml2js, with which gulpfiles read a version out of a pom.xml: elements are
// lists of objects by their names, attributes are in $, text is a string, or in _ beside
// others.
'use strict';

const entities = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const plain = s => s.replace(/&(lt|gt|amp|quot|apos);/g, (m, name) => entities[name]);

// parse returns the document as an object with its one element.
function parse(text) {
  const top = { children: {}, text: '', $: {} }, open = [top];
  let at = 0;
  for (text = String(text); at < text.length;) {
    const here = open[open.length - 1], next = text.indexOf('<', at);
    if (next !== at) { here.text += plain(text.slice(at, next < 0 ? text.length : next)); at = next < 0 ? text.length : next; continue; }
    const end = after(text, at), tag = text.slice(at + 1, end - 1);
    if (text.startsWith('<![CDATA[', at)) here.text += text.slice(at + 9, end - 3);
    else if (tag[0] === '/') open.length = Math.max(1, open.length - 1);
    else if (tag[0] !== '?' && tag[0] !== '!') begin(here, open, tag);
    at = end;
  }
  const root = Object.keys(top.children)[0];
  if (!root) throw new Error('Non-whitespace before first tag.');
  return { [root]: value(top.children[root][0]) };
}

// after is where a tag, a comment or a section has ended.
function after(text, at) {
  for (const [start, end] of [['<!--', '-->'], ['<![CDATA[', ']]>'], ['<', '>']]) {
    if (!text.startsWith(start, at)) continue;
    const i = text.indexOf(end, at);
    return i < 0 ? text.length : i + end.length;
  }
}

function begin(parent, open, tag) {
  const name = tag.split(/[ \t\r\n/]/)[0], e = { children: {}, text: '', $: {} };
  tag.slice(name.length).replace(/([\w:.-]+) *= *("[^"]*"|'[^']*')/g, (all, key, quoted) => { e.$[key] = plain(quoted.slice(1, -1)); return all; });
  (parent.children[name] = parent.children[name] || []).push(e);
  if (!tag.endsWith('/')) open.push(e);
}

function value(e) {
  const names = Object.keys(e.children), attributes = Object.keys(e.$), words = e.text.trim();
  if (!names.length && !attributes.length) return words;
  const out = attributes.length ? { $: e.$ } : {};
  if (words) out._ = words;
  for (const name of names) out[name] = e.children[name].map(value);
  return out;
}

// parseString calls back at once: gulpfiles use what it gave right after it.
function parseString(text, o, done) {
  done = done || o;
  let result;
  try { result = parse(text); } catch (err) { done(err); return; }
  done(null, result);
}

class Parser { parseString(text, done) { parseString(text, done); } parseStringPromise(text) { return Promise.resolve().then(() => parse(text)); } }

module.exports = { parseString, Parser, parseStringPromise: text => Promise.resolve().then(() => parse(text)) };
