package audit

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dovetail-crdt/dovetail/aerospike/internal/cluster"
)

// The replies here are written after the vendor's documentation, not recorded: the
// Community Edition has no XDR.
const (
	xdrDC  = "auth-mode=none;connector=false;node-address-port=10.0.0.9:3000;period-ms=100;namespaces=other,test;"
	xdrOne = "enabled=true;bin-policy=all;forward=false;ignored-bins=;ignored-sets=;shipped-bins=;" +
		"ship-only-specified-sets=false;shipped-sets=;write-policy=auto"
)

// enterprise returns sound replies of a server that ships to one dc, b.
func enterprise(t *testing.T, old, other string) map[string]string {
	t.Helper()
	replies := recorded(t)
	reset(t, replies, sound...)
	replies["edition"] = "Aerospike Enterprise Edition"
	replies["get-config:context=xdr"] = "dcs=b;src-id=0;trace-sample=0"
	replies["get-config:context=xdr;dc=b"] = xdrDC
	if !strings.Contains(xdrOne, old) {
		t.Fatalf("no %q to replace", old)
	}
	replies["get-config:context=xdr;dc=b;namespace=test"] = strings.Replace(xdrOne, old, other, 1)
	return replies
}

func TestFindingsOfXDR(t *testing.T) {
	tests := []struct {
		name        string
		old, other  string
		single, per []string
	}{
		{"ships all", "", "", []string{"fatal xdr b ship-set="}, nil},
		{"off", "enabled=true", "enabled=false", nil, nil},
		{"ignored", "ignored-sets=", "ignored-sets=users,carts", nil, nil},
		{"others ignored", "ignored-sets=", "ignored-sets=users,cart", []string{"fatal xdr b ship-set="}, nil},
		{"only others", "specified-sets=false;shipped-sets=", "specified-sets=true;shipped-sets=users", nil, nil},
		{
			"only this", "specified-sets=false;shipped-sets=", "specified-sets=true;shipped-sets=users,carts",
			[]string{"fatal xdr b ship-set="},
			nil,
		},
		{
			"no bins", "bin-policy=all", "bin-policy=no-bins",
			[]string{"fatal xdr b ship-set="},
			[]string{"fatal xdr b bin-policy=no-bins"},
		},
		{"changed bins", "bin-policy=all", "bin-policy=only-changed", []string{"fatal xdr b ship-set="}, nil},
		{
			"a bin ignored", "ignored-bins=", "ignored-bins=x,q",
			[]string{"fatal xdr b ship-set="},
			[]string{"fatal xdr b bin-policy=all"},
		},
		{
			"some bins", "bin-policy=all;forward=false;ignored-bins=;ignored-sets=;shipped-bins=",
			"bin-policy=changed-and-specified;ignored-bins=;ignored-sets=;shipped-bins=s,w,q,h,b,g,o",
			[]string{"fatal xdr b ship-set="},
			[]string{"fatal xdr b bin-policy=changed-and-specified"},
		},
		{
			"the bins", "bin-policy=all;forward=false;ignored-bins=;ignored-sets=;shipped-bins=",
			"bin-policy=changed-and-specified;ignored-bins=;ignored-sets=;shipped-bins=s,w,q,h,b,g,x,o",
			[]string{"fatal xdr b ship-set="},
			nil,
		},
		{"no policy", "bin-policy=all;", "", []string{"fatal xdr b ship-set="}, []string{"info xdr b bin-policy="}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			replies := enterprise(t, test.old, test.other)
			f := factsOf(nil)
			if got := short(judgeNode(f, nodeOf(t, "A", f, replies))); !slices.Equal(got, test.single) {
				t.Errorf("one record for all: %q, want %q", got, test.single)
			}
			f.Layout = PerDatacenter
			if got := short(judgeNode(f, nodeOf(t, "A", f, replies))); !slices.Equal(got, test.per) {
				t.Errorf("a record per datacenter: %q, want %q", got, test.per)
			}
		})
	}
}

// TestFindingsOfNoXDR: what is not shipped is told from what cannot be read.
func TestFindingsOfNoXDR(t *testing.T) {
	const top = "get-config:context=xdr"
	const dc, within = top + ";dc=b", top + ";dc=b;namespace=test"
	tests := []struct {
		name, command, text string
		readable            bool
	}{
		{"no dcs", top, "dcs=;src-id=0;trace-sample=0", true},
		{"another namespace", dc, "connector=false;namespaces=other", true},
		{"a connector", dc, "connector=true;namespaces=test", true},
		{"nothing", top, "", false},
		{"forbidden", top, "ERROR:81:role violation", false},
		{"forbidden dc", dc, "ERROR:81:role violation", false},
		{"forbidden namespace", within, "ERROR:81:role violation", false},
		{"old server", top, "enable-xdr=true;xdr-namedpipe-path=null", false},
		{"no namespaces", dc, "connector=false", false},
		{"hostile dc", top, "dcs=b namespace=test", false},
		{"many dcs", top, "dcs=" + strings.Repeat("b,", maxInfoLinks+1), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			replies := enterprise(t, "", "")
			replies[test.command] = test.text
			f := factsOf(nil)
			found := judgeNode(f, nodeOf(t, "A", f, replies))
			switch {
			case test.readable && len(found) > 0:
				t.Errorf("%q, want nothing", short(found))
			case !test.readable && (len(found) != 1 || found[0].Level != Fatal || found[0].Setting != "xdr dcs"):
				t.Errorf("%q, want that it cannot be told", short(found))
			}
			f.Layout = PerDatacenter
			found = judgeNode(f, nodeOf(t, "A", f, replies))
			if !test.readable && (len(found) != 1 || found[0].Level != Info || found[0].Setting != "xdr dcs") {
				t.Errorf("a record per datacenter: %q, want that it cannot be told", short(found))
			}
		})
	}
}

// TestXDRNotAnswered: a request that fails in the middle makes the node one that was
// not asked, rather than one that ships nothing, or one that is not to be used.
func TestXDRNotAnswered(t *testing.T) {
	for _, missing := range []string{
		"get-config:context=xdr", "get-config:context=xdr;dc=b", "get-config:context=xdr;dc=b;namespace=test",
	} {
		replies := enterprise(t, "", "")
		delete(replies, missing)
		if n, err := askNode(scripted(replies), "A", factsOf(nil)); n != nil || !errors.Is(err, cluster.ErrNoAnswer) {
			t.Errorf("without an answer to %s: %v, %v, want no node and %v", missing, n, err, cluster.ErrNoAnswer)
		}
	}
}

// TestXDRWithoutSet: if it is not said which set, one that is shipped may be it.
func TestXDRWithoutSet(t *testing.T) {
	replies := enterprise(t, "specified-sets=false;shipped-sets=", "specified-sets=true;shipped-sets=users")
	f := factsOf(func(f *Facts) { f.Set = "" })
	if got := short(judgeNode(f, nodeOf(t, "A", f, replies))); !slices.Equal(got, []string{"fatal xdr b ship-set="}) {
		t.Errorf("%q, want that it is shipped", got)
	}
}
