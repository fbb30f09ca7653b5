package diskjournal

import (
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// id is the name of the files of a journal. A copy has the same name until it is opened.
type id [16]byte

func newID() (n id, err error) {
	if _, err := crand.Read(n[:]); err != nil {
		return id{}, fmt.Errorf("draw a name: %w", err)
	}
	return n, nil
}

// host is what a proof needs of the machine.
type host interface {
	// boot tells this run of the machine from all others.
	boot() (id, error)
	// lasting fails if files in dir may outlive this run of the machine, or be copied
	// with a disk.
	lasting(dir string) error
	// lock takes the file for this process, or fails.
	lock(f *os.File) error
}

const defaultProof = "/dev/shm"

// errCopy means that another process has locked the proof of this name: these files are a
// copy of those which that process has open.
var errCopy = errors.New("a journal of the same name is open: these files are a copy")

// proof is a file in memory that says how many writes the files of a journal have.
type proof struct {
	f    *os.File
	path string
	boot id
}

// A proof's content: which boot, and how many writes.
const proofSize = len(id{}) + 8

func proofPath(dir string, n id) string { return filepath.Join(dir, fmt.Sprintf("dovetail-%x", n)) }

// bootOf returns the run of the machine, and fails if files in dir may outlive it.
func bootOf(h host, dir string) (id, error) {
	if err := h.lasting(dir); err != nil {
		return id{}, err
	}
	return h.boot()
}

// openProof returns the proof of the files named n with version writes. Its error says
// why there is none.
func openProof(h host, dir string, n id, version uint64) (*proof, error) {
	if n == (id{}) {
		return nil, errors.New("the journal is new")
	}
	boot, err := bootOf(h, dir)
	if err != nil {
		return nil, err
	}
	path := proofPath(dir, n)
	f, err := os.OpenFile(path, os.O_RDWR|noFollow, 0)
	if err != nil {
		return nil, fmt.Errorf("these files were not left by this run of the machine: %w", err)
	}
	p := &proof{f, path, boot}
	if err := h.lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errCopy, err), f.Close())
	}
	if err := p.check(version); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	return p, nil
}

// check fails if the proof was made in another boot, or counts more writes than the files
// have.
func (p *proof) check(version uint64) error {
	var b [proofSize]byte
	if _, err := p.f.ReadAt(b[:], 0); err != nil {
		return fmt.Errorf("proof %s: %w", p.path, err)
	}
	if boot := id(b[:len(id{})]); boot != p.boot {
		return fmt.Errorf("the machine was started again: boot %x, and the files were left in %x", p.boot, boot)
	}
	if seen := binary.BigEndian.Uint64(b[len(id{}):]); seen > version {
		return fmt.Errorf("the files are older than those that were left: %d writes of %d", version, seen)
	}
	return nil
}

// makeProof creates the proof of files that have a new name.
func makeProof(h host, dir string, n id, version uint64) (*proof, error) {
	boot, err := bootOf(h, dir)
	if err != nil {
		return nil, err
	}
	path := proofPath(dir, n)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if err != nil {
		return nil, err
	}
	p := &proof{f, path, boot}
	err = h.lock(f)
	if err == nil {
		err = p.advance(version)
	}
	if err != nil {
		return nil, errors.Join(err, p.remove())
	}
	return p, nil
}

// advance writes the number of the files' writes into the proof. A nil proof does nothing.
func (p *proof) advance(version uint64) error {
	if p == nil {
		return nil
	}
	_, err := p.f.WriteAt(binary.BigEndian.AppendUint64(p.boot[:], version), 0)
	return err
}

// remove deletes the proof. A nil proof does nothing.
func (p *proof) remove() error {
	if p == nil {
		return nil
	}
	return errors.Join(os.Remove(p.path), p.f.Close())
}

// close closes the file and leaves it for the next opening. A nil proof does nothing.
func (p *proof) close() error {
	if p == nil {
		return nil
	}
	return p.f.Close()
}
