package redisbackend_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/internal/servers"
)

// An authority issues certificates, which it writes to a folder.
type authority struct {
	t      testing.TB
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, folder string) *authority {
	a := &authority{t: t, folder: folder}
	a.cert, a.key = a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// issue writes name.pem and name.key.
func (a *authority) issue(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", der)
	a.write(name+".key", "PRIVATE KEY", private)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) write(file, kind string, der []byte) {
	a.t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(a.folder, file), text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func TestEncryptedAndKnownByCertificates(t *testing.T) {
	folder := t.TempDir()
	a := newAuthority(t, folder)
	a.issue("server", &x509.Certificate{
		DNSNames: []string{"redis.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	a.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	in := func(file string) string { return filepath.Join(folder, file) }
	addr := servers.FreeAddr(t)
	servers.RedisAt(t, addr, "--tls-port", servers.Port(addr), "--tls-cert-file", in("server.pem"),
		"--tls-key-file", in("server.key"), "--tls-ca-cert-file", in("ca.pem"), "--requirepass", "s3cret")

	base := "rediss://:s3cret@" + addr + "/1?connect=now&connect-timeout=1s"
	whole := base + "&tls-ca=" + in("ca.pem") + "&tls-cert=" + in("client.pem") + "&tls-key=" + in("client.key")
	roundTrip(t, whole)
	roundTrip(t, whole+"&tls-server-name=redis.test")
	for rawURL, names := range map[string]string{
		base:                                  "certificate",
		base + "&tls-ca=" + in("ca.pem"):      addr, // the server wants a certificate
		whole + "&tls-server-name=other.test": "other.test",
		strings.Replace(base, "rediss", "redis", 1): addr,
	} {
		_, err := opened(t, rawURL)
		if err == nil || !strings.Contains(err.Error(), names) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q): got error %v, want one that names %s", rawURL, err, names)
		}
	}
}
