"""Alpaca's trading and market-data interfaces, on a World's broker and feed."""
