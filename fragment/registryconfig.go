package fragment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// configForm is what a configuration looks like, for errors.
const configForm = `{"default": {"url": "redis://cache:6379", "prefix": "shop", "ttl": "5m"}}`

// configParser reads a configuration token by token: json.Unmarshal would take
// the last of two fields with one name, and ignore case and unknown names.
type configParser struct {
	*json.Decoder
	text []byte
	base func(name string) Options
}

// parseConfig returns the caches of a configuration in their order.
func (r *Registry) parseConfig(text []byte) ([]configured, error) {
	p := &configParser{json.NewDecoder(bytes.NewReader(text)), text, r.optionsOf}
	p.UseNumber()
	if !isConfig(text) {
		return nil, errors.New("want a JSON object: " + configForm)
	}
	caches, err := p.caches()
	if err != nil {
		return nil, err
	}
	if _, err := p.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object: want " + configForm + " alone")
	}
	if len(caches) == 0 {
		return nil, errors.New("there is no cache in it: want " + configForm)
	}
	return caches, nil
}

func (p *configParser) caches() (caches []configured, err error) {
	err = p.object(func(name string) error {
		if name == "" || checkPrefix(name) != nil {
			return errors.New(`a cache has a name that is empty, too long or strange: want at most 64 letters, digits and characters of "._:/-", such as "default"`)
		}
		c := configured{name: name, options: p.base(name)}
		if err := p.object(func(field string) error { return p.field(&c, field) }); err != nil {
			return fmt.Errorf("cache %q: %w", name, err)
		}
		if c.url == "" {
			return fmt.Errorf("cache %q: field \"url\" is missing: want %s", name, configFields["url"].want)
		}
		caches = append(caches, c)
		return nil
	})
	return caches, err
}

// object reads an object. Each is called at the value of each of its members.
func (p *configParser) object(each func(name string) error) error {
	begin, err := p.token()
	if err != nil {
		return err
	}
	if begin != json.Delim('{') {
		return errors.New("want an object such as that in " + configForm)
	}
	var seen []string
	for p.More() {
		token, err := p.token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // which the Decoder sees to
		if slices.Contains(seen, name) {
			return fmt.Errorf("%s is there twice: write it once", shownName(name))
		}
		seen = append(seen, name)
		if err := each(name); err != nil {
			return err
		}
	}
	_, err = p.token()
	return err
}

func (p *configParser) field(c *configured, name string) error {
	f, known := configFields[name]
	if !known {
		return fmt.Errorf("%s is no field: want one of %s", shownName(name), configFieldNames())
	}
	value, err := p.token()
	if err != nil {
		return fmt.Errorf("field %q: %w", name, err)
	}
	if !f.set(c, value) {
		return fmt.Errorf("field %q: want %s", name, f.want)
	}
	return nil
}

// token is the next one. The error for what is no JSON tells the line.
func (p *configParser) token() (json.Token, error) {
	token, err := p.Token()
	if err == nil {
		return token, nil
	}
	line := 1 + bytes.Count(p.text[:min(p.InputOffset(), int64(len(p.text)))], []byte("\n"))
	return nil, fmt.Errorf("line %d is no JSON, or it ends there too early: want %s", line, configForm)
}

// shownName quotes a name that cannot be a URL with a password, which somebody
// has put into a wrong place.
func shownName(name string) string {
	if name == "" || checkPrefix(name) != nil || strings.Contains(name, "://") {
		return "a name that is not shown, as it is empty, too long or strange,"
	}
	return fmt.Sprintf("%q", name)
}
