# Made the fixed vector of tests/vector: python3 vector.py OUT, with the package cryptography.
import os, sys, pathlib
from cryptography.hazmat.primitives.asymmetric import rsa, padding
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
def pem(fmt, enc=s.NoEncryption()):
    return key.private_bytes(s.Encoding.PEM, fmt, enc)
(out / "private-pkcs8.pem").write_bytes(pem(s.PrivateFormat.PKCS8))
(out / "private-pkcs1.pem").write_bytes(pem(s.PrivateFormat.TraditionalOpenSSL))
(out / "private-pkcs8-passphrase.pem").write_bytes(pem(s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"test")))
(out / "private-pkcs1-passphrase.pem").write_bytes(pem(s.PrivateFormat.TraditionalOpenSSL, s.BestAvailableEncryption(b"test")))
pub = key.public_key()
(out / "public-spki.pem").write_bytes(pub.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
(out / "public-pkcs1.pem").write_bytes(pub.public_bytes(s.Encoding.PEM, s.PublicFormat.PKCS1))
other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
(out / "other-private.pem").write_bytes(other.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
name = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d.ndjson"
text = '{"id":"1","resourceType":"Patient"}\n{"id":"é","resourceType":"Patient"}\n'.encode()
data_key, nonce = os.urandom(32), os.urandom(12)
def wrap(k):
    return pub.encrypt(k, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), name.encode())).hex()
(out / name).write_bytes(nonce + AESGCM(data_key).encrypt(nonce, text, None))
(out / "plain.ndjson").write_bytes(text)
(out / "wrapped-key.hex").write_text(wrap(data_key) + "\n")
(out / "wrapped-key-of-16-bytes.hex").write_text(wrap(os.urandom(16)) + "\n")
(out / "not-utf8.bin").write_bytes(nonce + AESGCM(data_key).encrypt(nonce, b"\xff\xfe{}\n", None))
