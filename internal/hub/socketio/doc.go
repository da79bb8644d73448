// Package socketio reads and writes Socket.IO packets over the sessions of engineio: the
// protocol's revisions 3 and 4 (clients 1.x and 2.x, which look the same to a server) and
// 5 (3.x and later), in the default form or that of socket.io-msgpack-parser, whichever a
// client's first packet is in.
//
// A [Server] calls [Handler.ServeConn] in the goroutine of each session. [Conn.Receive]
// returns the client's packets, of all namespaces, in the order they were sent; a binary
// packet comes once its attachments are there.
//
// # What a packet has passed
//
//  1. It is one of the types a client may send, in a form the official parser accepts.
//  2. Its payload has been checked in one scan: JSON (RFC 8259) of bounded depth in
//     valid UTF-8. It is handed on as the bytes that came.
//  3. An event has a name, which is a string or number, not over MaxNameLength and not one
//     the clients keep for themselves (connect, disconnect, …).
//  4. Every placeholder of a binary packet names one of its attachments. In a packet that
//     is not binary placeholders are data like any other.
//
// Anything else is an error, which ends the session with "parse error".
//
// # Sending
//
// An [Outgoing] packet is encoded once for each parser and shared by its receivers. It
// never changes, and may be sent from any goroutine, to any number of connections.
//
// # Limits
//
// Each is a field of [Options] with its default and reason: ConnectTimeout,
// MaxAttachments, MaxAttachmentBytes, MaxDepth, MaxNameLength, MaxNamespaces.
package socketio
