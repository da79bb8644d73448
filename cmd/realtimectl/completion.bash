# What the package bash-completion has, for shells without it.
if ! declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    # Sets cur, prev, words and cword, with the words joined that bash splits at = and :.
    _get_comp_words_by_ref() {
        local i word rest=$COMP_LINE
        words=() cword=0
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
            word=${COMP_WORDS[i]}
            if ((i > 0)) && [[ $rest != [[:space:]]* && ( $word == [:=]* || ${COMP_WORDS[i - 1]} == *[:=] ) ]]; then
                words[${#words[@]} - 1]+=$word
            else
                rest=${rest#"${rest%%[![:space:]]*}"}
                words+=("$word")
            fi
            rest=${rest#"$word"}
            ((i == COMP_CWORD)) && cword=$((${#words[@]} - 1))
        done
        cur=${words[cword]} prev=
        ((cword > 0)) && prev=${words[cword - 1]}
        return 0
    }
fi
if ! declare -F _filedir >/dev/null 2>&1; then
    _filedir() {
        local kind=-f IFS=$'\n'
        [[ $1 == -d ]] && kind=-d
        COMPREPLY=($(compgen "$kind" -- "$cur"))
        compopt -o filenames 2>/dev/null
        return 0
    }
fi

