"""A host for clients: the daemon in namespaces of this process, with a NIC, keys of its own and a listener on loopback."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import contract  # noqa: E402
import programs  # noqa: E402
from programs import Program  # noqa: E402

CONTRACT = contract.watch(programs)

KEYS = {"keys": [{"vendor": vendor, "id": f"{vendor}-of-this-host", "secret": f"{vendor} secret of this host alone"}
                 for vendor in ("jdcloud", "baidu", "zenlayer")]}
CATALOGUE = {
    "raidTypes": {"raid-sys-none": {"volume": "system", "level": "none"}, "raid-data-none": {"volume": "data", "level": "none"}},
    "subnets": {"subnet-a": {"cidr": "10.0.1.0/24", "gateway": "10.0.1.1"}}, "osTypes": {"os-12": {"name": "Debian 12"}},
    "deviceTypes": {"edcps.c.normal1": {"name": "Standard"}},
    "zones": {"SEL-A": {"eips": ["203.0.113.8/30"], "sells": ["POSTPAID"]}}}


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def in_own_namespaces(script):
    """Runs the script again where neither the network nor the host name, /etc and /root are this machine's."""
    if os.environ.get("METALWRIGHT_CLIENTS") != "inside":
        os.environ["METALWRIGHT_CLIENTS"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--uts", "--mount", sys.executable, script, *sys.argv[1:]])
    above = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "tmpfs", "none", above], check=True)
    for folder in ("/etc", "/root"):
        upper, work = above + folder + "/upper", above + folder + "/work"
        os.makedirs(upper)
        os.makedirs(work)
        subprocess.run(["mount", "-t", "overlay", "none", "-o", f"lowerdir={folder},upperdir={upper},workdir={work}", folder],
                       check=True)


class Host(contextlib.ExitStack):
    def send(self, method, target, headers, body=b"", tls=None):
        """(status, body as JSON) of one request over TCP; `tls` is a client's context, where the listener has TLS."""
        connection = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=tls) if tls
                      else http.client.HTTPConnection("127.0.0.1", self.port, timeout=20))
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def __init__(self, build, more=""):
        super().__init__()
        self.build = build
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        ip("link", "add", "va", "address", "02:00:00:00:00:0a", "type", "veth", "peer", "name", "vb")
        self.callback(ip, "link", "del", "va")
        for nic in ("lo", "va", "vb"):
            ip("link", "set", nic, "up")
        (self.folder / "catalogue.json").write_text(json.dumps(CATALOGUE))
        self.keys = self.folder / "keys.json"
        self.keys.write_text(json.dumps(KEYS))
        self.keys.chmod(0o600)
        (self.folder / "m.toml").write_text(
            f'[host]\nid = "h"\ncatalogue = "{self.folder}/catalogue.json"\n[network]\npersist = "none"\nnic_name = "va"\n'
            f'pools = ["10.0.1.64/29"]\n[api.tcp]\naddress = "127.0.0.1"\nport = 0\nkeys_file = "{self.keys}"\n{more}\n'
            f'[user_data]\nrunner = "{build}/agent/runner/metalwright-run"\n[log]\ntarget = "stderr"\n')
        self.start()

    def start(self):
        command = [self.build / "agent/metalwrightd", "--config", self.folder / "m.toml", "--state-dir", self.folder / "state",
                   "--socket", self.folder / "a.sock"]
        self.daemon = Program(command, self.folder / "a.sock", "/v1/health", self.folder / "log")
        self.callback(lambda daemon=self.daemon: daemon.process.poll() is None and daemon.stop())
        self.port = int(re.findall(r"port=(\d+)", (self.folder / "log").read_text())[-1])
        # The next start listens there too: a request that was signed for this one is for that one as well.
        configuration = self.folder / "m.toml"
        configuration.write_text(configuration.read_text().replace("port = 0\n", f"port = {self.port}\n"))

    def addresses(self):
        found = set()
        for link in json.loads(ip("-j", "address", "show", "dev", "va")):
            found |= {f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] != "link"}
        for route in json.loads(ip("-j", "route", "show", "table", "local", "proto", "77") or "[]"):
            found.add(route["dst"])
        return found

    def order(self, **more):
        return {"clientToken": "order-1", "instanceSpec": {
            "az": "cn-east-tz1a", "deviceType": "edcps.c.normal1", "imageType": "standard", "osTypeId": "os-12",
            "sysRaidTypeId": "raid-sys-none", "dataRaidTypeId": "raid-data-none", "networkType": "vpc", "name": "node",
            "count": 1, "subnetId": "subnet-a", "cidr": "10.0.1.0/24", "privateIp": "10.0.1.10",
            "aliasIps": [{"id": "subnet-a", "cidr": "10.0.1.51/32"}], "charge": {"chargeMode": "postpaid_by_duration"}, **more}}

    def settled(self):
        return self.daemon.ask("GET", "/v1/status?wait=60")[1]

    def log(self):
        return (self.folder / "log").read_text()
