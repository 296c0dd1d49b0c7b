# po.awk - a translators' PO file into lines of C, {"English", "theirs"}: its strings are C's already.
function flush() {
	if (english != "" && english != "\"\"" && theirs != "" && theirs != "\"\"" && !fuzzy)
		printf "{%s,\n    %s},\n", english, theirs
	english = theirs = ""
}
/^#,.*fuzzy/ { flush(); next_fuzzy = 1; next }
/^msgid / { flush(); fuzzy = next_fuzzy; next_fuzzy = 0; english = substr($0, 7); at = "english"; next }
/^msgstr / { theirs = substr($0, 8); at = "theirs"; next }
/^"/ { if (at == "english") english = english " " $0; else theirs = theirs " " $0 }
END { flush() }
