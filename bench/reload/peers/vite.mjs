import { npmBin, npmVersion } from '../lib/npm.mjs'
export default {
  label: 'Vite dev', layout: 'flatModule',
  version: () => npmVersion('vite'),
  start: ({ dir, port }) => ({ cmd: 'node', args: [npmBin('vite', 'bin/vite.js'), '--port', String(port), '--strictPort', '--host', '127.0.0.1'], cwd: dir, port }),
}
