// Package compress makes entries smaller.
package compress

import _ "github.com/klauspost/compress/zstd"
