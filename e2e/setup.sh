#!/usr/bin/env bash
# Installs what the whole test set needs on a Debian machine that may have nothing
# but Go: a C compiler (for -race), Chromium and fonts, Node.js with npm, PHP, web
# servers, shells, what checks man pages, and the official browser clients of package.json. Safe to repeat; does nothing
# when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  printf 'setup: error: %s\n' "$1" >&2
  printf 'setup: hint: %s\n' "$2" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# missing_packages prints the Debian packages whose command is absent.
missing_packages() {
  have cc || echo gcc libc6-dev
  have chromium || have chromium-browser || have google-chrome || echo chromium
  have node || echo nodejs
  have npm || echo npm
  have php || echo php-cli
  have nginx || [[ -x /usr/sbin/nginx ]] || echo nginx-light
  have apache2 || [[ -x /usr/sbin/apache2 ]] || have httpd || echo apache2-bin
  have zsh || echo zsh
  have fish || echo fish
  have mandoc || echo mandoc
  compgen -G '/usr/share/fonts/truetype/dejavu/*.ttf' >/dev/null || echo fonts-dejavu-core
}

install_packages() {
  local packages as_root=()
  mapfile -t packages < <(missing_packages | tr ' ' '\n')
  if ((${#packages[@]} == 0)); then
    return
  fi
  have apt-get || fail "these are missing: ${packages[*]}" \
    'there is no apt-get here; install them with the system'\''s own package manager, then repeat'
  if ((EUID != 0)); then
    have sudo || fail "these are missing: ${packages[*]}" \
      "run as root: apt-get install ${packages[*]}"
    as_root=(sudo)
  fi
  say "installing ${packages[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null ||
    fail "apt-get could not install ${packages[*]}" 'see its messages above'
}

# The clients that npm can install. The stamp tells a finished installation of
# exactly this lock file from a broken or an older one.
install_clients() {
  local stamp=node_modules/.installed want
  want=$(cat package.json package-lock.json | sha256sum)
  if [[ -f $stamp && $(<"$stamp") == "$want" ]]; then
    return
  fi
  say 'installing the npm clients'
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    fail 'npm ci failed' 'see its messages above; the npm registry has to be reachable'
  printf '%s\n' "$want" >"$stamp"
}

# The clients before 1.4 depend on tarballs outside the registry, so npm cannot
# install them; their browser bundle lies ready in the package itself.
install_bundle() {
  local version=$1 sha512=$2 dir=.cache/socket.io-client-$1 tmp
  if [[ -f $dir/socket.io.js ]]; then
    return
  fi
  say "fetching the bundle of socket.io-client $version"
  mkdir -p .cache
  tmp=$(mktemp -d .cache/pack.XXXXXX)
  (cd "$tmp" && npm pack --silent --ignore-scripts "socket.io-client@$version" >/dev/null) ||
    fail "npm pack socket.io-client@$version failed" 'the npm registry has to be reachable'
  printf '%s  %s\n' "$sha512" "$tmp/socket.io-client-$version.tgz" | sha512sum --check --quiet ||
    fail "socket.io-client $version is not the package it was" 'a proxy may have changed it; nothing was installed'
  tar -xzf "$tmp/socket.io-client-$version.tgz" -C "$tmp" package/socket.io.js
  mkdir -p "$dir"
  mv "$tmp/package/socket.io.js" "$dir/"
  rm -r "$tmp"
}

# A project of the official FountainJS generator, built by its own gulp: what ours is
# compared with.
install_fountain() {
  local dir=.cache/fountain stamp=.cache/fountain.made want tmp
  want=$(cat fountain/package.json fountain/package-lock.json fountain/generate.cjs | sha256sum)
  if [[ -f $stamp && $(<"$stamp") == "$want" ]]; then
    return
  fi
  say 'generating a FountainJS project and building it with gulp'
  npm --prefix fountain ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error >/dev/null ||
    fail 'npm ci failed' 'see its messages above; the npm registry has to be reachable'
  rm -rf "$dir" "$stamp"
  mkdir -p .cache
  tmp=$(mktemp)
  node fountain/generate.cjs "$dir" >"$tmp" 2>&1 ||
    fail 'the generator failed' "see what it printed: $(tail -n 20 "$tmp")"
  rm "$tmp"
  printf '%s\n' "$want" >"$stamp"
}

install_packages
install_clients
install_fountain
install_bundle 1.0.6 \
  8ad76dcfa7d00531480c13f8fa1268c743a54fe49b0957443633e08ccba9dde86eeceb221bab741580570b1fa4feea6df656deca9f4199434d8b911f9c66b957
install_bundle 1.2.1 \
  475d676a443f63db21b4b2318e77c1b1026b2d8670e754d8188cf1c216051a763bbc61d82a0cce2745e9d68c4efbb0a61032482fa3a9919eeba68e8d3c5be8fb
install_bundle 1.3.7 \
  c80e22acfd69ae2cbbc9ec05077d4de38c6315c1b1448e188f2939ef6add31d28032d10f4be9ed8335741f45528a4cb90c4d6f87a76350d64788e69745dc62eb
