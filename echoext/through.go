package echoext

// encodes deals with a response that is encoded inside of Page, by compressing
// middleware, say, where the mark of a hole would not be found again. Holes that come
// later are filled where they stand. Are there some already, what is written goes
// nowhere, and the handler runs once more.
func (r *recorder) encodes() (lost bool) {
	if len(r.sent["Content-Encoding"]) == 0 || r.sent.Get("Content-Encoding") == "identity" {
		return false
	}
	r.lost = r.v.holes.Keeps() && r.v.holes.Len() > 0
	r.v.holes.Stop()
	return r.lost
}

// through passes p on, with the holes filled that it has marks of. A mark may come in
// several pieces.
func (r *recorder) through(p []byte) (int, error) {
	holes := r.v.holes
	if holes.Len() == 0 {
		return r.out.Write(p)
	}
	rest := append(r.held, p...)
	for {
		before, h, after, found := holes.Next(rest)
		if !found {
			break
		}
		if _, err := r.out.Write(before); err != nil {
			return 0, err
		}
		if err := r.v.fillHole(r.out, r.v.Cache.Registry(), h); err != nil {
			return 0, err
		}
		rest = after
	}
	end := len(rest) - holes.Partial(rest)
	r.held = append([]byte(nil), rest[end:]...)
	if end == 0 {
		return len(p), nil
	}
	if _, err := r.out.Write(rest[:end]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// release passes on what was held back, since nothing that would complete it follows.
func (r *recorder) release() {
	if held := r.held; len(held) > 0 {
		r.held = nil
		_, _ = r.out.Write(held) // as in passOn
	}
}
