"""Archives whose bytes follow from what is in them: sorted, of one time, of nobody."""

import dataclasses
import gzip
import hashlib
import io
import pathlib
import tarfile
import time
import zipfile


@dataclasses.dataclass(frozen=True)
class File:
    """A file in an archive."""

    path: str
    data: bytes
    is_program: bool = False

    @property
    def mode(self) -> int:
        return 0o755 if self.is_program else 0o644


def write(path: pathlib.Path, files: list[File], when: int) -> None:
    """Writes an archive in the form that its name says. No reader finds a part of it."""
    files = sorted(files, key=lambda file: file.path)
    data = zipped(files, when) if path.suffix == ".zip" else tarred(files, when)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def tarred(files: list[File], when: int) -> bytes:
    buffer = io.BytesIO()
    # A name and a time in the head of gzip would be those of this run.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as compressed:
        with tarfile.open(mode="w", fileobj=compressed, format=tarfile.USTAR_FORMAT) as tar:
            for file in files:
                entry = tarfile.TarInfo(file.path)
                entry.size, entry.mode, entry.mtime = len(file.data), file.mode, when
                tar.addfile(entry, io.BytesIO(file.data))
    return buffer.getvalue()


def zipped(files: list[File], when: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            # The format knows no time before 1980.
            entry = zipfile.ZipInfo(file.path, max(time.gmtime(when)[:6], (1980, 1, 1, 0, 0, 0)))
            entry.create_system, entry.external_attr = 3, file.mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.data)
    return buffer.getvalue()


def digest(path: pathlib.Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_sums(dist: pathlib.Path, names: list[str]) -> None:
    """Writes SHA256SUMS, as sha256sum reads it."""
    lines = [f"{digest(dist / name)}  {name}\n" for name in sorted(names)]
    (dist / "SHA256SUMS").write_text("".join(lines))
