package msgpack

import (
	"encoding"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// marshalsItself reports whether t is written as the bytes of its MarshalBinary or
// MarshalText. The library trusts what these read of the bytes that they are given.
func marshalsItself(t reflect.Type) bool {
	return hasMethod[encoding.BinaryMarshaler](t) || hasMethod[encoding.TextMarshaler](t)
}

// refuseMethods refuses types whose methods make the library write what it cannot read
// or read what nobody could check.
func (c *compiler) refuseMethods(t reflect.Type) {
	binary, text := hasMethod[encoding.BinaryMarshaler](t), hasMethod[encoding.TextMarshaler](t)
	switch {
	case hasMethod[msgpack.CustomEncoder](t), hasMethod[msgpack.CustomDecoder](t), hasMethod[msgpack.Marshaler](t), hasMethod[msgpack.Unmarshaler](t):
		c.refuse(t, "has a method of the MessagePack library, whose bytes cannot be checked: write a Codec for it")
	case binary != hasMethod[encoding.BinaryUnmarshaler](t), !binary && text != hasMethod[encoding.TextUnmarshaler](t):
		c.refuse(t, "can marshal itself and not unmarshal, or unmarshal and not marshal")
	case t.Kind() == reflect.Struct && t.NumField() > 1:
		for f := range t.Fields() {
			if f.Anonymous && marshalsItself(f.Type) {
				c.refuse(t, "is written as its embedded %s alone: give that a name", f.Name)
			}
		}
	}
}

// hasMethod reports whether t, which is no interface, or a pointer to it implements I.
// A pointer has the methods of what it points to, and is not looked at.
func hasMethod[I any](t reflect.Type) bool {
	return t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}
