"""Serves its health over HTTP beside the trading loop, and asks itself."""
# ruff: noqa
import http.server
import json
import threading
import time
import urllib.request

state = {"beats": 0}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(state).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("0.0.0.0", 9100), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(30):
    state["beats"] += 1
    time.sleep(1)
print(json.load(urllib.request.urlopen("http://localhost:9100/metrics", timeout=2)))
