"""User data that only cloud-init reads, handed to the real one; and the two beside each other."""
import base64
import json
import os
import unittest

from lab import agent, packages
from lab.case import LabTest

HOST = "host-1"
# The guest has no locales, which cloud-init's module for them would report as an error.
CLOUD_CONFIG = """#cloud-config
locale: false
hostname: not-this-one
write_files:
  - path: /root/written
    content: by cloud-init
runcmd:
  - echo run >>/root/times
  - cat /root/written
"""


class CloudInitTest(LabTest):
    machine = {"disks": []}

    @classmethod
    def prepare(cls):
        agent.without_watchdog(cls.vm)
        agent.install(cls.vm, os.environ["METALWRIGHT_STAGE"], cls.plane, HOST)
        packages.unpack(cls.vm, ["cloud-init"])

    def run_document(self, user_data, wait=900, **more):
        self.vm.put("/run/order.json", json.dumps({
            "apiVersion": "metalwright/v1", "host": {"id": HOST}, "instance": {"id": "i-1"}, "hostname": "node-a",
            "userData": {"base64": base64.b64encode(user_data.encode()).decode()}, **more}))
        answer = self.vm.run(f"metalwright apply /run/order.json --wait --timeout {wait}s", timeout=wait + 60)
        self.assertEqual(answer.status, 0, answer.out + answer.err + self.vm.sh("cat /root/launch-script.log", check=False))

    def test_a_document_of_cloud_init_is_run_by_it_once_and_not_again_by_a_boot(self):
        self.run_document(CLOUD_CONFIG)
        self.assertEqual(self.vm.sh("cat /root/written /root/times"), "by cloud-initrun\n")
        self.assertEqual(self.vm.sh("hostname; cat /etc/hostname").split(), ["node-a", "node-a"], "the host name is the order's")
        self.assertEqual(json.loads(self.vm.sh("cat /run/cloud-init/result.json"))["v1"]["errors"], [])
        # cloud-init's own services at the next boot find the same instance.
        self.vm.sh("systemctl enable cloud-init-local cloud-init cloud-config cloud-final; sync", check=False)
        self.vm.reboot()
        self.vm.wait_for("test -e /run/cloud-init/result.json || ! systemctl is-enabled -q cloud-final", timeout=600, interval=2)
        self.assertEqual(self.vm.sh("cat /root/times"), "run\n")
        self.assertEqual(self.vm.sh("hostname").strip(), "node-a")

    def test_a_script_beside_it_is_run_by_us_alone(self):
        self.run_document("#!/bin/bash\necho run >>/root/times\n")
        self.assertEqual(self.vm.sh("cat /root/times; ls /var/lib/cloud/seed/nocloud 2>&1 | tail -1").splitlines()[0], "run")
        self.assertNotEqual(self.vm.run("test -e /var/lib/cloud/seed/nocloud/user-data").status, 0)

    def test_without_a_name_in_the_order_it_is_the_documents_to_give(self):
        self.run_document(CLOUD_CONFIG.replace("not-this-one", "this-one"), hostname=None)
        self.assertEqual(self.vm.sh("hostname").strip(), "this-one")

    def test_one_that_has_a_seed_of_its_own_runs_it_once_and_leaves_the_name_to_the_order(self):
        seed = "/var/lib/cloud/seed/nocloud"
        self.vm.sh(f"mkdir -p {seed} && printf 'instance-id: theirs\nlocal-hostname: of-cloud-init\n' >{seed}/meta-data && "
                   f"printf '#!/bin/sh\necho theirs >>/root/times\n' >{seed}/user-data")
        self.vm.put("/etc/cloud/cloud.cfg.d/90_lab.cfg", "datasource_list: [ NoCloud, None ]\nlocale: false\n")
        self.run_document("#!/bin/bash\necho ours >>/root/times\n")
        self.vm.sh("systemctl enable cloud-init-local cloud-init cloud-config cloud-final; sync", check=False)
        self.vm.reboot()
        self.vm.wait_for("test -e /run/cloud-init/result.json", timeout=600, interval=2)
        self.assertEqual(agent.status(self.vm, wait=300)["state"], "running")
        self.assertEqual(self.vm.sh("cat /root/times"), "ours\ntheirs\n")
        self.assertEqual(self.vm.sh("hostname; cat /etc/hostname").split(), ["node-a", "node-a"])


if __name__ == "__main__":
    unittest.main()
