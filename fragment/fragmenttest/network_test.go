package fragmenttest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/fragmenttest"
)

func TestACutConnectionFailsAtOnce(t *testing.T) {
	s := fragmenttest.NewServer()
	cut, other := s.Connect(), s.Connect()
	set(t, cut, "key", "value", time.Hour)
	cut.Cut()
	_, _, err := cut.Get(t.Context(), "key")
	wantErr(t, "Get", err, fragmenttest.ErrUnreachable)
	wantErr(t, "Set", cut.Set(t.Context(), "key", nil, time.Hour), fragmenttest.ErrUnreachable)
	wantErr(t, "Delete", cut.Delete(t.Context(), "key"), fragmenttest.ErrUnreachable)
	wantGet(t, other, "key", "value")
	cut.Mend()
	wantGet(t, cut, "key", "value")
	wantEqual(t, "Failed", s.Trips().Failed, 3)
}

func TestAServerThatIsDownFailsAll(t *testing.T) {
	s := fragmenttest.NewServer()
	one, two := s.Connect(), s.Connect()
	set(t, one, "key", "value", time.Hour)
	s.Down()
	for _, c := range []*fragmenttest.Conn{one, two} {
		_, err := c.GetMany(t.Context(), []string{"key"})
		wantErr(t, "GetMany", err, fragmenttest.ErrUnreachable)
	}
	two.Cut()
	s.Up()
	wantGet(t, one, "key", "value")
	wantErr(t, "Delete", two.Delete(t.Context(), "key"), fragmenttest.ErrUnreachable)
}

// TestHangingCalls tells how each call that hangs comes to its end.
func TestHangingCalls(t *testing.T) {
	deadline := func(s *fragmenttest.Server, c *fragmenttest.Conn) { time.Sleep(time.Minute) }
	tests := []struct {
		name       string
		hang, then func(s *fragmenttest.Server, c *fragmenttest.Conn)
		want       error
	}{
		{"a hanging connection until ctx ends", hangConn, deadline, context.DeadlineExceeded},
		{"a hanging server until ctx ends", hangServer, deadline, context.DeadlineExceeded},
		{"a connection that is mended", hangConn, func(_ *fragmenttest.Server, c *fragmenttest.Conn) { c.Mend() }, nil},
		{"a connection that is cut", hangConn, func(_ *fragmenttest.Server, c *fragmenttest.Conn) { c.Cut() }, fragmenttest.ErrUnreachable},
		{"a server that comes up", hangServer, func(s *fragmenttest.Server, _ *fragmenttest.Conn) { s.Up() }, nil},
		{"a server that goes down", hangServer, func(s *fragmenttest.Server, _ *fragmenttest.Conn) { s.Down() }, fragmenttest.ErrUnreachable},
		{"a connection that is cut while the server hangs", hangServer, func(_ *fragmenttest.Server, c *fragmenttest.Conn) { c.Cut() }, fragmenttest.ErrUnreachable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fragmenttest.NewServer()
				c := s.Connect()
				defer c.Close()
				test.hang(s, c)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- c.Set(ctx, "key", []byte("value"), time.Hour) }()
				synctest.Wait()
				if len(ended) > 0 {
					t.Fatalf("Set returned %v: want it to hang", <-ended)
				}
				test.then(s, c)
				synctest.Wait()
				if len(ended) == 0 {
					t.Fatal("Set hangs on")
				}
				wantErr(t, "Set", <-ended, test.want)
				wantEqual(t, "entries", s.Len() == 1, test.want == nil)
			})
		})
	}
}

func hangConn(_ *fragmenttest.Server, c *fragmenttest.Conn)   { c.Hang() }
func hangServer(s *fragmenttest.Server, _ *fragmenttest.Conn) { s.Hang() }

func TestCloseEndsAHangingCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fragmenttest.NewServer()
		c, other := s.Connect(), s.Connect()
		set(t, other, "key", "value", time.Hour)
		c.Hang()
		wantGet(t, other, "key", "value")
		ended := make(chan error)
		go func() { ended <- c.Delete(context.Background(), "key") }()
		synctest.Wait()
		c.Close()
		if err := <-ended; err == nil {
			t.Error("Delete on a closed connection: got no error, want one")
		}
	})
}

func TestACacheOutlivesItsServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fragmenttest.NewServer()
		c, k := open(t, s.Connect(), fragment.Options{}), fragment.KeyOf("k")
		wantDo(t, c, k, "stored", "stored")
		s.Down()
		wantDo(t, c, k, "filled", "filled")
		s.Hang()
		began := time.Now()
		wantDo(t, c, k, "filled again", "filled again")
		if took := time.Since(began); took == 0 || took > 5*time.Second {
			t.Errorf("Do over a server that hangs took %v: want the time that the engine allows", took)
		}
		s.Up()
		s.Flush()
		wantDo(t, c, k, "stored again", "stored again")
		wantDo(t, c, k, "never", "stored again")
	})
}
