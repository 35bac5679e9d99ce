"""Errors that any room may raise. Each names whose fault it is."""

from __future__ import annotations


class DestekError(Exception):
    """Root of the product's own errors."""


class ConfigurationError(DestekError):
    """A setting is missing or unreadable. The message names the setting and the mend."""


class NotFound(DestekError):
    """What was asked for does not exist, or not for the one who asks."""


class Conflict(DestekError):
    """Somebody else was first, or the state does not allow it. The message says who or what."""


class InvalidInput(DestekError):
    """A person or a file gave something unusable. The message says what and where."""


class TemporarilyUnavailable(DestekError):
    """A system we depend on does not answer; the same call may succeed later."""
