"""A certificate authority for one run of the tests: made by openssl in a directory, forgotten with it."""
import os
import subprocess

SERVER_NAMES = "IP:10.0.2.100,IP:127.0.0.1,DNS:localhost"


class Authority:
    """`certificate` is what clients have to trust; server() and client() make key pairs that it signed."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = os.path.join(directory, "ca.pem")
        self._key = os.path.join(directory, "ca.key")
        if not os.path.exists(self.certificate):
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                          "-subj", "/CN=metalwright test authority", "-keyout", self._key, "-out", self.certificate)

    def server(self, name="server", names=SERVER_NAMES):
        return self._issue(name, f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")

    def client(self, name="client"):
        return self._issue(name, "extendedKeyUsage=clientAuth\n")

    def _issue(self, name, extensions):
        """The paths of (certificate, key)."""
        certificate, key, request, extra = (os.path.join(self.directory, name + end) for end in (".pem", ".key", ".csr", ".ext"))
        if not os.path.exists(certificate):
            with open(extra, "w") as file:
                file.write(extensions)
            self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                          "-keyout", key, "-out", request)
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                          "-days", "30", "-extfile", extra, "-out", certificate)
        return certificate, key

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr}")
