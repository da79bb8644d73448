// Synthetic front-end project generator.
// The page itself always loads the same three things (index.html, one stylesheet, one script);
// the remaining files are filler that only the watcher / start-up code of a dev server sees.
import fs from 'node:fs'
import path from 'node:path'

const RATIO = [['js', 0.6], ['html', 0.25], ['css', 0.15]]

export function filler(ext, i) {
  const id = String(i).padStart(5, '0')
  if (ext === 'js') {
    return `(function () {\n  'use strict';\n` + Array.from({ length: 12 }, (_, k) =>
      `  function helper_${id}_${k}(input) { return { id: '${id}', step: ${k}, value: input }; }\n`).join('') + `})();\n`
  }
  if (ext === 'css') {
    return Array.from({ length: 20 }, (_, k) => `.m${id}-c${k} { padding: ${k}px; color: #${(i * 7919 + k).toString(16).padStart(6, '0').slice(-6)}; }\n`).join('')
  }
  return `<section class="m${id}">\n` + Array.from({ length: 15 }, (_, k) => `  <p class="m${id}-c${k}">{{ $ctrl.item${k} }} &mdash; partial ${id}</p>\n`).join('') + `</section>\n`
}

export const html = (stamp, { script = 'app/app.js', css = 'app/main.css', module = false, extra = '' } = {}) => `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>bench</title>
<link rel="stylesheet" href="${css}">
</head>
<body>
<h1 id="html-stamp">${stamp}</h1>
<div id="js-stamp"></div>
<img id="img" alt="" width="1" height="1">
<div style="height:3000px"></div>
${extra}
<script ${module ? 'type="module" ' : ''}src="${script}"></script>
</body>
</html>
`
export const css = (stamp) => `:root { --css-stamp: ${stamp}; }\nbody { font: 16px/1.4 sans-serif; }\nh1 { color: #333; }\n`
export const js = (stamp) => `document.getElementById('js-stamp').textContent = '${stamp}';\n`

function put(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}

/** Create a project; returns the editable files. `layout` is one of LAYOUTS. */
export function generate(dir, files, layout) {
  fs.rmSync(dir, { recursive: true, force: true })
  const L = LAYOUTS[layout]
  if (!L) throw new Error(`unknown layout ${layout}`)
  const out = L(dir)
  const n = Math.max(0, files - 3)
  let i = 0
  for (const [ext, share] of RATIO) {
    const count = ext === 'css' ? n - i : Math.round(n * share)
    for (let k = 0; k < count; k++, i++) {
      const mod = `mod-${String(Math.floor(i / 25)).padStart(4, '0')}`
      put(path.join(out.fillers, mod, `f-${String(i).padStart(5, '0')}.${ext}`), filler(ext, i))
    }
  }
  return out
}

export const LAYOUTS = {
  // index.html at the root, assets under app/
  flat(dir) {
    put(path.join(dir, 'index.html'), html('H0'))
    put(path.join(dir, 'app/main.css'), css('C0'))
    put(path.join(dir, 'app/app.js'), js('J0'))
    return { html: path.join(dir, 'index.html'), css: path.join(dir, 'app/main.css'), js: path.join(dir, 'app/app.js'), fillers: path.join(dir, 'app') }
  },
  // same, with <script type=module> (bundler-less ESM servers only track modules)
  flatModule(dir) {
    const o = LAYOUTS.flat(dir)
    put(o.html, html('H0', { module: true, script: '/app/app.js', css: '/app/main.css' }))
    o.htmlOpts = { module: true, script: '/app/app.js', css: '/app/main.css' }
    put(path.join(dir, 'package.json'), '{"name":"bench-project","private":true}\n')
    return o
  },
  // the tutorial's chain: .tmp + src + bower_components served by a node server
  seed(dir) {
    put(path.join(dir, '.tmp/index.html'), html('H0'))
    put(path.join(dir, 'src/app/main.css'), css('C0'))
    put(path.join(dir, 'src/app/app.js'), js('J0'))
    put(path.join(dir, 'bower_components/.keep'), '')
    return { html: path.join(dir, '.tmp/index.html'), css: path.join(dir, 'src/app/main.css'), js: path.join(dir, 'src/app/app.js'), fillers: path.join(dir, 'src/app') }
  },
}
