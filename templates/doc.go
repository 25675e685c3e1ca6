// Package templates loads pongo2 templates from any file system, with the
// template tags of package tags ready to use.
//
//	set, err := templates.New(os.DirFS("views"), registry, templates.Options{})
//	…
//	err = set.Render(ctx, w, "page.html", map[string]any{"user": user})
//
// # Names
//
// The name of a template is its path from the root of the file system, with
// slashes. {% include %}, {% extends %} and {% import %} take the same names,
// or ones that begin with ./ or ../ and are relative to the template they stand
// in. Nothing outside of the file system can be named; {% ssi %}, which reads
// past it, is switched off.
//
// # The spelling <% cache %>
//
// Templates may write <% cache 300 "sidebar" %> … <% endcache %> in place of
// {% cache %}, also mixed. See [Rewrite], and [Loader] for template sets that
// are made elsewhere.
//
// # Edited templates
//
// The key of a cached block holds a digest of its text and of the templates that
// it is made of, so that a deployment never serves what the one before it has
// stored: see package tags. A Set reads each file once, and all of its templates
// are made of the same version of it; only with Options.Reload it sees a file that
// changes, and then drops what was made of any. A file that could not be parsed is
// read again when it is asked for again.
//
// # Many blocks
//
// Where the cache is on a server, a Set fetches the blocks that the last few renderings
// of a template asked for at once, before it renders it again: a page that was seen
// takes one round trip for all of them, or two, and one more for each {% cacheeach %}. See
// [fragment.Ahead] for the bounds: 256 blocks of a template are remembered, those inside
// of other blocks are not, what is changed by the same Cache is seen at once, and what
// other processes change 50 milliseconds later at most. Blocks that depend on the
// visitor are fetched in vain by the next three.
//
// # Entries from Go
//
// [Set.Exists] and [Set.Get] ask for the entry of one block, by its template, NAME and
// VARY: the digest, version and cache are known to the set. tags.Delete frees what
// was stored under a NAME.
//
// # Several sets
//
// Two sets on one registry share the entries of blocks that have the same NAME and
// text, and those of blocks without NAME that have the same path and text. Give
// each set a registry of its own, or let NAME or VARY name the site.
//
// # Several folders
//
// [Overlay] makes one file system of several, such as a theme over what it changes.
//
// # Errors
//
// An [Error] says path:line:column and what stands there, also of what is included,
// extended or imported. Columns count bytes, so that é is two and a tab is one, and
// lines may end as on Windows. An error in a macro, and in what block.Super renders,
// stands at the call, and its message tells the place in the macro. [Check] returns
// the errors of all templates at once, for a test.
//
// # Private values
//
// Options.PrivateKeys names what belongs to one visitor: see package tags.
//
// # Development
//
// [Options].Reload sees files that change, and Options.Outline shows on each page
// which of its parts are cached, how old they are and what they took to render. The
// script that draws the outlines is part of the page: a Content-Security-Policy that
// forbids inline scripts leaves the comments, which say the same.
//
// # Faults and limits
//
// Render writes all of a page or, on an error, nothing of it, and so holds a page in
// memory. An error holds file, line and column. A cache that fails is no error: its
// blocks are rendered.
//
// A template is kept when it was parsed, for as long as the set: production reads
// each file once, and with Options.Reload a changed file is seen by the next Render.
// One that does not parse is read anew by the next Render that needs it. One that
// includes, extends or imports itself is refused, whatever if_exists says; but not a
// macro that calls itself without end: that ends the process, as any recursion of Go
// does, because pongo2 knows no bound for it. A panic of pongo2 in a rendering, such
// as that of a division by zero, passes through Render to its caller.
//
// # The race detector
//
// pongo2 v6 has a data race of its own: {% include variable %} loads its
// template while it is rendered, and each load writes to a field of the set that
// nothing protects. All write the same value, so that no page comes out wrong,
// but go test -race reports a program in which two such templates are rendered
// at the same time. An include of a literal name is loaded beforehand.
//
// So has {% cycle %}, and {% ifchanged %}: they keep in the template how far they got.
// Two renderings at the same time may mix up which is next, and go test -race reports
// them. forloop.Counter0 and a comparison do the same without a state.
package templates
