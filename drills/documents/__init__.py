"""The papers of an incident, filled from what was recorded: drill record, messages, post-mortem.

Start at `incident` (the facts of one run), then `fields` (which words of a template ask for which fact), then
`papers` (what is written). What is not known stays marked as not known; nothing is made up.
"""
