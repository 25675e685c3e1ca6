package main

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// A UserForm is what a visitor typed, and what is wrong with it.
type UserForm struct {
	User
	Errors map[string]string // by field: a sentence for the visitor
}

// Invalid reports whether the form cannot become a user.
func (f UserForm) Invalid() bool { return len(f.Errors) > 0 }

func readUserForm(c echo.Context) UserForm {
	f := UserForm{Errors: map[string]string{}}
	f.Name = f.read(c, "name", 80)
	f.Email = f.read(c, "email", 254)
	f.Phone = f.read(c, "phone", 30)
	f.Address = f.read(c, "address", 200)
	f.check("name", f.Name != "", "Please give a name, such as Ada Acorn.")
	f.check("email", isEmail(f.Email), "Please give an email address, such as ada@example.com.")
	f.check("phone", isPhone(f.Phone), "A phone number has digits, spaces and the characters + - ( ) alone, or is left out.")
	return f
}

// read returns a field without the space around it.
func (f *UserForm) read(c echo.Context, field string, longest int) string {
	value := strings.TrimSpace(c.FormValue(field))
	f.check(field, utf8.ValidString(value) && strings.IndexFunc(value, unicode.IsControl) < 0, "This holds characters that are not text.")
	if utf8.RuneCountInString(value) > longest {
		f.check(field, false, "This is too long.")
	}
	return value
}

// check notes why for the field unless ok; the first reason stays.
func (f *UserForm) check(field string, ok bool, why string) {
	if _, noted := f.Errors[field]; !ok && !noted {
		f.Errors[field] = why
	}
}

func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

func isPhone(text string) bool {
	return strings.Trim(text, "0123456789 +-()") == ""
}
