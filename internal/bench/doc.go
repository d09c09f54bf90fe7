// Package bench measures how fast a network runs on a device: latency and throughput of inference, training, the input
// pipeline, and every operation of the network alone.
//
// Each measurement warms up, then repeats its work for a given time and keeps the duration of every round. Results are given
// as the best, the lower quartile and the median, because a shared machine only ever adds time.
package bench
