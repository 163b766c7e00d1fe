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
    local IFS=$' \t\n' command='' option='' kind='' before='' quote='' word
    local -a line=() arguments=() words=()
    COMPREPLY=()
    _mlreg_line
    word=${line[${#line[@]} - 1]}
    if [[ $word == [\"\']* ]]; then
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

_mlreg_commands() {
    kind=words words=(init register run checkout set tag alias hold deprecate archive compare best promote rollback policy approve reject keys list info history why lineage impact audit outdated du scan trust signature validate lock export card docs verify gc checkpoint doctor demo config completion explain help)
}

_mlreg_options() {
    case $1 in
        init) kind=words words=(--dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        register) kind=words words=(-f --file --role --version --bump --metric --metrics --param --params --feature --features --signature --requirements --framework --type --parent --variant-of --data --data-file --data-rows --data-version --feature-set --experiment --increment --depends-on --tag --owner --description --meta --stage --follow-links --raw --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        run) kind=words words=(--register -f --file --experiment --increment --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        checkout) kind=words words=(-o --output --link --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        set) kind=words words=(--metric --description --owner --meta --note --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        tag) kind=words words=(--remove --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        alias) kind=words words=(--remove --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        hold) kind=words words=(--reason --lift --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        deprecate) kind=words words=(--reason --end-of-life --lift --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        archive) kind=words words=(--force --reason --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        compare) kind=words words=(--fail-on -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        best) kind=words words=(--limit --promote --min-gain --reason --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        promote) kind=words words=(--to --from --expect --reason --force --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        rollback) kind=words words=(--to --stage --expect --reason --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        policy) kind=words words=(--to --history --config -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        approve) kind=words words=(--for --comment --key --expires --list --trust-root --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        reject) kind=words words=(--for --reason --key --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        keys) kind=words words=(--group --key --trust-root --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        list) kind=words words=(--search --stage --tag --owner --framework --increment --deprecated --no-deprecated --eol --where --sort --limit -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        info) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        history) kind=words words=(--since --limit --kind --timeline --stage -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        why) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        lineage) kind=words words=(--format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        impact) kind=words words=(--feature --feature-set --data-set -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        audit) kind=words words=(--from --to --format -o --output --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        outdated) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        du) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        scan) kind=words words=(--output-format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        trust) kind=words words=(--global --reason --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        signature) kind=words words=(--target --outputs -o --output --format --yaml --dry-run --output-format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        validate) kind=words words=(--limit --extra --format --output-format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        lock) kind=words words=(--check --upgrade --announce --dry-run --output-format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        export) kind=words words=(--layout --format -o --output --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        card) kind=words words=(-o --output --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        docs) kind=words words=(--dry-run --output-format -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        verify) kind=words words=(--quick --repair --from --against --trust-root --allow-missing --output-format --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        gc) kind=words words=(--prune --now --no-squeeze --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        checkpoint) kind=words words=(-o --output --key --unsigned --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        doctor) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        demo) kind=words words=(--keep --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        config) kind=words words=(--global --show-origin --dry-run -C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        completion) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        explain) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        help) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --help) ;;
        *) kind=words words=(-C --repo --json -q --quiet -v --verbose --no-color --ci --actor --version --help) ;;
    esac
}

# Says what the value of an option is; fails where it takes none.
_mlreg_value() {
    case $1:$2 in
        *:-C | *:--repo) kind=directories ;;
        *:--ci) kind=words words=(github gitlab) ;;
        *:--actor) kind=nothing ;;
        register:-f | register:--file) kind=files ;;
        register:--role) kind=nothing ;;
        register:--version) kind=nothing ;;
        register:--bump) kind=words words=(major minor patch auto) ;;
        register:--metric) kind=nothing ;;
        register:--metrics) kind=files ;;
        register:--param) kind=nothing ;;
        register:--params) kind=files ;;
        register:--feature) kind=nothing ;;
        register:--features) kind=files ;;
        register:--signature) kind=files ;;
        register:--requirements) kind=files ;;
        register:--framework) kind=nothing ;;
        register:--type) kind=nothing ;;
        register:--parent) kind=references ;;
        register:--variant-of) kind=references ;;
        register:--data) kind=nothing ;;
        register:--data-file) kind=files ;;
        register:--data-rows) kind=nothing ;;
        register:--data-version) kind=nothing ;;
        register:--feature-set) kind=nothing ;;
        register:--experiment) kind=nothing ;;
        register:--increment) kind=nothing ;;
        register:--depends-on) kind=references ;;
        register:--tag) kind=tags ;;
        register:--owner) kind=nothing ;;
        register:--description) kind=nothing ;;
        register:--meta) kind=nothing ;;
        register:--stage) kind=stages ;;
        run:--register) kind=models ;;
        run:-f | run:--file) kind=files ;;
        run:--experiment) kind=nothing ;;
        run:--increment) kind=nothing ;;
        checkout:-o | checkout:--output) kind=directories ;;
        set:--metric) kind=nothing ;;
        set:--description) kind=nothing ;;
        set:--owner) kind=nothing ;;
        set:--meta) kind=nothing ;;
        set:--note) kind=nothing ;;
        hold:--reason) kind=nothing ;;
        deprecate:--reason) kind=nothing ;;
        deprecate:--end-of-life) kind=nothing ;;
        archive:--reason) kind=nothing ;;
        compare:--fail-on) kind=words words=(regression keep) ;;
        best:--limit) kind=nothing ;;
        best:--promote) kind=stages ;;
        best:--min-gain) kind=nothing ;;
        best:--reason) kind=nothing ;;
        promote:--to) kind=stages ;;
        promote:--from) kind=all-stages ;;
        promote:--expect) kind=expected ;;
        promote:--reason) kind=nothing ;;
        rollback:--to) kind=versions ;;
        rollback:--stage) kind=held-stages ;;
        rollback:--expect) kind=versions ;;
        rollback:--reason) kind=nothing ;;
        policy:--to) kind=stages ;;
        policy:--config) kind=files ;;
        approve:--for) kind=stages ;;
        approve:--comment) kind=nothing ;;
        approve:--key) kind=files ;;
        approve:--expires) kind=nothing ;;
        approve:--trust-root) kind=nothing ;;
        reject:--for) kind=stages ;;
        reject:--reason) kind=nothing ;;
        reject:--key) kind=files ;;
        keys:--group) kind=nothing ;;
        keys:--key) kind=files ;;
        keys:--trust-root) kind=nothing ;;
        list:--search) kind=nothing ;;
        list:--stage) kind=all-stages ;;
        list:--tag) kind=tags ;;
        list:--owner) kind=nothing ;;
        list:--framework) kind=nothing ;;
        list:--increment) kind=nothing ;;
        list:--where) kind=nothing ;;
        list:--sort) kind=nothing ;;
        list:--limit) kind=nothing ;;
        history:--since) kind=nothing ;;
        history:--limit) kind=nothing ;;
        history:--kind) kind=words words=(registered promoted rolled-back archived deprecated deprecation-lifted tagged set signature-set noted aliased unaliased held released dropped restored initialised announced key-added key-removed approved rejected trusted trust-removed) ;;
        history:--stage) kind=stages ;;
        lineage:--format) kind=words words=(tree mermaid dot json openlineage) ;;
        impact:--feature) kind=nothing ;;
        impact:--feature-set) kind=nothing ;;
        impact:--data-set) kind=nothing ;;
        audit:--from) kind=nothing ;;
        audit:--to) kind=nothing ;;
        audit:--format) kind=words words=(markdown json csv html) ;;
        audit:-o | audit:--output) kind=files ;;
        scan:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        trust:--global) kind=nothing ;;
        trust:--reason) kind=nothing ;;
        signature:--target) kind=nothing ;;
        signature:--outputs) kind=files ;;
        signature:-o | signature:--output) kind=files ;;
        signature:--format) kind=words words=(csv json npz parquet) ;;
        signature:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        validate:--limit) kind=nothing ;;
        validate:--format) kind=words words=(csv json npz parquet) ;;
        validate:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        lock:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        export:--layout) kind=words words=(devskyy specweave flat brixa) ;;
        export:--format) kind=words words=(cyclonedx deployment huggingface) ;;
        export:-o | export:--output) kind=files ;;
        card:-o | card:--output) kind=files ;;
        docs:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        verify:--from) kind=files ;;
        verify:--against) kind=files ;;
        verify:--trust-root) kind=nothing ;;
        verify:--output-format) kind=words words=(concise json github gitlab junit sarif) ;;
        checkpoint:-o | checkpoint:--output) kind=files ;;
        checkpoint:--key) kind=files ;;
        demo:--keep) kind=directories ;;
        *) return 1 ;;
    esac
}

# Says what an argument of a command is, by its place.
_mlreg_argument() {
    case $1:$2 in
        init:0) kind=directories ;;
        register:0) kind=models ;;
        register:*) kind=files ;;
        run:*) kind=files ;;
        checkout:0) kind=references ;;
        checkout:1) kind=selectors ;;
        set:0) kind=references ;;
        set:1) kind=selectors ;;
        tag:0) kind=references ;;
        tag:1) kind=labels ;;
        tag:*) kind=tags ;;
        alias:0) kind=references ;;
        alias:1) kind=selectors ;;
        alias:2) kind=aliases ;;
        hold:0) kind=references ;;
        hold:1) kind=selectors ;;
        deprecate:0) kind=references ;;
        deprecate:1) kind=selectors ;;
        archive:0) kind=references ;;
        archive:1) kind=selectors ;;
        compare:0) kind=references ;;
        compare:*) kind=compared ;;
        best:0) kind=models ;;
        promote:0) kind=references ;;
        promote:1) kind=selectors ;;
        rollback:0) kind=models ;;
        policy:0) kind=words words=(show test) ;;
        policy:*) kind=references ;;
        approve:0) kind=references ;;
        approve:1) kind=selectors ;;
        reject:0) kind=references ;;
        reject:1) kind=selectors ;;
        keys:0) kind=words words=(list add remove trust) ;;
        keys:1) kind=files ;;
        keys:*) kind=files ;;
        list:0) kind=models ;;
        info:0) kind=references ;;
        info:1) kind=selectors ;;
        history:0) kind=models ;;
        why:0) kind=references ;;
        why:1) kind=selectors ;;
        lineage:0) kind=references ;;
        lineage:1) kind=selectors ;;
        impact:0) kind=references ;;
        impact:1) kind=selectors ;;
        audit:0) kind=models ;;
        outdated:0) kind=directories ;;
        du:0) kind=models ;;
        scan:*) kind=files ;;
        trust:0) kind=words words=(list add remove) ;;
        trust:1) kind=references ;;
        trust:2) kind=selectors ;;
        signature:0) kind=words words=(show infer check lint set) ;;
        signature:1) kind=references ;;
        signature:*) kind=files ;;
        validate:0) kind=references ;;
        validate:1) kind=files ;;
        lock:0) kind=directories ;;
        export:0) kind=references ;;
        export:1) kind=selectors ;;
        card:0) kind=references ;;
        card:1) kind=selectors ;;
        docs:0) kind=words words=(sync check) ;;
        docs:*) kind=files ;;
        verify:0) kind=models ;;
        gc:0) kind=models ;;
        config:0) kind=words words=(list get set unset) ;;
        config:1) kind=nothing ;;
        config:2) kind=nothing ;;
        completion:0) kind=words words=(bash zsh fish) ;;
        explain:0) kind=words words=(MLR101 MLR102 MLR103 MLR104 MLR105 MLR106 MLR107 MLR108 MLR109 MLR110 MLR111 MLR112 MLR113 MLR114 MLR115 MLR116 MLR199 MLR201 MLR202 MLR203 MLR204 MLR205 MLR206 MLR211 MLR212 MLR213 MLR214 MLR215 MLR216 MLR217 MLR218 MLR219 MLR220 MLR221 MLR229 MLR301 MLR302 MLR303 MLR304 MLR305 MLR306 MLR307 MLR308 MLR309 MLR310 MLR311 MLR312 MLR313 MLR314 MLR315 MLR316 MLR317 MLR318 MLR319 MLR320 MLR330 MLR331 MLR332 MLR333 MLR340 MLR341 MLR342 MLR343 MLR401 MLR501) ;;
        help:0) kind=words words=(exit-codes format refs glossary json policies init register run checkout set tag alias hold deprecate archive compare best promote rollback policy approve reject keys list info history why lineage impact audit outdated du scan trust signature validate lock export card docs verify gc checkpoint doctor demo config completion explain help) ;;
        help:*) kind=words words=(init register run checkout set tag alias hold deprecate archive compare best promote rollback policy approve reject keys list info history why lineage impact audit outdated du scan trust signature validate lock export card docs verify gc checkpoint doctor demo config completion explain help error) ;;
    esac
}

complete -F _mlreg mlreg
