"""Signs documents as a control plane does (docs/control-plane.md, "Signed documents"); openssl makes the key and the signature."""
import base64
import json
import os
import subprocess


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class DocumentSigner:
    """A key by the name `key_id`, in a directory."""

    def __init__(self, directory, key_id="2026-a"):
        self.key_id = key_id
        self._key = os.path.join(directory, key_id + ".pem")
        self._input = os.path.join(directory, key_id + ".input")
        if not os.path.exists(self._key):
            self._openssl("genpkey", "-algorithm", "ed25519", "-out", self._key)

    def public_key(self):
        """One key of a JWK Set."""
        spki = self._openssl("pkey", "-in", self._key, "-pubout", "-outform", "DER")
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.key_id, "x": base64url(spki[-32:])}

    def sign(self, document, host, generation):
        """The detached signature of these bytes."""
        header = base64url(json.dumps({"alg": "EdDSA", "kid": self.key_id, "host": host, "generation": generation,
                                       "crit": ["host", "generation"]}).encode())
        with open(self._input, "w") as file:  # openssl signs files with such a key, not what comes through a pipe
            file.write(f"{header}.{base64url(document)}")
        return f"{header}..{base64url(self._openssl('pkeyutl', '-sign', '-rawin', '-inkey', self._key, '-in', self._input))}"

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.decode()}")
        return done.stdout
