// SPDX-License-Identifier: GPL-2.0-or-later
/* What to do about findings whose messages only say what is wrong. */

#include <stddef.h>

#include "advice.h"

static const struct {
	enum kmod_devname_code code;
	const char *text;
} advice[] = {
	{ KMOD_DEVNAME_MALFORMED, "install or build the module again" },
	{ KMOD_DEVNAME_CORRUPT, "install or build the module again" },
	{ KMOD_DEVNAME_UNSUPPORTED, "compress it with gzip, xz or zstd, or use a build that can" },
	{ KMOD_DEVNAME_TOO_LARGE, "build the module again, or compress it in another way" },
	{ KMOD_DEVNAME_DANGLING_LINK, "remove it, or install what it is to lead to" },
	{ KMOD_DEVNAME_NOT_REGULAR, "remove it" },
	{ KMOD_DEVNAME_VANISHED, "check again when nothing is being installed" },
	{ KMOD_DEVNAME_DUPLICATE_MODULE, "remove one, or say in depmod.d(5) which one counts" },
	{ KMOD_DEVNAME_BAD_ORDER, "install the kernel again" },
	{ KMOD_DEVNAME_BAD_NAME, "declare one as modules.devname(5) has it" },
	{ KMOD_DEVNAME_BAD_NUMBER, "correct the alias" },
	{ KMOD_DEVNAME_BAD_MODULE_NAME, "rename the file" },
	{ KMOD_DEVNAME_TOO_MANY_ALIASES, "declare fewer" },
	{ KMOD_DEVNAME_BAD_LINE, "run kmod-devname generate" },
	{ KMOD_DEVNAME_CUT_LINE, "run kmod-devname generate" },
	{ KMOD_DEVNAME_BAD_CONFIG, "correct or remove it" },
	{ KMOD_DEVNAME_BAD_RULE, "correct the rule" },
	{ KMOD_DEVNAME_UNKNOWN_OWNER, "add it there, or correct the rule" },
	{ KMOD_DEVNAME_NAME_CONFLICT, "remove one of the modules" },
	{ KMOD_DEVNAME_NODEV, "mount it without nodev" },
};

const char *advice_for(const struct kmod_devname_finding *finding)
{
	enum kmod_devname_code code = kmod_devname_finding_get_code(finding);

	/* an error in modules.devname, a warning in what people write */
	if (code == KMOD_DEVNAME_LONG_LINE)
		return kmod_devname_finding_get_severity(finding) == KMOD_DEVNAME_ERROR
			       ? "run kmod-devname generate"
			       : "correct or remove it";
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (advice[i].code == code)
			return advice[i].text;
	return NULL;
}
