// Makes the want/ part of the archives in plugins/: what the real plugins write.
//
//   node want.mjs NODE_MODULES ARCHIVE...
//
// NODE_MODULES is a folder in which the plugins are installed, at the versions that each
// archive names in its package.json. The archive is unpacked, "gulp default" is run in it,
// and every file that is new or other than before becomes a part of the archive. Lines
// of an archive before its first file are its comment and stay.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync, readdirSync, rmSync, symlinkSync, existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { tmpdir } from 'node:os';

const [modules, ...archives] = process.argv.slice(2);

function parse(text) {
  const out = { comment: '', files: [] };
  let at = null;
  for (const line of text.split(/(?<=\n)/)) {
    const m = /^-- (.+) --\n?$/.exec(line);
    if (m) out.files.push((at = { name: m[1], data: '' }));
    else if (at) at.data += line;
    else out.comment += line;
  }
  return out;
}

function walk(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap(e =>
    e.name === 'node_modules' ? [] : e.isDirectory() ? walk(join(dir, e.name)) : [join(dir, e.name)]);
}

// Without a line break at its end a file could not be a part of an archive: its last line
// gets a mark, which the test takes away.
const NO_BREAK = '\\ no line break\n';

for (const file of archives) {
  const { comment, files } = parse(readFileSync(file, 'utf8'));
  const inputs = files.filter(f => !f.name.startsWith('want/'));
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'want-')));
  try {
    for (const f of inputs) {
      mkdirSync(dirname(join(dir, f.name)), { recursive: true });
      writeFileSync(join(dir, f.name), f.data.endsWith(NO_BREAK) ? f.data.slice(0, -NO_BREAK.length - 1) : f.data);
    }
    symlinkSync(realpathSync(modules), join(dir, 'node_modules'));
    execFileSync(process.execPath, [join(dir, 'node_modules/gulp/bin/gulp.js'), 'default'], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
    const before = new Map(inputs.map(f => [f.name, f.data]));
    const want = walk(dir).map(f => ({ name: relative(dir, f), data: readFileSync(f, 'utf8') }))
      .map(f => ({ name: f.name, data: f.data === '' || f.data.endsWith('\n') ? f.data : f.data + '\n' + NO_BREAK }))
      .filter(f => before.get(f.name) !== f.data)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(f => ({ name: 'want/' + f.name, data: f.data.replaceAll(dir, '/PROJECT') }));
    writeFileSync(file, comment + [...inputs, ...want].map(f => `-- ${f.name} --\n${f.data}`).join(''));
  } catch (e) { console.error(file, String(e.message).slice(0, 200)); process.exitCode = 1; } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
