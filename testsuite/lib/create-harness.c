// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests share that make device nodes. */

#include "lib/create-harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct kmod_devname_report *create_report;
static char root[4096];

static bool mount_root(void)
{
	const char *parent = getenv("TMPDIR");

	(void)snprintf(root, sizeof(root), "%s/kmod-devname-test.XXXXXX", parent ? parent : "/tmp");
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, "") == 0 && mkdtemp(root) &&
	       mount("tmpfs", root, "tmpfs", 0, "mode=755") == 0 && chdir(root) == 0 &&
	       setenv("TMPDIR", root, 1) == 0;
}

int create_harness_run(void (*set_up)(void), void (*tear_down)(void))
{
	int status;

	if (mount_root() && mknod("probe", S_IFCHR | 0600, makedev(1, 3)) == 0 &&
	    unlink("probe") == 0) {
		status = harness_run(set_up, tear_down);
	} else {
		printf("1..0 # SKIP device nodes cannot be made here: %s\n", strerror(errno));
		status = EXIT_SUCCESS;
	}
	if (chdir("/") == 0) {
		(void)umount2(root, MNT_DETACH);
		(void)rmdir(root);
	}
	return status;
}

void create_harness_set_up(void)
{
	ck_assert_int_eq(kmod_devname_report_new(&create_report), 0);
	(void)umask(022);
}

void create_harness_tear_down(void)
{
	kmod_devname_report_unref(create_report);
}

unsigned int create_harness_count(int dir_fd, const char *prefix)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), child_fd;
	unsigned int n = 0;
	struct dirent *entry;
	struct stat st;
	DIR *dir = fdopendir(fd);

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		ck_assert_int_eq(fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			n++;
		if (!S_ISDIR(st.st_mode))
			continue;
		child_fd = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n += create_harness_count(child_fd, prefix);
		(void)close(child_fd);
	}
	(void)closedir(dir);
	return n;
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_HALF 4
#else
#define LOW_HALF 0
#endif

bool create_harness_deny(long call, int error)
{
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)call, 0, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[4]) + LOW_HALF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), (struct sock_filter *)filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
