package cpu

// flatChunk is how many numbers one chunk of an elementwise operation has: 64 KiB, which fits the caches.
const flatChunk = 16 << 10

// flatChunks returns how many chunks n numbers are cut into.
func flatChunks(n int) int { return (n + flatChunk - 1) / flatChunk }

// flatRange returns the numbers of a chunk.
func flatRange(chunk, n int) (from, to int) {
	return chunk * flatChunk, min((chunk+1)*flatChunk, n)
}
