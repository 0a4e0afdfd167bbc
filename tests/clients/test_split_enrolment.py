#!/usr/bin/env python3
"""Enrolment once more, where the process that faces the network has the key: what a host must do is the same.

usage: test_split_enrolment.py BUILD     re-runs itself in namespaces of its own; needs root"""
import pathlib
import signal
import sys
import unittest

import test_enrolment
from host import in_own_namespaces
from split_host import SplitHost


class SplitEnrolmentTest(test_enrolment.EnrolmentTest):
    # Of the state directory that is the daemon's alone, and of its own fail points.
    test_a_token_is_good_for_one_host_and_one_key = None
    test_key_and_token_are_nowhere_but_where_they_belong = None
    test_killed_anywhere_it_ends_with_one_certificate = None
    test_killed_anywhere_in_a_renewal_it_has_the_next_one = None
    test_the_doctor_knows_it_all = None

    def new_host(self, configuration):
        host = SplitHost(test_enrolment.BUILD, configuration)
        self.identity = host.own / "identity/identity.pem"
        return host

    def test_the_status_says_that_nobody_faces_the_network(self):
        self.enrol()
        link = self.host.daemon.ask("GET", "/v1/status")[1]["links"][0]
        self.assertEqual((link["documents"], link["reports"], link["certificate"]["revoked"]), (None, None, False))
        self.host.end_link("kill")
        self.logs("metalwright-link is gone")
        link = self.host.daemon.ask("GET", "/v1/status")[1]["links"][0]
        self.assertIn("metalwright-link is not there", link["documents"]["message"])
        self.assertIsNotNone(link["lastContact"])
        self.host.start_link()
        self.accepts(2)
        self.assertIsNone(self.host.daemon.ask("GET", "/v1/status")[1]["links"][0]["documents"])



if __name__ == "__main__":
    in_own_namespaces(__file__)
    signal.alarm(280)
    test_enrolment.BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
