"""Keeps an order journal in SQLite."""
# ruff: noqa
import sqlite3
import time
from datetime import datetime, timezone

db = sqlite3.connect("journal.db")
db.execute("create table if not exists orders (at text, symbol text)")
for symbol in ("SPY", "QQQ"):
    db.execute("insert into orders values (?, ?)", (datetime.now(timezone.utc).isoformat(), symbol))
    db.commit()
    time.sleep(60)
print(db.execute("select at, symbol from orders order by at desc limit 1").fetchone())
