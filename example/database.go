package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

// A Database holds the users and comments of the site, in SQLite or in MariaDB.
// Every query that reads is slowed down and logged: what the log does not show,
// a cache has answered.
type Database struct {
	Place string // where the data is, for people, without a password

	db     *sql.DB
	delay  time.Duration
	log    *slog.Logger
	folder string // temporary, removed by Close; empty if -db says where the data is
}

// OpenDatabase opens the database at rawURL, or SQLite in a temporary file for
// none, and fills it if it is empty.
func OpenDatabase(ctx context.Context, rawURL string, delay time.Duration, log *slog.Logger) (*Database, error) {
	d := &Database{delay: delay, log: log}
	dialect, err := d.connect(ctx, rawURL)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := d.fill(ctx, dialect); err != nil {
		return nil, errors.Join(fmt.Errorf("-db %s: %w", d.Place, err), d.Close())
	}
	return d, nil
}

func (d *Database) connect(ctx context.Context, rawURL string) (dialect, error) {
	var err error
	if file, ok := strings.CutPrefix(rawURL, sqliteScheme); ok {
		return sqlite, d.openSQLite(file)
	}
	if rawURL != "" {
		d.db, d.Place, err = openMariaDB(ctx, rawURL)
		return mariaDB, err
	}
	if d.folder, err = os.MkdirTemp("", "pongocache-example-"); err != nil {
		return sqlite, err
	}
	return sqlite, d.openSQLite(filepath.Join(d.folder, "site.db"))
}

const sqliteScheme = "sqlite://"

// openSQLite opens a file, which several sites may share.
func (d *Database) openSQLite(file string) (err error) {
	if !filepath.IsAbs(file) || strings.ContainsAny(file, "?#@%") {
		return errors.New("-db: want the path of a file from the root on, without the characters ? # @ %: sqlite:///var/lib/site.db")
	}
	d.Place = "SQLite in " + file
	source := url.URL{Scheme: "file", Path: file, RawQuery: "_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)"}
	d.db, err = sql.Open("sqlite", source.String())
	return err
}

// Close closes the database and removes the temporary file.
func (d *Database) Close() error {
	var err error
	if d.db != nil {
		err = d.db.Close()
	}
	if d.folder != "" {
		err = errors.Join(err, os.RemoveAll(d.folder))
	}
	return err
}

// query returns the rows of a statement, each made by scan. It takes the time
// of a slow database and leaves a line in the log.
func query[T any](ctx context.Context, d *Database, scan func(*sql.Rows) (T, error), statement string, args ...any) ([]T, error) {
	start := time.Now()
	if err := pause(ctx, d.delay); err != nil {
		return nil, err
	}
	rows, err := d.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	d.log.Info("query", "sql", statement, "took", time.Since(start).Round(time.Millisecond))
	return all, rows.Err()
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
