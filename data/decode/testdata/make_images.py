"""Writes the small pictures of this folder, and what Pillow decodes from each as NAME.golden.png.

Made with Python 3, Pillow 13.0.0 (libjpeg-turbo 3, libwebp 1.6) and NumPy 2. Run in this folder: python make_images.py
"""
import io, struct, zlib
import numpy as np
from PIL import Image

W, H = 23, 17


def picture(w, h):
    y, x = np.mgrid[0:h, 0:w]
    noise = np.random.default_rng(1).integers(-20, 21, (h, w, 3))
    rgb = np.stack([128 + 110 * np.sin(x / 3.0), 255 * (x + y) / (w + h), 128 + 100 * np.cos(y / 2.0 + x / 5.0)], 2)
    return Image.fromarray(np.clip(rgb + noise, 0, 255).astype(np.uint8))


def golden(name, data, rgb=None):
    with open(name, "wb") as f:
        f.write(data)
    rgb = rgb or Image.open(io.BytesIO(data)).convert("RGB")
    rgb.save(name + ".golden.png", optimize=True)


def saved(img, name, format, **options):
    b = io.BytesIO()
    img.save(b, format, **options)
    golden(name, b.getvalue())


def jpegs():
    for w, h in [(W, H), (3, 5), (4, 1), (1, 4), (5, 2), (16, 16)]:
        for sub, ratio in [(0, "444"), (1, "422"), (2, "420")]:
            saved(picture(w, h), f"{ratio}-{w}x{h}.jpg", "JPEG", quality=90, subsampling=sub)
    # 4:4:0: a 4:2:2 file of the turned picture with the sampling factors exchanged does not work, so encode 4:2:2 of a
    # square and exchange the factors: 16x16 has one MCU either way, the blocks only change their place.
    b = io.BytesIO()
    picture(16, 16).save(b, "JPEG", quality=90, subsampling=1)
    golden("440-16x16.jpg", b.getvalue().replace(b"\x01\x21\x00", b"\x01\x12\x00", 1))
    saved(picture(W, H), f"progressive-{W}x{H}.jpg", "JPEG", quality=85, subsampling=2, progressive=True)
    saved(picture(W, H).convert("L"), f"grey-{W}x{H}.jpg", "JPEG", quality=90)
    saved(picture(W, H).convert("CMYK"), f"cmyk-{W}x{H}.jpg", "JPEG", quality=90)  # Adobe segment, transform 0
    data = open(f"cmyk-{W}x{H}.jpg", "rb").read()
    at = data.index(b"\xff\xee")
    # Pillow takes every CMYK file for an inverted one. Without the segment R = (255-C)(255-K)/255 of the stored numbers;
    # Pillow's CMYK is 255 minus the stored numbers.
    ink = np.asarray(Image.open(f"cmyk-{W}x{H}.jpg")).astype(int)
    rgb = Image.fromarray(((ink[:, :, :3] * ink[:, :, 3:] + 127) // 255).astype(np.uint8))
    golden(f"cmyk-no-adobe-{W}x{H}.jpg", data[:at] + data[at + 16:], rgb)
    golden(f"ycck-{W}x{H}.jpg", data[:at + 15] + b"\x02" + data[at + 16:])
    saved(picture(W, H), f"restart-{W}x{H}.jpg", "JPEG", quality=90, restart_marker_blocks=1)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(channels, colour):
    """A 16-bit PNG; the expected bytes are the high halves."""
    v = np.random.default_rng(2).integers(0, 65536, (H, W, channels)).astype(">u2")
    raw = b"".join(b"\0" + v[y].tobytes() for y in range(H))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 16, colour, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    rgb = np.repeat(v[:, :, :1], 3, 2) if channels < 3 else v[:, :, :3]
    return data, Image.fromarray((rgb >> 8).astype(np.uint8))


def others():
    img = picture(W, H)
    rgba = img.copy()
    rgba.putalpha(Image.fromarray(np.random.default_rng(3).integers(0, 256, (H, W)).astype(np.uint8)))
    saved(rgba, "rgba.png", "PNG")
    saved(img.convert("L"), "grey.png", "PNG")
    saved(img.convert("1"), "bits.png", "PNG")
    saved(img.quantize(13), "palette.png", "PNG")
    saved(img.quantize(13), "palette-transparent.png", "PNG", transparency=bytes([0, 128, 255, 7]))
    for name, channels, colour in [("grey", 1, 0), ("rgb", 3, 2), ("grey-alpha", 2, 4), ("rgba", 4, 6)]:
        golden(f"{name}-16bit.png", *png16(channels, colour))
    saved(img, "rgb.bmp", "BMP")
    saved(img.quantize(13), "palette.bmp", "BMP")
    saved(rgba, "rgba.bmp", "BMP")
    for w, h in [(W, H), (1, 1), (2, 3), (16, 2)]:
        saved(picture(w, h), f"lossy-{w}x{h}.webp", "WEBP", quality=80)
    saved(rgba, "lossy-alpha.webp", "WEBP", quality=80, exact=True)
    saved(rgba, "lossless-alpha.webp", "WEBP", lossless=True, exact=True)
    saved(img.quantize(13), "frame.gif", "GIF")


jpegs()
others()
