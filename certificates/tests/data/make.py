"""The PFX files that Python makes: see make.sh, which calls this with the directory of the key and the certificates."""

import hashlib
import hmac
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

scratch = Path(sys.argv[1])
out = Path("pkcs12")
key = load_pem_private_key((scratch / "leaf.key").read_bytes(), None)
leaf, ca = (x509.load_pem_x509_certificate((scratch / f).read_bytes()) for f in ("leaf.pem", "ca.pem"))


def write(name, encryption):
    pfx = pkcs12.serialize_key_and_certificates(b"leaf", key, leaf, [ca], encryption)
    (out / f"{name}.pfx").write_bytes(pfx)
    return pfx


builder = PrivateFormat.PKCS12.encryption_builder()
windows = (
    builder.kdf_rounds(2000)
    .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .hmac_hash(hashes.SHA1())
    .build(b"1234")
)
write("python-windows", windows)
write("python-aes", BestAvailableEncryption(b"1234"))
write("python-plain", NoEncryption())


# BER as Firefox writes it: indefinite lengths, and strings in parts.
def elements(der):
    while der:
        tag, length, start = der[0], der[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        yield tag, der[start : start + length]
        der = der[start + length :]


def length(n):
    digits = n.to_bytes(4, "big").lstrip(b"\0")
    return bytes([n]) if n < 128 else bytes([0x80 | len(digits)]) + digits


def element(tag, *parts):
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def parts(octets):
    chunks = [octets[i : i + 100] for i in range(0, len(octets), 100)]
    return b"".join(b"\x04" + length(len(chunk)) + chunk for chunk in chunks)


def ber(der):
    result = b""
    for tag, content in elements(der):
        if tag in (0x04, 0x80) and len(content) > 40:
            result += bytes([tag | 0x20, 0x80]) + parts(content) + b"\0\0"
        elif tag & 0x20:
            result += bytes([tag, 0x80]) + ber(content) + b"\0\0"
        else:
            result += bytes([tag]) + length(len(content)) + content
    return result


def outer_and_inner(plain):
    """The whole of a PFX without MAC, also inside of the strings that hold its contents, as DER of BER."""
    (_, pfx), = elements(plain)
    version, info, *_ = elements(pfx)
    data, (_, explicit) = elements(info[1])
    (_, safe), = elements(explicit)
    (_, infos), = elements(safe)
    rewritten = b""
    for _, part in elements(infos):
        kind, (_, content) = elements(part)
        (tag, value), = elements(content)
        if tag == 0x04:
            value = ber(value)
        inner = bytes([tag]) + length(len(value)) + value
        body = bytes([kind[0]]) + length(len(kind[1])) + kind[1] + b"\xa0" + length(len(inner)) + inner
        rewritten += b"\x30" + length(len(body)) + body
    safe = ber(b"\x30" + length(len(rewritten)) + rewritten)
    octets = b"\x04" + length(len(safe)) + safe
    body = bytes([data[0]]) + length(len(data[1])) + data[1] + b"\xa0" + length(len(octets)) + octets
    body = b"\x02\x01\x03\x30" + length(len(body)) + body
    return ber(b"\x30" + length(len(body)) + body)


for name in ("openssl-legacy", "openssl-default"):
    (out / f"ber-{name}.pfx").write_bytes(ber((out / f"{name}.pfx").read_bytes()))
for name in ("openssl-no-mac", "openssl-plain-no-mac"):
    (out / f"ber-{name}.pfx").write_bytes(outer_and_inner((out / f"{name}.pfx").read_bytes()))


# A PFX with the MAC of RFC 9579: PBKDF2 with HMAC-SHA-512, HMAC-SHA-256.
NULL = element(0x05)
PBMAC1, PBKDF2, HMAC_SHA256, HMAC_SHA512 = (
    element(0x06, bytes.fromhex(oid)) for oid in ("2a864886f70d01050e", "2a864886f70d01050c", "2a864886f70d0209", "2a864886f70d020b")
)
((_, pfx),) = elements((out / "openssl-no-mac.pfx").read_bytes())
_, (_, info) = elements(pfx)
_, (_, explicit) = elements(info)
((_, contents),) = elements(explicit)
salt = bytes(range(16))
mac_key = hashlib.pbkdf2_hmac("sha512", b"1234", salt, 3000, 32)
derivation = element(
    0x30, element(0x04, salt), element(0x02, b"\x0b\xb8"), element(0x02, b"\x20"), element(0x30, HMAC_SHA512, NULL)
)
algorithm = element(0x30, PBMAC1, element(0x30, element(0x30, PBKDF2, derivation), element(0x30, HMAC_SHA256, NULL)))
digest = element(0x30, algorithm, element(0x04, hmac.digest(mac_key, contents, "sha256")))
# Salt and rounds out here mean nothing.
mac = element(0x30, digest, element(0x04, b"NOT USED"), element(0x02, b"\x01"))
(out / "python-pbmac1.pfx").write_bytes(element(0x30, pfx, mac))

# A PFX of an encrypted private key alone.
SHROUDED, DATA = (element(0x06, bytes.fromhex(oid)) for oid in ("2a864886f70d010c0a0102", "2a864886f70d010701"))


def data(content):
    return element(0x30, DATA, element(0xA0, element(0x04, content)))


bag = element(0x30, SHROUDED, element(0xA0, (scratch / "prf-sha1.der").read_bytes()))
safe = element(0x30, data(element(0x30, bag)))
(out / "openssl-key-only-prf-sha1.pfx").write_bytes(element(0x30, element(0x02, b"\x03"), data(safe)))
