package layout_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type rapidDice struct{ t *rapid.T }

func (d rapidDice) pick(n int, label string) int { return rapid.IntRange(0, n-1).Draw(d.t, label) }

// seededDice is determined by a number, and some times faster.
type seededDice struct{ *rand.Rand }

func (d seededDice) pick(n int, _ string) int { return d.IntN(n) }

func playSeed(ctx context.Context, seed int, b bug, bias func(*tuning), verbose bool) (*world, error) {
	w := newWorld(ctx, seededDice{rand.New(rand.NewPCG(uint64(seed), 0))}, b, verbose)
	if bias != nil {
		bias(&w.tune)
	}
	return w, w.play()
}

// TestHistories plays random histories of processes that change one object while
// everything goes wrong that can, and checks them after each step.
func TestHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		if err := newWorld(t.Context(), rapidDice{rt}, noBug, true).play(); err != nil {
			rt.Fatal(err)
		}
	})
}

// TestRegions plays histories of several clusters, to which XDR brings versions of
// each other's records late, again, out of order and in parts.
func TestRegions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t.Context(), rapidDice{rt}, noBug, true)
		joined(&w.tune)
		if err := w.play(); err != nil {
			rt.Fatal(err)
		}
	})
}

// TestSeeds plays the histories, with nothing planted, that the table of planted
// bugs plays; more would find more, but not here.
func TestSeeds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bias func(*tuning)
	}{{"any", nil}, {"sweeping", sweeping}, {"counting", counting}, {"forgetting", forgetting}, {"joined", joined}, {"looping", looping}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			seeds := 300
			if testing.Short() {
				seeds = 40
			}
			var met [4]int
			for seed := range seeds {
				w, err := playSeed(t.Context(), seed, noBug, tt.bias, false)
				if err != nil {
					_, err = playSeed(t.Context(), seed, noBug, tt.bias, true)
					t.Fatalf("seed %d: %v", seed, err)
				}
				for e, n := range w.events {
					met[e] += n
				}
			}
			if slices.Contains(met[:], 0) && tt.bias == nil {
				t.Errorf("Writers counted %v: not all that they can meet was met", met)
			}
		})
	}
}

// TestSameSeedSameStory plays a history twice.
func TestSameSeedSameStory(t *testing.T) {
	t.Parallel()
	for _, bias := range []func(*tuning){nil, looping} {
		for seed := range 20 {
			one, _ := playSeed(t.Context(), seed, noBug, bias, true)
			two, _ := playSeed(t.Context(), seed, noBug, bias, true)
			if !slices.Equal(one.story, two.story) {
				t.Fatalf("seed %d has two stories", seed)
			}
		}
	}
}
