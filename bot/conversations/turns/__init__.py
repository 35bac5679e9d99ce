"""The mailbox: one conversation, one worker at a time, in order.

`mailbox` drains a conversation, `gather` decides which messages make one turn and when, `route`
decides who answers, `answer` stores what is said, `outage` handles a brain that does not answer.
"""
