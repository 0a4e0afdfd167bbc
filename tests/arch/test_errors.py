#!/usr/bin/env python3
"""Shows that the check of docs/errors.md bites."""
import unittest

import errors

TABLE = "| code |\n|---|\n| `io` |\n"
ROWS = "| message | what |\n|---|---|\n"


class Page(unittest.TestCase):
    def judge(self, cell, source, table=TABLE):
        page = f"# Errors\n{errors.BEGIN}{table}{errors.END}{ROWS}| {cell} | something |\n"
        return errors.judge(page, TABLE, {"a.cpp": errors.literals(source)})

    def test_a_message_that_the_source_has(self):
        self.assertEqual(self.judge("`generation … is older than …`", 'fail("generation " + n + " is older than " + m);'), [])

    def test_a_message_that_was_reworded_is_told(self):
        self.assertRegex(self.judge("`generation … is older than …`", 'fail("generation " + n + " is too old");')[0], "no source file says")

    def test_literals_are_joined_as_the_compiler_joins_them(self):
        self.assertEqual(self.judge("`one daemon at a time`", 'fail("one daemon "\n     "at a time");'), [])
        self.assertNotEqual(self.judge("`one daemon at a time`", 'fail("one daemon " + of + "at a time");'), [])

    def test_what_a_comment_says_is_no_message(self):
        self.assertNotEqual(self.judge("`disk is gone`", '// "disk is gone"\n'), [])

    def test_all_parts_of_a_message_are_in_one_file(self):
        page = f"{errors.BEGIN}{TABLE}{errors.END}{ROWS}| `first … second` | x |\n"
        self.assertNotEqual(errors.judge(page, TABLE, {"a": "first", "b": "second"}), [])

    def test_words_in_backticks_within_a_message(self):
        cell = "`` damaged (…); waits for `metalwright arm` ``"
        self.assertEqual(errors.messages(f"{errors.END}{ROWS}| {cell} | x |\n"), ["damaged (…); waits for `metalwright arm`"])
        self.assertEqual(self.judge(cell, 'fail("damaged (" + x + "); waits for `metalwright arm`");'), [])

    def test_two_messages_of_a_cell_are_both_looked_for(self):
        self.assertEqual(len(self.judge("`no such thing` with `nor this one`", "")), 2)

    def test_a_table_of_codes_that_is_out_of_date_is_told(self):
        self.assertRegex(self.judge("`disk`", 'f("disk")', table="| code |\n|---|\n| `old` |\n")[0], "out of date")

    def test_a_page_without_messages_is_told(self):
        self.assertRegex(errors.judge(errors.BEGIN + TABLE + errors.END, TABLE, {})[0], "no message")


if __name__ == "__main__":
    unittest.main()
