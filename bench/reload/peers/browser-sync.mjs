import { npmBin, npmVersion } from '../lib/npm.mjs'
export default {
  label: 'BrowserSync server --watch (defaults)', layout: 'flat',
  version: () => npmVersion('browser-sync'),
  start: ({ dir, port }) => ({ cmd: 'node', args: [npmBin('browser-sync', 'dist/bin.js'), 'start', '--server', '.', '--watch', '--no-open', '--port', String(port)], cwd: dir, port }),
}
