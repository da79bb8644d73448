// realtimectl on the untouched project. REALTIMECTL names the binary; without it this tool is skipped.
import {cpSync, existsSync} from 'node:fs';
import {join} from 'node:path';

export const name = 'realtimectl';
const bin = process.env.REALTIMECTL;
export const available = () => (bin && existsSync(bin)) || 'REALTIMECTL is not set';
// The project's own gulp files come along, as in a real project: they say where things are.
export function setup(dir, ctx) {
  for (const f of ['conf', 'gulp_tasks', 'gulpfile.js', '.gitignore']) cpSync(join(ctx.work, 'chain', f), join(dir, f), {recursive: true});
}
export const build = dir => ({cmd: bin, args: ['build', '--quiet'], cwd: dir});
export const dist = dir => join(dir, 'dist');
export const serve = (dir, port) => ({cmd: bin, args: ['serve', '--proxy-port', String(port), '--app-port', '0', '--strict-port', '--quiet'], cwd: dir, page: '/'});
export const shows = {js: f => '/' + f, css: f => '/' + f, html: f => '/' + f};
