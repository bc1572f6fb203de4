"""The four files of MNIST: where they may lie, and how they are fetched once.

A file is looked for in the folder that the environment variable HVAE_DATA names, then in the cache folder of
the operating system, and only then downloaded into the cache. A download goes to a temporary file, which
takes its real name only after its hash is right, and every file is checked again whenever it is read: a
connection that breaks, a full disk or a killed process leaves nothing that is read later.
"""

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pooch
from requests.exceptions import RequestException

from hvae_lessons.data.idx import read_idx

CONNECT_SECONDS = 15


@dataclass(frozen=True)
class PublishedFile:
    """An IDX file on the mirrors: hashes of the gzip archive and of its content, shape of the array."""

    archive_sha256: str
    content_sha256: str
    shape: tuple[int, ...]


MNIST_FILES = {
    "train-images-idx3-ubyte": PublishedFile(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    "train-labels-idx1-ubyte": PublishedFile(
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60_000,),
    ),
    "t10k-images-idx3-ubyte": PublishedFile(
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10_000, 28, 28),
    ),
    "t10k-labels-idx1-ubyte": PublishedFile(
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10_000,),
    ),
}

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def read_mnist_files(
    files: Mapping[str, PublishedFile] = MNIST_FILES,
    mirrors: Sequence[str] = MIRRORS,
    cache: str | Path | None = None,
) -> list[np.ndarray]:
    """Arrays of the files, in their order, found on this machine or downloaded.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `files` | name -> PublishedFile | what to read, and what each must contain |
    | `mirrors` | addresses | tried one after the other; each ends in / |
    | `cache` | folder | where downloads are kept; None is the operating system's cache |
    | returns | list of uint8 arrays | one array per file |

    Raises: ValueError for a damaged file in the folder HVAE_DATA (it is the user's, so it is not replaced);
    ConnectionError when no mirror delivers a file; OSError when the cache cannot be written (full disk).
    Source: the files published by LeCun, Cortes and Burges.
    """
    cache = Path(pooch.os_cache("hvae_lessons") if cache is None else cache)
    return [_read_file(name, published, mirrors, cache) for name, published in files.items()]


def _read_file(name: str, published: PublishedFile, mirrors: Sequence[str], cache: Path) -> np.ndarray:
    """One array: from the user's folder, from the cache, or from a mirror by way of the cache."""
    if own := os.environ.get("HVAE_DATA"):
        for candidate in (Path(own, f"{name}.gz").expanduser(), Path(own, name).expanduser()):
            if candidate.is_file():
                return read_idx(candidate, published.shape, published.content_sha256)
    cached = cache / f"{name}.gz"
    try:
        return read_idx(cached, published.shape, published.content_sha256)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        _download(cached.name, published.archive_sha256, mirrors, cache)
    return read_idx(cached, published.shape, published.content_sha256)


def _download(file_name: str, archive_sha256: str, mirrors: Sequence[str], cache: Path) -> None:
    """Put one archive into the cache, complete and verified, or raise and leave the cache as it was."""
    failures = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(timeout=CONNECT_SECONDS)
        try:
            pooch.retrieve(mirror + file_name, archive_sha256, file_name, cache, downloader=downloader)
            return
        except (RequestException, ValueError) as error:
            failures.append(f"{mirror}: {_first_line(error)}")
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else _first_line(error)
            refusal = OSError(
                f"{file_name} could not be written to {cache} ({reason}): make room there or set HVAE_DATA "
                "to a folder that holds the four MNIST files, then call again; nothing incomplete was kept"
            )
            refusal.errno = error.errno
            raise refusal from error
    raise ConnectionError(
        f"{file_name} is neither on this machine nor could it be downloaded: connect to the internet and "
        "call again, or put the four MNIST files into a folder and set the environment variable HVAE_DATA to "
        f"it, or call load_mnist() for the subset that needs no network ({'; '.join(failures)})"
    )


def _first_line(error: Exception) -> str:
    """The error as one short line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
