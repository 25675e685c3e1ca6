package main

import (
	"context"
	"database/sql"
)

// A dialect is what differs between SQLite and MariaDB.
type dialect struct {
	tables []string
	insert string // an insert that leaves rows alone that are there already
}

// The tables bear the site's name, because a database given by -db may hold
// tables of somebody else.
var sqlite = dialect{
	tables: []string{
		`CREATE TABLE IF NOT EXISTS pongocache_users (
			id INTEGER PRIMARY KEY AUTOINCREMENT,
			name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL, address TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS pongocache_comments (
			id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, body TEXT NOT NULL)`,
	},
	insert: "INSERT OR IGNORE",
}

var mariaDB = dialect{
	tables: []string{
		`CREATE TABLE IF NOT EXISTS pongocache_users (
			id BIGINT AUTO_INCREMENT PRIMARY KEY,
			name VARCHAR(80) NOT NULL, email VARCHAR(254) NOT NULL,
			phone VARCHAR(30) NOT NULL, address VARCHAR(200) NOT NULL) CHARACTER SET utf8mb4`,
		`CREATE TABLE IF NOT EXISTS pongocache_comments (
			id BIGINT AUTO_INCREMENT PRIMARY KEY, author VARCHAR(80) NOT NULL, body VARCHAR(500) NOT NULL) CHARACTER SET utf8mb4`,
	},
	insert: "INSERT IGNORE",
}

// fill makes the tables and, if they are empty, their first rows. The rows
// bring their ids, so that two sites that start on one database at the same
// time do not fill it twice.
func (d *Database) fill(ctx context.Context, di dialect) error {
	for _, table := range di.tables {
		if _, err := d.db.ExecContext(ctx, table); err != nil {
			return err
		}
	}
	var users int
	err := d.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM pongocache_users").Scan(&users)
	if err != nil || users > 0 {
		return err
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := insertFirstRows(ctx, tx, di.insert); err != nil {
		return err
	}
	return tx.Commit()
}

func insertFirstRows(ctx context.Context, tx *sql.Tx, insert string) error {
	for _, u := range generatedUsers(100) {
		_, err := tx.ExecContext(ctx, insert+" INTO pongocache_users (id, name, email, phone, address) VALUES (?, ?, ?, ?, ?)",
			u.ID, u.Name, u.Email, u.Phone, u.Address)
		if err != nil {
			return err
		}
	}
	for _, c := range generatedComments() {
		_, err := tx.ExecContext(ctx, insert+" INTO pongocache_comments (id, author, body) VALUES (?, ?, ?)", c.ID, c.Author, c.Body)
		if err != nil {
			return err
		}
	}
	return nil
}
