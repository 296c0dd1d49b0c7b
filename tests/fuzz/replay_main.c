/* replay_main.c - runs a fuzz target once over every file of the folders and files named, where
 * there is no libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t count = 0;
	struct stat st;

	if (file == NULL || fstat(fileno(file), &st) != 0) {
		perror(path);
		if (file != NULL)
			(void)fclose(file);
		return 1;
	}
	bytes = malloc(
	    st.st_size > 0 ? (size_t)st.st_size : 1); /* exactly: a read past the end shows */
	if (bytes != NULL)
		count = fread(bytes, 1, (size_t)st.st_size, file);
	(void)fclose(file);
	if (bytes == NULL || count != (size_t)st.st_size) {
		fprintf(stderr, "%s: not read\n", path);
		free(bytes);
		return 1;
	}
	(void)LLVMFuzzerTestOneInput(bytes, count);
	free(bytes);
	return 0;
}

static int
replay(const char *path, size_t *files)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int failed = 0;

	if (dir == NULL) {
		++*files;
		return replay_file(path);
	}
	while ((entry = readdir(dir)) != NULL) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failed |= replay(name, files);
	}
	(void)closedir(dir);
	return failed;
}

int
main(int argc, char **argv)
{
	size_t files = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i], &files);
	if (files == 0) {
		fprintf(stderr, "no input: a target without seeds tests nothing\n");
		return 1;
	}
	printf("%zu inputs\n", files);
	return failed;
}
