"""A scheduler loop of the schedule package: a check every ten seconds, a report every minute."""
# ruff: noqa
import time
from datetime import datetime

import schedule

runs = []
schedule.every(10).seconds.do(lambda: runs.append("check"))
schedule.every().minute.do(lambda: runs.append("report"))
schedule.every().day.at("10:02").do(lambda: runs.append(datetime.now().strftime("%H:%M")))
while time.monotonic() < 100000 + 181:
    schedule.run_pending()
    time.sleep(1)
print(runs.count("check"), runs.count("report"), [r for r in runs if ":" in r])
