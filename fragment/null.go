package fragment

import (
	"context"
	"errors"
	"time"
)

// Null returns a Backend that keeps nothing: each lookup is a miss and each
// write succeeds. It is also opened by the URL "null:". One fill per key at a
// time still holds.
func Null() Backend { return null{} }

type null struct{}

func (null) Get(context.Context, string) ([]byte, bool, error)        { return nil, false, nil }
func (null) Set(context.Context, string, []byte, time.Duration) error { return nil }
func (null) Delete(context.Context, ...string) error                  { return nil }
func (null) Close() error                                             { return nil }
func (null) InProcess()                                               {}

func init() {
	Register("null", func(_ context.Context, u *URL) (Backend, error) {
		if u.Host != "" || u.Path != "" || u.Opaque != "" || u.User != nil {
			return nil, errors.New("there is no place to go to: write null: alone")
		}
		return Null(), u.Err()
	})
}
