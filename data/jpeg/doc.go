// Package jpeg decodes JPEG pictures to the very bytes that libjpeg-turbo gives by default ("islow" transform, "fancy"
// upsampling), and decodes a part of a picture at the cost of little more than that part.
//
//	var d jpeg.Decoder // one per goroutine, reused: it keeps its scratch memory
//	img, err := d.Decode(b, nil)
//	crop, err := d.DecodeRegion(b, pixel.Rect{X: 100, Y: 50, W: 224, H: 224}, nil)
//
// Read are baseline, extended sequential and progressive files with Huffman coding and 8-bit samples, one, three or four
// components, all sampling factors whose ratios are whole numbers, restart markers, several scans. Arithmetic coding,
// lossless and hierarchical processes, 12-bit samples and a height given after the fact (DNL) are refused by name.
//
// The steps, each in a file of its own: segments and headers (ITU-T T.81 annex B), entropy decoding (annexes F and G),
// the inverse cosine transform, upsampling of chroma, conversion to RGB.
//
// What is damaged is refused, where libjpeg warns and fills up with grey; but bytes that are not needed to make the picture,
// such as the end marker, may be missing, and stray bytes between segments are passed over. A file whose scans leave out some of
// the coefficients counts as whole if it has an end marker; libjpeg would smooth its blocks, which is not done here.
//
// The standard library refuses, and this package takes: a missing end marker, four components without an Adobe segment, ratios other
// than its few, unknown segments, runs of zeros beyond the end of a block, and damage behind the last scan of a sequential
// file. It takes, and this package refuses: over-full Huffman tables, quantisation tables that never came, pictures without
// height, more than 200 scans, restart markers out of order, and some scans that a marker cuts short unnoticed.
package jpeg
