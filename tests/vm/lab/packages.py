"""Debian packages that the guest's image does not hold, unpacked into it: fetched by the host's own apt, for the guest's own state."""
import os
import subprocess
import tempfile

from .errors import LabError


def unpack(vm, names):
    """Puts packages and what they need beyond the guest's own into it. Their maintainer scripts are not run."""
    with tempfile.TemporaryDirectory(prefix="metalwright-debs-") as folder:
        status, archives, tree = (os.path.join(folder, name) for name in ("status", "archives", "tree"))
        os.makedirs(f"{archives}/partial")
        os.makedirs(tree)
        with open(status, "wb") as file:
            file.write(vm.get("/var/lib/dpkg/status"))
        fetch = ["apt-get", "-q", "-y", "--no-install-recommends", "--download-only", "-o", f"Dir::State::status={status}",
                 "-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root",
                 "-o", "Acquire::Retries=3", "install", *names]
        done = subprocess.run(fetch, capture_output=True, text=True)
        if done.returncode:
            raise LabError(f"{' '.join(names)} cannot be fetched:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        for name in sorted(os.listdir(archives)):
            if name.endswith(".deb"):
                subprocess.run(["dpkg-deb", "--extract", os.path.join(archives, name), tree], check=True)
        vm.push_tree(tree)
