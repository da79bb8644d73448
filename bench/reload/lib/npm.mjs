import fs from 'node:fs'
import path from 'node:path'
const modules = path.join(path.dirname(new URL(import.meta.url).pathname), '..', 'node_modules')
export const npmBin = (pkg, file) => path.join(modules, pkg, file)
export const npmVersion = (pkg) => `${pkg} ${JSON.parse(fs.readFileSync(path.join(modules, pkg, 'package.json'), 'utf8')).version}`
