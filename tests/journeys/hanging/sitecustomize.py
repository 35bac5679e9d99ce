"""Loaded by Python itself in processes with this folder on PYTHONPATH: one action hangs a minute."""

import inspect
import sys
import time

if "bot.actions_server" in getattr(sys, "orig_argv", ()):
    from rasa_sdk.executor import ActionExecutor

    _register_action = ActionExecutor.register_action

    def _hang(dispatcher, tracker, domain):  # type: ignore[no-untyped-def]
        time.sleep(60)
        return []

    def _register(self, action):  # type: ignore[no-untyped-def]
        made = action() if inspect.isclass(action) and not inspect.isabstract(action) else None
        if made is not None and made.name() == "action_out_of_scope":
            return self.register_function("action_out_of_scope", _hang)
        return _register_action(self, action)

    ActionExecutor.register_action = _register
