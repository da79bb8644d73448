// Package client holds our own browser client for Socket.IO servers, which a page
// gets as /socket.io/socket.io.js when its project has no official one.
//
// It speaks Socket.IO protocol 5 over Engine.IO 4 (polling, websocket and the upgrade
// between them) and has the documented surface of the official client's 4.x line:
// io(), io.connect(), Manager and Socket with acknowledgements, timeouts, retries,
// volatile events, binary data, namespaces, auth, reconnection and connection state
// recovery. It does without WebTransport, JSONP and a msgpack build, though it takes
// a replacement parser as an option.
//
// The source is TypeScript in src; dist is generated from it and committed, so that
// building the program needs nothing but Go. After a change run go generate.
package client

import _ "embed" // for the two scripts

//go:generate go run ./gen

//go:embed dist/socket.io.js
var classic string

//go:embed dist/socket.io.esm.js
var module string

// Source returns the client as a classic script, minified, in UTF-8: it answers to
// require() and AMD, and defines the global io otherwise. The caller owns the bytes.
func Source() []byte { return []byte(classic) }

// Module returns the client as an ES module, minified, in UTF-8. It exports io (also
// as default and as connect), Manager, Socket and protocol. The caller owns the bytes.
func Module() []byte { return []byte(module) }
