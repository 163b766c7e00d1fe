"""Owns the command line: builds the app; the one place that prints errors and exits."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from mlreg.adapters import load
from mlreg.cli.context import BEHIND_DASHES, Session
from mlreg.cli.output import check_stdout, prepare_streams, silence_stdout
from mlreg.domain.names import quoted
from mlreg.errors import DiskError, MlregError, NotAllowedError, NotFoundError, UsageError
from mlreg.lazy import LazyModule
from mlreg.version import __version__

if TYPE_CHECKING:
    import tempfile
    import traceback

    from mlreg.cli import usage
else:
    tempfile = LazyModule("tempfile")
    traceback = LazyModule("traceback")
    usage = LazyModule("mlreg.cli.usage")

GROUPS = {
    "Keep versions": (
        "init", "register", "run", "checkout", "set", "tag", "alias", "hold", "deprecate", "archive",
    ),
    "Decide what serves": ("compare", "best", "promote", "rollback", "policy", "approve", "reject", "keys"),
    "Look": ("list", "info", "history", "why", "lineage", "impact", "audit", "outdated", "du"),
    "Load safely": ("scan", "trust", "signature", "validate"),
    "Hand on": ("lock", "export", "card", "docs"),
    "Keep it sound": ("verify", "gc", "checkpoint", "doctor"),
    "mlreg itself": ("demo", "config", "completion", "explain", "help"),
}  # fmt: skip
COMMANDS = tuple(name for names in GROUPS.values() for name in names)
_EXAMPLES = """\b
Examples:
  mlreg init
  mlreg register fraud-detector model.joblib --metric auc=0.91
  mlreg promote fraud-detector 1.0.0 --to production
  mlreg rollback fraud-detector

Each command explains itself with `mlreg COMMAND --help`."""
_MAY_BE_EMPTY = frozenset(["[KEY] [VALUE]", "[PATH...] -- COMMAND..."])  # words of others
_BUG, _INTERRUPTED, _PIPE_CLOSED, _TERMINATED = 70, 130, 141, 143
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory", "can't start new thread")
_ClickError: type[Exception] = typer.BadParameter.__mro__[2]  # the base of every error in the words of a call


class _Terminated(BaseException):
    """Somebody asked the process to end."""


class Command(TyperCommand):
    """One verb."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Returns the words of the usage line as people write them: `NAME`, not `{NAME}`."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def get_short_help_str(self, limit: int = 45) -> str:
        """Returns the first sentence of the help, whole: the list of commands wraps it where it is long."""
        return " ".join((self.help or "").split("\n\n", 1)[0].split())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses `args` into the context and returns what is left; `BEHIND_DASHES` counts the words behind a `--`.

        Raises:
            UsageError: A word is the empty text, as an unset variable of a shell leaves it.
        """
        ctx.meta[BEHIND_DASHES] = len(args) - args.index("--") - 1 if "--" in args else None
        rest = super().parse_args(ctx, args)
        for param in self.params:
            value = ctx.params.get(param.name)
            given = value if isinstance(value, list | tuple) else [value]
            if "" in given and param.metavar not in _MAY_BE_EMPTY:
                named = f"option {param.opts[-1]}" if param.opts[-1].startswith("-") else f"argument {param.metavar}"
                raise UsageError(f"the {named} is empty", hint=f"is a variable unset? see `{ctx.command_path} --help`")
        return rest


class LazyGroup(TyperGroup):
    """The verbs; the module of one is imported when it is called, or when help lists them all."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns all verbs, group by group."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes what each verb does, group by group, the texts of all groups below each other."""
        width = max(map(len, COMMANDS))
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), load_command(name).get_short_help_str()) for name in names])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns the command `cmd_name`, or None where there is none."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Returns the command that `args` begin with, and the rest of them.

        Raises:
            UsageError: There is none of that name.
        """
        word = args[0] if args else ""
        if word.startswith("-") or word in COMMANDS:
            return super().resolve_command(ctx, args)
        raise usage.unknown_command(word, COMMANDS)


def load_command(name: str) -> Command:
    """Returns the command `name`, with the options that every command takes."""
    module = import_module(f"mlreg.cli.commands.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, epilog=module.EXAMPLES, no_args_is_help=False)(module.run)
    command = typer.main.get_command(app)
    command.params.extend(_global_options())
    return command  # type: ignore[return-value]


def build() -> LazyGroup:
    """Returns the whole command line."""
    options = [*_global_options(), _version_option()]
    return LazyGroup(
        name="mlreg",
        params=options,
        help="Git for machine-learning models: versions, stages, history and rollback in a directory.",
        epilog=_EXAMPLES,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and ends the process with the exit code of the contract."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    session = Session()
    try:
        _hear_signals()
        if arguments is None:
            sys.unraisablehook = _on_unraisable
        code = _ended(words, session)
        if arguments is None:
            _hear_no_signals()
    except (KeyboardInterrupt, _Terminated) as error:  # it came while something else was told
        code = _code_of(error, words, session)
    _exit(code)


def run(words: Sequence[str], session: Session) -> int:
    """Runs one call and returns its exit code; errors pass through."""
    check_stdout()
    app = build()
    if not words:
        context = typer.Context(app, info_name="mlreg", **app.context_settings)
        session.output().say_lines(app.get_help(context).splitlines())
        return UsageError.exit_code
    code = app.main(args=list(words), prog_name="mlreg", standalone_mode=False, obj=session)
    return code if isinstance(code, int) else 0


def _ended(words: Sequence[str], session: Session) -> int:
    prepare_streams()
    try:
        code = run(words, session)
        _flush()
    except BaseException as error:
        code = _code_of(error, words, session)
    return code


def _global_options() -> list[Any]:
    return [
        _option(["-C", "--repo"], "The repository: a .mlreg or the directory that holds it.", "repo", metavar="DIR"),
        _option(["--json"], "Print one JSON document.", "json"),
        _option(["-q", "--quiet"], "Print names and versions only.", "quiet"),
        _option(["-v", "--verbose"], "Say more on stderr.", "verbose"),
        _option(["--no-color"], "Print without colours.", "no_color"),
        _option(["--ci"], "Tell the pipeline too: its outputs and summary.", "ci", metavar="github|gitlab", kind="ci"),
        _option(["--actor"], "Who acts; else MLREG_ACTOR, git's user.email, CI's user.", "actor", metavar="WHO"),
    ]


def _option(
    names: list[str], help: str, field: str, metavar: str | None = None, kind: str | None = None
) -> TyperOption:
    """Returns a global option; its value is kept once it is known to be the name of an adapter of `kind`, if any."""

    def keep(ctx: typer.Context, _: Any, value: Any) -> None:
        if value not in (None, False):
            if kind is not None:
                load(kind, value)
            setattr(ctx.find_root().obj, field, value)

    return TyperOption(
        param_decls=[f"global_{field}", *names],
        help=help,
        is_flag=metavar is None,
        type=bool if metavar is None else str,
        default=False if metavar is None else None,
        metavar=metavar,
        callback=keep,
        expose_value=False,
        is_eager=True,
    )


def _version_option() -> TyperOption:
    def show(ctx: typer.Context, _: Any, value: Any) -> None:
        if value:
            print(f"mlreg {__version__}")
            raise typer.Exit

    return TyperOption(
        param_decls=["show_version", "--version"],
        help="Print the version of mlreg.",
        is_flag=True,
        type=bool,
        default=False,
        callback=show,
        expose_value=False,
        is_eager=True,
    )


def _code_of(error: BaseException, words: Sequence[str], session: Session) -> int:
    session.json = session.json or "--json" in words  # what the words ask for where they could not be parsed
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        silence_stdout()
        return _PIPE_CLOSED
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _INTERRUPTED
    if isinstance(error, _Terminated):
        return _TERMINATED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    known = _known(error, words)
    if known is None:
        return _report_bug(error, session)
    if isinstance(known, DiskError) and known.facts.get("stdout"):
        silence_stdout()
    session.output().fail(known)
    return known.exit_code


def _known(error: BaseException, words: Sequence[str]) -> MlregError | None:
    if isinstance(error, MlregError):
        return error
    if isinstance(error, _ClickError):
        return usage.usage_error(error, words, COMMANDS)
    if isinstance(error, OSError):
        return _disk(error)
    if isinstance(error, MemoryError) or _lacks_memory(error):
        return DiskError("there is not enough memory", hint="see how much may be used with `ulimit -v`", code="memory")
    return None


def _lacks_memory(error: BaseException | None) -> bool:
    """Whether a library could not be loaded, or a thread not started, for want of memory: nothing but words tells."""
    if isinstance(error, ImportError | RuntimeError) and any(words in str(error) for words in _NO_MEMORY):
        return True
    return error is not None and _lacks_memory(error.__cause__ or error.__context__)


def _disk(error: OSError) -> MlregError:
    what = (error.strerror or str(error) or type(error).__name__).lower()
    place = f"{quoted(os.fsdecode(error.filename), 200)[1:-1]}: " if isinstance(error.filename, str | bytes) else ""
    facts = {"errno": errno.errorcode.get(error.errno or 0), "stdout": not place}
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotAllowedError(f"{place}{what}", hint="see who may write there with `ls -ld`", facts=facts)
    if place and error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EISDIR):
        return UsageError(f"{place}{what}", hint="name another place", facts=facts)
    if place and error.errno == errno.ENOENT:
        return NotFoundError(f"{place}{what}", hint="see what is there with `ls -ld`", facts=facts)
    hint = "nothing is half done: look at the disk with `df -h`, then run it again"
    if error.errno == errno.EOPNOTSUPP:
        hint = "see with `df -T` which file system it is, and take another"
    return DiskError(f"{place}{what}", hint=hint, facts=facts)


def _report_bug(error: BaseException, session: Session) -> int:
    text = "".join(traceback.format_exception(error))
    if os.environ.get("MLREG_DEBUG"):
        session.output().say("bug: see the traceback")
        if sys.stderr is not None:
            sys.stderr.write(text)
        return _BUG
    where = _kept_traceback(text)
    bug = MlregError(
        f"a bug in mlreg: {type(error).__name__}",
        hint=f"please report it with {where}; `MLREG_DEBUG=1` shows it here" if where else "`MLREG_DEBUG=1` shows more",
        code="bug",
    )
    bug.exit_code = _BUG  # type: ignore[misc]
    session.output().fail(bug)
    return _BUG


def _kept_traceback(text: str) -> str | None:
    try:
        with tempfile.NamedTemporaryFile("w", prefix="mlreg-bug-", suffix=".txt", delete=False) as file:
            file.write(text)
            return file.name
    except OSError:
        return None


def _hear_signals() -> None:
    signal.signal(signal.SIGTERM, _on_sigterm)
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _hear_no_signals() -> None:
    """Lets signals end the process in silence: all is said, and only a traceback would come of raising anything."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _on_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Ends the process where a signal came while Python called something of its own, which would lose the signal."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt | _Terminated):
        os._exit(_INTERRUPTED if isinstance(unraisable.exc_value, KeyboardInterrupt) else _TERMINATED)
    sys.__unraisablehook__(unraisable)


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _exit(code: int) -> NoReturn:
    try:
        _flush()
    except (OSError, ValueError):
        silence_stdout()
    sys.exit(code)
