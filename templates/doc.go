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
package templates
