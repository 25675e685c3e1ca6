package main

// What -cache, CACHE_URL and CACHES may name. A program imports those that it
// uses; package fragment itself knows null:, tiered: and fallback:.
import (
	_ "github.com/pongocache/pongocache/fragment/bigcachebackend"  // bigcache://
	_ "github.com/pongocache/pongocache/fragment/filebackend"      // file:///
	_ "github.com/pongocache/pongocache/fragment/memcachedbackend" // memcached://, memcacheds://, memcached+sasl://
	_ "github.com/pongocache/pongocache/fragment/memorybackend"    // memory://
	_ "github.com/pongocache/pongocache/fragment/redisbackend"     // redis://, rediss://, unix://, redis-sentinel://, redis-cluster://
)
