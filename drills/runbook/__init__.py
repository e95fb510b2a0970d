"""Runbooks: Markdown as a trading team wrote it, read into procedures, steps, commands and decisions."""
