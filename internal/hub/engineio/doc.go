// Package engineio is the transport level of Socket.IO: sessions of messages, text or
// bytes, over HTTP long-polling and WebSockets, in the protocol's revisions 3 (clients
// 1.0 to 2.x, who say EIO=2 or 3) and 4 (3.x and later) on one path.
//
// A [Server] is an http.Handler. Each session gets one goroutine, in which it calls
// [Handler.ServeSession]; what the client says comes out of [Session.Receive], whatever
// transport it came by:
//
//	func (echo) ServeSession(ctx context.Context, s *engineio.Session) error {
//		for {
//			m, err := s.Receive()
//			if err != nil {
//				return err
//			}
//			s.Send(engineio.NewBatch(engineio.TextFrame(m.Data)))
//		}
//	}
//
// # Concurrency
//
//  1. Receive belongs to the session's goroutine. Every other method of a Session may be
//     called from any goroutine, also after the session's end.
//  2. Send never waits: what the network does not take at once is queued, and a goroutine
//     to write it exists only until the queue is empty.
//  3. A [Frame] and a [Batch] never change, and may be sent to any number of sessions at
//     the same time. Each form they need on the wire is encoded once.
//  4. Run returns when every session has ended and every goroutine with it.
//  5. No lock is held across anything that can wait.
//
// # Order
//
// What is sent to a session by one goroutine arrives in that order, and nothing is lost
// or repeated as long as the session lives, an upgrade included. A POST is answered when
// its packets have been dealt with, so what they cause is in place for the next request.
//
// # Limits
//
// Each is a field of [Options] with its default and reason. What is over a limit:
//
//	MaxPayload     413 or close code 1009, the session ends
//	MaxPackets     400, the session ends
//	MaxFragments   close code 1008
//	MessageTimeout the connection closes
//	MaxBacklog     the connection closes; nobody else waits
//	MaxSessions    503
//	MaxPerAddress  429 (loopback is exempt)
//	HandshakeRate  429 (loopback is exempt)
//
// A payload costs time linear in its length, and memory in what has arrived, never in
// what a length field claims.
//
// # Idle sessions
//
// A session that is silent holds one goroutine and no buffer: the goroutine waits for
// its connection to be readable and only then borrows one. Heartbeats are kept by a
// wheel with one timer for all; without sessions it sleeps.
//
// # Clients that differ
//
// Revision 4 has one way to write a payload. Revision 3 has four, and its clients do not
// all read the one they should:
//
//   - A poll of a real client (it stamps requests with «t») that can take bytes is always
//     answered in the binary framing. Clients up to 1.3 ignore a text answer then, 1.4 to
//     1.7 cut it in the wrong places once it has a character beyond ASCII, and all of them
//     read the binary framing.
//   - A client that cannot take bytes (b64=1, JSONP) gets text. Clients up to 1.7 undo
//     UTF-8 twice there, later ones once, and nothing tells them apart: so text that is
//     JSON is written in ASCII (Options.JSONText).
//   - In a text POST, clients 1.3 to 1.7 encode UTF-8 twice. The first packet beyond
//     ASCII tells, and settles it for its session.
//   - Lengths in the text framing count UTF-16 units, as JavaScript does.
//   - The session id of revision 3 is what such a client knows as its socket id, so it
//     has that shape: see [NewSocketID].
//
// # Security
//
// The origin of every request is checked, on every transport, since a WebSocket is not
// bound by CORS; a script tag (JSONP) has no Origin header and is judged by its Referer.
// Ids come from crypto/rand. Later requests of a session must keep its revision.
// WebSocket compression is not offered: it costs memory for each connection, and lets a
// short message claim to be a long one.
package engineio
