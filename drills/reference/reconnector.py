"""The reconnector: back off, but never give up silently."""

FIRST_DELAY_S = 1
LONGEST_DELAY_S = 30
PAGE_EVERY_ATTEMPTS = 20


class Reconnector:
    """Tries to reconnect, with growing delays up to a cap, for as long as it takes."""

    def __init__(self, desk, reconciler):
        """Connected, as far as we know."""
        self.desk, self.reconciler = desk, reconciler
        self.attempts = 0
        self.delay = FIRST_DELAY_S
        self.next_attempt = None

    def begin(self, reason):
        """The session was lost."""
        self.desk.log(f"broker session lost: {reason}", level="error")
        self.attempts, self.delay, self.next_attempt = 0, FIRST_DELAY_S, self.desk.now

    def now(self):
        """Somebody asks to reconnect at once."""
        self.attempts, self.delay, self.next_attempt = 0, FIRST_DELAY_S, self.desk.now
        self.step()
        return "session is up" if self.desk.broker.connected else "still down, trying on"

    def step(self):
        """Once a second: try when it is time."""
        if self.desk.broker.connected:
            self.next_attempt = None
            return
        if self.next_attempt is None:
            self.next_attempt = self.desk.now
        if self.desk.now < self.next_attempt:
            return
        self.attempts += 1
        try:
            self.desk.broker.connect(timeout=5)
        except Exception as error:
            self.back_off(error)
            return
        self.desk.log(f"reconnected after {self.attempts} attempts")
        self.next_attempt = None
        self.reconciler.check_now(adopt_at_once=False)

    def back_off(self, error):
        """Wait longer, up to the cap, and say so from time to time."""
        self.delay = min(2 * self.delay, LONGEST_DELAY_S)
        self.next_attempt = self.desk.now + self.delay
        if self.attempts % PAGE_EVERY_ATTEMPTS == 5:
            self.desk.page(f"broker unreachable after {self.attempts} attempts, still trying: {error}")
