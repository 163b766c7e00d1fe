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

# Whether an option of a command takes a value in the next word.
function __mlreg_takes_value
    switch $argv[1]$argv[2]
        case '*-C' '*--repo' '*--ci' '*--actor'
        case register-f register--file register--role register--version register--bump register--metric register--metrics register--param register--params register--feature register--features register--signature register--requirements register--framework register--type register--parent register--variant-of register--data register--data-file register--data-rows register--data-version register--feature-set register--experiment register--increment register--depends-on register--tag register--owner register--description register--meta register--stage
        case run--register run-f run--file run--experiment run--increment
        case checkout-o checkout--output
        case set--metric set--description set--owner set--meta set--note
        case hold--reason
        case deprecate--reason deprecate--end-of-life
        case archive--reason
        case compare--fail-on
        case best--limit best--promote best--min-gain best--reason
        case promote--to promote--from promote--expect promote--reason
        case rollback--to rollback--stage rollback--expect rollback--reason
        case policy--to policy--config
        case approve--for approve--comment approve--key approve--expires approve--trust-root
        case reject--for reject--reason reject--key
        case keys--group keys--key keys--trust-root
        case list--search list--stage list--tag list--owner list--framework list--increment list--where list--sort list--limit
        case history--since history--limit history--kind history--stage
        case lineage--format
        case impact--feature impact--feature-set impact--data-set
        case audit--from audit--to audit--format audit-o audit--output
        case scan--output-format
        case trust--global trust--reason
        case signature--target signature--outputs signature-o signature--output signature--format signature--output-format
        case validate--limit validate--format validate--output-format
        case lock--output-format
        case export--layout export--format export-o export--output
        case card-o card--output
        case docs--output-format
        case verify--from verify--against verify--trust-root verify--output-format
        case checkpoint-o checkpoint--output checkpoint--key
        case demo--keep
        case '*'
            return 1
    end
end

complete -c mlreg -f
complete -c mlreg -s C -l repo -x -a '(__fish_complete_directories)' -d 'The repository: a .mlreg or the directory that holds it.'
complete -c mlreg -l json -d 'Print one JSON document.'
complete -c mlreg -s q -l quiet -d 'Print names and versions only.'
complete -c mlreg -s v -l verbose -d 'Say more on stderr.'
complete -c mlreg -l no-color -d 'Print without colours.'
complete -c mlreg -l ci -x -a 'github gitlab' -d 'Tell the pipeline too: its outputs and summary.'
complete -c mlreg -l actor -x -d 'Who acts; else MLREG_ACTOR, git\'s user.email, CI\'s user.'
complete -c mlreg -n "__mlreg_at ''" -l version -d 'Print the version of mlreg.'
complete -c mlreg -s h -l help -d 'Explain, and do nothing.'
complete -c mlreg -n "__mlreg_at ''" -a init -d 'Make a repository, `.mlreg`, in a directory.'
complete -c mlreg -n "__mlreg_at ''" -a register -d 'Register files, or one directory, as a version of a model.'
complete -c mlreg -n "__mlreg_at ''" -a run -d 'Run a training, and register what came of it.'
complete -c mlreg -n "__mlreg_at ''" -a checkout -d 'Write the files of a version, byte for byte.'
complete -c mlreg -n "__mlreg_at ''" -a set -d 'State facts of a version late, or note something about it.'
complete -c mlreg -n "__mlreg_at ''" -a tag -d 'Put tags on a version, or take them off.'
complete -c mlreg -n "__mlreg_at ''" -a alias -d 'Give a version a name of your own, or list such names.'
complete -c mlreg -n "__mlreg_at ''" -a hold -d 'Keep the bytes of a version, whatever the rules say.'
complete -c mlreg -n "__mlreg_at ''" -a deprecate -d 'Mark a version as not to be used any more.'
complete -c mlreg -n "__mlreg_at ''" -a archive -d 'Put a version into the archive.'
complete -c mlreg -n "__mlreg_at ''" -a compare -d 'Compare versions: metrics, features, parameters, files.'
complete -c mlreg -n "__mlreg_at ''" -a best -d 'Rank the versions of a model by their scores.'
complete -c mlreg -n "__mlreg_at ''" -a promote -d 'Move a version to a stage.'
complete -c mlreg -n "__mlreg_at ''" -a rollback -d 'Take a stage back to the version that held it before.'
complete -c mlreg -n "__mlreg_at ''" -a policy -d 'Show the gates of promotions, or test them on the past.'
complete -c mlreg -n "__mlreg_at ''" -a approve -d 'Say that a version may go to a stage, signed with your SSH key.'
complete -c mlreg -n "__mlreg_at ''" -a reject -d 'Say that a version may not go to a stage, signed as well.'
complete -c mlreg -n "__mlreg_at ''" -a keys -d 'Say whose signatures count.'
complete -c mlreg -n "__mlreg_at ''" -a list -d 'List the models, or the versions of one.'
complete -c mlreg -n "__mlreg_at ''" -a info -d 'Tell all that is known of a version.'
complete -c mlreg -n "__mlreg_at ''" -a history -d 'Tell what happened to a model, when, by whom and why.'
complete -c mlreg -n "__mlreg_at ''" -a why -d 'Tell why a version stands where it does, and the way back.'
complete -c mlreg -n "__mlreg_at ''" -a lineage -d 'Show where a version comes from and what came of it.'
complete -c mlreg -n "__mlreg_at ''" -a impact -d 'Show what uses a feature, data or another version.'
complete -c mlreg -n "__mlreg_at ''" -a audit -d 'Report what happened to a model, for who must account for it.'
complete -c mlreg -n "__mlreg_at ''" -a outdated -d 'Show newer versions of what a service has locked.'
complete -c mlreg -n "__mlreg_at ''" -a du -d 'Tell how much room models take on the disk.'
complete -c mlreg -n "__mlreg_at ''" -a scan -d 'Tell whether loading model files would run foreign code.'
complete -c mlreg -n "__mlreg_at ''" -a trust -d 'Allow classes of your own to a version that is loaded.'
complete -c mlreg -n "__mlreg_at ''" -a signature -d 'Show, infer, check or declare what a model takes and gives.'
complete -c mlreg -n "__mlreg_at ''" -a validate -d 'Check that data are what a model takes: each row, each column.'
complete -c mlreg -n "__mlreg_at ''" -a lock -d 'Lock the exact versions of the models that a service wants.'
complete -c mlreg -n "__mlreg_at ''" -a export -d 'Hand versions on to other tools, in the form that they know.'
complete -c mlreg -n "__mlreg_at ''" -a card -d 'Make the model card of a version, as on the Hugging Face Hub.'
complete -c mlreg -n "__mlreg_at ''" -a docs -d 'Keep what documents say of models up to date.'
complete -c mlreg -n "__mlreg_at ''" -a verify -d 'Check that every byte is as it was written.'
complete -c mlreg -n "__mlreg_at ''" -a gc -d 'Tell what is kept and why, and remove the rest.'
complete -c mlreg -n "__mlreg_at ''" -a checkpoint -d 'Write down where all histories stand, to keep it elsewhere.'
complete -c mlreg -n "__mlreg_at ''" -a doctor -d 'Look for what is wrong here, and name what mends it.'
complete -c mlreg -n "__mlreg_at ''" -a demo -d 'Train real models, and walk through a model\'s life.'
complete -c mlreg -n "__mlreg_at ''" -a config -d 'Look at settings, and change them.'
complete -c mlreg -n "__mlreg_at ''" -a completion -d 'Print the script that completes commands, models, versions.'
complete -c mlreg -n "__mlreg_at ''" -a explain -d 'Explain the codes of findings, and how each is mended.'
complete -c mlreg -n "__mlreg_at ''" -a help -d 'Explain a topic or a command, or print a JSON Schema.'

complete -c mlreg -n '__mlreg_at init 0' -a '(__fish_complete_directories)'
complete -c mlreg -n "__mlreg_at init" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at register 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n '__mlreg_at register 1 more' -F
complete -c mlreg -n "__mlreg_at register" -s f -l file -r -F -d 'All of this in YAML or JSON (- is stdin); words cover it.'
complete -c mlreg -n "__mlreg_at register" -l role -x -d 'A file and what it is: model, scaler, tokenizer, config.'
complete -c mlreg -n "__mlreg_at register" -l version -x -d 'The version, SemVer 2.0.0.'
complete -c mlreg -n "__mlreg_at register" -l bump -x -a 'major minor patch auto' -d 'major, minor, patch or auto: by what changed. Default: auto.'
complete -c mlreg -n "__mlreg_at register" -l metric -x -d 'Such as auc=0.91 or latency=35ms.'
complete -c mlreg -n "__mlreg_at register" -l metrics -r -F -d 'A mapping in YAML or JSON.'
complete -c mlreg -n "__mlreg_at register" -l param -x -d 'A hyperparameter.'
complete -c mlreg -n "__mlreg_at register" -l params -r -F -d 'A mapping in YAML or JSON.'
complete -c mlreg -n "__mlreg_at register" -l feature -x -d 'A feature, in order.'
complete -c mlreg -n "__mlreg_at register" -l features -r -F -d 'A list in YAML or JSON, or one a line (.txt).'
complete -c mlreg -n "__mlreg_at register" -l signature -r -F -d 'Inputs and outputs, in YAML or JSON.'
complete -c mlreg -n "__mlreg_at register" -l requirements -r -F -d 'Python requirements, one a line.'
complete -c mlreg -n "__mlreg_at register" -l framework -x -d 'Such as sklearn or torch.'
complete -c mlreg -n "__mlreg_at register" -l type -x -d 'Such as classifier or regressor.'
complete -c mlreg -n "__mlreg_at register" -l parent -x -k -a '(__mlreg_ask references)' -d 'The version it came from.'
complete -c mlreg -n "__mlreg_at register" -l variant-of -x -k -a '(__mlreg_ask references)' -d 'It in another form: exported, quantised.'
complete -c mlreg -n "__mlreg_at register" -l data -x -d 'The training data, such as v2024-01.'
complete -c mlreg -n "__mlreg_at register" -l data-file -r -F -d 'The training data: its digest and size are kept.'
complete -c mlreg -n "__mlreg_at register" -l data-rows -x -d 'How many rows it has, such as 120000 or 120k.'
complete -c mlreg -n "__mlreg_at register" -l data-version -x -d 'Its version, such as 2024-01.'
complete -c mlreg -n "__mlreg_at register" -l feature-set -x -d 'The feature set.'
complete -c mlreg -n "__mlreg_at register" -l experiment -x -d 'The experiment.'
complete -c mlreg -n "__mlreg_at register" -l increment -x -d 'The project\'s increment.'
complete -c mlreg -n "__mlreg_at register" -l depends-on -x -k -a '(__mlreg_ask references)' -d 'A version that it needs, as a tokenizer.'
complete -c mlreg -n "__mlreg_at register" -l tag -x -k -a '(__mlreg_ask tags)' -d 'A tag.'
complete -c mlreg -n "__mlreg_at register" -l owner -x -d 'Who answers for it.'
complete -c mlreg -n "__mlreg_at register" -l description -x -d 'What it is.'
complete -c mlreg -n "__mlreg_at register" -l meta -x -d 'Any other fact; team.name=x is nested.'
complete -c mlreg -n "__mlreg_at register" -l stage -x -k -a '(__mlreg_ask stages)' -d 'Where it stands at once.'
complete -c mlreg -n "__mlreg_at register" -l follow-links -d 'Follow links that lead out of the directory.'
complete -c mlreg -n "__mlreg_at register" -l raw -d 'Keep the files as they are: fast rather than small, until `mlreg gc`.'
complete -c mlreg -n "__mlreg_at register" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at run 0 more' -F
complete -c mlreg -n "__mlreg_at run" -l register -x -k -a '(__mlreg_ask models)' -d 'The model that the files are a version of.'
complete -c mlreg -n "__mlreg_at run" -s f -l file -r -F -d 'What to register, as in `mlreg register -f`.'
complete -c mlreg -n "__mlreg_at run" -l experiment -x -d 'The experiment.'
complete -c mlreg -n "__mlreg_at run" -l increment -x -d 'The project\'s increment.'
complete -c mlreg -n "__mlreg_at run" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at checkout 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at checkout 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at checkout" -s o -l output -x -a '(__fish_complete_directories)' -d 'Where to; default: NAME-VERSION.'
complete -c mlreg -n "__mlreg_at checkout" -l link -d 'Read-only links instead of copies, of files that are kept as they are.'
complete -c mlreg -n "__mlreg_at checkout" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at set 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at set 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at set" -l metric -x -d 'Such as auc=0.91 or latency=35ms.'
complete -c mlreg -n "__mlreg_at set" -l description -x -d 'What it is.'
complete -c mlreg -n "__mlreg_at set" -l owner -x -d 'Who answers for it.'
complete -c mlreg -n "__mlreg_at set" -l meta -x -d 'Any other fact; team.name=x is nested.'
complete -c mlreg -n "__mlreg_at set" -l note -x -d 'What others should know; joins its notes.'
complete -c mlreg -n "__mlreg_at set" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at tag 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at tag 1' -k -a '(__mlreg_ask labels)'
complete -c mlreg -n '__mlreg_at tag 2 more' -k -a '(__mlreg_ask tags)'
complete -c mlreg -n "__mlreg_at tag" -l remove -d 'Take the tags off.'
complete -c mlreg -n "__mlreg_at tag" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at alias 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at alias 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n '__mlreg_at alias 2' -k -a '(__mlreg_ask aliases)'
complete -c mlreg -n "__mlreg_at alias" -l remove -d 'Take the alias away.'
complete -c mlreg -n "__mlreg_at alias" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at hold 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at hold 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at hold" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at hold" -l lift -d 'Leave it to the rules again.'
complete -c mlreg -n "__mlreg_at hold" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at deprecate 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at deprecate 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at deprecate" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at deprecate" -l end-of-life -x -d 'The day after which it will be gone.'
complete -c mlreg -n "__mlreg_at deprecate" -l lift -d 'Make it usable again.'
complete -c mlreg -n "__mlreg_at deprecate" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at archive 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at archive 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at archive" -l force -d 'Also the one in production; takes a reason.'
complete -c mlreg -n "__mlreg_at archive" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at archive" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at compare 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at compare 1 more' -k -a '(__mlreg_ask compared)'
complete -c mlreg -n "__mlreg_at compare" -l fail-on -x -a 'regression keep' -d 'Exit 1 where a metric is worse, or all in all.'

complete -c mlreg -n '__mlreg_at best 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at best" -l limit -x -d 'So many rows at most.'
complete -c mlreg -n "__mlreg_at best" -l promote -x -k -a '(__mlreg_ask stages)' -d 'Promote the best, if it is better than the holder.'
complete -c mlreg -n "__mlreg_at best" -l min-gain -x -d 'By how much, at least. Default: as configured.'
complete -c mlreg -n "__mlreg_at best" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at best" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at promote 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at promote 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at promote" -l to -x -k -a '(__mlreg_ask stages)' -d 'The stage it shall stand at.'
complete -c mlreg -n "__mlreg_at promote" -l from -x -k -a '(__mlreg_ask all-stages)' -d 'The stage at which it must stand now.'
complete -c mlreg -n "__mlreg_at promote" -l expect -x -k -a '(__mlreg_ask expected)' -d 'The version that must hold the stage now.'
complete -c mlreg -n "__mlreg_at promote" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at promote" -l force -d 'Go past gates that are shut, if the policy allows it; takes a reason.'
complete -c mlreg -n "__mlreg_at promote" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at rollback 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at rollback" -l to -x -k -a '(__mlreg_ask versions)' -d 'A version that held the stage before.'
complete -c mlreg -n "__mlreg_at rollback" -l stage -x -k -a '(__mlreg_ask held-stages)' -d 'Which stage; production.'
complete -c mlreg -n "__mlreg_at rollback" -l expect -x -k -a '(__mlreg_ask versions)' -d 'The version that must hold the stage now.'
complete -c mlreg -n "__mlreg_at rollback" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at rollback" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at policy 0' -a 'show test'
complete -c mlreg -n '__mlreg_at policy 1 more' -k -a '(__mlreg_ask references)'
complete -c mlreg -n "__mlreg_at policy" -l to -x -k -a '(__mlreg_ask stages)' -d 'show: the gates of this stage.'
complete -c mlreg -n "__mlreg_at policy" -l history -d 'test: on the promotions that there were.'
complete -c mlreg -n "__mlreg_at policy" -l config -r -F -d 'test: the policy of this file, not the one in force.'

complete -c mlreg -n '__mlreg_at approve 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at approve 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at approve" -l for -x -k -a '(__mlreg_ask stages)' -d 'To which stage it may go.'
complete -c mlreg -n "__mlreg_at approve" -l comment -x -d 'What you have looked at; it is signed too.'
complete -c mlreg -n "__mlreg_at approve" -l key -r -F -d 'The SSH key to sign with; else MLREG_KEY, ~/.ssh.'
complete -c mlreg -n "__mlreg_at approve" -l expires -x -d 'How long it counts, as `30d`, or until which date.'
complete -c mlreg -n "__mlreg_at approve" -l list -d 'List what was said, and what of it counts; nothing is signed.'
complete -c mlreg -n "__mlreg_at approve" -l trust-root -x -d 'With --list: the root of the keys is this one.'
complete -c mlreg -n "__mlreg_at approve" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at reject 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at reject 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at reject" -l for -x -k -a '(__mlreg_ask stages)' -d 'To which stage it may not go.'
complete -c mlreg -n "__mlreg_at reject" -l reason -x -d 'Why; it is signed too.'
complete -c mlreg -n "__mlreg_at reject" -l key -r -F -d 'The SSH key to sign with; else MLREG_KEY, ~/.ssh.'
complete -c mlreg -n "__mlreg_at reject" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at keys 0' -a 'list add remove trust'
complete -c mlreg -n '__mlreg_at keys 1' -F
complete -c mlreg -n '__mlreg_at keys 2 more' -F
complete -c mlreg -n "__mlreg_at keys" -l group -x -d 'add: groups of the key; remove: out of these only.'
complete -c mlreg -n "__mlreg_at keys" -l key -r -F -d 'The SSH key to sign with; else MLREG_KEY, ~/.ssh.'
complete -c mlreg -n "__mlreg_at keys" -l trust-root -x -d 'list: the root of the keys is this one.'
complete -c mlreg -n "__mlreg_at keys" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at list 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at list" -l search -x -d 'Words in descriptions, notes, tags and names.'
complete -c mlreg -n "__mlreg_at list" -l stage -x -k -a '(__mlreg_ask all-stages)' -d 'Versions at this stage, or archived.'
complete -c mlreg -n "__mlreg_at list" -l tag -x -k -a '(__mlreg_ask tags)' -d 'Versions with this tag.'
complete -c mlreg -n "__mlreg_at list" -l owner -x -d 'Versions that they answer for.'
complete -c mlreg -n "__mlreg_at list" -l framework -x -d 'Made with it.'
complete -c mlreg -n "__mlreg_at list" -l increment -x -d 'Of this increment of the project.'
complete -c mlreg -n "__mlreg_at list" -l deprecated -l no-deprecated -d 'Only those, or all but those.'
complete -c mlreg -n "__mlreg_at list" -l eol -d 'Whose end of life is in 30 days or fewer, or past; the first to end first.'
complete -c mlreg -n "__mlreg_at list" -l where -x -d 'Such as \'metrics.f1>0.9\' or meta.team=risk.'
complete -c mlreg -n "__mlreg_at list" -l sort -x -d 'By a fact; -metrics.auc is the greatest first.'
complete -c mlreg -n "__mlreg_at list" -l limit -x -d 'So many at most.'

complete -c mlreg -n '__mlreg_at info 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at info 1' -k -a '(__mlreg_ask selectors)'

complete -c mlreg -n '__mlreg_at history 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at history" -l since -x -d 'From then on: 7d, 24h, 2026-03-31, or a time.'
complete -c mlreg -n "__mlreg_at history" -l limit -x -d 'So many at most, the newest.'
complete -c mlreg -n "__mlreg_at history" -l kind -x -a 'registered promoted rolled-back archived deprecated deprecation-lifted tagged set signature-set noted aliased unaliased held released dropped restored initialised announced key-added key-removed approved rejected trusted trust-removed' -d 'Only such events: promoted, rolled-back ...'
complete -c mlreg -n "__mlreg_at history" -l timeline -d 'Who held production, and when.'
complete -c mlreg -n "__mlreg_at history" -l stage -x -k -a '(__mlreg_ask stages)' -d 'With --timeline: of this stage.'

complete -c mlreg -n '__mlreg_at why 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at why 1' -k -a '(__mlreg_ask selectors)'

complete -c mlreg -n '__mlreg_at lineage 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at lineage 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at lineage" -l format -x -a 'tree mermaid dot json openlineage' -d 'How it is drawn.'

complete -c mlreg -n '__mlreg_at impact 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at impact 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at impact" -l feature -x -d 'An input of models.'
complete -c mlreg -n "__mlreg_at impact" -l feature-set -x -d 'As versions were registered with.'
complete -c mlreg -n "__mlreg_at impact" -l data-set -x -d 'Training data: its name, version or digest.'

complete -c mlreg -n '__mlreg_at audit 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at audit" -l from -x -d 'From then on: 90d, 2026-01-01. Default: all of it.'
complete -c mlreg -n "__mlreg_at audit" -l to -x -d 'Up to the end of that UTC day, or a time.'
complete -c mlreg -n "__mlreg_at audit" -l format -x -a 'markdown json csv html' -d 'The form of the report. Default: markdown.'
complete -c mlreg -n "__mlreg_at audit" -s o -l output -r -F -d 'Write it there, in place of what is there.'
complete -c mlreg -n "__mlreg_at audit" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at outdated 0' -a '(__fish_complete_directories)'

complete -c mlreg -n '__mlreg_at du 0' -k -a '(__mlreg_ask models)'

complete -c mlreg -n '__mlreg_at scan 0 more' -F
complete -c mlreg -n "__mlreg_at scan" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'

complete -c mlreg -n '__mlreg_at trust 0' -a 'list add remove'
complete -c mlreg -n '__mlreg_at trust 1' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at trust 2' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at trust" -l global -x -d 'What to trust, as package.Class; several of them repeat it.'
complete -c mlreg -n "__mlreg_at trust" -l reason -x -d 'Why; kept in the history.'
complete -c mlreg -n "__mlreg_at trust" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at signature 0' -a 'show infer check lint set'
complete -c mlreg -n '__mlreg_at signature 1' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at signature 2 more' -F
complete -c mlreg -n "__mlreg_at signature" -l target -x -d 'infer: a column that is an output.'
complete -c mlreg -n "__mlreg_at signature" -l outputs -r -F -d 'infer: data of the outputs alone.'
complete -c mlreg -n "__mlreg_at signature" -s o -l output -r -F -d 'infer: write it there, if nothing is there.'
complete -c mlreg -n "__mlreg_at signature" -l format -x -a 'csv json npz parquet' -d 'infer: what the data are.'
complete -c mlreg -n "__mlreg_at signature" -l yaml -d 'show: as a file says it.'
complete -c mlreg -n "__mlreg_at signature" -l dry-run -d 'Decide and print everything, write nothing.'
complete -c mlreg -n "__mlreg_at signature" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'

complete -c mlreg -n '__mlreg_at validate 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at validate 1' -F
complete -c mlreg -n "__mlreg_at validate" -l limit -x -d 'So many are told; all are counted.'
complete -c mlreg -n "__mlreg_at validate" -l extra -d 'Pass over columns that the signature does not have.'
complete -c mlreg -n "__mlreg_at validate" -l format -x -a 'csv json npz parquet' -d 'What the data are.'
complete -c mlreg -n "__mlreg_at validate" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'

complete -c mlreg -n '__mlreg_at lock 0' -a '(__fish_complete_directories)'
complete -c mlreg -n "__mlreg_at lock" -l check -d 'Write nothing; exit 1 where the lock is stale.'
complete -c mlreg -n "__mlreg_at lock" -l upgrade -d 'Take the newest versions that are wanted.'
complete -c mlreg -n "__mlreg_at lock" -l announce -d 'Tell the repository who uses which models.'
complete -c mlreg -n "__mlreg_at lock" -l dry-run -d 'Decide and print everything, write nothing.'
complete -c mlreg -n "__mlreg_at lock" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'

complete -c mlreg -n '__mlreg_at export 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at export 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at export" -l layout -x -a 'devskyy specweave flat brixa' -d 'Versions, as that tool keeps them.'
complete -c mlreg -n "__mlreg_at export" -l format -x -a 'cyclonedx deployment huggingface' -d 'A document about one version.'
complete -c mlreg -n "__mlreg_at export" -s o -l output -r -F -d 'The directory of a layout, or the file.'
complete -c mlreg -n "__mlreg_at export" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at card 0' -k -a '(__mlreg_ask references)'
complete -c mlreg -n '__mlreg_at card 1' -k -a '(__mlreg_ask selectors)'
complete -c mlreg -n "__mlreg_at card" -s o -l output -r -F -d 'Write it there, in place of what is there.'
complete -c mlreg -n "__mlreg_at card" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at docs 0' -a 'sync check'
complete -c mlreg -n '__mlreg_at docs 1 more' -F
complete -c mlreg -n "__mlreg_at docs" -l dry-run -d 'Decide and print everything, write nothing.'
complete -c mlreg -n "__mlreg_at docs" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'

complete -c mlreg -n '__mlreg_at verify 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at verify" -l quick -d 'Compare the sizes and checks of blobs; do not hash what they restore to.'
complete -c mlreg -n "__mlreg_at verify" -l repair -d 'Mend damaged and missing blobs, from duplicates and from files given.'
complete -c mlreg -n "__mlreg_at verify" -l from -r -F -d 'With --repair: a file that may be what was lost.'
complete -c mlreg -n "__mlreg_at verify" -l against -r -F -d 'A checkpoint: no history that it saw was changed.'
complete -c mlreg -n "__mlreg_at verify" -l trust-root -x -d 'With --against: the key that vouches for it.'
complete -c mlreg -n "__mlreg_at verify" -l allow-missing -d 'Bytes that are not here are told, and are no reason to exit with 1.'
complete -c mlreg -n "__mlreg_at verify" -l output-format -x -a 'concise json github gitlab junit sarif' -d 'Tell only what was found, so that editors and pipelines show it.'
complete -c mlreg -n "__mlreg_at verify" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at gc 0' -k -a '(__mlreg_ask models)'
complete -c mlreg -n "__mlreg_at gc" -l prune -d 'Do it; without this it is only told.'
complete -c mlreg -n "__mlreg_at gc" -l now -d 'Also what nothing refers to since less than an hour.'
complete -c mlreg -n "__mlreg_at gc" -l no-squeeze -d 'Do not put what stays into its smallest form, which takes long.'
complete -c mlreg -n "__mlreg_at gc" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n "__mlreg_at checkpoint" -s o -l output -r -F -d 'Write it there; a file is never written over.'
complete -c mlreg -n "__mlreg_at checkpoint" -l key -r -F -d 'The SSH key to sign with; else MLREG_KEY, ~/.ssh.'
complete -c mlreg -n "__mlreg_at checkpoint" -l unsigned -d 'Do not sign it.'
complete -c mlreg -n "__mlreg_at checkpoint" -l dry-run -d 'Decide and print everything, write nothing.'


complete -c mlreg -n "__mlreg_at demo" -l keep -x -a '(__fish_complete_directories)' -d 'Work in this new directory and leave it there.'
complete -c mlreg -n "__mlreg_at demo" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at config 0' -a 'list get set unset'
complete -c mlreg -n "__mlreg_at config" -l global -d 'Of your own settings, which hold in every repository.'
complete -c mlreg -n "__mlreg_at config" -l show-origin -d 'Say who says so: file and line.'
complete -c mlreg -n "__mlreg_at config" -l dry-run -d 'Decide and print everything, write nothing.'

complete -c mlreg -n '__mlreg_at completion 0' -a 'bash zsh fish'

complete -c mlreg -n '__mlreg_at explain 0' -a 'MLR101 MLR102 MLR103 MLR104 MLR105 MLR106 MLR107 MLR108 MLR109 MLR110 MLR111 MLR112 MLR113 MLR114 MLR115 MLR116 MLR199 MLR201 MLR202 MLR203 MLR204 MLR205 MLR206 MLR211 MLR212 MLR213 MLR214 MLR215 MLR216 MLR217 MLR218 MLR219 MLR220 MLR221 MLR229 MLR301 MLR302 MLR303 MLR304 MLR305 MLR306 MLR307 MLR308 MLR309 MLR310 MLR311 MLR312 MLR313 MLR314 MLR315 MLR316 MLR317 MLR318 MLR319 MLR320 MLR330 MLR331 MLR332 MLR333 MLR340 MLR341 MLR342 MLR343 MLR401 MLR501'

complete -c mlreg -n '__mlreg_at help 0' -a 'exit-codes format refs glossary json policies init register run checkout set tag alias hold deprecate archive compare best promote rollback policy approve reject keys list info history why lineage impact audit outdated du scan trust signature validate lock export card docs verify gc checkpoint doctor demo config completion explain help'
complete -c mlreg -n '__mlreg_at help 1 more' -a 'init register run checkout set tag alias hold deprecate archive compare best promote rollback policy approve reject keys list info history why lineage impact audit outdated du scan trust signature validate lock export card docs verify gc checkpoint doctor demo config completion explain help error'
