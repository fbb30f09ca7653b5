package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dovetail-crdt/dovetail/sim"
)

const laneWidth = 27

// printLanes prints what happened, one column a replica: a line for each write,
// and in the other columns how many writes had arrived there since the line
// before.
func printLanes(w *bufio.Writer, sc *sim.Scenario, r *sim.Result) {
	fmt.Fprintf(w, "Three regions take writes; from %v to %v %s is cut off and everybody goes on writing.\n", cutFrom, cutTo, sc.Replicas[2])
	fmt.Fprintf(w, "● a write there   ◂n n writes arrived from elsewhere   seed %d\n\n", sc.Seed)
	p := &lanes{w: w, sc: sc, arrived: make([]int, len(sc.Replicas))}
	var head strings.Builder
	head.WriteString("    time  ")
	for _, r := range sc.Replicas {
		head.WriteString(pad(string(r), laneWidth))
	}
	fmt.Fprintln(w, strings.TrimRight(head.String(), " "))
	h := r.History
	next := 0
	for _, op := range h.Ops {
		for ; next < len(h.Arrivals) && h.Arrivals[next].At <= op.At; next++ {
			p.arrive(h.Arrivals[next])
		}
		p.rules(op.At)
		p.line(op.At, op.Replica, op.Key+" "+op.Label)
	}
	p.rules(r.End)
	for ; next < len(h.Arrivals); next++ {
		p.arrive(h.Arrivals[next])
	}
	p.line(r.End, -1, "")
}

type lanes struct {
	w       *bufio.Writer
	sc      *sim.Scenario
	arrived []int
	drawn   int // rules drawn: 1 the cut, 2 the heal
}

func (p *lanes) arrive(a sim.Arrival) { p.arrived[a.Replica]++ }

// rules draws a line across where the partition begins and ends.
func (p *lanes) rules(until time.Duration) {
	width := laneWidth * len(p.sc.Replicas)
	if p.drawn == 0 && until >= cutFrom {
		p.drawn = 1
		p.rule(cutFrom, fmt.Sprintf("╌╌ partition: %s, %s ╳ %s ", p.sc.Replicas[0], p.sc.Replicas[1], p.sc.Replicas[2]), "╌", width)
	}
	if p.drawn == 1 && until >= cutTo {
		p.drawn = 2
		p.rule(cutTo, "══ healed ", "═", width)
	}
}

func (p *lanes) rule(at time.Duration, text, fill string, width int) {
	if p.some() {
		p.line(at, -1, "")
	}
	fmt.Fprintf(p.w, "%s%s%s\n", stamp(at), text, strings.Repeat(fill, width-utf8.RuneCountInString(text)-2))
}

func (p *lanes) some() bool {
	for _, n := range p.arrived {
		if n > 0 {
			return true
		}
	}
	return false
}

func (p *lanes) line(at time.Duration, replica int, label string) {
	var out strings.Builder
	out.WriteString(stamp(at))
	cut := at >= cutFrom && at < cutTo
	for i := range p.sc.Replicas {
		cell := "│"
		switch {
		case i == replica:
			cell = "● " + label
			if p.arrived[i] > 0 {
				cell = fmt.Sprintf("◂%d ", p.arrived[i]) + cell
			}
		case p.arrived[i] > 0:
			cell = fmt.Sprintf("◂%d", p.arrived[i])
		case cut && i == len(p.sc.Replicas)-1:
			cell = "┆"
		}
		p.arrived[i] = 0
		out.WriteString(pad(cell, laneWidth))
	}
	fmt.Fprintln(p.w, strings.TrimRight(out.String(), " "))
}

func stamp(at time.Duration) string { return fmt.Sprintf("%7.3fs  ", at.Seconds()) }

// pad cuts or fills s to width characters, the last of them a space.
func pad(s string, width int) string {
	if n := utf8.RuneCountInString(s); n < width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:width-2]) + "… "
}
