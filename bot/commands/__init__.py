"""`python -m bot ...`: one small module for each group of commands.

A module has `register(commands)`, which adds its parsers, and imports heavy things only inside the
functions that run. A new group is a module here and a line in `bot/cli.py`.
"""
