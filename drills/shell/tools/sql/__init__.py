"""psql and pg_dump on the firm's database: tables filled from the World, statements run by SQLite.

`tables` says what there is, `dialect` turns PostgreSQL's spelling into SQLite's, `engine` runs a statement and
words its errors, `psql` is the program.
"""
