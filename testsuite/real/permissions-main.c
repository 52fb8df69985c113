// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * permissions ROOT NAME...: prints what the rules of udev below ROOT say of nodes, "NAME MODE
 * UID GID" for each, and findings on standard error.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libkmod-devname.h"

static void print_permission(const struct kmod_devname_permissions *permissions, const char *name)
{
	const struct kmod_devname_permission *p = kmod_devname_permissions_get(permissions, name);

	printf("%s %o %u %u\n", name, kmod_devname_permission_get_mode(p),
	       kmod_devname_permission_get_uid(p), kmod_devname_permission_get_gid(p));
}

static void print_findings(const struct kmod_devname_report *report)
{
	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);

		fprintf(stderr, "%s:%zu: %s\n", kmod_devname_finding_get_file(finding),
			kmod_devname_finding_get_line(finding),
			kmod_devname_finding_get_message(finding));
	}
}

int main(int argc, char **argv)
{
	struct kmod_devname_permissions *permissions = NULL;
	struct kmod_devname_report *report = NULL;
	int root_fd = argc > 1 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = 1;

	if (kmod_devname_report_new(&report) == 0 &&
	    kmod_devname_permissions_new(0600, &permissions) == 0 &&
	    kmod_devname_permissions_read_udev(permissions, report, root_fd, NULL) == 0)
		r = 0;
	for (int i = 2; i < argc && r == 0; i++)
		print_permission(permissions, argv[i]);
	if (report)
		print_findings(report);
	kmod_devname_permissions_unref(permissions);
	kmod_devname_report_unref(report);
	if (root_fd >= 0)
		(void)close(root_fd);
	return r;
}
