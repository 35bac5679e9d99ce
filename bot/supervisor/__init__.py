"""Starts, watches and stops every process of one machine.

`launch` is the whole of `make run`, `stack` says which processes there are, `supervisor` keeps any
list of processes running and knows nothing of ours.
"""
