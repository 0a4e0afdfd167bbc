# bash completion for metalwright(1); tests/unit/agent/cli/completion_test.py holds it against --help.

_metalwright() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local everywhere='--socket --output --no-color --help -o -h'
    local commands='validate plan apply status operations inventory arm'

    # The subcommand is the first word that is neither an option nor an option's value.
    local command='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            --socket | -o | --output) ((i++)) ;;
            -*) ;;
            *)
                command=$word
                break
                ;;
        esac
    done

    COMPREPLY=()
    case $previous in
        -o | --output)
            mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$current")
            return
            ;;
        --socket | --catalogue)
            _metalwright_files "$current"
            return
            ;;
        --timeout)
            mapfile -t COMPREPLY < <(compgen -W '30s 5m 30m 1h' -- "$current")
            return
            ;;
        --host | --limit)
            return
            ;;
    esac

    local options=$everywhere
    case $command in
        '') options+=" --version" ;;
        validate) options+=' --catalogue --host' ;;
        apply | status) options+=' --wait --timeout' ;;
        operations) options+=' --follow --timeout --limit' ;;
    esac
    if [[ $current == -?* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    case $command in
        '') mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current") ;;
        validate | plan | apply) _metalwright_files "$current" ;;
        operations) mapfile -t COMPREPLY < <(compgen -W "$(_metalwright_operations)" -- "$current") ;;
    esac
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

complete -F _metalwright metalwright
