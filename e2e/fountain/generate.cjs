// Makes a project with generator-fountain-webapp, without a terminal, and lets its own gulp
// build it: node generate.cjs FOLDER. The tasks that lint, test and serve have no part in
// that; what they load is stood in for.
const fs = require('fs');
const path = require('path');
const Module = require('module');

const dir = path.resolve(process.argv[2]);
const answers = { framework: 'angular1', modules: 'inject', js: 'js', css: 'css', ci: [], sample: 'techs', router: 'uirouter' };

const pass = () => new (require('stream').PassThrough)({ objectMode: true });
const server = { use() {}, init() {}, stream: pass, reload() {} };
const standIns = { 'browser-sync': server, 'browser-sync-spa': pass, karma: {}, 'gulp-eslint': Object.assign(pass, { format: pass }) };

async function generate() {
  fs.mkdirSync(dir, { recursive: true });
  process.chdir(dir);
  const env = require('yeoman-environment').createEnv([], { cwd: dir, skipInstall: true, force: true });
  env.adapter.prompt = async questions => {
    const out = {};
    for (const q of [].concat(questions)) {
      if (typeof q.when === 'function' ? q.when(out) : q.when !== false) out[q.name] = answers[q.name];
    }
    return out;
  };
  env.register(require.resolve('generator-fountain-webapp/generators/app'), 'fountain-webapp:app');
  await new Promise((done, fail) => {
    env.on('error', fail);
    env.run('fountain-webapp:app', { skipInstall: true, 'skip-install': true, 'skip-welcome-message': true, skipCache: true, force: true }, done);
  });
  fs.rmSync(path.join(dir, '.git'), { recursive: true, force: true });
}

// components puts the packages where Bower would.
function components() {
  for (const name of ['angular', 'angular-ui-router']) {
    const to = path.join(dir, 'bower_components', name);
    fs.cpSync(path.join(__dirname, 'node_modules', name), to, { recursive: true });
    if (!fs.existsSync(path.join(to, 'bower.json'))) {
      fs.writeFileSync(path.join(to, 'bower.json'), JSON.stringify({ name, main: './release/angular-ui-router.js', dependencies: { angular: '>=1.4' } }));
    }
  }
}

function build() {
  const load = Module._load;
  Module._load = function (name, ...rest) { return standIns[name] || load.call(this, name, ...rest); };
  fs.symlinkSync(path.join(__dirname, 'node_modules'), path.join(dir, 'node_modules'));
  const gulp = require('gulp');
  require(path.join(dir, 'gulpfile.js'));
  return new Promise((done, fail) => gulp.task('default')(error => (error ? fail(error) : done())));
}

generate().then(components).then(build).catch(error => { console.error(error); process.exit(1); });
