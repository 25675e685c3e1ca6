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
	if r.URL.Opaque != "" {
		return "target" // without a path, such as "mailto:x"
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
			if p.identity.match(name) {
				return "identity"
			}
			f.keyed = f.keyed || isKeyed[name]
		}
	}
	return ""
}

// IdentityHeaders returns the request headers by which proxies and clients say,
// by convention, who is asking. A request that has one passes by the cache.
func IdentityHeaders() []string {
	return []string{
		"Remote-*", "X-Remote-*", "X-Auth-*", "X-Authenti*", "X-Authorization", "X-Access-Token", "X-Id-Token", "X-Oauth-*", "X-Token", "X-Token-*", "Teleport-Jwt-Assertion",
		"X-User", "X-User-*", "X-Userid", "X-Username", "X-Session-*", "X-Api-Key", "Api-Key", "Apikey", "X-Csrf-Token", "X-Xsrf-Token",
		"X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token",
		"X-Forwarded-Client-Cert", "X-Forwarded-Tls-*", "X-Client-Cert*", "Client-Cert", "Client-Cert-Chain", "X-Arr-Clientcert",
		"Ssl-Client-*", "X-Ssl-*", "X-Amzn-Mtls-*", "X-Amzn-Oidc-*", "X-Goog-Authenticated-User-*", "X-Goog-Iap-*", "X-Endpoint-Api-Userinfo",
		"X-Apigateway-Api-Userinfo", "X-Appengine-User-*", "X-Ms-Client-Principal*", "X-Ms-Token-*", "Cf-Access-*", "X-Jwt-*", "X-Webauth-*",
		"X-Consumer-*", "X-Credential-*", "X-Pomerium-*", "X-Vouch-*", "Oidc_*", "Oidc-*", "Shib-*", "Eppn", "Tailscale-User-*",
		"X-Forwarded-Id-Token", "X-Forwarded-Name", "X-Forwarded-Roles", "X-Forwarded-Userid", "X-Forwarded-Sub", "X-Forwarded-Login",
		"X-Email", "X-Login", "X-Sub", "X-Account-Id", "X-Customer-Id", "X-Tenant-Id", "X-Role", "X-Roles", "X-Groups", "X-Authz-*",
		"X-Client-Dn", "X-Client-Verify", "Mtls-Client-*", "X-Amz-Security-Token", "X-Access-Key", "X-Secret", "X-Vault-Token",
		"Private-Token", "X-Gitlab-Token", "X-Api-Token", "X-Apikey", "X-Goog-Api-Key", "X-Bearer-Token", "X-Sso-*", "X-Verified-User",
		"Authentication", "Impersonate-*", "Uid", "Mail", "Persistent-Id", "X-Iisnode-*", "Auth-User", "Sm_*", "Iv-*",
		"Cookie2", "Dpop",
	}
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
