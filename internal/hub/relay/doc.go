// Package relay decides which event becomes what, and for whom: the rules that stand
// in realtimectl.yaml instead of a server.js.
//
// It is pure: rules are compiled to a [Set], a Set matches an event, a [Match] is
// applied to it and yields an [Outcome], which says what the hub has to do. No
// sockets, no goroutines, no clock but that of the rate limits.
//
//	relays:
//	  - { on: "client:created:job", emit: "server:created:job", schema: job.schema.json }
//	  - { on: "chat:*:say", to: [others, "room:chat:$1"], rate: 5/s }
//	  - { on: "chat:join", join: "chat:*", ack: args }
//	  - { on: "server:**", from: server }
//	  - { on: connect, join: "user-$user.id", emit: "server:user:online", to: others, args: [ "$id" ] }
//
// # Which rule
//
// Rules are tried in their order and the first whose on, namespace and from fit is
// the one: if that rule then refuses the event (auth, rate, max-size, schema), no
// later rule is asked. on is a pattern over ':'-segments: * stands for one segment
// that is not empty, ** (only at the end) for the rest, one segment at least. The
// rules on connect and disconnect are the exception: those are moments, not
// requests, so every one of them runs, in order.
//
// # What the templates mean
//
// A '$' begins a value; "$$" is a dollar; "${…}" separates a value from the text
// behind it.
//
//	          in emit, to, join, leave           in args and ack
//	$1 $2 …   what the 1st, 2nd … * of on took   the 1st, 2nd … argument of the event
//	$on.1     the same, in full                  what the 1st * of on took
//	$args.1   the 1st argument (not in emit)     the same as $1
//	$*        -                                  all arguments, as elements of the list
//	$args     -                                  all arguments, as one array
//	$id       public id of the client            the same
//	$event    the event's own name               the same
//	$ns       the namespace                      the same
//	$auth     what the client sent on connecting the same
//	$user     who the client was found to be     the same
//	$rooms    -                                  the rooms the client is in, as an array
//
// Arguments, $auth and $user take a path: $user.id, $1.author.name, $1.tags.0. In
// args, a string that is nothing but one value is replaced by that value, of
// whatever kind, as the same bytes (a missing one is null); in a longer string the
// value is inserted as text. Strings inside nested lists and objects count too, keys
// do not. In names a value must be a string or a number that is there, or the event
// is refused.
//
// emit takes no argument, $auth or $rooms, and $auth goes to nobody but the client itself: what
// a browser may raise is for the rules to say, and credentials are not for others.
//
// # What a browser can never do
//
//   - Raise an event that a rule keeps for the back-end (from: server), or have
//     another rule's emit produce that name.
//   - Have a rule produce a name the clients' libraries keep for themselves
//     (connect, disconnect, …).
//   - Join or leave a room whose name has the shape of a socket id: such a room is
//     that one client's private line.
//   - Move binary attachments under another's data: placeholders in what a template
//     inserts from $auth or $user are not let through to a packet that has
//     attachments.
//
// # Binary data
//
// The arguments of a packet with attachments hold placeholders, each numbered for
// the attachment that belongs there. When a template reorders, repeats or drops
// arguments, the placeholders of the outgoing packet are numbered anew in order of
// appearance and [Outcome].Attachments names the incoming attachments it needs, in
// that order; an attachment nobody refers to is not sent on.
//
// # Concurrency
//
// A [Set] never changes after [Compile] and may be used by any number of goroutines.
// A [Match], an [Outcome] and a client's [Limits] belong to one goroutine at a time.
package relay
