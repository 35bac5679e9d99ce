"""A cheap load driver and Twilio fake in one asyncio process.

It shares the machine with what it measures, so it must cost next to nothing: raw protocols instead of
an HTTP library, requests built and signed before the clock starts, answers made from templates.
`python -m benchmarks.driver --help` tells how it is used.
"""
