package memcachedbackend_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/internal/servers"
)

// The password is one that a URL has to escape.
const user, password = "app", "s3cret/@:?#%"

// stat asks a server for one of its figures.
func stat(t testing.TB, addr, name string) int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(conn, "stats\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "STAT "+name+" "); ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no figure %s", name)
	return 0
}

func write(t testing.TB, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// withPasswords is a memcached that asks for them in its text protocol. Its file
// cannot hold a ":" but behind the user.
func withPasswords(t testing.TB, args ...string) *servers.Server {
	t.Helper()
	file := write(t, filepath.Join(t.TempDir(), "users"), user+":"+password+"\n")
	return servers.Memcached(t, append(args, "-Y", file)...)
}

// withSASL is a memcached that speaks the binary protocol and wants SASL.
func withSASL(t testing.TB) *servers.Server {
	t.Helper()
	return servers.MemcachedSASL(t, user, password)
}

// withTLS is a memcached that speaks TLS alone, and the file of who signed its
// certificate.
func withTLS(t testing.TB, args ...string) (s *servers.Server, ca string) {
	t.Helper()
	folder := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"cache.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	ca = write(t, filepath.Join(folder, "cert.pem"), encoded("CERTIFICATE", der))
	keyFile := write(t, filepath.Join(folder, "key.pem"), encoded("PRIVATE KEY", secret))
	args = append(args, "-Z", "-o", "ssl_chain_cert="+ca, "-o", "ssl_key="+keyFile)
	return servers.Memcached(t, args...), ca
}

// works opens a URL and uses the cache.
func works(t testing.TB, rawURL string) {
	t.Helper()
	c, err := fragment.Open(ctx, rawURL, fragment.Options{})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer c.Close()
	k := fragment.KeyOf("page", rawURL)
	if err := c.Set(ctx, k, []byte("value"), fragment.Policy{}); err != nil {
		t.Fatalf("Set: %v", err)
	}
	if got, ok, err := c.Get(ctx, k); string(got) != "value" || !ok || err != nil {
		t.Fatalf("Get: got %q, %v, error %v, want what was set", got, ok, err)
	}
}

// wantRefused requires that a URL that is to connect now fails, that its error
// holds each of words, and no password.
func wantRefused(t testing.TB, rawURL string, words ...string) {
	t.Helper()
	c, err := fragment.Open(ctx, rawURL, fragment.Options{})
	if err == nil {
		c.Close()
		t.Errorf("Open: got no error, want one with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("Open: got error %q, want %q in it", err, word)
		}
	}
	if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("Open: got error %q, want no password in it", err)
	}
}

func login(password string) string { return url.UserPassword(user, password).String() + "@" }

func TestPasswordOpensTheServer(t *testing.T) {
	s := withPasswords(t)
	works(t, "memcached://"+login(password)+s.Addr+"?connect=now")
	wantRefused(t, "memcached://"+login("wr0ng")+s.Addr+"?connect=now", s.Addr, "refuses the user or the password")
	wantRefused(t, "memcached://"+s.Addr+"?connect=now", s.Addr)
}

func TestWrongPasswordIsToldByEachCall(t *testing.T) {
	for scheme, s := range map[string]*servers.Server{"memcached": withPasswords(t), "memcached+sasl": withSASL(t)} {
		c, err := fragment.Open(ctx, scheme+"://"+login("wr0ng")+s.Addr, fragment.Options{})
		if err != nil {
			t.Fatalf("%s: Open that is lazy: got error %v, want none", scheme, err)
		}
		defer c.Close()
		err = c.Set(ctx, fragment.KeyOf("page"), []byte("value"), fragment.Policy{})
		if err == nil || !strings.Contains(err.Error(), "refuses the user or the password") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: Set: got error %v, want one that the password is refused, without it", scheme, err)
		}
	}
}

func TestSASLOpensTheServer(t *testing.T) {
	s := withSASL(t)
	works(t, "memcached+sasl://"+login(password)+s.Addr+"?connect=now")
	wantRefused(t, "memcached+sasl://"+login("wr0ng")+s.Addr+"?connect=now", s.Addr, "refuses the user or the password")
	wantRefused(t, "memcached://"+s.Addr+"?connect=now", s.Addr, "SASL")
	plain := servers.Memcached(t)
	wantRefused(t, "memcached+sasl://"+login(password)+plain.Addr+"?connect=now", plain.Addr, "memcached does when started with -S")
}

func TestTLS(t *testing.T) {
	s, ca := withTLS(t)
	_, port, _ := net.SplitHostPort(s.Addr)
	works(t, "memcacheds://"+s.Addr+"?connect=now&ca="+ca)
	works(t, "memcached://127.0.0.1:"+port+"?tls=true&servername=cache.test&connect=now&ca="+ca)
	wantRefused(t, "memcacheds://"+s.Addr+"?connect=now", s.Addr, "certificate")
	wantRefused(t, "memcacheds://"+s.Addr+"?connect=now&servername=other.test&ca="+ca, s.Addr, "other.test")
	wantRefused(t, "memcached://"+s.Addr+"?connect=now&timeout=2s", s.Addr)
}

func TestTLSWithAPassword(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "users"), user+":"+password+"\n")
	s, ca := withTLS(t, "-Y", file)
	works(t, "memcacheds://"+login(password)+s.Addr+"?connect=now&ca="+ca)
	wantRefused(t, "memcacheds://"+login("wr0ng")+s.Addr+"?connect=now&ca="+ca, s.Addr, "refuses the user or the password")
}
