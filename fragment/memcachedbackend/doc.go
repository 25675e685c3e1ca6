// Package memcachedbackend keeps entries in memcached, on one server or several,
// for all processes that use them. Importing it registers the schemes "memcached",
// "memcacheds" (TLS) and "memcached+sasl" with package fragment.
package memcachedbackend
