// What compiles sheets, in node as well as in the built-in engine. The host gives
// require(folder of the package) and ask(question) → answer, both synchronous; it calls
// compile(package, request, ask), which returns a reply. Written for old nodes, too.
(function () {
  'use strict';

  function compile(pkg, request, ask) {
    var lib = pkg.default && !pkg.render ? pkg.default : pkg;
    if (request.language === 'Less') return compileLess(lib, request, ask);
    return lib.compileString ? compileSass(lib, request, ask) : compileOldSass(lib, request, ask);
  }

  // must throws what the host found wrong with an import.
  function must(answer) {
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  function options(request, own) {
    var all = {};
    Object.keys(request.options || {}).forEach(function (k) { all[k] = request.options[k]; });
    Object.keys(own).forEach(function (k) { all[k] = own[k]; });
    return all;
  }

  // place turns the span of Sass into a message.
  function place(text, span, trace) {
    var m = { text: text, file: '', line: 0, column: 0 };
    if (span && span.start) {
      m.file = span.url ? String(span.url) : '';
      m.line = span.start.line + 1;
      m.column = span.start.column + 1;
    }
    return m;
  }

  // silent names the deprecations that are told today. Not to hear of them is cheaper than
  // to pass over them: bootstrap has hundreds.
  function silent(sass) {
    return Object.keys(sass.deprecations || {}).filter(function (id) {
      return id !== 'user-authored' && sass.deprecations[id].status === 'active';
    });
  }

  function compileSass(sass, request, ask) {
    var warnings = [];
    var importer = {
      canonicalize: function (url, context) {
        var from = context && context.containingUrl ? String(context.containingUrl) : '';
        var found = must(ask({ ask: 'canonicalize', name: String(url), from: from, rule: !!(context && context.fromImport) }));
        return found.file ? new URL(found.url) : null;
      },
      load: function (url) {
        var found = must(ask({ ask: 'load', name: String(url) }));
        return { contents: found.content, syntax: found.syntax, sourceMapUrl: url };
      }
    };
    try {
      var result = sass.compileString(request.source, options(request, {
        url: new URL(request.url), syntax: request.syntax, importer: importer, importers: [importer],
        style: request.compressed ? 'compressed' : 'expanded', sourceMap: request.map, alertColor: false, alertAscii: true,
        silenceDeprecations: request.warnings ? [] : silent(sass),
        logger: {
          warn: function (text, about) {
            if (!about || !about.deprecation || request.warnings) warnings.push(place(text, about && about.span));
          },
          debug: function () {}
        }
      }));
      return { css: result.css, map: result.sourceMap || null, warnings: warnings };
    } catch (e) {
      if (!e || e.sassMessage === undefined) throw e;
      return { failure: place(e.sassMessage, e.span), warnings: warnings };
    }
  }

  // Sass before 1.45 knows only render, which looks for relative files by itself first.
  function compileOldSass(sass, request, ask) {
    try {
      var result = sass.renderSync(options(request, {
        data: request.source, file: request.file, indentedSyntax: request.syntax === 'indented',
        outputStyle: request.compressed ? 'compressed' : 'expanded',
        sourceMap: request.map, outFile: request.file + '.css', omitSourceMapUrl: true,
        importer: function (url, from) {
          var found = ask({ ask: 'find', name: url, from: from === 'stdin' ? '' : from, rule: true });
          if (found.error) return new Error(found.error);
          if (!found.file) return null;
          return found.disk ? { file: found.file } : { file: found.file, contents: found.content };
        },
        logger: { warn: function () {}, debug: function () {} }
      }));
      return { css: String(result.css), map: result.map ? String(result.map) : null, includes: result.stats.includedFiles };
    } catch (e) {
      if (!e || !e.formatted) throw e;
      var text = String(e.message).replace(/\n[\s\S]*$/, '');
      return { failure: { text: text, file: e.file === 'stdin' ? '' : e.file || '', line: e.line || 0, column: e.column || 0 } };
    }
  }

  // lessFiles answers the imports of Less 2 and later.
  function lessFiles(less, ask) {
    function load(name, folder, context) {
      var raw = !!(context && context.rawBuffer);
      var found = ask({ ask: 'find', name: name, from: folder, raw: raw });
      if (!found.file) {
        var e = { type: 'File', message: found.error || "'" + name + "' wasn't found" };
        return { error: e, type: e.type, message: e.message }; // versions differ in where they look
      }
      return { contents: found.base64 ? Buffer.from(found.content, 'base64') : found.content, filename: found.file };
    }
    var files = new less.FileManager();
    files.supports = files.supportsSync = function (name) { return !/^(?:https?:)?\/\//i.test(name); };
    files.loadFileSync = load;
    // Less 2 knows no synchronous imports, but calls back at once when it is called back at once.
    files.loadFile = function (name, folder, context, environment, done) {
      var found = load(name, folder, context);
      if (done) done(found.error || null, found.error ? undefined : found);
      else return found.error ? Promise.reject(found.error) : Promise.resolve(found);
    };
    return files;
  }

  // oldLessFiles answers the imports of Less 1, for whose whole program there is one loader.
  function oldLessFiles(less, ask) {
    less.Parser.fileLoader = function (name, from, done, env) {
      var found = ask({ ask: 'find', name: name, from: from.currentDirectory });
      if (!found.file) return done({ type: 'File', message: found.error || "'" + name + "' wasn't found" });
      var folder = found.file.replace(/[^\\\/]*$/, ''), below = name.replace(/[^\/]*$/, '');
      var moves = env.relativeUrls && below && !/^(?:[a-z-]+:|\/)/.test(name);
      done(null, found.content, found.file, {
        relativeUrls: env.relativeUrls, entryPath: from.entryPath, rootFilename: from.rootFilename,
        rootpath: (from.rootpath || '') + (moves ? below : ''), currentDirectory: folder, filename: found.file
      });
    };
  }

  function compileLess(less, request, ask) {
    var own = { filename: request.file, syncImport: true, async: false, compress: request.compressed, color: false, silent: true };
    if (less.FileManager) {
      own.plugins = [{ install: function (l, manager) { manager.addFileManager(lessFiles(less, ask)); } }];
      if (request.map) own.sourceMap = { outputSourceFiles: true, disableSourcemapAnnotation: true };
    } else oldLessFiles(less, ask);
    var reply = null;
    less.render(request.source, options(request, own), function (e, output) {
      if (e) {
        if (e.line === undefined && e.filename === undefined && e.type === undefined) throw e;
        reply = { failure: { text: e.message, file: e.filename === request.file ? '' : e.filename || '', line: e.line || 0, column: e.line ? (e.column || 0) + 1 : 0 } };
        return;
      }
      if (typeof output === 'string') output = { css: output };
      reply = { css: output.css.replace(/\n?\/\*# sourceMappingURL=\S* \*\/$/, ''), map: output.map || null };
    });
    if (!reply) throw new Error('this version of less cannot be used: it does not answer at once');
    return reply;
  }

  return compile;
})()
