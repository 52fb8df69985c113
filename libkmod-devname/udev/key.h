/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_KEY_H
#define UDEV_KEY_H

#include "udev/token.h"

/* Would udev take a rule with this token? */
bool udev_key_is_valid(const struct udev_token *token);

#endif
