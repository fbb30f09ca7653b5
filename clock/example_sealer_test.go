package clock_test

import (
	"fmt"

	"github.com/dovetail-crdt/dovetail/clock"
)

// A store that hands out a token with each read keeps one sealer. Whoever has the key
// opens its tokens.
func ExampleSealer() {
	key := []byte("the stores' shared secret")
	sealer, err := clock.NewSealer(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := &clock.Context{}
	seen.Add(clock.Dot{Replica: 7, Seq: 1})
	token, err := sealer.Seal("cart/ann", seen, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := token.Open(key, "cart/ann")
	fmt.Println(back.Contains(clock.Dot{Replica: 7, Seq: 1}), err)
	_, err = token.Open(key, "cart/bob")
	fmt.Println(err)
	// Output:
	// true <nil>
	// clock: token not accepted: altered, or sealed under another key or for another object
}
