package aerospike

import (
	"hash/maphash"
	"sync/atomic"

	as "github.com/aerospike/aerospike-client-go/v7"
)

// keyCache remembers some keys that were used last. A key does not change once it is
// made, so whoever gets one may use it while others do. The zero value is empty.
type keyCache struct {
	of [1024]atomic.Pointer[cachedKey]
}

type cachedKey struct {
	name string
	key  *as.Key
}

// keySeed makes the places of names hard to guess.
var keySeed = maphash.MakeSeed() //nolint:gochecknoglobals // drawn once, and nothing depends on it

func (c *keyCache) at(name string) *atomic.Pointer[cachedKey] {
	return &c.of[maphash.String(keySeed, name)%uint64(len(c.of))]
}

// get returns the key of that name, or nil.
func (c *keyCache) get(name string) *as.Key {
	if k := c.at(name).Load(); k != nil && k.name == name {
		return k.key
	}
	return nil
}

// put remembers a key, in place of some other.
func (c *keyCache) put(k *cachedKey) {
	if at := c.at(k.name); at.Load() != k {
		at.Store(k)
	}
}
