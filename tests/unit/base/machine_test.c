/* What the kernel's texts say, and a made-up machine of folders: which disks and swaps are sealed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keyshape.h"
#include "base/machine.h"
#include "base/mem.h"
#include "check.h"
#include "made_machine.h"

/* ---- texts ---- */

static void
finds_mounts(void **state)
{
	static const char info[] =
	    "22 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw\n"
	    "30 22 0:25 / /tmp rw shared:5 master:1 - tmpfs tmpfs rw,size=1k\n"
	    "nonsense\n"
	    "31 22 254:1 /a /home/Asha\\040M rw - btrfs /dev/mapper/home rw\n"
	    "33 22 8:9 / /home/Asha\\040M/x\n"
	    "32 30 8:5 / /tmp rw - vfat /dev/sdb1 rw\n";
	struct machine_mount mount;
	const char *at = info;
	int count = 0;

	(void)state;
	while (machine_mounts_next(&mount, &at))
		count++;
	assert_int_equal(count, 4);
	assert_string_equal(mount.point, "");
	assert_true(machine_mount_find(&mount, info, "/home/Asha M/pamoja"));
	assert_string_equal(mount.point, "/home/Asha M");
	assert_string_equal(mount.type, "btrfs");
	assert_string_equal(mount.source, "/dev/mapper/home");
	assert_true(machine_mount_find(&mount, info, "/home/Asha Mwangi"));
	assert_string_equal(mount.point, "/");
	assert_true(machine_mount_find(&mount, info, "/tmp"));
	assert_string_equal(mount.type, "vfat"); /* the later lies over the earlier */
	assert_false(machine_mount_find(&mount, "", "/tmp"));
	assert_false(machine_mount_find(&mount, info, "relative"));
}

static void
reads_swaps(void **state)
{
	const char *at = "Filename\tType\tSize\tUsed\tPriority\n"
	                 "/dev/dm-1      partition\t1000\t0\t-2\n"
	                 "\n/swap\\040file  file\t1000\t0\t-3\n/cut";
	struct machine_swap_line line;

	(void)state;
	assert_true(machine_swaps_next(&line, &at));
	assert_string_equal(line.name, "/dev/dm-1");
	assert_false(line.is_file);
	assert_true(machine_swaps_next(&line, &at));
	assert_string_equal(line.name, "/swap file");
	assert_true(line.is_file);
	assert_false(machine_swaps_next(&line, &at));
}

static void
finds_who_holds_a_lock(void **state)
{
	static const char locks[] = "1: POSIX  ADVISORY  WRITE 11 08:02:77 0 EOF\n"
	                            "2: FLOCK  ADVISORY  WRITE 12 00:19:77 0 EOF\n"
	                            "2: -> FLOCK  ADVISORY  WRITE 13 08:02:77 0 EOF\n"
	                            "3: FLOCK  ADVISORY  WRITE 14 08:02:77 0 EOF\n"
	                            "4: FLOCK  ADVISORY  WRITE -1 08:02:78 0 EOF\n"
	                            "5: FLOCK  ADVISORY  WRITE\n";

	(void)state;
	assert_int_equal(machine_locks_holder(locks, 77, "08:02"), 14);
	assert_int_equal(machine_locks_holder(locks, 77, ""), 12);
	assert_int_equal(machine_locks_holder(locks, 78, "08:02"), -1);
	assert_int_equal(machine_locks_holder(locks, 79, ""), 0);
	assert_int_equal(machine_locks_holder(locks, 77, "08:03"), 0);
}

static void
reads_processes(void **state)
{
	static const char status[] =
	    "Name:\tpamoja-starter-x-long\nState:\tT (stopped)\nPPid:\t17\n"
	    "CapEff:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	    "Seccomp_filters:\t1\n";
	static const char limits[] =
	    "Limit                     Soft Limit           Hard Limit           Units     \n"
	    "Max core file size        0                    unlimited            bytes     \n";
	struct machine_process process = {0};

	(void)state;
	machine_status_read(&process, status);
	assert_string_equal(process.name, "pamoja-starter-");
	assert_int_equal(process.state, 'T');
	assert_int_equal(process.parent, 17);
	assert_true(process.no_new_privs && process.filtered);
	assert_true(process.privileges == 0x1ffffffffffULL);
	memset(&process, 0, sizeof(process));
	machine_status_read(&process, "NoNewPrivs:\t0\nSeccomp:\t0\nCapEff:\t0000000000000000\n");
	assert_false(process.no_new_privs || process.filtered || process.privileges != 0);
	assert_int_equal(process.state, '\0');
	assert_true(machine_limits_no_core(limits));
	assert_false(machine_limits_no_core("Max core file size        unlimited  unlimited\n"));
	assert_false(machine_limits_no_core("Max core file size\n"));
	assert_false(machine_limits_no_core(""));
	assert_true(machine_words_have("a\0--home\0/x\0", 12, "--home", "/x"));
	assert_false(machine_words_have("a\0--home\0/x", 11, "--home", "/x")); /* cut short */
	assert_false(machine_words_have("a\0--home\0/xy\0", 13, "--home", "/x"));
	assert_true(
	    machine_stat_start("7 (a) b) S 1 7 7 0 -1 4 0 0 0 0 1 2 3 4 20 0 1 0 9876 5") == 9876);
	assert_true(machine_stat_start("7 (a) S 1 2") == 0);
	assert_true(machine_process(&process, "", getpid()));
	assert_false(machine_process(&process, "", 0));
	assert_true(machine_process_start("", getpid()) > 1600000000000LL);
}

/* ---- a made-up machine ---- */

static char *root;

/* ROOT/path with these words in it; its folders are made. */
static void
put(const char *path, const char *words)
{
	made_file(root, path, words);
}

static int
begin(void **state)
{
	char name[] = "/tmp/pamoja-machine-XXXXXX";

	(void)state;
	root = mem_strdup(mkdtemp(name));
	/* sda2 is dm-crypt's dm-0, on which LVM has dm-1; sda3 has LVM alone, dm-2; dm-3 has both.
	 */
	put("/sys/class/block/sda2/size", "1");
	put("/sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc-home\n");
	put("/sys/class/block/dm-0/slaves/sda2", "");
	put("/sys/class/block/dm-1/dm/uuid", "LVM-xyz\n");
	put("/sys/class/block/dm-1/slaves/dm-0", "");
	put("/sys/class/block/dm-2/dm/uuid", "LVM-xyz\n");
	put("/sys/class/block/dm-2/slaves/sda3", "");
	put("/sys/class/block/dm-3/dm/uuid", "LVM-xyz\n");
	put("/sys/class/block/dm-3/slaves/dm-0", "");
	put("/sys/class/block/dm-3/slaves/sda3", "");
	put("/sys/class/block/dm-4/slaves/dm-4", ""); /* a loop that must end */
	put("/dev/dm-1", "");
	put("/dev/dm-2", "");
	put("/dev/mapper/x", "");
	return 0;
}

static int
end(void **state)
{
	char *command = mem_printf("rm -rf '%s'", root);

	(void)state;
	assert_int_equal(system(command), 0);
	free(command);
	free(root);
	return 0;
}

static void
link_mapper(const char *name, const char *to)
{
	char *path = mem_printf("%s/dev/mapper/%s", root, name);

	assert_int_equal(symlink(to, path), 0);
	free(path);
}

static void
walks_below_a_disk(void **state)
{
	(void)state;
	assert_false(machine_sealed(root, "/dev/sda2"));
	assert_true(machine_sealed(root, "/dev/dm-0"));
	assert_true(machine_sealed(root, "dm-1"));
	assert_false(machine_sealed(root, "/dev/dm-2"));
	assert_false(machine_sealed(root, "/dev/dm-3")); /* a half in the open */
	assert_false(machine_sealed(root, "/dev/dm-4"));
	assert_false(machine_sealed(root, ""));
	assert_false(machine_sealed(root, "tmpfs"));
	link_mapper("home", "../dm-1");
	link_mapper("plain", "../dm-2");
	assert_true(machine_sealed(root, "/dev/mapper/home"));
	assert_false(machine_sealed(root, "/dev/mapper/plain"));
}

static void
check_swap(const char *lines, bool on, const char *plain)
{
	struct machine_swap swap;
	char *text = mem_printf("Filename Type Size Used Priority\n%s", lines);

	put("/proc/swaps", text);
	machine_swap(&swap, root);
	assert_int_equal(swap.on, on);
	assert_int_equal(swap.sealed, *plain == '\0');
	assert_string_equal(swap.plain, plain);
	free(text);
}

static void
tells_sealed_swap(void **state)
{
	(void)state;
	check_swap("", false, "");
	check_swap("/dev/zram0 partition 1 0 100\n", true, "");
	check_swap("/dev/dm-1 partition 1 0 -2\n", true, "");
	check_swap("/dev/dm-1 partition 1 0 -2\n/dev/sda3 partition 1 0 -3\n", true, "/dev/sda3");
	check_swap("/dev/dm-2 partition 1 0 -2\n", true, "/dev/dm-2"); /* LVM alone seals nothing */
	put("/proc/self/mountinfo", "22 1 8:2 / / rw - ext4 /dev/dm-1 rw\n"
	                            "23 22 8:3 / /nowhere rw - ext4 /dev/sda3 rw\n");
	check_swap("/swapfile file 1 0 -2\n", true, "");
	check_swap("/nowhere/swapfile file 1 0 -2\n", true, "/nowhere/swapfile");
	/* A file named as zram is none. */
	check_swap("/nowhere/dev/zram0 file 1 0 -2\n", true, "/nowhere/dev/zram0");
}

/* ---- the key file from outside ---- */

static void
tells_newer_keys_from_damaged(void **state)
{
	uint8_t *bytes = mem_new(KEYSHAPE_BYTES);
	uint8_t *slot = bytes + KEYSHAPE_AT_SLOTS;
	bool newer = true;

	(void)state;
	assert_non_null(keyshape_fault(bytes, KEYSHAPE_BYTES, &newer));
	assert_false(newer);
	memcpy(bytes, KEYSHAPE_MAGIC, sizeof(KEYSHAPE_MAGIC));
	bytes[KEYSHAPE_AT_VERSION] = 1;
	bytes[KEYSHAPE_AT_SLOT_COUNT] = KEYSHAPE_SLOTS;
	slot[SLOT_AT_TYPE] = SLOT_PASSPHRASE;
	slot[SLOT_AT_ALG] = 1;
	slot[SLOT_AT_OPS] = 3;
	slot[SLOT_AT_MEM_KIB + 2] = 1; /* 65536 */
	bytes[KEYSHAPE_AT_RING_LEN] = 200;
	assert_null(keyshape_fault(bytes, KEYSHAPE_BYTES, &newer));
	assert_false(keyshape_has(bytes, SLOT_RECOVERY));
	assert_true(keyshape_has(bytes, SLOT_PASSPHRASE));
	slot[KEYSHAPE_SLOT_BYTES + SLOT_AT_TYPE] = SLOT_RECOVERY;
	slot[KEYSHAPE_SLOT_BYTES + SLOT_AT_ALG] = 1;
	assert_null(keyshape_fault(bytes, KEYSHAPE_BYTES, &newer));
	assert_true(keyshape_has(bytes, SLOT_RECOVERY));
	bytes[KEYSHAPE_AT_VERSION] = 2;
	assert_non_null(keyshape_fault(bytes, KEYSHAPE_BYTES, &newer));
	assert_true(newer);
	assert_non_null(keyshape_fault(bytes, KEYSHAPE_BYTES - 1, &newer));
	assert_false(newer);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_mounts),
	    cmocka_unit_test(reads_swaps),
	    cmocka_unit_test(finds_who_holds_a_lock),
	    cmocka_unit_test(reads_processes),
	    cmocka_unit_test(walks_below_a_disk),
	    cmocka_unit_test(tells_sealed_swap),
	    cmocka_unit_test(tells_newer_keys_from_damaged),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
