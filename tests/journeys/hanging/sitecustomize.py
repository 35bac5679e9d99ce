"""Loaded by Python itself in processes with this folder on PYTHONPATH: one action hangs a minute."""

import sys
import time

if "bot.actions_server" in getattr(sys, "orig_argv", ()):
    from rasa_sdk.executor import ActionExecutor

    _register = ActionExecutor.register_function

    def _register_function(self, name, f):  # type: ignore[no-untyped-def]
        def hang(dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
            time.sleep(60)
            return []

        return _register(self, name, hang if name == "action_out_of_scope" else f)

    ActionExecutor.register_function = _register_function
