// Package filebackend keeps entries in files.
package filebackend
