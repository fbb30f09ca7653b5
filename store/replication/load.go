package replication

// Load asks the driver for objects that a peer is to get in a heal: to be read once all
// batches that came before it are durable, and answered by Core.Loaded with what Read
// returns.
type Load struct {
	Keys []string
	// Bytes is a soft limit: the object that exceeds it is the last one.
	Bytes int

	peer         PeerID // who is to get them
	serve, first uint64 // the session, and the number of the first object in it
}

// Peer returns who is to get the objects.
func (l *Load) Peer() PeerID { return l.peer }

// Loaded is what a Load has found of its first objects.
type Loaded struct {
	of      *Load
	objects []loadedObject
}

// loadedObject is the frames of an object, or why there are none.
type loadedObject struct {
	frames [][]byte
	err    error
}

// Read reads objects up to the limit.
func (l *Load) Read(load func(key string) ([][]byte, error)) *Loaded {
	out := &Loaded{of: l}
	for size, i := 0, 0; i < len(l.Keys) && (i == 0 || size < l.Bytes); i++ {
		frames, err := load(l.Keys[i])
		if err == nil && len(frames) == 0 {
			err = ErrLost // the index names it, so it was here
		}
		if err != nil {
			frames = nil
		}
		for _, f := range frames {
			size += len(f)
		}
		out.objects = append(out.objects, loadedObject{frames, err})
	}
	return out
}
