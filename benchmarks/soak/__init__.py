"""Many messages while everything is killed, and then the question whether anything went wrong.

`scripts` says what customers write, `crowd` lets them write it, `provider` is a Twilio that remembers
everything in a file, `killing` kills, `looking` looks at processes, `verify` compares what the customers
meant, what the database holds and what the provider took. `run` puts them together;
`python -m benchmarks.soak` is the long form, `tests/journeys/test_soak.py` the short one.
"""
