package asdtest

// Operations on a list, as the protocol numbers them.
const (
	listSetType       = 0
	listAppend        = 1
	listAppendItems   = 2
	listInsert        = 3
	listInsertItems   = 4
	listPop           = 5
	listPopRange      = 6
	listRemove        = 7
	listRemoveRange   = 8
	listTrim          = 10
	listClear         = 11
	listSize          = 16
	listGet           = 17
	listGetRange      = 18
	listGetIndex      = 19
	listGetIndexes    = 24
	listRemoveIndex   = 32
	listRemoveIndexes = 37
)

// modifyList applies an operation that may change a list.
func (o *cdtOp) modifyList(v value) (next, res value, err error) {
	if v.kind != kindNull && v.kind != kindList {
		return v, value{}, errType
	}
	switch o.code {
	case listSetType:
		return o.listSetType(v)
	case listAppend, listAppendItems:
		return o.listAppend(v)
	case listInsert, listInsertItems:
		return o.listInsert(v)
	}
	if v.kind == kindNull { // there is nothing to remove
		return v, value{}, nil
	}
	l := v.l
	from, to, res, err := o.listRemoval(l)
	if err != nil {
		return v, value{}, err
	}
	if o.code == listTrim { // keeps what it names
		out := l.without(to, len(l.items)).without(0, from)
		return value{kind: kindList, l: out}, intValue(int64(len(l.items) - len(out.items))), nil
	}
	return value{kind: kindList, l: l.without(from, to)}, res, nil
}

func (o *cdtOp) listSetType(v value) (next, res value, err error) {
	attr, err := o.int(0, 0)
	if err != nil || len(o.params) != 1 || attr&^(orderPersist|orderKey) != 0 {
		return v, value{}, errParameter
	}
	l := &listValue{order: byte(attr)}
	if v.kind == kindList {
		l.items, l.content = append(l.items, v.l.items...), v.l.content
		l.sort()
	}
	return value{kind: kindList, l: l}, value{}, nil
}

// listAppend puts one or many items at the end and returns how many there are.
func (o *cdtOp) listAppend(v value) (next, res value, err error) {
	if err := o.need(1, 3); err != nil {
		return v, value{}, err
	}
	items := o.params[:1]
	if o.code == listAppendItems {
		var ok bool
		if items, ok = cutList(o.params[0]); !ok {
			return v, value{}, errParameter
		}
	}
	attr, err := o.int(1, 0)
	if err != nil {
		return v, value{}, err
	}
	flags, err := o.int(2, 0)
	if err != nil || flags&^(flagNoFail|flagPartial) != 0 {
		return v, value{}, errUnsupported // items that must be unique
	}
	l := v.l
	if l == nil {
		l = &listValue{order: byte(attr) & (orderKey | orderPersist)}
	}
	l = l.with(len(l.items), items)
	return value{kind: kindList, l: l}, intValue(int64(len(l.items))), nil
}

func (o *cdtOp) listInsert(v value) (next, res value, err error) {
	if err := o.need(2, 2); err != nil {
		return v, value{}, err
	}
	items := o.params[1:]
	if o.code == listInsertItems {
		var ok bool
		if items, ok = cutList(o.params[1]); !ok {
			return v, value{}, errParameter
		}
	}
	l := v.l
	if l == nil {
		l = &listValue{}
	}
	at, err := o.int(0, 0)
	if err != nil {
		return v, value{}, err
	}
	if at < 0 {
		at += int64(len(l.items))
	}
	switch {
	case l.order&orderKey != 0, at < 0:
		return v, value{}, errNotApplicable
	case at > int64(len(l.items)): // the server fills the gap with nil
		if at > int64(len(l.items))+1<<16 {
			return v, value{}, errParameter
		}
		gap := make([][]byte, at-int64(len(l.items)))
		for i := range gap {
			gap[i] = []byte{0xc0}
		}
		items = append(gap, items...)
		at = int64(len(l.items))
	}
	l = l.with(int(at), items)
	return value{kind: kindList, l: l}, intValue(int64(len(l.items))), nil
}

// listRemoval returns the range that a removing operation means and its result.
func (o *cdtOp) listRemoval(l *listValue) (from, to int, res value, err error) {
	n := len(l.items)
	switch o.code {
	case listClear:
		return 0, n, value{}, o.need(0, 0)
	case listPop, listRemove:
		from, err = o.listIndex(0, n)
		if err != nil {
			return 0, 0, value{}, err
		}
		res = intValue(1)
		if o.code == listPop {
			res, err = unpackValue(l.items[from])
		}
		return from, from + 1, res, err
	case listPopRange, listRemoveRange, listTrim:
		if err = o.need(1, 2); err != nil {
			return 0, 0, value{}, err
		}
		from, to, err = o.counted(0, n)
		res = intValue(int64(to - from))
		if o.code == listPopRange {
			res = value{kind: kindList, l: &listValue{items: l.items[from:to]}}
		}
		return from, to, res, err
	case listRemoveIndex, listRemoveIndexes:
		return o.listByIndex(l)
	}
	return 0, 0, value{}, errParameter
}

// listIndex reads the index in parameter i, which must name one of n items.
func (o *cdtOp) listIndex(i, n int) (int, error) {
	if len(o.params) <= i {
		return 0, errParameter
	}
	index, err := o.int(i, 0)
	if err != nil {
		return 0, err
	}
	if index < 0 {
		index += int64(n)
	}
	if index < 0 || index >= int64(n) {
		return 0, errNotApplicable
	}
	return int(index), nil
}

// listByIndex handles the operations that say what to return.
func (o *cdtOp) listByIndex(l *listValue) (from, to int, res value, err error) {
	kind, err := o.int(0, 0)
	if err != nil || len(o.params) < 2 {
		return 0, 0, value{}, errParameter
	}
	single := o.code == listRemoveIndex || o.code == listGetIndex
	if single {
		if from, err = o.listIndex(1, len(l.items)); err != nil {
			return 0, 0, value{}, err
		}
		to = from + 1
	} else if from, to, err = o.counted(1, len(l.items)); err != nil {
		return 0, 0, value{}, err
	}
	switch kind {
	case returnNone:
	case returnCount:
		res = intValue(int64(to - from))
	case returnExists:
		res = boolValue(to > from)
	case returnValue:
		if single {
			res, err = unpackValue(l.items[from])
		} else {
			res = value{kind: kindList, l: &listValue{items: l.items[from:to]}}
		}
	default:
		return 0, 0, value{}, errUnsupported
	}
	return from, to, res, err
}

// readList applies an operation that changes nothing.
func (o *cdtOp) readList(l *listValue) (value, error) {
	n := len(l.items)
	switch o.code {
	case listSize:
		return intValue(int64(n)), o.need(0, 0)
	case listGet:
		i, err := o.listIndex(0, n)
		if err != nil {
			return value{}, err
		}
		return unpackValue(l.items[i])
	case listGetRange:
		if err := o.need(1, 2); err != nil {
			return value{}, err
		}
		from, to, err := o.counted(0, n)
		return value{kind: kindList, l: &listValue{items: l.items[from:to]}}, err
	case listGetIndex, listGetIndexes:
		_, _, res, err := o.listByIndex(l)
		return res, err
	}
	return value{}, errParameter
}
