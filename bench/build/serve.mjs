#!/usr/bin/env node
// What `realtimectl serve` costs on a project: node serve.mjs DIR [STARTS]
//
// first   from the start of the process to the first page, .tmp removed before
// cpu     processor time until then
// edit    from a save to the served content having it: least/median/most of 20, by kind
// idle    processor time in 10 s in which nothing happens, and resident memory then
import {spawn} from 'node:child_process';
import {existsSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import http from 'node:http';

const [dir, starts = 5] = process.argv.slice(2);
const bin = process.env.REALTIMECTL ?? 'realtimectl';
const agent = new http.Agent({keepAlive: true});
const sleep = ms => new Promise(r => setTimeout(r, ms));
const get = (port, path) => new Promise(done => {
  const q = http.get({host: '127.0.0.1', port, path, agent, headers: {accept: 'text/html,*/*'}}, m => {
    let text = '';
    m.on('data', d => { text += d; });
    m.on('end', () => done({status: m.statusCode, text}));
  });
  q.on('error', () => done({status: 0, text: ''}));
});
const walk = (d, r = '') => readdirSync(join(d, r), {withFileTypes: true}).flatMap(e => e.isDirectory() ? walk(d, join(r, e.name)) : [join(r, e.name)]);
const cpu = pid => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (+f[11] + +f[12]) * 10; };
const memory = pid => (+/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1] / 1024).toFixed(1);
const median = list => list.sort((a, b) => a - b)[list.length >> 1];

// Which file of a kind is edited, what is added to it, and the URL that shows it.
const kinds = {
  js: [/^app\/(?!.*spec).*\.js$/, m => `\nwindow.z = '${m}';\n`, f => '/' + f],
  tsx: [/\.tsx$/, m => `\nconsole.log('${m}');\n`, f => '/' + f],
  css: [/\.css$/, m => `\n.${m} { color: red }\n`, f => '/' + f],
  template: [/^app\/.*\.html$/, m => `<i>${m}</i>`, () => '/templateCacheHtml.js'],
};

async function edits(port) {
  const src = join(dir, 'src'), files = walk(src).sort(), out = {};
  for (const [kind, [pattern, text, url]] of Object.entries(kinds)) {
    const some = files.filter(f => pattern.test(f));
    if (some.length === 0) continue;
    const file = some[some.length >> 1], path = join(src, file), old = readFileSync(path, 'utf8'), ms = [];
    for (let i = 0; i < 20; i++) {
      const mark = 'm' + Math.random().toString(36).slice(2), begin = performance.now();
      writeFileSync(path, old + text(mark));
      while (!(await get(port, url(file))).text.includes(mark)) await sleep(1);
      ms.push(performance.now() - begin);
      await sleep(60);
    }
    writeFileSync(path, old);
    await sleep(300);
    ms.sort((a, b) => a - b);
    out[kind] = [ms[0], ms[10], ms[19]].map(t => t.toFixed(1)).join('/');
  }
  return out;
}

const first = [], spent = [], result = {dir};
for (let i = 0; i < starts; i++) {
  if (existsSync(join(dir, '.tmp'))) rmSync(join(dir, '.tmp'), {recursive: true});
  const port = 36100 + Math.floor(Math.random() * 800), begin = performance.now();
  const p = spawn(bin, ['serve', dir, '--proxy-port', '0', '--app-port', String(port), '--strict-port'], {stdio: 'ignore'});
  while ((await get(port, '/')).status !== 200) await sleep(2);
  first.push(Math.round(performance.now() - begin));
  spent.push(cpu(p.pid));
  if (i === starts - 1) {
    await sleep(6000);
    const before = cpu(p.pid);
    await sleep(10000);
    Object.assign(result, {idleCpuMs: cpu(p.pid) - before, memoryMiB: memory(p.pid), edit: await edits(port)});
  }
  p.kill('SIGINT');
  await new Promise(r => p.on('exit', r));
}
console.log(JSON.stringify({...result, firstMs: median(first), leastMs: Math.min(...first), cpuMs: median(spent)}));
process.exit(0);
