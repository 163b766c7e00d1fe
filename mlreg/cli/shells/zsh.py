"""Owns the completion script for zsh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlreg.cli.shells.commandline import DIRECTORIES, FILES, NOTHING, Kind, Option, Tree, Verb

_HEAD = """\
#compdef mlreg
# Completion of mlreg for zsh, made by `mlreg completion zsh`.
# Nothing that mlreg tells is evaluated: it goes to compadd in an array, once it has the characters of names only.

_mlreg_ask() {
    local -a found expl
    local model=${line[1]-}
    found=("${(@f)$(command mlreg __complete $1 "$model" -- "${typed[@]}" "$PREFIX" 2>/dev/null </dev/null)}")
    found=("${(@)found:#(|[^A-Za-z0-9]*|*[^A-Za-z0-9@._+/-]*)}")
    _wanted -V $1 expl ${1//-/ } compadd -a found
}

_mlreg_commands() {
    local -a commands=(
COMMANDS
    )
    _describe -t commands command commands
}
"""
_TAIL = """\
if [[ ${funcstack[1]} == _mlreg ]]; then
    _mlreg "$@"
else
    compdef _mlreg mlreg
fi
"""


def script(tree: Tree) -> str:
    """Returns the script."""
    commands = "\n".join(f"        {_quoted(f'{verb.name}:{verb.help}')}" for verb in tree.verbs)
    return "\n".join([_HEAD.replace("COMMANDS", commands), *_main(tree), _TAIL])


def _main(tree: Tree) -> Iterator[str]:
    everywhere = [option for option in tree.options if "--version" not in option.names]
    version = [option for option in tree.options if "--version" in option.names]
    yield "_mlreg() {"
    yield "    local context state state_descr line"
    yield "    local -A opt_args"
    yield '    local -a typed=("${(@)words[1,CURRENT - 1]}") everywhere'
    yield "    if [[ $LBUFFER == (|*[[:space:]])MLREG_DIR=*[[:space:]]mlreg[[:space:]]* ]]; then"
    yield '        typed=("MLREG_DIR=${${(z)${LBUFFER##*MLREG_DIR=}}[1]}" "${typed[@]}")'
    yield "    fi"
    yield "    everywhere=("
    yield from (f"        {spec}" for option in everywhere for spec in _specs(option))
    yield "        '(-h --help)'{-h,--help}'[Explain, and do nothing.]'"
    yield "    )"
    specs = " ".join(spec for option in version for spec in _specs(option))
    yield f"    _arguments -C -S $everywhere {specs} '(-): :_mlreg_commands' '(-)*:: :->verb' && return"
    yield "    [[ $state == verb ]] || return"
    yield "    case $words[1] in"
    for verb in tree.verbs:
        yield from _verb(verb)
    yield "    esac\n}\n"


def _verb(verb: Verb) -> Iterator[str]:
    specs = [*(spec for option in verb.options for spec in _specs(option)), *_arguments(verb)]
    yield f"        {verb.name})"
    yield " \\\n".join(["            _arguments -S $everywhere", *(f"                {spec}" for spec in specs)])
    yield "            ;;"


def _arguments(verb: Verb) -> Iterator[str]:
    for at, kind in enumerate(verb.arguments, 1):
        is_last = at == len(verb.arguments)
        yield _quoted(f"{'*' if is_last and verb.goes_on else at}: :{_action(kind)}")


def _specs(option: Option) -> Iterator[str]:
    """Yields what tells `_arguments` of an option, one text for each of its names."""
    others = f"({' '.join(option.names)})" if len(option.names) > 1 and not option.repeats else ""
    value = "" if option.value is None else f":{option.metavar.replace(':', '')}:{_action(option.value)}"
    for name in option.names:
        joined = "" if option.is_flag else "=" if name.startswith("--") else "+"
        yield _quoted(f"{'*' if option.repeats else others}{name}{joined}[{_bracketed(option.help)}]{value}")


def _action(kind: Kind) -> str:
    if not isinstance(kind, str):
        return f"({' '.join(kind)})"
    return {FILES: "_files", DIRECTORIES: "_files -/", NOTHING: " "}.get(kind, f" _mlreg_ask {kind}")


def _bracketed(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


__all__: Sequence[str] = ["script"]
