"""A certificate authority for one run of the tests: made by openssl in a directory, forgotten with it."""
import datetime
import os
import subprocess
import threading

SERVER_NAMES = "IP:10.0.2.100,IP:127.0.0.1,DNS:localhost"


class Authority:
    """`certificate` is what clients have to trust; server() and client() make key pairs that it signed, sign() answers somebody's
    request, and what it has revoked() stands in revocations()."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = os.path.join(directory, "ca.pem")
        self._lock = threading.Lock()
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

    def sign(self, request, host, seconds, name="certificate", past=0):
        """The chain (PEM) for a request (PEM) of that host, valid for so many seconds from now (and since `past`). ValueError: it is no request, is not
        signed by its own key, or is another host's."""
        with self._lock:
            paths = [os.path.join(self.directory, name + end) for end in (".csr", ".ext", ".pem")]
            with open(paths[0], "w") as file:
                file.write(request)
            try:
                subject = self._openssl("req", "-in", paths[0], "-noout", "-verify", "-subject", "-nameopt", "RFC2253").strip()
            except RuntimeError as error:
                raise ValueError(f"no request: {error}") from None
            if subject != f"subject=CN={host}":
                raise ValueError(f"{subject} is not {host}")
            with open(paths[1], "w") as file:
                file.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n")
            now = datetime.datetime.now(datetime.timezone.utc)
            times = [(now + datetime.timedelta(seconds=s)).strftime("%Y%m%d%H%M%SZ") for s in (-past, seconds)]
            self._openssl("ca", "-batch", "-config", self._book(), "-in", paths[0], "-notext", "-startdate", times[0],
                          "-enddate", times[1], "-extfile", paths[1], "-out", paths[2])
            with open(paths[2]) as file:
                return file.read()

    def serial(self, certificate):
        """The serial number (hex) of a certificate, by its path."""
        return self._openssl("x509", "-in", certificate, "-noout", "-serial").strip().removeprefix("serial=")

    def revoke(self, certificate):
        """From now on it stands in revocations(); by its path."""
        with self._lock:
            self._openssl("ca", "-batch", "-config", self._book(), "-revoke", certificate)

    def revocations(self, seconds=3600):
        """The path of the list (PEM) of what is revoked by now."""
        with self._lock:
            path = os.path.join(self.directory, "revocations.pem")
            self._openssl("ca", "-config", self._book(), "-gencrl", "-crlsec", str(seconds), "-out", path)
            return path

    def _book(self):
        """The configuration of `openssl ca`, which remembers what it has signed."""
        path = os.path.join(self.directory, "ca.cnf")
        if not os.path.exists(path):
            os.makedirs(os.path.join(self.directory, "issued"))
            open(os.path.join(self.directory, "index.txt"), "w").close()
            with open(path, "w") as file:
                file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.directory}/index.txt\nnew_certs_dir={self.directory}/issued\n"
                           f"certificate={self.certificate}\nprivate_key={self._key}\nrand_serial=yes\ndefault_md=sha256\n"
                           "unique_subject=no\npolicy=p\n[p]\ncommonName=supplied\n")
        return path

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr}")
        return done.stdout
