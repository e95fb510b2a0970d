"""A good trading bot, written as a user of Firedrill would write his own, and the defects planted in it.

`firedrill run q1` drills it when no `--code` is given. Read it as an example: it imports nothing of
Firedrill, and everything it knows it asks from the desk.
"""
