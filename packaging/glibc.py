"""The oldest glibc that a program runs with: the newest version of a symbol that it needs.

Format: the generic System V ABI, and "Version Requirements" of the Linux Standard Base.
"""

import pathlib
import re
import struct

VERSIONS_NEEDED = 0x6FFFFFFE
VERSION = re.compile(rb"GLIBC_(\d+(?:\.\d+)+)\Z")


def needed(program: pathlib.Path) -> str | None:
    """The version, or None of a program that needs no glibc, such as a static one."""
    data = program.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    versions = [match[1].decode() for name in names(data) if (match := VERSION.match(name))]
    return max(versions, key=numbers, default=None)


def numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def names(data: bytes):
    """Every version that the program needs of a library, in a 64-bit little-endian file."""
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQII", data, start + size * number) for number in range(count)]
    for _, kind, _, _, offset, _, link, libraries in sections:
        if kind != VERSIONS_NEEDED:
            continue
        strings = sections[link][4]
        for _ in range(libraries):
            _, versions, _, first, following = struct.unpack_from("<HHIII", data, offset)
            version = offset + first
            for _ in range(versions):
                _, _, _, name, further = struct.unpack_from("<IHHII", data, version)
                yield data[strings + name : data.index(b"\0", strings + name)]
                version += further
            offset += following
