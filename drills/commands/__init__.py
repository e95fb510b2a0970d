"""What the commands of `firedrill` do; `drills.cli` says how they are called. Imported only when asked for."""
