// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making nodes while another process, which has all rights, swaps what is there for something
 * else: nothing may be made, changed or removed outside the device directory.
 */

#include "lib/create-harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWAPS_MIN harness_often(100000, 1000000)
#define MADE_MIN 2000
#define SECONDS_MAX harness_often(25, 250) /* ends a slow run; no verdict comes from it */

#define NODES \
	"tun net/tun c10:200\n" \
	"sub net/sub/x c10:201\n" \
	"fuse fuse c10:229\n"

/* What both processes see. */
struct shared {
	atomic_uint swaps;
	atomic_uint runs;
	atomic_uint made;
	atomic_uint failed;
	atomic_bool done;
};

static struct shared *shared;

/* --- the place ----------------------------------------------------------------------------- */

/*
 * A root directory: dev is the device directory, everything else is outside. In dev lie things
 * that can be swapped for net, and in each directory named net some for a node or a directory.
 */
static const char *const nets[] = { "dev/net", "dev/net.other" };

static void make_net(const char *net)
{
	int fd;

	ck_assert_int_eq(mkdir(net, 0755), 0);
	fd = open(net, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(symlinkat("/outside/victim", fd, "x.link"), 0);
	ck_assert_int_eq(symlinkat("/outside/deep", fd, "x.dirlink"), 0);
	ck_assert_int_eq(symlinkat("/outside/lone", fd, "x.nodelink"), 0);
	harness_write(fd, "x.file", "mine", 4);
	(void)close(fd);
}

/* In the working directory. Returns it open. */
static int make_place(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	(void)umask(0);
	ck_assert_int_eq(mkdir("dev", 0755), 0);
	ck_assert_int_eq(mkdir("outside", 0711), 0);
	ck_assert_int_eq(mkdir("outside/deep", 0700), 0);
	harness_write(fd, "outside/victim", "secret", 6);
	ck_assert_int_eq(chmod("outside/victim", 0400), 0);
	ck_assert_int_eq(chown("outside/victim", 5, 6), 0);
	ck_assert_int_eq(mknod("outside/node", S_IFCHR | 0400, makedev(10, 200)), 0);
	ck_assert_int_eq(chown("outside/node", 5, 6), 0);
	ck_assert_int_eq(mknod("outside/lone", S_IFCHR | 0400, makedev(10, 200)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		make_net(nets[i]);
	ck_assert_int_eq(symlink("/", "dev/net.root"), 0);
	ck_assert_int_eq(symlink("/outside", "dev/net.outside"), 0);
	ck_assert_int_eq(symlink("../outside", "dev/net.up"), 0);
	harness_write(fd, "dev/net.file", "mine", 4);
	return fd;
}

/* All that can be seen of what is outside. */
static const char *const outsiders[] = {
	".", "outside", "outside/deep", "outside/victim", "outside/node", "outside/lone"
};

struct snapshot {
	struct stat st[ARRAY_SIZE(outsiders)];
};

static struct snapshot look_outside(void)
{
	struct snapshot snapshot;

	for (size_t i = 0; i < ARRAY_SIZE(outsiders); i++)
		ck_assert_int_eq(
			fstatat(AT_FDCWD, outsiders[i], &snapshot.st[i], AT_SYMLINK_NOFOLLOW), 0);
	return snapshot;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/*
 * The times of a directory tell of each entry that was ever made in it, also of those that are
 * gone. The node is an exception: links to it are made and removed in dev, which it is told.
 */
static const char *find_change(const struct snapshot *before, const struct snapshot *after)
{
	for (size_t i = 0; i < ARRAY_SIZE(outsiders); i++) {
		const struct stat *a = &before->st[i], *b = &after->st[i];

		if (a->st_ino != b->st_ino || a->st_mode != b->st_mode || a->st_uid != b->st_uid ||
		    a->st_gid != b->st_gid || a->st_rdev != b->st_rdev ||
		    a->st_size != b->st_size || !same_time(a->st_mtim, b->st_mtim))
			return outsiders[i];
		if (!S_ISCHR(a->st_mode) && !same_time(a->st_ctim, b->st_ctim))
			return outsiders[i];
	}
	return NULL;
}

/* Of those who were there from the beginning, which nobody may remove: how many are left. */
static unsigned int count_bystanders(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), child_fd;
	unsigned int n = 0;
	struct dirent *entry;
	struct stat st;
	DIR *dir = fdopendir(fd);

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		n += S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
		if (!S_ISDIR(st.st_mode))
			continue;
		child_fd = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		n += count_bystanders(child_fd);
		(void)close(child_fd);
	}
	(void)closedir(dir);
	return n;
}

/* --- who swaps ----------------------------------------------------------------------------- */

struct swapper {
	int dev_fd;
	int net_fds[ARRAY_SIZE(nets)]; /* wherever they are by now */
	int outside_fd;
	pid_t victim; /* whose temporary names are known */
	unsigned int seed;
};

static unsigned int any(struct swapper *swapper, unsigned int n)
{
	swapper->seed = swapper->seed * 1103515245U + 12345U;
	return (swapper->seed >> 16) % n;
}

static void swap(int dir_fd, const char *a, const char *b)
{
	if (renameat2(dir_fd, a, dir_fd, b, RENAME_EXCHANGE) == 0)
		shared->swaps++;
}

/* What is in the way of the temporary name by which the victim may be at work. */
static void swap_temporary(struct swapper *swapper, int fd, const char *other)
{
	char name[64];

	(void)snprintf(name, sizeof(name), ".kmod-devname.%d.%u", (int)swapper->victim,
		       any(swapper, 3));
	swap(fd, name, other);
}

/* Swaps one thing in a directory named net for another, and back. */
static void swap_in_net(struct swapper *swapper)
{
	static const char *const names[] = { "tun", "sub" };
	static const char *const others[] = { "x.link", "x.dirlink", "x.file", "x.null", "x.hard" };
	int fd = swapper->net_fds[any(swapper, ARRAY_SIZE(nets))];
	const char *name = names[any(swapper, ARRAY_SIZE(names))],
		   *other = others[any(swapper, ARRAY_SIZE(others))];

	/* replaced or dropped, rightly, by who makes nodes */
	if (strcmp(other, "x.null") == 0)
		(void)mknodat(fd, other, S_IFCHR | 0600, makedev(1, 3));
	if (strcmp(other, "x.hard") == 0 && linkat(swapper->outside_fd, "node", fd, other, 0) < 0 &&
	    errno != EEXIST)
		_exit(1);
	swap(fd, name, other);
	swap_temporary(swapper, fd, other);
	swap(fd, name, other);
}

/* Swaps net for something else, and back. */
static void swap_net(struct swapper *swapper)
{
	static const char *const others[] = { "net.root", "net.outside", "net.up", "net.file",
					      "net.other" };
	const char *other = others[any(swapper, ARRAY_SIZE(others))];

	swap(swapper->dev_fd, "net", other);
	swap_in_net(swapper);
	swap(swapper->dev_fd, "net", other);
}

/* net is away for a moment. */
static void move_net(struct swapper *swapper)
{
	if (renameat2(swapper->dev_fd, "net", swapper->dev_fd, "net.away", RENAME_NOREPLACE) < 0)
		return;
	/* who makes nodes may have made another by then: its content is removed with it */
	if (renameat2(swapper->dev_fd, "net.away", swapper->dev_fd, "net", RENAME_NOREPLACE) < 0) {
		swap(swapper->dev_fd, "net.away", "net");
		(void)unlinkat(swapper->dev_fd, "net.away/tun", 0);
		(void)unlinkat(swapper->dev_fd, "net.away/sub/x", 0);
		(void)unlinkat(swapper->dev_fd, "net.away/sub", AT_REMOVEDIR);
		(void)unlinkat(swapper->dev_fd, "net.away", AT_REMOVEDIR);
	}
}

static void swap_for_ever(pid_t victim)
{
	struct swapper swapper = { .victim = victim, .seed = 1 };

	swapper.dev_fd = open("dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	swapper.outside_fd = open("outside", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		swapper.net_fds[i] = open(nets[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (!shared->done) {
		swap_net(&swapper);
		if (any(&swapper, 8) == 0)
			move_net(&swapper);
	}
	_exit(0);
}

/* --- who makes nodes ----------------------------------------------------------------------- */

/* So that there is something to make. What is swapped in is not a node with a single name. */
static void remove_made(int dev_fd)
{
	static const char *const names[] = { "tun", "sub/x" };
	int fd = openat(dev_fd, "net", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	(void)unlinkat(dev_fd, "fuse", 0);
	if (fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_nlink == 1)
			(void)unlinkat(fd, names[i], 0);
	(void)unlinkat(fd, "sub", AT_REMOVEDIR);
	(void)close(fd);
}

static void run_library(unsigned int flags)
{
	struct kmod_devname_table *table = harness_table(NODES);
	struct kmod_devname_permissions *permissions;
	int outcomes[3];
	int dev_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (kmod_devname_permissions_new(0666, &permissions) < 0)
		_exit(1);
	/* then owner and mode have to be changed, which is what could hit something else */
	(void)umask(077);
	while (!shared->done) {
		remove_made(dev_fd);
		if (kmod_devname_table_make_nodes(table, NULL, dev_fd, permissions, flags, outcomes,
						  ARRAY_SIZE(outcomes)) < 0)
			shared->failed++;
		for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
			if (outcomes[i] == KMOD_DEVNAME_OUTCOME_MADE ||
			    outcomes[i] == KMOD_DEVNAME_OUTCOME_REPLACED)
				shared->made++;
		shared->runs++;
	}
	_exit(0);
}

/* Both are in a root directory of their own: "/" is outside, but not the real one. */
static pid_t start_library(unsigned int flags)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (chroot(".") < 0)
			_exit(1);
		run_library(flags);
	}
	return pid;
}

static void stop(pid_t maker, pid_t swapper)
{
	int status;

	shared->done = true;
	ck_assert_int_eq(waitpid(maker, &status, 0), maker);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
	ck_assert_int_eq(waitpid(swapper, &status, 0), swapper);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", status);
}

static double now(void)
{
	struct timespec time;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &time), 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns what was changed outside, or NULL after enough swaps and nodes. */
static const char *race(unsigned int flags)
{
	static const struct timespec moment = { .tv_nsec = 20000000 };
	struct snapshot before = look_outside(), after;
	const char *change = NULL;
	double end;
	pid_t maker, swapper;
	int dev_fd = open("dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	shared = harness_share(sizeof(*shared));
	/* else a change at once could have the same time as what was made last */
	harness_next_tick(dev_fd);
	(void)close(dev_fd);
	end = now() + SECONDS_MAX;
	maker = start_library(flags);
	swapper = fork();
	ck_assert_int_ge(swapper, 0);
	if (swapper == 0)
		swap_for_ever(maker);
	while (!change && now() < end && (shared->swaps < SWAPS_MIN || shared->made < MADE_MIN)) {
		(void)nanosleep(&moment, NULL);
		after = look_outside();
		change = find_change(&before, &after);
	}
	stop(maker, swapper);
	after = look_outside();
	printf("# %u swaps, %u runs, %u of them failed, %u nodes were made\n", shared->swaps,
	       shared->runs, shared->failed, shared->made);
	(void)fflush(stdout);
	return change ? change : find_change(&before, &after);
}

/* --- step by step -------------------------------------------------------------------------- */

/* What is done at one system call of a run, to which name, and with what. */
struct attack {
	const char *name, *other;
	unsigned int flags;
};

/* "" as the name is the temporary one, wherever it is. "net/x.away" is no other thing. */
static const struct {
	const char *name, *other;
} attacks[] = {
	{ "net", "net.root" },          { "net", "net.outside" },    { "net", "net.up" },
	{ "net", "net.file" },          { "net", "net.other" },      { "net", "net.away" },
	{ "net/tun", "net/x.link" },    { "net/tun", "net/x.file" }, { "net/tun", "net/x.null" },
	{ "net/tun", "net/x.hard" },    { "net/tun", "net/x.dir" },  { "net/tun", "net/x.away" },
	{ "net/sub", "net/x.dirlink" }, { "net/sub", "net/x.dir" },  { "net/sub", "net/x.file" },
	{ "", "net/x.nodelink" },       { "", "net/x.link" },        { "", "net/x.file" },
	{ "", "net/x.null" },           { "", "net/x.hard" },        { "", "net/x.dir" },
	{ "", "net/x.away" },
};

/* The temporary name in a directory, or NULL. */
static const char *find_temporary(int dev_fd, const char *directory)
{
	static char path[512];
	DIR *dir = fdopendir(openat(dev_fd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const char *found = NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, ".kmod-devname", 13) == 0) {
			(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
			found = path;
		}
	if (dir)
		(void)closedir(dir);
	return found;
}

static void strike(void *data)
{
	const struct attack *attack = data;
	int dev_fd = open("dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = attack->name;

	if (*name == '\0')
		name = find_temporary(dev_fd, "net/sub");
	if (!name)
		name = find_temporary(dev_fd, "net");
	if (name && renameat2(dev_fd, attack->other, dev_fd, name, RENAME_EXCHANGE) < 0 &&
	    renameat2(dev_fd, attack->other, dev_fd, name, RENAME_NOREPLACE) < 0)
		(void)renameat2(dev_fd, name, dev_fd, attack->other, RENAME_NOREPLACE);
	(void)close(dev_fd);
}

/* Whether it comes to its end is all that counts: what was swapped may well be in the way. */
static int create_in_root(void *data)
{
	const struct attack *attack = data;
	struct kmod_devname_table *table = harness_table(NODES);
	struct kmod_devname_permissions *permissions;
	int dev_fd = open("dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (chroot(".") < 0 || kmod_devname_permissions_new(0666, &permissions) < 0)
		return 1;
	(void)umask(077);
	(void)kmod_devname_table_make_nodes(table, NULL, dev_fd, permissions, attack->flags, NULL,
					    0);
	kmod_devname_permissions_unref(permissions);
	kmod_devname_table_unref(table);
	return 0;
}

/* A place of its own for each round, with a wrong node, so that both ways are gone. */
static int make_round(int dir_fd, unsigned int stop)
{
	char name[16];
	int root_fd;

	(void)snprintf(name, sizeof(name), "%u", stop);
	ck_assert_int_eq(mkdirat(dir_fd, name, 0755), 0);
	ck_assert_int_eq(fchdir(dir_fd), 0);
	ck_assert_int_eq(chdir(name), 0);
	root_fd = make_place();
	ck_assert_int_eq(mkdir("dev/net/x.dir", 0700), 0);
	ck_assert_int_eq(mknod("dev/net/x.null", S_IFCHR | 0600, makedev(1, 3)), 0);
	ck_assert_int_eq(mknod("dev/net/tun", S_IFCHR | 0600, makedev(1, 3)), 0);
	ck_assert_int_eq(link("outside/node", "dev/net/x.hard"), 0);
	return root_fd;
}

/* _i: attack, replace */
LOOP_TEST(nothing_happens_outside_if_files_are_swapped_at_any_call, 2 * ARRAY_SIZE(attacks))
{
	struct attack attack = { attacks[_i / 2].name, attacks[_i / 2].other,
				 (unsigned int)_i % 2 };
	int dir_fd = harness_directory(), stopped = 1;
	unsigned int stop;

	for (stop = 0; stopped > 0; stop++) {
		int root_fd = make_round(dir_fd, stop);
		unsigned int bystanders = count_bystanders(root_fd);
		struct snapshot before = look_outside(), after;
		const char *change;

		stopped = harness_stop_at(create_in_root, &attack, stop, strike);
		after = look_outside();
		change = find_change(&before, &after);
		ck_assert_msg(!change, "%s was changed: %s for %s at stop %u", change, attack.name,
			      attack.other, stop);
		/* there is no call that looks and removes: who takes that name may lose it */
		ck_assert_msg(*attack.name == '\0' || count_bystanders(root_fd) == bystanders,
			      "a file was removed: %s for %s at stop %u", attack.name, attack.other,
			      stop);
		(void)close(root_fd);
	}
	ck_assert(stopped < 0 || stop > 40);
}

/* --- the tests ----------------------------------------------------------------------------- */

/* _i: flags. What becomes of files inside is for the other test: remove_made() here looks first. */
LOOP_TEST(nothing_happens_outside_while_files_are_swapped, 2)
{
	const char *change;

	ck_assert_int_eq(fchdir(harness_directory()), 0);
	(void)make_place();
	change = race((unsigned int)_i);
	ck_assert_msg(!change, "%s was changed", change);
	if (shared->swaps < SWAPS_MIN / 10 || shared->made < MADE_MIN / 10)
		harness_skip("the device directory and what makes nodes in it did not race");
	printf("# count: create%s: %u swaps, %u nodes made, 0 escapes\n",
	       _i == KMOD_DEVNAME_MAKE_REPLACE ? " --replace" : "", shared->swaps, shared->made);
	(void)fflush(stdout);
}

int main(void)
{
	return create_harness_run(NULL, NULL);
}
