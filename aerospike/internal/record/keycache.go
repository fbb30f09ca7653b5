package record

import (
	"hash/maphash"
	"sync/atomic"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// Key is the key of an object, and what the client makes of it. It does not change
// once it is made, so whoever gets one may use it while others do.
type Key struct {
	name   string
	client *as.Key
}

// Digest returns what the server knows the record by.
func (k *Key) Digest() []byte { return k.client.Digest() }

// keyCache remembers some keys that were used last. The zero value is empty.
type keyCache struct {
	of [1024]atomic.Pointer[Key]
}

// keySeed makes the places of names hard to guess.
var keySeed = maphash.MakeSeed() //nolint:gochecknoglobals // drawn once, and nothing depends on it

func (c *keyCache) at(name string) *atomic.Pointer[Key] {
	return &c.of[maphash.String(keySeed, name)%uint64(len(c.of))]
}

// get returns the key of that name, or nil.
func (c *keyCache) get(name string) *Key {
	if k := c.at(name).Load(); k != nil && k.name == name {
		return k
	}
	return nil
}

// put remembers a key, in place of some other.
func (c *keyCache) put(k *Key) {
	if at := c.at(k.name); at.Load() != k {
		at.Store(k)
	}
}
