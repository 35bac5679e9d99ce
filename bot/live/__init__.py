"""Live updates: the desk is told that something changed, and fetches what it shows by itself.

`changed` and its kin are called where a change is committed. They say which conversation or list
looks different by now and never what is in it. See `hub` for the other end.
"""

from bot.live.publisher import INBOX, TICKETS, changed, changed_with, signed_out

__all__ = ["INBOX", "TICKETS", "changed", "changed_with", "signed_out"]
