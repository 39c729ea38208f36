import unittest
from decimal import Decimal

from ledger import LedgerError, balances, entries


class Entries(unittest.TestCase):
    def test_comments_and_empty_lines_are_skipped(self):
        lines = ["# all of it", "", "rent -820.00  # May"]
        self.assertEqual(list(entries(lines)), [("rent", Decimal("-820.00"))])

    def test_an_account_may_have_several_words(self):
        self.assertEqual(list(entries(["cash in hand 5"])), [("cash in hand", Decimal(5))])

    def test_a_wrong_amount_is_told_with_its_line(self):
        with self.assertRaisesRegex(LedgerError, "line 2: 'much' is not an amount") as caught:
            list(entries(["cash 1", "cash much"]))
        self.assertEqual(caught.exception.line, 2)


class Balances(unittest.TestCase):
    def test_amounts_are_exact(self):
        self.assertEqual(balances(["a 0.1", "a 0.2"]), {"a": Decimal("0.3")})

    def test_the_order_is_that_of_the_file(self):
        self.assertEqual(list(balances(["b 1", "a 1", "b 1"])), ["b", "a"])
