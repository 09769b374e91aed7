"""The application: how a plain function becomes a command, and how what goes wrong becomes an exit code.

0 done, 1 failed, 2 bad usage or bad data, 130 stopped by Ctrl-C. What went wrong is one message on stderr.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import itertools
import os
import select
import shlex
import sys
import typing
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from tidegate.errors import SettingError, TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

DEFAULT_EXAMPLE = "air-passengers"

_VALIDATOR = "Value error, "
"""What the validator of Typer says before what is wrong."""

app = typer.Typer(
    name="tidegate",
    help="Forecast time series, judged honestly against simple models.",
    epilog="Begin with: tidegate forecast --example --horizon 12",
    rich_markup_mode=None,  # plain help: rich is not loaded before it draws something
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)


@dataclass(frozen=True)
class Invocation:
    """What was typed.

    Parameters
    ----------
    command
        Name of the command.
    arguments
        The words after it, as typed.
    """

    command: str
    arguments: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command as it can be typed again."""
        return shlex.join(("tidegate", self.command, *self.arguments))

    def resumed(self, folder: str) -> str:
        """Return the command that goes on where this one stopped, writing to `folder`."""
        words = [word for word in self.arguments if word not in ("--resume", "--force")]
        if not any(word == "--output" or word.startswith("--output=") for word in words):
            words += ["--output", folder]
        return shlex.join(("tidegate", self.command, *words, "--resume"))


class Command(TyperCommand):
    """A command that remembers what was typed and takes ``--example`` with or without a name."""

    default_example = DEFAULT_EXAMPLE

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args` after noting them; help is shown before anything that parsing would load."""
        if "--help" in args:
            typer.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        ctx.meta["arguments"] = tuple(args)
        try:
            return super().parse_args(ctx, named_example(args, self.default_example))
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_VALIDATOR)
            raise


def named_example(words: Sequence[str], default: str = DEFAULT_EXAMPLE) -> list[str]:
    """Return `words` with the `default` example written out where ``--example`` stands without a name.

    >>> named_example(["--example", "--horizon", "12"])
    ['--example', 'air-passengers', '--horizon', '12']
    """
    written: list[str] = []
    for word, following in itertools.pairwise([*words, "--"]):
        written.append(word)
        if word == "--example" and following.startswith("-"):
            written.append(default)
    return written


def command(
    name: str, *, example: str, default_example: str = DEFAULT_EXAMPLE
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return a decorator that registers a function as the command `name`.

    The function's parameters are frozen dataclasses whose fields are Typer arguments and options, or such dataclasses
    again, so that commands share them; a part of type `Invocation` receives what was typed. It returns an exit code.

    Parameters
    ----------
    name
        Name of the command.
    example
        What its help shows as an example, one command a line.
    default_example
        What ``--example`` stands for without a name; empty where the command itself decides that.
    """
    kind = type("Command", (Command,), {"default_example": default_example})

    def register(function: Callable[..., int]) -> Callable[..., int]:
        parts = {key: kind for key, kind in typing.get_type_hints(function).items() if key != "return"}

        def run(ctx: typer.Context, **values: Any) -> None:
            typed = Invocation(name, ctx.meta["arguments"])
            built = {key: _built(kind, values, typed) for key, kind in parts.items()}
            typed_as = {str(one.name): one.opts[0] for one in ctx.command.params if one.opts[0].startswith("--")}
            raise typer.Exit(exit_code(lambda: function(**built), typed_as))

        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        flat = [context, *(parameter for kind in parts.values() for parameter in _parameters(kind))]
        run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in flat}
        shown = "\n".join(f"  {line}" for line in example.strip().splitlines())
        run.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n\b\nExample:\n{shown}"
        app.command(name, cls=kind)(run)
        return function

    return register


def exit_code(work: Callable[[], int], typed_as: Mapping[str, str] = MappingProxyType({})) -> int:
    """Return what `work` returns, or the exit code of what stopped it after one message on stderr.

    Parameters
    ----------
    work
        Done at once.
    typed_as
        By the names of settings in Python the options that they are here, which a message names in their place.
    """
    try:
        return work()
    except TidegateError as error:
        name, said, rest = str(error).partition(" is ")
        named = typed_as.get(name, name) if isinstance(error, SettingError) else name
        return failed(f"{named}{said}{rest}", error.exit_code)
    except MemoryError:
        return failed("The memory of this machine is not enough. Use fewer series or models.", 1)
    except BrokenPipeError as error:
        return 0 if _nobody_reads() else failed(f"A process that this one works with is gone: {error}.", 1)
    except OSError as error:
        return failed(f"The system refused to read or write: {error}. Free space, or check where the output goes.", 1)
    except KeyboardInterrupt:
        typer.echo("Stopped. Nothing was written.", err=True)
        return 130


def _nobody_reads() -> bool:
    """Say whether who read the output is gone, as ``| head`` is once it has what it wants; that is no failure.

    What is left to be written then goes nowhere, so that it does not raise once more at the end.
    """
    gone = [descriptor for descriptor in map(_descriptor, (sys.stdout, sys.stderr)) if _is_gone(descriptor)]
    for descriptor in gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    return bool(gone)


def _descriptor(stream: typing.TextIO) -> int:
    """Return the number of a stream's file; -1 where it has none, as within another program."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return -1


def _is_gone(descriptor: int) -> bool:
    if descriptor < 0:
        return False
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in watch.poll(0))


def failed(message: str, code: int) -> int:
    """Print `message` on stderr and return `code`."""
    typer.secho(f"Error: {message}", fg=typer.colors.RED, err=True)
    return code


def _built(kind: type[Any], values: Mapping[str, Any], typed: Invocation) -> Any:
    """Return an instance of the dataclass `kind` from the parsed `values`."""
    if kind is Invocation:
        return typed
    hints = typing.get_type_hints(kind)
    parts = {}
    for field in dataclasses.fields(kind):
        nested = dataclasses.is_dataclass(hints[field.name])
        parts[field.name] = _built(hints[field.name], values, typed) if nested else values[field.name]
    return kind(**parts)


def _parameters(kind: type[Any]) -> Iterator[inspect.Parameter]:
    """Yield one keyword parameter per field of the dataclass `kind`, with its Typer declaration."""
    if kind is Invocation:
        return
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(hints[field.name]):
            yield from _parameters(hints[field.name])
            continue
        default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
        )
