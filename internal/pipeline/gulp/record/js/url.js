// node's url: the functions of old beside the classes.
'use strict';

const querystring = require('node').querystring;

function parse(text, query) {
  const m = /^([a-zA-Z][a-zA-Z0-9+.-]*:)?(\/\/)?(?:([^/?#@]*)@)?([^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(String(text)) || [];
  const hosted = !!m[1] && !!m[2];
  const host = hosted ? m[4] || '' : null;
  const [name, port] = hosted ? host.split(/:(?=\d*$)/) : [null, null];
  const hostname = name && name.replace(/^\[(.*)\]$/, '$1');
  const search = m[6] || null, pathname = (hosted ? m[5] : (m[2] || '') + (m[4] || '') + (m[5] || '')) || (hosted ? '/' : null);
  return {
    protocol: m[1] || null, slashes: hosted || null, auth: m[3] || null, host, port: port || null, hostname, hash: m[7] || null, search,
    query: query ? querystring.parse((search || '').slice(1)) : search ? search.slice(1) : null, pathname, path: (pathname || '') + (search || '') || null, href: String(text), format() { return format(this); },
  };
}

function format(o) {
  if (typeof o === 'string') return o;
  if (o instanceof URL) return o.href;
  const host = o.host || (o.hostname ? o.hostname + (o.port ? ':' + o.port : '') : '');
  const search = o.search || (o.query && Object.keys(o.query).length ? '?' + (typeof o.query === 'string' ? o.query : querystring.stringify(o.query)) : '');
  return (o.protocol ? o.protocol.replace(/:?$/, ':') : '') + (host || o.slashes ? '//' : '') + (o.auth ? o.auth + '@' : '') + host + (host && o.pathname && o.pathname[0] !== '/' ? '/' : '') + (o.pathname || '') + search + (o.hash || '');
}

function resolve(a, b) {
  const nowhere = 'http://nowhere.invalid';
  const u = new URL(b, /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(a) ? a : nowhere + a.replace(/^\/?/, '/'));
  return u.origin === nowhere ? u.pathname + u.search + u.hash : u.href;
}

const made = rt.url;
module.exports = {
  URL, URLSearchParams: made.URLSearchParams, parse, format, resolve,
  fileURLToPath: u => decodeURIComponent(String(u.href || u).replace(/^file:\/\//, '')), pathToFileURL: p => new URL('file://' + require('path').resolve(p)),
  domainToASCII: made.domainToASCII, domainToUnicode: made.domainToUnicode,
};
