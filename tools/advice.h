/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ADVICE_H
#define ADVICE_H

#include <libkmod-devname.h>

/* What to do about a finding that only says what is wrong, or NULL if it says what to do. */
const char *advice_for(const struct kmod_devname_finding *finding);

#endif
