"""The reconciler: it asks whether our book equals the broker's.

An answer that did not come is not an answer, and an empty one is believed only when the account agrees that
nothing is held. While positions are in doubt no new risk is taken.
"""

DIFFERENT_FOR_LOOKS = 2


class Reconciler:
    """Compares every 30 s, adopts the broker's book when the difference stays."""

    def __init__(self, desk, kill):
        """Nothing in doubt."""
        self.desk, self.kill = desk, kill
        self.unsure = None
        self.differences = 0
        self.unanswered_orders = 0
        self.unanswered = 0

    def confirm_at_start(self):
        """After a start: take the broker's book before anything is traded, or take no new risk until it answers."""
        if not self.check_now(adopt_at_once=True):
            self.unsure = self.unsure or "broker not reached since the start"

    def check(self):
        """The regular look."""
        if self.desk.broker.connected:
            self.check_now()

    def check_now(self, adopt_at_once=False):
        """Compare with the broker now; True when the books agree at the end."""
        truth = self.ask()
        if truth is None:
            return False
        self.settle_unknown_orders()
        if truth == self.desk.positions:
            self.differences, self.unsure = 0, None
            return True
        self.differences += 1
        if self.differences < DIFFERENT_FOR_LOOKS and not adopt_at_once:
            return False  # a fill may be on its way
        before = self.desk.positions
        account = self.kill.count(self.desk.broker.account)
        cash = None if account is None else account.cash
        self.desk.adopt_positions(truth, "reconciled with the broker", cash)
        self.differences, self.unsure = 0, None
        self.desk.log(f"positions reconciled: book was {before}, broker has {truth}", level="warning")
        if not adopt_at_once:
            self.desk.page("positions differed from the broker's, the broker's book was taken", severity="warning")
        return True

    def ask(self):
        """The broker's positions, or None when there is no answer that can be believed."""
        truth = self.kill.count(self.desk.broker.positions)
        if truth is None:
            self.unsure = "the broker does not show positions"
            self.unanswered += 1
            if self.unanswered == 2:
                self.desk.page("the broker does not show positions: no new risk until it does")
            return None
        self.unanswered = 0
        if not truth and self.desk.positions and not self.account_is_flat():
            self.unsure = "the broker shows no positions, the account says otherwise"
            self.desk.page(self.unsure)
            return None
        return truth

    def account_is_flat(self):
        """Whether the broker's account holds nothing but cash."""
        account = self.kill.count(self.desk.broker.account)
        return account is not None and abs(account.equity - account.cash) < 1.0

    def settle_unknown_orders(self):
        """Ask after orders that were never acknowledged; when it happens again and again, somebody should know."""
        unanswered = self.desk.orders_unanswered(600)
        if unanswered >= 2 > self.unanswered_orders:
            self.desk.page(f"{unanswered} orders in ten minutes were not acknowledged", severity="warning")
        self.unanswered_orders = unanswered
        for order in self.desk.orders:
            if order.acknowledged or self.desk.now - order.created_us / 1e6 < 20:
                continue
            try:
                self.desk.settle(order.id, self.desk.broker.order(order.id, timeout=3))
            except LookupError:
                self.desk.settle(order.id, None)
            except Exception as error:
                self.desk.log(f"order {order.id} still unknown: {error}", level="warning")
