package tags

// ParsingNow returns of how many templates a cached body is being parsed.
func ParsingNow() int {
	parsing.mu.Lock()
	defer parsing.mu.Unlock()
	return len(parsing.of)
}
