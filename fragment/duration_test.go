package fragment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
)

func TestParseDurationKnowsDays(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "1ns": 1, "0s": 0, "-1s": -time.Second, "+1s": time.Second,
		"7d": 7 * day, "0.5d": day / 2, "1d12h": 36 * time.Hour, "365d": 365 * day, "0d": 0, "0d1s": time.Second, "7.d": 7 * day,
		"0.000000000000001d": 1, "106751d": 106751 * day,
	} {
		if got, err := fragment.ParseDuration(text); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoDurationIsQuoted(t *testing.T) {
	for _, text := range []string{
		"", "d", "7", "7D", "-7d", "+7d", "7d-1h", "7d+1h", "7d1", "7d1d", "1h7d", "7 d", " 7d", "NaNd", "Infd", "1e9d", "0x7d", "1_0d", "..d", "1.2.3d",
		"999999999d", "9999999h", "106752d", "forever", "5min", strings.Repeat("9", 400) + "d",
	} {
		if got, err := fragment.ParseDuration(text); err == nil || got != 0 || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%q: got %v, %v, want an error that quotes it", text, got, err)
		}
	}
	if _, err := fragment.ParseDuration("106752d"); err == nil || !strings.Contains(err.Error(), "292 years") {
		t.Errorf("got %v, want that it is over 292 years", err)
	}
}

// What is not above zero is no life, and no duration of a parameter.
func TestLivesInConfigurationAreAboveZero(t *testing.T) {
	for _, text := range []string{"0d", "0s", "-1s", "-7d"} {
		_, _, err := fragment.ConfigOf(new(fragment.Registry), `{"a": {"url": "null:", "stale": "`+text+`"}}`)
		if err == nil || !strings.Contains(err.Error(), `"stale"`) {
			t.Errorf("%q: got error %v, want one that names the field", text, err)
		}
	}
}
