package msgpack

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// structType is what the library makes of a struct: a map from the names of fields, or
// with the option as_array an array of the fields in their order.
type structType struct {
	fields []field
	names  map[string]bool
	asList bool
}

type field struct {
	name      []byte // as it is written
	form      form
	omitEmpty bool
	// empty reports whether these are the bytes of a value that is left out. It is nil
	// if bytes do not show that.
	empty func(value []byte) bool
}

func (c *compiler) structForm(t reflect.Type) form {
	s := &structType{names: make(map[string]bool)}
	c.addFields(s, t, true)
	if !s.asList {
		slices.SortFunc(s.fields, func(a, b field) int { return bytes.Compare(a.name, b.name) })
		return s.checkMap
	}
	if slices.ContainsFunc(s.fields, func(f field) bool { return f.omitEmpty }) {
		return c.refuse(t, "has fields with omitempty, and is written as an array")
	}
	return s.checkList
}

func (s *structType) checkList(r *reader) {
	if n := r.expect(array).size(); n != len(s.fields) {
		r.Failf("%d fields of %d", n, len(s.fields))
	}
	r.enter()
	for i := 0; i < len(s.fields) && r.Err() == nil; i++ {
		s.fields[i].form(r)
	}
	r.leave()
}

// checkMap walks over fields in order of their names. Each that is not there must be
// one that may be left out.
func (s *structType) checkMap(r *reader) {
	n := r.expect(dict).size()
	r.enter()
	for i := 0; i < len(s.fields) && r.Err() == nil; i++ {
		f := &s.fields[i]
		if n > 0 && bytes.HasPrefix(r.all[r.Offset():], f.name) {
			r.Next(len(f.name))
			at := r.Offset()
			f.form(r)
			if n--; r.Err() == nil && f.empty != nil && f.empty(r.all[at:r.Offset()]) {
				r.Failf("field %q is empty, and is there", f.name)
			}
		} else if !f.omitEmpty {
			r.Failf("field %q is not where it should be", f.name)
		}
	}
	if r.leave(); n > 0 {
		r.Failf("%d fields of no known name", n)
	}
}

// addFields adds the fields of t, which is the struct itself or embedded in it.
func (c *compiler) addFields(s *structType, t reflect.Type, isWhole bool) {
	omitAll := false
	for f := range t.Fields() {
		tag := f.Tag.Get("msgpack")
		name, rest, _ := strings.Cut(tag, ",")
		options := strings.Split(rest, ",")
		has := func(o string) bool { return slices.Contains(options, o) }
		omit, inline := omitAll || has("omitempty"), f.Anonymous && !has("noinline")
		if name == "" {
			name = f.Name
		}
		switch {
		case !isPlainTag(name, options):
			c.refuse(t, "has a field %s with the tag %q, which is not understood", f.Name, tag)
		case name == "-", f.Name == "_":
		case f.Name == "_msgpack":
			s.asList = s.asList || isWhole && (has("as_array") || has("asArray"))
			omitAll = omit
		case s.names[name]:
			c.refuse(t, "has two fields of one name, %q", name)
		case inline && f.Type.Kind() == reflect.Pointer:
			c.refuse(t, "has an embedded pointer %s, and nil would not come back: give it a name", f.Name)
		case inline && f.Type.Kind() == reflect.Struct && !isTime(f.Type) && !marshalsItself(f.Type):
			s.names[name] = true
			c.addFields(s, f.Type, false)
		case !f.IsExported():
			c.refuse(t, `has a field %s that is not exported, so it would be lost: tag it with msgpack:"-" if it may be`, f.Name)
		default:
			s.names[name] = true
			c.addField(s, f.Type, name, omit)
		}
	}
}

func (c *compiler) addField(s *structType, t reflect.Type, name string, omit bool) {
	written, err := msgpack.Marshal(name)
	if err != nil {
		c.refuse(t, "stands in a field %q: %v", name, err)
	}
	f := field{name: written, form: c.compile(t), omitEmpty: omit}
	if omit {
		f.empty = c.emptiness(t)
		c.opaque = c.opaque || f.empty == nil
	}
	s.fields = append(s.fields, f)
}

// emptiness returns how to see from the bytes of a value of t that the library leaves
// it out, or nil if they do not show it: structs and interfaces may be empty in depth,
// and a type may say itself what is zero.
func (c *compiler) emptiness(t reflect.Type) func([]byte) bool {
	_, saysItself := t.MethodByName("IsZero")
	k, isPlain := t.Kind(), !saysItself && !marshalsItself(t)
	switch {
	case isTime(t), (k < reflect.Array || k == reflect.String) && isPlain:
		zero, err := encode(nil, reflect.New(t).Elem())
		if err != nil {
			c.refuse(t, "has a zero value without bytes: %v", err)
		}
		return func(b []byte) bool { return bytes.Equal(b, zero) }
	case k == reflect.Pointer && isPlain:
		return func(b []byte) bool { return b[0] == headNil }
	case (k == reflect.Slice || k == reflect.Map) && isPlain:
		return func(b []byte) bool { return len(b) == 1 || string(b) == "\xc4\x00" }
	}
	return nil
}

// isPlainTag reports whether the library takes a tag as commas divide it.
func isPlainTag(name string, options []string) bool {
	known := []string{"", "omitempty", "inline", "noinline", "as_array", "asArray"}
	unknown := slices.ContainsFunc(options, func(o string) bool { return !slices.Contains(known, o) })
	return !unknown && !strings.ContainsAny(name, `:'\ `)
}
