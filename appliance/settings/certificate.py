"""Check that the configured certificate can be used, before anything is started with it."""

import os
import shlex
import shutil
import ssl
from typing import Optional, Tuple

from appliance.core.errors import ConfigError
from appliance.schema.web_values import SELF_SIGNED


def certificate_files(tls: Optional[str]) -> Tuple[str, str]:
    """Return certificate and key of the setting `tls`, as the dashboard takes them. Raises ConfigError if unusable."""
    words = shlex.split(tls or "")
    if not words:
        return "", ""
    if words == [SELF_SIGNED]:
        if shutil.which("openssl") is None:
            raise ConfigError(
                "self-signed needs the program openssl (Debian, Ubuntu: apt install openssl), or "
                "give it a certificate and a key"
            )
        return SELF_SIGNED, ""
    certificate, key = map(os.path.abspath, words)
    for path in (certificate, key):
        if not os.path.isfile(path):
            raise ConfigError(f"there is no file {path}")
    try:
        # With no password given, it would prompt for one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{certificate} and {key} are no certificate with its key, both PEM, without a password:"
            f" {error.strerror if isinstance(error, PermissionError) else error}"
        ) from None
    return certificate, key
