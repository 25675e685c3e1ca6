package fragment

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Forever is the TTL of an entry that does not expire. A Backend may still
// evict it.
const Forever = time.Duration(math.MaxInt64)

// What holds where neither the call nor the Cache says otherwise.
const (
	DefaultTTL         = 5 * time.Minute // of an entry
	DefaultNotFoundTTL = time.Minute     // of an answer that there is nothing, or the TTL if that is less
	DefaultRetryAfter  = time.Second     // between tries of a failing refill
	DefaultFillTimeout = time.Minute     // of a refill in the background
)

// Policy says how long an entry lives, what frees it and what becomes of slow
// and failing fills. The zero Policy is that of the Cache; of each duration and
// fraction, zero is the default of the Cache and negative is none.
type Policy struct {
	// TTL is how long the entry is fresh. Without a default it is DefaultTTL.
	// Forever does not expire. Negative neither looks up nor stores: the fill
	// runs. A fill can replace it by SetTTL.
	TTL time.Duration

	// Until, if it is not zero, is when the entry stops being fresh at the
	// latest; without a TTL it is the TTL. It holds for one call; as the default
	// of a Cache it is ignored.
	Until time.Time

	// Stale is how long after TTL the entry may still be served: while it is
	// refilled, and if its refill fails. Without a default there is none.
	Stale time.Duration

	// Jitter spreads expiry, so that entries written together do not expire
	// together: the TTL is shortened by a random part of up to this fraction,
	// at most 1.
	Jitter float64

	// Early refills an entry before it expires, at a random moment that is the
	// likelier the nearer its expiry and the longer its fill took (XFetch): 1 is
	// a good choice, more is earlier. One caller refills; for the others, and if
	// that fails, the value is as fresh as it is.
	Early float64

	// Tags are the invalidation groups of the entry, in addition to those of
	// the Cache and those that the fill adds. See CheckTag for their form.
	Tags []string

	// Detach lets a fill outlive its caller: while a value is at hand the
	// refill runs in the background, with a ctx that has the caller's values and
	// not its end, and every caller is served at once. A fill that is missed
	// runs on its caller's goroutine all the same.
	Detach bool

	// Inline keeps a fill within the call of its caller, also where Detach is
	// the default of the Cache.
	Inline bool

	// FillSoftTimeout is how long those who could be served a stale value wait
	// for its refill before they are: the others while one refills, and with
	// Detach that one too. Without a default they do not wait. A caller that
	// refills on its own goroutine stays with its fill.
	FillSoftTimeout time.Duration

	// FillTimeout is when the ctx of a fill ends. A background refill that goes
	// on all the same is given up: another may begin, and if it comes to an end
	// after all, what it returned is stored unless something newer was.
	// Without a default there is none, and DefaultFillTimeout in the background.
	FillTimeout time.Duration

	// RetryAfter is how long after a refill that failed, or ran past its
	// FillSoftTimeout, the stale value is served without another try. Without a
	// default it is DefaultRetryAfter.
	RetryAfter time.Duration

	// NotFoundTTL is how long the answer of a fill whose error wraps ErrNotFound
	// is kept: there is nothing. It is never served stale. Without a default it
	// is the TTL, but not more than DefaultNotFoundTTL.
	NotFoundTTL time.Duration

	// ErrorTTL is how long any other error of a fill is given to those who ask
	// for the key, instead of another try, where no stale value is at hand. It is
	// remembered in this process alone. Without a default it is not.
	ErrorTTL time.Duration

	// Refresh fills anew although a fresh value is stored, which remains, and is
	// served, should that fail. It holds for one call; as the default of a
	// Cache it is ignored.
	Refresh bool

	// IgnoreInner keeps the TTL whole although something that was cached
	// inside the fill expires before it. Without it the entry lives no longer
	// than the first of its parts.
	IgnoreInner bool

	// most is how long the entry lives at most, whatever else is said: see Fallback.
	// Zero is without an end.
	most time.Duration
}

// CheckTag reports what is wrong with a tag: it has at least one byte and no
// space, comma or control byte. Tags that begin with "!" are the surfaces' own.
func CheckTag(tag string) error {
	if tag == "" {
		return fmt.Errorf("fragment: a tag is empty: want a word such as %q", "product:42")
	}
	bad := strings.IndexFunc(tag, func(r rune) bool { return r <= ' ' || r == ',' || r == 0x7f })
	if bad >= 0 || len(tag) > maxTag {
		return fmt.Errorf("fragment: tag %.40q: a tag has no space, comma or control byte and at most %d bytes, such as %q", tag, maxTag, "product:42")
	}
	return nil
}

const maxTag = 1024

func checkTags(tags []string) error {
	for _, tag := range tags {
		if err := CheckTag(tag); err != nil {
			return err
		}
	}
	return nil
}

// Check reports what is wrong with a Policy: a Jitter above 1, an Early that is
// no number, or a tag that CheckTag refuses. Surfaces ask when they are made. A
// Do with such a tag stores nothing, and takes a Jitter above 1 for 1.
func (p Policy) Check() error {
	if p.Jitter > 1 || math.IsNaN(p.Jitter) {
		return fmt.Errorf("fragment: Policy.Jitter is %v: want a fraction from 0 to 1", p.Jitter)
	}
	if math.IsNaN(p.Early) || math.IsInf(p.Early, 1) {
		return fmt.Errorf("fragment: Policy.Early is %v: want a number such as 1", p.Early)
	}
	return checkTags(p.Tags)
}

// begin completes what a hit needs of p by the defaults of a Cache.
func (p *Policy) begin(defaults *Policy) {
	if p.TTL == 0 && p.Until.IsZero() {
		p.TTL = defaults.TTL
	} else if p.TTL == 0 {
		p.TTL = Forever
	}
	if p.Early == 0 {
		p.Early = defaults.Early
	}
}

// complete completes the rest, all but the tags: those are put together when an
// entry is written.
func (p *Policy) complete(defaults *Policy) {
	byDefault(&p.Stale, defaults.Stale)
	byDefault(&p.Jitter, defaults.Jitter)
	byDefault(&p.FillSoftTimeout, defaults.FillSoftTimeout)
	byDefault(&p.FillTimeout, defaults.FillTimeout)
	byDefault(&p.RetryAfter, defaults.RetryAfter)
	byDefault(&p.NotFoundTTL, defaults.NotFoundTTL)
	byDefault(&p.ErrorTTL, defaults.ErrorTTL)
	p.Inline = p.Inline || defaults.Inline
	p.Detach = (p.Detach || defaults.Detach) && !p.Inline
	p.IgnoreInner = p.IgnoreInner || defaults.IgnoreInner
}

func byDefault[T time.Duration | float64](value *T, other T) {
	if *value == 0 {
		*value = other
	}
}

// or is p, completed by the defaults of a Cache.
func (p Policy) or(defaults *Policy) Policy {
	p.begin(defaults)
	p.complete(defaults)
	return p
}
