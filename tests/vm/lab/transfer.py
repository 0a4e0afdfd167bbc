"""Carries a directory of the host into the guest: a tar archive written on a raw disk that the guest only reads."""
import io
import os
import shlex
import tarfile

from .errors import LabError

SIZE = 512 << 20


def create(path):
    with open(path, "wb") as file:
        file.truncate(SIZE)


def load(source, path, target):
    """Puts a directory's contents on the disk and returns the bash command with which the guest unpacks them."""
    def own(member):
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for entry in sorted(os.listdir(source)):
            tar.add(os.path.join(source, entry), entry, filter=own)
    data = archive.getvalue()
    if len(data) > SIZE:
        raise LabError(f"{source} is larger than the lab's transfer disk ({SIZE >> 20} MiB)")
    with open(path, "r+b") as file:
        file.write(data)
    target = shlex.quote(target)
    megabytes = -(-len(data) // (1 << 20))
    # Read past the guest's cache, which may hold what an earlier transfer left on this disk.
    # Directories keep what they are in the guest: /lib is a link there and a directory in a staged tree.
    # tar stops at the archive's end, dd at the megabyte's: the rest has to be taken off dd's hands.
    return (f"set -o pipefail; mkdir -p {target} && "
            f"dd if=/dev/disk/by-id/virtio-LABXFER iflag=direct bs=1M count={megabytes} status=none | "
            f"{{ tar -x --keep-directory-symlink --no-overwrite-dir -C {target} && cat >/dev/null; }}")
