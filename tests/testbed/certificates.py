"""Owns the testbed's certificate authority, its servers' certificate and a stranger's certificate.

The stranger's certificate is signed by nobody that a client could know: for tests of refusal.
"""

import subprocess

from layout import AUTHORITY, CERTIFICATES, write
from processes import run

# `testbed` is the name under which hosts on the bridge know this machine.
NAMES = "DNS:localhost,DNS:velaryon,DNS:testbed,IP:127.0.0.1,IP:0.0.0.0,IP:::1"
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
DAY = 24 * 60 * 60
EXTENSIONS = CERTIFICATES / "server.ext"
WANTED = f"subjectAltName={NAMES}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"


def server():
    """Returns certificate and key of the servers."""
    return CERTIFICATES / "server.crt", CERTIFICATES / "server.key"


def stranger():
    """Returns certificate and key of the server that nobody should trust."""
    return CERTIFICATES / "stranger.crt", CERTIFICATES / "stranger.key"


def are_good():
    """Tells whether all of them are there, hold for another day, and belong together."""
    certificate, _ = server()
    if not all(is_valid(one) for one in (AUTHORITY, certificate, stranger()[0])):
        return False
    check = ["openssl", "verify", "-CAfile", str(AUTHORITY), str(certificate)]
    is_signed = subprocess.run(check, capture_output=True).returncode == 0
    return is_signed and EXTENSIONS.exists() and EXTENSIONS.read_text() == WANTED


def make():
    """Makes all of them anew. Whoever was told of the old authority has to be started again."""
    CERTIFICATES.mkdir(parents=True, exist_ok=True)
    self_signed(AUTHORITY, CERTIFICATES / "ca.key", "Velaryon testbed authority", [
        "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    ])
    self_signed(*stranger(), "stranger", [
        "-addext", f"subjectAltName={NAMES}", "-addext", "extendedKeyUsage=serverAuth",
    ])
    certificate, key = server()
    request = CERTIFICATES / "server.csr"
    write(EXTENSIONS, WANTED)
    run(["openssl", "req", "-new", *KEY, "-subj", "/CN=velaryon", "-keyout", key, "-out", request])
    run(["openssl", "x509", "-req", "-in", request, "-CA", AUTHORITY, "-CAkey", CERTIFICATES / "ca.key",
         "-CAcreateserial", "-days", "3650", "-extfile", EXTENSIONS, "-out", certificate])


def self_signed(certificate, key, name, extensions):
    run(["openssl", "req", "-x509", *KEY, "-days", "3650", "-subj", f"/CN={name}", *extensions,
         "-keyout", key, "-out", certificate])


def is_valid(certificate):
    """Tells whether `certificate` exists and will hold for another day."""
    check = ["openssl", "x509", "-noout", "-checkend", str(DAY), "-in", str(certificate)]
    return certificate.exists() and subprocess.run(check, capture_output=True).returncode == 0
