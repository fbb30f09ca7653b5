package diskjournal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

func headRow() []byte { return []byte{ownRow} }

const headVersion = 1

// head is the value of the head row: the name of these files, and how many writes
// they have.
func head(name id, version uint64) []byte {
	b := append([]byte{headVersion}, name[:]...)
	return binary.BigEndian.AppendUint64(b, version)
}

func readHead(db *pebble.DB) (n id, version uint64, err error) {
	v, closer, err := db.Get(headRow())
	if errors.Is(err, pebble.ErrNotFound) {
		return id{}, 0, nil
	}
	if err != nil {
		return id{}, 0, err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	if len(v) != 1+len(id{})+8 || v[0] != headVersion {
		return id{}, 0, fmt.Errorf("%w: head %x", ErrFormat, v)
	}
	return id(v[1 : 1+len(id{})]), binary.BigEndian.Uint64(v[1+len(id{}):]), nil
}
