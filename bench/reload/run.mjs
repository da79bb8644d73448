// One measurement unit: node run.mjs --peer NAME --files N --metric cold|css|html|js|idle [--runs N] [--out FILE]
// Peers are plugins: peers/NAME.mjs exports { label, layout, version(), start({dir,port,here}) -> {cmd,args,cwd,env,port,path,settleMs} }.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import http from 'node:http'
import { generate, html, css, js } from './lib/gen.mjs'
import { start, stop, sample, tree } from './lib/proc.mjs'
import { summary } from './lib/stats.mjs'

const arg = (k, d) => { const i = process.argv.indexOf(`--${k}`); return i > 0 ? process.argv[i + 1] : d }
const here = path.dirname(new URL(import.meta.url).pathname)
const peerName = arg('peer'), files = +arg('files', 50), metric = arg('metric', 'cold')
const runs = +arg('runs', metric === 'cold' ? 10 : 30)
const save = arg('save', 'inplace')
const out = arg('out')
const work = process.env.BENCH_WORK || path.join(os.tmpdir(), 'bench-reload')
fs.mkdirSync(work, { recursive: true })
const peer = (await import(`./peers/${peerName}.mjs`)).default
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
const now = () => performance.timeOrigin + performance.now()

function get(port, p, timeout) {
  return new Promise((resolve) => {
    const req = http.request({ host: '127.0.0.1', family: 4, port, path: p, agent: false, headers: { accept: 'text/html', host: `localhost:${port}` } }, (res) => {
      const bufs = []
      res.on('data', (b) => bufs.push(b)); res.on('end', () => resolve({ status: res.statusCode, body: Buffer.concat(bufs).toString() })); res.on('error', () => resolve(null))
    })
    req.setTimeout(timeout, () => { req.destroy(); resolve(null) })
    req.on('error', () => resolve(null))
    req.end()
  })
}
async function waitUp(d, child, limit = 60000) {
  const t0 = performance.now()
  while (performance.now() - t0 < limit) {
    if (child.exitCode !== null) throw new Error(`peer exited with ${child.exitCode}`)
    const r = await get(d.port, d.path || '/', 300)
    if (r && r.status === 200 && r.body.includes('html-stamp')) return
    await sleep(3)
  }
  throw new Error('peer did not answer 200 in time')
}

const dir = path.join(work, `${peerName}-${files}`)
const editable = generate(dir, files, peer.layout)
const freePort = () => 20000 + Math.floor(Math.random() * 10000)
const logFile = fs.openSync(path.join(work, `${peerName}-${files}-${metric}.log`), 'w')
const launch = async () => {
  const d = peer.start({ dir, port: freePort(), here })
  const t0 = performance.now()
  const child = start(d, logFile)
  return { d, child, t0 }
}

const result = { peer: peerName, label: peer.label || peerName, version: peer.version(), files, metric, save, node: process.version, when: new Date().toISOString() }
if (metric === 'cold') {
  const xs = []
  for (let i = 0; i < runs; i++) {
    const { d, child, t0 } = await launch()
    try { await waitUp(d, child); xs.push(performance.now() - t0) } finally { await stop(child) }
    if (i === 0) result.command = [d.cmd, ...d.args].join(' ')
  }
  result.ms = summary(xs)
} else if (metric === 'idle') {
  const { d, child } = await launch()
  try {
    await waitUp(d, child)
    await sleep(d.settleMs || 3000)
    const a = sample(child.pid)
    await sleep(10000)
    const b = sample(child.pid)
    result.idle = { procs: b.procs, rssMiB: +(b.rss / 1048576).toFixed(1), pssMiB: +(b.pss / 1048576).toFixed(1), cpuMsPer10s: Math.round(b.cpuMs - a.cpuMs), cpuMsToReady: Math.round(a.cpuMs) }
  } finally { await stop(child) }
} else {
  const { chromium } = await import('playwright-core')
  const { d, child } = await launch()
  let browser
  try {
    await waitUp(d, child)
    await sleep(d.settleMs || 3000)
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
    const page = await browser.newPage()
    const waiters = []
    await page.exposeBinding('__seen', (_s, e) => { for (const w of [...waiters]) w(e) })
    await page.addInitScript(() => {
      const last = {}
      const tick = () => {
        const cur = {}
        const h = document.getElementById('html-stamp'); if (h) cur.html = h.textContent
        const j = document.getElementById('js-stamp'); if (j && j.textContent) cur.js = j.textContent
        if (document.documentElement) { const c = getComputedStyle(document.documentElement).getPropertyValue('--css-stamp').trim(); if (c) cur.css = c }
        for (const k in cur) if (cur[k] !== last[k]) { last[k] = cur[k]; window.__seen({ kind: k, value: cur[k], at: performance.timeOrigin + performance.now(), doc: performance.timeOrigin }) }
        requestAnimationFrame(tick)
      }
      requestAnimationFrame(tick)
    })
    const errors = []
    page.on('pageerror', (e) => errors.push(String(e).slice(0, 200)))
    await page.goto(`http://localhost:${d.port}${d.path || '/'}`)
    await sleep(2500)
    // clock offset page-vs-node: smallest round trip of 30
    let best = { rtt: Infinity, off: 0 }
    for (let i = 0; i < 30; i++) { const a = now(); const p = await page.evaluate(() => performance.timeOrigin + performance.now()); const b = now(); if (b - a < best.rtt) best = { rtt: b - a, off: p - (a + b) / 2 } }
    result.clock = { rttMs: +best.rtt.toFixed(2), offsetMs: +best.off.toFixed(2) }
    const docTime = async () => { for (let i = 0; i < 20; i++) { try { return await page.evaluate(() => performance.timeOrigin) } catch { await sleep(50) } } return 0 }
    const xs = []; let lost = 0, reloads = 0, docId = await docTime(), extra = 0
    let seq = 0
    const make = { css: (s) => css(s), html: (s) => html(s, editable.htmlOpts), js: (s) => js(s) }[metric]
    const cfgPause = +(process.env.BENCH_PAUSE || 600)
    for (let i = 0; i < runs; i++) {
      const value = `${metric[0].toUpperCase()}${++seq}x${Date.now() % 100000}`
      const seen = new Promise((resolve) => { const w = (e) => { if (e.kind === metric && e.value === value) { waiters.splice(waiters.indexOf(w), 1); resolve(e) } }; waiters.push(w) })
      const t0 = now()
      if (save === 'atomic') { fs.writeFileSync(editable[metric] + '.~tmp', make(value)); fs.renameSync(editable[metric] + '.~tmp', editable[metric]) } else fs.writeFileSync(editable[metric], make(value))
      const e = await Promise.race([seen, sleep(10000)])
      if (!e) { lost++; await page.reload(); await sleep(1500); docId = await docTime(); continue }
      xs.push(e.at - best.off - t0)
      if (Math.abs(e.doc - docId) > 1) reloads++
      // drain: count additional reloads caused by the same save
      await sleep(cfgPause + Math.random() * 250)
      const d2 = await docTime()
      if (Math.abs(d2 - e.doc) > 1) extra++
      docId = d2
    }
    result.ms = summary(xs); result.lost = lost; result.reloads = reloads; result.extraReloads = extra; result.samples = xs.map((x) => Math.round(x * 10) / 10)
    if (errors.length) result.pageErrors = [...new Set(errors)].slice(0, 3)
  } finally { if (browser) await browser.close(); await stop(child) }
}
if (!process.env.BENCH_KEEP) fs.rmSync(dir, { recursive: true, force: true })
const line = JSON.stringify(result)
if (out) fs.appendFileSync(out, line + '\n')
const { samples, ...brief } = result
console.log(JSON.stringify(brief))
process.exit(0)
