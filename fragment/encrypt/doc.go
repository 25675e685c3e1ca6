// Package encrypt keeps entries secret and genuine in a Backend that others can
// read or write: a server that is shared with other programs, a disk, a network
// in between.
//
// A Transform goes into Options.Transforms of a cache, after compression. It
// seals each entry with XChaCha20-Poly1305. Who has the Backend but not the key
// learns nothing of what an entry holds, and nothing of theirs is taken for one:
// an entry that was made up, changed, or moved to another key of the Backend does
// not open, which is a miss and an Event.
//
//	key, err := encrypt.ParseKey(os.Getenv("CACHE_KEY"))
//	…
//	secret, err := encrypt.New(key)
//	…
//	cache, err := fragment.Open(ctx, url, fragment.Options{
//		Transforms: []fragment.Transform{secret},
//	})
//
// # Keys
//
// A key is 32 random bytes, not a password. This prints one, as text that
// ParseKey takes:
//
//	openssl rand -base64 32
//
// Entries tell by a short number which key they were sealed with, so that a key
// can be replaced while programs run. Each step waits until the one before it is
// done in all of them:
//
//	encrypt.New(old, new) // all can open what the new key will seal
//	encrypt.New(new, old) // the new key seals, and the old one still opens
//	encrypt.New(new)      // once what the old key sealed has expired
//
// A step that is left out costs misses, and nothing else. A key that others have
// seen is dropped at once: as long as it opens, they can make up entries.
//
// # Limits
//
// Keys of the Backend are not encrypted, and short ones can be read: KeyOf("user",
// 42) tells that there is a user 42. Nor are hidden the size of an entry, when it
// was written and how often it is read. The size tells something of what is in it,
// the more so if it was compressed: see package compress.
//
// Who can write to the Backend can delete entries, and can put an older entry of
// the same key back until it has expired or its tags are invalidated. So can they
// with an entry of another Backend that has the same encryption key: give
// production and staging one each.
//
// The memory of this process holds keys and values as they are.
//
// An entry takes 49 bytes more. Sealing and opening take some twenty microseconds
// for a page of 20 KB, and each hit copies its entry.
//
// The FIPS 140-only mode of Go 1.26 and newer does not allow this cipher: New
// returns an error there.
package encrypt
