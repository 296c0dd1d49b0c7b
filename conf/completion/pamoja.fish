# Completion of pamoja for fish, printed by `pamoja completion fish`.
# It holds all that it offers: nothing of Pamoja runs when TAB is pressed.

function __pamoja_complete
	set -l words (commandline -opc)[2..]
	set -l cur (commandline -ct)
	set -l path ''
	set -l count 0
	set -l takes
	for word in $words
		if test -n "$takes"
			set takes
		else if string match -q -- '-*' $word
			set takes (_pamoja_takes "$path $word"; _pamoja_takes " $word")
		else if test $count -eq 0
			set path $word
			set count 1
		else if test $count -eq 1 -a -n "$(_pamoja_words $path)"
			set path "$path $word"
			set count 2
		else
			set count (math $count + 2)
		end
	end
	if test -n "$takes"
		switch (string split \t -- $takes[1])[1]
		case FILE
			__fish_complete_path $cur
		case DIR
			__fish_complete_directories $cur ''
		case '*'
			string match -qr '^[A-Z]' -- $takes[1]; or printf '%s\n' $takes
		end
		return
	end
	if string match -q -- '-*' $cur
		_pamoja_options $path
		test -n "$path"; and _pamoja_options ''
		return
	end
	if test $count -le 1; and test -n "$(_pamoja_words $path)"
		_pamoja_words $path
		return
	end
	set -l parts (string split -m 1 ' ' -- $path)
	if test $count -gt 1; and test -n "$(_pamoja_fields $parts[1])"
		switch $parts[2]
		case add list
		case show void history
			return
		case '*'
			test $count -gt 2; or return # the record: never offered
		end
		set -l field (string split -m 1 '=' -- $cur)
		if test (count $field) -eq 2
			_pamoja_values "$parts[1] $field[1]" | string replace -r '^' -- "$field[1]="
		else
			_pamoja_fields $parts[1]
		end
		return
	end
	switch (_pamoja_args $path)
	case 'FILE*'
		__fish_complete_path $cur
	case 'DIR*'
		__fish_complete_directories $cur ''
	end
end
@OFFERS@
complete -c pamoja -f -a '(__pamoja_complete)'
