"""Puts metalwright into a guest of the lab as a package would, and asks it how it is doing."""
import functools
import json
import os
import re
import shlex
import sys
import tempfile

from . import CONTROL_URL, LAN_MAC
from .errors import LabError

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../clients"))
from contract import Contract  # noqa: E402  pylint: disable=wrong-import-position

CONFIGURATION = "/etc/metalwright"
DAEMON = "metalwright.service"
OVERRIDE = f"/etc/systemd/system/{DAEMON}.d/fail-point.conf"


def configuration(host, urls=(CONTROL_URL,), more="", network=""):
    """The text of metalwright.toml for a guest that is reached over https; `network` are more lines of that section, `more`
    is put after all of it."""
    return f"""# Written by the lab.
[host]
id = {json.dumps(host)}
catalogue = "{CONFIGURATION}/catalogue.json"

[network]
nic_mac = "{LAN_MAC}"
{network}

[link.https]
urls = {json.dumps(list(urls))}
token_file = "{CONFIGURATION}/token"
ca_file = "{CONFIGURATION}/ca.pem"
wait_seconds = 20
{more}"""


def install(vm, stage, plane, host="host-1", catalogue=None, start=True, more="", network="", urls=(CONTROL_URL,)):
    """Unpacks the staged tree, writes the configuration, and does what a package's scripts do after that."""
    if not os.path.exists(os.path.join(stage, "usr/sbin/metalwrightd")):
        raise LabError(f"{stage} holds no metalwrightd; DESTDIR={stage} cmake --install build/release --prefix /usr makes it")
    vm.push_tree(stage)
    configure(vm, plane, host, catalogue, more, network, urls)
    vm.sh("systemd-sysusers; systemd-tmpfiles --create; systemctl daemon-reload", timeout=300)
    if start:
        vm.sh(f"systemctl enable --now metalwright.socket {DAEMON}", timeout=300)


def without_watchdog(vm):
    """For guests that are saved while the daemon runs: going back lets the guest's clock jump, and systemd would take the
    daemon for dead. To be called before install()."""
    vm.put("/etc/systemd/system/metalwright.service.d/lab.conf", "[Service]\nWatchdogSec=0\n")


def install_fail_points(vm):
    """Puts the daemon that dies at fail points in the place of the one that is shipped."""
    with tempfile.TemporaryDirectory() as tree:
        path = f"{tree}/usr/sbin/metalwrightd"
        os.makedirs(os.path.dirname(path))
        with open(os.environ["METALWRIGHT_FAIL_POINTS_DAEMON"], "rb") as source, open(path, "wb") as file:
            file.write(source.read())
        os.chmod(path, 0o755)
        vm.push_tree(tree)


def kill_at(vm, point, order):
    """The daemon dies there on its way through what order() gives it, and is not started again. `point` may end in a fault,
    as core/fail_point.hpp has it: where its store fails it is killed while it waits for that to pass."""
    # systemd would start it again at once; here the crash is looked at before the restart.
    vm.put(OVERRIDE, f"[Service]\nEnvironment=METALWRIGHT_FAIL_POINT={point}\nRestart=no\n")
    vm.sh(f"systemctl daemon-reload; systemctl enable metalwright.socket {DAEMON}; systemctl restart {DAEMON}", timeout=300)
    order()
    if point.endswith((":enospc", ":eio")):
        vm.wait_for(f"journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID {DAEMON}) -o cat | grep -qxF 'at {point}'", timeout=600)
        vm.sh(f"metalwright status >/dev/null && systemctl kill -s KILL {DAEMON}", timeout=300)
    dead = "core-dump" if point.endswith(":abort") else "signal"
    vm.wait_for(f"systemctl show -P Result {DAEMON} | grep -qxE 'signal|{dead}'", timeout=600)


def start_again(vm):
    """After kill_at(): from now on it passes that point."""
    vm.sh(f"rm {OVERRIDE}; systemctl daemon-reload; systemctl reset-failed {DAEMON}; systemctl start {DAEMON}", timeout=300)


def configure(vm, plane, host="host-1", catalogue=None, more="", network="", urls=(CONTROL_URL,)):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(catalogue or os.path.join(here, "../orders/catalogue.json")) as file:
        vm.put(f"{CONFIGURATION}/catalogue.json", file.read())
    with open(plane.authority.certificate) as file:
        vm.put(f"{CONFIGURATION}/ca.pem", file.read())
    vm.put(f"{CONFIGURATION}/token", plane.token + "\n", mode=0o600)
    vm.put(f"{CONFIGURATION}/metalwright.toml", configuration(host, urls, more, network))


def ask(vm, words, timeout=120):
    """`metalwright WORDS -o json` as (what it printed, parsed; exit status). What it printed is None when it is no JSON."""
    result = vm.run(f"metalwright {words} -o json", timeout)
    try:
        found = json.loads(result.out)
    except ValueError:
        return None, result.status
    for command, path in TOLD_AS_IT_CAME:
        if match := re.fullmatch(command, words):
            described(match.expand(path), result.out)
    return found, result.status


def status(vm, wait=None):
    """`metalwright status -o json`; with `wait` (seconds) first until nothing is under way. An error when there is none."""
    words = f"status --wait --timeout {wait}s" if wait else "status"
    found, code = ask(vm, words, timeout=(wait or 0) + 60)
    if found is None or "state" not in found:
        raise LabError(f"metalwright {words} ended with {code} and no status: {vm.run('metalwright status').err}\n"
                       + vm.sh(f"journalctl --no-pager -b -u {DAEMON} | tail -n 40", check=False))
    return found


def settled(vm, generation, timeout=300):
    """The status once the order of a generation has been worked off."""
    vm.wait_for(f"metalwright status -o json | python3 -c {shlex.quote(SETTLED)} {generation}", timeout, interval=0.5)
    return status(vm)


def events(vm, operation=None):
    """What the agent has told so far of an operation, or of what happens between them; oldest first."""
    path = f"/v1/operations/{operation}/events" if operation else "/v1/events"
    answer = vm.sh(f"python3 -c {shlex.quote(GET)} {path}")
    described(path, answer)
    return json.loads(answer)["events"]


@functools.cache
def contract():
    return Contract()


def described(path, text):
    """Holds what the admin API has answered to a GET against its description."""
    contract().check("GET", path, 200, "application/json", text)


# What the command line prints as the API has said it.
TOLD_AS_IT_CAME = (("status( .*)?", "/v1/status"), ("inventory", "/v1/inventory"), ("operations", "/v1/operations"),
                   (r"operations (\d+)", r"/v1/operations/\1"))

GET = """import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/metalwright/admin.sock")
s.sendall(b"GET " + sys.argv[1].encode() + b" HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
answer = b"".join(iter(lambda: s.recv(65536), b""))
print(answer.split(b"\\r\\n\\r\\n", 1)[1].decode())
"""
SETTLED = ("import json, sys; s = json.load(sys.stdin); "
           "sys.exit(s['generation'] != int(sys.argv[1]) or s['state'] in ('idle', 'applying'))")
