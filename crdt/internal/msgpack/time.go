package msgpack

import (
	"encoding/binary"
	"math"
	"reflect"
	"time"
)

// A time is MessagePack's extension -1, of 4, 8 or 12 bytes: whichever is the shortest
// that holds it.
const (
	timeExt    = 0xff
	time4      = 0xd6
	time8      = 0xd7
	time12     = 0xc7 // and its length
	secondBits = 34   // of the 8 bytes; the others are nanoseconds
	maxNano    = 999999999
)

func isTime(head byte) bool { return head == time4 || head == time8 || head == time12 }

// timeForm is that of time.Time: the instant, which is read in UTC.
type timeForm struct{}

func (timeForm) write(w *writer, v reflect.Value) {
	t := v.Interface().(time.Time)
	sec, nano := uint64(t.Unix()), uint64(t.Nanosecond())
	switch {
	case sec>>secondBits != 0:
		w.b = binary.BigEndian.AppendUint32(append(w.b, time12, 12, timeExt), uint32(nano))
		w.b = binary.BigEndian.AppendUint64(w.b, sec)
	case nano == 0 && sec <= math.MaxUint32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, time4, timeExt), uint32(sec))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, time8, timeExt), nano<<secondBits|sec)
	}
}

func (timeForm) read(r *reader, v reflect.Value) {
	head := r.Byte()
	if r.Err() == nil && !isTime(head) {
		r.Failf("byte %#02x where a time begins", head)
	}
	if t := r.time(head); v.IsValid() {
		v.Set(reflect.ValueOf(t))
	}
}

func (r *reader) time(head byte) time.Time {
	var sec, nano uint64
	isShortest := true
	if head == time12 && r.Byte() != 12 {
		r.Failf("time of another length than 12")
	}
	if r.Byte() != timeExt {
		r.Failf("extension that is not a time")
	}
	switch head {
	case time4:
		sec = r.big(4)
	case time8:
		v := r.big(8)
		sec, nano = v&(1<<secondBits-1), v>>secondBits
		isShortest = nano > 0 || sec > math.MaxUint32
	default:
		nano, sec = r.big(4), r.big(8)
		isShortest = sec>>secondBits != 0
	}
	if r.Err() == nil && (!isShortest || nano > maxNano) {
		r.Failf("time of %d nanoseconds, or in a form that is not its shortest", nano)
	}
	return time.Unix(int64(sec), int64(nano)).UTC()
}
