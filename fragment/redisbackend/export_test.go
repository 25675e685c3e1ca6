package redisbackend

// Frame follows replies that come in pieces.
func Frame(replies string, size int) error {
	var f framing
	for len(replies) > 0 {
		n := min(size, len(replies))
		if err := f.feed([]byte(replies[:n])); err != nil {
			return err
		}
		replies = replies[n:]
	}
	return nil
}
