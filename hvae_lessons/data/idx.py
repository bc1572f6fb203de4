"""IDX files: the format in which MNIST is published.

A file is two zero bytes, a type code (8 means unsigned bytes), the number of dimensions, each dimension as
a big-endian 32-bit integer, and then the values row by row. Nothing in a file is believed: the header, the
length and, where one is given, the SHA-256 of the content are checked before an array is returned.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from hvae_lessons.checks import Shown, expect

UNSIGNED_BYTE = 0x08


def parse_idx(content: bytes, source: str) -> np.ndarray:
    """Array of unsigned bytes that an (unpacked) IDX file describes.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `content` | bytes | header and values |
    | `source` | str | what to call the content in an error |
    | returns | [d1, ..., dn] | the values, uint8, read-only |

    Raises: ValueError naming `source` for a wrong magic number or a length that is not the one in the header.
    Source: the format's description on the MNIST page of LeCun, Cortes and Burges.
    """
    expect(isinstance(content, bytes), source, "bytes", Shown(content))
    size = f"{len(content)} bytes"
    expect(len(content) >= 4, source, "an IDX header of at least 4 bytes", size)
    zero, type_code, dimensions = struct.unpack(">HBB", content[:4])
    is_idx = zero == 0 and type_code == UNSIGNED_BYTE and dimensions >= 1
    expect(is_idx, source, "the IDX magic number 0x000008nn of unsigned bytes", f"0x{content[:4].hex()}")
    start = 4 + 4 * dimensions
    expect(len(content) >= start, source, f"an IDX header of {start} bytes", size)
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    length = start + math.prod(shape)
    expect(len(content) == length, source, f"{length} bytes for the shape {shape} in its header", size)
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_idx(path: Path, shape: tuple[int, ...] | None = None, sha256: str | None = None) -> np.ndarray:
    """Array in the IDX file at `path`, packed with gzip or not.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `path` | Path | a file whose name ends in .gz is unpacked first |
    | `shape` | tuple | shape that the array must have; None accepts any |
    | `sha256` | str | hash of the unpacked content (however it was packed); None accepts any |
    | returns | shape | the values, uint8, read-only |

    Raises: ValueError naming the file when it is truncated, not IDX, of another shape or of another content;
    FileNotFoundError when there is none. Source: as parse_idx.
    """
    expect(isinstance(path, str | Path), "path", "the path of a file", Shown(path))
    path = Path(path)
    packed = path.read_bytes()
    try:
        content = gzip.decompress(packed) if path.suffix == ".gz" else packed
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path}: expected a complete gzip file, got a damaged one ({error})") from error
    array = parse_idx(content, str(path))
    expect(shape is None or array.shape == shape, str(path), f"an array of shape {shape}", array.shape)
    if sha256 is not None:
        got = hashlib.sha256(content).hexdigest()
        expect(got == sha256, str(path), f"content with SHA-256 {sha256}", f"{got}: the file is damaged")
    return array
