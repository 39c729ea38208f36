"""The command line: balances of the files named."""

import json
import sys
from pathlib import Path

from ledger import LedgerError, balances


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if not argv:
        print("usage: ledger FILE…", file=sys.stderr)
        return 2
    for name in argv:
        try:
            with Path(name).open(encoding="utf-8") as file:
                sums = balances(file)
        except (OSError, LedgerError) as error:
            print(f"ledger: {name}: {error}", file=sys.stderr)
            return 1
        print(json.dumps({account: str(amount) for account, amount in sums.items()}, indent=2))
    return 0


def run():
    """The entry point of the archive."""
    sys.exit(main())
