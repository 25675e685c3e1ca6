package filebackend_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pongocache/pongocache/fragment"
	"github.com/pongocache/pongocache/fragment/filebackend"
)

func TestURL(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "with space", "ä%41")
	c, err := fragment.Open(ctx, "file://"+strings.ReplaceAll(strings.ReplaceAll(folder, "%", "%25"), " ", "%20")+"?max=8MiB&sweep=30s", fragment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.Stats().Usage.Capacity; got != 8<<20 {
		t.Errorf("got a capacity of %d, want 8MiB", got)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Errorf("the folder of the URL: got error %v, want that it was created", err)
	}
}

func TestURLThatIsWrong(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	form := "file:///var/cache/site?max=1GiB"
	for _, test := range []struct{ url, names string }{
		{"file:cache", form},
		{"file:./cache", form},
		{"file://cache/site", form},
		{"file://localhost/var/cache", form},
		{"file://", form},
		{"file:", form},
		{"file:///", form},
		{"file://user:s3cret@/var/cache", form},
		{"file:///var/%00", form},
		{"file://" + folder + "?max=0", "parameter max"},
		{"file://" + folder + "?max=1KiB", "parameter max is 1024 bytes: want at least 1MiB"},
		{"file://" + folder + "?max=much", "parameter max"},
		{"file://" + folder + "?max=1GiB&max=2GiB", "parameter max"},
		{"file://" + folder + "?sweep=1", "parameter sweep"},
		{"file://" + folder + "?sweep=1ms", "parameter sweep is 1ms: want at least 100ms"},
		{"file://" + folder + "?size=1GiB", `unknown parameter "size"`},
		{"file://" + file, "want a folder"},
		{"file://" + file + "/below", "want a folder"},
		{"file:///proc/nowhere/cache", "want a folder"},
	} {
		c, err := fragment.Open(ctx, test.url, fragment.Options{})
		if err == nil || c != nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("Open(%q): got %v, error %v, want an error that says %s", test.url, c, err, test.names)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q): got the error %q, want no password in it", test.url, err)
		}
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		path    string
		options filebackend.Options
		names   string
	}{
		{"", filebackend.Options{}, "/var/cache/site"},
		{folder, filebackend.Options{Max: -1}, "Options.Max"},
		{folder, filebackend.Options{Max: 1<<20 - 1}, "Options.Max"},
		{folder, filebackend.Options{Sweep: -1}, "Options.Sweep"},
		{folder, filebackend.Options{Sweep: 1}, "Options.Sweep"},
	} {
		b, err := filebackend.New(test.path, test.options)
		if err == nil || b != nil || !strings.Contains(err.Error(), test.names) {
			t.Errorf("New(%q, %+v): got error %v, want one that names %s", test.path, test.options, err, test.names)
		}
	}
}

// Who may write to the folder could plant pages.
func TestFolderThatEverybodyMayWriteTo(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := filebackend.New(folder, filebackend.Options{}); err == nil || !strings.Contains(err.Error(), "mode 0700") {
		t.Errorf("New in a folder of mode 0777: got error %v, want one that wants 0700", err)
	}
}
