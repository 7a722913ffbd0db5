"""A segment as one file: a header that says where each array begins, then the arrays, mapped and never copied.

A file is written under another name and renamed when it is whole, so a half-written one is never opened. Opening looks
at the header and the size; `verify` reads all of it against its checksum. What is found wrong is an `IndexDamaged`.
Premises are stored as JSON and read one at a time.
"""

import json
import mmap
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lean_sidekick.core.errors import IndexDamaged
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.postings import PARTS, Postings
from lean_sidekick.premises.quantised import QuantisedVectors
from lean_sidekick.premises.segment import Records, Segment, TokenSets

Array = NDArray[Any]

_MAGIC = b"lean-sidekick premises 1\n"
_ALIGNMENT = 64
_HEADER_LIMIT = 64 * 1024 * 1024
_POSTINGS = ("words", "symbols", "shapes")
_SETS = ("symbol_sets", "uses")


@frozen(eq=False)
class StoredRecords:
    """Premises as JSON, one after another."""

    blob: Any  # bytes, or a view of a mapped file
    starts: Array  # int64 (premises + 1,)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Premise:
        return decode_premise(bytes(self.blob[int(self.starts[number]) : int(self.starts[number + 1])]))


def encode_premise(premise: Premise) -> bytes:
    """A premise as compact JSON."""
    row = [
        premise.full_name,
        premise.kind,
        premise.statement,
        premise.module,
        premise.doc,
        _pair(premise.start),
        _pair(premise.end),
        premise.attributes,
        premise.deprecated,
        premise.constants,
        premise.uses,
    ]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode_premise(data: bytes) -> Premise:
    """The premise again. Raises IndexDamaged."""
    try:
        name, kind, statement, module, doc, start, end, attributes, deprecated, constants, uses = json.loads(data)
        return Premise(
            full_name=name,
            kind=kind,
            statement=statement,
            module=module,
            doc=doc,
            start=None if start is None else Position(*start),
            end=None if end is None else Position(*end),
            attributes=tuple(attributes),
            deprecated=deprecated,
            constants=None if constants is None else tuple(constants),
            uses=None if uses is None else tuple(uses),
        )
    except (ValueError, TypeError) as error:
        raise IndexDamaged(f"The premise index holds a premise that cannot be read ({error}).") from None


def write_segment(path: Path, segment: Segment) -> None:
    """Writes a segment, whole or not at all. Raises OSError."""
    arrays: dict[str, Array] = {
        "module_of": segment.module_of,
        "names": segment.names,
        "by_name": segment.by_name,
        "name_starts": segment.name_starts,
        "spelled": np.frombuffer(segment.spelled, dtype=np.uint8),
    }
    for name in _POSTINGS:
        postings: Postings = getattr(segment, name)
        arrays |= {f"{name}.{part}": array for part, array in postings.arrays().items()}
    for name in _SETS:
        sets: TokenSets = getattr(segment, name)
        arrays |= {f"{name}.starts": sets.starts, f"{name}.tokens": sets.tokens}
    records = stored_records(segment.records)
    arrays |= {"records": np.frombuffer(bytes(records.blob), dtype=np.uint8), "record_starts": records.starts}
    write_arrays(path, arrays, {"modules": list(segment.modules)})


def stored_records(records: Records) -> StoredRecords:
    """Premises as they are stored, encoded if they are not yet."""
    if isinstance(records, StoredRecords):
        return records
    return store_records([encode_premise(records[i]) for i in range(len(records))])


def store_records(encoded: Sequence[bytes]) -> StoredRecords:
    """Encoded premises as one block."""
    starts = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(one) for one in encoded], out=starts[1:])
    return StoredRecords(b"".join(encoded), starts)


def open_segment(path: Path) -> Segment:
    """A segment, mapped. Raises IndexDamaged, and FileNotFoundError where there is none."""
    arrays, extra = open_arrays(path)
    try:
        return Segment(
            records=StoredRecords(arrays["records"], arrays["record_starts"]),
            modules=tuple(map(str, extra["modules"])),
            module_of=arrays["module_of"],
            names=arrays["names"],
            by_name=arrays["by_name"],
            name_starts=arrays["name_starts"],
            spelled=arrays["spelled"].tobytes(),
            words=_postings(arrays, "words"),
            symbols=_postings(arrays, "symbols"),
            shapes=_postings(arrays, "shapes"),
            symbol_sets=_sets(arrays, "symbol_sets"),
            uses=_sets(arrays, "uses"),
        )
    except (KeyError, TypeError) as error:
        raise IndexDamaged(f"The premise index file {path} lacks a part ({error}).") from None


def _postings(arrays: Mapping[str, Array], name: str) -> Postings:
    return Postings(*(arrays[f"{name}.{part}"] for part in PARTS))


def _sets(arrays: Mapping[str, Array], name: str) -> TokenSets:
    return TokenSets(arrays[f"{name}.starts"], arrays[f"{name}.tokens"])


def write_vectors(path: Path, vectors: QuantisedVectors) -> None:
    """Writes the vectors of a segment, whole or not at all. Raises OSError."""
    arrays = {"values": vectors.values, "scales": vectors.scales, "signs": vectors.signs}
    write_arrays(path, arrays, {})


def open_vectors(path: Path, count: int) -> QuantisedVectors:
    """The vectors of a segment with `count` premises. Raises IndexDamaged, FileNotFoundError where there are none."""
    arrays, _ = open_arrays(path)
    try:
        vectors = QuantisedVectors(arrays["values"], arrays["scales"], arrays["signs"])
    except KeyError as error:
        raise IndexDamaged(f"The premise index file {path} lacks a part ({error}).") from None
    if len(vectors) != count or vectors.values.ndim != 2:
        raise IndexDamaged(f"The premise index file {path} is not made for its premises.")
    return vectors


def write_arrays(path: Path, arrays: Mapping[str, Array], extra: Mapping[str, object]) -> None:
    """Writes named arrays and some JSON as one file, whole or not at all. Raises OSError."""
    offset, table, checksum = 0, {}, 0
    for name, array in arrays.items():
        table[name] = [array.dtype.str, list(array.shape), offset]
        offset += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
    header = json.dumps({"arrays": table, "extra": extra, "size": offset, "checksum": checksum}).encode()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as out:
            out.write(_MAGIC + len(header).to_bytes(8, "little") + header)
            out.write(b"\0" * (-out.tell() % _ALIGNMENT))
            for array in arrays.values():
                out.write(np.ascontiguousarray(array).data)
                out.write(b"\0" * (-array.nbytes % _ALIGNMENT))
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def open_arrays(path: Path) -> tuple[dict[str, Array], Mapping[str, Any]]:
    """The arrays of a file, mapped, and its JSON. Raises IndexDamaged, and FileNotFoundError where there is none."""
    header, mapped, start = _open(path)
    try:
        arrays = {}
        for name, (kind, shape, offset) in header["arrays"].items():
            dtype = np.dtype(kind)
            count = int(np.prod(shape, dtype=np.int64))
            arrays[name] = np.frombuffer(mapped, dtype=dtype, count=count, offset=start + offset).reshape(shape)
        return arrays, header["extra"]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(f"The premise index file {path} is damaged ({error}).") from None


def verify(path: Path) -> None:
    """Reads a file through. Raises IndexDamaged where it is not what was written, FileNotFoundError without one."""
    arrays, _ = open_arrays(path)
    header, _, _ = _open(path)
    checksum = 0
    for array in arrays.values():
        checksum = zlib.crc32(array.data, checksum)
    if checksum != header["checksum"]:
        raise IndexDamaged(f"The premise index file {path} is damaged: its checksum is wrong.")


def _open(path: Path) -> tuple[Any, mmap.mmap, int]:
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise IndexDamaged(f"The premise index file {path} is no index file of this version.")
            length = int.from_bytes(file.read(8), "little")
            if length > _HEADER_LIMIT:
                raise IndexDamaged(f"The premise index file {path} is damaged: its header has no end.")
            header = json.loads(file.read(length))
            start = -(-file.tell() // _ALIGNMENT) * _ALIGNMENT
            size = file.seek(0, os.SEEK_END)
            if size != start + header["size"]:
                raise IndexDamaged(f"The premise index file {path} is damaged: it has {size} bytes, not what it says.")
            return header, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), start
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(f"The premise index file {path} cannot be read ({error}).") from None


def _pair(position: Position | None) -> list[int] | None:
    return None if position is None else [position.line, position.character]
