"""The processes of one play: they live until it is over; one is killed, and started again or survived by another.

Time stands still until all of them have nothing left to do, and then goes on to the next moment of any.
"""

import multiprocessing
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from dispatch import lease
from tests.dispatch.killing.exchange import Exchange
from tests.dispatch.killing.worker import Commit, Holds, Idle, Now, Task, work

LONGEST = timedelta(minutes=30)  # of a play that does not end
STEP = timedelta(minutes=1)  # where nothing is due
TOGETHER = lease.TERM / 3  # of several: whoever holds the exchange renews in time


@dataclass(frozen=True, slots=True)
class AtCommit:
    """The `nth` time that this is written down; before it is committed, or as soon as that is `done`."""

    what: str
    nth: int
    done: bool = False
    words: str = field(default="", compare=False)  # all that it says


@dataclass(eq=False, slots=True)
class _Life:
    process: BaseProcess
    pipes: tuple[Pipe, Pipe]
    idle: Idle | None = None


class Lives:
    """Those of `task`, one of which is killed at `death`, or by whoever calls `kill_who_sends`."""

    def __init__(self, task: Task, exchange: Exchange, death: AtCommit | None) -> None:
        self.commits: list[AtCommit] = []  # the first thing that each says, with how often it has been said
        self.killed = False
        self.finished = False
        self._task = task
        self._exchange = exchange
        self._death = death
        self._until = task.now.at + LONGEST
        self._counted: Counter[str] = Counter()
        self._lives: list[_Life] = []
        self._sender: _Life | None = None
        self._awaited: tuple[_Life, tuple[str, ...]] | None = None  # it is to die when that is done
        self._busy = self._given_up = False
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([work.__module__])

    def live(self, instances: int) -> None:
        """Until the play is over. With several instances nobody is started again: another one takes over."""
        self._begin(self._task)
        while self._lives:
            for pipe in wait([pipe for life in self._lives for pipe in life.pipes]):
                life = next((each for each in self._lives if pipe in each.pipes), None)
                if life is not None:
                    self._hear(life, pipe)  # type: ignore[arg-type]
            missing = self._sender is not None and len(self._lives) < instances
            if missing and not self.killed and not self.finished:
                self._begin(replace(self._task, beside=True, now=self._now))
            if not self._lives and self.killed and not self.finished and not self._given_up:
                self._begin(replace(self._task, now=self._now))
            if self._lives and all(each.idle for each in self._lives) and self._sender is not None:
                self._go_on()

    def kill_who_sends(self) -> None:
        """Dead when this returns; from any thread."""
        assert self._sender is not None
        self._kill(self._sender)

    @property
    def _now(self) -> Now:
        return Now(self._exchange.clock.now(), self._exchange.reachable)

    def _begin(self, task: Task) -> None:
        pairs = [self._context.Pipe() for _ in range(2)]
        process = self._context.Process(target=work, args=(task, *(theirs for _, theirs in pairs)))
        process.start()
        for _, theirs in pairs:
            theirs.close()
        self._lives.append(_Life(process, (pairs[0][0], pairs[1][0])))

    def _hear(self, life: _Life, pipe: Pipe) -> None:
        try:
            said = pipe.recv()
        except (EOFError, ConnectionResetError):
            self._over(life)
            return
        match said:
            case Commit():
                self._committing(life, said, pipe)
            case Holds():
                self._sender, self._busy = life, True
                _answer(pipe, None)
            case Idle():
                life.idle = said

    def _committing(self, life: _Life, commit: Commit, pipe: Pipe) -> None:
        if commit.done:
            self._busy = True
            dies = self._awaited == (life, commit.whats)
        else:
            dies = self._is_the_moment(commit)
            if dies and self._death is not None and self._death.done:  # others may be counted before it is
                dies, self._awaited = False, (life, commit.whats)
        if dies:
            self._kill(life)
        else:
            _answer(pipe, None)

    def _is_the_moment(self, commit: Commit) -> bool:
        """Counts it."""
        before = self._counted.copy()
        self._counted += Counter(commit.whats)
        words = ", ".join(dict.fromkeys(commit.whats))
        self.commits.append(AtCommit(commit.whats[0], self._counted[commit.whats[0]], words=words))
        death = self._death
        return death is not None and before[death.what] < death.nth <= self._counted[death.what]

    def _kill(self, life: _Life) -> None:
        self.killed, self._death, self._awaited = True, None, None
        _end(life.process)

    def _over(self, life: _Life) -> None:
        life.process.join()
        self._lives.remove(life)
        for pipe in life.pipes:
            pipe.close()
        if self._sender is life:
            self._sender = None
        if life.process.exitcode == 0:
            self.finished = True
        elif life.process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"the worker ended with {life.process.exitcode}")

    def _go_on(self) -> None:
        """Everybody looks once more while anybody has done something; then time goes by."""
        happened, self._busy = self._busy, False
        if not happened:
            now = self._exchange.clock.now()
            due = [each.idle.until for each in self._lives if each.idle is not None and each.idle.until is not None]
            until = min(due, default=now + STEP)
            if len(self._lives) > 1:
                until = min(until, now + TOGETHER)
            _, self._busy = self._exchange.passes(until)
        if self._exchange.clock.now() > self._until:
            self._given_up = True
            for life in self._lives:
                _end(life.process)
            return
        for life in self._lives:
            life.idle = None
            _answer(life.pipes[1], self._now)


def _end(process: BaseProcess) -> None:
    """Dead when this returns."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    while not _is_dead(process.pid):
        time.sleep(0.001)


def _answer(pipe: Pipe, what: Any) -> None:
    with suppress(BrokenPipeError):  # killed in the meantime
        pipe.send(what)


def _is_dead(pid: int) -> bool:
    """Gone, or waiting to be buried: it does nothing any more."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
