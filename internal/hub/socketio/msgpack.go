package socketio

import "errors"

var errNoMsgpack = errors.New("msgpack")

func (c *Conn) decodeMsgpack([]byte) (*Packet, error) { return nil, errNoMsgpack }

func (r *reply) msgpack() []byte { return nil }
