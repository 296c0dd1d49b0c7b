/* folders.h - folders of a test copied and removed, without a shell for each. Header only. */
#ifndef TESTS_FOLDERS_H
#define TESTS_FOLDERS_H
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "check.h"

static inline bool
folder_is(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/** Remove what is there, if anything is. */
static inline void
folder_remove(const char *path)
{
	struct pmj_error err = {0};
	char **names = NULL;
	size_t count = 0;

	if (!folder_is(path)) {
		(void)unlink(path);
		return;
	}
	check_ok(fs_list(&names, &count, path, &err), &err);
	for (size_t i = 0; i < count; i++) {
		char *name = fs_join(path, names[i]);

		folder_remove(name);
		free(name);
	}
	fs_list_free(names, count);
	assert_int_equal(rmdir(path), 0);
}

static inline void
folder_copy_file(const char *from, const char *to)
{
	char bytes[65536];
	FILE *in = fopen(from, "rbe");
	FILE *out = fopen(to, "wbe");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	assert_int_equal(ferror(in), 0);
	assert_int_equal(fclose(in), 0);
	assert_int_equal(fclose(out), 0);
}

/** Files and folders with their modes, to where nothing is yet. */
static inline void
folder_copy(const char *from, const char *to)
{
	struct pmj_error err = {0};
	char **names = NULL;
	size_t count = 0;
	struct stat st;

	assert_int_equal(lstat(from, &st), 0);
	if (!S_ISDIR(st.st_mode)) {
		assert_true(S_ISREG(st.st_mode));
		folder_copy_file(from, to);
	} else {
		assert_int_equal(mkdir(to, 0700), 0);
		check_ok(fs_list(&names, &count, from, &err), &err);
		for (size_t i = 0; i < count; i++) {
			char *a = fs_join(from, names[i]);
			char *b = fs_join(to, names[i]);

			folder_copy(a, b);
			free(a);
			free(b);
		}
		fs_list_free(names, count);
	}
	assert_int_equal(chmod(to, st.st_mode & 07777), 0);
}

#endif
