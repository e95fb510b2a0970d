"""Cancelling orders and closing positions, until the broker confirms it.

Step by step, one short look a second, so that nothing else of the bot has to wait for it. What counts is
the broker's list, not ours: an order that was never acknowledged may be live, and a closing order that was
sent is not a position closed.
"""


class WindDown:
    """A small machine: cancel -> verify -> close -> verify -> done; it starts over when the broker disagrees."""

    def __init__(self, desk):
        """Nothing to do."""
        self.desk = desk
        self.cancelling = False
        self.closing = False
        self.next_look = 0.0
        self.tries = 0
        self.confirmed = False

    def cancel_orders(self):
        """Want every order dead."""
        self.cancelling, self.next_look, self.tries = True, self.desk.now, 0

    def close_positions(self):
        """Want every position closed."""
        self.closing, self.next_look, self.tries = True, self.desk.now, 0

    def stand_down(self):
        """Want nothing any more."""
        self.cancelling = self.closing = False

    def step(self):
        """Once a second."""
        if not (self.cancelling or self.closing) or self.desk.now < self.next_look:
            return
        self.tries += 1
        self.next_look = self.desk.now + min(2 * self.tries, 15)
        if self.tries % 20 == 0:
            self.desk.page(f"orders or positions still open after {self.tries} tries")
        try:
            if self.cancelling:
                self.cancel_once()
            if self.closing and not self.cancelling:
                self.close_once()
        except Exception as error:
            self.desk.log(f"could not finish winding down, trying again: {error}", level="error")

    def cancel_once(self):
        """Cancel whatever may still fill; done when the broker confirms that nothing is left."""
        for order_id in self.still_live():
            self.cancel(order_id)
        if not self.still_live() and self.confirmed:
            self.cancelling = False
            self.desk.log("all open orders cancelled, confirmed at the broker")

    def still_live(self):
        """Ids of orders that add risk and may fill: ours, the un-acknowledged included, and the broker's list."""
        ours = [order.id for order in self.desk.orders if not order.reducing]
        try:
            at_broker = [o.id for o in self.desk.broker.orders("open", timeout=3) if o.source != "mitigation"]
            self.confirmed = True
        except Exception as error:  # the list is down; what we know of can be cancelled all the same
            self.desk.log(f"open orders not shown by the broker: {error}", level="warning")
            at_broker, self.confirmed = [], False
        return list(dict.fromkeys(ours + at_broker))

    def cancel(self, order_id):
        """Cancel one; an order the broker does not know never became live."""
        try:
            self.desk.broker.cancel(order_id, timeout=3)
        except LookupError:
            self.desk.settle(order_id, None)
        except ValueError:
            self.desk.settle(order_id, self.desk.broker.order(order_id, timeout=3))

    def close_once(self):
        """Send what is missing to be flat, counting what is already on its way; done when the broker shows nothing."""
        held = self.desk.broker.positions(timeout=3)
        if not held and not self.desk.positions:
            self.closing = False
            self.desk.log("all positions closed, confirmed at the broker")
            return
        on_its_way = {}
        for order in self.desk.broker.orders("open", timeout=3):
            if order.side * held.get(order.symbol, 0) < 0:  # only what closes: on the rest one cannot count
                on_its_way[order.symbol] = on_its_way.get(order.symbol, 0) + order.side * (order.qty - order.filled_qty)
        if held != self.desk.positions and not on_its_way:
            self.desk.adopt_positions(held, "closing: the broker's word")
        for symbol, qty in held.items():
            missing = -qty - on_its_way.get(symbol, 0)
            if missing * qty < 0:  # never trade through zero
                side = 1 if missing > 0 else -1
                self.desk.broker.submit(symbol, side, min(abs(missing), abs(qty)))
