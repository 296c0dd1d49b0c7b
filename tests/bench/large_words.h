/* large_words.h - what the made-up people of the large bench are called and what is noted of them.
 * No word in it is anybody's. */
#ifndef BENCH_LARGE_WORDS_H
#define BENCH_LARGE_WORDS_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PICK(list) ((list)[pick((long)(sizeof(list) / sizeof((list)[0])))])

static uint64_t pick_state;

/* splitmix64: the same seed, the same journal. */
static long
pick(long below)
{
	uint64_t z = (pick_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (long)((z ^ (z >> 31)) % (uint64_t)below);
}

static const char *const first_names[] = {"Asha", "Baraka", "Chausiku", "Daudi", "Esther", "Faraja",
    "Grace", "Hamisi", "Imani", "Juma", "Kezia", "Leah", "Musa", "Neema", "Omari", "Penina",
    "Rehema", "Salim", "Tatu", "Upendo", "Wanjiru", "Yusufu", "Zawadi", "Amani", "Mwajuma",
    "Kipkemei", "Naisula", "Lemayian", "Abdallah", "Achieng", "Bahati", "Cherono", "Dalmas",
    "Emmanuel", "Fatuma", "Gathoni", "Halima", "Issa", "Joyce", "Kamau", "Lilian", "Mariamu",
    "Njeri", "Otieno", "Peter", "Ruth", "Simon", "Teresia", "Violet", "Wambui"};
static const char *const last_names[] = {"Abeid", "Barasa", "Chacha", "Daima", "Ekai", "Farah",
    "Gitau", "Hassan", "Iha", "Jelimo", "Kariuki", "Lekishon", "Mollel", "Njoroge", "Ochieng",
    "Parsimei", "Rono", "Sabore", "Tipape", "Urassa", "Wafula", "Yator", "Zuberi", "Kimani",
    "Laizer", "Massawe", "Nkaiserry", "Odhiambo", "Saitoti", "Tarimo", "Mushi", "Koech", "Chebet",
    "Mwangi", "Omondi", "Kiptoo", "Lyimo", "Swai", "Moshi", "Temu"};
static const char *const places[] = {"Loitokitok", "Kimana", "Rombo", "Namanga", "Tarakea",
    "Holili", "Mwika", "Oloitokitok Juu", "Engare Nairobi", "Entonet", "Illasit", "Njukini",
    "Marangu Mtoni", "Himo", "Usseri", "Isinet", "Mbirikani", "Kuku", "Iltilal", "Enkongu"};
static const char *const languages[] = {"Swahili", "Maa", "Kikamba", "English", "Chagga"};
static const char *const modes[] = {"one-on-one", "phone", "phone", "visit", "message", "group"};
static const char *const services[] = {
    "Health Centre", "House", "Dispensary", "Legal Aid", "Workshop", "Fellowship", "Farm School"};
static const char *const categories[] = {
    "health", "housing", "employment", "family", "legal help", "food", "treatment"};
static const char *const information[] = {"needs", "goals", "attendance", "health", "housing"};
static const char *const tasks[] = {"phone about the scan", "go past her house",
    "hear how the exam went", "take the card along", "mtembelee nyumbani", "sit in at the tribunal",
    "speak with the uncle on rent", "kumpeleka kwa daktari wa meno", "count the tablets together"};
/* Other words than those in tests/lib/records.py, of which the journal's dictionary was made. */
static const char *const starts[] = {"spoke of", "wondered whether to drop", "cannot let go of",
    "is tired of", "found courage for", "alieleza kuhusu", "hataki kusikia", "was proud of",
    "keeps dreaming about", "anahofia", "laughed over", "counted the days to", "showed me"};
static const char *const topics[] = {"the loan from the co-op", "an empty house at night",
    "his brother in Moshi", "the twins", "queueing at the pharmacy", "rent for two rooms",
    "ten days dry", "singing on Fridays", "a ticket to Arusha", "pombe ya harusi", "mahindi",
    "shamba la baba", "hospitali ya wilaya", "the court date", "those who drink by the bridge",
    "the savings group", "bibi yake", "uniforms and exams", "guard duty", "a cow that strayed",
    "the leaking iron sheets", "washing cars at the camp", "mkopo wa simu",
    "tablets that make him "
    "sick",
    "evening prayers", "the letter nobody answered", "a tooth that aches", "driving again"};
static const char *const ends[] = {"meets me Thursday by the mill", "asks for another chance",
    "slept better", "same as before", "tutaongea kesho", "wants somebody along",
    "long silence, then tea", "left me the number of an aunt", "atarudi kesho asubuhi",
    "went off angry"};
static const char *const whens[] = {"after the harvest", "like last year", "siku hizi", "again",
    "while her mother listened", "openly this time", "and smiled", "kabla ya mvua", "", "", ""};

/* Sentences such as people write in a hurry. */
static char *
write_note(char *out, size_t size, int sentences)
{
	size_t used = 0;

	for (int i = 0; i < sentences && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s %s %s", i > 0 ? "; " : "",
		    PICK(starts), PICK(topics), PICK(whens));
	if (used < size)
		(void)snprintf(out + used, size - used, ". %s", PICK(ends));
	return out;
}

#endif
