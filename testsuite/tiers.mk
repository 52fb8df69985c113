# SPDX-License-Identifier: GPL-2.0-or-later
# Which tier runs a test first: "make check" those that are not named here, "runtests" change_tests
# too, "runtests --all" ci_tests too. "runtests --long" tries more cases of them. CONTRIBUTING.md says
# why. automake, which makes a rule for each test in TESTS, does not see this file.

# They judge the sources, need root or a kernel, or try many cases. Those that take longest come first:
# what runs beside them has something to do until they end.
change_tests = \
	testsuite/system/races.sh \
	testsuite/cli/completion.sh \
	testsuite/unit/rules.sh \
	testsuite/real/depmod-config.sh \
	testsuite/real/modprobe.sh \
	test-faults \
	test-hostile-containers \
	test-hostile-elf \
	test-hostile-text \
	testsuite/packages/abi.sh \
	testsuite/real/differences.sh \
	testsuite/real/parity.sh \
	testsuite/real/udev.sh \
	testsuite/system/disk.sh \
	testsuite/system/system-calls.sh

# Faults in, and kills at, every system call; races, large trees, power cuts; other kernels and
# builds; hooks of installed systems. KMOD_DEVNAME_LONG makes the sweeps longer.
ci_tests = \
	testsuite/system/faults.sh \
	testsuite/system/kill.sh \
	testsuite/cli/hostile.sh \
	testsuite/system/hardening.sh \
	testsuite/packages/dist.sh \
	testsuite/packages/hooks-configure.sh \
	testsuite/packages/hooks-packages.sh \
	testsuite/real/parity-others.sh \
	test-create-race \
	test-scan-race \
	testsuite/real/threads.sh \
	testsuite/system/hooks.sh \
	testsuite/system/power.sh \
	testsuite/system/scale.sh

TESTS = $(quick_tests)
quick_tests = $(filter-out $(change_tests) $(ci_tests),$(all_tests))

show-%:
	@echo $($*)
