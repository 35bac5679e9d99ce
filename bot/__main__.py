"""`python -m bot`: see `bot.cli`."""

from __future__ import annotations

import os
import sys

from bot.cli import main

if __name__ == "__main__":
    os.umask(0o077)  # what we write below DATA_DIR is nobody else's to read
    sys.exit(main())
