package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/dovetail-crdt/dovetail/store"
)

// TestHub: a message arrives as it was when it was sent, at whoever joined last
// under the name, or the sender is told that it does not.
func TestHub(t *testing.T) {
	t.Parallel()
	hub := store.NewHub()
	a, old := hub.Join("a"), hub.Join("b")
	b := hub.Join("b")
	message := []byte("hello")
	if err := a.Send(t.Context(), "b", message); err != nil {
		t.Fatalf("Send: %v", err)
	}
	message[0] = 'j'
	from, got, err := b.Receive(t.Context())
	if from != "a" || string(got) != "hello" || err != nil {
		t.Errorf("Receive = %q from %q, %v; want hello from a", got, from, err)
	}
	if err := a.Send(t.Context(), "nobody", message); err == nil {
		t.Error("Send to a store that is not there succeeded")
	}
	hub.Cut(func(from, to store.PeerID) bool { return from == "a" && to == "b" })
	if err := a.Send(t.Context(), "b", message); err != nil {
		t.Errorf("Send of a message that is lost on the way = %v", err)
	}
	if err := b.Send(t.Context(), "a", []byte("other way")); err != nil {
		t.Errorf("Send: %v", err)
	}
	if _, got, err := a.Receive(t.Context()); string(got) != "other way" || err != nil {
		t.Errorf("Receive = %q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, port := range []store.Transport{b, old} {
		if _, got, err := port.Receive(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Receive = %q, %v; want nothing until the context ends", got, err)
		}
	}
	for err = b.Send(t.Context(), "a", message); err == nil; {
		err = b.Send(t.Context(), "a", message)
	}
	if !errors.Is(err, store.ErrBacklog) {
		t.Errorf("Send to a store that does not receive = %v, want ErrBacklog", err)
	}
}
