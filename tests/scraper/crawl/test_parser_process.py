"""Test calls in a child process: results, exceptions, and what ends the process and not the crawl."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import TypeVar

import pytest

from scraper.crawl.parser_process import ParserDiedError, ParserLimits, ParserProcess
from scraper.errors import ChannelError, PageError
from storage.model.records import FailureStage
from tests.support.patience import patient

T = TypeVar("T")


def double(text: str, *, times: int = 2) -> str:
    return text * times


def refuse(url: str) -> None:
    raise PageError(url, "no title found")


def refuse_channel(url: str) -> None:
    raise ChannelError(url, FailureStage.EMPTY_LIST, "no links")


class Unpicklable(Exception):  # noqa: N818
    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}", lambda: None)


def raise_unpicklable() -> None:
    raise Unpicklable("one", "two")


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)


def loop_for_ever() -> None:
    while True:
        pass


def leave() -> None:
    os._exit(7)


def take_memory(size: int) -> int:
    return len(bytes(size))


def say_something() -> str:
    print("noise" * 10_000, flush=True)
    os.write(1, b"noise")
    return "said"


def pid() -> int:
    return os.getpid()


def run(use: Callable[[ParserProcess], Coroutine[object, object, T]], limits: ParserLimits | None = None) -> T:
    async def with_process() -> T:
        process = ParserProcess(limits)
        try:
            return await asyncio.wait_for(use(process), patient(60))
        finally:
            await process.close()

    return asyncio.run(with_process())


def test_results_and_exceptions_come_back_as_they_are() -> None:
    async def use(process: ParserProcess) -> list[object]:
        results: list[object] = [await process.call(double, "ab"), await process.call(double, "a", times=10**7)]
        for call, argument in ((refuse, "u"), (refuse_channel, "c")):
            with pytest.raises((PageError, ChannelError)) as caught:
                await process.call(call, argument)
            results.append((type(caught.value), caught.value.url, caught.value.reason, caught.value.stage))
        with pytest.raises(RuntimeError, match="one two"):
            await process.call(raise_unpicklable)
        return results

    assert run(use) == [
        "abab",
        "a" * 10**7,
        (PageError, "u", "no title found", FailureStage.PARSE),
        (ChannelError, "c", "no links", FailureStage.EMPTY_LIST),
    ]


DEATHS: dict[str, tuple[Callable[..., object], tuple[object, ...], str]] = {
    "killed": (kill_itself, (signal.SIGKILL,), "its parser was ended by SIGKILL"),
    "crashed": (kill_itself, (signal.SIGSEGV,), "its parser was ended by SIGSEGV"),
    "left": (leave, (), "its parser ended with exit code 7"),
    "looping": (loop_for_ever, (), "its parser took more than 1 s of CPU time"),
}


@pytest.mark.parametrize("name", DEATHS)
@pytest.mark.long_after(2)
def test_a_death_is_named_and_the_next_call_has_a_new_process(name: str) -> None:
    call, arguments, reason = DEATHS[name]

    async def use(process: ParserProcess) -> tuple[str, bool, str]:
        before = await process.call(pid)
        with pytest.raises(ParserDiedError) as caught:
            await process.call(call, *arguments)
        assert await process.call(pid) != before
        return caught.value.reason, caught.value.is_fatal, await process.call(double, "x")

    assert run(use, ParserLimits(cpu_seconds=1)) == (reason, True, "xx")


@pytest.mark.long
def test_the_limit_of_cpu_time_is_that_of_a_call_and_not_of_the_process() -> None:
    async def use(process: ParserProcess) -> int:
        return len({await process.call(burn, 0.8) for _ in range(6)})

    assert run(use, ParserLimits(cpu_seconds=3)) == 1


def burn(seconds: float) -> int:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return os.getpid()


def test_a_call_that_is_late_without_cpu_time_is_no_death_of_its_input() -> None:
    async def use(process: ParserProcess) -> bool:
        with pytest.raises(ParserDiedError, match=r"no result within 0\.5 s") as caught:
            await process.call(signal.pause)
        return caught.value.is_fatal

    assert run(use, ParserLimits(wall_seconds=0.5)) is False


def test_memory_is_limited() -> None:
    async def use(process: ParserProcess) -> str:
        with pytest.raises(MemoryError):
            await process.call(take_memory, 10**9)
        return await process.call(double, "x")

    assert run(use, ParserLimits(memory=7 * 10**8)) == "xx"


def test_what_a_parser_prints_spoils_no_answer() -> None:
    async def use(process: ParserProcess) -> list[str]:
        return [await process.call(say_something), await process.call(double, "x")]

    assert run(use) == ["said", "xx"]


def test_calls_at_once_have_their_own_answers_and_a_cancelled_one_spoils_none() -> None:
    async def use(process: ParserProcess) -> list[str]:
        await process.call(double, "x")
        late = asyncio.create_task(process.call(loop_for_ever))
        waiting = [asyncio.create_task(process.call(double, str(number))) for number in range(5)]
        await asyncio.sleep(0.05)
        late.cancel()
        return await asyncio.gather(*waiting)

    assert run(use) == [str(number) * 2 for number in range(5)]


def test_a_process_that_cannot_run_a_call_has_not_died_of_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreadable:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return (__import__, ("no_such_module",))

    async def use(process: ParserProcess) -> list[bool]:
        deaths = []
        for command in ("/bin/false", sys.executable):
            monkeypatch.setattr(sys, "executable", command)
            with pytest.raises(ParserDiedError, match="its parser could not be started") as caught:
                await process.call(double, Unreadable())  # type: ignore[arg-type]
            deaths.append(caught.value.is_fatal)
        return [*deaths, await process.call(double, "x") == "xx"]

    assert run(use) == [False, False, True]
