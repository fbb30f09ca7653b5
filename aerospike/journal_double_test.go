package aerospike_test

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"

	as "github.com/aerospike/aerospike-client-go/v7"
	"github.com/aerospike/aerospike-client-go/v7/types"

	"github.com/dovetail-crdt/dovetail/aerospike"
)

// rows is a Journal in memory, that of one process after the other. The process can
// be made to die at a write, and the disk to fail.
type rows struct {
	mu     sync.Mutex
	rows   map[string]string
	taken  bool
	proven error

	writes int
	dieAt  int  // the write at which the process dies; 0: none
	torn   bool // that write does not come to the disk
	die    func()

	fails   error  // what writes fail with
	written bool   // those that fail are there all the same
	failed  int    // how many have failed, those of the processes before too
	begin   func() // called before each write
}

var _ aerospike.Journal = (*rows)(nil)

var errDead = errors.New("the process is dead")

func (r *rows) Load() iter.Seq2[aerospike.JournalRow, error] {
	return func(yield func(aerospike.JournalRow, error) bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.taken {
			yield(aerospike.JournalRow{}, errors.New("taken"))
			return
		}
		r.taken = true
		var buf aerospike.JournalRow // used again, as the interface allows
		for _, key := range slices.Sorted(maps.Keys(r.rows)) {
			buf.Key = append(buf.Key[:0], key...)
			buf.Value = append(buf.Value[:0], r.rows[key]...)
			if !yield(buf, nil) {
				return
			}
		}
	}
}

func (r *rows) Proven() error { return r.proven }

func (r *rows) Write(rs []aerospike.JournalRow) error {
	if r.begin != nil {
		r.begin()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails != nil {
		if r.failed++; r.written {
			r.put(rs)
		}
		return r.fails
	}
	r.writes++
	dies := r.dieAt > 0 && r.writes >= r.dieAt
	if !dies || r.writes == r.dieAt && !r.torn {
		r.put(rs)
	}
	if dies {
		if r.die != nil {
			r.die()
		}
		return errDead
	}
	return nil
}

// put is Write to a disk that is well. R.mu is held.
func (r *rows) put(rs []aerospike.JournalRow) {
	for i := range rs {
		if rs[i].Value == nil {
			delete(r.rows, string(rs[i].Key))
		} else {
			r.rows[string(rs[i].Key)] = string(rs[i].Value)
		}
	}
}

// fail has writes fail from now on until mend. Written says that they are there all the
// same.
func (r *rows) fail(err error, written bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails, r.written = err, written
}

func (r *rows) mend() { r.fail(nil, false) }

func (r *rows) isFailing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fails != nil
}

// failures returns how many writes have failed.
func (r *rows) failures() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// crash has the process die at the nth of the next writes.
func (r *rows) crash(n int, torn bool, die func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dieAt, r.torn, r.die = r.writes+n, torn, die
}

// next returns the journal as the next process finds it.
func (r *rows) next(proven error) *rows {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &rows{rows: maps.Clone(r.rows), proven: proven, failed: r.failed}
}

func newRows() *rows { return &rows{rows: make(map[string]string), proven: errors.New("new")} }

// mortal is a client of a process that dies: nothing it does reaches the cluster
// then.
type mortal struct {
	aerospike.Client

	mu   sync.Mutex
	dead bool
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

func (m *mortal) isDead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

var errNoClient as.Error = &as.AerospikeError{ResultCode: types.TIMEOUT, InDoubt: true}

func (m *mortal) Operate(p *as.WritePolicy, k *as.Key, ops ...*as.Operation) (*as.Record, as.Error) {
	if m.isDead() {
		return nil, errNoClient
	}
	return m.Client.Operate(p, k, ops...)
}

func (m *mortal) Get(p *as.BasePolicy, k *as.Key, bins ...string) (*as.Record, as.Error) {
	if m.isDead() {
		return nil, errNoClient
	}
	return m.Client.Get(p, k, bins...)
}

func (m *mortal) BatchOperate(p *as.BatchPolicy, rs []as.BatchRecordIfc) as.Error {
	if m.isDead() {
		return errNoClient
	}
	return m.Client.BatchOperate(p, rs)
}
