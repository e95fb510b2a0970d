"""The broker's REST interface: every call has a timeout, every failure is an ApiError."""

import requests


class ApiError(Exception):
    def __init__(self, message, status=0):
        super().__init__(message)
        self.status = status


class Api:
    def __init__(self, settings):
        self.settings = settings
        self.http = requests.Session()
        self.http.headers.update({"APCA-API-KEY-ID": settings.key_id, "APCA-API-SECRET-KEY": settings.secret})

    def call(self, method, path, **params):
        try:
            reply = self.http.request(
                method, f"{self.settings.api_base}/v2{path}", params=params or None, timeout=self.settings.timeout_s
            )
            body = reply.json() if reply.content else None
        except (requests.RequestException, ValueError) as error:
            raise ApiError(f"{method} {path}: {type(error).__name__}") from error
        if reply.status_code >= 400:
            message = body.get("message", "") if isinstance(body, dict) else ""
            raise ApiError(f"{method} {path}: HTTP {reply.status_code} {message}", reply.status_code)
        return body

    def account(self):
        raw = self.call("GET", "/account")
        return {"equity": float(raw["equity"]), "cash": float(raw["cash"])}

    def positions(self):
        return {row["symbol"]: int(float(row["qty"])) for row in self.call("GET", "/positions") if float(row["qty"])}

    def open_orders(self):
        return self.call("GET", "/orders", status="open", limit=500)

    def order(self, client_order_id):
        try:
            return self.call("GET", "/orders:by_client_order_id", client_order_id=client_order_id)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def cancel(self, order_id):
        self.call("DELETE", f"/orders/{order_id}")
