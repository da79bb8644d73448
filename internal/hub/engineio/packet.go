package engineio

// The packet types of both revisions, as they stand on the wire (section "Packet" of the
// Engine.IO protocol). Binary framings of revision 3 write them as numbers instead.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
)

// Message is what one end says to the other: text or bytes.
type Message struct {
	// Binary tells bytes from text. Text is always valid UTF-8.
	Binary bool
	// Data is valid until the next call of [Session.Receive].
	Data []byte
}

// packet is one decoded packet; data does not hold the type.
type packet struct {
	kind   byte
	binary bool
	data   []byte
}

// validKind reports whether a packet type is one of the protocol's.
func validKind(kind byte) bool { return kind >= packetOpen && kind <= packetNoop }
