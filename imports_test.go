package pongocache_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/pongocache/pongocache"

// Third parties, by their import paths.
const (
	pongo2Path   = "github.com/flosch/pongo2/v6"
	echoPath     = "github.com/labstack/echo/v4"
	bigcachePath = "github.com/allegro/bigcache/v3"
	cborPath     = "github.com/fxamacker/cbor/v2"
	otterPath    = "github.com/maypok86/otter/v2"
	memcachePath = "github.com/bradfitz/gomemcache"

	compressPath   = "github.com/klauspost/compress"
	cryptoPath     = "golang.org/x/crypto"
	prometheusPath = "github.com/prometheus/client_golang"
	rueidisPath    = "github.com/redis/rueidis"
)

// mayImport is the law of the tree: what the code of a package may import
// beside the standard library and packages that are internal to it. Names
// without a host are folders of this module. A package that is not listed here
// does not belong to the module.
var mayImport = map[string][]string{
	".":                         {},
	"echoext":                   {"fragment", echoPath},
	"fragment":                  {},
	"fragment/backendtest":      {"fragment"},
	"fragment/bigcachebackend":  {"fragment", bigcachePath},
	"fragment/compress":         {"fragment", compressPath},
	"fragment/encrypt":          {"fragment", cryptoPath},
	"fragment/filebackend":      {"fragment"},
	"fragment/fragmenttest":     {"fragment"},
	"fragment/memcachedbackend": {"fragment", memcachePath},
	"fragment/memorybackend":    {"fragment", otterPath},
	"fragment/metrics":          {"fragment", prometheusPath},
	"fragment/redisbackend":     {"fragment", rueidisPath},
	"internal/faulttest":        {},
	"internal/ratio":            {},
	"internal/coherence":        {},
	"internal/servers":          {},
	"memo":                      {"fragment", cborPath},
	"tags":                      {"fragment", pongo2Path},
	"templates":                 {"fragment", "tags", pongo2Path},
}

// mayRequire is all that go.mod may ask for itself. What the example site and
// the tests use beside it, databases among others, is in other modules.
var mayRequire = []string{pongo2Path, echoPath, bigcachePath, cborPath, otterPath, compressPath, cryptoPath, prometheusPath, memcachePath, rueidisPath}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for folder, imports := range importsByFolder(t) {
		allowed, known := mayImport[owner(folder)]
		if !known {
			t.Errorf("package %s is not in the table: what may it import?", folder)
			continue
		}
		for _, imported := range imports {
			if !mayUse(owner(folder), imported, allowed) {
				t.Errorf("package %s imports %s: want only the standard library and %q", folder, imported, allowed)
			}
		}
	}
}

func TestTableNamesOnlyPackagesThatExist(t *testing.T) {
	found := importsByFolder(t)
	for folder := range mayImport {
		if _, ok := found[folder]; !ok {
			t.Errorf("package %s is in the table, but has no code", folder)
		}
	}
}

func TestModuleRequiresOnlyWhatItMay(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		direct := len(fields) == 2 && strings.HasPrefix(fields[1], "v")
		if direct && !slices.Contains(mayRequire, fields[0]) {
			t.Errorf("go.mod requires %s: want only %q", fields[0], mayRequire)
		}
	}
}

// owner is the package whose law holds in folder: internal packages go by that
// of the package around them.
func owner(folder string) string {
	before, _, _ := strings.Cut(folder, "/internal/")
	return before
}

func mayUse(owner, imported string, allowed []string) bool {
	if own, ours := strings.CutPrefix(imported, module+"/"); ours {
		return strings.HasPrefix(own, owner+"/internal/") || slices.Contains(allowed, own)
	}
	host, _, _ := strings.Cut(imported, "/")
	standard := !strings.Contains(host, ".")
	return standard || slices.ContainsFunc(allowed, func(a string) bool {
		return imported == a || strings.HasPrefix(imported, a+"/")
	})
}

// importsByFolder returns what the code of each package of this module imports,
// tests left out.
func importsByFolder(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return skipForeign(file, err)
		}
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		folder := filepath.ToSlash(filepath.Dir(file))
		imports, err := importsOf(file)
		found[folder] = append(found[folder], imports...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// skipForeign leaves out folders that Go does not see and other modules.
func skipForeign(folder string, err error) error {
	if err != nil || folder == "." {
		return err
	}
	name := filepath.Base(folder)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

func importsOf(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		imports = append(imports, imported)
	}
	return imports, nil
}
