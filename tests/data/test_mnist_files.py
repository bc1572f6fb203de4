"""Reading and fetching the MNIST files when something is wrong with them, the disk or the network.

A local server hands out tiny files in the same format, so nothing here needs the internet.
"""

import errno
import gzip
import hashlib
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest

from hvae_lessons.data.idx import parse_idx, read_idx
from hvae_lessons.data.mnist_files import MIRRORS, MNIST_FILES, PublishedFile, read_mnist_files

PIXELS = bytes(place % 251 for place in range(5 * 28 * 28))
IMAGES = struct.pack(">BBBBIII", 0, 0, 8, 3, 5, 28, 28) + PIXELS
LABELS = struct.pack(">BBBBI", 0, 0, 8, 1, 5) + bytes([3, 1, 4, 1, 5])


def packed(content):
    return gzip.compress(content, mtime=0)


def published(content, shape):
    digests = (hashlib.sha256(data).hexdigest() for data in (packed(content), content))
    return PublishedFile(*digests, shape)


FILES = {"images": published(IMAGES, (5, 28, 28)), "labels": published(LABELS, (5,))}
ARCHIVES = {"/images.gz": packed(IMAGES), "/labels.gz": packed(LABELS)}


class Mirror:
    """A server on this machine: `archives` is what it serves, `cut` truncates, `asked` lists the requests."""

    def __init__(self):
        self.archives, self.cut, self.asked = dict(ARCHIVES), None, []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.asked.append(self.path)
                body = mirror.archives.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write((body or b"")[: mirror.cut])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.delenv("HVAE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    mirror = Mirror()
    yield mirror
    mirror.close()


@pytest.fixture
def dead_url(mirror):
    """An address at which nobody listens any more."""
    gone = Mirror()
    gone.close()
    return gone.url


def assert_right(arrays):
    images, labels = arrays
    assert images.tobytes() == PIXELS
    assert images.shape == (5, 28, 28)
    assert labels.tolist() == [3, 1, 4, 1, 5]


def test_download_once_then_from_the_cache(mirror, tmp_path):
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))
    assert mirror.asked == ["/images.gz", "/labels.gz"]
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))
    assert len(mirror.asked) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images.gz", "labels.gz"]


def test_own_folder_comes_first_packed_anyhow(mirror, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    (own / "images").write_bytes(IMAGES)
    (own / "labels.gz").write_bytes(gzip.compress(LABELS, compresslevel=1, mtime=99))
    monkeypatch.setenv("HVAE_DATA", str(own))
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path / "cache"))
    assert mirror.asked == []


@pytest.mark.parametrize("bad", ["garbage", "truncated", "missing", "dead"])
def test_second_mirror_steps_in(bad, mirror, dead_url, tmp_path):
    first = Mirror()
    if bad == "garbage":
        first.archives = {path: b"<html>log in to this network</html>" for path in ARCHIVES}
    elif bad == "truncated":
        first.cut = 20
    elif bad == "missing":
        first.archives = {}
    urls = [dead_url if bad == "dead" else first.url, mirror.url]
    assert_right(read_mnist_files(FILES, urls, tmp_path))
    first.close()


@pytest.mark.parametrize("trouble", ["garbage", "truncated", "no network"])
def test_failed_download_says_what_to_do_and_can_be_repeated(trouble, mirror, dead_url, tmp_path):
    url = dead_url if trouble == "no network" else mirror.url
    if trouble == "garbage":
        mirror.archives["/labels.gz"] = packed(LABELS[:-1] + b"\7")
    mirror.cut = 20 if trouble == "truncated" else None
    with pytest.raises(ConnectionError) as refusal:
        read_mnist_files(FILES, [url], tmp_path)
    message = str(refusal.value)
    for advice in ("connect to the internet", "HVAE_DATA", "load_mnist()", url):
        assert advice in message
    assert "\n" not in message
    assert [path.name for path in tmp_path.iterdir()] == (["images.gz"] if trouble == "garbage" else [])
    mirror.cut, mirror.archives = None, dict(ARCHIVES)
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))


def test_full_disk_in_the_middle_keeps_nothing_and_can_be_repeated(mirror, tmp_path, monkeypatch):
    def half(self, url, output_file, *_, **__):
        with open(output_file, "wb") as file:
            file.write(ARCHIVES["/images.gz"][:30])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pooch.HTTPDownloader, "__call__", half)
        with pytest.raises(OSError, match=r"images\.gz could .* disk is full.*make room") as refusal:
            read_mnist_files(FILES, [mirror.url], tmp_path)
        assert refusal.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))


def test_cache_that_cannot_be_a_folder_is_named(mirror, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match=r"images\.gz could not be written to .*file"):
        read_mnist_files(FILES, [mirror.url], tmp_path / "file")


def test_leftover_of_a_killed_download_is_never_read(mirror, tmp_path):
    (tmp_path / "tmpabcdef").write_bytes(ARCHIVES["/images.gz"][:30])
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))


@pytest.mark.parametrize(
    "content", [ARCHIVES["/images.gz"][:-9], b"", packed(IMAGES[:-1] + b"\1"), packed(LABELS)]
)
def test_damaged_cache_is_replaced_with_network_and_refused_without(content, mirror, dead_url, tmp_path):
    (tmp_path / "images.gz").write_bytes(content)
    with pytest.raises(ConnectionError, match="images.gz"):
        read_mnist_files(FILES, [dead_url], tmp_path)
    assert_right(read_mnist_files(FILES, [mirror.url], tmp_path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ARCHIVES["/images.gz"][:-9], "expected a complete gzip file"),
        (ARCHIVES["/images.gz"].replace(b"\x1f\x8b", b"\x1f\x8c", 1), "expected a complete gzip file"),
        (b"not gzip", "expected a complete gzip file"),
        (b"", "expected an IDX header of at least 4 bytes, got 0 bytes"),
        (packed(b"\x89PNG" + IMAGES[4:]), "expected the IDX magic number .* got 0x89504e47"),
        (packed(b"\0\0\x0d\3" + IMAGES[4:]), "expected the IDX magic number .* got 0x00000d03"),
        (packed(IMAGES[:10]), "expected an IDX header of 16 bytes, got 10 bytes"),
        (packed(IMAGES[:-1]), r"expected 3936 bytes for the shape \(5, 28, 28\) .* got 3935 bytes"),
        (packed(IMAGES + b"\0"), "expected 3936 bytes .* got 3937 bytes"),
        (packed(LABELS), r"expected an array of shape \(5, 28, 28\), got \(5,\)"),
        (packed(IMAGES[:-1] + b"\1"), "expected content with SHA-256"),
    ],
)
def test_damaged_file_in_the_own_folder_is_named_and_never_replaced(
    content, expected, mirror, tmp_path, monkeypatch
):
    (tmp_path / "images.gz").write_bytes(content)
    monkeypatch.setenv("HVAE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"images\.gz: " + expected):
        read_mnist_files(FILES, [mirror.url], tmp_path / "cache")
    assert (tmp_path / "images.gz").read_bytes() == content
    assert mirror.asked == []


def test_parse_idx_by_hand():
    content = b"\0\0\x08\2" + b"\0\0\0\2" + b"\0\0\0\3" + bytes([1, 2, 3, 4, 5, 255])
    array = parse_idx(content, "six bytes")
    assert array.tolist() == [[1, 2, 3], [4, 5, 255]]
    assert array.dtype == np.uint8
    with pytest.raises(ValueError, match="six bytes: expected 18 bytes"):
        parse_idx(content[:-1], "six bytes")


def test_read_idx_needs_neither_shape_nor_hash(tmp_path):
    (tmp_path / "labels").write_bytes(LABELS)
    assert read_idx(tmp_path / "labels").tolist() == [3, 1, 4, 1, 5]
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "absent")


def test_registry_lists_the_four_files_with_two_mirrors():
    assert [published.shape for published in MNIST_FILES.values()] == [
        (60000, 28, 28),
        (60000,),
        (10000, 28, 28),
        (10000,),
    ]
    assert len(MIRRORS) == 2
    assert all(url.startswith("https://") and url.endswith("/mnist/") for url in MIRRORS)
