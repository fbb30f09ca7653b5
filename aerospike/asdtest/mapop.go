package asdtest

// Operations on a map, as the protocol numbers them.
const (
	mapSetType       = 64
	mapAdd           = 65
	mapAddItems      = 66
	mapPut           = 67
	mapPutItems      = 68
	mapReplace       = 69
	mapReplaceItems  = 70
	mapIncrement     = 73
	mapDecrement     = 74
	mapClear         = 75
	mapRemoveKey     = 76
	mapRemoveIndex   = 77
	mapRemoveKeys    = 81
	mapRemoveValue   = 82
	mapRemoveValues  = 83
	mapRemoveKeyFrom = 84
	mapRemoveIndexes = 85
	mapSize          = 96
	mapGetKey        = 97
	mapGetIndex      = 98
	mapGetValue      = 102
	mapGetKeyFrom    = 103
	mapGetIndexes    = 104
	mapGetKeys       = 107
	mapGetValues     = 108
)

// Flags of a write into a map or list.
const (
	flagCreateOnly = 1
	flagUpdateOnly = 2
	flagNoFail     = 4
	flagPartial    = 8
)

// modifyMap applies an operation that may change a map.
func (o *cdtOp) modifyMap(v value) (next, res value, err error) {
	if v.kind != kindNull && v.kind != kindMap {
		return v, value{}, errType
	}
	switch o.code {
	case mapSetType:
		return o.mapSetType(v)
	case mapAdd, mapPut, mapReplace:
		return o.mapPutOne(v)
	case mapAddItems, mapPutItems, mapReplaceItems:
		return o.mapPutMany(v)
	case mapIncrement, mapDecrement:
		return o.mapAddTo(v)
	}
	if v.kind == kindNull { // there is nothing to remove
		return v, value{}, nil
	}
	if o.code == mapClear {
		return value{kind: kindMap, m: &mapValue{order: v.m.order}}, value{}, nil
	}
	sel, err := o.selectMap(v.m)
	if err != nil {
		return v, value{}, err
	}
	if res, err = sel.result(v.m); err != nil || len(sel.at) == 0 {
		return v, res, err
	}
	return value{kind: kindMap, m: v.m.without(sel.at)}, res, nil
}

func (o *cdtOp) mapSetType(v value) (next, res value, err error) {
	attr, err := o.int(0, 0)
	if err != nil || len(o.params) != 1 {
		return v, value{}, errParameter
	}
	order, err := mapOrder(attr)
	if err != nil {
		return v, value{}, err
	}
	m := &mapValue{order: order}
	if v.kind == kindMap {
		m.entries, m.content = v.m.entries, v.m.content
	}
	return value{kind: kindMap, m: m}, value{}, nil
}

// mapOrder reads the attribute that an operation creates a map with.
func mapOrder(attr int64) (byte, error) {
	switch attr &^ orderPersist {
	case 0, orderKey, orderKey | orderValue:
		return byte(attr), nil
	default:
		return 0, errParameter
	}
}

// mapWrite is a write of one or many entries: the map it goes to and what it may
// do.
type mapWrite struct {
	m                                *mapValue
	create, update, noFail, doPartly bool
}

// mapWrite reads the attribute and flags of a write, which begin at parameter i.
func (o *cdtOp) mapWrite(v value, i int) (w mapWrite, err error) {
	attr, err := o.int(i, 0)
	if err != nil {
		return w, err
	}
	flags, err := o.int(i+1, 0)
	if err != nil {
		return w, err
	}
	order, err := mapOrder(attr)
	if err != nil {
		return w, err
	}
	w = mapWrite{
		m: v.m, create: flags&flagUpdateOnly == 0, update: flags&flagCreateOnly == 0,
		noFail: flags&flagNoFail != 0, doPartly: flags&flagPartial != 0,
	}
	switch o.code {
	case mapAdd, mapAddItems:
		w.update = false
	case mapReplace, mapReplaceItems:
		w.create = false
	}
	if w.m == nil {
		w.m = &mapValue{order: order}
	}
	return w, nil
}

// allows says whether an entry may be written, given whether its key is there.
func (w *mapWrite) allows(found bool) error {
	switch {
	case found && !w.update:
		return errElementExists
	case !found && !w.create:
		return errElementNotFound
	}
	return nil
}

func (o *cdtOp) mapPutOne(v value) (next, res value, err error) {
	if err := o.need(2, 4); err != nil {
		return v, value{}, err
	}
	w, err := o.mapWrite(v, 2)
	if err != nil || !isMapKey(o.params[0]) {
		return v, value{}, errParameter
	}
	return w.put(v, []entry{newEntry(o.params[0], o.params[1])})
}

func (o *cdtOp) mapPutMany(v value) (next, res value, err error) {
	if o.code == mapReplaceItems && v.kind == kindNull {
		return v, value{}, errElementNotFound
	}
	if err := o.need(1, 3); err != nil {
		return v, value{}, err
	}
	w, err := o.mapWrite(v, 1)
	if err != nil {
		return v, value{}, err
	}
	items, err := decodeMap(o.params[0])
	if err != nil {
		return v, value{}, err
	}
	if len(w.m.entries) == 0 && w.noFail && w.doPartly {
		w.create = true // so the server does it: what may only update does create in an empty map
	}
	return w.put(v, items.entries)
}

// put writes entries and returns how many the map then has. If one is denied, the
// operation fails, or does nothing but create the map, or does the rest, as the
// flags say.
func (w *mapWrite) put(v value, entries []entry) (next, res value, err error) {
	allowed := make([]entry, 0, len(entries))
	for _, e := range entries {
		_, found := w.m.find(e.key())
		err := w.allows(found)
		switch {
		case err == nil:
			allowed = append(allowed, e)
		case !w.noFail:
			return v, value{}, err
		case !w.doPartly:
			return value{kind: kindMap, m: w.m}, intValue(int64(len(w.m.entries))), nil
		}
	}
	m := w.m.clone(len(allowed))
	for _, e := range allowed {
		m.set(e)
	}
	return value{kind: kindMap, m: m}, intValue(int64(len(m.entries))), nil
}

// mapAddTo adds to, or takes from, the number under a key.
func (o *cdtOp) mapAddTo(v value) (next, res value, err error) {
	if err := o.need(1, 3); err != nil {
		return v, value{}, err
	}
	w, err := o.mapWrite(v, 2)
	if err != nil || !isMapKey(o.params[0]) {
		return v, value{}, errParameter
	}
	by := intValue(1)
	if len(o.params) > 1 {
		if by, err = unpackValue(o.params[1]); err != nil {
			return v, value{}, err
		}
	}
	old, err := w.number(o.params[0], by.kind)
	if err != nil {
		return v, value{}, err
	}
	sum, err := sumAs(old, by, o.code == mapDecrement)
	if err != nil {
		return v, value{}, err
	}
	packed, _ := sum.packed()
	m := w.m.clone(1)
	m.set(newEntry(o.params[0], packed))
	return value{kind: kindMap, m: m}, sum, nil
}

// number returns the number under a key; if there is none, a zero of a kind.
func (w *mapWrite) number(key []byte, kind particle) (value, error) {
	i, found := w.m.find(key)
	if !found {
		return zero(kind, 0), nil
	}
	return unpackValue(w.m.entries[i].val())
}

// sumAs adds by to, or takes it from, old, and keeps old's kind.
func sumAs(old, by value, minus bool) (value, error) {
	sign := int64(1)
	if minus {
		sign = -1
	}
	switch {
	case old.kind == kindInt && by.kind == kindInt:
		return intValue(old.int() + sign*by.int()), nil
	case old.kind == kindInt && by.kind == kindFloat:
		return intValue(old.int() + sign*int64(by.float())), nil
	case old.kind == kindFloat && by.kind == kindInt:
		return floatValue(old.float() + float64(sign*by.int())), nil
	case old.kind == kindFloat && by.kind == kindFloat:
		return floatValue(old.float() + float64(sign)*by.float()), nil
	default:
		return value{}, errParameter
	}
}

// readMap applies an operation that changes nothing.
func (o *cdtOp) readMap(m *mapValue) (value, error) {
	if o.code == mapSize {
		return intValue(int64(len(m.entries))), o.need(0, 0)
	}
	sel, err := o.selectMap(m)
	if err != nil {
		return value{}, err
	}
	return sel.result(m)
}
