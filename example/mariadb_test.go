package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mariaDB is the server of all tests. The first one that needs it starts it,
// and TestMain stops it.
var mariaDB struct {
	once sync.Once
	addr string
	err  error
	stop func()
}

// mariaDBURL returns the URL of a new, empty database on a real server.
func mariaDBURL(t *testing.T) string {
	t.Helper()
	requireMariaDB(t)
	mariaDB.once.Do(startMariaDB)
	if mariaDB.err != nil {
		t.Fatal(mariaDB.err)
	}
	db, err := sql.Open("mysql", "root@tcp("+mariaDB.addr+")/")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := "test_" + strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(t.Name()))
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	return "mysql://root@" + mariaDB.addr + "/" + name
}

// requireMariaDB skips a test where no server is installed, unless that is to
// count as a failure.
func requireMariaDB(t *testing.T) {
	t.Helper()
	// Debian keeps servers in /usr/sbin, which is not on everybody's PATH.
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/usr/local/sbin")
	for _, program := range []string{"mariadbd", "mariadb-install-db"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("PONGOCACHE_REQUIRE_SERVERS") == "1" {
			t.Fatalf("%s is not installed, and PONGOCACHE_REQUIRE_SERVERS=1 asks for it", program)
		}
		t.Skipf("%s is not installed: make test installs it, or: apt-get install mariadb-server-core mariadb-client-core", program)
	}
}

// startMariaDB starts a server with a data folder of its own on a free port of
// the loopback address.
func startMariaDB() {
	folder, err := os.MkdirTemp("", "pongocache-mariadb-")
	if err != nil {
		mariaDB.err = err
		return
	}
	mariaDB.stop = func() { os.RemoveAll(folder) }
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(folder, "data")}
	if os.Getuid() == 0 {
		common = append(common, "--user=root")
	}
	install := exec.Command("mariadb-install-db", append(common, "--auth-root-authentication-method=normal", "--skip-test-db")...)
	if output, err := install.CombinedOutput(); err != nil {
		mariaDB.err = fmt.Errorf("mariadb-install-db: %w\n%s", err, output)
		return
	}
	mariaDB.addr = freeAddr()
	_, port, _ := net.SplitHostPort(mariaDB.addr)
	mariaDB.err = runMariaDB(folder, append(common, "--bind-address=127.0.0.1", "--port="+port,
		"--socket="+filepath.Join(folder, "socket"), "--pid-file="+filepath.Join(folder, "pid"),
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"))
}

func runMariaDB(folder string, args []string) error {
	// The shell ends the server when its own input ends, and so also when this
	// process dies without a word.
	script := `"$@" >"$log" 2>&1 & server=$!; cat; kill $server; wait $server`
	log := filepath.Join(folder, "log")
	shell := exec.Command("sh", append([]string{"-c", script, "sh", "mariadbd"}, args...)...)
	shell.Env = append(os.Environ(), "log="+log)
	input, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return err
	}
	mariaDB.stop = func() {
		input.Close()
		shell.Wait()
		os.RemoveAll(folder)
	}
	if err := waitForMariaDB(); err != nil {
		output, _ := os.ReadFile(log)
		return fmt.Errorf("mariadbd does not answer: %w\n%s", err, output)
	}
	return nil
}

func waitForMariaDB() error {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "tcp", mariaDB.addr
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err = db.PingContext(context.Background()); err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond) // it is another process: there is nothing to wait on
	}
}

// freeAddr returns a loopback address that nobody listens on.
func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}
