"""The runbook itself on trial: its text, followed to the letter in the simulated firm by somebody who never errs.

Start at `script` (what is to be typed, done and waited for), then `literal_responder` (who does it), then
`attempts` (what came of each line) and `verdict` (what that says about the text).
"""
