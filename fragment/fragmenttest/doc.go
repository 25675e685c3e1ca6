// Package fragmenttest helps to test what uses a cache.
package fragmenttest
