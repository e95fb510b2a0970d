"""What goes wrong, when, and what a good answer would be: models and library."""
