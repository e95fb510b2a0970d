"""The world: one simulated trading firm in virtual time. Imports nothing of the other packages."""
