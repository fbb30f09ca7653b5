package msgpack

import (
	"encoding/binary"
	"math"
	"reflect"
)

type boolForm struct{}

func (boolForm) write(w *writer, v reflect.Value) {
	if v.Bool() {
		w.b = append(w.b, headTrue)
	} else {
		w.b = append(w.b, headFalse)
	}
}

func (boolForm) read(r *reader, v reflect.Value) {
	head := r.Byte()
	if r.Err() == nil && head != headTrue && head != headFalse {
		r.Failf("byte %#02x where a boolean begins", head)
	}
	if v.IsValid() {
		v.SetBool(head == headTrue)
	}
}

// intForm is that of signed integers of so many bits.
type intForm struct{ bits int }

func (f intForm) write(w *writer, v reflect.Value) { w.int(v.Int()) }

func (f intForm) read(r *reader, v reflect.Value) {
	n, minus := r.int(r.Byte())
	shift := 64 - f.bits
	if r.Err() == nil && (!minus && n > math.MaxInt64 || int64(n)<<shift>>shift != int64(n)) {
		r.Failf("integer beyond %d bits", f.bits)
	}
	if v.IsValid() {
		v.SetInt(int64(n))
	}
}

// uintForm is that of unsigned integers of so many bits.
type uintForm struct{ bits int }

func (f uintForm) write(w *writer, v reflect.Value) { w.uint(v.Uint()) }

func (f uintForm) read(r *reader, v reflect.Value) {
	n, minus := r.int(r.Byte())
	shift := 64 - f.bits
	if r.Err() == nil && (minus || n<<shift>>shift != n) {
		r.Failf("integer below 0 or beyond %d bits", f.bits)
	}
	if v.IsValid() {
		v.SetUint(n)
	}
}

func (w *writer) uint(n uint64) {
	switch {
	case n <= mostFix:
		w.b = append(w.b, byte(n))
	case n <= math.MaxUint8:
		w.b = append(w.b, headUint8, byte(n))
	case n <= math.MaxUint16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, headUint8+1), uint16(n))
	case n <= math.MaxUint32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, headUint8+2), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, headUint8+3), n)
	}
}

func (w *writer) int(n int64) {
	switch {
	case n >= 0:
		w.uint(uint64(n))
	case n >= -32:
		w.b = append(w.b, byte(n))
	case n >= math.MinInt8:
		w.b = append(w.b, headInt8, byte(n))
	case n >= math.MinInt16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, headInt8+1), uint16(n))
	case n >= math.MinInt32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, headInt8+2), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, headInt8+3), uint64(n))
	}
}

func isInt(head byte) bool {
	return head <= mostFix || head >= headMinus || head >= headUint8 && head <= headInt8+3
}

// int reads an integer in its shortest form. One that is minus is negative in two's
// complement.
func (r *reader) int(head byte) (n uint64, minus bool) {
	switch {
	case r.Err() != nil:
		return 0, false
	case head <= mostFix:
		return uint64(head), false
	case head >= headMinus:
		return uint64(int8(head)), true
	case !isInt(head):
		r.Failf("byte %#02x where an integer begins", head)
		return 0, false
	}
	size := 1 << ((head - headUint8) & 3)
	n = r.big(size)
	half := 8 * size / 2 // in bits; a number that half as many bytes hold is longer than it must be
	if minus = head >= headInt8; minus {
		shift := 64 - 8*size
		s := int64(n) << shift >> shift
		if n = uint64(s); s >= 0 || size > 1 && s >= -1<<(half-1) || s >= -32 {
			r.Failf("integer in a form that is not its shortest")
		}
	} else if n <= mostFix || size > 1 && n>>half == 0 {
		r.Failf("integer in a form that is not its shortest")
	}
	return n, minus
}

// floatForm is that of floating-point numbers of 32 or 64 bits.
type floatForm struct{ bits int }

func (f floatForm) write(w *writer, v reflect.Value) {
	x := v.Float()
	if x == 0 {
		x = 0 // -0 is 0
	}
	if f.bits == 32 {
		w.b = binary.BigEndian.AppendUint32(append(w.b, headFloat32), math.Float32bits(float32(x)))
	} else {
		w.b = binary.BigEndian.AppendUint64(append(w.b, headFloat64), math.Float64bits(x))
	}
}

func (f floatForm) read(r *reader, v reflect.Value) {
	head := r.Byte()
	if want := byte(headFloat64 - (64-f.bits)/32); r.Err() == nil && head != want {
		r.Failf("byte %#02x where a number of %d bits begins", head, f.bits)
	}
	x := r.float(head)
	if v.IsValid() {
		v.SetFloat(x)
	}
}

func (r *reader) float(head byte) (x float64) {
	if head == headFloat32 {
		x = float64(math.Float32frombits(uint32(r.big(4))))
	} else {
		x = math.Float64frombits(r.big(8))
	}
	if r.Err() == nil && (math.IsNaN(x) || x == 0 && math.Signbit(x)) {
		r.Failf("NaN or -0, which have no identity")
	}
	return x
}

type stringForm struct{}

func (stringForm) write(w *writer, v reflect.Value) {
	w.size(str, v.Len())
	w.b = append(w.b, v.String()...)
}

func (stringForm) read(r *reader, v reflect.Value) {
	raw := r.Next(r.size(str))
	if v.IsValid() {
		v.SetString(string(raw))
	}
}

// bytesForm is that of byte slices.
type bytesForm struct{}

func (bytesForm) write(w *writer, v reflect.Value) {
	if v.IsNil() {
		w.b = append(w.b, headNil)
		return
	}
	w.size(bin, v.Len())
	w.b = append(w.b, v.Bytes()...)
}

func (bytesForm) read(r *reader, v reflect.Value) {
	if r.isNil() {
		return
	}
	raw := r.Next(r.size(bin))
	if v.IsValid() {
		v.SetBytes(append(make([]byte, 0, len(raw)), raw...))
	}
}

// byteArrayForm is that of arrays of so many bytes.
type byteArrayForm struct{ n int }

func (f byteArrayForm) write(w *writer, v reflect.Value) {
	w.size(bin, f.n)
	w.b = append(w.b, addressable(v).Bytes()...)
}

func (f byteArrayForm) read(r *reader, v reflect.Value) {
	raw := r.Next(r.size(bin))
	if r.Err() == nil && len(raw) != f.n {
		r.Failf("%d bytes for an array of %d", len(raw), f.n)
	}
	if v.IsValid() {
		copy(v.Bytes(), raw)
	}
}

// isNil reads nil, if that is what comes.
func (r *reader) isNil() bool {
	if r.Len() > 0 && r.all[r.Offset()] == headNil {
		r.Byte()
		return true
	}
	return false
}

// addressable returns v, or a copy of it that is.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}
