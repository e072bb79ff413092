"""One Parquet file that holds the images themselves, in the form that Hugging Face datasets writes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from ..core import UserError, atomic_file
from ._cards import about_of, lineage_of, make_card
from ._decode import decode_bytes, range_of
from ._imageset import ImageSet, Pixels
from ._tables import column_types
from ._window import Window, decoding_rule, read_window

_CARD = b"synmedbench.card"


class EncodedSource:
    """Images that are in memory as encoded files, decoded when they are asked for."""

    def __init__(self, encoded: Sequence[bytes], names: Sequence[str], window: Window | None = None) -> None:
        self.encoded, self.names, self.window = list(encoded), list(names), window

    def __len__(self) -> int:
        return len(self.encoded)

    def read(self, row: int) -> Pixels:
        return decode_bytes(self.encoded[row], self.names[row], self.window)


def png_bytes(image: Pixels) -> bytes:
    """Return the (H, W, 3) uint8 image as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return buffer.getvalue()


def write_parquet(images: ImageSet, path: str | Path) -> None:
    """Write the set as one Parquet file: a column ``image`` of PNG bytes, the table's columns, the card as
    metadata.

    Hugging Face ``datasets`` reads the file with its images. Written atomically, an older file is replaced.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(images.table, preserve_index=False)
    names = images.table["file_name"].tolist() if "file_name" in images.table else range(len(images))
    cells = [{"bytes": png_bytes(images.image(i)), "path": str(name)} for i, name in enumerate(names)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = table.append_column("image", pa.array(cells, type=kind))
    card = make_card(images.about, images.lineage, {"columns": column_types(images.table)})
    features = {"info": {"features": {"image": {"_type": "Image"}}}}
    metadata = {
        **(table.schema.metadata or {}),
        _CARD: json.dumps(card, ensure_ascii=False).encode(),
        b"huggingface": json.dumps(features).encode(),
    }
    with atomic_file(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def read_parquet(
    argument: str | Path, *, label: str = "label", window: str | Sequence[float] | None = None
) -> ImageSet:
    """Read a Parquet file whose column ``image`` holds encoded images, as `write_parquet` and Hugging Face
    write it.

    ``label`` selects the column that becomes the label, ``window`` is that of `read_folder` (``0-4095``, ``set``).
    Raises ``UserError`` for a broken file or one without
    images.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(argument).expanduser()
    try:
        read = pq.read_table(path)
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError("not a readable Parquet file", where=path, remedy="write it again") from error
    if "image" not in read.column_names:
        raise UserError(
            "no column 'image' with the images' bytes", where=path, remedy="give a folder instead"
        )
    cells = read.column("image").to_pylist()
    missing = [i for i, cell in enumerate(cells) if not isinstance(cell, dict) or not cell.get("bytes")]
    if missing:
        raise UserError(f"{len(missing)} rows hold no image bytes, first row {missing[0] + 1}", where=path)
    table = _label_column(read.drop_columns(["image"]).to_pandas(), label, path)
    names = [str(cell.get("path") or f"images/{i:06d}.png") for i, cell in enumerate(cells)]
    if "file_name" not in table.columns:
        table.insert(0, "file_name", names)
    card = _card_of(read.schema.metadata or {})
    encoded, places = [cell["bytes"] for cell in cells], [f"{path}: {name}" for name in names]
    chosen = range_of(zip(encoded, places, strict=True)) if window == "set" else read_window(window)
    about = about_of(card, path.stem)
    if chosen is not None:
        about = replace(about, decoding=decoding_rule(chosen))
    source = EncodedSource(encoded, places, chosen)
    return ImageSet(source, table, about=about, lineage=lineage_of(card, path))


def _label_column(table: pd.DataFrame, label: str, path: Path) -> pd.DataFrame:
    if label not in table.columns:
        if label == "label":
            return table
        raise UserError(f"no column {label!r}", where=path)
    if label != "label":
        table = table.rename(columns={"label": "original_label"})
    table["label"] = [None if pd.isna(value) else str(value) for value in table[label]]
    return table


def _card_of(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    try:
        card = json.loads(metadata.get(_CARD, b"{}"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return {}
    return card if isinstance(card, dict) else {}
