package fragment

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// A configField is a field of a cache in a configuration. set stores its value, a
// json.Token, and reports whether it is of the right form.
type configField struct {
	want string
	set  func(c *configured, value json.Token) (ok bool)
}

var configFields = map[string]configField{
	"url":      urlField(func(c *configured) *string { return &c.url }),
	"near":     urlField(func(c *configured) *string { return &c.near }),
	"fallback": urlField(func(c *configured) *string { return &c.fallback }),

	"near_ttl":     timeField(func(o *Options) *time.Duration { return &o.NearTTL }),
	"near_jitter":  numberField("a number from 0 to 1 such as 0.1", 1, func(o *Options) *float64 { return &o.NearJitter }),
	"fallback_ttl": timeField(func(o *Options) *time.Duration { return &o.FallbackTTL }),

	"prefix": {`text of at most 64 letters, digits and characters of "._:/-", such as "shop"`, func(c *configured, value json.Token) (ok bool) {
		c.options.Prefix, ok = value.(string)
		return ok && checkPrefix(c.options.Prefix) == nil
	}},
	"ttl":           lifeField(func(o *Options) *time.Duration { return &o.Policy.TTL }),
	"stale":         lifeField(func(o *Options) *time.Duration { return &o.Policy.Stale }),
	"not_found_ttl": lifeField(func(o *Options) *time.Duration { return &o.Policy.NotFoundTTL }),

	"error_ttl":         timeField(func(o *Options) *time.Duration { return &o.Policy.ErrorTTL }),
	"retry_after":       timeField(func(o *Options) *time.Duration { return &o.Policy.RetryAfter }),
	"fill_timeout":      timeField(func(o *Options) *time.Duration { return &o.Policy.FillTimeout }),
	"fill_soft_timeout": timeField(func(o *Options) *time.Duration { return &o.Policy.FillSoftTimeout }),
	"wait":              timeField(func(o *Options) *time.Duration { return &o.Wait }),
	"read_timeout":      timeField(func(o *Options) *time.Duration { return &o.ReadTimeout }),
	"write_timeout":     timeField(func(o *Options) *time.Duration { return &o.WriteTimeout }),

	"jitter": numberField("a number from 0 to 1 such as 0.1", 1, func(o *Options) *float64 { return &o.Policy.Jitter }),
	"early":  numberField("a number such as 1, not below 0", math.MaxFloat64, func(o *Options) *float64 { return &o.Policy.Early }),
	"detach": {"true or false", func(c *configured, value json.Token) (ok bool) {
		c.options.Policy.Detach, ok = value.(bool)
		c.options.Policy.Inline = c.options.Policy.Inline && !c.options.Policy.Detach
		return ok
	}},
	"max_value": {`a size such as "1MiB" or "500KB"`, func(c *configured, value json.Token) bool {
		text, _ := value.(string)
		n, ok := parseSize(text)
		c.options.MaxValue = int(min(n, math.MaxInt))
		return ok
	}},
}

func configFieldNames() string {
	return strings.Join(slices.Sorted(maps.Keys(configFields)), ", ")
}

func urlField(of func(c *configured) *string) configField {
	return configField{`a URL such as "redis://cache:6379" or "bigcache://?size=64MiB"`, func(c *configured, value json.Token) bool {
		text, _ := value.(string)
		*of(c) = text
		return text != ""
	}}
}

// lifeField is a duration of which "forever" is one, too.
func lifeField(of func(o *Options) *time.Duration) configField {
	return durationField(`a duration such as "90s", "5m", "7d" or "forever"`, true, of)
}

func timeField(of func(o *Options) *time.Duration) configField {
	return durationField(`a duration such as "200ms", "5m" or "1h30m"`, false, of)
}

func durationField(want string, forever bool, of func(o *Options) *time.Duration) configField {
	return configField{want, func(c *configured, value json.Token) bool {
		text, _ := value.(string)
		d, err := ParseDuration(text)
		if forever && text == "forever" {
			d, err = Forever, nil
		}
		*of(&c.options) = d
		return err == nil && d > 0
	}}
}

// numberField is a number that is not above most. Zero is none, also where
// Registry.Options has a default.
func numberField(want string, most float64, of func(o *Options) *float64) configField {
	return configField{want, func(c *configured, value json.Token) bool {
		text, _ := value.(json.Number)
		n, err := text.Float64()
		if n == 0 {
			*of(&c.options) = -1
		} else {
			*of(&c.options) = n
		}
		return err == nil && n >= 0 && n <= most
	}}
}
