"""How problems are written down: for a person, for a program, for a code host."""
