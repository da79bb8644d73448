// BINARY names the realtimectl under test: CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/realtimectl ./cmd/realtimectl
import { execFileSync } from 'node:child_process'
import path from 'node:path'
const binary = path.resolve(process.env.BINARY || '../../bin/realtimectl')
export default {
  label: 'realtimectl serve', layout: 'seed',
  version: () => execFileSync(binary, ['version'], { encoding: 'utf8' }).split('\n')[0].trim(),
  start: ({ dir, port }) => ({ cmd: binary, args: ['serve', '--proxy-port', String(port), '--app-port', '0', '--strict-port'], cwd: dir, port }),
}
