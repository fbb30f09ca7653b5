package msgpack

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// structForm is that of structs: a map from the names of fields, or with the option
// as_array an array of the fields in their order.
type structForm struct {
	fields []*field // maps: in order of the bytes of their names
	asList bool
	zeros  bool // have been found
}

type field struct {
	name  []byte // as it is written
	index []int
	typ   *Type
	// A field with omitempty is left out if it is as zero says, or of no length.
	omitEmpty bool
	zero      []byte // nil if the zero value has no bytes
}

func (f *structForm) write(w *writer, v reflect.Value) {
	from, n := len(w.b), len(f.fields)
	if f.asList {
		w.size(array, n)
	} else {
		w.size(dict, n)
	}
	if w.enter() {
		for _, field := range f.fields {
			at := len(w.b)
			w.b = append(w.b, field.name...)
			value := len(w.b)
			field.typ.form.write(w, v.FieldByIndex(field.index))
			if field.omits(w.b[value:]) {
				w.b, n = w.b[:at], n-1
			}
		}
	}
	if w.leave(); n < len(f.fields) {
		w.resize(from, len(f.fields), n)
	}
}

// resize makes the map that begins at from, of was entries, one of n.
func (w *writer) resize(from, was, n int) {
	old := writer{}
	old.size(dict, was)
	entries := bytes.Clone(w.b[from+len(old.b):])
	w.b = w.b[:from]
	w.size(dict, n)
	w.b = append(w.b, entries...)
}

// omits reports whether a value with these bytes is left out.
func (f *field) omits(value []byte) bool {
	if !f.omitEmpty || f.zero == nil {
		return false
	}
	return bytes.Equal(value, f.zero) || f.typ.isEmpty(value)
}

// isEmpty reports whether the bytes are those of a slice or map of no length.
func (t *Type) isEmpty(value []byte) bool {
	switch k := t.of.Kind(); {
	case k != reflect.Slice && k != reflect.Map:
		return false
	case len(value) == 1:
		return value[0] == 0x80 || value[0] == 0x90
	}
	return len(value) == 2 && value[0] == 0xc4 && value[1] == 0
}

func (f *structForm) read(r *reader, v reflect.Value) {
	if f.asList {
		if n := r.size(array); r.Err() == nil && n != len(f.fields) {
			r.Failf("%d fields of %d", n, len(f.fields))
		}
	} else if n := r.size(dict); n > len(f.fields) {
		r.Failf("%d fields of %d", n, len(f.fields))
	} else {
		f.readNamed(r, v, n)
		return
	}
	if r.enter() {
		for _, field := range f.fields {
			field.read(r, v)
		}
	}
	r.leave()
}

// readNamed reads n fields, which stand in the order of f's; each of the others must
// be one that is left out.
func (f *structForm) readNamed(r *reader, v reflect.Value, n int) {
	if r.enter() {
		for _, field := range f.fields {
			if n == 0 || !bytes.HasPrefix(r.all[r.Offset():], field.name) {
				if !field.omitEmpty || field.zero == nil {
					r.Failf("field %s is not where it should be", field.name)
				}
				continue
			}
			r.Next(len(field.name))
			at := r.Offset()
			field.read(r, v)
			if n--; r.Err() == nil && field.omits(r.all[at:r.Offset()]) {
				r.Failf("field %s is empty, and is there", field.name)
			}
		}
		if n > 0 {
			r.Failf("%d fields of no known name", n)
		}
	}
	r.leave()
}

func (f *field) read(r *reader, v reflect.Value) {
	if r.Err() != nil {
		return
	}
	if v.IsValid() {
		v = v.FieldByIndex(f.index)
	}
	f.typ.form.read(r, v)
}

// structForm returns the form of struct t.
func (c *compiler) structForm(t reflect.Type) (form, error) {
	f := &structForm{}
	if err := c.addFields(f, t, nil); err != nil {
		return nil, err
	}
	if f.asList {
		for _, field := range f.fields {
			field.name, field.omitEmpty = nil, false
		}
		return f, nil
	}
	slices.SortFunc(f.fields, func(a, b *field) int { return bytes.Compare(a.name, b.name) })
	for i := 1; i < len(f.fields); i++ {
		if bytes.Equal(f.fields[i-1].name, f.fields[i].name) {
			return nil, fmt.Errorf("has two fields of one name, %q", f.fields[i].name)
		}
	}
	return f, nil
}

// addFields adds the fields of t, which stands at index of the struct of f.
func (c *compiler) addFields(f *structForm, t reflect.Type, index []int) error {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, err := parseTag(sf.Tag.Get("msgpack"))
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		switch {
		case name == "-":
			continue
		case sf.Name == "_msgpack":
			f.asList = f.asList || slices.Contains(options, "as_array") || slices.Contains(options, "asArray")
			continue
		case sf.Name == "_":
			continue
		}
		at := append(slices.Clip(index), i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct && !isForeign(sf.Type) && !isTimeType(sf.Type) && !slices.Contains(options, "noinline") {
			if err := c.addFields(f, sf.Type, at); err != nil {
				return err
			}
			continue
		}
		if !sf.IsExported() {
			return fmt.Errorf(`field %s is not exported, so it would be lost: tag it with msgpack:"-" if it may be`, sf.Name)
		}
		if name == "" {
			name = sf.Name
		}
		typ, err := c.compile(sf.Type)
		if err != nil {
			return fmt.Errorf("field %s: %w", sf.Name, err)
		}
		w := writer{}
		stringForm{}.write(&w, reflect.ValueOf(name))
		f.fields = append(f.fields, &field{name: w.b, index: at, typ: typ, omitEmpty: slices.Contains(options, "omitempty")})
	}
	return nil
}

func parseTag(tag string) (name string, options []string, err error) {
	name, rest, _ := strings.Cut(tag, ",")
	for o := range strings.SplitSeq(rest, ",") {
		switch o {
		case "", "omitempty", "inline", "noinline", "as_array", "asArray":
			options = append(options, o)
		default:
			return "", nil, fmt.Errorf("has the option %q, which there is not", o)
		}
	}
	return name, options, nil
}
