// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"
int main(void)
{
	return harness_run(suite_create("module-file"));
}
