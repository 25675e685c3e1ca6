package fragment_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

// grudging takes no lease back.
type grudging struct{ *fragmenttest.Conn }

func (grudging) Unlock(context.Context, string, string) error {
	return errors.New("it is not taken back")
}

// A lease that cannot be given back is not what opens a breaker.
func TestLeaseThatIsNotTakenBackOpensNoBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen fragmenttest.Recorder
		c := open(t, grudging{fragmenttest.NewServer().Connect()}, fragment.Options{Observe: seen.Observe})
		wantDo(t, c, fragment.KeyOf("k"), withTags(), give("v"), "v")
		time.Sleep(5 * time.Second)
		wantBreaker(t, &seen)
		wantGet(t, c, fragment.KeyOf("k"), "v")
	})
}
