package main

import (
	"context"
	"database/sql"
)

// A User is one row of the users table.
type User struct {
	ID                          int64
	Name, Email, Phone, Address string
}

// Users returns all users, the newest first.
func (d *Database) Users(ctx context.Context) ([]User, error) {
	return query(ctx, d, scanUser, "SELECT id, name, email, phone, address FROM pongocache_users ORDER BY id DESC")
}

func scanUser(rows *sql.Rows) (u User, err error) {
	err = rows.Scan(&u.ID, &u.Name, &u.Email, &u.Phone, &u.Address)
	return u, err
}

// Namesakes counts the users of a first name.
func (d *Database) Namesakes(ctx context.Context, first string) (int, error) {
	counts, err := query(ctx, d, scanCount,
		"SELECT COUNT(*) FROM pongocache_users WHERE LOWER(SUBSTR(name, 1, ?)) = LOWER(?)", len([]rune(first))+1, first+" ")
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

func scanCount(rows *sql.Rows) (n int, err error) {
	err = rows.Scan(&n)
	return n, err
}

// AddUser adds u under an id of its own.
func (d *Database) AddUser(ctx context.Context, u User) error {
	_, err := d.db.ExecContext(ctx, "INSERT INTO pongocache_users (name, email, phone, address) VALUES (?, ?, ?, ?)",
		u.Name, u.Email, u.Phone, u.Address)
	return err
}
