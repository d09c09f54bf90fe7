// Package pages advises the system how memory is used. Advice is a hint: that it was not taken is no error, and systems other
// than Linux are not asked.
package pages
