#!/usr/bin/env python3
"""The bill of materials of a build: which packages of the distribution have gone into what is shipped, in SPDX 2.3.

usage: bill_of_materials.py BUILD VERSION OUT

Of headers and linked libraries the build itself knows (ninja's log of dependencies, the link commands), of shared ones the
programs do. The same build gives the same bytes; SOURCE_DATE_EPOCH is the time that stands in it."""
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

SHIPPED = ("agent/metalwrightd", "agent/metalwright", "agent/metalwright-metrics.so", "agent/runner/metalwright-run")
LIBRARY = re.compile(rb"lib[a-z0-9_+-]+\.so\.[0-9]+")  # whole names in a program: NEEDED, or loaded when first called
NOT_SAID = "NOASSERTION"


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Packages:
    """The distribution's packages, by the files they have brought."""

    def __init__(self):
        self.owners = {}
        for listing in pathlib.Path("/var/lib/dpkg/info").glob("*.list"):
            name = listing.name.removesuffix(".list").partition(":")[0]
            for line in listing.read_text().splitlines():
                if line.startswith(("/usr/include/", "/usr/lib/", "/lib/")):
                    self.owners[os.path.realpath(os.path.dirname(line)) + "/" + os.path.basename(line)] = name
        form = "${binary:Package}\t${Version}\t${source:Package}\t${source:Version}\t${Architecture}\t${db:Status-Status}\n"
        self.known = {}
        for line in run("dpkg-query", "--show", "--showformat", form).splitlines():
            name, *rest, status = line.split("\t")
            if status == "installed":
                self.known[name.partition(":")[0]] = rest

    def owner(self, path):
        path = os.path.normpath(path)
        return self.owners.get(os.path.realpath(os.path.dirname(path)) + "/" + os.path.basename(path))


def compiled_in(build, packages):
    """Packages whose headers were read, or whose archives were linked, for what is shipped."""
    found, of_ours = set(), False
    for line in run("ninja", "-C", build, "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            of_ours = "tests/" not in line
        elif of_ours and (name := packages.owner(os.path.join(build, line.strip()))):
            found.add(name)
    for target in SHIPPED:
        link = run("ninja", "-C", build, "-t", "commands", "-s", target)
        for word in re.findall(r"(?<=\s)/\S+\.a(?=\s)", link):
            if name := packages.owner(word):
                found.add(name)
    return found


def loaded(build, packages):
    """Packages whose shared libraries the programs load."""
    found = set()
    for target in SHIPPED:
        for library in LIBRARY.findall((pathlib.Path(build) / target).read_bytes()):
            for folder in ("/usr/lib/x86_64-linux-gnu/", "/lib/x86_64-linux-gnu/", "/usr/lib/aarch64-linux-gnu/", "/usr/lib/"):
                if name := packages.owner(folder + library.decode()):
                    found.add(name)
                    break
    return found


def package(name, details):
    version, source, source_version, architecture = details
    return {"SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.-]', '-', name)}", "name": name, "versionInfo": version,
            "supplier": "Organization: Debian", "downloadLocation": NOT_SAID, "filesAnalyzed": False,
            "sourceInfo": f"built from source package {source} {source_version}",
            "licenseConcluded": NOT_SAID, "licenseDeclared": NOT_SAID, "copyrightText": NOT_SAID,
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{version}?arch={architecture}"}]}


def bill(build, version):
    packages = Packages()
    inside, beside = compiled_in(build, packages), loaded(build, packages)
    ours = "SPDXRef-metalwright"
    entries = [{"SPDXID": ours, "name": "metalwright", "versionInfo": version, "downloadLocation": NOT_SAID, "filesAnalyzed": False,
                "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": NOT_SAID,
                "primaryPackagePurpose": "APPLICATION"}]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": ours}]
    for name in sorted((inside | beside) & set(packages.known)):
        entries.append(package(name, packages.known[name]))
        # Headers are compiled in, and archives linked: of a package with both nothing else is known here.
        for kind, those in (("STATIC_LINK", inside), ("DYNAMIC_LINK", beside)):
            if name in those:
                relations.append({"spdxElementId": ours, "relationshipType": kind, "relatedSpdxElement": entries[-1]["SPDXID"]})
    content = hashlib.sha256(json.dumps([entries, relations], sort_keys=True).encode()).hexdigest()
    made = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"metalwright-{version}",
            "documentNamespace": f"urn:metalwright:spdx:{version}:{content}",
            "creationInfo": {"created": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: metalwright-bill-of-materials"]},
            "packages": entries, "relationships": relations}


def main(build, version, out):
    made = bill(build, version)
    pathlib.Path(out).write_text(json.dumps(made, indent=1) + "\n")
    print(f"{out}: {len(made['packages'])} packages")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
