#!/usr/bin/env node
// Builds one input by the original gulp chain and by realtimectl, opens both results in
// Chromium and compares them: the page's elements, texts and addresses once it has settled,
// the files of the two outputs without their hashes, and whether realtimectl's source maps
// lead to the sources. Exit code 1 on any difference.
//   REALTIMECTL=bin/realtimectl node same.mjs [--input template] [--page /]
import http from 'node:http';
import {execFileSync, spawn} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {dirname, extname, join, normalize, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {tmpdir} from 'node:os';
import * as fountain from './tools/fountain.mjs';
import * as ours from './tools/realtimectl.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const work = resolve(process.env.BENCH_WORK ?? join(here, 'work'));
const opt = (n, d) => { const i = process.argv.indexOf('--' + n); return i < 0 ? d : process.argv[i + 1]; };
const input = opt('input', 'template');
const page = opt('page', '/');
const types = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml'};

function build(tool) {
  const ok = tool.available({work});
  if (ok !== true) throw new Error(`${tool.name}: ${ok}`);
  const dir = join(work, 'same', `${input}-${tool.name}`);
  rmSync(dir, {recursive: true, force: true});
  mkdirSync(dir, {recursive: true});
  cpSync(join(work, 'syn', input), dir, {recursive: true});
  fountain.setup(dir, {work}); // both get the whole project, gulpfile and all
  tool.setup(dir, {work});
  const {cmd, args, cwd} = tool.build(dir);
  execFileSync(cmd, args.concat(tool === ours ? ['--sourcemap'] : []), {cwd, stdio: ['ignore', 'ignore', 'inherit']});
  return {dir, dist: tool.dist(dir)};
}

function files(dir, below = dir) {
  return readdirSync(below, {withFileTypes: true}).flatMap(e => e.isDirectory() ? files(dir, join(below, e.name)) : [relative(dir, join(below, e.name))]).sort();
}
const shape = dist => files(dist).filter(f => !/\.(br|gz|zst)$|^manifest\.json$/.test(f)).map(f => f.replace(/-[0-9a-f]{10}(?=\.)/, '-HASH'));

async function open(dist) {
  const misses = [];
  const srv = http.createServer((q, s) => {
    const p = normalize(decodeURIComponent(q.url.split('?')[0]));
    let f = join(dist, p);
    if (existsSync(f) && statSync(f).isDirectory()) f = join(f, 'index.html');
    if (!existsSync(f) && extname(p)) { misses.push(p); s.writeHead(404); return s.end(); }
    if (!existsSync(f)) f = join(dist, 'index.html');
    s.writeHead(200, {'content-type': types[extname(f)] ?? 'application/octet-stream'});
    s.end(readFileSync(f));
  });
  await new Promise(ok => srv.listen(0, '127.0.0.1', ok));
  const profile = mkdtempSync(join(tmpdir(), 'same-'));
  const c = spawn(opt('chromium', '/usr/bin/chromium'), ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-logging=stderr', `--user-data-dir=${profile}`, '--virtual-time-budget=15000', '--dump-dom', `http://127.0.0.1:${srv.address().port}${page}`], {stdio: ['ignore', 'pipe', 'pipe']});
  let dom = '', err = '';
  c.stdout.on('data', d => { dom += d; });
  c.stderr.on('data', d => { err += d; });
  const timer = setTimeout(() => c.kill('SIGKILL'), 90000);
  await new Promise(ok => c.on('close', ok));
  clearTimeout(timer);
  rmSync(profile, {recursive: true, force: true});
  srv.close(); srv.closeAllConnections?.();
  return {body: settled(dom), misses, errors: err.split('\n').filter(l => /CONSOLE.*(Error|error)/.test(l)).length};
}

// settled is what a person gets to see and follow: tags, texts, classes and addresses,
// without white space, comments, generated names and the hashes of files.
function settled(dom) {
  const body = /<body[\s\S]*<\/body>/.exec(dom)?.[0] ?? '';
  return body.replace(/<script[\s\S]*?<\/script>|<!--[\s\S]*?-->/g, '').replace(/-[0-9a-f]{10}(?=\.)/g, '-HASH')
    .replace(/>\s+/g, '>').replace(/\s+</g, '<').replace(/\s+/g, ' ').replace(/></g, '>\n<').split('\n');
}

// lost lists sources of maps that are not the project's own file, byte for byte.
function lost({dir, dist}) {
  return files(dist).filter(f => f.endsWith('.map')).flatMap(f => {
    const map = JSON.parse(readFileSync(join(dist, f), 'utf8'));
    return map.sources.filter((s, i) => {
      const name = s.replace(/^(\.\.\/)+/, '');
      const file = ['', 'src', 'bower_components'].map(d => join(dir, d, name)).find(existsSync);
      const made = name.endsWith('templateCacheHtml.js');
      return !made && (!file || readFileSync(file, 'utf8') !== map.sourcesContent[i]);
    }).map(s => `${f}: ${s}`);
  });
}

const theirs = build(fountain), mine = build(ours);
const a = await open(theirs.dist), b = await open(mine.dist);
const result = {
  input, elements: [a.body.length, b.body.length],
  pageDiffers: [...a.body.filter(l => !b.body.includes(l)).map(l => '- ' + l), ...b.body.filter(l => !a.body.includes(l)).map(l => '+ ' + l)].slice(0, 20),
  filesDiffer: [...shape(theirs.dist).filter(f => !shape(mine.dist).includes(f)).map(f => '- ' + f), ...shape(mine.dist).filter(f => !shape(theirs.dist).includes(f)).map(f => '+ ' + f)],
  misses: b.misses.filter(m => !a.misses.includes(m)), consoleErrors: [a.errors, b.errors], mapsLost: lost(mine),
};
console.log(JSON.stringify(result, null, 1));
process.exit(result.pageDiffers.length || result.filesDiffer.length || result.misses.length || b.errors > a.errors || result.mapsLost.length || a.body.length < 5 ? 1 : 0);
