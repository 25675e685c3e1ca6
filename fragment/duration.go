package fragment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration is time.ParseDuration that also knows days of 24 hours each. They
// come first and have no sign: 7d, 1d12h, 0.5d. A part of a nanosecond is rounded
// up. It is how the parameters of URLs, the fields of configurations and the
// template tag are read, and how a program may read those of its own.
// Its error quotes text.
func ParseDuration(text string) (time.Duration, error) {
	const numeric = "0123456789."
	days, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, notDuration(text)
		}
		return d, nil
	}
	n, err := strconv.ParseFloat(days, 64)
	if strings.Trim(days, numeric) != "" || err != nil && !math.IsInf(n, 0) {
		return 0, notDuration(text)
	}
	var hours time.Duration
	if rest != "" {
		if hours, err = time.ParseDuration(rest); err != nil || strings.IndexByte(numeric, rest[0]) < 0 {
			return 0, notDuration(text)
		}
	}
	total := math.Ceil(n*24*float64(time.Hour) + float64(hours))
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is over 292 years", text)
	}
	return time.Duration(total), nil
}

func notDuration(text string) error { return fmt.Errorf("%q is not a duration", text) }
