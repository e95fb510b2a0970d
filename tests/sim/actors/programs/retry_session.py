"""A requests session with urllib3's own retries for 502, 503 and refused connections."""
# ruff: noqa
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

session = requests.Session()
session.mount("https://", HTTPAdapter(max_retries=Retry(total=8, backoff_factor=2, status_forcelist=[502, 503])))
time.sleep(100)
began = time.monotonic()
try:
    print(session.get("https://broker.test/health", timeout=5).status_code)
except requests.exceptions.RetryError:
    print("gave up")
except requests.ConnectionError as error:
    print(type(error).__name__)
print(round(time.monotonic() - began) > 60)
