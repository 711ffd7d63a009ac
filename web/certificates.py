"""The dashboard's TLS: with the user's files, or a self-signed certificate.

The program openssl makes the latter: it is installed wherever ca-certificates is, on boards too, where the Python
package `cryptography` would have to be compiled.
"""

import logging
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from string import Template
from typing import Callable, List, Optional, Tuple

from appliance.core.files import write_text
from web.urls import own_addresses

SELF_SIGNED = "self-signed"
VALID_DAYS = 800
"""Apple's systems accept at most 825."""
RENEWED_DAYS = 60
"""A certificate is renewed this long before it expires."""
_CHECK_SECONDS = 3600.0
_OPENSSL_SECONDS = 60
_HOST = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
# Not a certificate authority: a thief of the board could use its key to sign certificates for any site.
_CONFIG = """\
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = $name
[extensions]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = $names
"""

log = logging.getLogger(__name__)


class CertificateError(Exception):
    """There is no usable certificate; the message names the remedy."""


class Certificate:
    """A certificate and its key; a self-signed one has both in one file.

    Attributes:
        certificate: Path of the file.
        key: Path of the file.

    Args:
        certificate: Path, or SELF_SIGNED.
        key: Path; ignored for a self-signed certificate.
        state_dir: Folder for a self-signed certificate.
        clock: Unix time.
    """

    def __init__(self, certificate: str, key: str, state_dir: str, clock: Callable[[], float] = time.time) -> None:
        self._is_own = certificate == SELF_SIGNED
        self._clock = clock
        self.certificate = str(Path(state_dir) / "tls.pem") if self._is_own else certificate
        self.key = self.certificate if self._is_own else key
        self._context: Optional[ssl.SSLContext] = None
        self._loaded: List[Tuple[int, int]] = []

    def prepare(self) -> None:
        """Make or renew the certificate if needed. Raises CertificateError."""
        if self._is_own and not self._is_good():
            try:
                _make(Path(self.certificate))
            except OSError as error:
                raise CertificateError(
                    f"{self.certificate}: {error.strerror}; the certificate cannot be kept there."
                ) from error

    def context(self) -> ssl.SSLContext:
        """Return the TLS context of all connections. Raises CertificateError."""
        if self._context is None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            versions = getattr(ssl, "TLSVersion", None)
            if versions is not None:
                context.minimum_version = versions.TLSv1_2
            else:  # Python 3.6
                context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
            self._load(context)
            self._context = context
        return self._context

    def refresh(self) -> None:
        """Load the files again for new connections. Raises CertificateError."""
        self.prepare()
        if self._context is not None and self._stamps() != self._loaded:
            self._load(self._context)

    def keep_fresh(self, stopped: threading.Event) -> None:
        """Renew the certificate in time until `stopped` is set. After a failure the old one stays until a retry."""
        while not stopped.wait(_CHECK_SECONDS):
            try:
                self.refresh()
            except Exception as error:
                log.error("the TLS certificate cannot be renewed: %s", error)

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            self._loaded = self._stamps()
            context.load_cert_chain(self.certificate, self.key, password="")
        except (OSError, ValueError) as error:
            raise CertificateError(f"{self.certificate} and {self.key} cannot be used for TLS: {error}") from error

    def _stamps(self) -> List[Tuple[int, int]]:
        return [(facts.st_mtime_ns, facts.st_ino) for facts in map(os.stat, (self.certificate, self.key))]

    def _is_good(self) -> bool:
        """Return whether it is for this machine's name and valid now, even if the clock was wrong when it was made."""
        if not os.path.exists(self.certificate):
            return False
        try:
            said = _openssl("x509", "-in", self.certificate, "-noout", "-startdate", "-enddate", "-checkhost", _name())
            dates = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
            start, end = (ssl.cert_time_to_seconds(dates[which]) for which in ("notBefore", "notAfter"))
        except (CertificateError, KeyError, ValueError) as error:
            log.warning("%s is made anew, it cannot be read: %s", self.certificate, error)
            return False
        is_ours = "does match certificate" in said
        return is_ours and start <= self._clock() < end - RENEWED_DAYS * 86400


def _make(path: Path) -> None:
    """Make a self-signed certificate. Raises CertificateError, OSError."""
    config = Template(_CONFIG).substitute(name=_name()[:64], names=",".join(_subjects()))
    pem = _openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-batch",
        "-sha256",
        "-days",
        str(VALID_DAYS),
        "-config",
        "/dev/stdin",
        "-keyout",
        "-",
        given=config,
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(path, pem)


def _subjects() -> List[str]:
    """Return the names and addresses by which browsers may reach the dashboard."""
    name = _name()
    names = [name, "localhost"] if "." in name or name == "localhost" else [name, name + ".local", "localhost"]
    return ["DNS:" + name for name in names] + ["IP:" + address for address in own_addresses() + ["127.0.0.1", "::1"]]


def _name() -> str:
    name = socket.gethostname().lower()
    return name if _HOST.fullmatch(name) else "localhost"


def _openssl(*words: str, given: str = "") -> str:
    """Run openssl and return what it prints. Raises CertificateError."""
    try:
        done = subprocess.run(
            ("openssl",) + words,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=_OPENSSL_SECONDS,
        )
    except FileNotFoundError:
        raise CertificateError(
            "tls: self-signed needs the program openssl (Debian, Ubuntu: apt install openssl), or "
            "give it a certificate and a key."
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CertificateError(f"openssl {words[0]}: {error}") from error
    if done.returncode:
        raise CertificateError(f"openssl {words[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout
