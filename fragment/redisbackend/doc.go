// Package redisbackend keeps entries in Redis.
package redisbackend
