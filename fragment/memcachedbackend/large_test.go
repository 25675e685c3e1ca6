package memcachedbackend_test

import "github.com/pongocache/pongocache/fragment/memcachedbackend"

var splitting = memcachedbackend.Options{ItemSize: 16 << 10, Large: memcachedbackend.Split}
