"""User code in virtual time: waiting, processes and (for unmodified code) the patched standard library."""
