/* Kind files: the shipped ones are complete; a bad or half-written one is refused with file, line
 * and mend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "domain/kind.h"
#include "entries.h"

#define HEAD                                                                                       \
	"[kind]\nname = thing\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = Ts\n"     \
	"help.en = H\nshows = a\n"
#define FIELD "[field a]\ntype = text\nlabel.en = A\n"
#define STATES "[state open]\nlabel.en = O\n[state done]\nlabel.en = D\n"
#define SUM "[field q]\ntype = integer\nlabel.en = Q\n[field s]\ntype = integer\nlabel.en = S\n"
#define MOVE "[move end]\nfrom = open\nto = done\nlabel.en = E\n"

static enum pmj_code
read_kind(struct kind **kind, const char *text, struct pmj_error *err)
{
	*kind = NULL;
	memset(err, 0, sizeof(*err));
	return kind_read_text(kind, "thing.ini", text, strlen(text), err);
}

static void
shipped_kinds_are_complete(void **state)
{
	static const char *const names[] = {
	    "consent", "contact", "followup", "goal", "person", "referral", "resource"};
	struct kinds kinds;
	struct pmj_error err = {0};

	(void)state;
	if (kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err) != PMJ_OK)
		fail_msg("%s (%s)", err.message, err.hint);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(kinds_get(&kinds, names[i]));
	for (size_t i = 0; i < kinds.count; i++) {
		const struct kind *kind = kinds.list[i];
		assert_non_null(kind->title.in[LANG_SW]);
		assert_non_null(kind->plural.in[LANG_SW]);
		assert_non_null(kind->help.in[LANG_SW]);
		for (size_t j = 0; j < kind->field_count; j++) {
			const struct field *field = &kind->fields[j];
			if (field->label.in[LANG_SW] == NULL ||
			    (field->help.in[LANG_EN] == NULL) != (field->help.in[LANG_SW] == NULL))
				fail_msg("%s.%s lacks Swahili", kind->name, field->name);
			for (size_t k = 0; k < field->choice_count; k++)
				if (field->choices[k].label.in[LANG_SW] == NULL)
					fail_msg("%s.%s: %s lacks Swahili", kind->name, field->name,
					    field->choices[k].value);
		}
		for (size_t j = 0; j < kind->state_count; j++)
			assert_non_null(kind->states[j].label.in[LANG_SW]);
		for (size_t j = 0; j < kind->move_count; j++)
			assert_non_null(kind->moves[j].label.in[LANG_SW]);
	}
	kinds_close(&kinds);
}

static void
states_by_name_or_label(void **state)
{
	static const struct {
		const char *typed, *meant, *hint;
	} words[] = {{"active", "active", ""}, {"Active", "active", ""},
	    {"amepumzika", "paused", ""}, {"actve", NULL, "did you mean active?"},
	    {"helicopter", NULL, "its states are: active, paused, closed"}};
	struct kinds kinds;

	(void)state;
	assert_int_equal(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", NULL), PMJ_OK);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct state *found;
		struct pmj_error err = {0};
		enum pmj_code rc =
		    kind_need_state(&found, kinds_get(&kinds, "person"), words[i].typed, &err);

		assert_int_equal(rc, words[i].meant != NULL ? PMJ_OK : PMJ_INVALID);
		if (rc == PMJ_OK)
			assert_string_equal(found->name, words[i].meant);
		else
			assert_string_equal(err.hint, words[i].hint);
	}
	kinds_close(&kinds);
}

/* Scripts may rely on these (design section 4). */
static void
promised_names_are_there(void **state)
{
	static const char *const promised[] = {"person name birth_year language village phone",
	    "contact person kind on minutes place note", "resource name category place phone",
	    "referral person resource category reason",
	    "consent person recipient purpose information from expires how", "goal person text",
	    "followup person due what"};
	struct kinds kinds;
	struct pmj_error err;

	(void)state;
	assert_int_equal(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err), PMJ_OK);
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
		char words[100];
		char *rest = words, *word;
		const struct kind *kind;
		strcpy(words, promised[i]);
		kind = kinds_get(&kinds, strsep(&rest, " "));
		assert_non_null(kind);
		while ((word = strsep(&rest, " ")) != NULL)
			if (kind_field(kind, word) == NULL)
				fail_msg("%s has no %s", kind->name, word);
	}
	assert_true(kinds_get(&kinds, "contact")->append_only);
	assert_true(kind_move(kinds_get(&kinds, "referral"), "send")->needs_consent);
	assert_true(kind_move(kinds_get(&kinds, "disclosure"), "emergency")->discloses);
	assert_true(kind_state(kinds_get(&kinds, "consent"), "revoked")->refusing);
	assert_string_equal(kinds_get(&kinds, "followup")->due, "due");
	kinds_close(&kinds);
}

static void
reads_everything_of_a_kind(void **state)
{
	static const char text[] =
	    "[kind]\nname = thing\nversion = 3\nscope = person\ntitle.en = T\ntitle.sw = K\n"
	    "plural.en = Ts\nhelp.en = H\nshows = who\n"
	    "[field who]\ntype = link\nlink = person\nrequired = yes\nprivacy = identity\nlabel.en "
	    "= W\n"
	    "[field way]\ntype = choice\nopen = yes\ndefault = by foot\nchoices = by foot | bus\n"
	    "choice.by foot.sw = Kwa miguu\nlabel.en = Way\nsearchable = yes\nexample = bus\n"
	    "[field on]\ntype = date\ndefault = today\nlabel.en = On\n"
	    "[field bad]\ntype = yes-no\nlabel.en = Bad\n" STATES
	    "[move end]\nfrom = open\nto = done\nasks = way | on\nneeds_consent = yes\nlabel.en = "
	    "E\n"
	    "[rules]\nsubjects = who\nappend_only = yes\ndue = on\nurgent = when bad is yes\n"
	    "urgent_move = end\ndiscloses_to = who\n";
	struct kind *kind;
	struct pmj_error err;
	json_t *json;

	(void)state;
	if (read_kind(&kind, text, &err) != PMJ_OK)
		fail_msg("%s (%s)", err.message, err.hint);
	assert_int_equal(kind->version, 3);
	assert_string_equal(texts_in(&kind->title, LANG_SW), "K");
	assert_string_equal(texts_in(&kind->plural, LANG_SW), "Ts");
	assert_int_equal(kind_field(kind, "who")->privacy, PRIVACY_IDENTITY);
	assert_int_equal(kind_field(kind, "way")->privacy, PRIVACY_CLINICAL);
	assert_string_equal(
	    field_choice_label(kind_field(kind, "way"), "by foot", LANG_SW), "Kwa miguu");
	assert_string_equal(field_choice_label(kind_field(kind, "way"), "bus", LANG_SW), "bus");
	assert_true(kind_is_subject(kind, "who"));
	assert_string_equal(kind->states[0].name, "open");
	assert_string_equal(kind_move(kind, "end")->asks[1], "on");
	assert_string_equal(kind->urgent_field, "bad");
	assert_string_equal(kind->urgent_value, "yes");
	json = kind_json(kind, LANG_SW);
	assert_string_equal(json_str(json, "title"), "K");
	assert_int_equal(json_array_size(json_arr(json, "fields")), 4);
	assert_string_equal(
	    json_str(
	        json_array_get(json_arr(json_array_get(json_arr(json, "fields"), 1), "choices"), 0),
	        "label"),
	    "Kwa miguu");
	assert_string_equal(json_str(json_array_get(json_arr(json, "moves"), 0), "verb"), "end");
	json_decref(json);
	kind_free(kind);
}

static const struct {
	const char *text, *message, *hint;
} bad[] = {
    {"", "no [kind] section", "[kind]"},
    {"a = 1\n", "line 1: this stands before any section", "[kind]"},
    {"[kind]\nname = thing\n", "line 1: [kind] has no scope", "scope ="},
    {"[kind]\nname = thing\nscope = persn\n", "line 3: scope = persn", "did you mean person?"},
    {"[kind]\nname = thing\nversion = 1\nscope = office\n", "[kind] has no title.en", "title.en ="},
    {"[kind]\nversion = one\n", "version = one is not a whole number", "digits"},
    {"[kind]\nname = thing\nscope = office\ntitle.en = T\nplural.en = T\nhelp.en = H\nshows = a\n",
        "[kind] has no version", "version = 1"},
    {"[kind]\nnam = thing\n", "line 2: [kind] knows no nam", "did you mean name?"},
    {"[knd]\n", "line 1: there is no section [knd]", "did you mean [kind]?"},
    {HEAD, "no field", "[field NAME]"},
    {HEAD "[field b]\ntype = text\nlabel.en = B\n", "line 8: shows names the field a",
        "did you mean b?"},
    {HEAD FIELD "[plan]\nplace = 1\ntitle.en = P\nshows = a\nif = a\n",
        "line 16: if = a is no yes-no", "yes-no"},
    {HEAD FIELD "[plan]\nplace = 1\ntitle.en = P\nshows = a\nif = b\n",
        "line 16: if names the field b", "did you mean a?"},
    {HEAD "[field a]\ntype = strng\nlabel.en = A\n", "line 10: type = strng", "text, note"},
    {HEAD "[field a]\ntype = chioce\nlabel.en = A\n", "type = chioce", "did you mean choice?"},
    {HEAD "[field a]\nlabel.en = A\n", "line 9: [field a] has no type", "type = text"},
    {HEAD "[field a]\ntype = text\n", "[field a] has no label.en", "label.en"},
    {HEAD FIELD FIELD, "section [field a] stands here a second time", "line 9"},
    {HEAD "[field a]\ntype = text\ntype = note\n", "line 11: type has a second value", "line 10"},
    {HEAD FIELD "[field State]\ntype = text\nlabel.en = A\n", "cannot be the name of a field",
        "small letters"},
    {HEAD FIELD "[field state]\ntype = text\nlabel.en = A\n", "built-in state", "another name"},
    {HEAD FIELD "[field voided]\ntype = text\nlabel.en = A\n", "built-in voided", "another name"},
    {HEAD FIELD "[field _x]\ntype = text\nlabel.en = A\n", "cannot be the name", "small letters"},
    {HEAD FIELD "requird = yes\n", "knows no requird", "did you mean required?"},
    {HEAD FIELD "required = maybe\n", "required = maybe", "yes, no"},
    {HEAD FIELD "choices = x\n", "line 12: choices do not fit the type text", "type = choice"},
    {HEAD FIELD "link = person\n", "line 12: link does not fit", "type = link"},
    {HEAD FIELD "open = yes\n", "open does not fit", "remove it"},
    {HEAD FIELD "most = 5\n", "least and most do not fit", "integer"},
    {HEAD "[field a]\ntype = integer\nleast = 9\nmost = 5\nlabel.en = A\n", "least is greater",
        "exchange"},
    {HEAD "[field a]\ntype = link\nlabel.en = A\n", "does not say what it links to",
        "link = person"},
    {HEAD "[field a]\ntype = choice\nlabel.en = A\n", "has no choices", "one | two"},
    {HEAD "[field a]\ntype = choice\nchoices = x | x\nlabel.en = A\n", "names x twice", "remove"},
    {HEAD "[field a]\ntype = choice\nchoices = x | | y\nlabel.en = A\n", "empty word", "one | two"},
    {HEAD "[field a]\ntype = choice\nchoices = x=y\nlabel.en = A\n", "holds one of", "plain word"},
    {HEAD "[field a]\ntype = choice\nchoices = x\nchoice.y.sw = Y\nlabel.en = A\n",
        "knows no choice.y.sw", "choice.VALUE.en"},
    {HEAD "[field a]\ntype = choice\nchoices = x\ndefault = y\nlabel.en = A\n",
        "line 12: default = y does not fit", "one of the field's choices"},
    {HEAD "[field a]\ntype = date\ndefault = soon\nlabel.en = A\n", "default = soon", "today"},
    {HEAD "[field a]\ntype = integer\nmost = 5\ndefault = 6\nlabel.en = A\n", "default = 6",
        "type it"},
    {HEAD FIELD "[state open]\n", "[state open] has no label.en", "label.en"},
    {HEAD FIELD STATES, "no move leads to the state done", "to = done"},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = opn\nto = done\nlabel.en = X\n",
        "the move x names the state opn", "did you mean open?"},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = open\nto = nowhere\nlabel.en = X\n",
        "line 22: the move x names the state nowhere", "declare it: [state NAME]"},
    {HEAD FIELD STATES MOVE "[move x]\nto = done\nlabel.en = X\n", "[move x] has no from",
        "from ="},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = open\nlabel.en = X\n", "[move x] has no to", "to ="},
    {HEAD FIELD STATES MOVE "[move add]\nfrom = open\nto = done\nlabel.en = X\n",
        "add cannot be the name of a move", "another verb"},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = open\nto = done\nasks = aa\nlabel.en = X\n",
        "asks names the field aa", "did you mean a?"},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = open\nto = done\nneeds_consent = yes\nlabel.en = X\n",
        "tells something must say", "discloses_to"},
    {HEAD FIELD STATES MOVE "[move x]\nfrom = open\nto = done\ndiscloses = yes\nlabel.en = X\n",
        "tells something must say", "discloses_to"},
    {HEAD FIELD "[rules]\ndue = a\n", "line 13: due = a is not a date field", "type = date"},
    {HEAD FIELD "[rules]\nsubjects = a\n", "not a required link", "required = yes"},
    {HEAD FIELD "[rules]\nurgent = if a\n", "urgent = if a is not understood",
        "when FIELD is VALUE"},
    {HEAD FIELD "[rules]\nurgent = when b is yes\n", "urgent names the field b", "did you mean a?"},
    {HEAD FIELD STATES MOVE "by = me\n", "by = me", "anyone"},
    {HEAD FIELD "[rules]\nappend_only = yes\ntotal = a\n", "a total needs what it adds", "adds ="},
    {HEAD FIELD SUM "[rules]\ntotal = s\nadds = q\n", "never changed", "append_only = yes"},
    {HEAD FIELD SUM "[rules]\nappend_only = yes\ntotal = s\nadds = a\n",
        "adds names a, which is not a whole number", "type = integer"},
    {HEAD FIELD SUM "[rules]\nappend_only = yes\ntotal = a\nadds = q\n",
        "total = a is not a whole number", "type = integer"},
    {HEAD FIELD SUM "[rules]\nappend_only = yes\ntotal = s\nadds = p\n", "adds names the field p",
        "did you mean"},
    {HEAD FIELD "[reminder x]\nwhen = a\nmakes = f\ndays = 2\ntext.en = T\n",
        "when = a is not understood", "when = FIELD is VALUE"},
    {HEAD FIELD "[reminder x]\nwhen = a is b\nmakes = f\ndays = soon\ntext.en = T\n",
        "days = soon is not understood", "days = 2 | 7 | 30"},
    {HEAD FIELD "[reminder x]\nwhen = a is b\nmakes = f\ntext.en = T\n", "days", "2 | 7 | 30"},
    {HEAD FIELD "[reminder x]\nwhen = z is b\nmakes = f\ndays = 2\ntext.en = T\n",
        "there is no field z", "name a field of this kind"},
    {HEAD FIELD "[reminder x]\nwhen = a is b\nmakes = f\ndays = 2\ntext.en = T\n",
        "a kind without a person", "about a person"},
    {HEAD FIELD "[report x]\ntitle.en = T\n", "[report x] has no place", "place = 1"},
    {HEAD FIELD "[report x]\ntitle.en = T\nplace = 1\nonn = a\n", "knows no onn",
        "did you mean on?"},
    {HEAD FIELD "[report x]\ntitle.en = T\nplace = 1\non = a\n", "on is not a date field",
        "type = date"},
    {HEAD FIELD "[report x]\ntitle.en = T\nplace = 1\nsums = a\n", "not a whole number",
        "type = integer"},
    {HEAD FIELD SUM "[report x]\ntitle.en = T\nplace = 1\nchange = q\n",
        "a change is of one person", "seen = KIND"},
    {HEAD FIELD "[report x]\ntitle.en = T\nplace = 1\nseen = contact\n", "when they were seen",
        "in the kind person"},
    {HEAD FIELD "[rules]\nconsent_for = naming\n", "must say whose", "consent_to"},
    {HEAD FIELD "[rules]\nurgent_move = go\n", "urgent_move = go is not a move", "[move go]"},
    {HEAD FIELD "[rules]\nconsent_needs = a | b\n", "consent_needs names the field b",
        "did you mean a?"},
    {"[kind]\nname = hub\nversion = 1\nscope = programme\ntitle.en = T\nplural.en = T\nhelp.en = "
     "H\n"
     "shows = a\n" FIELD,
        "line 2: hub cannot be the name of a kind", "not the name of a command"},
    {"[kind]\nname = thing\nversion = 1\nscope = person\ntitle.en = T\nplural.en = T\nhelp.en = H\n"
     "shows = a\n" FIELD,
        "line 4: scope = person, but no subjects", "subjects = person"},
};

static void
bad_kinds_are_refused_with_line_and_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kind *kind;
		struct pmj_error err;
		if (read_kind(&kind, bad[i].text, &err) != PMJ_INVALID ||
		    strncmp(err.message, "thing.ini", 9) != 0 ||
		    strstr(err.message, bad[i].message) == NULL ||
		    strstr(err.hint, bad[i].hint) == NULL)
			fail_msg("case %zu: %s (%s)", i, err.message, err.hint);
		assert_null(kind);
	}
}

#define ABOUT HEAD FIELD "[field b]\ntype = choice\nchoices = x | y\nlabel.en = B\n[rules]\n"

/* Who is never told anything, and what a record's own value lets be told. */
static void
who_receives_nothing(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {ABOUT "receives_nothing = b is x | a is never\ntold_by = b\n", NULL},
	    {ABOUT "receives_nothing = b\n", "not understood"},
	    {ABOUT "receives_nothing = b is z\n", "never that"},
	    {ABOUT "receives_nothing = c is z\n", "no field c"},
	    {ABOUT "told_by = c\n", "told_by names the field c"},
	};
	const char *const words[] = {"food", "x"};
	json_t *x = json_string("x"), *y = json_string("y");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kind *kind;
		struct pmj_error err;
		enum pmj_code rc = read_kind(&kind, cases[i].text, &err);

		if ((rc == PMJ_OK) != (cases[i].message == NULL) ||
		    (rc != PMJ_OK &&
		        (strstr(err.message, cases[i].message) == NULL || *err.hint == '\0')))
			fail_msg("case %zu: %s (%s)", i, err.message, err.hint);
		if (rc == PMJ_OK) {
			assert_int_equal(kind->receives_nothing_count, 4);
			assert_true(kind_tells_by(kind, x, words, 2));
			assert_false(kind_tells_by(kind, y, words, 2));
			assert_false(kind_tells_by(kind, NULL, words, 2));
		}
		kind_free(kind);
	}
	json_decref(x);
	json_decref(y);
}

/* Silence that stands in `today` says what to do. */
static void
silence_has_words(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {HEAD FIELD "[state open]\nsilent_days = 7\nsilent.en = ask\nlabel.en = O\n", NULL},
	    {HEAD FIELD "[state open]\nsilent_days = 7\nlabel.en = O\n", "silent.en"},
	    {HEAD FIELD "[state open]\nsilent_days = -1\nlabel.en = O\n", "out of range"},
	    {HEAD FIELD "[state open]\nsilent_days = a week\nlabel.en = O\n", "whole number"},
	    {HEAD FIELD "[rules]\ndue_before = 4000\n", "out of range"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kind *kind;
		struct pmj_error err;
		enum pmj_code rc = read_kind(&kind, cases[i].text, &err);

		if ((rc == PMJ_OK) != (cases[i].message == NULL) ||
		    (rc != PMJ_OK &&
		        (strstr(err.message, cases[i].message) == NULL || *err.hint == '\0')))
			fail_msg("case %zu: %s (%s)", i, err.message, err.hint);
		kind_free(kind);
	}
}

/* A file cut at any byte is refused, or is a whole kind: never a crash, never half of one. */
static void
half_written_files(void **state)
{
	static const char *const names[] = {"referral", "consent"};

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		char path[300];
		struct buf text;
		struct pmj_error err;
		size_t refused = 0;
		snprintf(path, sizeof(path), "%s/kinds/%s.ini", PAMOJA_CONF_DIR, names[n]);
		buf_init(&text, 0);
		assert_int_equal(fs_read(&text, &os_real, path, 1 << 16, &err), PMJ_OK);
		for (size_t len = 0; len < text.len; len++) {
			struct kind *kind = NULL;
			memset(&err, 0, sizeof(err));
			if (kind_read_text(&kind, names[n], buf_text(&text), len, &err) == PMJ_OK) {
				assert_non_null(kind);
				kind_free(kind);
				continue;
			}
			refused++;
			if (*err.message == '\0' || *err.hint == '\0')
				fail_msg("cut at %zu: \"%s\" (%s)", len, err.message, err.hint);
		}
		assert_true(refused > text.len / 2);
		buf_close(&text);
	}
}

static void
write_kind(const char *dir, const char *file, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
a_folder_of_kinds(void **state)
{
	static const char linked[] =
	    "[kind]\nname = zed\nversion = 1\nscope = office\ntitle.en = T\nplural.en = T\nhelp.en "
	    "= H\n"
	    "shows = a\n[field a]\ntype = link\nlink = thng\nlabel.en = A\n";
	static const char person[] = "[kind]\nname = person\nversion = 1\nscope = person\ntitle.en "
	                             "= T\nplural.en = T\nhelp.en "
	                             "= H\nshows = a\n[field a]\ntype = text\nlabel.en = A\n";
	static const char reminding[] =
	    "[kind]\nname = zed\nversion = 1\nscope = person\ntitle.en = T\nplural.en = T\nhelp.en "
	    "= H\nshows = w\n[field w]\ntype = link\nlink = person\nrequired = yes\nlabel.en = W\n"
	    "[field a]\ntype = text\nlabel.en = A\n[reminder x]\nwhen = a is b\nmakes = thing\n"
	    "days = 2\ntext.en = T\n[rules]\nsubjects = w\n";
	static const char following[] =
	    "[kind]\nname = zed\nversion = 1\nscope = office\ntitle.en = T\nplural.en = T\nhelp.en "
	    "= H\nshows = a\nnext = thing | thng\n[field a]\ntype = text\nlabel.en = A\n";
	char dir[] = "/tmp/kind_test.XXXXXX", path[200];
	struct kinds kinds = {(struct kind **)dir, 77}; /* to see that it stays */
	struct pmj_error err = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_NOT_FOUND);
	write_kind(dir, "readme.txt", "not a kind");
	write_kind(dir, "other.ini", HEAD FIELD);
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "other.ini line 2"));
	assert_non_null(strstr(err.hint, "thing.ini"));
	snprintf(path, sizeof(path), "%s/other.ini", dir);
	unlink(path);
	write_kind(dir, "thin.ini", HEAD FIELD); /* the beginning of its name is not its name */
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "thin.ini line 2"));
	snprintf(path, sizeof(path), "%s/thin.ini", dir);
	unlink(path);
	write_kind(dir, "thing.ini", HEAD FIELD);
	write_kind(dir, "zed.ini", linked);
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "zed.ini: [field a] links to thng"));
	assert_non_null(strstr(err.hint, "did you mean thing?"));
	write_kind(dir, "zed.ini", reminding);
	write_kind(dir, "person.ini", person);
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "zed.ini: [reminder x] makes thing, which is no kind"));
	snprintf(path, sizeof(path), "%s/person.ini", dir);
	unlink(path);
	write_kind(dir, "zed.ini", following);
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_INVALID);
	assert_non_null(strstr(err.message, "zed.ini: next names thng, which is no kind"));
	assert_int_equal(kinds.count, 77); /* the last good set stays */
	snprintf(path, sizeof(path), "%s/zed.ini", dir);
	unlink(path);
	assert_int_equal(kinds_read(&kinds, &os_real, dir, &err), PMJ_OK);
	assert_int_equal(kinds.count, 1);
	kinds_close(&kinds);
	snprintf(path, sizeof(path), "%s/thing.ini", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/readme.txt", dir);
	unlink(path);
	rmdir(dir);
}

static void
nearest_names_are_offered(void **state)
{
	struct kinds kinds;
	const struct kind *kind;
	const struct field *field;
	struct pmj_error err;

	(void)state;
	assert_int_equal(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err), PMJ_OK);
	assert_int_equal(kinds_need(&kind, &kinds, "persn", &err), PMJ_NOT_FOUND);
	assert_string_equal(err.hint, "did you mean person?");
	assert_int_equal(kinds_need(&kind, &kinds, "person", &err), PMJ_OK);
	assert_int_equal(kind_need_field(&field, kind, "vilage", &err), PMJ_INVALID);
	assert_string_equal(err.message, "a person has no field vilage");
	assert_string_equal(err.hint, "did you mean village?");
	assert_int_equal(kind_need_field(&field, kind, "qqqqqqqq", &err), PMJ_INVALID);
	assert_non_null(strstr(err.hint, "its fields are: name, role"));
	/* What the screen calls it is as good as what it is called. */
	assert_int_equal(kinds_need(&kind, &kinds, "contact", &err), PMJ_OK);
	assert_int_equal(kind_need_field(&field, kind, "date", &err), PMJ_INVALID);
	assert_string_equal(err.hint, "did you mean on?");
	assert_int_equal(kind_need_field(&field, kind, "Tarehe", &err), PMJ_INVALID);
	assert_string_equal(err.hint, "did you mean on?");
	kinds_close(&kinds);
}

static void
only_new_things_follow(void **state)
{
	static const struct {
		const char *next;
		const char *lost; /* NULL: it may follow */
	} cases[] = {
	    {HEAD FIELD STATES MOVE, NULL},
	    {HEAD FIELD "[field b]\ntype = note\nlabel.en = B\n" STATES MOVE, NULL},
	    {HEAD "[field a]\ntype = note\nlabel.en = A\n" STATES MOVE, "field a"},
	    {HEAD FIELD "privacy = open\n" STATES MOVE, "field a"},
	    {HEAD FIELD "[state done]\nlabel.en = D\n[state open]\nlabel.en = O\n" MOVE
	                "[move back]\nfrom = done\nto = open\nlabel.en = B\n",
	        "first state open"},
	    {HEAD FIELD STATES "[move fin]\nfrom = open\nto = done\nlabel.en = E\n", "move end"},
	    {HEAD FIELD
	        "[state open]\nlabel.en = O\n[state done]\nrefusing = yes\nlabel.en = D\n" MOVE,
	        "state done"},
	    {HEAD FIELD STATES MOVE "[rules]\nappend_only = yes\n", "rule scope"},
	    {HEAD FIELD STATES "start = yes\n" MOVE, NULL},
	    {HEAD FIELD STATES MOVE "by = another\n", "move end"},
	};
	struct kind *old = test_kind(HEAD FIELD STATES MOVE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kind *next = test_kind(cases[i].next);
		struct pmj_error err = {0};
		enum pmj_code rc = kind_follows(old, next, &err);
		if (cases[i].lost == NULL
		        ? rc != PMJ_OK
		        : rc != PMJ_REFUSED || strstr(err.message, cases[i].lost) == NULL)
			fail_msg("case %zu: %s", i, err.message);
		kind_free(next);
	}
	kind_free(old);
}

/* What was added up stays so; a total may come to a kind that had none. */
static void
a_total_stays_one(void **state)
{
	struct kind *old =
	    test_kind(HEAD FIELD SUM "[rules]\nappend_only = yes\ntotal = s\nadds = q\n");
	struct kind *other = test_kind(HEAD FIELD SUM
	    "[field r]\ntype = integer\nlabel.en = R\n[rules]\nappend_only = yes\ntotal = s\n"
	    "adds = q | r\n");
	struct kind *none = test_kind(HEAD FIELD SUM "[rules]\nappend_only = yes\n");
	struct pmj_error err = {0};

	(void)state;
	assert_int_equal(kind_follows(old, old, &err), PMJ_OK);
	assert_int_equal(kind_follows(old, other, &err), PMJ_REFUSED);
	assert_int_equal(kind_follows(old, none, &err), PMJ_REFUSED);
	assert_int_equal(kind_follows(none, old, &err), PMJ_OK);
	kind_free(old);
	kind_free(other);
	kind_free(none);
}

static void
a_start_stays_one(void **state)
{
	struct kind *old = test_kind(HEAD FIELD STATES "start = yes\n" MOVE);
	struct kind *next = test_kind(HEAD FIELD STATES MOVE);
	struct pmj_error err = {0};

	(void)state;
	assert_true(kind_starts_in(old, "done") && kind_starts_in(old, "open"));
	assert_true(kind_starts_in(next, "open"));
	assert_false(kind_starts_in(next, "done") || kind_starts_in(next, "elsewhere"));
	assert_int_equal(kind_follows(old, next, &err), PMJ_REFUSED);
	assert_non_null(strstr(err.message, "state done"));
	kind_free(old);
	kind_free(next);
}

/* Under which words of a consent is this told? */
static bool
told(const struct kinds *kinds, const char *kind_name, const char *field, const char *word)
{
	const struct kind *kind = kinds_get(kinds, kind_name);

	return kind_tells(kind, kind_field(kind, field), &word, 1);
}

static void
what_a_consent_tells(void **state)
{
	struct kinds kinds = {NULL, 0};
	struct pmj_error err;

	(void)state;
	assert_int_equal(kinds_read(&kinds, &os_real, PAMOJA_CONF_DIR "/kinds", &err), PMJ_OK);
	assert_true(told(&kinds, "person", "phone", "contact details"));
	assert_false(told(&kinds, "person", "phone", "goals"));
	assert_true(told(&kinds, "person", "name", "goals")); /* whose goals they are */
	assert_true(told(&kinds, "goal", "note", "goals"));   /* as its kind */
	assert_false(told(&kinds, "contact", "note", "attendance"));
	assert_true(told(&kinds, "contact", "on", "attendance"));
	assert_false(told(&kinds, "referral", "reason", "treatment")); /* a kind that names none */
	assert_true(told(&kinds, "referral", "reason", "all"));
	assert_false(told(&kinds, "contact", "note", "all")); /* as in a packet */
	kinds_close(&kinds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_consent_tells),
	    cmocka_unit_test(shipped_kinds_are_complete),
	    cmocka_unit_test(states_by_name_or_label),
	    cmocka_unit_test(promised_names_are_there),
	    cmocka_unit_test(reads_everything_of_a_kind),
	    cmocka_unit_test(bad_kinds_are_refused_with_line_and_mend),
	    cmocka_unit_test(who_receives_nothing),
	    cmocka_unit_test(silence_has_words),
	    cmocka_unit_test(half_written_files),
	    cmocka_unit_test(a_folder_of_kinds),
	    cmocka_unit_test(nearest_names_are_offered),
	    cmocka_unit_test(only_new_things_follow),
	    cmocka_unit_test(a_start_stays_one),
	    cmocka_unit_test(a_total_stays_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
