"""How each fault kind is done to a World, and undone: one module per part of the firm that is struck."""
