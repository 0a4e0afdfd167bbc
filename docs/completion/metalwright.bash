# bash completion for metalwright(1); tests/unit/agent/cli/completion_test.py holds it against --help.

_metalwright() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local everywhere='--socket --output --no-color --help -o -h'

    # The command is the words that are neither options nor an option's value: "ip plan add".
    local -a words=()
    local word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            --socket | -o | --output | --catalogue | --host | --timeout | --limit | --for | --id | --kind | --count | --raid-tool | --with | --last | --svg | --root | --config | --since) ((i++)) ;;
            -*) ;;
            *) words+=("$word") ;;
        esac
    done
    local command=${words[0]:-}
    if [[ $command == ip ]]; then
        command="ip ${words[1]:-}"
        [[ ${words[1]:-} == plan ]] && command="ip plan ${words[2]:-}"
    elif [[ $command == @(raid|userdata) ]]; then
        command="$command ${words[1]:-}"
    fi

    COMPREPLY=()
    case $previous in
        -o | --output)
            mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$current")
            return
            ;;
        --socket | --catalogue | --raid-tool | --svg | --root | --config)
            _metalwright_files "$current"
            return
            ;;
        --timeout | --for)
            mapfile -t COMPREPLY < <(compgen -W '30s 5m 30m 1h' -- "$current")
            return
            ;;
        --kind)
            mapfile -t COMPREPLY < <(compgen -W 'alias secondary elastic' -- "$current")
            return
            ;;
        --host | --limit | --id | --count | --with | --last | --since)
            return
            ;;
    esac

    local options=$everywhere
    case $command in
        '') options+=" --version" ;;
        validate) options+=' --catalogue --host' ;;
        apply | status | 'ip del') options+=' --wait --timeout' ;;
        operations) options+=' --follow --timeout --limit' ;;
        inventory | 'raid list') options+=' --local --raid-tool' ;;
        hold) options+=' --for --end' ;;
        'ip add') options+=' --kind --id --routed --adopt --count --ipv6 --wait --timeout' ;;
        'ip plan add') options+=' --kind --id --routed --adopt --count --ipv6' ;;
        'raid locate') options+=' --off' ;;
        'raid replace') options+=' --with --wait --timeout' ;;
        'ip watch') options+=' --timeout' ;;
        analyze) options+=' --svg' ;;
        doctor) options+=' --config' ;;
        audit) options+=' --limit --since --verify --config' ;;
        support-bundle) options+=' --force --config' ;;
        clean) options+=' --root --dry-run --yes' ;;
        'userdata log') options+=' --follow --last' ;;
    esac
    if [[ $current == -?* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    local offered=''
    case $command in
        '') offered='validate plan apply status metrics operations cancel analyze inventory raid userdata doctor audit support-bundle clean arm hold ip' ;;
        hold) [[ ${#words[@]} -eq 1 ]] && offered='network storage all' ;;
        'ip ') offered='list add del plan watch' ;;
        'raid ') offered='list locate replace' ;;
        'userdata ') offered='log' ;;
        'ip plan ') offered='add del' ;;
        'ip del' | 'ip plan del') offered=$(_metalwright_addresses) ;;
        operations | cancel | analyze) offered=$(_metalwright_operations) ;;
        validate | plan | apply | support-bundle) _metalwright_files "$current" ;;
    esac
    [[ -n $offered ]] && mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$current")
    # With nothing typed yet the options are worth a look where there is nothing else to say.
    if [[ -z $current && ${#COMPREPLY[@]} -eq 0 && $command != @(validate|plan|apply) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options")
    fi
}

_metalwright_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# The numbers of the latest operations, from the daemon if it is there.
_metalwright_operations() {
    local id rest
    "${COMP_WORDS[0]}" operations --limit 20 2>/dev/null | while read -r id rest; do
        [[ $id == +([0-9]) ]] && echo "$id"
    done
}

# The addresses that `ip del` may take away, from the daemon if it is there.
_metalwright_addresses() {
    local address kind state source rest
    "${COMP_WORDS[0]}" ip list 2>/dev/null | while read -r address kind state source rest; do
        [[ $kind != primary && $source == ip ]] && echo "$address"
    done
}

complete -F _metalwright metalwright
