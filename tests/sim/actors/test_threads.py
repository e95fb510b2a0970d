"""Threads, locks, queues, pools and signals of a program, in virtual time and in an order that repeats."""

from __future__ import annotations

import queue
import signal
import threading
from pathlib import Path

from tests.sim.actors.kit import run


def test_threads_run_beside_each_other(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import threading, time
        def work(name, pause):
            for i in range(2):
                time.sleep(pause)
                print(name, i, threading.current_thread().name)
        threads = [threading.Thread(target=work, args=(n, p)) for n, p in (("a", 2), ("b", 3))]
        for t in threads: t.start()
        print(threading.active_count(), threading.main_thread().name, [t.is_alive() for t in threads])
        for t in threads: t.join()
        print(time.monotonic() - 100000, [t.is_alive() for t in threads], threading.enumerate()[0].name)
        """,
    )
    assert world.lines() == [
        "3 MainThread [True, True]",
        "a 0 Thread-1 (work)", "b 0 Thread-2 (work)", "a 1 Thread-1 (work)", "b 1 Thread-2 (work)",
        "6.0 [False, False] MainThread",
    ]  # fmt: skip


def test_waits_with_timeouts_end_on_time(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import queue, threading, time
        t0 = time.monotonic()
        def at(): return round(time.monotonic() - t0, 6)
        print(threading.Event().wait(2.5), at())
        lock = threading.Lock(); lock.acquire()
        print(lock.acquire(timeout=1.5), lock.acquire(blocking=False), at())
        condition = threading.Condition()
        with condition: print(condition.wait(3), at())
        print(threading.Semaphore(0).acquire(timeout=1), at())
        try: queue.Queue().get(timeout=4)
        except queue.Empty: print("empty", at())
        barrier = threading.Barrier(2)
        try: barrier.wait(timeout=1)
        except threading.BrokenBarrierError: print("broken", at())
        t = threading.Thread(target=time.sleep, args=(100,), daemon=True); t.start(); t.join(2)
        print(t.is_alive(), at())
        """,
    )
    assert world.lines() == [
        "False 2.5", "False False 4.0", "False 7.0", "False 8.0", "empty 12.0", "broken 13.0", "True 15.0",
    ]  # fmt: skip


def test_a_lock_goes_to_whoever_waited_longest(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import threading, time
        lock, order = threading.RLock(), []
        def take(n):
            time.sleep(n / 10)
            with lock:
                with lock: order.append(n)
                time.sleep(5)
        threads = [threading.Thread(target=take, args=(n,)) for n in (3, 1, 2)]
        for t in threads: t.start()
        for t in threads: t.join()
        print(order, round(time.monotonic() - 100000, 6))
        """,
    )
    assert world.lines() == ["[1, 2, 3] 15.1"]


def test_pools_and_futures(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import concurrent.futures as cf, threading, time
        def job(n):
            time.sleep(n)
            if n == 3: raise ValueError("three")
            return n, threading.current_thread().name
        pool = cf.ThreadPoolExecutor(max_workers=2)
        futures = [pool.submit(job, n) for n in (3, 1, 2)]
        done, rest = cf.wait(futures, timeout=2.5)
        print(len(done), len(rest))
        for f in cf.as_completed(futures): print(f.exception() or f.result())
        try: pool.submit(time.sleep, 60).result(timeout=5)
        except cf.TimeoutError: print("timed out", time.monotonic() - 100000)
        print(list(cf.ThreadPoolExecutor(3).map(lambda n: n * 2, range(3))))
        """,
    )
    assert world.lines() == [
        "1 2", "(1, 'ThreadPoolExecutor-0_1')", "three", "(2, 'ThreadPoolExecutor-0_1')", "timed out 8.0", "[0, 2, 4]",
    ]  # fmt: skip
    assert world.only("code.exit") == {"hook": "bot.py", "code": "0"}
    assert world.history.of("code.exit")[0].t_us == 63_000_000, "the interpreter waits for the pool's workers"


def test_daemon_threads_end_with_the_program_others_are_waited_for(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import atexit, threading, time
        def tick(name):
            while True: time.sleep(1); print(name)
        threading.Thread(target=tick, args=("daemon",), daemon=True).start()
        threading.Thread(target=lambda: (time.sleep(2.5), print("worker"))).start()
        atexit.register(print, "at exit")
        print("main ends")
        """,
    )
    assert world.lines() == ["main ends", "daemon", "daemon", "worker", "at exit"]
    assert world.history.of("code.exit")[0].t_us == 2_500_000


def test_an_exception_in_a_thread_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import threading, time
        def fail(): raise ValueError("no price")
        threading.Thread(target=fail, name="feed").start()
        time.sleep(1)
        print("alive")
        """,
    )
    error = world.only("code.error")
    assert error == {"hook": "thread feed", "error": "ValueError: no price", "at": "bot.py:3"}
    assert world.lines()[-1] == "alive"


def test_an_alarm_interrupts_a_sleep_and_a_handler_that_returns_does_not_shorten_it(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import signal, time
        def at(): return round(time.monotonic() - 100000, 3)
        def give_up(*_): raise TimeoutError("too long")
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(5)
        try: time.sleep(60)
        except TimeoutError as error: print(error, at())
        signal.signal(signal.SIGALRM, lambda *_: print("rings", at()))
        signal.setitimer(signal.ITIMER_REAL, 1, 2)
        time.sleep(6)
        print("slept", at(), signal.setitimer(signal.ITIMER_REAL, 0))
        """,
    )
    assert world.lines() == ["too long 5.0", "rings 6.0", "rings 8.0", "rings 10.0", "slept 11.0 (1.0, 2.0)"]


def test_sigterm_without_a_handler_ends_the_program(tmp_path: Path) -> None:
    world = run(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nprint('never')")
    assert world.only("code.exit") == {"hook": "bot.py", "code": "-15", "reason": "signal SIGTERM"}
    assert world.lines() == []


def test_the_real_threads_and_handlers_are_back(tmp_path: Path) -> None:
    before = (threading.Lock, threading.Thread.start, queue.SimpleQueue, signal.signal, signal.getsignal(signal.SIGINT))
    run(tmp_path, "import threading; threading.Thread(target=print).start()")
    after = (threading.Lock, threading.Thread.start, queue.SimpleQueue, signal.signal, signal.getsignal(signal.SIGINT))
    assert before == after
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
