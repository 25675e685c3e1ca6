package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const mariaDBForm = "want mysql://user:password@host:3306/database"

// openMariaDB connects to the MariaDB or MySQL database at rawURL. Neither
// place nor an error holds user or password.
func openMariaDB(ctx context.Context, rawURL string) (db *sql.DB, place string, err error) {
	config, place, err := parseMariaDB(rawURL)
	if err != nil {
		return nil, "", err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, "", fmt.Errorf("-db %s: %w", place, err)
	}
	db = sql.OpenDB(connector)
	ctx, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, "", fmt.Errorf("-db %s: %w: is MariaDB or MySQL running there, with that database? Without -db the site uses SQLite", place, err)
	}
	return db, place, nil
}

func parseMariaDB(rawURL string) (config *mysql.Config, place string, err error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return nil, "", fmt.Errorf("-db: %w; %s", err, mariaDBForm)
	}
	if u.Scheme != "mysql" {
		return nil, "", fmt.Errorf("-db: unknown scheme %q: %s, sqlite:///path/of/a/file, or no -db for SQLite in a temporary file", u.Scheme, mariaDBForm)
	}
	name := strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || name == "" || strings.Contains(name, "/") {
		return nil, "", fmt.Errorf("-db: no host or no database: %s", mariaDBForm)
	}
	place = withoutSecrets(u)
	for parameter := range u.Query() {
		return nil, "", fmt.Errorf("-db %s: unknown parameter %q: %s", place, parameter, mariaDBForm)
	}
	config = mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", u.Host
	if u.Port() == "" {
		config.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	config.DBName = name
	config.Timeout = 5 * time.Second
	config.Logger = &mysql.NopLogger{} // what goes wrong is in the error already
	return config, place, nil
}
