"""The bot: what the desk calls, in one place.

`build(desk)` is called each time the process starts, and once for each operator command, which runs in a
process of its own. No hook may block for long: a hook that waits is a kill switch that nobody can reach.
"""

from drills.reference.data_guard import DataGuard
from drills.reference.kill_switch import KillSwitch
from drills.reference.reconciler import Reconciler
from drills.reference.reconnector import Reconnector
from drills.reference.wind_down import WindDown


class Bot:
    """Hooks, timers, operator commands and control endpoints."""

    def __init__(self, desk):
        """Put the parts together; nothing is sent or read yet."""
        self.desk = desk
        self.guard = DataGuard(desk)
        self.wind_down = WindDown(desk)
        self.kill = KillSwitch(desk, self.guard, self.wind_down)
        self.reconciler = Reconciler(desk, self.kill)
        self.reconnector = Reconnector(desk, self.reconciler)
        self.every = {1: self.step, 5: self.guard.check_age, 10: self.kill.poll_account, 30: self.reconciler.check}
        self.commands = {"reset": self.reset_from_outside, "flatten": self.flatten_from_outside, "status": self.status}
        self.endpoints = {
            "halt": self.kill.press, "reset": self.kill.release, "flatten": self.kill.press_and_flatten,
            "status": self.status, "reconcile": self.reconciler.check_now, "reconnect": self.reconnector.now,
        }  # fmt: skip

    def step(self):
        """Once a second: look at the risk, go on winding down, go on reconnecting."""
        self.kill.check()
        self.wind_down.step()
        self.reconnector.step()

    def on_tick(self, tick):
        """A price came in."""
        self.guard.see_tick(tick)

    def on_bar(self, bar):
        """A bar came in."""
        self.guard.see_bar(bar)

    def on_order(self, order):
        """Allow an order (True) or say why not."""
        if order.reducing and order.source != "strategy":
            return True  # an exit is never blocked: it is the way out
        if self.guard.verdict(order.symbol) is not True:
            return self.guard.verdict(order.symbol)  # a strategy that sells because of a bad price is no exit
        if order.reducing:
            return True
        if self.kill.reason:
            return f"kill switch: {self.kill.reason}"
        if self.reconciler.unsure:
            return f"positions not confirmed: {self.reconciler.unsure}"
        return True

    def on_disconnect(self, reason):
        """The broker session is gone."""
        self.reconnector.begin(reason)

    def tell_of_restart(self):
        """A start that is not the first of the day is news: somebody should know why."""
        if self.kill.saved_risk().get("day") == self.desk.time.date().isoformat():
            self.desk.page("the trading system has restarted during the day", severity="critical")

    # What an operator types, in a process of its own.

    def reset_from_outside(self):
        """Release the kill switch of the running bot; when it is down, of the next one to start."""
        try:
            return self.desk.call("reset")
        except (ConnectionError, TimeoutError):
            self.kill.forget()
            return "the bot is down: the halt file is removed, the next start trades"

    def flatten_from_outside(self):
        """Halt and flatten through the running bot, or straight at the broker when it is down."""
        try:
            return self.desk.call("flatten")
        except ConnectionError:
            self.kill.remember("closing was asked for from outside", flatten=True)
        self.desk.log("closing every position straight at the broker, the bot is down", level="critical")
        try:
            for symbol, qty in self.desk.broker.positions().items():
                self.desk.broker.submit(symbol, -1 if qty > 0 else 1, abs(qty))
        except Exception as error:
            self.desk.log(f"neither bot nor broker answer, closing begins at the next start: {error}", level="error")
            return False
        return "the bot is down: closing orders are sent, look at the broker"

    def status(self):
        """One line for people."""
        if not self.desk.in_system:
            return self.desk.call("status")
        state = f"halted ({self.kill.reason})" if self.kill.reason else "running"
        return f"{state}, session {'up' if self.desk.broker.connected else 'down'}, book {self.desk.positions}"


def build(desk):
    """What Firedrill calls."""
    bot = Bot(desk)
    if desk.in_system:  # an operator's command halts nothing by being started
        bot.tell_of_restart()
        bot.kill.recall()
        bot.reconciler.confirm_at_start()
    return bot
