// Package hub connects browsers with each other and with the back-end, as a Socket.IO
// server whose behaviour is data: rules say which event becomes what, and who hears it
// (see package relay). It knows who is connected; socketio knows how they speak, and
// engineio how they are reached.
//
//	h, err := hub.New(hub.Options{Relays: set})
//	mux.Handle("/socket.io/", h)
//	go h.Run(ctx)
//	h.Publish(ctx, hub.Message{Event: "server:created:job", Args: args})
//
// # How an event travels
//
//	session goroutine: Receive → rule → Outgoing, encoded once
//	                   → number in the history → every shard that has receivers
//	shard loop:        take all that waits → collect each client's packets
//	                   → one write a client
//
// Clients are spread over shards, one a processor. What is published while a shard
// writes leaves together in its next round, so a burst costs one write a client.
//
// # Concurrency
//
//  1. All exported methods may be called from any goroutine, before, while and after Run.
//  2. A client's packets are handled one after the other, in its session's goroutine.
//  3. No client waits for another. One that does not read is disconnected when
//     engineio.Options.MaxBacklog waits for it; it may come back and recover.
//  4. Who publishes faster than the shards write waits, which slows down the client the
//     events come from, and nobody else.
//  5. An idle client costs one goroutine; there is none for a namespace, a room or a
//     writer. Run starts one a shard and waits for all of them.
//  6. No lock is held across anything that can wait.
//
// # Order
//
// What one client or one back-end request raises arrives everywhere in the order it was
// raised; all clients of a shard, and with recovery all clients, see any two events in
// the same order. A client that has been told that it is connected hears every later
// event, and none that was published before.
//
// # Recovery
//
// A client of Socket.IO 4.6 or later that comes back within Recovery.Window finds its id,
// its rooms and the events it missed. What it has got is known on this side: the last
// event that was handed to its session, less the bytes that the queue and the kernel
// still held when the session ended. So nothing is added to events on the wire, and no
// first event is needed. Behind a reverse proxy the kernel can vouch for the proxy only:
// events that were between the proxy and the client when it was lost are not repeated.
//
// # Limits
//
// Each is a field with its default and reason, here or in the levels below:
//
//	Options.MaxPending     events that wait in a shard
//	Options.MaxEventRate   events a second of one client
//	Options.MaxRooms       rooms of one client
//	Options.MaxPublish     bytes of a publish over HTTP
//	Recovery.MaxBytes      bytes kept for those who are away
//
// # Diagnoses
//
// What an operator should know is logged once per cause, with the way out: a client of
// an unknown protocol, a page of a foreign origin, a message over the limit, a namespace
// nobody declared, an event no rule knows.
package hub
