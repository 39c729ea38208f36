"""Reads a ledger in plain text and says what is left on each account."""

from decimal import Decimal, InvalidOperation


class LedgerError(ValueError):
    """A line that is not an entry."""

    def __init__(self, line, message):
        super().__init__(f"line {line}: {message}")
        self.line = line


def entries(lines):
    """Yields (account, amount) for lines such as ``rent  -820.00  # May``."""
    for number, line in enumerate(lines, start=1):
        text, _, _comment = line.partition("#")
        if not text.strip():
            continue
        account, _, amount = text.strip().rpartition(" ")
        if not account:
            raise LedgerError(number, "an account and an amount are expected")
        try:
            value = Decimal(amount)
        except InvalidOperation:
            raise LedgerError(number, f"{amount!r} is not an amount") from None
        yield account.strip(), value


def balances(lines):
    """The sum of every account, in the order in which they appear."""
    sums = {}
    for account, amount in entries(lines):
        sums[account] = sums.get(account, Decimal(0)) + amount
    return sums
