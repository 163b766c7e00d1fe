"""Owns work that threads would do, done by whoever waits for it: so the calls come in the same order each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Late:
    """The result of a call that is made when somebody asks for it, once."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call: Callable[[], Any] | None = call
        self._value: Any = None
        self._error: BaseException | None = None

    def result(self, timeout: float | None = None) -> Any:
        """Returns what the call returns, or raises what it raises."""
        if self._call is not None:
            call, self._call = self._call, None
            try:
                self._value = call()
            except BaseException as error:
                self._error = error
        if self._error is not None:
            raise self._error
        return self._value


class LateExecutor:
    """Takes the place of `concurrent.futures.ThreadPoolExecutor`, and has no thread."""

    def __init__(self, *_: object, **__: object) -> None:
        self._begun: list[Late] = []

    def submit(self, function: Callable[..., Any], *arguments: Any, **words: Any) -> Late:
        """Notes a call to be made."""
        self._begun.append(Late(lambda: function(*arguments, **words)))
        return self._begun[-1]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Makes all calls that nobody has waited for."""
        for late in self._begun:
            try:
                late.result()
            except Exception:
                continue  # who does not ask is not told
        self._begun.clear()

    def __enter__(self) -> LateExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
