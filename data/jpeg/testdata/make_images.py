"""Writes the small pictures of this folder with libjpeg-turbo's cjpeg, and to crc32.txt the checksums of what its djpeg decodes.

Made with Python 3 and libjpeg-turbo 2.1.5. Run in this folder: python3 make_images.py
The picture is 37 x 29: no side is a multiple of any MCU.
"""
import math, subprocess, zlib

W, H = 37, 29
SCANS = {
    "planes": "0;\n1;\n2;\n",
    "chroma-first": "2;\n0 1;\n",
    "steps": "0 1 2: 0-0, 0, 1;\n0: 1-5, 0, 2;\n2: 1-63, 0, 1;\n1: 1-63, 0, 1;\n0: 6-63, 0, 2;\n0: 1-63, 2, 1;\n"
             "0 1 2: 0-0, 1, 0;\n2: 1-63, 1, 0;\n1: 1-63, 1, 0;\n0: 1-63, 1, 0;\n",
    "fine-steps": "0: 0-0, 0, 0;\n1: 0-0, 0, 2;\n2: 0-0, 0, 0;\n1: 0-0, 2, 1;\n1: 0-0, 1, 0;\n0: 1-63, 0, 3;\n"
                  "0: 1-63, 3, 2;\n0: 1-63, 2, 1;\n0: 1-63, 1, 0;\n1: 1-20, 0, 0;\n1: 21-63, 0, 0;\n2: 1-63, 0, 0;\n",
}


def picture():
    def pixel(x, y):
        bump = 40 if (x * 7 + y * 13) % 11 < 3 else 0
        return [int(127 + 110 * math.sin(x / 3)), 255 * (x + y) // (W + H), int(120 + 90 * math.cos(y / 2 + x / 5)) + bump]
    rows = (bytes(min(v, 255) for x in range(W) for v in pixel(x, y)) for y in range(H))
    return b"P6 %d %d 255\n" % (W, H) + b"".join(rows)


def write(name, *options, scans=None):
    if scans:
        with open("scans.txt", "w") as f:
            f.write(SCANS[scans])
        options += ("-scans", "scans.txt")
    data = subprocess.run(["cjpeg", *options], input=picture(), capture_output=True, check=True).stdout
    with open(name + ".jpg", "wb") as f:
        f.write(data)
    ppm = subprocess.run(["djpeg", "-ppm", name + ".jpg"], capture_output=True, check=True).stdout
    pixels = ppm.split(b"255\n", 1)[1]
    if ppm.startswith(b"P5"):  # grey
        pixels = bytes(v for v in pixels for _ in range(3))
    assert len(pixels) == W * H * 3
    return f"{zlib.crc32(pixels):08x} {name}.jpg\n"


lines = [write("sampling-" + s.replace(",", "-"), "-quality", "80", "-sample", s) for s in
         ["4x1,1x1,1x1", "1x4,1x1,1x1", "4x2,1x1,1x1", "3x1,1x1,1x1", "1x3,1x1,1x1", "1x1,2x2,1x1", "2x2,1x2,2x1",
          "2x1,1x1,2x1", "1x2,1x1,1x1", "4x1,2x1,1x1"]]
for scans in SCANS:
    lines.append(write(scans, "-quality", "85", scans=scans))
    lines.append(write(scans + "-restart", "-quality", "85", "-restart", "3B", scans=scans))
lines += [  # the first two have more blocks than a common scan may have in an MCU
    write("sampling-3x3-1x1-1x1", "-sample", "3x3,1x1,1x1", scans="planes"),
    write("sampling-2x2-2x2-2x2", "-sample", "2x2,2x2,2x2", scans="planes"),
    write("rgb", "-rgb", "-quality", "90"),
    write("grey-2x2", "-grayscale", "-sample", "2x2", "-optimize"),
    write("coarse", "-quality", "1"),  # factors above 255 take 16-bit tables
    write("finest", "-quality", "100", "-sample", "1x1"),
    write("restart-rows", "-quality", "75", "-restart", "1"),
    write("progressive", "-quality", "95", "-progressive"),
]
with open("crc32.txt", "w") as f:
    f.writelines(lines)
