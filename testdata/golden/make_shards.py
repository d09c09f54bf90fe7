"""Small data sets as the usual tools store them: tar shards by webdataset, Parquet by Hugging Face's datasets and by pyarrow.

    python make_shards.py        # from testdata/golden

Picture k of every set is 8 x 6 pixels of one colour, (10k, 255 - 10k, 7k) mod 256, as PNG; its class is k mod 3.
Written with webdataset 1.0.2, datasets and pyarrow 26.0.1, Pillow.
"""
import io, json, os, tarfile
import datasets, pyarrow as pa, pyarrow.parquet as pq, webdataset
from PIL import Image

TAR, PARQUET = "../../data/webdataset/testdata/", "../../data/parquet/testdata/"
NAMES = ["cat", "dog", "emu"]


def picture(k):
    return Image.new("RGB", (8, 6), (10 * k % 256, (255 - 10 * k) % 256, 7 * k % 256))


def png(k):
    b = io.BytesIO()
    picture(k).save(b, "png")
    return b.getvalue()


def tars():
    with webdataset.ShardWriter(TAR + "train-%06d.tar", maxcount=5, mtime=0) as sink:
        for k in range(12):
            sink.write({"__key__": f"{k:05d}", "png": png(k), "cls": k % 3})
    with webdataset.TarWriter(TAR + "json-000000.tar", mtime=0) as sink:
        for k in range(4):
            sink.write({"__key__": f"dir/{k:05d}", "json": {"label": NAMES[k % 3], "width": 8}, "png": png(k)})
    long = "very/" * 30 + "long.name.with.dots.png"  # 170 characters and dots: PAX and GNU headers
    for name, layout in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)):
        with tarfile.open(TAR + name + ".tar", "w", format=layout) as t:
            for member, b in ((long, png(5)), (long[: -len(".name.with.dots.png")] + ".cls", b"2\n")):
                info = tarfile.TarInfo(member)
                info.size = len(b)
                t.addfile(info, io.BytesIO(b))


def parquets():
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=NAMES)})
    rows = {"image": [{"bytes": png(k), "path": f"{k:05d}.png"} for k in range(12)], "label": [k % 3 for k in range(12)]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(PARQUET + "train-00000-of-00001.parquet", batch_size=5)
    # cifar10 of the hub: columns img and label, other order; pyarrow's defaults: no page index, dictionary and snappy
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"label": pa.array([k % 3 for k in range(7)], pa.int64()),
                      "img": pa.array([{"bytes": png(k), "path": None} for k in range(7)], image)})
    pq.write_table(table, PARQUET + "img.parquet", row_group_size=3, data_page_size=100)
    pq.write_table(table, PARQUET + "zstd.parquet", compression="zstd", write_page_index=True, data_page_version="2.0")
    # cifar100 of the hub: two labels; the fine one counts
    table = table.rename_columns(["fine_label", "img"]).append_column("coarse_label", pa.array([0] * 7, pa.int64()))
    pq.write_table(table, PARQUET + "fine.parquet")
    # plain binary in place of a struct, 32-bit labels, a missing picture and a label of -1
    plain = pa.table({"image": pa.array([png(0), png(1)], pa.binary()), "label": pa.array([0, 1], pa.int32())})
    pq.write_table(plain, PARQUET + "plain.parquet", compression="none")
    holes = pa.table({"image": pa.array([{"bytes": png(0), "path": "a"}, {"bytes": None, "path": "b"}], image), "label": pa.array([0, 1])})
    pq.write_table(holes, PARQUET + "missing.parquet")
    pq.write_table(holes.set_column(1, "label", pa.array([0, -1])), PARQUET + "unlabelled.parquet")
    pq.write_table(pa.table({"text": ["a"], "label": [1]}), PARQUET + "text.parquet")


os.makedirs(TAR, exist_ok=True)
os.makedirs(PARQUET, exist_ok=True)
tars()
parquets()
