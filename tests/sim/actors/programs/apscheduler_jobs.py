"""APScheduler in the background: an interval job and a cron job in the firm's zone."""
# ruff: noqa
import time
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

seen = []
scheduler = BackgroundScheduler(timezone="America/New_York")
scheduler.add_job(lambda: seen.append("i"), "interval", seconds=30)
scheduler.add_job(lambda: seen.append(datetime.now().strftime("%H:%M:%S")), "cron", minute="*/5")
scheduler.start()
time.sleep(601)
scheduler.shutdown()
print(seen.count("i"), [s for s in seen if s != "i"])
