// Package diskspace tells how much room there is for files.
package diskspace
