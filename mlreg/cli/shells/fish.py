"""Owns the completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator

from mlreg.cli.shells.commandline import DIRECTORIES, FILES, NOTHING, Kind, Option, Tree, Verb

_HEAD = """\
# Completion of mlreg for fish, made by `mlreg completion fish`.
# Nothing that mlreg tells is evaluated: fish takes each line as a word, once it has the characters of names only.

# Prints the command and its arguments before the cursor.
function __mlreg_line
    set -l words (commandline -opc)
    while string match -qr '^[A-Za-z_][A-Za-z0-9_]*=' -- $words[1]
        set -e words[1]
    end
    set -e words[1]
    set -l command ''
    set -l skips no
    set -l ended no
    for word in $words
        if test $skips = yes
            set skips no
        else if test $ended = no; and test "$word" = --
            set ended yes
        else if test $ended = no; and string match -q -- '-*' $word
            if __mlreg_takes_value "$command" $word
                set skips yes
            end
        else
            test -n "$command"; or set command $word
            echo -- $word
        end
    end
end

# Whether the command is the one named; of a second word, whether that many arguments stand before the cursor, or (with
# a third) at least that many.
function __mlreg_at
    set -l line (__mlreg_line)
    test "$line[1]" = "$argv[1]"; or return
    set -l count (math (count $line) - 1)
    switch (count $argv)
        case 2
            test $count -eq $argv[2]
        case 3
            test $count -ge $argv[2]
    end
end

function __mlreg_ask
    command -q mlreg; or return
    set -l line (__mlreg_line)
    set -l word (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    command mlreg __complete $argv[1] "$line[2]" -- (commandline -opc) "$word" 2>/dev/null </dev/null |
        string match -r -- '^[A-Za-z0-9][A-Za-z0-9@._+/-]*$'
end
"""


def script(tree: Tree) -> str:
    """Returns the script."""
    return (
        "\n".join([_HEAD, *_values(tree), *_everywhere(tree), *(line for verb in tree.verbs for line in _verb(verb))])
        + "\n"
    )


def _values(tree: Tree) -> Iterator[str]:
    everywhere = [name for option in tree.options if not option.is_flag for name in option.names]
    yield "# Whether an option of a command takes a value in the next word."
    yield "function __mlreg_takes_value"
    yield "    switch $argv[1]$argv[2]"
    yield f"        case {' '.join(_quoted(f'*{name}') for name in everywhere)}"
    for verb in tree.verbs:
        names = [name for option in verb.options if not option.is_flag for name in option.names]
        if names:
            yield f"        case {' '.join(verb.name + name for name in names)}"
    yield "        case '*'"
    yield "            return 1"
    yield "    end"
    yield "end\n"


def _everywhere(tree: Tree) -> Iterator[str]:
    yield "complete -c mlreg -f"
    for option in tree.options:
        yield _option(option, "__mlreg_at ''" if "--version" in option.names else None)
    yield "complete -c mlreg -s h -l help -d 'Explain, and do nothing.'"
    for verb in tree.verbs:
        yield f"complete -c mlreg -n \"__mlreg_at ''\" -a {verb.name} -d {_quoted(verb.help)}"


def _verb(verb: Verb) -> Iterator[str]:
    yield ""
    for at, kind in enumerate(verb.arguments):
        more = " more" if at == len(verb.arguments) - 1 and verb.goes_on else ""
        if kind != NOTHING:
            yield f"complete -c mlreg -n '__mlreg_at {verb.name} {at}{more}' {_offer(kind)}"
    for option in verb.options:
        yield _option(option, f"__mlreg_at {verb.name}")


def _option(option: Option, condition: str | None) -> str:
    names = (f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    parts = ["complete -c mlreg", *([f'-n "{condition}"'] if condition else []), *names]
    if option.value is not None:
        parts.append("-r -F" if option.value == FILES else f"-x {_offer(option.value)}".rstrip())
    return " ".join([*parts, "-d", _quoted(option.help)])


def _offer(kind: Kind) -> str:
    if not isinstance(kind, str):
        return f"-a {_quoted(' '.join(kind))}"
    known = {FILES: "-F", DIRECTORIES: "-a '(__fish_complete_directories)'", NOTHING: ""}
    return known.get(kind, f"-k -a '(__mlreg_ask {kind})'")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
