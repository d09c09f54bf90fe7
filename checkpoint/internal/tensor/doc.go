// Package tensor holds what all checkpoint codecs share: a named array of raw bytes, the list of them that makes up
// a file, and the error that says a file is damaged. Package checkpoint re-exports these types; code outside the
// checkpoint tree uses those names.
package tensor
