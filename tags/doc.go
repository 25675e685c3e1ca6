// Package tags adds the template tags {% cache %}, {% cacheeach %}, {% nocache %},
// {% hole %}, {% nostore %}, {% cachetags %} and {% uncache %} to pongo2.
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
//	stale=1h         how long after the TTL the block may still be served while it is
//	                 rendered anew, or if that fails; spelled as the TTL is; 0 is none
//	jitter=0.1       expire earlier, by a random part of up to this fraction; 0 is none
//	early=1          refill before expiry, the likelier the nearer it is and the dearer
//	                 the body: see fragment.Policy; 0 is none
//	version=2        any value that VARY may be, to be raised with the meaning of the block
//	if=expression    the block is rendered without the cache unless true
//	unless=…         the block is rendered without the cache if true
//	refresh=…        the block is rendered anew, and stored, if true
//	digest=false     the key does not change with the sources of the template
//
// Each is an expression that may have filters, and stands once. Without an option
// the policy of the cache holds. A block that is rendered without the cache still
// tells what is around it of the blocks inside of it.
//
// # The items of a list
//
// A loop whose items are blocks of their own looks all of them up at once:
//
//	{% cacheeach ITEM in LIST TTL NAME VARY … [option=expression …] %}
//	  …
//	{% empty %}
//	  … if there are no items; rendered each time
//	{% endcacheeach %}
//
//	{% cacheeach u in users 300 "row" u.ID tags=u.Tag %}<tr>…</tr>{% endcacheeach %}
//
// ITEM in LIST is that of {% for %}: also key, value in map, and reversed and sorted
// behind the LIST. A backend that can is asked in one round trip, and what is missing
// is stored in one, however long the list is. The items that are missing are rendered
// first, one after another; what is written keeps the order of the list. An item that
// fails fails the page; the others are stored.
//
// An item is the block that {% cache TTL NAME VARY … %} with the same text would be,
// which [Delete] and {% uncache %} free; it has tags, a life and a scope of its own. NAME and
// VARY must tell the items apart: it is an error if none of them uses ITEM. Items of
// the same VARY are one, rendered once. The TTL, using=, stale=, jitter= and early=
// are one for all items and are evaluated before the loop; the other options may use
// ITEM. Several requests, and processes, that miss the same items may each render
// some of them.
//
// NAME, VARY and the options may use forloop. A body may do so only if a VARY does,
// since it is stored with its place; in any other it is an error, and in what such a
// body includes forloop is not there. {% hole %} may stand in it, {% nocache %} may not.
//
// # Holes
//
// A hole is a part of a cached block that each visitor has for himself, and that is
// made anew on every hit: his name, a CSRF token, the time. There are two kinds:
//
//	{% cache 300 "header" %}
//	  … the same for all …
//	  {% nocache %}Hello {{ user.Name }}{% endnocache %}
//	  {% hole "price" product.ID %}
//	{% endcache %}
//
// {% nocache %} is rendered behind the body, on a miss as on a hit, in the context
// around the outermost block that is cached: with the loop variables there, and without
// what the body defines. One that uses a name which the body defines is refused when
// the template is parsed; so is one in a macro inside of the body. A cached body that
// comes to a {% nocache %} through an {% include %}, or a macro from outside of it,
// fails; package templates refuses such an {% include %} when it parses it, if the name
// is literal. What {% include %} takes in inside of a hole sees the context of the
// hole, too.
//
// {% hole "name" ARGUMENT … %} calls the function that Go registered by
// fragment.Registry.Hole. It may stand anywhere, also in a loop, a macro and an
// included template, and takes values of the body along: they are evaluated on a miss
// and stored (see fragment.HoleArg). What the function writes is not escaped.
//
//	caches.Hole("price", func(ctx context.Context, w io.Writer, args []any) error { … })
//
// A hole may read what is private (see below), but an ARGUMENT may not: it is stored.
// What a hole says by tags, {% nostore %} or fragment.AddTags goes to what is around
// the outermost block. Its error fails the page, on a hit at the place of the block.
// Without a cached block around it, or in one that is rendered without the cache,
// either kind is filled where it stands.
//
// A page that is cached by package echoext is served without its template: it is not
// stored if it has a {% nocache %}, also one of a block in it, and an Event tells so. A
// {% hole %} may stand in it.
//
// While the body is rendered a mark stands where a hole is. What changes the text
// around one, such as {% filter %} or a filter on the output of a macro, changes the
// mark: the block is then rendered once more, right for its visitor, and not stored; an
// Event tells so. {% ifchanged %} without an argument takes each hole for a change. A
// block inside that shows a variable with a mark, from a macro, is not stored. Nor is
// one that shows such a variable from outside of what is cached, which holds what one
// visitor sees; what a filter has changed in it, or is shorter than 3 bytes, is not
// found out.
//
// # From inside and from outside
//
//	{% cachetags "users" user.Tag %}    adds tags to the block, or page, around it
//	{% nostore "an error is shown" %}   keeps the block, and all that is around it, from
//	                                    being stored; an Event tells the reason
//	{% uncache "sidebar" user.ID %}     deletes what a block of that NAME and VARY
//	                                    stored; with using= in another cache
//
// A TAG is an expression: a string, in which spaces or commas part words, or a list.
// {% uncache %} deletes what [Delete] does, and a fault of the backend does not fail
// the page. Inside of a cached body it is refused, since a hit would not run it; also
// where that comes to it through an {% include %} or a macro, but not in a {% nocache %}.
// A page that is cached by package echoext is not stored if it ran one.
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
// includes that of the block, variables and macros, which belong into VARY. In a
// set bound by [Bind] only a block without NAME knows its own text.
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
// shared by all who render it; a hit does not move it on. Hence both are refused
// in a body, unless their {% for %} is in the body too, and so is {% cycle x %}
// where x is a cycle that began outside. Only in a template that a body includes
// can they not be seen.
//
// A block inside of itself is an error: of the same NAME and VARY, version=, cache
// and escaping and, where a NAME has a digest, of the same text. There two blocks of
// one NAME and different text may be one inside of the other: they are two entries,
// both of which [Delete] frees. In a set bound by [Bind] a NAME has no digest, so that
// they are one entry, and an error: give each a NAME.
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
// # What is easily overlooked
//
// Whatever differs between those who see a block, and is not the same in its text,
// belongs into VARY: the language, the currency, the role of a visitor.
//
// A NAME is not of one template. Blocks of one NAME, VARY and text are one entry
// wherever they stand; in a set bound by [Bind] whatever their text. TTL, tags=,
// stale=, jitter= and early= are not part of that: of two such blocks those of the one
// that was rendered hold. The type of a VARY is: 7 and "7" are two entries.
//
// {% now %} and {% lorem %} in a body are what they were when it was rendered, and so
// is all that a function returns. A function that must be called for each request,
// such as one that counts or sets a cookie, does not belong into a body.
//
// In a set bound by [Bind] the options TrimBlocks and LStripBlocks of pongo2 cut more
// off a template with each execution; a hit serves what the first one left.
//
// # Private keys
//
// What belongs to one visitor must not be in a block that all see. A body that
// reads request, session or csrf of the context outside of a hole is therefore shown
// and not stored, and neither is what is around it; an Event tells which key was read in which
// block. [Binding.PrivateKeys] chooses the names. Where a value tells blocks apart,
// hand it in under another name:
//
//	{% with user=session.User %}{% cache 300 "menu" user.ID %}{{ user.Name }}{% endcache %}{% endwith %}
//
// Inside of such a body ec.Public holds a function in place of the value; a Go
// function that a template calls gets the value by [Lookup].
//
// # Slow and failing bodies
//
// What the policy of the cache says of stale values, timeouts and early refills
// holds for its blocks. A stale block is served to those who come while one
// request renders it anew, and to that one if this fails; a body never runs in the
// background, nor after its request.
//
// A cache that fails, or is not open, fails no page: the block is rendered, and an
// Event tells why. Only what is wrong with the template or its data is an error: a
// TTL or an option that is none, a value that cannot be told apart from others, a
// name in using= that no cache was ever given.
//
// # Round trips
//
// Each block of a page is looked up for itself, which on a server takes a round trip
// each. templates.Set.Render fetches the blocks that a page asked for last time all at
// once; in a set bound by Bind, a [fragment.Ahead] of one's own does so, whose ctx
// goes into [WithContext].
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
