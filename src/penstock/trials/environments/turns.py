"""Two threads that take turns: a program that asks in the middle of its work, and who answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class _Abandoned(BaseException):
    """Unwinds a program whose questions nobody will answer any more; never leaves this file."""


class _Failure:
    """What a program died of, on its way to the thread that answers."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Turns(Generic[Question, Answer]):
    """
    Runs a program that calls `ask`, and hands its questions to `answer` one by one.

    Exactly one of the two threads runs at any time, the other waits for it: nothing is shared at
    once, and the order of everything is that of one thread. So an engine that asks its policy in
    the middle of an event can be stepped from outside, unchanged.
    """

    def __init__(self, program: Callable[[Callable[[Question], Answer]], None]) -> None:
        self._program = program
        self._questions: SimpleQueue[Question | _Failure | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | _Abandoned] = SimpleQueue()
        # A daemon: a program that was forgotten in the middle must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="penstock-turns", daemon=True)
        self._is_over = False

    def start(self) -> Question | None:
        """The program's first question; None when it ended without one."""
        self._thread.start()
        return self._next()

    def answer(self, answer: Answer) -> Question | None:
        """
        Answer the last question; the next one, None when the program has ended.

        Raises what the program raises.
        """
        assert not self._is_over, "the program has ended: nobody asked"
        self._answers.put(answer)
        return self._next()

    def abandon(self) -> None:
        """End a program that still waits; fine when it has ended or never began."""
        if self._thread.is_alive() and not self._is_over:
            self._answers.put(_Abandoned())
            self._thread.join()
        self._is_over = True

    def _next(self) -> Question | None:
        question = self._questions.get()
        if question is None or isinstance(question, _Failure):
            self._is_over = True
            self._thread.join()
        if isinstance(question, _Failure):
            raise question.error
        return question

    def _ask(self, question: Question) -> Answer:
        self._questions.put(question)
        answer = self._answers.get()
        if isinstance(answer, _Abandoned):
            raise answer
        return answer

    def _run(self) -> None:
        last: _Failure | None = None
        try:
            self._program(self._ask)
        except _Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that answers
            last = _Failure(error)
        self._questions.put(last)
