#compdef pamoja
# Completion of pamoja for zsh, printed by `pamoja completion zsh`.
# It holds all that it offers: nothing of Pamoja runs when TAB is pressed.

# Offers the lines "WORD tab what it is"; the rest is for compadd.
_pamoja_offer() {
	local -a lines shown
	local line
	lines=("${(@f)1}")
	shift
	for line in $lines; do
		[[ -n $line ]] && shown+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done
	(( $#shown )) && _describe -t pamoja pamoja shown "$@"
}

_pamoja() {
	local line='' takes='' word at count=0
	for (( at = 2; at < CURRENT; at++ )); do
		word=${(Q)words[at]}
		if [[ -n $takes ]]; then
			takes=''
		elif [[ $word == -* ]]; then
			takes="$(_pamoja_takes "$line $word")$(_pamoja_takes " $word")"
		elif (( count == 0 )); then
			line=$word
			count=1
		elif (( count == 1 )) && [[ -n "$(_pamoja_words "$line")" ]]; then
			line+=" $word"
			count=2
		else
			(( count += 2 ))
		fi
	done
	case ${takes%%$'\t'*} in
	'') ;;
	FILE) _files; return ;;
	DIR) _files -/; return ;;
	[A-Z]*) return 1 ;;
	*) _pamoja_offer "$takes"; return ;;
	esac
	if [[ $PREFIX == -* ]]; then
		_pamoja_offer "$(_pamoja_options "$line"; _pamoja_options '')"
		return
	fi
	if (( count <= 1 )) && [[ -n "$(_pamoja_words "$line")" ]]; then
		_pamoja_offer "$(_pamoja_words "$line")"
		return
	fi
	if (( count > 1 )) && [[ -n "$(_pamoja_fields "${line%% *}")" ]]; then
		case ${line#* } in
		add|list) ;;
		show|void|history) return 1 ;;
		*) (( count > 2 )) || return 1 ;; # the record: never offered
		esac
		if [[ $PREFIX == *=* ]]; then
			word=${PREFIX%%=*}
			compset -P '*='
			_pamoja_offer "$(_pamoja_values "${line%% *} $word")"
		else
			_pamoja_offer "$(_pamoja_fields "${line%% *}")" -S ''
		fi
		return
	fi
	case "$(_pamoja_args "$line")" in
	FILE*) _files ;;
	DIR*) _files -/ ;;
	esac
}
@OFFERS@
# Found in a folder of fpath, this file is the function itself; else it is sourced.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_pamoja "$@"
else
	compdef _pamoja pamoja
fi
