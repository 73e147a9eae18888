"""smpps:// is TLS, and to the SMSC that the certificate names; the password goes to nobody else."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sms.providers import Accepted, Refused, Result, smpp
from sms.providers.kinds import Provider
from tests.sms_drivers import MESSAGE
from tests.smsc import PASSWORD, SYSTEM_ID, Smsc


def certificate(directory: Path, address: str) -> Path:
    """Write a key and a certificate of its own for `address`; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    file = directory / f"{address}.pem"
    pem = made.public_bytes(encoding)
    (directory / f"{address}.ca").write_bytes(pem)
    file.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password) + pem)
    return file


@contextmanager
def smsc(file: Path) -> Iterator[Smsc]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with Smsc(context) as smsc:
        yield smsc


def send(url: str, directory: Path, timeout: float = 20.0, **more: str) -> Result:
    credentials = {"system_id": "${env:USER}", "password": "${env:TOKEN}", **more}
    provider = Provider(1, "smpp", url, "POST", {}, "", "", None, None, timeout, credentials)
    return smpp.send(provider, MESSAGE, {"USER": SYSTEM_ID, "TOKEN": PASSWORD, "SECRETS_DIR": str(directory)})


def test_the_smsc_that_the_certificate_names_gets_the_message(tmp_path: Path) -> None:
    with smsc(certificate(tmp_path, "127.0.0.1")) as server:
        assert isinstance(send(server.url, tmp_path, ca="${file:127.0.0.1.ca}"), Accepted)
        assert [one.text for one in server.taken] == [MESSAGE.text]


@pytest.mark.parametrize(("named", "ca"), [("127.0.0.1", None), ("127.0.0.9", "${file:127.0.0.9.ca}")])
def test_another_one_gets_nothing(tmp_path: Path, named: str, ca: str | None) -> None:
    """One that nobody vouches for, and one whose certificate is for another address."""
    with smsc(certificate(tmp_path, named)) as server:
        result = send(server.url, tmp_path, 20.0, **({"ca": ca} if ca else {}))
        assert isinstance(result, Refused)
        assert result.why.startswith("the SMSC's certificate does not hold: ")
        assert not result.final
        assert server.binds == 0


def test_an_smsc_without_tls_gets_nothing(tmp_path: Path) -> None:
    with Smsc() as server:
        result = send(server.url.replace("smpp:", "smpps:"), tmp_path, timeout=0.5)
        assert isinstance(result, Refused)
        assert server.binds == 0


def test_a_certificate_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("-----BEGIN nothing")
    why = "the certificate in credentials, ca, cannot be read: it must be PEM"
    assert send("smpps://127.0.0.1:1", tmp_path, ca="${file:ca}") == Refused(why, final=False, cause="setup")
