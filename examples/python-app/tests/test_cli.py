import contextlib
import io
import json
import os
import tempfile
import unittest

from ledger.cli import main


class CommandLine(unittest.TestCase):
    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(list(arguments))
        return status, out.getvalue(), err.getvalue()

    def test_a_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "may.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write("cash 10\ncash -2.50\n")
            status, out, _ = self.run_main(path)
        self.assertEqual(status, 0)
        self.assertEqual(json.loads(out), {"cash": "7.50"})

    def test_a_file_that_is_not_there(self):
        status, _, err = self.run_main("nowhere.txt")
        self.assertEqual(status, 1)
        self.assertIn("ledger: nowhere.txt: ", err)

    def test_no_file(self):
        self.assertEqual(self.run_main()[0], 2)
