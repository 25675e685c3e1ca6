// Package tags adds the template tag {% cache %} to pongo2.
//
// A block between {% cache %} and {% endcache %} is rendered once and then
// served from a cache, until it expires or one of its tags is invalidated:
//
//	{% cache 300 "sidebar" user.ID %}
//	  … what is dear to render …
//	{% endcache %}
//
// Importing the package registers the template tag with pongo2. A template set
// needs a registry of caches, too: [Bind] gives it one. Package templates does
// both, and also reads the spelling <% cache 300 "sidebar" %}; most programs
// use that and import this package for [Delete] alone.
//
// # Arguments
//
//	{% cache TTL [NAME [VARY …]] [option=expression …] %}
//
// TTL is how long the block is fresh: seconds (300, 1.5), a duration (5m, 1h30m,
// 7d, "1.5h"), default for that of the cache, or forever. It may be any
// expression that gives a number of seconds, a time.Duration or such a string;
// one that begins with a literal stands in parentheses. The string "del" deletes
// the entry and renders the block.
//
// NAME is a string and names the entry; wherever a block has that name, the same
// text and the same VARY, it is that entry. Without NAME the entry belongs to the
// template's path and the text of the block.
//
// VARY are values that tell entries of one name apart: any that
// [fragment.KeyOf] takes. A nil is told apart from "" and 0, and 1 from "1". A
// struct or a map is an error, and so is a name that is not in the context. An
// expression with the filter default or default_if_none may name anything.
// Commas between arguments are allowed.
//
// Options:
//
//	using="shared"   another cache of the registry than the default one
//	tags="a b"       tags to invalidate by: words apart by spaces or commas, or a list
//	if=expression    the block is rendered without the cache unless true
//	unless=…         the block is rendered without the cache if true
//	digest=false     the key does not change with the sources of the template
//
// # Edited templates
//
// In a set of package templates (see [Binding.Use] for others) the key of a block
// holds a digest of the text of the block, of all that it includes, extends or
// imports by a literal name, and of what defines names for it elsewhere in its
// template: macros, imports, {% set %}, {% with %}, loops and conditions. To edit
// or deploy any of these is to have another entry, in every backend; processes
// with the old and with the new templates share a backend without harm. The text
// around a block is not in it. What was included by a name that is computed is
// not either, which the set tells of once; nor is what comes from a template that
// includes that of the block, variables and macros, which belong into VARY. In a set bound by [Bind] only a block
// without NAME knows its own text.
//
// digest=false keeps one entry for a NAME whatever its text; to change that text
// then calls for another NAME or for [Delete].
//
// # What a block can see and do
//
// The body is rendered by the same rules as the text around it, in a context
// of its own: variables that it sets and macros that it defines end with it, on
// a hit and on a miss alike. Whether output is escaped is part of the key. A
// body that fails fails the page, and nothing is stored. {% block %} inside of a
// cached body is refused, and so is a cached block that could never run because
// it stands outside of the blocks of a template that extends another.
//
// pongo2 keeps the state of {% cycle %} and {% ifchanged %} in the template,
// shared by all who render it; a hit does not move it on. Keep such loops wholly
// inside of a body or wholly outside.
//
// A block reports to the block around it, and both to the page: their tags and
// their remaining life. The ctx that carries this is handed to a template by
// [WithContext] or by templates.Set.Render; a Go function called by a template
// finds it with [Context].
//
// pongo2 calls a function in the context once for each use of its name. Where a
// body uses one twice, call it once by {% with users=users %} inside of the body,
// or by {% include "table.html" with users=users %}.
//
// # Slow and failing bodies
//
// What the policy of the cache says of stale values, timeouts and early refills
// holds for its blocks. A stale block is served to those who come while one
// request renders it anew, and to that one if this fails; a body never runs in the
// background, nor after its request.
//
// # Include only
//
// {% include … only %} keeps everything from the included template, also that
// ctx. In a set of package templates a cached block inside of it fails and says
// so; {% include "x.html" with _c=_c only %} hands the ctx on. In a set bound by
// Bind alone such a block begins anew with context.Background().
//
// # Cost
//
// A hit costs about as much as printing two variables, and half as much again
// with a VARY: the lookup, and one copy of what was stored. A block pays where
// its body costs more than that: a query, a loop, an include.
package tags
