# Completion of pamoja for bash, printed by `pamoja completion bash`.
# It holds all that it offers: nothing of Pamoja runs when TAB is pressed.

# The lines "WORD tab what it is" that begin with $1, into COMPREPLY; quoted unless a quote is open ($2).
_pamoja_offer() {
	local want=$1 quote=$2 line
	while IFS= read -r line; do
		line=${line%%$'\t'*}
		[[ -n $line && $line == "$want"* ]] || continue
		[[ -n $quote ]] || printf -v line %q "$line"
		[[ $line == *\\= ]] && line=${line%\\=}=
		COMPREPLY+=("$line")
	done
}

_pamoja_paths() {
	local IFS=$'\n'
	compopt -o filenames
	if [[ $1 == DIR ]]; then COMPREPLY=($(compgen -d -- "$2")); else COMPREPLY=($(compgen -f -- "$2")); fi
}

_pamoja() {
	local words=() path='' count=0 takes='' glue='' word i cur prev='' quote=''
	COMPREPLY=()
	# bash parts words at "="; field=value is one word again.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == = && ${#words[@]} -gt 0 ]]; then
			words[-1]+='='
			glue=1
		elif [[ -n $glue ]]; then
			words[-1]+=$word
			glue=''
		else
			words+=("$word")
		fi
	done
	cur=${words[-1]}
	unset 'words[-1]'
	for word in "${words[@]}"; do
		if [[ -n $takes ]]; then
			takes=''
		elif [[ $word == -* ]]; then
			takes=$(_pamoja_takes "$path $word")$(_pamoja_takes " $word")
		elif [[ $count -eq 0 ]]; then
			path=$word
			count=1
		elif [[ $count -eq 1 && -n $(_pamoja_words "$path") ]]; then
			path+=" $word"
			count=2
		else
			count=$((count + 2))
		fi
	done
	case ${takes%%$'\t'*} in
	'') ;;
	FILE | DIR) _pamoja_paths "${takes%%$'\t'*}" "$cur" && return ;;
	*) [[ $takes == [A-Z]* ]] || _pamoja_offer "$cur" '' <<<"$takes"; return ;;
	esac
	if [[ $cur == -* ]]; then
		_pamoja_offer "$cur" '' < <(_pamoja_options "$path"; _pamoja_options '')
		return
	fi
	if [[ $count -le 1 ]]; then
		_pamoja_offer "$cur" '' < <(_pamoja_words "$path")
	elif [[ -n $(_pamoja_fields "${path%% *}") ]]; then
		case ${path#* } in
		add | list) ;;
		show | void | history) return ;;
		*) [[ $count -gt 2 ]] || return ;; # the record: never offered
		esac
		if [[ $cur == *=* ]]; then
			word=${cur#*=}
			[[ $word == [\"\']* ]] && quote=${word:0:1} && word=${word:1}
			_pamoja_offer "$word" "$quote" < <(_pamoja_values "${path%% *} ${cur%%=*}")
			[[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/${cur%%=*}=}")
		else
			compopt -o nospace
			_pamoja_offer "$cur" '' < <(_pamoja_fields "${path%% *}")
		fi
	fi
	if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
		takes=$(_pamoja_args "$path")
		[[ -z $takes ]] || _pamoja_paths "${takes%%$'\t'*}" "$cur"
	fi
}
@OFFERS@
complete -F _pamoja pamoja
