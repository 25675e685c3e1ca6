// Package metrics shows caches to Prometheus.
package metrics

import _ "github.com/prometheus/client_golang/prometheus"
