package echoext

import (
	"crypto/tls"
	"net/http"
	"strings"
)

// KeyedHeaders returns the request headers that are always part of a page's key
// where a request has them: by convention handlers answer by them without
// naming them in Vary.
func KeyedHeaders() []string { return append([]string(nil), keyedHeaders[:]...) }

// The order is that of the parts in a key.
var keyedHeaders = [...]string{
	"Forwarded", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Host",
	"X-Original-Host", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override",
	"Hx-Boosted", "Hx-Request", "Hx-Target", "Turbo-Frame", "X-Inertia", "X-Pjax", "X-Requested-With",
}

var isKeyed = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range keyedHeaders {
		m[name] = true
	}
	return m
}()

// A finding is what one look at a request's headers found.
type finding struct {
	scheme  bool // headers that may say the scheme
	keyed   bool // headers of keyedHeaders
	cookies bool // cookies, all of them harmless
	ifNone  []string
}

// inspect looks at each header once. It returns why the request passes by the
// cache, or "".
func (p *pages) inspect(r *http.Request, f *finding) (why string) {
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		return "request-body"
	}
	if hasCertificate(r.TLS) {
		return "client-certificate"
	}
	for name, values := range r.Header {
		switch name {
		case "Accept", "Accept-Encoding", "Accept-Language", "User-Agent", "Referer", "Cache-Control", "Pragma":
		case "Authorization", "Proxy-Authorization":
			return "authorization"
		case "Cookie":
			if !p.allHarmless(values) {
				return "cookie"
			}
			f.cookies = true
		case "Range", "If-Range":
			return "range"
		case "Upgrade":
			return "upgrade"
		case "If-Match", "If-Unmodified-Since":
			return "precondition"
		case "If-None-Match":
			f.ifNone = values
		case "X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl", "X-Url-Scheme":
			f.scheme = true
		default:
			if isIdentity(name) {
				return "identity"
			}
			f.keyed = f.keyed || isKeyed[name]
		}
	}
	return ""
}

// identity holds the headers by which a proxy, or a client, says who is asking.
var identity = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range []string{
		"Remote-User", "Remote-Email", "Remote-Groups", "Remote-Name",
		"X-Remote-User", "X-Remote-Groups", "X-User", "X-User-Id", "X-User-Email", "X-Authenticated-User",
		"X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token",
		"X-Forwarded-Client-Cert", "X-Client-Cert", "Client-Cert", "Ssl-Client-Cert", "X-Ssl-Cert",
		"X-Api-Key", "Api-Key", "Apikey", "X-Auth-Token", "X-Access-Token", "X-Session-Id", "X-Session-Token", "X-Csrf-Token", "X-Xsrf-Token",
		"Cf-Access-Jwt-Assertion", "Cf-Access-Authenticated-User-Email", "X-Goog-Iap-Jwt-Assertion", "X-Jwt-Assertion", "X-Webauth-User",
		"Cookie2", "Dpop",
	} {
		m[name] = true
	}
	return m
}()

var identityPrefixes = []string{
	"X-Auth-Request-", "X-Amzn-Oidc-", "X-Goog-Authenticated-User-", "X-Ms-Client-Principal", "X-Ms-Token-",
	"X-Ssl-Client-", "Ssl-Client-", "X-Authentik-", "X-Pomerium-", "Tailscale-User-", "X-Vouch-",
}

func isIdentity(name string) bool {
	if identity[name] {
		return true
	}
	if name == "" {
		return false
	}
	switch name[0] { // most headers of a browser begin otherwise
	case 'X', 'S', 'T':
		for _, prefix := range identityPrefixes {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

func hasCertificate(state *tls.ConnectionState) bool {
	return state != nil && len(state.PeerCertificates) > 0
}

// allHarmless reports whether the Cookie headers hold harmless cookies alone. A
// piece that is no name=value is not known to be harmless.
func (p *pages) allHarmless(headers []string) bool {
	for _, line := range headers {
		for rest := line; rest != ""; {
			var cookie string
			cookie, rest, _ = strings.Cut(rest, ";")
			cookie = strings.Trim(cookie, " \t")
			if cookie == "" {
				continue
			}
			name, _, ok := strings.Cut(cookie, "=")
			if !ok || !p.harmless.match(name) {
				return false
			}
		}
	}
	return true
}
