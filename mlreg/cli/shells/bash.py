"""Owns the completion script for bash."""

from __future__ import annotations

from collections.abc import Iterator

from mlreg.cli.shells.commandline import Kind, Tree, Verb

_HEAD = """\
# Completion of mlreg for bash, made by `mlreg completion bash`.
# Nothing is evaluated: what is offered are words in arrays, compared with what has been typed.

# Fills `line` with the words up to the cursor; bash takes them apart at `@`, `=` and `:`.
_mlreg_line() {
    local rest=${COMP_LINE:0:COMP_POINT} at part trimmed
    for ((at = 0; at <= COMP_CWORD; at++)); do
        trimmed=${rest#"${rest%%[![:space:]]*}"}
        part=${COMP_WORDS[at]}
        ((at == COMP_CWORD)) && part=$trimmed
        if ((at > 0)) && [[ $trimmed == "$rest" ]]; then
            line[${#line[@]} - 1]+=$part
        else
            line+=("$part")
        fi
        rest=${trimmed#"$part"}
    done
}

# Finds `command`, its `arguments`, and the `option` whose value comes next.
_mlreg_parse() {
    local at part ended=''
    for ((at = 1; at < ${#line[@]} - 1; at++)); do
        part=${line[at]}
        if [[ $option ]]; then
            option=''
        elif [[ ! $ended && $part == -- ]]; then
            ended=yes
        elif [[ ! $ended && $part == -* ]]; then
            _mlreg_value "$command" "$part" && option=$part
        elif [[ ! $command ]]; then
            command=$part
        else
            arguments+=("$part")
        fi
    done
    kind=nothing
    if [[ $option ]]; then
        _mlreg_value "$command" "$option"
    elif [[ ! $ended && $word == --*=* ]]; then
        _mlreg_value "$command" "${word%%=*}"
        before=${word%%=*}= word=${word#*=}
    elif [[ ! $ended && $word == -* ]]; then
        _mlreg_options "$command"
    elif [[ ! $command ]]; then
        _mlreg_commands
    else
        _mlreg_argument "$command" "${#arguments[@]}"
    fi
}

# Fills `words` with the names that mlreg tells; other characters than those of names do not pass.
_mlreg_ask() {
    local name names last=$((${#line[@]} - 1))
    names=$(command mlreg __complete "$kind" "${arguments[0]-}" -- "${line[@]:0:last}" "$word" 2>/dev/null </dev/null)
    while IFS= read -r name; do
        case $name in
            '' | [!A-Za-z0-9]* | *[!A-Za-z0-9@._+/-]*) ;;
            *) words+=("$name") ;;
        esac
    done <<<"$names"
}

# Offers those of `words` that begin as typed, without the part that readline keeps: up to the last break, of which it
# takes an `@` for the beginning of what it replaces.
_mlreg_offer() {
    local name typed=$before$word breaks=${COMP_WORDBREAKS//[!@=:]/} had=''
    if [[ $quote ]]; then
        typed=$word
    elif [[ $breaks ]]; then
        had=${typed%"${typed##*[$breaks]}"} had=${had%@}
    fi
    for name in ${words[@]+"${words[@]}"}; do
        if [[ $name == "$word"* ]]; then
            name=$before$name
            COMPREPLY+=("${name#"$had"}")
        fi
    done
}

_mlreg() {
    local IFS=$' \\t\\n' command='' option='' kind='' before='' quote='' word
    local -a line=() arguments=() words=()
    COMPREPLY=()
    _mlreg_line
    word=${line[${#line[@]} - 1]}
    if [[ $word == [\\"\\']* ]]; then
        quote=${word:0:1} word=${word:1}
    fi
    _mlreg_parse
    case $kind in
        nothing) ;;
        words) ;;
        files) compopt -o default 2>/dev/null ;;
        directories) compopt -o dirnames 2>/dev/null ;;
        *) _mlreg_ask ;;
    esac
    _mlreg_offer
}
"""


def script(tree: Tree) -> str:
    """Returns the script."""
    return "\n".join(
        [_HEAD, *_commands(tree), *_options(tree), *_values(tree), *_arguments(tree), "complete -F _mlreg mlreg", ""]
    )


def _commands(tree: Tree) -> Iterator[str]:
    yield "_mlreg_commands() {"
    yield f"    {_set(tuple(verb.name for verb in tree.verbs))}"
    yield "}\n"


def _options(tree: Tree) -> Iterator[str]:
    everywhere = [name for option in tree.options for name in option.names]
    yield "_mlreg_options() {"
    yield "    case $1 in"
    for verb in tree.verbs:
        names = [name for option in verb.options for name in option.names]
        own = [name for name in everywhere if name != "--version"]
        yield f"        {verb.name}) {_set((*names, *own, '--help'))} ;;"
    yield f"        *) {_set((*everywhere, '--help'))} ;;"
    yield "    esac\n}\n"


def _values(tree: Tree) -> Iterator[str]:
    yield "# Says what the value of an option is; fails where it takes none."
    yield "_mlreg_value() {"
    yield "    case $1:$2 in"
    for option in tree.options:
        if option.value is not None:
            yield f"        {' | '.join(f'*:{name}' for name in option.names)}) {_set(option.value)} ;;"
    for verb in tree.verbs:
        for option in verb.options:
            if option.value is not None:
                yield f"        {' | '.join(f'{verb.name}:{name}' for name in option.names)}) {_set(option.value)} ;;"
    yield "        *) return 1 ;;"
    yield "    esac\n}\n"


def _arguments(tree: Tree) -> Iterator[str]:
    yield "# Says what an argument of a command is, by its place."
    yield "_mlreg_argument() {"
    yield "    case $1:$2 in"
    for verb in tree.verbs:
        for place, kind in _places(verb):
            yield f"        {verb.name}:{place}) {_set(kind)} ;;"
    yield "    esac\n}\n"


def _places(verb: Verb) -> Iterator[tuple[str, Kind]]:
    for at, kind in enumerate(verb.arguments):
        is_last = at == len(verb.arguments) - 1
        yield "*" if is_last and verb.goes_on else str(at), kind


def _set(kind: Kind) -> str:
    """Returns the statement that says what comes next."""
    return f"kind={kind}" if isinstance(kind, str) else f"kind=words words=({' '.join(kind)})"
