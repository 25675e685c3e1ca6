// Package encrypt keeps entries secret and genuine.
package encrypt

import _ "golang.org/x/crypto/chacha20poly1305"
