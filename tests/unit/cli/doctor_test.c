/* The doctor on a made-up machine: what cannot be arranged on the real one. And deadlines. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/os.h"
#include "base/within.h"
#include "check.h"
#include "cli/doctor_inner.h"
#include "made_machine.h"

static struct doctor doctor;

static void
put(const char *path, const char *words)
{
	made_file(doctor.root, path, words);
}

static int
begin(void **state)
{
	char name[] = "/tmp/pamoja-doctor-XXXXXX";

	(void)state;
	doctor = (struct doctor){.check = "x", .items = json_array()};
	doctor.root = mem_strdup(mkdtemp(name));
	doctor.home = doctor.root;
	doctor.command = mem_strdup("pamoja");
	put("/sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-x\n");
	put("/sys/class/block/sdb1/size", "1");
	put("/dev/dm-0", "");
	return 0;
}

static int
end(void **state)
{
	char *command = mem_printf("rm -rf '%s'", doctor.root);

	(void)state;
	assert_int_equal(system(command), 0);
	free(command);
	json_decref(doctor.items);
	free(doctor.command);
	free((char *)(uintptr_t)doctor.root);
	return 0;
}

/* Run one check: its only finding is in this state and says these words. Returns its mend. */
static const char *
says(doctor_check *check, const char *wanted, const char *words)
{
	const json_t *item;

	assert_int_equal(json_array_clear(doctor.items), 0);
	check(&doctor);
	assert_int_equal(json_array_size(doctor.items), 1);
	item = json_array_get(doctor.items, 0);
	assert_string_equal(json_str(item, "state"), wanted);
	assert_non_null(strstr(json_str(item, "message"), words));
	return json_str(item, "mend");
}

static void
swap_in_the_open(void **state)
{
	(void)state;
	(void)says(doctor_swap, "ok", "none");
	put("/proc/swaps", "Filename\n/dev/dm-0 partition 1 0 -2\n");
	(void)says(doctor_swap, "ok", "encrypted");
	put("/proc/swaps", "Filename\n/dev/dm-0 partition 1 0 -2\n/dev/sdb1 partition 1 0 -2\n");
	assert_non_null(strstr(says(doctor_swap, "warn", "/dev/sdb1"), "swapoff -a"));
}

static void
hibernation_to_the_open(void **state)
{
	char *masked;

	(void)state;
	(void)says(doctor_hibernation, "ok", "does not hibernate");
	put("/sys/power/disk", "[disabled]\n");
	(void)says(doctor_hibernation, "ok", "does not hibernate");
	put("/sys/power/disk", "[platform] shutdown reboot suspend\n");
	put("/sys/power/resume", "0:0\n");
	put("/proc/cmdline", "quiet ro\n");
	(void)says(doctor_hibernation, "ok", "no place");
	put("/proc/cmdline", "quiet resume=/dev/sdb1 ro\n");
	assert_non_null(
	    strstr(says(doctor_hibernation, "warn", "/dev/sdb1"), "systemctl mask hibernate"));
	put("/proc/cmdline", "quiet resume=/dev/dm-0\n");
	(void)says(doctor_hibernation, "ok", "encrypted");
	put("/proc/cmdline", "resume=/dev/sdb1\n");
	masked = mem_printf("%s/etc/systemd/system", doctor.root);
	put("/etc/systemd/system/x", "");
	free(masked);
	masked = mem_printf("%s/etc/systemd/system/hibernate.target", doctor.root);
	assert_int_equal(symlink("/dev/null", masked), 0);
	(void)says(doctor_hibernation, "ok", "switched off");
	assert_int_equal(unlink(masked), 0);
	free(masked);
}

static void
resume_by_number(void **state)
{
	char *link, *device;

	(void)state;
	put("/proc/cmdline", "quiet\n");
	put("/sys/power/resume", "8:17\n");
	put("/sys/dev/block/x", "");
	link = mem_printf("%s/sys/dev/block/8:17", doctor.root);
	device = mem_printf("%s/sys/class/block/sdb1", doctor.root);
	assert_int_equal(symlink(device, link), 0);
	(void)says(doctor_hibernation, "warn", "sdb1");
	free(device);
	free(link);
}

/* The home under a mount of this kind and source. */
static void
mount_home(const char *type, const char *source)
{
	char *line = mem_printf("9 1 8:1 / %s rw - %s %s rw\n", doctor.root, type, source);

	put("/proc/self/mountinfo", line);
	free(line);
}

static void
disks_of_every_kind(void **state)
{
	(void)state;
	mount_home("ext4", "/dev/sdb1");
	(void)says(doctor_filesystem, "ok", "ext4");
	assert_non_null(strstr(says(doctor_encryption, "warn", "not encrypted"), "full-disk"));
	put("/sys/class/block/sdb1/removable", "1\n");
	assert_non_null(strstr(says(doctor_filesystem, "warn", "stick"), "pamoja carry"));
	mount_home("ext4", "/dev/dm-0");
	(void)says(doctor_filesystem, "ok", "ext4");
	(void)says(doctor_encryption, "ok", "encrypted");
	mount_home("vfat", "/dev/sdb1");
	(void)says(doctor_filesystem, "fail", "other users");
	mount_home("nfs4", "server:/x");
	(void)says(doctor_filesystem, "warn", "network");
	(void)says(doctor_encryption, "warn", "cannot be told");
	mount_home("fuse.sshfs", "me@there:");
	(void)says(doctor_filesystem, "warn", "locks");
	mount_home("fuseblk", "/dev/sdb1");
	(void)says(doctor_filesystem, "fail", "other users");
	mount_home("tmpfs", "tmpfs");
	(void)says(doctor_filesystem, "fail", "switched off");
}

static void
processes_that_nothing_holds_in(void **state)
{
	(void)state;
	doctor.pid = 77;
	put("/proc/77/status", "Name:\tpamojad\nState:\tS (sleeping)\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	                       "CapEff:\t0\n");
	put("/proc/77/limits", "Max core file size   0   0   bytes\n");
	(void)says(doctor_hardening, "ok", "pamojad");
	doctor.status = json_pack(
	    "{s:{s:b,s:b,s:b}}", "hardening", "folders_only", 0, "dumps_off", 1, "cache_locked", 0);
	(void)says(doctor_hardening, "warn", "Landlock");
	json_decref(doctor.status);
	doctor.status = NULL;
	put("/proc/77/status", "Name:\tpamojad\nState:\tS (sleeping)\nNoNewPrivs:\t1\nSeccomp:\t0\n"
	                       "CapEff:\t0\n");
	(void)says(doctor_hardening, "warn", "system call filter");
	put("/proc/77/limits", "Max core file size   unlimited   0   bytes\n");
	(void)says(doctor_hardening, "warn", "no core files");
	put("/proc/77/status", "Name:\tpamojad\nState:\tS (sleeping)\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	                       "CapEff:\t1\n");
	assert_non_null(strstr(says(doctor_hardening, "warn", "root"), "not as root"));
	doctor.pid = 0;
}

static void
quotes_for_the_shell(void **state)
{
	static const char *const words[] = {
	    "plain/-._", "a b", "it's", "$(x)", "", "\xc3\xa9", "a\nb"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *quoted = doctor_quoted(words[i]);
		char *command = mem_printf("printf %%s %s", quoted);
		const char *argv[] = {"sh", "-c", command, NULL};
		struct buf out;

		buf_init(&out, 0);
		assert_int_equal(within_program(&out, 100000, argv), 0);
		assert_string_equal(buf_text(&out), words[i]);
		buf_close(&out);
		free(command);
		free(quoted);
	}
}

static void
ends_what_hangs(void **state)
{
	const char *sleeps[] = {"sh", "-c", "echo $$; exec sleep 600", NULL};
	const char *floods[] = {"sh", "-c", "exec yes", NULL};
	const char *nothing[] = {"no-such-program-here", NULL};
	const char *fails[] = {"sh", "-c", "exit 7", NULL};
	int64_t began = os_real.mono_ms(NULL);
	int status = 0;
	pid_t sleeper;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(within_program(&out, 3000, sleeps), -1);
	sleeper = (pid_t)strtol(buf_text(&out), NULL, 10);
	assert_true(sleeper > 1);
	/* It is gone, by our hand; within may have waited for it already. */
	if (waitpid(sleeper, &status, 0) == sleeper)
		assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_not_equal(kill(sleeper, 0), 0);
	buf_clear(&out);
	assert_int_equal(within_program(&out, 300, floods), -1);
	assert_true(out.len <= 1000);
	buf_clear(&out);
	assert_int_equal(within_program(&out, 100000, nothing), 127);
	assert_int_equal(within_program(&out, 100000, fails), 7);
	assert_true(os_real.mono_ms(NULL) - began < 600 * 1000); /* it did not wait for the sleep */
	buf_close(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(swap_in_the_open),
	    cmocka_unit_test(hibernation_to_the_open),
	    cmocka_unit_test(resume_by_number),
	    cmocka_unit_test(disks_of_every_kind),
	    cmocka_unit_test(processes_that_nothing_holds_in),
	    cmocka_unit_test(quotes_for_the_shell),
	    cmocka_unit_test(ends_what_hangs),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
